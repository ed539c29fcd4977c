"""The plan of the room: every part of notifications, named once."""

from __future__ import annotations

from pathlib import Path

from services.notifications.api import messages, reading, subscriptions
from services.notifications.contract import PUBLIC_TYPES, PUBLISH
from services.notifications.delivering import DELIVERING
from services.notifications.domain.correspondence_decisions import CORRESPONDENCE
from services.notifications.domain.subscription_decisions import SUBSCRIPTION
from services.notifications.domain.withdrawal import WITHDRAWAL
from services.notifications.effects import EFFECTS
from services.notifications.listening import EVERYTHING
from services.notifications.pages import router as pages
from services.notifications.projections import MESSAGE_LIST, SUBSCRIPTION_LIST, WITHDRAWN_SUBJECTS
from services.notifications.reactions import REACTIONS
from services.notifications.stored import CODEC
from services.notifications.tables import TABLES
from shared.service import Service

_HERE = Path(__file__).parent

NOTIFICATIONS = Service(
    name="notifications",
    deciders=(SUBSCRIPTION, CORRESPONDENCE, WITHDRAWAL),
    codec=CODEC,
    publish=PUBLISH,
    public_types=PUBLIC_TYPES,
    tables=TABLES,
    projections=(SUBSCRIPTION_LIST, WITHDRAWN_SUBJECTS, MESSAGE_LIST),
    reactions=REACTIONS,
    listeners=(EVERYTHING,),
    effects=EFFECTS,
    loops=(DELIVERING,),
    routers=(subscriptions.router, reading.router, messages.router),
    pages=(pages,),
    templates=_HERE / "templates",
    words=_HERE / "words",
)
