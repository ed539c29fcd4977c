"""The public ledger through the door, checked by what anybody can compute at home."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.disbursement.domain.chain import Publish
from services.tending import LedgerBroken, followed, verify_ledger
from shared.service import To
from tests.disbursement.conftest import Desk
from tests.disbursement.outside import chain_holds, entry_hash, leaf, led_to, root

KINDS = ("payout", "goods", "donation", "goods_donation", "returned")


async def a_month(desk: Desk, payouts: dict[tuple[str, str], int], fen: int = 1_000) -> None:
    """So many payouts in each district and programme, from a fund and a store with enough in them."""
    await desk.funded(10_000_000)
    given = {"donation_ref": "shop", "kind": "goods", "items": [{"sku": "rice", "quantity": 9, "value_fen": 900}]}
    await desk.post("/donations", given)
    for (district, programme), count in payouts.items():
        for n in range(count):
            await desk.paid(f"case-{district}-{programme}-{n}", fen + n, district=f"{district}011", programme=programme)


async def everything(desk: Desk) -> list[dict[str, Any]]:
    """All entries, oldest first, page by page, as a stranger reads them."""
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        page = (await desk.get("/public/entries", who=None, **query)).json()
        found += page["items"]
        if page["next"] is None:
            return found[::-1]
        query["cursor"] = page["next"]


async def the_key(desk: Desk) -> Ed25519PublicKey:
    key = (await desk.client.get("/auth/jwks.json")).json()["keys"][0]
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=="))


def signed(head: dict[str, Any]) -> bytes:
    return json.dumps({n: head[n] for n in ("hash", "root", "size")}, sort_keys=True, separators=(",", ":")).encode()


async def test_the_chain_is_computed_again_by_a_stranger(desk: Desk) -> None:
    await a_month(desk, {("440106", "TEMP-URGENT"): 3, ("440103", "GOV-MEDICAL"): 2})
    goods = await desk.granted("case-goods", items=[{"sku": "rice", "quantity": 2}])
    await desk.approved(goods)
    entries = await everything(desk)
    assert chain_holds(entries)
    assert [e["position"] for e in entries] == list(range(1, 9))
    assert Counter(e["kind"] for e in entries) == {"payout": 5, "donation": 1, "goods_donation": 1, "goods": 1}
    last = entries[-1]
    assert (last["kind"], last["fund_id"], last["month"], last["units"]) == ("goods", "stores", "2026-11", 2)
    assert {(e["district"], e["programme"], e["withheld"]) for e in entries} == {("", "", False)}, "an entry is one person's"
    entries[3]["amount_fen"] += 1
    assert not chain_holds(entries)


async def test_the_head_is_signed_over_the_tree_of_the_entries(desk: Desk) -> None:
    empty = (await desk.get("/public/heads", who=None)).json()["items"][0]
    assert (empty["size"], empty["hash"], empty["root"]) == (0, "0" * 64, root([]).hex())
    await a_month(desk, {("440106", "TEMP-URGENT"): 2})
    first = (await desk.get("/public/heads", who=None)).json()["items"][0]
    await desk.paid("one-more")
    entries = await everything(desk)
    head = (await desk.get("/public/heads", who=None)).json()["items"][0]
    hashes = [bytes.fromhex(e["hash"]) for e in entries]
    assert (head["size"], head["hash"], head["root"]) == (5, entries[-1]["hash"], root(hashes).hex())
    assert first["root"] == root(hashes[: first["size"]]).hex(), "what was signed before is still what it was"
    key = await the_key(desk)
    for one in (empty, first, head):
        assert one["algorithm"] == "Ed25519"
        key.verify(bytes.fromhex(one["signature"]), signed(one))
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(head["signature"]), signed({**head, "size": 6}))


async def test_each_entry_is_proven_to_be_in_the_whole(desk: Desk) -> None:
    await a_month(desk, {("440106", "TEMP-URGENT"): 4})
    key = await the_key(desk)
    for entry in await everything(desk):
        proof = (await desk.get(f"/public/proof/{entry['entry_id']}", who=None)).json()
        assert proof["entry"] == entry
        assert proof["index"] == entry["position"] - 1
        head, path = proof["head"], [bytes.fromhex(step) for step in proof["path"]]
        key.verify(bytes.fromhex(head["signature"]), signed(head))
        mine = leaf(bytes.fromhex(entry["hash"]))
        assert led_to(mine, proof["index"], head["size"], path) == bytes.fromhex(head["root"])
        assert led_to(leaf(b"another entry"), proof["index"], head["size"], path) != bytes.fromhex(head["root"])
    assert (await desk.get("/public/proof/nobody", who=None)).status_code == 404


async def test_whoever_may_read_a_payout_finds_its_entry(desk: Desk) -> None:
    await desk.funded(10_000_000)
    payout_id = await desk.paid(district="440106011")
    text = f'{{"district":"440106","kind":"payout","payout_id":"{payout_id}","programme":"TEMP-URGENT"}}'
    proof = (await desk.get(f"/public/proof/{hashlib.sha256(text.encode()).hexdigest()}", who=None)).json()
    assert (proof["entry"]["kind"], proof["entry"]["amount_fen"]) == ("payout", 100_000)


async def test_entries_of_before_are_withheld_and_the_chain_still_holds(desk: Desk) -> None:
    """District and programme are under their hash: without the entry's number nobody can guess them, and an auditor reads them."""
    await desk.funded(10_000_000)
    await desk.room.execute(
        To("chain", "public", Publish("old-1", "payout", "general", "TEMP-URGENT", "440106", "2026-11", 100)), actor="test"
    )
    await desk.paid()
    gift, old, new = await everything(desk)
    assert (old["withheld"], old["entry_id"], old["district"], old["programme"]) == (True, "", "", "")
    assert (old["kind"], old["fund_id"], old["month"], old["amount_fen"]) == ("payout", "general", "2026-11", 100)
    assert (new["withheld"], new["hash"]) == (False, entry_hash(old["hash"], new))
    assert (old["previous"], new["previous"]) == (gift["hash"], old["hash"])
    head = (await desk.get("/public/heads", who=None)).json()["items"][0]
    assert head["root"] == root([bytes.fromhex(e["hash"]) for e in (gift, old, new)]).hex()
    assert (await desk.get("/public/proof/old-1", who=None)).json()["entry"] == old
    checked = await verify_ledger(desk.client, str(desk.client.base_url))
    assert (checked["entries"], checked["root"]) == (3, head["root"])
    for name, value in (("previous", "0" * 64), ("hash", "1" * 64), ("position", 9)):
        with pytest.raises(LedgerBroken, match=r"^Entry [23] is (missing|not what its hash says)\.$"):
            followed([gift, {**old, name: value}, new])
    with pytest.raises(LedgerBroken, match="Entry 3"):
        followed([gift, old, {**new, "amount_fen": 1}])
    whole = (await desk.get("/ledger/public-entries", who="auditor")).json()["items"][::-1]
    assert chain_holds(whole)
    assert (whole[1]["district"], whole[1]["programme"]) == ("440106", "TEMP-URGENT")
    assert (await desk.get("/ledger/public-entries", who="charity", org="helpers")).status_code == 403


async def test_the_summary_is_the_sum_of_the_entries_in_numbers_of_five_or_more(desk: Desk) -> None:
    await a_month(desk, {("440106", "TEMP-URGENT"): 6, ("440103", "TEMP-URGENT"): 2, ("440103", "GOV-MEDICAL"): 4})
    entries = await everything(desk)
    before = (await desk.get("/public/summary", who=None)).json()
    desk.next_month()
    summary = (await desk.get("/public/summary", who=None)).json()
    for kind in KINDS:
        of = [e for e in entries if e["kind"] == kind]
        expected = {"count": len(of), "amount_fen": sum(e["amount_fen"] for e in of), "units": sum(e["units"] for e in of)}
        assert summary["totals"][kind] == expected, kind
    paid = summary["totals"]["payout"]["amount_fen"]
    assert paid == sum(e["amount_fen"] for e in entries if e["kind"] == "payout") == 12 * 1_000 + 15 + 1 + 6
    told = {"payouts": 6, "amount_fen": 6_015}
    assert summary["by_district"] == [{"district": "440106", **told}]
    assert summary["by_programme"] == [{"programme": "TEMP-URGENT", **told}]
    assert summary["by_month"] == [{"month": "2026-11", **told}]
    assert [(c["district"], c["programme"], c["payouts"]) for c in summary["cells"]] == [("440106", "TEMP-URGENT", 6)]
    assert summary["waiting"] == {"payouts": 6, "amount_fen": paid - 6_015}, "two and four wait for their fifth"
    assert summary["months"] == [
        {"month": "2026-11", "donation_fen": 10_000_000, "goods_donation_fen": 900, "payout_fen": paid, "goods_fen": 0}
    ]
    assert (before["cells"], before["months"], before["totals"]) == ([], [], summary["totals"]), "a month is told when it is over"


async def test_too_few_payouts_are_in_no_sum(desk: Desk) -> None:
    await a_month(desk, {("440106", "TEMP-URGENT"): 4})
    desk.next_month()
    summary = (await desk.get("/public/summary", who=None)).json()
    assert (summary["cells"], summary["by_district"], summary["totals"]["payout"]["count"]) == ([], [], 4)
    await desk.paid("the-fifth", district="440106011")
    again = (await desk.get("/public/summary", who=None)).json()
    tables = ("by_programme", "by_district", "by_month", "cells", "months")
    assert [again[name] for name in tables] == [summary[name] for name in tables], "two readings a minute apart tell nothing"
    desk.next_month()
    summary = (await desk.get("/public/summary", who=None)).json()
    assert [(c["district"], c["programme"], c["payouts"]) for c in summary["cells"]] == [("440106", "TEMP-URGENT", 5)]


async def test_goods_are_summed_by_value_with_the_money(desk: Desk) -> None:
    """Four payments and one parcel: the parcel's value alone would be a number about one person."""
    await desk.funded(10_000_000)
    await desk.post("/donations", {"donation_ref": "s", "kind": "goods", "items": [{"sku": "rice", "quantity": 10, "value_fen": 1_000}]})
    for n in range(4):
        await desk.paid(f"case-{n}", 1_000)
    await desk.approved(await desk.granted("case-goods", items=[{"sku": "rice", "quantity": 1}]))
    desk.next_month()
    cells = (await desk.get("/public/summary", who=None)).json()["cells"]
    assert cells == [{"district": "440106", "programme": "TEMP-URGENT", "payouts": 5, "amount_fen": 4_100}]


async def test_entries_are_found_by_month_and_kind(desk: Desk) -> None:
    await a_month(desk, {("440106", "TEMP-URGENT"): 2})
    desk.next_month()
    await desk.paid("case-later")
    kinds = [e["kind"] for e in (await desk.get("/public/entries", who=None, month="2026-11")).json()["items"]]
    assert Counter(kinds) == {"payout": 2, "donation": 1, "goods_donation": 1}
    [later] = (await desk.get("/public/entries", who=None, month="2026-12", kind="payout")).json()["items"]
    assert later["position"] == 5
    assert (await desk.get("/public/entries", who=None, kind="payout")).status_code == 422, "it would read the whole chain"
    assert (await desk.get("/public/entries", who=None, month="2026-13")).status_code == 422


async def test_no_entry_and_no_sum_names_a_person_or_a_case(desk: Desk) -> None:
    await a_month(desk, {("440106", "TEMP-URGENT"): 5})
    desk.next_month()
    text = json.dumps(await everything(desk)) + (await desk.get("/public/summary", who=None)).text
    for secret in ("case-", "person-", "referral-", "helpers", "张三丰", "6222", "approver", "440106011"):
        assert secret not in text, secret
