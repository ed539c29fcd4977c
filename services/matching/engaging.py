"""How words about an engagement become commands, for programs and for people alike."""

from __future__ import annotations

from typing import Any

import msgspec

from services.matching import views, volunteer_views
from services.matching.answering import own_referral
from services.matching.domain import engagement as g
from services.matching.domain.assessment import Assessment
from services.matching.domain.organization import Organization
from services.matching.domain.volunteer import ConfirmActive, Volunteer
from services.matching.domain.volunteer_ranking import ORDER, Fit, ranked
from services.matching.volunteer_asked import EngagementIn, VerifyIn
from shared.clock import local_day
from shared.execute import Done
from shared.http import Door, Forbidden, Invalid, NotFound
from shared.service import To

MATCHERS = ("admin", "gov", "caseworker", "operator")
SEES_VOLUNTEERS = (*MATCHERS, "auditor")


async def own_engagement(door: Door, engagement_id: str) -> g.Engagement:
    """The engagement, for its host and for those who see all; for others there is none."""
    state: g.Engagement = await door.state("engagement", engagement_id)
    if state.terms is None or (not door.may(*SEES_VOLUNTEERS) and door.principal.org != state.terms.org_id):
        raise NotFound("engagement")
    return state


async def known_volunteer(door: Door, volunteer_id: str) -> Volunteer:
    """Raises `Invalid` at the field that names somebody we do not know."""
    state: Volunteer = await door.state("volunteer", volunteer_id)
    if state.registered is None:
        raise Invalid("/volunteer_id", "there is no such volunteer")
    return state


async def _linked(door: Door, asked: EngagementIn) -> None:
    """A host may tie its task only to what was referred to it."""
    if asked.referral_id is not None and asked.case_id is not None:
        raise Invalid("/case_id", "the referral tells the case already")
    if asked.referral_id is not None:
        try:
            await own_referral(door, asked.referral_id)
        except NotFound:
            raise Invalid("/referral_id", "there is no such referral") from None
    if asked.case_id is not None:
        state: Assessment = await door.state("assessment", asked.case_id)
        referred = await views.referrals_of_case(door, asked.case_id)
        seen = door.may(*MATCHERS) or any(row["org_id"] == door.principal.org and row["state"] != "drafted" for row in referred)
        if state.latest is None or not seen:
            raise Invalid("/case_id", "there is no such case")


async def engagement_opened(door: Door, asked: EngagementIn) -> tuple[str, Done]:
    """Open a task of a host that stands in the directory; a charity opens its own only."""
    if not door.may(*MATCHERS) and door.principal.org != asked.org_id:
        raise Forbidden("this is another organisation")
    host: Organization = await door.state("organization", asked.org_id)
    if host.registered is None:
        raise Invalid("/org_id", "there is no such organisation")
    if asked.last_day < asked.first_day:
        raise Invalid("/last_day", "must not lie before the first day")
    await _linked(door, asked)
    key = asked.id or door.new_id()
    terms = g.Terms(
        key, asked.org_id, asked.need, tuple(asked.skills), asked.district, tuple(asked.times), tuple(asked.languages), asked.wanted,
        asked.first_day, asked.last_day, asked.referral_id, asked.case_id,
    )  # fmt: skip
    return key, await door.execute(To("engagement", key, g.OpenEngagement(terms, door.now)))


async def told(door: Door, engagement_id: str, volunteer_id: str, command: Any) -> Done:
    """An invitation, a yes or a no; only who is active can be asked or say yes."""
    await own_engagement(door, engagement_id)
    await known_volunteer(door, volunteer_id)
    able = () if isinstance(command, g.DeclineEngagement) else (To("volunteer", volunteer_id, ConfirmActive()),)
    return await door.execute(To("engagement", engagement_id, command), *able)


async def verified(door: Door, engagement_id: str, asked: VerifyIn) -> Done:
    """Nobody but the host says what was done."""
    terms = (await own_engagement(door, engagement_id)).terms
    assert terms is not None
    if door.principal.org != terms.org_id:
        raise Forbidden("hours are verified by the host of the engagement")
    await known_volunteer(door, asked.volunteer_id)
    said = g.VerifyHours(asked.volunteer_id, asked.day, asked.minutes, local_day(door.now), door.now, asked.reason)
    return await door.execute(To("engagement", engagement_id, said))


async def fitting(door: Door, state: g.Engagement, limit: int) -> tuple[Fit, ...]:
    """Who could be asked next, the best first; of a closed engagement nobody."""
    if state.terms is None or state.closed:
        return ()
    return ranked(state.terms, await volunteer_views.able(door, state.terms, local_day(door.now), limit))


async def shown_engagement(door: Door, engagement_id: str, limit: int) -> dict[str, Any]:
    """The engagement with its volunteers, what they did, and who fits next with the reasons."""
    state = await own_engagement(door, engagement_id)
    row = await volunteer_views.engagement_row(door, engagement_id)
    if row is None:
        raise NotFound("engagement")
    return {
        **row, "members": await volunteer_views.members_of(door, engagement_id), "hours": await volunteer_views.hours_of(door, engagement_id),
        "order": ORDER, "candidates": [msgspec.to_builtins(fit) for fit in await fitting(door, state, limit)],
    }  # fmt: skip
