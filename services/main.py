"""All four rooms in one process: `uvicorn services.main:app`."""

from __future__ import annotations

from services.disbursement.manifest import DISBURSEMENT
from services.intake.manifest import INTAKE
from services.matching.manifest import MATCHING
from services.notifications.manifest import NOTIFICATIONS
from shared.runtime import application

SERVICES = (INTAKE, MATCHING, DISBURSEMENT, NOTIFICATIONS)

app = application(*SERVICES)
