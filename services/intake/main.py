"""Intake alone in a process."""

from __future__ import annotations

from services.intake.manifest import INTAKE
from shared.runtime import application

app = application(INTAKE)
