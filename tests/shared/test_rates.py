"""Who is asked to wait: an address by what it sends, a caller who is known by what they send."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from shared.clock import new_id
from shared.security import Principal, Verifier
from tests.shared.door import Client


async def test_too_many_at_once_from_one_address_are_asked_to_wait(client: Client) -> None:
    answers = [await client.http.post(f"/bakery/v1/counts/{new_id()}?by=1") for _ in range(90)]
    limited = [a for a in answers if a.status_code == 429]
    assert limited
    assert int(limited[0].headers["retry-after"]) >= 1


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's bucket fills again, however slow this machine is: 60 requests for an address, 2,000 for a caller."""
    monkeypatch.setattr("shared.manners.time", SimpleNamespace(monotonic=lambda: 0.0))


async def _let_in(client: Client, requests: int, cookie: Callable[[int], str]) -> int:
    """How many of so many requests in a row were not asked to wait."""
    answers = [await client.http.get("/bakery/v1/counts/a", headers={"Cookie": cookie(at)}) for at in range(requests)]
    return [answer.status_code for answer in answers].count(200)


@pytest.mark.usefixtures("standing")
async def test_only_a_session_that_is_good_has_a_rate_of_its_own(client: Client) -> None:
    header, claims, signature = (await client.token("operator"))["Authorization"].removeprefix("Bearer ").split(".")
    good, forged = f"kapok_session={header}.{claims}.{signature}", f"kapok_session={header}.{claims}.{signature[::-1]}"
    assert await _let_in(client, 3, lambda at: good) == 3  # the first at the cost of its address
    assert await _let_in(client, 70, lambda at: f"a={at}") == 59
    assert await _let_in(client, 5, lambda at: forged) == 0
    assert await _let_in(client, 5, lambda at: f"kapok_session={at}.{claims}.{signature}") == 0
    assert await _let_in(client, 100, lambda at: f"a={at}; {good}") == 100


@pytest.mark.usefixtures("standing")
async def test_a_made_up_session_is_not_looked_at_once_its_address_must_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def never_good(_: Verifier, token: str) -> Principal | None:
        checked.append(token)
        return None

    monkeypatch.setattr(Verifier, "__call__", never_good)
    assert await _let_in(client, 80, lambda at: f"kapok_session=a.b.{at}") == len(checked) == 60


@pytest.mark.usefixtures("standing")
async def test_a_session_that_has_ended_has_the_rate_of_its_address_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    session = f"kapok_session={(await client.token('operator'))['Authorization'].removeprefix('Bearer ')}"
    assert await _let_in(client, 100, lambda at: session) == 100
    assert client.house.environment is not None
    monkeypatch.setattr(client.house.environment.verifier, "_now", lambda: time.time() + 7200)
    assert await _let_in(client, 100, lambda at: session) == 59
