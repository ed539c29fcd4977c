"""Words of every page: both languages have the same keys, and no template asks for a word that is not there."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from shared.web.filters import day, moment, place_filter, yuan
from shared.web.frame import signposts
from shared.web.words import FRAME_WORDS, MissingWord, Words, read_words, speaking

ROOT = Path(__file__).parents[2]
CATALOGUES = {"shared": FRAME_WORDS, **{one.parent.name: one for one in sorted(ROOT.glob("services/*/words"))}}
TEMPLATES = sorted([*ROOT.glob("shared/web/templates/**/*.html"), *ROOT.glob("services/*/templates/**/*.html")])
_PLAIN = re.compile(r"""\bt\(\s*(["'])([\w.-]+)\1\s*[,)]""")
_STEM = re.compile(r"""\bt\(\s*(["'])([\w.-]+\.)\1\s*~""")


def _room(template: Path) -> str:
    parts = template.relative_to(ROOT).parts
    return parts[1] if parts[0] == "services" else "shared"


@pytest.mark.parametrize("room", CATALOGUES)
def test_both_languages_have_the_same_keys(room: str) -> None:
    zh, en = (read_words(CATALOGUES[room], one) for one in ("zh", "en"))
    assert zh.keys() ^ en.keys() == set()
    assert [key for key, text in {**zh, **en}.items() if not text.strip()] == []


def _twice(node: yaml.Node | None) -> list[str]:
    """The keys that stand twice in one mapping; the second would silently take the place of the first."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        return [key for key in dict.fromkeys(keys) if keys.count(key) > 1] + [one for _, value in node.value for one in _twice(value)]
    return []


@pytest.mark.parametrize(
    "file",
    [one for room in CATALOGUES.values() for one in sorted(room.glob("*.yaml"))],
    ids=lambda one: f"{one.parents[1].name}-{one.stem}",
)
def test_no_key_stands_twice(file: Path) -> None:
    assert _twice(yaml.compose(file.read_text("utf-8"))) == []


@pytest.mark.parametrize("room", CATALOGUES)
def test_both_languages_fill_in_the_same_values(room: str) -> None:
    zh, en = (read_words(CATALOGUES[room], one) for one in ("zh", "en"))
    slots = re.compile(r"\{(\w+)\}")
    assert [key for key in zh if set(slots.findall(zh[key])) != set(slots.findall(en.get(key, "")))] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_word_a_template_asks_for_exists(template: Path) -> None:
    known = {**read_words(FRAME_WORDS, "zh"), **read_words(CATALOGUES.get(_room(template), FRAME_WORDS), "zh")}
    text = template.read_text(encoding="utf-8")
    missing = [key for _, key in _PLAIN.findall(text) if key not in known]
    stems = [stem for _, stem in _STEM.findall(text) if f'has_word("{stem}" ~' not in text]
    missing += [stem for stem in stems if not any(key.startswith(stem) for key in known)]
    assert missing == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_template_has_inline_script_or_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", text) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_form_that_writes_carries_the_token(template: Path) -> None:
    forms = re.findall(r'<form[^>]*method="post".*?</form>', template.read_text(encoding="utf-8"), re.S)
    assert [form[:80] for form in forms if "{{ csrf }}" not in form] == []


def test_every_signpost_has_a_name_and_a_sentence() -> None:
    known = read_words(FRAME_WORDS, "zh")
    assert [one.key for one in signposts() if f"nav.{one.key}" not in known] == []
    assert [one.key for one in signposts() if f"nav_about.{one.key}" not in known] == []


def test_a_missing_word_fails_a_test_and_shows_its_key() -> None:
    with pytest.warns(MissingWord):
        assert Words()("frame.no_such_word") == "frame.no_such_word"


def test_values_are_written_as_people_of_the_language_write_them() -> None:
    at = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    with speaking("zh"):
        assert (day(date(2026, 11, 23)), moment(at)) == ("2026年11月23日", "2026年11月23日 00:30")
    with speaking("en"):
        assert (day("2026-11-23"), moment(at.isoformat())) == ("23 November 2026", "23 November 2026, 00:30")


@pytest.mark.parametrize(("fen", "text"), [(9_000_000, "90,000.00"), (5, "0.05"), (-1, "-0.01"), (0, "0.00"), (None, "")])
def test_fen_are_written_as_yuan(fen: int | None, text: str) -> None:
    assert yuan(fen) == text


@pytest.mark.parametrize(
    ("code", "name"), [("440106", "天河区"), ("440106011", "天河区棠下街道"), ("440106999", "天河区"), ("110000", "110000")]
)
def test_places_have_names_where_we_know_them(code: str, name: str) -> None:
    assert place_filter(Words())(code) == name
