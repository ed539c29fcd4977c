"""Why yes and why no: every condition with the value found, the threshold, the margin and the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from services.matching.domain.facts import Known, to_ask
from services.matching.domain.rules import InForce, Rule, Rules


class Because(Struct, frozen=True):
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


def _reason(rule: Rule, value: Any) -> Because:
    counted = isinstance(rule.threshold, int | float) and not isinstance(rule.threshold, bool) and value is not None
    margin = None
    if counted:
        margin = value - rule.threshold if rule.comparison in _UPWARDS else rule.threshold - value
        margin = -abs(margin) if rule.comparison == "equals" else margin
    met = None if value is None else _held(rule, value)
    return Because(rule.id, value, rule.threshold, margin, rule.source, rule.valid_from, met, rule.zh, rule.en)


class Told(Struct, frozen=True):
    """The outcome of one rule or group: held, its reasons, and the facts that would settle it."""

    held: bool | None
    because: tuple[Because, ...]
    missing: tuple[str, ...]


def _told(rule: Rule | Rules, value_of: Callable[[str], Any], ask: Callable[[str], tuple[str, ...]]) -> Told:
    if isinstance(rule, Rule):
        reason = _reason(rule, value_of(rule.fact))
        return Told(reason.met, (reason,), ask(rule.fact) if reason.met is None else ())
    return together(rule.mode, [_told(member, value_of, ask) for member in rule.members])


def settled(rules: Sequence[Rule | Rules], facts: Mapping[str, Any]) -> Told:
    """All of these rules held against facts as they were told; what is missing is asked for by its own name."""
    return together("all", [_told(rule, facts.get, lambda fact: (fact,)) for rule in rules]) if rules else Told(True, (), ())


def together(mode: str, parts: Sequence[Told]) -> Told:
    """Several outcomes as one: `any` is settled by a yes, `all` by a no; only an open question asks for facts."""
    decisive = mode == "any"
    because = tuple([b for part in parts for b in part.because])
    if any(part.held is decisive for part in parts):
        return Told(decisive, because, ())
    if any(part.held is None for part in parts):
        return Told(None, because, tuple(dict.fromkeys([m for part in parts for m in part.missing])))
    return Told(not decisive, because, ())


def explained(one: InForce, known: Known) -> Told:
    """Every condition of a programme in force, and what is missing to decide or to count the amount."""

    def value_of(fact: str) -> Any:
        return getattr(known, fact)

    def ask(fact: str) -> tuple[str, ...]:
        return to_ask(fact, known)

    told = together("all", [_told(rule, value_of, ask) for rule in one.rules]) if one.rules else Told(True, (), ())
    amount = one.programme.amount
    if told.held and amount.form == "share" and not amount.unless_unknown and getattr(known, amount.fact) is None:
        return Told(None, told.because, to_ask(amount.fact, known))
    if told.held and amount.form == "difference" and known.per_head_income_month_fen is None:
        return Told(None, told.because, to_ask("per_head_income_month_fen", known))
    return told
