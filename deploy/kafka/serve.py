"""`make kafka`: one real broker on a fixed port, its topics kept in a folder, in the foreground until Ctrl-C."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from shared.testing.broker import KafkaBroker, missing, speaks_kafka

PORT = 9092
FOLDER = Path(".kapok") / "kafka"


def serve(port: int = PORT, folder: Path = FOLDER) -> int:
    """Answers the exit code: 0 after a clean end, 2 with one sentence when it cannot start, 1 when the broker died."""
    lack = missing()
    if lack:
        print(f"Kafka cannot run here: {lack}.", file=sys.stderr)
        return 2
    if speaks_kafka(port):
        print(f"A broker answers at 127.0.0.1:{port} already.", file=sys.stderr)
        return 2
    node = KafkaBroker(folder, port=port)
    signal.signal(signal.SIGTERM, _asked_to_end)
    try:
        node.start()
        assert node.process is not None
        print(
            f"Kafka is at {node.bootstrap}; start Kapok on it with KAPOK_BUS=kafka KAPOK_KAFKA_BOOTSTRAP={node.bootstrap} make run",
            flush=True,
        )
        node.process.wait()
        print(f"The broker has ended; its last words are in {node.journal}.", file=sys.stderr)
        return 1
    except RuntimeError as fault:
        print(str(fault), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        node.stop()


def _asked_to_end(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
