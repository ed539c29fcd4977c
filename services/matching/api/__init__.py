"""The doors of matching for programs."""

from __future__ import annotations

from services.matching.api import assessing, directory, hsds, programmes, referrals, schemes, what_if

ROUTERS = (
    assessing.router,
    programmes.router,
    what_if.router,
    schemes.router,
    directory.router,
    hsds.router,
    referrals.router,
    referrals.by_case,
)
