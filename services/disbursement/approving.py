"""How an answer to a payout becomes commands, for programs and for people alike."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from services.disbursement.domain.payout import Approve, Payout
from shared.clock import local_day
from shared.errors import NotNow
from shared.http import Door, NotFound
from shared.kernel import Rejected
from shared.service import To

SEES_ALL = ("finance", "approver", "auditor", "admin", "gov", "ops", "caseworker", "operator")


def month(door: Door) -> str:
    return local_day(door.now).strftime("%Y-%m")


async def own_payout(door: Door, payout_id: str) -> Payout:
    """The payout, for those who see all and for the organisation whose grant it is; for others there is none."""
    state: Payout = await door.state("payout", payout_id)
    if state.terms is None or not (door.may(*SEES_ALL) or (door.principal.org and door.principal.org == state.terms.org_id)):
        raise NotFound("payout")
    return state


def approval(door: Door, payout_id: str, *, pick_up: bool = False) -> To:
    roles, day = tuple(sorted(door.principal.roles)), local_day(door.now)
    return To("payout", payout_id, Approve(door.principal.id, month(door), door.principal.org, roles, pick_up, day))


async def approve_each(door: Door, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Each is its own decision: one that is refused does not hold up the others. Answers in the order of the ids."""
    wanted = list(dict.fromkeys(ids))
    states = await door.states("payout", wanted)
    known = [i for i in wanted if states[i].terms is not None]
    outcomes = dict(zip(known, await asyncio.gather(*[door.submit(approval(door, i)) for i in known], return_exceptions=True), strict=True))
    answers: list[dict[str, Any]] = []
    for payout_id in wanted:
        outcome = outcomes.get(payout_id)
        if outcome is None:
            answers.append({"payout_id": payout_id, "status": "refused", "problem": _problem("NotFound", "There is no such payout.")})
        elif isinstance(outcome, Rejected):
            answers.append({"payout_id": payout_id, "status": "refused", "problem": _problem(outcome.code, outcome.sentence)})
        elif isinstance(outcome, NotNow):
            answers.append({"payout_id": payout_id, "status": "later", "problem": _problem("NotNow", "Too much at once; send it again.")})
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            answers.append({"payout_id": payout_id, "status": "approved", "state": outcome.state.status, "version": outcome.version})
    return answers


def _problem(name: str, title: str) -> dict[str, str]:
    return {"type": f"urn:kapok:problem:{name}", "title": title}
