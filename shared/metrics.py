"""What Prometheus reads: ages, depths and counts by service; never an id."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from shared.ops import Ops

NAMES = {
    "kapok_outbox_unpublished": "Public events waiting to be published",
    "kapok_outbox_oldest_age_seconds": "Age of the oldest unpublished event",
    "kapok_commands_waiting": "Units waiting for the writer",
    "kapok_commits_total": "Transactions committed by the writer",
    "kapok_heard_total": "Messages worked through",
    "kapok_inbox_duplicates_total": "Messages recognised as already worked through",
    "kapok_blocked_keys": "Keys with a parked message",
    "kapok_effects_due": "Calls to the outside that are due or retried",
    "kapok_effects_attempts": "Attempts of the waiting call to the outside that was tried most often",
    "kapok_deadlines_due": "Deadlines that have passed and are not worked off",
    "kapok_deadline_oldest_age_seconds": "How long ago the oldest of these has passed",
    "kapok_deadlines_failed_total": "Deadlines that could not be worked off and come again",
    "kapok_loops_down": "Loops that are not running",
    "kapok_not_ready": "1 when the service should get no work",
}
_LAG = "kapok_consumer_lag_seconds"
_BEHIND = "kapok_consumer_lag_messages"


def metrics_router(ops: Ops) -> APIRouter:
    """`GET /metrics`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    async def metrics() -> Response:
        state = await ops.state()
        registry = CollectorRegistry()
        gauges = {name: Gauge(name, text, ["service"], registry=registry) for name, text in NAMES.items()}
        for s in state["services"]:
            values = (
                s["outbox"]["rows"], s["outbox"]["oldest_seconds"], s["waiting"], s["commits"], s["heard"], s["duplicates"], s["blocked_keys"],
                sum(e["due"] for e in s["effects"]), max((e["attempts"] for e in s["effects"]), default=0), *_deadlines(s["deadlines"]),
                sum(not x["alive"] for x in s["loops"]), int(bool(s["troubles"])),
            )  # fmt: skip
            for gauge, value in zip(gauges.values(), values, strict=True):
                gauge.labels(s["service"]).set(value)
        for s in state["services"]:
            for m in s["measures"]:
                Gauge(m["name"], m["text"], ["service"], registry=registry).labels(s["service"]).set(m["value"])
        lag = Gauge(_LAG, "Age of the oldest unread message", ["topic", "group"], registry=registry)
        behind = Gauge(_BEHIND, "Unread messages", ["topic", "group"], registry=registry)
        for topic in state["topics"]:
            for group in topic["groups"]:
                lag.labels(topic["topic"], group["group"]).set(group["lag_seconds"])
                behind.labels(topic["topic"], group["group"]).set(group["lag_messages"])
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _deadlines(told: dict[str, Any]) -> tuple[float, float, float]:
    # One that fails is due again later: between two tries only the count of failures shows it.
    return told["due"], told["oldest_seconds"], told["failed"]
