"""What follows from what happened here: more commands of ours, in the same unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from services.matching.domain import referral as r
from services.matching.domain.allocation import AppealDecided, LapsePlaces
from services.matching.domain.application import RecountApplication
from services.matching.domain.asking import About, Ask, Grant, Item
from services.matching.domain.assessment import (
    WITHOUT_HELP,
    CaseAssessed,
    NoteEnded,
    NoteOffer,
    RestSearch,
    SharingAllowed,
    SharingStopped,
    SoughtAgain,
)
from services.matching.domain.broadcast import BroadcastFailed, BroadcastTaken, JoinBroadcast, MissBroadcast, TakeBroadcast
from services.matching.domain.counting import merge
from services.matching.domain.directory import CITY, NoPlaceFound, NoteLocation, PlaceHeld, ReleasePlace, RequestReferral, UsePlace
from services.matching.domain.engagement import HoursVerified
from services.matching.domain.household import (
    CountedTogether,
    CountTogether,
    GrantHelp,
    HelpGranted,
    HelpReleased,
    NoteHelp,
    OthersTold,
    ReleaseHelp,
    TellOthers,
)
from services.matching.domain.organization import LocationAdded
from services.matching.domain.parameters import ParameterSet
from services.matching.domain.reassessment import BeginReassessment
from services.matching.domain.volunteer import CreditHours
from shared.calendar import add_working_days
from shared.envelope import Envelope
from shared.kernel import Rejected
from shared.service import To

_DAY_HOURS = 24


def _nothing(_: Rejected) -> None:
    """The refusal leaves things as they are: people will see to it."""


def _request(ask: Ask, at: datetime) -> To:
    return To("directory", CITY, RequestReferral(ask, at))


def _release(about: About) -> To:
    return To("directory", CITY, ReleasePlace(about.service_id, about.referral_id))


def _ended(about: About, reason: str, unmet_at: datetime | None = None) -> To:
    return To("assessment", about.case_id, NoteEnded(about.need, reason, about.referral_id, unmet_at))


def help_sought(e: Envelope) -> Iterable[To]:
    happened: CaseAssessed | SharingAllowed = e.data
    facts = happened.facts if isinstance(happened.facts, Mapping) else None
    return [To("directory", CITY, RequestReferral(ask, happened.at, facts)) for ask in happened.seeks]


def located(e: Envelope) -> Iterable[To]:
    """The directory follows in the same unit."""
    place: LocationAdded = e.data
    yield To("directory", CITY, NoteLocation(place.location_id, place.place_code, place.at))


def _instead(ended: To) -> Callable[[Rejected], To]:
    return lambda _: ended


def sought_again(e: Envelope) -> Iterable[To]:
    """Where the new service cannot help, the search rests as before."""
    again: SoughtAgain = e.data
    facts = again.facts if isinstance(again.facts, Mapping) else None
    for ask in again.seeks:
        ended = To("assessment", again.case_id, NoteEnded(ask.need, "no_service", ask.referral_id))
        yield To("directory", CITY, RequestReferral(ask, again.at, facts), _instead(ended))


def answer_due(at: datetime, hours: int) -> datetime:
    """Until when an offer is to be answered: whole days from two on are working days, less are hours by the clock."""
    days, rest = divmod(hours, _DAY_HOURS)
    return add_working_days(at, days) if days > 1 and rest == 0 else at + timedelta(hours=hours)


def place_held(e: Envelope) -> Iterable[To]:
    """The referral is offered; where there is such a referral already, the place goes back."""
    p: PlaceHeld = e.data
    ask, candidate, count = p.ask, p.candidate, p.count
    about = About(
        ask.referral_id, ask.case_id, ask.person_id, ask.household_id, count.org_id, count.service_id, ask.need,
        candidate.programme if candidate else None, ask.district,
    )  # fmt: skip
    due_at = answer_due(p.at, ask.answer_hours)
    if candidate is None:
        offer = r.OfferReferral(about, ask, due_at, p.at, why=p.why)
    else:
        offer = r.OfferReferral(about, ask, due_at, p.at, candidate.kind, candidate.amount_fen, candidate.limits, p.fund_id, p.why)
    yield To("referral", ask.referral_id, offer, lambda _: _release(about))


def no_place_found(e: Envelope) -> Iterable[To]:
    n: NoPlaceFound = e.data
    yield To("assessment", n.ask.case_id, NoteEnded(n.ask.need, n.reason))


def standing_grant(offered: r.ReferralOffered) -> Grant | None:
    """What a provider that accepts by itself gives; None for goods that nobody named."""
    programme = offered.about.programme
    if offered.kind == "cash":
        return Grant("cash", offered.amount_fen, programme, offered.fund_id)
    if offered.kind == "goods" and offered.ask.sku:
        return Grant("goods", 0, programme, offered.fund_id, (Item(offered.ask.sku, 1),))
    return None


def referral_offered(e: Envelope) -> Iterable[To]:
    """The assessment hears of an offer that is not the one it asked for; who accepts by itself grants at once."""
    offered: r.ReferralOffered = e.data
    ask = offered.ask
    if ask.attempt > 1 or ask.only is not None:
        yield To("assessment", ask.case_id, NoteOffer(ask.need, ask.referral_id))
    if ask.group is not None:
        yield To("broadcast", ask.group, JoinBroadcast(ask.case_id, ask.need, ask.referral_id, offered.at))
    grant = standing_grant(offered) if offered.fund_id else None
    if grant is not None:
        help_ = GrantHelp(offered.about, grant, offered.limits, offered.at, offered.amount_fen)
        yield To("household", offered.about.household_id, help_, _nothing)


def referral_accepted(e: Envelope) -> Iterable[To]:
    """Of what was offered to several the first has it: a later one is refused together with its whole unit."""
    accepted: r.ReferralAccepted = e.data
    if accepted.group is not None:
        yield To("broadcast", accepted.group, TakeBroadcast(accepted.about.referral_id, accepted.at))


def broadcast_taken(e: Envelope) -> Iterable[To]:
    """The search stands at the winner, and the others are told."""
    taken: BroadcastTaken = e.data
    yield To("assessment", taken.case_id, NoteOffer(taken.need, taken.referral_id))
    for other in taken.others:
        yield To("referral", other, r.RevokeReferral("taken_by_another", taken.at))


def broadcast_failed(e: Envelope) -> Iterable[To]:
    failed: BroadcastFailed = e.data
    yield To("assessment", failed.case_id, NoteEnded(failed.need, "refused_by_all", failed.last, failed.at))


def help_granted(e: Envelope) -> Iterable[To]:
    h: HelpGranted = e.data
    yield To("referral", h.about.referral_id, r.AcceptReferral(h.grant, h.at))
    for chain in h.told:
        yield To("household", chain, NoteHelp(h.about.household_id, h.caps, h.counted_fen, h.at))


def help_released(e: Envelope) -> Iterable[To]:
    h: HelpReleased = e.data
    for chain in h.told:
        yield To("household", chain, NoteHelp(h.household_id, h.caps, -h.counted_fen, h.at))


def counted_together(e: Envelope) -> Iterable[To]:
    """Everything to each: who lived with somebody before may have to know their other household only now that the two are one."""
    c: CountedTogether = e.data
    groups = tuple(merge({group.group_id: group for group in c.known}, c.groups).values())
    for chain in c.told:
        yield To("household", chain, CountTogether(chain, groups, c.at, c.household_id, c.own, chain in c.joined, c.steps))


def others_told(e: Envelope) -> Iterable[To]:
    o: OthersTold = e.data
    for chain in o.told:
        yield To("household", chain, CountTogether(chain, o.groups, o.at, o.household_id, o.own, steps=o.steps))


def referral_not_taken(e: Envelope) -> Iterable[To]:
    """Declined or lapsed: the place is free again and the next provider is asked."""
    no: r.ReferralDeclined | r.ReferralLapsed = e.data
    yield _release(no.about)
    if no.group is not None:
        yield To("broadcast", no.group, MissBroadcast(no.about.referral_id, no.at))
    elif no.next is not None:
        yield _request(no.next, no.at)
    else:
        yield _ended(no.about, "refused_by_all", no.at)


def referral_revoked(e: Envelope) -> Iterable[To]:
    revoked: r.ReferralRevoked = e.data
    yield _release(revoked.about)
    if revoked.group is not None:
        yield To("broadcast", revoked.group, MissBroadcast(revoked.about.referral_id, revoked.at))
    else:
        yield _ended(revoked.about, "revoked")


def referral_served(e: Envelope) -> Iterable[To]:
    served: r.ReferralServed = e.data
    yield To("directory", CITY, UsePlace(served.about.service_id, served.about.referral_id))


def referral_closed(e: Envelope) -> Iterable[To]:
    closed: r.ReferralClosed = e.data
    if closed.reason == "got_help" and closed.used:
        return
    if closed.reason == "got_help":
        yield To("directory", CITY, UsePlace(closed.about.service_id, closed.about.referral_id))
        return
    if not closed.used:
        yield _release(closed.about)
    if closed.granted:
        yield To("household", closed.about.household_id, ReleaseHelp(closed.about.referral_id, closed.at))
    yield _ended(closed.about, closed.reason, closed.at if closed.reason in WITHOUT_HELP else None)


def grant_not_kept(e: Envelope) -> Iterable[To]:
    failed: r.GrantNotKept = e.data
    yield To("household", failed.about.household_id, ReleaseHelp(failed.about.referral_id, failed.at))
    if failed.next is not None:
        further = _request(failed.next, failed.at)
        yield To("assessment", failed.about.case_id, RestSearch(failed.about.need), lambda _: further)


def parameter_set(e: Envelope) -> Iterable[To]:
    """Every stored case that it may touch is asked again."""
    p: ParameterSet = e.data
    key = str(p.number)
    yield To("reassessment", key, BeginReassessment(key, p.programme, p.name, p.valid_from, p.until, p.at))


def sharing_stopped(e: Envelope) -> Iterable[To]:
    stopped: SharingStopped = e.data
    return [To("referral", key, r.RevokeReferral(stopped.reason, stopped.at)) for key in stopped.open]


def appeal_decided(e: Envelope) -> Iterable[To]:
    """The application keeps what it should have been counted as."""
    a: AppealDecided = e.data
    if a.upheld and a.items:
        yield To("application", a.number, RecountApplication(a.points, a.items, a.appeal, a.at))


def hours_verified(e: Envelope) -> Iterable[To]:
    """Credited in the same unit; where the day has no more hours, the host's word is refused with it."""
    h: HoursVerified = e.data
    yield To("volunteer", h.volunteer_id, CreditHours(h.engagement_id, h.org_id, h.district, h.day, h.minutes, h.entry, h.at))


FOLLOW: Mapping[type, Callable[[Envelope], Iterable[To]]] = {
    LocationAdded: located,
    CaseAssessed: help_sought,
    SharingAllowed: help_sought,
    SoughtAgain: sought_again,
    SharingStopped: sharing_stopped,
    ParameterSet: parameter_set,
    PlaceHeld: place_held,
    NoPlaceFound: no_place_found,
    r.ReferralOffered: referral_offered,
    r.ReferralAccepted: referral_accepted,
    BroadcastTaken: broadcast_taken,
    BroadcastFailed: broadcast_failed,
    HelpGranted: help_granted,
    HelpReleased: help_released,
    CountedTogether: counted_together,
    OthersTold: others_told,
    r.ReferralDeclined: referral_not_taken,
    r.ReferralLapsed: referral_not_taken,
    r.ReferralRevoked: referral_revoked,
    r.ReferralServed: referral_served,
    r.ReferralClosed: referral_closed,
    r.GrantNotKept: grant_not_kept,
    AppealDecided: appeal_decided,
    HoursVerified: hours_verified,
}


def _lapse(stream_id: str, facts: Mapping[str, str]) -> Iterable[To]:
    yield To("referral", stream_id, r.LapseReferral(datetime.fromisoformat(facts["due_at"])))


def _remind(stream_id: str, facts: Mapping[str, str]) -> Iterable[To]:
    yield To("referral", stream_id, r.RemindReferral(datetime.fromisoformat(facts["now"])))


def _outside_silent(stream_id: str, facts: Mapping[str, str]) -> Iterable[To]:
    yield To("referral", stream_id, r.HandBack("silent", datetime.fromisoformat(facts["now"])))


def _tell_others(chain: str, facts: Mapping[str, str]) -> Iterable[To]:
    yield To("household", chain, TellOthers(datetime.fromisoformat(facts["now"])))


def _places_lapse(allocation_id: str, facts: Mapping[str, str]) -> Iterable[To]:
    now = datetime.fromisoformat(facts["now"])
    yield To("allocation", allocation_id, LapsePlaces(now, add_working_days(now, int(facts["days"]))))


DUE = {
    "offer_lapses": _lapse,
    "offer_reminds": _remind,
    "outside_silent": _outside_silent,
    "counting": _tell_others,
    "places_lapse": _places_lapse,
}
