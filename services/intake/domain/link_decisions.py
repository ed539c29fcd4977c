"""Every yes and no about two persons who may be one."""

from __future__ import annotations

from services.intake.domain import link as k
from services.intake.domain.link import Link
from shared.kernel import Decider, Rejected


class LinkIsUnknown(Rejected):
    """These two persons have never been linked."""


class PersonsAreLinked(Rejected):
    """These two are linked as one person; undo the link first."""


class PersonIsTheSame(Rejected):
    """A person cannot be linked to themselves."""


def link(command: k.LinkPersons, state: Link) -> tuple[k.Event, ...]:
    if command.pair.person_id == command.pair.linked_person_id:
        raise PersonIsTheSame
    if state.linked:
        return ()
    return (k.PersonsLinked(command.link_id, state.revision + 1, command.pair, command.reason, command.at, command.because),)


def undo(command: k.UndoLink, state: Link) -> tuple[k.Event, ...]:
    if state.pair is None or state.revision == 0:
        raise LinkIsUnknown
    if not state.linked:
        return ()
    return (k.PersonsUnlinked(state.link_id, state.revision + 1, state.pair, command.reason, command.at),)


def judge(command: k.JudgeDifferent, state: Link) -> tuple[k.Event, ...]:
    if command.pair.person_id == command.pair.linked_person_id:
        raise PersonIsTheSame
    if state.linked:
        raise PersonsAreLinked(link_id=state.link_id)
    return () if state.different else (k.JudgedDifferent(command.link_id, command.pair, command.reason, command.at),)


def decide(command: k.LinkPersons | k.UndoLink | k.JudgeDifferent, state: Link) -> tuple[k.Event, ...]:
    match command:
        case k.LinkPersons():
            return link(command, state)
        case k.UndoLink():
            return undo(command, state)
        case k.JudgeDifferent():
            return judge(command, state)


LINK = Decider(
    noun="link", absent=Link(), decide=decide, evolve=k.evolve, commands=(k.LinkPersons, k.UndoLink, k.JudgeDifferent),
    events=(k.PersonsLinked, k.PersonsUnlinked, k.JudgedDifferent),
)  # fmt: skip
