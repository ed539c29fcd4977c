"""The shapes campaigns and pools are read in, and how they come to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Select, Table, Text, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.disbursement.domain import campaign as c
from services.disbursement.domain import match_pool as m
from services.disbursement.domain.project import ProjectOpened
from services.disbursement.tables import TABLES, donations
from shared.envelope import Envelope
from shared.service import Change, Projection, Put, RowChange

projects = Table(
    "projects", TABLES,
    Column("project_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("org_id", Text, nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
)  # fmt: skip

campaigns = Table(
    "campaigns", TABLES,
    Column("campaign_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("org_id", Text, nullable=False),
    Column("fund_id", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("goal_fen", BigInteger, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("registered_on", Date, nullable=False),
    Column("permit", Text, nullable=False),
    Column("closed_on", Date),
    Column("opened_at", DateTime(timezone=True), nullable=False),
)  # fmt: skip

campaign_reports = Table(
    "campaign_reports", TABLES,
    Column("campaign_id", Text, primary_key=True),
    Column("due", Date, primary_key=True),
    Column("url", Text, nullable=False),
    Column("day", Date, nullable=False),
)  # fmt: skip

match_pools = Table(
    "match_pools", TABLES,
    Column("pool_id", Text, primary_key=True),
    Column("campaign_id", Text, nullable=False),
    Column("fund_id", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("rule", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("shared_fen", BigInteger),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Index("match_pools_campaign", "campaign_id"),
)  # fmt: skip

matches = Table(
    "matches", TABLES,
    Column("pool_id", Text, primary_key=True),
    Column("donation_id", Text, primary_key=True),
    Column("asked_fen", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("cut_by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("matches_donation", "donation_id"),
)  # fmt: skip


def _project(e: Envelope) -> Iterable[RowChange]:
    d: ProjectOpened = e.data
    yield Put(projects, {"project_id": d.project_id, "name": d.name, "org_id": d.org_id, "needs": d.needs, "opened_at": e.at})


def _opened(e: Envelope) -> Iterable[RowChange]:
    d: c.CampaignOpened = e.data
    row: dict[str, Any] = {
        "campaign_id": d.campaign_id, "name": d.name, "org_id": d.org_id, "fund_id": d.fund_id, "project": d.project, "goal_fen": d.goal_fen,
        "first_day": d.first_day, "last_day": d.last_day, "registered_on": d.registered_on, "permit": d.permit, "closed_on": None,
        "opened_at": e.at,
    }  # fmt: skip
    yield Put(campaigns, row)


def _closed(e: Envelope) -> Iterable[RowChange]:
    d: c.CampaignClosed = e.data
    yield Change(campaigns, {"campaign_id": d.campaign_id}, {"closed_on": d.day})


def _reported(e: Envelope) -> Iterable[RowChange]:
    d: c.ReportHandedIn = e.data
    yield Put(campaign_reports, {"campaign_id": d.campaign_id, "due": d.due, "url": d.url, "day": d.day})


def _pool(e: Envelope) -> Iterable[RowChange]:
    d: m.PoolOpened = e.data
    rule = {
        "give": d.give, "per": d.per, "mode": d.mode, "donation_max_fen": d.donation_max_fen or None,
        "donor_day_max_fen": d.donor_day_max_fen or None,
    }  # fmt: skip
    row = {
        "pool_id": d.pool_id, "campaign_id": d.campaign_id, "fund_id": d.fund_id, "amount_fen": d.amount_fen, "rule": rule, "state": "open",
        "shared_fen": None, "opened_at": e.at,
    }  # fmt: skip
    yield Put(match_pools, row)


def _pool_closed(e: Envelope) -> Iterable[RowChange]:
    d: m.PoolClosed = e.data
    yield Change(match_pools, {"pool_id": d.pool_id}, {"state": "closed", "shared_fen": d.shared_fen})


def _matched(e: Envelope) -> Iterable[RowChange]:
    d: m.Matched | m.MatchNoted = e.data
    row = {
        "pool_id": d.pool_id, "donation_id": d.donation_id, "asked_fen": d.asked_fen, "amount_fen": d.amount_fen, "cut_by": d.cut_by, "at": e.at,
    }  # fmt: skip
    yield Put(matches, row)


def _returned(e: Envelope) -> Iterable[RowChange]:
    d: m.MatchReturned = e.data
    yield Change(matches, {"pool_id": d.pool_id, "donation_id": d.donation_id}, {"amount_fen": d.left_fen})


CAMPAIGN_PROJECTIONS = (
    Projection("projects", (projects,), {ProjectOpened: _project}),
    Projection(
        "campaigns", (campaigns, campaign_reports), {c.CampaignOpened: _opened, c.CampaignClosed: _closed, c.ReportHandedIn: _reported}
    ),
    Projection(
        "match_pools",
        (match_pools, matches),
        {m.PoolOpened: _pool, m.PoolClosed: _pool_closed, m.Matched: _matched, m.MatchNoted: _matched, m.MatchReturned: _returned},
    ),
)


def project_list() -> Select[Any]:
    return select(projects)


def campaign_list(org_id: str | None = None, fund_id: str | None = None) -> Select[Any]:
    wanted = select(campaigns)
    if org_id is not None:
        wanted = wanted.where(campaigns.c.org_id == org_id)
    return wanted if fund_id is None else wanted.where(campaigns.c.fund_id == fund_id)


def all_reports() -> Select[Any]:
    return select(campaign_reports.c.campaign_id, campaign_reports.c.due)


def reports_of(campaign_id: str) -> Select[Any]:
    return select(campaign_reports).where(campaign_reports.c.campaign_id == campaign_id)


def pool_list(campaign_id: str | None = None, pool_id: str | None = None) -> Select[Any]:
    wanted = select(match_pools)
    if campaign_id is not None:
        wanted = wanted.where(match_pools.c.campaign_id == campaign_id)
    return wanted if pool_id is None else wanted.where(match_pools.c.pool_id == pool_id)


def explained_list(pool_id: str) -> Select[Any]:
    """The matches of a pool beside the gifts that they follow."""
    gift = select(
        donations.c.donation_id, donations.c.amount_fen.label("gift_fen"), donations.c.receipt, donations.c.refunded_fen
    ).subquery()
    return (
        select(*matches.c, gift.c.gift_fen, gift.c.receipt, gift.c.refunded_fen)
        .join(gift, gift.c.donation_id == matches.c.donation_id)
        .where(matches.c.pool_id == pool_id)
    )


def match_list(pool_id: str) -> Select[Any]:
    return select(matches).where(matches.c.pool_id == pool_id)
