"""The door of data screening: a file or facts against dated thresholds, progress, signals, what became of them, and what if."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.intake.asked import Fen, Id, PlaceCode
from services.intake.domain import screening as s
from services.intake.domain.screening_decisions import ScreeningIsUnknown
from services.intake.screening import book, spool, views
from services.intake.screening.taking import open_reports
from shared.asked import WHOLE, Day
from shared.clock import local_day
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

PATH = "/intake/v1/screenings"
router = APIRouter(prefix=PATH, tags=["screenings"])
STAFF = ("gov", "caseworker", "admin")
READERS = (*STAFF, "operator", "auditor", "service")
_FILES = ("text/csv", "text/plain", "application/vnd.apache.parquet", "application/zip", "application/gzip")
_JSON_MAX = 1_000_000  # bytes: for a few rows; more are a file
Starter = Annotated[Door, Depends(door_for(*STAFF))]
Reader = Annotated[Door, Depends(door_for(*READERS))]
Limit = Annotated[int, Query(ge=1, le=500)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Codes = Annotated[list[Code], Field(max_length=50)]
Money = Annotated[int, Query(ge=0, le=1_000_000_000_000)]


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class ResidentIn(_Said):
    """One resident; amounts in whole fen. What is not said is not screened."""

    id_number: Annotated[str, Field(max_length=40), WHOLE] | None = None
    person_ref: Id | None = None
    name: Annotated[str, Field(max_length=200), WHOLE] | None = None
    phone: Annotated[str, Field(max_length=40), WHOLE] | None = None
    category: Literal["tekun", "dibao", "edge", "other"] | None = None
    residence_code: PlaceCode | None = None
    lives_alone: bool | None = None
    medical_self_paid_year_fen: Fen | None = None
    income_per_head_month_fen: Fen | None = None
    income_per_head_month_before_fen: Fen | None = None
    months_without_income: Annotated[int, Field(ge=0, le=1200)] | None = None
    last_contact_on: Day | None = None


class ScreeningIn(_Said):
    """A few residents; a file is sent as the body itself, with the same fields in the query."""

    as_of: Day | None = None
    name: Id | None = None
    thresholds: Codes = []
    run_fen: Fen = 0
    check_fen: Fen = 0
    residents: Annotated[list[ResidentIn], Field(min_length=1, max_length=5_000)]


class MovedIn(_Said):
    threshold: Code
    limit: Annotated[int, Field(ge=-1_000_000_000_000, le=1_000_000_000_000)]


class RescoreIn(_Said):
    moved: Annotated[list[MovedIn], Field(min_length=1, max_length=50)]


class ReportsIn(_Said):
    """Which signals become reports: the furthest beyond their limit first."""

    threshold: Code | None = None
    district: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    margin_min: Annotated[int, Field(ge=0, le=1_000_000_000_000)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object", "description": "as_of, name, thresholds, run_fen, check_fen, residents"}},
            **{media: {"schema": {"type": "string", "format": "binary"}} for media in _FILES},
        },
    }
}


@router.post("", status_code=202, openapi_extra=_BODY)
async def start(
    request: Request, door: Starter, as_of: Annotated[Day | None, Query()] = None, name: Annotated[Id | None, Query()] = None,
    thresholds: Annotated[Codes, Query()] = [], run_fen: Money = 0, check_fen: Money = 0,  # noqa: B006 - never changed
) -> dict[str, Any]:  # fmt: skip
    """Screen a file (CSV, Parquet, either packed) or a few facts; answers at once, the work goes on behind."""
    media = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if media == "application/json":
        said = await _told(request)
        day_of_data(door, said.as_of)
        rows = [one.model_dump(mode="json", exclude_none=True) for one in said.residents]
        key = door.new_id()
        file, size = spool.keep_rows(door.room.settings.home, door.room.clock.new_id(), rows)
        return await asked(door, key, file, size, said.as_of, said.name, said.thresholds, said.run_fen, said.check_fen)
    if media not in _FILES:
        raise Invalid("", f"send one of: application/json, {', '.join(_FILES)}")
    key = door.new_id()
    in_force(thresholds, day_of_data(door, as_of))
    file, size = await spool.keep(door.room.settings.home, door.room.clock.new_id(), request.stream())
    return await asked(door, key, file, size, as_of, name, thresholds, run_fen, check_fen)


async def _told(request: Request) -> ScreeningIn:
    body = b""
    async for chunk in _bounded(request):
        body += chunk
    try:
        return ScreeningIn.model_validate_json(body)
    except ValidationError as fault:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in fault.errors(include_input=False)]) from None


async def _bounded(request: Request) -> AsyncIterator[bytes]:
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > _JSON_MAX:
            raise Invalid("", f"facts have at most {_JSON_MAX} bytes; send more as a file")
        yield chunk


def day_of_data(door: Door, as_of: date | None) -> date:
    """The day that the data speak of, today when it is not told. Raises `Invalid` for one that is still to come."""
    today = local_day(door.now)
    if as_of is not None and as_of > today:
        raise Invalid("/as_of", "lies in the future")
    return as_of or today


def in_force(codes: Sequence[str], on: date) -> tuple[Any, ...]:
    """The thresholds asked for, as they counted on the day. Raises `Invalid` for one that nobody knows."""
    every = {one.code for one in book.thresholds()}
    for number, code in enumerate(codes):
        if code not in every:
            raise Invalid(f"/thresholds/{number}", f"there is no such threshold; there are {', '.join(sorted(every))}")
    return book.in_force(on, codes)


async def asked(
    door: Door, key: str, file: str, size: int, as_of: date | None, name: str | None, codes: Sequence[str], run_fen: int, check_fen: int
) -> dict[str, Any]:
    """Record that this file is to be screened; a file nobody will screen, or that was sent before under the same key, is removed."""
    on = day_of_data(door, as_of)
    try:
        used = in_force(codes, on)
        done = await door.execute(
            To(
                "screening",
                key,
                s.AskScreening(key, door.now, on, name or on.isoformat(), file, size, used, book.version(), run_fen, check_fen),
            )
        )
    except BaseException:
        spool.remove(door.room.settings.home, file)
        raise
    if not done.events:
        spool.remove(door.room.settings.home, file)
    return {"screening_id": key, "status": "asked", "thresholds": [one.code for one in used]}


@router.get("")
async def every(door: Reader, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Screenings, newest first, with their progress."""
    return dict(await views.screening_page(door, limit=limit, cursor=cursor))


@router.get("/thresholds")
async def thresholds(door: Reader) -> dict[str, Any]:
    """Every threshold with its dated limits and their sources."""
    return {"version": book.version(), "items": list(book.thresholds())}


@router.get("/{screening_id}")
async def one(screening_id: str, door: Reader) -> dict[str, Any]:
    """Status, progress, signals so far, and the thresholds as they counted on the day of the data."""
    return await views.one(door, screening_id)


@router.get("/{screening_id}/results")
async def results(
    screening_id: str, door: Reader, threshold: str | None = None, district: str | None = None,
    margin_min: Annotated[int | None, Query(ge=0, le=1_000_000_000_000)] = None, limit: Limit = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Signals with value, limit, margin and source, the furthest beyond first; persons in full only with a role and a reason."""
    filters = {"threshold": threshold, "district": district, "margin_min": margin_min}
    return await views.results(door, screening_id, filters, limit=limit, cursor=cursor)


@router.get("/{screening_id}/faults")
async def faults(screening_id: str, door: Reader, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Rows that were not screened: row, field and rule; what was written there is not kept."""
    await views.known(door, screening_id)
    return dict(await views.faults(door, screening_id, limit=limit, cursor=cursor))


@router.get("/{screening_id}/lineage")
async def lineage(screening_id: str, door: Reader) -> dict[str, Any]:
    """By threshold: signals, reports, outcomes, precision, delay and cost."""
    return await views.lineage(door, screening_id)


@router.post("/{screening_id}/stop")
async def stop(screening_id: str, door: Starter) -> dict[str, Any]:
    """End it where it is; what was found stays, the file is removed."""
    try:
        done = await door.execute(To("screening", screening_id, s.StopScreening(door.now)))
    except ScreeningIsUnknown as unknown:
        raise NotFound("screening") from unknown
    return {"screening_id": screening_id, "status": done.state.status}


@router.post("/{screening_id}/rescore")
async def rescore(screening_id: str, body: RescoreIn, door: Reader) -> dict[str, Any]:
    """What moved limits would have signalled, and what their precision would have been; stores nothing."""
    return await views.rescored(door, screening_id, {one.threshold: one.limit for one in body.moved})


@router.post("/{screening_id}/reports")
async def reports(screening_id: str, body: ReportsIn, door: Starter) -> dict[str, Any]:
    """Open cases for the signals furthest beyond their limits that have none yet; called again it goes on with the next."""
    return await open_reports(door, screening_id, body.model_dump(exclude={"limit"}), body.limit)
