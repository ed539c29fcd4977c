"""What does not fit between the bank and us: one thing, with an age, an owner and an end that people give it.

    raised -> taken -> proposed -> resolved        raised -> closed (it came right by itself)

Where money has moved or may move, two different people say the same. How an unknown payout ended is said at the payout, by two.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Decider, Rejected

KINDS = (
    "unknown", "partial", "exceeding", "duplicate", "late", "returned", "unmatched", "contradicted", "gap", "refused_message", "unknown_file",
)  # fmt: skip
OF_MONEY = frozenset(("partial", "exceeding", "duplicate", "late", "unmatched", "contradicted", "gap"))
REASONS = ("bank_confirmed", "bank_corrects", "asked_back", "booked_by_hand", "entered_twice", "not_ours", "other")
QUEUE = "finance"
"""Who owns what nobody has taken yet."""


# Asked


class RaiseItem(Struct, frozen=True, gc=False):
    """`source` names the statement, report or file it stands in; `day` is the bank's."""

    item_id: str
    kind: str
    payout_id: str = ""
    amount_fen: int = 0
    direction: str = ""
    source: str = ""
    day: str = ""


class TakeItem(Struct, frozen=True, gc=False):
    by: str


class ResolveItem(Struct, frozen=True, gc=False):
    reason: str
    by: str


class CloseItem(Struct, frozen=True, gc=False):
    """It came right by itself; `reason` says how."""

    reason: str


# Happened


class ItemRaised(Struct, frozen=True, gc=False):
    item_id: str
    kind: str
    payout_id: str
    amount_fen: int
    direction: str
    source: str
    day: str


class ItemTaken(Struct, frozen=True, gc=False):
    item_id: str
    by: str


class ItemProposed(Struct, frozen=True, gc=False):
    item_id: str
    reason: str
    by: str


class ItemResolved(Struct, frozen=True, gc=False):
    item_id: str
    reason: str
    by: str


class ItemClosed(Struct, frozen=True, gc=False):
    item_id: str
    reason: str


# True


class WorkItem(Struct, frozen=True, gc=False):
    status: str = "absent"
    item_id: str = ""
    kind: str = ""
    owner: str = QUEUE
    proposed: tuple[str, str] | None = None


class ItemAbsent(Rejected):
    """There is no such work item."""


class ReasonNotKnownWord(Rejected):
    """A reason is one of the known words."""


class ResolvedAtThePayout(Rejected):
    """How an unknown payout ended is said at the payout, by two people; the work item closes with it."""


class AnotherPersonMustAgree(Rejected):
    """Money has moved: another person must give the same reason."""


def decide(command: Any, state: WorkItem) -> tuple[Any, ...]:
    match command:
        case RaiseItem():
            return raised(command, state)
        case CloseItem():
            return (ItemClosed(state.item_id, command.reason),) if state.status == "open" else ()
        case _ if state.status == "absent":
            raise ItemAbsent
        case TakeItem():
            return (ItemTaken(state.item_id, command.by),) if state.status == "open" and state.owner != command.by else ()
        case ResolveItem():
            return resolve(command, state)
    raise AssertionError(type(command).__name__)


def raised(command: RaiseItem, state: WorkItem) -> tuple[ItemRaised, ...]:
    """Said twice it is one. A payout may fall into doubt again after it was known to be with the bank."""
    if state.status == "open" or (state.status != "absent" and command.kind != "unknown"):
        return ()
    c = command
    return (ItemRaised(c.item_id, c.kind, c.payout_id, c.amount_fen, c.direction, c.source, c.day),)


def resolve(command: ResolveItem, state: WorkItem) -> tuple[Any, ...]:
    if command.reason not in REASONS:
        raise ReasonNotKnownWord(reason=command.reason[:40])
    if state.status != "open":
        return ()
    if state.kind == "unknown":
        raise ResolvedAtThePayout
    if state.kind in OF_MONEY:
        if state.proposed is None or state.proposed[0] != command.reason:
            return (ItemProposed(state.item_id, command.reason, command.by),)
        if state.proposed[1] == command.by:
            raise AnotherPersonMustAgree(reason=command.reason)
    return (ItemResolved(state.item_id, command.reason, command.by),)


def evolve(state: WorkItem, event: Any) -> WorkItem:
    match event:
        case ItemRaised():
            return WorkItem("open", event.item_id, event.kind)
        case ItemTaken():
            return replace(state, owner=event.by)
        case ItemProposed():
            return replace(state, proposed=(event.reason, event.by))
        case ItemResolved() | ItemClosed():
            return replace(state, status="done")
    return state


WORK_ITEM = Decider(
    noun="work_item",
    absent=WorkItem(),
    decide=decide,
    evolve=evolve,
    commands=(RaiseItem, TakeItem, ResolveItem, CloseItem),
    events=(ItemRaised, ItemTaken, ItemProposed, ItemResolved, ItemClosed),
)
