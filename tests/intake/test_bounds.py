"""What cannot be kept is refused with its field and rule, and every list of intake goes on answering."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from services.intake.domain.facts import travelling
from tests.intake.conftest import Desk

FAR = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59+00:00", "2026-11-23T09:12:00+23:59")
WRONG: list[tuple[str, Any]] = [
    *[(field, value) for field in ("received_at", "consent/at") for value in FAR],
    ("consent/expires_on", "9999-12-31"), ("person/birth_date", "0001-01-01"), ("household/members/0/birth_date", "1899-12-31"),
    ("facts/pension_months", int("9" * 400)), ("facts/pension_months", -(10**400)), ("household/members/0/facts", {"age": 10**400}),
    *[
        (where, {key: value})
        for where in ("facts", "household/members/0/facts")
        for key, value in (("monthly_income_fen", -5), ("household_size", 1.5), ("event_on", "9999-12-31"), ("event_on", "x"))
    ],
    ("facts/student", "a\0"), ("language", "她叫张三丰，电话13800138000"), ("contact/language", "zh 13800138000"), ("language", "zh\0"),
    ("narrative", "a\0b"), ("elements/place", "\0"), ("reporter/name", "\0"), ("reporter/phone", "1\0"), ("person/name", "\0"),
    ("person/phone", "1\0"), ("person/id_number", "1\0"), ("person/address", "\0"), ("person/languages", ["yue\0"]),
    ("person/account/bank", "\0"), ("person/account/number", "1234\0"), ("source_ref", "a\0"),
]  # fmt: skip
STEPS: list[tuple[str, dict[str, Any], str]] = [
    *[
        (step, {**body, field: value}, field)
        for value in FAR
        for step, field, body in (
            ("first-contact", "at", {}), ("verify", "at", {}), ("visits", "at", {}), ("tasks", "due_at", {"kind": "call"}),
            ("consents", "at", {"purposes": ["referral"], "recipients": ["charity"]}),
        )
    ],
    ("consents", {"purposes": ["referral"], "recipients": ["charity"], "expires_on": "9999-12-31"}, "expires_on"),
    ("notes", {"text": "a\0"}, "text"), ("visits", {"note": "\0"}, "note"), ("tasks", {"kind": "call", "text": "\0"}, "text"),
    ("facts", {"facts": {"income": 10**400}}, "facts/income"), ("facts", {"facts": {"kind": "\0"}}, "facts/kind"),
]  # fmt: skip


def _with(report: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    said = copy.deepcopy(report)
    *way, last = field.split("/")
    place: Any = said
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return said


async def _lists_answer(desk: Desk, case_id: str) -> None:
    for path in ("/cases", f"/cases/{case_id}", f"/cases/{case_id}/tasks", f"/cases/{case_id}/history"):
        answer = await desk.get(path, x_access_reason="test")
        assert answer.status_code == 200, f"{path}: {answer.text}"


async def test_a_report_that_cannot_be_kept_names_its_field(desk: Desk, full_report: dict[str, Any]) -> None:
    case_id = (await desk.reported(full_report))["case_id"]
    for field, value in WRONG:
        answer = await desk.post(
            "/reports", {**_with(full_report, field, value), **({} if field == "source_ref" else {"source_ref": "next"})}
        )
        assert answer.status_code == 422, f"{field}={str(value)[:40]!r}: {answer.status_code} {answer.text}"
        assert any(e["pointer"].startswith(f"/{field}") for e in answer.json()["errors"]), answer.text
        assert "138001" not in answer.text
    await _lists_answer(desk, case_id)
    assert [case["case_id"] for case in (await desk.get("/cases")).json()["items"]] == [case_id]


async def test_a_step_that_cannot_be_kept_names_its_field(desk: Desk, full_report: dict[str, Any]) -> None:
    told = await desk.reported(full_report)
    for step, body, field in STEPS:
        answer = await desk.post(f"/cases/{told['case_id']}/{step}", body)
        assert answer.status_code == 422, f"{step} {body}: {answer.status_code} {answer.text}"
        assert answer.json()["errors"][0]["pointer"] == f"/{field}"
    await _lists_answer(desk, told["case_id"])
    assert (await desk.post(f"/persons/{told['person_id']}/erasure", who="admin")).status_code == 200


@pytest.mark.parametrize("as_of", ["9999-12-31", "2026-11-23T10:00:00", *FAR])
async def test_a_case_is_asked_for_at_an_instant_that_is_one(desk: Desk, full_report: dict[str, Any], as_of: str) -> None:
    case_id = (await desk.reported(full_report))["case_id"]
    answer = await desk.client.get(f"/intake/v1/cases/{case_id}", params={"as_of": as_of}, headers=desk.headers("operator"))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/as_of")


async def test_the_same_instant_in_another_zone_is_the_same_report(desk: Desk, full_report: dict[str, Any]) -> None:
    first = await desk.reported(full_report)
    again = await desk.post("/reports", {**full_report, "received_at": "2026-11-23T01:12:00Z"})
    assert (again.status_code, again.json()["version"]) == (201, first["version"])


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf"), 10_000_001])
def test_a_number_out_of_measure_does_not_travel(value: Any) -> None:
    assert travelling({"income": value, "size": 3}) == {"size": 3}
