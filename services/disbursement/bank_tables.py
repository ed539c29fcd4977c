"""The shapes in which what lies between us and the bank is read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from services.disbursement.tables import TABLES

# One row for each order to the bank. That a payout has at most one that lives is the database's word, whatever a decision says.
instructions = Table(
    "instructions", TABLES,
    Column("payout_id", Text, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("end_to_end_id", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("file_id", Text),
    Column("outcome", Text),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Index("one_live_instruction", "payout_id", unique=True, postgresql_where=text("live")),
    Index("instructions_waiting", "opened_at", "payout_id", postgresql_where=text("waits")),
)  # fmt: skip

payment_files = Table(
    "payment_files", TABLES,
    Column("file_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("payments", Integer, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("execute_on", Text, nullable=False),
    Column("built_by", Text, nullable=False),
    Column("built_at", DateTime(timezone=True), nullable=False),
    Column("released_by", Text),
    Column("sent_at", DateTime(timezone=True)),
    Column("reason", Text),
    Index("payment_files_built", "built_at", "file_id"),
)  # fmt: skip

# `payee` is a name and the last digits of an account: what the law asks to be kept, and what is looked at before a file is sent.
payment_lines = Table(
    "payment_lines", TABLES,
    Column("file_id", Text, primary_key=True),
    Column("payout_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("end_to_end_id", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("payee", JSONB, info={"sealed": "person_id"}),
)  # fmt: skip

# The bytes of a file from when it is built until it is sent; sealed under a key of their own, which goes with them.
file_contents = Table(
    "file_contents", TABLES,
    Column("file_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("content", JSONB, nullable=False, info={"sealed": "subject"}),
)  # fmt: skip

statements = Table(
    "statements", TABLES,
    Column("statement_id", Text, primary_key=True),
    Column("bank_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("first_day", Text, nullable=False),
    Column("last_day", Text, nullable=False),
    Column("opening_fen", BigInteger, nullable=False),
    Column("closing_fen", BigInteger, nullable=False),
    Column("credits_fen", BigInteger, nullable=False),
    Column("debits_fen", BigInteger, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Index("statements_received", "received_at", "statement_id"),
)  # fmt: skip

statement_gaps = Table(
    "statement_gaps", TABLES,
    Column("statement_id", Text, primary_key=True),
    Column("closed_fen", BigInteger, nullable=False),
    Column("opens_fen", BigInteger, nullable=False),
)  # fmt: skip

# How many lines of each statement or report were matched, and how many became work.
matched_lines = Table(
    "matched_lines", TABLES,
    Column("source", Text, primary_key=True),
    Column("matched", Integer, nullable=False, server_default="0"),
    Column("items", Integer, nullable=False, server_default="0"),
)  # fmt: skip

work_items = Table(
    "work_items", TABLES,
    Column("item_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payout_id", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("direction", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("proposed", Text),
    Column("proposed_by", Text),
    Column("resolved_by", Text),
    Column("reason", Text),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("work_items_state", "state", "raised_at", "item_id"),
)  # fmt: skip
