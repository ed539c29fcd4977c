"""The plan of matching: every part of the room, named once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.matching.api import ROUTERS
from services.matching.contract import PUBLIC_TYPES, PUBLISH
from services.matching.domain import assessment as a
from services.matching.domain import directory as d
from services.matching.domain import engagement as g
from services.matching.domain import household as h
from services.matching.domain import organization as o
from services.matching.domain import referral as r
from services.matching.domain import volunteer as v
from services.matching.domain.assessment_decisions import assessment
from services.matching.domain.directory_decisions import DIRECTORY
from services.matching.domain.engagement_decisions import ENGAGEMENT
from services.matching.domain.household_decisions import HOUSEHOLD
from services.matching.domain.organization_decisions import ORGANIZATION
from services.matching.domain.referral_decisions import REFERRAL
from services.matching.domain.volunteer_decisions import VOLUNTEER
from services.matching.effects import EFFECTS
from services.matching.pages import router as pages
from services.matching.policies import DUE, FOLLOW
from services.matching.projections import ASSESSMENTS, HELP, ORGANIZATIONS, REFERRALS, SERVICES, UNMET
from services.matching.reactions import REACTIONS
from services.matching.rulebook import RULEBOOK
from services.matching.scheme_pages import router as scheme_pages
from services.matching.tables import TABLES
from services.matching.volunteer_pages import router as volunteer_pages
from services.matching.volunteer_rows import ENGAGEMENTS, HOURS, VOLUNTEERS
from shared.codec import Codec, Stored
from shared.service import Service

_HERE = Path(__file__).parent


def _told_at_once(old: dict[str, Any]) -> dict[str, Any]:
    """Before there were portions everybody heard in the same unit."""
    return old


def _counted_widely(old: dict[str, Any]) -> dict[str, Any]:
    """Before each household was counted by itself, everybody within reach counted together and heard in the same unit."""
    return {**old, "wide": True}


_AS_BEFORE = {h.HelpGranted: _told_at_once, h.HelpReleased: _told_at_once, h.CountedTogether: _counted_widely}
CODEC = Codec(
    Stored(a.CaseAssessed, sealed={"facts": "person_id"}),
    *[Stored(event) for events in (a.EVENTS[1:], d.EVENTS, r.EVENTS, o.EVENTS) for event in events],
    *[Stored(event, 2, upcasters={1: _AS_BEFORE[event]}) if event in _AS_BEFORE else Stored(event) for event in h.EVENTS],
    Stored(v.VolunteerRegistered, sealed={"external_ref": "volunteer_id"}),
    *[Stored(event) for event in (*v.EVENTS[1:], *g.EVENTS)],
)

MATCHING = Service(
    name="matching",
    deciders=(assessment(RULEBOOK), DIRECTORY, REFERRAL, HOUSEHOLD, ORGANIZATION, VOLUNTEER, ENGAGEMENT),
    codec=CODEC,
    publish=PUBLISH,
    public_types=PUBLIC_TYPES,
    tables=TABLES,
    projections=(ASSESSMENTS, REFERRALS, HELP, UNMET, SERVICES, ORGANIZATIONS, VOLUNTEERS, HOURS, ENGAGEMENTS),
    follow=FOLLOW,
    reactions=REACTIONS,
    effects=EFFECTS,
    due=DUE,
    routers=ROUTERS,
    pages=(pages, scheme_pages, volunteer_pages),
    templates=_HERE / "templates",
    words=_HERE / "words",
)
