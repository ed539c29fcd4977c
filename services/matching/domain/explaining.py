"""Why yes and why no: every condition with the value found, the threshold, the margin and the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from services.matching.domain.rules import Rule, Rules


class Because(Struct, frozen=True, gc=False):
    """One condition; `margin` is how far on the good side (below zero: how much is missing), None where nothing is counted."""

    rule: str
    value: Any
    threshold: Any
    margin: int | float | None
    source: str
    valid_from: date
    met: bool | None = None
    zh: str = ""
    en: str = ""


_UPWARDS = {"at_least", "over"}


def _held(rule: Rule, value: Any) -> bool:
    match rule.comparison:
        case "is_true":
            return value is True
        case "is_false":
            return value is False
        case "known":
            return True
        case "among":
            return value in rule.threshold
        case "has_any":
            return any(one in rule.threshold for one in value)
        case "has_none":
            return not any(one in rule.threshold for one in value)
        case "at_most":
            return bool(value <= rule.threshold)
        case "under":
            return bool(value < rule.threshold)
        case "at_least":
            return bool(value >= rule.threshold)
        case "over":
            return bool(value > rule.threshold)
        case _:
            return bool(value == rule.threshold)


def counted(rule: Rule) -> bool:
    """Whether the threshold is a number, so that there is a margin."""
    return isinstance(rule.threshold, int | float) and not isinstance(rule.threshold, bool)


def reason(rule: Rule, value: Any) -> Because:
    """One condition held against a value; None is not known."""
    margin = None
    if counted(rule) and value is not None:
        margin = value - rule.threshold if rule.comparison in _UPWARDS else rule.threshold - value
        margin = -abs(margin) if rule.comparison == "equals" else margin
    met = None if value is None else _held(rule, value)
    return Because(rule.id, value, rule.threshold, margin, rule.source, rule.valid_from, met, rule.zh, rule.en)


class Told(Struct, frozen=True):
    """The outcome of one rule or group: held, its reasons, and the facts that would settle it."""

    held: bool | None
    because: tuple[Because, ...]
    missing: tuple[str, ...]


def outcome(rule: Rule | Rules, value_of: Callable[[str], Any], ask: Callable[[str], tuple[str, ...]]) -> Told:
    """One rule or group held against the values of its facts; `ask` says what would make a fact known."""
    if isinstance(rule, Rule):
        because = reason(rule, value_of(rule.fact))
        return Told(because.met, (because,), ask(rule.fact) if because.met is None else ())
    return together(rule.mode, [outcome(member, value_of, ask) for member in rule.members])


def settled(rules: Sequence[Rule | Rules], facts: Mapping[str, Any]) -> Told:
    """All of these rules held against facts as they were told; what is missing is asked for by its own name."""
    return together("all", [outcome(rule, facts.get, lambda fact: (fact,)) for rule in rules]) if rules else Told(True, (), ())


def together(mode: str, parts: Sequence[Told]) -> Told:
    """Several outcomes as one: `any` is settled by a yes, `all` by a no; only an open question asks for facts."""
    decisive = mode == "any"
    because = tuple([b for part in parts for b in part.because])
    if any(part.held is decisive for part in parts):
        return Told(decisive, because, ())
    if any(part.held is None for part in parts):
        return Told(None, because, tuple(dict.fromkeys([m for part in parts for m in part.missing])))
    return Told(not decisive, because, ())
