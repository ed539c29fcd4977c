"""The house rules as functions over source text, so that each can be shown to catch a planted fault."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
FUNCTION_LINES_P90 = 30
REPEATED_SHARE_MAX = 0.03
WINDOW = 6
DOMAIN_MAY_IMPORT = {
    "__future__", "msgspec", "datetime", "decimal", "math", "re", "enum", "typing", "collections", "functools", "itertools", "dataclasses",
    "hashlib", "unicodedata", "operator", "bisect", "string", "json", "fractions", "types",
    "rapidfuzz",  # pure functions over texts
    "immutables",  # maps that never change: a new one for each change, at the same cost however large
}  # fmt: skip
SHARED_VALUES = {"shared.kernel", "shared.calendar", "shared.holidays"}
CLOCKS = {"now", "today", "utcnow", "uuid4", "uuid1", "time_ns", "urandom", "random"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base"}


def sources(*folders: str) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "__pycache__" not in path.parts and "target" not in path.parts:
                yield path.relative_to(ROOT), path.read_text("utf-8")


def opening(text: str) -> list[str]:
    """A module opens with one sentence saying what lives here."""
    doc = ast.get_docstring(ast.parse(text))
    if not doc:
        return ["no opening sentence"]
    first = doc.splitlines()[0]
    return [] if first.endswith((".", "。", ":", "…")) else [f"the opening line is no sentence: {first!r}"]


def lengths(text: str) -> list[str]:
    lines = text.count("\n")
    found = [f"{lines} lines"] if lines > FILE_LINES_MAX else []
    return found + [f"{name} has {size} lines" for name, size in functions(text) if size > FUNCTION_LINES_MAX]


def functions(text: str) -> list[tuple[str, int]]:
    """Every function and the lines of its body without its docstring."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[0].end_lineno if ast.get_docstring(node) else node.lineno
            found.append((node.name, (node.end_lineno or 0) - (start or 0) + 1))
    return found


def deferred_imports(text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += [f"import inside {node.name}" for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom)]
    return found


def impurities(text: str, room: str) -> list[str]:
    """What a decision may not know: a clock, an id, the outside, something that changes."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [f"imports {a.name}" for a in node.names if a.name.split(".")[0] not in DOMAIN_MAY_IMPORT]
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            own = module.startswith(f"services.{room}.domain")
            if not own and module not in SHARED_VALUES and module.split(".")[0] not in DOMAIN_MAY_IMPORT:
                found.append(f"imports {module}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            found.append(f"calls {node.func.attr}()")
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            found.append("awaits")
        if isinstance(node, ast.ClassDef):
            found += _thawed(node)
    return found


def _thawed(node: ast.ClassDef) -> list[str]:
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id == "Struct":
            frozen = any(k.arg == "frozen" and isinstance(k.value, ast.Constant) and k.value.value is True for k in node.keywords)
            return [] if frozen else [f"{node.name} is not frozen"]
    for decorator in node.decorator_list:
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(name, ast.Name) and name.id == "dataclass":
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            frozen = any(k.arg == "frozen" and isinstance(k.value, ast.Constant) and k.value.value is True for k in keywords)
            return [] if frozen else [f"{node.name} is not frozen"]
    return []


def misnamed(path: Path) -> list[str]:
    return [f"{part} is no name for a room" for part in (*path.parts[:-1], path.stem) if part in FORBIDDEN_NAMES]


def refusals_without_sentence(text: str) -> list[str]:
    """A refusal's docstring is what people read."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "Rejected" for b in node.bases):
            doc = ast.get_docstring(node) or ""
            if not doc.splitlines() or not doc.splitlines()[0].endswith("."):
                found.append(f"{node.name} says nothing")
    return found


def windows(text: str) -> list[str]:
    """Runs of six lines of code, as they stand, without blank lines, imports and comments."""
    lines = [line.strip() for line in text.splitlines()]
    kept = [x for x in lines if x and not x.startswith(("#", "import ", "from ", '"""', ")", "]", "}"))]
    return ["\n".join(kept[i : i + WINDOW]) for i in range(len(kept) - WINDOW + 1)]


def repetition(rooms: Mapping[str, list[str]]) -> float:
    """The share of six-line windows of a room that stand in another room too."""
    owners: dict[str, set[str]] = {}
    for room, texts in rooms.items():
        for text in texts:
            for window in windows(text):
                owners.setdefault(window, set()).add(room)
    total = sum(len(windows(text)) for texts in rooms.values() for text in texts)
    repeated = Counter(len(r) > 1 for r in owners.values())[True]
    return repeated / max(1, total)


SECRETS_OF_THE_WORKSHOP = re.compile(
    r"/work/|/root/|files\.pythonhosted|pypi\.org/simple|registry\.npmjs|repo1?\.maven|https?://[^ \"')]*/(simple|maven2)/", re.IGNORECASE
)


def workshop_words(text: str) -> list[str]:
    """No path of a machine and no host of a package index."""
    return [f"line {n}: {m.group(0)}" for n, line in enumerate(text.splitlines(), 1) if (m := SECRETS_OF_THE_WORKSHOP.search(line))]
