"""What Prometheus reads: ages, depths and counts by service; never an id."""

from __future__ import annotations

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
                sum(e["due"] for e in s["effects"]), sum(not x["alive"] for x in s["loops"]), int(bool(s["troubles"])),
            )  # fmt: skip
            for gauge, value in zip(gauges.values(), values, strict=True):
                gauge.labels(s["service"]).set(value)
        lag = Gauge(_LAG, "Age of the oldest unread message", ["topic", "group"], registry=registry)
        behind = Gauge(_BEHIND, "Unread messages", ["topic", "group"], registry=registry)
        for topic in state["topics"]:
            for group in topic["groups"]:
                lag.labels(topic["topic"], group["group"]).set(group["lag_seconds"])
                behind.labels(topic["topic"], group["group"]).set(group["lag_messages"])
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
