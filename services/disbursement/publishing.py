"""The public tree: kept in memory beside the room, grown from the chain's hashes whenever somebody looks."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from services.disbursement.domain.merkle import Tree
from services.disbursement.views import hashes
from shared.http import Door
from shared.room import Room

_PAGE = 20_000


class _Grown:
    def __init__(self) -> None:
        self.tree, self.last, self.lock = Tree(), "0" * 64, asyncio.Lock()


_GROWN: WeakKeyDictionary[Room, _Grown] = WeakKeyDictionary()


async def _grown(room: Room) -> _Grown:
    """32 bytes an entry, twice; only what is new is read."""
    grown = _GROWN.setdefault(room, _Grown())
    async with grown.lock:
        while rows := await room.rows(hashes(len(grown.tree), _PAGE)):
            for row in rows:
                grown.tree.add(bytes.fromhex(row["hash"]))
                grown.last = row["hash"]
            if len(rows) < _PAGE:
                break
    return grown


def signed_bytes(head: dict[str, Any]) -> bytes:
    """The bytes a head's signature is over: compact JSON of size, root and last hash, keys sorted (as RFC 8785 would)."""
    return msgspec.json.encode({"hash": head["hash"], "root": head["root"], "size": head["size"]})


async def head(door: Door) -> dict[str, Any]:
    """How long the chain is, its last hash and its Merkle root, signed with the key at /auth/jwks.json (Ed25519)."""
    grown = await _grown(door.room)
    found = {"size": len(grown.tree), "root": grown.tree.root().hex(), "hash": grown.last}
    return {**found, "at": door.now, "algorithm": "Ed25519", "signature": door.sign(signed_bytes(found)).hex()}


async def proof(door: Door, position: int) -> dict[str, Any]:
    """The audit path of the entry at this position (from 1) under the head that comes with it."""
    shown = await head(door)
    tree = (await _grown(door.room)).tree
    return {"index": position - 1, "path": [step.hex() for step in tree.inclusion(position - 1, shown["size"])], "head": shown}
