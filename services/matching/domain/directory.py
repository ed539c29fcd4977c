"""The directory of services as one stream: who serves what where, and how many places are free.

    listed --PauseService--> paused --ResumeService--> listed;  a place: free --hold--> held --use--> used | --release--> free

The state is shared by all decisions of the city, so an event copies only the small counts, never the listings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.matching.domain.asking import Ask, Candidate
from services.matching.domain.fitting import EVERYBODY, Eligibility
from services.matching.domain.offering import PLAIN, Terms, day_in_china
from services.matching.domain.preference import NEW, Record, after_help, after_offer

CITY = "city"


class Standing(Struct, frozen=True, gc=False):
    """A provider accepts by itself for this programme (government programmes, agreements), up to `max_fen`."""

    programme: str
    fund_id: str
    max_fen: int | None = None


class Listing(Struct, frozen=True):
    """A service as it is offered; no districts: the whole city; no `places`: as many as come. `place_code` is where its location
    is: district, street (9 digits) or community (12)."""

    service_id: str
    org_id: str
    name: str
    kind: str
    needs: tuple[str, ...]
    programmes: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    places: int | None = None
    standing: tuple[Standing, ...] = ()
    location_id: str | None = None
    description: str = ""
    terms: Terms = PLAIN
    eligibility: Eligibility = EVERYBODY
    place_code: str = ""


class ListService(Struct, frozen=True):
    """`assured_on` is the day on which the provider confirmed the entry, where that is not the day of listing."""

    listing: Listing
    at: datetime
    assured_on: date | None = None


class SetPlaces(Struct, frozen=True, gc=False):
    """How many places there are in all, and how many of them are taken by people we have not sent."""

    service_id: str
    places: int | None
    at: datetime
    used: int | None = None


class PauseService(Struct, frozen=True, gc=False):
    service_id: str
    reason: str
    at: datetime


class ResumeService(Struct, frozen=True, gc=False):
    service_id: str
    at: datetime


class AssureService(Struct, frozen=True, gc=False):
    """The provider says that the entry is still right."""

    service_id: str
    at: datetime


class RequestReferral(Struct, frozen=True, gc=False):
    """`facts` are those of the case where they are at hand; they are held against services and kept nowhere."""

    ask: Ask
    at: datetime
    facts: Mapping[str, Any] | None = None


class ReleasePlace(Struct, frozen=True, gc=False):
    service_id: str
    referral_id: str


class UsePlace(Struct, frozen=True, gc=False):
    service_id: str
    referral_id: str


class ConfirmOwnFund(Struct, frozen=True, gc=False):
    """Nothing happens where no service keeps this fund for a programme; else it is refused for help without a programme."""

    fund_id: str


class ServiceListed(Struct, frozen=True):
    """Listed or listed anew; a pause ends by it. `kept`: open offers stay counted, whether or not places are. `wider`: it may
    serve somebody whom it did not serve as it was listed before."""

    listing: Listing
    at: datetime
    held: int = 0
    used: int = 0
    assured_on: date | None = None
    kept: bool = False
    wider: bool = True


class Count(Struct, frozen=True, gc=False):
    """Places of a service after an event; `turned` when it became full or free again by it.

    `kept`: open offers are counted though places are not, so that they are known when places are counted again; older events did not.
    """

    service_id: str
    org_id: str
    places: int | None
    held: int
    used: int
    turned: bool = False
    kept: bool = False


class PlacesSet(Struct, frozen=True, gc=False):
    count: Count
    at: datetime


class ServicePaused(Struct, frozen=True, gc=False):
    service_id: str
    reason: str
    at: datetime


class ServiceResumed(Struct, frozen=True, gc=False):
    service_id: str
    at: datetime


class ServiceAssured(Struct, frozen=True, gc=False):
    service_id: str
    at: datetime


class PlaceHeld(Struct, frozen=True, gc=False):
    """The best service for a wish, its place held; `fund_id` where the provider accepts by itself."""

    ask: Ask
    count: Count
    at: datetime
    candidate: Candidate | None = None
    fund_id: str | None = None
    why: tuple[str, ...] = ()


class PlaceReleased(Struct, frozen=True, gc=False):
    count: Count
    referral_id: str


class PlaceUsed(Struct, frozen=True, gc=False):
    count: Count
    referral_id: str


class NoPlaceFound(Struct, frozen=True, gc=False):
    """Nobody can take this wish now; `reason`: full, consent_does_not_cover, refused_by_all, does_not_fit or no_service."""

    ask: Ask
    reason: str
    at: datetime


class NoteLocation(Struct, frozen=True, gc=False):
    """A location of an organisation was given, or given anew: whatever is offered there is offered at this place."""

    location_id: str
    place_code: str
    at: datetime


class ServicesMoved(Struct, frozen=True, gc=False):
    location_id: str
    place_code: str
    services: tuple[str, ...]
    at: datetime


COMMANDS = (
    NoteLocation,
    ListService,
    SetPlaces,
    PauseService,
    ResumeService,
    RequestReferral,
    ReleasePlace,
    UsePlace,
    ConfirmOwnFund,
    AssureService,
)
EVENTS = (
    ServiceListed,
    PlacesSet,
    ServicePaused,
    ServiceResumed,
    PlaceHeld,
    PlaceReleased,
    PlaceUsed,
    NoPlaceFound,
    ServiceAssured,
    ServicesMoved,
)
Places = tuple[int | None, int, int]  # places, held, used


class Directory(Struct, frozen=True, gc=False):
    """`by_wish` finds services by programme or need with a district; `counts` by service id; `assured`: confirmed on which day;
    `records`: offers lately, and those that ended in help.
    """

    listings: Mapping[str, Listing]
    by_wish: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, Places]
    paused: frozenset[str] = frozenset()
    assured: Mapping[str, date] = {}
    records: Mapping[str, Record] = {}

    def free(self, service_id: str) -> bool:
        places, held, used = self.counts[service_id]
        return places is None or held + used < places


ABSENT = Directory({}, {}, {})


def wishes(listing: Listing) -> set[str]:
    """The keys a listing is found under: programme or need, and district (none: the whole city)."""
    return {f"{wish} {place}" for wish in (*listing.needs, *listing.programmes) for place in listing.districts or ("",)}


def _indexed(state: Directory, new: Listing) -> dict[str, tuple[str, ...]]:
    index, key = dict(state.by_wish), new.service_id
    before = state.listings.get(key)
    for wish in wishes(before) if before else ():
        index[wish] = tuple([s for s in index[wish] if s != key])
    for wish in wishes(new):
        index[wish] = (*index.get(wish, ()), key)
    return index


def _listed(state: Directory, event: ServiceListed) -> Directory:
    listing = event.listing
    held, used = state.counts.get(listing.service_id, (None, 0, 0))[1:]
    held = held if listing.places is not None or event.kept else 0
    return Directory(
        {**state.listings, listing.service_id: listing},
        _indexed(state, listing),
        {**state.counts, listing.service_id: (listing.places, held, used)},
        state.paused - {listing.service_id},
        {**state.assured, listing.service_id: event.assured_on or day_in_china(event.at)},
        state.records,
    )


def _counted(state: Directory, count: Count) -> Directory:
    held = count.held if count.places is not None or count.kept else 0
    counts = {**state.counts, count.service_id: (count.places, held, count.used)}
    return Directory(state.listings, state.by_wish, counts, state.paused, state.assured, state.records)


def _recorded(state: Directory, service_id: str, after: Callable[[Record], Record]) -> Directory:
    records = {**state.records, service_id: after(state.records.get(service_id, NEW))}
    return Directory(state.listings, state.by_wish, state.counts, state.paused, state.assured, records)


def evolve(state: Directory, event: Any) -> Directory:
    match event:
        case PlacesSet():
            return _counted(state, event.count)
        case PlaceHeld() | PlaceReleased() | PlaceUsed():
            counted = _counted(state, event.count) if event.count.places is not None or event.count.kept else state
            if isinstance(event, PlaceReleased):
                return counted
            return _recorded(counted, event.count.service_id, after_offer if isinstance(event, PlaceHeld) else after_help)
        case NoPlaceFound():
            return state
        case ServiceListed():
            return _listed(state, event)
        case ServicePaused():
            return msgspec.structs.replace(state, paused=state.paused | {event.service_id})
        case ServiceResumed():
            return msgspec.structs.replace(state, paused=state.paused - {event.service_id})
        case ServicesMoved():
            moved = {key: msgspec.structs.replace(state.listings[key], place_code=event.place_code) for key in event.services}
            return msgspec.structs.replace(state, listings={**state.listings, **moved})
        case ServiceAssured():
            return msgspec.structs.replace(state, assured={**state.assured, event.service_id: day_in_china(event.at)})
    raise AssertionError(f"{type(event).__name__} is no event of the directory")
