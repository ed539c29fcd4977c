"""Answers to offers, as a program and as a browser without script give them: what may be granted, and what the page says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.matching import pages
from services.matching.manifest import MATCHING
from shared.clock import new_id
from shared.envelope import Message
from shared.testing import Database
from shared.testing.alone import Alone, worked_through
from shared.web.session import SESSION
from tests.disbursement.conftest import Loopback

CASE, CARE = "case-1", "case-1-livelihood"
ILL: dict[str, Any] = {"serious_illness": True, "cannot_pay": True, "medical_self_paid_year_fen": 800_000, "local_hukou": False}
CONSENT = {"purposes": ["referral"], "recipients": ["charity"]}
OURS: dict[str, Any] = {"kind": "cash", "amount_fen": 150_000, "fund_id": "ours"}


class Office(Alone):
    """Matching with one charity that serves livelihood, and another that runs Timely Rain from a fund of its own."""

    async def post(self, path: str, body: Any = None, who: str = "admin", org: str | None = None) -> httpx.Response:
        return await self.client.post(f"/matching/v1{path}", json=body, headers=self.headers(who, org))

    async def hears(self, kind: str, **data: Any) -> None:
        message = Message(new_id(), kind, f"{kind.partition('.')[0]}.events", CASE, msgspec.json.encode(data), self.now, "story")
        await worked_through(self.room, message)

    async def reported(self, facts: dict[str, Any], needs: tuple[str, ...] = ("livelihood",), kind: str = "intake.case_opened.v1") -> None:
        await self.hears(kind, case_id=CASE, person_id="p1", household_id="h1", needs=needs, facts=facts, consent=CONSENT)

    async def accept(self, referral_id: str = CARE, org: str = "mercy", **grant: Any) -> httpx.Response:
        return await self.post(f"/referrals/{referral_id}/accept", {"grant": grant} if grant else None, "charity", org)

    async def row(self, referral_id: str = CARE) -> dict[str, Any]:
        answer = await self.client.get(f"/matching/v1/referrals/{referral_id}", headers=self.headers("caseworker"))
        return dict(answer.json())

    def browser(self, role: str = "charity", org: str | None = "mercy", language: str = "en") -> httpx.AsyncClient:
        token = self.headers(role, org)["authorization"].removeprefix("Bearer ")
        transport, more = self.client._transport, {"accept-language": language}
        return httpx.AsyncClient(
            transport=transport, base_url="http://kapok", headers=more, cookies={SESSION: token}, follow_redirects=True
        )


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with Office(MATCHING).open(database) as at_work:
        rain = {"programme": "LOTTERY-RAIN", "fund_id": "timely-rain", "max_fen": 1}
        served: dict[str, dict[str, Any]] = {
            "mercy": {"needs": ["livelihood"]}, "rain": {"programmes": ["LOTTERY-RAIN"], "standing": [rain]},
        }  # fmt: skip
        for org, more in served.items():
            assert (await at_work.post("/organizations", {"id": org, "name": org.title()})).status_code == 201
            service = {"id": f"{org}-s", "organization_id": org, "name": org.title(), **more}
            assert (await at_work.post("/services", service)).status_code == 201
        yield at_work


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def pressed(browser: httpx.AsyncClient, referral_id: str = CARE, **fields: str) -> httpx.Response:
    shown = await browser.get("/matching/inbox")
    token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
    assert token
    return await browser.post(f"/matching/inbox/{referral_id}", data={"form_token": token.group(1), **fields})


async def test_money_of_a_programme_goes_only_to_a_case_that_is_eligible_for_it(office: Office) -> None:
    await office.reported({})
    rain: dict[str, Any] = {"kind": "cash", "amount_fen": 150_000, "programme": "LOTTERY-RAIN", "fund_id": "timely-rain"}
    refused = await office.accept(**rain)
    assert refusal(refused) == (409, "CaseIsNotEligible"), refused.text
    assert (await office.row())["state"] == "offered"
    await office.reported(ILL, kind="intake.case_facts_changed.v1")
    accepted = await office.accept(**rain)
    assert (accepted.status_code, accepted.json()["granted"]["amount_fen"]) == (200, 150_000)


async def test_help_of_our_own_names_no_programme_and_no_fund_kept_for_one(office: Office) -> None:
    await office.reported({})
    refused = await office.accept(**{**OURS, "fund_id": "timely-rain"})
    assert refusal(refused) == (409, "FundIsForAProgramme"), refused.text
    assert (await office.accept(**OURS)).status_code == 200
    assert (await office.row())["grant"] == {"kind": "cash", "amount_fen": 150_000, "programme": None, "fund_id": "ours", "items": []}


async def test_the_offered_programme_is_meant_where_the_grant_names_none(office: Office) -> None:
    await office.reported(ILL, ("medical",))
    answer = await office.accept("case-1-medical", "rain", **{**OURS, "amount_fen": 1_200_000, "fund_id": "timely-rain"})
    assert answer.json()["granted"] == {"amount_fen": 1_000_000, "asked_fen": 1_200_000, "cut_by": "LOTTERY-RAIN"}
    assert (await office.row("case-1-medical"))["grant"]["programme"] == "LOTTERY-RAIN"


async def test_referring_by_hand_asks_for_the_same_verdict(office: Office) -> None:
    await office.reported({})
    by_hand = {"service_id": "rain-s", "need": "medical", "programme": "LOTTERY-RAIN"}
    refused = await office.post(f"/cases/{CASE}/referrals", by_hand, "caseworker")
    assert refusal(refused) == (409, "CaseIsNotEligible")
    await office.reported(ILL, kind="intake.case_facts_changed.v1")
    assert (await office.post(f"/cases/{CASE}/referrals", by_hand, "caseworker")).status_code == 201


@pytest.mark.parametrize(("language", "says"), [("en", "kept for a programme"), ("zh", "专用于救助项目")])
async def test_what_is_wrong_stands_at_its_field_and_the_summary_leads_there(office: Office, language: str, says: str) -> None:
    await office.reported(ILL)
    async with office.browser(language=language) as browser:
        for fields, field, status in (
            ({"yuan": "", "fund_id": "ours"}, "yuan", 422), ({"yuan": "1,500", "fund_id": ""}, "fund_id", 422),
            ({"yuan": "1,500", "fund_id": "ours", "programme": "CHILD-ILL"}, "programme", 409),
            ({"yuan": "1,500", "fund_id": "timely-rain", "programme": ""}, "fund_id", 409),
        ):  # fmt: skip
            answer = await pressed(browser, act="accept", kind="cash", **fields)
            anchor = f"{field}-cash-{CARE}"
            assert answer.status_code == status, answer.text
            assert f'<a href="#{anchor}">' in answer.text
            assert f'aria-describedby="{anchor}-' in answer.text
            assert re.search(rf'id="{anchor}"[^>]* aria-invalid="true"', answer.text)
        assert says in answer.text
        goods = await pressed(browser, act="accept", kind="goods", sku="", quantity="1")
        assert f'<a href="#sku-goods-{CARE}">' in goods.text


async def test_only_programmes_that_the_assessment_allows_can_be_chosen(office: Office) -> None:
    await office.reported({**ILL, "wish_sku": "radio", "certificates": ["dibao"]})
    async with office.browser() as browser:
        shown = await browser.get("/matching/inbox")
    assert re.findall(r'<option value="([A-Z-]+)"', shown.text) == ["LOTTERY-RAIN"]


async def test_a_grant_that_was_not_kept_can_be_given_anew_on_the_page(office: Office) -> None:
    await office.reported({})
    await office.accept(**OURS)
    async with office.browser() as browser:
        assert 'value="grant"' not in (await browser.get("/matching/inbox")).text
        await office.hears("disbursement.payout_rejected.v1", referral_id=CARE, state="rejected", reason="AC04")
        shown = await browser.get("/matching/inbox")
        assert "You can grant anew" in shown.text
        assert shown.text.count('name="act" value="grant"') == 2
        assert (await pressed(browser, act="grant", kind="none")).status_code == 422
        wrong = await pressed(browser, act="grant", kind="cash", yuan="0", fund_id="ours")
        assert (wrong.status_code, f'<a href="#yuan-cash-{CARE}">' in wrong.text) == (422, True)
        assert "Granted anew" in (await pressed(browser, act="grant", kind="goods", sku="rice_10kg", quantity="2")).text
    again = await office.row()
    assert (again["state"], again["grant_failed"], again["grant"]["items"]) == ("in_service", None, [{"sku": "rice_10kg", "quantity": 2}])


@pytest.mark.parametrize("role", ["gov", "caseworker", "admin"])
async def test_the_inbox_is_for_the_organisations_that_are_asked(office: Office, role: str) -> None:
    await office.reported({})
    async with office.browser(role, None) as browser:
        assert (await browser.get("/matching/inbox")).status_code == 403


async def test_what_is_offered_stays_in_the_inbox_however_much_came_and_ended_since(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_SHOWN_MAX", 1)
    await office.reported({})
    office.turn(hours=1)
    later = {"case_id": "case-2", "person_id": "p2", "household_id": "h2", "needs": ["livelihood"], "facts": {}, "consent": CONSENT}
    await office.hears("intake.case_opened.v1", **later)
    declined = await office.post("/referrals/case-2-livelihood/decline", {"reason": "other"}, "charity", "mercy")
    assert declined.status_code == 200, declined.text
    async with office.browser() as browser:
        shown = (await browser.get("/matching/inbox")).text
        assert f'id="r-{CARE}"' in shown
        assert f"<code>{CASE}</code>" in shown, "two offers of one need and district are told apart"
        assert "There are more than are shown here" not in shown
        await office.hears("intake.case_opened.v1", **{**later, "case_id": "case-3", "person_id": "p3", "household_id": "h3"})
        shown = (await browser.get("/matching/inbox")).text
    assert f'id="r-{CARE}"' in shown, "whose time ends first comes first"
    assert "There are more than are shown here" in shown


async def test_no_reason_is_chosen_for_whoever_declines_or_closes(office: Office) -> None:
    await office.reported({})
    async with office.browser() as browser:
        for act, field in (("decline", "decline"), ("close", "close")):
            shown = (await browser.get("/matching/inbox")).text
            assert re.search(rf'id="reason-{field}-{CARE}" name="reason" required><option value="">', shown), shown
            answer = await pressed(browser, act=act, kind=field, reason="")
            assert (answer.status_code, f'<a href="#reason-{field}-{CARE}">' in answer.text) == (409, True)
            assert "Choose a reason from the list" in answer.text
            if act == "decline":
                assert (await office.accept()).status_code == 200


async def test_the_cap_that_made_a_grant_smaller_is_named_in_words(office: Office) -> None:
    await office.reported(ILL, ("medical",))
    await office.accept("case-1-medical", "rain", **{**OURS, "amount_fen": 1_200_000, "fund_id": "timely-rain"})
    async with office.browser("caseworker", None) as browser:
        shown = (await browser.get(f"/matching/cases/{CASE}")).text
    assert "(cut by the cap of Welfare Lottery Timely Rain Care Fund)" in shown
    assert "LOTTERY-RAIN:" not in shown
    assert "Left of the cap 0.00 yuan" in shown


async def test_a_programme_that_another_stands_for_is_not_sought_and_the_page_says_beside_what(office: Office) -> None:
    service = {"id": "gov-s", "organization_id": "rain", "name": "Relief", "programmes": ["GOV-MEDICAL"]}
    assert (await office.post("/services", service)).status_code == 201
    facts = {**ILL, "student": "college", "disability_grade": 2, "residence_permit": True}
    await office.reported(facts, ("medical",))
    told = await office.client.get(f"/matching/v1/cases/{CASE}/assessment", headers=office.headers("caseworker"))
    verdicts = {v["programme"]: v for v in told.json()["verdicts"]}
    assert verdicts["GOV-MEDICAL"]["verdict"] == "eligible"
    assert {code: v["not_sought_beside"] for code, v in verdicts.items() if v["not_sought_beside"]} == {"GOV-MEDICAL": ["GOV-STUDENT"]}
    assert [(one["programme"], one["service_id"]) for one in told.json()["referrals"]] == [("LOTTERY-RAIN", "rain-s")]
    for language, says in (("en", "Not sought for this case"), ("zh", "不再为此个案申请")):
        async with office.browser("caseworker", None, language) as page:
            assert (await page.get(f"/matching/cases/{CASE}")).text.count(says) == 1


async def unmet(office: Office) -> dict[str, tuple[str, int]]:
    answer = await office.client.get("/matching/v1/unmet-needs", headers=office.headers("caseworker"))
    return {one["need"]: (one["reason"], one["tried"]) for one in answer.json()["items"]}


async def test_what_ends_without_help_is_an_unmet_need_with_its_reason_until_somebody_helps(office: Office) -> None:
    await office.reported(ILL)
    assert (await office.accept()).status_code == 200
    await office.post(f"/referrals/{CARE}/close", {"reason": "no_capacity"}, "charity", "mercy")
    assert await unmet(office) == {"livelihood": ("no_capacity", 1)}
    async with office.browser("gov", None) as page:
        assert "No capacity" in (await page.get("/matching/city")).text
    again = await office.post(f"/cases/{CASE}/referrals", {"service_id": "mercy-s", "need": "livelihood"}, "caseworker")
    assert (again.status_code, await unmet(office)) == (201, {})
    await office.accept(again.json()["referral_id"])
    await office.post(f"/referrals/{again.json()['referral_id']}/close", {"reason": "no_longer_interested"}, "charity", "mercy")
    assert await unmet(office) == {}


async def test_a_case_closed_without_help_is_counted_and_one_closed_with_help_is_not(office: Office) -> None:
    await office.hears("intake.case_opened.v1", case_id=CASE, person_id="p1", household_id="h1", needs=("housing", "medical"), facts={})
    assert await unmet(office) == {}  # nobody agreed to share it
    await office.hears("intake.case_closed.v1", case_id=CASE, reason="could_not_get_help")
    assert await unmet(office) == {"housing": ("could_not_get_help", 0), "medical": ("could_not_get_help", 0)}
    await office.hears("intake.case_reopened.v1", case_id=CASE)
    await office.hears("intake.case_closed.v1", case_id=CASE, reason="got_help")
    assert await unmet(office) == {}


async def test_an_offer_that_the_close_takes_back_leaves_the_need_to_nobody(office: Office) -> None:
    await office.reported(ILL)
    assert (await office.row(CARE))["state"] == "offered"
    await office.hears("intake.case_closed.v1", case_id=CASE, reason="could_not_contact")
    assert (await office.row(CARE))["state"] == "revoked"
    assert await unmet(office) == {"livelihood": ("could_not_contact", 1)}
    await office.hears("intake.case_reopened.v1", case_id=CASE)
    assert (await office.row(f"{CARE}.2"))["state"] == "offered"
    assert await unmet(office) == {}
    await office.hears("intake.case_closed.v1", case_id=CASE, reason="no_longer_interested")
    assert await unmet(office) == {}, "a person's own word"


async def effects_done(office: Office) -> None:
    for _ in range(200):
        if not await office.sql("select 1 from effects_due limit 1"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError([(e.effect.name, e.last_failure) for e in office.opened.effects])


async def test_a_service_listed_later_is_offered_the_cases_that_wait_for_such_a_one(office: Office) -> None:
    await office.reported({**ILL, "age": 30}, ("housing", "livelihood"))
    assert await unmet(office) == {"housing": ("no_service", 0)}

    async def listed(key: str, **more: Any) -> None:
        service = {"id": key, "organization_id": "mercy", "name": key, "needs": ["housing"], **more}
        assert (await office.post("/services", service)).status_code == 201
        await effects_done(office)

    await listed("old-s", eligibility={"minimum_age": 60})
    await listed("far-s", districts=["440118"])
    await listed("none-s", places=0)
    assert await unmet(office) == {"housing": ("no_service", 0)}
    await listed("new-s", places=1)
    offered = await office.row(f"{CASE}-housing.2")
    assert (offered["state"], offered["service_id"], await unmet(office)) == ("offered", "new-s", {})
    await office.post(f"/referrals/{CASE}-housing.2/decline", {"reason": "no_capacity"}, "charity", "mercy")
    assert (await unmet(office))["housing"][0] == "refused_by_all"
    await listed("newer-s")  # and whoever said no is not asked again
    assert (await office.row(f"{CASE}-housing.3"))["service_id"] == "newer-s"
    assert len(await office.sql("select 1 from events where type = 'SoughtAgain'")) == 2
    await office.post(f"/referrals/{CASE}-housing.3/decline", {"reason": "no_capacity"}, "charity", "mercy")
    await listed("newer-s", description="Another word about the same.")
    assert len(await office.sql("select 1 from events where type = 'SoughtAgain'")) == 2, "a word mended is no new service"


async def test_a_case_that_is_over_does_not_stand_before_one_that_waits(office: Office) -> None:
    for case, at in (("over", 1), ("waits", 2)):
        data = {
            "case_id": case, "person_id": f"p-{case}", "household_id": f"h-{case}", "needs": ["housing"], "facts": {"age": 30}, "consent": CONSENT,
        }  # fmt: skip
        message = Message(new_id(), "intake.case_opened.v1", "intake.events", case, msgspec.json.encode(data), office.now, "story")
        await worked_through(office.room, message)
        office.turn(minutes=at)
    closed = msgspec.json.encode({"case_id": "over", "outcome": "could_not_get_help"})
    await worked_through(office.room, Message(new_id(), "intake.case_closed.v1", "intake.events", "over", closed, office.now, "story"))
    service = {"id": "new-s", "organization_id": "mercy", "name": "New", "needs": ["housing"], "places": 1}
    assert (await office.post("/services", service)).status_code == 201
    await effects_done(office)
    assert (await office.row("waits-housing.2"))["service_id"] == "new-s"


class _Intake:
    """Intake's door to contact data: it answers whoever asks in the organisation's own name and for this purpose."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, str]] = []
        self.status = 200

    async def contact(self, request: Request) -> JSONResponse:
        self.asked.append((request.url.path, request.query_params.get("purpose"), request.headers["authorization"]))
        return JSONResponse({"name": "张三", "phone": "13800138000", "residence_code": "440106011"}, self.status)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_who_accepted_sees_how_to_reach_the_person_once_and_in_its_own_name(database: Database, language: str) -> None:
    intake = _Intake()
    server = Loopback(Starlette(routes=[Route("/intake/v1/cases/{case_id}/contact", intake.contact)]))
    await server.come()
    try:
        async with Office(MATCHING).open(database, intake_url=server.url) as office:
            await office.post("/organizations", {"id": "mercy", "name": "Mercy"})
            await office.post("/services", {"id": "mercy-s", "organization_id": "mercy", "name": "Mercy", "needs": ["livelihood"]})
            await office.reported({})
            async with office.browser(language=language) as browser, office.browser("charity", "hope") as other:
                assert (await pressed(browser, act="reach")).status_code == 409  # not accepted yet
                await office.accept()
                shown = await pressed(browser, act="reach")
                assert (shown.status_code, "13800138000" in shown.text, "13800138000" in str(shown.url)) == (200, True, False)
                assert shown.headers["cache-control"] == "no-store"
                assert "13800138000" not in (await browser.get("/matching/inbox")).text
                token = office.headers("charity", "mercy")["authorization"]
                assert intake.asked == [(f"/intake/v1/cases/{CASE}/contact", "contact", token)]
                assert (await pressed(other, act="reach")).status_code == 404
                intake.status = 403
                refused = await pressed(browser, act="reach")
                assert refused.status_code == 409
                assert ("未同意" if language == "zh" else "has not agreed") in refused.text
                assert "13800138000" not in refused.text
                intake.status = 500
                assert (await pressed(browser, act="reach")).status_code == 503
                await server.go()
                assert (await pressed(browser, act="reach")).status_code == 503
    finally:
        await server.go()
