"""How an answer to an offer becomes commands, for programs and for people alike."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec.structs import replace

from services.matching.domain.asking import Ask, Candidate, Grant
from services.matching.domain.assessment import Assessment, ConfirmEligible
from services.matching.domain.directory import CITY, ConfirmOwnFund, RequestReferral
from services.matching.domain.household import GrantHelp, HelpGranted
from services.matching.domain.referral import AcceptReferral, Referral, ReferralOffered
from services.matching.rulebook import RULEBOOK
from shared.clock import local_day
from shared.execute import Done
from shared.http import Door, Invalid, NotFound
from shared.service import To

SEES_ALL = ("operator", "caseworker", "gov", "auditor", "admin", "finance", "approver")


async def own_referral(door: Door, referral_id: str) -> Referral:
    """The referral, for its own provider and for those who see all; for others there is none."""
    state: Referral = await door.state("referral", referral_id)
    if state.offer is None or (not door.may(*SEES_ALL) and door.principal.org != state.offer.about.org_id):
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


def _help(offer: ReferralOffered, grant: Grant, door: Door, special: bool, found_fen: int) -> GrantHelp:
    """The grant with the caps of its programme, by the rules of the day of the event; `found_fen` is what the case was found entitled to."""
    about, limits = offer.about, offer.limits
    if grant.programme is not None and grant.programme != about.programme:
        limits = RULEBOOK.limits(
            grant.programme, offer.ask.on, person_id=about.person_id, case_id=about.case_id, special=special, amount_fen=found_fen
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
    special = isinstance(facts, dict) and facts.get("special_circumstances") is True
    give = To("household", offer.about.household_id, _help(offer, grant, door, special, found_fen))
    return await door.execute(*_allowed(offer, grant), give)


def granted(done: Done) -> dict[str, Any]:
    """What was granted, and which cap made it smaller."""
    for envelope in done.events:
        if isinstance(envelope.data, HelpGranted):
            h = envelope.data
            cut = h.cut_by.split(":", 1)[0] if h.cut_by else None
            return {"amount_fen": h.grant.amount_fen, "asked_fen": h.asked_fen, "cut_by": cut}
    return {}


async def referred(door: Door, case_id: str, service_id: str, need: str, programme: str | None) -> dict[str, Any]:
    """One provider chosen by a person, within the consent that was given."""
    state: Assessment = await door.state("assessment", case_id)
    latest = state.latest
    if latest is None:
        raise NotFound("assessment")
    if state.recipients is None:
        raise Invalid(pointer="/service_id", detail="the person has not agreed to a referral")
    day: date = latest.on
    verdict = next((v for v in latest.verdicts if v.programme == programme), None)
    candidates: tuple[Candidate, ...] = ()
    if verdict is not None:
        limits = RULEBOOK.limits(verdict.programme, day, person_id=latest.person_id, case_id=case_id, amount_fen=verdict.amount_fen)
        candidates = (Candidate(verdict.programme, RULEBOOK.by_code[verdict.programme].kind, verdict.amount_fen, limits),)
    hours = RULEBOOK.number("offer_hours_normal", local_day(door.now))
    ask = Ask(
        door.new_id(), 1, case_id, latest.person_id, latest.household_id, need, latest.district, day, hours, candidates,
        state.recipients, (), None, service_id,
    )  # fmt: skip
    eligible = [] if programme is None else [To("assessment", case_id, ConfirmEligible(programme))]
    facts = latest.facts if isinstance(latest.facts, dict) else None
    done = await door.execute(To("directory", CITY, RequestReferral(ask, door.now, facts)), *eligible)
    return {"referral_id": ask.referral_id, "service_id": service_id, "state": "offered", "version": done.version}
