"""The pages of this room, as a browser without JavaScript gets them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.notifications import pages
from services.notifications.manifest import NOTIFICATIONS
from shared.problems import install
from shared.web.mounting import install_pages
from shared.web.session import SESSION
from shared.web.words import read_words
from tests.notifications.conftest import CALLERS, Hall
from tests.notifications.stories import accepted, payout

ROOM = Path(pages.__file__).parent
LIST = "/notifications/subscriptions"


@pytest.fixture
async def browser(hall: Hall) -> AsyncIterator[httpx.AsyncClient]:
    """A browser whose log-in is the name of the caller."""
    app = FastAPI()
    app.state.room, app.state.verify = hall.room, CALLERS.get
    install(app)
    install_pages(app, NOTIFICATIONS)
    app.include_router(pages.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house", follow_redirects=True) as client:
        yield client


def logged_in(browser: httpx.AsyncClient, who: str) -> None:
    browser.cookies.set(SESSION, who)


async def sent(browser: httpx.AsyncClient, path: str, shown: httpx.Response, **fields: str) -> httpx.Response:
    """A form of the page that is shown."""
    token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
    assert token
    return await browser.post(path, data={"form_token": token.group(1), **fields})


def test_both_catalogues_have_the_same_words() -> None:
    zh, en = (read_words(ROOM / "words", language) for language in ("zh", "en"))
    assert set(zh) == set(en)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_an_engineer_subscribes_sees_the_secret_once_tests_pauses_and_ends(browser: httpx.AsyncClient, language: str) -> None:
    logged_in(browser, "mercy")
    browser.headers["accept-language"] = language
    empty = await browser.get(LIST)
    assert empty.status_code == 200
    made = await sent(
        browser, LIST, empty, url="http://127.0.0.1:1/hook", event_types="matching.*", districts="440106", needs="", begin="now"
    )
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text)
    assert secret
    listed = await browser.get(LIST)
    assert secret.group(0) not in listed.text
    path = re.search(rf'href="({LIST}/[^"?]+)"', listed.text)
    assert path
    one = await browser.get(path.group(1))
    tested = await sent(browser, path.group(1), one, act="test")
    assert "no_connection" in tested.text
    paused = await sent(browser, path.group(1), tested, act="pause")
    resumed = await sent(browser, path.group(1), paused, act="resume")
    rotated = await sent(browser, path.group(1), resumed, act="rotate")
    assert "whsec_" in rotated.text
    assert (await sent(browser, path.group(1), resumed, act="replay")).status_code == 200
    gone = await sent(browser, path.group(1), resumed, act="delete")
    assert gone.url.path == LIST
    assert "127.0.0.1" not in gone.text


async def test_a_wrong_address_is_said_beside_the_field_and_nothing_is_lost(browser: httpx.AsyncClient) -> None:
    logged_in(browser, "mercy")
    again = await sent(browser, LIST, await browser.get(LIST), url="ftp://x.example/", event_types="intake.case_*", districts="", needs="")
    assert 'href="#url"' in again.text
    assert 'id="url-error"' in again.text
    assert "intake.case_*" in again.text
    wrong = await sent(browser, LIST, again, url="https://x.example/", event_types="no such thing!", districts="44", needs="")
    assert 'href="#event_types"' in wrong.text
    assert 'href="#districts"' in wrong.text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_story_of_a_case_is_told_in_words(hall: Hall, browser: httpx.AsyncClient, language: str) -> None:
    await accepted(hall)
    await hall.hears("disbursement.payout_settled.v1", payout())
    browser.headers["accept-language"] = language
    logged_in(browser, "operator")
    page = await browser.get("/notifications/cases/case-1")
    assert page.status_code == 200
    assert "1,000.00" in page.text
    assert ("机构接受转介" if language == "zh" else "Referral accepted") in page.text
    assert "person-1" not in page.text
    logged_in(browser, "hope")
    assert (await browser.get("/notifications/cases/case-1")).status_code == 404


async def test_the_numbers_of_the_first_page_need_no_log_in(hall: Hall, browser: httpx.AsyncClient) -> None:
    await accepted(hall)
    fragment = await browser.get("/notifications/flow", headers={"hx-request": "true"})
    assert fragment.status_code == 200
    assert "<table" in fragment.text
    assert "<html" not in fragment.text
    whole = await browser.get("/notifications/flow")
    assert "<html" in whole.text
    assert "<table" in whole.text
