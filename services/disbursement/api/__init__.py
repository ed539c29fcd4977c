"""Disbursement's doors for programs."""

from __future__ import annotations

from services.disbursement.api import donations, funds, ledger, payment_files, payouts, public, work_items

ROUTERS = (funds.router, donations.router, payouts.router, ledger.router, public.router, payment_files.router, work_items.router)
