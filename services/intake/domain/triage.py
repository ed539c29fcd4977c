"""What the words of a call mean: needs and urgency, each with the rules and the words that led there; pure and explainable.

Rules and a linear model read the same text. The model decides which needs there are and how urgent they are; a rule of danger is a floor
that the model cannot lower.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from services.intake.domain import lexicon
from services.intake.domain.first_characters import first_characters
from services.intake.domain.introductions import story_begins
from services.intake.domain.model import NEEDS, OUTPUTS, Model, Seen, probability, scores, seen, spans
from services.intake.domain.plain_writing import plain

_TEXT_MAX = 20_000  # characters that are read; what follows is kept but not weighed
_BEFORE = 20  # how far back a denial may stand
_ANY, _HIGH, _CRITICAL = (OUTPUTS.index(name) for name in ("any", "high", "critical"))
_UNSURE = (0.2, 0.8)  # a probability between these is not understood
_LEEWAY = 1.0  # how far below the bound of a need a text may stay and still be in danger
# Who speaks of one of these, or denies something, has said that there is no need; who says nothing of the kind was not understood.
_NO_NEED = frozenset(
    f"idea:{name}"
    for name in (
        "thanks", "donate", "volunteer", "ask_info", "progress", "withdraw", "complain", "wrong_number", "test_call", "joke", "news",
        "figure_of_speech", "settled", "no_trouble", "organisation", "recovered", "enough", "plan_service", "good_news",
    )
)  # fmt: skip


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


class Triage(Struct, frozen=True, gc=False):
    """`needs` and `because` name rules (`word:medical.7`) or the `model`; `words` are what was said, by need and under `urgency`: personal.

    `confidence` is between 0 and 1, by need and under `urgency`. `status` is `understood`, `no_need` or `needs_information`.
    """

    needs: Mapping[str, tuple[str, ...]]
    level: str
    because: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    unsure: bool = False
    status: str = "understood"
    confidence: Mapping[str, float] = {}


NOTHING = Triage({}, "none", (), {}, status="needs_information")


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


class Read(Struct, frozen=True, gc=False):
    """A text as it is weighed: its plain writing, where that comes from, which rules stand and what the model sees."""

    text: str
    places: list[int]
    standing: Mapping[str, list[_Match]]
    sees: Seen

    def said(self, start: int, end: int) -> str:
        """What was said at this stretch of the plain writing."""
        return self.text[self.places[start] : self.places[end - 1] + 1]


def read(text: str) -> Read:
    """Read one text of any length; only its beginning is weighed."""
    text = text[:_TEXT_MAX].lower().replace("’", "'")
    text = text[story_begins(text) :]
    found = _matches(text)
    past = found.get("past", [])
    standing = {name: kept for name, matches in found.items() if name != "past" and (kept := _standing(text, matches, past))}
    writing, places = plain(text)
    # A rule that fell is told to the model too: a denied plan is not the same as none.
    rules = {m[0] for kept in standing.values() for m in kept} | {f"some:{name}" for name in standing}
    rules |= {f"fell:{name}" for name in found if name not in standing}
    return Read(text, places, standing, seen(writing, sorted(rules)))


def triage(text: str, model: Model) -> Triage:
    """Needs and urgency of one text. What is said of danger now is `critical` whatever the model thinks of the rest."""
    if not text or text.isspace():
        return NOTHING
    this = read(text)
    score = scores(model, this.sees)
    over = [value > bound for value, bound in zip(score, model.thresholds, strict=True)]
    floor = this.standing.get("critical", [])
    level = (
        "critical"
        if floor or (over[_CRITICAL] and score[_ANY] > model.thresholds[_ANY] - _LEEWAY)
        else "high"
        if over[_HIGH]
        else "normal"
        if over[_ANY]
        else "none"
    )
    chosen = [number for number in range(len(NEEDS)) if over[number]] if level != "none" else []
    if level != "none" and not chosen:
        chosen = [max(range(len(NEEDS)), key=lambda number: score[number] - model.thresholds[number])]
    needs, words, confidence = {}, {}, {}
    for number in chosen:
        need = NEEDS[number]
        rules = this.standing.get(need, [])
        needs[need] = (*dict.fromkeys([m[0] for m in rules]), "model")
        words[need] = _words(this, model, number, rules)
        confidence[need] = round(probability(model, number, score[number]), 3)
    because: tuple[str, ...] = ()
    if level in ("critical", "high"):
        rules = floor if level == "critical" else this.standing.get("high", [])
        output = _CRITICAL if level == "critical" else _HIGH
        because = (*dict.fromkeys([m[0] for m in rules]), *(["model"] if over[output] else []))
        words["urgency"] = _words(this, model, output, rules)
    elif level == "normal":
        because = ("needs",)
    confidence["urgency"] = _sure(model, score, level, floor=bool(floor))
    status = _status(this, probability(model, _ANY, score[_ANY]), level)
    return Triage(needs, level, because, words, status == "needs_information", status, confidence)


def _words(this: Read, model: Model, output: int, rules: list[_Match]) -> tuple[str, ...]:
    said = [m[1] for m in rules] + [this.said(start, end) for start, end in spans(model, this.sees, output)]
    return tuple(dict.fromkeys(said))


def _sure(model: Model, score: list[float], level: str, *, floor: bool) -> float:
    """How likely the urgency is neither higher nor lower than this."""
    some, high, critical = (probability(model, number, score[number]) for number in (_ANY, _HIGH, _CRITICAL))
    if level == "critical":
        return round(max(critical, 0.9) if floor else critical, 3)
    if level == "high":
        return round(high * (1 - critical), 3)
    return round(some * (1 - high) if level == "normal" else 1 - some, 3)


def _status(this: Read, some: float, level: str) -> str:
    if level in ("critical", "high"):
        return "understood"
    clear = "no_need" in this.standing or any(name in _NO_NEED or name.startswith("not:") for name, *_ in this.sees.ideas)
    if _UNSURE[0] < some < _UNSURE[1] or (level == "none" and not clear):
        return "needs_information"
    return "no_need" if level == "none" else "understood"
