"""Words in two languages: catalogues from YAML folders, and the language that is being spoken while a page is made."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("zh", "en")
FRAME_WORDS = Path(__file__).parent / "words"

_speaking: ContextVar[str] = ContextVar("speaking", default="zh")


class MissingWord(UserWarning):
    """A template asks for a word that no catalogue has; tests turn the warning into a failure, people see the key."""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Words, dates and places come in this language inside."""
    before = _speaking.set(language if language in LANGUAGES else "zh")
    try:
        yield
    finally:
        _speaking.reset(before)


def language_now() -> str:
    return _speaking.get()


def read_words(folder: Path, language: str) -> dict[str, str]:
    """One catalogue, flat: `{"intake": {"desk": "..."}}` is the key `intake.desk`; every value is text."""
    file = folder / f"{language}.yaml"
    if not file.exists():
        return {}
    # The base loader keeps every scalar text: a key `no` stays a word and a code keeps its zeros.
    tree = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) or {}  # noqa: S506
    return dict(_flat("", tree))


def _flat(prefix: str, tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", str(value)


class Words:
    """The frame's words and those of the given folders, later folders first."""

    def __init__(self, *folders: Path) -> None:
        self._texts = {one: _merged((FRAME_WORDS, *folders), one) for one in LANGUAGES}

    def __call__(self, key: str, /, **values: Any) -> str:
        """The text of a key in the language spoken now; `{name}` in it is filled from the values."""
        text = self._texts[language_now()].get(key)
        if text is None:
            warnings.warn(f"no word for {key} in {language_now()}", MissingWord, stacklevel=2)
            return key
        return text.format(**values) if values else text

    def get(self, key: str, default: str = "") -> str:
        """The text of a key that need not exist."""
        return self._texts[language_now()].get(key, default)

    def has(self, key: str) -> bool:
        return key in self._texts[language_now()]


def _merged(folders: tuple[Path, ...], language: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for folder in folders:
        merged.update(read_words(folder, language))
    return merged
