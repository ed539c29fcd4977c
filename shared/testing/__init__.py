"""The test vocabulary: given/when/then, rooms and services opened for a test, suites that hold every bus to the same promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Database = Callable[[], Awaitable[str]]  # makes a database that is gone after the test and answers its DSN
