"""What an engineer or an auditor does from the command line: make the topics, grow a read table anew, check the public ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from joserfc.jwk import OKPKey

from services.disbursement.domain.chain import GENESIS, Publish, link
from services.disbursement.domain.merkle import Tree
from services.disbursement.publishing import signed_bytes
from services.main import SERVICES
from shared.errors import KapokError
from shared.opened import PARTITIONS
from shared.runtime import environment
from shared.settings import Settings

_PAGE = 500
_OF_ENTRY = ("entry_id", "kind", "fund_id", "programme", "district", "month", "amount_fen", "units", "corrects", "reason")


class Refused(KapokError):
    """The city answered no; the message is the one clear sentence."""


class LedgerBroken(KapokError):
    """The public ledger does not hold together; the message says where."""


async def make_topics(settings: Settings) -> list[str]:
    """Make every topic of every service on the bus that settings name; answers their names, also of those that were there."""
    bus = environment(settings).bus
    names = [f"{service.name}.{kind}" for service in SERVICES for kind in ("events", "parked")]
    try:
        await bus.provide(dict.fromkeys(names, PARTITIONS))
    finally:
        await bus.close()
    return names


async def rebuild(http: httpx.AsyncClient, url: str, token: str, projection: str) -> dict[str, Any]:
    """Grow `<service>.<projection>` anew in the running city; answers events read and rows that differed, by table.

    Raises `Refused` with the problem's own words.
    """
    answer = await http.post(f"{url}/ops/v1/projections/{projection}/rebuild", headers={"authorization": f"Bearer {token}"})
    if answer.status_code != 200:
        told = answer.json()
        raise Refused(f"{told.get('title', answer.status_code)} {told.get('detail', '')}".strip())
    return dict(answer.json())


async def verify_ledger(http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """Read the whole public chain as anybody can and compute it again: every hash, the Merkle root, the head's signature.

    Answers size, root and when the head was signed. Raises `LedgerBroken` at the first thing that does not fit.
    """
    head = (await _told(http, f"{url}/disbursement/v1/public/heads"))["items"][0]
    tree, last = followed(await _entries(http, url, int(head["size"])))
    if (len(tree), tree.root().hex(), last) != (head["size"], head["root"], head["hash"]):
        raise LedgerBroken("The signed head is not the head of this chain.")
    await _signed(http, url, head)
    return {"entries": len(tree), "root": head["root"], "signed_at": head["at"]}


async def check_books(http: httpx.AsyncClient, url: str, token: str) -> str:
    """Have the running city sum every entry of its books again; answers when. Raises `LedgerBroken` with each fault, `Refused`."""
    answer = await http.post(f"{url}/disbursement/v1/ledger/check", headers={"authorization": f"Bearer {token}"})
    told = answer.json()
    if answer.status_code != 200:
        raise Refused(f"{told.get('title', answer.status_code)} {told.get('detail', '')}".strip())
    if not told["sound"]:
        raise LedgerBroken("\n".join(f"{f['account']} ({f['unit']}): {f['what']}, by {f['value']}." for f in told["faults"]))
    return str(told["at"])


def followed(entries: Iterable[dict[str, Any]]) -> tuple[Tree, str]:
    """The tree over these entries, oldest first, and the last one's hash; raises `LedgerBroken` at the first that does not fit."""
    tree, last = Tree(), GENESIS
    for at, entry in enumerate(entries, 1):
        if entry["position"] != at:
            raise LedgerBroken(f"Entry {at} is missing.")
        # Of an entry that once told place and programme these are withheld now: only its links can be followed, not its words.
        told = entry.get("withheld") or entry["hash"] == link(last, at, Publish(**{name: entry[name] for name in _OF_ENTRY}))
        if entry["previous"] != last or not told:
            raise LedgerBroken(f"Entry {at} is not what its hash says.")
        last = entry["hash"]
        tree.add(bytes.fromhex(last))
    return tree, last


async def _entries(http: httpx.AsyncClient, url: str, size: int) -> list[dict[str, Any]]:
    """Oldest first, up to the head's size: the chain may have grown while it was read."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await _told(http, f"{url}/disbursement/v1/public/entries", limit=_PAGE, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return [entry for entry in reversed(found) if entry["position"] <= size]


async def _signed(http: httpx.AsyncClient, url: str, head: dict[str, Any]) -> None:
    keys = (await _told(http, f"{url}/auth/jwks.json"))["keys"]
    for key in keys:
        public: Any = OKPKey.import_key(key).public_key
        try:
            public.verify(bytes.fromhex(head["signature"]), signed_bytes(head))
        except InvalidSignature:
            continue
        return
    raise LedgerBroken("The head's signature is not by any published key.")


async def _told(http: httpx.AsyncClient, url: str, **query: Any) -> dict[str, Any]:
    answer = await http.get(url, params=query)
    if answer.status_code != 200:
        raise Refused(f"{url} answers {answer.status_code}.")
    return dict(answer.json())
