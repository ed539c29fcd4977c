"""A telephone campaign: planned -> running <-> paused -> done, and forgotten later; who is asked what, at what pace and at which hours."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

PURPOSES = ("needs", "benefit", "weather")


class CampaignPlanned(Struct, frozen=True, gc=False):
    """`since` and `until` are minutes of the day in Asia/Shanghai between which people are rung; `retries` come after the first try.

    `mark` tells a second copy of the plan from a different plan; `screening_id` names the screening whose signals it rings.
    """

    campaign_id: str
    name: str
    purpose: str
    script: str
    script_version: int
    language: str
    lines: int
    since: int
    until: int
    retries: int
    retry_minutes: int
    at: datetime
    mark: str = ""
    screening_id: str | None = None


class PlanCampaign(Struct, frozen=True, gc=False):
    plan: CampaignPlanned


class StartCampaign(Struct, frozen=True, gc=False):
    at: datetime


class PauseCampaign(Struct, frozen=True, gc=False):
    """Nobody is rung any more until it is resumed; calls under way go on."""

    at: datetime


class ResumeCampaign(Struct, frozen=True, gc=False):
    at: datetime


class StopCampaign(Struct, frozen=True, gc=False):
    """It ends for good; whoever has not been rung is not rung."""

    at: datetime


class FinishCampaign(Struct, frozen=True, gc=False):
    """Everybody has been rung as often as was planned."""

    at: datetime


class PaceCampaign(Struct, frozen=True, gc=False):
    """Other lines or hours from now on; None leaves one as it is."""

    at: datetime
    lines: int | None = None
    since: int | None = None
    until: int | None = None


class AddPeople(Struct, frozen=True, gc=False):
    """A list was worked through: how many of its lines became calls, were there already, or were refused."""

    list_id: str
    at: datetime
    queued: int
    already: int
    refused: int


class AskList(Struct, frozen=True, gc=False):
    """Everybody whom a screening found (by one threshold, or by any) is to be put on the list; `expected` is how many signals that is."""

    list_id: str
    screening_id: str
    threshold: str | None
    expected: int
    at: datetime


class ForgetNumbers(Struct, frozen=True, gc=False):
    """Nobody of its lists is left to forget: `forgotten` calls have lost number, name and words, `kept` are those of known persons."""

    at: datetime
    forgotten: int
    kept: int


class Admit(Struct, frozen=True, gc=False):
    """A person may still be put on the list: says no, or nothing."""


class Permit(Struct, frozen=True, gc=False):
    """Somebody may be rung at this minute of the day: says no, or nothing."""

    minute: int


class CampaignStarted(Struct, frozen=True, gc=False):
    campaign_id: str
    purpose: str
    at: datetime


class CampaignPaused(Struct, frozen=True, gc=False):
    campaign_id: str
    purpose: str
    at: datetime


class CampaignResumed(Struct, frozen=True, gc=False):
    campaign_id: str
    purpose: str
    at: datetime


class CampaignPaced(Struct, frozen=True, gc=False):
    campaign_id: str
    at: datetime
    lines: int
    since: int
    until: int


class PeopleAdded(Struct, frozen=True, gc=False):
    campaign_id: str
    list_id: str
    at: datetime
    queued: int
    already: int
    refused: int


class ListAsked(Struct, frozen=True, gc=False):
    """The list comes in by itself from now on, until `PeopleAdded` says that it was worked through."""

    campaign_id: str
    list_id: str
    screening_id: str
    threshold: str | None
    expected: int
    at: datetime


class CampaignEnded(Struct, frozen=True, gc=False):
    """`reason` is finished or stopped."""

    campaign_id: str
    purpose: str
    at: datetime
    reason: str


class NumbersForgotten(Struct, frozen=True, gc=False):
    """From now on the campaign knows nobody but persons who are known for something else; only counts remain."""

    campaign_id: str
    at: datetime
    forgotten: int
    kept: int


class Campaign(Struct, frozen=True, gc=False):
    """`status` is absent, planned, running, paused or done (`reason`: finished, stopped); `coming` are lists that are still coming in."""

    status: str = "absent"
    plan: CampaignPlanned | None = None
    reason: str = ""
    lists: tuple[str, ...] = ()
    forgotten: bool = False
    coming: tuple[ListAsked, ...] = ()


Event = (
    ListAsked
    | CampaignPlanned
    | CampaignStarted
    | CampaignPaused
    | CampaignResumed
    | CampaignPaced
    | PeopleAdded
    | CampaignEnded
    | NumbersForgotten
)
_LISTS_MAX = 500  # lists that are remembered by name; people themselves are told apart by their numbers


def evolve(state: Campaign, event: Event) -> Campaign:
    match event:
        case CampaignPlanned():
            return Campaign("planned", event)
        case CampaignStarted() | CampaignResumed():
            return replace(state, status="running")
        case CampaignPaused():
            return replace(state, status="paused")
        case CampaignEnded():
            return replace(state, status="done", reason=event.reason, coming=())
        case NumbersForgotten():
            return replace(state, forgotten=True)
        case PeopleAdded():
            coming = tuple([one for one in state.coming if one.list_id != event.list_id])
            return replace(state, lists=(*state.lists[-_LISTS_MAX:], event.list_id), coming=coming)
        case ListAsked():
            return replace(state, coming=(*state.coming, event))
        case CampaignPaced():
            if state.plan is None:
                return state
            return replace(state, plan=replace(state.plan, lines=event.lines, since=event.since, until=event.until))
