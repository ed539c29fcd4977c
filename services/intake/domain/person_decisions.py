"""Every yes and no about a person."""

from __future__ import annotations

from services.intake.domain.person import ErasePerson, Person, PersonErased, PersonTold, TellPerson, evolve, merged
from shared.kernel import Decider, Rejected


class PersonIsErased(Rejected):
    """This person's data have been erased; a new report needs a new person."""


class PersonIsUnknown(Rejected):
    """Nobody with this id has been told to us."""


def tell(command: TellPerson, state: Person) -> tuple[PersonTold, ...]:
    """Each report is heard once; an older report sent again does not undo what was learnt since."""
    if state.status == "erased":
        raise PersonIsErased
    if state.status == "absent":
        return (PersonTold(command.person_id, command.household_id, command.case_id, command.claims),)
    if command.case_id in state.told_in:
        return ()
    claims = merged(state.claims, command.claims, trusted=command.trusted)
    return (PersonTold(command.person_id, state.household_id, command.case_id, claims),)


def erase(command: ErasePerson, state: Person) -> tuple[PersonErased, ...]:
    if state.status == "absent":
        raise PersonIsUnknown
    if state.status == "erased":
        return ()
    return (PersonErased(command.person_id, command.case_ids, command.reason, command.at),)


def decide(command: TellPerson | ErasePerson, state: Person) -> tuple[PersonTold | PersonErased, ...]:
    match command:
        case TellPerson():
            return tell(command, state)
        case ErasePerson():
            return erase(command, state)


PERSON = Decider(
    noun="person", absent=Person(), decide=decide, evolve=evolve, commands=(TellPerson, ErasePerson), events=(PersonTold, PersonErased)
)
