"""The HTTP door of intake, one file for each noun."""

from __future__ import annotations

from services.intake.api import batch, cases, casework, clocks, consents, persons, reports

ROUTERS = (reports.router, batch.router, cases.router, casework.router, clocks.router, consents.router, persons.router)
