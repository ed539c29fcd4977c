"""One process per service, as it is deployed: started, watched until ready, killed and started again by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from shared.embedded import dies_with_us
from shared.errors import KapokError
from shared.serving import bound
from shared.settings import SERVICES

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


class MemberDown(KapokError):
    """A service's process did not become ready; the message names its journal."""


class Members:
    """The four processes; `surroundings` are the settings they share, ports are free ones and stay over a kill."""

    def __init__(self, surroundings: Mapping[str, str], folder: Path, ports: Mapping[str, int] | None = None) -> None:
        self._folder = folder
        self._surroundings = dict(surroundings)
        self.ports = dict(ports) if ports else _free()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def addresses(self) -> dict[str, str]:
        """Service to its own address."""
        return {name: f"http://127.0.0.1:{port}" for name, port in self.ports.items()}

    def journal(self, name: str) -> Path:
        """Where this service's process writes its log lines."""
        return self._folder / f"{name}.log"

    def start(self, *names: str) -> None:
        """Start these and wait until each says it is ready. Raises `MemberDown`."""
        for name in names:
            self.processes[name] = self._spawned(name)
        until = time.monotonic() + _START_SECONDS
        for name in names:
            while not self._ready(name):
                if self.processes[name].poll() is not None or time.monotonic() > until:
                    raise MemberDown(f"{name} did not become ready; its journal is {self.journal(name)}")
                time.sleep(0.05)  # other processes are waited for

    def pids(self) -> list[int]:
        """The processes that serve now."""
        return [process.pid for process in self.processes.values() if process.poll() is None]

    def kill(self, name: str) -> None:
        """As the kernel does it when memory runs out: no word of warning."""
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self) -> None:
        """All of them as a deployment ends them; who does not go in time is killed."""
        running = [one for one in self.processes.values() if one.poll() is None]
        for one in running:
            one.send_signal(signal.SIGTERM)
        until = time.monotonic() + _STOP_SECONDS
        for one in running:
            try:
                one.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()

    def _spawned(self, name: str) -> subprocess.Popen[bytes]:
        issuer = self.addresses["intake"]
        told = {
            "KAPOK_HOST": "127.0.0.1",
            "KAPOK_PORT": str(self.ports[name]),
            "KAPOK_ISSUER": issuer,
            "KAPOK_INTAKE_URL": issuer,
            "KAPOK_DEMO": "true",
            "KAPOK_WEBHOOK_PRIVATE_ALLOWED": "true",
        }
        with self.journal(name).open("ab") as journal:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "services.cli", "serve", name],
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=journal,
                start_new_session=True,
                preexec_fn=dies_with_us(),  # noqa: PLW1509 - the fork arms the kernel's signal and nothing else
                env={**os.environ, **self._surroundings, **told, "PYTHONUNBUFFERED": "1"},
            )

    def _ready(self, name: str) -> bool:
        try:
            return httpx.get(f"{self.addresses[name]}/{name}/readyz", trust_env=False, timeout=2).status_code == 200
        except httpx.TransportError:
            return False


def _free() -> dict[str, int]:
    held = {name: bound("127.0.0.1", 0) for name in SERVICES}
    ports = {name: sock.getsockname()[1] for name, sock in held.items()}
    for sock in held.values():
        sock.close()
    return ports


@contextmanager
def members(surroundings: Mapping[str, str], folder: Path, ports: Mapping[str, int] | None = None) -> Iterator[Members]:
    """All four started and ready; stopped cleanly afterwards, whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    four = Members(surroundings, folder, ports)
    try:
        four.start(*SERVICES)
        yield four
    finally:
        four.stop()
