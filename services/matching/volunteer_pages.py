"""The pages on which hosts and matchers see who is wanted, who fits and why, and on which the host verifies hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from msgspec import Struct
from pydantic import ValidationError

from services.matching import views, volunteer_views
from services.matching.api.engagements import close
from services.matching.domain import engagement as g
from services.matching.engaging import MATCHERS, SEES_VOLUNTEERS, shown_engagement, told, verified
from services.matching.volunteer_asked import EndIn, NoIn, VerifyIn, WhoIn
from shared.clock import local_day
from shared.http import Door, Invalid
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching/volunteers", include_in_schema=False)
Reader = Annotated[Page, Depends(page_for(*SEES_VOLUNTEERS, "charity"))]
Host = Annotated[Page, Depends(page_for(*MATCHERS, "charity"))]
_ACTS = ("invite", "confirm", "decline", "verify", "close")
_SAID = (*_ACTS, "engaged")
_FIELDS = ("day", "hours", "reason")
# The field of the hours that a rule's refusal is about.
_ABOUT = {
    "DayHasNotCome": "day", "DayIsOutside": "day", "DayHasNoMoreHours": "hours", "MinutesAreNone": "hours", "HoursAlreadyVerified": "reason",
}  # fmt: skip


class _Wrong(Struct, frozen=True):
    """What is wrong with whose form; no field: with the button itself."""

    volunteer_id: str = ""
    field: str = ""
    text: str = ""

    @property
    def anchor(self) -> str:
        return "-".join([self.field or "v", self.volunteer_id]).rstrip("-")


async def _names(door: Door) -> dict[str, str]:
    hosts = await views.directory_page(door, views.ORGANIZATIONS, {}, limit=500, cursor=None)
    return {row["id"]: row["name"] for row in hosts["items"]}


@router.get("")
async def engagements(page: Reader) -> Response:
    """What hosts ask volunteers for, and how many have confirmed; a charity sees its own."""
    door = page.door
    org = None if door.may(*SEES_VOLUNTEERS) else door.principal.org or ""
    listed = await volunteer_views.engagement_page(door, {"org_id": org}, limit=50, cursor=page.request.query_params.get("cursor"))
    city = await volunteer_views.summary(door) if org is None else None
    return page.show("matching/volunteers.html", items=listed["items"], next=listed["next"], city=city, names=await _names(door))


async def _engagement(
    page: Page, engagement_id: str, status: int = 200, wrong: _Wrong | None = None, form: Mapping[str, str] | None = None
) -> Response:
    door, saved = page.door, page.request.query_params.get("saved")
    one = await shown_engagement(door, engagement_id, 20)
    by_volunteer: dict[str, list[dict[str, Any]]] = {}
    for row in one["hours"]:
        by_volunteer.setdefault(row["volunteer_id"], []).append(row)
    return page.show(
        "matching/engagement.html", status=status, one=one, hours=by_volunteer, names=await _names(door), wrong=wrong or _Wrong(),
        form=form or {}, errors=[(wrong.anchor, wrong.text)] if wrong else [], today=local_day(door.now),
        host=door.principal.org == one["org_id"], acts=door.may(*MATCHERS, "charity"), decline_reasons=g.DECLINE_REASONS,
        correction_reasons=g.CORRECTION_REASONS, saved=saved if saved in _SAID and wrong is None else None,
        close_reasons=g.CLOSE_REASONS, matcher=door.may(*MATCHERS), sees=door.may(*SEES_VOLUNTEERS),
    )  # fmt: skip


@router.get("/{engagement_id}")
async def engagement(engagement_id: str, page: Reader) -> Response:
    """One engagement: who fits and why, who was asked and answered, and the hours."""
    return await _engagement(page, engagement_id)


def minutes_of(text: str) -> int | None:
    """Hours as people write them (2, 2.5, 2:30) in whole minutes; None for what is none or is no whole number of minutes."""
    plain = text.strip().replace("：", ":").replace("。", ".")
    hours, colon, rest = plain.partition(":")
    if not colon:
        hours, _, rest = plain.partition(".")
    if not (hours.isascii() and hours.isdigit() and len(hours) <= 2) or (
        rest and not (rest.isascii() and rest.isdigit() and len(rest) <= 2)
    ):
        return None
    if colon:
        return int(hours) * 60 + int(rest) if len(rest) == 2 and int(rest) < 60 else None
    hundredths = int((rest + "00")[:2]) * 60
    return int(hours) * 60 + hundredths // 100 if hundredths % 100 == 0 else None


def _said(form: Mapping[str, str]) -> VerifyIn:
    """The hours of the form, held against what the door for programs takes."""
    minutes = minutes_of(form.get("hours", ""))
    if minutes is None or minutes > 1440:
        raise Invalid("/hours", "hours are expected")
    try:
        day = date.fromisoformat(form.get("day", "").strip())
    except ValueError:
        raise Invalid("/day", "a day is expected") from None
    reason = form.get("reason", "") or None
    if reason is not None and reason not in g.CORRECTION_REASONS:
        raise Invalid("/reason", "is not on the list")
    return VerifyIn.model_validate({"volunteer_id": form.get("volunteer_id", ""), "day": day, "minutes": minutes, "reason": reason})


async def _act(door: Door, engagement_id: str, form: Mapping[str, str]) -> None:
    at, whom = door.now, {"volunteer_id": form.get("volunteer_id", "")}
    match form.get("act", ""):
        case "invite":
            # Whether a reference is known is told to those who match volunteers, not to a host.
            named = form.get("reference", "").strip() if door.may(*MATCHERS) else ""
            who = door.named_id("volunteer", named) if named else WhoIn.model_validate(whom).volunteer_id
            await told(door, engagement_id, who, g.InviteVolunteer(who, at))
        case "confirm":
            who = WhoIn.model_validate(whom).volunteer_id
            await told(door, engagement_id, who, g.ConfirmEngagement(who, at, door.may(*MATCHERS)))
        case "decline":
            no = NoIn.model_validate({**whom, "reason": form.get("reason", "")})
            await told(door, engagement_id, no.volunteer_id, g.DeclineEngagement(no.volunteer_id, no.reason, at))
        case "verify":
            await verified(door, engagement_id, _said(form))
        case "close":
            await close(engagement_id, door, EndIn.model_validate({"reason": form.get("reason", "")}))
        case _:
            raise Invalid("/act", "there is no such button")


def _wrong(page: Page, form: Mapping[str, str], no: Invalid | ValidationError | Rejected) -> _Wrong:
    who, verifying = form.get("volunteer_id", ""), form.get("act") == "verify"
    if "reference" in form:
        return _Wrong(
            "", "reference", page.t(f"matching.refused.{no.code}" if isinstance(no, Rejected) else "matching.enrol.wrong_unknown")
        )
    if isinstance(no, Rejected):
        return _Wrong(who, _ABOUT.get(no.code, "") if verifying else "", page.t(f"matching.refused.{no.code}"))
    name = no.pointer[1:] if isinstance(no, Invalid) else str(no.errors()[0]["loc"][0])
    field = name if verifying and name in _FIELDS else ""
    return _Wrong(who, field, page.t(f"matching.volunteers.wrong_{field or 'form'}"))


@router.post("/{engagement_id}")
async def act(engagement_id: str, page: Host) -> Response:
    """One of the buttons: invite, confirm, decline, verify hours, close."""
    form = await page.form()
    try:
        await _act(page.door, engagement_id, form)
    except (Invalid, ValidationError, Rejected) as no:
        return await _engagement(page, engagement_id, 409 if isinstance(no, Rejected) else 422, _wrong(page, form, no), form)
    return page.back(f"/matching/volunteers/{engagement_id}?saved={form.get('act', '')}")
