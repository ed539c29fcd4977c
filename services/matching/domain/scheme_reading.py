"""Plain data to schemes of conditions: the same words as a programme's conditions, their facts named by the file itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.matching.domain.rule_reading import BadValue, MissingKey, Reading, UnfitComparison, UnknownKey
from services.matching.domain.rules import ALWAYS, Condition, Group, Rule, Rules
from services.matching.domain.schemes import Fact, Scheme

_NEEDED = {"code", "zh", "en", "source", "facts"}
_ALLOWED = {*_NEEDED, "note", "counts_as_local", "general", "districts", "not_in_table"}
_FLAGS = ("is_true", "is_false")


def scheme(data: Mapping[str, Any]) -> Scheme:
    """One file as a value; raises a `RuleFault` that says what is wrong and where."""
    code = str(data.get("code", "?"))
    for key in sorted(_NEEDED - set(data)):
        raise MissingKey(f"{code}: {key}")
    for key in sorted(set(data) - _ALLOWED):
        raise UnknownKey(f"{code}: {key}")
    groups = {"general": data.get("general", ()), **data.get("districts", {})}
    kinds: dict[str, str] = {}
    for one in (leaf for group in groups.values() for leaf in _leaves(group)):
        kind = "flag" if one.get("is") in _FLAGS else "number"
        if kinds.setdefault(str(one.get("fact")), kind) != kind:
            raise UnfitComparison(f"{code}: {one.get('fact')} is a flag and a number")
    if "counts_as_local" in data:
        kinds.setdefault(data["counts_as_local"], "flag")
    words = data["facts"]
    for name in sorted(kinds.keys() ^ words.keys()):
        raise (MissingKey if name in kinds else UnknownKey)(f"{code}.facts: {name}")
    for name, said in words.items():
        if not isinstance(said, Mapping) or set(said) != {"zh", "en"}:
            raise MissingKey(f"{code}.facts.{name}: both languages")
    reading, defaults = Reading(code, {}, {}, kinds), {"source": data["source"], "valid_from": ALWAYS}
    read = {
        name: tuple([_standing(reading.condition(_with(one, defaults), f"{code}.{name}[{n}]")) for n, one in enumerate(group)])
        for name, group in groups.items()
    }
    overlap = set(data.get("not_in_table", ())) & set(data.get("districts", {}))
    if overlap:
        raise BadValue(f"{code}.not_in_table: {sorted(overlap)}")
    note, facts = data.get("note", {}), {name: Fact(kind, words[name]["zh"], words[name]["en"]) for name, kind in kinds.items()}
    return Scheme(
        code, data["zh"], data["en"], str(data["source"]), read.pop("general"), read, tuple(data.get("not_in_table", ())), facts,
        data.get("counts_as_local", ""), note.get("zh", ""), note.get("en", ""),
    )  # fmt: skip


def _leaves(group: Any) -> Iterator[Mapping[str, Any]]:
    for one in group:
        inner = one.get("any") or one.get("all")
        if inner:
            yield from _leaves(inner)
        else:
            yield one


def _with(one: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The condition with its source and day; groups have none of their own."""
    for mode in ("any", "all"):
        if mode in one:
            return {mode: [_with(member, defaults) for member in one[mode]]}
    return {**defaults, **one}


def _standing(one: Condition | Group) -> Rule | Rules:
    if isinstance(one, Group):
        return Rules(one.mode, tuple([_standing(member) for member in one.members]))
    threshold: Any = one.comparison == "is_true"
    if one.number is not None and one.number.literal is not None:
        threshold = int(one.number.literal)
    return Rule(one.id, one.fact, one.comparison, threshold, one.source, one.valid_from, one.zh, one.en)
