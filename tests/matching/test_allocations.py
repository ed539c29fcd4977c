"""A quota through the door: planned, applied for, ranked, appealed against, taken; and the pages on which everybody follows it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.matching.manifest import MATCHING
from shared.testing import Database
from shared.testing.alone import NOW, Alone

AT = "/matching/v1/allocations"
CLOSES = NOW + timedelta(days=10)
PLAN = {
    "id": "rp-2026", "scheme": "residence-permit", "year": 2026, "quota": 2, "source": "S1", "opens_at": NOW.isoformat(),
    "closes_at": CLOSES.isoformat(), "order": [{"by": "points"}, {"by": "item", "item": "skill"}, {"by": "applied_at"}, {"by": "number"}],
}  # fmt: skip
HIGH = {"education": "bachelor_or_above", "skill": "intermediate_title_or_above"}
SKILLED = {"education": "college_or_higher_vocational", "skill": "senior_worker_grade_3_or_above"}
LEARNED = {"education": "bachelor_or_above", "skill": "intermediate_worker_grade_4"}
LOW: dict[str, Any] = {"education": "high_school_or_secondary_vocational"}
PEOPLE = {"high": HIGH, "learned": LEARNED, "skilled": SKILLED, "low": LOW}


class Office(Alone):
    async def get(self, path: str, who: str | None = None, status: int = 200) -> Any:
        answer = await self.client.get(f"{AT}{path}", headers=self.headers(who))
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, who: str | None = "gov", status: int = 200) -> Any:
        answer = await self.client.post(f"{AT}{path}", json=body, headers=self.headers(who))
        assert answer.status_code == status, answer.text
        return answer.json()

    async def refused(self, path: str, body: Any = None, who: str | None = "gov") -> str:
        return str((await self.post(path, body, who, 409))["type"].rpartition(":")[2])

    async def wrong(self, path: str, body: Any, who: str | None = "gov") -> list[str]:
        return [error["pointer"] for error in (await self.post(path, body, who, 422))["errors"]]

    async def apply(self, person: str, shown: dict[str, Any]) -> str:
        answer = await self.post("/rp-2026/applications", {"person_id": person, "shown": shown}, "operator", 201)
        return str(answer["number"])

    async def ranked(self) -> dict[str, str]:
        """Four people applied, in this order, for two places; their numbers by name."""
        await self.post("", PLAN, status=201)
        await self.post("/rp-2026/open")
        numbers = {}
        for name, shown in PEOPLE.items():
            numbers[name] = await self.apply(name, shown)
            self.turn(minutes=1)
        self.now = CLOSES
        await self.post("/rp-2026/close")
        await self.post("/rp-2026/rank")
        return numbers


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with Office(MATCHING).open(database) as at_work:
        yield at_work


async def test_a_quota_is_planned_ranked_and_the_order_is_for_everybody_without_whole_numbers(office: Office) -> None:
    numbers = await office.ranked()
    found = await office.get("/rp-2026/ranking")
    assert [(one["rank"], one["points"], one["outcome"], one["position"], one["decided_by"]) for one in found["items"]] == [
        (1, 120, "admitted", None, "points"), (2, 80, "admitted", None, "item:skill"), (3, 80, "waiting", 1, "item:skill"),
        (4, 20, "waiting", 2, "points"),
    ]  # fmt: skip
    assert found["next"] is None
    assert not [number for number in numbers.values() if number in str(found)]
    first = await office.get("/rp-2026/ranking?limit=3")
    assert first["next"] == 3
    assert (await office.get("/rp-2026/ranking?limit=3&cursor=3"))["items"] == found["items"][3:]
    answer = await office.client.get(f"{AT}/rp-2026/ranking.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert lines[0] == ["rank", "number", "points", "outcome", "position", "decided_by"]
    assert lines[3][2:] == ["80", "waiting", "1", "item:skill"]
    one = await office.get("/rp-2026")
    assert (one["status"], one["publication"], one["quota"], one["now"]["waiting"]) == ("ranked", 1, 2, 2)
    assert [each["admitted"] for each in one["publications"]] == [2]
    assert [each["id"] for each in (await office.get("?scheme=residence-permit&year=2026"))["items"]] == ["rp-2026"]
    assert (await office.get("?year=2025"))["items"] == []


async def test_who_has_the_number_learns_what_would_have_been_enough(office: Office) -> None:
    numbers = await office.ranked()
    own = await office.get(f"/rp-2026/applications/{numbers['low']}")
    assert (own["rank"], own["position"], own["outcome"], own["missing"], own["decided_by"]) == (4, 2, "waiting", 61, "points")
    assert own["items"]["education"] == 20
    assert not {"person_id", "allocation_id"} & own.keys()
    learned = await office.get(f"/rp-2026/applications/{numbers['learned']}")
    assert (learned["missing"], learned["decided_by"]) == (1, "item:skill")
    await office.get("/rp-2026/applications/0000-0000-0000-0000", status=404)
    await office.get(f"/other/applications/{numbers['low']}", status=404)


async def test_the_published_ranking_is_said_aloud_with_counts_only(office: Office) -> None:
    numbers = await office.ranked()
    published = (await office.room.history("allocation", "rp-2026"))[-1]
    said = list(MATCHING.publish[type(published.data)](published))
    assert [one.type for one in said] == ["matching.allocation_published.v1"]
    assert (said[0].data.admitted, said[0].data.waiting, said[0].data.quota) == (2, 2, 2)
    assert not [number for number in numbers.values() if number in str(said)]


async def test_nothing_that_was_shown_is_kept_but_the_points(office: Office) -> None:
    await office.post("", PLAN, status=201)
    await office.post("/rp-2026/open")
    number = await office.apply("p1", {**HIGH, "income_tax": [{"year": 2025, "fen": 12_345_678}], "blood_donated_on": ["2026-03-17"]})
    kept = await office.sql("select data::text as data from events where stream = $1", f"matching.application-{number}")
    assert [word for word in ("12345678", "2026-03-17", "bachelor") if word in kept[0]["data"]] == []
    row = (await office.sql("select points, items from application_list"))[0]
    assert row["points"] == 142


async def test_the_same_person_stands_once_and_may_withdraw_and_come_again(office: Office) -> None:
    await office.post("", PLAN, status=201)
    await office.post("", PLAN, status=201)
    await office.post("/rp-2026/open")
    await office.post("/rp-2026/open")
    number = await office.apply("p1", LOW)
    office.turn(minutes=1)
    assert await office.apply("p1", LOW) == number
    assert await office.apply("p2", LOW) != number
    assert await office.refused("/rp-2026/applications", {"person_id": "p1", "shown": HIGH}) == "AppliedAlready"
    assert (await office.post(f"/rp-2026/applications/{number}/withdraw"))["status"] == "withdrawn"
    await office.post(f"/rp-2026/applications/{number}/withdraw")
    assert (await office.get("/rp-2026"))["now"]["applications"] == 1
    assert await office.apply("p1", HIGH) == number
    own = await office.get(f"/rp-2026/applications/{number}")
    assert (own["points"], own["withdrawn"], own["rank"]) == (120, False, None)


async def test_who_withdrew_while_applications_were_open_is_not_ranked(office: Office) -> None:
    await office.post("", PLAN, status=201)
    await office.post("/rp-2026/open")
    gone, stays = await office.apply("p1", HIGH), await office.apply("p2", LOW)
    await office.post(f"/rp-2026/applications/{gone}/withdraw")
    office.now = CLOSES
    await office.post("/rp-2026/close")
    await office.post("/rp-2026/rank")
    assert [one["number"][-4:] for one in (await office.get("/rp-2026/ranking"))["items"]] == [stays[-4:]]


async def test_days_bind_and_what_is_late_is_refused(office: Office) -> None:
    later = {**PLAN, "opens_at": (NOW + timedelta(days=1)).isoformat()}
    await office.post("", later, status=201)
    assert await office.refused("/rp-2026/open") == "NotYetOpening"
    one: dict[str, Any] = {"person_id": "p1", "shown": LOW}
    assert await office.refused("/rp-2026/applications", one) == "ApplicationsAreNotOpen"
    await office.post("", PLAN, status=201)
    await office.post("/rp-2026/open")
    assert await office.refused("", {**PLAN, "quota": 3}) == "PlanIsPublished"
    assert await office.refused("/rp-2026/close") == "ClosesLater"
    assert await office.refused("/rp-2026/rank") == "NotClosedYet"
    office.now = CLOSES
    assert await office.refused("/rp-2026/applications", one) == "ApplicationsAreNotOpen"
    assert await office.sql("select 1 from application_list") == [], "nothing of a refused application is kept"


async def test_an_appeal_is_upheld_and_published_anew_with_what_it_changed(office: Office) -> None:
    numbers = await office.ranked()
    made = await office.post("/rp-2026/appeals", {"number": numbers["low"], "reason": "proof_overlooked"}, "caseworker", 201)
    again = await office.post("/rp-2026/appeals", {"number": numbers["low"], "reason": "proof_overlooked"}, "caseworker", 201)
    assert (made["appeal"], again["appeal"]) == (1, 1)
    uphold = {"upheld": True, "shown": {**LOW, "skill": "intermediate_title_or_above", "listed_occupation": True}}
    assert await office.refused("/rp-2026/appeals/1/decide", uphold) == "OwnRanking"
    assert await office.refused("/rp-2026/appeals/2/decide", uphold, "gov-2") == "AppealIsUnknown"
    assert await office.refused("/rp-2026/appeals/1/decide", {"upheld": True, "shown": LOW}, "gov-2") == "UpheldMustBetter"
    assert (await office.post("/rp-2026/appeals/1/decide", uphold, "gov-2"))["points"] == 100
    await office.post("/rp-2026/appeals/1/decide", uphold, "gov-2")
    assert [(one["number"], one["upheld"]) for one in (await office.get("/rp-2026/appeals", "gov"))["items"]] == [(numbers["low"], True)]
    own = await office.get(f"/rp-2026/applications/{numbers['low']}")
    assert (own["points"], own["rank"]) == (100, 4), "counted anew, not yet ranked anew"
    office.turn(days=10)
    assert await office.refused("/rp-2026/finish") == "RankingIsOutdated"
    assert (await office.post("/rp-2026/rank"))["publication"] == 2
    assert (await office.post("/rp-2026/rank"))["publication"] == 2
    own = await office.get(f"/rp-2026/applications/{numbers['low']}")
    assert (own["rank"], own["outcome"]) == (2, "admitted")
    kept = await office.get(f"/rp-2026/applications/{numbers['skilled']}")
    assert (kept["rank"], kept["outcome"]) == (3, "admitted"), "nobody loses a published place"
    second = (await office.get("/rp-2026"))["publications"][1]
    assert (second["admitted"], second["over_quota"]) == (3, 1)
    assert [(one["rank_before"], one["rank"], one["outcome_before"], one["outcome"]) for one in second["moved"]] == [
        (4, 2, "waiting", "admitted")
    ]
    assert numbers["low"] not in str(second)
    assert (await office.post("/rp-2026/finish"))["status"] == "final"


async def test_appeals_are_made_within_working_days_and_decided_before_the_end(office: Office) -> None:
    numbers = await office.ranked()  # ranked on Thursday 3 December, so five working days end on Thursday the tenth
    assert (await office.get("/rp-2026"))["appeals_until"].startswith("2026-12-10T02:00")
    appeal = {"number": numbers["low"], "reason": "other"}
    await office.post("/rp-2026/appeals", {**appeal, "number": numbers["learned"]}, "caseworker", 201)
    assert await office.refused("/rp-2026/finish") == "AppealsAreOpen"
    office.turn(days=7, seconds=1)
    assert await office.refused("/rp-2026/appeals", appeal) == "AppealsAreOver"
    assert await office.refused("/rp-2026/finish") == "AppealsAreUndecided"
    await office.post("/rp-2026/appeals/1/decide", {"upheld": False}, "gov-2")
    await office.post("/rp-2026/finish")


async def test_a_place_given_up_goes_to_the_next_and_positions_move(office: Office) -> None:
    numbers = await office.ranked()
    at = "/rp-2026/applications/"
    assert await office.refused(f"{at}{numbers['high']}/take") == "NotFinalYet"
    office.turn(days=10)
    await office.post("/rp-2026/finish")
    await office.post(f"{at}{numbers['high']}/take", who="caseworker")
    assert await office.refused(f"{at}{numbers['low']}/take") == "HoldsNoPlace"
    assert await office.refused(f"{at}{numbers['low']}/give_up") == "HoldsNoPlace"
    await office.post(f"{at}{numbers['skilled']}/give_up")
    await office.post(f"{at}{numbers['skilled']}/give_up")
    moved = await office.get(f"{at}{numbers['learned']}")
    assert (moved["outcome"], moved["moved_up"], moved["position"], moved["missing"]) == ("admitted", True, None, 0)
    assert (await office.get(f"{at}{numbers['low']}"))["position"] == 1
    assert [(one["outcome"], one["position"]) for one in (await office.get("/rp-2026/ranking"))["items"]] == [
        ("taken", None), ("left", None), ("admitted", None), ("waiting", 1)
    ]  # fmt: skip
    await office.post(f"{at}{numbers['high']}/withdraw")
    assert (await office.get(f"{at}{numbers['low']}"))["outcome"] == "admitted"


async def test_the_lists_grow_anew_from_what_happened(office: Office) -> None:
    numbers = await office.ranked()
    await office.post(f"/rp-2026/applications/{numbers['skilled']}/give_up")
    before = [await office.get(path) for path in ("/rp-2026", "/rp-2026/ranking")]
    answer = await office.client.post("/ops/v1/projections/matching.allocations/rebuild", headers=office.headers("ops"))
    assert answer.status_code == 200, answer.text
    assert [await office.get(path) for path in ("/rp-2026", "/rp-2026/ranking")] == before


async def test_a_flat_asks_for_its_conditions_and_skilled_people_come_first(office: Office) -> None:
    await office.post("", {**PLAN, "scheme": "public-rental", "group": "family", "quota": 1, "order": None}, status=201)
    assert [one["by"] for one in (await office.get("/rp-2026"))["order"]] == ["reached", "points", "applied_at", "number"]
    await office.post("/rp-2026/open")
    one: dict[str, Any] = {"person_id": "p1", "shown": {"education": "bachelor_or_above", "skill": "intermediate_worker_grade_4"}}
    assert await office.refused("/rp-2026/applications", one) == "ConditionsAreNotMet"
    facts = {"local_hukou": False, "lived_here_months": 7, "homes_owned": 0}
    learned = await office.apply("p1", {**one["shown"], "facts": facts})
    skilled = await office.apply("p2", {"skill": "senior_worker_grade_3_or_above", "facts": facts})
    office.now = CLOSES
    await office.post("/rp-2026/close")
    await office.post("/rp-2026/rank")
    assert (await office.get(f"/rp-2026/applications/{skilled}"))["outcome"] == "admitted"
    own = await office.get(f"/rp-2026/applications/{learned}")
    assert (own["outcome"], own["missing"], own["decided_by"]) == ("waiting", None, "reached:skill")


@pytest.mark.parametrize("who", ["charity", "finance", "caseworker", "operator", None])
async def test_only_the_government_plans_and_ranks(office: Office, who: str | None) -> None:
    await office.post("", PLAN, status=201)
    status = 401 if who is None else 403
    await office.post("", PLAN, who, status)
    for path in ("/open", "/close", "/rank", "/finish"):
        await office.post(f"/rp-2026{path}", None, who, status)
    await office.post("/rp-2026/appeals/1/decide", {"upheld": False}, who, status)
    await office.get("/rp-2026/appeals", who, status)
    if who in ("charity", "finance", None):
        await office.post("/rp-2026/applications", {"person_id": "p", "shown": LOW}, who, status)
        await office.post("/rp-2026/appeals", {"number": "0000-0000-0000-0000", "reason": "other"}, who, status)
        for path in ("withdraw", "take", "give_up"):
            await office.post(f"/rp-2026/applications/x/{path}", None, who, status)


async def test_wrong_fields_are_named(office: Office) -> None:
    for change, pointer in (
        ({"scheme": "home-purchase"}, "/scheme"), ({"quota": -1}, "/quota"), ({"order": []}, "/order"), ({"appeal_days": 0}, "/appeal_days"),
        ({"order": [{"by": "points"}, {"by": "item"}, {"by": "number"}]}, "/order/1/item"),
        ({"order": [{"by": "points", "item": "skill"}, {"by": "number"}]}, "/order/0/item"),
        ({"order": [{"by": "item", "item": "height"}]}, "/order/0/item"),
        ({"order": [{"by": "reached", "item": "skill"}]}, "/order/0/at_least"),
        ({"order": [{"by": "item", "item": "skill", "at_least": 3}]}, "/order/0/at_least"),
        ({"district": "x"}, "/district"), ({"opens_at": "soon"}, "/opens_at"), ({"unknown": 1}, "/unknown"),
    ):  # fmt: skip
        assert await office.wrong("", {**PLAN, **change}) == [pointer], change
    assert await office.refused("", {**PLAN, "order": [{"by": "points"}]}) == "OrderIsNotTotal"
    assert await office.refused("", {**PLAN, "closes_at": PLAN["opens_at"]}) == "DaysAreOutOfOrder"
    await office.post("", PLAN, status=201)
    await office.post("/rp-2026/open")
    for shown, pointer in (
        ({"education": "doctor"}, "/shown/education"), ({"as_of": "2026-11-23"}, "/shown/as_of"),
        ({"blood_donated_on": ["2026-11-24"]}, "/shown/blood_donated_on"),
    ):  # fmt: skip
        assert await office.wrong("/rp-2026/applications", {"person_id": "p1", "shown": shown}) == [pointer]
    office.turn(days=2)
    late = {"person_id": "p1", "shown": {"blood_donated_on": ["2026-11-24"]}}
    assert await office.wrong("/rp-2026/applications", late) == ["/shown/blood_donated_on"], "after the day on which points count"
    assert await office.wrong("/rp-2026/appeals", {"number": "low", "reason": "other"}) == ["/number"]
    for body in ({"upheld": True}, {"upheld": False, "shown": LOW}):
        assert await office.wrong("/rp-2026/appeals/1/decide", body) == ["/shown"]
    assert await office.refused("/rp-2026/appeals/1/decide", {"upheld": False}) == "AppealIsUnknown"
    for path in ("/open", "/close", "/rank", "/finish", "/applications/x/take"):
        await office.post(f"/nowhere{path}", None, status=404)
    await office.get("/nowhere", status=404)
    await office.get("/nowhere/ranking", status=404)


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def opened(office: Office, path: str, language: str, status: int = 200) -> str:
    answer = await office.client.get(f"/matching/allocations{path}", headers={"accept-language": language})
    assert answer.status_code == status, answer.text[:400]
    return answer.text


async def searched(office: Office, number: str, language: str, status: int = 200) -> str:
    token = re.findall(r'name="form_token" value="([^"]*)"', await opened(office, "/rp-2026", language))[0]
    answer = await office.client.post(
        "/matching/allocations/rp-2026", data={"form_token": token, "number": number}, headers={"accept-language": language}
    )
    assert answer.status_code == status, answer.text[:400]
    return answer.text


async def test_the_pages_say_the_rule_before_and_the_order_after(office: Office, language: str) -> None:
    assert ("目前没有公布名额" if language == "zh" else "No places are announced") in await opened(office, "", language)
    await office.post("", {**PLAN, "minimum": 20}, status=201)
    page = await opened(office, "/rp-2026", language)
    assert ("申请早者在前" if language == "zh" else "Who applied earlier comes first") in page
    assert ("低于 20 分" if language == "zh" else "fewer than 20 points") in page
    assert "<caption" not in page, "nothing is ranked"
    numbers = await office.ranked()
    assert 'href="/matching/allocations/rp-2026"' in await opened(office, "", language)
    page = await opened(office, "/rp-2026", language)
    assert page.count('<th scope="row"><code>····') == 4
    assert not [number for number in numbers.values() if number in page]
    assert (await opened(office, "/rp-2026?show=waiting", language)).count('<th scope="row"><code>····') == 2
    assert (await opened(office, "/rp-2026?cursor=3", language)).count('<th scope="row"><code>····') == 1
    for path in ("/nowhere", "/rp-2026?cursor=x", "/rp-2026?cursor=999999999"):
        await opened(office, path, language, 404)


async def test_the_own_number_is_found_however_it_is_typed_and_says_why(office: Office, language: str) -> None:
    numbers = await office.ranked()
    page = await searched(office, f" {numbers['learned'].lower().replace('-', ' ')} ", language)
    told = ("第 3 名，共 2 个名额", "轮候第 1 位", "专业技术职称或职业资格的得分", "再有 1 分") if language == "zh" else (
        "Rank 3; there are 2 places", "Number 1 on the waiting list", "the points for Professional title", "would have been enough: 1.",
    )  # fmt: skip
    assert [words for words in told if words not in page] == []
    for number in ("0000-0000-0000-0000", "", "x", "<b>"):
        page = await searched(office, number, language, 422)
        assert 'href="#number"' in page
        assert "<b>" not in page


async def test_what_an_appeal_changed_is_on_the_page(office: Office, language: str) -> None:
    numbers = await office.ranked()
    await office.post("/rp-2026/appeals", {"number": numbers["low"], "reason": "other"}, "caseworker", 201)
    uphold = {"upheld": True, "shown": {**LOW, "skill": "intermediate_title_or_above", "listed_occupation": True}}
    await office.post("/rp-2026/appeals/1/decide", uphold, "gov-2")
    await office.post("/rp-2026/rank")
    page = await opened(office, "/rp-2026", language)
    assert ("第 2 次公布" if language == "zh" else "Publication 2") in page
    assert ("此前公布的名额予以保留" if language == "zh" else "published before and is kept") not in page, (
        "nobody waits before the kept one"
    )
    kept = await searched(office, numbers["skilled"], language)
    assert ("获得名额" if language == "zh" else "Admitted") in kept
