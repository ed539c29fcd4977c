"""Every yes and no about a person."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from services.intake.domain.person import (
    AddClaims,
    ConfirmKnown,
    ConfirmLiving,
    ConfirmUnknown,
    EndRetention,
    EnterHousehold,
    ErasePerson,
    ExitHousehold,
    HouseholdEntered,
    Person,
    PersonErased,
    PersonTold,
    TellPerson,
    evolve,
    merged,
    reached_anew,
    unpaid,
)
from shared.kernel import Decider, Rejected


class PersonIsErased(Rejected):
    """This person's data have been erased; a new report needs a new person."""


class PersonIsUnknown(Rejected):
    """Nobody with this id has been told to us."""


class PersonIsKnown(Rejected):
    """This person is known for something else, and is not forgotten with a list."""


class PersonLivesInAnotherHousehold(Rejected):
    """This person is a member of another household; they leave that one first."""


def tell(command: TellPerson, state: Person) -> tuple[PersonTold, ...]:
    """Each report is heard once; an older report sent again does not undo what was learnt since."""
    if state.is_gone:
        raise PersonIsErased
    if state.status == "absent":
        claims = command.claims if command.trusted else unpaid(command.claims)
        return (PersonTold(command.person_id, command.household_id, command.case_id, claims, trusted=command.trusted),)
    if command.case_id in state.told_in:
        return ()
    before = reached_anew(state.claims) if command.trusted and state.doubted else state.claims
    claims = merged(before, command.claims, trusted=command.trusted)
    return (PersonTold(command.person_id, state.household_id, command.case_id, claims, trusted=command.trusted or not state.doubted),)


def _known(state: Person) -> Person:
    if state.status == "absent":
        raise PersonIsUnknown
    if state.is_gone:
        raise PersonIsErased
    return state


def add_claims(command: AddClaims, state: Person) -> tuple[PersonTold, ...]:
    """What is known already is no news; the same word is heard once."""
    _known(state)
    claims = merged(state.claims, command.claims, trusted=True)
    if command.claims_id in state.told_in or claims == state.claims:
        return ()
    return (PersonTold(command.person_id, state.household_id, command.claims_id, claims, command.source, command.since),)


def enter(command: EnterHousehold, state: Person) -> tuple[HouseholdEntered, ...]:
    if _known(state).member_of == command.household_id:
        return ()
    if state.member_of:
        raise PersonLivesInAnotherHousehold(household_id=state.member_of)
    return (HouseholdEntered(command.person_id, command.household_id),)


def exit_household(command: ExitHousehold, state: Person) -> tuple[HouseholdEntered, ...]:
    """Also for somebody whose data have been erased."""
    return (HouseholdEntered(command.person_id, ""),) if state.member_of == command.household_id else ()


def erase(command: ErasePerson, state: Person) -> tuple[PersonErased, ...]:
    """What is kept for the law until a day is not destroyed before, whoever asks."""
    if state.status == "absent":
        raise PersonIsUnknown
    if state.is_gone:
        return ()
    return (PersonErased(command.person_id, command.case_ids, command.reason, command.at, command.kept_until),)


def end_retention(command: EndRetention, state: Person) -> tuple[PersonErased, ...]:
    if state.status != "restricted" or state.erased is None:
        return ()
    return (replace(state.erased, reason="retention_ended", at=command.at, kept_until=None),)


Event = PersonTold | HouseholdEntered | PersonErased


def decide(command: Any, state: Person) -> tuple[Event, ...]:
    match command:
        case TellPerson():
            return tell(command, state)
        case AddClaims():
            return add_claims(command, state)
        case ConfirmKnown():
            _known(state)
            return ()
        case ConfirmLiving():
            if state.is_gone:
                raise PersonIsErased
            return ()
        case ConfirmUnknown():
            if state.status != "absent":
                raise PersonIsKnown
            return ()
        case EnterHousehold():
            return enter(command, state)
        case ExitHousehold():
            return exit_household(command, state)
        case ErasePerson():
            return erase(command, state)
        case EndRetention():
            return end_retention(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to a person")


PERSON = Decider(
    noun="person", absent=Person(), decide=decide, evolve=evolve,
    commands=(TellPerson, AddClaims, ConfirmKnown, ConfirmLiving, ConfirmUnknown, EnterHousehold, ExitHousehold, ErasePerson, EndRetention),
    events=(PersonTold, HouseholdEntered, PersonErased),
)  # fmt: skip
