"""The public chain: every entry carries the hash of the one before it, so that nobody can change the past unseen.

One stream, one writer. An entry says what, how much, in which month and of which fund; it stands on one person, so it says
neither the district nor the programme. What it withholds it is bound to: the number of a payout's entry is the hash of both
with the payout's id, which cannot be guessed, so whoever may read the payout can check the entry and nobody else learns from it.
Entries of before carry both under their hash; the door withholds them together with their number, without which the hash tells nothing.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from services.disbursement.domain.earmark import whole
from shared.kernel import Decider

GENESIS = "0" * 64


class Publish(Struct, frozen=True, gc=False):
    """One public fact: kind is donation, goods_donation, refund, payout, goods, returned, match, match_returned or correction; units
    count goods.

    `programme` and `district` are empty since entries withhold them; they stay, because they are hashed. A correction names the entry
    that it `corrects` and why (a code); its amount is what it adds, and may be below zero.
    """

    entry_id: str
    kind: str
    fund_id: str
    programme: str
    district: str
    month: str
    amount_fen: int
    units: int = 0
    corrects: str = ""
    reason: str = ""


class EntryPublished(Struct, frozen=True, gc=False):
    """`position` counts from 1; `hash` is SHA-256 over the previous hash and the entry's canonical JSON."""

    entry_id: str
    position: int
    kind: str
    fund_id: str
    programme: str
    district: str
    month: str
    amount_fen: int
    units: int
    previous: str
    hash: str
    corrects: str = ""
    reason: str = ""


class Chain(Struct, frozen=True, gc=False):
    position: int = 0
    hash: str = GENESIS


def canonical(position: int, entry: Publish | EntryPublished) -> bytes:
    """The bytes that are hashed: compact JSON with sorted keys; integers only, so RFC 8785 gives the same. What an entry corrects and
    why are under its hash where it says so: entries that correct nothing are hashed as they always were."""
    fields = {
        "amount_fen": entry.amount_fen, "district": entry.district, "entry_id": entry.entry_id, "fund_id": entry.fund_id, "kind": entry.kind,
        "month": entry.month, "position": position, "programme": entry.programme, "units": entry.units,
    }  # fmt: skip
    if entry.reason:
        fields = dict(sorted({**fields, "corrects": entry.corrects, "reason": entry.reason}.items()))
    return msgspec.json.encode(fields)


def entry_number(kind: str, payout_id: str, district: str, programme: str) -> str:
    """The number of a payout's entry: SHA-256 over compact JSON with sorted keys of what the entry withholds."""
    fields = {"district": district, "kind": kind, "payout_id": payout_id, "programme": programme}
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


def link(previous: str, position: int, entry: Publish | EntryPublished) -> str:
    """The hash of an entry after `previous` (hexadecimal)."""
    return hashlib.sha256(bytes.fromhex(previous) + canonical(position, entry)).hexdigest()


def decide(command: Publish, state: Chain) -> tuple[EntryPublished, ...]:
    """An entry names a whole fund: a part under a donor's word would say where and for what."""
    position, command = state.position + 1, replace(command, fund_id=whole(command.fund_id))
    return (
        EntryPublished(
            command.entry_id, position, command.kind, command.fund_id, command.programme, command.district, command.month, command.amount_fen,
            command.units, state.hash, link(state.hash, position, command), command.corrects, command.reason,
        ),
    )  # fmt: skip


def evolve(state: Chain, event: Any) -> Chain:
    return Chain(event.position, event.hash)


CHAIN = Decider(noun="chain", absent=Chain(), decide=decide, evolve=evolve, commands=(Publish,), events=(EntryPublished,))
