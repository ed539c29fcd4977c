"""Pages for whoever reconciles: what does not fit by age with what to do, files to look at before they are sent, statements with balances."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.disbursement import bank_views, paying_by_file
from services.disbursement.bank_tables import payment_files, statements, work_items
from services.disbursement.domain.work_item import REASONS, ResolveItem, TakeItem
from services.disbursement.waiting import age
from shared.errors import NotNow
from shared.http import NotFound
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement", include_in_schema=False)
Books = Annotated[Page, Depends(page_for("finance", "approver", "auditor"))]
Desk = Annotated[Page, Depends(page_for("finance", "approver"))]
_SHOWN, _LISTED = 200, 10
_HOME = "/disbursement/reconciliation"


async def _shown(page: Page, status: int = 200, **values: Any) -> Response:
    door = page.door
    rows = await door.rows(bank_views.oldest_items(_SHOWN))
    items = [{**row, "age": age(page, row["raised_at"])} for row in rows]
    counts = {row["kind"]: int(row["count"]) for row in await door.rows(bank_views.open_counts())}
    files = await door.page(bank_views.files(), order=(payment_files.c.built_at, payment_files.c.file_id), limit=_LISTED)
    order = (statements.c.received_at, statements.c.statement_id)
    read = await door.page(bank_views.statement_list(), order=order, limit=_LISTED, cursor=page.request.query_params.get("cursor"))
    waiting = next(iter(await door.rows(bank_views.waiting_sum())), {"count": 0, "fen": 0})
    shown = {"wrong": [], "may_pay": page.may("finance"), "open": sum(counts.values()), **values}
    return page.show(
        "disbursement/reconciliation.html",
        status=status,
        items=items,
        counts=counts,
        files=files["items"],
        read=read,
        waiting=waiting,
        **shown,
    )


@router.get("/reconciliation")
async def reconciliation(page: Books) -> Response:
    """What lies between us and the bank: work by age, files, statements."""
    return await _shown(page, done=page.request.query_params.get("done"))


@router.post("/reconciliation")
async def build(page: Annotated[Page, Depends(page_for("finance"))]) -> Response:
    """One file of everything that waits; it is looked at on a page of its own before it is sent."""
    await page.form()
    try:
        file_id = await paying_by_file.build(page.door, None, 500, None)
    except Rejected as no:
        return await _shown(page, 409, wrong=[("build", page.t(f"disbursement.refused.{no.code}"))])
    except NotNow:
        return await _shown(page, 503, wrong=[("build", page.t("disbursement.bank.not_now"))])
    return page.back(f"/disbursement/payment-files/{file_id}")


async def _file(page: Page, file_id: str, status: int = 200, **values: Any) -> Response:
    one = await paying_by_file.preview(page.door, file_id)
    shown = {"wrong": [], "may_pay": page.may("finance"), **values}
    return page.show("disbursement/payment_file.html", status=status, one=one, **shown)


@router.get("/payment-files/{file_id}")
async def payment_file(file_id: str, page: Books) -> Response:
    """One file: sums, payments with masked payees, and whether it goes."""
    return await _file(page, file_id, done=page.request.query_params.get("done"))


@router.post("/payment-files/{file_id}")
async def work_on_file(file_id: str, page: Annotated[Page, Depends(page_for("finance"))]) -> Response:
    """Send it, or drop it: the button says which."""
    act = (await page.form()).get("act", "")
    steps = {"send": paying_by_file.release, "drop": paying_by_file.drop}
    if act not in steps:
        return await _file(page, file_id, 422, wrong=[("act", page.t("disbursement.wrong.step"))])
    try:
        await steps[act](page.door, file_id)
    except Rejected as no:
        return await _file(page, file_id, 409, wrong=[("act", page.t(f"disbursement.refused.{no.code}"))])
    return page.back(f"/disbursement/payment-files/{file_id}?done={act}")


async def _item(page: Page, item_id: str, status: int = 200, **values: Any) -> Response:
    rows = await page.door.rows(bank_views.items(None).where(work_items.c.item_id == item_id))
    if not rows:
        raise NotFound("work item")
    history = [{"at": e.at, "by": e.actor, "fact": type(e.data).__name__} for e in await page.door.history("work_item", item_id)]
    reasons = [(one, page.t(f"disbursement.bank.reason.{one}")) for one in REASONS]
    shown = {"wrong": [], "may_work": page.may("finance", "approver"), "reasons": reasons, **values}
    return page.show(
        "disbursement/work_item.html", status=status, one={**rows[0], "age": age(page, rows[0]["raised_at"])}, history=history, **shown
    )


@router.get("/work-items/{item_id}")
async def work_item(item_id: str, page: Books) -> Response:
    """One thing that does not fit: what it is, what to do, who has it, and how it ended."""
    return await _item(page, item_id, done=page.request.query_params.get("done"))


@router.post("/work-items/{item_id}")
async def work_on_item(item_id: str, page: Desk) -> Response:
    """Take it, or say how it ended."""
    form = await page.form()
    act, who = form.get("act", ""), page.door.principal.id
    if act == "resolve" and form.get("reason") not in REASONS:
        return await _item(page, item_id, 422, wrong=[("reason", page.t("disbursement.wrong.field"))])
    command = {"take": TakeItem(who), "resolve": ResolveItem(form.get("reason", ""), who)}.get(act)
    if command is None:
        return await _item(page, item_id, 422, wrong=[("act", page.t("disbursement.wrong.step"))])
    try:
        await page.door.execute(To("work_item", item_id, command))
    except Rejected as no:
        return await _item(page, item_id, 409, wrong=[("reason", page.t(f"disbursement.refused.{no.code}"))])
    return page.back(f"/disbursement/work-items/{item_id}?done={act}")
