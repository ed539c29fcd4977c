"""The plan of intake: every part of the room, named once."""

from __future__ import annotations

from pathlib import Path

from services.intake import (
    apply_pages,
    campaign_pages,
    clock_pages,
    desk_pages,
    import_page,
    off_line_pages,
    pages,
    person_pages,
    screening_pages,
    task_pages,
    visit_pages,
)
from services.intake.api import ROUTERS, calls, screenings
from services.intake.campaigns.dialling import EFFECTS as DIALLING
from services.intake.campaigns.dialling import LOOPS
from services.intake.campaigns.forgetting import FORGETTING, SHREDDING
from services.intake.campaigns.listing import LISTING
from services.intake.campaigns.projections import CALLS, CAMPAIGNS, NUMBERS
from services.intake.campaigns.stored import STORED
from services.intake.clock_projections import CLOCKS
from services.intake.clockwork import CLOCKWORK
from services.intake.contract import PUBLIC_TYPES, PUBLISH
from services.intake.domain import case as c
from services.intake.domain import casework as w
from services.intake.domain import clocks
from services.intake.domain import consent as k
from services.intake.domain import screening as s
from services.intake.domain.call_decisions import CALL
from services.intake.domain.campaign_decisions import CAMPAIGN
from services.intake.domain.case_decisions import CASE
from services.intake.domain.consent_decisions import CONSENT
from services.intake.domain.household import HouseholdChanged
from services.intake.domain.household_decisions import HOUSEHOLD
from services.intake.domain.link_decisions import LINK
from services.intake.domain.look import LOOK, PersonalDataShown
from services.intake.domain.number_decisions import NUMBER
from services.intake.domain.paper import PAPER, PaperKept
from services.intake.domain.person import HouseholdEntered, PersonErased, PersonTold
from services.intake.domain.person_decisions import PERSON
from services.intake.domain.screening_decisions import SCREENING
from services.intake.domain.working_time import CALENDAR
from services.intake.effects import EFFECTS
from services.intake.person_projections import HOUSEHOLDS, LINKS
from services.intake.projections import CASES, CONSENTS, LOOKS, PEOPLE
from services.intake.reactions import DUE, FOLLOW, REACTIONS
from services.intake.screening.forgetting import SIGNALS_FORGOTTEN
from services.intake.screening.projecting import SCREENINGS
from services.intake.screening.running import SCREENING_LOOP
from services.intake.tables import TABLES
from shared.codec import Codec, Stored
from shared.service import Service

_HERE = Path(__file__).parent

_TEXTS: dict[type, dict[str, str]] = {event: {"text": "person_id"} for event in (w.GrievanceRaised, w.GrievanceAnswered)}
CODEC = Codec(
    Stored(c.CaseReported, sealed={"told": "person_id", "reporter": "reporter_id"}),
    Stored(c.FirstContactMade),
    Stored(c.FirstContactMissed),
    Stored(c.CaseVerified),
    Stored(c.VisitRecorded, sealed={"note": "person_id"}),
    Stored(c.NoteAdded, sealed={"text": "person_id"}),
    Stored(c.CaseFactsChanged, sealed={"facts": "person_id", "values": "person_id"}),
    Stored(c.TaskAdded, sealed={"text": "person_id"}),
    Stored(c.TaskFinished),
    Stored(c.CaseTransferred),
    Stored(c.CaseClosed),
    Stored(c.CaseReopened),
    Stored(c.CaseWithdrawn),
    Stored(c.ReferralNoted),
    Stored(c.PayoutNoted),
    Stored(c.ConsentNoted),
    Stored(c.ReporterForgotten),
    Stored(PersonTold, sealed={"claims": "person_id"}),
    Stored(HouseholdEntered),
    Stored(PersonErased),
    *[Stored(event) for event in LINK.events],
    Stored(HouseholdChanged),
    Stored(k.ConsentGiven),
    Stored(k.ConsentWithdrawn),
    Stored(k.ConsentAsked),
    Stored(k.ConsentRefused),
    Stored(k.SharedInEmergency, sealed={"reason": "person_id"}),
    Stored(k.EmergencyReviewed),
    Stored(k.ConsentExpiring),
    Stored(PersonalDataShown, sealed={"reason": "actor"}),
    *STORED,
    Stored(s.ScreeningAsked),
    Stored(s.ScreeningBegun),
    Stored(s.ScreeningPartDone),
    Stored(s.ScreeningEnded),
    Stored(s.SignalsForgotten),
    Stored(clocks.ClockWarned),
    Stored(clocks.ClockBreached),
    Stored(clocks.ClockEscalated),
    Stored(clocks.ClocksRecomputed),
    *[Stored(event, sealed=_TEXTS.get(event, {})) for event in w.EVENTS],
    *[Stored(event) for event in CALENDAR.events],
    Stored(PaperKept, sealed={"picture": "person_id"}),
)

INTAKE = Service(
    name="intake",
    deciders=(CASE, PERSON, CONSENT, LOOK, LINK, HOUSEHOLD, CAMPAIGN, CALL, NUMBER, SCREENING, CALENDAR, PAPER),
    codec=CODEC,
    publish=PUBLISH,
    public_types=PUBLIC_TYPES,
    tables=TABLES,
    projections=(CASES, PEOPLE, CONSENTS, LOOKS, LINKS, HOUSEHOLDS, CAMPAIGNS, CALLS, NUMBERS, SCREENINGS, CLOCKS),
    follow=FOLLOW,
    reactions=REACTIONS,
    effects=(*EFFECTS, *DIALLING, LISTING, SHREDDING, SIGNALS_FORGOTTEN),
    loops=(*LOOPS, FORGETTING, SCREENING_LOOP, CLOCKWORK),
    due=DUE,
    routers=ROUTERS,
    pages=(
        desk_pages.router,
        apply_pages.router,
        pages.router,
        visit_pages.router,
        clock_pages.router,
        task_pages.router,
        off_line_pages.router,
        person_pages.router,
        import_page.router,
        campaign_pages.router,
        screening_pages.router,
    ),
    uploads=(import_page.PATH, campaign_pages.LISTS, screening_pages.PATH, screenings.PATH),
    webhooks=(calls.WEBHOOK,),
    templates=_HERE / "templates",
    words=_HERE / "words",
)
