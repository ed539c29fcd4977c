"""How a campaign is shown: its plan, how far it is, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.intake.campaigns import views
from services.intake.campaigns.asked import clock
from services.intake.campaigns.forgetting import kept_until
from services.intake.domain.campaign import Campaign
from shared.clock import SHANGHAI
from shared.http import Door, NotFound

STATUSES = ("queued", "ringing", "answered", "no_answer", "opted_out", "unknown", "skipped")
RESULTS = ("case", "task", "call_back", "no_need")


async def shown_campaign(door: Door, campaign_id: str) -> dict[str, Any]:
    """One campaign with its progress and its answers; raises `NotFound`."""
    version = await door.version("campaign", campaign_id)
    state: Campaign = await door.state("campaign", campaign_id)
    row = await views.campaign_row(door.room, campaign_id)
    if state.plan is None or row is None:
        raise NotFound("campaign")
    return {
        **shown_row(row),
        "version": version,
        "telephony": "ready" if door.room.settings.telephony_url else "not_set",
        "progress": await progress(door, campaign_id),
        "answers": await views.answers(door.room, campaign_id),
        "numbers": await _numbers(door, row),
        "coming": [{"list_id": one.list_id, "expected": one.expected, "asked_at": _local(one.at)} for one in state.coming],
    }


async def _numbers(door: Door, row: Mapping[str, Any]) -> dict[str, Any]:
    """How long the campaign knows whom it rang: until when, since when not any more, and for how many."""
    known, forgotten = await views.kept_and_forgotten(door.room, row["campaign_id"])
    until = kept_until(door.room, row["ended_at"]) if row["ended_at"] is not None else None
    return {
        "keep_days": door.room.settings.campaign_keep_days, "kept_until": _local(until), "forgotten_at": _local(row["forgotten_at"]),
        "known": known, "forgotten": forgotten,
    }  # fmt: skip


def shown_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign as lists show it."""
    return {
        "campaign_id": row["campaign_id"], "name": row["name"], "purpose": row["purpose"], "script": row["script"],
        "script_version": row["script_version"], "language": row["language"], "status": row["status"], "reason": row["reason"],
        "lines": row["lines"], "hours": {"from": clock(row["since"]), "until": clock(row["until"])}, "retries": row["retries"],
        "retry_minutes": row["retry_minutes"], "planned_by": row["planned_by"], "planned_at": _local(row["planned_at"]),
        "started_at": _local(row["started_at"]), "ended_at": _local(row["ended_at"]),
        "screening_id": row["screening_id"],
    }  # fmt: skip


async def progress(door: Door, campaign_id: str) -> dict[str, Any]:
    """How many people there are, how many calls are in which state, what the answered ones came to, and why others were not made."""
    counted = await views.counts(door.room, campaign_id)
    statuses = {name: sum(n for (status, _), n in counted.items() if status == name) for name in STATUSES}
    results = {name: sum(n for (_, result), n in counted.items() if result == name) for name in RESULTS}
    people = sum(counted.values())
    done = people - statuses["queued"] - statuses["ringing"]
    return {
        "people": people, "done": done, **statuses, "results": results, "not_called": await views.skipped(door.room, campaign_id),
        "percent": 100 * done // people if people else 0,
    }  # fmt: skip


def _local(instant: datetime | None) -> str | None:
    return instant.astimezone(SHANGHAI).isoformat() if instant else None
