"""The verifier that anybody may download: it agrees with what is published, and names each fault that is planted."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

import services.disbursement
from services.disbursement.publishing import keep
from services.tending import verify_ledger
from tests.disbursement.conftest import Desk
from tests.disbursement.outside import entry_hash

FILE = Path(services.disbursement.__file__).parent / "static" / "kapok_verify.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kapok_verify", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFIER = _loaded()
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def signed(head: dict[str, Any], key: Ed25519PrivateKey = KEY) -> dict[str, Any]:
    text = json.dumps({name: head[name] for name in ("hash", "root", "size")}, sort_keys=True, separators=(",", ":"))
    return {**head, "signature": key.sign(text.encode()).hex()}


def headed(entries: list[dict[str, Any]], size: int) -> dict[str, Any]:
    tree = VERIFIER.Tree()
    for entry in entries[:size]:
        tree.add(bytes.fromhex(entry["hash"]))
    return signed({"size": size, "root": tree.root(), "hash": entries[size - 1]["hash"] if size else "0" * 64})


def chained(amounts: list[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for at, fen in enumerate(amounts, 1):
        previous = found[-1]["hash"] if found else "0" * 64
        entry = {
            "position": at, "entry_id": f"entry-{at}", "kind": "payout" if at % 2 else "donation", "fund_id": "善", "programme": "",
            "district": "", "month": "2026-11", "amount_fen": fen, "units": 0, "previous": previous, "withheld": False,
        }  # fmt: skip
        found.append({**entry, "hash": entry_hash(previous, entry)})
    return found


def published(amounts: list[int]) -> dict[str, Any]:
    """What a city publishes: entries, heads newest first, its key and the totals."""
    import_key = VERIFIER.base64.urlsafe_b64encode(raw(KEY)).decode().rstrip("=")
    entries = chained(amounts)
    totals = {
        kind: {
            "count": sum(e["kind"] == kind for e in entries),
            "amount_fen": sum(e["amount_fen"] for e in entries if e["kind"] == kind),
            "units": 0,
        }
        for kind in ("payout", "donation")
    }
    heads = [headed(entries, len(entries)), headed(entries, 3)]
    jwks = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": import_key}]}
    return {"entries": entries, "heads": heads, "jwks": jwks, "summary": {"totals": totals}}


def untold(found: dict[str, Any]) -> None:
    """What no edition tells yet is said as one number; here it is a fen too little."""
    paid = found["summary"]["totals"]["payout"]["amount_fen"]
    found["summary"] |= {"cells": [{"amount_fen": paid - 100}], "waiting": {"payouts": 1, "amount_fen": 99}}


def changed(found: dict[str, Any]) -> None:
    found["entries"][4]["amount_fen"] += 1


def renamed(found: dict[str, Any]) -> None:
    found["entries"][4]["fund_id"] = "another"


def dropped(found: dict[str, Any]) -> None:
    del found["entries"][4]


def cut(found: dict[str, Any]) -> None:
    del found["entries"][-1]


def swapped(found: dict[str, Any]) -> None:
    found["entries"][4:6] = found["entries"][5], found["entries"][4]


def inserted(found: dict[str, Any]) -> None:
    found["entries"].insert(4, {**found["entries"][4], "entry_id": "put-in"})


def appended(found: dict[str, Any]) -> None:
    found["entries"] = chained([e["amount_fen"] for e in found["entries"]] + [5])


def wrong_root(found: dict[str, Any]) -> None:
    found["heads"][0] = signed({**found["heads"][0], "root": "1" * 64})


def wrong_hash(found: dict[str, Any]) -> None:
    found["heads"][0] = signed({**found["heads"][0], "hash": "1" * 64})


def forged(found: dict[str, Any]) -> None:
    found["heads"][0] = signed(found["heads"][0], Ed25519PrivateKey.from_private_bytes(b"f" * 32))


def forged_before(found: dict[str, Any]) -> None:
    found["heads"][1]["signature"] = "00" * 64


def rewritten(found: dict[str, Any]) -> None:
    """Everything made anew from entry 2 on, and signed: only a head of before tells."""
    amounts = [e["amount_fen"] for e in found["entries"]]
    amounts[1] += 7
    before = found["heads"][1]
    found.update(published(amounts))
    found["heads"][1] = before


def miscounted(found: dict[str, Any]) -> None:
    found["summary"]["totals"]["payout"]["amount_fen"] += 1


def floating(found: dict[str, Any]) -> None:
    found["entries"][4]["amount_fen"] = 5.0


PLANTED: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (changed, "Entry 5 (entry-5) is not what its hash says: something in it was changed."),
    (renamed, "Entry 5 (entry-5) is not what its hash says: something in it was changed."),
    (dropped, "Entry 5 (entry-6) says that it is number 6: an entry was dropped, put in, or moved."),
    (cut, "The newest head covers 9 entries, and there are 8: the chain was cut short."),
    (swapped, "Entry 5 (entry-6) does not stand on entry 4."),
    (inserted, "Entry 5 (put-in) is not what its hash says: something in it was changed."),
    (appended, "There are 10 entries, and the newest head covers 9."),
    (wrong_root, "The newest head over 9 entries has another root than these entries."),
    (wrong_hash, "The newest head over 9 entries ends with another hash than entry 9."),
    (forged, "The newest head over 9 entries is not signed by any published key."),
    (forged_before, "A head of before over 3 entries is not signed by any published key."),
    (rewritten, "A head of before over 3 entries has another root than these entries."),
    (untold, "The summary's table cells does not add up to the 505 fen that the entries paid out."),
    (miscounted, "The summary's total of payout is not the sum of the entries: 5 of 505 fen and 0 units."),
    (floating, "Entry 5 has an amount, units or a position that is no whole number of fen or units; nothing after it can be checked."),
]
AMOUNTS = [101, 7, 101, 7, 101, 7, 101, 7, 101]


@pytest.mark.parametrize(("plant", "said"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_each_planted_fault_is_named(plant: Callable[[dict[str, Any]], None], said: str) -> None:
    found = published(AMOUNTS)
    assert VERIFIER.checked(**deepcopy(found)) == []
    plant(found)
    assert said in VERIFIER.checked(**found)


def test_a_head_that_somebody_kept_shows_what_was_rolled_back() -> None:
    older = headed(chained(AMOUNTS), 9)
    rolled = published(AMOUNTS[:8])
    assert VERIFIER.checked(**rolled) == []
    assert VERIFIER.checked(**rolled, older=older) == ["The head that you kept covers 9 entries, and there are 8: the chain was cut short."]
    other = published([*AMOUNTS[:8], 5, 6])
    assert "The head that you kept over 9 entries has another root than these entries." in VERIFIER.checked(**other, older=older)


@given(st.lists(st.integers(0, 10**15), max_size=12))
@settings(max_examples=20, deadline=None)
def test_what_holds_is_never_blamed(amounts: list[int]) -> None:
    found = published([*AMOUNTS[:3], *amounts])
    assert VERIFIER.checked(**found, older=headed(found["entries"], len(amounts))) == []


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.integers(0, 511))
@settings(max_examples=25, deadline=None)
def test_its_signatures_are_those_of_the_standard(seed: bytes, text: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = key.sign(text)
    assert VERIFIER.signed_by(raw(key), text, signature)
    bent = bytearray(signature)
    bent[bit // 8] ^= 1 << bit % 8
    assert not VERIFIER.signed_by(raw(key), text, bytes(bent))
    assert not VERIFIER.signed_by(raw(key), text + b"x", signature)


def test_a_key_that_signs_everything_signs_nothing() -> None:
    """A key of small order, with the neutral point and zero for a signature, would pass the equation for any text."""
    neutral = (1).to_bytes(32, "little")
    assert not VERIFIER.signed_by(neutral, b"any", neutral + bytes(32))


def _ran(*words: str) -> subprocess.CompletedProcess[str]:
    """Alone, without our packages and without site-packages, as on a stranger's computer."""
    return subprocess.run([sys.executable, "-I", "-S", FILE, *words], capture_output=True, text=True, timeout=60, check=False)


def test_it_ends_with_a_code_and_one_sentence_a_fault(tmp_path: Path) -> None:
    found = published(AMOUNTS)
    VERIFIER.keep(tmp_path, found)
    assert (_ran("--files", str(tmp_path)).returncode, _ran("--files", str(tmp_path / "none")).returncode) == (0, 2)
    (tmp_path / "older.json").write_text(json.dumps(headed(chained([*AMOUNTS, 1]), 10)))
    rolled = _ran("--files", str(tmp_path), "--older", str(tmp_path / "older.json"))
    assert (rolled.returncode, rolled.stdout) == (
        1,
        "The head that you kept covers 10 entries, and there are 9: the chain was cut short.\n",
    )
    (tmp_path / "entries.json").write_text("[1, 2")
    assert _ran("--files", str(tmp_path)).returncode == 2


@contextlib.contextmanager
def _served(answers: dict[str, Any]) -> Iterator[str]:
    """What a city answered, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answers[self.path]).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Tests say nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


async def test_it_and_verify_ledger_agree_about_a_city(desk: Desk, tmp_path: Path) -> None:
    await desk.funded(10_000_000)
    await keep(desk.room)
    for n in range(6):
        await desk.paid(f"case-{n}")
        desk.turn(minutes=1)
        await keep(desk.room)
    here = "/disbursement/v1/public"
    paths = [f"{here}/heads?limit=1", f"{here}/heads?limit=500", f"{here}/summary", f"{here}/entries?limit=500", "/auth/jwks.json"]
    answers = {path: (await desk.client.get(path)).json() for path in paths}
    with _served(answers) as url:
        ran = await asyncio.to_thread(_ran, "--url", url, "--save", str(tmp_path))
    ours = await verify_ledger(desk.client, str(desk.client.base_url))
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert ran.stdout.startswith(f"All {ours['entries']} entries hold together; the head {ours['root']} over them is signed, and 7 heads")
    assert _ran("--files", str(tmp_path)).returncode == 0, "what was kept is checked without the address"


async def test_it_is_served_for_download(desk: Desk) -> None:
    answer = await desk.client.get("/disbursement/static/kapok_verify.py")
    assert (answer.status_code, answer.content) == (200, FILE.read_bytes())
    page = (await desk.client.get("/disbursement/public")).text
    assert 'href="/disbursement/static/kapok_verify.py"' in page


def test_payments_of_before_that_withhold_their_number_add_up_and_so_does_their_correction() -> None:
    """Their number is empty, and so is what an ordinary entry corrects: the two are not taken for one another."""
    found = published([100, 40, 7])
    withheld = {**found["entries"][0], "withheld": True, "entry_id": ""}
    entries: list[dict[str, Any]] = [withheld, *found["entries"][1:]]
    correction = {**entries[-1], "position": 4, "kind": "correction", "amount_fen": -30, "entry_id": "c", "corrects": "0" * 64, "reason": "audit_finding",
                  "previous": entries[-1]["hash"]}  # fmt: skip
    entries.append({**correction, "hash": entry_hash(correction["previous"], correction)})
    heads = [headed(entries, 4)]
    summary = {"totals": {}, "by_month": [{"month": "2026-11", "payouts": 2, "amount_fen": 107 - 30}]}
    assert VERIFIER.checked(entries, heads, found["jwks"], summary) == []
    summary["by_month"] = [{"month": "2026-11", "payouts": 2, "amount_fen": 107}]
    assert any("does not add up" in fault for fault in VERIFIER.checked(entries, heads, found["jwks"], summary))
