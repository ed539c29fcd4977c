"""The page of data screening: start, watch, stop; signals by threshold with what became of them, and single signals masked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import Response

from services.intake.api import screenings as api
from services.intake.api.campaigns import planned
from services.intake.campaigns.asked import CampaignIn
from services.intake.desk import fen_of
from services.intake.domain import screening as s
from services.intake.domain.campaign import AskList
from services.intake.domain.campaign_decisions import CampaignDiffersFromFirst, CampaignIsDone
from services.intake.screening import book, spool, views
from services.intake.screening.taking import open_reports
from shared.asked import Day
from shared.clock import local_day
from shared.http import Invalid
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for

PATH = "/intake/screenings"
router = APIRouter(prefix=PATH, include_in_schema=False)
Staff = Annotated[Page, Depends(page_for(*api.STAFF))]
_DAY: TypeAdapter[Any] = TypeAdapter(Day)
_CHUNK = 2**20
_AT_ONCE = 50


async def _list(page: Page, status: int = 200, **values: Any) -> Response:
    found = await views.screening_page(page.door, limit=20, cursor=page.request.query_params.get("cursor"))
    form = {"as_of": local_day(page.door.now).isoformat(), **values.pop("form", {})}
    return page.show(
        "intake/screenings.html", status=status, screenings=found["items"], next=found["next"], thresholds=book.thresholds(), form=form,
        codes=_codes(page, [one.code for one in book.thresholds()]), **{"wrong": [], "chosen": [], **values},
    )  # fmt: skip


def _codes(page: Page, codes: Iterable[str]) -> list[tuple[str, str]]:
    return [(code, page.t(f"intake.screening.code.{code}")) for code in codes]


@router.get("")
async def every(page: Staff) -> Response:
    """Every screening, newest first, and the form of a new one."""
    return await _list(page)


@router.post("")
async def start(page: Staff) -> Response:
    """A file with the day of its data; what is wrong is named beside its field."""
    form = await page.form()
    file = page.form_file("file")
    try:
        return await _started(page, form, file)
    finally:
        if file is not None:
            await file.close()


async def _started(page: Page, form: dict[str, str], file: UploadFile | None) -> Response:
    on, wrong = None, []
    try:
        on = _DAY.validate_python(form.get("as_of", ""))
    except ValidationError:
        wrong.append(("as_of", page.t("intake.screening.wrong.as_of")))
    if on is not None and on > local_day(page.door.now):
        wrong.append(("as_of", page.t("intake.screening.wrong.future")))
    chosen, sums = page.form_list("thresholds"), dict.fromkeys(("run_yuan", "check_yuan"), 0)
    if not set(chosen) <= {one.code for one in book.thresholds()}:
        wrong.append(("thresholds", page.t("intake.screening.wrong.thresholds")))
    for name in sums:
        try:
            sums[name] = fen_of(form[name]) if form.get(name, "").strip() else 0
        except ValueError:
            wrong.append((name, page.t("intake.screening.wrong.sum")))
    if file is None or not file.size:
        wrong.append(("file", page.t("intake.screening.wrong.file")))
    if wrong or file is None:
        return await _list(page, 422, form=form, wrong=wrong, chosen=chosen)
    key = page.door.new_id()
    try:
        name, size = await spool.keep(page.door.room.settings.home, page.door.new_id(), _chunks(file))
        await api.asked(page.door, key, name, size, on, None, chosen, *sums.values())
    except Invalid:
        return await _list(page, 422, form=form, wrong=[("file", page.t("intake.screening.wrong.file"))], chosen=chosen)
    except Rejected:
        return await _list(page, 409, form=form, wrong=[("as_of", page.t("intake.screening.wrong.no_threshold"))], chosen=chosen)
    return page.back(f"{PATH}/{key}")


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


async def _one(page: Page, key: str, template: str = "intake/screening.html", status: int = 200, **values: Any) -> Response:
    shown = await views.one(page.door, key)
    chosen = page.request.query_params.get("threshold")
    filters = {"threshold": chosen} if chosen else {}
    signals = await views.results(page.door, key, filters, limit=20, cursor=page.request.query_params.get("cursor"))
    faults = await views.faults(page.door, key, limit=20, cursor=None)
    became = {row["threshold"]: row for row in (await views.lineage(page.door, key))["items"]}
    return page.show(
        template, status=status, screening=shown, signals=signals, faults=faults["items"], became=became, chosen=chosen,
        most=max(shown["signals"].values(), default=0), done=page.request.query_params.get("done"),
        campaigns=await views.campaigns_of(page.door, key), codes=_codes(page, [one["code"] for one in shown["thresholds"]]),
        **{"wrong": [], "form": {}, "rescored": None, **values},
    )  # fmt: skip


@router.get("/{key}")
async def one(key: str, page: Staff) -> Response:
    """One screening: how far it is, its signals, what became of them, and its rows that could not be read."""
    return await _one(page, key)


@router.get("/{key}/now")
async def now(key: str, page: Staff) -> Response:
    """The part of the page that changes while it runs."""
    return await _one(page, key, "intake/screening_now.html")


@router.post("/{key}")
async def act(key: str, page: Staff) -> Response:
    """Stop it, have people rung, open cases for the signals furthest beyond their limit, or look at persons in full (with a reason)."""
    form = await page.form()
    door = page.door
    await views.known(door, key)
    match form.get("act"):
        case "look":
            door.reason = form.get("reason", "").strip() or None
            wrong = [] if door.reason else [("reason", page.t("intake.wrong.reason"))]
            return await _one(page, key, status=422 if wrong else 200, wrong=wrong)
        case "report":
            filters = {"threshold": form["threshold"]} if form.get("threshold") else {}
            await open_reports(door, key, filters, _AT_ONCE)
        case "rescore":
            return await _rescored(page, key, form)
        case "ring":
            return page.back(f"/intake/campaigns/{await _rung(page, key, form.get('threshold') or None)}")
        case "stop":
            try:
                await door.execute(To("screening", key, s.StopScreening(door.now)))
            except Rejected as no:
                return await _one(page, key, status=409, wrong=[("", page.t(f"intake.screening.refused.{no.code}"))])
        case _:
            return await _one(page, key, status=422, wrong=[("", page.t("intake.wrong.step"))])
    return page.back(f"{PATH}/{key}?done={form['act']}")


async def _rung(page: Page, key: str, threshold: str | None) -> str:
    """The campaign that rings whom these signals are about: planned, not started, and its list coming in; pressed twice it is one."""
    door, ref = page.door, f"screening:{key}:{threshold or 'all'}"
    shown = await views.one(door, key)
    name = page.t(
        "intake.screening.campaign_name",
        day=shown["as_of"].isoformat(),
        what=page.t(f"intake.screening.code.{threshold}") if threshold else "",
    )
    campaign_id = door.named_id("campaign", ref)
    with suppress(CampaignDiffersFromFirst):  # planned already, by somebody who reads another language
        await planned(door, CampaignIn(name=name.strip(), ref=ref, screening_id=key))
    expected = shown["signals"].get(threshold, 0) if threshold else sum(shown["signals"].values())
    with suppress(CampaignIsDone):
        await door.execute(To("campaign", campaign_id, AskList(f"{ref}:people", key, threshold, expected, door.now)))
    return campaign_id


async def _rescored(page: Page, key: str, form: Mapping[str, str]) -> Response:
    """What a moved limit would have signalled; the limit is said as people count: yuan, per cent, months or days."""
    used = {one["code"]: one for one in (await views.one(page.door, key))["thresholds"]}
    threshold = used.get(form.get("moved", ""))
    if threshold is None:
        return await _one(page, key, status=422, form=form, wrong=[("moved", page.t("intake.screening.wrong.moved"))])
    try:
        limit = fen_of(form.get("to", ""))
        if not threshold["measure"].endswith("_fen"):
            limit, part = divmod(limit, 100)
            if part:
                raise ValueError("not a whole number")
    except ValueError:
        return await _one(page, key, status=422, form=form, wrong=[("to", page.t("intake.screening.wrong.to"))])
    (moved,) = (await views.rescored(page.door, key, {threshold["code"]: limit}))["items"]
    return await _one(page, key, form=form, rescored={**moved, "measure": threshold["measure"]})
