"""Who is rung when: as many at once as the campaign has lines, at its hours, each number once; and the provider told and asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from pydantic import ValidationError

from services.intake.campaigns import telephony, views
from services.intake.campaigns.asked import OutcomeIn
from services.intake.campaigns.asked import minutes as minutes_of
from services.intake.campaigns.outcome import PROVIDER, record_outcome
from services.intake.campaigns.scripts import script as script_of
from services.intake.campaigns.scripts import spoken
from services.intake.domain import call as c
from services.intake.domain.call_decisions import PersonOfCallIsErased
from services.intake.domain.campaign import Campaign, FinishCampaign, Permit
from services.intake.domain.campaign_decisions import CampaignIsDone, CampaignIsNotRunning, OutsideCallingHours
from services.intake.domain.number import ClaimNumber
from services.intake.domain.number_decisions import NumberIsBlocked, NumberIsCalledElsewhere, NumberOptedOutBefore
from services.intake.domain.person import ConfirmLiving, Person
from services.intake.domain.person_decisions import PersonIsErased
from shared.clock import SHANGHAI
from shared.errors import NotNow
from shared.http import Door
from shared.kernel import Rejected, Shredded
from shared.leader import rested, woken
from shared.room import Room
from shared.service import Answer, Effect, EffectCall, Loop, To
from shared.store.commit import Commit

_CAMPAIGNS = "intake.campaign-"
log = structlog.get_logger(__name__)
_IDLE_SECONDS = 1.0  # between looks while no campaign runs
_WAIT_SECONDS = 0.5  # for a line to become free, or a try to fall due
_BREATH_SECONDS = 0.02  # between looks, so that outcomes that come together are followed by calls that begin together
_FRESH = timedelta(seconds=1)  # a try that was committed longer ago may have been told by a process that died: none starts faster
_SILENT = timedelta(minutes=2)  # a call takes no longer as a rule; then the provider is asked
_ASK_EVERY = timedelta(seconds=30)
_LOST = timedelta(hours=6)
_SKIPS: Mapping[type[Rejected], str] = {
    NumberIsBlocked: "do_not_call",
    NumberOptedOutBefore: "opted_out",
    NumberIsCalledElsewhere: "called_elsewhere",
    PersonOfCallIsErased: "erased",
    PersonIsErased: "erased",  # also who is kept for the law alone: their words are there, and nobody uses them
}


def minute_of_day(at: datetime) -> int:
    """Minutes since midnight in Asia/Shanghai."""
    local = at.astimezone(SHANGHAI)
    return local.hour * 60 + local.minute


def may_ring(room: Room, at: datetime) -> bool:
    """Whether the house lets anybody be rung at this time of the day, whatever a campaign says."""
    since, _, until = room.settings.calling_hours.partition("-")
    return minutes_of(since) <= minute_of_day(at) < minutes_of(until)


class Dialler:
    """The work of one room: campaign by campaign, whoever is due while there are free lines."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._asked_at: datetime | None = None
        self._asked_to: tuple[datetime, str] | None = None  # whom the provider knows nothing of must not hide those behind

    async def turn(self) -> int:
        """Ring whoever can be rung now; answers how many campaigns are running."""
        now = self._room.clock.now()
        campaigns = await views.running(self._room) if self._room.settings.telephony_url else []
        for campaign in campaigns:
            await self._campaign(campaign, now)
        await self._ask_about_silence(now)
        return len(campaigns)

    async def _campaign(self, campaign: Mapping[str, Any], now: datetime) -> None:
        minute = minute_of_day(now)
        if not (may_ring(self._room, now) and campaign["since"] <= minute < campaign["until"]):
            return
        campaign_id = campaign["campaign_id"]
        free = campaign["lines"] - await views.under_way(self._room, campaign_id)
        if free <= 0:
            return
        due = await views.due_calls(self._room, campaign_id, now, free)
        if due:
            await self.dial(campaign, due, now, minute)
        elif await views.is_worked_off(self._room, campaign_id):
            await self._obeyed(To("campaign", campaign_id, FinishCampaign(now)))

    async def dial(self, campaign: Mapping[str, Any], due: Sequence[Mapping[str, Any]], now: datetime, minute: int) -> None:
        """Each call is one unit with the campaign's word, the number's and the person's: all say yes, or nobody is rung."""
        campaign_id, purpose = campaign["campaign_id"], campaign["purpose"]
        living = tuple(await views.living(self._room, purpose))
        permit = To("campaign", campaign_id, Permit(minute))
        begun = await asyncio.gather(
            *[
                self._obeyed(
                    To("call", row["call_id"], c.DialCall(now)),
                    permit,
                    To("person", row["about"] or row["person_id"], ConfirmLiving()),
                    To("number", row["number_id"], ClaimNumber(row["number_id"], purpose, campaign_id, row["call_id"], living, now)),
                )
                for row in due
            ]
        )
        skips = [
            self._obeyed(To("call", row["call_id"], c.SkipCall(now, _SKIPS[type(no)])))
            for row, no in zip(due, begun, strict=True)
            if no is not None and type(no) in _SKIPS
        ]
        await asyncio.gather(*skips)

    async def _obeyed(self, *commands: To) -> Rejected | None:
        """None, or the rule that said no."""
        try:
            await self._room.execute(*commands, actor="loop:dial", patient=True)
        except Rejected as no:
            if type(no) not in _SKIPS and not isinstance(no, CampaignIsNotRunning | CampaignIsDone | OutsideCallingHours):
                raise
            return no
        return None

    async def _ask_about_silence(self, now: datetime) -> None:
        """The provider is asked what became of calls whose end nobody told; what it never tells gets a name."""
        if not self._room.settings.telephony_url or (self._asked_at is not None and now - self._asked_at < _ASK_EVERY):
            return
        self._asked_at = now
        for row in await views.silent(self._room, now - _SILENT, telephony.ASKED_MAX):
            if now - row["dialled_at"] > _LOST:
                await self._obeyed(To("call", row["call_id"], c.LoseCall(row["attempt"], now)))
        rows = await views.silent(self._room, now - _SILENT, telephony.ASKED_MAX, self._asked_to)
        self._asked_to = (rows[-1]["dialled_at"], rows[-1]["call_id"]) if len(rows) == telephony.ASKED_MAX else None
        if not rows:
            return
        try:
            known = await telephony.ask(self._room, [telephony.try_id(row["call_id"], row["attempt"]) for row in rows])
        except telephony.ProviderAway:
            return
        for row in rows:
            told = known.get(telephony.try_id(row["call_id"], row["attempt"]))
            if told is not None and told.get("status") == "ended":
                await take_word(self._room, told)


async def take_word(room: Room, told: Mapping[str, Any]) -> bool:
    """What the provider answers about an ended try, as if its webhook had brought it; False when it makes no sense."""
    try:
        said = OutcomeIn.model_validate_json(msgspec.json.encode(told.get("outcome")))
        await record_outcome(Door(room, PROVIDER, correlation=room.clock.new_id()), said, f"asked-{told.get('id')}")
    except (ValidationError, Rejected) as fault:
        log.warning("provider_makes_no_sense", error=type(fault).__name__)
        return False
    return True


async def dial(room: Room) -> None:
    """Until the room is closed; between looks it sleeps until something happens to a campaign."""
    dialler, news = Dialler(room), asyncio.Event()

    def committed(commit: Commit) -> None:
        if any(event.stream.startswith(_CAMPAIGNS) for event in commit.events):
            news.set()

    room.executor.after_commit(committed)
    while not room.stop.is_set():
        news.clear()
        try:
            running = await dialler.turn()
        except NotNow:
            await rested(room.stop, _IDLE_SECONDS)
            continue
        if running:
            await room.changed(_WAIT_SECONDS)
            await rested(room.stop, _BREATH_SECONDS)
        else:
            await woken(room.stop, news, _IDLE_SECONDS)


async def ring(calls: Sequence[EffectCall], room: Room) -> list[Answer]:
    """Tell the provider of these tries. What may have been told before is asked for first, and never told under another id."""
    now = room.clock.now()
    states: dict[str, c.Call] = await room.states("call", {x.envelope.data.call_id for x in calls})
    campaigns: dict[str, Campaign] = await room.states("campaign", {x.envelope.data.campaign_id for x in calls})
    people: dict[str, Person] = await room.states("person", {_about(states[x.envelope.data.call_id]) for x in calls})
    doubtful = {_id(x) for x in calls if x.attempt > 1 or now - x.envelope.at > _FRESH}
    tries: dict[str, dict[str, Any]] = {}
    scripts: dict[str, dict[str, Any]] = {}
    answers: dict[str, Answer] = {}
    try:
        known = await telephony.ask(room, doubtful) if doubtful else {}
        for x in calls:
            dialled: c.CallDialled = x.envelope.data
            call, campaign = states[dialled.call_id], campaigns[dialled.campaign_id]
            over = call.status != "ringing" or call.attempt != dialled.attempt
            if over or _id(x) in known:
                answers[x.id] = Answer()
            elif _id(x) in doubtful and not _open(room, campaign, now):
                answers[x.id] = Answer((To("call", dialled.call_id, c.DeferCall(dialled.attempt, now)),))
            elif people[_about(call)].is_gone or (told := _try(room, dialled, call, campaign, scripts)) is None:
                answers[x.id] = Answer((To("call", dialled.call_id, c.SkipCall(now, "erased", dialled.attempt)),))
            else:
                tries[x.id] = told
        heard = await telephony.tell(room, list(tries.values()), scripts) if tries else {}
    except telephony.ProviderAway as away:
        later = Answer(retry=True, delay_seconds=away.pause_seconds, why=f"provider: {away}")
        return [answers.get(x.id, later) for x in calls]
    for x in calls:
        if x.id in tries:
            answers[x.id] = _heard(heard.get(_id(x)), x.envelope.data, campaigns[x.envelope.data.campaign_id], now)
    return [answers[x.id] for x in calls]


def _about(call: c.Call) -> str:
    assert call.queued is not None, "a try without its call"
    return call.queued.about or call.queued.person_id


def _id(call: EffectCall) -> str:
    return telephony.try_id(call.envelope.data.call_id, call.envelope.data.attempt)


def _open(room: Room, campaign: Campaign, now: datetime) -> bool:
    plan = campaign.plan
    return plan is not None and may_ring(room, now) and plan.since <= minute_of_day(now) < plan.until


def _try(room: Room, dialled: c.CallDialled, call: c.Call, campaign: Campaign, scripts: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """One try as the provider is told of it, its script put beside; None when the person's data were erased meanwhile."""
    q, plan = call.queued, campaign.plan
    assert q is not None, "a try without its call"
    assert plan is not None, "a try without its campaign"
    script = script_of(plan.script, plan.script_version)
    assert script is not None, f"script {plan.script}, version {plan.script_version} is gone"
    if isinstance(q.listed, Shredded):
        return None
    language = spoken(q.language)
    name = f"{script.code}-{script.version}-{language}"
    if name not in scripts:
        scripts[name] = telephony.read_out(script, language)
    return {
        "id": telephony.try_id(dialled.call_id, dialled.attempt), "call_id": dialled.call_id, "attempt": dialled.attempt,
        "to": q.listed.number, "language": language, "script": name,
        "webhook": f"{room.settings.intake_at}/intake/v1/calls/{dialled.call_id}/outcome",
    }  # fmt: skip


def _heard(told: Mapping[str, Any] | None, dialled: c.CallDialled, campaign: Campaign, now: datetime) -> Answer:
    if told is None:
        return Answer(retry=True, why="the provider left it out of its answer")
    if told.get("status") != "rejected":
        return Answer()
    assert campaign.plan is not None, "a try without its campaign"
    no = c.RecordNoAnswer(dialled.attempt, now, f"told-{_of(dialled)}", "rejected", 0, campaign.plan.retry_minutes, now)
    return Answer((To("call", dialled.call_id, no),))


def _of(dialled: c.CallDialled) -> str:
    return f"{dialled.call_id}-{dialled.attempt}"


def became_unknown(call: EffectCall) -> tuple[To, ...]:
    """The provider could not be reached for long: nobody knows whether it rang, so a person calls back."""
    dialled: c.CallDialled = call.envelope.data
    return (To("call", dialled.call_id, c.LoseCall(dialled.attempt, dialled.at)),)


LOOPS = (Loop("dial", dial),)
EFFECTS = (Effect("ring", c.CallDialled, ring, became_unknown, batch_max=telephony.ASKED_MAX, attempts_max=30),)
