"""An assessment of a case: what every programme answers, who may hear of it, and which help is being sought.

absent --AssessCase--> assessed --AllowSharing--> assessed and shared --StopSharing--> assessed, offers revoked
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.matching.domain.asking import OPEN_MAX, Ask
from services.matching.domain.compiling import Verdict
from shared.kernel import SHREDDED, Shredded


class AssessCase(Struct, frozen=True, gc=False):
    """`seen_on` is the day of the report; the rules are those of the day of the event, when a fact `event_on` tells it.

    `recipients` is None while sharing for a referral has not been agreed to. `street` are the nine digits of the street of residence.
    """

    case_id: str
    person_id: str
    household_id: str
    district: str
    needs: tuple[str, ...]
    urgency: str
    facts: Mapping[str, Any]
    seen_on: date
    at: datetime
    recipients: tuple[str, ...] | None = None
    language: str = ""
    street: str = ""


class Reassess(Struct, frozen=True, gc=False):
    """The numbers of the rules have changed: answer anew on the facts that are known; `reassessment` is the key of what asks."""

    reassessment: str
    at: datetime


class ResumeSharing(Struct, frozen=True, gc=False):
    """The case was opened again: what was agreed to when it was closed, and not taken back since, counts again."""

    at: datetime


class AllowSharing(Struct, frozen=True, gc=False):
    recipients: tuple[str, ...]
    at: datetime


class StopSharing(Struct, frozen=True, gc=False):
    """Consent withdrawn, case closed or withdrawn, person erased: offers that nobody has taken are revoked.

    `outcome` is the reason for which the case was closed.
    """

    reason: str
    at: datetime
    outcome: str = ""


class SeekAgain(Struct, frozen=True, gc=False):
    """A service has come that may help with a need of which it was told that nobody serves it."""

    need: str
    service_id: str
    at: datetime


class NoteOffer(Struct, frozen=True, gc=False):
    need: str
    referral_id: str


class NoteEnded(Struct, frozen=True, gc=False):
    """Nobody (else) helps with this need for now; new facts may start the search again.

    With `referral_id` only a search that stands at this referral ends; with `at` the need is nobody's from then on, and no other
    event has said so.
    """

    need: str
    reason: str
    referral_id: str | None = None
    at: datetime | None = None


class RestSearch(Struct, frozen=True, gc=False):
    """A grant was not kept: the search rests where sharing is not agreed to any more; a refusal means that it goes on."""

    need: str


class ConfirmEligible(Struct, frozen=True, gc=False):
    """Nothing happens where the latest assessment finds the case eligible for this programme; else it is refused."""

    programme: str


class Changed(Struct, frozen=True, gc=False):
    """What a reassessment found: programmes that are in reach now, and those that are not any more; the sums of both answers in fen."""

    reassessment: str
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    before_fen: int = 0
    after_fen: int = 0


class CaseAssessed(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    household_id: str
    district: str
    needs: tuple[str, ...]
    urgency: str
    facts: Mapping[str, Any] | Shredded
    on: date
    seen_on: date
    rule_version: str
    verdicts: tuple[Verdict, ...]
    missing: tuple[str, ...]
    at: datetime
    recipients: tuple[str, ...] | None = None
    seeks: tuple[Ask, ...] = ()
    changed: Changed | None = None
    language: str = ""
    street: str = ""


class NothingMissing(Struct, frozen=True, gc=False):
    """What people were asked for before is known now, or can help no more."""

    case_id: str
    at: datetime


class SharingAllowed(Struct, frozen=True, gc=False):
    """`facts` go with what is sought, so that services can be held against them; they are sealed under the person's key."""

    case_id: str
    recipients: tuple[str, ...]
    at: datetime
    seeks: tuple[Ask, ...] = ()
    person_id: str = ""
    facts: Mapping[str, Any] | Shredded | None = None


class SoughtAgain(Struct, frozen=True, gc=False):
    """As in `SharingAllowed`, for one need and one service."""

    case_id: str
    person_id: str
    at: datetime
    seeks: tuple[Ask, ...]
    facts: Mapping[str, Any] | Shredded | None = None


class SharingStopped(Struct, frozen=True, gc=False):
    """`open` names every referral that may still be open."""

    case_id: str
    person_id: str
    reason: str
    at: datetime
    open: tuple[str, ...] = ()


class OfferNoted(Struct, frozen=True, gc=False):
    case_id: str
    need: str
    referral_id: str


class SearchEnded(Struct, frozen=True, gc=False):
    """`unmet_at` is told where this event alone says that the need is nobody's, after so many were `tried`."""

    case_id: str
    need: str
    reason: str
    district: str = ""
    tried: int = 0
    unmet_at: datetime | None = None


class CaseEnded(Struct, frozen=True, gc=False):
    """The case was closed: needs are `unmet` that nobody serves, which nothing has said before; those that are `over` wait for nobody.

    Told with neither where offers are still open: what ends after it without help ends for this `outcome`.
    """

    case_id: str
    district: str
    outcome: str
    at: datetime
    unmet: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


class Sought(Struct, frozen=True, gc=False):
    """The search for one need: the referral it stands at, or None when it ended without help.

    `others` stood there before (chosen by hand, or going on without the grant) and may be open still; `unmet`: it was told that
    nobody serves the need.
    """

    need: str
    rounds: int
    referral_id: str | None
    others: tuple[str, ...] = ()
    unmet: bool = False


class Assessment(Struct, frozen=True, gc=False):
    """`resting` is whom the consent reached when the case was closed; it counts again when the case is opened again.

    `ended` is the close without help, for offers that were open then and are taken back after it.
    """

    latest: CaseAssessed | None = None
    recipients: tuple[str, ...] | None = None
    sought: tuple[Sought, ...] = ()
    resting: tuple[str, ...] | None = None
    ended: CaseEnded | None = None

    def of(self, need: str) -> Sought | None:
        for one in self.sought:
            if one.need == need:
                return one
        return None


ABSENT = Assessment()
# Reasons of an end by which a need is still nobody's: the others are help, or a person's own word.
WITHOUT_HELP = frozenset(("could_not_contact", "not_eligible", "no_capacity", "could_not_get_help"))
NOBODY = frozenset(("full", "consent_does_not_cover", "refused_by_all", "does_not_fit", "no_service"))  # why no place was found
COMMANDS = (AssessCase, Reassess, ResumeSharing, AllowSharing, StopSharing, NoteOffer, NoteEnded, RestSearch, ConfirmEligible, SeekAgain)
EVENTS = (CaseAssessed, NothingMissing, SharingAllowed, SharingStopped, OfferNoted, SearchEnded, CaseEnded, SoughtAgain)


def _with(sought: tuple[Sought, ...], *new: Sought) -> tuple[Sought, ...]:
    needs = {one.need for one in new}
    return (*[one for one in sought if one.need not in needs], *new)


def _seeking(state: Assessment, seeks: tuple[Ask, ...]) -> tuple[Sought, ...]:
    if not seeks:
        return state.sought
    before = [(ask, state.of(ask.need) or Sought(ask.need, 0, None)) for ask in seeks]
    return _with(state.sought, *[Sought(ask.need, one.rounds + 1, ask.referral_id, one.others) for ask, one in before])


def _moved(state: Assessment, need: str, referral_id: str | None, *, unmet: bool = False) -> Assessment:
    one = state.of(need) or Sought(need, 1, None)
    others = one.others if one.referral_id is None else (*one.others, one.referral_id)[-OPEN_MAX:]
    return msgspec.structs.replace(state, sought=_with(state.sought, Sought(need, one.rounds, referral_id, others, unmet)))


def evolve(state: Assessment, event: Any) -> Assessment:
    match event:
        case CaseAssessed():
            resting = None if event.recipients is not None else state.resting
            return Assessment(event, event.recipients, _seeking(state, event.seeks), resting)
        case NothingMissing():
            return state
        case SharingAllowed():
            return Assessment(state.latest, event.recipients, _seeking(state, event.seeks))
        case SoughtAgain():
            return msgspec.structs.replace(state, sought=_seeking(state, event.seeks))
        case SharingStopped():
            # What is revoked says so itself; a search whose help was granted already stands where it stood.
            sought = tuple([msgspec.structs.replace(one, others=()) for one in state.sought])
            return Assessment(state.latest, None, sought, state.recipients if event.reason == "case_closed" else None, state.ended)
        case OfferNoted():
            return _moved(state, event.need, event.referral_id)
        case SearchEnded():
            return _moved(state, event.need, None, unmet=event.unmet_at is not None or event.reason in NOBODY)
        case CaseEnded():
            over = [msgspec.structs.replace(one, unmet=False) for one in state.sought if one.need in event.over]
            left = [msgspec.structs.replace(state.of(need) or Sought(need, 1, None), unmet=True) for need in event.unmet]
            ended = event if event.outcome in WITHOUT_HELP else None
            return msgspec.structs.replace(state, sought=_with(state.sought, *over, *left), ended=ended)
    raise AssertionError(f"{type(event).__name__} is no event of an assessment")


def facts_of(assessed: CaseAssessed) -> Mapping[str, Any] | None:
    """The facts it rests on; None once they are destroyed."""
    return None if assessed.facts is SHREDDED or isinstance(assessed.facts, Shredded) else assessed.facts
