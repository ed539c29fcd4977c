"""The HTTP door of intake, one file for each noun."""

from __future__ import annotations

from services.intake.api import (
    batch,
    calls,
    campaigns,
    cases,
    casework,
    clocks,
    consents,
    do_not_call,
    households,
    links,
    looks,
    persons,
    reports,
    screenings,
)

ROUTERS = (
    reports.router, batch.router, cases.router, cases.tasks_router, casework.router, casework.asked_router, clocks.router, consents.router,
    persons.router, links.router, households.router, looks.router, campaigns.router, calls.router, do_not_call.router, screenings.router,
)  # fmt: skip
