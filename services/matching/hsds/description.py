"""The tables and fields of HSDS 3.0 that we write and read, in our own short form, and the terms by which it carries what is ours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from msgspec import Struct

from services.matching.domain.offering import DAYS

VERSION = "3.0.0"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STATUSES = ("active", "inactive", "defunct", "temporarily closed")
_TEXT_MAX, _LONG_MAX, _AGE_MAX = 200, 2000, 150


class Field(Struct, frozen=True):
    """`kind`: id, ref (an id in table `of`), text, whole, number, day, time, days or choice; `most`: characters, or the largest number."""

    name: str
    kind: str = "text"
    required: bool = False
    of: str = ""
    among: tuple[str, ...] = ()
    most: int = _TEXT_MAX


class Shape(Struct, frozen=True):
    """One table: its name, its file among CSV files, its fields; every table has an id."""

    name: str
    file: str
    title: str
    fields: tuple[Field, ...]

    def __contains__(self, field: str) -> bool:
        return any(one.name == field for one in self.fields)


def _table(name: str, file: str, title: str, *fields: Field) -> Shape:
    return Shape(name, f"{file}.csv", title, (Field("id", "id", required=True), *fields))


def _ref(table: str, required: bool = False) -> Field:
    return Field(f"{table}_id", "ref", required, of=table)


_OF_SERVICE = _ref("service")
TABLES: Mapping[str, Shape] = {
    one.name: one
    for one in (
        _table(
            "organization", "organizations", "Who offers services",
            Field("name", required=True), Field("description", required=True, most=_LONG_MAX),
        ),
        _table(
            "service", "services", "What is offered",
            _ref("organization", True), Field("name", required=True), Field("description", most=_LONG_MAX),
            Field("status", "choice", True, among=STATUSES), Field("minimum_age", "whole", most=_AGE_MAX),
            Field("maximum_age", "whole", most=_AGE_MAX), Field("assured_date", "day"),
        ),
        _table(
            "location", "locations", "Where services are given",
            Field("location_type", "choice", True, among=("physical", "postal", "virtual")), _ref("organization"), Field("name"),
            Field("external_identifier"), Field("external_identifier_type"),
        ),
        _table("service_at_location", "service_at_location", "Which service where", _ref("service", True), _ref("location", True)),
        _table(
            "schedule", "schedules", "When", _OF_SERVICE, Field("freq", "choice", among=("WEEKLY", "MONTHLY")),
            Field("byday", "days", among=DAYS), Field("opens_at", "time"), Field("closes_at", "time"),
        ),
        _table("service_area", "service_areas", "For which districts", _OF_SERVICE, Field("extent"), Field("extent_type")),
        _table("language", "languages", "In which languages", _OF_SERVICE, Field("code", most=35)),
        _table("required_document", "required_documents", "Against which papers", _OF_SERVICE, Field("document")),
        _table(
            "cost_option", "cost_options", "At what cost to the person", _ref("service", True), Field("option"), Field("currency", most=3),
            Field("amount", "number", most=10_000_000_000),
        ),
        _table(
            "attribute", "attributes", "What is said of a row by a term", Field("link_id", "id", True),
            Field("taxonomy_term_id", "ref", True, of="taxonomy_term"), Field("link_type"), Field("link_entity", required=True),
            Field("value", most=_LONG_MAX),
        ),
        _table("taxonomy", "taxonomies", "Where terms come from", Field("name", required=True), Field("description", required=True)),
        _table(
            "taxonomy_term", "taxonomy_terms", "The terms", Field("code"), Field("name", required=True),
            Field("description", required=True, most=_LONG_MAX), Field("taxonomy"), _ref("taxonomy"),
        ),
    )
}  # fmt: skip
# What HSDS 3.0 has no field for, said by attributes: the term, and what its value holds.
TERMS: Mapping[str, str] = {
    "code": "The id by which the publisher knows this row",
    "kind": "The kind of an organisation",
    "need": "A need that a service serves",
    "programme": "A programme of relief that a service serves",
    "places": "How many places a service has in all",
    "standing": "A programme for which a service accepts by itself, from which fund and up to which sum, as JSON",
    "accessibility": "What makes a service accessible",
    "eligible_district": "A district in which people must live, GB/T 2260",
    "condition": "A condition on the facts of a case, as JSON",
    "contract": "The contract under which a service is bought, as JSON",
}
TAXONOMY = "Kapok"


def named(*parts: str) -> str:
    """Always the same id, a UUIDv8, for the same parts."""
    d = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    return f"{d[:8]}-{d[8:12]}-8{d[13:16]}-{'89ab'[int(d[16], 16) % 4]}{d[17:20]}-{d[20:32]}"


def hsds_id(table: str, code: str) -> str:
    """The id of a row as HSDS writes it: ours where it is a UUID, else one that follows from it."""
    return code if UUID.fullmatch(code) else named(table, code)


TAXONOMY_ID = named("taxonomy", TAXONOMY)
TERM_IDS: Mapping[str, str] = {term: named("term", term) for term in TERMS}
TERM_OF: Mapping[str, str] = {key: term for term, key in TERM_IDS.items()}
