"""The door to the directory: organisations, locations, services and their free places."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.matching import views
from services.matching.asked import CapacityIn, LocationIn, OrganizationIn, PauseIn, ServiceIn
from services.matching.domain.directory import (
    CITY,
    AssureService,
    Directory,
    Listing,
    ListService,
    PauseService,
    ResumeService,
    SetPlaces,
)
from services.matching.domain.organization import AddLocation, Organization, RegisterOrganization
from services.matching.listings import listing_of, shown
from services.matching.rulebook import RULEBOOK
from shared.clock import local_day
from shared.http import Door, Forbidden, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/matching/v1", tags=["directory"])
Keeper = Annotated[Door, Depends(door_for("admin", "gov", "caseworker", "charity"))]
Reader = Annotated[Door, Depends(door_for())]
Limit = Annotated[int, Query(ge=1, le=500)]


def _own(door: Door, organization_id: str) -> None:
    """A charity keeps its own entries only."""
    if not door.may("admin", "gov", "caseworker") and door.principal.org != organization_id:
        raise Forbidden("this entry belongs to another organisation")


@router.get("/organizations")
async def organizations(door: Reader, kind: str | None = None, limit: Limit = 100, cursor: str | None = None) -> dict[str, Any]:
    return dict(await views.directory_page(door, views.ORGANIZATIONS, {"kind": kind}, limit=limit, cursor=cursor))


@router.get("/organizations/{organization_id}")
async def organization(organization_id: str, door: Reader) -> dict[str, Any]:
    row = await views.by_id(door, views.ORGANIZATIONS, organization_id)
    if row is None:
        raise NotFound("organization")
    services = await views.directory_page(door, views.SERVICES, {"organization_id": organization_id}, limit=500, cursor=None)
    return {**row, "services": await shown(door, services["items"])}


@router.post("/organizations", status_code=201)
async def register(body: OrganizationIn, door: Keeper) -> dict[str, Any]:
    """Register or correct an organisation."""
    key = body.id or door.new_id()
    _own(door, key)
    if body.kind == "government" and not door.may("admin", "gov", "caseworker"):
        raise Forbidden("an authority is registered by an authority")
    done = await door.execute(To("organization", key, RegisterOrganization(key, body.name, body.kind, body.description, door.now)))
    return {"id": key, "version": done.version}


@router.get("/locations")
async def locations(door: Reader, organization_id: str | None = None, limit: Limit = 100, cursor: str | None = None) -> dict[str, Any]:
    return dict(await views.directory_page(door, views.LOCATIONS, {"organization_id": organization_id}, limit=limit, cursor=cursor))


@router.post("/locations", status_code=201)
async def add_location(body: LocationIn, door: Keeper) -> dict[str, Any]:
    """Add a place to an organisation."""
    _own(door, body.organization_id)
    key = body.id or door.new_id()
    there = await views.by_id(door, views.LOCATIONS, key)
    if there is not None and there["organization_id"] != body.organization_id:
        raise Forbidden("this location belongs to another organisation")
    done = await door.execute(
        To("organization", body.organization_id, AddLocation(key, body.organization_id, body.name, body.place_code, door.now))
    )
    return {"id": key, "version": done.version}


@router.get("/services")
async def services(
    door: Reader, organization_id: str | None = None, status: str | None = None, limit: Limit = 100, cursor: str | None = None
) -> dict[str, Any]:
    filters = {"organization_id": organization_id, "status": status}
    page = await views.directory_page(door, views.SERVICES, filters, limit=limit, cursor=cursor)
    return {"items": await shown(door, page["items"]), "next": page["next"]}


@router.get("/services/{service_id}")
async def service(service_id: str, door: Reader) -> dict[str, Any]:
    row = await views.by_id(door, views.SERVICES, service_id)
    if row is None:
        raise NotFound("service")
    return (await shown(door, [row]))[0]


@router.post("/services", status_code=201)
async def list_service(body: ServiceIn, door: Keeper) -> dict[str, Any]:
    """List a service, or list it anew with other terms."""
    _own(door, body.organization_id)
    organisation: Organization = await door.state("organization", body.organization_id)
    if organisation.registered is None:
        raise Invalid(pointer="/organization_id", detail="there is no such organisation")
    if not body.needs and not body.programmes:
        raise Invalid(pointer="/needs", detail="a need or a programme is expected")
    for name, codes in (("programmes", body.programmes), ("standing", [s.programme for s in body.standing])):
        if not set(codes) <= set(RULEBOOK.by_code):
            raise Invalid(pointer=f"/{name}", detail="there is no such programme")
    key = body.id or door.new_id()
    place = next((one.place_code for one in organisation.locations if one.location_id == body.location_id), "")
    listing = listing_of(body, key, organisation.registered.kind, place)
    done = await door.execute(To("directory", CITY, ListService(listing, door.now)))
    return {"id": key, "version": done.version}


async def known_service(door: Door, service_id: str) -> Listing:
    state: Directory = await door.state("directory", CITY)
    listing = state.listings.get(service_id)
    if listing is None:
        raise NotFound("service")
    _own(door, listing.org_id)
    return listing


async def _answer(door: Door, service_id: str, command: Any) -> dict[str, Any]:
    await known_service(door, service_id)
    done = await door.execute(To("directory", CITY, command))
    places, held, used = done.state.counts[service_id]
    return {"id": service_id, "places": places, "held": held, "used": used, "paused": service_id in done.state.paused,
            "version": done.version}  # fmt: skip


@router.post("/services/{service_id}/capacity")
async def capacity(service_id: str, body: CapacityIn, door: Keeper) -> dict[str, Any]:
    """How many places there are now."""
    return await _answer(door, service_id, SetPlaces(service_id, body.places, door.now, body.used))


@router.post("/services/{service_id}/pause")
async def pause(service_id: str, body: PauseIn, door: Keeper) -> dict[str, Any]:
    return await _answer(door, service_id, PauseService(service_id, body.reason, door.now))


@router.post("/services/{service_id}/resume")
async def resume(service_id: str, door: Keeper) -> dict[str, Any]:
    return await _answer(door, service_id, ResumeService(service_id, door.now))


@router.post("/services/{service_id}/assure")
async def assure(service_id: str, door: Keeper) -> dict[str, Any]:
    """The provider confirms that the entry is still right."""
    return {**await _answer(door, service_id, AssureService(service_id, door.now)), "assured_at": local_day(door.now)}
