"""The door to the directory in HSDS 3.0: pages of nested JSON, whole files out, whole files in."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from services.matching import views
from services.matching.domain.directory import CITY, Directory
from services.matching.domain.organization_decisions import Kind
from services.matching.domain.rules import NEEDS
from services.matching.hsds import files
from services.matching.hsds.checking import Fault
from services.matching.hsds.description import VERSION, hsds_id, named
from services.matching.hsds.nested import Nesting
from services.matching.hsds.reading import Here, Reading
from services.matching.hsds.rows import Key, Row, Tables, tables_of
from services.matching.hsds.taking_in import commands
from services.matching.rulebook import RULEBOOK
from shared.clock import local_day
from shared.http import Door, Forbidden, Invalid, NotFound, door_for
from shared.problems import problem

IMPORT = "/matching/v1/hsds/import"
router = APIRouter(prefix="/matching/v1/hsds", tags=["directory in HSDS 3.0"])
Reader = Annotated[Door, Depends(door_for())]
Importer = Annotated[Door, Depends(door_for("admin", "gov", "charity"))]
Table = Literal["organizations", "services", "locations", "service_at_locations"]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000, description="Pages count from 1.")]
PerPage = Annotated[int, Query(ge=1, le=500)]
_FAULTS_MAX = 1000
_TAKES = {"application/json": {"schema": {"type": "object"}}, "application/zip": {"schema": {"type": "string", "format": "binary"}}}


async def _tables(door: Door) -> Tables:
    state: Directory = await door.state("directory", CITY)
    organizations, locations = await views.all_rows(door, views.ORGANIZATIONS), await views.all_rows(door, views.LOCATIONS)
    return await asyncio.to_thread(tables_of, organizations, locations, state.listings.values(), state.paused, state.assured)


async def _keys(door: Door, name: str, state: Directory) -> list[Key]:
    """The keys of all rows of a table, in the order of our ids; nothing else of them is read."""
    match name:
        case "organization":
            return [Key(one, hsds_id(name, one), hsds_id(name, one)) for one, _ in await views.keys(door, views.ORGANIZATIONS)]
        case "location":
            return [Key(one, hsds_id(name, one), hsds_id("organization", org)) for one, org in await views.keys(door, views.LOCATIONS)]
    listings = sorted(state.listings.values(), key=lambda one: one.service_id)
    if name == "service":
        return [Key(one.service_id, hsds_id(name, one.service_id), hsds_id("organization", one.org_id)) for one in listings]
    return [Key(one.service_id, named(name, one.service_id)) for one in listings if one.location_id is not None]


async def _with_what_belongs(door: Door, name: str, codes: list[str], state: Directory) -> list[Row]:
    """The rows of these entries alone, each with what belongs to it."""
    listings = [state.listings[code] for code in codes] if name in ("service", "service_at_location") else []
    orgs = codes if name == "organization" else sorted({one.org_id for one in listings})
    places = codes if name == "location" else sorted({one.location_id for one in listings if one.location_id is not None})
    whose, which = ("organization_id", codes) if name == "organization" else ("id", places)
    organizations = await views.rows_of(door, views.ORGANIZATIONS, "id", orgs)
    locations = await views.rows_of(door, views.LOCATIONS, whose, which)
    tables = tables_of(organizations, locations, listings, state.paused, state.assured)
    nesting = Nesting(tables)
    return [_numbers(nesting.nested(name, row)) for row in tables[name]]


@router.get("")
async def about() -> dict[str, Any]:
    """Which version of HSDS is spoken here."""
    return {"version": VERSION, "profile": "https://docs.openreferral.org/en/3.0", "openapi_url": "/matching/openapi.json"}


@router.get("/export")
async def export(door: Reader, format: Literal["json", "csv"] = "json") -> Response:
    """The whole directory as one file: tabular JSON, or a zip of CSV files with their datapackage.json."""
    tables = await _tables(door)
    if format == "json":
        return Response(await asyncio.to_thread(files.to_json, tables), media_type="application/json")
    named = {"content-disposition": 'attachment; filename="hsds.zip"'}
    return Response(await asyncio.to_thread(files.to_zip, tables), media_type="application/zip", headers=named)


@router.get("/{table}")
async def page(
    table: Table, door: Reader, page: PageNumber = 1, per_page: PerPage = 50, organization_id: str | None = None
) -> dict[str, Any]:
    """A page of organisations, services, locations or services at locations, each with what belongs to it."""
    state: Directory = await door.state("directory", CITY)
    name, start = table.removesuffix("s"), (page - 1) * per_page
    keys = [
        key for key in await _keys(door, name, state) if organization_id is None or organization_id in (key.organization_id, key.row_id)
    ]
    contents = await _with_what_belongs(door, name, [key.code for key in keys[start : start + per_page]], state)
    pages = -(-len(keys) // per_page)
    return {
        "total_items": len(keys), "total_pages": pages, "page_number": page, "size": len(contents), "first_page": page == 1,
        "last_page": page >= pages, "empty": not contents, "contents": contents,
    }  # fmt: skip


@router.get("/{table}/{row_id}")
async def one(table: Table, row_id: str, door: Reader) -> dict[str, Any]:
    """One of them, by the id it has in HSDS."""
    state: Directory = await door.state("directory", CITY)
    name = table.removesuffix("s")
    codes = [key.code for key in await _keys(door, name, state) if key.row_id == row_id]
    if not codes:
        raise NotFound(name)
    return (await _with_what_belongs(door, name, codes[:1], state))[0]


def _numbers(told: Any) -> Any:
    """Sums of money as JSON numbers; with two decimals they lose nothing by it."""
    match told:
        case dict():
            return {name: float(value) if name == "amount" else _numbers(value) for name, value in told.items()}
        case list():
            return [_numbers(value) for value in told]
    return told


async def whole(request: Request, most: int) -> bytes:
    """The body of a request, not longer than `most` bytes; raises `Invalid`."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise Invalid(pointer="", detail=f"the file is larger than {most // 1024**2} MiB")
        pieces.append(piece)
    return b"".join(pieces)


def _read(data: bytes) -> dict[str, list[Any]]:
    try:
        return files.from_zip(data) if data.startswith(b"PK") else files.from_json(data)
    except files.Unreadable as why:
        raise Invalid(pointer="", detail=str(why)) from None


def _told(faults: list[Fault]) -> list[dict[str, Any]]:
    return [{"table": f.table, "row": f.row, "field": f.field, "rule": f.rule, "detail": f.detail} for f in faults[:_FAULTS_MAX]]


@router.post("/import", openapi_extra={"requestBody": {"content": _TAKES}})
async def take_in(
    request: Request,
    door: Importer,
    keep_good: bool = False,
    kind: Kind | None = None,
) -> Any:
    """Take in a file of HSDS JSON or CSV, all of it or (`keep_good`) what is whole of it; `kind` is of organisations that name none."""
    tables = await asyncio.to_thread(_read, await whole(request, files.BYTES_MAX))
    state: Directory = await door.state("directory", CITY)
    organizations = {row["id"]: row for row in await views.all_rows(door, views.ORGANIZATIONS)}
    locations = {row["id"]: row for row in await views.all_rows(door, views.LOCATIONS)}
    here = Here(
        {key: row["kind"] for key, row in organizations.items()}, {key: row["organization_id"] for key, row in locations.items()},
        state.listings, state.counts, RULEBOOK.by_code.keys(), NEEDS, local_day(door.now), kind or "",
    )  # fmt: skip
    reading = await asyncio.to_thread(Reading, tables, here)
    _may(door, reading)
    if reading.faults and not keep_good:
        title = "The file has faults, so nothing of it was taken in."
        return problem(422, "FileHasFaults", title, faults=_told(reading.faults), faults_total=len(reading.faults))
    todo = commands(reading, here, organizations, locations, state.paused, state.assured, door.now)
    done = await door.execute(*todo) if todo else None
    changed = Counter(type(e.data).__name__ for e in done.events) if done is not None else Counter()
    return {
        "organizations": len(reading.organizations), "locations": len(reading.locations), "services": len(reading.services),
        "changed": dict(sorted(changed.items())), "faults": _told(reading.faults), "faults_total": len(reading.faults),
    }  # fmt: skip


def _may(door: Door, reading: Reading) -> None:
    """A charity takes in its own entries only, and is no authority."""
    if door.may("admin", "gov"):
        return
    if reading.touched - {door.principal.org}:
        raise Forbidden("the file speaks of other organisations")
    if any(org.kind == "government" for org in reading.organizations.values()):
        raise Forbidden("an authority is registered by an authority")
