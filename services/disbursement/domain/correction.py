"""A sum that was recorded wrongly: one person says what it should be, another agrees; a new entry moves the difference, nothing is edited.

absent --Propose--> proposed --Confirm--> done
                    proposed --Refuse---> refused
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from shared.kernel import Decider, Rejected

ABOUT = frozenset(("donation", "payout"))
REASONS = frozenset(("typed_wrong", "bank_says_otherwise", "counted_twice", "audit_finding"))


class ProposeCorrection(Struct, frozen=True, gc=False):
    """`to_fen` is what should have been recorded of a donation or a payout; `reason` a code of `REASONS`; `corrects` the public entry
    where the caller knows it. The id is the caller's: said again it changes nothing."""

    correction_id: str
    about: str
    subject_id: str
    to_fen: int
    reason: str
    by: str
    corrects: str = ""


class ConfirmCorrection(Struct, frozen=True, gc=False):
    """`month` is the local month, `YYYY-MM`."""

    by: str
    month: str


class RefuseCorrection(Struct, frozen=True, gc=False):
    by: str


class CorrectionProposed(Struct, frozen=True, gc=False):
    correction_id: str
    about: str
    subject_id: str
    to_fen: int
    reason: str
    by: str
    corrects: str = ""


class CorrectionConfirmed(Struct, frozen=True, gc=False):
    """The second person has agreed; what it is about decides in the same unit whether it can be."""

    correction_id: str
    about: str
    subject_id: str
    to_fen: int
    reason: str
    by: str
    month: str
    corrects: str = ""


class CorrectionRefused(Struct, frozen=True, gc=False):
    correction_id: str
    by: str


class Correction(Struct, frozen=True, gc=False):
    status: str = "absent"
    proposed: CorrectionProposed | None = None


class CorrectionUnknown(Rejected):
    """There is no such correction."""


class CorrectionReasonUnknown(Rejected):
    """A correction has one of the published reasons: typed_wrong, bank_says_otherwise, counted_twice, audit_finding."""


class CorrectionAboutUnknown(Rejected):
    """A correction is about a donation or a payout."""


class CorrectionDiffersFromFirst(Rejected):
    """A correction with this id was proposed before about something else, or with another sum or reason."""


class CorrectionIsOver(Rejected):
    """The correction was confirmed or refused already."""


class AnotherPersonCorrects(Rejected):
    """Whoever proposed a correction does not confirm it."""


class NothingToCorrect(Rejected):
    """This is what is recorded already, or it is below zero."""


class GoodsAreCounted(Rejected):
    """Goods are not corrected by a sum: they are counted in the stores."""


def difference(recorded_fen: int, to_fen: int) -> int:
    """What a correction adds to what is recorded, in fen, below zero where it takes away; raises `NothingToCorrect`."""
    if to_fen < 0 or to_fen == recorded_fen:
        raise NothingToCorrect(recorded_fen=recorded_fen, to_fen=to_fen)
    return to_fen - recorded_fen


def decide(command: Any, state: Correction) -> tuple[Any, ...]:
    match command:
        case ProposeCorrection():
            return propose(command, state)
        case ConfirmCorrection():
            return confirm(command, state)
        case RefuseCorrection():
            return refuse(command, state)
    raise AssertionError(type(command).__name__)


def propose(command: ProposeCorrection, state: Correction) -> tuple[CorrectionProposed, ...]:
    c = command
    if c.reason not in REASONS:
        raise CorrectionReasonUnknown(reason=c.reason[:40])
    if c.about not in ABOUT:
        raise CorrectionAboutUnknown(about=c.about[:40])
    before = state.proposed
    if before is None:
        return (CorrectionProposed(c.correction_id, c.about, c.subject_id, c.to_fen, c.reason, c.by, c.corrects),)
    if (before.about, before.subject_id, before.to_fen, before.reason) != (c.about, c.subject_id, c.to_fen, c.reason):
        raise CorrectionDiffersFromFirst(correction_id=c.correction_id)
    return ()


def _open(state: Correction) -> CorrectionProposed:
    if state.proposed is None:
        raise CorrectionUnknown
    return state.proposed


def confirm(command: ConfirmCorrection, state: Correction) -> tuple[CorrectionConfirmed, ...]:
    p = _open(state)
    if state.status == "done":
        return ()
    if state.status == "refused":
        raise CorrectionIsOver(status=state.status)
    if command.by == p.by:
        raise AnotherPersonCorrects(correction_id=p.correction_id)
    return (CorrectionConfirmed(p.correction_id, p.about, p.subject_id, p.to_fen, p.reason, command.by, command.month, p.corrects),)


def refuse(command: RefuseCorrection, state: Correction) -> tuple[CorrectionRefused, ...]:
    p = _open(state)
    if state.status == "done":
        raise CorrectionIsOver(status=state.status)
    return () if state.status == "refused" else (CorrectionRefused(p.correction_id, command.by),)


def evolve(state: Correction, event: Any) -> Correction:
    match event:
        case CorrectionProposed():
            return Correction("proposed", event)
        case CorrectionConfirmed():
            return Correction("done", state.proposed)
        case CorrectionRefused():
            return Correction("refused", state.proposed)
    return state


CORRECTION = Decider(
    noun="correction",
    absent=Correction(),
    decide=decide,
    evolve=evolve,
    commands=(ProposeCorrection, ConfirmCorrection, RefuseCorrection),
    events=(CorrectionProposed, CorrectionConfirmed, CorrectionRefused),
)
