"""What others say -> what it means here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from services.matching.domain.assessment import AllowSharing, AssessCase, ResumeSharing, StopSharing
from services.matching.domain.counting import HOUSEHOLD, PERSON, Group, Member
from services.matching.domain.facts import with_places
from services.matching.domain.household import CountTogether
from services.matching.domain.referral import FailGrant, ServeReferral
from shared.clock import local_day
from shared.envelope import Heard
from shared.service import Reaction, To

REFERRAL = "referral"
_STEPS = 150  # commands that may follow from one message in its unit; what is more is told by portions
UNKNOWN_DISTRICT = "440100"


class ConsentRead(Struct, frozen=True, gc=False):
    purposes: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


class CaseRead(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    household_id: str | None = None
    received_on: date | None = None
    residence_code: str | None = None
    hukou_code: str | None = None
    urgency: str = "normal"
    needs: tuple[str, ...] = ()
    facts: Mapping[str, Any] = {}
    consent: ConsentRead | None = None
    language: str = ""


class SharingRead(Struct, frozen=True, gc=False):
    case_id: str
    purposes: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


class EndRead(Struct, frozen=True, gc=False):
    """`reason` is the code of a closing."""

    case_id: str
    reason: str = ""


class ErasedRead(Struct, frozen=True, gc=False):
    person_id: str
    case_ids: tuple[str, ...] = ()


class PayoutRead(Struct, frozen=True, gc=False):
    referral_id: str | None = None
    state: str = ""
    reason: str | None = None


class LinkRead(Struct, frozen=True, gc=False):
    link_id: str
    revision: int
    person_id: str
    household_id: str
    linked_person_id: str
    linked_household_id: str


class HouseholdRead(Struct, frozen=True, gc=False):
    """`members` are those who count together now; `left` did before."""

    household_id: str
    revision: int
    members: tuple[Member, ...] = ()
    left: tuple[Member, ...] = ()


def district_of(residence_code: str | None, hukou_code: str | None = None) -> str:
    """The district where somebody lives, else is registered in this city, else the city."""
    for code in (residence_code, hukou_code):
        if code and code.startswith("4401"):
            return code[:6]
    return UNKNOWN_DISTRICT


def street_of(residence_code: str | None) -> str:
    """The street or town of this city where somebody lives, nine digits; nothing finer is asked for or kept."""
    return residence_code[:9] if residence_code and residence_code.startswith("4401") and len(residence_code) >= 9 else ""


def _assess(heard: Heard) -> AssessCase:
    c: CaseRead = heard.data
    facts = with_places(c.facts, c.hukou_code)
    shared = c.consent.recipients if c.consent is not None and REFERRAL in c.consent.purposes else None
    return AssessCase(
        c.case_id, c.person_id, c.household_id or c.person_id, district_of(c.residence_code, c.hukou_code), c.needs, c.urgency, facts,
        c.received_on or local_day(heard.at), heard.at, shared, c.language, street_of(c.residence_code),
    )  # fmt: skip


def on_case_opened(heard: Heard) -> Iterable[To]:
    yield To("assessment", heard.data.case_id, _assess(heard))


def on_case_facts_changed(heard: Heard) -> Iterable[To]:
    yield To("assessment", heard.data.case_id, _assess(heard))


def on_consent_given(heard: Heard) -> Iterable[To]:
    c: SharingRead = heard.data
    if REFERRAL in c.purposes:
        yield To("assessment", c.case_id, AllowSharing(c.recipients, heard.at))


def on_consent_withdrawn(heard: Heard) -> Iterable[To]:
    c: SharingRead = heard.data
    if not c.purposes or REFERRAL in c.purposes:
        yield To("assessment", c.case_id, StopSharing("consent_withdrawn", heard.at))


def on_case_closed(heard: Heard) -> Iterable[To]:
    yield To("assessment", heard.data.case_id, StopSharing("case_closed", heard.at, heard.data.reason))


def on_case_reopened(heard: Heard) -> Iterable[To]:
    """What was agreed to before counts again."""
    yield To("assessment", heard.data.case_id, ResumeSharing(heard.at))


def on_case_withdrawn(heard: Heard) -> Iterable[To]:
    yield To("assessment", heard.data.case_id, StopSharing("case_withdrawn", heard.at))


def on_subject_erased(heard: Heard) -> Iterable[To]:
    erased: ErasedRead = heard.data
    for case_id in erased.case_ids:
        yield To("assessment", case_id, StopSharing("subject_erased", heard.at))


def on_help_arrived(heard: Heard) -> Iterable[To]:
    p: PayoutRead = heard.data
    if p.referral_id:
        yield To("referral", p.referral_id, ServeReferral(heard.at, True))


def on_help_failed(heard: Heard) -> Iterable[To]:
    p: PayoutRead = heard.data
    if p.referral_id:
        yield To("referral", p.referral_id, FailGrant(p.reason or p.state or "payout_failed", heard.at))


def on_persons_linked(heard: Heard) -> Iterable[To]:
    """Their caps and chains count together from now on; no facts of a case change by it."""
    p: LinkRead = heard.data
    both = (Member(p.person_id, p.household_id), Member(p.linked_person_id, p.linked_household_id))
    return _counted(Group(p.link_id, PERSON, p.revision, both), both, heard)


def on_persons_unlinked(heard: Heard) -> Iterable[To]:
    p: LinkRead = heard.data
    both = (Member(p.person_id, p.household_id), Member(p.linked_person_id, p.linked_household_id))
    return _counted(Group(p.link_id, PERSON, p.revision), both, heard)


def on_household_changed(heard: Heard) -> Iterable[To]:
    """Who left hears of it too. One person alone counts with nobody."""
    h: HouseholdRead = heard.data
    group = Group(h.household_id, HOUSEHOLD, h.revision, h.members if len(h.members) > 1 else ())
    return _counted(group, (*h.members, *h.left), heard)


def _counted(group: Group, whom: Iterable[Member], heard: Heard) -> Iterable[To]:
    chains = dict.fromkeys(member.household_id for member in whom)
    for chain in chains:
        yield To("household", chain, CountTogether(chain, (group,), heard.at, steps=_STEPS // len(chains)))


REACTIONS = (
    Reaction("intake.case_opened.v1", CaseRead, on_case_opened),
    Reaction("intake.case_facts_changed.v1", CaseRead, on_case_facts_changed),
    Reaction("intake.consent_given.v1", SharingRead, on_consent_given),
    Reaction("intake.consent_withdrawn.v1", SharingRead, on_consent_withdrawn),
    Reaction("intake.case_closed.v1", EndRead, on_case_closed),
    Reaction("intake.case_reopened.v1", EndRead, on_case_reopened),
    Reaction("intake.case_withdrawn.v1", EndRead, on_case_withdrawn),
    Reaction("intake.subject_erased.v1", ErasedRead, on_subject_erased),
    Reaction("intake.persons_linked.v1", LinkRead, on_persons_linked),
    Reaction("intake.persons_unlinked.v1", LinkRead, on_persons_unlinked),
    Reaction("intake.household_changed.v1", HouseholdRead, on_household_changed),
    Reaction("disbursement.payout_settled.v1", PayoutRead, on_help_arrived),
    Reaction("disbursement.goods_issued.v1", PayoutRead, on_help_arrived),
    Reaction("disbursement.payout_rejected.v1", PayoutRead, on_help_failed),
    Reaction("disbursement.payout_refused.v1", PayoutRead, on_help_failed),
    Reaction("disbursement.payout_cancelled.v1", PayoutRead, on_help_failed),
)
