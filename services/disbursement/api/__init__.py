"""Disbursement's doors for programs."""

from __future__ import annotations

from services.disbursement.api import donations, funds, ledger, payouts, public, public_files

ROUTERS = (funds.router, funds.transfers, donations.router, payouts.router, ledger.router, public.router, public_files.router)
