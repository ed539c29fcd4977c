"""Every yes and no about a telephone campaign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from services.intake.domain import campaign as c
from shared.kernel import Decider, Rejected


class CampaignIsUnknown(Rejected):
    """There is no such campaign."""


class CampaignIsDone(Rejected):
    """This campaign has ended; plan a new one."""


class CampaignIsPaused(Rejected):
    """This campaign is paused; resume it."""


class CampaignIsNotStarted(Rejected):
    """This campaign has not been started yet."""


class CampaignIsNotRunning(Rejected):
    """Nobody is rung while the campaign is not running."""


class OutsideCallingHours(Rejected):
    """Nobody is rung at this time of the day."""


class CampaignDiffersFromFirst(Rejected):
    """A campaign with this reference is planned already, with different content; the first one stays."""


def plan(command: c.PlanCampaign, state: c.Campaign) -> tuple[c.Event, ...]:
    if state.plan is None:
        return (command.plan,)
    if state.plan.mark != command.plan.mark:
        raise CampaignDiffersFromFirst
    return ()


def _living(state: c.Campaign) -> c.CampaignPlanned:
    if state.plan is None:
        raise CampaignIsUnknown
    if state.status == "done":
        raise CampaignIsDone(reason=state.reason)
    return state.plan


def start(command: c.StartCampaign, state: c.Campaign) -> tuple[c.Event, ...]:
    planned = _living(state)
    if state.status == "paused":
        raise CampaignIsPaused
    return () if state.status == "running" else (c.CampaignStarted(planned.campaign_id, planned.purpose, command.at),)


def pause(command: c.PauseCampaign, state: c.Campaign) -> tuple[c.Event, ...]:
    planned = _living(state)
    if state.status == "planned":
        raise CampaignIsNotStarted
    return () if state.status == "paused" else (c.CampaignPaused(planned.campaign_id, planned.purpose, command.at),)


def resume(command: c.ResumeCampaign, state: c.Campaign) -> tuple[c.Event, ...]:
    planned = _living(state)
    if state.status == "planned":
        raise CampaignIsNotStarted
    return () if state.status == "running" else (c.CampaignResumed(planned.campaign_id, planned.purpose, command.at),)


def stop(command: c.StopCampaign, state: c.Campaign) -> tuple[c.Event, ...]:
    if state.plan is not None and state.status == "done":
        return ()
    planned = _living(state)
    return (c.CampaignEnded(planned.campaign_id, planned.purpose, command.at, "stopped"),)


def finish(command: c.FinishCampaign, state: c.Campaign) -> tuple[c.Event, ...]:
    """Only what runs comes to its end by itself, and not before every list has come in; a pause is a person's word."""
    if state.plan is None or state.status != "running" or state.coming:
        return ()
    return (c.CampaignEnded(state.plan.campaign_id, state.plan.purpose, command.at, "finished"),)


def pace(command: c.PaceCampaign, state: c.Campaign) -> tuple[c.Event, ...]:
    planned = _living(state)
    new = replace(
        planned,
        lines=planned.lines if command.lines is None else command.lines,
        since=planned.since if command.since is None else command.since,
        until=planned.until if command.until is None else command.until,
    )
    return () if new == planned else (c.CampaignPaced(planned.campaign_id, command.at, new.lines, new.since, new.until),)


def add_people(command: c.AddPeople, state: c.Campaign) -> tuple[c.Event, ...]:
    planned = _living(state)
    if command.list_id in state.lists:
        return ()
    return (c.PeopleAdded(planned.campaign_id, command.list_id, command.at, command.queued, command.already, command.refused),)


def ask_list(command: c.AskList, state: c.Campaign) -> tuple[c.Event, ...]:
    planned = _living(state)
    if command.list_id in state.lists or any(one.list_id == command.list_id for one in state.coming):
        return ()
    asked = c.ListAsked(planned.campaign_id, command.list_id, command.screening_id, command.threshold, command.expected, command.at)
    return (asked,)


def forget_numbers(command: c.ForgetNumbers, state: c.Campaign) -> tuple[c.Event, ...]:
    if state.plan is None or state.status != "done" or state.forgotten:
        return ()
    return (c.NumbersForgotten(state.plan.campaign_id, command.at, command.forgotten, command.kept),)


def admit(command: c.Admit, state: c.Campaign) -> tuple[c.Event, ...]:
    _living(state)
    return ()


def permit(command: c.Permit, state: c.Campaign) -> tuple[c.Event, ...]:
    """Decided together with each call, so that after a pause or after hours not one more is begun."""
    planned = _living(state)
    if state.status != "running":
        raise CampaignIsNotRunning(status=state.status)
    if not planned.since <= command.minute < planned.until:
        raise OutsideCallingHours
    return ()


_OBEY: dict[type, Callable[[Any, c.Campaign], tuple[c.Event, ...]]] = {
    c.PlanCampaign: plan,
    c.StartCampaign: start,
    c.PauseCampaign: pause,
    c.ResumeCampaign: resume,
    c.StopCampaign: stop,
    c.FinishCampaign: finish,
    c.PaceCampaign: pace,
    c.AddPeople: add_people,
    c.AskList: ask_list,
    c.ForgetNumbers: forget_numbers,
    c.Admit: admit,
    c.Permit: permit,
}


def decide(command: Any, state: c.Campaign) -> tuple[c.Event, ...]:
    return _OBEY[type(command)](command, state)


CAMPAIGN = Decider(
    noun="campaign", absent=c.Campaign(), decide=decide, evolve=c.evolve, commands=tuple(_OBEY),
    events=(
        c.CampaignPlanned, c.CampaignStarted, c.CampaignPaused, c.CampaignResumed, c.CampaignPaced, c.PeopleAdded, c.CampaignEnded,
        c.NumbersForgotten, c.ListAsked,
    ),
)  # fmt: skip
