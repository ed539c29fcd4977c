"""Notifications alone."""

from __future__ import annotations

from services.notifications.manifest import NOTIFICATIONS
from shared.runtime import application

app = application(NOTIFICATIONS)
