"""What intake promises to say: private event to public event, in ids, codes and numbers only, or silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.intake.casework_contract import CASEWORK_PUBLISH, CASEWORK_TYPES
from services.intake.domain import call, household, link
from services.intake.domain import campaign as k
from services.intake.domain import case as c
from services.intake.domain.consent import EMERGENCY, ConsentGiven, ConsentWithdrawn, SharedInEmergency
from services.intake.domain.facts import code_or_other, travelling
from services.intake.domain.person import PersonErased
from shared.clock import local_day
from shared.envelope import Envelope, Public


class PublicConsent(Struct, frozen=True, gc=False):
    consent_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]


class ReportReceived(Struct, frozen=True, gc=False):
    report_id: str
    case_id: str
    channel: str
    source: str
    urgency: str
    needs: tuple[str, ...]
    residence_code: str | None


class CaseOpened(Struct, frozen=True, gc=False):
    """`facts` are coded: numbers, yes or no, days, codes; `consent` is null while sharing was not agreed to."""

    case_id: str
    person_id: str
    household_id: str
    channel: str
    received_on: date
    residence_code: str | None
    hukou_code: str | None
    urgency: str
    needs: tuple[str, ...]
    facts: Mapping[str, Any]
    consent: PublicConsent | None
    contact_by: str | None
    language: str
    first_contact_due: datetime | None = None


class CaseFactsChanged(Struct, frozen=True, gc=False):
    """The case as it is now, complete; `changed` names what is different."""

    case_id: str
    person_id: str
    household_id: str
    received_on: date | None
    residence_code: str | None
    hukou_code: str | None
    urgency: str
    needs: tuple[str, ...]
    facts: Mapping[str, Any]
    consent: PublicConsent | None
    contact_by: str | None
    language: str
    changed: tuple[str, ...]


class CaseMoved(Struct, frozen=True, gc=False):
    """Verified, closed, reopened or withdrawn; `reason` is a code."""

    case_id: str
    person_id: str
    reason: str


class CaseTransferred(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    reason: str
    to_org: str | None
    to_district: str | None


class FirstContactMissed(Struct, frozen=True, gc=False):
    case_id: str
    urgency: str


class ConsentSaid(Struct, frozen=True, gc=False):
    """Given (`reason` emergency: taken without asking, to be reviewed) or withdrawn (asked, case_withdrawn, erased, expired, not_upheld)."""

    case_id: str
    person_id: str
    consent_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    expires_on: date | None = None
    reason: str | None = None


class SubjectErased(Struct, frozen=True, gc=False):
    person_id: str
    case_ids: tuple[str, ...]


class CampaignChanged(Struct, frozen=True, gc=False):
    """Started, paused, resumed or done (reason: finished, stopped)."""

    campaign_id: str
    purpose: str
    status: str
    reason: str = ""


class CallAnswered(Struct, frozen=True, gc=False):
    """An answer that led to a case or to a task on one; where the trail from a campaign to help begins."""

    call_id: str
    campaign_id: str
    case_id: str
    purpose: str
    result: str


class PersonsLinked(Struct, frozen=True, gc=False):
    """Two persons are one after all, or two after all; of several words about one `link_id` the highest `revision` counts."""

    link_id: str
    revision: int
    person_id: str
    household_id: str
    linked_person_id: str
    linked_household_id: str


class HouseholdMember(Struct, frozen=True, gc=False):
    """`household_id` is what this person's help is counted under, in their cases as well."""

    person_id: str
    household_id: str


class HouseholdChanged(Struct, frozen=True, gc=False):
    """Who counts together now, complete; who was carved out or went is in `left`. The highest `revision` counts."""

    household_id: str
    revision: int
    change: str
    members: tuple[HouseholdMember, ...]
    left: tuple[HouseholdMember, ...]
    size: int


def _codes(words: Iterable[str]) -> tuple[str, ...]:
    return tuple([code_or_other(word) for word in words])


def _by(contact_by: str | None) -> str | None:
    return code_or_other(contact_by) if contact_by else None


def _summary(consent: c.ConsentSummary | None) -> PublicConsent | None:
    if consent is None or not consent.share:
        return None
    return PublicConsent(consent.consent_id, consent.purposes, _codes(consent.recipients))


def on_reported(e: Envelope) -> tuple[Public, ...]:
    r: c.CaseReported = e.data
    needs = tuple([n.code for n in r.needs])
    facts = travelling(r.told.facts) if isinstance(r.told, c.Told) else {}
    source = code_or_other(r.source)
    return (
        Public("intake.report_received.v1", ReportReceived(r.report_id, r.case_id, r.channel, source, r.urgency, needs, r.residence_code)),
        Public(
            "intake.case_opened.v1",
            CaseOpened(
                r.case_id, r.person_id, r.household_id, r.channel, local_day(r.received_at), r.residence_code, r.hukou_code, r.urgency,
                needs, facts, _summary(r.consent), _by(r.contact_by), r.language, r.first_contact_due,
            ),
        ),
    )  # fmt: skip


def on_facts_changed(e: Envelope) -> tuple[Public, ...]:
    f: c.CaseFactsChanged = e.data
    if f.edit is not None and set(f.changed) <= _SILENT:
        return ()  # recorded for those who work on the case; nothing that others know has changed
    facts = travelling(f.facts) if isinstance(f.facts, Mapping) else {}
    received_on = local_day(f.received_at) if f.received_at else None
    said = CaseFactsChanged(
        f.case_id, f.person_id, f.household_id, received_on, f.residence_code, f.hukou_code, f.urgency, f.needs, facts,
        _summary(f.consent), _by(f.contact_by), f.language, tuple([k for k in f.changed if k in facts or k in _PLAIN]),
    )  # fmt: skip
    return (Public("intake.case_facts_changed.v1", said),)


_SILENT = frozenset(("phone", "address"))
_PLAIN = frozenset(("needs", "residence_code", "hukou_code"))
_MOVED: Mapping[type, str] = {
    c.CaseVerified: "intake.case_verified.v1",
    c.CaseClosed: "intake.case_closed.v1",
    c.CaseReopened: "intake.case_reopened.v1",
    c.CaseWithdrawn: "intake.case_withdrawn.v1",
}


def on_moved(e: Envelope) -> tuple[Public, ...]:
    moved = e.data
    reason = moved.method if isinstance(moved, c.CaseVerified) else moved.reason
    return (Public(_MOVED[type(moved)], CaseMoved(moved.case_id, moved.person_id, code_or_other(reason))),)


def on_transferred(e: Envelope) -> tuple[Public, ...]:
    t: c.CaseTransferred = e.data
    to_org = code_or_other(t.to_org) if t.to_org else None
    said = CaseTransferred(t.case_id, t.person_id, code_or_other(t.reason), to_org, t.to_district)
    return (Public("intake.case_transferred.v1", said),)


def on_first_contact_missed(e: Envelope) -> tuple[Public, ...]:
    return (Public("intake.first_contact_missed.v1", FirstContactMissed(e.data.case_id, e.data.urgency)),)


def on_consent_given(e: Envelope) -> tuple[Public, ...]:
    g: ConsentGiven = e.data
    said = ConsentSaid(g.case_id, g.person_id, g.consent_id, g.purposes, _codes(g.recipients), g.expires_on)
    return (Public("intake.consent_given.v1", said),)


def on_consent_withdrawn(e: Envelope) -> tuple[Public, ...]:
    w: ConsentWithdrawn = e.data
    said = ConsentSaid(w.case_id, w.person_id, w.consent_id, w.purposes, _codes(w.recipients), None, code_or_other(w.reason))
    return (Public("intake.consent_withdrawn.v1", said),)


def on_erased(e: Envelope) -> tuple[Public, ...]:
    return (Public("intake.subject_erased.v1", SubjectErased(e.data.person_id, e.data.case_ids)),)


_CAMPAIGN_IS: Mapping[type, str] = {
    k.CampaignStarted: "running",
    k.CampaignPaused: "paused",
    k.CampaignResumed: "running",
    k.CampaignEnded: "done",
}


def on_campaign_changed(e: Envelope) -> tuple[Public, ...]:
    said = e.data
    reason = said.reason if isinstance(said, k.CampaignEnded) else ""
    return (Public("intake.campaign_changed.v1", CampaignChanged(said.campaign_id, said.purpose, _CAMPAIGN_IS[type(said)], reason)),)


def on_call_answered(e: Envelope) -> tuple[Public, ...]:
    """Only where a case comes of it: tens of thousands who are well are nobody else's concern."""
    a: call.CallAnswered = e.data
    if a.case_id is None:
        return ()
    return (Public("intake.call_answered.v1", CallAnswered(a.call_id, a.campaign_id, a.case_id, a.purpose, a.result)),)


def on_linked(e: Envelope) -> tuple[Public, ...]:
    return (Public("intake.persons_linked.v1", _pair(e.data)),)


def on_unlinked(e: Envelope) -> tuple[Public, ...]:
    return (Public("intake.persons_unlinked.v1", _pair(e.data)),)


def _pair(said: link.PersonsLinked | link.PersonsUnlinked) -> PersonsLinked:
    p = said.pair
    return PersonsLinked(said.link_id, said.revision, p.person_id, p.household_id, p.linked_person_id, p.linked_household_id)


def on_household_changed(e: Envelope) -> tuple[Public, ...]:
    h: household.HouseholdChanged = e.data
    now = [HouseholdMember(m.person_id, m.chain) for m in h.members if not m.carved_out]
    gone = [HouseholdMember(m.person_id, m.chain) for m in (*h.left, *[m for m in h.members if m.carved_out])]
    size = household.Household(h.household_id, h.members, h.others).size()
    said = HouseholdChanged(h.household_id, e.version, h.change, tuple(now), tuple(gone), size)
    return (Public("intake.household_changed.v1", said),)


def on_shared_in_emergency(e: Envelope) -> tuple[Public, ...]:
    """Heard like a consent, and `reason` says that it was none."""
    s: SharedInEmergency = e.data
    said = ConsentSaid(s.case_id, s.person_id, s.consent_id, s.purposes, s.recipients, local_day(s.expires_at), EMERGENCY)
    return (Public("intake.consent_given.v1", said),)


PUBLISH: Mapping[type, Callable[[Envelope], tuple[Public, ...]]] = {
    **CASEWORK_PUBLISH,
    c.CaseReported: on_reported,
    c.CaseFactsChanged: on_facts_changed,
    **dict.fromkeys(_MOVED, on_moved),
    c.CaseTransferred: on_transferred,
    c.FirstContactMissed: on_first_contact_missed,
    ConsentGiven: on_consent_given,
    ConsentWithdrawn: on_consent_withdrawn,
    PersonErased: on_erased,
    **dict.fromkeys(_CAMPAIGN_IS, on_campaign_changed),
    call.CallAnswered: on_call_answered,
    link.PersonsLinked: on_linked,
    link.PersonsUnlinked: on_unlinked,
    household.HouseholdChanged: on_household_changed,
    SharedInEmergency: on_shared_in_emergency,
}
PUBLIC_TYPES: Mapping[str, type] = {
    **CASEWORK_TYPES,
    "intake.report_received.v1": ReportReceived,
    "intake.case_opened.v1": CaseOpened,
    "intake.case_facts_changed.v1": CaseFactsChanged,
    **dict.fromkeys(_MOVED.values(), CaseMoved),
    "intake.case_transferred.v1": CaseTransferred,
    "intake.first_contact_missed.v1": FirstContactMissed,
    "intake.consent_given.v1": ConsentSaid,
    "intake.consent_withdrawn.v1": ConsentSaid,
    "intake.subject_erased.v1": SubjectErased,
    "intake.campaign_changed.v1": CampaignChanged,
    "intake.call_answered.v1": CallAnswered,
    "intake.persons_linked.v1": PersonsLinked,
    "intake.persons_unlinked.v1": PersonsLinked,
    "intake.household_changed.v1": HouseholdChanged,
}
