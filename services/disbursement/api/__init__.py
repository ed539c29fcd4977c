"""Disbursement's doors for programs."""

from __future__ import annotations

from services.disbursement.api import (
    campaigns,
    corrections,
    donations,
    funds,
    ledger,
    payment_files,
    payouts,
    public,
    public_columns,
    public_files,
    receipts,
    stores,
    supervision,
    wishes,
    work_items,
)

ROUTERS = (
    funds.router, funds.transfers, donations.router, corrections.router, payouts.router, ledger.router, stores.router, public.router,
    public_files.router, public_columns.router, receipts.router, supervision.router, payment_files.router, work_items.router,
    campaigns.router, campaigns.public, wishes.router, wishes.public,
)  # fmt: skip
