"""The page of the stores: what lies where and until when, and what people do there, with two pairs of eyes where a number changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.responses import Response

from services.disbursement import stock_rows
from services.disbursement.api.stores import confirmed, known_order, ordered, shown_lots
from services.disbursement.asked import StockOrderIn
from services.disbursement.domain.stock import WARN_DAYS
from services.disbursement.domain.stock_order import RefuseStockOrder
from shared.http import NotFound
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement/stores", include_in_schema=False)
Books = Annotated[Page, Depends(page_for("finance", "approver", "auditor", "admin"))]
Worker = Annotated[Page, Depends(page_for("finance", "approver", "admin"))]
_HOME, _LISTED = "/disbursement/stores", 200
_KINDS, _REASONS = ("count", "move", "write_off"), ("damaged", "expired", "lost", "found", "miscounted")


async def _shown(page: Page, status: int = 200, **values: Any) -> Response:
    door = page.door
    lots = await shown_lots(door)
    order = (stock_rows.stock_orders.c.at, stock_rows.stock_orders.c.order_id)
    waiting = await door.page(stock_rows.order_list("asked"), order=order, limit=_LISTED)
    choices = [(f"{o['sku']}|{o['lot']}|{o['place']}", " · ".join(part for part in (o["sku"], o["place"], o["lot"]) if part)) for o in lots]
    shown = {
        "wrong": [], "form": {}, "may_keep": page.may("finance", "admin"), "me": door.principal.id, "choices": choices,
        "kinds": [(k, page.t(f"disbursement.stores.kind.{k}")) for k in _KINDS], "days": WARN_DAYS,
        "reasons": [(r, page.t(f"disbursement.stores.reason.{r}")) for r in _REASONS], **values,
    }  # fmt: skip
    places = sorted({o["place"] for o in lots})
    return page.show("disbursement/stores.html", status=status, lots=lots, places=places, waiting=waiting["items"], **shown)


@router.get("")
async def stores(page: Books) -> Response:
    """What lies where, what expires, and what waits for a second person."""
    return await _shown(page, done=page.request.query_params.get("done"))


@router.post("")
async def work(page: Worker) -> Response:
    """Ask for an order, or confirm or refuse somebody else's."""
    form = await page.form()
    act, order_id = form.get("act", ""), form.get("order_id", "")
    try:
        if act == "ask" and page.may("finance", "admin"):
            state = await ordered(page.door, StockOrderIn.model_validate(_told(form, page.door.room.clock.new_id())))
            return page.back(f"{_HOME}?done={'kept' if state.status == 'done' else 'asked'}")
        await known_order(page.door, order_id)
        if act == "confirm":
            await confirmed(page.door, order_id)
        elif act == "refuse":
            await page.door.execute(To("stock_order", order_id, RefuseStockOrder(page.door.principal.id)))
        else:
            return await _shown(page, 422, wrong=[("act", page.t("disbursement.wrong.step"))])
    except ValidationError as fault:
        fields = [str(e["loc"][0]) if e["loc"] else "to_place" for e in fault.errors()]
        named = {"sku": "lot_of", "lot": "lot_of", "place": "lot_of"}
        return await _shown(
            page, 422, form=form, wrong=[(named.get(f, f), page.t("disbursement.wrong.field")) for f in dict.fromkeys(fields)]
        )
    except NotFound:
        return await _shown(page, 404, form=form, wrong=[("lot_of", page.t("disbursement.refused.LotUnknown"))])
    except Rejected as no:
        return await _shown(
            page, 409, form=form, wrong=[("quantity" if act == "ask" else "waiting", page.t(f"disbursement.refused.{no.code}"))]
        )
    return page.back(f"{_HOME}?done={act}")


def _told(form: Mapping[str, str], order_id: str) -> dict[str, Any]:
    """What the form says, in the fields of the door; a field that a kind of order does not have is left out."""
    sku, lot, place = [*form.get("lot_of", "").split("|"), "", ""][:3]
    moves = form.get("kind") == "move"
    told = {
        "id": order_id, "kind": form.get("kind", ""), "sku": sku, "lot": lot, "place": place, "quantity": _whole(form.get("quantity", "")),
        "to_place": form.get("to_place", "").strip() if moves else "", "reason": "" if moves else form.get("reason", ""),
    }  # fmt: skip
    return {name: value for name, value in told.items() if value != ""}


def _whole(text: str) -> int | str:
    """Units as people write them; what is no whole number stays what it is, and is refused by its field."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else text
