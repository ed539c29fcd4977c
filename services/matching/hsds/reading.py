"""HSDS tables read as our directory: whole organisations, locations and services, and every fault of the rest."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from services.matching.domain.directory import Listing, Places, Standing
from services.matching.domain.fitting import Condition, Eligibility, fault_of, sound
from services.matching.domain.offering import ACCESS, COSTS, DOCUMENTS, Contract, CostOption, Opening, Terms
from services.matching.domain.organization_decisions import KINDS
from services.matching.hsds.checking import Fault, Row, checked
from services.matching.hsds.description import TERM_OF, hsds_id

_PLACE = re.compile(r"[0-9]{6}([0-9]{3}){0,2}")
_DISTRICT = re.compile(r"[0-9]{6}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_FACT = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PLACES_MAX, _FEN_MAX = 1_000_000, 1_000_000_000_000
_OWN = ("organization", "location", "service")


class Org(Struct, frozen=True):
    code: str
    name: str
    kind: str
    description: str


class Place(Struct, frozen=True):
    code: str
    org: str
    name: str
    place_code: str


class Entry(Struct, frozen=True):
    """A service as the file has it; `paused` where its status says that it takes nobody."""

    n: int
    listing: Listing
    paused: bool
    assured_on: date | None


class Here(Struct, frozen=True):
    """What is in the directory already, and what may be named: organisations with their kind, locations with their organisation."""

    orgs: Mapping[str, str]
    locations: Mapping[str, str]
    listings: Mapping[str, Listing]
    counts: Mapping[str, Places]
    programmes: Collection[str]
    needs: Collection[str]
    today: date
    kind: str = ""


class Said(Struct, frozen=True):
    """One attribute of ours: in which row, by which term, with which value."""

    n: int
    term: str
    value: str


class Reading:
    """One file held against the directory; `organizations`, `locations` and `services` are what is whole, `faults` the rest."""

    def __init__(self, tables: Mapping[str, Iterable[Any]], here: Here) -> None:
        self.here = here
        self.rows, self.faults = checked(tables)
        self.organizations: dict[str, Org] = {}
        self.locations: dict[str, Place] = {}
        self.services: dict[str, Entry] = {}
        self.touched: set[str] = set()  # every organisation that the file speaks of
        self._broken: set[tuple[str, str]] = set()  # rows of ours on which something hangs that is wrong
        self._codes = self._known_codes()
        self._said = self._attributes()
        self._own_codes()
        self._organizations()
        self._locations()
        self._parts: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self._hang()
        for row in self.rows["service"]:
            self._service(row)
        self.faults.sort()

    def _fault(self, table: str, row: Row | Said, field: str, rule: str, detail: str = "") -> None:
        self.faults.append(Fault(table, row.n, field, rule, detail))

    def _known_codes(self) -> dict[tuple[str, str], str]:
        """Our codes by table and id, as HSDS writes it or as we do."""
        known = {"organization": self.here.orgs, "location": self.here.locations, "service": self.here.listings}
        found = {(table, hsds_id(table, code)): code for table, codes in known.items() for code in codes}
        return found | {(table, code): code for table, codes in known.items() for code in codes}

    def _attributes(self) -> dict[tuple[str, str], list[Said]]:
        """What is said by our terms; terms of others are passed over."""
        found: dict[tuple[str, str], list[Said]] = defaultdict(list)
        there = {(table, row.get("id")) for table in _OWN for row in self.rows[table]}
        for row in self.rows["attribute"]:
            term, on = TERM_OF.get(row.get("taxonomy_term_id") or ""), (row.get("link_entity"), row.get("link_id"))
            if not row.whole:
                self._broken.update((table, row.get("link_id")) for table in _OWN)
            elif term is None:
                continue
            elif on not in there:
                self._fault("attribute", row, "link_id", "unknown_reference", "no such row in this file")
            elif not row.get("value"):
                self._fault("attribute", row, "value", "required")
                self._broken.add(on)
            else:
                found[on].append(Said(row.n, term, row.get("value")))
        return found

    def _own_codes(self) -> None:
        taken: set[tuple[str, str]] = set()
        for table in _OWN:
            for row in self.rows[table]:
                key = row.get("id")
                if key is None:
                    continue
                code = self._codes.get((table, key), key)
                for said in self._said[table, key]:
                    if said.term == "code":
                        code = said.value
                        if not _CODE.fullmatch(code) or key not in (code, hsds_id(table, code)):
                            self._fault("attribute", said, "value", "code", "not the code that this id follows from")
                            self._broken.add((table, key))
                if (table, code) in taken and row.whole:
                    self._fault(table, row, "id", "unique", "the same as another row")
                    self._broken.add((table, key))
                taken.add((table, code))
                self._codes[table, key] = code

    def _values(self, table: str, key: str, term: str) -> list[Said]:
        return [said for said in self._said[table, key] if said.term == term]

    def _organizations(self) -> None:
        for row in self.rows["organization"]:
            key = row.get("id")
            if key is not None:
                self.touched.add(self._codes["organization", key])
            if not row.whole or ("organization", key) in self._broken:
                continue
            code, kinds = self._codes["organization", key], self._values("organization", key, "kind")
            kind = kinds[-1].value if kinds else self.here.orgs.get(code) or self.here.kind
            if kind not in KINDS:
                table, at, field = ("attribute", kinds[-1], "value") if kinds else ("organization", row, "kind")
                self._fault(table, at, field, "kind", f"one of: {', '.join(KINDS)}")
                continue
            description = row.get("description")
            self.organizations[code] = Org(code, row.get("name"), kind, "" if description == row.get("name") else description)

    def _organization_of(self, table: str, row: Row) -> str | None:
        """The organisation that a row names, in the file or in the directory; None with a fault."""
        key = row.get("organization_id")
        code = self._codes.get(("organization", key)) if key is not None else None
        if key is not None:
            self.touched.add(code or key)
        if key is None:
            self._fault(table, row, "organization_id", "required")
        elif code is None or not (code in self.organizations or code in self.here.orgs):
            self._fault(table, row, "organization_id", "unknown_reference", "no whole organization with this id")
            return None
        return code

    def _locations(self) -> None:
        for row in self.rows["location"]:
            key = row.get("id")
            if not row.whole or ("location", key) in self._broken:
                continue
            code, org, place = self._codes["location", key], self._organization_of("location", row), row.get("external_identifier") or ""
            if not _PLACE.fullmatch(place):
                self._fault(
                    "location", row, "external_identifier", "place", "GB/T 2260: a district (6 digits), street (9) or community (12)"
                )
            elif not row.get("name"):
                self._fault("location", row, "name", "required")
            elif org is not None and self.here.locations.get(code, org) != org:
                self._fault("location", row, "organization_id", "belongs_to_another")
            elif org is not None:
                self.locations[code] = Place(code, org, row.get("name"), place)

    def _hang(self) -> None:
        """The rows that hang on a service, by table and service; what is wrong with one breaks its service."""
        there = {row.get("id") for row in self.rows["service"]}
        for table in ("service_at_location", "schedule", "service_area", "language", "required_document", "cost_option"):
            for row in self.rows[table]:
                key = row.get("service_id")
                if key is None:
                    continue  # of a location or a telephone, which we do not keep
                if key not in there:
                    self._fault(table, row, "service_id", "unknown_reference", "no such service in this file")
                elif not row.whole:
                    self._broken.add(("service", key))
                else:
                    self._parts[table, key].append(row)

    def _service(self, row: Row) -> None:
        key = row.get("id")
        if not row.whole:
            return
        before, org = len(self.faults), self._organization_of("service", row)
        code = self._codes["service", key]
        listing = Terming(self, row, key, code, org or "").listing()
        old = self.here.listings.get(code)
        if old is not None and org is not None and old.org_id != org:
            self._fault("service", row, "organization_id", "belongs_to_another")
        assured = row.get("assured_date")
        if assured is not None and assured > self.here.today:
            self._fault("service", row, "assured_date", "future", "a day that has not come")
        if len(self.faults) == before and ("service", key) not in self._broken and org is not None and listing is not None:
            self.services[code] = Entry(row.n, listing, row.get("status") != "active", assured)


class Terming:
    """One service with all that hangs on it."""

    def __init__(self, reading: Reading, row: Row, key: str, code: str, org: str) -> None:
        self.reading, self.row, self.key, self.code, self.org = reading, row, key, code, org

    def _each(self, term: str, good: Callable[[str], bool], rule: str, detail: str) -> tuple[str, ...]:
        """The values of a term, each once; a fault for each that is not good."""
        found = []
        for said in self.reading._values("service", self.key, term):
            if not good(said.value):
                self.reading._fault("attribute", said, "value", rule, detail)
            found.append(said.value)
        return tuple(dict.fromkeys(found))

    def _structs(self, term: str, kind: Any, good: Callable[[Any], bool]) -> tuple[Any, ...]:
        found = []
        for said in self.reading._values("service", self.key, term):
            try:
                one = msgspec.json.decode(said.value, type=kind)
            except (msgspec.DecodeError, RecursionError):
                one = None
            if one is None or not good(one):
                self.reading._fault("attribute", said, "value", term, f"JSON as described for {term}")
            else:
                found.append(one)
        return tuple(found)

    def _cells(self, table: str, field: str, good: Callable[[str], bool], rule: str, detail: str) -> tuple[str, ...]:
        """One field of each row that hangs on this service, each value once."""
        found = []
        for row in self.reading._parts[table, self.key]:
            value = row.get(field)
            if value is None or not good(value):
                self.reading._fault(table, row, field, "required" if value is None else rule, "" if value is None else detail)
            else:
                found.append(value)
        return tuple(dict.fromkeys(found))

    def _openings(self) -> tuple[Opening, ...]:
        found = []
        for row in self.reading._parts["schedule", self.key]:
            days, opens, closes = row.get("byday"), row.get("opens_at"), row.get("closes_at")
            missing = [name for name in ("byday", "opens_at", "closes_at") if row.get(name) is None]
            for name in missing:
                self.reading._fault("schedule", row, name, "required")
            if row.get("freq") == "MONTHLY":
                self.reading._fault("schedule", row, "freq", "weekly", "only weekly opening times are kept")
            elif not missing and closes <= opens:
                self.reading._fault("schedule", row, "closes_at", "order", "must lie after opens_at")
            elif not missing:
                found.append(Opening(days, opens, closes))
        return tuple(found)

    def _costs(self) -> tuple[CostOption, ...]:
        found = []
        for row in self.reading._parts["cost_option", self.key]:
            if row.get("option") not in COSTS:
                self.reading._fault("cost_option", row, "option", "among", f"one of: {', '.join(COSTS)}")
            elif row.get("currency") not in (None, "CNY"):
                self.reading._fault("cost_option", row, "currency", "currency", "CNY is expected")
            else:
                found.append(CostOption(row.get("option"), int((row.get("amount") or 0) * 100)))
        return tuple(found)

    def _location(self) -> str | None:
        """Where it is given; one place for each service."""
        reading, rows = self.reading, self.reading._parts["service_at_location", self.key]
        for row in rows[1:]:
            reading._fault("service_at_location", row, "service_id", "one_location", "a service is kept with one location")
        if not rows:
            return None
        code = reading._codes.get(("location", rows[0].get("location_id")))
        at = reading.locations.get(code or "")
        owner = at.org if at is not None else reading.here.locations.get(code or "")
        if owner is None:
            reading._fault("service_at_location", rows[0], "location_id", "unknown_reference", "no whole location with this id")
        elif owner != self.org:
            reading._fault("service_at_location", rows[0], "location_id", "belongs_to_another")
        return code

    def _eligibility(self) -> Eligibility:
        row = self.row
        least, most = row.get("minimum_age"), row.get("maximum_age")
        if least is not None and most is not None and most < least:
            self.reading._fault("service", row, "maximum_age", "order", "must not lie below minimum_age")
        districts = self._each("eligible_district", lambda v: bool(_DISTRICT.fullmatch(v)), "place", "a district, GB/T 2260")
        return Eligibility(least, most, districts, self._structs("condition", Condition, _sound))

    def _terms(self) -> Terms:
        contracts = self._structs("contract", Contract, _sound_contract)
        return Terms(
            self._openings(),
            self._cells("language", "code", lambda v: bool(_LANGUAGE.fullmatch(v)), "language", "a tag such as zh, yue or en"),
            self._cells("required_document", "document", lambda v: v in DOCUMENTS, "among", f"one of: {', '.join(DOCUMENTS)}"),
            self._costs(),
            self._each("accessibility", lambda v: v in ACCESS, "among", f"one of: {', '.join(ACCESS)}"),
            contracts[-1] if contracts else None,
        )

    def _places(self, contract: Contract | None) -> int | None:
        """How many places; not fewer than are held for people we sent, not more than were bought."""
        reading, told = self.reading, self.reading._values("service", self.key, "places")
        kept = reading.here.counts.get(self.code, (None, 0, 0))[0]  # a file that says nothing of places leaves them as they are
        places = contract.places if contract is not None else kept
        for said in told:
            if not said.value.isascii() or not said.value.isdigit() or len(said.value) > 7 or int(said.value) > _PLACES_MAX:
                reading._fault("attribute", said, "value", "range", f"a whole number from 0 to {_PLACES_MAX:,}")
                return None
            places = int(said.value)
        _, held, used = reading.here.counts.get(self.code, (None, 0, 0))
        table, row, field = ("attribute", told[-1], "value") if told else ("service", self.row, "places")
        if places is not None and held and places < held + used:
            reading._fault(table, row, field, "PlacesBelowHeld", f"held {held}, in use {used}, asked {places}")
        if contract is not None and contract.places is not None and (places or 0) > contract.places:
            reading._fault(table, row, field, "MorePlacesThanBought", f"bought {contract.places}, asked {places}")
        return places

    def listing(self) -> Listing | None:
        """The service as we keep it, whatever faults were found on the way."""
        here, row = self.reading.here, self.row
        needs = self._each("need", lambda v: v in here.needs, "among", f"one of: {', '.join(here.needs)}")
        programmes = self._each("programme", lambda v: v in here.programmes, "programme", "a programme of the rulebook")
        if not needs and not programmes:
            self.reading._fault("service", row, "needs", "required", "an attribute that names a need or a programme")
        districts = self._cells("service_area", "extent", lambda v: bool(_DISTRICT.fullmatch(v)), "place", "a district, GB/T 2260")
        standing = self._structs("standing", Standing, lambda one: one.programme in here.programmes and _sound_standing(one))
        terms = self._terms()
        organization = self.reading.organizations.get(self.org)
        kind = organization.kind if organization is not None else here.orgs.get(self.org, "")
        location = self._location()
        place = self.reading.locations.get(location or "")
        old = here.listings.get(self.code)
        place_code = place.place_code if place is not None else old.place_code if old is not None and old.location_id == location else ""
        return Listing(
            self.code, self.org, row.get("name"), kind, needs, programmes, districts, self._places(terms.contract), standing,
            location, row.get("description") or "", terms, self._eligibility(), place_code,
        )  # fmt: skip


def _sound(one: Condition) -> bool:
    return bool(_FACT.fullmatch(one.fact)) and not fault_of(one) and sound(one)


def _sound_standing(one: Standing) -> bool:
    return bool(_CODE.fullmatch(one.fund_id)) and (one.max_fen is None or 0 <= one.max_fen <= _FEN_MAX)


def _sound_contract(one: Contract) -> bool:
    first, last = date(1900, 1, 1), date(2200, 12, 31)
    in_order = first <= one.valid_from <= one.valid_to <= last
    places, price = one.places or 0, one.price_fen or 0
    return bool(_CODE.fullmatch(one.contract_ref)) and in_order and 0 <= places <= _PLACES_MAX and 0 <= price <= _FEN_MAX
