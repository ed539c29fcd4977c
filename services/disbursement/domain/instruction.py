"""One order to the bank to pay one payout: open, waiting for a file, in a file, ended; and every word of the bank about it.

    opened -> waits -> filed -> ended (settled | rejected | returned)
                    <- left          a file that was never released gives its orders back

There is at most one live order for a payout. A line of a statement counts once, however often the bank sends it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.disbursement.domain.payout import Payee
from shared.kernel import Decider, Rejected, Shredded

# Asked


class Instruct(Struct, frozen=True, gc=False):
    payout_id: str
    end_to_end_id: str
    amount_fen: int


class WaitForFile(Struct, frozen=True, gc=False):
    """The bank is told by files here: the order waits for the next one."""


class TakeIntoFile(Struct, frozen=True, gc=False):
    """`payee` is what the law asks to be kept of whom the bank was told to pay."""

    file_id: str
    person_id: str
    payee: Payee


class LeaveFile(Struct, frozen=True, gc=False):
    file_id: str


class EndInstruction(Struct, frozen=True, gc=False):
    outcome: str


class Line(Struct, frozen=True, gc=False):
    """One movement of a statement, or one status of a report; `source` and `number` name it for good.

    `paid` is money that left, `back` money that came; a report has neither and a status instead.
    """

    source: str
    number: int
    amount_fen: int
    day: str
    direction: str = ""
    status: str = ""
    reason: str = ""

    @property
    def key(self) -> str:
        return f"{self.source}-{self.number}"


class NoteLine(Struct, frozen=True, gc=False):
    line: Line
    month: str


# Happened


class InstructionOpened(Struct, frozen=True, gc=False):
    payout_id: str
    round: int
    end_to_end_id: str
    amount_fen: int


class InstructionWaits(Struct, frozen=True, gc=False):
    payout_id: str
    round: int


class InstructionFiled(Struct, frozen=True, gc=False):
    payout_id: str
    round: int
    file_id: str
    person_id: str
    end_to_end_id: str
    amount_fen: int
    payee: Payee | Shredded


class InstructionLeft(Struct, frozen=True, gc=False):
    payout_id: str
    round: int
    file_id: str


class InstructionEnded(Struct, frozen=True, gc=False):
    payout_id: str
    round: int
    outcome: str


class LineAgreed(Struct, frozen=True, gc=False):
    """What the bank says fits the order; `status` is what it means for the payout."""

    payout_id: str
    line: Line
    status: str
    month: str


class LineDisagreed(Struct, frozen=True, gc=False):
    """What the bank says does not fit; `kind` is that of the work item: people decide."""

    payout_id: str
    line: Line
    kind: str


# True


class Instruction(Struct, frozen=True, gc=False):
    payout_id: str = ""
    round: int = 0
    end_to_end_id: str = ""
    amount_fen: int = 0
    live: bool = False
    waits: bool = False
    file_id: str = ""
    outcome: str = ""
    seen: frozenset[str] = frozenset()
    paid: int = 0


class InstructionStillLive(Rejected):
    """This payout has an order with the bank already; there is never a second one beside it."""


class NoSuchInstruction(Rejected):
    """The bank was never told to pay anything under this id."""


class NotWaitingForFile(Rejected):
    """This payout does not wait for a payment file: it is in one already, or has ended."""


def decide(command: Any, state: Instruction) -> tuple[Any, ...]:
    match command:
        case Instruct():
            if state.live:
                raise InstructionStillLive(payout_id=command.payout_id)
            return (InstructionOpened(command.payout_id, state.round + 1, command.end_to_end_id, command.amount_fen),)
        case WaitForFile():
            return (InstructionWaits(state.payout_id, state.round),) if state.live and not state.waits and not state.file_id else ()
        case TakeIntoFile():
            if not state.live or not state.waits:
                raise NotWaitingForFile(payout_id=state.payout_id)
            return (
                InstructionFiled(
                    state.payout_id, state.round, command.file_id, command.person_id, state.end_to_end_id, state.amount_fen, command.payee
                ),
            )
        case LeaveFile():
            return (
                (InstructionLeft(state.payout_id, state.round, command.file_id),) if state.live and state.file_id == command.file_id else ()
            )
        case EndInstruction():
            return (InstructionEnded(state.payout_id, state.round, command.outcome),) if _ends(command.outcome, state) else ()
        case NoteLine():
            return note(command, state)
    raise AssertionError(type(command).__name__)


def _ends(outcome: str, state: Instruction) -> bool:
    return state.live or (outcome == "returned" and state.outcome == "settled")


def note(command: NoteLine, state: Instruction) -> tuple[Any, ...]:
    """A line or a status: matched by its id, then by its amount."""
    line = command.line
    if not state.round:
        raise NoSuchInstruction
    if line.key in state.seen:
        return ()
    kind, status = _judged(line, state)
    if kind:
        # A report that repeats no amount is about that of the order.
        return (LineDisagreed(state.payout_id, replace(line, amount_fen=line.amount_fen or state.amount_fen), kind),)
    return (LineAgreed(state.payout_id, line, status, command.month),)


def _judged(line: Line, state: Instruction) -> tuple[str, str]:
    """The kind of work item, or the status that the payout takes; both empty never."""
    if line.amount_fen and line.amount_fen != state.amount_fen:
        return ("partial" if line.amount_fen < state.amount_fen else "exceeding"), ""
    if state.live and not state.file_id and state.waits:
        return "contradicted", ""  # nobody has told the bank yet
    match line.direction:
        case "paid" if state.paid:
            return "duplicate", ""
        case "paid":
            return ("late", "") if state.outcome in {"rejected", "returned"} else ("", "settled")
        case "back":
            return ("duplicate", "") if state.outcome in {"rejected", "returned"} else ("", "returned")
    return _reported(line.status, state)


def _reported(status: str, state: Instruction) -> tuple[str, str]:
    """A status that comes after the end is old news when it agrees, and a matter for people when it does not."""
    against = {("settled", "rejected"), ("rejected", "settled"), ("returned", "rejected")}
    if not state.live and (state.outcome, status) in against:
        return "contradicted", ""
    return "", status


def evolve(state: Instruction, event: Any) -> Instruction:
    match event:
        case InstructionOpened():
            return Instruction(event.payout_id, event.round, event.end_to_end_id, event.amount_fen, live=True, seen=state.seen)
        case InstructionWaits():
            return replace(state, waits=True)
        case InstructionFiled():
            return replace(state, waits=False, file_id=event.file_id)
        case InstructionLeft():
            return replace(state, waits=True, file_id="")
        case InstructionEnded():
            return replace(state, live=False, waits=False, outcome=event.outcome)
        case LineAgreed() | LineDisagreed():
            paid = event.line.direction == "paid" and isinstance(event, LineAgreed)
            return replace(state, seen=state.seen | {event.line.key}, paid=state.paid + paid)
    return state


INSTRUCTION = Decider(
    noun="instruction",
    absent=Instruction(),
    decide=decide,
    evolve=evolve,
    commands=(Instruct, WaitForFile, TakeIntoFile, LeaveFile, EndInstruction, NoteLine),
    events=(InstructionOpened, InstructionWaits, InstructionFiled, InstructionLeft, InstructionEnded, LineAgreed, LineDisagreed),
)
