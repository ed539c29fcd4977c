"""From rows to answers: what waits, what a fund has left, what the public may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Select, case, func, literal, or_, select

from services.disbursement.book_rows import balance_days, before_day
from services.disbursement.domain.ledger import Fault, differing, faults, unpublished
from services.disbursement.tables import balances, corrections, donations, entries, funds, payouts, public_entries, public_totals, transfers
from shared.room import Room

_PAYOUT = [c for c in payouts.c if c.name != "person_id"]


def payouts_by(
    state: str | None = None,
    org_id: str | None = None,
    case_id: str | None = None,
    programme: str | None = None,
    referral_id: str | None = None,
    *,
    not_arrived: bool = False,
) -> Select[Any]:
    """Payouts by what they are about; `not_arrived` leaves those of which people say so and which nobody has seen to."""
    wanted = select(*_PAYOUT)
    if not_arrived:
        wanted = wanted.where(payouts.c.receipt.in_(("partly", "not")), payouts.c.followed_up.is_(None))
    for column, value in (
        ("state", state),
        ("org_id", org_id),
        ("case_id", case_id),
        ("programme", programme),
        ("referral_id", referral_id),
    ):
        if value is not None:
            wanted = wanted.where(payouts.c[column] == value)
    return wanted


def payout_by_id(payout_id: str) -> Select[Any]:
    return select(*_PAYOUT).where(payouts.c.payout_id == payout_id)


def payouts_about(about: str, key: str) -> Select[Any]:
    """What a word to stop is about: a case, a referral or a person."""
    column = {"case": payouts.c.case_id, "referral": payouts.c.referral_id, "person": payouts.c.person_id}[about]
    return select(payouts.c.payout_id, payouts.c.state, payouts.c.changed_at).where(column == key)


def fund_list() -> Select[Any]:
    return select(funds)


def transfer_list(state: str | None) -> Select[Any]:
    wanted = select(transfers)
    return wanted if state is None else wanted.where(transfers.c.state == state)


def correction_list(state: str | None) -> Select[Any]:
    wanted = select(corrections)
    return wanted if state is None else wanted.where(corrections.c.state == state)


def donation_list() -> Select[Any]:
    d = donations.c
    return select(
        d.donation_id, d.fund_id, d.kind, d.amount_fen, d["items"], d.receipt, d.corrected_fen, d.refunded_fen, d.refund_asked_fen, d.at
    )


def refunds_asked() -> Select[Any]:
    """Donations that somebody wants to give back and nobody has agreed to yet: who asked, and since when."""
    d = donations.c
    return select(d.donation_id, d.fund_id, d.refund_asked_fen, d.refund_asked_by, d.refund_asked_at).where(d.refund_asked_fen > 0)


def entry_list(account: str | None) -> Select[Any]:
    wanted = select(entries)
    return wanted if account is None else wanted.where((entries.c.debit == account) | (entries.c.credit == account))


async def balance_rows(room: Room, accounts: Sequence[str] | None = None, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """Debits and credits by account and unit: now from the running balances, as of a moment from the days before and its day's entries."""
    if as_of is None:
        wanted = select(balances.c.account, balances.c.unit, balances.c.debits, balances.c.credits)
        if accounts is not None:
            wanted = wanted.where(balances.c.account.in_(accounts))
        return await room.rows(wanted.order_by(balances.c.account, balances.c.unit))
    midnight = as_of.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    earlier = before_day(midnight.date())
    if accounts is not None:
        earlier = earlier.where(balance_days.c.account.in_(accounts))
    taken, given, days = await room.at_one_moment(*_sides(accounts, midnight, as_of), earlier)
    return _together([*days, *taken, *given])


def _sides(accounts: Sequence[str] | None = None, since: datetime | None = None, as_of: datetime | None = None) -> list[Select[Any]]:
    """What entries took from each account and what they gave to it, of a span of time or of all."""
    sides = []
    for side, debit, credit in ((entries.c.debit, entries.c.amount, 0), (entries.c.credit, 0, entries.c.amount)):
        one = select(side.label("account"), entries.c.unit, func.sum(debit).label("debits"), func.sum(credit).label("credits"))
        if since is not None:
            one = one.where(entries.c.at >= since)
        if as_of is not None:
            one = one.where(entries.c.at <= as_of)
        if accounts is not None:
            one = one.where(side.in_(accounts))
        sides.append(one.group_by(side, entries.c.unit))
    return sides


def _together(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        at = found.setdefault((row["account"], row["unit"]), {"account": row["account"], "unit": row["unit"], "debits": 0, "credits": 0})
        at["debits"] += int(row["debits"])
        at["credits"] += int(row["credits"])
    return [found[key] for key in sorted(found)]


def published_by_kind() -> Select[Any]:
    """The fen of the public totals by kind; corrections of payouts name a programme, those of donations none."""
    t = public_totals.c
    kind = case((t.kind != "correction", t.kind), (t.programme == "", "donation_correction"), else_="payout_correction").label("kind")
    return select(kind, func.sum(t.amount_fen).label("fen")).group_by(kind)


async def ledger_faults(room: Room) -> list[Fault]:
    """The standing check of the ledger: balances against entries, days against entries, and the books against what was published;
    empty when all is well."""
    told = await room.at_one_moment(*_sides(), select(balances), before_day(date.max), published_by_kind())
    taken, given, running, days, by_kind = told
    recorded, published = _together([*taken, *given]), {row["kind"]: int(row["fen"]) for row in by_kind}
    return [*faults(running, recorded), *differing(days, recorded), *unpublished(recorded, published)]


def chain_rows() -> Select[Any]:
    """The chain as everybody may see it. An entry of before carries district and programme under its hash, and few guesses would
    find them there: it is shown without its number, which is the only part of the hashed text that cannot be guessed."""
    p = public_entries.c
    withheld = or_(p.programme != "", p.district != "")
    nothing = literal("")
    return select(
        p.position, case((withheld, ""), else_=p.entry_id).label("entry_id"), p.kind, p.fund_id, nothing.label("programme"),
        nothing.label("district"), p.month, p.amount_fen, p.units, p.previous, p.hash,
        func.coalesce(p.corrects, "").label("corrects"), func.coalesce(p.reason, "").label("reason"), withheld.label("withheld"),
    )  # fmt: skip


def chain_of(month: str | None = None, kind: str | None = None) -> Select[Any]:
    p, wanted = public_entries.c, chain_rows()
    if month is not None:
        wanted = wanted.where(p.month == month)
    return wanted if kind is None else wanted.where(p.kind == kind)


def public_entry(entry_id: str) -> Select[Any]:
    return chain_rows().where(public_entries.c.entry_id == entry_id)


def whole_chain() -> Select[Any]:
    """The chain with all that its hashes are over, for whoever audits it."""
    return select(public_entries)


def cells() -> Select[Any]:
    """What was paid out by month, district and programme, less what came back; `payouts` counts those that stand behind it."""
    t = public_totals.c
    return (
        select(
            t.month, t.district, t.programme, func.sum(case((t.kind.in_(("returned", "correction")), 0), else_=t.count)).label("payouts"),
            func.sum(case((t.kind == "returned", -t.amount_fen), else_=t.amount_fen)).label("fen"),
        )
        .where(or_(t.kind.in_(("payout", "goods", "returned")), (t.kind == "correction") & (t.programme != "")))
        .group_by(t.month, t.district, t.programme)
    )  # fmt: skip


def totals() -> Select[Any]:
    t = public_totals.c
    summed = func.sum(t.count).label("count"), func.sum(t.amount_fen).label("fen"), func.sum(t.units).label("units")
    return select(t.kind, *summed).group_by(t.kind)


def months(before: str) -> Select[Any]:
    """Sums by month and kind of the months before this one, as everybody adds them up from the chain."""
    t = public_totals.c
    summed = func.sum(t.amount_fen).label("fen")
    of = t.kind.in_(("donation", "goods_donation", "payout", "goods"))
    return select(t.month, t.kind, summed).where(of, t.month < before).group_by(t.month, t.kind).order_by(t.month)


def oldest_payouts() -> Select[Any]:
    """Payouts that people have to do something about: how many, how much, since when."""
    p = payouts.c
    said: tuple[Any, ...] = func.count().label("count"), func.sum(p.amount_fen).label("fen"), func.min(p.changed_at).label("since")
    return select(p.state, *said).where(p.state.in_(("reserved", "unknown"))).group_by(p.state)


def oldest_not_arrived() -> Select[Any]:
    """The same for what people say did not arrive."""
    p = payouts.c
    said: tuple[Any, ...] = func.count().label("count"), func.sum(p.amount_fen).label("fen"), func.min(p.receipt_at).label("since")
    return select(*said).where(p.receipt.in_(("partly", "not")), p.followed_up.is_(None))


def waiting() -> Select[Any]:
    return select(payouts.c.state, func.count().label("count"), func.sum(payouts.c.amount_fen).label("fen")).group_by(payouts.c.state)
