"""A withdrawal is noted once, and each recipient is told once."""

from __future__ import annotations

from datetime import UTC, datetime

from services.notifications.domain.withdrawal import (
    WITHDRAWAL,
    NoteWithdrawal,
    SubjectWithdrawn,
    TellRecipients,
    WithdrawalNoted,
    WithdrawalNotNoted,
)
from shared.testing.given import Given

AT = datetime(2026, 11, 23, tzinfo=UTC)
NOTED = WithdrawalNoted("p", ("c",), False, AT)


def test_it_is_noted_once() -> None:
    Given(WITHDRAWAL).when(NoteWithdrawal("p", ("c",), False, AT)).then(NOTED)
    Given(WITHDRAWAL, NOTED).when(NoteWithdrawal("p", ("c",), False, AT)).then()


def test_each_recipient_is_told_once() -> None:
    hope, mercy = (SubjectWithdrawn(org, "p", ("c",), False) for org in ("hope", "mercy"))
    Given(WITHDRAWAL, NOTED).when(TellRecipients(("mercy", "hope", "mercy"))).then(hope, mercy)
    Given(WITHDRAWAL, NOTED, mercy).when(TellRecipients(("mercy", "hope"))).then(hope)


def test_nobody_is_told_of_what_was_not_noted() -> None:
    Given(WITHDRAWAL).when(TellRecipients(("mercy",))).refused(WithdrawalNotNoted)
