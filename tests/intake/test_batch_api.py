"""Bad input at the door for many: a clear answer with line, field and rule for each, the good rows recorded, nothing personal repeated."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.checking import Refused, checked
from services.intake.files.table import Row, Wrong
from services.intake.weighing import weighed
from shared.beside import SPARE
from shared.testing.alone import NOW
from shared.testing.waiting import until
from tests.intake.conftest import Desk

_SECRET = "陈大文13800138000"  # noqa: S105 - a name and a number that must not come back


def report(**more: Any) -> dict[str, Any]:
    return {"channel": "hotline", "received_at": "2026-11-20T09:12:00+08:00", "needs": ["medical"], **more}


async def sent(desk: Desk, body: bytes, media: str = "application/x-ndjson", **headers: str) -> httpx.Response:
    return await desk.client.post(
        "/intake/v1/reports:batch", content=body, headers={**desk.headers("gov"), "content-type": media, **headers}
    )  # fmt: skip


def answers(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def cases(desk: Desk) -> int:
    return int((await desk.sql("select count(*) as n from events where type = 'CaseReported'"))[0]["n"])


def line(**more: Any) -> bytes:
    return json.dumps(report(**more), ensure_ascii=False).encode()


BAD = {
    "an unknown channel": (line(channel=_SECRET), "/channel", "Input should be 'hotline'"),
    "a time in the future": (line(received_at=(NOW + timedelta(hours=1)).isoformat()), "/received_at", "lies in the future"),
    "a time without an offset": (line(received_at="2026-11-20T09:12:00"), "/received_at", "needs a time zone offset"),
    "a time that is none": (line(received_at=_SECRET), "/received_at", "must be written as an instant"),
    "a number for a time": (line(received_at=1763601120), "/received_at", "must be written as an instant"),
    "a day that no calendar has": (line(person={"birth_date": "2023-02-29"}), "/person/birth_date", "Input should be a valid date"),
    "a birth in the future": (line(person={"birth_date": "2027-01-01"}), "/person/birth_date", "lies in the future"),
    "a member born in the future": (
        line(household={"members": [{"birth_date": "2027-01-01"}]}),
        "/household/members/0/birth_date",
        "lies in the",
    ),
    "a wrong identity number": (line(person={"id_number": "440106195512240024"}), "/person/id_number", "not a valid identity number"),
    "a sum that is no whole number": (
        line(household={"monthly_income_fen": 1.5}),
        "/household/monthly_income_fen",
        "Input should be a valid integer",
    ),
    "a negative sum": (line(household={"monthly_income_fen": -1}), "/household/monthly_income_fen", "Input should be greater"),
    "a number as a text": (line(household={"size": "3"}), "/household/size", "Input should be a valid integer"),
    "a number beyond all bounds": (line(facts={"months": 10**30}), "/facts/months", "a number must lie between"),
    "what is no number": (
        b'{"channel":"web","received_at":"2026-11-20T09:12:00+08:00","facts":{"x":NaN}}',
        "/facts/x",
        "a number must lie",
    ),
    "a narrative of a hundred thousand characters": (line(narrative="很" * 80_000), "/narrative", "String should have at most"),
    "a megabyte narrative": (line(narrative="很" * 350_000), "", "a row has at most"),
    "ten megabytes": (b"x" * 10_000_000, "", "a row has at most"),
    "a zero character": (line(narrative="a\0b"), "/narrative", "must not hold a zero character"),
    "half a character": (b'{"channel":"web","received_at":"2026-11-20T09:12:00+08:00","narrative":"\\ud800"}', "", "Invalid JSON"),
    "a field that stands twice": (line()[:-1] + b',"channel":"web"}', "/channel", "stands twice"),
    "a field that stands twice within": (line(person={"name": _SECRET})[:-2] + b',"name":"x"}}', "/person/name", "stands twice"),
    "an unknown field": (line(colour="red"), "/colour", "Extra inputs are not permitted"),
    "a field named like a person": (line(**{_SECRET: 1}), "/…", "Extra inputs are not permitted"),
    "JSON of a thousand floors": (b'{"facts":' * 1000 + b"1" + b"}" * 1000, "", "Invalid JSON"),
    "no JSON": (f'{{"narrative": "{_SECRET}'.encode(), "", "Invalid JSON"),
    "no object": (b"[1]", "", "Input should be an object"),
    "not even UTF-8": (b'{"narrative":"\xff\xfe\xfd"}', "", "is not UTF-8 throughout"),
    "nothing that was told": (json.dumps({"channel": "web", "received_at": "2026-11-20T09:12:00Z"}).encode(), "", "one of narrative"),
}


async def test_every_bad_row_is_named_with_field_and_rule_and_the_good_ones_are_recorded(desk: Desk) -> None:
    rows = [row for bad, _, _ in BAD.values() for row in (line(), bad)]
    answer = await sent(desk, b"\n".join(rows))
    told = answers(answer)
    assert [one["line"] for one in told] == list(range(1, len(rows) + 1))
    assert {one["status"] for one in told[::2]} == {"recorded"}
    for (name, (_, pointer, rule)), one in zip(BAD.items(), told[1::2], strict=True):
        assert one["status"] == "refused", name
        error = one["problem"]["errors"][0]
        assert (error["pointer"], error["detail"][: len(rule)]) == (pointer, rule), name
    assert not [part for part in ("陈大文", "13800138000", "440106195512240024") if part in answer.text]
    assert await cases(desk) == len(BAD)


async def test_a_row_counts_as_come_when_its_turn_comes_and_not_when_its_file_did(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow_turn() -> None:
        desk.turn(minutes=1)

    monkeypatch.setattr(desk.room, "paced", slow_turn)
    answers(await sent(desk, b"\n".join(line(source="12345", source_ref=f"turn-{at}") for at in range(3))))
    recorded = [row["at"] for row in await desk.sql("select at from events where type = 'CaseReported' order by at")]
    assert recorded == [NOW + timedelta(minutes=at) for at in (1, 2, 3)]


async def test_rows_without_a_reference_are_recorded_once_each_and_the_same_file_twice_changes_nothing(desk: Desk) -> None:
    body = b"\n".join([line(), line(), b"", line(danger_now=True)])
    first, again = answers(await sent(desk, body)), answers(await sent(desk, body))
    assert [one["status"] for one in first] == ["recorded"] * 3
    assert [one["status"] for one in again] == ["already"] * 3
    assert [one["case_id"] for one in first] == [one["case_id"] for one in again]
    assert await cases(desk) == 3
    assert answers(await sent(desk, b"\n".join([line(danger_now=True), line()])))[0]["status"] == "recorded"  # another file


async def test_somebody_who_is_in_a_portion_twice_is_one_person_and_shown_as_a_possible_duplicate(desk: Desk) -> None:
    person = {"id_number": "440106195512240023", "phone": "13800138000"}
    told = answers(await sent(desk, b"\n".join([line(person=person), line(person={"phone": "13800138000"}), line(person=person)])))
    shown = [await desk.room.state("case", one["case_id"]) for one in told]
    assert shown[0].report.person_id == shown[2].report.person_id != shown[1].report.person_id
    assert [one.case_id for one in shown[1].report.duplicates] == [told[0]["case_id"]]
    assert [(one.case_id, one.score) for one in shown[2].report.duplicates] == [(told[0]["case_id"], 0.98), (told[1]["case_id"], 0.6)]


async def test_no_portion_overtakes_the_one_before_it(desk: Desk) -> None:
    """The words of the first take long to weigh, the second has none; both are under way at once."""
    first = [line(source="12345", source_ref=f"long-{n}", narrative="孩子生病住院，没有钱。" * 300) for n in range(99)]
    first.append(line(source="12345", source_ref="first", person={"phone": "13800138000"}))

    recorded_by_then: list[int] = []

    async def coming() -> AsyncIterator[bytes]:
        yield b"\n".join(first) + b"\n"
        await asyncio.sleep(0.02)
        recorded_by_then.append(await cases(desk))
        yield line(source="12345", source_ref="second", person={"phone": "13800138000"}) + b"\n"

    async def beside() -> bool:
        return None not in await weighed(desk.room, ["没有钱"] * 20)

    if SPARE:  # else words are weighed here, and nothing can come between
        await until(beside)
    headers = {**desk.headers("gov"), "content-type": "application/x-ndjson"}
    told = answers(await desk.client.post("/intake/v1/reports:batch", content=coming(), headers=headers))
    second = await desk.room.state("case", told[-1]["case_id"])
    assert recorded_by_then[0] < len(first), "the second portion came while the first was being weighed"
    assert [one.case_id for one in second.report.duplicates] == [told[-2]["case_id"]]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("form", ["ndjson", "csv"])
async def test_any_encoding_of_the_country_is_taken(desk: Desk, codec: str, form: str) -> None:
    text = f"渠道,受理时间,诉求内容\n热线,2026-11-20 09:12,{_SECRET}家里没饭吃\n"
    if form == "ndjson":
        text = json.dumps(report(narrative=f"{_SECRET}家里没饭吃"), ensure_ascii=False) + "\n"
    told = answers(await sent(desk, text.encode(codec), "text/csv" if form == "csv" else "application/x-ndjson"))
    assert [(one["line"], one["status"]) for one in told] == [(2 if form == "csv" else 1, "recorded")]
    assert (await desk.room.state("case", told[0]["case_id"])).report.told.narrative == f"{_SECRET}家里没饭吃"


async def test_what_cannot_be_read_at_all_is_one_clear_problem_and_the_rows_before_it_are_kept(desk: Desk) -> None:
    for body, media, headers in (
        ("陈大文,13800138000\n".encode(), "text/csv", {}), (line(), "application/x-ndjson; charset=klingon", {}),
        (line(), "application/x-ndjson", {"content-encoding": "br"}), (b"no gzip", "text/csv", {"content-encoding": "gzip"}),
    ):  # fmt: skip
        answer = await sent(desk, body, media, **headers)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:kapok:problem:UnreadableFile")
        assert "陈大文" not in answer.text
    packed = gzip.compress(b"".join(line(facts={"at": at}) + b"\n" for at in range(3000)))
    told = answers(await sent(desk, packed[: len(packed) - 30], **{"content-encoding": "gzip"}))
    assert told[-1]["problem"]["type"] == "urn:kapok:problem:UnreadableFile"
    assert 0 < len(told) - 1 == await cases(desk) < 3000


async def test_a_bomb_is_refused_before_it_goes_off(desk: Desk) -> None:
    bomb = gzip.compress(b"\n" * 100_000_000)
    answer = await asyncio.wait_for(sent(desk, bomb, **{"content-encoding": "gzip"}), 20)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:kapok:problem:UnreadableFile")
    assert "unpacks to more than" in answer.json()["detail"]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["web", "2026-11-20T09:12:00Z", "medical"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["needs", "name", "x", "facts", "person"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
_FIELDS = ("channel", "received_at", "narrative", "needs", "facts", "person", "household", "consent", "reporter", "danger_now", "colour")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(_FIELDS), _json, max_size=6))
def test_whatever_a_line_says_it_is_a_report_or_refused_by_rule(said: dict[str, Any]) -> None:
    body = json.dumps({**report(), **said}).encode()
    try:
        refused: tuple[Wrong, ...] = ()
        found: str | None = checked(Row(1, body)).channel
    except Refused as no:
        refused, found = no.wrong, None
    assert bool(found) != bool(refused)
    assert all(one.detail for one in refused)


async def test_a_portion_with_bad_and_good_rows_answers_each_in_its_order_however_it_is_cut(desk: Desk) -> None:
    rows = [line(source_ref=f"c{at}") if at % 3 else b"{" for at in range(900)]
    told = answers(await sent(desk, b"\r\n".join(rows)))
    assert [(one["line"], one["status"]) for one in told] == [(at + 1, "recorded" if at % 3 else "refused") for at in range(900)]


async def test_a_table_is_of_any_size_here_and_of_a_bodys_size_elsewhere(desk: Desk) -> None:
    body = "渠道,受理时间,诉求内容\n".encode() + f"热线,昨天,{'很' * 300}\n".encode() * 1200
    assert len(body) > 1_000_000
    told = answers(await sent(desk, body, "text/csv"))
    assert (len(told), {one["status"] for one in told}) == (1200, {"refused"})
    elsewhere = await desk.client.post("/intake/v1/reports", content=body, headers={**desk.headers("gov"), "content-type": "text/csv"})
    assert elsewhere.status_code == 413
