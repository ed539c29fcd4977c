"""How an answer to an offer becomes commands, for programs and for people alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from services.matching.domain.asking import About, Ask, Candidate, Grant
from services.matching.domain.assessment import Assessment, ConfirmEligible
from services.matching.domain.directory import CITY, ConfirmOwnFund, Directory, PlaceHeld, RequestReferral
from services.matching.domain.household import GrantHelp, HelpGranted
from services.matching.domain.referral import AcceptReferral, DraftReferral, Referral, ReferralOffered, ReopenReferral
from services.matching.domain.referral_decisions import ReferralAlreadyOffered
from services.matching.domain.rulebook import Rulebook
from services.matching.standing import rules as standing_rules
from shared.clock import local_day
from shared.execute import Done
from shared.http import Door, Invalid, NotFound
from shared.kernel import Rejected
from shared.service import To


class OfferToSeveralIsOpen(Rejected):
    """This need is offered to several already; wait for an answer, or take those offers back."""


class NobodyCanTakeIt(Rejected):
    """None of these services can take it now: they are full, paused, or beyond the consent."""


SEES_ALL = ("operator", "caseworker", "gov", "auditor", "admin", "finance", "approver")


async def own_referral(door: Door, referral_id: str) -> Referral:
    """The referral, for its own provider and for those who see all; for others there is none."""
    state: Referral = await door.state("referral", referral_id)
    about = state.about
    if about is None or (not door.may(*SEES_ALL) and (door.principal.org != about.org_id or state.offer is None)):
        raise NotFound("referral")
    return state


def _checked(grant: Grant) -> None:
    if grant.kind == "cash":
        if grant.amount_fen <= 0:
            raise Invalid(pointer="/grant/amount_fen", detail="a sum above zero is expected")
        if not grant.fund_id:
            raise Invalid(pointer="/grant/fund_id", detail="money comes from a fund")
    elif not grant.items:
        raise Invalid(pointer="/grant/items", detail="goods need at least one item")


def _help(rules: Rulebook, offer: ReferralOffered, grant: Grant, door: Door, facts: Mapping[str, Any], found_fen: int) -> GrantHelp:
    """The grant with the caps of its programme, by the rules of the day of the event; `found_fen` is what the case was found entitled to."""
    about, limits = offer.about, offer.limits
    if grant.programme is not None and grant.programme != about.programme:
        limits = rules.limits(
            grant.programme, offer.ask.on, person_id=about.person_id, case_id=about.case_id, facts=facts, amount_fen=found_fen
        )
    return GrantHelp(about, grant, limits, door.now, 0 if grant.kind == "cash" else offer.amount_fen)


def _allowed(offer: ReferralOffered, grant: Grant) -> list[To]:
    """What must hold for a grant: the case is eligible for its programme; money outside of programmes is none of theirs."""
    if grant.programme is not None:
        return [To("assessment", offer.about.case_id, ConfirmEligible(grant.programme))]
    if grant.kind == "cash" and grant.fund_id is not None:
        return [To("directory", CITY, ConfirmOwnFund(grant.fund_id))]
    return []


async def accepted(door: Door, referral_id: str, grant: Grant | None) -> Done:
    """Accept, with a grant that the household's caps may cut; the household decides, the referral follows in the same unit."""
    state = await own_referral(door, referral_id)
    offer = state.offer
    if grant is None or offer is None:
        return await door.execute(To("referral", referral_id, AcceptReferral(None, door.now)))
    grant = replace(grant, programme=grant.programme or offer.about.programme)
    _checked(grant)
    assessed: Assessment = await door.state("assessment", offer.about.case_id)
    facts = assessed.latest.facts if assessed.latest is not None else {}
    verdicts = assessed.latest.verdicts if assessed.latest is not None else ()
    found_fen = next((v.amount_fen for v in verdicts if v.programme == grant.programme), 0)
    rules = await standing_rules(door)
    give = To("household", offer.about.household_id, _help(rules, offer, grant, door, facts if isinstance(facts, dict) else {}, found_fen))
    return await door.execute(*_allowed(offer, grant), give)


def granted(done: Done) -> dict[str, Any]:
    """What was granted, and which cap made it smaller."""
    for envelope in done.events:
        if isinstance(envelope.data, HelpGranted):
            h = envelope.data
            cut = h.cut_by.split(":", 1)[0] if h.cut_by else None
            return {"amount_fen": h.grant.amount_fen, "asked_fen": h.asked_fen, "cut_by": cut}
    return {}


async def _wish(door: Door, case_id: str, need: str, programme: str | None, root: str, only: str) -> RequestReferral:
    """What is asked of one service that a person has chosen, within the consent that was given; the facts go no further than there."""
    state: Assessment = await door.state("assessment", case_id)
    latest = state.latest
    if latest is None:
        raise NotFound("assessment")
    if state.recipients is None:
        raise Invalid(pointer="/service_id", detail="the person has not agreed to a referral")
    day: date = latest.on
    rules = await standing_rules(door)
    verdict = next((v for v in latest.verdicts if v.programme == programme), None)
    candidates: tuple[Candidate, ...] = ()
    if verdict is not None:
        limits = rules.limits(verdict.programme, day, person_id=latest.person_id, case_id=case_id, amount_fen=verdict.amount_fen)
        candidates = (Candidate(verdict.programme, rules.by_code[verdict.programme].kind, verdict.amount_fen, limits),)
    hours = rules.number("offer_hours_normal", local_day(door.now))
    ask = Ask(
        root, 1, case_id, latest.person_id, latest.household_id, need, latest.district, day, hours, candidates, state.recipients, (), None,
        only, language=latest.language, street=latest.street,
    )  # fmt: skip
    return RequestReferral(ask, door.now, latest.facts if isinstance(latest.facts, dict) else None)


async def referred(
    door: Door, case_id: str, service_id: str, need: str, programme: str | None, *, root: str | None = None, first: tuple[To, ...] = ()
) -> dict[str, Any]:
    """One provider chosen by a person; `first` must be obeyed in the same unit."""
    wish = await _wish(door, case_id, need, programme, root or door.new_id(), service_id)
    eligible = [] if programme is None else [To("assessment", case_id, ConfirmEligible(programme))]
    done = await door.execute(*first, To("directory", CITY, wish), *eligible)
    version = next((e.version for e in done.events if isinstance(e.data, ReferralOffered)), done.version)
    return {"referral_id": wish.ask.referral_id, "service_id": service_id, "state": "offered", "version": version}


def _passed_over(_: Rejected) -> None:
    """Full, paused or beyond the consent: the others are asked all the same."""


async def broadcast(door: Door, case_id: str, service_ids: Sequence[str], need: str) -> dict[str, Any]:
    """Offered to several at once; who cannot take it is passed over and named. Refused when nobody can."""
    assessed: Assessment = await door.state("assessment", case_id)
    sought = assessed.of(need)
    if sought is not None and sought.referral_id is not None:
        standing: Referral = await door.state("referral", sought.referral_id)
        if standing.status == "offered" and standing.offer is not None and standing.offer.ask.group is not None:
            raise OfferToSeveralIsOpen
    group, found = door.new_id(), []
    for number, service_id in enumerate(service_ids, 1):
        wish = await _wish(door, case_id, need, None, f"{group}.{number}", service_id)
        found.append(To("directory", CITY, replace(wish, ask=replace(wish.ask, group=group)), _passed_over))
    done = await door.execute(*found)
    held = {e.data.ask.only: e.data.ask.referral_id for e in done.events if isinstance(e.data, PlaceHeld)}
    if not held:
        raise NobodyCanTakeIt
    return {
        "broadcast_id": group, "offered": [{"referral_id": key, "service_id": service} for service, key in held.items()],
        "passed_over": [one for one in service_ids if one not in held], "state": "offered",
    }  # fmt: skip


async def drafted(door: Door, case_id: str, service_id: str, need: str, programme: str | None) -> dict[str, Any]:
    """Prepared and shown to nobody outside; offered with `offered`."""
    directory: Directory = await door.state("directory", CITY)
    listing = directory.listings.get(service_id)
    if listing is None:
        raise NotFound("service")
    ask = (await _wish(door, case_id, need, programme, door.new_id(), service_id)).ask
    about = About(
        ask.referral_id, case_id, ask.person_id, ask.household_id, listing.org_id, service_id, need, programme, ask.district
    )  # fmt: skip
    done = await door.execute(To("referral", ask.referral_id, DraftReferral(about, door.now)))
    return {"referral_id": ask.referral_id, "service_id": service_id, "state": "drafted", "version": done.version}


async def offered(door: Door, referral_id: str) -> dict[str, Any]:
    """A draft is offered now: its place is held and its time begins."""
    state: Referral = await door.state("referral", referral_id)
    if state.drafted is None:
        raise NotFound("referral") if state.offer is None else ReferralAlreadyOffered(referral_id=referral_id)
    a = state.drafted
    return await referred(door, a.case_id, a.service_id, a.need, a.programme, root=referral_id)


async def reopened(door: Door, referral_id: str) -> dict[str, Any]:
    """Once more to the same provider, under another id; the old one says under which."""
    state: Referral = await door.state("referral", referral_id)
    if state.offer is None:
        raise NotFound("referral")
    a, new = state.offer.about, door.new_id()
    again = To("referral", referral_id, ReopenReferral(new, door.now))
    return await referred(door, a.case_id, a.service_id, a.need, a.programme, root=new, first=(again,))
