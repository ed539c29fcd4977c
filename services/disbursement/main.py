"""Disbursement alone: `uvicorn services.disbursement.main:app`."""

from __future__ import annotations

from services.disbursement.manifest import DISBURSEMENT
from shared.runtime import application

app = application(DISBURSEMENT)
