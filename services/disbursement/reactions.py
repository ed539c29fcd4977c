"""What others say -> what it means here: an accepted grant becomes a payout; a word taken back stops what is not yet with the bank."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from services.disbursement.domain.keeping import EndKeeping
from services.disbursement.domain.payment_file import NoteSilence
from services.disbursement.domain.payout import DID_NOT_ARRIVE, DeclineRequest, Expire, RequestPayout
from services.disbursement.domain.stock import Item
from services.disbursement.domain.stopping import Stop
from services.disbursement.domain.wish import LapsePromise
from shared.clock import local_day
from shared.envelope import Heard
from shared.kernel import Rejected
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


class CaseRead(Struct, frozen=True, gc=False):
    case_id: str


class ConsentRead(Struct, frozen=True, gc=False):
    case_id: str
    purposes: tuple[str, ...] = ()


class ErasedRead(Struct, frozen=True, gc=False):
    person_id: str


_ATTEMPTS_MAX = 5  # an account that fails so often is a matter for people


def payout_key(case_id: str, programme: str, period: str, instalment: int, attempt: int = 1) -> str:
    """One id for one entitlement, whoever asks and however often; the ids in it are opaque already.

    `attempt` counts from 1, and on only after the bank's last word on the one before was that nothing arrived.
    """
    again = () if attempt == 1 else (str(attempt),)
    return _key("payout", case_id, programme, period, str(instalment), *again)


def payout_ids(case_id: str, programme: str, period: str, instalment: int) -> tuple[str, ...]:
    """The ids of one entitlement, one for each attempt that may go to the bank."""
    return tuple(payout_key(case_id, programme, period, instalment, attempt) for attempt in range(1, _ATTEMPTS_MAX + 1))


def _key(*parts: str) -> str:
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"


def on_referral_accepted(heard: Heard) -> Iterable[To]:
    """A grant gives one entitlement. Where its money went out and never arrived it is granted anew, under the next id: the bank
    keeps its first word under the first. Any other second grant is declined under an id of its own, so that its referral hears a no.
    """
    r: AcceptedRead = heard.data
    grant = r.grant
    if grant is None:
        return
    period = str(local_day(heard.at).year)
    programme = grant.programme or r.programme or r.need.upper().replace("_", "-")
    items = tuple(Item(i.sku, i.quantity) for i in grant.items)
    ids = payout_ids(r.case_id, programme, period, grant.instalment)
    asked = RequestPayout(
        ids[0], r.case_id, r.person_id, r.referral_id, r.org_id, programme, period, grant.instalment, r.district, grant.kind, grant.fund_id,
        grant.amount_fen, items, r.need,
    )  # fmt: skip

    def attempt(at: int) -> To:
        def otherwise(no: Rejected) -> To:
            if no.facts.get("status") in DID_NOT_ARRIVE and at + 1 < len(ids):
                return attempt(at + 1)
            own = _key("declined", ids[0], r.referral_id, heard.id)
            return To("payout", own, DeclineRequest(replace(asked, payout_id=own), no.code))

        return To("payout", ids[at], replace(asked, payout_id=ids[at]), otherwise)

    yield attempt(0)


def on_referral_revoked(heard: Heard) -> Iterable[To]:
    """The offer was taken back: what is not yet with the bank is not paid."""
    r: RevokedRead = heard.data
    yield To("stop", r.referral_id, Stop("referral", r.referral_id, "referral_revoked"))


def on_case_withdrawn(heard: Heard) -> Iterable[To]:
    c: CaseRead = heard.data
    yield To("stop", c.case_id, Stop("case", c.case_id, "case_withdrawn"))


def on_consent_withdrawn(heard: Heard) -> Iterable[To]:
    """Without consent to be paid nothing more is paid; consent to other things does not concern us."""
    c: ConsentRead = heard.data
    if not c.purposes or "payment" in c.purposes:
        yield To("stop", c.case_id, Stop("case", c.case_id, "consent_withdrawn"))


def on_subject_erased(heard: Heard) -> Iterable[To]:
    e: ErasedRead = heard.data
    yield To("stop", e.person_id, Stop("person", e.person_id, "subject_erased", True))


REACTIONS = (
    Reaction("matching.referral_accepted.v1", AcceptedRead, on_referral_accepted),
    Reaction("matching.referral_revoked.v1", RevokedRead, on_referral_revoked),
    Reaction("intake.case_withdrawn.v1", CaseRead, on_case_withdrawn),
    Reaction("intake.consent_withdrawn.v1", ConsentRead, on_consent_withdrawn),
    Reaction("intake.subject_erased.v1", ErasedRead, on_subject_erased),
)


def _keeping_ends(person_id: str, facts: Mapping[str, str]) -> Iterable[To]:
    yield To("keeping", person_id, EndKeeping(datetime.fromisoformat(facts["now"])))


def _bank_silent(file_id: str, _: Mapping[str, str]) -> Iterable[To]:
    yield To("payment_file", file_id, NoteSilence())


def _hold_expires(payout_id: str, _: Mapping[str, str]) -> Iterable[To]:
    yield To("payout", payout_id, Expire())


def _promise_lapses(wish_id: str, facts: Mapping[str, str]) -> Iterable[To]:
    yield To("wish", wish_id, LapsePromise(local_day(datetime.fromisoformat(facts["now"]))))


DUE = {"promise_lapses": _promise_lapses, "hold_expires": _hold_expires, "keeping_ends": _keeping_ends, "bank_silent": _bank_silent}
