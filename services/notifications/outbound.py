"""POST to an address somebody else chose: only to public addresses, bounded in time and size, no redirects followed."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from types import TracebackType

import httpcore

from services.notifications.domain.retries import Outcome

SECONDS_MAX = 15.0
ANSWER_MAX_BYTES = 64_000
_SHARED_SPACES = tuple(ipaddress.ip_network(n) for n in ("100.64.0.0/10", "192.88.99.0/24", "2002::/16", "64:ff9b::/96", "100::/64"))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressNotAllowed(Exception):
    """The name resolves to an address inside some network, not on the public internet."""


def is_public(text: str) -> bool:
    """Whether an address is one on the public internet, also when it is written as an IPv6 address that holds an IPv4 one."""
    address: Address = ipaddress.ip_address(text.split("%", 1)[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in net for net in _SHARED_SPACES if net.version == address.version)


class Guarded(httpcore.AsyncNetworkBackend):
    """Resolves once, looks at what it found, and dials exactly that: a name that changes its mind changes nothing."""

    def __init__(self, *, private_allowed: bool) -> None:
        self._inner, self._private_allowed = httpcore.AnyIOBackend(), private_allowed

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109 - httpcore's own name
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as unknown:
            raise httpcore.ConnectError("the name is not known") from unknown
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not (self._private_allowed or all(is_public(a) for a in addresses)):
            raise AddressNotAllowed
        return await self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own name
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        raise AddressNotAllowed

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    for name, value in headers:
        if name.lower() == b"retry-after" and value.strip().isdigit():
            return int(value[:9])
    return None


class Outbound:
    """Connections to the outside, kept for a while; open it with `async with`."""

    def __init__(self, *, private_allowed: bool, connections_max: int = 100, seconds_max: float = SECONDS_MAX) -> None:
        self._seconds = seconds_max
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=connections_max,
            keepalive_expiry=30.0,
            network_backend=Guarded(private_allowed=private_allowed),
        )

    async def __aenter__(self) -> Outbound:
        await self._pool.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        await self._pool.__aexit__(kind, fault, trace)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """One attempt; whatever happens out there is an outcome, never an exception."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                status, retry_after = await self._posted(url, headers, body)
            outcome = Outcome(status, "", retry_after, 0)
        except TimeoutError:
            outcome = Outcome(0, "timeout")
        except AddressNotAllowed:
            outcome = Outcome(0, "address_not_allowed")
        except (httpcore.TimeoutException, httpcore.PoolTimeout):
            outcome = Outcome(0, "timeout")
        except (httpcore.ConnectError, OSError):
            outcome = Outcome(0, "no_connection")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, UnicodeError, ValueError):
            outcome = Outcome(0, "broken_answer")
        return Outcome(outcome.status, outcome.reason, outcome.retry_after_seconds, int((time.monotonic() - began) * 1000))

    async def _posted(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, int | None]:
        size = 0
        async with self._pool.stream("POST", url, headers=list(headers.items()), content=body) as response:
            async for chunk in response.aiter_stream():
                size += len(chunk)
                if size > ANSWER_MAX_BYTES:
                    break  # the status is what counts; leaving the block closes the connection
            return response.status, _retry_after(response.headers)
