"""The work after a new number goes on portion by portion, and no portion counts twice."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from services.matching.domain.reassessment import (
    REASSESSMENT,
    BeginReassessment,
    NotePortion,
    PortionDue,
    ReassessmentBegun,
    ReassessmentDone,
    ReassessmentIsUnknown,
)
from shared.testing.given import Given
from tests.matching.stories import AT, LATER

SINCE = date(2027, 1, 1)
BEGIN = BeginReassessment("7", None, "dibao_line_fen", SINCE, None, AT)
BEGUN = (ReassessmentBegun("7", None, "dibao_line_fen", SINCE, None, AT), PortionDue("7", "", 0, SINCE, None, AT, AT))
PORTION = NotePortion("", "c200", 200, False, LATER)
NEXT = PortionDue("7", "c200", 200, SINCE, None, AT, LATER)


def test_it_begins_once_with_the_first_portion() -> None:
    Given(REASSESSMENT).when(BEGIN).then(*BEGUN)
    Given(REASSESSMENT, *BEGUN).when(BEGIN).then()


def test_each_portion_asks_for_the_next_and_the_last_ends_it() -> None:
    Given(REASSESSMENT, *BEGUN).when(PORTION).then(NEXT)
    state = Given(REASSESSMENT, *BEGUN, NEXT).when(NotePortion("c200", "c210", 10, True, LATER)).then(ReassessmentDone("7", 210, LATER))
    assert state is not None
    assert Given(REASSESSMENT, *BEGUN, NEXT, ReassessmentDone("7", 210, LATER)).state.done


def test_a_portion_that_was_noted_is_not_noted_again() -> None:
    Given(REASSESSMENT, *BEGUN, NEXT).when(PORTION).then()
    Given(REASSESSMENT, *BEGUN, NEXT).when(replace(PORTION, last=True)).then()
    Given(REASSESSMENT, *BEGUN, ReassessmentDone("7", 0, LATER)).when(NotePortion("", "", 0, True, LATER)).then()


def test_nothing_is_noted_of_what_never_began() -> None:
    Given(REASSESSMENT).when(PORTION).refused(ReassessmentIsUnknown)


def test_cases_that_could_not_be_asked_are_counted() -> None:
    passed = replace(PORTION, after="c1", looked_at=1, passed_over=1)
    due = PortionDue("7", "c1", 1, SINCE, None, AT, LATER, 1)
    Given(REASSESSMENT, *BEGUN).when(passed).then(due)
    Given(REASSESSMENT, *BEGUN, due).when(NotePortion("c1", "c2", 1, True, LATER)).then(ReassessmentDone("7", 2, LATER, 1))
