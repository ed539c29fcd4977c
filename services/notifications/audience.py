"""Who a caller is in this room: sees everything, or is bound to one organisation."""

from __future__ import annotations

from shared.problems import Forbidden
from shared.security import Principal

SEES_ALL = frozenset({"gov", "ops", "auditor", "admin"})
READERS = ("gov", "ops", "auditor", "admin", "charity")


def organisation_of(principal: Principal) -> str | None:
    """The organisation whose eyes the caller has; None for those who see every event. Raises `Forbidden` otherwise."""
    if principal.roles & SEES_ALL:
        return None
    if "charity" in principal.roles and principal.org:
        return principal.org
    raise Forbidden("needs an organisation, or one of: " + ", ".join(sorted(SEES_ALL)))


def owner_of(principal: Principal) -> str:
    """Under whose name subscriptions are kept: the organisation, or the caller where there is none."""
    return organisation_of(principal) or f"principal:{principal.id}"
