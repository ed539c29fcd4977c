"""The plan of matching: every part of the room, named once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.matching.allocation_office import router as allocation_office
from services.matching.allocation_pages import router as allocation_pages
from services.matching.allocation_rows import ALLOCATIONS
from services.matching.announcing_pages import router as announcing_pages
from services.matching.api import ROUTERS
from services.matching.api.hsds import IMPORT
from services.matching.api.what_if_file import PATH as WHAT_IF_FILE
from services.matching.application_pages import router as application_pages
from services.matching.asking_pages import router as asking_pages
from services.matching.city_pages import router as city_pages
from services.matching.city_projections import COMMUNITIES, FIGURES
from services.matching.contract import PUBLIC_TYPES, PUBLISH
from services.matching.directory_page import router as directory_page
from services.matching.domain import allocation, application
from services.matching.domain import assessment as a
from services.matching.domain import directory as d
from services.matching.domain import engagement as g
from services.matching.domain import household as h
from services.matching.domain import organization as o
from services.matching.domain import referral as r
from services.matching.domain import volunteer as v
from services.matching.domain.allocation_decisions import ALLOCATION
from services.matching.domain.application_decisions import APPLICATION
from services.matching.domain.assessment_decisions import assessment
from services.matching.domain.broadcast import BROADCAST
from services.matching.domain.broadcast import EVENTS as BROADCAST_EVENTS
from services.matching.domain.community import COMMUNITY
from services.matching.domain.community import EVENTS as COMMUNITY_EVENTS
from services.matching.domain.directory_decisions import DIRECTORY
from services.matching.domain.engagement_decisions import ENGAGEMENT
from services.matching.domain.goals import EVENTS as GOAL_EVENTS
from services.matching.domain.goals import GOALS
from services.matching.domain.household_decisions import HOUSEHOLD
from services.matching.domain.organization_decisions import ORGANIZATION
from services.matching.domain.parameter_decisions import parameters
from services.matching.domain.parameters import EVENTS as PARAMETER_EVENTS
from services.matching.domain.reassessment import EVENTS as REASSESSMENT_EVENTS
from services.matching.domain.reassessment import REASSESSMENT
from services.matching.domain.referral_decisions import REFERRAL
from services.matching.domain.volunteer_decisions import VOLUNTEER
from services.matching.effects import EFFECTS
from services.matching.enrolling_pages import router as enrolling_pages
from services.matching.number_pages import router as number_pages
from services.matching.pages import router as pages
from services.matching.policies import DUE, FOLLOW
from services.matching.projections import ASSESSMENTS, HELP, ORGANIZATIONS, REASSESSMENTS, SERVED, SERVICES, UNMET
from services.matching.reactions import REACTIONS
from services.matching.referral_projections import REFERRALS
from services.matching.rulebook import RULEBOOK, in_force
from services.matching.scheme_pages import router as scheme_pages
from services.matching.tables import TABLES
from services.matching.trying_pages import router as trying_pages
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
_WITH_FACTS = (a.CaseAssessed, a.SharingAllowed, a.SoughtAgain)
_AS_THEY_ARE = (
    tuple([event for event in a.EVENTS if event not in _WITH_FACTS]),
    d.EVENTS,
    r.EVENTS,
    o.EVENTS,
    PARAMETER_EVENTS,
    REASSESSMENT_EVENTS,
    COMMUNITY_EVENTS,
    GOAL_EVENTS,
    BROADCAST_EVENTS,
    allocation.EVENTS,
    application.EVENTS,
)
CODEC = Codec(
    *[Stored(event, sealed={"facts": "person_id"}) for event in _WITH_FACTS],
    *[Stored(event) for events in _AS_THEY_ARE for event in events],
    *[Stored(event, 2, upcasters={1: _AS_BEFORE[event]}) if event in _AS_BEFORE else Stored(event) for event in h.EVENTS],
    Stored(v.VolunteerRegistered, sealed={"external_ref": "volunteer_id"}),
    *[Stored(event) for event in (*v.EVENTS[1:], *g.EVENTS)],
)

MATCHING = Service(
    name="matching",
    deciders=(
        assessment(in_force),
        parameters(RULEBOOK),
        REASSESSMENT,
        DIRECTORY,
        REFERRAL,
        HOUSEHOLD,
        ORGANIZATION,
        COMMUNITY,
        GOALS,
        BROADCAST,
        ALLOCATION,
        APPLICATION,
        VOLUNTEER,
        ENGAGEMENT,
    ),
    codec=CODEC,
    publish=PUBLISH,
    public_types=PUBLIC_TYPES,
    tables=TABLES,
    projections=(
        ASSESSMENTS,
        REASSESSMENTS,
        REFERRALS,
        HELP,
        UNMET,
        SERVICES,
        ORGANIZATIONS,
        COMMUNITIES,
        FIGURES,
        ALLOCATIONS,
        SERVED,
        VOLUNTEERS,
        HOURS,
        ENGAGEMENTS,
    ),
    follow=FOLLOW,
    reactions=REACTIONS,
    effects=EFFECTS,
    due=DUE,
    routers=ROUTERS,
    pages=(
        pages,
        scheme_pages,
        city_pages,
        allocation_pages,
        announcing_pages,
        application_pages,
        allocation_office,
        trying_pages,
        number_pages,
        directory_page,
        volunteer_pages,
        enrolling_pages,
        asking_pages,
    ),
    templates=_HERE / "templates",
    words=_HERE / "words",
    uploads=(IMPORT, WHAT_IF_FILE),
)
