"""What others say -> what it means for a case of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from services.intake.domain.call import CallOptedOut
from services.intake.domain.case import CaseFactsChanged, ConsentSummary
from services.intake.domain.case_commands import (
    AddTask,
    AskForInformation,
    ChangeFacts,
    FinishTask,
    NoteConsent,
    NoteEmergency,
    NotePayout,
    NoteReferral,
)
from services.intake.domain.casework import NoteInReach, PapersCompleted, ProvisionalHelpGiven
from services.intake.domain.clocks import TellClock
from services.intake.domain.consent import (
    EMERGENCY,
    ConsentExpiring,
    ConsentGiven,
    ConsentWithdrawn,
    EmergencyReviewed,
    ExpireConsent,
    NoticeExpiry,
    SharedInEmergency,
)
from services.intake.domain.household import HouseholdChanged
from services.intake.domain.number import OptOut
from services.intake.domain.person import Claims, ConfirmLiving, EndRetention, EnterHousehold, ExitHousehold, TellPerson
from services.intake.domain.screening import ForgetSignals
from shared.envelope import Envelope, Heard
from shared.kernel import Rejected
from shared.service import Reaction, To


class ReferralRead(Struct, frozen=True, gc=False):
    referral_id: str
    case_id: str
    org_id: str
    need: str = ""
    reason: str | None = None


class PayoutRead(Struct, frozen=True, gc=False):
    payout_id: str
    case_id: str
    kind: str = "cash"
    state: str = "settled"
    amount_fen: int = 0


class UnmetRead(Struct, frozen=True, gc=False):
    case_id: str
    need: str
    reason: str = ""


class QuestionRead(Struct, frozen=True, gc=False):
    case_id: str
    missing: tuple[str, ...] = ()


class InReachRead(Struct, frozen=True, gc=False):
    case_id: str
    programmes: tuple[str, ...] = ()


def on_referral_accepted(heard: Heard) -> Iterable[To]:
    r: ReferralRead = heard.data
    yield To("case", r.case_id, NoteReferral(r.referral_id, r.org_id, r.need, "accepted", heard.at))


def on_referral_closed(heard: Heard) -> Iterable[To]:
    r: ReferralRead = heard.data
    yield To("case", r.case_id, NoteReferral(r.referral_id, r.org_id, r.need, "closed", heard.at, r.reason or ""))


def on_referral_revoked(heard: Heard) -> Iterable[To]:
    r: ReferralRead = heard.data
    yield To("case", r.case_id, NoteReferral(r.referral_id, r.org_id, r.need, "revoked", heard.at, r.reason or ""))


def on_payout_settled(heard: Heard) -> Iterable[To]:
    p: PayoutRead = heard.data
    yield To("case", p.case_id, NotePayout(p.payout_id, p.kind, p.state, heard.at, p.amount_fen))


def on_goods_issued(heard: Heard) -> Iterable[To]:
    p: PayoutRead = heard.data
    yield To("case", p.case_id, NotePayout(p.payout_id, "goods", p.state, heard.at, p.amount_fen))


def on_information_requested(heard: Heard) -> Iterable[To]:
    q: QuestionRead = heard.data
    yield To("case", q.case_id, AskForInformation(f"information:{heard.id}", tuple(sorted(q.missing)), heard.at))


def on_need_unmet(heard: Heard) -> Iterable[To]:
    """Nobody can take it: a person must look; the same need for the same reason is one task."""
    n: UnmetRead = heard.data
    yield To("case", n.case_id, AddTask(f"{n.case_id}:unmet:{n.need}:{n.reason}", "unmet_need", heard.at, None, (n.need, n.reason)))


def on_case_in_reach(heard: Heard) -> Iterable[To]:
    """New numbers of the rules: somebody asks the person, and a closed case is opened again."""
    r: InReachRead = heard.data
    yield To("case", r.case_id, NoteInReach(heard.id, r.programmes, heard.at))


REACTIONS = (
    Reaction("matching.referral_accepted.v1", ReferralRead, on_referral_accepted),
    Reaction("matching.referral_closed.v1", ReferralRead, on_referral_closed),
    Reaction("matching.referral_revoked.v1", ReferralRead, on_referral_revoked),
    Reaction("matching.information_requested.v1", QuestionRead, on_information_requested),
    Reaction("matching.need_unmet.v1", UnmetRead, on_need_unmet),
    Reaction("matching.case_in_reach.v1", InReachRead, on_case_in_reach),
    Reaction("disbursement.payout_settled.v1", PayoutRead, on_payout_settled),
    Reaction("disbursement.goods_issued.v1", PayoutRead, on_goods_issued),
)


def no_clock_of_its_own(case_id: str, facts: Mapping[str, Any]) -> Iterable[To]:
    """A row of a store from before clocks were data: the clock of the case speaks now."""
    return ()


def consent_expires(consent_id: str, facts: Mapping[str, Any]) -> Iterable[To]:
    yield To("consent", consent_id, ExpireConsent(datetime.fromisoformat(facts["due_at"])))


def clock_speaks(case_id: str, facts: Mapping[str, Any]) -> Iterable[To]:
    yield To("case", case_id, TellClock(facts["clock"], datetime.fromisoformat(facts["now"])))


def consent_runs_out(consent_id: str, facts: Mapping[str, Any]) -> Iterable[To]:
    yield To("consent", consent_id, NoticeExpiry(datetime.fromisoformat(facts["due_at"])))


def retention_ends(person_id: str, facts: Mapping[str, Any]) -> Iterable[To]:
    yield To("person", person_id, EndRetention(datetime.fromisoformat(facts["due_at"])))


def signals_are_old(screening_id: str, facts: Mapping[str, Any]) -> Iterable[To]:
    yield To("screening", screening_id, ForgetSignals(datetime.fromisoformat(facts["due_at"])))


DUE = {
    "first_contact": no_clock_of_its_own,
    "consent_expiry": consent_expires,
    "consent_notice": consent_runs_out,
    "retention": retention_ends,
    "clock": clock_speaks,
    "signals": signals_are_old,
}


def reached_otherwise(e: Envelope) -> Iterable[To]:
    """Who is reached elsewhere from now on is so as a person too, not only in this case."""
    f: CaseFactsChanged = e.data
    if f.edit is None or not isinstance(f.values, Mapping):
        return
    said = {name: f.values[name] for name in ("phone", "address") if name in f.changed and f.values.get(name)}
    if said:
        yield To("person", f.person_id, TellPerson(f.person_id, f.household_id, f"{f.case_id}:{f.edit.edit_id}", Claims(**said)))


def consent_began(e: Envelope) -> Iterable[To]:
    g: ConsentGiven = e.data
    yield To("case", g.case_id, NoteConsent(ConsentSummary(g.consent_id, True, g.how, g.at, g.purposes, g.recipients), True, g.at))


def consent_ended(e: Envelope) -> Iterable[To]:
    w: ConsentWithdrawn = e.data
    yield To("case", w.case_id, NoteConsent(ConsentSummary(w.consent_id, True, "", w.at, w.purposes, w.recipients), False, w.at))


def opted_out(e: Envelope) -> Iterable[To]:
    said: CallOptedOut = e.data
    yield To("number", said.number_id, OptOut(said.number_id, said.purpose, said.how, said.at))


def emergency_shared(e: Envelope) -> Iterable[To]:
    """The case says whether it may be, knows what is shared, and asks somebody else to look at it; its no undoes the whole."""
    s: SharedInEmergency = e.data
    consent = ConsentSummary(s.consent_id, True, EMERGENCY, s.at, s.purposes, s.recipients)
    yield To("person", s.person_id, ConfirmLiving())
    yield To("case", s.case_id, NoteEmergency(consent, s.expires_at, s.above, s.at))


def emergency_reviewed(e: Envelope) -> Iterable[To]:
    r: EmergencyReviewed = e.data
    yield To("case", r.case_id, FinishTask(f"{r.consent_id}:review", r.at, "upheld" if r.upheld else "not_upheld"))


def consent_expiring(e: Envelope) -> Iterable[To]:
    x: ConsentExpiring = e.data
    yield To("case", x.case_id, AddTask(f"{x.consent_id}:expires", "consent_expires", x.at, x.expires_at, (x.consent_id,)))


def household_changed(e: Envelope) -> Iterable[To]:
    """A person lives in one household at a time: their own stream says no to a second."""
    h: HouseholdChanged = e.data
    for person_id in h.entered:
        yield To("person", person_id, EnterHousehold(person_id, h.household_id))
    for member in h.left:
        yield To("person", member.person_id, ExitHousehold(member.person_id, h.household_id))


def papers_told(e: Envelope) -> Iterable[To]:
    """Whoever is helped before their papers are complete lacks papers, which caps what is given at once; facts that are gone stay gone."""
    missing = isinstance(e.data, ProvisionalHelpGiven)
    yield To("case", e.data.case_id, ChangeFacts(e.at, {"papers_missing": missing}, "caseworker", edit_id=e.id), _as_it_is)


def _as_it_is(no: Rejected) -> None:
    """Nothing more is known than before."""


FOLLOW: Mapping[type, Callable[[Envelope], Iterable[To]]] = {
    ConsentGiven: consent_began,
    ConsentWithdrawn: consent_ended,
    CallOptedOut: opted_out,
    CaseFactsChanged: reached_otherwise,
    SharedInEmergency: emergency_shared,
    EmergencyReviewed: emergency_reviewed,
    ConsentExpiring: consent_expiring,
    HouseholdChanged: household_changed,
    ProvisionalHelpGiven: papers_told,
    PapersCompleted: papers_told,
}
