"""Our directory as HSDS tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from services.matching.domain.directory import Listing
from services.matching.hsds.description import TABLES, TAXONOMY, TAXONOMY_ID, TERM_IDS, TERMS, hsds_id, named

Row = dict[str, Any]


class Key(msgspec.Struct, frozen=True, gc=False):
    """Our id of an entry, the id of its row in a table of HSDS, and whose it is there, where the row says so."""

    code: str
    row_id: str
    organization_id: str | None = None


Tables = dict[str, list[Row]]
_encoded = msgspec.json.Encoder(order="deterministic").encode
PLACE_CODES = "GB/T 2260"
OFFSET = "+08:00"


def amount(fen: int) -> Decimal:
    """Fen as yuan, without more digits than needed."""
    whole, part = divmod(fen, 100)
    return Decimal(f"{whole}.{part:02d}".rstrip("0").rstrip(".")) if part else Decimal(whole)


def _written(value: Any) -> str:
    return _encoded(value).decode()


def _attributes(table: str, code: str, said: Iterable[tuple[str, str]]) -> list[Row]:
    own = hsds_id(table, code)
    told = [*([] if own == code else [("code", code)]), *said]
    return [
        {"id": named("attribute", table, code, str(n)), "link_id": own, "taxonomy_term_id": TERM_IDS[term], "link_type": term,
         "link_entity": table, "value": value}
        for n, (term, value) in enumerate(told)
    ]  # fmt: skip


def _organization(row: Mapping[str, Any]) -> Row:
    # HSDS asks for a description; where nobody wrote one, the name stands in.
    return {"id": hsds_id("organization", row["id"]), "name": row["name"], "description": row["description"] or row["name"]}


def _location(row: Mapping[str, Any]) -> Row:
    return {
        "id": hsds_id("location", row["id"]), "location_type": "physical", "organization_id": hsds_id("organization", row["organization_id"]),
        "name": row["name"], "external_identifier": row["place_code"], "external_identifier_type": PLACE_CODES,
    }  # fmt: skip


def _said(one: Listing) -> list[tuple[str, str]]:
    """What is said of a service by terms, in the order in which it is written."""
    said = [("need", need) for need in one.needs] + [("programme", code) for code in one.programmes]
    if one.places is not None:
        said.append(("places", str(one.places)))
    said += [("standing", _written(standing)) for standing in one.standing]
    said += [("accessibility", code) for code in one.terms.accessibility]
    said += [("eligible_district", code) for code in one.eligibility.districts]
    said += [("condition", _written(condition)) for condition in one.eligibility.conditions]
    if one.terms.contract is not None:
        said.append(("contract", _written(one.terms.contract)))
    return said


def _parts(one: Listing) -> Iterable[tuple[str, Row]]:
    """The rows that hang on a service."""
    code, service = one.service_id, {"service_id": hsds_id("service", one.service_id)}
    if one.location_id is not None:
        where = {"location_id": hsds_id("location", one.location_id)}
        yield "service_at_location", {"id": named("service_at_location", code), **service, **where}
    for n, o in enumerate(one.terms.schedule):
        times = {"opens_at": o.opens_at + OFFSET, "closes_at": o.closes_at + OFFSET}
        yield "schedule", {"id": named("schedule", code, str(n)), **service, "freq": "WEEKLY", "byday": ",".join(o.days), **times}
    for district in one.districts:
        yield "service_area", {"id": named("area", code, district), **service, "extent": district, "extent_type": "text"}
    for language in one.terms.languages:
        yield "language", {"id": named("language", code, language), **service, "code": language}
    for document in one.terms.required_documents:
        yield "required_document", {"id": named("document", code, document), **service, "document": document}
    for n, cost in enumerate(one.terms.cost):
        told = {"option": cost.option, "currency": "CNY", "amount": amount(cost.amount_fen)}
        yield "cost_option", {"id": named("cost", code, str(n)), **service, **told}


def _service(one: Listing, paused: bool, assured: date | None) -> Row:
    row = {
        "id": hsds_id("service", one.service_id), "organization_id": hsds_id("organization", one.org_id), "name": one.name,
        "description": one.description or None, "status": "temporarily closed" if paused else "active",
        "minimum_age": one.eligibility.minimum_age, "maximum_age": one.eligibility.maximum_age,
        "assured_date": None if assured is None else assured.isoformat(),
    }  # fmt: skip
    return {name: value for name, value in row.items() if value is not None}


def tables_of(
    organizations: Iterable[Mapping[str, Any]], locations: Iterable[Mapping[str, Any]], listings: Iterable[Listing],
    paused: Collection[str], assured: Mapping[str, date],
) -> Tables:  # fmt: skip
    """Every table, its rows in the order of our ids; a field that says nothing is left out."""
    tables: Tables = {name: [] for name in TABLES}
    for row in sorted(organizations, key=lambda row: str(row["id"])):
        tables["organization"].append(_organization(row))
        tables["attribute"] += _attributes("organization", row["id"], [("kind", row["kind"])])
    for row in sorted(locations, key=lambda row: str(row["id"])):
        tables["location"].append(_location(row))
        tables["attribute"] += _attributes("location", row["id"], [])
    for one in sorted(listings, key=lambda one: one.service_id):
        tables["service"].append(_service(one, one.service_id in paused, assured.get(one.service_id)))
        for table, row in _parts(one):
            tables[table].append(row)
        tables["attribute"] += _attributes("service", one.service_id, _said(one))
    tables["taxonomy"].append({"id": TAXONOMY_ID, "name": TAXONOMY, "description": "Terms of the city's directory of services"})
    tables["taxonomy_term"] = [
        {"id": TERM_IDS[term], "code": term, "name": term, "description": says, "taxonomy": TAXONOMY, "taxonomy_id": TAXONOMY_ID}
        for term, says in TERMS.items()
    ]
    return tables
