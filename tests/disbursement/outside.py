"""What anybody can compute without our code: hashes of the chain, the tree over them, and an audit path (RFC 9162)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

FIELDS = ("amount_fen", "district", "entry_id", "fund_id", "kind", "month", "position", "programme", "units")


def entry_hash(previous: str, entry: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash (bytes) and the entry as compact JSON with sorted keys."""
    names = (*FIELDS, "corrects", "reason") if entry.get("reason") else FIELDS
    text = json.dumps({name: entry[name] for name in names}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(bytes.fromhex(previous) + text.encode()).hexdigest()


def chain_holds(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether each entry, oldest first, stands at its place on the one before."""
    previous = "0" * 64
    for position, entry in enumerate(entries, 1):
        if entry["position"] != position or entry["previous"] != previous or entry["hash"] != entry_hash(previous, entry):
            return False
        previous = entry["hash"]
    return True


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash by its definition (RFC 9162, 2.1.1)."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf(leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return _node(root(leaves[:half]), root(leaves[half:]))


def led_to(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to, by the definition of the path; None when the path has another length."""
    if size == 1:
        return leaf_hash if not path else None
    if not path:
        return None
    half = 1
    while half * 2 < size:
        half *= 2
    if index < half:
        left = led_to(leaf_hash, index, half, path[:-1])
        return None if left is None else _node(left, path[-1])
    right = led_to(leaf_hash, index - half, size - half, path[:-1])
    return None if right is None else _node(path[-1], right)
