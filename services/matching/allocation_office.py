"""The pages on which an office takes a quota from one step to the next, and on which appeals against its order are decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.matching import allocation_views as views
from services.matching.allocation_pages import SCHEMES_BY_CODE, whole_number
from services.matching.api.allocations import close, finish, known, open_, rank
from services.matching.api.applications import decided, give_up, take
from services.matching.application_pages import items_of, points_told
from services.matching.domain import allocation as al
from services.matching.domain.appeal_decisions import NOT_THE_SAME
from services.matching.questions import Wrong, years_asked
from services.matching.rulebook import POINTS
from shared.http import NotFound
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching/allocations/{allocation_id}", include_in_schema=False)
OFFICE = ("gov", "admin")
Office = Annotated[Page, Depends(page_for(*OFFICE))]
_ACTS = {"open": open_, "close": close, "rank": rank, "finish": finish}
_OF_PLACES = {"take": take, "give_up": give_up}
_PLACES = 50  # on one page
_SAID = (*_ACTS, *_OF_PLACES, "announced", "upheld", "not_upheld")


async def _office(page: Page, allocation_id: str, wrong: Wrong | None = None, status: int = 200) -> Response:
    door, said = page.door, page.request.query_params.get("saved")
    row = await known(door, allocation_id)
    state: al.Allocation = await door.state("allocation", allocation_id)
    places, first = [one for one in state.entries if one in state.holds and one not in state.taken], _first(page)
    undecided = sum(one.upheld is None for one in state.appeals.values())
    owed = len(state.corrected.keys() | {one.number for one in state.unranked()})
    steps = {"planned": ["open"], "open": ["close"], "closed": ["rank"], "ranked": ["rank"] if owed else ["finish"]}
    return page.show(
        "matching/allocation_office.html", status=status, a=row, now=await views.outcomes(door, allocation_id), appeals=state.appeals,
        undecided=undecided, steps=steps.get(row["status"], []), corrected=owed, wrong=wrong or [],
        schemes=SCHEMES_BY_CODE, ranked_by_me=door.principal.id in state.ranked_by, until=state.until,
        places=places[first : first + _PLACES] if state.status == "final" else [], first=first, untaken=len(places),
        further=first + _PLACES if first + _PLACES < len(places) else None,
        saved=said if said in _SAID and not wrong else None,
    )  # fmt: skip


def _first(page: Page) -> int:
    told = page.request.query_params.get("places", "0")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 8 else 0


@router.get("/office")
async def office(allocation_id: str, page: Office) -> Response:
    """How far a quota is, what the next step is, and every appeal with its reason."""
    return await _office(page, allocation_id)


@router.post("/office")
async def step(allocation_id: str, page: Office) -> Response:
    """Open applications, close them, publish the order, make it final, or say that a place is taken or given up."""
    form = await page.form()
    act, number = form.get("act", ""), whole_number(form.get("number", ""))
    if act not in _ACTS and act not in _OF_PLACES:
        raise NotFound("step")
    try:
        if act in _ACTS:
            await _ACTS[act](allocation_id, page.door)
        else:
            await _OF_PLACES[act](allocation_id, number, page.door)
    except Rejected as no:
        return await _office(page, allocation_id, [("step" if act in _ACTS else "places", page.t(f"matching.refused.{no.code}"))], 409)
    return page.back(f"/matching/allocations/{allocation_id}/office?saved={act}")


async def _appeal(
    page: Page, allocation_id: str, n: int, form: Mapping[str, str], *, wrong: Wrong | None = None, status: int = 200,
    total: int | None = None,
) -> Response:  # fmt: skip
    door = page.door
    row = await known(door, allocation_id)
    state: al.Allocation = await door.state("allocation", allocation_id)
    one = state.appeals.get(n)
    if one is None:
        raise NotFound("appeal")
    return page.show(
        "matching/appeal.html", status=status, a=row, n=n, one=one, application=await views.application_row(door, allocation_id, one.number),
        form=form, wrong=wrong or [], schemes=SCHEMES_BY_CODE, table=POINTS, same=_about_who(state, n), masked=views.masked,
        years=years_asked(row["points_on"]), total=total,
        mine="ranked" if door.principal.id in state.ranked_by else "made" if door.principal.id == one.made_by else "",
    )  # fmt: skip


@router.get("/appeals/{n}")
async def appeal(allocation_id: str, n: int, page: Office) -> Response:
    """One appeal: its reason, what was counted, and the decision or the questions for one."""
    return await _appeal(page, allocation_id, n, {})


def _about_who(state: al.Allocation, n: int) -> bool:
    """Whether an appeal says that two applications are not the same: then no points are asked for."""
    return n in state.appeals and state.appeals[n].reason == NOT_THE_SAME


@router.post("/appeals/{n}")
async def decide(allocation_id: str, n: int, page: Office) -> Response:
    """Uphold with what should have been counted, or not."""
    row, form, wrong = await known(page.door, allocation_id), await page.form(), Wrong()
    upheld = form.get("upheld") == "yes"
    if form.get("upheld") not in ("yes", "no"):
        wrong.append(("upheld", page.t("matching.office.wrong_upheld")))
    items: dict[str, int] | None = None
    same = _about_who(await page.door.state("allocation", allocation_id), n)
    if upheld and same:
        items = {}
    elif upheld:
        items = items_of(await points_told(page, form, row["points_on"], wrong))
    if wrong:
        return await _appeal(page, allocation_id, n, form, wrong=wrong, status=422)
    try:
        await decided(page.door, allocation_id, n, items)
    except Rejected as no:
        about = POINTS.items[0].id if no.code == "UpheldMustBetter" else "upheld"
        said: Any = [(about, page.t(f"matching.refused.{no.code}"))]
        return await _appeal(page, allocation_id, n, form, wrong=said, status=409, total=sum(items.values()) if items is not None else None)
    return page.back(f"/matching/allocations/{allocation_id}/office?saved={'upheld' if upheld else 'not_upheld'}")
