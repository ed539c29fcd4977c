"""Money that moves from one fund to another by people's word: one proposes with a reason, another confirms; an entry, never an edit.

absent --Propose--> proposed --Confirm--> done
                    proposed --Refuse---> refused
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from shared.kernel import Decider, Rejected

REASONS = frozenset(("correction", "donors_wish", "merged_funds", "city_decision"))


class ProposeTransfer(Struct, frozen=True, gc=False):
    """`amount_fen` of one fund to another; `reason` is a code of `REASONS`. The id is the caller's: said again it changes nothing."""

    transfer_id: str
    from_fund: str
    to_fund: str
    amount_fen: int
    reason: str
    by: str


class ConfirmTransfer(Struct, frozen=True, gc=False):
    by: str


class RefuseTransfer(Struct, frozen=True, gc=False):
    by: str


class TransferProposed(Struct, frozen=True, gc=False):
    transfer_id: str
    from_fund: str
    to_fund: str
    amount_fen: int
    reason: str
    by: str


class TransferConfirmed(Struct, frozen=True, gc=False):
    """The second person has agreed; the money moves in the same unit."""

    transfer_id: str
    from_fund: str
    to_fund: str
    amount_fen: int
    reason: str
    by: str


class TransferRefused(Struct, frozen=True, gc=False):
    transfer_id: str
    by: str


class FundTransfer(Struct, frozen=True, gc=False):
    status: str = "absent"
    proposed: TransferProposed | None = None


class TransferUnknown(Rejected):
    """There is no such transfer."""


class TransferReasonUnknown(Rejected):
    """A transfer has one of the published reasons: correction, donors_wish, merged_funds, city_decision."""


class TransferDiffersFromFirst(Rejected):
    """A transfer with this id was proposed before with another sum, other funds or another reason."""


class TransferIsOver(Rejected):
    """The transfer was confirmed or refused already."""


class AnotherPersonConfirms(Rejected):
    """Whoever proposed a transfer does not confirm it."""


def decide(command: Any, state: FundTransfer) -> tuple[Any, ...]:
    match command:
        case ProposeTransfer():
            return propose(command, state)
        case ConfirmTransfer():
            return confirm(command, state)
        case RefuseTransfer():
            return refuse(command, state)
    raise AssertionError(type(command).__name__)


def propose(command: ProposeTransfer, state: FundTransfer) -> tuple[TransferProposed, ...]:
    c = command
    if c.reason not in REASONS:
        raise TransferReasonUnknown(reason=c.reason[:40])
    before = state.proposed
    if before is None:
        return (TransferProposed(c.transfer_id, c.from_fund, c.to_fund, c.amount_fen, c.reason, c.by),)
    if (before.from_fund, before.to_fund, before.amount_fen, before.reason) != (c.from_fund, c.to_fund, c.amount_fen, c.reason):
        raise TransferDiffersFromFirst(transfer_id=c.transfer_id)
    return ()


def _open(state: FundTransfer) -> TransferProposed:
    if state.proposed is None:
        raise TransferUnknown
    return state.proposed


def confirm(command: ConfirmTransfer, state: FundTransfer) -> tuple[TransferConfirmed, ...]:
    p = _open(state)
    if state.status == "done":
        return ()
    if state.status == "refused":
        raise TransferIsOver(status=state.status)
    if command.by == p.by:
        raise AnotherPersonConfirms(transfer_id=p.transfer_id)
    return (TransferConfirmed(p.transfer_id, p.from_fund, p.to_fund, p.amount_fen, p.reason, command.by),)


def refuse(command: RefuseTransfer, state: FundTransfer) -> tuple[TransferRefused, ...]:
    p = _open(state)
    if state.status == "done":
        raise TransferIsOver(status=state.status)
    return () if state.status == "refused" else (TransferRefused(p.transfer_id, command.by),)


def evolve(state: FundTransfer, event: Any) -> FundTransfer:
    match event:
        case TransferProposed():
            return FundTransfer("proposed", event)
        case TransferConfirmed():
            return FundTransfer("done", state.proposed)
        case TransferRefused():
            return FundTransfer("refused", state.proposed)
    return state


TRANSFER = Decider(
    noun="transfer",
    absent=FundTransfer(),
    decide=decide,
    evolve=evolve,
    commands=(ProposeTransfer, ConfirmTransfer, RefuseTransfer),
    events=(TransferProposed, TransferConfirmed, TransferRefused),
)
