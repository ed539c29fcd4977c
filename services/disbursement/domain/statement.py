"""What the bank writes: a message under its number, a statement with its balances, and the account whose statements must chain.

A statement opens with what the one before closed with. Where it does not, something is missing: the gap is named, and closed
again when the missing statement comes.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Decider, Rejected

# Asked


class ReceiveMessage(Struct, frozen=True, gc=False):
    """A message as it came: its kind, its number at the bank, SHA-256 over its bytes."""

    kind: str
    message_id: str
    digest: str


class ReceiveStatement(Struct, frozen=True, gc=False):
    """Balances are signed fen; `digest` is over what the statement says, whatever message carries it."""

    statement_id: str
    account_id: str
    bank_id: str
    first_day: str
    last_day: str
    opening_fen: int
    closing_fen: int
    credits_fen: int
    debits_fen: int
    lines: int
    digest: str


class FollowOn(Struct, frozen=True, gc=False):
    statement_id: str
    opening_fen: int
    closing_fen: int


# Happened


class MessageReceived(Struct, frozen=True, gc=False):
    kind: str
    message_id: str
    digest: str


class StatementReceived(Struct, frozen=True, gc=False):
    statement_id: str
    account_id: str
    bank_id: str
    first_day: str
    last_day: str
    opening_fen: int
    closing_fen: int
    credits_fen: int
    debits_fen: int
    lines: int
    digest: str


class Gap(Struct, frozen=True, gc=False):
    """Between what was closed with and what `statement_id` opens with, something is missing."""

    statement_id: str
    closed_fen: int
    opens_fen: int


class StatementFollowed(Struct, frozen=True, gc=False):
    """It stands on the one before, or `gap` says what is missing; `fills` is the gap that it fills, whole or in part."""

    statement_id: str
    closing_fen: int
    gap: Gap | None = None
    fills: Gap | None = None
    left: Gap | None = None


# True


class Message(Struct, frozen=True, gc=False):
    digest: str = ""


class Statement(Struct, frozen=True, gc=False):
    digest: str = ""


class Account(Struct, frozen=True, gc=False):
    """The last closing balance, None before the first statement; the gaps that are open; the statements it has."""

    closing_fen: int | None = None
    gaps: tuple[Gap, ...] = ()
    known: frozenset[str] = frozenset()


class MessageDiffersFromFirst(Rejected):
    """The bank sent another message under this number before."""


class StatementDiffersFromFirst(Rejected):
    """The bank sent another statement under this number before."""


def decide_message(command: ReceiveMessage, state: Message) -> tuple[MessageReceived, ...]:
    if not state.digest:
        return (MessageReceived(command.kind, command.message_id, command.digest),)
    if state.digest != command.digest:
        raise MessageDiffersFromFirst
    return ()


def decide_statement(command: ReceiveStatement, state: Statement) -> tuple[StatementReceived, ...]:
    if not state.digest:
        c = command
        return (
            StatementReceived(
                c.statement_id, c.account_id, c.bank_id, c.first_day, c.last_day, c.opening_fen, c.closing_fen, c.credits_fen, c.debits_fen,
                c.lines, c.digest,
            ),
        )  # fmt: skip
    if state.digest != command.digest:
        raise StatementDiffersFromFirst(statement_id=command.statement_id)
    return ()


def decide_account(command: FollowOn, state: Account) -> tuple[StatementFollowed, ...]:
    """What fits a gap whole fills it; else a statement follows the last one; else it fills a gap from one of its ends; else there is a new one."""
    if command.statement_id in state.known:
        return ()
    last, opening, closing = state.closing_fen, command.opening_fen, command.closing_fen
    if last is None:
        return (StatementFollowed(command.statement_id, closing),)
    whole = next((g for g in state.gaps if (g.closed_fen, g.opens_fen) == (opening, closing)), None)
    if whole is not None:
        return (StatementFollowed(command.statement_id, last, None, whole),)
    if last == opening:
        return (StatementFollowed(command.statement_id, closing),)
    for gap in state.gaps:
        if gap.closed_fen == opening:
            return (StatementFollowed(command.statement_id, last, None, gap, Gap(gap.statement_id, closing, gap.opens_fen)),)
        if gap.opens_fen == closing:
            return (StatementFollowed(command.statement_id, last, None, gap, Gap(gap.statement_id, gap.closed_fen, opening)),)
    return (StatementFollowed(command.statement_id, closing, Gap(command.statement_id, last, opening)),)


def evolve_account(state: Account, event: StatementFollowed) -> Account:
    gaps = tuple(g for g in state.gaps if g != event.fills)
    gaps += tuple(g for g in (event.gap, event.left) if g is not None)
    return replace(state, closing_fen=event.closing_fen, gaps=gaps, known=state.known | {event.statement_id})


def _message(state: Message, event: Any) -> Message:
    return Message(event.digest)


def _statement(state: Statement, event: Any) -> Statement:
    return Statement(event.digest)


MESSAGE = Decider(
    noun="bank_message", absent=Message(), decide=decide_message, evolve=_message, commands=(ReceiveMessage,), events=(MessageReceived,)
)
STATEMENT = Decider(
    noun="statement",
    absent=Statement(),
    decide=decide_statement,
    evolve=_statement,
    commands=(ReceiveStatement,),
    events=(StatementReceived,),
)
ACCOUNT = Decider(
    noun="account", absent=Account(), decide=decide_account, evolve=evolve_account, commands=(FollowOn,), events=(StatementFollowed,)
)
