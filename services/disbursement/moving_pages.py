"""Pages of money that moves by two people's word: between funds, back to donors; and one fund, until it is closed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.disbursement import campaign_rows, views
from services.disbursement.api import donations as gifts
from services.disbursement.api import funds as purses
from services.disbursement.asked import NoRefundIn, RefundIn, TransferIn
from services.disbursement.domain.donation import NO_REFUND_REASONS, REFUND_REASONS, Donation
from services.disbursement.domain.transfer import REASONS, FundTransfer
from services.disbursement.domain.treasury import Treasury
from services.disbursement.follow import CITY
from services.disbursement.pages import fen_of, fund_names, spoken
from services.disbursement.tables import donations as donation_table
from services.disbursement.tables import transfers as transfer_table
from services.disbursement.trying import tried
from services.disbursement.waiting import age
from shared.http import NotFound
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement", include_in_schema=False)
_KEEPERS, _DECIDERS = ("finance", "admin"), ("finance", "approver", "admin")
Books = Annotated[Page, Depends(page_for("finance", "approver", "auditor", "admin", "gov"))]
Keeper = Annotated[Page, Depends(page_for(*_KEEPERS))]
Decider = Annotated[Page, Depends(page_for(*_DECIDERS))]
_PAGE, _LISTED = 50, 20


def _reasons(page: Page, kind: str, codes: frozenset[str]) -> list[tuple[str, str]]:
    return [(code, page.t(f"disbursement.moving.{kind}.{code}")) for code in sorted(codes)]


async def _history(page: Page, noun: str, key: str) -> list[dict[str, Any]]:
    return [{"at": e.at, "by": e.actor, "fact": type(e.data).__name__} for e in await page.door.history(noun, key)]


async def _transfers(page: Page, status: int = 200, **values: Any) -> Response:
    order = (transfer_table.c.at, transfer_table.c.transfer_id)
    found = await page.door.page(views.transfer_list(None), order=order, limit=_PAGE, cursor=page.request.query_params.get("cursor"))
    treasury: Treasury = await page.door.state("treasury", CITY)
    names = await fund_names(page)
    choices = [(fund_id, names[fund_id]) for fund_id, fund in sorted(treasury.funds.items()) if not fund.closed]
    shown = {
        "wrong": [], "form": {}, "may_keep": page.may(*_KEEPERS), "new_id": page.door.new_id(),
        "reasons": _reasons(page, "reason", REASONS), **values,
    }  # fmt: skip
    return page.show("disbursement/transfers.html", status=status, found=found, names=names, choices=choices, age=age, **shown)


@router.get("/transfers")
async def transfers(page: Books) -> Response:
    """Transfers between funds, newest first, and a form to propose one."""
    return await _transfers(page)


@router.post("/transfers")
async def propose(page: Keeper) -> Response:
    """Propose one; the form's own number makes two clicks one transfer."""
    form = await page.form()

    async def proposed() -> None:
        said = {name: form.get(name, "") for name in ("id", "from_fund", "to_fund", "reason")}
        await purses.propose(TransferIn.model_validate({**said, "amount_fen": fen_of(form.get("yuan", ""))}), page.door)

    status, wrong = await tried(page, proposed, "from_fund", {"amount_fen": "yuan"})
    if wrong:
        return await _transfers(page, status, form=form, wrong=wrong)
    return page.back(f"/disbursement/transfers/{form['id']}?done=proposed")


async def _transfer(page: Page, transfer_id: str, status: int = 200, **values: Any) -> Response:
    state: FundTransfer = await page.door.state("transfer", transfer_id)
    if state.proposed is None:
        raise NotFound("transfer")
    treasury: Treasury = await page.door.state("treasury", CITY)
    p, history = state.proposed, await _history(page, "transfer", transfer_id)
    own = p.by == page.door.principal.id
    shown = {
        "wrong": [], "names": await fund_names(page), "history": history, "own": own, "may_decide": page.may(*_DECIDERS),
        "age": age(page, history[0]["at"]), "left_fen": treasury.funds[p.from_fund].available_fen, **values,
    }  # fmt: skip
    return page.show("disbursement/transfer.html", status=status, one=p, state=state.status, **shown)


@router.get("/transfers/{transfer_id}")
async def transfer(transfer_id: str, page: Books) -> Response:
    """One transfer: from where to where, why, who proposed it and what became of it."""
    return await _transfer(page, transfer_id, done=page.request.query_params.get("done"))


@router.post("/transfers/{transfer_id}")
async def decide_transfer(transfer_id: str, page: Decider) -> Response:
    """Confirm it or turn it down: the button says which."""
    act = (await page.form()).get("act", "")
    steps = {"confirm": purses.confirm, "refuse": purses.refuse}
    if act not in steps:
        return await _transfer(page, transfer_id, 422, wrong=[("", page.t("disbursement.wrong.step"))])
    status, wrong = await tried(page, lambda: steps[act](transfer_id, page.door))
    if wrong:
        return await _transfer(page, transfer_id, status, wrong=wrong)
    return page.back(f"/disbursement/transfers/{transfer_id}?done={act}")


@router.get("/donations")
async def donations(page: Books) -> Response:
    """Donations, newest first, with what went back of each; who gave is not shown."""
    order = (donation_table.c.at, donation_table.c.donation_id)
    found = await page.door.page(views.donation_list(), order=order, limit=_PAGE, cursor=page.request.query_params.get("cursor"))
    return page.show("disbursement/donations.html", found=found, names=await fund_names(page))


async def _donation(page: Page, donation_id: str, status: int = 200, **values: Any) -> Response:
    state: Donation = await page.door.state("donation", donation_id)
    got = state.received
    if got is None:
        raise NotFound("donation")
    history = await _history(page, "donation", donation_id)
    asked_at = next((h["at"] for h in reversed(history) if h["fact"] == "RefundAsked"), None)
    treasury: Treasury = await page.door.state("treasury", CITY)
    fund = treasury.funds.get(got.fund_id)
    shown = {
        "wrong": [], "form": {}, "names": await fund_names(page), "history": history, "asked": state.asked,
        "age": "" if asked_at is None else age(page, asked_at), "own": state.asked is not None and state.asked.by == page.door.principal.id,
        "refunded_fen": state.refunded_fen, "left_fen": state.given_fen - state.refunded_fen if got.kind == "cash" else 0,
        "available_fen": None if fund is None else fund.available_fen, "may_ask": page.may(*_KEEPERS), "may_decide": page.may(*_DECIDERS),
        "reasons": _reasons(page, "refund_reason", REFUND_REASONS), "no_reasons": _reasons(page, "no_refund_reason", NO_REFUND_REASONS), **values,
    }  # fmt: skip
    return page.show("disbursement/donation.html", status=status, one=got, **shown)


@router.get("/donations/{donation_id}")
async def donation(donation_id: str, page: Books) -> Response:
    """One donation, and the refund that waits for a second person."""
    return await _donation(page, donation_id, done=page.request.query_params.get("done"))


@router.post("/donations/{donation_id}")
async def work_on_donation(donation_id: str, page: Decider) -> Response:
    """Ask that money goes back, agree, or turn it down: the button says which."""
    form, door = await page.form(), page.door
    act = form.get("act", "")

    async def ask() -> None:
        asked = RefundIn.model_validate({"amount_fen": fen_of(form.get("yuan", "")), "reason": form.get("reason", "")})
        await gifts.ask_refund(donation_id, asked, door)

    async def confirm() -> None:
        await gifts.confirm_refund(donation_id, door)

    async def refuse() -> None:
        await gifts.refuse_refund(donation_id, NoRefundIn.model_validate({"reason": form.get("no_reason", "")}), door)

    steps = {"confirm": (confirm, ""), "refuse": (refuse, "no_reason")}
    if page.may(*_KEEPERS):
        steps["ask"] = (ask, "yuan")
    if act not in steps:
        return await _donation(page, donation_id, 422, wrong=[("", page.t("disbursement.wrong.step"))])
    step, field = steps[act]
    status, wrong = await tried(page, step, field, {"amount_fen": "yuan"} if act == "ask" else {"reason": "no_reason"})
    if wrong:
        return await _donation(page, donation_id, status, form=form, wrong=wrong)
    return page.back(f"/disbursement/donations/{donation_id}?done={act}")


async def _fund(page: Page, fund_id: str, status: int = 200, **values: Any) -> Response:
    treasury: Treasury = await page.door.state("treasury", CITY)
    if fund_id not in treasury.funds:
        raise NotFound("fund")
    one, names = purses.shown_fund(fund_id, treasury.funds[fund_id]), await fund_names(page)
    listed = campaign_rows.campaign_list(fund_id=fund_id).order_by(campaign_rows.campaigns.c.opened_at.desc()).limit(_LISTED)
    raising = [{**row, "name": spoken(row["name"], page.language)} for row in await page.door.rows(listed)]
    shown = {"wrong": [], "may_keep": page.may(*_KEEPERS), "names": names, "campaigns": raising, **values}
    return page.show("disbursement/fund.html", status=status, one={**one, "name": names[fund_id]}, **shown)


@router.get("/funds/{fund_id}")
async def fund(fund_id: str, page: Books) -> Response:
    """One fund: what it may be spent on, what it has, and the campaigns that raise money for it."""
    return await _fund(page, fund_id, done=page.request.query_params.get("done"))


@router.post("/funds/{fund_id}")
async def close_fund(fund_id: str, page: Keeper) -> Response:
    """Close it; refused while anything is left in it."""
    await page.form()
    status, wrong = await tried(page, lambda: purses.close(fund_id, page.door))
    if wrong:
        return await _fund(page, fund_id, status, wrong=wrong)
    return page.back(f"/disbursement/funds/{fund_id}?done=close")
