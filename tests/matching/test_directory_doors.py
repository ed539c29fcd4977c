"""The doors to the directory, as programs and browsers use them: terms, freshness, places, served counts, and HSDS in and out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from services.matching.manifest import MATCHING
from shared.clock import new_id
from shared.envelope import Message
from shared.testing import Database
from shared.testing.alone import Alone, worked_through
from shared.web.session import SESSION

CARE: dict[str, Any] = {
    "id": "care", "organization_id": "mercy", "name": "Care at home", "needs": ["livelihood"], "districts": ["440106"], "places": 3,
    "schedule": [{"days": ["MO", "TU"], "opens_at": "09:00", "closes_at": "17:30"}], "languages": ["zh", "yue"],
    "required_documents": ["identity_card"], "cost": [{"option": "per_visit", "amount_fen": 1250}], "accessibility": ["lift"],
    "eligibility": {"minimum_age": 60, "conditions": [{"fact": "local_hukou", "op": "is", "value": True}]},
    "contract": {"contract_ref": "C-1", "valid_from": "2026-01-01", "valid_to": "2026-12-31", "places": 5, "price_fen": 150000},
}  # fmt: skip


class Office(Alone):
    """Matching with one charity."""

    async def post(self, path: str, body: Any = None, who: str = "admin", org: str | None = None) -> httpx.Response:
        return await self.client.post(f"/matching/v1{path}", json=body, headers=self.headers(who, org))

    async def get(self, path: str, who: str = "caseworker") -> Any:
        answer = await self.client.get(f"/matching/v1{path}", headers=self.headers(who))
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.headers["content-type"] == "application/json" else answer.content

    async def sent(self, data: bytes, query: str = "", who: str = "admin", org: str | None = None, media: str = "json") -> httpx.Response:
        headers = self.headers(who, org, content_type=f"application/{media}")
        return await self.client.post(f"/matching/v1/hsds/import{query}", content=data, headers=headers)

    async def reported(self, case: str, residence_code: str = "440106", **facts: Any) -> None:
        data = {
            "case_id": case, "person_id": f"p-{case}", "household_id": f"h-{case}", "needs": ["livelihood"], "facts": facts,
            "residence_code": residence_code, "consent": {"purposes": ["referral"], "recipients": ["charity"]},
        }  # fmt: skip
        kind = "intake.case_opened.v1"
        await worked_through(self.room, Message(new_id(), kind, "intake.events", case, msgspec.json.encode(data), self.now, "story"))

    async def offers(self) -> list[str]:
        return sorted(one["case_id"] for one in (await self.get("/referrals"))["items"])

    async def page(self, query: str = "", language: str = "en", status: int = 200) -> str:
        token = self.headers("caseworker")["authorization"].removeprefix("Bearer ")
        answer = await self.client.get(f"/matching/directory{query}", headers={"accept-language": language, "cookie": f"{SESSION}={token}"})
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with Office(MATCHING).open(database) as at_work:
        yield at_work


@pytest.fixture
async def listed(office: Office) -> Office:
    assert (await office.post("/organizations", {"id": "mercy", "name": "Mercy"})).status_code == 201
    place = {"id": "l1", "organization_id": "mercy", "name": "Tianhe", "place_code": "440106"}
    assert (await office.post("/locations", place)).status_code == 201
    answer = await office.post("/services", {**CARE, "location_id": "l1"})
    assert answer.status_code == 201, answer.text
    return office


async def test_the_terms_of_a_service_are_read_as_they_were_told(listed: Office) -> None:
    told = await listed.get("/services/care")
    assert {name: told[name] for name in ("schedule", "languages", "required_documents", "cost", "accessibility")} == {
        name: CARE[name] for name in ("schedule", "languages", "required_documents", "cost", "accessibility")
    }
    assert told["contract"] == CARE["contract"]
    assert told["eligibility"]["conditions"] == [{"fact": "local_hukou", "op": "is", "values": [True]}]
    assert (told["served"]["total"], told["served"]["cost_fen"], told["in_contract"]) == (0, 0, True)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"schedule": [{"days": ["MO"], "opens_at": "09:00", "closes_at": "09:00"}]}, "/schedule/0/closes_at"),
        ({"schedule": [{"days": ["XX"], "opens_at": "09:00", "closes_at": "10:00"}]}, "/schedule/0/days/0"),
        ({"languages": ["Cantonese"]}, "/languages/0"), ({"required_documents": ["papers"]}, "/required_documents/0"),
        ({"cost": [{"option": "cheap"}]}, "/cost/0/option"), ({"eligibility": {"minimum_age": 9, "maximum_age": 8}}, "/eligibility/maximum_age"),
        ({"eligibility": {"conditions": [{"fact": "age", "op": "at_least", "value": "old"}]}}, "/eligibility/conditions/0/value"),
        ({"eligibility": {"conditions": [{"fact": "age", "op": "is", "value": 1.5}]}}, "/eligibility/conditions/0/value"),
        ({"eligibility": {"conditions": [{"fact": "age", "op": "is", "value": None}]}}, "/eligibility/conditions/0/value"),
        ({"contract": {**CARE["contract"], "valid_to": "2025-12-31"}}, "/contract/valid_to"),
    ],
)  # fmt: skip
async def test_terms_that_make_no_sense_are_named(listed: Office, change: dict[str, Any], pointer: str) -> None:
    answer = await listed.post("/services", {**CARE, **change})
    assert answer.status_code == 422, answer.text
    assert pointer in [one["pointer"] for one in answer.json()["errors"]]


async def test_only_cases_that_meet_the_conditions_are_offered_and_only_within_the_contract(listed: Office) -> None:
    await listed.reported("old", age=70, local_hukou=True)
    await listed.reported("young", age=59, local_hukou=True)
    await listed.reported("elsewhere", age=70, local_hukou=False)
    assert await listed.offers() == ["old"]
    assert {row["case_id"]: row["reason"] for row in (await listed.get("/unmet-needs"))["items"]} == {
        "young": "does_not_fit", "elsewhere": "does_not_fit",
    }  # fmt: skip
    by_hand = await listed.post("/cases/young/referrals", {"service_id": "care", "need": "livelihood"}, "caseworker")
    assert (by_hand.status_code, by_hand.json()["type"].rpartition(":")[2]) == (409, "CaseDoesNotFit")
    listed.turn(days=60)
    await listed.reported("late", age=70, local_hukou=True)
    assert await listed.offers() == ["old"]
    assert (await listed.get("/services/care"))["in_contract"] is False


async def test_whoever_works_in_the_street_of_the_person_is_asked_first(office: Office) -> None:
    for org, place in (("afar", "440106012"), ("near", "440106011003"), ("none", "")):
        assert (await office.post("/organizations", {"id": org, "name": org})).status_code == 201
        if place:
            location = {"id": f"at-{org}", "organization_id": org, "name": org, "place_code": place}
            assert (await office.post("/locations", location)).status_code == 201
        service = {"id": f"s-{org}", "organization_id": org, "name": org, "needs": ["livelihood"], "districts": ["440106"]}
        answer = await office.post("/services", {**service, "location_id": f"at-{org}"} if place else service)
        assert answer.status_code == 201, answer.text
    await office.reported("case-1", "440106011007", age=70)
    (offer,) = (await office.get("/referrals"))["items"]
    assert offer["org_id"] == "near"
    assert "area:street" in (await office.get(f"/referrals/{offer['referral_id']}"))["why"]
    await office.reported("case-2", "440106", age=70)
    second = next(one for one in (await office.get("/referrals"))["items"] if one["case_id"] == "case-2")
    assert second["org_id"] == "afar", "whose street is not known is nobody's neighbour: turns are taken"
    moved = {"id": "at-near", "organization_id": "near", "name": "near", "place_code": "440106012001"}
    assert (await office.post("/locations", moved)).status_code == 201
    assert (
        await office.post("/locations", {**moved, "id": "at-afar", "organization_id": "afar", "place_code": "440106011"})
    ).status_code == 201
    await office.reported("case-3", "440106011007", age=70)
    third = next(one for one in (await office.get("/referrals"))["items"] if one["case_id"] == "case-3")
    assert third["org_id"] == "afar", "a provider that moves is where it is"
    stored = await office.sql("select data::text as data from events where type like 'CaseAssessed%'")
    assert not any("440106011007" in row["data"] for row in stored), "nothing finer than the street is kept"


async def test_consent_that_comes_later_is_held_against_the_same_conditions(listed: Office) -> None:
    for case, age in (("old", 70), ("young", 59)):
        facts = {"age": age, "local_hukou": True}
        told: tuple[tuple[str, dict[str, Any]], ...] = (
            ("intake.case_opened.v1", {"person_id": f"p-{case}", "needs": ["livelihood"], "facts": facts, "residence_code": "440106"}),
            ("intake.consent_given.v1", {"purposes": ["referral"], "recipients": ["charity"]}),
        )
        for kind, data in told:
            body = msgspec.json.encode({"case_id": case, **data})
            await worked_through(listed.room, Message(new_id(), kind, "intake.events", case, body, listed.now, "story"))
    assert await listed.offers() == ["old"]
    stored = await listed.sql("select data from events where type = 'SharingAllowed'")
    assert len(stored) == 2
    assert not any("local_hukou" in str(row["data"]) for row in stored), "facts are sealed"


async def test_whoever_was_served_is_counted_by_month_and_costs_what_the_contract_says(listed: Office) -> None:
    for case in ("a", "b"):
        await listed.reported(case, age=70)
        for act in ("accept", "start", "serve"):
            body: Any = {} if act == "accept" else None
            answer = await listed.post(f"/referrals/{case}-livelihood/{act}", body, "charity", "mercy")
            assert answer.status_code == 200, answer.text
        close = await listed.post(f"/referrals/{case}-livelihood/close", {"reason": "got_help"}, "charity", "mercy")
        assert close.status_code == 200
        listed.turn(days=10)
    told = (await listed.get("/services/care"))["served"]
    assert told == {"by_month": {"2026-11": 1, "2026-12": 1}, "total": 2, "cost_fen": 300_000, "cost_per_served_fen": 150_000}
    assert (await listed.get("/services"))["items"][0]["served"] == told


async def test_an_entry_that_nobody_confirmed_for_half_a_year_is_shown_with_a_warning(listed: Office) -> None:
    listed.turn(days=180)
    assert (await listed.get("/services/care"))["fresh"] is True
    listed.turn(days=1)
    stale = await listed.get("/services/care")
    assert (stale["fresh"], stale["assured_at"]) == (False, "2026-11-23")
    assert "may be out of date" in await listed.page()
    assert "信息可能过期" in await listed.page(language="zh")
    assert (await listed.post("/services/care/assure", None, "charity", "hope")).status_code == 403
    assured = await listed.post("/services/care/assure", None, "charity", "mercy")
    assert (assured.status_code, assured.json()["assured_at"]) == (200, "2027-05-23")
    assert (await listed.get("/services/care"))["fresh"] is True
    assert "may be out of date" not in await listed.page()


async def test_places_below_those_held_are_refused_and_nothing_changes(listed: Office) -> None:
    await listed.reported("a", age=70)
    before = await listed.get("/services/care")
    refused = await listed.post("/services/care/capacity", {"places": 0}, "charity", "mercy")
    assert (refused.status_code, refused.json()["facts"]) == (409, {"held": 1, "used": 0, "asked": 0})
    assert refused.json()["type"].endswith("PlacesBelowHeld")
    assert await listed.get("/services/care") == before
    assert (await listed.post("/services/care/capacity", {"places": 1}, "charity", "mercy")).status_code == 200


async def test_a_place_of_another_organisation_is_not_taken_over(listed: Office) -> None:
    assert (await listed.post("/organizations", {"id": "hope", "name": "Hope"})).status_code == 201
    place = {"id": "l1", "organization_id": "hope", "name": "Ours now", "place_code": "440103"}
    assert (await listed.post("/locations", place, "charity", "hope")).status_code == 403
    assert [one["organization_id"] for one in (await listed.get("/locations"))["items"]] == ["mercy"]


async def test_a_charity_makes_itself_no_authority(listed: Office) -> None:
    answer = await listed.post("/organizations", {"id": "mercy", "name": "Mercy", "kind": "government"}, "charity", "mercy")
    assert answer.status_code == 403


async def test_the_directory_goes_out_and_comes_into_an_empty_store_byte_by_byte(listed: Office, database: Database) -> None:
    assert (await listed.post("/services/care/pause", {"reason": "holiday"})).status_code == 200
    kinds = {"json": "json", "csv": "zip"}
    out = {
        form: (await listed.client.get(f"/matching/v1/hsds/export?format={form}", headers=listed.headers("gov"))).content for form in kinds
    }
    for form, media in kinds.items():
        async with Office(MATCHING).open(database) as empty:
            empty.turn(days=3)
            first = await empty.sent(out[form], media=media)
            assert first.status_code == 200, first.text
            assert first.json()["changed"] == {"LocationAdded": 1, "OrganizationRegistered": 1, "ServiceListed": 1, "ServicePaused": 1}
            again = await empty.sent(out[form], media=media)
            assert (again.status_code, again.json()["changed"]) == (200, {})
            for other in kinds:
                back = await empty.client.get(f"/matching/v1/hsds/export?format={other}", headers=empty.headers("gov"))
                assert back.content == out[other]
            assert (await empty.get("/services/care"))["status"] == "paused"


def exported(told: Any, **service: Any) -> bytes:
    """The exported tables with a second service, in which these cells are other."""
    tables = msgspec.json.decode(msgspec.json.encode(told))
    one = dict(tables["service"][0])
    tables["service"].append({**one, "id": "3a19ff88-4620-4d17-9830-ac1d859eb5d5", **service})
    need = next(row for row in tables["attribute"] if row["link_type"] == "need")
    tables["attribute"].append({**need, "id": "x1", "link_id": "3a19ff88-4620-4d17-9830-ac1d859eb5d5"})
    return msgspec.json.encode(tables)


async def test_a_file_with_a_hole_changes_nothing_unless_its_good_part_is_asked_for(listed: Office) -> None:
    told = await listed.get("/hsds/export")
    told["organization"][0]["name"] = "Mercy renamed"
    bad = exported(told, status="open")
    refused = await listed.sent(bad)
    assert (refused.status_code, refused.json()["faults_total"]) == (422, 1)
    (fault,) = refused.json()["faults"]
    assert (fault["table"], fault["row"], fault["field"], fault["rule"]) == ("service", 2, "status", "among")
    assert (await listed.get("/organizations/mercy"))["name"] == "Mercy"
    taken = await listed.sent(bad, "?keep_good=true")
    assert (taken.status_code, taken.json()["faults"], taken.json()["changed"]) == (200, [fault], {"OrganizationRegistered": 1})
    assert (await listed.get("/organizations/mercy"))["name"] == "Mercy renamed"
    good = await listed.sent(exported(told))
    assert (good.status_code, good.json()["changed"]) == (200, {"ServiceListed": 1})


async def test_an_import_confirms_changes_and_pauses_what_it_says(listed: Office) -> None:
    told = await listed.get("/hsds/export")
    told["service"][0]["assured_date"] = "2026-11-01"
    assert (await listed.sent(msgspec.json.encode(told))).json()["changed"] == {"ServiceListed": 1}
    assert (await listed.get("/services/care"))["assured_at"] == "2026-11-01"
    told["service"][0]["status"] = "inactive"
    assert (await listed.sent(msgspec.json.encode(told))).json()["changed"] == {"ServicePaused": 1}
    told["service"][0]["name"] = "Care renamed"
    assert (await listed.sent(msgspec.json.encode(told))).json()["changed"] == {"ServiceListed": 1, "ServicePaused": 1}
    care = await listed.get("/services/care")
    assert (care["name"], care["status"]) == ("Care renamed", "paused")
    told["service"][0]["status"] = "active"
    assert (await listed.sent(msgspec.json.encode(told))).json()["changed"] == {"ServiceResumed": 1}
    assert (await listed.get("/services/care"))["status"] == "active"


async def test_an_import_below_what_is_held_is_a_fault(listed: Office) -> None:
    await listed.reported("a", age=70)
    told = await listed.get("/hsds/export")
    next(row for row in told["attribute"] if row["link_type"] == "places")["value"] = "0"
    refused = await listed.sent(msgspec.json.encode(told))
    assert refused.status_code == 422
    assert [one["rule"] for one in refused.json()["faults"]] == ["PlacesBelowHeld"]
    assert (await listed.get("/services/care"))["places"] == 3


async def test_a_charity_takes_in_its_own_entries_only_and_is_no_authority(listed: Office) -> None:
    told = await listed.get("/hsds/export")
    assert (await listed.sent(msgspec.json.encode(told), "", "charity", "hope")).status_code == 403
    assert (await listed.sent(msgspec.json.encode(told), "", "caseworker")).status_code == 403
    assert (await listed.sent(msgspec.json.encode(told), "", "charity", "mercy")).status_code == 200
    next(row for row in told["attribute"] if row["link_type"] == "kind")["value"] = "government"
    assert (await listed.sent(msgspec.json.encode(told), "", "charity", "mercy")).status_code == 403
    assert (await listed.sent(msgspec.json.encode(told), "", "gov")).status_code == 200


async def test_a_file_that_cannot_be_read_is_refused(office: Office) -> None:
    for data, media in ((b"{", "json"), (b"PK\x03\x04", "zip"), (b'{"a": 1}', "json"), (b"", "json")):
        assert (await office.sent(data, media=media)).status_code == 422, data
    large = await office.sent(b'{"service": "' + b"x" * 21 * 1024**2 + b'"}')
    assert large.status_code == 422
    assert "20 MiB" in large.text


async def test_hsds_is_read_page_by_page_with_what_belongs_to_each(listed: Office) -> None:
    await listed.post("/services", {**CARE, "id": "second", "places": None, "contract": None})
    first = await listed.get("/hsds/services?per_page=1")
    told = {name: value for name, value in first.items() if name != "contents"}
    assert told == {
        "total_items": 2, "total_pages": 2, "page_number": 1, "size": 1, "first_page": True, "last_page": False, "empty": False,
    }  # fmt: skip
    (service,) = first["contents"]
    assert (service["name"], service["organization"]["name"], service["cost_options"][0]["amount"]) == ("Care at home", "Mercy", 12.5)
    assert service["service_at_locations"][0]["location"]["name"] == "Tianhe"
    assert service["schedules"][0]["byday"] == "MO,TU"
    assert await listed.get(f"/hsds/services/{service['id']}") == service
    assert (await listed.get("/hsds/services?page=9"))["empty"] is True
    for table, number in (("organizations", 1), ("locations", 1), ("service_at_locations", 1)):
        page = await listed.get(f"/hsds/{table}")
        assert page["total_items"] == number
        one = page["contents"][0]
        assert await listed.get(f"/hsds/{table}/{one['id']}") == one
    missing = await listed.client.get("/matching/v1/hsds/services/nothing", headers=listed.headers("gov"))
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", ("Mercy", "charity", "Mon, Tue 09:00–17:30", "Chinese, Cantonese", "each visit 12.50 yuan", "identity card", "3 / 3", "Tianhe", "Ages 60+")),
        ("zh", ("慈善组织", "周一、周二 09:00–17:30", "中文、粤语", "每次 12.50 元", "身份证", "3 / 3", "天河")),
    ],
)  # fmt: skip
async def test_the_page_says_when_in_which_language_and_at_what_cost(listed: Office, language: str, says: tuple[str, ...]) -> None:
    shown = re.sub(r"<[^>]+>", " ", await listed.page(language=language))
    text = re.sub(r"\s+", " ", shown)
    assert [words for words in says if words not in text] == []


async def test_a_row_of_before_there_were_terms_is_read(listed: Office) -> None:
    await listed.sql("update service_list set terms = null, eligibility = null, languages = null, assured_on = null returning id")
    told = await listed.get("/services/care")
    assert (told["schedule"], told["contract"], told["eligibility"]["conditions"], told["assured_at"]) == ([], None, [], "2026-11-23")
    assert "Care at home" in await listed.page()


async def test_the_page_finds_by_need_district_and_language(listed: Office) -> None:
    for query, found in (
        ("?need=livelihood", True), ("?need=housing", False), ("?district=440106", True), ("?district=440103", False),
        ("?language=yue", True), ("?language=en", False), ("?need=livelihood&district=440106&language=zh", True), ("?need=&district=", True),
    ):  # fmt: skip
        assert ("Care at home" in await listed.page(query)) is found, query
    wrong = await listed.page("?need=money&district=here&language=Klingon", status=422)
    assert [f'href="#{name}"' in wrong for name in ("need", "district", "language")] == [True] * 3


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("/hsds/import", "Send application/json or application/zip."),
        ("/what-if/file", "Send text/csv."),
        ("/services", "Send application/json (or what the page's form sends)."),
    ],
)
async def test_a_door_of_files_says_which_it_takes(office: Office, path: str, taken: str) -> None:
    headers = {**office.headers("gov"), "content-type": "image/png"}
    answer = await office.client.post(f"/matching/v1{path}", content=b"x", headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (415, taken)


async def test_the_page_shows_some_at_a_time_and_keeps_what_was_asked(office: Office) -> None:
    assert (await office.post("/organizations", {"id": "mercy", "name": "Mercy"})).status_code == 201
    for n in range(60):
        service = {"id": f"s{n:02}", "organization_id": "mercy", "name": f"Service {n:02}", "needs": ["medical" if n % 2 else "livelihood"]}
        assert (await office.post("/services", service)).status_code == 201
    first = await office.page("?need=medical")
    assert "Services found: 30" in first
    assert "Shown: 1 to 25." in first
    assert 'href="/matching/directory?need=medical&amp;after=25"' in first
    assert "Earlier" not in first
    second = await office.page("?need=medical&after=25")
    assert [f"Service {n}" in second for n in (49, 51, 59)] == [False, True, True]
    assert "Later" not in second
    assert 'href="/matching/directory?need=medical&amp;after=0"' in second
    for odd in ("-1", "x", "9999999"):
        assert "Shown: 1 to 25." in await office.page(f"?after={odd}")
