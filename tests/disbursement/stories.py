"""Small stories that several tests tell, and what a table of decisions is."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

from msgspec.structs import replace

from services.disbursement.domain import payout as p
from services.disbursement.domain.stock import Item, ItemReceived
from shared.kernel import Rejected

CASH = p.Terms("p1", "c1", "person-1", "r1", "helpers", "TEMP-URGENT", "2026", "440106011", "cash", "general", 200_000, ())
LARGE = replace(CASH, amount_fen=200_001)
RICE = (Item("rice", 3),)
RICE_WORTH = (ItemReceived("rice", 3, 9_000),)
GOODS = replace(CASH, kind="goods", fund_id="stores", amount_fen=9_000, items=RICE_WORTH)

ASKED = p.RequestPayout("p1", "c1", "person-1", "r1", "helpers", "TEMP-URGENT", "2026", 1, "440106011", "cash", "general", 200_000)
ASKED_GOODS = replace(ASKED, kind="goods", fund_id=None, amount_fen=0, items=RICE)
REQUESTED = p.PayoutRequested(CASH, 1, ())
REQUESTED_GOODS = p.PayoutRequested(replace(GOODS, fund_id="", amount_fen=0, items=()), 1, RICE)

RESERVED = (REQUESTED, p.PayoutReserved(CASH, 1))
RESERVED_LARGE = (p.PayoutRequested(LARGE, 1, ()), p.PayoutReserved(LARGE, 2))
RESERVED_GOODS = (REQUESTED_GOODS, p.PayoutReserved(GOODS, 1))
INSTRUCTED = (*RESERVED, p.PayoutInstructed(CASH, "a1", ("a1",)))
ACCEPTED = (*INSTRUCTED, p.PayoutAccepted(CASH))
UNKNOWN = (*INSTRUCTED, p.PayoutBecameUnknown(CASH, "no_answer"))
SETTLED = (*INSTRUCTED, p.PayoutSettled("person-1", CASH, "2026-11"))
CONFIRMED = (*SETTLED, p.ReceiptConfirmed(CASH, "received", "caller"))
REJECTED = (*INSTRUCTED, p.PayoutRejected(CASH, "AC04"))
RETURNED = (*SETTLED, p.PayoutReturned(CASH, "closed", "2026-12"))
REFUSED = (*RESERVED, p.PayoutRefused(CASH, "wrong_amount", "a1", True))
CANCELLED = (*RESERVED, p.PayoutCancelled(CASH, "asked", "f1", True))


class Yes(NamedTuple):
    """Given this history, when this command, then these events."""

    story: str
    given: tuple[Any, ...]
    when: Any
    then: tuple[Any, ...]


class No(NamedTuple):
    """Given this history, when this command, then this refusal."""

    given: tuple[Any, ...]
    when: Any
    why: type[Rejected]


def refusals_in(module: ModuleType) -> set[type[Rejected]]:
    """Every refusal that a module of decisions names."""
    named = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Rejected)]
    return {one for one in named if one.__module__ == module.__name__}
