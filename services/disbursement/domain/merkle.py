"""A Merkle tree over the chain's hashes (RFC 9162): short proofs that an entry is in the whole, and that a whole only grew."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_WIDE = 32
EMPTY = hashlib.sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Every complete subtree's hash, level by level; adding a leaf costs two hashes on average, a root or a proof a logarithm.

    A level is one run of bytes, so that ten million leaves are 640 MB and not some twenty million objects.
    """

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    def __len__(self) -> int:
        return len(self._levels[0]) // _WIDE

    def add(self, data: bytes) -> None:
        """Add one leaf's data at the end."""
        grown = leaf(data)
        for height, level in enumerate(self._levels):
            level.extend(grown)
            if len(level) % (2 * _WIDE):
                return
            grown = node(bytes(level[-2 * _WIDE : -_WIDE]), grown)
            if height + 1 == len(self._levels):
                self._levels.append(bytearray(grown))
                return

    def extend(self, run: bytes) -> None:
        """Add many leaves at once, 32 bytes each: level by level, so that ten million take seconds."""
        sha, wide = hashlib.sha256, _WIDE
        grown = b"".join([sha(b"\x00" + run[at : at + wide]).digest() for at in range(0, len(run), wide)])
        for level in self._levels:
            # A pair is whole once its second half is there; a first half that waited for it counts as well.
            done = len(level) // (2 * wide) * (2 * wide)
            level.extend(grown)
            pairs = bytes(level[done : len(level) // (2 * wide) * (2 * wide)])
            grown = b"".join([sha(b"\x01" + pairs[at : at + 2 * wide]).digest() for at in range(0, len(pairs), 2 * wide)])
            if not grown:
                return
        while grown:
            self._levels.append(bytearray(grown))
            grown = b"".join([sha(b"\x01" + grown[at : at + 2 * wide]).digest() for at in range(0, len(grown) - 2 * wide + 1, 2 * wide)])

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves (all of them without)."""
        wanted = len(self) if size is None else size
        return self._hash(0, wanted) if wanted else EMPTY

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of one leaf, from its neighbour up to the root (RFC 9162, 2.1.3)."""
        return self._path(index, 0, len(self) if size is None else size)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """What shows that the first `new` leaves begin with the first `old` (RFC 9162, 2.1.4); none where there is nothing to show."""
        size = len(self) if new is None else new
        return self._grown(old, 0, size, whole=True) if 0 < old < size else []

    def _hash(self, start: int, size: int) -> bytes:
        if size & (size - 1) == 0:  # complete, and aligned to its size by the way trees are split
            height = size.bit_length() - 1
            at = (start >> height) * _WIDE
            return bytes(self._levels[height][at : at + _WIDE])
        split = _split(size)
        return node(self._hash(start, split), self._hash(start + split, size - split))

    def _path(self, index: int, start: int, size: int) -> list[bytes]:
        if size <= 1:
            return []
        split = _split(size)
        if index < split:
            return [*self._path(index, start, split), self._hash(start + split, size - split)]
        return [*self._path(index - split, start + split, size - split), self._hash(start, split)]

    def _grown(self, old: int, start: int, size: int, *, whole: bool) -> list[bytes]:
        if old == size:
            return [] if whole else [self._hash(start, size)]
        split = _split(size)
        if old <= split:
            return [*self._grown(old, start, split, whole=whole), self._hash(start + split, size - split)]
        return [*self._grown(old - split, start + split, size - split, whole=False), self._hash(start, split)]


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


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path shows that the older whole is how the newer one begins (RFC 9162, 2.1.4.2); both sizes must be used up."""
    if not 0 <= old <= new or (old in (0, new) and path):
        return False
    if old == 0:
        return old_root == EMPTY
    if old == new:
        return old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node(step, before), node(step, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node(after, step)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
