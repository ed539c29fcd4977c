"""A Merkle tree over the chain's hashes (RFC 9162): a short proof that one entry is in the published whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Every complete subtree's hash, level by level; adding a leaf costs one or two hashes, a root or a proof a logarithm."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    def __len__(self) -> int:
        return len(self._levels[0])

    def add(self, data: bytes) -> None:
        """Add one leaf's data at the end."""
        self._levels[0].append(leaf(data))
        height = 0
        while len(self._levels[height]) % 2 == 0:
            left, right = self._levels[height][-2:]
            height += 1
            if height == len(self._levels):
                self._levels.append([])
            self._levels[height].append(node(left, right))

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves (all of them without)."""
        wanted = len(self) if size is None else size
        return self._hash(0, wanted) if wanted else EMPTY

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of one leaf, from its neighbour up to the root (RFC 9162, 2.1.3)."""
        return self._path(index, 0, len(self) if size is None else size)

    def _hash(self, start: int, size: int) -> bytes:
        if size & (size - 1) == 0:  # complete, and aligned to its size by the way trees are split
            height = size.bit_length() - 1
            return self._levels[height][start >> height]
        split = _split(size)
        return node(self._hash(start, split), self._hash(start + split, size - split))

    def _path(self, index: int, start: int, size: int) -> list[bytes]:
        if size <= 1:
            return []
        split = _split(size)
        if index < split:
            return [*self._path(index, start, split), self._hash(start + split, size - split)]
        return [*self._path(index - split, start + split, size - split), self._hash(start, split)]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def included(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Whether the path leads from the leaf to the root; the whole size must be used up (RFC 9162, 2.1.3.2)."""
    if index >= size:
        return False
    at, last, found = index, size - 1, leaf_hash
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == expected
