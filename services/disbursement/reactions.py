"""What others say -> what it means here: an accepted grant becomes a payout, a revoked one is cancelled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from services.disbursement.domain.payout import Cancel, RequestPayout
from services.disbursement.domain.treasury import Item
from shared.clock import local_day
from shared.envelope import Heard
from shared.service import Reaction, To


class ItemRead(Struct, frozen=True, gc=False):
    sku: str
    quantity: int


class GrantRead(Struct, frozen=True, gc=False):
    kind: str
    amount_fen: int = 0
    programme: str | None = None
    fund_id: str | None = None
    items: tuple[ItemRead, ...] = ()
    instalment: int = 1


class AcceptedRead(Struct, frozen=True, gc=False):
    referral_id: str
    case_id: str
    person_id: str
    org_id: str
    need: str = ""
    district: str = ""
    programme: str | None = None
    grant: GrantRead | None = None


class RevokedRead(Struct, frozen=True, gc=False):
    referral_id: str
    case_id: str
    programme: str | None = None
    grant: GrantRead | None = None
    need: str = ""


def payout_key(case_id: str, programme: str, period: str, instalment: int) -> str:
    """One id for one entitlement, whoever asks and however often; the ids in it are opaque already."""
    digest = hashlib.sha256(f"payout|{case_id}|{programme}|{period}|{instalment}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"


def _programme(read: AcceptedRead | RevokedRead) -> str:
    return (read.grant.programme if read.grant else None) or read.programme or read.need.upper().replace("_", "-")


def on_referral_accepted(heard: Heard) -> Iterable[To]:
    r: AcceptedRead = heard.data
    grant = r.grant
    if grant is None:
        return
    period, programme = str(local_day(heard.at).year), _programme(r)
    payout_id = payout_key(r.case_id, programme, period, grant.instalment)
    items = tuple(Item(i.sku, i.quantity) for i in grant.items)
    asked = RequestPayout(
        payout_id, r.case_id, r.person_id, r.referral_id, r.org_id, programme, period, grant.instalment, r.district, grant.kind, grant.fund_id,
        grant.amount_fen, items,
    )  # fmt: skip
    yield To("payout", payout_id, asked)


def on_referral_revoked(heard: Heard) -> Iterable[To]:
    """Consent withdrawn or the offer taken back: what is not yet with the bank is not paid."""
    r: RevokedRead = heard.data
    if r.grant is None:
        return
    payout_id = payout_key(r.case_id, _programme(r), str(local_day(heard.at).year), r.grant.instalment)
    yield To("payout", payout_id, Cancel("referral_revoked", "matching"))


REACTIONS = (
    Reaction("matching.referral_accepted.v1", AcceptedRead, on_referral_accepted),
    Reaction("matching.referral_revoked.v1", RevokedRead, on_referral_revoked),
)
