"""The shapes disbursement is read in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

TABLES = MetaData()

funds = Table(
    "funds", TABLES,
    Column("fund_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("programmes", ARRAY(Text), nullable=False),
    Column("districts", ARRAY(Text), nullable=False),
    Column("purposes", ARRAY(Text), nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
)  # fmt: skip

# Transfers between funds that one person proposed and another confirmed or refused.
transfers = Table(
    "transfers", TABLES,
    Column("transfer_id", Text, primary_key=True),
    Column("from_fund", Text, nullable=False),
    Column("to_fund", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("decided_by", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("transfers_at", "at", "transfer_id"),
)  # fmt: skip

# Sums that one person said were recorded wrongly and another confirmed or refused.
corrections = Table(
    "corrections", TABLES,
    Column("correction_id", Text, primary_key=True),
    Column("about", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("to_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("decided_by", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("corrections_at", "at", "correction_id"),
)  # fmt: skip

donations = Table(
    "donations", TABLES,
    Column("donation_id", Text, primary_key=True),
    Column("donor_id", Text, nullable=False),
    Column("donor", JSONB, info={"sealed": "donor_id"}),
    Column("fund_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("corrected_fen", BigInteger),
    Column("refunded_fen", BigInteger, nullable=False, server_default="0"),
    Column("refund_asked_fen", BigInteger, nullable=False, server_default="0"),
    Column("refund_asked_by", Text),
    Column("refund_asked_at", DateTime(timezone=True)),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("donations_at", "at", "donation_id"),
    Index("donations_refund_asked", "donation_id", postgresql_where=text("refund_asked_fen > 0")),
)  # fmt: skip

payouts = Table(
    "payouts", TABLES,
    Column("payout_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("referral_id", Text, nullable=False),
    Column("org_id", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fund_id", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("approvals_needed", Integer, nullable=False, server_default="0"),
    Column("approved_by", ARRAY(Text), nullable=False, server_default="{}"),
    Column("receipt", Text),
    Column("receipt_at", DateTime(timezone=True)),
    Column("followed_up", Text),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("payouts_state", "state", "requested_at", "payout_id"),
    Index("payouts_case", "case_id"),
    Index("payouts_referral", "referral_id"),
    Index("payouts_person", "person_id"),
    Index("payouts_not_arrived", "receipt_at", "payout_id", postgresql_where=text("receipt in ('partly', 'not') and followed_up is null")),
)  # fmt: skip

# Persons who asked to be forgotten and of whom the law keeps whom money was paid to; nothing but that is done with it.
kept = Table(
    "kept", TABLES,
    Column("person_id", Text, primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False),
)  # fmt: skip

entries = Table(
    "entries", TABLES,
    Column("entry_id", Text, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("cause_id", Text, nullable=False),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Index("entries_at", "at", "entry_id", "line"),
)  # fmt: skip

balances = Table(
    "balances", TABLES,
    Column("account", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("debits", BigInteger, nullable=False, server_default="0"),
    Column("credits", BigInteger, nullable=False, server_default="0"),
)  # fmt: skip

public_entries = Table(
    "public_entries", TABLES,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fund_id", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("corrects", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("public_entries_id", "entry_id"),
    Index("public_entries_month", "month", "kind", "position"),
)  # fmt: skip

# The sums of the public ledger, grown entry by entry: the page that everybody may load reads some rows, not the ledger.
public_totals = Table(
    "public_totals", TABLES,
    Column("kind", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("district", Text, primary_key=True),
    Column("programme", Text, primary_key=True),
    Column("count", BigInteger, nullable=False, server_default="0"),
    Column("amount_fen", BigInteger, nullable=False, server_default="0"),
    Column("units", BigInteger, nullable=False, server_default="0"),
)  # fmt: skip
