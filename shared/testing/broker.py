"""One real Apache Kafka node (KRaft) on loopback, started from jars; for tests and for `make kafka`."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

LIBS = Path(__file__).resolve().parents[2] / "deploy" / "kafka" / "target" / "libs"

# One node: every internal topic has one copy. Few threads and a small cleaner buffer halve its memory. The short broker
# session lets a node that was killed come back after two seconds instead of nine.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={data}
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
num.network.threads=1
num.io.threads=2
background.threads=2
group.coordinator.threads=1
group.coordinator.background.threads=1
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=4194304
metadata.max.idle.interval.ms=5000
"""
_STARTS_MAX = 3


def missing() -> str:
    """What keeps a broker from starting here, in words for people; empty when nothing does."""
    if shutil.which("java") is None:
        return "no Java: install a JRE 17 or later"
    if not any(LIBS.glob("kafka_2.13-*.jar")):
        return "no broker jars: run `mvn -q -B -ntp -f deploy/kafka/pom.xml dependency:copy-dependencies`"
    return ""


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now; all different."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def speaks_kafka(port: int, within_seconds: float = 1.0) -> bool:
    """Answers ApiVersions without an error: a broker that is registered and serves, not just any open port."""
    request = struct.pack(">hhih", 18, 0, 1, 5) + b"probe"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=within_seconds) as wire:
            wire.sendall(struct.pack(">i", len(request)) + request)
            head = b""
            while len(head) < 10:
                part = wire.recv(10 - len(head))
                if not part:
                    return False
                head += part
            return bool(struct.unpack(">iih", head)[2] == 0)
    except OSError:
        return False


class KafkaBroker:
    """A node that keeps its folder, its topics and its ports over stop, kill and start."""

    def __init__(self, folder: Path, *, port: int = 0, heap: str = "256m", libs: Path = LIBS) -> None:
        self.folder, self.port, self._heap, self._libs = folder.resolve(), port, heap, libs
        self._fixed = bool(port)
        self._controller = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def journal(self) -> Path:
        return self.folder / "broker.log"

    def start(self, within_seconds: float = 60.0) -> KafkaBroker:
        """Returns when it serves; a port that somebody took meanwhile is tried again with another."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(_STARTS_MAX):
            first = not self._controller
            if first:
                ports = free_ports(2)
                self.port, self._controller = self.port if self._fixed else ports[0], ports[1]
            if self._serving(within_seconds):
                return self
            if not (first and "Address already in use" in self.words()) or attempt == _STARTS_MAX - 1:
                break
            self._controller = 0
        raise RuntimeError(f"the broker did not start:\n{self.words()[-3000:]}")

    def words(self) -> str:
        return self.journal.read_text(errors="replace") if self.journal.exists() else ""

    def _serving(self, within_seconds: float) -> bool:
        data, settings = self.folder / "data", self.folder / "server.properties"
        settings.write_text(_PROPERTIES.format(port=self.port, controller=self._controller, data=data))
        with self.journal.open("ab") as journal:
            if not (data / "meta.properties").exists():
                cluster = (
                    base64.urlsafe_b64encode(b"kapok" + os.urandom(11)).decode().rstrip("=")
                )  # an id that began with "-" would be an option
                form = self._java("128m", "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c", str(settings))
                subprocess.run(form, check=True, stdout=journal, stderr=journal, timeout=within_seconds)  # noqa: S603 - our own arguments
            self.process = subprocess.Popen(  # noqa: S603 - our own arguments
                [*_dies_with_us(), *self._java(self._heap, "kafka.Kafka", str(settings))],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=journal, stderr=journal, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + within_seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                return False
            if speaks_kafka(self.port):
                return True
            time.sleep(0.05)  # another process is waited for
        self.kill()
        return False

    def _java(self, heap: str, *words: str) -> list[str]:
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        fast = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true")
        return ["java", "-Xms64m", f"-Xmx{heap}", *fast, quiet, "-cp", f"{self._libs}/*", *words]

    def stop(self, within_seconds: float = 20.0) -> None:
        """As a shutdown does it; the exit code 143 is a clean end."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """As a power cut does it, but for the page cache."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def pause(self) -> None:
        """It stands still with its connections open, as a long collection of garbage or a frozen disk makes it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


def _dies_with_us() -> list[str]:
    # A run that is killed must not leave a JVM behind; the signal follows the thread that started it.
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
