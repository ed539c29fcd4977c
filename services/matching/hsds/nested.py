"""HSDS rows nested into one another, as the API of HSDS shows them, and taken apart again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from services.matching.hsds.description import TABLES
from services.matching.hsds.rows import Row, Tables

_LISTS: Mapping[str, str] = {
    "services": "service", "locations": "location", "schedules": "schedule", "service_areas": "service_area", "languages": "language",
    "service_at_locations": "service_at_location", "cost_options": "cost_option", "required_documents": "required_document",
    "attributes": "attribute",
}  # fmt: skip
_SINGLE = ("organization", "location", "service", "taxonomy_term")
_PARTS = ("schedule", "service_area", "language", "cost_option", "required_document")


class Nesting:
    """The tables found by whom their rows belong to."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.by_id = {
            (table, row["id"]): row for table in ("organization", "service", "location", "taxonomy_term") for row in tables[table]
        }
        self._of: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for table in (*_PARTS, "service_at_location"):
            for row in tables[table]:
                self._of[table, row["service_id"]].append(row)
        for row in tables["service_at_location"]:
            self._of["at", row["location_id"]].append(row)
        for row in tables["attribute"]:
            self._of["attribute", row["link_id"]].append(row)
        for row in tables["location"]:
            self._of["location", row["organization_id"]].append(row)

    def _attributes(self, key: str) -> Row:
        found = [{**row, "taxonomy_term": self.by_id["taxonomy_term", row["taxonomy_term_id"]]} for row in self._of["attribute", key]]
        return {"attributes": found} if found else {}

    def organization(self, row: Row, *, full: bool = True) -> Row:
        places = [self.location(one) for one in self._of["location", row["id"]]] if full else []
        return {**row, **({"locations": places} if places else {}), **self._attributes(row["id"])}

    def location(self, row: Row) -> Row:
        return {**row, **self._attributes(row["id"])}

    def service(self, row: Row) -> Row:
        """With its organisation, and where, when, for whom and at what cost."""
        key = row["id"]
        parts = {f"{table}s": self._of[table, key] for table in _PARTS if self._of[table, key]}
        where = [{**one, "location": self._location(one)} for one in self._of["service_at_location", key]]
        organization = self.organization(self.by_id["organization", row["organization_id"]], full=False)
        return {**row, "organization": organization, **parts, **({"service_at_locations": where} if where else {}), **self._attributes(key)}

    def _location(self, row: Row) -> Row:
        return self.location(self.by_id["location", row["location_id"]])

    def service_at_location(self, row: Row) -> Row:
        return {**row, "service": self.service(self.by_id["service", row["service_id"]]), "location": self._location(row)}

    def nested(self, table: str, row: Row) -> Row:
        """One row of organization, service, location or service_at_location with what belongs to it."""
        match table:
            case "organization":
                return self.organization(row)
            case "service":
                return self.service(row)
            case "location":
                return self.location(row)
        return self.service_at_location(row)


def _table_of(one: Mapping[str, Any]) -> str:
    """What a row at the top is: a service has a status, a location a type."""
    if "location" in one or ("service_id" in one and "location_id" in one):
        return "service_at_location"
    return "service" if "status" in one else "location" if "location_type" in one else "organization"


class Flat:
    """Rows taken apart, each id once in its table."""

    def __init__(self, rows_max: int) -> None:
        self.tables: dict[str, list[Any]] = defaultdict(list)
        self._seen: set[tuple[str, str]] = set()
        self._left = rows_max

    @property
    def full(self) -> bool:
        return self._left < 0

    def add(self, table: str, one: Any, above: str = "", key: Any = None) -> None:
        """A row and what is nested in it; `above` and `key` say in which row it was found."""
        if self.full:
            return
        if not isinstance(one, dict):
            self._keep(table, one)
            return
        row = {name: value for name, value in one.items() if name not in _LISTS and name not in _SINGLE}
        if table == "attribute" and above:
            row = {"link_id": key, "link_entity": above, **row}
        elif above and f"{above}_id" in TABLES[table]:
            row = {f"{above}_id": key, **row}
        for name in _SINGLE:
            if isinstance(one.get(name), dict):
                row.setdefault(f"{name}_id", one[name].get("id"))
        if not self._known(table, row):
            self._keep(table, row)
        for name in _SINGLE:
            if isinstance(one.get(name), dict) and not self._known(name, one[name]):
                self.add(name, one[name])
        for name, inner in _LISTS.items():
            if isinstance(one.get(name), list):
                for part in one[name]:
                    self.add(inner, part, table, row.get("id"))

    def _known(self, table: str, row: Mapping[str, Any]) -> bool:
        return isinstance(row.get("id"), str) and (table, row["id"]) in self._seen

    def _keep(self, table: str, row: Any) -> None:
        self._left -= 1
        if isinstance(row, dict) and isinstance(row.get("id"), str):
            self._seen.add((table, row["id"]))
        self.tables[table].append(row)


def flat(listed: list[Any], rows_max: int) -> dict[str, list[Any]] | None:
    """The tables in nested rows; None where there are more than `rows_max`."""
    found = Flat(rows_max)
    for one in listed:
        found.add(_table_of(one) if isinstance(one, dict) else "organization", one)
    return None if found.full else dict(found.tables)
