"""What is put into a column comes out of it, whatever the text holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import Malformed
from shared.store.cells import Cells, unnested

_ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
# The characters that part texts and mark NULL, and those that stand in for them, are what could go wrong.
_TEXT = (
    _ANY | st.text('\x1e\x1f\x01\x02\x03aé\\"{},', max_size=5) | st.sampled_from(["", "\x1e", "\x1f", "\x1enull\x1e", "null", "NULL", "{}"])
)
_WHEN = datetime(2026, 11, 27, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
async def connection(server: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(server.format("postgres"))
    yield opened
    await opened.close()


async def _back(connection: asyncpg.Connection, columns: Sequence[tuple[str, Sequence[Any]]], *, encoded: bool = False) -> list[list[Any]]:
    cells = [(f"c{n}", Cells(kind, encoded=encoded)) for n, (kind, _) in enumerate(columns)]
    parameters = [cell.parameter(values) for (_, cell), (_, values) in zip(cells, columns, strict=True)]
    rows = await connection.fetch(f"select * from {unnested(cells, 1)}", *parameters)
    return [[row[n] for row in rows] for n in range(len(columns))]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.none() | _TEXT, st.none() | st.lists(_TEXT, max_size=3), st.none() | st.integers(-(2**31), 2**31 - 1)), min_size=1
    )
)
async def test_texts_lists_and_numbers_come_back_as_they_went(connection: asyncpg.Connection, rows: list[tuple[Any, Any, Any]]) -> None:
    texts, lists, numbers = (list(column) for column in zip(*rows, strict=True))
    assert await _back(connection, [("text", texts), ("text[]", lists), ("integer", numbers)]) == [texts, lists, numbers]


async def test_every_type_that_our_tables_have(connection: asyncpg.Connection) -> None:
    columns: list[tuple[str, Sequence[Any]]] = [
        ("text", ["", None]), ("bigint", [2**40, None]), ("smallint", [1, None]), ("boolean", [False, None]), ("date", [date(2022, 3, 1), None]),
        ("timestamp with time zone", [_WHEN, None]), ("bytea", [b"\x00\xff", None]), ("uuid", ["0190a0b0-0000-7000-8000-000000000001", None]),
    ]  # fmt: skip
    found = await _back(connection, columns)
    assert [str(v) if kind == "uuid" and v else v for (kind, _), column in zip(columns, found, strict=True) for v in column] == [
        v for _, values in columns for v in values
    ]


async def test_a_single_empty_text_is_a_row(connection: asyncpg.Connection) -> None:
    assert await _back(connection, [("text", [""])]) == [[""]]


async def test_moments_may_come_as_text(connection: asyncpg.Connection) -> None:
    assert await _back(connection, [("timestamptz", [_WHEN.isoformat(), None, _WHEN])]) == [[_WHEN, None, _WHEN]]


async def test_json_is_kept_as_it_is_or_encoded(connection: asyncpg.Connection) -> None:
    assert await _back(connection, [("jsonb", [{"a": ["ü", 1]}, None])]) == [['{"a": ["ü", 1]}', None]]
    assert await _back(connection, [("json", ['{"a" :1}', None])], encoded=True) == [['{"a" :1}', None]]


@pytest.mark.parametrize(
    "texts",
    [
        ["a\x1fb", "c", None, "\x1e"], ["\x1e"], [None, "\x1e"], ["\x1enull\x1e", None], ["\x1f"], ["", None, ""], [None], [""],
        ["\x1f\x1e\x1f", ""], ["".join(map(chr, range(1, 0x300))), None, "a"],
    ],
)  # fmt: skip
async def test_no_text_is_mistaken_for_a_separator_or_for_null(connection: asyncpg.Connection, texts: list[str | None]) -> None:
    lists = [[] if text is None else [text] for text in texts]
    assert await _back(connection, [("text", texts), ("text[]", lists)]) == [texts, lists]


async def test_json_holds_separators_too(connection: asyncpg.Connection) -> None:
    told = {"a\x1f": ["\x1e", "\\u0000", "\x1enull\x1e"]}
    ((found, nothing),) = await _back(connection, [("jsonb", [told, None])])
    assert (msgspec.json.decode(found), nothing) == (told, None)


@pytest.mark.parametrize(("kind", "value"), [("text", "a\0"), ("text[]", ["a", "\0"]), ("jsonb", {"a": ["\\\0"]}), ("jsonb", {"\0": 1})])
def test_a_zero_character_is_refused_before_the_database_is_asked(kind: str, value: Any) -> None:
    with pytest.raises(Malformed):
        Cells(kind).parameter([None, value])


@pytest.mark.parametrize(
    ("kind", "value"), [("text", "a\ud800"), ("text[]", ["字", "\udfff"]), ("jsonb", {"a": ["\ud83d"]}), ("text", "\udc80\x1f")]
)
def test_half_of_a_character_is_refused_before_the_database_is_asked(kind: str, value: Any) -> None:
    with pytest.raises(Malformed):
        Cells(kind).parameter([None, value])
