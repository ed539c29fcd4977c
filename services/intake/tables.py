"""The shapes intake is read in; names and numbers only as keyed hashes, texts nowhere."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

TABLES = MetaData()

case_list = Table(
    "case_list",
    TABLES,
    Column("case_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("household_id", Text, nullable=False),
    Column("report_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
    Column("district", Text),
    Column("residence_code", Text),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("org", Text),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("first_contact_due", DateTime(timezone=True), nullable=False),
    Column("contacted_at", DateTime(timezone=True)),
    Column("overdue", Boolean, nullable=False),
    Column("reason", Text),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("case_list_received", "received_at", "case_id"),
    Index("case_list_person", "person_id"),
    Index("case_list_operator", "operator", "first_contact_due"),
    Index("case_list_waiting", "first_contact_due", "case_id", postgresql_where=text("contacted_at IS NULL")),
)

person_list = Table(
    "person_list",
    TABLES,
    Column("person_id", Text, primary_key=True),
    Column("household_id", Text, nullable=False),
    Column("id_number", LargeBinary, info={"blind": "id_number"}),
    Column("phone", LargeBinary, info={"blind": "phone"}),
    Column("name_birth", LargeBinary, info={"blind": "name_birth"}),
    # Under these somebody similar is found by equality: how the name sounds with the year of birth or the district, and so on.
    Column("sound_year", LargeBinary, info={"blind": "sound_year"}),
    Column("sound_place", LargeBinary, info={"blind": "sound_place"}),
    Column("born_surname", LargeBinary, info={"blind": "born_surname"}),
    Index("person_list_id_number", "id_number"),
    Index("person_list_phone", "phone"),
    Index("person_list_name_birth", "name_birth"),
    Index("person_list_sound_year", "sound_year"),
    Index("person_list_sound_place", "sound_place"),
    Index("person_list_born_surname", "born_surname"),
)

consent_list = Table(
    "consent_list",
    TABLES,
    Column("consent_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("purposes", ARRAY(Text), nullable=False),
    Column("recipients", ARRAY(Text), nullable=False),
    Column("how", Text, nullable=False),
    Column("given_at", DateTime(timezone=True), nullable=False),
    Column("expires_on", Date),
    Column("expires_at", DateTime(timezone=True)),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("read_by", Text),
    Column("emergency", Text, info={"sealed": "person_id"}),  # why it was shared without asking; empty for a consent
    Column("reviewed_by", Text),
    Column("reviewed_at", DateTime(timezone=True)),
    Column("upheld", Boolean),
    Index("consent_list_case", "case_id"),
    Index("consent_list_person", "person_id"),
    Index("consent_list_taken", "given_at", "consent_id", postgresql_where=text("how = 'emergency'")),
)

task_list = Table(
    "task_list",
    TABLES,
    Column("task_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("why", ARRAY(Text), nullable=False),
    Column("text", Text, info={"sealed": "person_id"}),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("done_at", DateTime(timezone=True)),
    Index("task_list_case", "case_id"),
    Index("task_list_open", "kind", "case_id", postgresql_where=text("done_at IS NULL")),
)

payout_list = Table(
    "case_payout_list",
    TABLES,
    Column("payout_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("case_payout_list_case", "case_id"),
)

look_list = Table(
    "look_list",
    TABLES,
    Column("look_id", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("person_ids", ARRAY(Text), nullable=False),
    Column("case_ids", JSONB, nullable=False),
    Column("reason", Text, info={"sealed": "actor"}),
    Index("look_list_at", "at", "look_id"),
    Index("look_list_actor", "actor", "at", "look_id"),
    Index("look_list_persons", "person_ids", postgresql_using="gin"),
    Index("look_list_cases", "case_ids", postgresql_using="gin"),
)

# When somebody gave four digits of a case that were wrong, or are being looked at; of a page for everybody, and no event's doing.
progress_try = Table(
    "progress_try",
    TABLES,
    Column("try_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("progress_try_case", "case_id", "at"),
)

consent_asked = Table(
    "consent_asked",
    TABLES,
    Column("consent_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("purposes", ARRAY(Text), nullable=False),
    Column("recipients", ARRAY(Text), nullable=False),
    Column("how", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("answer", Text),
    Column("answered_at", DateTime(timezone=True)),
    Index("consent_asked_case", "case_id"),
)

# One row for each pair that somebody looked at; `status` is linked, apart or different.
link_list = Table(
    "link_list",
    TABLES,
    Column("link_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("linked_person_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("different", Boolean),
    Column("reason", Text, nullable=False),
    Column("because", ARRAY(Text)),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("link_list_person", "person_id"),
    Index("link_list_linked", "linked_person_id"),
)

household_list = Table(
    "household_list",
    TABLES,
    Column("household_id", Text, primary_key=True),
    Column("others", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

member_list = Table(
    "member_list",
    TABLES,
    Column("household_id", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("since", Date),
    Column("carved_out", Text, nullable=False),
    Index("member_list_person", "person_id"),
)

clock_list = Table(
    "clock_list",
    TABLES,
    Column("case_id", Text, primary_key=True),
    Column("clock", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("yellow_at", DateTime(timezone=True)),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("light", Text, nullable=False),
    Column("told_to", Text),
    Column("rules", BigInteger, nullable=False),
    Column("breached_at", DateTime(timezone=True)),
    Column("stopped_at", DateTime(timezone=True)),
    Index("clock_list_running", "due_at", "case_id", postgresql_where=text("stopped_at is null")),
)

clock_change_list = Table(
    "clock_change_list",
    TABLES,
    Column("version", BigInteger, primary_key=True),
    Column("district", Text, primary_key=True),
    Column("kind", Text, nullable=False),
)

# The digest of the clocks' data that the last program worked by; no event's doing, so no projection's.
clock_mark = Table("clock_mark", TABLES, Column("name", Text, primary_key=True), Column("mark", Text, nullable=False))
