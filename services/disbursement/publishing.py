"""The public tree: kept in memory beside the room, grown from the chain's hashes; and the heads over it, kept as they were published."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from services.disbursement.domain.chain import GENESIS
from services.disbursement.domain.head import PublishHead, due
from services.disbursement.domain.merkle import Tree
from services.disbursement.follow import PUBLIC
from services.disbursement.public_rows import hash_at, hashes, kept_head
from shared.errors import NotNow
from shared.http import Door, Invalid
from shared.leader import rested
from shared.room import Room
from shared.service import Loop, To

_RUN = 5_000
_HASH = 32
_LOOK_SECONDS = 1.0


class _Grown:
    def __init__(self) -> None:
        self.tree, self.last, self.lock = Tree(), GENESIS, asyncio.Lock()


_GROWN: WeakKeyDictionary[Room, _Grown] = WeakKeyDictionary()


async def grown(room: Room) -> _Grown:
    """32 bytes an entry, twice; only what is new is read, and others have their turn between two runs of it."""
    found = _GROWN.setdefault(room, _Grown())
    async with found.lock:
        while run := (await room.rows(hashes(len(found.tree), _RUN)))[0]["run"]:
            found.tree.extend(run)
            found.last = run[-_HASH:].hex()
            if len(run) < _RUN * _HASH:
                break
    return found


def signed_bytes(head: dict[str, Any]) -> bytes:
    """The bytes a head's signature is over: compact JSON of size, root and last hash, keys sorted (as RFC 8785 would)."""
    return msgspec.json.encode({"hash": head["hash"], "root": head["root"], "size": head["size"]})


def _signed(room: Room, found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "at": room.clock.now(), "algorithm": "Ed25519", "signature": room.sign(signed_bytes(found)).hex()}


async def head(room: Room) -> dict[str, Any]:
    """How long the chain is, its last hash and its Merkle root, signed with the key at /auth/jwks.json (Ed25519)."""
    found = await grown(room)
    return _signed(room, {"size": len(found.tree), "root": found.tree.root().hex(), "hash": found.last})


async def head_of(room: Room, size: int, name: str) -> dict[str, Any]:
    """The head over the first `size` entries: as it was published where it was, and signed anew where it was not.

    Raises `Invalid` with the parameter's name when there are not so many.
    """
    tree = (await grown(room)).tree
    if size > len(tree):
        raise Invalid(f"/query/{name}", f"there are {len(tree)} entries")
    if kept := await room.rows(kept_head(size)):
        return {**kept[0], "algorithm": "Ed25519"}
    last = (await room.rows(hash_at(size)))[0]["hash"] if size else GENESIS
    return _signed(room, {"size": size, "root": tree.root(size).hex(), "hash": last})


async def proof(door: Door, position: int, size: int | None) -> dict[str, Any]:
    """The audit path of the entry at this position (from 1) under the chosen head, or the newest, which comes with it."""
    room = door.room
    if size is not None and size < position:
        raise Invalid("/query/size", f"does not cover entry {position}")
    shown = await (head(room) if size is None else head_of(room, size, "size"))
    tree = (await grown(room)).tree
    return {"index": position - 1, "path": [step.hex() for step in tree.inclusion(position - 1, shown["size"])], "head": shown}


async def consistency(door: Door, old: int, new: int | None) -> dict[str, Any]:
    """That the whole under the newer head begins with the whole under the older one."""
    room = door.room
    after = await (head(room) if new is None else head_of(room, new, "to"))
    if old > after["size"]:
        raise Invalid("/query/from", f"is more than the {after['size']} entries of the newer head")
    before = await head_of(room, old, "from")
    tree = (await grown(room)).tree
    return {"from": before, "to": after, "path": [step.hex() for step in tree.consistency(old, after["size"])]}


async def keep(room: Room) -> bool:
    """Publish a head for good when entries came since the last one, at most one a minute; answers whether it did."""
    state = await room.state("head", PUBLIC)
    now = room.clock.now()
    if not due(state, now):
        return False
    shown = await head(room)
    if shown["size"] == state.size:
        return False
    command = PublishHead(shown["size"], shown["root"], shown["hash"], shown["signature"], now)
    await room.execute(To("head", PUBLIC, command), actor="heads", patient=True)
    return True


async def keep_forever(room: Room) -> None:
    """The first look grows the tree, so that no visitor waits for it."""
    while not room.stop.is_set():
        with contextlib.suppress(NotNow):  # the store is away: looked at again
            await keep(room)
        await rested(room.stop, _LOOK_SECONDS)


KEEPING_HEADS = Loop("heads", keep_forever)
