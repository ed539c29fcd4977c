"""What the supervision committee sees: figures, what is withheld and why, corrections, open work; read by auditors alone, and marked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, cast

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from services.disbursement.domain.chain import Publish
from services.disbursement.domain.work_item import RaiseItem
from shared.service import To
from shared.testing.browser import looking
from shared.web.session import SESSION
from tests.disbursement.conftest import Desk
from tests.disbursement.test_pages import BOTH, read
from tests.shared.frame_app import served


@pytest.fixture
async def base(desk: Desk) -> AsyncIterator[str]:
    async with served(cast(FastAPI, desk.house)) as address:
        yield address


async def two_years(desk: Desk) -> None:
    """10,000 yuan of one year, 3,000 spent in the next and 100 put into administration; an entry of before, a correction, a work item."""
    await desk.funded(1_000_000, "rain", name=BOTH)
    await desk.room.execute(
        To("chain", "public", Publish("old-1", "payout", "rain", "TEMP-URGENT", "440106", "2026-11", 100)), actor="test"
    )
    desk.next_month()
    desk.next_month()
    await desk.post("/funds", {"id": "own", "name": "管理 Own work", "kind": "administration"})
    move = {"id": "t-1", "from_fund": "rain", "to_fund": "own", "amount_fen": 10_000, "reason": "city_decision"}
    await desk.post("/transfers", move)
    await desk.post("/transfers/t-1/confirm", who="approver-1")
    paid = [await desk.paid(f"case-{n}", 100_000, fund_id="rain") for n in range(3)]
    said = {"id": "c-1", "about": "payout", "subject_id": paid[0], "to_fen": 99_000, "reason": "audit_finding"}
    await desk.post("/corrections", said)
    await desk.post("/corrections/c-1/confirm", who="approver-1")
    item = RaiseItem("item-1", "unmatched", "", 5_000, "paid", "S1", "2027-01-03")
    await desk.room.execute(To("work_item", "item-1", item), actor="bank")
    await desk.passes(hours=50)


async def test_the_committee_reads_figures_work_corrections_and_what_is_withheld(desk: Desk) -> None:
    await two_years(desk)
    found = (await desk.get("/supervision", who="auditor")).json()
    figures = found["figures"]
    assert (figures["income_before_fen"], figures["spent_fen"], figures["administration_fen"]) == (1_000_000, 299_000, 10_000)
    assert (figures["spent_share"], figures["spending"], figures["administration"]) == (2_990, "so_far", "kept")
    funds = {f["fund_id"]: f for f in found["funds"]}
    assert (funds["rain"]["spent_share"], funds["own"]["spent_share"], funds["own"]["kind"]) == (2_990, None, "administration")
    [item] = found["work_items"]
    assert (item["kind"], item["age_seconds"]) == ("unmatched", 50 * 3600)
    [correction] = found["corrections"]
    assert (correction["reason"], correction["proposed_by"], correction["decided_by"]) == ("audit_finding", "finance", "approver-1")
    withheld = [(e["kind"], e["withheld"], e["district"]) for e in found["entries"]["items"]]
    assert withheld[0] == ("correction", "nothing", "")
    assert withheld[-2:] == [("payout", "number", "440106"), ("donation", "nothing", "")]
    assert ("payout", "place", "") in withheld
    assert found["faults"] == []
    before = (await desk.get("/supervision", who="auditor", year=2026)).json()
    assert (before["figures"]["year"], before["funds"][0]["income_fen"], before["funds"][0]["spent_share"]) == (2026, 1_000_000, None)


async def test_each_reading_leaves_a_mark_and_nobody_else_reads(desk: Desk) -> None:
    await desk.funded(1_000)
    await desk.get("/supervision", who="auditor")
    page = await read(desk, "/disbursement/supervision", "admin")
    main = page.partition("<main")[2].partition("</main>")[0]
    assert ("<form" in main, "<button" in main) == (False, False), "nothing can be changed here"
    looks = (await desk.get("/supervision", who="auditor")).json()["looks"]
    assert [one["actor"] for one in looks] == ["auditor", "admin", "auditor"]
    for who in ("finance", "approver", "charity", "gov"):
        assert (await desk.get("/supervision", who=who)).status_code == 403, who
        await read(desk, "/disbursement/supervision", who, status=403)
    assert (await desk.get("/supervision", who=None)).status_code == 401


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_page_is_read_at_both_widths(desk: Desk, base: str, browser: Browser, language: Literal["zh", "en"]) -> None:
    await two_years(desk)
    token = desk.headers("auditor")["authorization"].removeprefix("Bearer ")
    for width in ("telephone", "desk"):
        async with looking(browser, width, language=language) as eyes:
            await eyes.context.add_cookies([{"name": SESSION, "value": token, "url": base}])
            await eyes.page.goto(f"{base}/disbursement/supervision")
            await expect(eyes.page.locator("main")).to_contain_text("29.90 %")
            await eyes.check()
            assert await eyes.small_targets() == []
            await eyes.shot(f"supervision-{width}-{language}")
