"""Acts beyond rows and events: keys of those who are erased go here too, stored cases are asked again by new numbers and new services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import structlog
from msgspec.structs import replace

from services.matching import views
from services.matching.domain.assessment import Assessment, Reassess, SeekAgain, SharingStopped, facts_of
from services.matching.domain.directory import Listing, ServiceListed
from services.matching.domain.fitting import unmet
from services.matching.domain.reassessment import NotePortion, PortionDue
from services.matching.domain.volunteer import ERASED, VolunteerLeft
from services.matching.rulebook import RULEBOOK
from shared.errors import NotNow
from shared.kernel import Rejected
from shared.room import Room
from shared.service import WITHOUT_END, Answer, Effect, EffectCall, To, shredding

log = structlog.get_logger(__name__)
_INTAKE_SECONDS = 5.0
PORTION = 200  # cases in one unit
_TRIES, _TRIES_ALONE = 3, 14  # of a portion as it is; of the last single case before it is passed over
# Whoever decided by the old numbers in another process has committed by then: a statement to the store takes no longer.
SETTLE = timedelta(seconds=30)


def _erased(stopped: SharingStopped) -> str | None:
    return stopped.person_id if stopped.reason == "subject_erased" else None


def _size(attempt: int) -> int:
    """After three tries half as many cases with each, down to one: a single bad case must not hold up the others."""
    return max(1, PORTION >> max(0, attempt - _TRIES))


async def _portion(due: PortionDue, room: Room, attempt: int) -> Answer:
    now, size = room.clock.now(), _size(attempt)
    wait = (due.begun_at + SETTLE - now).total_seconds()
    if wait > 0:
        return Answer(retry=True, delay_seconds=wait, why="settling")
    ids = await views.assessed_on(room, due.after, due.since, due.until, size)
    noted = NotePortion(due.after, ids[-1] if ids else due.after, len(ids), len(ids) < size, now)
    if size == 1 and attempt > _TRIES_ALONE:
        log.warning("case_passed_over", reassessment=due.key, case_id=ids[0] if ids else None)
        return Answer((To("reassessment", due.key, replace(noted, passed_over=len(ids))),))
    return Answer((*[To("assessment", case_id, Reassess(due.key, now)) for case_id in ids], To("reassessment", due.key, noted)))


async def reassess(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """The next portion of each: its cases and the note that it was looked at are one unit, so a death in between loses nothing."""
    return [await _portion(call.envelope.data, room, call.attempt) for call in calls]


def _needs_of(listing: Listing) -> list[str]:
    known = [RULEBOOK.by_code[code].needs for code in listing.programmes if code in RULEBOOK.by_code]
    return sorted({*listing.needs, *[need for needs in known for need in needs]})


def _fits(state: Assessment, need: str, listing: Listing) -> bool:
    """Whether the case still looks for somebody, may be told to this provider, and meets what the service asks."""
    latest, one, shared = state.latest, state.of(need), state.recipients
    facts = None if latest is None else facts_of(latest)
    if latest is None or facts is None or one is None or one.referral_id is not None or not one.unmet or shared is None:
        return False
    reached = not shared or listing.kind == "government" or listing.kind in shared
    return reached and not unmet(listing.eligibility, facts, latest.district)


async def offer_anew(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """A service that has come, or serves more than before, is held against the cases that wait for such a one, the longest waiting first."""
    return [await _anew(call.envelope.data, room) if call.envelope.data.wider else Answer() for call in calls]


async def _anew(listed: ServiceListed, room: Room) -> Answer:
    """Up to a portion of cases that still look for somebody, and no more than it has places; who does not look any more is read past."""
    listing, after, fitting = listed.listing, views.FIRST_WAITING, list[tuple[str, str]]()
    most = PORTION if listing.places is None else min(PORTION, listing.places)
    while len(fitting) < most and (rows := await views.waiting_for(room, _needs_of(listing), listing.districts, after, PORTION)):
        states: dict[str, Assessment] = await room.states("assessment", {case for _, case, _ in rows})
        fitting += [(case, need) for _, case, need in rows if _fits(states[case], need, listing)]
        after = rows[-1]
    now = room.clock.now()
    return Answer(tuple([To("assessment", case, SeekAgain(need, listing.service_id, now), _passed) for case, need in fitting[:most]]))


def _passed(_: Rejected) -> None:
    """One case that says no does not hold up the others."""


async def how_to_reach(room: Room, token: str, case_id: str) -> Mapping[str, Any] | None:
    """What intake tells the organisation that asks, in its own name: intake decides by the consent and writes the look down.

    None where the person has not agreed, or intake does not know yet that this organisation accepted. Kept nowhere here.
    Raises `NotNow` where intake does not answer.
    """
    at, headers = f"{room.settings.intake_at}/intake/v1/cases/{case_id}/contact", {"Authorization": f"Bearer {token}"}
    try:
        answer = await room.http.get(at, params={"purpose": "contact"}, headers=headers, timeout=_INTAKE_SECONDS)
    except httpx.HTTPError:
        raise NotNow("intake does not answer") from None
    if answer.status_code in (403, 404):
        return None
    if answer.status_code != 200:
        raise NotNow("intake does not answer")
    told: Mapping[str, Any] = answer.json()
    return told


def _forgotten(left: VolunteerLeft) -> str | None:
    return left.volunteer_id if left.reason == ERASED else None


EFFECTS = (
    shredding("erasure", SharingStopped, _erased),
    shredding("volunteer_erasure", VolunteerLeft, _forgotten),
    Effect("reassess", PortionDue, reassess, attempts_max=WITHOUT_END),
    Effect("offer_anew", ServiceListed, offer_anew, attempts_max=WITHOUT_END),
)
