"""What the words of a call mean: needs and urgency, each with the rules and the words that led there; pure and explainable."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from services.intake.domain import lexicon
from services.intake.domain.first_characters import first_characters

_TEXT_MAX = 20_000  # characters that are read; what follows is kept but not weighed
_BEFORE = 20  # how far back a denial may stand


class _Rule(Struct, frozen=True, gc=False):
    """One rule: its need (or level), its id, and its pattern, tried only where its first character stands."""

    name: str
    id: str
    pattern: re.Pattern[str]


def _by_first_character(groups: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[_Rule, ...]]:
    found: dict[str, list[_Rule]] = {}
    for name, patterns in groups.items():
        for number, pattern in enumerate(patterns, 1):
            rule = _Rule(name, f"word:{name}.{number}", re.compile(pattern))
            for character in first_characters(pattern):
                found.setdefault(character, []).append(rule)
    return {character: tuple(rules) for character, rules in found.items()}


_RULES = _by_first_character(
    {**lexicon.NEEDS, "critical": lexicon.CRITICAL, "high": lexicon.HIGH, "no_need": (lexicon.NO_NEED,), "past": (lexicon.PAST,)}
)
_DENIALS = tuple([d + p for d in lexicon.DENIALS for p in ("", *lexicon.PARTICLES) if d.isascii() == p.isascii() or not p])
_CLAUSE = re.compile(r"[，。；！？,.;!?\n]")
# Words of danger that bring their need with them when no other word did.
_NEED_OF_CRITICAL = {1: "mental_health", 2: "mental_health", 3: "mental_health", 4: "emergency", 5: "livelihood", 6: "child_welfare", 7: "medical",
                     8: "housing", 9: "elderly_care", 10: "emergency", 11: "mental_health", 12: "mental_health", 13: "emergency", 14: "livelihood",
                     15: "medical", 16: "medical", 17: "housing", 18: "emergency", 19: "emergency"}  # fmt: skip


class Triage(Struct, frozen=True, gc=False):
    """`needs` and `because` name rules (`word:medical.7`); `words` are what was said, by need and under `urgency`: personal."""

    needs: Mapping[str, tuple[str, ...]]
    level: str
    because: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    unsure: bool = False


NOTHING = Triage({}, "none", (), {})


_Match = tuple[str, str, int, int]  # rule, word, start, end


def _matches(text: str) -> dict[str, list[_Match]]:
    """Everything the rules see, by need or level."""
    found: dict[str, list[_Match]] = {}
    rules_of = _RULES.get
    for place, character in enumerate(text):
        for rule in rules_of(character, ()):
            match = rule.pattern.match(text, place)
            if match is not None:
                found.setdefault(rule.name, []).append((rule.id, match.group(), place, match.end()))
    return found


def _denied(text: str, start: int) -> bool:
    before = " " + text[max(0, start - _BEFORE) : start].rstrip()
    return before.endswith(_DENIALS) and not before.endswith(lexicon.NO_DENIALS)


def _standing(text: str, matches: list[_Match], past: list[_Match]) -> list[_Match]:
    """Those that are neither denied nor in a clause that speaks of the past."""
    return [m for m in matches if not _denied(text, m[2]) and not any(_one_clause(text, m, over) for over in past)]


def _one_clause(text: str, one: _Match, other: _Match) -> bool:
    first, second = (one, other) if one[2] < other[2] else (other, one)
    return _CLAUSE.search(text, first[3], max(first[3], second[2])) is None


def triage(text: str) -> Triage:
    """Needs and urgency of one text. A word of danger counts even when it is denied or past: then it weighs one level less."""
    if not text or text.isspace():
        return NOTHING
    text = text[:_TEXT_MAX].lower().replace("’", "'")
    found = _matches(text)
    past, idle_talk = found.pop("past", []), found.pop("no_need", [])
    level, because, said = _level(text, found.pop("critical", []), found.pop("high", []), past)
    idle = level == "none" and bool(idle_talk)
    needs: dict[str, tuple[str, ...]] = {}
    words: dict[str, tuple[str, ...]] = {}
    for need, matches in found.items():
        standing = _standing(text, matches, past)
        if standing and not (idle and len(standing) < 2):
            needs[need] = tuple(dict.fromkeys([m[0] for m in standing]))
            words[need] = tuple(dict.fromkeys([m[1] for m in standing]))
    for rule, word, *_ in said:
        brought = _NEED_OF_CRITICAL.get(int(rule.rsplit(".", 1)[1])) if rule.startswith("word:critical") else None
        if brought is not None and brought not in needs:
            needs[brought], words[brought] = (rule,), (word,)
    if level != "none":
        words["urgency"] = tuple(dict.fromkeys([m[1] for m in said]))
    elif needs:
        level, because = "normal", ("needs",)
    return Triage(needs, level, because, words, unsure=not needs and not idle)


def _level(text: str, critical: list[_Match], high: list[_Match], past: list[_Match]) -> tuple[str, tuple[str, ...], list[_Match]]:
    """The level by words of danger: critical ones are lowered to high, never dropped, where they are denied or past."""
    standing = _standing(text, critical, past) if critical else []
    if standing:
        return "critical", tuple(dict.fromkeys([m[0] for m in standing])), standing
    raised = critical + (_standing(text, high, past) if high else [])
    if raised:
        return "high", tuple(dict.fromkeys([m[0] for m in raised])), raised
    return "none", (), []
