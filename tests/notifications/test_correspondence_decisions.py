"""Messages to a person: once for each cause, only to those who said how, every outcome final."""

from __future__ import annotations

from datetime import UTC, datetime

from services.notifications.domain.correspondence import (
    MessageDue,
    MessageFailed,
    MessageSent,
    MessageUnknown,
    MessageWithheld,
    NoteContact,
    RecordFailed,
    RecordSent,
    RecordUnknown,
    RecordWithheld,
    WriteMessage,
)
from services.notifications.domain.correspondence_decisions import CORRESPONDENCE, MessageNotKnown
from shared.testing.given import Given

AT = datetime(2026, 11, 23, tzinfo=UTC)
NOTE = NoteContact("c", "p", "sms", "en", AT)
DUE = MessageDue("received-c", "c", "p", "received", "sms", "en", AT)
SENT = MessageSent("received-c", "c", "p", "received", "sms")


def test_a_case_with_a_contact_is_answered_once() -> None:
    Given(CORRESPONDENCE).when(NOTE).then(DUE)
    Given(CORRESPONDENCE, DUE).when(NOTE).then()


def test_nobody_is_written_to_who_never_said_how() -> None:
    Given(CORRESPONDENCE).when(WriteMessage("settled", "payout-1", AT)).then()


def test_each_payout_asks_once_whether_it_arrived() -> None:
    due = MessageDue("settled-payout-1", "c", "p", "settled", "sms", "en", AT)
    Given(CORRESPONDENCE, DUE).when(WriteMessage("settled", "payout-1", AT)).then(due)
    Given(CORRESPONDENCE, DUE, due).when(WriteMessage("settled", "payout-1", AT)).then()


def test_the_first_outcome_stays() -> None:
    Given(CORRESPONDENCE, DUE).when(RecordSent("received-c", "sms")).then(SENT)
    said = "received-c"
    for later in (RecordSent(said, "sms"), RecordFailed(said, "sms", "x"), RecordWithheld(said, "x"), RecordUnknown(said)):
        Given(CORRESPONDENCE, DUE, SENT).when(later).then()


def test_every_other_outcome_is_recorded_with_its_reason() -> None:
    Given(CORRESPONDENCE, DUE).when(RecordFailed("received-c", "fax", "channel_unknown")).then(
        MessageFailed("received-c", "c", "p", "received", "fax", "channel_unknown")
    )
    Given(CORRESPONDENCE, DUE).when(RecordWithheld("received-c", "contact_none")).then(MessageWithheld("received-c", "contact_none"))
    state = Given(CORRESPONDENCE, DUE).when(RecordUnknown("received-c")).then(MessageUnknown("received-c"))
    assert state.letters["received-c"].status == "unknown"


def test_an_outcome_of_a_message_that_never_was_is_refused() -> None:
    Given(CORRESPONDENCE).when(RecordSent("received-c", "sms")).refused(MessageNotKnown)
