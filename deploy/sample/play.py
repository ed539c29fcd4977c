"""The player: enters the sample through the public APIs in the parts of operator, charity and approver, and waits until all is quiet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.sample.city import DATA_OF, City, Line, read_city, read_lines, read_residents
from deploy.sample.doors import DoorClosed, Doors, title_of
from deploy.sample.money import hear_the_bank, pay_by_file, raise_money
from deploy.sample.places import allocate
from deploy.sample.summary import COPY, FoundInData, Sent, Summary, summarised
from shared.clock import SHANGHAI

_PARTNER = "charity-gzcs"
_AT_ONCE = 100
_QUIET_SECONDS = 90.0
_STILL = 3
"""So many looks in a row without news, and all is quiet."""
_ASKED = 40
CAMPAIGN = {
    "ref": "sample-benefit", "name": "救助到位核实（示例）", "purpose": "benefit", "lines": 20, "retries": 1, "retry_minutes": 1,
    "hours": {"from": "00:00", "until": "24:00"},
}  # fmt: skip
SIGNALS = {**CAMPAIGN, "ref": "sample-signals", "name": "数据线索回访（示例）", "purpose": "needs", "retries": 0}
_SCREENING, _SCREENINGS = "sample", "/intake/v1/screenings"
_SCREENING_FEN, _CALL_FEN = 50_000, 300
_OPENED = 5
"""Signals that become cases without a call: those furthest beyond their limit."""
_UNDER_WAY = ("requested", "approved", "instructed", "accepted", "unknown")


def bar(console: Console) -> Progress:
    """A progress bar that does not flicker where nobody looks."""
    return Progress(
        TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console, transient=False
    )


async def play(doors: Doors, console: Console) -> Summary:
    """Play the sample. Done twice it adds nothing: every entry has a reference of its own. Raises `DoorClosed`."""
    city, lines = read_city(), read_lines()
    began = time.perf_counter()
    with bar(console) as progress:
        first_day = await furnish(doors, city, progress)
        await volunteer(doors, city, first_day, progress)
        await raise_money(doors, city, first_day, progress)
        sent = await report(doors, lines, first_day, progress)
        mine = {one.case_id for one in sent if one.case_id}
        await casework(doors, city, mine, progress)
        await hear_the_bank(doors, city)
        await call_around(doors, lines, sent, progress)
        found = await look_into_data(doors, progress)
        await allocate(doors, city, [one.case_id for one in sent if one.case_id], progress)
    return await summarised(doors, sent, time.perf_counter() - began, found)


async def furnish(doors: Doors, city: City, progress: Progress) -> date:
    """Organisations, places, funds and gifts; answers the day on which this was first done here."""
    steps: list[tuple[str, list[tuple[str, Any]]]] = [
        ("admin", [("/matching/v1/organizations", one) for one in city.organizations]),
        ("admin", [("/matching/v1/locations", one) for one in city.locations]),
        ("admin", [("/matching/v1/communities", {"communities": city.communities})]),
        ("admin", [(f"/matching/v1/city-goals/{year}/figures", one) for year, told in city.figures.items() for one in told]),
        ("finance", [("/disbursement/v1/funds", one) for one in city.funds]),
        ("finance", [("/disbursement/v1/donations", one) for one in city.donations[1:]]),
        ("admin", [("/matching/v1/services", one) for one in city.services]),
    ]
    task = progress.add_task("city", total=sum(len(requests) for _, requests in steps) + 1)
    for client, requests in steps:
        await doors.each(client, requests)
        progress.advance(task, len(requests))
    first = await doors.told("finance", "/disbursement/v1/donations", city.donations[0])
    progress.advance(task)
    async for row in doors.pages("finance", "/disbursement/v1/donations"):
        if row["donation_id"] == first["donation_id"]:
            return datetime.fromisoformat(row["at"]).astimezone(SHANGHAI).date()
    return datetime.now(SHANGHAI).date()


async def volunteer(doors: Doors, city: City, first_day: date, progress: Progress) -> None:
    """Volunteers, what hosts ask them for, who said yes, and the hours of the day before."""
    task = progress.add_task("volunteers", total=len(city.volunteers) + len(city.engagements))
    path, ids = "/matching/v1/engagements", {}
    for one in city.volunteers:
        ids[one["external_ref"]] = (await doors.told("caseworker", "/matching/v1/volunteers", one))["volunteer_id"]
        progress.advance(task)
    days = {"first_day": (first_day - timedelta(days=7)).isoformat(), "last_day": (first_day + timedelta(days=60)).isoformat()}
    yesterday = (first_day - timedelta(days=1)).isoformat()
    for one in city.engagements:
        host, asked = f"charity-{one['org_id']}", {"invited", "confirmed", "minutes"}
        await doors.told(host, path, {**{key: value for key, value in one.items() if key not in asked}, **days})
        for ref in one["invited"]:
            await doors.told(host, f"{path}/{one['id']}/invite", {"volunteer_id": ids[ref]})
        for ref in one["confirmed"]:
            await doors.told(host, f"{path}/{one['id']}/confirm", {"volunteer_id": ids[ref]})
            hours = {"volunteer_id": ids[ref], "day": yesterday, "minutes": one["minutes"]}
            await doors.told(host, f"{path}/{one['id']}/hours", hours)
        progress.advance(task)


async def report(doors: Doors, lines: list[Line], today: date, progress: Progress) -> list[Sent]:
    """Every report by whoever brings it; copies after all firsts."""
    task = progress.add_task("reports", total=len(lines))

    async def send(line: Line) -> Sent:
        client = _PARTNER if line.client == "partner" else line.client
        answer = await doors.ask(client, "POST", "/intake/v1/reports", line.said_on(today))
        progress.advance(task)
        if answer.status_code not in {200, 201}:
            return Sent(line.expect, None, f"{answer.status_code} {title_of(answer)}")
        return Sent(line.expect, answer.json()["case_id"], None)

    firsts = await asyncio.gather(*[send(line) for line in lines if line.expect != COPY])
    return [*firsts, *[await send(line) for line in lines if line.expect == COPY]]


async def casework(doors: Doors, city: City, mine: set[str], progress: Progress) -> None:
    """Organisations answer, help and close; approvers approve; until nothing has moved for a while."""
    task = progress.add_task("cases", total=len(mine))
    still, before, until = 0, -1, time.monotonic() + _QUIET_SECONDS
    while still < _STILL and time.monotonic() < until:
        moved = await answer_offers(doors, city, mine)
        moved += await give_help(doors, city, mine)
        moved += await approve(doors, city, mine)
        moved += await pay_by_file(doors)
        at_rest = await resting(doors, mine)
        progress.update(task, completed=at_rest)
        quiet = moved == 0 and at_rest == before and await nothing_under_way(doors)
        still, before = (still + 1 if quiet else 0), at_rest
        until = time.monotonic() + _QUIET_SECONDS if moved else until
        await asyncio.sleep(0.05 if moved else 0.25)
    progress.update(task, completed=len(mine))


async def call_around(doors: Doors, lines: list[Line], sent: list[Sent], progress: Progress) -> None:
    """Some of the people are asked by telephone whether the help has arrived; it goes on while the summary is made, and opens no case."""
    task = progress.add_task("campaign", total=1)
    firsts = [line for line in lines if line.expect != COPY]
    known = [one.case_id for line, one in zip(firsts, sent, strict=False) if one.case_id and line.report.get("person", {}).get("phone")]
    campaign = (await doors.told("gov", "/intake/v1/campaigns", CAMPAIGN))["campaign_id"]
    answer = await doors.ask("gov", "POST", f"/intake/v1/campaigns/{campaign}/people", {"case_ids": known[:_ASKED]})
    if answer.status_code == 200:  # played again it has ended, and nobody is asked twice
        await doors.told("gov", f"/intake/v1/campaigns/{campaign}/start", None)
    progress.advance(task)


async def look_into_data(doors: Doors, progress: Progress) -> FoundInData:
    """Residents' data are screened; those furthest beyond their limits become cases, some of which are settled; the others are rung."""
    task = progress.add_task("screening", total=3)
    query = {"as_of": DATA_OF.isoformat(), "name": _SCREENING, "run_fen": _SCREENING_FEN, "check_fen": _CALL_FEN}
    key = await _screening(doors, query)
    until = time.monotonic() + _QUIET_SECONDS
    shown = await doors.read("gov", f"{_SCREENINGS}/{key}")
    while shown["status"] in ("asked", "running") and time.monotonic() < until:
        await asyncio.sleep(0.1)
        shown = await doors.read("gov", f"{_SCREENINGS}/{key}")
    progress.advance(task)
    missing = _OPENED - await _reported(doors, key)
    if missing > 0:  # played again there are enough
        opened = (await doors.told("gov", f"{_SCREENINGS}/{key}/reports", {"limit": missing}))["opened"]
        for one, reason in zip(opened, ("got_help", "needs_met", "not_eligible"), strict=False):
            await doors.told("caseworker", f"/intake/v1/cases/{one['case_id']}/close", {"reason": reason})
    opened_now = await _reported(doors, key)
    progress.advance(task)
    campaign = (await doors.told("gov", "/intake/v1/campaigns", {**SIGNALS, "screening_id": key}))["campaign_id"]
    answer = await doors.ask("gov", "POST", f"/intake/v1/campaigns/{campaign}/people", {"screening_id": key})
    if answer.status_code == 200:
        await doors.told("gov", f"/intake/v1/campaigns/{campaign}/start", None)
    people = (await doors.read("gov", f"/intake/v1/campaigns/{campaign}"))["progress"]["people"]
    progress.advance(task)
    return FoundInData(shown["progress"]["rows"], sum(shown["signals"].values()), opened_now, people)


async def _reported(doors: Doors, key: str) -> int:
    return sum(one["reported"] for one in (await doors.read("gov", f"{_SCREENINGS}/{key}/lineage"))["items"])


async def _screening(doors: Doors, query: dict[str, Any]) -> str:
    """The sample's screening: the one that was asked for before, or a new one."""
    async for row in doors.pages("gov", _SCREENINGS):
        if row["name"] == _SCREENING:
            return str(row["screening_id"])
    answer = await doors.ask("gov", "POST", _SCREENINGS, content=read_residents(), media="text/csv", params=query)
    if answer.status_code != 202:
        raise DoorClosed(f"POST {_SCREENINGS} as gov: {answer.status_code} {title_of(answer)}")
    return str(answer.json()["screening_id"])


async def nothing_under_way(doors: Doors) -> bool:
    """No message unread, none unsent, no payout between approval and the bank's word."""
    for address in doors.all():
        state = await doors.read("ops", f"{address}/ops/v1/topics")
        if any(group["lag_messages"] for topic in state["topics"] for group in topic["groups"]):
            return False
        if any(service["outbox"]["rows"] for service in state["services"]):
            return False
    for under_way in _UNDER_WAY:
        if (await doors.read("finance", "/disbursement/v1/payouts", state=under_way, limit=1))["items"]:
            return False
    return True


async def resting(doors: Doors, mine: set[str]) -> int:
    """How many of the cases have come to an end or wait for a person: a payout settled, a referral closed, or nothing sought."""
    busy: set[str] = set()
    for state in ("offered", "accepted", "started", "served"):
        busy |= {row["case_id"] async for row in doors.pages("caseworker", "/matching/v1/referrals", state=state)}
    return len(mine - busy)


async def answer_offers(doors: Doors, city: City, mine: set[str]) -> int:
    """Every organisation that answers accepts what it is offered, with a grant where the offer is about money or goods."""
    offers = [row async for row in doors.pages("caseworker", "/matching/v1/referrals", state="offered") if _ours(row, city, mine)]

    async def accept(row: dict[str, Any]) -> int:
        answer = await doors.ask(
            f"charity-{row['org_id']}", "POST", f"/matching/v1/referrals/{row['referral_id']}/accept", _grant(row, city)
        )
        return answer.status_code == 200

    return await _many(accept(row) for row in offers)


def _ours(row: dict[str, Any], city: City, mine: set[str]) -> bool:
    return row["case_id"] in mine and city.answers.get(row["org_id"]) == "yes"


def _grant(row: dict[str, Any], city: City) -> dict[str, Any] | None:
    fund_id = city.grants.get(row["programme"] or "")
    if fund_id is None or row["kind"] != "cash" or row["offered_fen"] <= 0:
        return None
    return {"grant": {"kind": "cash", "programme": row["programme"], "fund_id": fund_id, "amount_fen": row["offered_fen"]}}


async def give_help(doors: Doors, city: City, mine: set[str]) -> int:
    """Help that is not money: begun, given, and closed with what came of it."""
    rows = [row async for row in doors.pages("caseworker", "/matching/v1/referrals", state="accepted") if _ours(row, city, mine)]

    async def helped(row: dict[str, Any]) -> int:
        client, path = f"charity-{row['org_id']}", f"/matching/v1/referrals/{row['referral_id']}"
        for step, body in (("start", None), ("serve", None), ("close", {"reason": "got_help"})):
            answer = await doors.ask(client, "POST", f"{path}/{step}", body)
            if answer.status_code != 200:
                return 0
        return 1

    return await _many(helped(row) for row in rows if row["grant"] is None)


async def approve(doors: Doors, city: City, mine: set[str]) -> int:
    """One approver approves what is reserved, another where two are needed; some are left for whoever tries the desk."""
    moved = 0
    rows = [row async for row in doors.pages("finance", "/disbursement/v1/payouts", state="reserved") if row["case_id"] in mine]
    for client in ("approver", "approver-2", "approver-3"):
        ids = [row["payout_id"] for row in rows if _for(client, row, city)]
        for at in range(0, len(ids), _AT_ONCE):
            done = await doors.told(client, "/disbursement/v1/payouts:approve", {"ids": ids[at : at + _AT_ONCE]})
            moved += len(done["items"])
    return moved


def _for(client: str, row: dict[str, Any], city: City) -> bool:
    if client in row["approved_by"] or len(row["approved_by"]) >= row["approvals_needed"]:
        return False
    if client == "approver":
        return True
    before = 1 if client == "approver-2" else 2
    return bool(row["approvals_needed"] > before and row["programme"] != city.second_approval_left_for)


async def _many(steps: Iterable[Any]) -> int:
    return sum(await asyncio.gather(*steps))


async def played_already(doors: Doors) -> bool:
    """Whether the store holds cases, whoever entered them."""
    return bool((await doors.read("caseworker", "/intake/v1/cases", limit=1))["items"])


def away(fault: httpx.TransportError) -> str:
    """One sentence for a person at a terminal."""
    return f"Nobody answers ({type(fault).__name__}); start Kapok with `make run` first."
