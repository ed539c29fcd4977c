"""What is said yes and no to about a case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.intake.domain import case as c
from services.intake.domain import case_commands as ask
from services.intake.domain import case_decisions as d
from services.intake.domain.urgency import Need
from shared.kernel import SHREDDED, Rejected
from shared.testing.given import Given

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
REPORTED = c.CaseReported(
    "c1", "p1", "p1", "p1", "r1", "mark", "hotline", "12345", AT, "high", ("fact:x",), AT + timedelta(hours=24),
    (Need("medical", ("given",)),), c.Told("story", None, {"age": 70}), None, "440106011", "440106",
)  # fmt: skip
CLOSED = c.CaseClosed("c1", "p1", AT, "needs_met")
WITHDRAWN = c.CaseWithdrawn("c1", "p1", AT, "asked")
ACCEPTED = c.ReferralNoted("c1", "f1", "org", "medical", "accepted", AT, "", True)


def test_a_report_is_taken_once() -> None:
    Given(d.CASE).when(ask.ReportCase(REPORTED)).then(REPORTED)
    Given(d.CASE, REPORTED).when(ask.ReportCase(REPORTED)).then()
    Given(d.CASE, REPORTED).when(ask.ReportCase(replace(REPORTED, mark="other"))).refused(d.ReportDiffersFromFirst)


def test_a_case_is_verified_once_and_counts_as_contacted() -> None:
    verified = c.CaseVerified("c1", "p1", AT, "visit")
    state = Given(d.CASE, REPORTED).when(ask.VerifyCase(AT, "visit")).state
    assert (state.status, state.contacted_at) == ("verified", AT)
    Given(d.CASE, REPORTED, verified).when(ask.VerifyCase(AT, "phone")).then()
    Given(d.CASE, REPORTED, CLOSED).when(ask.VerifyCase(AT, "visit")).refused(d.CaseIsClosed)
    Given(d.CASE, REPORTED, WITHDRAWN).when(ask.VerifyCase(AT, "visit")).refused(d.CaseIsWithdrawn)
    Given(d.CASE).when(ask.VerifyCase(AT, "visit")).refused(d.CaseIsUnknown)


def test_a_changed_fact_is_told_with_everything_else() -> None:
    state = Given(d.CASE, REPORTED).when(ask.ChangeFacts(AT, {"income": 5, "age": None}, "visit")).state
    assert state.facts == {"income": 5}
    Given(d.CASE, REPORTED).when(ask.ChangeFacts(AT, {"age": 70}, "visit")).then()
    shredded = replace(REPORTED, told=SHREDDED)
    assert Given(d.CASE, shredded).state.facts == {}


def test_a_need_that_is_added_wakes_a_sleeping_case() -> None:
    quiet = replace(REPORTED, needs=(), urgency="none")
    assert Given(d.CASE, quiet).when(ask.ChangeNeeds(AT, ("housing",))).state.urgency == "normal"
    Given(d.CASE, REPORTED).when(ask.ChangeNeeds(AT, ("medical",))).then()


def test_a_case_with_help_under_way_is_not_closed() -> None:
    no = Given(d.CASE, REPORTED, ACCEPTED).when(ask.CloseCase(AT, "needs_met")).refused(d.CaseHasHelpUnderWay)
    assert no.facts == {"referrals": ["f1"]}


def test_help_that_ended_well_proposes_closing() -> None:
    ended = ask.NoteReferral("f1", "org", "medical", "closed", AT, "got_help")
    state = Given(d.CASE, REPORTED, ACCEPTED).when(ended).state
    assert (state.met, [t.kind for t in state.tasks], state.serving) == (("medical",), ["propose_closing"], ())
    badly = ask.NoteReferral("f1", "org", "medical", "closed", AT, "no_capacity")
    assert [t.kind for t in Given(d.CASE, REPORTED, ACCEPTED).when(badly).state.tasks] == ["help_failed"]


def test_a_referral_is_noted_once_and_a_late_word_revives_nothing() -> None:
    accept = ask.NoteReferral("f1", "org", "medical", "accepted", AT)
    Given(d.CASE, REPORTED).when(accept).then(ACCEPTED)
    Given(d.CASE, REPORTED, ACCEPTED).when(accept).then()
    ended = c.ReferralNoted("c1", "f1", "org", "medical", "closed", AT, "got_help")
    Given(d.CASE, REPORTED, ACCEPTED, ended).when(accept).then()
    closed_already = Given(d.CASE, REPORTED, CLOSED).when(accept).state
    assert closed_already.status == "closed"


def test_a_payout_is_noted_once_for_each_state() -> None:
    note = ask.NotePayout("y1", "cash", "settled", AT, 100)
    noted = c.PayoutNoted("c1", "y1", "cash", "settled", AT, 100)
    Given(d.CASE, REPORTED).when(note).then(noted)
    Given(d.CASE, REPORTED, noted).when(note).then()


def test_closing_reopening_and_withdrawing() -> None:
    Given(d.CASE, REPORTED).when(ask.CloseCase(AT, "needs_met")).then(CLOSED)
    Given(d.CASE, REPORTED, CLOSED).when(ask.CloseCase(AT, "died")).then()
    Given(d.CASE, REPORTED).when(ask.ReopenCase(AT, "asked")).refused(d.CaseIsNotClosed)
    assert Given(d.CASE, REPORTED, CLOSED).when(ask.ReopenCase(AT, "asked")).state.status == "open"
    Given(d.CASE, REPORTED, CLOSED).when(ask.WithdrawCase(AT, "asked")).refused(d.CaseIsClosed)
    Given(d.CASE, REPORTED, WITHDRAWN).when(ask.WithdrawCase(AT, "asked")).then()
    Given(d.CASE, REPORTED, WITHDRAWN).when(ask.ReopenCase(AT, "asked")).refused(d.CaseIsWithdrawn)


def test_what_named_an_erased_person_is_not_written_again() -> None:
    erased = replace(REPORTED, told=SHREDDED)
    Given(d.CASE, erased).when(ask.AddNote("n1", AT, "text")).refused(d.PersonOfCaseIsErased)
    Given(d.CASE, erased).when(ask.RecordVisit("v1", AT, "seen", None)).then(c.VisitRecorded("c1", "p1", "v1", AT, "seen", None))


CONSENT = c.ConsentSummary("k1", True, "signed", AT, ("referral",), ("charity",))


def test_what_is_told_of_a_case_speaks_only_of_consent_that_holds() -> None:
    agreed = replace(REPORTED, consent=CONSENT)
    Given(d.CASE, agreed).when(ask.NoteConsent(CONSENT, True, AT)).then()
    changed = Given(d.CASE, agreed).when(ask.ChangeNeeds(AT, ("housing",))).events[0]
    assert changed.consent == CONSENT
    ended = c.ConsentNoted("c1", CONSENT, False, AT)
    Given(d.CASE, agreed).when(ask.NoteConsent(CONSENT, False, AT)).then(ended)
    assert Given(d.CASE, agreed, ended).when(ask.ChangeNeeds(AT, ("housing",))).events[0].consent is None
    other = replace(CONSENT, consent_id="k2", purposes=("payment",))
    both = Given(d.CASE, agreed, c.ConsentNoted("c1", other, True, AT)).when(ask.ChangeNeeds(AT, ("housing",))).events[0]
    assert both.consent.purposes == ("referral", "payment")


def test_one_question_is_open_at_a_time() -> None:
    first = c.TaskAdded("c1", "p1", "q1", "information", AT, None, ("income",))
    Given(d.CASE, REPORTED).when(ask.AskForInformation("q1", ("income",), AT)).then(first)
    Given(d.CASE, REPORTED, first).when(ask.AskForInformation("q2", ("income",), AT)).then()
    ended = c.TaskFinished("c1", "q1", AT)
    second = c.TaskAdded("c1", "p1", "q2", "information", AT, None, ("age",))
    Given(d.CASE, REPORTED, first).when(ask.AskForInformation("q2", ("age",), AT)).then(ended, second)
    Given(d.CASE, REPORTED, first).when(ask.AskForInformation("q2", (), AT)).then(ended)
    Given(d.CASE, REPORTED, CLOSED).when(ask.AskForInformation("q1", ("income",), AT)).then()


COMMANDS: tuple[Any, ...] = (
    ask.ReportCase(REPORTED), ask.RecordFirstContact(AT, "phone"), ask.VerifyCase(AT, "visit"),
    ask.RecordVisit("v1", AT, "seen", "note"), ask.AddNote("n1", AT, "text"),
    ask.ChangeNeeds(AT, ("housing",), ("medical",)), ask.ChangeNeeds(AT, ("medical",)),
    ask.ChangeFacts(AT, {"income": 5}, "visit"), ask.AddTask("t1", "call", AT), ask.FinishTask("t1", AT), ask.TransferCase(AT, "moved", "org2"),
    ask.CloseCase(AT, "needs_met"), ask.ReopenCase(AT, "asked"), ask.NoteReferral("f1", "org", "medical", "accepted", AT),
    ask.NoteConsent(CONSENT, True, AT), ask.NoteConsent(CONSENT, False, AT), ask.AskForInformation("q1", ("income",), AT),
    ask.NoteReferral("f1", "org", "medical", "closed", AT, "got_help"), ask.NotePayout("y1", "cash", "settled", AT, 1),
)  # fmt: skip


@given(st.lists(st.sampled_from(COMMANDS), max_size=25))
def test_twice_is_once_and_a_withdrawn_case_stays_withdrawn(commands: list[Any]) -> None:
    state = c.Case()
    for command in commands:
        try:
            for event in d.CASE.decide(command, state):
                state = d.CASE.evolve(state, event)
            assert d.CASE.decide(command, state) == (), command
        except Rejected:
            pass
    if state.report is None or state.status == "closed":
        return
    for event in d.CASE.decide(ask.WithdrawCase(AT, "asked"), state):
        state = d.CASE.evolve(state, event)
    for command in COMMANDS:
        try:
            for event in d.CASE.decide(command, state):
                state = d.CASE.evolve(state, event)
        except Rejected:
            pass
        assert state.status == "withdrawn"


def test_every_command_has_its_answer() -> None:
    for command in d.CASE.commands:
        assert command in d._OBEY
    with pytest.raises(KeyError):
        d.CASE.decide(object(), c.Case())
