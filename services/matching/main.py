"""Matching alone."""

from __future__ import annotations

from services.matching.manifest import MATCHING
from shared.runtime import application

app = application(MATCHING)
