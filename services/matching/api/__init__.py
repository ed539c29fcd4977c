"""The doors of matching for programs."""

from __future__ import annotations

from services.matching.api import (
    allocations,
    applications,
    assessing,
    city,
    directory,
    engagements,
    households,
    hsds,
    parameters,
    programmes,
    referrals,
    schemes,
    volunteers,
    what_if,
    what_if_file,
)

ROUTERS = (
    assessing.router,
    programmes.router,
    parameters.router,
    what_if.router,
    what_if_file.router,
    schemes.router,
    directory.router,
    hsds.router,
    referrals.router,
    referrals.by_case,
    city.router,
    households.router,
    allocations.router,
    applications.router,
    volunteers.router,
    engagements.router,
)
