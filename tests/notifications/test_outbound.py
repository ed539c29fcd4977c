"""What leaves is signed as Standard Webhooks says, and goes to public addresses only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from services.notifications.outbound import ANSWER_MAX_BYTES, Outbound, is_public
from shared.signing import headers, new_secret

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(answer: bytes | Answering) -> AsyncIterator[str]:
    """An end point that gives the same answer to everybody; yields its URL."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if isinstance(answer, bytes):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()


def said(status: str, *lines: str, body: bytes = b"") -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *lines))
    return head.encode() + b"\r\n\r\n" + body


def test_a_subscriber_verifies_with_the_reference_library() -> None:
    secret, body = new_secret(), b'{"type":"matching.referral_offered.v1"}'
    sent = headers([new_secret(), secret], "event-1", datetime.now(UTC), body)
    assert Webhook(secret).verify(body, dict(sent)) == {"type": "matching.referral_offered.v1"}
    assert sent["webhook-id"] == "event-1"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",  # noqa: S104 - refused as an address
        "198.18.0.1", "192.0.2.1", "192.88.99.1", "240.0.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "ff02::1", "100::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_inside_some_network_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


async def test_a_private_address_is_refused_unless_it_is_allowed() -> None:
    async with listening(said("200 OK")) as url:
        async with Outbound(private_allowed=False) as strict:
            assert (await strict.post(url, {}, b"{}")).words == "address_not_allowed"
            assert (await strict.post(url.replace("127.0.0.1", "localhost"), {}, b"{}")).words == "address_not_allowed"
        async with Outbound(private_allowed=True) as open_house:
            assert (await open_house.post(url, {}, b"{}")).delivered


async def test_a_redirect_is_a_failure_and_is_not_followed() -> None:
    async with listening(said("302 Found", "location: http://127.0.0.1:1/")) as url, Outbound(private_allowed=True) as outbound:
        outcome = await outbound.post(url, {}, b"{}")
    assert (outcome.status, outcome.delivered) == (302, False)


async def test_retry_after_is_read() -> None:
    async with listening(said("429 Too Many Requests", "Retry-After: 17")) as url, Outbound(private_allowed=True) as outbound:
        outcome = await outbound.post(url, {}, b"{}")
    assert outcome.throttled
    assert outcome.retry_after_seconds == 17


async def test_who_answers_too_slowly_or_not_at_all_is_left() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(40):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with Outbound(private_allowed=True, seconds_max=0.3) as outbound:
        for way in (silent, dripping):
            async with listening(way) as url:
                assert (await outbound.post(url, {}, b"{}")).words == "timeout"
        assert (await outbound.post("http://127.0.0.1:1/", {}, b"{}")).words == "no_connection"


async def test_an_endless_answer_is_cut() -> None:
    body = b"x" * (ANSWER_MAX_BYTES * 20)
    async with listening(said("200 OK", body=body)) as url, Outbound(private_allowed=True) as outbound:
        assert (await outbound.post(url, {}, b"{}")).delivered


async def test_nonsense_is_an_outcome_not_an_error() -> None:
    async with listening(b"hello\r\n\r\n") as url, Outbound(private_allowed=True) as outbound:
        assert (await outbound.post(url, {}, b"{}")).words == "broken_answer"
        assert (await outbound.post("ftp://127.0.0.1/", {}, b"{}")).words == "broken_answer"
