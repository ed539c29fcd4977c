"""The doors of matching for programs."""

from __future__ import annotations

from services.matching.api import assessing, directory, engagements, programmes, referrals, schemes, volunteers, what_if

ROUTERS = (assessing.router, programmes.router, what_if.router, schemes.router, directory.router, referrals.router, referrals.by_case,
           volunteers.router, engagements.router)  # fmt: skip
