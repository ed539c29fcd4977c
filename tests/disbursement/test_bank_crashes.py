"""Dying between any two steps of a payout by file: one order, one number, the same bytes, paid once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.bank_files import Books
from services.disbursement.bank.folder import FolderBank
from services.disbursement.bank.http import HttpBank
from services.disbursement.bank_effects import take_in
from shared.testing import Database
from shared.testing.waiting import until
from tests.disbursement.banking import FileDesk, file_desk
from tests.disbursement.conftest import Desk, Loopback
from tests.disbursement.test_bank_files import approved


class _Died(Exception):
    """The process was gone after this call and before what it led to was written down."""


def dying_after(patch: pytest.MonkeyPatch, owner: type, name: str, times: int) -> list[Any]:
    """The call does its work and is not heard of, so many times; answers what it was called with."""
    whole: Callable[..., Any] = getattr(owner, name)
    called: list[Any] = []

    async def half(self: Any, *args: Any) -> Any:
        called.append(args)
        answer = await whole(self, *args)
        if len(called) <= times:
            raise _Died
        return answer

    patch.setattr(owner, name, half)
    return called


async def test_handing_over_is_not_heard_of_and_the_same_bytes_go_again(
    database: Database, intake: Loopback, bank_server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = dying_after(monkeypatch, FolderBank, "hand_over", 2)
    async with file_desk(database, intake, bank_server, tmp_path / "bank") as desk:
        ids = await approved(desk, 2)
        built = await desk.file()
        await desk.post(f"/payment-files/{built['file_id']}/send")
        for n in (1, 2):
            await until(partial(_failed_attempts, desk), [n])
            assert len(called) == n
            await desk.bank_turn()  # the bank has it, and we do not know that it has
            await desk.passes(minutes=11)
        await until(partial(_failed_attempts, desk), [])
        await desk.bank_turn()
        assert len(called) == 3
        assert len(set(called)) == 1, "one number, the same bytes"
        for payout_id in ids:
            await desk.until(payout_id, "settled")
        assert len(desk.file_bank.books.payments) == 2
        assert desk.file_bank.books.balance == Books().balance - 200_001
        assert await desk.items() == []


async def test_a_message_read_and_not_put_by_is_read_again_and_changes_nothing(
    database: Database, intake: Loopback, bank_server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: FolderBank, name: str, mark: str = "") -> None:
        raise _Died

    async with file_desk(database, intake, bank_server, tmp_path / "bank") as desk:
        (payout_id,) = await approved(desk, 1)
        await desk.sent((await desk.file())["file_id"])
        with monkeypatch.context() as dying:
            dying.setattr(FolderBank, "put_by", gone)
            desk.file_bank.turn()
            await desk.until(payout_id, "settled")
            bank = FolderBank(desk.folder)
            for name in bank.brought():
                with pytest.raises(_Died):
                    await take_in(desk.room, bank, name)
        before = await desk.sql("select count(*) from events")
        await desk.bank_turn()
        assert FolderBank(desk.folder).brought() == []
        assert await desk.sql("select count(*) from events") == before
        assert (await desk.facts(payout_id)).count("PayoutSettled") == 1


async def _failed_attempts(desk: FileDesk) -> list[int]:
    """Of the handing over that is still owed: only once an attempt is written down does the clock lead to the next."""
    return [row["attempt"] for row in await desk.sql("select attempt from effects_due where effect = 'hand_over_file' order by id")]


async def _step(desk: FileDesk, at: int, ids: list[str]) -> list[str]:
    match at:
        case 0:
            return await approved(desk, 1)
        case 1:
            await desk.waiting(*ids)
            await desk.file()
        case 2:
            (file,) = (await desk.get("/payment-files")).json()["items"]
            await desk.sent(file["file_id"])
        case 3:
            await desk.bank_turn()
        case 4:
            await desk.until(ids[0], "settled")
    return ids


async def test_a_service_that_begins_anew_after_each_step_goes_on_with_the_same_order(
    database: Database, intake: Loopback, bank_server: Loopback, tmp_path: Path
) -> None:
    dsns = [await database(), await database()]
    asked: list[str] = []

    async def same() -> str:
        asked.append("")
        return dsns[(len(asked) - 1) % 2]

    ids: list[str] = []
    for at in range(5):
        async with file_desk(same, intake, bank_server, tmp_path / "bank") as desk:
            ids = await _step(desk, at, ids)
            assert [dict(r) for r in await desk.sql("select round, end_to_end_id from instructions")] == [
                {"round": 1, "end_to_end_id": ids[0].replace("-", "")}
            ]
    assert len(desk.file_bank.books.payments) == 1


async def test_a_bank_that_paid_and_was_not_heard_is_asked_and_never_told_under_another_number(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way over HTTP: the answer is lost, the payout is in doubt, and what the bank says of that number counts."""
    told: list[str] = []
    tell = HttpBank.tell

    async def unheard(self: HttpBank, payments: Any) -> Any:
        told.extend(p["end_to_end_id"] for p in payments)
        await tell(self, payments)
        return {}

    monkeypatch.setattr(HttpBank, "tell", unheard)
    await desk.funded(1_000_000)
    payout_id = await desk.granted()
    await desk.approved(payout_id)
    await desk.until(payout_id, "unknown")
    await desk.passes(minutes=1)
    await desk.until(payout_id, "settled")
    assert set(told) == {payout_id.replace("-", "")}
    items: httpx.Response = await desk.get("/work-items", state="all")
    assert [(i["kind"], i["state"], i["reason"]) for i in items.json()["items"]] == [("unknown", "closed", "settled")]
