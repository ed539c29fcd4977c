"""The one act beyond rows and events: when a person is erased, the key of their facts is destroyed here too."""

from __future__ import annotations

from services.matching.domain.assessment import SharingStopped
from services.matching.domain.volunteer import ERASED, VolunteerLeft
from shared.service import shredding


def _erased(stopped: SharingStopped) -> str | None:
    return stopped.person_id if stopped.reason == "subject_erased" else None


def _forgotten(left: VolunteerLeft) -> str | None:
    return left.volunteer_id if left.reason == ERASED else None


EFFECTS = (shredding("erasure", SharingStopped, _erased), shredding("volunteer_erasure", VolunteerLeft, _forgotten))
