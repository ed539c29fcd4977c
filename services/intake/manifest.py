"""The plan of intake: every part of the room, named once."""

from __future__ import annotations

from pathlib import Path

from services.intake import apply_pages, desk_pages, import_page, pages, person_pages
from services.intake.api import ROUTERS
from services.intake.contract import PUBLIC_TYPES, PUBLISH
from services.intake.domain import case as c
from services.intake.domain import consent as k
from services.intake.domain.case_decisions import CASE
from services.intake.domain.consent_decisions import CONSENT
from services.intake.domain.household import HouseholdChanged
from services.intake.domain.household_decisions import HOUSEHOLD
from services.intake.domain.link_decisions import LINK
from services.intake.domain.look import LOOK, PersonalDataShown
from services.intake.domain.person import HouseholdEntered, PersonErased, PersonTold
from services.intake.domain.person_decisions import PERSON
from services.intake.effects import EFFECTS
from services.intake.person_projections import HOUSEHOLDS, LINKS
from services.intake.projections import CASES, CONSENTS, LOOKS, PEOPLE
from services.intake.reactions import DUE, FOLLOW, REACTIONS
from services.intake.tables import TABLES
from shared.codec import Codec, Stored
from shared.service import Service

_HERE = Path(__file__).parent

CODEC = Codec(
    Stored(c.CaseReported, sealed={"told": "person_id", "reporter": "reporter_id"}),
    Stored(c.FirstContactMade),
    Stored(c.FirstContactMissed),
    Stored(c.CaseVerified),
    Stored(c.VisitRecorded, sealed={"note": "person_id"}),
    Stored(c.NoteAdded, sealed={"text": "person_id"}),
    Stored(c.CaseFactsChanged, sealed={"facts": "person_id"}),
    Stored(c.TaskAdded, sealed={"text": "person_id"}),
    Stored(c.TaskFinished),
    Stored(c.CaseTransferred),
    Stored(c.CaseClosed),
    Stored(c.CaseReopened),
    Stored(c.CaseWithdrawn),
    Stored(c.ReferralNoted),
    Stored(c.PayoutNoted),
    Stored(c.ConsentNoted),
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
)

INTAKE = Service(
    name="intake",
    deciders=(CASE, PERSON, CONSENT, LOOK, LINK, HOUSEHOLD),
    codec=CODEC,
    publish=PUBLISH,
    public_types=PUBLIC_TYPES,
    tables=TABLES,
    projections=(CASES, PEOPLE, CONSENTS, LOOKS, LINKS, HOUSEHOLDS),
    follow=FOLLOW,
    reactions=REACTIONS,
    effects=EFFECTS,
    due=DUE,
    routers=ROUTERS,
    pages=(desk_pages.router, apply_pages.router, pages.router, import_page.router, person_pages.router),
    uploads=(import_page.PATH,),
    templates=_HERE / "templates",
    words=_HERE / "words",
)
