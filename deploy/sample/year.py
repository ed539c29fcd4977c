"""A year of the city made from a seed: as many referrals, as much cash and as many goods as the seeds tell of 2022."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from deploy.sample.city import read_city, read_lines
from deploy.sample.doors import DoorClosed, Doors
from deploy.sample.play import bar, casework, furnish
from deploy.sample.summary import Sent, Summary, summarised
from services.intake.domain.identity import check_digit

YEARS = (2022,)
WISHES, GRANTS = 6_900, 200
CASH_FEN, GOODS_FEN = 41_000_000, 171_900_000
"""Nearly 410,000 yuan in cash and 1.719 million yuan in goods over more than 7,000 referrals, as told of 2022."""
_LARGER, _SMALLEST_FEN, _LARGER_FEN = 10, 200_000, 300_000
_WISHED = {
    "winter_quilt": 180, "pressure_cooker": 249, "study_desk": 320, "walking_frame": 220, "electric_heater": 259,
    "school_bag_set": 168, "reading_lamp": 129, "senior_phone": 399, "rice_and_oil": 299, "wheelchair_cushion": 380,
}  # fmt: skip
_CHANNELS = ("mobile_gov", "hotline", "workstation", "visit", "data_signal")
_SURNAMES, _GIVEN = "陈李黄张梁林何吴刘罗郑谢叶曾邓", "明华芳英伟强丽娟建国秀兰志玲小燕家豪月娥"
_LINES = 500
"""So many reports in one stream: enough to fill every commit, few enough that a lost connection costs little."""


class Told(Struct, frozen=True):
    """One report of the year as it is sent, and what is to come of it."""

    expect: str
    body: dict[str, Any]


def reports(year: int) -> Iterator[Told]:
    """The reports of a year in the order of their days; the same every time."""
    chance = random.Random(year)  # noqa: S311 - a sample that is the same every time, no secret
    places = sorted({line.report["person"]["residence_code"] for line in read_lines() if "residence_code" in line.report.get("person", {})})
    granted = set(chance.sample(range(WISHES + GRANTS), GRANTS))
    larger = set(sorted(granted)[:_LARGER])
    skus = wished()
    for at in range(WISHES + GRANTS):
        day = date(year, 1, 1) + timedelta(days=at * 365 // (WISHES + GRANTS))
        person = _person(at, chance, chance.choice(places))
        common = {
            "channel": _CHANNELS[at % len(_CHANNELS)],
            "source": f"year-{year}",
            "source_ref": f"{year}-{at + 1:05}",
            "received_at": f"{day.isoformat()}T{8 + at % 11:02}:{at % 60:02}:00+08:00",
            "language": "zh",
            "reporter": {"relation": "self"},
            "person": person,
            "consent": {
                "share": True, "how": "signed", "purposes": ["referral", "payment", "contact"],
                "recipients": ["charity", "hospital", "social_work_station", "community", "volunteer_group"],
            },
            "contact": {"by": "sms", "language": "zh"},
        }  # fmt: skip
        if at in granted:
            fen = _LARGER_FEN if at in larger else _SMALLEST_FEN
            person["account"] = {"bank": "ICBC", "number": f"6222{year}{at:07}8811"}
            facts = {"event_on": day.isoformat(), "accident": True, "cannot_pay": True, "medical_self_paid_year_fen": fen}
            more = {"household": {"size": 2, "monthly_income_fen": 120_000}, "facts": facts, "needs": ["medical"]}
            yield Told("paid", {**common, **more})
        else:
            facts = {"event_on": day.isoformat(), "wish_sku": next(skus)}
            more = {"household": {"size": 3, "monthly_income_fen": 90_000}, "facts": facts, "needs": ["livelihood"]}
            yield Told("goods given", {**common, **more})


def wished() -> Iterator[str]:
    """What is wished for, one after the other, as often in all as there are wishes."""
    names = tuple(_WISHED)
    return (names[at % len(names)] for at in range(WISHES))


def gifts(year: int) -> list[dict[str, Any]]:
    """The donations that the year was helped from: cash for Timely Rain, and goods of exactly the year's worth."""
    names = list(wished())
    worth = {name: price * 100 * names.count(name) for name, price in _WISHED.items()}
    first = next(iter(worth))
    worth[first] += GOODS_FEN - sum(worth.values())
    items = [{"sku": name, "quantity": names.count(name), "value_fen": fen} for name, fen in worth.items()]
    return [
        {"donation_ref": f"YEAR-{year}-CASH", "kind": "cash", "fund_id": "timely-rain", "amount_fen": CASH_FEN},
        {"donation_ref": f"YEAR-{year}-GOODS", "kind": "goods", "donor": {"name": "市慈善物资仓 City charity store"}, "items": items},
    ]


def _person(at: int, chance: random.Random, place: str) -> dict[str, Any]:
    born = date(1950, 1, 1) + timedelta(days=chance.randrange(18_000))
    digits = f"4501{chance.randrange(2, 9):02}{born:%Y%m%d}{at % 1000:03}"
    return {
        "name": chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, 2)),
        "phone": f"137{at + 10_000_000:08}",
        "id_type": "resident_id",
        "id_number": digits + check_digit(digits),
        "hukou_code": digits[:6],
        "residence_code": place,
    }


async def play_year(doors: Doors, console: Console, year: int) -> Summary:
    """Play the year after the city is furnished. Done twice it adds nothing. Raises `DoorClosed`."""
    city, told, began = read_city(), list(reports(year)), time.perf_counter()
    with bar(console) as progress:
        await furnish(doors, city, progress)
        await doors.each("finance", [("/disbursement/v1/donations", gift) for gift in gifts(year)])
        sent = await _sent(doors, told, progress)
        await casework(doors, city, {one.case_id for one in sent if one.case_id}, progress)
    return await summarised(doors, sent, time.perf_counter() - began)


async def _sent(doors: Doors, told: list[Told], progress: Progress) -> list[Sent]:
    task = progress.add_task("reports", total=len(told))
    sent: list[Sent] = []
    for at in range(0, len(told), _LINES):
        some = told[at : at + _LINES]
        answers = [answer async for answer in _batch(doors, some)]
        for one, answer in zip(some, answers, strict=True):
            refused = None if answer["status"] != "refused" else answer["problem"]["type"].rpartition(":")[2]
            sent.append(Sent(one.expect, answer.get("case_id"), refused))
        progress.advance(task, len(some))
    return sent


async def _batch(doors: Doors, some: list[Told]) -> AsyncIterator[dict[str, Any]]:
    lines = b"\n".join(json.dumps(one.body, ensure_ascii=False).encode() for one in some)
    answer = await doors.ask("gov", "POST", "/intake/v1/reports:batch", content=lines)
    if answer.status_code != 200:
        raise DoorClosed(f"the batch is refused with {answer.status_code}")
    for line in answer.text.splitlines():
        yield json.loads(line)
