"""The one act beyond rows and events: when a person is erased, the key of their facts is destroyed here too."""

from __future__ import annotations

from services.matching.domain.assessment import SharingStopped
from shared.service import shredding


def _erased(stopped: SharingStopped) -> str | None:
    return stopped.person_id if stopped.reason == "subject_erased" else None


EFFECTS = (shredding("erasure", SharingStopped, _erased),)
