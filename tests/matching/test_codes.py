"""The needs stand once: what is asked at a door and what a rule file may say cannot drift apart."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from services.matching.domain.rules import NEEDS, Need

ROOM = Path(__file__).parents[2] / "services" / "matching"


def lists_of(source: str) -> Iterable[frozenset[str]]:
    """Every list of texts that is written out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            texts = [one.value for one in node.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if len(texts) == len(node.elts):
                yield frozenset(texts)


def needs_in(source: str) -> int:
    return sum(codes >= frozenset(NEEDS) for codes in lists_of(source))


def test_the_needs_are_written_once() -> None:
    found = {path.relative_to(ROOM).as_posix(): needs_in(path.read_text()) for path in ROOM.rglob("*.py")}
    assert {name: times for name, times in found.items() if times} == {"domain/rules.py": 1}
    assert get_args(Need) == NEEDS


def test_a_second_list_is_seen() -> None:
    assert needs_in(f"Need = Literal[{', '.join(map(repr, reversed(NEEDS)))}]\nNEEDS = {NEEDS!r}") == 2
