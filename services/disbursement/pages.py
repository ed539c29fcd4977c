"""Disbursement's pages for people: what waits for approval, the funds, one payout, and where the money went."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.responses import Response

from services.disbursement import views, waiting
from services.disbursement.api.donations import take
from services.disbursement.api.funds import shown_fund
from services.disbursement.api.payouts import shown_payout
from services.disbursement.approving import SEES_ALL, approval, approve_each, month, own_payout
from services.disbursement.asked import DonationIn, FundIn
from services.disbursement.checking import figures_of
from services.disbursement.domain.earmark import word_of
from services.disbursement.domain.payout import (
    Cancel,
    ConfirmReceipt,
    FollowUp,
    HandOver,
    PayoutRefused,
    PayoutRejected,
    PayoutReturned,
    Refuse,
    Resolve,
)
from services.disbursement.domain.payout_decisions import FOLLOW_UPS, INCOMPATIBLE
from services.disbursement.domain.treasury import OpenFund, Treasury
from services.disbursement.domain.treasury_decisions import STORES
from services.disbursement.follow import CITY
from services.disbursement.tables import payouts as payout_table
from services.disbursement.waiting import age
from shared.clock import local_day
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement", include_in_schema=False)
Desk = Annotated[Page, Depends(page_for("finance", "approver", "auditor"))]
Books = Annotated[Page, Depends(page_for("finance", "approver", "auditor", "admin", "gov"))]
_PAGE = 50
REFUSALS = ("not_entitled", "wrong_amount", "missing_document", "paid_elsewhere", "other")
_IN_BOTH = re.compile(r"([^A-Za-z]*[\u4e00-\u9fff][^A-Za-z]*?)\s+([A-Za-z][^\u4e00-\u9fff]*)")
_ORDER = (payout_table.c.requested_at, payout_table.c.payout_id)


def spoken(name: str, language: str) -> str:
    """A name in the language of the page, where it was given as Chinese and then English; else the name as it was given."""
    both = _IN_BOTH.fullmatch(name)
    return name if both is None else both[1 if language == "zh" else 2]


async def fund_names(page: Page) -> dict[str, str]:
    """Each fund by its name, a part of one with the donor's word behind it."""
    treasury: Treasury = await page.door.state("treasury", CITY)
    named = {fund_id: " · ".join((spoken(fund.name, page.language), *word_said(page, fund_id))) for fund_id, fund in treasury.funds.items()}
    return {STORES: page.t("disbursement.funds.stores"), **named}


def word_said(page: Page, fund_id: str) -> list[str]:
    """What the donors of a part of a fund gave it for, in words where there are some."""
    word, known = word_of(fund_id), page.frame.words
    said = [
        page.t(f"{stem}.{code}") if known.has(f"{stem}.{code}") else code
        for stem, code in (("disbursement.name", word.programme), ("place", word.district))
        if code
    ]
    return [*said, *([word.purpose] if word.purpose else [])]


async def _desk(page: Page, status: int = 200, **values: Any) -> Response:
    door = page.door
    reserved = await door.page(views.payouts_by("reserved"), order=_ORDER, limit=_PAGE, cursor=page.request.query_params.get("cursor"))
    unknown = await door.page(views.payouts_by("unknown"), order=_ORDER, limit=_PAGE)
    missing = await door.page(views.payouts_by(not_arrived=True), order=(payout_table.c.receipt_at, payout_table.c.payout_id), limit=_PAGE)
    treasury: Treasury = await door.state("treasury", CITY)
    counts = {row["state"]: {"count": int(row["count"]), "fen": int(row["fen"] or 0)} for row in await door.rows(views.waiting())}
    names = await fund_names(page)
    shown = {
        "wrong": [], "results": [], "fund_names": names, "may_approve": page.may("approver"), "refusals": REFUSALS,
        "fund_left": {fund_id: fund.available_fen for fund_id, fund in treasury.funds.items()}, "me": door.principal.id,
        "both_ends": sorted(INCOMPATIBLE & door.principal.roles) if page.may("approver") else [], "missing": missing["items"],
        "age": age, "waits": [(w, age(page, w.since), spoken(w.detail, page.language)) for w in await waiting.waiting(page)], **values,
    }  # fmt: skip
    return page.show("disbursement/desk.html", status=status, waiting=reserved, unknown=unknown["items"], counts=counts, **shown)


@router.get("/desk")
async def desk(page: Desk) -> Response:
    """What waits for approval, and what the bank has not answered."""
    return await _desk(page, saved=page.request.query_params.get("saved"))


@router.post("/desk")
async def approve(page: Annotated[Page, Depends(page_for("approver"))]) -> Response:
    """Approve every payout that is ticked; those that may not be approved are named with the reason."""
    await page.form()
    ids = page.form_list("id")
    if not ids:
        return await _desk(page, 422, wrong=[("id", page.t("disbursement.wrong.none"))])
    results = await approve_each(page.door, ids[:1000])
    good = [r for r in results if r["status"] == "approved"]
    wrong = [("id", f"{r['payout_id'][-12:]}: {_said(page, r['problem']['type'])}") for r in results if r["status"] != "approved"]
    return await _desk(page, 409 if wrong else 200, wrong=wrong, results=good)


def _said(page: Page, problem: str) -> str:
    return page.t(f"disbursement.refused.{problem.rsplit(':', 1)[1]}")


async def _payout(page: Page, payout_id: str, status: int = 200, **values: Any) -> Response:
    door = page.door
    state = await own_payout(door, payout_id)
    happened = await door.history("payout", payout_id)
    history = [{"at": e.at, "by": e.actor, "fact": type(e.data).__name__} for e in happened]
    ends = (PayoutRefused, PayoutRejected, PayoutReturned)
    reason = next((e.data.reason for e in reversed(happened) if isinstance(e.data, ends)), "")
    shown = shown_payout(state, await door.version("payout", payout_id))
    treasury: Treasury = await door.state("treasury", CITY)
    values = {
        "wrong": [], "refusals": REFUSALS, "follow_ups": sorted(FOLLOW_UPS), "proposed": state.proposed,
        "fund": treasury.funds.get(shown["fund_id"] or ""), "fund_names": await fund_names(page),
        "reason": reason if state.status in ("refused", "rejected", "returned") else "", **values,
    }  # fmt: skip
    return page.show("disbursement/payout.html", status=status, one=shown, history=history, **values)


@router.get("/payouts/{payout_id}")
async def payout(payout_id: str, page: Annotated[Page, Depends(page_for(*SEES_ALL, "charity"))]) -> Response:
    return await _payout(page, payout_id, done=page.request.query_params.get("done"))


@router.post("/payouts/{payout_id}")
async def work_on_payout(
    payout_id: str, page: Annotated[Page, Depends(page_for("finance", "approver", "caseworker", "operator"))]
) -> Response:
    """One button: approve (goods to be picked up, too), refuse, cancel, hand over, say how an unknown one ended, confirm what arrived,
    say what came of it that it did not."""
    form = await page.form()
    act, door = form.get("act", ""), page.door
    await own_payout(door, payout_id)
    if act == "pick_up" and page.may("approver"):
        try:
            await door.execute(approval(door, payout_id, pick_up=True))
        except Rejected as no:
            return await _payout(page, payout_id, 409, wrong=[("", page.t(f"disbursement.refused.{no.code}"))])
        return page.back(f"/disbursement/payouts/{payout_id}?done=approve")
    if act == "approve" and page.may("approver"):
        answer = (await approve_each(door, [payout_id]))[0]
        if answer["status"] != "approved":
            return await _payout(page, payout_id, 409, wrong=[("", _said(page, answer["problem"]["type"]))])
        return page.back(f"/disbursement/payouts/{payout_id}?done=approve")
    command = _step(page, act, form)
    if command is None:
        return await _payout(page, payout_id, 422, wrong=[(act, page.t("disbursement.wrong.step"))])
    try:
        await door.execute(To("payout", payout_id, command))
    except Rejected as no:
        return await _payout(page, payout_id, 409, wrong=[("", page.t(f"disbursement.refused.{no.code}"))])
    return page.back(f"/disbursement/payouts/{payout_id}?done={act}")


def _step(page: Page, act: str, form: Mapping[str, str]) -> Any:
    """The command a button stands for; None when the person may not, or what it needs is missing."""
    who = page.door.principal.id
    match act:
        case "refuse" if page.may("approver") and form.get("reason") in REFUSALS:
            return Refuse(form["reason"], who)
        case "hand_over" if page.may("finance", "caseworker"):
            return HandOver(month(page.door), local_day(page.door.now))
        case "cancel" if page.may("finance", "approver"):
            return Cancel("asked", who)
        case "resolve" if page.may("finance", "approver") and form.get("outcome") in {"settled", "rejected"}:
            return Resolve(form["outcome"], who, month(page.door))
        case "confirm" if form.get("answer") in {"received", "partly", "not"}:
            return ConfirmReceipt(form["answer"], who)
        case "follow_up" if form.get("outcome") in FOLLOW_UPS:
            return FollowUp(form["outcome"], who)
    return None


async def _funds(page: Page, status: int = 200, **values: Any) -> Response:
    treasury: Treasury = await page.door.state("treasury", CITY)
    names = await fund_names(page)
    funds = [{**shown_fund(fund_id, fund), "name": names[fund_id]} for fund_id, fund in sorted(treasury.funds.items())]
    most = max((f["available_fen"] + f["reserved_fen"] + f["spent_fen"] for f in funds), default=0)
    choices = [(f["id"], f["name"]) for f in funds]
    year, _ = await figures_of(page.door, local_day(page.door.now).year)
    shown = {"figures": year, "wrong": [], "form": {}, "choices": choices, "may_keep": page.may("finance", "admin"), **values}
    return page.show("disbursement/funds.html", status=status, funds=funds, most=most, stock=sorted(treasury.stock.items()), **shown)


@router.get("/funds")
async def funds(page: Books) -> Response:
    """What each fund has, has promised and has spent; and the stores."""
    return await _funds(page, saved=page.request.query_params.get("saved"))


def fen_of(text: str) -> int | None:
    """Yuan as people write them, in fen; None for what is no sum."""
    whole, _, part = text.replace(",", "").replace("，", "").strip().partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 9 or (part and not (part.isascii() and part.isdigit())) or len(part) > 2:
        return None
    return int(whole) * 100 + int((part + "00")[:2])


@router.post("/funds")
async def work_on_funds(page: Annotated[Page, Depends(page_for("finance", "admin"))]) -> Response:
    """Open a fund, or record a donation of money."""
    form = await page.form()
    act = form.get("act", "")
    try:
        if act == "open":
            fund = FundIn(
                id=form.get("fund_id", "").strip(), name=form.get("name", "").strip(), programmes=form.get("programmes", "").split()
            )
            await page.door.execute(To("treasury", CITY, OpenFund(fund.id, fund.name, tuple(fund.programmes))))
        else:
            fen = fen_of(form.get("yuan", ""))
            given = DonationIn(
                donation_ref=form.get("donation_ref", "").strip(), kind="cash", fund_id=form.get("to_fund", ""), amount_fen=fen or None
            )
            await take(page.door, given)
    except ValidationError as fault:
        fields = [str(e["loc"][0]) if e["loc"] else "yuan" for e in fault.errors()]
        named = {"id": "fund_id", "fund_id": "to_fund", "amount_fen": "yuan"}
        wrong = [(named.get(f, f) if act != "open" or f == "id" else f, page.t("disbursement.wrong.field")) for f in fields]
        return await _funds(page, 422, form=form, wrong=wrong)
    except Rejected as no:
        field = "fund_id" if act == "open" else "to_fund"
        return await _funds(page, 409, form=form, wrong=[(field, page.t(f"disbursement.refused.{no.code}"))])
    return page.back(f"/disbursement/funds?saved={act}")
