"""The door for people: a charity answers offers, a matcher reads verdicts, rules and the directory."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from services.matching import views
from services.matching.answering import SEES_ALL, accepted, own_referral
from services.matching.api.assessing import SEES_CASES, assessment_of
from services.matching.api.directory import with_capacity
from services.matching.api.programmes import shown_programme
from services.matching.domain import referral as r
from services.matching.domain.asking import Grant, Item
from services.matching.rulebook import RULEBOOK
from shared.clock import local_day
from shared.http import Door, Invalid
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching", include_in_schema=False)
Provider = Annotated[Page, Depends(page_for("charity", "gov", "caseworker", "admin"))]
_INBOX = "/matching/inbox"
_ACTS = ("accept", "decline", "start", "serve", "close")
_OPEN = frozenset(("offered", "accepted", "scheduled", "attended", "unattended", "in_service", "served"))


async def _inbox(page: Page, status: int = 200, **more: Any) -> Response:
    door = page.door
    org = None if door.may(*SEES_ALL) else door.principal.org or ""
    rows = (await views.referral_page(door, {"org_id": org}, limit=200, cursor=None))["items"]
    waiting = sorted((row for row in rows if row["state"] == "offered"), key=lambda row: row["due_at"])
    under_way = [row for row in rows if row["state"] in _OPEN and row["state"] != "offered"]
    over = [row for row in rows if row["state"] not in _OPEN][:20]
    values = {"errors": [], "wrong_id": "", "form": {}, "saved": None, **more}
    return page.show(
        "matching/inbox.html", status=status, waiting=waiting, under_way=under_way, over=over, decline_reasons=r.DECLINE_REASONS,
        closing_reasons=r.CLOSING_REASONS, programmes=RULEBOOK.by_code, **values,
    )  # fmt: skip


@router.get("/inbox")
async def inbox(page: Provider) -> Response:
    """What is offered to us, why to us, and until when."""
    saved = page.request.query_params.get("saved")
    return await _inbox(page, saved=saved if saved in _ACTS else None)


def _fen(text: str) -> int:
    """Yuan as people write them, in fen; 0 for what is no sum."""
    whole, _, part = text.replace(",", "").replace("，", "").strip().partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 9 or (part and not part.isdigit()) or len(part) > 2:
        return 0
    return int(whole) * 100 + int((part + "00")[:2])


def _grant(form: dict[str, str], programme: str | None) -> Grant | None:
    match form.get("kind", ""):
        case "cash":
            return Grant("cash", _fen(form.get("yuan", "")), form.get("programme") or programme, form.get("fund_id", "").strip() or None)
        case "goods":
            quantity = form.get("quantity", "1").strip()
            items = (Item(form.get("sku", "").strip(), int(quantity) if quantity.isdigit() and len(quantity) < 6 else 0),)
            return Grant(
                "goods", 0, programme, form.get("fund_id", "").strip() or None, items if items[0].sku and items[0].quantity else ()
            )
        case _:
            return None


async def _act(door: Door, referral_id: str, form: dict[str, str]) -> None:
    state = await own_referral(door, referral_id)
    at = door.now
    match form.get("act", ""):
        case "accept":
            await accepted(door, referral_id, _grant(form, state.offer.about.programme if state.offer else None))
        case "decline":
            await door.execute(To("referral", referral_id, r.DeclineReferral(form.get("reason", ""), at)))
        case "start":
            await door.execute(To("referral", referral_id, r.StartService(at)))
        case "serve":
            await door.execute(To("referral", referral_id, r.ServeReferral(at)))
        case "close":
            await door.execute(To("referral", referral_id, r.CloseReferral(form.get("reason", ""), at)))
        case _:
            raise Invalid(pointer="/act", detail="there is no such button")


@router.post("/inbox/{referral_id}")
async def answer(referral_id: str, page: Provider) -> Response:
    """One of the buttons: accept, decline, start, serve, close."""
    form = await page.form()
    try:
        await _act(page.door, referral_id, form)
    except (Invalid, Rejected) as no:
        status, said = (409, no.code) if isinstance(no, Rejected) else (422, "invalid")
        wrong = [(f"r-{referral_id}", page.t(f"matching.refused.{said}"))]
        return await _inbox(page, status, errors=wrong, wrong_id=referral_id, form=form)
    return page.back(f"{_INBOX}?saved={form.get('act', '')}")


async def _names(door: Door) -> dict[str, str]:
    """What the organisations are called."""
    organizations = await views.directory_page(door, views.ORGANIZATIONS, {}, limit=500, cursor=None)
    return {row["id"]: row["name"] for row in organizations["items"]}


@router.get("/cases/{case_id}")
async def case(case_id: str, page: Annotated[Page, Depends(page_for(*SEES_CASES))]) -> Response:
    """Every verdict with its reasons and margins, the referrals, and the chain of help."""
    a = await assessment_of(page.door, case_id)
    return page.show("matching/case.html", a=a, programmes=RULEBOOK.by_code, names=await _names(page.door))


@router.get("/directory")
async def directory(page: Annotated[Page, Depends(page_for())]) -> Response:
    """Who serves what, where, and how many places are free."""
    door = page.door
    services = await views.directory_page(door, views.SERVICES, {}, limit=500, cursor=None)
    listed = [with_capacity(row) for row in services["items"]]
    return page.show("matching/directory.html", services=listed, names=await _names(door), programmes=RULEBOOK.by_code)


@router.get("/programmes")
async def programmes(page: Annotated[Page, Depends(page_for(public=True))]) -> Response:
    """The rules in words, with source and date."""
    on = local_day(page.door.now)
    return page.show("matching/programmes.html", items=[shown_programme(p, on) for p in RULEBOOK.programmes], on=on)
