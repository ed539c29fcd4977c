"""A withdrawal: a person (or the consent for one case) is taken back, and everybody who had received them is told once.

absent --NoteWithdrawal--> noted --TellRecipients--> noted, one SubjectWithdrawn for each organisation
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Decider, Rejected


class NoteWithdrawal(Struct, frozen=True, gc=False):
    """`erased` means the person's key is gone: nothing restores the sharing."""

    person_id: str
    case_ids: tuple[str, ...]
    erased: bool
    at: datetime


class TellRecipients(Struct, frozen=True, gc=False):
    org_ids: tuple[str, ...]


class WithdrawalNoted(Struct, frozen=True, gc=False):
    person_id: str
    case_ids: tuple[str, ...]
    erased: bool
    at: datetime


class SubjectWithdrawn(Struct, frozen=True, gc=False):
    org_id: str
    person_id: str
    case_ids: tuple[str, ...]
    erased: bool


Command = NoteWithdrawal | TellRecipients
Event = WithdrawalNoted | SubjectWithdrawn


class Withdrawal(Struct, frozen=True, gc=False):
    """Who is withdrawn, and which organisations were told."""

    noted: bool = False
    person_id: str = ""
    case_ids: tuple[str, ...] = ()
    erased: bool = False
    told: frozenset[str] = frozenset()


class WithdrawalNotNoted(Rejected):
    """Nobody withdrew anything here."""


def evolve(state: Withdrawal, event: Event) -> Withdrawal:
    match event:
        case WithdrawalNoted(person_id, case_ids, erased, _):
            return Withdrawal(True, person_id, case_ids, erased)
        case SubjectWithdrawn(org_id):
            return replace(state, told=state.told | {org_id})


def decide(command: Command, state: Withdrawal) -> tuple[Event, ...]:
    match command:
        case NoteWithdrawal(person_id, case_ids, erased, at):
            return () if state.noted else (WithdrawalNoted(person_id, case_ids, erased, at),)
        case TellRecipients(org_ids):
            if not state.noted:
                raise WithdrawalNotNoted
            return tuple(
                SubjectWithdrawn(org, state.person_id, state.case_ids, state.erased)
                for org in sorted(set(org_ids))
                if org not in state.told
            )
    assert_never(command)


WITHDRAWAL = Decider(
    noun="withdrawal",
    absent=Withdrawal(),
    decide=decide,
    evolve=evolve,
    commands=(NoteWithdrawal, TellRecipients),
    events=(WithdrawalNoted, SubjectWithdrawn),
)
