"""The shapes screenings are read in; who a signal is about lies sealed under the person's own key."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, Table, Text

from services.intake.tables import TABLES

screening_list = Table(
    "screening_list",
    TABLES,
    Column("screening_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("asked_by", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("to", BigInteger, nullable=False),
    Column("of", BigInteger, nullable=False),
    Column("reason", Text),
    Column("field", Text),
    Index("screening_list_asked", "asked_at", "screening_id"),
)

# Filled by whoever screens, part by part, and not from events: a million sealed persons would weigh down the log for ever.
signal_list = Table(
    "signal_list",
    TABLES,
    Column("signal_id", Text, primary_key=True),
    Column("screening_id", Text, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("threshold", Text, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("limit", BigInteger, nullable=False),
    Column("margin", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("residence_code", Text),
    Column("district", Text),
    Column("person_id", Text, nullable=False),
    Column("told", Text, info={"sealed": "person_id"}),
    Column("case_id", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("signal_list_margin", "screening_id", "margin", "signal_id"),
    Index("signal_list_case", "case_id"),
    Index("signal_list_person", "person_id"),
    Index("signal_list_people", "screening_id", "person_id", "margin"),
    Index("signal_list_told", "screening_id", postgresql_where=Column("told", Text).is_not(None)),  # what is still to be forgotten
)

# Which rows could not be read: number, field and rule; never what was written there.
fault_list = Table(
    "screening_fault_list",
    TABLES,
    Column("screening_id", Text, primary_key=True),
    Column("row", BigInteger, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("part", Integer, nullable=False),
)
