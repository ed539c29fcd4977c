"""The player's part in the money office: campaigns with matched gifts, reports, transfers, refunds, and what goes to the bank as files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from rich.progress import Progress

from deploy.bank_files import Entry, statement
from deploy.sample.city import City
from deploy.sample.doors import Doors

_AT = "/disbursement/v1"
_FIRST, _SECOND = "finance", "approver"


async def raise_money(doors: Doors, city: City, first_day: date, progress: Progress) -> None:
    """Campaigns with their pools, gifts and reports; then what moves by two people's word, some of it left for a second person."""
    task = progress.add_task("campaigns", total=len(city.campaigns) + len(city.transfers) + len(city.closed_funds))
    for one in city.campaigns:
        await _campaign(doors, one, first_day)
        progress.advance(task)
    for move in city.transfers:
        await doors.told(_FIRST, f"{_AT}/transfers", {name: said for name, said in move.items() if name != "confirmed"})
        if move["confirmed"]:
            await doors.told(_SECOND, f"{_AT}/transfers/{move['id']}/confirm", None)
        progress.advance(task)
    for fund_id in city.closed_funds:
        await doors.told(_FIRST, f"{_AT}/funds/{fund_id}/close", None)
        progress.advance(task)


async def _campaign(doors: Doors, told: Mapping[str, Any], first_day: date) -> None:
    terms, key = told["terms"], told["terms"]["id"]
    days = {
        "first_day": first_day - timedelta(days=told["began_days_ago"]),
        "last_day": first_day + timedelta(days=told["lasts_days_more"]),
    }
    await doors.told(_FIRST, f"{_AT}/campaigns", {**terms, **{name: day.isoformat() for name, day in days.items()}})
    await doors.told(_FIRST, f"{_AT}/match-pools", {**told["pool"], "campaign_id": key})
    for gift in told["gifts"]:
        given = {name: said for name, said in gift.items() if not name.startswith("refund")}
        answer = await doors.told(_FIRST, f"{_AT}/donations", {**given, "kind": "cash", "campaign_id": key})
        if "refund" in gift:
            await _goes_back(doors, answer["donation_id"], gift)
    due = [report["due"] for report in (await doors.read(_FIRST, f"{_AT}/campaigns/{key}"))["reports"]]
    for day in due[: told["reports_handed_in"]]:
        report = {"due": day, "url": f"https://example.org/{key}/{day}"}
        await doors.told(f"charity-{terms['org_id']}", f"{_AT}/campaigns/{key}/reports", report)


async def _goes_back(doors: Doors, donation_id: str, gift: Mapping[str, Any]) -> None:
    """Asked for; and agreed to, where the sample does not leave that to somebody. Played again, what went back does not go back again."""
    path = f"{_AT}/donations/{donation_id}/refund"
    asked = await doors.ask(_FIRST, "POST", path, {"amount_fen": gift["amount_fen"], "reason": gift["refund"]})
    if asked.status_code == 200 and gift["refund_confirmed"]:
        await doors.told(_SECOND, f"{path}/confirm", None)


async def pay_by_file(doors: Doors) -> int:
    """What is approved goes to the bank in one file, where the bank takes files; answers how many payments are in it."""
    built = await doors.ask(_FIRST, "POST", f"{_AT}/payment-files", {})
    if built.status_code != 201:  # nothing waits: the bank is told at once, or there is nothing to tell
        return 0
    one = built.json()
    await doors.told(_FIRST, f"{_AT}/payment-files/{one['file_id']}/send", None)
    return int(one["payments"])


async def hear_the_bank(doors: Doors, city: City) -> None:
    """Two statements with a piece missing between them and a movement of nobody, so that reconciling has something to do.

    A bank that writes statements of its own is not spoken for.
    """
    if (await doors.read(_FIRST, f"{_AT}/bank-statements", limit=1))["items"]:
        return
    opening = 0
    for number, one in enumerate(city.bank_statements):
        opening = one.get("opening_fen", opening)
        entries = [Entry("", fen, credit=False) for fen in one["unknown_fen"]]
        closing = opening - sum(one["unknown_fen"])
        content = statement(one["account"], f"SAMPLE-{number + 1}", opening, closing, entries)
        await doors.ask(_FIRST, "POST", f"{_AT}/bank-messages", content=content.encode(), media="application/xml")
        opening = closing
