"""The money's whole way as one story on both buses: given and matched, paid by a file, settled, sent back, given back, moved; to the fen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.run import PAYER_ACCOUNT, bank_simulator
from services.tending import verify_ledger
from shared.testing import Database
from shared.testing.broker import KafkaBroker
from shared.testing.waiting import until
from tests.journeys.loop_steps import DONATED_FEN, FUND, GRANT_FEN, PEOPLE, WAIT_SECONDS, Loop
from tests.journeys.test_apart import city

pytestmark = pytest.mark.journey
_AT = "/disbursement/v1"
_SPONSOR, _SPONSORED_FEN, _POOL_FEN, _GIFT_MAX_FEN = "doubling", 500_000, 60_000, 30_000
# What each gives, what the pool adds: all of it, cut by the most for one gift, and what was left of the pool.
_GIFTS = {"G1": (20_000, 20_000), "G2": (90_000, 30_000), "G3": (50_000, 10_000)}
_GIVEN_FEN, _MATCHED_FEN = 160_000, 60_000
_BACK_FEN, _MATCH_BACK_FEN, _MOVED_FEN = 10_000, 10_000, 45_678
# The last digits of an account say what the bank does: it pays, or it pays and gets the money back.
_ACCOUNTS = {"paid": "6222020000010011", "returned": "6222020000010505"}
_WHO = {"paid": ("李远行", "13900010001"), "returned": ("陈归来", "13900010005")}


async def money_is_raised_and_matched_once(loop: Loop) -> dict[str, str]:
    """A campaign with a pool beside it; sent twice a gift is one gift. Answers the gifts by their reference."""
    doors = loop.doors
    await doors.told("finance", f"{_AT}/funds", {"id": _SPONSOR, "name": _SPONSOR})
    given = {"donation_ref": "SPONSOR", "kind": "cash", "fund_id": _SPONSOR, "amount_fen": _SPONSORED_FEN}
    await doors.told("finance", f"{_AT}/donations", given)
    today = datetime.now(UTC).date()
    campaign = {
        "id": "rain", "name": "rain", "org_id": "jsy", "fund_id": FUND, "goal_fen": 1_000_000, "permit": "P-1", "registered_on": "2015-01-01",
        "first_day": _day(today, -40), "last_day": _day(today, 40),
    }  # fmt: skip
    await doors.told("finance", f"{_AT}/campaigns", campaign)
    pool = {"id": "double", "campaign_id": "rain", "fund_id": _SPONSOR, "amount_fen": _POOL_FEN, "donation_max_fen": _GIFT_MAX_FEN}
    await doors.told("finance", f"{_AT}/match-pools", pool)
    gifts = {}
    for ref, (fen, _) in _GIFTS.items():
        for _ in range(2):
            gift = {"donation_ref": ref, "kind": "cash", "campaign_id": "rain", "amount_fen": fen, "donor": {"ref": ref}}
            gifts[ref] = str((await doors.told("finance", f"{_AT}/donations", gift))["donation_id"])
    for ref, (_, matched) in _GIFTS.items():
        one = await doors.read("finance", f"{_AT}/match-pools/double/matches/{gifts[ref]}")
        assert (one["amount_fen"], one["cut_by"]) == (matched, {"G1": "", "G2": "donation", "G3": "pool"}[ref])
    shown = await doors.read("auditor", f"{_AT}/public/campaigns/rain")
    assert (shown["raised_fen"], shown["donations"], shown["pools"][0]["left_fen"]) == (_GIVEN_FEN, len(_GIFTS), 0)
    return gifts


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()


async def two_grants_are_approved_by_two_people(loop: Loop) -> dict[str, str]:
    """Answers the payouts by what the bank will do with them."""
    payouts = {}
    for fate, (name, phone) in _WHO.items():
        person = {**PEOPLE["worker"]["person"], "name": name, "phone": phone, "account": {"bank": "ICBC", "number": _ACCOUNTS[fate]}}
        await loop.reported(fate, {**PEOPLE["worker"], "person": person, "needs": ["medical"]})
        key = await loop.offer(fate, "medical", "rain")
        grant = {"kind": "cash", "programme": "LOTTERY-RAIN", "fund_id": FUND, "amount_fen": GRANT_FEN}
        await loop.step("jsy", key, "accept", {"grant": grant})
        await until(partial(_state, loop, fate), "reserved", seconds=WAIT_SECONDS)
        payouts[fate] = str((await _payouts(loop, fate))[0]["payout_id"])
    for who in ("approver", "approver-2"):
        done = await loop.doors.told(who, f"{_AT}/payouts:approve", {"ids": list(payouts.values())})
        assert {one["status"] for one in done["items"]} == {"approved"}
    return payouts


async def _payouts(loop: Loop, who: str) -> list[dict[str, Any]]:
    return list((await loop.doors.read("finance", f"{_AT}/payouts", case_id=loop.cases[who]))["items"])


async def _state(loop: Loop, who: str) -> str:
    return ", ".join(one["state"] for one in await _payouts(loop, who))


async def one_file_pays_both_and_the_bank_says_so(loop: Loop, payouts: dict[str, str]) -> None:
    """pain.001 goes out, pain.002 and camt.053 come in; one is paid for good, the other comes back and is a matter for people."""
    doors = loop.doors

    async def waits() -> bool:
        built = await doors.ask("finance", "POST", f"{_AT}/payment-files", {"payout_ids": list(payouts.values())})
        files.append(built.json())
        return built.status_code == 201

    files: list[dict[str, Any]] = []
    await until(waits, seconds=WAIT_SECONDS)
    file_id = files[-1]["file_id"]
    seen = await doors.read("finance", f"{_AT}/payment-files/{file_id}")
    assert (seen["payments"], seen["total_fen"], seen["state"]) == (2, 2 * GRANT_FEN, "built")
    assert _WHO["paid"][0] not in str(seen)
    await doors.told("finance", f"{_AT}/payment-files/{file_id}/send", None)
    for fate, state in (("paid", "settled"), ("returned", "returned")):
        await until(partial(_state, loop, fate), state, seconds=WAIT_SECONDS)
    (item,) = (await doors.read("finance", f"{_AT}/work-items", kind="returned"))["items"]
    assert (item["payout_id"], item["amount_fen"], item["owner"]) == (payouts["returned"], GRANT_FEN, "finance")
    await doors.told("finance", f"{_AT}/work-items/{item['item_id']}/resolve", {"reason": "bank_confirmed"})
    assert (await doors.read("finance", f"{_AT}/work-items"))["items"] == []
    read = (await doors.read("finance", f"{_AT}/bank-statements"))["items"]
    assert (sum(one["matched"] for one in read), {one["gap_fen"] for one in read}) == (3, {None}), "paid, paid, and sent back"


async def the_person_says_that_it_arrived(loop: Loop, payout_id: str) -> None:
    await loop.doors.told("caseworker", f"{_AT}/payouts/{payout_id}/confirm-receipt", {"answer": "received"})
    assert (await loop.doors.read("finance", f"{_AT}/payouts/{payout_id}"))["state"] == "confirmed"


async def a_gift_goes_back_by_two_people_and_takes_its_match_along(loop: Loop, donation_id: str) -> None:
    doors, at = loop.doors, f"{_AT}/donations/{donation_id}/refund"
    await doors.told("finance", at, {"amount_fen": _BACK_FEN, "reason": "donor_asked"})
    assert (await loop.refused("finance", f"{at}/confirm"))[:2] == (409, "AnotherPersonRefunds")
    await doors.told("approver", f"{at}/confirm", None)
    assert (await loop.refused("approver", f"{at}/confirm"))[:2] == (409, "NoRefundAsked")
    assert (await doors.read("finance", f"{_AT}/match-pools/double/matches/{donation_id}"))["amount_fen"] == 20_000 - _MATCH_BACK_FEN
    assert (await doors.read("finance", f"{_AT}/campaigns/rain"))["raised_fen"] == _GIVEN_FEN - _BACK_FEN


async def money_moves_between_funds_by_two_people(loop: Loop) -> None:
    move = {"id": "t-1", "from_fund": _SPONSOR, "to_fund": FUND, "amount_fen": _MOVED_FEN, "reason": "city_decision"}
    await loop.doors.told("finance", f"{_AT}/transfers", move)
    assert (await loop.refused("finance", f"{_AT}/transfers/t-1/confirm"))[:2] == (409, "AnotherPersonConfirms")
    for _ in range(2):
        assert (await loop.doors.told("approver", f"{_AT}/transfers/t-1/confirm", None))["state"] == "done"


async def every_fen_is_where_it_should_be(loop: Loop, address: str) -> None:
    """Funds to the fen, the ledger zero-sum, the public chain whole, every read table what the events say, nothing parked."""
    doors = loop.doors
    funds = {one["id"]: one for one in (await doors.read("finance", f"{_AT}/funds"))["items"]}
    left = DONATED_FEN + _GIVEN_FEN + _MATCHED_FEN - _BACK_FEN - _MATCH_BACK_FEN + _MOVED_FEN - GRANT_FEN
    assert _sums(funds[FUND]) == (left, 0, GRANT_FEN)
    assert _sums(funds[_SPONSOR]) == (_SPONSORED_FEN - _MATCHED_FEN + _MATCH_BACK_FEN - _MOVED_FEN, 0, 0)
    trial = await doors.read("auditor", f"{_AT}/ledger/trial-balance")
    assert trial["balanced"] is True
    assert {one["debits"] - one["credits"] for one in trial["sums"].values()} == {0}
    kinds: dict[str, int] = {}
    for one in (await doors.read("auditor", f"{_AT}/public/entries", limit=100))["items"]:
        kinds[one["kind"]] = kinds.get(one["kind"], 0) + one["amount_fen"]
    assert kinds == {
        "donation": DONATED_FEN + _SPONSORED_FEN + _GIVEN_FEN, "match": _MATCHED_FEN, "payout": 2 * GRANT_FEN, "returned": GRANT_FEN,
        "refund": _BACK_FEN, "match_returned": _MATCH_BACK_FEN,
    }  # fmt: skip
    await verify_ledger(loop.http, address)
    await loop.nothing_parked()
    await loop.rebuilt_equal_live()


def _sums(fund: dict[str, Any]) -> tuple[int, int, int]:
    return fund["available_fen"], fund["reserved_fen"], fund["spent_fen"]


async def journey(bus: dict[str, str], database: Database, folder: Path) -> None:
    bank = folder / "bank"
    told = {
        **bus, "KAPOK_BANK": "folder", "KAPOK_BANK_FOLDER": str(bank), "KAPOK_PAYER_NAME": "广州慈善", "KAPOK_PAYER_ACCOUNT": PAYER_ACCOUNT,
        "KAPOK_PAYER_BANK": "102581000013",
    }  # fmt: skip
    async with city(told, database, folder) as (four, doors, dsns), httpx.AsyncClient(trust_env=False, timeout=60) as http:
        with bank_simulator(folder=bank):
            loop = Loop(doors, http, four.addresses["matching"], dsns["KAPOK_MATCHING_DSN"])
            await loop.furnished()
            gifts = await money_is_raised_and_matched_once(loop)
            payouts = await two_grants_are_approved_by_two_people(loop)
            await one_file_pays_both_and_the_bank_says_so(loop, payouts)
            await the_person_says_that_it_arrived(loop, payouts["paid"])
            await a_gift_goes_back_by_two_people_and_takes_its_match_along(loop, gifts["G1"])
            await money_moves_between_funds_by_two_people(loop)
            await every_fen_is_where_it_should_be(loop, four.addresses["disbursement"])


@pytest.mark.timeout(150)
async def test_the_money_on_the_postgresql_bus(database: Database, tmp_path: Path) -> None:
    await journey({"KAPOK_BUS": "postgres", "KAPOK_BUS_DSN": await database()}, database, tmp_path)


@pytest.mark.timeout(150)
async def test_the_money_on_kafka(broker: KafkaBroker, database: Database, tmp_path: Path) -> None:
    await journey({"KAPOK_BUS": "kafka", "KAPOK_KAFKA_BOOTSTRAP": broker.bootstrap}, database, tmp_path)
