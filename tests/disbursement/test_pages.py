"""Disbursement's pages as people of each role read them."""

from __future__ import annotations

import re

import pytest

from services.disbursement.pages import spoken
from shared.web.session import LANGUAGE, SESSION
from tests.disbursement.conftest import Desk

BOTH = "及时雨关爱基金 Timely Rain fund"


async def read(desk: Desk, path: str, who: str | None = "approver", language: str = "en", status: int = 200) -> str:
    desk.client.cookies.clear()
    desk.client.cookies.set(LANGUAGE, language)
    if who is not None:
        desk.client.cookies.set(SESSION, desk.headers(who)["authorization"].removeprefix("Bearer "))
    answer = await desk.client.get(path)
    desk.client.cookies.clear()
    assert answer.status_code == status, answer.text
    return answer.text


async def test_who_approves_sees_what_the_payout_rests_on(desk: Desk) -> None:
    await desk.funded(1_000_000, "rain", name=BOTH, programmes=["TEMP-URGENT"])
    payout_id = await desk.granted("case-1", 250_000, fund_id="rain")
    await desk.approved(payout_id)
    for path in (f"/disbursement/payouts/{payout_id}", "/disbursement/desk"):
        assert 'href="/notifications/cases/case-1"' in await read(desk, path, "approver-2"), path
    page = await read(desk, f"/disbursement/payouts/{payout_id}", "approver-2")
    for shown in ("Temporary assistance, urgent", "2,500.00", "Timely Rain fund", "May be spent on", "helpers", "1 / 2",
                  'href="/matching/cases/case-1"'):  # fmt: skip
        assert shown in page, shown
    assert 'href="/matching/cases/' not in await read(desk, f"/disbursement/payouts/{payout_id}", "ops"), "ops may not read it"


async def test_a_fund_for_another_programme_refuses_and_the_page_says_why(desk: Desk) -> None:
    await desk.funded(1_000_000, "rain", programmes=["LOTTERY-RAIN"])
    payout_id = await desk.granted("case-1", fund_id="rain")
    assert (await desk.state(payout_id)).status == "refused"
    page = await read(desk, f"/disbursement/payouts/{payout_id}")
    assert "The fund may not be spent on this programme." in page
    assert "Welfare Lottery Timely Rain Care Fund" in page, "the restriction by name"


async def test_the_auditor_reads_the_desk_and_has_no_button(desk: Desk) -> None:
    await desk.funded(1_000_000)
    await desk.granted()
    page = await read(desk, "/disbursement/desk", "auditor")
    assert "Temporary assistance, urgent" in page
    assert 'name="id"' not in page
    assert '<button type="submit"' not in page.partition("<main")[2].partition("</main>")[0]
    await read(desk, "/disbursement/desk", "charity", status=403)


async def test_a_fund_is_named_in_the_language_of_the_page(desk: Desk) -> None:
    await desk.funded(1_000_000, "rain", name=BOTH)
    await desk.granted(fund_id="rain")
    for path in ("/disbursement/desk", "/disbursement/funds", "/disbursement/public"):
        english, chinese = await read(desk, path, "finance"), await read(desk, path, "finance", "zh")
        assert ("Timely Rain fund" in english, "及时雨关爱基金" in english) == (True, False), path
        assert ("Timely Rain fund" in chinese, "及时雨关爱基金" in chinese) == (False, True), path


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        (BOTH, "及时雨关爱基金", "Timely Rain fund"),
        ("Timely Rain fund", "Timely Rain fund", "Timely Rain fund"),
        ("及时雨", "及时雨", "及时雨"),
        ("及时雨 2026", "及时雨 2026", "及时雨 2026"),
        ("广州 GZ 基金", "广州 GZ 基金", "广州 GZ 基金"),
    ],
)
def test_a_name_given_in_both_languages_is_spoken_in_one(name: str, zh: str, en: str) -> None:
    assert (spoken(name, "zh"), spoken(name, "en")) == (zh, en)


async def test_the_public_page_shows_each_programme_whole_and_no_place_of_an_entry(desk: Desk) -> None:
    await desk.funded(100_000_000)
    for n in range(10):
        await desk.paid(f"case-{n}", 100_000, district="440106011" if n % 2 else "440103001")
    desk.next_month()
    page = await read(desk, "/disbursement/public", None)
    latest = page.partition("The latest entries")[2]
    assert "10,000.00" in page.partition("By programme, yuan")[2].partition("</table>")[0]
    assert "told in a later edition" not in page, "nothing waits"
    assert "Temporary assistance, urgent" not in latest
    for place in ("Tianhe", "Liwan"):
        assert place not in latest, place


async def test_goods_that_wait_to_be_picked_up_are_handed_over_on_their_page(desk: Desk) -> None:
    item = {"sku": "rice", "quantity": 2, "value_fen": 20}
    await desk.post("/donations", {"donation_ref": "g", "kind": "goods", "items": [item]})
    payout_id = await desk.granted("case-1", items=[{"sku": "rice", "quantity": 2}])
    path = f"/disbursement/payouts/{payout_id}"
    assert 'value="pick_up"' in await read(desk, path, "approver")
    for who, act, state in (("approver", "pick_up", "approved"), ("caseworker", "hand_over", "settled")):
        desk.client.cookies.set(SESSION, desk.headers(who)["authorization"].removeprefix("Bearer "))
        token = re.search(r'name="form_token" value="([^"]+)"', (await desk.client.get(path)).text)
        assert token is not None
        sent = await desk.client.post(path, data={"form_token": token[1], "act": act})
        desk.client.cookies.clear()
        assert (sent.status_code, (await desk.state(payout_id)).status) == (303, state), sent.text
    assert 'value="hand_over"' not in await read(desk, path, "caseworker")
