#!/usr/bin/env python3
"""Checks a public ledger of Kapok from what is published, with nothing but Python 3.9 or newer and this one file.

    python3 kapok_verify.py --url https://city.example                # reads what everybody may read
    python3 kapok_verify.py --url https://city.example --save DIR     # and keeps it as files
    python3 kapok_verify.py --files DIR                               # checks files that were kept
    ... --older head.json                                             # a head kept earlier: today's must begin with it

DIR holds entries.json, heads.json, jwks.json and summary.json as the addresses answer them (entries: a list, or NDJSON).
It is checked that each entry stands at its place on the one before and is what its hash says; that root and last hash are
those of the signed head; that the signature is by the published key; that older heads are how this chain begins; and that
the sums of the summary are those of the entries. One sentence for each fault. Ends with 0 when all holds, 1 when something
does not, 2 when it cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

GENESIS = "0" * 64
HASHED = ("amount_fen", "district", "entry_id", "fund_id", "kind", "month", "position", "programme", "units")
MORE = ("corrects", "reason")  # under the hash of an entry that says why it was made
TEXTS = ("district", "entry_id", "fund_id", "kind", "month", "programme")
PAGE = 500
ENDLESS = 10**15

# Ed25519 (RFC 8032, 5.1.7): only the verification, which keeps no secret and so may take its time.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]
ZERO: Point = (0, 1, 1, 0)


def added(a: Point, b: Point) -> Point:
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar: int, point: Point) -> Point:
    found = ZERO
    while scalar:
        if scalar & 1:
            found = added(found, point)
        point, scalar = added(point, point), scalar >> 1
    return found


def same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def opened(packed: bytes) -> Point | None:
    """The point that 32 bytes stand for; None where they stand for none."""
    number = int.from_bytes(packed, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if len(packed) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = opened((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed_by(key: bytes, text: bytes, signature: bytes) -> bool:
    """Whether this Ed25519 signature over the text is by the key; a key or a point of small order signs nothing."""
    if len(signature) != 64:
        return False
    public, point, scalar = opened(key), opened(signature[:32]), int.from_bytes(signature[32:], "little")
    if BASE is None or public is None or point is None or scalar >= L or same(times(8, public), ZERO):
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    return same(times(scalar, BASE), added(point, times(challenge, public)))


class Tree:
    """A Merkle tree (RFC 9162) of which only the complete subtrees at its right edge are kept: the roots of 10 million cost nothing."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []

    def add(self, data: bytes) -> None:
        node, size = hashlib.sha256(b"\0" + data).digest(), self.size
        while size & 1:
            node, size = hashlib.sha256(b"\1" + self.edge.pop() + node).digest(), size >> 1
        self.edge.append(node)
        self.size += 1

    def root(self) -> str:
        if not self.edge:
            return hashlib.sha256(b"").hexdigest()
        node = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            node = hashlib.sha256(b"\1" + left + node).digest()
        return node.hex()


def is_hash(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and all(c in "0123456789abcdef" for c in value)


def whole(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= ENDLESS


def compact(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def shape(entry: Any) -> str:
    """What makes these words no entry; nothing when they are one."""
    if not isinstance(entry, dict):
        return "is no entry"
    for name in (*HASHED, "previous", "hash"):
        if name not in entry:
            return f"says no {name}"
    if (
        not whole(entry["amount_fen"], -ENDLESS if entry["kind"] == "correction" else 0)
        or not whole(entry["units"])
        or not whole(entry["position"], 1)
    ):
        return "has an amount, units or a position that is no whole number of fen or units"
    if not all(isinstance(entry[name], str) for name in TEXTS) or not all(isinstance(entry.get(name, ""), str) for name in MORE):
        return "has a text that is none"
    if entry["kind"] == "correction" and not (entry.get("corrects") and entry.get("reason")):
        return "corrects something and does not say what or why"
    if not is_hash(entry["previous"]) or not is_hash(entry["hash"]):
        return "has a hash that is none"
    return ""


def faults_of_chain(entries: Iterable[Any], heads: Mapping[int, list[tuple[str, Mapping[str, Any]]]]) -> Iterator[str]:
    """Follow the chain from its first entry on and hold each head against what stands there."""
    tree, last, at, numbers = Tree(), GENESIS, 0, set[str]()
    yield from faults_of_heads(heads.get(0, []), tree, last)
    for at, entry in enumerate(entries, 1):
        wrong = shape(entry)
        if wrong:
            yield f"Entry {at} {wrong}; nothing after it can be checked."
            return
        name = f"Entry {at} ({entry['entry_id'] or 'without a number'})"
        if entry["position"] != at:
            yield f"{name} says that it is number {entry['position']}: an entry was dropped, put in, or moved."
        if entry["previous"] != last:
            yield f"{name} does not stand on entry {at - 1}."
        # An entry of before withholds place and programme, which its hash is over: its place is checked, its words are not.
        if not entry.get("withheld"):
            text = compact({field: entry[field] for field in (HASHED if not entry.get("reason") else (*HASHED, *MORE))})
            if hashlib.sha256(bytes.fromhex(entry["previous"]) + text).hexdigest() != entry["hash"]:
                yield f"{name} is not what its hash says: something in it was changed."
        numbers.add(entry["entry_id"])
        if entry["kind"] == "correction" and entry["corrects"] not in numbers and "" not in numbers:
            yield f"{name} corrects an entry that was not there before it."
        last = entry["hash"]
        tree.add(bytes.fromhex(last))
        yield from faults_of_heads(heads.get(at, []), tree, last)
    for size in sorted(heads):
        if size > at:
            yield from (f"{name} covers {size} entries, and there are {at}: the chain was cut short." for name, _ in heads[size])


def faults_of_heads(heads: Iterable[tuple[str, Mapping[str, Any]]], tree: Tree, last: str) -> Iterator[str]:
    for name, head in heads:
        if head["root"] != tree.root():
            yield f"{name} over {tree.size} entries has another root than these entries."
        if head["hash"] != last:
            yield f"{name} over {tree.size} entries ends with another hash than entry {tree.size}."


def is_head(head: Any) -> bool:
    return isinstance(head, dict) and whole(head.get("size")) and is_hash(head.get("root")) and is_hash(head.get("hash"))


def faults_of_signature(name: str, head: Mapping[str, Any], keys: list[bytes]) -> Iterator[str]:
    text = compact({field: head[field] for field in ("hash", "root", "size")})
    try:
        signature = bytes.fromhex(str(head.get("signature", "")))
    except ValueError:
        signature = b""
    if not any(signed_by(key, text, signature) for key in keys):
        yield f"{name} over {head['size']} entries is not signed by any published key."


def faults_of_summary(summary: Mapping[str, Any], entries: Iterable[Any]) -> Iterator[str]:
    """The totals by kind are sums of the entries, and each table of the summary, with what waits, to what was paid out and not sent back."""
    kinds: dict[str, list[int]] = {}
    kind_of: dict[str, str] = {}
    corrected = 0
    for entry in entries:
        kind_of[entry["entry_id"]] = entry["kind"]
        # A payment of before withholds its number: what names none that is here corrects a payment, as gifts withhold nothing.
        named = entry.get("corrects", "")
        if entry["kind"] == "correction" and named and kind_of.get(named, "payout") in ("payout", "goods", "returned"):
            corrected += entry["amount_fen"]
        at = kinds.setdefault(entry["kind"], [0, 0, 0])
        for place, more in enumerate((1, entry["amount_fen"], entry["units"])):
            at[place] += more
    for kind, told in sorted(summary.get("totals", {}).items()):
        found = kinds.get(kind, [0, 0, 0])
        if [told.get("count"), told.get("amount_fen"), told.get("units")] != found:
            yield f"The summary's total of {kind} is not the sum of the entries: {found[0]} of {found[1]} fen and {found[2]} units."
    paid, returned = (sum(kinds.get(kind, [0, 0, 0])[1] for kind in some) for some in (("payout", "goods"), ("returned",)))
    waiting = summary.get("waiting", {}).get("amount_fen", 0)
    for table in ("by_programme", "by_district", "by_month", "cells"):
        rows = summary.get(table, [])
        if rows and sum(row["amount_fen"] for row in rows) + waiting != paid - returned + corrected:
            yield f"The summary's table {table} does not add up to the {paid - returned + corrected} fen that the entries paid out."


class Unreadable(Exception):
    """The message is the one sentence."""


def keys_of(jwks: Any) -> list[bytes]:
    found = []
    for key in jwks.get("keys", []) if isinstance(jwks, dict) else []:
        if key.get("kty") == "OKP" and key.get("crv") == "Ed25519":
            found.append(base64.urlsafe_b64decode(key["x"] + "=="))
    return found


def checked(entries: list[Any], heads: list[Any], jwks: Any, summary: Any = None, older: Any = None) -> list[str]:
    """Every fault of what was published, each in one sentence. `heads` are newest first, `older` is one that somebody kept."""
    if not heads or not all(is_head(head) for head in heads):
        raise Unreadable("There is no signed head, or it is none.")
    named = [("The newest head", heads[0])] + [("A head of before", head) for head in heads[1:]]
    if older is not None:
        older = older["items"][0] if isinstance(older, dict) and older.get("items") else older
        if not is_head(older):
            raise Unreadable("The older head is none.")
        named.append(("The head that you kept", older))
    covered = heads[0]["size"]
    by_size: dict[int, list[tuple[str, Mapping[str, Any]]]] = {}
    for name, head in named:
        by_size.setdefault(head["size"], []).append((name, head))
    keys = keys_of(jwks)
    found = list(faults_of_chain(entries, by_size))
    for name, head in named:
        found += faults_of_signature(name, head, keys)
    if len(entries) > covered:
        found.append(f"There are {len(entries)} entries, and the newest head covers {covered}.")
    if summary is not None and not any(shape(entry) for entry in entries):
        found += faults_of_summary(summary, entries)
    return found


def asked(url: str, path: str, **query: Any) -> Any:
    address = url.rstrip("/") + path + ("?" + urllib.parse.urlencode(query) if query else "")
    if not address.startswith(("http://", "https://")):
        raise Unreadable("The address must begin with http:// or https://.")
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


def paged(url: str, path: str, most: int = ENDLESS) -> list[Any]:
    found: list[Any] = []
    query: dict[str, Any] = {"limit": PAGE}
    while len(found) < most:
        page = asked(url, path, **query)
        found += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    return found


def read_address(url: str, here: str = "/disbursement/v1/public") -> dict[str, Any]:
    """The summary before and after: it may be read only where no entry came in between."""
    for _ in range(5):
        head = asked(url, f"{here}/heads", limit=1)["items"][0]
        summary = asked(url, f"{here}/summary")
        again = asked(url, f"{here}/heads", limit=1)["items"][0]
        if head["size"] == again["size"]:
            break
    else:
        summary = None
    covered = head["size"]
    kept = [one for one in paged(url, f"{here}/heads", PAGE)[1:] if one["size"] < covered]
    entries = [entry for entry in reversed(paged(url, f"{here}/entries")) if entry["position"] <= covered]
    return {"entries": entries, "heads": [head, *kept], "jwks": asked(url, "/auth/jwks.json"), "summary": summary}


def read_files(folder: Path) -> dict[str, Any]:
    text = (folder / "entries.json").read_text("utf-8")
    entries = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]
    heads = json.loads((folder / "heads.json").read_text("utf-8"))
    summary = folder / "summary.json"
    return {
        "entries": entries,
        "heads": heads["items"] if isinstance(heads, dict) else heads,
        "jwks": json.loads((folder / "jwks.json").read_text("utf-8")),
        "summary": json.loads(summary.read_text("utf-8")) if summary.exists() else None,
    }


def keep(folder: Path, found: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in found.items():
        if value is not None:
            (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), "utf-8")


def main(words: list[str]) -> int:
    asks = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = asks.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="where the city serves")
    where.add_argument("--files", type=Path, help="a folder with what was published")
    asks.add_argument("--older", type=Path, help="a head that was kept earlier (JSON)")
    asks.add_argument("--save", type=Path, help="keep what was read in this folder")
    told = asks.parse_args(words)
    try:
        found = read_address(told.url) if told.url else read_files(told.files)
        if told.save:
            keep(told.save, found)
        older = json.loads(told.older.read_text("utf-8")) if told.older else None
        faults = checked(older=older, **found)
    except Unreadable as no:
        print(no, file=sys.stderr)
        return 2
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as no:
        print(f"What was published cannot be read: {no}", file=sys.stderr)
        return 2
    for fault in faults:
        print(fault)
    if faults:
        return 1
    head = found["heads"][0]
    print(f"All {head['size']} entries hold together; the head {head['root']} over them is signed, and {len(found['heads'])} heads agree.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
