"""The door for everybody: sums in which nobody can be found, the chain itself, its signed head and proofs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from msgspec.structs import replace

from services.disbursement import public_rows, publishing, views
from services.disbursement.domain.editions import Edition, editions
from services.disbursement.domain.summary import Sum, summarised
from services.disbursement.tables import public_entries
from shared.clock import local_day
from shared.http import Door, Invalid, NotFound, door_for

router = APIRouter(prefix="/disbursement/v1/public", tags=["public"])
Anyone = Annotated[Door, Depends(door_for(public=True))]
Size = Annotated[int, Query(ge=0, le=2**53 - 1, description="so many entries, the first of all on")]
Month = Annotated[str, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="YYYY-MM")]
Kind = Annotated[str, Query(pattern=r"^[a-z_]{1,20}$")]
SETTLING = timedelta(days=1)
"""A month is over a day late: what settles at midnight may still carry the old one."""
_BY_MONTH = ("donation", "goods_donation", "payout", "goods")
_SUMMED = ("payout", "goods", "donation", "goods_donation", "refund", "returned", "correction", "written_off", "found")


def over(door: Door) -> str:
    """The month (YYYY-MM) before which all are over."""
    return local_day(door.now - SETTLING).strftime("%Y-%m")


async def _cells(door: Door) -> list[Sum]:
    """Sums by month, district and programme as they are, for what may be told of them."""
    return [Sum(int(r["payouts"]), int(r["fen"]), r["month"], r["district"], r["programme"]) for r in await door.rows(views.cells())]


async def published(door: Door) -> tuple[Edition, ...]:
    """The editions of the months that are over, oldest first."""
    return editions(await _cells(door), over(door))


async def summed(door: Door) -> dict[str, Any]:
    """Totals of the whole chain in fen and units; money and goods by month that is over; and the sums that the editions tell by programme,
    district and month of the edition. `waiting` is what was paid and no edition tells yet: with it each table adds up to the totals."""
    totals = {row["kind"]: row for row in await door.rows(views.totals())}
    kinds = {
        kind: {"count": int(row["count"]), "amount_fen": int(row["fen"]), "units": int(row["units"])}
        for kind in _SUMMED
        if (row := totals.get(kind, {"count": 0, "fen": 0, "units": 0}))
    }
    cells = await _cells(door)
    told = [replace(cell, month=edition.month) for edition in editions(cells, over(door)) for cell in edition.cells]
    payouts, fen = (sum(getattr(s, name) for s in cells) - sum(getattr(s, name) for s in told) for name in ("payouts", "amount_fen"))
    months: dict[str, dict[str, Any]] = {}
    for row in await door.rows(views.months(over(door))):
        at = months.setdefault(row["month"], {"month": row["month"], **dict.fromkeys((f"{kind}_fen" for kind in _BY_MONTH), 0)})
        at[f"{row['kind']}_fen"] = int(row["fen"])
    return {
        "totals": kinds, "until": over(door), "waiting": {"payouts": payouts, "amount_fen": fen}, "months": list(months.values()),
        **msgspec.to_builtins(summarised(told)),
    }  # fmt: skip


@router.get("/summary")
async def summary(door: Anyone) -> dict[str, Any]:
    return {**await summed(door), "as_of": door.now}


@router.get("/editions")
async def all_editions(door: Anyone) -> dict[str, Any]:
    """The sums by district and programme in editions, one for each month that is over, newest first: each tells only payments that
    none told before, in groups of five or more, so that the difference of two readings tells nothing of a person."""
    return {"items": [msgspec.to_builtins(edition) for edition in reversed(await published(door))], "next": None}


@router.get("/entries")
async def entries(
    door: Anyone, month: Month | None = None, kind: Kind | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The chain, newest first. Each hash is SHA-256 over the previous hash (bytes) and the entry's compact sorted JSON.

    An entry stands on one person and names no district and no programme. Entries of before had both under their hash: they come
    with `withheld`, without their number, and are checked by their place in the chain and under the head. Those of one month
    are asked for by `month`, and of those one `kind`.
    """
    return await searched(door, month, kind, limit, cursor)


async def searched(door: Door, month: str | None, kind: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Entries of one month and kind, newest first; raises `Invalid` for a kind without its month, which would read the whole chain."""
    if kind is not None and month is None:
        raise Invalid("/query/month", "is needed with a kind")
    return dict(await door.page(views.chain_of(month, kind), order=(public_entries.c.position,), limit=limit, cursor=cursor))


@router.get("/heads")
async def heads(door: Anyone, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None) -> dict[str, Any]:
    """The signed head of now, then those that were published before (one a minute at most), newest first. Keep one:
    `consistency` shows whether what is published later still begins with it."""
    kept = await door.page(public_rows.kept_heads(), order=(public_rows.public_heads.c.size,), limit=limit, cursor=cursor)
    items = [{**one, "algorithm": "Ed25519"} for one in kept["items"]]
    if cursor is None:
        now = await publishing.head(door.room)
        items = [now, *[one for one in items if one["size"] != now["size"]]]
    return {"items": items, "next": kept["next"]}


@router.get("/proof/{entry_id}")
async def proof(entry_id: str, door: Anyone, size: Size | None = None) -> dict[str, Any]:
    """That this entry is in the whole which a signed head covers (RFC 9162 audit path, leaf = the entry's hash); `size` chooses
    the head, and without it the newest is answered."""
    rows = await door.rows(views.public_entry(entry_id))
    if not rows:
        raise NotFound("entry")
    return {"entry": rows[0], **await publishing.proof(door, int(rows[0]["position"]), size)}


@router.get("/consistency")
async def consistency(
    door: Anyone, old: Annotated[Size, Query(alias="from")], new: Annotated[Size | None, Query(alias="to")] = None
) -> dict[str, Any]:
    """That the chain under the head of size `to` (the newest without it) begins with the chain under the head of size `from` (RFC 9162, 2.1.4)."""
    return await publishing.consistency(door, old, new)
