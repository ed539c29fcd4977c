"""Both ends of a payout through the door: who may approve it, and what becomes of it when it did not arrive."""

from __future__ import annotations

from typing import Any

from services.disbursement.domain.payout import Payee, PayoutSettled
from shared.security import Principal
from shared.testing.waiting import until
from tests.disbursement.conftest import Desk
from tests.disbursement.test_pages import read


async def approved_as(desk: Desk, payout_id: str, *roles: str) -> Any:
    """An approval by somebody who may do all of this."""
    assert desk.house.environment is not None
    token = desk.house.environment.issuer.sign(Principal("many-hands", frozenset(roles)), 36_000)
    return await desk.client.post(f"/disbursement/v1/payouts/{payout_id}/approve", headers={"authorization": f"Bearer {token}"})


async def test_three_different_people_approve_the_largest_sums(desk: Desk) -> None:
    await desk.funded(10_000_000)
    two, three = await desk.granted("case-1", 2_000_000), await desk.granted("case-2", 2_000_001)
    for payout_id, needed in ((two, 2), (three, 3)):
        for n in range(1, needed):
            said = (await desk.approved(payout_id, f"approver-{n}")).json()
            assert (said["state"], said["approvals_needed"], len(said["approved_by"])) == ("reserved", needed, n)
        assert (await desk.approved(payout_id, f"approver-{needed}")).json()["state"] == "instructed"
        await desk.until(payout_id, "settled")


async def test_who_holds_another_end_of_the_payment_may_not_approve_it(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted()
    for other in ("operator", "caseworker", "gov", "finance", "admin"):
        no = await approved_as(desk, payout_id, "approver", other)
        assert (no.status_code, no.json()["type"], no.json()["facts"]) == (409, "urn:kapok:problem:RolesIncompatible", {"roles": other})
    assert (await desk.state(payout_id)).approved_by == ()
    assert (await approved_as(desk, payout_id, "approver", "auditor")).status_code == 200


async def test_what_did_not_arrive_waits_until_somebody_has_seen_to_it(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.paid()
    at, waits = f"/payouts/{payout_id}", {"not_arrived": "true"}
    early = await desk.post(f"{at}/follow-up", {"outcome": "recall_asked"})
    assert (early.status_code, early.json()["type"]) == (409, "urn:kapok:problem:NothingToFollowUp")
    await desk.post(f"{at}/confirm-receipt", {"answer": "not"}, who="operator")
    desk.turn(days=3)
    assert [one["payout_id"] for one in (await desk.get("/payouts", **waits)).json()["items"]] == [payout_id]
    page = (await read(desk, "/disbursement/desk", "finance")).partition("Did not arrive")[2]
    assert (payout_id[-12:] in page, "3 days" in page) == (True, True)
    wrong = await desk.post(f"{at}/follow-up", {"outcome": "lost"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/outcome")
    seen = (await desk.post(f"{at}/follow-up", {"outcome": "recall_asked"})).json()
    assert (seen["state"], seen["receipt"], seen["followed_up"]) == ("settled", "not", "recall_asked")
    assert (await desk.get("/payouts", **waits)).json()["items"] == []
    await desk.post(f"{at}/confirm-receipt", {"answer": "partly"}, who="operator")
    assert [one["payout_id"] for one in (await desk.get("/payouts", **waits)).json()["items"]] == [payout_id], "a new word is answered anew"


async def test_only_those_who_follow_cases_or_money_say_what_came_of_it(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.paid()
    await desk.post(f"/payouts/{payout_id}/confirm-receipt", {"answer": "not"}, who="operator")
    for who, org in (("approver", None), ("charity", "helpers"), ("auditor", None), ("ops", None)):
        assert (await desk.post(f"/payouts/{payout_id}/follow-up", {"outcome": "recall_asked"}, who=who, org=org)).status_code == 403, who


async def test_who_has_approved_sees_that_another_must(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted("case-1", 250_000)
    await desk.approved(payout_id, "approver-1")
    assert f'value="{payout_id}"' not in await read(desk, "/disbursement/desk", "approver-1")
    assert "another person has to as well" in await read(desk, "/disbursement/desk", "approver-1")
    page = await read(desk, "/disbursement/desk", "approver-2")
    assert f'value="{payout_id}"' in page
    assert "left in the fund: 7,500.00" in page


async def payee_of(desk: Desk, payout_id: str) -> Any:
    """Whom it was paid to, as the store still can say it."""
    return next(e.data.payee for e in await desk.room.history("payout", payout_id) if isinstance(e.data, PayoutSettled))


async def test_who_was_paid_is_kept_as_long_as_the_law_says_and_not_longer(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.paid("case-1")
    await desk.hears("intake.subject_erased.v1", {"person_id": "person-case-1"})
    await until(lambda: _kept(desk))
    assert isinstance(await payee_of(desk, payout_id), Payee), "an accountant can still show whom it was paid to"
    await desk.passes(days=365 * 29)
    await desk.passes(days=300)
    assert isinstance(await payee_of(desk, payout_id), Payee)
    await desk.passes(days=80)

    async def forgotten() -> bool:
        return not isinstance(await payee_of(desk, payout_id), Payee)

    await until(forgotten)
    assert not await _kept(desk)


async def _kept(desk: Desk) -> bool:
    return bool(await desk.sql("select 1 from kept where person_id = 'person-case-1'"))


async def test_of_whom_nothing_was_paid_to_nothing_is_kept(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted("case-1")
    await desk.hears("intake.subject_erased.v1", {"person_id": "person-case-1"})
    await desk.until(payout_id, "cancelled")
    await desk.passes(minutes=1)
    assert not await _kept(desk)


async def test_what_nobody_approves_is_free_again_after_its_days(desk: Desk) -> None:
    """Money that waits for nobody's yes is not kept from others; the referral hears that it was taken back."""
    await desk.funded(400_000)
    waits = await desk.granted("case-1", 300_000)
    assert (await desk.approved(waits)).json()["state"] == "reserved"
    await desk.passes(days=29)
    assert (await desk.state(waits)).status == "reserved"
    await desk.passes(days=1, seconds=1)
    assert (await desk.until(waits, "cancelled")).terms is not None
    row = (await desk.get(f"/payouts/{waits}")).json()
    listed = (await desk.get("/payouts", state="cancelled")).json()["items"][0]
    assert (row["state"], listed["reason"]) == ("cancelled", "hold_expired")
    fund = (await desk.get("/funds/general")).json()
    assert (fund["available_fen"], fund["reserved_fen"]) == (400_000, 0)
    assert (await desk.get("/ledger/trial-balance")).json()["balanced"] is True


async def test_what_is_over_has_no_day_to_expire_on(desk: Desk) -> None:
    await desk.funded(2_000_000)
    paid, refused, cancelled = await desk.paid("case-1"), await desk.granted("case-2"), await desk.granted("case-3")
    await desk.post(f"/payouts/{refused}/refuse", {"reason": "wrong_amount"}, who="approver-1")
    await desk.post(f"/payouts/{cancelled}/cancel", {"reason": "asked"})
    assert (await desk.state(paid)).status == "settled"
    assert await desk.sql("select 1 from deadlines where name = 'hold_expires'") == []
