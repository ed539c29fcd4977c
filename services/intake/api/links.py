"""The door for pairs: who may be the same person, what somebody found, one person after all, and two after all."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from services.intake.api.persons import known_person
from services.intake.asked_persons import LinkIn, UndoIn, VerdictIn
from services.intake.candidates import compared, found_for
from services.intake.domain.link import JudgeDifferent, Link, LinkPersons, Pair, UndoLink
from services.intake.domain.link_decisions import LinkIsUnknown
from services.intake.domain.person import Claims, ConfirmKnown, Person
from services.intake.domain.person_decisions import PersonIsUnknown
from services.intake.oneness import LINKED_MAX, claims_of, judged_different, linked_to, links_of, one_person
from services.intake.showing import SEES_PERSONS, record_look, shown_claims
from shared.execute import Done
from shared.http import Door, Invalid, NotFound, door_for
from shared.kernel import Rejected
from shared.service import To

router = APIRouter(prefix="/intake/v1/persons", tags=["persons"])
Worker = Annotated[Door, Depends(door_for(*SEES_PERSONS))]


class TooManyPersonsInOne(Rejected):
    """So many persons cannot be one; undo a wrong link first."""


@router.get("/{person_id}/duplicates")
async def duplicates(person_id: str, door: Worker) -> dict[str, Any]:
    """Who may be the same person, likeliest first, each with score and reasons; masked, and the look is audited."""
    return {"items": await suggested(door, person_id), "next": None}


async def suggested(door: Door, person_id: str) -> list[dict[str, Any]]:
    """Nobody who is linked already or was found to be somebody else."""
    await known_person(door, person_id)
    ids = await one_person(door, person_id)
    claims = await claims_of(door, person_id, ids)
    if not isinstance(claims, Claims):
        return []
    found = await found_for(door, claims, similar=True)
    alike = await compared(door, claims, found, not_these={*ids, *await judged_different(door, ids)})
    await record_look(door, "duplicates", persons=(*ids, *[one.found.person_id for one in alike]), reason=door.reason or "duplicates")
    people: dict[str, Person] = await door.states("person", [one.found.person_id for one in alike])
    return [
        {
            "person_id": one.found.person_id, "score": one.likeness.score, "because": list(one.likeness.because),
            "cases": [case_id for case_id, _ in one.found.cases],
            "person": shown_claims(people[one.found.person_id].claims, full=False),
        }
        for one in alike
    ]  # fmt: skip


@router.get("/{person_id}/links")
async def links(person_id: str, door: Annotated[Door, Depends(door_for(*SEES_PERSONS, "auditor"))]) -> dict[str, Any]:
    """Every pair with this person that somebody looked at: linked, apart again, or found to be different."""
    await known_person(door, person_id)
    return {"items": await links_of(door, await one_person(door, person_id)), "next": None}


@router.post("/{person_id}/links", status_code=201)
async def link(person_id: str, body: LinkIn, door: Worker) -> dict[str, Any]:
    """These two are one person after all: read and counted as one until the link is undone; nothing is moved."""
    done = await linked(door, person_id, body.other, body.reason, tuple(body.because))
    return _shown(done)


async def linked(door: Door, person_id: str, other: str, reason: str, because: tuple[str, ...] = ()) -> Done:
    """Raises `NotFound`, `Invalid` and `Rejected`."""
    pair = await _pair(door, person_id, other)
    together = await linked_to(door, (person_id, other))
    if len({*together[person_id], *together[other]}) > LINKED_MAX:
        raise TooManyPersonsInOne(persons_max=LINKED_MAX)
    command = LinkPersons(link_id(door, person_id, other), pair, reason, door.now, because)
    return await _obeyed(door, pair, command)


def link_id(door: Door, person_id: str, other: str) -> str:
    """One for each pair, whichever way round."""
    return door.named_id("link", *sorted((person_id, other)))


async def _pair(door: Door, person_id: str, other: str) -> Pair:
    if person_id == other:
        raise Invalid("/person_id", "a person cannot be linked to themselves")
    people: dict[str, Person] = await door.states("person", (person_id, other))
    if people[person_id].status == "absent":
        raise NotFound("person")
    if people[other].status == "absent":
        raise Invalid("/person_id", "there is no such person")
    return Pair(person_id, people[person_id].household_id, other, people[other].household_id)


async def _obeyed(door: Door, pair: Pair, command: LinkPersons | JudgeDifferent) -> Done:
    known = [To("person", one, ConfirmKnown()) for one in (pair.person_id, pair.linked_person_id)]
    try:
        return await door.execute(To("link", command.link_id, command), *known)
    except PersonIsUnknown as unknown:
        raise NotFound("person") from unknown


@router.post("/{person_id}/links/{link}/undo")
async def undo(person_id: str, link: str, door: Worker, body: UndoIn | None = None) -> dict[str, Any]:
    """Two persons after all: everything is what it would have been without the link."""
    return _shown(await undone(door, person_id, link, body or UndoIn()))


async def undone(door: Door, person_id: str, link: str, said: UndoIn) -> Done:
    state: Link = await door.state("link", link)
    pair = state.pair
    if pair is None or not {pair.person_id, pair.linked_person_id} & set(await one_person(door, person_id)):
        raise NotFound("link")
    more = [To("link", link, JudgeDifferent(link, pair, said.reason, door.now))] if said.different else []
    try:
        return await door.execute(To("link", link, UndoLink(said.reason, door.now)), *more)
    except LinkIsUnknown as unknown:
        raise NotFound("link") from unknown


@router.post("/{person_id}/verdicts", status_code=201)
async def verdict(person_id: str, body: VerdictIn, door: Worker) -> dict[str, Any]:
    """What somebody found after looking at two: `same` links them, `different` keeps them from being suggested again."""
    return _shown(await judged(door, person_id, body.person_id, body.verdict, body.reason))


async def judged(door: Door, person_id: str, other: str, found: str, reason: str) -> Done:
    if found == "same":
        return await linked(door, person_id, other, reason)
    pair = await _pair(door, person_id, other)
    return await _obeyed(door, pair, JudgeDifferent(link_id(door, person_id, other), pair, reason, door.now))


def _shown(done: Done) -> dict[str, Any]:
    state: Link = done.state
    assert state.pair is not None
    status = "linked" if state.linked else "different" if state.different else "apart"
    return {
        "link_id": state.link_id, "version": done.version, "status": status, "person_id": state.pair.person_id,
        "linked_person_id": state.pair.linked_person_id,
    }  # fmt: skip
