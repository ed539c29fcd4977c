"""The HTTP door of intake, one file for each noun."""

from __future__ import annotations

from services.intake.api import batch, cases, consents, households, links, looks, persons, reports

ROUTERS = (
    reports.router, batch.router, cases.router, consents.router, persons.router, links.router, households.router, looks.router,
)  # fmt: skip
