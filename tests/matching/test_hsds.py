"""The directory in HSDS 3.0: written, read back the same, and every fault named."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.matching.domain.directory import Listing, Standing
from services.matching.domain.fitting import OPS, Condition, Eligibility
from services.matching.domain.offering import ACCESS, COSTS, DAYS, DOCUMENTS, Contract, CostOption, Opening, Terms
from services.matching.domain.organization_decisions import KINDS
from services.matching.domain.rules import NEEDS
from services.matching.hsds import files
from services.matching.hsds.description import TABLES, TERM_IDS, UUID, hsds_id
from services.matching.hsds.nested import Nesting
from services.matching.hsds.reading import Here, Reading
from services.matching.hsds.rows import Tables, tables_of

TODAY = date(2026, 11, 23)
HERE = Here({}, {}, {}, {}, ("RAIN", "WISH"), NEEDS, TODAY)
MERCY = {"id": "mercy", "name": "Mercy", "kind": "charity", "description": ""}
TIANHE = {"id": "l1", "organization_id": "mercy", "name": "Tianhe", "place_code": "440106"}
CONTRACT = Contract("C-1", date(2026, 1, 1), date(2026, 12, 31), 20, 150_000)
CARE = Listing(
    "mercy-s", "mercy", "Care", "charity", ("medical",), ("RAIN",), ("440106",), 12, (Standing("RAIN", "fund", 800_000),), "l1", "Nurses",
    Terms((Opening(("MO", "TU"), "09:00", "17:30"),), ("zh", "yue"), ("identity_card",), (CostOption("per_visit", 1_250),), ("lift",), CONTRACT),
    Eligibility(60, None, ("440106",), (Condition("serious_illness", "is", (True,)),)),
)  # fmt: skip


def written(*listings: Listing, paused: tuple[str, ...] = (), assured: Mapping[str, date] | None = None) -> Tables:
    return tables_of([MERCY], [TIANHE], listings, paused, assured or {one.service_id: TODAY for one in listings})


def read(tables: Mapping[str, Any], here: Here = HERE) -> Reading:
    return Reading(tables, here)


def changed(table: str, n: int = 0, /, **fields: Any) -> Tables:
    """The tables of one service with other cells in one row; None: no such cell."""
    tables = written(CARE)
    row = {**tables[table][n], **fields}
    tables[table][n] = {name: value for name, value in row.items() if value is not None}
    return tables


def said(term: str, value: str) -> Tables:
    """The tables of one service with another value of a term."""
    tables = written(CARE)
    for row in tables["attribute"]:
        if row["taxonomy_term_id"] == TERM_IDS[term] and row["link_entity"] == "service":
            row["value"] = value
    return tables


def named(reading: Reading) -> set[tuple[str, str, str]]:
    return {(fault.table, fault.field, fault.rule) for fault in reading.faults}


CODES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,20}", fullmatch=True) | st.uuids().map(str)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NAMES = TEXTS.filter(bool)
DISTRICTS = st.sampled_from(("440103", "440104", "440106", "440112"))
PLACES = st.sampled_from(("440106", "440106001", "440106001004"))  # a district, a street, a community
TIMES = st.tuples(st.integers(0, 11), st.integers(0, 59)).map(lambda t: f"{t[0]:02d}:{t[1]:02d}")
FENS = st.integers(0, 1_000_000_000_000)


def some(values: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=most, unique=True).map(tuple)


OPENINGS = st.builds(
    lambda days, opens, closes: Opening(days, opens, f"1{int(closes[:2]) % 8 + 2}:{closes[3:]}"),
    st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(tuple), TIMES, TIMES,
)  # fmt: skip
CONDITIONS = st.one_of(
    st.builds(Condition, st.just("age"), st.sampled_from(OPS[:2]), st.tuples(FENS)),
    st.builds(Condition, st.sampled_from(("local_hukou", "student")), st.just("is"), st.tuples(st.booleans() | NAMES)),
    st.builds(Condition, st.just("certificates"), st.just("in"), st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
)
CONTRACTS = st.builds(
    Contract, CODES, st.just(date(2026, 1, 1)), st.just(date(2026, 12, 31)), st.none() | st.integers(90, 99), st.none() | FENS
)
TERMS = st.builds(
    Terms, some(OPENINGS), some(st.sampled_from(("zh", "yue", "en", "zh-Hant"))), some(st.sampled_from(DOCUMENTS)),
    some(st.builds(CostOption, st.sampled_from(COSTS), FENS)), some(st.sampled_from(ACCESS)), st.none() | CONTRACTS,
)  # fmt: skip
ELIGIBILITIES = st.builds(
    Eligibility,
    st.none() | st.integers(0, 60),
    st.none() | st.integers(61, 150),
    some(DISTRICTS),
    st.lists(CONDITIONS, max_size=3).map(tuple),
)
STANDINGS = st.builds(Standing, st.sampled_from(("RAIN", "WISH")), CODES, st.none() | FENS)


@st.composite
def directories(draw: st.DrawFn) -> Tables:
    codes = draw(st.lists(CODES, min_size=1, max_size=3, unique=True))
    organizations = [{"id": code, "name": draw(NAMES), "kind": draw(st.sampled_from(KINDS)), "description": draw(TEXTS)} for code in codes]
    kinds = {one["id"]: one["kind"] for one in organizations}
    locations = [
        {"id": code, "organization_id": draw(st.sampled_from(codes)), "name": draw(NAMES), "place_code": draw(PLACES)}
        for code in draw(st.lists(CODES, max_size=3, unique=True))
    ]
    listings = []
    for code in draw(st.lists(CODES, max_size=3, unique=True)):
        org = draw(st.sampled_from(codes))
        at = draw(st.sampled_from([None, *[one["id"] for one in locations if one["organization_id"] == org]]))
        terms = draw(TERMS)
        bought = terms.contract is not None and terms.contract.places is not None
        places = draw(st.integers(0, 90) if bought else st.none() | st.integers(0, 1_000_000))
        listings.append(
            Listing(
                code,
                org,
                draw(NAMES),
                kinds[org],
                draw(st.lists(st.sampled_from(NEEDS), min_size=1, max_size=3, unique=True).map(tuple)),
                draw(some(st.sampled_from(("RAIN", "WISH")))),
                draw(some(DISTRICTS)),
                places,
                tuple(draw(st.lists(STANDINGS, max_size=2))),
                at,
                draw(TEXTS),
                terms,
                draw(ELIGIBILITIES),
            )
        )
    paused = [one.service_id for one in listings if draw(st.booleans())]
    return tables_of(organizations, locations, listings, paused, {one.service_id: TODAY for one in listings})


def again(reading: Reading) -> Tables:
    """What would be written after taking in what was read into an empty directory."""
    orgs = [{"id": o.code, "name": o.name, "kind": o.kind, "description": o.description} for o in reading.organizations.values()]
    places = [{"id": p.code, "organization_id": p.org, "name": p.name, "place_code": p.place_code} for p in reading.locations.values()]
    paused = [code for code, entry in reading.services.items() if entry.paused]
    assured = {code: entry.assured_on for code, entry in reading.services.items() if entry.assured_on is not None}
    return tables_of(orgs, places, [entry.listing for entry in reading.services.values()], paused, assured)


@given(directories())
def test_what_is_written_is_read_back_the_same_from_json_and_from_csv(tables: Tables) -> None:
    as_json, as_csv = files.to_json(tables), files.to_zip(tables)
    for told in (files.from_json(as_json), files.from_zip(as_csv)):
        reading = read(told)
        assert reading.faults == []
        assert files.to_json(again(reading)) == as_json
        assert files.to_zip(again(reading)) == as_csv


@given(directories())
def test_what_is_shown_nested_is_read_back_too(tables: Tables) -> None:
    nesting = Nesting(tables)
    shown = [nesting.nested(table, row) for table in ("organization", "service", "location") for row in tables[table]]
    reading = read(files.from_json(msgspec.json.Encoder(decimal_format="number").encode({"contents": shown})))
    assert reading.faults == []
    assert files.to_json(again(reading)) == files.to_json(tables)


@given(
    st.dictionaries(
        st.sampled_from(sorted(TABLES)), st.lists(st.dictionaries(st.text(max_size=9), st.none() | TEXTS | st.integers())), max_size=4
    )
)
def test_whatever_the_rows_hold_there_is_an_answer(tables: dict[str, Any]) -> None:
    Reading(tables, HERE)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS,
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["contents", "organization", "service", "services", "attributes", "id", "status", "location"]), inner
            )
        ),
    )
)
def test_whatever_the_json_holds_it_is_read_or_refused(told: Any) -> None:
    try:
        tables = files.from_json(msgspec.json.encode(told))
    except files.Unreadable:
        return
    Reading(tables, HERE)


FAULTS: list[tuple[Tables, tuple[str, str, str]]] = [
    (changed("organization", name=None), ("organization", "name", "required")),
    (changed("organization", name="x" * 201), ("organization", "name", "length")),
    (changed("organization", description=""), ("organization", "description", "required")),
    (changed("organization", id="no id"), ("organization", "id", "id")),
    (changed("organization", id=None), ("organization", "id", "required")),
    (changed("service", organization_id=None), ("service", "organization_id", "required")),
    (changed("service", organization_id="nobody"), ("service", "organization_id", "unknown_reference")),
    (changed("service", status="open"), ("service", "status", "among")),
    (changed("service", name=7), ("service", "name", "text")),
    (changed("service", name="a\0b"), ("service", "name", "text")),
    (changed("service", minimum_age="old"), ("service", "minimum_age", "number")),
    (changed("service", minimum_age=151), ("service", "minimum_age", "range")),
    (changed("service", minimum_age=Decimal("1.5")), ("service", "minimum_age", "whole")),
    (changed("service", maximum_age=59), ("service", "maximum_age", "order")),
    (changed("service", assured_date="2026-02-30"), ("service", "assured_date", "day")),
    (changed("service", assured_date="2026-11-24"), ("service", "assured_date", "future")),
    (changed("location", location_type=None), ("location", "location_type", "required")),
    (changed("location", external_identifier="Tianhe"), ("location", "external_identifier", "place")),
    (changed("location", external_identifier="4401060"), ("location", "external_identifier", "place")),
    (changed("location", organization_id=None), ("location", "organization_id", "required")),
    (changed("service_at_location", location_id="nowhere"), ("service_at_location", "location_id", "unknown_reference")),
    (changed("service_at_location", service_id="nothing"), ("service_at_location", "service_id", "unknown_reference")),
    (changed("schedule", byday="MO,XX"), ("schedule", "byday", "byday")),
    (changed("schedule", opens_at="25:00"), ("schedule", "opens_at", "time")),
    (changed("schedule", opens_at="09:00-05:00"), ("schedule", "opens_at", "time")),
    (changed("schedule", closes_at="08:00"), ("schedule", "closes_at", "order")),
    (changed("schedule", closes_at=None), ("schedule", "closes_at", "required")),
    (changed("schedule", freq="MONTHLY"), ("schedule", "freq", "weekly")),
    (changed("service_area", extent="Tianhe"), ("service_area", "extent", "place")),
    (changed("service_area", extent=None), ("service_area", "extent", "required")),
    (changed("language", code="Cantonese"), ("language", "code", "language")),
    (changed("required_document", document="papers"), ("required_document", "document", "among")),
    (changed("cost_option", amount="1.234"), ("cost_option", "amount", "cents")),
    (changed("cost_option", amount=-1), ("cost_option", "amount", "range")),
    (changed("cost_option", amount="NaN"), ("cost_option", "amount", "range")),
    (changed("cost_option", option="cheap"), ("cost_option", "option", "among")),
    (changed("cost_option", currency="USD"), ("cost_option", "currency", "currency")),
    (changed("attribute", link_id="nothing"), ("attribute", "link_id", "unknown_reference")),
    (changed("attribute", value=None), ("attribute", "value", "required")),
    (changed("attribute", link_entity=None), ("attribute", "link_entity", "required")),
    (said("code", "another"), ("attribute", "value", "code")),
    (said("need", "money"), ("attribute", "value", "among")),
    (said("programme", "NONE"), ("attribute", "value", "programme")),
    (said("places", "many"), ("attribute", "value", "range")),
    (said("places", "21"), ("attribute", "value", "MorePlacesThanBought")),
    (said("standing", "{}"), ("attribute", "value", "standing")),
    (said("accessibility", "wings"), ("attribute", "value", "among")),
    (said("eligible_district", "here"), ("attribute", "value", "place")),
    (said("condition", '{"fact":"age","op":"at_least","values":["old"]}'), ("attribute", "value", "condition")),
    (said("contract", '{"contract_ref":"C","valid_from":"2026-02-01","valid_to":"2026-01-01"}'), ("attribute", "value", "contract")),
]  # fmt: skip


@pytest.mark.parametrize(("tables", "expected"), FAULTS, ids=["-".join(fault) + f"-{n}" for n, (_, fault) in enumerate(FAULTS)])
def test_every_hole_is_named_and_what_hangs_on_it_does_not_come_in(tables: Tables, expected: tuple[str, str, str]) -> None:
    reading = read(tables)
    assert expected in named(reading)
    whole = len(reading.organizations) + len(reading.locations) + len(reading.services)
    assert whole < 3 or expected == ("attribute", "link_id", "unknown_reference") or expected[1] == "service_id"


def test_a_fault_names_the_row_and_the_rest_is_whole() -> None:
    tables = written(CARE, replace(CARE, service_id="other", location_id=None))
    tables["service"][1]["status"] = "open"
    reading = read(tables)
    assert [(f.table, f.row, f.field, f.rule) for f in reading.faults] == [("service", 2, "status", "among")]
    assert set(reading.services) == {"mercy-s"}


def test_an_id_stands_once_however_it_is_written() -> None:
    tables = written(CARE)
    tables["service"].append(dict(tables["service"][0]))
    assert ("service", "id", "unique") in named(read(tables))
    tables = written(CARE)
    tables["service"].append({**tables["service"][0], "id": "mercy-s"})
    assert ("service", "id", "unique") in named(read(tables))


def test_places_below_those_held_are_a_fault_that_names_both() -> None:
    here = replace(HERE, listings={"mercy-s": CARE}, counts={"mercy-s": (20, 10, 3)}, orgs={"mercy": "charity"}, locations={"l1": "mercy"})
    (fault,) = read(written(CARE), here).faults
    assert (fault.table, fault.rule, fault.detail) == ("attribute", "PlacesBelowHeld", "held 10, in use 3, asked 12")
    assert read(written(CARE), replace(here, counts={"mercy-s": (20, 9, 3)})).faults == []


def test_what_belongs_to_another_organisation_is_not_taken_over() -> None:
    hope = replace(CARE, org_id="hope")
    here = replace(HERE, orgs={"hope": "charity"}, listings={"mercy-s": hope}, locations={"l1": "hope"})
    assert named(read(written(CARE), here)) == {
        ("service", "organization_id", "belongs_to_another"), ("location", "organization_id", "belongs_to_another"),
        ("service_at_location", "location_id", "belongs_to_another"),
    }  # fmt: skip


def test_a_foreign_file_needs_a_kind_and_a_need_and_its_other_words_are_passed_over() -> None:
    key = "d9d5e0f5-d3ce-4f73-9a2f-4dd0ecc6c610"
    tables = {
        "organization": [{"id": key, "name": "Foreign", "description": "From elsewhere", "email": "a@b.c"}], "phone": [{"id": "x"}],
        "attribute": [{"id": "a1", "link_id": key, "taxonomy_term_id": "t9", "link_entity": "organization", "value": "theirs"}],
        "language": [{"id": "x1", "phone_id": "p1", "code": "Klingon!"}],
    }  # fmt: skip
    assert named(read(tables)) == {("organization", "kind", "kind")}
    assert read(tables, replace(HERE, kind="hospital")).organizations[key].kind == "hospital"


def test_ids_are_uuids_and_the_own_code_stands_beside() -> None:
    tables = written(CARE)
    assert all(UUID.fullmatch(row["id"]) for rows in tables.values() for row in rows)
    assert hsds_id("service", "mercy-s") == tables["service"][0]["id"]


def test_a_cell_is_no_formula_to_a_spreadsheet() -> None:
    tables = tables_of([{**MERCY, "name": "=1+1", "description": "'=2"}], [], [], (), {})
    (row,) = list(csv.DictReader(io.StringIO(files.to_csv(TABLES["organization"], tables["organization"]).decode(), newline="")))
    assert (row["name"], row["description"]) == ("'=1+1", "''=2")
    for sign in "+-@\t\r":
        assert files.to_csv(TABLES["language"], [{"id": sign}]).split(b"\n", 1)[1].lstrip(b'"').startswith(b"'")
    assert read(files.from_zip(files.to_zip(tables))).organizations["mercy"].name == "=1+1"


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.csv", data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (packed(services=b"id\n" + b"0" * 90_000_000), "unpacks to more"), (packed(languages=b"id\n" + b"1\n" * 50_001), "rows"),
        (packed(services=b"id,id\n"), "same name"), (packed(services=b'id\n"a"b\n'), "quotes"), (packed(services=b"\xff\xfe"), "UTF-8"),
        (packed(other=b"id\n"), "none of the files"), (b"PK\x03\x04broken", "damaged"), (packed(services=b"id\n")[:60], "damaged"),
    ],
    ids=["bomb", "many rows", "same name", "quotes", "no UTF-8", "other file", "no zip", "cut zip"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(files.Unreadable, match=why):
        files.from_zip(data)


@pytest.mark.parametrize("data", [b"{", b"1", b"{}", b'{"service": 1}', b"\xff", b"[" * 100_000, b'{"contents":' * 3000, b'{"a": [1]}'])
def test_json_that_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(files.Unreadable):
        files.from_json(data)
    rows = msgspec.json.encode({"language": [{}] * 50_001})
    with pytest.raises(files.Unreadable, match="rows"):
        files.from_json(rows)
    several: tuple[dict[str, Any], ...] = ({"service": [{}] * 5_001}, {"contents": [{"status": "active"}] * 5_001})
    for many in several:
        with pytest.raises(files.Unreadable, match="in parts"):
            files.from_json(msgspec.json.encode(many))


def test_more_cells_than_columns_are_a_fault() -> None:
    assert ("organization", "", "columns") in named(read(files.from_zip(packed(organizations=b"id,name,description\no1,A,B,C\n"))))


def test_the_package_describes_every_file_it_holds() -> None:
    with zipfile.ZipFile(io.BytesIO(files.to_zip(written(CARE)))) as archive:
        told = msgspec.json.decode(archive.read("datapackage.json"))
        for resource in told["resources"]:
            header = next(csv.reader(io.StringIO(archive.read(resource["path"]).decode())))
            assert header == [field["name"] for field in resource["schema"]["fields"]]
        assert {one["path"] for one in told["resources"]} | {"datapackage.json"} == set(archive.namelist())
