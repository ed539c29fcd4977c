"""The page of data screening as a browser without script uses it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.intake.manifest import INTAKE
from services.intake.screening import book, columns, parts, running, worker
from shared.testing import Database
from shared.testing.waiting import until
from shared.web.words import read_words
from tests.intake.conftest import Desk
from tests.intake.screening import MOTHER, ended, lines
from tests.intake.test_pages import Browser

_SICK = {"id_number": MOTHER, "name": "张三丰", "phone": "13800138000", "category": "dibao", "medical_self_paid_year_fen": 900_000}


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk(INTAKE).open(database, home=tmp_path) as at_work:
        yield at_work


async def uploaded(browser: Browser, body: bytes, as_of: str = "2026-11-01", status: int = 303) -> str:
    """Where the page leads after a file was sent."""
    page = await browser.open("/intake/screenings")
    token = re.findall(r'name="form_token" value="([^"]*)"', page)[0]
    answer = await browser.client.post(
        "/intake/screenings", data={"form_token": token, "as_of": as_of}, files={"file": ("r.csv", body, "text/csv")}
    )
    assert answer.status_code == status, answer.text[:500]
    browser.text = answer.text
    return str(answer.headers.get("location", ""))


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_file_is_screened_watched_looked_at_and_reported(desk: Desk, language: str) -> None:
    browser = Browser(desk, "gov", language)
    at = await uploaded(browser, lines(_SICK, {"id_number": "1"}))
    await ended(desk, at.rpartition("/")[2])
    page = await browser.open(at)
    assert "张**" in page
    assert MOTHER not in page
    assert "4,000.00" in page
    assert "hx-trigger" not in page, "what has ended is not asked for again"
    assert ("身份证号码不正确" if language == "zh" else "Not a valid identity number") in page
    assert MOTHER in await browser.send(at, {"act": "look", "reason": "visit"}, 200)
    await browser.send(at, {"act": "look", "reason": " "}, 422)
    await browser.send(at, {"act": "nonsense"}, 422)
    assert 'role="status"' in await browser.send(at, {"act": "report"})
    assert len(await desk.sql("select 1 from case_list where channel = 'data_signal'")) == 1
    assert "data-errors" in await browser.send(at, {"act": "stop"}, 409)
    await browser.open(f"{at}/now")
    await browser.open("/intake/screenings/nobody", 404)
    assert at in await browser.open("/intake/screenings")


async def test_it_is_stopped_on_the_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def idle(*_: object) -> None:
        return None

    monkeypatch.setattr(running, "_run", idle)
    browser = Browser(desk, "gov")
    at = await uploaded(browser, lines(_SICK))
    assert "hx-trigger" in await browser.open(at)
    assert 'role="status"' in await browser.send(at, {"act": "stop"})


async def test_what_is_wrong_is_named_beside_its_field(desk: Desk) -> None:
    browser = Browser(desk, "gov")
    await uploaded(browser, b"", status=422)
    assert 'href="#file"' in browser.text
    await uploaded(browser, b"x", as_of="soon", status=422)
    assert 'href="#as_of"' in browser.text
    await uploaded(browser, b"x", as_of="2026-11-24", status=422)
    assert 'href="#as_of"' in browser.text
    await uploaded(browser, b"x", as_of="2001-01-01", status=409)
    await until(lambda: list((desk.room.settings.home / "screening").iterdir()) == [])
    await Browser(desk, "finance").open("/intake/screenings", 403)


def test_every_code_has_its_words() -> None:
    assert INTAKE.words is not None
    zh = read_words(INTAKE.words, "zh")
    sources = {module: Path(str(module.__file__)).read_text("utf-8") for module in (columns, parts, running, worker)}
    rules = set(re.findall(r'note\(\w*"?\w*"?, "([a-z_]+)"', sources[columns])) | set(
        re.findall(r'return \[\], "([a-z_]+)"', sources[columns])
    )
    rules |= {"missing", "line_too_long", "number_of_fields"}
    reasons = {r for text in sources.values() for r in re.findall(r'(?:BadFile\(|Failed\(|clock\.now\(\), )"([a-z_]+)"', text)}
    assert len(rules) >= 13
    assert len(reasons) >= 14
    assert not [r for r in reasons if f"intake.screening.failed.{r}" not in zh]
    assert not [r for r in rules if f"intake.screening.rule.{r}" not in zh], rules
    assert not [t.code for t in book.thresholds() if f"intake.screening.code.{t.code}" not in zh]
