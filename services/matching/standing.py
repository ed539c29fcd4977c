"""The rules that stand, as doors and pages ask for them: now, or as they stood at an instant."""

from __future__ import annotations

from datetime import datetime

from services.matching.domain.parameters import CITY, Parameters
from services.matching.domain.rulebook import Rulebook
from services.matching.rulebook import in_force
from shared.http import Door


async def rules(door: Door, as_of: datetime | None = None) -> Rulebook:
    """The rule files of this release with the numbers that were set by then."""
    state: Parameters = await door.state("parameters", CITY, as_of=as_of)
    return in_force(state)
