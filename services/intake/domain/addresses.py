"""Where somebody was registered, lived and had letters sent, from when to when and by whose word; three different things."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from services.intake.domain.person import Claims, PersonTold

KINDS = ("hukou", "residence", "mailing")


class Stay(Struct, frozen=True, gc=False):
    """`kind` is hukou (registered), residence (lives there) or mailing; `until` is empty for where it is now.

    The place in an identity number is where the first card was issued, and none of the three.
    """

    kind: str
    code: str | None
    address: str | None
    since: date
    source: str
    until: date | None = None


def history(told: Iterable[tuple[date, PersonTold]]) -> tuple[Stay, ...]:
    """Every stay in the order in which it was learnt; what is told is (day, word), oldest first."""
    stays: list[Stay] = []
    for day, word in told:
        if not isinstance(word.claims, Claims):
            continue
        for kind in KINDS:
            code, address = _place(kind, word.claims)
            now = next((at for at in reversed(range(len(stays))) if stays[at].kind == kind), None)
            if (code, address) == ((stays[now].code, stays[now].address) if now is not None else (None, None)):
                continue
            since = word.since or day
            if now is not None:
                stays[now] = replace(stays[now], until=max(since, stays[now].since))
            stays.append(Stay(kind, code, address, since, word.source))
    return tuple(stays)


def _place(kind: str, claims: Claims) -> tuple[str | None, str | None]:
    match kind:
        case "hukou":
            return claims.hukou_code, None
        case "residence":
            return claims.residence_code, claims.address
    return None, claims.mailing_address
