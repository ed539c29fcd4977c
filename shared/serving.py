"""One uvicorn server around a house: it tells the house to stop before it waits for open connections."""

from __future__ import annotations

import errno
import gc
import socket
from types import FrameType

import uvicorn

from shared.errors import KapokError
from shared.runtime import House

_COLLECTED_AFTER = (50_000, 20, 100)


class PortTaken(KapokError):
    """One clear sentence about an address that can't be listened on."""


class Server(uvicorn.Server):
    """Streams watch `house.stopping`; setting it at the first signal lets them end before the grace runs out."""

    def __init__(self, house: House, *, host: str, port: int, log_level: str = "warning", grace_seconds: int = 5) -> None:
        super().__init__(
            uvicorn.Config(
                house,
                host=host,
                port=port,
                log_level=log_level,
                access_log=False,
                lifespan="on",
                timeout_graceful_shutdown=grace_seconds,
                server_header=False,
                ws="none",
            )
        )
        self._house = house

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """What is open now stays for the life of the process, so the garbage collector need not look through it again.

        Frames and events die by reference counting; with Python's own thresholds the collector walks the caches of folded
        streams after every 700 new objects and takes a tenth of the processor under load.
        """
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECTED_AFTER)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._house.stopping.set()
        super().handle_exit(sig, frame)

    def end(self) -> None:
        """The same without a signal."""
        self._house.stopping.set()
        self.should_exit = True


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except OSError as taken:
        sock.close()
        match taken.errno:
            case errno.EADDRINUSE:
                sentence = f"Port {port} on {host} is taken; stop what listens there, or set KAPOK_PORT to another."
            case errno.EACCES:
                sentence = f"Port {port} may not be listened on by this user; set KAPOK_PORT to one above 1023."
            case _:
                sentence = f"This machine can't listen on {host} ({taken.strerror}); set KAPOK_HOST to an address of its own."
        raise PortTaken(sentence) from None
    sock.set_inheritable(True)
    return sock
