"""Micro-wishes through their doors: opened, taken up, granted from the stores or by what was promised, and what everybody may see."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.disbursement.conftest import Desk
from tests.disbursement.test_pages import read
from tests.disbursement.test_stores_api import RICE, given, sound

WISH: dict[str, Any] = {
    "case_id": "case-secret-7",
    "person_id": "person-7",
    "district": "440106011",
    "items": [{"sku": "oil", "quantity": 2}],
}
MONEY = {**{k: v for k, v in WISH.items() if k != "items"}, "amount_fen": 40_000}


OIL = {**RICE, "sku": "oil", "lot": "L2"}


async def refused(desk: Desk, path: str, body: dict[str, Any], why: str, who: str = "finance") -> None:
    answer = await desk.post(path, body, who=who)
    assert (answer.status_code, answer.json()["type"]) == (409, f"urn:kapok:problem:{why}"), answer.text


async def wished(desk: Desk, body: dict[str, Any] = WISH) -> str:
    answer = await desk.post("/wishes", body, who="caseworker")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["wish_id"])


async def public(desk: Desk) -> list[dict[str, Any]]:
    answer = await desk.get("/public/wishes", who=None)
    assert answer.status_code == 200
    for told in ("case-secret", "person-7", "440106011", "caseworker", "lions"):
        assert told not in answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def state(desk: Desk, wish_id: str) -> str:
    return str((await desk.room.state("wish", wish_id)).status)


async def test_a_wish_is_open_to_everybody_taken_up_and_handed_over(desk: Desk) -> None:
    await given(desk, OIL, ref="stock")
    wish_id = await wished(desk)
    assert await wished(desk) == wish_id
    await refused(desk, "/wishes", MONEY, "WishDiffersFromFirst", "caseworker")
    row = {"wish_id": wish_id, "district": "440106", "month": "2026-11", "amount_fen": 0, "items": [{"sku": "oil", "quantity": 2}]}
    assert await public(desk) == [{**row, "taken_up": False}]
    promise = await desk.post(f"/wishes/{wish_id}/take-up", {"until": "2026-12-01"}, who="charity", org="lions")
    assert (promise.status_code, promise.json()["taken_by"], "payout_id" in promise.json()) == (200, "lions", False)
    assert await public(desk) == [{**row, "taken_up": True}]
    await given(desk, {**OIL, "lot": "P1", "quantity": 2, "value_fen": 200, "expires": "2027-09-01"}, ref="promised")
    granted = (await desk.post(f"/wishes/{wish_id}/grant", {})).json()
    assert (granted["state"], await public(desk)) == ("being_granted", [])
    payout_id = granted["payout_id"]
    payout = (await desk.get(f"/payouts/{payout_id}")).json()
    assert (payout["programme"], payout["state"], payout["items"][0]["lot"]) == ("MICRO-WISH", "reserved", "L2")
    assert (await desk.approved(payout_id)).json()["state"] == "settled"
    assert await state(desk, wish_id) == "fulfilled"
    assert (await desk.post(f"/payouts/{payout_id}/confirm-receipt", {}, who="caseworker")).json()["state"] == "confirmed"
    await refused(desk, f"/wishes/{wish_id}/grant", {}, "WishNotOpen")
    await sound(desk)


async def test_a_promise_that_is_not_kept_lapses_and_what_cannot_be_granted_is_open_again(desk: Desk) -> None:
    wish_id = await wished(desk)
    assert (await desk.post(f"/wishes/{wish_id}/take-up", {"until": "2026-11-30"}, who="charity", org="lions")).status_code == 200
    other = await desk.post(f"/wishes/{wish_id}/take-up", {"until": "2026-11-30"}, who="charity", org="rotary")
    assert other.json()["type"] == "urn:kapok:problem:WishTakenByAnother"
    await desk.passes(days=9)
    for _ in range(200):
        if not (await public(desk))[0]["taken_up"]:
            break
        await desk.passes(seconds=1)
    assert [one["taken_up"] for one in await public(desk)] == [False]
    assert (await desk.post(f"/wishes/{wish_id}/grant", {})).json()["state"] == "open", "the stores have none"
    await given(desk, {**OIL, "expires": "2027-09-01"}, ref="late")
    assert (await desk.post(f"/wishes/{wish_id}/grant", {})).json()["state"] == "being_granted"


async def test_a_small_sum_is_paid_like_any_other_and_a_withdrawn_case_wishes_no_more(desk: Desk) -> None:
    await desk.funded(100_000)
    desk.lookup.agreed["case-secret-7"] = {"name": "张三丰", "id_number": "440106195512240023", "account_number": "6222020000001111"}
    wish_id = await wished(desk, MONEY)
    payout_id = (await desk.post(f"/wishes/{wish_id}/grant", {"fund_id": "general"})).json()["payout_id"]
    await desk.approved(payout_id)
    await desk.until(payout_id, "settled")
    assert await state(desk, wish_id) == "fulfilled"
    again = await wished(desk, {**MONEY, "case_id": "case-8", "person_id": "person-8"})
    await desk.hears("intake.case_withdrawn.v1", {"case_id": "case-8"})
    for _ in range(200):
        if await state(desk, again) == "withdrawn":
            break
        await desk.passes(seconds=1)
    assert (await state(desk, again), await public(desk)) == ("withdrawn", [])
    await sound(desk)


async def test_what_a_wish_may_be_and_who_may_what(desk: Desk) -> None:
    for field, value in (("amount_fen", 29_999), ("amount_fen", 50_001)):
        await refused(desk, "/wishes", {**MONEY, field: value}, "WishIsNoMicroWish", "caseworker")
    for body in (
        {**WISH, "amount_fen": 0},
        {**WISH, "district": "Tianhe"},
        {**WISH, "items": [{"sku": "oil", "quantity": 0}]},
        {**WISH, "name": "x"},
    ):
        assert (await desk.post("/wishes", body, who="caseworker")).status_code == 422, body
    assert (await desk.post("/wishes", WISH, who="finance")).status_code == 403
    wish_id = await wished(desk)
    assert (await desk.post(f"/wishes/{wish_id}/grant", {}, who="charity")).status_code == 403
    assert (await desk.post("/wishes/nowhere/grant", {})).status_code == 404
    seen = await desk.get("/wishes", who="charity", org="lions")
    assert seen.json()["items"] == []
    own = (await desk.get("/wishes")).json()["items"][0]
    assert "person_id" not in own
    assert msgspec.json.encode(own)


async def test_the_public_page_of_wishes_names_no_person_in_either_language(desk: Desk) -> None:
    assert "There is no open wish now." in await read(desk, "/disbursement/public/wishes", None)
    await wished(desk)
    await wished(desk, {**MONEY, "case_id": "case-secret-8"})
    for language, words in (("en", ("Tianhe", "2026-11", "oil × 2", "400.00", "open")), ("zh", ("天河区", "待认领", "小额资金"))):
        page = await read(desk, "/disbursement/public/wishes", None, language)
        for shown in words:
            assert shown in page, shown
        assert "case-secret" not in page
