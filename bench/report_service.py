"""The smallest service that does all that a command costs: one event with five sealed fields, one row, one outbox row."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import ARRAY, Column, DateTime, MetaData, Table, Text

from shared.codec import Codec, Stored
from shared.decide import Provenance
from shared.envelope import Envelope, Public
from shared.kernel import Decider, Shredded
from shared.service import Projection, Put, Service, To


class Person(Struct, frozen=True, gc=False):
    name: str
    phone: str
    number: str
    address: str
    words: str


class Report(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    person: Person
    district: str
    needs: tuple[str, ...]


class Reported(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    person: Person | Shredded | None
    district: str
    needs: tuple[str, ...]


class ReportedPublicly(Struct, frozen=True, gc=False):
    case_id: str
    district: str
    needs: tuple[str, ...]


class Case(Struct, frozen=True, gc=False):
    reports: int = 0


CASE = Decider(
    "case",
    Case(),
    lambda c, s: (Reported(c.case_id, c.person_id, c.person, c.district, c.needs),),
    lambda s, e: Case(s.reports + 1),
    (Report,),
    (Reported,),
)
tables = MetaData()
cases = Table(
    "cases",
    tables,
    Column("case_id", Text, primary_key=True),
    Column("district", Text),
    Column("needs", ARRAY(Text)),
    Column("at", DateTime(timezone=True)),
)


def row(e: Envelope) -> tuple[Put]:
    return (Put(cases, {"case_id": e.data.case_id, "district": e.data.district, "needs": e.data.needs, "at": e.at}),)


REPORTS = Service(
    "reports",
    (CASE,),
    Codec(Stored(Reported, sealed={"person": "person_id"})),
    {Reported: lambda e: (Public("reports.reported.v1", ReportedPublicly(e.data.case_id, e.data.district, e.data.needs)),)},
    {"reports.reported.v1": ReportedPublicly},
    tables,
    (Projection("cases", (cases,), {Reported: row}),),
)
PERSON = Person("欧阳小明", "13800138000", "440104198001010016", "广州市越秀区北京街道中山五路", "x" * 260)


def command(case_id: str, person_id: str) -> To:
    return To("case", case_id, Report(case_id, person_id, PERSON, "440106", ("medical",)))


def provenance(correlation: str) -> Provenance:
    return Provenance("bench", datetime.now(UTC), correlation)
