"""Pages of the directory in HSDS: what the whole directory says of each entry, read for the entries of the page alone."""

from __future__ import annotations

from typing import Any

import pytest

from services.matching import views
from services.matching.api import hsds
from services.matching.domain.directory import CITY, Directory
from services.matching.hsds.nested import Nesting
from services.matching.hsds.rows import Tables, tables_of
from shared.http import Door
from shared.security import Principal
from tests.matching.test_directory_doors import CARE, Office, office

__all__ = ["office"]
TABLES = ("organizations", "services", "locations", "service_at_locations")
A_UUID = "0b6c4c1e-7d0f-4b6a-9a53-0d3a52d1c001"


@pytest.fixture
async def several(office: Office) -> Office:
    """Three organisations, one named by a UUID; services with a place, with another's id before it, and with none."""
    for key in ("mercy", "hope", A_UUID):
        assert (await office.post("/organizations", {"id": key, "name": key})).status_code == 201
    for key, org in (("l2", "mercy"), ("l1", "mercy"), ("L3", A_UUID)):
        place = {"id": key, "organization_id": org, "name": key, "place_code": "440106"}
        assert (await office.post("/locations", place)).status_code == 201
    for key, org, at in (("care", "mercy", "l1"), ("Care", "mercy", "l1"), ("beds", A_UUID, "L3"), ("talk", "hope", None)):
        answer = await office.post("/services", {**CARE, "id": key, "organization_id": org, "location_id": at})
        assert answer.status_code == 201, answer.text
    return office


async def whole(office: Office) -> Tables:
    door = Door(office.room, Principal("g", frozenset({"gov"})), correlation="c")
    state: Directory = await door.state("directory", CITY)
    rows = [await views.all_rows(door, one) for one in (views.ORGANIZATIONS, views.LOCATIONS)]
    return tables_of(rows[0], rows[1], state.listings.values(), state.paused, state.assured)


@pytest.mark.parametrize("table", TABLES)
async def test_a_page_says_what_the_whole_directory_says(several: Office, table: str) -> None:
    tables, name = await whole(several), table.removesuffix("s")
    expected = [hsds._numbers(Nesting(tables).nested(name, row)) for row in tables[name]]
    assert len(expected) >= 3
    told = [await several.get(f"/hsds/{table}?per_page=2&page={n}") for n in (1, 2, 3)]
    assert [one for page in told for one in page["contents"]] == expected
    assert {page["total_items"] for page in told} == {len(expected)}
    for row in expected:
        assert await several.get(f"/hsds/{table}/{row['id']}") == row
    for org in {row["organization_id"] for row in tables["service"]}:
        mine = [row["id"] for row in tables[name] if org in (row.get("organization_id"), row["id"])]
        page = await several.get(f"/hsds/{table}?organization_id={org}")
        assert ([row["id"] for row in page["contents"]], page["total_items"]) == (mine, len(mine))


@pytest.mark.parametrize("table", TABLES)
async def test_nothing_is_read_for_other_pages(several: Office, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(organizations: Any, locations: Any, listings: Any, *more: Any) -> Tables:
        read.append(max(len(organizations), len(listings)))
        return tables_of(organizations, locations, listings, *more)

    monkeypatch.setattr(hsds, "tables_of", counted)
    page = await several.get(f"/hsds/{table}?per_page=1&page=2")
    assert len(page["contents"]) == 1
    await several.get(f"/hsds/{table}/{page['contents'][0]['id']}")
    assert len(read) == 2
    assert max(read) <= 1
    assert (await several.get(f"/hsds/{table}?page=9"))["contents"] == []
