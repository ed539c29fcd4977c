"""Whom a campaign rings: lists become calls, many at once, each number once, whatever is wrong with a line named and passed over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from msgspec import Struct, field
from pydantic import ValidationError

from services.intake.campaigns.asked import ListedIn, PeopleIn, first_fault
from services.intake.campaigns.views import cases_of_source
from services.intake.domain import call as c
from services.intake.domain.campaign import AddPeople, Admit, Campaign, CampaignPlanned
from services.intake.domain.campaign_decisions import CampaignIsUnknown
from services.intake.domain.case import Case
from services.intake.domain.identity import number_of
from services.intake.domain.person import Claims, Person
from services.intake.domain.screening import Screening
from services.intake.files.lines import Lines
from services.intake.screening.views import people_found
from shared.errors import NotNow
from shared.http import Door, Invalid
from shared.kernel import Rejected
from shared.service import To

_WINDOW = 2000  # calls that are being written at once: enough to fill commits, small enough to hold
_TOGETHER = 500
_REFUSALS_TOLD = 100
_PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)


class Added(Struct):
    """What became of a list; of the refused lines the first hundred by number, never with what stood in them."""

    lines: int = 0
    queued: int = 0
    already: int = 0
    refused: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, line: int, pointer: str, detail: str) -> None:
        self.refused += 1
        if len(self.refusals) < _REFUSALS_TOLD:
            self.refusals.append({"line": line, "pointer": pointer, "detail": detail})


class Wanted(Struct, frozen=True, gc=False):
    """One line that can become a call; `line` counts from 1. `about` is the person of a signal, whom nobody may have told of yet."""

    line: int
    listed: ListedIn
    about: str | None = None


async def check_screening(door: Door, screening_id: str | None) -> None:
    """Raises `Invalid` where nobody knows the screening that was named."""
    if screening_id is not None:
        state: Screening = await door.state("screening", screening_id)
        if state.asked is None:
            raise Invalid("/screening_id", "there is no such screening")


async def listed_in(body: PeopleIn, door: Door) -> AsyncIterator[Wanted]:
    """Everybody this names, in its order; a source's cases and a screening's people are read some at a time."""
    line = 0
    named: Iterable[ListedIn] = (
        *[ListedIn(person_id=one) for one in body.person_ids],
        *[ListedIn(case_id=one) for one in body.case_ids],
        *body.people,
    )
    for one in named:
        line += 1
        yield Wanted(line, one)
    after = ""
    while body.source and (found := await cases_of_source(door.room, body.source, after, _TOGETHER)):
        for case_id in found:
            line += 1
            yield Wanted(line, ListedIn(case_id=case_id))
        after = found[-1]
    after = ""
    while body.screening_id and (people := await people_found(door.room, body.screening_id, body.threshold, after, _TOGETHER)):
        for one_found in people:
            line += 1
            said = {name: one_found.told.get(name) for name in ("phone", "name")}
            yield Wanted(line, ListedIn(person_id=one_found.person_id, case_id=one_found.case_id, **said), one_found.person_id)
        after = people[-1].person_id


async def read_lines(lines: AsyncIterator[bytes], added: Added, *, longest: int) -> AsyncIterator[Wanted]:
    """NDJSON: the lines that can be read; the others are counted and named by field and rule."""
    number = 0
    async for text in lines:
        number += 1
        if not text.strip():
            continue
        if len(text) > longest:
            added.refuse(number, "", f"a line has at most {longest} bytes")
            continue
        try:
            yield Wanted(number, ListedIn.model_validate_json(text))
        except ValidationError as fault:
            added.refuse(number, *first_fault(fault))


async def read_table(pieces: Iterable[bytes], added: Added) -> AsyncIterator[Wanted]:
    """A file or what was pasted, in any of the country's encodings: one person a line, the number first, then the name.

    A heading is passed over; raises `Unreadable` where the file as a whole cannot be read.
    """
    for number, text, wrong in _lines(pieces):
        if wrong:
            added.refuse(number, "", wrong)
            continue
        cells = [cell.strip().strip('"') for cell in text.replace("，", ",").replace("\t", ",").replace(";", ",").split(",")]
        if not any(cells):
            continue
        if number == 1 and not any(character.isdigit() for character in cells[0]):
            continue
        try:
            yield Wanted(number, ListedIn(phone=cells[0], name=cells[1] if len(cells) > 1 and cells[1] else None))
        except ValidationError:
            added.refuse(number, "/phone", "is no telephone number")


def _lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, str, str]]:
    lines = Lines()
    for piece in pieces:
        yield from [(line.number, line.text.decode(), line.wrong) for line in lines.feed(piece)]
    yield from [(line.number, line.text.decode(), line.wrong) for line in lines.end()]


async def add_people(
    door: Door, campaign_id: str, people: AsyncIterator[Wanted], added: Added, *, list_id: str | None = None
) -> dict[str, Any]:
    """Queue a call for everybody; answers what became of the lines. Raises `CampaignIsUnknown` and `CampaignIsDone`.

    Broken off, it may be begun again: whoever stands on the list already is counted as such.
    """
    campaign: Campaign = await door.state("campaign", campaign_id)
    if campaign.plan is None:
        raise CampaignIsUnknown
    await door.execute(To("campaign", campaign_id, Admit()))
    under_way: set[asyncio.Task[None]] = set()
    try:
        async for some in _some(people):
            added.lines = max(added.lines, some[-1].line)
            for call in await _calls(door, campaign.plan, some, added):
                if len(under_way) >= _WINDOW:
                    done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                under_way.add(asyncio.create_task(_queued(door, call, added)))
        if under_way:
            await asyncio.gather(*under_way)
    finally:
        for task in under_way:
            task.cancel()
    added.lines = max(added.lines, added.queued + added.already + added.refused)
    done_with = AddPeople(list_id or door.new_id(), door.now, added.queued, added.already, added.refused)
    done_ = await door.execute(To("campaign", campaign_id, done_with))
    return {
        "campaign_id": campaign_id, "version": done_.version, "lines": added.lines, "queued": added.queued, "already": added.already,
        "refused": added.refused, "refusals": added.refusals,
    }  # fmt: skip


async def _some(people: AsyncIterator[Wanted]) -> AsyncIterator[list[Wanted]]:
    some: list[Wanted] = []
    async for one in people:
        some.append(one)
        if len(some) == _TOGETHER:
            yield some
            some = []
    if some:
        yield some


async def _calls(door: Door, plan: CampaignPlanned, some: list[Wanted], added: Added) -> list[c.CallQueued]:
    """The calls for these lines; people and cases that are named are looked up together."""
    cases: dict[str, Case] = await door.states("case", {w.listed.case_id for w in some if w.listed.case_id})
    of_case = {key: case.report.person_id for key, case in cases.items() if case.report is not None}
    wanted = {w.listed.person_id for w in some if w.listed.person_id} | set(of_case.values())
    persons: dict[str, Person] = await door.states("person", wanted)
    found = []
    for one in some:
        said = one.listed
        if said.case_id and said.case_id not in of_case:
            added.refuse(one.line, "/case_id", "there is no such case")
            continue
        person_id = said.person_id or (of_case[said.case_id] if said.case_id else None)
        person = persons.get(person_id) if person_id else None
        is_new = person is not None and person.status == "absent" and one.about is not None
        if person_id and not is_new and (person is None or not isinstance(person.claims, Claims) or person.status != "known"):
            added.refuse(one.line, "/person_id", "there is no such person, or their data have been erased")
            continue
        claims = person.claims if person is not None and isinstance(person.claims, Claims) else Claims()
        # A line's own number is whom it wants; of somebody found in data their own word counts more.
        number = number_of((said.phone or claims.phone if one.about is None else claims.phone or said.phone) or "")
        if number is None:
            added.refuse(one.line, "/phone", "no number that can be rung")
            continue
        found.append(_call(door, plan, one, number, None if is_new else person_id, None if is_new else person, cases))
    return found


def _call(
    door: Door, plan: CampaignPlanned, line: Wanted, number: str, person_id: str | None, person: Person | None, cases: dict[str, Case]
) -> c.CallQueued:
    """One call; its id is drawn from campaign and number, so that a number stands in a campaign once."""
    said, call_id = line.listed, door.named_id("call", plan.campaign_id, number)
    # Whoever is not known yet becomes the person of the case that their answer would open.
    who = person_id or door.named_id("person", door.named_id("report", plan.campaign_id, call_id))
    report = cases[said.case_id].report if said.case_id else None
    language = said.language or (report.language if report is not None else None) or plan.language
    household = person.household_id if person is not None else who
    listed = c.Listed(number, said.name)
    return c.CallQueued(
        call_id, plan.campaign_id, who, household, number_id(door, number), plan.purpose, language, door.now, listed, said.case_id,
        person is not None, line.about,
    )  # fmt: skip


def number_id(door: Door, number: str) -> str:
    """What stands for a number in every campaign and on the do-not-call list; tells nothing without our key."""
    return door.named_id("number", number)


async def _queued(door: Door, call: c.CallQueued, added: Added) -> None:
    unit = (To("call", call.call_id, c.QueueCall(call)), To("campaign", call.campaign_id, Admit()))
    for pause in (*_PATIENCE, None):
        try:
            done = await door.execute(*unit)
        except NotNow:
            if pause is None:
                raise
            await asyncio.sleep(pause)
        except Rejected:
            raise
        else:
            if done.events:
                added.queued += 1
            else:
                added.already += 1
            return
