"""The public pages of where the money went: charts with their tables, entries to search, and a receipt."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.disbursement import publishing, views
from services.disbursement.api.public import published, searched, summed
from services.disbursement.api.receipts import told_by
from services.disbursement.pages import fund_names, spoken, word_said
from services.disbursement.public_pages import address
from services.disbursement.tables import public_entries
from shared.http import NotFound
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement/public", include_in_schema=False)
Anyone = Annotated[Page, Depends(page_for(public=True))]
KINDS = (
    "donation",
    "goods_donation",
    "match",
    "match_returned",
    "refund",
    "payout",
    "goods",
    "returned",
    "correction",
    "written_off",
    "found",
)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_MONTHS, _LATEST, _FOUND = 12, 10, 50


@router.get("")
async def public(page: Anyone) -> Response:
    """Where each yuan and each item went, without a person in it."""
    door = page.door
    found = await summed(door)
    latest = await door.page(views.chain_rows(), order=(public_entries.c.position,), limit=_LATEST)
    head, names = await publishing.head(door.room), await fund_names(page)
    shown = {"latest": latest["items"], "head": head, "fund_names": names, "address": address(page), "charted": found["months"][-_MONTHS:]}
    return page.show("disbursement/public.html", **found, **shown)


async def _told_of(page: Page, district: str) -> list[dict[str, Any]]:
    """What the editions tell of a district: an entry names none."""
    made = await published(page.door)
    return [
        {"month": e.month, "programme": c.programme, "payouts": c.payouts, "amount_fen": c.amount_fen}
        for e in reversed(made) for c in e.cells if c.district == district
    ]  # fmt: skip


@router.get("/entries")
async def entries(page: Anyone) -> Response:
    """Entries by number, by month and kind; and what is told of a place."""
    door, asked = page.door, page.request.query_params
    number, month, kind, district = (asked.get(name, "").strip() for name in ("number", "month", "kind", "district"))
    if number.upper().startswith("KPK-"):
        return page.back(f"/disbursement/public/receipt?number={number[:40].upper()}")
    wrong = []
    if month and not _MONTH.fullmatch(month):
        wrong.append(("month", page.t("disbursement.search.month_wrong")))
    if kind and (not month or kind not in KINDS):
        wrong.append(("month" if kind in KINDS else "kind", page.t("disbursement.search.kind_wrong")))
    found: dict[str, Any] = {"items": [], "next": None}
    if number:
        found = {"items": await door.rows(views.public_entry(number[:100])), "next": None}
    elif not wrong:
        found = await searched(door, month or None, kind or None, _FOUND, asked.get("cursor"))
    made = await published(door)
    places = sorted({c.district or "" for e in made for c in e.cells})
    shown = {
        "form": {"number": number, "month": month, "kind": kind, "district": district}, "found": found, "kinds": KINDS, "places": places,
        "of_place": await _told_of(page, district) if district else None, "fund_names": await fund_names(page), "wrong": wrong,
        "more": f"/disbursement/public/entries?month={month}&kind={kind}",
    }  # fmt: skip
    return page.show("disbursement/entries.html", status=422 if wrong else 200, **shown)


@router.get("/receipt")
async def receipt(page: Anyone) -> Response:
    """Where my yuan went, by the number of the receipt alone."""
    number = page.request.query_params.get("number", "").strip().upper()[:40]
    if not number:
        return page.show("disbursement/receipt.html", number="", items=[], unknown=False)
    try:
        items = await told_by(page.door, number)
    except NotFound:
        return page.show("disbursement/receipt.html", status=404, number=number, items=[], unknown=True)
    shown = [
        {
            **one,
            "fund": spoken(one["fund_name"] or page.t("disbursement.funds.stores"), page.language),
            "word": word_said(page, one["part"]),
        }
        for one in items
    ]
    return page.show("disbursement/receipt.html", number=number, items=shown, unknown=False)
