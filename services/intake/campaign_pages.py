"""Intake's pages for campaigns."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/intake", include_in_schema=False)
