"""A broker for the session; where none can start its tests are skipped in plain words, and under CI they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from shared.testing.broker import KafkaBroker, missing


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A real broker; a test that stops, kills or pauses it starts or resumes it again before it ends."""
    lack = missing()
    if lack and os.environ.get("CI") == "true":
        pytest.fail(f"real Kafka cannot be tested here: {lack}", pytrace=False)
    if lack:
        pytest.skip(f"NO REAL KAFKA TESTED HERE: {lack}")
    node = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    try:
        yield node.start()
    finally:
        node.stop()
