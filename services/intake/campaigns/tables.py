"""The shapes campaigns are read in; no number, no name and no word of anybody."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.intake.tables import TABLES

campaign_list = Table(
    "campaign_list",
    TABLES,
    Column("campaign_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("script", Text, nullable=False),
    Column("script_version", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("lines", Integer, nullable=False),
    Column("since", Integer, nullable=False),
    Column("until", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("retry_minutes", Integer, nullable=False),
    Column("planned_by", Text, nullable=False),
    Column("planned_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("screening_id", Text),
    Column("rests_since", DateTime(timezone=True)),  # planned and not started, or paused
    Column("forgotten_at", DateTime(timezone=True)),
    Index("campaign_list_planned", "planned_at", "campaign_id"),
    Index("campaign_list_status", "status", "purpose"),
)

call_list = Table(
    "call_list",
    TABLES,
    Column("call_id", Text, primary_key=True),
    Column("campaign_id", Text, nullable=False),
    Column("number_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("about", Text),
    Column("purpose", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("dialled_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("why", Text),
    Column("result", Text),
    Column("case_id", Text),
    Column("call_back_due", DateTime(timezone=True)),
    Column("call_back_at", DateTime(timezone=True)),
    Column("known", Boolean),  # the person was known before the campaign
    Column("forgotten_at", DateTime(timezone=True)),
    # What is due in a campaign, what is under way there, and how many are in each state.
    Index("call_list_due", "campaign_id", "status", "due_at", "call_id"),
    Index("call_list_number", "number_id"),
    Index("call_list_about", "about", "dialled_at", postgresql_where=Column("about", Text).is_not(None)),
    Index("call_list_kept", "campaign_id", "call_id", postgresql_where=Column("forgotten_at", DateTime).is_(None)),
    Index("call_list_under_way", "status", "dialled_at", postgresql_where=Column("status", Text) == "ringing"),
    Index("call_list_call_back", "call_back_due", "call_id", postgresql_where=Column("call_back_at", DateTime).is_(None)),
)

answer_list = Table(
    "answer_list",
    TABLES,
    Column("campaign_id", Text, primary_key=True),
    Column("question", Text, primary_key=True),
    Column("answer", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

number_list = Table(
    "number_list",
    TABLES,
    Column("number_id", Text, primary_key=True),
    Column("blocked", Boolean, nullable=False),
    Column("refused", ARRAY(Text), nullable=False),
    Column("reason", Text),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", Text, nullable=False),
    Index("number_list_changed", "changed_at", "number_id"),
)
