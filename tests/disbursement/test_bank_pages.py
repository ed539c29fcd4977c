"""The pages of whoever reconciles, as people of each role read and use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.bank_files import Entry
from services.disbursement.domain.work_item import KINDS, REASONS
from shared.testing import Database
from shared.web.words import read_words
from tests.disbursement.banking import FileDesk, file_desk
from tests.disbursement.conftest import Loopback
from tests.disbursement.test_bank_files import approved
from tests.disbursement.test_bank_messages import said, told
from tests.disbursement.test_pages import read

WORDS = Path(__file__).parents[2] / "services" / "disbursement" / "words"


@pytest.fixture
async def desk(database: Database, intake: Loopback, bank_server: Loopback, tmp_path: Path) -> AsyncIterator[FileDesk]:
    async with file_desk(database, intake, bank_server, tmp_path / "bank") as at_work:
        yield at_work


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_says_what_it_is_and_what_to_do(language: str) -> None:
    words = read_words(WORDS, language)
    wanted = {f"disbursement.bank.{part}.{kind}" for kind in KINDS for part in ("kind", "do")}
    wanted |= {f"disbursement.bank.reason.{reason}" for reason in REASONS}
    assert wanted <= set(words)


async def test_the_list_is_by_age_and_says_what_to_do(desk: FileDesk) -> None:
    await said(desk, told("S1", 5_000_000, Entry("", 70_000, False)))
    await desk.passes(hours=50)
    await said(desk, told("S2", 9_000_000, Entry("", 1_000, False)))
    page = await read(desk, "/disbursement/reconciliation", "finance")
    assert page.index("700.00") < page.index("10.00")
    for shown in ("2 days", "less than an hour", "Find out what this movement was for.", "Ask the bank for the statement between these two.",
                  "Missing before it:", "40,700.00", "finance, nobody yet"):  # fmt: skip
        assert shown in page, shown
    await read(desk, "/disbursement/reconciliation", "operator", status=403)


async def test_a_file_is_looked_at_before_it_is_sent(desk: FileDesk) -> None:
    await approved(desk, 2)
    assert "2 · 2,000.01 yuan" in await read(desk, "/disbursement/reconciliation", "finance")
    file_id = (await desk.file())["file_id"]
    page = await read(desk, f"/disbursement/payment-files/{file_id}", "finance")
    assert "张**" in page
    assert "6222020000001111" not in page
    assert "Send to the bank" in page
    assert "Send to the bank" not in await read(desk, f"/disbursement/payment-files/{file_id}", "auditor")
    await desk.sent(file_id)
    assert "Send to the bank" not in await read(desk, f"/disbursement/payment-files/{file_id}", "finance")
    await read(desk, "/disbursement/payment-files/none", "finance", status=404)
    await read(desk, "/disbursement/work-items/none", "finance", status=404)
