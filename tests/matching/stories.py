"""Small values that several tests of decisions speak of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from services.matching.domain import directory as d
from services.matching.domain.asking import About, Ask, Candidate, Grant, Item
from services.matching.domain.rulebook import Limit

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
LATER = AT + timedelta(hours=72)
DAY = date(2026, 11, 23)
LIMIT = Limit("RAIN:case-1", 1_000_000)
RAIN = Candidate("RAIN", "cash", 800_000, (LIMIT,))
WISH = Candidate("WISH", "goods", 50_000, ())
ASK = Ask("case-1-medical", 1, "case-1", "p1", "h1", "medical", "440106", DAY, 72)
ABOUT = About("case-1-medical", "case-1", "p1", "h1", "mercy", "mercy-s", "medical", "RAIN", "440106")
CASH = Grant("cash", 800_000, "RAIN", "fund")
ILL: dict[str, Any] = {"serious_illness": True, "cannot_pay": True, "medical_self_paid_year_fen": 800_000}
GOODS = Grant("goods", 0, "WISH", None, (Item("radio", 1),))


def ask(**more: Any) -> Ask:
    return replace(ASK, **more)


def listing(name: str = "mercy", **more: Any) -> d.Listing:
    """A charity's service for medical needs in the whole city, as many places as come."""
    return replace(d.Listing(f"{name}-s", name, name.title(), "charity", ("medical",)), **more)


def listed(name: str = "mercy", **more: Any) -> d.ServiceListed:
    return d.ServiceListed(listing(name, **more), AT)
