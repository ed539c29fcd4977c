"""Whether a case can still be worked on, and why not."""

from __future__ import annotations

from services.intake.domain.case import Case, CaseReported
from shared.kernel import Rejected, Shredded


class CaseIsUnknown(Rejected):
    """There is no such case."""


class CaseIsClosed(Rejected):
    """This case is closed; reopen it first."""


class CaseIsWithdrawn(Rejected):
    """The person has withdrawn this case; it stays withdrawn."""


class PersonOfCaseIsErased(Rejected):
    """The data of this person have been erased; nothing more can be recorded about them here."""


def known(state: Case) -> CaseReported:
    """The report of a case; raises `CaseIsUnknown`."""
    if state.report is None:
        raise CaseIsUnknown
    return state.report


def living(state: Case) -> CaseReported:
    """The report of a case that can still be worked on."""
    report = not_withdrawn(state)
    if state.status == "closed":
        raise CaseIsClosed(reason=state.reason)
    return report


def not_withdrawn(state: Case) -> CaseReported:
    report = known(state)
    if state.status == "withdrawn":
        raise CaseIsWithdrawn
    return report


def writable(report: CaseReported, text: str | None) -> None:
    """Raises `PersonOfCaseIsErased` where this text would be written about somebody who is forgotten."""
    if text is not None and isinstance(report.told, Shredded):
        raise PersonOfCaseIsErased
