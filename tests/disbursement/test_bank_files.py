"""Payment files through the doors: built, looked at, sent once, answered, settled; nothing of a payee stays behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from lxml import etree

from services.disbursement.bank.xml import schema
from services.disbursement.bank_tables import instructions
from shared.service import Put
from shared.testing import Database
from tests.disbursement.banking import FileDesk, file_desk
from tests.disbursement.conftest import Loopback

NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


@pytest.fixture
async def desk(database: Database, intake: Loopback, bank_server: Loopback, tmp_path: Path) -> AsyncIterator[FileDesk]:
    async with file_desk(database, intake, bank_server, tmp_path / "bank") as at_work:
        yield at_work


async def approved(desk: FileDesk, count: int, fen: int = 100_000) -> list[str]:
    await desk.funded(10_000_000)
    ids = [await desk.granted(f"case-{n}", fen + n) for n in range(count)]
    for payout_id in ids:
        assert (await desk.approved(payout_id)).status_code == 200
    await desk.waiting(*ids)
    return ids


async def test_approved_payouts_become_a_file_are_sent_and_settle(desk: FileDesk) -> None:
    ids = await approved(desk, 3)
    built = await desk.file()
    assert (built["state"], built["payments"], built["total_fen"]) == ("built", 3, 300_003)
    assert {line["payout_id"] for line in built["lines"]} == set(ids)
    assert {(line["payee"], line["account"]) for line in built["lines"]} == {("张**", "****1111")}
    assert not (desk.folder / "out").exists()
    await desk.sent(built["file_id"])
    (path,) = (desk.folder / "out").glob("*.xml")
    root = etree.parse(str(path))
    assert schema("pain.001.001.09").validate(root)
    assert [e.text for e in root.iterfind(".//p:NbOfTxs", NS)] == ["3", "3"]
    assert [e.text for e in root.iterfind(".//p:CtrlSum", NS)] == ["3000.03", "3000.03"]
    assert {e.text for e in root.iterfind(".//p:EndToEndId", NS)} == {i.replace("-", "") for i in ids}
    await desk.bank_turn()
    for payout_id in ids:
        await desk.until(payout_id, "settled")
    assert await desk.items() == []
    (one,) = (await desk.get("/bank-statements")).json()["items"]
    assert (one["lines"], one["matched"], one["work"], one["gap_fen"]) == (3, 3, 0, None)
    assert one["opening_fen"] - one["closing_fen"] == 300_003


async def test_nothing_of_a_payee_stays_once_the_file_is_sent(desk: FileDesk) -> None:
    await approved(desk, 1)
    built = await desk.file()
    subject = f"payment-file-{built['file_id']}"
    seen = await desk.client.get(
        f"/disbursement/v1/payment-files/{built['file_id']}/document", headers=desk.headers("finance", x_access_reason="check")
    )
    assert "6222020000001111" in seen.text
    assert (await desk.get(f"/payment-files/{built['file_id']}/document")).status_code == 422
    assert "FileShown" in [type(e.data).__name__ for e in await desk.room.history("payment_file", built["file_id"])]
    (sealed,) = await desk.sql("select content::text from file_contents")
    assert "6222" not in sealed[0]
    await desk.sent(built["file_id"])
    assert await desk.sql("select 1 from file_contents") == []
    for _ in range(100):
        if not await desk.sql("select 1 from subject_keys where subject = $1 and wrapped is not null", subject):
            break
        await desk.room.changed(0.05)
    else:
        raise AssertionError("the key of the file is still there")
    assert (
        await desk.client.get(
            f"/disbursement/v1/payment-files/{built['file_id']}/document", headers=desk.headers("finance", x_access_reason="check")
        )
    ).status_code == 404


async def test_a_file_sent_twice_has_the_same_bytes(desk: FileDesk) -> None:
    await approved(desk, 2)
    built = await desk.file()
    await desk.sent(built["file_id"])
    (path,) = (desk.folder / "out").glob("*.xml")
    first = path.read_bytes()
    assert (await desk.post(f"/payment-files/{built['file_id']}/send")).status_code == 200
    assert [p.read_bytes() for p in (desk.folder / "out").iterdir()] == [first]


async def test_a_payout_is_in_one_file_only_and_a_dropped_one_gives_it_back(desk: FileDesk) -> None:
    ids = await approved(desk, 1)
    first = await desk.file()
    refused = await desk.post("/payment-files", {"payout_ids": ids})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kapok:problem:NothingWaitsForFile")
    other = await desk.granted("case-9", 7_000)
    await desk.approved(other)
    await desk.waiting(other)
    mixed = await desk.post("/payment-files", {"payout_ids": [other, *ids]})
    assert (mixed.status_code, mixed.json()["errors"][0]["pointer"]) == (422, "/payout_ids/1")
    assert (await desk.post(f"/payment-files/{first['file_id']}/drop")).json()["state"] == "dropped"
    second = await desk.file()
    assert second["file_id"] != first["file_id"]
    await desk.sent(second["file_id"])
    assert (await desk.post(f"/payment-files/{second['file_id']}/drop")).json()["type"] == "urn:kapok:problem:FileOnItsWay"
    assert (await desk.post(f"/payment-files/{first['file_id']}/send")).json()["type"] == "urn:kapok:problem:FileWasDropped"


async def test_the_database_refuses_a_second_live_order_whatever_a_decision_says(desk: FileDesk) -> None:
    """The row that a faulty decision would write: another order for the same payout, live beside the first."""
    (payout_id,) = await approved(desk, 1)
    (row,) = [dict(r) for r in await desk.sql("select * from instructions where payout_id = $1", payout_id)]
    with pytest.raises(Exception, match="changes too often"):
        await desk.room.execute(actor="fault", rows=(Put(instructions, {**row, "round": row["round"] + 1}),))
    async with desk.room.store.reading() as connection:
        with pytest.raises(asyncpg.UniqueViolationError, match="one_live_instruction"):
            await connection.execute(
                "insert into instructions select payout_id, round + 1, end_to_end_id, amount_fen, waits, live, file_id, outcome, opened_at from instructions"
            )
    assert len(await desk.sql("select 1 from instructions where live")) == 1


async def test_who_has_not_agreed_to_be_paid_is_in_no_file(desk: FileDesk) -> None:
    (good,) = await approved(desk, 1)
    other = await desk.granted("case-x", 5_000, account=None)
    assert (await desk.approved(other)).status_code == 200
    await desk.waiting(other)
    built = await desk.file()
    assert [line["payout_id"] for line in built["lines"]] == [good]
    await desk.until(other, "rejected")


async def test_silence_of_the_bank_becomes_a_matter_for_people(desk: FileDesk) -> None:
    (payout_id,) = await approved(desk, 1)
    built = await desk.file()
    await desk.sent(built["file_id"])
    await desk.passes(hours=49)
    await desk.until(payout_id, "unknown")
    (item,) = await desk.items()
    assert (item["kind"], item["payout_id"], item["owner"]) == ("unknown", payout_id, "finance")
    for who in ("finance-1", "finance-2"):
        assert (await desk.post(f"/payouts/{payout_id}/resolve", {"outcome": "settled"}, who=who)).status_code == 200
    await desk.until(payout_id, "settled")
    assert await desk.items() == []
