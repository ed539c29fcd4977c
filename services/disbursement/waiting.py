"""What waits for a person in the money office: each thing with its age, its sum, and whether this person may end it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, time
from typing import Any

from msgspec import Struct

from services.disbursement import bank_views, views
from services.disbursement import campaign_rows as rows
from services.disbursement.domain.campaign import reports_due
from services.disbursement.tables import transfers
from shared.clock import SHANGHAI, local_day
from shared.web.frame import Page

_EACH_MAX, _CAMPAIGNS_MAX = 50, 500
_SOON_DAYS = 30
_DECIDERS, _BANKERS = ("finance", "approver", "admin"), ("finance", "approver")


class Waiting(Struct, frozen=True):
    """One thing or several of one kind; `mine` says that this person may end it, `second` that somebody else has to."""

    kind: str
    path: str
    since: datetime
    amount_fen: int | None = None
    count: int = 1
    mine: bool = False
    second: bool = False
    detail: str = ""


def age(page: Page, since: datetime) -> str:
    """How old, in the largest unit that says something."""
    hours = max(0, int((page.door.now - since).total_seconds())) // 3600
    if hours < 1:
        return page.t("disbursement.bank.age.fresh")
    unit, count = ("days", hours // 24) if hours >= 48 else ("hours", hours)
    return f"{count} {page.t(f'disbursement.bank.age.{unit}')}"


async def waiting(page: Page) -> list[Waiting]:
    """Everything that waits, what this person may end first, and of that the oldest first."""
    found = [one for part in (_moves(page), _reports(page), _payouts(page), _bank(page)) async for one in part]
    return sorted(found, key=lambda one: (not one.mine, one.since))


async def _moves(page: Page) -> AsyncIterator[Waiting]:
    """Transfers and refunds that a second person confirms or turns down."""
    door, me = page.door, page.door.principal.id
    may = page.may(*_DECIDERS)
    proposed = views.transfer_list("proposed").order_by(transfers.c.at).limit(_EACH_MAX)
    for row in await door.rows(proposed):
        own = row["proposed_by"] == me
        path = f"/disbursement/transfers/{row['transfer_id']}"
        yield Waiting("transfer", path, row["at"], row["amount_fen"], mine=may and not own, second=own)
    for row in await door.rows(views.refunds_asked().limit(_EACH_MAX)):
        own = row["refund_asked_by"] == me
        path = f"/disbursement/donations/{row['donation_id']}"
        yield Waiting("refund", path, row["refund_asked_at"] or door.now, row["refund_asked_fen"], mine=may and not own, second=own)


async def _reports(page: Page) -> AsyncIterator[Waiting]:
    """Reports that campaigns owe: those that are late, with the time since, and those that are due soon and may be handed in."""
    door, today = page.door, local_day(page.door.now)
    handed = {(row["campaign_id"], row["due"]) for row in await door.rows(rows.all_reports())}
    for one in await door.rows(rows.campaign_list().order_by(rows.campaigns.c.opened_at.desc()).limit(_CAMPAIGNS_MAX)):
        ends = min(one["last_day"], one["closed_on"] or one["last_day"])
        for due in reports_due(one["first_day"], ends):
            if (one["campaign_id"], due) in handed or (due - today).days > _SOON_DAYS:
                continue
            over = ends if due > ends else due  # a report is about a time that is over
            if today < over:
                continue
            kind, since = ("report_overdue", due) if due < today else ("report", over)
            path = f"/disbursement/campaigns/{one['campaign_id']}"
            yield Waiting(kind, path, _midnight(since), mine=page.may("finance", "admin"), detail=one["name"])


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


async def _payouts(page: Page) -> AsyncIterator[Waiting]:
    """Payouts by what they wait for, those of a kind together: they stand one by one further down the page."""
    for row in await page.door.rows(views.oldest_payouts()):
        kind = {"reserved": "approval", "unknown": "unknown"}[row["state"]]
        mine = page.may("approver") if kind == "approval" else page.may(*_BANKERS)
        yield Waiting(kind, f"#{kind}", row["since"], int(row["fen"] or 0), int(row["count"]), mine)
    for row in await page.door.rows(views.oldest_not_arrived()):
        if row["count"]:
            yield Waiting("missing", "#missing", row["since"], int(row["fen"] or 0), int(row["count"]), page.may("finance"))


async def _bank(page: Page) -> AsyncIterator[Waiting]:
    """What goes to the bank, and what the bank says that does not fit."""
    home = "/disbursement/reconciliation"
    for row in await page.door.rows(bank_views.oldest_waiting()):
        if row["count"]:
            yield Waiting("for_file", home, row["since"], int(row["fen"] or 0), int(row["count"]), page.may("finance"))
    for row in await page.door.rows(bank_views.built_files().limit(_EACH_MAX)):
        path = f"/disbursement/payment-files/{row['file_id']}"
        yield Waiting("file", path, row["built_at"], row["total_fen"], int(row["payments"]), page.may("finance"))
    for row in await page.door.rows(bank_views.oldest_open()):
        if row["count"]:
            yield Waiting("work", home, row["since"], count=int(row["count"]), mine=page.may(*_BANKERS))
