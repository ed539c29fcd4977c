"""Disbursement with a bank by folder, as tests use it: build, send, let the bank have its turn, read what it brought."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from deploy.bank_files import FileBank
from services.disbursement.bank.folder import FolderBank
from services.disbursement.bank_effects import take_in
from shared.testing import Database
from shared.testing.waiting import until
from tests.disbursement.conftest import Desk, Loopback

ACCOUNT = "44050100001"


class FileDesk(Desk):
    folder: Path
    file_bank: FileBank

    async def file(self, **body: Any) -> dict[str, Any]:
        answer = await self.post("/payment-files", body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def waiting(self, *payout_ids: str) -> None:
        """Until these are approved and wait for a file."""

        async def all_wait() -> bool:
            return all([(await self.room.state("instruction", one)).waits for one in payout_ids])

        await until(all_wait)

    async def sent(self, file_id: str) -> None:
        answer = await self.post(f"/payment-files/{file_id}/send")
        assert answer.status_code == 200, answer.text

        async def gone() -> bool:
            return bool((await self.room.state("payment_file", file_id)).status != "released")

        await until(gone)

    async def bank_turn(self) -> None:
        """The bank works, and everything that it brought is read."""
        await asyncio.to_thread(self.file_bank.turn)
        bank = FolderBank(self.folder)
        for name in bank.brought():
            with contextlib.suppress(FileNotFoundError):  # the room's own loop was faster
                await take_in(self.room, bank, name)

    async def message(self, content: str | bytes, who: str = "finance") -> httpx.Response:
        headers = self.headers(who, content_type="application/xml")
        return await self.client.post("/disbursement/v1/bank-messages", content=content, headers=headers)

    async def items(self, state: str = "open") -> list[dict[str, Any]]:
        return list((await self.get("/work-items", state=state, limit=500)).json()["items"])


@contextlib.asynccontextmanager
async def file_desk(
    database: Database, intake: Loopback, bank_server: Loopback, folder: Path, seed: str | None = None
) -> AsyncIterator[FileDesk]:
    await intake.come()
    desk = FileDesk(intake, bank_server)
    desk.folder, desk.file_bank = folder, FileBank(folder, ACCOUNT, seed or "", quiet=seed is None)
    told = {"bank": "folder", "bank_folder": folder, "payer_name": "广州慈善", "payer_account": ACCOUNT, "payer_bank": "102581000013"}
    async with desk.open(database, intake_url=intake.url, **told) as at_work:
        yield at_work
