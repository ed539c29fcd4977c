"""Who is asked to help: the first programme in order that has a provider, and of its providers the nearest and least busy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from services.matching.domain.asking import Ask, Candidate
from services.matching.domain.directory import (
    ABSENT,
    COMMANDS,
    EVENTS,
    AssureService,
    ConfirmOwnFund,
    Count,
    Directory,
    Listing,
    ListService,
    NoPlaceFound,
    NoteLocation,
    PauseService,
    PlaceHeld,
    PlaceReleased,
    PlacesSet,
    PlaceUsed,
    ReleasePlace,
    RequestReferral,
    ResumeService,
    ServiceAssured,
    ServiceListed,
    ServicePaused,
    ServiceResumed,
    ServicesMoved,
    SetPlaces,
    UsePlace,
    evolve,
)
from services.matching.domain.fitting import EVERYBODY, unmet
from services.matching.domain.offering import day_in_china, in_force
from services.matching.domain.preference import NEW, Offer, order, why
from shared.kernel import Decider, Rejected


class ServiceIsUnknown(Rejected):
    """There is no such service in the directory."""


class ServiceIsPaused(Rejected):
    """This service takes nobody at present."""


class ServiceIsFull(Rejected):
    """This service has no free place."""


class ConsentDoesNotReachThisProvider(Rejected):
    """The person has not agreed to share with this kind of provider."""


class ServiceBelongsToAnother(Rejected):
    """This service is listed by another organisation."""


class FundIsForAProgramme(Rejected):
    """This fund is kept for a programme; help outside of every programme is paid from another."""


class PlacesBelowZero(Rejected):
    """A number of places cannot be below zero."""


class PlacesBelowHeld(Rejected):
    """A place that is held is a promise: there cannot be fewer places than are held and in use."""


class MorePlacesThanBought(Rejected):
    """The contract of this service buys a number of places; no more can be offered."""


class CaseDoesNotFit(Rejected):
    """The case does not meet the conditions of this service."""


class NoHelpFromThisService(Rejected):
    """The service that has come cannot take this case: it is full or paused, beyond the consent, or for others."""


class ContractIsNotInForce(Rejected):
    """The contract of this service is not in force today."""


def _count(state: Directory, service_id: str, held: int, used: int) -> Count:
    """The counts after a change of held and used, and whether that made the service full or free again.

    Where as many as come are served, offers are counted and people are not: nobody says there when a place is free again.
    """
    places, now_held, now_used = state.counts[service_id]
    after_held, after_used = max(0, now_held + held), now_used + (used if places is not None else 0)
    turned = places is not None and (now_held + now_used >= places) != (after_held + after_used >= places)
    return Count(service_id, state.listings[service_id].org_id, places, after_held, after_used, turned, places is None)


def _reaches(ask: Ask, listing: Listing) -> bool:
    # The authority that decides on an application is party to it; others only where the consent names their kind.
    return not ask.recipients or listing.kind == "government" or listing.kind in ask.recipients


def _serving(state: Directory, ask: Ask, wish: str, on: date) -> Iterator[Listing]:
    """Who could be asked for this, whether or not the consent reaches there and the case fits."""
    for service_id in (*state.by_wish.get(f"{wish} {ask.district}", ()), *state.by_wish.get(f"{wish} ", ())):
        if ask.among not in ("", service_id):
            continue
        if service_id not in state.paused and service_id not in ask.tried and in_force(state.listings[service_id].terms.contract, on):
            yield state.listings[service_id]


def _wishes(ask: Ask) -> tuple[str, ...]:
    return (*[candidate.programme for candidate in ask.candidates], ask.need)


def _held_against(state: Directory, command: RequestReferral, on: date) -> Ask:
    """The wish with the services that the case does not fit: whoever is asked later is held to what was known now."""
    ask, facts = command.ask, command.facts
    if facts is None:
        return ask
    serving = {one.service_id: one for wish in _wishes(ask) for one in _serving(state, ask, wish, on)}
    unfit = [key for key, one in serving.items() if one.eligibility != EVERYBODY and unmet(one.eligibility, facts, ask.district)]
    return replace(ask, unfit=tuple(sorted(unfit)))


def _offer(state: Directory, listing: Listing) -> Offer:
    places, held, used = state.counts[listing.service_id]
    record = state.records.get(listing.service_id, NEW)
    return Offer(listing.service_id, bool(listing.districts), listing.terms.languages, places, held + used, record, listing.place_code)


def _best(state: Directory, ask: Ask, wish: str, on: date) -> tuple[Listing | None, bool, tuple[str, ...]]:
    """The service to be asked first of those with a free place, whether any was suitable at all, and why this one."""
    suitable = [one for one in _serving(state, ask, wish, on) if one.service_id not in ask.unfit and _reaches(ask, one)]
    free = [(_offer(state, one), one) for one in suitable if state.free(one.service_id)]
    if not free:
        return None, bool(suitable), ()
    offer, best = min(free, key=lambda both: order(both[0], ask))
    return best, True, why(offer, ask, len(free))


def _held(
    state: Directory, ask: Ask, listing: Listing, candidate: Candidate | None, at: datetime, because: tuple[str, ...] = ()
) -> tuple[PlaceHeld]:
    fund_id = None
    if candidate is not None:
        for standing in listing.standing:
            if standing.programme == candidate.programme and (standing.max_fen is None or candidate.amount_fen <= standing.max_fen):
                fund_id = standing.fund_id
    return (PlaceHeld(ask, _count(state, listing.service_id, 1, 0), at, candidate, fund_id, because),)


def request(command: RequestReferral, state: Directory) -> tuple[Any, ...]:
    if command.ask.only is not None:
        return _by_hand(command, state, command.ask.only)
    on, full = day_in_china(command.at), False
    ask = _held_against(state, command, on)
    for candidate in ask.candidates:
        listing, suitable, because = _best(state, ask, candidate.programme, on)
        if listing is not None:
            return _held(state, ask, listing, candidate, command.at, because)
        full = full or suitable
    listing, suitable, because = _best(state, ask, ask.need, on)
    if listing is not None:
        return _held(state, ask, listing, None, command.at, because)
    if ask.among:  # it was told before that nobody serves the need, and why
        raise NoHelpFromThisService(service_id=ask.among)
    return (NoPlaceFound(ask, "full" if full or suitable else _why_nobody(state, ask, on), command.at),)


def _why_nobody(state: Directory, ask: Ask, on: date) -> str:
    """Why there is nobody whom the consent reaches and whose conditions the case meets."""
    serving = [one.service_id for wish in _wishes(ask) for one in _serving(state, ask, wish, on)]
    if any(service_id not in ask.unfit for service_id in serving):
        return "consent_does_not_cover"
    if ask.tried:
        return "refused_by_all"
    return "does_not_fit" if serving else "no_service"


def _by_hand(command: RequestReferral, state: Directory, service_id: str) -> tuple[Any, ...]:
    listing, ask = _known(state, service_id), command.ask
    if service_id in state.paused:
        raise ServiceIsPaused(service_id=service_id)
    if not in_force(listing.terms.contract, day_in_china(command.at)):
        raise ContractIsNotInForce(service_id=service_id)
    failed = unmet(listing.eligibility, command.facts or {}, ask.district)
    if failed:
        raise CaseDoesNotFit(service_id=service_id, facts=list(failed))
    if not state.free(service_id):
        raise ServiceIsFull(service_id=service_id)
    if not _reaches(ask, listing):
        raise ConsentDoesNotReachThisProvider(kind=listing.kind)
    fitting = [c for c in ask.candidates if c.programme in listing.programmes]
    return _held(state, ask, listing, fitting[0] if fitting else None, command.at, ("chosen:by_hand",))


def _known(state: Directory, service_id: str) -> Listing:
    listing = state.listings.get(service_id)
    if listing is None:
        raise ServiceIsUnknown(service_id=service_id)
    return listing


def _check_places(state: Directory, listing: Listing, places: int | None, used: int) -> None:
    """Raises where places are below zero, below what is promised, or above what was bought."""
    if (places or 0) < 0 or used < 0:
        raise PlacesBelowZero
    held = state.counts.get(listing.service_id, (None, 0, 0))[1]
    if places is not None and held > 0 and places < held + used:
        raise PlacesBelowHeld(held=held, used=used, asked=places)
    bought = listing.terms.contract.places if listing.terms.contract is not None else None
    if bought is not None and (places is None or places > bought):
        raise MorePlacesThanBought(bought=bought, asked=places)


def _wider(before: Listing | None, now: Listing) -> bool:
    """Whether it is new, or for more needs, programmes, districts or people than before, or has more places."""
    if before is None or set(now.needs) - set(before.needs) or set(now.programmes) - set(before.programmes):
        return True
    further = bool(before.districts) and (not now.districts or bool(set(now.districts) - set(before.districts)))
    more = before.places is not None and (now.places is None or now.places > before.places)
    return further or more or now.eligibility != before.eligibility


def list_service(command: ListService, state: Directory) -> tuple[Any, ...]:
    listing = command.listing
    before = state.listings.get(listing.service_id)
    if before is not None and before.org_id != listing.org_id:
        raise ServiceBelongsToAnother(service_id=before.service_id)
    if before == listing and listing.service_id not in state.paused and command.assured_on in (None, state.assured[listing.service_id]):
        return ()
    _, held, used = state.counts.get(listing.service_id, (None, 0, 0))
    _check_places(state, listing, listing.places, used)
    return (
        ServiceListed(listing, command.at, held, used, command.assured_on, listing.places is None and held > 0, _wider(before, listing)),
    )


def set_places(command: SetPlaces, state: Directory) -> tuple[Any, ...]:
    listing = _known(state, command.service_id)
    places, held, used = state.counts[command.service_id]
    wanted = (command.places, held, used if command.used is None else command.used)
    _check_places(state, listing, command.places, wanted[2])
    if wanted == (places, held, used):
        return ()
    kept = command.places is None and held > 0
    return (PlacesSet(Count(command.service_id, listing.org_id, *wanted, turned=True, kept=kept), command.at),)


def assure(command: AssureService, state: Directory) -> tuple[Any, ...]:
    """Said twice on one day it is said once."""
    _known(state, command.service_id)
    if state.assured.get(command.service_id) == day_in_china(command.at):
        return ()
    return (ServiceAssured(command.service_id, command.at),)


def pause(command: PauseService, state: Directory) -> tuple[Any, ...]:
    _known(state, command.service_id)
    return () if command.service_id in state.paused else (ServicePaused(command.service_id, command.reason, command.at),)


def resume(command: ResumeService, state: Directory) -> tuple[Any, ...]:
    _known(state, command.service_id)
    return (ServiceResumed(command.service_id, command.at),) if command.service_id in state.paused else ()


def release(command: ReleasePlace, state: Directory) -> tuple[Any, ...]:
    """The offer is open no more; one that was made before offers were counted needs no word."""
    if state.counts.get(command.service_id, (None, 0, 0))[1] == 0:
        return ()
    return (PlaceReleased(_count(state, command.service_id, -1, 0), command.referral_id),)


def use(command: UsePlace, state: Directory) -> tuple[Any, ...]:
    """Said of uncounted places too, since it tells what came of the offer."""
    if command.service_id not in state.counts:
        return ()
    held = state.counts[command.service_id][1]
    return (PlaceUsed(_count(state, command.service_id, -1 if held else 0, 1), command.referral_id),)


def note_location(command: NoteLocation, state: Directory) -> tuple[Any, ...]:
    """The order of who is asked goes by places, so that it follows a provider that moves."""
    c = command
    moved = [s.service_id for s in state.listings.values() if s.location_id == c.location_id and s.place_code != c.place_code]
    return (ServicesMoved(c.location_id, c.place_code, tuple(moved), c.at),) if moved else ()


def confirm_own_fund(command: ConfirmOwnFund, state: Directory) -> tuple[Any, ...]:
    kept_for = sorted({s.programme for one in state.listings.values() for s in one.standing if s.fund_id == command.fund_id})
    if kept_for:
        raise FundIsForAProgramme(fund_id=command.fund_id, programmes=kept_for)
    return ()


def decide(command: Any, state: Directory) -> tuple[Any, ...]:
    match command:
        case RequestReferral():
            return request(command, state)
        case ReleasePlace():
            return release(command, state)
        case UsePlace():
            return use(command, state)
        case ListService():
            return list_service(command, state)
        case SetPlaces():
            return set_places(command, state)
        case PauseService():
            return pause(command, state)
        case ResumeService():
            return resume(command, state)
        case ConfirmOwnFund():
            return confirm_own_fund(command, state)
        case AssureService():
            return assure(command, state)
        case NoteLocation():
            return note_location(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to the directory")


DIRECTORY = Decider("directory", ABSENT, decide, evolve, COMMANDS, EVENTS)
