"""The door to referrals: what is offered, and every step until it is closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.matching import views
from services.matching.answering import SEES_ALL, accepted, broadcast, drafted, granted, offered, own_referral, referred, reopened
from services.matching.asked import (
    AcceptIn,
    CloseIn,
    ContactIn,
    DeclineIn,
    District,
    GrantIn,
    ReferIn,
    ReturnIn,
    RevokeIn,
    ScheduleIn,
    TransferIn,
)
from services.matching.domain import referral as r
from services.matching.domain.asking import Grant, Item
from services.matching.domain.rules import Need
from shared.clock import local_day
from shared.errors import NotNow
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/matching/v1/referrals", tags=["referrals"])
by_case = APIRouter(prefix="/matching/v1/cases", tags=["referrals"])
Reader = Annotated[Door, Depends(door_for(*SEES_ALL, "charity"))]
Provider = Annotated[Door, Depends(door_for("charity", "gov", "caseworker", "admin"))]
Worker = Annotated[Door, Depends(door_for("caseworker", "gov", "operator", "admin"))]
_OUTSIDE_MAX = timedelta(days=60)


@router.get("")
async def referrals(
    door: Reader, state: str | None = None, need: Need | None = None, district: District | None = None, case_id: str | None = None,
    service_id: str | None = None, org_id: str | None = None, programme: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Referrals, newest first; a charity sees its own only."""
    org = org_id if door.may(*SEES_ALL) else door.principal.org or ""
    filters = {
        "state": state, "need": need, "district": district, "case_id": case_id, "service_id": service_id, "org_id": org,
        "programme": programme,
    }  # fmt: skip
    return dict(await views.referral_page(door, filters, limit=limit, cursor=cursor, drafts=door.may(*SEES_ALL)))


@router.get("/{referral_id}")
async def one_referral(referral_id: str, door: Reader, at_least: Annotated[int | None, Query(ge=1)] = None) -> dict[str, Any]:
    """One referral."""
    await own_referral(door, referral_id)
    version = await door.version("referral", referral_id)
    if at_least is not None and version < at_least:
        raise NotNow("this version is not known here yet")
    row = await views.referral_row(door, referral_id)
    if row is None:
        raise NotFound("referral")
    return {**row, "version": version}


async def _answer(door: Door, referral_id: str, command: Any) -> dict[str, Any]:
    await own_referral(door, referral_id)
    done = await door.execute(To("referral", referral_id, command))
    return {"referral_id": referral_id, "state": done.state.status, "version": done.version}


def _grant(asked: GrantIn | None) -> Grant | None:
    if asked is None:
        return None
    items = tuple([Item(i.sku, i.quantity) for i in asked.items])
    amount = asked.amount_fen if asked.kind == "cash" else 0
    return Grant(asked.kind, amount, asked.programme, asked.fund_id, items if asked.kind == "goods" else ())


@router.post("/{referral_id}/accept")
async def accept(referral_id: str, door: Provider, body: AcceptIn | None = None) -> dict[str, Any]:
    """Take the offer, with or without a grant; `granted` says what the caps left of it."""
    done = await accepted(door, referral_id, _grant(body.grant if body else None))
    state: r.Referral = await door.state("referral", referral_id)
    return {"referral_id": referral_id, "state": state.status, "granted": granted(done) or None,
            "version": await door.version("referral", referral_id)}  # fmt: skip


@router.post("/{referral_id}/decline")
async def decline(referral_id: str, body: DeclineIn, door: Provider) -> dict[str, Any]:
    """Say no, with a reason; the next provider is asked."""
    return await _answer(door, referral_id, r.DeclineReferral(body.reason, door.now))


@router.post("/{referral_id}/schedule")
async def schedule(referral_id: str, body: ScheduleIn, door: Provider) -> dict[str, Any]:
    """An appointment is made."""
    return await _answer(door, referral_id, r.ScheduleReferral(body.at, door.now))


@router.post("/{referral_id}/attend")
async def attend(referral_id: str, door: Provider) -> dict[str, Any]:
    """The person came."""
    return await _answer(door, referral_id, r.AttendReferral(True, door.now))


@router.post("/{referral_id}/no_show")
async def no_show(referral_id: str, door: Provider) -> dict[str, Any]:
    """The person did not come."""
    return await _answer(door, referral_id, r.AttendReferral(False, door.now))


@router.post("/{referral_id}/start")
async def start(referral_id: str, door: Provider) -> dict[str, Any]:
    """Help has begun."""
    return await _answer(door, referral_id, r.StartService(door.now))


@router.post("/{referral_id}/serve")
async def serve(referral_id: str, door: Provider) -> dict[str, Any]:
    """Help was given."""
    return await _answer(door, referral_id, r.ServeReferral(door.now))


@router.post("/{referral_id}/close")
async def close(referral_id: str, body: CloseIn, door: Provider) -> dict[str, Any]:
    """The end, with what came of it."""
    return await _answer(door, referral_id, r.CloseReferral(body.reason, door.now))


@router.post("/{referral_id}/revoke")
async def revoke(referral_id: str, door: Worker, body: RevokeIn | None = None) -> dict[str, Any]:
    """Take an offer back."""
    return await _answer(door, referral_id, r.RevokeReferral((body or RevokeIn()).reason, door.now))


@router.post("/{referral_id}/offer")
async def offer_draft(referral_id: str, door: Worker) -> dict[str, Any]:
    """Offer what was prepared as a draft."""
    return await offered(door, referral_id)


@router.post("/{referral_id}/reopen", status_code=201)
async def reopen(referral_id: str, door: Worker) -> dict[str, Any]:
    """Once more to the same provider, after it was closed without help or taken back."""
    return await reopened(door, referral_id)


@router.post("/{referral_id}/contacts", status_code=201)
async def contact(referral_id: str, body: ContactIn, door: Provider) -> dict[str, Any]:
    """A try to reach the person; without three of them on two days nobody counts as not to be reached."""
    noted = r.NoteContact(body.channel, body.outcome, local_day(door.now), door.now)
    return await _answer(door, referral_id, noted)


@router.post("/{referral_id}/transfer")
async def transfer(referral_id: str, body: TransferIn, door: Provider) -> dict[str, Any]:
    """The work goes on in an outside system."""
    if not door.now < body.due_at <= door.now + _OUTSIDE_MAX:
        raise Invalid(pointer="/due_at", detail="a moment within the next sixty days is expected")
    return await _answer(door, referral_id, r.HandOut(body.system, body.reference, body.due_at, door.now))


@router.post("/{referral_id}/return")
async def give_back(referral_id: str, body: ReturnIn, door: Provider) -> dict[str, Any]:
    """The outside system gives it back; what came of it is said by the next step here."""
    return await _answer(door, referral_id, r.HandBack(body.outcome, door.now))


@by_case.post("/{case_id}/referrals", status_code=201)
async def refer(case_id: str, body: ReferIn, door: Worker) -> dict[str, Any]:
    """Refer by hand within the consent: to one service, or to several of which the first to accept has it."""
    if body.service_id is None:
        return await broadcast(door, case_id, body.service_ids, body.need)
    step = drafted if body.draft else referred
    return await step(door, case_id, body.service_id, body.need, body.programme)
