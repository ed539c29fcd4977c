"""The shapes notifications is read in: the feed of every public event, who may hear it, and what was sent where."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

TABLES = MetaData()

# One row for each public event of the product, numbered without gaps; it is also the timeline of a case (index by case).
feed = Table(
    "feed",
    TABLES,
    Column("position", BigInteger, primary_key=True, autoincrement=False, info={"sequence": "feed"}),
    Column("event_id", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("case_id", Text),
    Column("org_id", Text),
    Column("person_id", Text),
    Column("district", Text),
    Column("needs", ARRAY(Text)),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("data", JSONB, nullable=False),
    Column("correlation", Text, nullable=False),
    Column("causation", Text),
    Index("feed_by_case", "case_id", "position"),
)

# Nothing of this case or person may be shared any more; a consent given later for the case lifts it, an erasure stays.
withdrawals = Table(
    "withdrawals",
    TABLES,
    Column("subject", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("erased", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

# Which organisation may have received which case; written before anything is handed out.
seen = Table(
    "seen",
    TABLES,
    Column("org_id", Text, primary_key=True),
    Column("case_id", Text, primary_key=True),
    Column("person_id", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("seen_by_case", "case_id"),
    Index("seen_by_person", "person_id"),
)

subscriptions = Table(
    "subscriptions",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("org_id", Text),
    Column("url", Text, nullable=False),
    Column("event_types", ARRAY(Text), nullable=False),
    Column("districts", ARRAY(Text), nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
    Column("status", Text, nullable=False),
    Column("why", Text),
    Column("round", Integer, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Index("subscriptions_by_owner", "owner", "made_at"),
)

cursors = Table(
    "cursors",
    TABLES,
    Column("subscription_id", Text, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

# One row for each delivery that was tried; `due_at` says when it is tried again, empty when it is over.
deliveries = Table(
    "deliveries",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("subscription_id", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Index("deliveries_by_subscription", "subscription_id", "last_at"),
    Index("deliveries_due", "due_at"),
)

attempts = Table(
    "attempts",
    TABLES,
    Column("delivery_id", Text, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("subscription_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("took_millis", Integer, nullable=False),
    Index("attempts_by_subscription", "subscription_id", "at"),
)

# What Kapok did, by day and district: the numbers of the first page.
flow = Table(
    "flow",
    TABLES,
    Column("day", Date, primary_key=True),
    Column("district", Text, primary_key=True),
    Column("reports", BigInteger, nullable=False, server_default="0"),
    Column("cases", BigInteger, nullable=False, server_default="0"),
    Column("referred", BigInteger, nullable=False, server_default="0"),
    Column("accepted", BigInteger, nullable=False, server_default="0"),
    Column("paid", BigInteger, nullable=False, server_default="0"),
    Column("paid_fen", BigInteger, nullable=False, server_default="0"),
    Column("goods", BigInteger, nullable=False, server_default="0"),
)

messages = Table(
    "messages",
    TABLES,
    Column("message_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("why", Text),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("done_at", DateTime(timezone=True)),
    Index("messages_by_time", "due_at", "message_id"),
    Index("messages_by_case", "case_id"),
)

preferences = Table(
    "preferences",
    TABLES,
    Column("person_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
