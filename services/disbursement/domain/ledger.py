"""Double entry: every movement takes from one account what it gives to another, in fen or in units of one kind of goods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.disbursement.domain.stock import ItemReceived
from services.disbursement.domain.treasury import (
    Corrected,
    GivenBack,
    GoodsMoved,
    HeldMoved,
    PoolHeld,
    Released,
    Reserved,
    Restored,
    Spent,
    StockAdjusted,
    TakenIn,
    Transferred,
)

FEN = "fen"


class Posting(Struct, frozen=True, gc=False):
    """So much of one unit from one account to another; amounts are positive integers."""

    debit: str
    credit: str
    unit: str
    amount: int


def shelf(item: ItemReceived, state: str) -> str:
    """The account of goods of one kind, in one place where their lot has one."""
    return f"stock:{item.sku}{f'@{item.place}' if item.place else ''}:{state}"


def _goods(items: tuple[ItemReceived, ...], debit: str, credit: str) -> list[Posting]:
    """`available` and `reserved` stand for the shelf that each item lies on."""
    found = []
    for item in items:
        source, target = (shelf(item, side) if side in ("available", "reserved") else side for side in (debit, credit))
        found.append(Posting(source, target, item.sku, item.quantity))
        if item.value_fen:
            found.append(Posting(source, target, FEN, item.value_fen))
    return found


def postings(event: Any) -> list[Posting]:
    """The movements that a treasury event stands for; reservations are movements too, so nothing is promised twice."""
    match event:
        case TakenIn(items=(), fund_id=fund, amount_fen=fen):
            return [Posting("donors", f"fund:{fund}:available", FEN, fen)]
        case TakenIn(items=items):
            return _goods(items, "donors", "available")
        case Reserved(items=(), fund_id=fund, amount_fen=fen):
            return [Posting(f"fund:{fund}:available", f"fund:{fund}:reserved", FEN, fen)]
        case Reserved(items=items):
            return _goods(items, "available", "reserved")
        case Spent(items=(), fund_id=fund, amount_fen=fen, programme=programme):
            return [Posting(f"fund:{fund}:reserved", f"spent:{fund}:{programme}", FEN, fen)]
        case Spent(items=items, fund_id=fund, programme=programme):
            return _goods(items, "reserved", f"spent:{fund}:{programme}")
        case Released(items=(), fund_id=fund, amount_fen=fen):
            return [Posting(f"fund:{fund}:reserved", f"fund:{fund}:available", FEN, fen)]
        case Released(items=items):
            return _goods(items, "reserved", "available")
        case GoodsMoved(item=item, to_place=place):
            return _goods((item,), "available", shelf(replace(item, place=place), "available"))
        case StockAdjusted(item=item, found=True, reason=reason):
            return _goods((item,), f"lost:{reason}", "available")
        case StockAdjusted(item=item, reason=reason):
            return _goods((item,), "available", f"lost:{reason}")
        case Restored(fund_id=fund, amount_fen=fen, programme=programme):
            return [Posting(f"spent:{fund}:{programme}", f"fund:{fund}:available", FEN, fen)]
        case Transferred(from_fund=source, to_fund=target, amount_fen=fen):
            return [Posting(f"fund:{source}:available", f"fund:{target}:available", FEN, fen)]
        case PoolHeld(fund_id=fund, amount_fen=fen):
            return [Posting(f"fund:{fund}:available", f"fund:{fund}:reserved", FEN, fen)]
        case HeldMoved(from_fund=source, to_fund=target, amount_fen=fen):
            return [Posting(f"fund:{source}:reserved", f"fund:{target}:available", FEN, fen)]
        case GivenBack(fund_id=fund, amount_fen=fen):
            return [Posting(f"fund:{fund}:available", "donors", FEN, fen)]
        case Corrected(about=about, fund_id=fund, programme=programme, by_fen=fen):
            here = f"fund:{fund}:available"
            source, target = ("donors", here) if about == "donation" else (here, f"spent:{fund}:{programme}")
            return [Posting(source, target, FEN, fen) if fen > 0 else Posting(target, source, FEN, -fen)]
    return []


BOOKED = (
    TakenIn, Reserved, Spent, Released, Restored, Transferred, GivenBack, PoolHeld, HeldMoved, Corrected, GoodsMoved, StockAdjusted,
)  # fmt: skip
"""The events that move something."""


class Fault(Struct, frozen=True):
    """What a check of the ledger found wrong; `what` is a sentence, `value` the number that should not be."""

    what: str
    account: str
    unit: str
    value: int


def _by_account(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(b["account"], b["unit"]): (int(b["debits"]), int(b["credits"])) for b in rows}


def differing(days: Iterable[Mapping[str, Any]], recorded: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """Where the sums of all days are not those of the entries."""
    told, summed = _by_account(days), _by_account(recorded)
    found = []
    for account, unit in sorted(told.keys() | summed.keys()):
        mine, theirs = told.get((account, unit), (0, 0)), summed.get((account, unit), (0, 0))
        if mine != theirs:
            value = (mine[1] - mine[0]) - (theirs[1] - theirs[0])
            found.append(Fault("the sums by day are not the sum of the entries", account, unit, value))
    return found


CAME = ("donation", "goods_donation", "returned", "donation_correction", "found")
WENT = ("refund", "payout", "goods", "payout_correction", "written_off")


def unpublished(recorded: Iterable[Mapping[str, Any]], published: Mapping[str, int]) -> list[Fault]:
    """What the funds and the stores hold must be what was published to have come in, less what was published to have gone out.

    `published` are fen by kind of public entry. Matches move money between funds and change nothing of the whole.
    """
    held = sum(
        c - d for (account, unit), (d, c) in _by_account(recorded).items() if unit == FEN and account.startswith(("fund:", "stock:"))
    )
    told = sum(published.get(kind, 0) for kind in CAME) - sum(published.get(kind, 0) for kind in WENT)
    return [] if held == told else [Fault("what is held is not what was published", "*", FEN, held - told)]


def faults(balances: Iterable[Mapping[str, Any]], recorded: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """Compare the running balances with the sums of all entries, and check that nothing promised or held is below zero.

    `balances` have account, unit, debits, credits; `recorded` the same, summed from the entries.
    """
    running, summed = _by_account(balances), _by_account(recorded)
    found = []
    for account, unit in sorted(running.keys() | summed.keys()):
        mine, theirs = running.get((account, unit), (0, 0)), summed.get((account, unit), (0, 0))
        if mine != theirs:
            found.append(
                Fault("the running balance is not the sum of its entries", account, unit, (mine[1] - mine[0]) - (theirs[1] - theirs[0]))
            )
        held = account.startswith(("fund:", "stock:"))
        if held and theirs[1] - theirs[0] < 0:
            found.append(Fault("the account is below zero", account, unit, theirs[1] - theirs[0]))
    for unit in sorted({u for _, u in summed}):
        total = sum(c - d for (_, u), (d, c) in summed.items() if u == unit)
        if total != 0:
            found.append(Fault("debits and credits differ", "*", unit, total))
    return found
