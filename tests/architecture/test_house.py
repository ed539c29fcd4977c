"""Every rule of the house holds, and every checker has been seen to catch a planted fault."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import house

ROOMS = ("intake", "matching", "disbursement", "notifications")
CODE = [(str(path), text) for path, text in house.sources("shared", "services", "deploy")]
DOMAIN = [(p, t, p.split("/")[1]) for p, t in CODE if "/domain/" in p]


@pytest.mark.parametrize(("path", "text"), CODE, ids=[p for p, _ in CODE])
def test_a_module_opens_with_one_sentence_and_stays_small(path: str, text: str) -> None:
    assert house.opening(text) == []
    if not path.endswith("holidays.py"):
        assert house.lengths(text) == []
    assert house.deferred_imports(text) == []
    assert house.misnamed(Path(path)) == []
    assert house.refusals_without_sentence(text) == []


def test_most_files_and_functions_are_short() -> None:
    sizes = [text.count("\n") for _, text in CODE]
    assert statistics.median(sizes) < 150
    bodies = sorted(size for _, text in CODE for _, size in house.functions(text))
    assert bodies[int(len(bodies) * 0.9)] <= house.FUNCTION_LINES_P90


@pytest.mark.parametrize(("path", "text", "room"), DOMAIN, ids=[p for p, _, _ in DOMAIN])
def test_a_decision_is_pure(path: str, text: str, room: str) -> None:
    assert house.impurities(text, room) == []


def test_the_four_rooms_hardly_repeat_each_other() -> None:
    rooms = {room: [text for path, text in CODE if path.startswith(f"services/{room}/")] for room in ROOMS}
    assert house.repetition(rooms) <= house.REPEATED_SHARE_MAX


def test_nothing_names_a_machine_or_a_package_index() -> None:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=house.ROOT, capture_output=True, text=True, check=True)
    found = {}
    for name in listed.stdout.splitlines():
        path = house.ROOT / name
        if path.suffix in {".png", ".woff2", ".ico"} or not path.is_file() or name == "tests/architecture/house.py":
            continue
        words = house.workshop_words(path.read_text("utf-8", errors="replace"))
        if words:
            found[name] = words[:3]
    assert found == {}


def test_the_imports_keep_to_the_map() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=house.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


PLANTED = [
    (house.opening, "x = 1\n", "no opening sentence"),
    (house.opening, '"""no full stop"""\n', "no sentence"),
    (house.lengths, '"""A."""\n' + "x = 1\n" * 401, "402 lines"),
    (house.lengths, '"""A."""\ndef f():\n' + "    x = 1\n" * 61, "f has 62 lines"),
    (house.deferred_imports, "def f():\n    import os\n", "import inside f"),
    (house.refusals_without_sentence, "class No(Rejected):\n    pass\n", "No says nothing"),
    (house.workshop_words, "see " + "/work" + "/main\n", "line 1"),
    (lambda t: house.impurities(t, "intake"), "import asyncio\n", "imports asyncio"),
    (lambda t: house.impurities(t, "intake"), "from shared.clock import new_id\n", "imports shared.clock"),
    (lambda t: house.impurities(t, "intake"), "from services.matching.domain.referral import X\n", "imports services.matching"),
    (lambda t: house.impurities(t, "intake"), "x = datetime.now()\n", "calls now()"),
    (lambda t: house.impurities(t, "intake"), "async def f(): pass\n", "awaits"),
    (lambda t: house.impurities(t, "intake"), "class A(Struct): pass\n", "A is not frozen"),
    (lambda t: house.impurities(t, "intake"), "@dataclass\nclass A: pass\n", "A is not frozen"),
]


@pytest.mark.parametrize(("checker", "text", "expected"), PLANTED)
def test_a_planted_fault_is_caught(checker: Callable[[str], list[str]], text: str, expected: str) -> None:
    assert any(expected in found for found in checker(text)), checker(text)


def test_a_planted_repetition_is_caught() -> None:
    same = "\n".join(f"line_{i} = {i}" for i in range(40))
    assert house.repetition({"a": [same], "b": [same]}) > house.REPEATED_SHARE_MAX
    assert house.repetition({"a": [same], "b": ["\n".join(f"other_{i} = {i}" for i in range(40))]}) == 0


def test_a_forbidden_import_is_caught(tmp_path: Path) -> None:
    """The real configuration on a copy of the tree in which the mechanism looks into a room."""
    for name in ("shared", "services", "deploy"):
        for path, text in house.sources(name):
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
    (tmp_path / ".importlinter").write_text((house.ROOT / ".importlinter").read_text())
    (tmp_path / "shared/errors.py").write_text('"""Planted."""\nimport services.intake\n')
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode != 0
    assert "The mechanism has never heard of a case BROKEN" in done.stdout
