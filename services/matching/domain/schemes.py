"""Schemes that ask for conditions alone: school enrolment by district, public rental housing, home purchase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from services.matching.domain.explaining import Because, Told, settled
from services.matching.domain.rules import Rule, Rules


class Fact(Struct, frozen=True):
    """What is asked in both languages, and its kind: flag or number (whole months, or homes)."""

    kind: str
    zh: str
    en: str


class Scheme(Struct, frozen=True):
    """`general` counts everywhere, `districts` more by GB/T 2260 code; `counts_as_local` names a flag that makes the rest unnecessary."""

    code: str
    zh: str
    en: str
    source: str
    general: tuple[Rule | Rules, ...]
    districts: Mapping[str, tuple[Rule | Rules, ...]]
    not_in_table: tuple[str, ...]
    facts: Mapping[str, Fact]
    counts_as_local: str = ""
    note_zh: str = ""
    note_en: str = ""


class Answer(Struct, frozen=True):
    """`verdict` is eligible, ineligible, needs_information, local (no condition asked) or not_in_table (the source tells no rule)."""

    verdict: str
    because: tuple[Because, ...] = ()
    missing: tuple[str, ...] = ()


_VERDICTS: Mapping[bool | None, str] = {True: "eligible", False: "ineligible", None: "needs_information"}


def _known(scheme: Scheme, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name, one in scheme.facts.items() if _fits(facts.get(name), one.kind)}


def in_the_way(scheme: Scheme, facts: Mapping[str, Any]) -> tuple[tuple[str, Because], ...]:
    """The facts on which conditions that count everywhere fail or are not known, each with its condition; those of a group that holds are not."""
    known, found = _known(scheme, facts), []
    for one in scheme.general:
        told: Told = settled((one,), known)
        if told.held is not True:
            of_rule = dict(_by_rule((one,)))
            found += [(of_rule[b.rule], b) for b in told.because if b.met is not True]
    return tuple(found)


def _by_rule(rules: Sequence[Rule | Rules]) -> list[tuple[str, str]]:
    return [pair for one in rules for pair in (_by_rule(one.members) if isinstance(one, Rules) else [(one.id, one.fact)])]


def answer(scheme: Scheme, facts: Mapping[str, Any], district: str | None) -> Answer:
    """What the scheme says to these facts; a fact of the wrong kind is not known."""
    known = _known(scheme, facts)
    if scheme.counts_as_local and known.get(scheme.counts_as_local) is True:
        return Answer("local")
    if scheme.districts and district not in scheme.districts:
        return Answer("not_in_table")
    rules = (*scheme.general, *(scheme.districts.get(district, ()) if district else ()))
    told: Told = settled(rules, known)
    return Answer(_VERDICTS[told.held], told.because, told.missing)


def asked(scheme: Scheme, district: str | None) -> tuple[str, ...]:
    """The facts that this scheme asks for there, in the order of its conditions, each once."""
    rules = (*scheme.general, *(scheme.districts.get(district, ()) if district else ()))
    first = (scheme.counts_as_local,) if scheme.counts_as_local else ()
    return tuple(dict.fromkeys((*first, *_facts(rules))))


def _facts(rules: Sequence[Rule | Rules]) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for one in rules:
        found += _facts(one.members) if isinstance(one, Rules) else (one.fact,)
    return found


def _fits(value: Any, kind: str) -> bool:
    return isinstance(value, bool) if kind == "flag" else isinstance(value, int) and not isinstance(value, bool)
