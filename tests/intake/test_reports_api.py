"""The door for reports: recorded once, answered the same, explained, and nothing personal where it may not be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.intake.domain.triage import Triage
from services.intake.lookup import Found
from services.intake.portions import PORTION_ROWS, Answer, Numbered, recorded
from services.intake.taking import Ready, commands_of
from shared.errors import Malformed
from shared.http import Door
from shared.service import To
from shared.telemetry import place_of
from shared.testing.waiting import until
from tests.intake.conftest import Desk

_SECRETS = ("张三丰", "440106195512240023", "13800138000", "棠下大街", "6222020000000000000", "李四", "13900139000", "尿毒症")


async def test_a_full_report_is_answered_with_needs_urgency_and_clock(desk: Desk, full_report: dict[str, Any]) -> None:
    answer = await desk.reported(full_report)
    assert set(answer) >= {"report_id", "case_id", "person_id", "version", "urgency", "needs", "possible_duplicates"}
    assert answer["version"] == 1
    assert answer["urgency"]["level"] == "high"
    assert answer["urgency"]["first_contact_due"] == "2026-11-24T09:12:00+08:00"
    needs = {need["code"]: need["because"] for need in answer["needs"]}
    assert {"medical", "disability"} <= set(needs)
    assert "given" in needs["medical"]
    assert "尿毒症" in needs["medical"]
    assert answer["possible_duplicates"] == []


async def test_a_caller_may_know_almost_nothing(desk: Desk) -> None:
    answer = await desk.reported({"channel": "ai_call", "received_at": "2026-11-23T09:12:00+08:00", "needs": ["housing"]})
    assert [need["code"] for need in answer["needs"]] == ["housing"]
    assert answer["urgency"] == {"level": "normal", "because": ["needs"], "first_contact_due": "2026-11-25T09:12:00+08:00"}


async def test_a_report_sent_twice_is_recorded_once_and_answered_the_same(desk: Desk, full_report: dict[str, Any]) -> None:
    first = await desk.reported(full_report)
    events = await desk.sql("select count(*) as n from events")
    assert await desk.reported(full_report) == first
    assert await desk.sql("select count(*) as n from events") == events
    assert events[0]["n"] == 3


async def test_another_text_under_the_same_reference_is_refused(desk: Desk, full_report: dict[str, Any]) -> None:
    await desk.reported(full_report)
    answer = await desk.post("/reports", {**full_report, "danger_now": True})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:kapok:problem:ReportDiffersFromFirst"


async def test_many_copies_at_once_are_one_report(desk: Desk, full_report: dict[str, Any]) -> None:
    answers = await asyncio.gather(*[desk.reported(full_report) for _ in range(20)])
    assert len({json.dumps(answer, sort_keys=True) for answer in answers}) == 1
    assert (await desk.sql("select count(*) as n from events"))[0]["n"] == 3


async def test_the_same_number_is_the_same_person_and_the_other_case_is_shown(desk: Desk, full_report: dict[str, Any]) -> None:
    first = await desk.reported(full_report)
    again = {**full_report, "source_ref": "other", "person": {"id_number": "440106195512240023"}}
    second = await desk.reported(again)
    assert second["person_id"] == first["person_id"]
    assert second["possible_duplicates"] == [{"case_id": first["case_id"], "score": 0.95, "because": ["same_id_number"]}]
    phone = await desk.reported({**full_report, "source_ref": "third", "person": {"phone": "+86 13800138000"}})
    assert phone["person_id"] != first["person_id"]
    assert {d["case_id"] for d in phone["possible_duplicates"]} == {first["case_id"], second["case_id"]}
    assert phone["possible_duplicates"][0]["because"] == ["same_phone"]


async def test_a_number_reported_twice_at_once_is_still_one_person(desk: Desk, full_report: dict[str, Any]) -> None:
    answers = await asyncio.gather(*[desk.reported({**full_report, "source_ref": f"r{n}"}) for n in range(10)])
    assert len({answer["person_id"] for answer in answers}) == 1
    assert len({answer["case_id"] for answer in answers}) == 10


async def test_a_wrong_identity_number_names_its_field_and_not_its_value(desk: Desk, full_report: dict[str, Any]) -> None:
    full_report["person"]["id_number"] = "440106195512240024"
    answer = await desk.post("/reports", full_report)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/person/id_number"
    assert "440106195512240024" not in answer.text


async def test_what_is_missing_or_unknown_is_named(desk: Desk) -> None:
    nothing = await desk.post("/reports", {"channel": "hotline", "received_at": "2026-11-23T09:12:00+08:00"})
    assert nothing.status_code == 422
    unknown = await desk.post("/reports", {"channel": "pigeon", "received_at": "2026-11-23T09:12:00+08:00", "needs": [], "x": 1})
    assert {"/channel", "/x"} == {e["pointer"] for e in unknown.json()["errors"]}
    late = await desk.post("/reports", {"channel": "web", "received_at": "2026-11-23T09:12:00", "needs": []})
    assert late.status_code == 422


async def test_without_a_token_only_the_web_is_open_and_nobody_elses_case_is_told(desk: Desk, full_report: dict[str, Any]) -> None:
    await desk.reported(full_report)
    public = {**full_report, "channel": "web"}
    answer = await desk.reported(public, who=None)
    assert answer["possible_duplicates"] == []
    refused = await desk.post("/reports", full_report, who=None)
    assert refused.status_code == 403
    assert (await desk.post("/reports", public, who="finance")).status_code == 403


async def test_a_form_filled_in_by_anybody_does_not_replace_what_is_known(desk: Desk, full_report: dict[str, Any]) -> None:
    first = await desk.reported(full_report)
    person = {"id_number": "440106195512240023", "phone": "13111111111", "account": {"bank": "X", "number": "1111222233334444"}}
    await desk.reported({**full_report, "channel": "web", "person": person}, who=None)
    state = await desk.room.state("person", first["person_id"])
    assert (state.claims.phone, state.claims.account_number) == ("13800138000", "6222020000000000000")


async def test_nothing_personal_stands_in_the_store_or_on_the_topic(desk: Desk, full_report: dict[str, Any]) -> None:
    await desk.reported(full_report)
    tables = await desk.sql("select table_name from information_schema.tables where table_schema = 'public'")
    for table in tables:
        for row in await desk.sql(f'select t::text as line from "{table["table_name"]}" t'):
            assert not [secret for secret in _SECRETS if secret in row["line"]], table["table_name"]


async def test_the_opened_case_travels_coded(desk: Desk, full_report: dict[str, Any]) -> None:
    full_report["facts"] |= {
        "contact_person": "zhang_san",
        "card_digits": 6222020000000000000,
        "remark": "my name is Zhang",
        "has_dog": True,
    }
    answer = await desk.reported(full_report)
    history = await desk.room.history("case", answer["case_id"])
    said = {p.type: p.data for p in desk.service.publish[type(history[0].data)](history[0])}
    facts = said["intake.case_opened.v1"].facts
    assert facts["age"] == 70
    assert facts["local_hukou"] is True
    assert facts["monthly_income_fen"] == 250000
    assert facts["certificates"] == ["minimum_living_allowance"]
    assert facts["has_dog"] is True
    assert not {"contact_person", "card_digits", "remark"} & set(facts)
    assert said["intake.case_opened.v1"].consent.purposes == ("referral", "payment")


async def test_a_batch_answers_each_line_in_order_and_twice_is_once(desk: Desk, full_report: dict[str, Any]) -> None:
    lines = [json.dumps({**full_report, "source_ref": f"b{n}", "person": {"name": f"人{n}"}}, ensure_ascii=False) for n in range(600)]
    lines[3] = "{broken"
    lines[4] = json.dumps({**full_report, "source_ref": "b4", "person": {"id_number": "1"}})
    lines[5] = "x" * 300_000
    body = "\n".join(lines).encode()
    headers = {**desk.headers("gov"), "content-type": "application/x-ndjson"}
    sent = await desk.client.post("/intake/v1/reports:batch", content=body, headers=headers)
    answers = [json.loads(line) for line in sent.text.splitlines()]
    assert [a["line"] for a in answers] == list(range(1, 601))
    assert [a["status"] for a in answers[:7]] == ["recorded", "recorded", "recorded", "refused", "refused", "refused", "recorded"]
    assert answers[4]["problem"]["errors"] == [{"pointer": "/person/id_number", "detail": "not a valid identity number: length"}]
    assert answers[5]["problem"]["type"].endswith("LineTooLong")
    again = await desk.client.post("/intake/v1/reports:batch", content=body, headers=headers)
    second = [json.loads(line) for line in again.text.splitlines()]
    assert {a["status"] for a in second} == {"already", "refused"}
    assert [a.get("case_id") for a in second] == [a.get("case_id") for a in answers]


async def test_a_line_that_breaks_in_us_is_answered_and_so_are_all_others(
    desk: Desk, full_report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(door: Door, one: Ready, found: list[Found], words: Triage | None) -> list[To]:
        if one.body.source_ref == "b3":
            raise RuntimeError("陈大文 13800138000")
        if one.body.source_ref == "b5":
            raise Malformed("a text holds a zero character, which no row can hold")
        return commands_of(door, one, found, words)

    monkeypatch.setattr("services.intake.portions.commands_of", planted)
    lines = [json.dumps({**full_report, "source_ref": f"b{n}"}) for n in range(8)]
    headers = {**desk.headers("gov"), "content-type": "application/x-ndjson"}
    with capture_logs() as logged:
        sent = await desk.client.post("/intake/v1/reports:batch", content="\n".join(lines).encode(), headers=headers)
    answers = [json.loads(line) for line in sent.text.splitlines()]
    assert [a["line"] for a in answers] == list(range(1, 9))
    assert [a["line"] for a in answers if a["status"] == "refused"] == [4, 6]
    assert answers[3]["problem"] == {"type": "urn:kapok:problem:OurFault", "title": "Something broke on our side; send this line again."}
    assert answers[5]["problem"]["type"] == "urn:kapok:problem:InvalidRequest"
    failed = [line for line in logged if line["event"] == "line_failed"]
    assert [(line["line"], line["error"], place_of(line["exc_info"]).split(" (")[0]) for line in failed] == [
        (4, "RuntimeError", "RuntimeError at planted")
    ]


class Sender:
    """A caller whose body stays open: it sends when it is told to, and what came back can be looked at meanwhile."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._sent, self._came = desk, asyncio.Queue[dict[str, Any]](), asyncio.Queue[bytes]()
        self.taken = 0  # pieces of the body that were read

    async def asked(self) -> None:
        async def receive() -> dict[str, Any]:
            piece = await self._sent.get()
            self.taken += 1
            return piece

        async def send(message: MutableMapping[str, Any]) -> None:
            assert message.get("status", 200) == 200
            for line in message.get("body", b"").splitlines():
                self._came.put_nowait(line)

        headers = {**self._desk.headers("gov"), "content-type": "application/x-ndjson", "transfer-encoding": "chunked"}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "root_path": "",
            "path": "/intake/v1/reports:batch", "raw_path": b"/intake/v1/reports:batch", "query_string": b"",
            "headers": [(name.encode(), text.encode()) for name, text in headers.items()], "client": ("127.0.0.1", 1), "server": ("kapok", 80),
        }  # fmt: skip
        await self._desk.house(scope, receive, send)

    def line(self, body: Any) -> None:
        self._sent.put_nowait({"type": "http.request", "body": json.dumps(body).encode() + b"\n", "more_body": True})

    def end(self) -> None:
        self._sent.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    def breaks_off(self) -> None:
        self._sent.put_nowait({"type": "http.disconnect"})

    async def answer(self) -> dict[str, Any]:
        return dict(json.loads(await asyncio.wait_for(self._came.get(), 10)))


async def test_a_line_is_answered_while_the_next_has_not_come(desk: Desk, full_report: dict[str, Any]) -> None:
    sender = Sender(desk)
    asked = asyncio.create_task(sender.asked())
    for at in range(3):
        sender.line({**full_report, "source_ref": f"open-{at}"})
        assert (await sender.answer())["line"] == at + 1
    sender.end()
    await asyncio.wait_for(asked, 10)


async def test_a_sender_that_breaks_off_ends_what_was_under_way_and_no_more_than_some_portions_are(
    desk: Desk, full_report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = 0, 0

    async def stuck(door: Door, portion: Sequence[Numbered]) -> list[Answer]:
        nonlocal begun, ended
        begun += len(portion)
        try:
            return await recorded(door, portion) if b'"free"' in portion[0].row.body else await asyncio.Future()
        finally:
            ended += len(portion)

    monkeypatch.setattr("services.intake.api.batch.recorded", stuck)
    sender = Sender(desk)
    asked = asyncio.create_task(sender.asked())
    sender.line({**full_report, "source_ref": "free"})
    assert (await sender.answer())["status"] == "recorded"
    for at in range(3000):
        sender.line({**full_report, "source_ref": f"stuck-{at}"})
    # A full portion is gathered beside those under way, one line waits for a place, and the rest stays with the sender.
    await until(lambda: begun > 1 and sender.taken == begun + PORTION_ROWS + 1)
    assert begun <= 4 * PORTION_ROWS + 1
    assert not asked.done()
    asked.cancel()
    await asyncio.wait({asked}, timeout=10)
    assert begun == ended
    again = Sender(desk)
    asked = asyncio.create_task(again.asked())
    again.line({**full_report, "source_ref": "stuck"})
    await until(lambda: begun > ended)
    again.breaks_off()
    await asyncio.wait_for(asked, 10)
    assert begun == ended


async def test_a_text_is_weighed_and_not_stored(desk: Desk) -> None:
    answer = (await desk.post("/triage", {"text": "房东要我们月底搬走，没饭吃"})).json()
    assert answer["urgency"]["level"] == "high"
    assert "月底搬走" in answer["urgency"]["because"]
    assert {"livelihood", "housing"} <= {n["code"] for n in answer["needs"]}
    assert (await desk.sql("select count(*) as n from events"))[0]["n"] == 0
