"""The whole loop as one story, each service a process of its own, on both buses: from a call to help that arrived, and every way around."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.sample.play import nothing_under_way
from services.tending import verify_ledger
from shared.testing import Database
from shared.testing.broker import KafkaBroker
from shared.testing.waiting import until
from tests.journeys.loop_steps import DONATED_FEN, FUND, GRANT_FEN, NEW_MONTHS, OLD_MONTHS, PEOPLE, WAIT_SECONDS, Loop, side_by_side
from tests.journeys.test_apart import city

pytestmark = pytest.mark.journey
_REFUSED = "CHARITY-MED"
_ROOFS = {"gzcs": "roof-1", "yuexiu-sws": "roof-2", "tianhe-sws": "roof-3"}


async def a_call_becomes_a_case_and_is_assessed(loop: Loop) -> None:
    """The caller hears which aid is out of reach, and by how much; the aid in reach is offered by itself, and what nobody serves is a task."""
    told = await loop.reported("worker")
    assert [need["code"] for need in told["needs"]] == ["medical", "housing", "employment"]
    key = await loop.offer("worker", "medical", "rain")
    assert await loop.answered("worker", _REFUSED) == {
        "verdict": "ineligible", "short_by": {"worked_over_24_months": OLD_MONTHS - 5, "pension_over_24_months": OLD_MONTHS - 5},
    }  # fmt: skip
    assert (await loop.answered("worker", "LOTTERY-RAIN"))["verdict"] == "eligible"
    row = await loop.row(key)
    assert (row["programme"], row["offered_fen"]) == ("LOTTERY-RAIN", GRANT_FEN)
    unmet = [("employment", "no_service"), ("housing", "no_service")]
    await until(lambda: _sorted(loop.tasks("worker", "unmet_need")), unmet, seconds=WAIT_SECONDS)


async def a_draft_is_seen_by_nobody_outside_until_it_is_offered(loop: Loop) -> str:
    draft = await loop.by_hand("worker", service_id="work", need="employment", draft=True)
    key = str(draft["referral_id"])
    assert (draft["state"], await loop.places("work")) == ("drafted", {"work": (0, 0)})
    assert (await loop.refused("charity-yuexiu-sws", f"/matching/v1/referrals/{key}/accept"))[0] == 404
    assert await loop.referrals("worker", "employment", "charity-yuexiu-sws") == []
    await loop.doors.told("caseworker", f"/matching/v1/referrals/{key}/offer", None)
    assert (await loop.state(key), await loop.places("work")) == (("offered", None), {"work": (1, 0)})
    assert (await loop.step("yuexiu-sws", key, "accept"))["state"] == "accepted"
    return key


async def of_several_asked_at_once_exactly_one_has_it(loop: Loop) -> None:
    """Two accept in the same moment: one yes, one no; the others are told, and their places are free again."""
    services = tuple(_ROOFS.values())
    assert await loop.places(*services) == dict.fromkeys(services, (0, 0))
    told = await loop.by_hand("worker", service_ids=list(services), need="housing")
    keys = {one["service_id"]: one["referral_id"] for one in told["offered"]}
    assert (set(keys), told["passed_over"]) == (set(services), [])
    assert await loop.places(*services) == dict.fromkeys(services, (1, 0))
    racing = [(org, keys[_ROOFS[org]]) for org in ("gzcs", "yuexiu-sws")]
    answers = await side_by_side(*[loop.doors.ask(f"charity-{org}", "POST", f"/matching/v1/referrals/{key}/accept") for org, key in racing])
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (winner,) = [key for (_, key), answer in zip(racing, answers, strict=True) if answer.status_code == 200]
    for service, key in keys.items():
        held, stands = ((1, 0), ("accepted", None)) if key == winner else ((0, 0), ("revoked", "taken_by_another"))
        assert (await loop.places(service), await loop.state(key)) == ({service: held}, stands)


async def who_declines_or_is_silent_is_followed_by_the_next_best(loop: Loop) -> None:
    """The nearest says no with a reason, the second is reminded and lets its time run out, the third takes it: nobody had to look for them."""
    await loop.reported("mother")
    first = await loop.offer("mother", "elderly_care", "care-near")
    assert "area:district" in (await loop.row(first))["why"]
    await loop.step("tianhe-sws", first, "decline", {"reason": "no_capacity"})
    second = await loop.offer("mother", "elderly_care", "care-second")
    assert (await loop.state(first), (await loop.row(second))["attempt"]) == (("declined", "no_capacity"), 2)
    await loop.moment_comes(f"remind:{second}")
    await until(partial(_reminded, loop, second), seconds=WAIT_SECONDS)
    await loop.moment_comes(f"offer:{second}")
    third = await loop.offer("mother", "elderly_care", "care-third")
    assert (await loop.state(second), (await loop.row(third))["attempt"]) == (("lapsed", None), 3)
    assert (await loop.refused("charity-gzcs", f"/matching/v1/referrals/{second}/accept"))[:2] == (409, "ReferralIsNotOpenToAnswers")
    await loop.step("yuexiu-sws", third, "accept")
    assert await loop.places("care-near", "care-second", "care-third") == {
        "care-near": (0, 0), "care-second": (0, 0), "care-third": (1, 0),
    }  # fmt: skip


async def nobody_counts_as_not_to_be_reached_after_one_day(loop: Loop, key: str) -> None:
    path = f"/matching/v1/referrals/{key}/close"
    for tries in range(4):
        status, rule, facts = await loop.refused("charity-yuexiu-sws", path, {"reason": "could_not_contact"})
        assert (status, rule, facts) == (409, "ContactNotTriedEnough", {"tries": tries, "days": min(tries, 1)})
        await loop.step("yuexiu-sws", key, "contacts", {"channel": "telephone", "outcome": "no_answer"})
    await loop.step("yuexiu-sws", key, "contacts", {"channel": "visit", "outcome": "reached"})
    assert (await loop.row(key))["tries"] == 0


async def help_is_given_paid_published_and_confirmed(loop: Loop) -> None:
    """An appointment, somebody who comes, help, money from the fund over the bank, a line that everybody can read, and the person's word."""
    key = await loop.offer("worker", "medical", "rain")
    grant = {"kind": "cash", "programme": "LOTTERY-RAIN", "fund_id": FUND, "amount_fen": GRANT_FEN}
    accepted = await loop.step("jsy", key, "accept", {"grant": grant})
    assert (accepted["state"], accepted["granted"]["amount_fen"]) == ("accepted", GRANT_FEN)
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for step, body, stands in (("schedule", {"at": at}, "scheduled"), ("attend", None, "attended"), ("start", None, "in_service"),
                               ("serve", None, "served")):  # fmt: skip
        assert (await loop.step("jsy", key, step, body))["state"] == stands
    payout = await _paid(loop, key)
    await until(lambda: loop.state(key), ("closed", "got_help"), seconds=WAIT_SECONDS)
    assert await loop.places("rain") == {"rain": (0, 1)}
    (help_,) = (await loop.assessed("worker"))["chain_of_help"]
    assert (help_["state"], help_["amount_fen"], help_["org_id"]) == ("arrived", GRANT_FEN, "jsy")
    confirmed = await loop.doors.told("caseworker", f"/disbursement/v1/payouts/{payout}/confirm-receipt", {"answer": "received"})
    assert (confirmed["state"], confirmed["receipt"]) == ("confirmed", "received")
    await until(lambda: _met(loop, "worker"), ["medical"], seconds=WAIT_SECONDS)


async def _paid(loop: Loop, key: str) -> str:
    """From the reservation over two people's approval and the bank to the public ledger; answers the payout."""
    path, public = "/disbursement/v1/payouts", "/disbursement/v1/public"
    rows: list[dict[str, Any]] = []

    async def stands() -> str | None:
        rows[:] = (await loop.doors.read("finance", path, referral_id=key))["items"]
        return rows[0]["state"] if rows else None

    await until(stands, "reserved", seconds=WAIT_SECONDS)
    payout = str(rows[0]["payout_id"])
    balance = await loop.doors.read("finance", f"/disbursement/v1/funds/{FUND}/balance")
    assert (balance["available_fen"], balance["reserved_fen"]) == (DONATED_FEN - GRANT_FEN, GRANT_FEN)
    for approver in ("approver", "approver-2"):
        await loop.doors.told(approver, f"{path}:approve", {"ids": [payout]})
    await until(stands, "settled", seconds=WAIT_SECONDS)

    async def published() -> list[int]:
        entries = (await loop.doors.read("auditor", f"{public}/entries"))["items"]
        return [entry["amount_fen"] for entry in entries if entry["kind"] == "payout"]

    await until(published, [GRANT_FEN], seconds=WAIT_SECONDS)
    answer = await loop.doors.ask(None, "GET", f"{public}/summary")
    assert answer.json()["totals"]["payout"] == {"count": 1, "amount_fen": GRANT_FEN, "units": 0}
    return payout


async def somebody_some_months_short_is_refused_and_their_case_closed(loop: Loop) -> str:
    """Nobody has asked them whether they agree to sharing: there is nothing to share for. Answers the moment of that answer."""
    await loop.reported("short")
    await until(lambda: _known(loop, "short"), seconds=WAIT_SECONDS)
    assert (await loop.answered("short", _REFUSED))["short_by"] == {"worked_over_24_months": 4, "pension_over_24_months": 4}
    await loop.doors.told("caseworker", f"/intake/v1/cases/{loop.cases['short']}/close", {"reason": "not_eligible"})
    return datetime.now(UTC).isoformat()


async def a_new_number_is_set(loop: Loop) -> str:
    """The city asks for fewer months of work; answers the reassessment that follows."""
    today = (await loop.assessed("short"))["rules_on"]
    value = {"name": "months", "valid_from": today, "value": NEW_MONTHS, "source": "S1"}
    return str((await loop.doors.told("gov", f"/matching/v1/programmes/{_REFUSED}/parameters", value))["reassessment"])


async def exactly_who_is_in_reach_now_is_asked_and_helped(loop: Loop, reassessment: str, then: str) -> None:
    async def done() -> str:
        return str((await loop.doors.read("auditor", f"/matching/v1/reassessments/{reassessment}"))["state"])

    await until(done, "done", seconds=60)
    row = await loop.doors.read("auditor", f"/matching/v1/reassessments/{reassessment}")
    assert [row[name] for name in ("looked_at", "affected", "gained", "lost")] == [len(loop.cases), 1, 1, 0]
    rules = {who: (await loop.assessed(who))["rule_version"] for who in loop.cases}
    assert [who for who, version in rules.items() if version != rules["worker"]] == ["short"]
    assert await loop.answered("short", _REFUSED) == {"verdict": "eligible", "short_by": {}}
    before = await loop.answered("short", _REFUSED, as_of=then)
    assert before == {"verdict": "ineligible", "short_by": {"worked_over_24_months": 4, "pension_over_24_months": 4}}
    await until(lambda: loop.tasks("short", "in_reach"), [(_REFUSED,)], seconds=WAIT_SECONDS)
    await until(lambda: _status(loop, "short"), "open", seconds=WAIT_SECONDS)
    assert await loop.referrals("short", "medical") == []
    await loop.agrees("short")
    key = await loop.offer("short", "medical", "aid")
    assert (await loop.row(key))["programme"] == _REFUSED
    assert (await loop.step("gzcs", key, "accept"))["state"] == "accepted"


async def work_goes_outside_and_comes_back(loop: Loop, key: str) -> None:
    """Once with a word, once by silence; while it is out, no second system may have it."""
    out = {"system": "job-centre", "reference": "JC-1", "due_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    await loop.step("yuexiu-sws", key, "transfer", out)
    assert (await loop.row(key))["outside"] == "job-centre"
    again = await loop.refused("charity-yuexiu-sws", f"/matching/v1/referrals/{key}/transfer", {**out, "system": "other"})
    assert again[:2] == (409, "ReferralIsOutside")
    await loop.step("yuexiu-sws", key, "return", {"outcome": "not_done"})
    assert ((await loop.row(key))["outside"], await loop.state(key)) == (None, ("accepted", "outside_not_done"))
    soon = {**out, "reference": "JC-2", "due_at": (datetime.now(UTC) + timedelta(seconds=2)).isoformat()}
    await loop.step("yuexiu-sws", key, "transfer", soon)
    await until(lambda: loop.state(key), ("accepted", "outside_silent"), seconds=WAIT_SECONDS)


async def what_was_closed_without_help_goes_once_more_to_the_same(loop: Loop, key: str) -> None:
    await loop.step("yuexiu-sws", key, "close", {"reason": "could_not_get_help"})
    assert await loop.places("work") == {"work": (0, 0)}
    told = await loop.doors.told("caseworker", f"/matching/v1/referrals/{key}/reopen", None)
    assert (told["state"], told["service_id"], (await loop.row(key))["reopened_as"]) == ("offered", "work", told["referral_id"])
    refused = await loop.refused("caseworker", f"/matching/v1/referrals/{key}/reopen")
    assert refused[:2] == (409, "ReferralCannotBeReopened")
    await loop.step("yuexiu-sws", told["referral_id"], "accept")
    assert await loop.places("work") == {"work": (1, 0)}


async def two_on_one_purse_count_together(loop: Loop) -> None:
    """Mother and worker: both cases are answered anew, as a household of two."""
    members = [{"person_id": loop.persons["mother"], "role": "head"}, {"person_id": loop.persons["worker"], "role": "child"}]
    assert (await loop.doors.told("caseworker", "/intake/v1/households", {"members": members}))["size"] == 2
    for who in ("mother", "worker"):
        await until(partial(_answers, loop, who), 2, seconds=WAIT_SECONDS)
        household = (await loop.assessed(who))["household_id"]
        await until(partial(_cases, loop, household), sorted([loop.cases["mother"], loop.cases["worker"]]), seconds=WAIT_SECONDS)


async def the_household_is_one_page(loop: Loop) -> None:
    """What each of the two needs and who helps stands on one page, whichever of them it is opened for."""
    for who in ("mother", "worker"):
        household = (await loop.assessed(who))["household_id"]
        chain = (await loop.doors.read("caseworker", f"/matching/v1/households/{household}"))["chain"]
        assert {line["need"]: line["state"] for line in chain["needs"]} == {
            "elderly_care": "under_way", "medical": "helped", "housing": "under_way", "employment": "under_way",
        }  # fmt: skip
        assert {part["org_id"] for part in chain["parts"] if part["need"] == "elderly_care" and part["word"] == "accepted"} == {
            "yuexiu-sws"
        }
        assert chain["overlaps"] == []
        page = await loop.household_page(household)
        assert [word for word in (loop.cases["mother"], loop.cases["worker"], "jsy", "yuexiu-sws") if word not in page] == []


async def who_changes_their_mind_is_offered_to_nobody(loop: Loop) -> None:
    """A withdrawal takes back what is open, frees the place, and nothing is offered by hand any more."""
    await loop.reported("unsure")
    key = await loop.offer("unsure", "disability", "rehab")
    assert await loop.places("rehab") == {"rehab": (1, 0)}
    # What a provider closed as not eligible is still served by nobody, and counts beside what found no service.
    await until(lambda: _unmet(loop), {"education": "no_service", "medical": "not_eligible"}, seconds=WAIT_SECONDS)
    (consent,) = (await loop.case("unsure"))["consents"]
    await loop.doors.told("caseworker", f"/intake/v1/consents/{consent['consent_id']}/withdraw", None)
    await until(lambda: loop.state(key), ("revoked", "consent_withdrawn"), seconds=WAIT_SECONDS)
    assert await loop.places("rehab") == {"rehab": (0, 0)}
    assert (await loop.refused("charity-tianhe-sws", f"/matching/v1/referrals/{key}/accept"))[:2] == (409, "ReferralIsNotOpenToAnswers")
    again = await loop.refused("caseworker", f"/matching/v1/cases/{loop.cases['unsure']}/referrals",
                               {"service_id": "rehab", "need": "disability"})  # fmt: skip
    assert again[0] == 422


async def the_city_counts_every_one_of_them(loop: Loop) -> None:
    counts = await loop.doors.read("gov", "/matching/v1/outcomes")
    told = {name: counts[name] for name in ("offered", "declined", "lapsed", "revoked", "completed", "got_help", "cases", "cases_got_help")}
    assert told == {
        "offered": 11, "declined": 1, "lapsed": 1, "revoked": 3, "completed": 2, "got_help": 1, "cases": 4, "cases_got_help": 1,
    }  # fmt: skip
    by_place = (await loop.doors.read("gov", "/matching/v1/unmet-needs"))["by_place"]
    # Whose case was opened again by the new number has somebody now.
    assert [(row["district"], row["need"], row["reason"], row["cases"]) for row in by_place] == [("440106", "education", "no_service", 1)]
    (cost,) = (await loop.doors.read("gov", "/matching/v1/costs"))["items"]
    assert (cost["org_id"], cost["served"], cost["arrived_fen"]) == ("jsy", 1, GRANT_FEN)


async def each_charity_hears_its_own_and_nothing_of_others(loop: Loop) -> None:
    """Every word about a referral reaches the organisation that it is about and no other; a name or a number reaches nobody."""
    await until(partial(nothing_under_way, loop.doors), seconds=WAIT_SECONDS)
    everything = [e for e in await loop.feed("auditor") if e["type"].startswith("matching.referral_")]
    for org in ("jsy", "gzcs", "yuexiu-sws", "tianhe-sws"):
        feed = await loop.feed(f"charity-{org}")
        assert {e["org_id"] for e in feed} <= {org, None}
        own = [e["id"] for e in everything if e["org_id"] == org and e["case_id"] != loop.cases["unsure"]]
        assert [e["id"] for e in feed if e["type"].startswith("matching.referral_") and e["case_id"] != loop.cases["unsure"]] == own
        assert own
        assert [said for one in PEOPLE.values() for said in (one["person"]["name"], one["person"]["phone"]) if said in str(feed)] == []
    told_too_late = [e["org_id"] for e in everything if e["data"].get("reason") == "taken_by_another"]
    assert len(set(told_too_late)) == len(_ROOFS) - 1
    heard = [e["type"].split(".")[1].removeprefix("referral_") for e in await loop.feed("charity-jsy") if e["org_id"] == "jsy"]
    assert [word for word in heard if word in ("offered", "accepted", "scheduled", "attended", "started", "served", "closed")] == [
        "offered", "accepted", "scheduled", "attended", "started", "served", "closed",
    ]  # fmt: skip
    of_the_unsure = {e["type"] for e in await loop.feed("charity-tianhe-sws") if e["case_id"] == loop.cases["unsure"]}
    assert of_the_unsure == {"matching.referral_revoked.v1"}, "after a withdrawal an organisation hears what it must obey, and nothing else"
    assert not {e["case_id"] for e in await loop.feed("charity-jsy")} & {loop.cases["mother"], loop.cases["short"], loop.cases["unsure"]}


async def nothing_is_left_over(loop: Loop, disbursement: str) -> None:
    """Nothing parked, every read table equal to what the events say, and the public ledger fits."""
    await loop.nothing_parked()
    await loop.rebuilt_equal_live()
    assert (await verify_ledger(loop.http, disbursement))["entries"] == 2  # the gift and the payout


async def _sorted(asked: Any) -> list[Any]:
    return sorted(await asked)


async def _met(loop: Loop, who: str) -> list[str]:
    return [need["code"] for need in (await loop.case(who))["needs"] if need["met"]]


async def _known(loop: Loop, who: str) -> bool:
    answer = await loop.doors.ask("caseworker", "GET", f"/matching/v1/cases/{loop.cases[who]}/assessment")
    return answer.status_code == 200


async def _status(loop: Loop, who: str) -> str:
    return str((await loop.case(who))["status"])


async def _answers(loop: Loop, who: str) -> int:
    return len((await loop.assessed(who))["versions"])


async def _reminded(loop: Loop, key: str) -> bool:
    return (await loop.row(key))["reminded_at"] is not None


async def _cases(loop: Loop, household: str) -> list[str]:
    return list((await loop.doors.read("caseworker", f"/matching/v1/households/{household}"))["cases"])


async def _unmet(loop: Loop) -> dict[str, str]:
    rows = (await loop.doors.read("gov", "/matching/v1/unmet-needs"))["items"]
    return {row["need"]: row["reason"] for row in rows}


async def journey(bus: dict[str, str], database: Database, folder: Path) -> None:
    """A number that is set counts after half a minute, so the story sets it early and looks at what came of it late."""
    async with city(bus, database, folder) as (four, doors, dsns), httpx.AsyncClient(trust_env=False, timeout=60) as http:
        loop = Loop(doors, http, four.addresses["matching"], dsns["KAPOK_MATCHING_DSN"])
        await loop.furnished()
        await a_call_becomes_a_case_and_is_assessed(loop)
        work = await a_draft_is_seen_by_nobody_outside_until_it_is_offered(loop)
        await of_several_asked_at_once_exactly_one_has_it(loop)
        await who_declines_or_is_silent_is_followed_by_the_next_best(loop)
        await two_on_one_purse_count_together(loop)
        then = await somebody_some_months_short_is_refused_and_their_case_closed(loop)
        await who_changes_their_mind_is_offered_to_nobody(loop)
        number = await a_new_number_is_set(loop)
        await nobody_counts_as_not_to_be_reached_after_one_day(loop, work)
        await help_is_given_paid_published_and_confirmed(loop)
        await work_goes_outside_and_comes_back(loop, work)
        await what_was_closed_without_help_goes_once_more_to_the_same(loop, work)
        await the_household_is_one_page(loop)
        await exactly_who_is_in_reach_now_is_asked_and_helped(loop, number, then)
        await the_city_counts_every_one_of_them(loop)
        await each_charity_hears_its_own_and_nothing_of_others(loop)
        await nothing_is_left_over(loop, four.addresses["disbursement"])


@pytest.mark.timeout(240)
async def test_the_loop_on_the_postgresql_bus(database: Database, tmp_path: Path) -> None:
    await journey({"KAPOK_BUS": "postgres", "KAPOK_BUS_DSN": await database()}, database, tmp_path)


@pytest.mark.timeout(240)
async def test_the_loop_on_kafka(broker: KafkaBroker, database: Database, tmp_path: Path) -> None:
    await journey({"KAPOK_BUS": "kafka", "KAPOK_KAFKA_BOOTSTRAP": broker.bootstrap}, database, tmp_path)
