"""The pages of places by points for offices, desks and applicants, as a browser without script uses them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, Literal

import httpx
import msgspec
import pytest
from playwright.async_api import Browser, Route, expect

from services.matching.manifest import MATCHING
from shared.clock import new_id
from shared.envelope import Message
from shared.testing import Database
from shared.testing.alone import worked_through
from shared.testing.browser import looking
from shared.web.session import SESSION
from tests.matching.test_allocations import CLOSES, LOW, PLAN, Office

AT_PAGE = "/matching/allocations/rp-2026"
FORM = {
    "scheme": "residence-permit", "group": "general", "year": "2026", "district": "440100", "quota": "2", "step_1": "points",
    "step_2": "item:skill", "step_3": "applied_at", "step_4": "number", "opens_at": "2026-11-23T10:00", "closes_at": "2026-12-03T10:00",
    "appeal_days": "5", "source": "S1",
}  # fmt: skip
LEARNED = {"education": "bachelor_or_above", "skill": "intermediate_worker_grade_4", "tax_2025": "120,000"}


class Desk(Office):
    """A quota with browsers of one language, and a person whose case is known."""

    def browser(self, who: str | None = "gov", language: str = "en") -> httpx.AsyncClient:
        cookies = {SESSION: self.headers(who)["authorization"].removeprefix("Bearer ")} if who else {}
        headers = {"accept-language": language}
        return httpx.AsyncClient(
            transport=self.client._transport, base_url="http://kapok", headers=headers, cookies=cookies, follow_redirects=True
        )

    async def person(self, name: str) -> str:
        """The id of a case of this person."""
        case = f"case-of-{name}"
        data: dict[str, Any] = {"case_id": case, "person_id": name, "household_id": f"h-{name}", "needs": (), "facts": {}, "consent": None}
        message = Message(new_id(), "intake.case_opened.v1", "intake.events", case, msgspec.json.encode(data), self.now, "story")
        await worked_through(self.room, message)
        return case

    async def begun(self) -> None:
        await self.post("", PLAN, status=201)
        await self.post("/rp-2026/open")


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk(MATCHING).open(database) as at_work:
        yield at_work


async def sent(browser: httpx.AsyncClient, path: str, form: dict[str, Any], status: int = 200, to: str = "") -> str:
    shown = await browser.get(path)
    token = re.findall(r'name="form_token" value="([^"]*)"', shown.text)
    assert token, shown.text[:400]
    answer = await browser.post(to or path, data={"form_token": token[-1], **form})
    assert answer.status_code == status, re.sub(r"<[^>]*>", " ", answer.text)[:1500]
    return answer.text


def errors(page: str) -> list[str]:
    """The fields that the summary links to, each of which has its sentence beside it."""
    summary = re.search(r'<div class="error-summary".*?</div>', page, re.DOTALL)
    assert summary
    linked = re.findall(r'href="#([^"]*)"', summary.group(0))
    assert [name for name in linked if f'id="{name}"' not in page] == []
    return linked


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_an_office_announces_corrects_and_opens_places(desk: Desk, language: str) -> None:
    async with desk.browser(language=language) as office:
        wrong = {**FORM, "quota": "many", "step_2": "reached:skill", "closes_at": "soon", "source": ""}
        page = await sent(office, "/matching/announce", wrong, 422)
        assert errors(page) == ["quota", "closes_at", "source"]
        assert [kept for kept in ('value="many"', 'value="soon"', 'value="2026-11-23T10:00"') if kept not in page] == []
        assert '<option value="reached:skill" selected>' in page
        assert errors(await sent(office, "/matching/announce", {**FORM, "step_2": "reached:skill"}, 422)) == ["least_2"]
        assert errors(await sent(office, "/matching/announce", {**FORM, "step_2": "reached:skill", "least_2": "x"}, 422)) == ["least_2"]
        assert errors(await sent(office, "/matching/announce", {**FORM, "step_4": ""}, 409)) == ["step_1"]
        assert errors(await sent(office, "/matching/announce", {**FORM, "closes_at": FORM["opens_at"]}, 409)) == ["closes_at"]
        assert (await desk.get(""))["items"] == []
        shown = (await office.get("/matching/announce")).text
        key = re.findall(r'name="id" value="([^"]*)"', shown)[0]
        page = await sent(office, "/matching/announce", {**FORM, "id": key})
        assert ("名额已公布" if language == "zh" else "The places are announced.") in page
        row = (await desk.get(""))["items"][0]
        assert (row["id"], row["quota"], row["closes_at"], row["points_on"]) == (key, 2, "2026-12-03T02:00:00Z", "2026-11-23")
        assert [one["by"] for one in row["order"]] == ["points", "item", "applied_at", "number"]
        correct = f"/matching/announce/{key}"
        assert 'value="2026-12-03T10:00"' in (await office.get(correct)).text
        await sent(office, correct, {**FORM, "quota": "3", "step_2": "", "minimum": "20", "closes_at": "2026-12-03, 10:00"})
        assert [(one["quota"], one["minimum"], len(one["order"])) for one in (await desk.get(""))["items"]] == [(3, 20, 3)]
        await sent(office, f"/matching/allocations/{key}/office", {"act": "open"})
        page = await sent(office, correct, FORM, 409)
        assert ("公布的内容不能再改" if language == "zh" else "cannot be changed") in page
        page = await sent(office, f"/matching/allocations/{key}/office", {"act": "close"}, 409)
        assert errors(page) == ["step"]


async def test_the_usual_order_is_taken_where_no_step_is_told(desk: Desk) -> None:
    none = {f"step_{n}": "" for n in range(1, 5)}
    async with desk.browser("admin") as office:
        await sent(office, "/matching/announce", {**FORM, **none, "scheme": "public-rental", "group": "family", "id": "flats"})
    assert [one["by"] for one in (await desk.get("/flats"))["order"]] == ["reached", "points", "applied_at", "number"]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_desk_sees_the_points_first_and_hands_in_once(desk: Desk, language: str) -> None:
    await desk.begun()
    case = await desk.person("p1")
    async with desk.browser("operator", language) as operator:
        at = f"{AT_PAGE}/apply"
        page = await sent(operator, at, {**LEARNED, "case": "nobody", "tax_2024": "much"}, 422)
        assert errors(page) == ["case", "tax_2024"]
        assert 'value="120,000"' in page
        assert 'value="much"' in page
        page = await sent(operator, at, {**LEARNED, "case": case, "act": "count"})
        assert "<strong>100</strong> / 180" in page
        assert (await desk.get("/rp-2026"))["now"]["applications"] == 0, "looking hands nothing in"
        page = await sent(operator, at, {**LEARNED, "case": case, "act": "apply"})
        number = re.findall(r"<code>([0-9A-F-]{19})</code>", page)[0]
        again = await sent(operator, at, {**LEARNED, "case": case, "act": "apply"})
        assert number in again
        assert (await desk.get(f"/rp-2026/applications/{number}"))["points"] == 100
        page = await sent(operator, at, {"education": "below_high_school", "case": case, "act": "apply"}, 409)
        assert errors(page) == ["case"]
        desk.now = CLOSES
        await sent(operator, at, {**LEARNED, "case": await desk.person("p2"), "act": "apply"}, 409)
    async with desk.browser("charity") as other:
        assert (await other.get(f"{AT_PAGE}/apply")).status_code == 403


async def test_verified_hours_count_by_the_reference_of_the_platform(desk: Desk) -> None:
    await desk.begun()
    case = await desk.person("p1")
    body = {"external_ref": "iv-1", "skills": ["tutoring"], "languages": ["zh-cmn"]}
    answer = await desk.client.post("/matching/v1/volunteers", json=body, headers=desk.headers("caseworker"))
    assert answer.status_code == 201
    async with desk.browser("caseworker") as operator:
        form = {"case": case, "education": "bachelor_or_above", "act": "count"}
        assert "<strong>60</strong>" in await sent(operator, f"{AT_PAGE}/apply", {**form, "reference": "iv-1"})
        assert errors(await sent(operator, f"{AT_PAGE}/apply", {**form, "reference": "iv-2"}, 422)) == ["reference"]
        twice = {**form, "reference": "iv-1", "volunteer_service_2026": "50"}
        assert errors(await sent(operator, f"{AT_PAGE}/apply", twice, 422)) == ["reference"]


async def test_a_flat_asks_for_what_its_conditions_rest_on(desk: Desk) -> None:
    await desk.post("", {**PLAN, "scheme": "public-rental", "group": "family", "order": None}, status=201)
    await desk.post("/rp-2026/open")
    case = await desk.person("p1")
    async with desk.browser("operator") as operator:
        at, form = f"{AT_PAGE}/apply", {"case": case, "education": "bachelor_or_above", "act": "apply"}
        assert errors(await sent(operator, at, form, 422)) == ["local_hukou", "lived_here_months", "employer_takes_part", "homes_owned"]
        met = {**form, "local_hukou": "no", "lived_here_months": "7", "homes_owned": "0"}
        assert errors(await sent(operator, at, {**met, "homes_owned": "1"}, 422)) == ["homes_owned"]
        await sent(operator, at, met)
    assert (await desk.get("/rp-2026"))["now"]["applications"] == 1


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_whoever_has_the_number_appeals_and_somebody_else_decides(desk: Desk, language: str) -> None:
    numbers = await desk.ranked()
    low = {"number": numbers["low"]}
    async with (
        desk.browser(None, language) as anybody,
        desk.browser("gov", language) as gov,
        desk.browser("gov-2", language) as other,
    ):
        appeal = f"{AT_PAGE}/appeal"
        assert errors(await sent(anybody, AT_PAGE, low, 422, appeal)) == ["reason"]
        none = {"number": "0000-0000-0000-0000", "reason": "other"}
        assert errors(await sent(anybody, AT_PAGE, none, 422, appeal)) == ["number"]
        page = await sent(anybody, AT_PAGE, {**low, "reason": "proof_overlooked"}, to=appeal)
        assert ("申诉已提交" if language == "zh" else "Your appeal is handed in.") in page
        assert numbers["low"] in page
        page = await sent(anybody, AT_PAGE, low)
        assert ("尚未决定" if language == "zh" else "not decided yet") in page
        await sent(anybody, AT_PAGE, {**low, "reason": "other"}, 409, appeal)
        page = (await gov.get(f"{AT_PAGE}/office")).text
        assert numbers["low"] in page
        decide = f"{AT_PAGE}/appeals/1"
        should = {**LOW, "skill": "intermediate_title_or_above", "listed_occupation": "yes", "upheld": "yes"}
        assert errors(await sent(gov, decide, should, 409)) == ["upheld"], "who ranked does not decide"
        assert errors(await sent(other, decide, {**should, "upheld": ""}, 422)) == ["upheld"]
        page = await sent(other, decide, {**LOW, "upheld": "yes"}, 409)
        assert errors(page) == ["education"]
        assert ("合计 20 分" if language == "zh" else "come to 20 points") in page
        page = await sent(other, decide, should)
        assert ("申诉成立，请重新公布" if language == "zh" else "The appeal is upheld.") in page
        page = await sent(gov, f"{AT_PAGE}/office", {"act": "rank"})
        assert (await desk.get("/rp-2026"))["publication"] == 2
        page = await sent(anybody, AT_PAGE, low)
        assert ("获得名额" if language == "zh" else "Admitted") in page
        desk.turn(days=20)
        await sent(gov, f"{AT_PAGE}/office", {"act": "finish"})
        assert (await desk.get("/rp-2026"))["status"] == "final"
        assert (await other.get(f"{AT_PAGE}/appeals/9")).status_code == 404


async def test_an_appeal_that_is_not_upheld_changes_nothing(desk: Desk) -> None:
    numbers = await desk.ranked()
    await desk.post("/rp-2026/appeals", {"number": numbers["low"], "reason": "other"}, "caseworker", 201)
    async with desk.browser("gov-2") as other:
        page = await sent(other, f"{AT_PAGE}/appeals/1", {"upheld": "no"})
        assert "The appeal is not upheld." in page
        assert "not decided yet" not in (await other.get(f"{AT_PAGE}/appeals/1")).text
    assert (await desk.get("/rp-2026"))["publication"] == 1


async def test_nobody_appeals_by_a_page_after_the_last_day(desk: Desk) -> None:
    numbers = await desk.ranked()
    desk.turn(days=8)
    async with desk.browser(None) as anybody:
        form = {"number": numbers["low"], "reason": "other"}
        assert f"{AT_PAGE}/appeal" not in await sent(anybody, AT_PAGE, form)
        assert "The days of appeal are over." in await sent(anybody, AT_PAGE, form, 409, f"{AT_PAGE}/appeal")


@pytest.mark.parametrize("who", ["caseworker", "operator", "charity", "finance"])
async def test_only_an_office_announces_steps_and_decides(desk: Desk, who: str) -> None:
    await desk.begun()
    async with desk.browser(who) as other:
        for path in ("/matching/announce", "/matching/announce/rp-2026", f"{AT_PAGE}/office", f"{AT_PAGE}/appeals/1"):
            assert (await other.get(path)).status_code == 403, path
            assert (await other.post(path, data={})).status_code == 403, path


async def test_a_form_of_somebody_else_is_refused(desk: Desk) -> None:
    await desk.begun()
    async with desk.browser("gov") as gov:
        for path in ("/matching/announce", f"{AT_PAGE}/office", f"{AT_PAGE}/apply", f"{AT_PAGE}/appeal"):
            assert (await gov.post(path, data={**FORM, "form_token": "x"})).status_code == 403, path


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_an_office_says_who_took_a_place_and_what_nobody_takes_in_time_goes_to_the_next(desk: Desk, language: str) -> None:
    numbers = await desk.ranked()
    names = {number: name for name, number in numbers.items()}
    desk.turn(days=9)
    here = f"{AT_PAGE}/office"

    async def standing() -> dict[str, str]:
        return {name: (await desk.get(f"/rp-2026/applications/{number}"))["outcome"] for name, number in numbers.items()}

    async with desk.browser(language=language) as office:
        page = await sent(office, here, {"act": "finish"})
        held = [names[number] for number in re.findall(r'<th scope="row"><code>([0-9A-F-]{19})</code>', page)]
        assert held == [name for name in ("high", "learned", "skilled", "low") if (await standing())[name] == "admitted"]
        first, second = held
        end = (await desk.get(f"/rp-2026/applications/{numbers[first]}"))["take_until"]
        assert end is not None
        page = await sent(office, here, {"act": "take", "number": numbers[first]})
        assert ("名额已领取" if language == "zh" else "The place is taken.") in page
        assert numbers[first] not in page
        page = await sent(office, here, {"act": "give_up", "number": numbers[first]})
        assert ("名额已放弃" if language == "zh" else "The place is given up") in page
        assert errors(await sent(office, here, {"act": "take", "number": numbers[first]}, 409)) == ["places"]
        moved_up = next(name for name, outcome in (await standing()).items() if outcome == "admitted" and name != second)
        desk.turn(days=15)
        assert errors(await sent(office, here, {"act": "take", "number": numbers[second]}, 409)) == ["places"]
        while await desk.opened.schedule.work_off():
            pass
        after = await standing()
        assert (after[first], after[second], after[moved_up]) == ("left", "lapsed", "lapsed")
        last = next(name for name in numbers if name not in (first, second, moved_up))
        assert after[last] == "admitted"
        assert ("逾期失效：2" if language == "zh" else "Lapsed: 2") in (await office.get(here)).text
        await sent(office, here, {"act": "take", "number": numbers[last]})
        trail = [row["type"] for row in await desk.sql("select type from events order by position")]
        assert (trail.count("PlaceGivenUp"), trail.count("PlacesLapsed")) == (1, 1), "both in one"
        ends = [row["id"] for row in await desk.sql("select id from deadlines where name = 'places_lapse'")]
        assert len(ends) == 1, "whoever moved up together has one end together"
    async with desk.browser(None, language) as anyone:
        page = await sent(anyone, AT_PAGE, {"number": numbers[second]})
        assert ("逾期未领取" if language == "zh" else "Lapsed, not taken in time") in page
    async with desk.browser("caseworker", language) as other:
        assert (await other.get(here)).status_code == 403


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_two_applications_of_one_person_are_counted_once_and_the_other_is_told_why(desk: Desk, language: str) -> None:
    numbers = await once(desk)
    one = await desk.get("/rp-2026")
    assert (one["now"]["duplicate"], one["publications"][0]["applications"], one["now"]["admitted"]) == (1, 2, 2)
    told = await desk.get(f"/rp-2026/applications/{numbers[1]}")
    assert (told["outcome"], told["decided_by"], told["duplicate_of"]) == ("duplicate", "one_person", f"····{numbers[0][-4:]}")
    assert [(await desk.get(f"/rp-2026/applications/{number}"))["outcome"] for number in numbers[::2]] == ["admitted", "admitted"]
    async with desk.browser(None, language) as anyone:
        page = await sent(anyone, AT_PAGE, {"number": numbers[1]})
        assert ("以该申请为准" if language == "zh" else "came first and counts") in page
        assert numbers[0] not in page


async def once(desk: Desk) -> list[str]:
    """Three applications, of which the second counts as the first: the people were linked before the order was published."""
    await desk.begun()
    await desk.person("p1")
    numbers = []
    for person, shown in (("p1", LOW), ("p2", LOW), ("p3", LOW)):
        numbers.append(await desk.apply(person, shown))
        desk.turn(minutes=1)
    linked = {
        "link_id": "l1", "revision": 1, "person_id": "p1", "household_id": "h-p1", "linked_person_id": "p2", "linked_household_id": "p2",
    }  # fmt: skip
    message = Message(new_id(), "intake.persons_linked.v1", "intake.events", "p1", msgspec.json.encode(linked), desk.now, "story")
    await worked_through(desk.room, message)
    desk.now = CLOSES
    await desk.post("/rp-2026/close")
    await desk.post("/rp-2026/rank")
    return numbers


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_who_counts_as_another_says_so_and_the_office_decides_without_points(desk: Desk, language: str) -> None:
    numbers = await once(desk)
    row = f"/rp-2026/applications/{numbers[1]}"
    before = (await desk.get(row))["items"]
    async with desk.browser(None, language) as anyone:
        page = await sent(anyone, AT_PAGE, {"number": numbers[1]})
        assert ("被误认为重复申请" if language == "zh" else "counted as another by mistake") in page, "the rule says so"
        assert re.findall(r'name="reason" value="([^"]*)"', page) == ["not_the_same"]
        assert "not_the_same" not in await sent(anyone, AT_PAGE, {"number": numbers[0]})
        wrong = {"number": numbers[1], "reason": "other"}
        assert errors(await sent(anyone, AT_PAGE, wrong, 409, f"{AT_PAGE}/appeal")) == ["reason"]
        await sent(anyone, AT_PAGE, {**wrong, "reason": "not_the_same"}, to=f"{AT_PAGE}/appeal")
    async with desk.browser("admin", language) as other:
        page = (await other.get(f"{AT_PAGE}/appeals/1")).text
        assert f"····{numbers[0][-4:]}" in page
        assert numbers[0] not in page
        assert 'name="education"' not in page, "no points are asked for"
        assert await desk.wrong("/rp-2026/appeals/1/decide", {"upheld": True, "shown": LOW}, who="admin") == ["/shown"]
        page = await sent(other, f"{AT_PAGE}/appeals/1", {"upheld": "yes"})
        assert ("尚未进入排名的申请有 1 份" if language == "zh" else "because they count again: 1") in page
        page = await sent(other, f"{AT_PAGE}/office", {"act": "rank"})
    told = await desk.get(row)
    assert (told["outcome"], told["duplicate_of"], told["items"]) == ("admitted", None, before)
    one = await desk.get("/rp-2026")
    assert (one["now"]["duplicate"], one["now"]["admitted"]) == (0, 3)
    assert [(m["rank_before"], m["outcome_before"]) for m in one["publications"][1]["moved"]] == [(0, "duplicate")]
    async with desk.browser(None, language) as anyone:
        assert ("重复申请，不另计" if language == "zh" else "Counted once already") in (await anyone.get(AT_PAGE)).text


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_who_counts_as_another_counts_again_when_that_one_is_withdrawn(desk: Desk, language: str) -> None:
    numbers = await once(desk)
    row = f"/rp-2026/applications/{numbers[1]}"
    await desk.post(f"/rp-2026/applications/{numbers[0]}/withdraw")
    told = await desk.get(row)
    assert (told["outcome"], told["duplicate_of"]) == ("returned", None)
    async with desk.browser(None, language) as anyone:
        page = await sent(anyone, AT_PAGE, {"number": numbers[1]})
        assert ("恢复计入" if language == "zh" else "Counts again, ranked next") in page
    assert await desk.refused("/rp-2026/finish") in ("AppealsAreOpen", "RankingIsOutdated")
    await desk.post("/rp-2026/rank")
    assert (await desk.get(row))["outcome"] == "admitted"
    desk.turn(days=9)
    await desk.post("/rp-2026/finish")


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_places_that_wait_to_be_taken_are_looked_at_in_a_browser(desk: Desk, browser: Browser, language: Literal["en", "zh"]) -> None:
    """The days until then are turned, which no city of the journeys can do: the browser asks this one."""
    numbers = await desk.ranked()
    desk.turn(days=9)
    await desk.post("/rp-2026/finish")
    token = desk.headers("gov")["authorization"].removeprefix("Bearer ")

    async def answered(route: Route) -> None:
        asked = route.request
        told = await desk.client.request(asked.method, asked.url, headers=await asked.all_headers(), content=asked.post_data_buffer)
        await route.fulfill(status=told.status_code, headers=dict(told.headers), body=told.content)

    for width in ("telephone", "desk"):
        async with looking(browser, width, language=language) as eyes:
            await eyes.context.add_cookies([{"name": SESSION, "value": token, "url": "http://127.0.0.1"}])
            await eyes.page.route("**/*", answered)
            await eyes.page.goto(f"http://127.0.0.1{AT_PAGE}/office")
            await eyes.check()
            assert await eyes.page.locator("button[value=take]").count() == 2
            await eyes.shot(f"places-{language}-{width}")
            await eyes.page.goto(f"http://127.0.0.1{AT_PAGE}")
            await eyes.page.fill("#number", numbers["high"])
            await eyes.page.press("#number", "Enter")
            await expect(eyes.page.locator("[role=status]")).to_contain_text(numbers["high"])
            await eyes.check()
            await eyes.shot(f"place-to-take-{language}-{width}")
