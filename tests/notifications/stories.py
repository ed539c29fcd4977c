"""Small stories that several tests tell."""

from __future__ import annotations

from typing import Any

from tests.notifications.conftest import Hall

CONSENT = {"consent_id": "consent-1", "purposes": ["referral", "payment"], "recipients": ["charity"]}


def opened(case_id: str = "case-1", **more: Any) -> dict[str, Any]:
    return {
        "case_id": case_id, "person_id": "person-1", "household_id": "house-1", "channel": "hotline", "received_on": "2026-11-23",
        "residence_code": "440106011", "hukou_code": "440106", "urgency": "high", "needs": ["medical"],
        "facts": {"monthly_income_fen": 250_000, "serious_illness": True}, "consent": CONSENT, "contact_by": None, "language": "zh", **more,
    }  # fmt: skip


def referral(org: str = "mercy", case_id: str = "case-1", **more: Any) -> dict[str, Any]:
    return {
        "referral_id": f"referral-{org}", "case_id": case_id, "person_id": "person-1", "household_id": "house-1", "org_id": org,
        "service_id": "service-1", "need": "medical", "programme": "CHARITY-MED", "district": "440106", "state": "offered", **more,
    }  # fmt: skip


def payout(org: str = "mercy", **more: Any) -> dict[str, Any]:
    return {
        "payout_id": "payout-1", "case_id": "case-1", "person_id": "person-1", "referral_id": f"referral-{org}", "org_id": org,
        "fund_id": "fund-1", "programme": "CHARITY-MED", "kind": "cash", "amount_fen": 100_000, "items": [], "period": "2026",
        "district": "440106", "state": "settled", **more,
    }  # fmt: skip


async def accepted(hall: Hall, org: str = "mercy") -> list[str]:
    """Report, case, offer, acceptance: each caused by the one before; answers their event ids."""
    first = await hall.hears(
        "intake.report_received.v1", {"report_id": "r", "case_id": "case-1", "residence_code": "440106011", "needs": []}
    )
    case = await hall.hears("intake.case_opened.v1", opened(), causation=first)
    offer = await hall.hears("matching.referral_offered.v1", referral(org), causation=case)
    accept = await hall.hears("matching.referral_accepted.v1", referral(org, state="accepted"), causation=offer)
    return [first, case, offer, accept]
