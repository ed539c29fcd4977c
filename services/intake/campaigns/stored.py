"""How the events of campaigns are kept: numbers, names and words sealed under their person."""

from __future__ import annotations

from services.intake.domain import call as c
from services.intake.domain import campaign as k
from services.intake.domain import number as n
from shared.codec import Stored

STORED = (
    Stored(k.CampaignPlanned),
    Stored(k.CampaignStarted),
    Stored(k.CampaignPaused),
    Stored(k.CampaignResumed),
    Stored(k.CampaignPaced),
    Stored(k.PeopleAdded),
    Stored(k.ListAsked),
    Stored(k.CampaignEnded),
    Stored(k.NumbersForgotten),
    Stored(c.CallQueued, sealed={"listed": "person_id"}),
    Stored(c.CallDialled),
    Stored(c.CallAnswered, sealed={"transcript": "person_id"}),
    Stored(c.CallUnanswered),
    Stored(c.CallOptedOut),
    Stored(c.CallLost),
    Stored(c.CallDeferred),
    Stored(c.CallSkipped),
    Stored(c.CallBackDone),
    Stored(c.CallForgotten),
    Stored(n.NumberClaimed),
    Stored(n.NumberOptedOut),
    Stored(n.NumberBlocked),
    Stored(n.NumberUnblocked),
)
