"""The HTTP door of intake, one file for each noun."""

from __future__ import annotations

from services.intake.api import batch, cases, consents, persons, reports, screenings

ROUTERS = (reports.router, batch.router, cases.router, consents.router, persons.router, screenings.router)
