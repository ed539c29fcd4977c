"""A new number of the rules, as an office sets it: exactly those it reaches are answered anew, and what was answered before stays as it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.matching import effects
from services.matching.domain.reassessment import PortionDue
from services.matching.manifest import MATCHING
from services.matching.rulebook import RULEBOOK
from shared.service import EffectCall
from shared.testing import Database
from tests.matching.test_inbox import CASE, Office, refusal

LINE: dict[str, Any] = {"name": "dibao_line_fen", "valid_from": "2026-11-01", "value": 130_000, "source": "ASSUMPTION"}
POOR = {"local_hukou": True, "household_size": 1, "property_within_limits": True}
OLD = RULEBOOK.number("dibao_line_fen", RULEBOOK.days[-1])
INCOMES = (OLD - 1, OLD, 129_999, 130_000, 400_000, 129_998)


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with Office(MATCHING).open(database) as at_work:
        for number, income in enumerate(INCOMES):
            data = {"case_id": f"{CASE}-{number}", "person_id": f"p{number}", "household_id": f"h{number}", "residence_code": "440104"}
            await at_work.hears("intake.case_opened.v1", **data, needs=["livelihood"], facts={**POOR, "monthly_income_fen": income})
        yield at_work


async def told(office: Office, status: int = 201, who: str = "gov", code: str = "DIBAO", **more: Any) -> dict[str, Any]:
    answer = await office.post(f"/programmes/{code}/parameters", {**LINE, **more}, who)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def done(office: Office, key: str) -> dict[str, Any]:
    """How the reassessment ended, after the half-minute in which others may still decide by the old number."""
    office.turn(seconds=31)
    for _ in range(200):
        answer = await office.client.get(f"/matching/v1/reassessments/{key}", headers=office.headers("auditor"))
        assert answer.status_code == 200, answer.text
        if answer.json()["state"] == "done":
            return dict(answer.json())
        await asyncio.sleep(0.05)
    raise AssertionError([(e.effect.name, e.last_failure) for e in office.opened.effects])


async def verdicts(office: Office, number: int, **asked: str) -> dict[str, Any]:
    path = f"/matching/v1/cases/{CASE}-{number}/assessment"
    answer = await office.client.get(path, params=asked, headers=office.headers("caseworker"))
    return dict(answer.json())


def dibao(answer: dict[str, Any]) -> tuple[str, int]:
    (one,) = [v for v in answer["verdicts"] if v["programme"] == "DIBAO"]
    return one["verdict"], one["amount_fen"]


@pytest.mark.parametrize("portion", [1, 2, 3, 200])
async def test_exactly_those_whom_the_number_reaches_are_answered_anew(
    office: Office, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "PORTION", portion)
    said = await told(office)
    assert (said["programme"], said["until"], said["rule_version"] != RULEBOOK.version) == (None, None, True)
    row = await done(office, said["reassessment"])
    reached = [number for number, income in enumerate(INCOMES) if income < 130_000]
    versions = {number: [v["rule_version"] for v in (await verdicts(office, number))["versions"]] for number in range(len(INCOMES))}
    assert {number for number, seen in versions.items() if len(seen) > 1} == set(reached)
    assert all(seen == [RULEBOOK.version, said["rule_version"]] for number, seen in versions.items() if number in reached)
    newly = [income for income in INCOMES if OLD <= income < 130_000]
    assert (row["looked_at"], row["affected"], row["lost"]) == (len(INCOMES), len(reached), 0)
    assert row["gained"] >= len(newly)
    assert row["after_fen"] - row["before_fen"] >= sum(130_000 - income for income in newly)
    assert [dibao(await verdicts(office, number)) for number in (2, 3)] == [("eligible", 1), ("needs_information", 0)]


async def test_what_was_answered_before_is_answered_so_as_of_then(office: Office) -> None:
    then = office.now.isoformat()
    office.turn(minutes=1)
    await done(office, (await told(office))["reassessment"])
    assert dibao(await verdicts(office, 2)) == ("eligible", 1)
    before = await verdicts(office, 2, as_of=then)
    assert (dibao(before), before["rule_version"], before["explained_by"]) == (("needs_information", 0), RULEBOOK.version, RULEBOOK.version)


async def test_cases_of_other_days_are_not_asked_again(office: Office) -> None:
    row = await done(office, (await told(office, valid_from="2026-11-24"))["reassessment"])
    assert (row["looked_at"], row["affected"]) == (0, 0)
    assert (await told(office, valid_from="2026-11-01", value=131_000))["until"] == "2026-11-24"


async def test_the_number_is_shown_with_its_source_and_decides_at_the_door(office: Office) -> None:
    version = (await told(office))["rule_version"]
    shown = (await office.client.get("/matching/v1/programmes/DIBAO", headers=office.headers(None))).json()
    series = shown["city_parameters"]["dibao_line_fen"]
    assert (series[-1]["valid_from"], series[-1]["value"], series[-1]["source"]) == ("2026-11-01", 130_000, "ASSUMPTION")
    assert shown["rule_version"] == version
    facts = {"facts": {**POOR, "monthly_income_fen": 129_000}}
    assert dibao((await office.post("/assessments", facts)).json()) == ("eligible", 1_000)
    await office.hears("intake.case_opened.v1", case_id="later", person_id="p", needs=["livelihood"], facts=facts["facts"])
    answer = (await office.client.get("/matching/v1/cases/later/assessment", headers=office.headers("caseworker"))).json()
    assert (dibao(answer), answer["rule_version"]) == (("eligible", 1_000), version)


async def test_said_twice_it_is_set_once_and_another_from_the_same_day_must_say_that_it_corrects(office: Office) -> None:
    assert (await told(office))["reassessment"] == "1"
    assert (await told(office))["reassessment"] is None
    refused = await office.post("/programmes/DIBAO/parameters", {**LINE, "value": 131_000}, "gov")
    assert refusal(refused) == (409, "ParameterStandsFromThisDay")
    assert (await told(office, value=131_000, corrects=True))["reassessment"] == "2"
    await done(office, "2")
    assert dibao(await verdicts(office, 2)) == ("eligible", 1_001)


async def test_a_portion_that_is_asked_for_twice_counts_once(office: Office) -> None:
    key = (await told(office))["reassessment"]
    row = await done(office, key)
    (due,) = await office.sql("select * from events where type = 'PortionDue'")
    (envelope,) = await office.room.store.decoded([due])
    assert isinstance(envelope.data, PortionDue)
    (answer,) = await effects.reassess([EffectCall(envelope.id, envelope, 2)], office.room)
    await office.room.execute(*answer.commands, actor="effect:reassess")
    after = (await office.client.get(f"/matching/v1/reassessments/{key}", headers=office.headers("ops"))).json()
    assert after == row


async def test_who_may_set_a_number_and_what_is_refused(office: Office) -> None:
    for who in ("charity", "finance", "operator", "caseworker", "auditor", "ops"):
        await told(office, 403, who)
    for wrong, pointer in (
        ({"name": "nothing"}, "/name"), ({"name": "childill_cap_fen"}, "/name"), ({"value": "much"}, "/value"), ({"value": -1}, "/value"),
        ({"source": "  "}, "/source"), ({"source": ""}, "/source"), ({"valid_from": "soon"}, "/valid_from"), ({"more": 1}, "/more"),
    ):  # fmt: skip
        refused = await told(office, 422, **wrong)
        assert {one["pointer"] for one in refused["errors"]} == {pointer}, wrong
    await told(office, 404, code="NOTHING")
    unknown = await office.client.get("/matching/v1/reassessments/9", headers=office.headers("gov"))
    assert unknown.status_code == 404
    listed = await office.client.get("/matching/v1/reassessments", headers=office.headers("charity"))
    assert listed.status_code == 403
    assert await office.sql("select 1 from events where type = 'ParameterSet'") == []


async def test_a_case_that_cannot_be_asked_holds_up_none_of_the_others(office: Office) -> None:
    key = (await told(office))["reassessment"]
    (row,) = await office.sql("select * from events where type = 'PortionDue'")
    (envelope,) = await office.room.store.decoded([row])
    office.turn(seconds=31)
    sizes = []
    for attempt in range(1, 40):
        (answer,) = await effects.reassess([EffectCall(envelope.id, envelope, attempt)], office.room)
        sizes.append(len([to for to in answer.commands if to.noun == "assessment"]))
        assert answer.commands[-1].noun == "reassessment"
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], 1 in sizes, sizes[-1]) == (len(INCOMES), True, 0)
    noted = answer.commands[-1].command
    assert (noted.passed_over, noted.looked_at, noted.last) == (1, 1, False)
    assert (await done(office, key))["passed_over"] == 0
