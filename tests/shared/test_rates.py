"""Who is asked to wait: an address by what it sends, a caller who is known by what they send."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from shared.clock import new_id
from shared.security import Principal, Verifier
from shared.signing import headers
from shared.webhooks import BODY_MAX
from tests.shared.door import SECRET, Client


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


_OTHER = "whsec_" + "QUFB" * 8
_WORD = b'{"said":"bread"}'


async def _said(
    client: Client, count: int, signed: Callable[[int], Mapping[str, str]], path: str = "words/till", body: bytes = _WORD
) -> int:
    """How many of so many words in a row were not asked to wait."""
    answers = [await client.http.post(f"/bakery/v1/{path}", content=body, headers=dict(signed(at))) for at in range(count)]
    counted = Counter(answer.status_code for answer in answers)
    assert counted[200] + counted[429] == count
    assert all(answer.json() == {"heard": body.decode()} for answer in answers if answer.status_code == 200)
    return counted[200]


def _by(secret: str, name: str, body: bytes = _WORD, *, late: timedelta = timedelta()) -> Callable[[int], Mapping[str, str]]:
    return lambda at: headers([secret], f"{name}-{at}", datetime.now(UTC) - late, body)


@pytest.mark.usefixtures("standing")
async def test_who_signs_each_word_has_a_rate_of_their_own_and_who_does_not_has_the_rate_of_an_address(client: Client) -> None:
    assert await _said(client, 150, _by(SECRET, "good")) == 150, "more than an address may say"
    assert await _said(client, 70, _by(_OTHER, "forged")) == 60, "a flood of bad signatures pays like anybody"
    assert await _said(client, 60, _by(SECRET, "more")) == 50, "a flood of others costs the sender nothing, and their own rate has an end"


@pytest.mark.usefixtures("standing")
@pytest.mark.parametrize(
    ("signed", "path", "body"),
    [
        (lambda at: {"content-type": "application/json"}, "words/till", _WORD),
        (_by(SECRET, "late", late=timedelta(minutes=6)), "words/till", _WORD),
        (_by(SECRET, "other-words", b"{}"), "words/till", _WORD),
        (_by(SECRET, "other-place"), "words/TILL", _WORD),
        (_by(SECRET, "long", b'"%s"' % (b"x" * BODY_MAX)), "words/till", b'"%s"' % (b"x" * BODY_MAX)),
    ],
    ids=["unsigned", "late", "other words", "another place", "too long"],
)
async def test_what_is_not_signed_for_this_door_now_is_anybodys_word(
    client: Client, monkeypatch: pytest.MonkeyPatch, signed: Callable[[int], Mapping[str, str]], path: str, body: bytes
) -> None:
    monkeypatch.setattr("shared.manners.Manners._most", lambda *_: 1_000_000)
    assert await _said(client, 70, signed, path, body) == 60


@pytest.mark.usefixtures("standing")
async def test_one_word_said_again_and_again_waits_for_itself_alone(client: Client) -> None:
    assert await _said(client, 40, lambda _: _by(SECRET, "copy")(0)) == 10
    assert await _said(client, 100, _by(SECRET, "others")) == 100
    assert await _said(client, 60, lambda at: {"content-type": "application/json"}) == 60, "the address has not paid for it"


@pytest.mark.usefixtures("standing")
async def test_a_body_is_not_read_for_headers_that_cannot_be_good(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []

    def noted(secret: str, sent: Mapping[str, str], body: bytes, now: datetime) -> None:
        looked.append(body)

    monkeypatch.setattr("shared.webhooks.proved", noted)
    await _said(client, 1, lambda at: {**_by(SECRET, "a")(at), "webhook-timestamp": "1"})
    await _said(client, 1, lambda at: {**_by(SECRET, "a")(at), "webhook-signature": ""})
    assert looked == []
    await _said(client, 1, _by(SECRET, "a"))
    assert looked == [_WORD]
