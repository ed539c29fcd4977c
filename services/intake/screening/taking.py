"""From a signal to a report: what the data said, under the signal's own number, so that it is recorded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.intake.asked import PersonIn, ReportIn
from services.intake.domain.screening import Screening
from services.intake.screening.views import known, unreported
from services.intake.taking import take
from shared.http import Door, Invalid

SOURCE = "screening"


async def open_reports(door: Door, screening_id: str, filters: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """Make reports of the signals furthest beyond their limits, one after the other, no faster than the flow behind works them off."""
    state = await known(door, screening_id)
    opened: list[dict[str, str]] = []
    refused: list[dict[str, str]] = []
    for row in await unreported(door, screening_id, filters, limit):
        await door.paced()
        try:
            answered, _ = await take(door, _report(door, state, row))
        except (Invalid, ValidationError) as fault:  # a number that only looked like one; the others go on
            refused.append({"signal_id": row["signal_id"], "why": fault.pointer if isinstance(fault, Invalid) else "invalid"})
        else:
            opened.append({"signal_id": row["signal_id"], "case_id": answered["case_id"]})
    return {"opened": opened, "refused": refused, "more": len(opened) + len(refused) == limit}


def _report(door: Door, state: Screening, row: Mapping[str, Any]) -> ReportIn:
    assert state.asked is not None
    threshold = next(one for one in state.asked.thresholds if one.code == row["threshold"])
    told = row["told"] if isinstance(row["told"], Mapping) else {}
    person = {key: told[key] for key in ("name", "id_number", "phone") if told.get(key)}
    place = row["residence_code"]
    said = {
        "channel": "data_signal", "source": SOURCE, "source_ref": row["signal_id"], "received_at": door.now, "needs": [threshold.need],
        "facts": {threshold.measure: row["value"], "signal_threshold": threshold.code, "signal_margin": row["margin"]},
        "person": PersonIn(**person, residence_code=place) if person or place else None,
    }  # fmt: skip
    return ReportIn.model_validate(said)
