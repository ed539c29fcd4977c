"""Plain data to rules: every fault of a rule file is named with the file's key and the place in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from services.matching.domain.facts import KINDS
from services.matching.domain.rules import NEEDS, NEVER, SPECIAL, Amount, Condition, Dated, Group, Number, Programme, leaves

_COUNTING = frozenset(("at_most", "under", "at_least", "over", "equals"))
_COMPARISONS = {"number": _COUNTING, "flag": {"is_true", "is_false"}, "code": {"among", "known"}, "codes": {"has_any", "has_none"}}
_SCOPES = {"person": {"year", "month"}, "household": {"year", "month"}, "case": {"case"}}
_FORMS = ("flat", "share", "difference", "nothing")


class RuleFault(Exception):
    """A rule file that must not be put in force."""


class UnknownKey(RuleFault):
    """A key that no rule has."""


class MissingKey(RuleFault):
    """A key that every such rule must have."""


class BadValue(RuleFault):
    """A value outside what is allowed here."""


class UnknownFact(RuleFault):
    """A fact that nobody reports."""


class UnfitComparison(RuleFault):
    """A comparison that does not fit the kind of the fact."""


class UnknownParameter(RuleFault):
    """A parameter that is defined neither in the programme nor for the city."""


class NoSource(RuleFault):
    """A number or condition that nobody vouches for."""


class SaidTwice(RuleFault):
    """Two rules, values or programmes of one name."""


def _keys(what: Mapping[str, Any], at: str, needed: Sequence[str], allowed: Sequence[str] = ()) -> None:
    for key in needed:
        if key not in what:
            raise (NoSource if key == "source" else MissingKey)(f"{at}: {key}")
    for key in what:
        if key not in needed and key not in allowed:
            raise UnknownKey(f"{at}: {key}")


def _day(value: Any, at: str) -> date:
    if type(value) is not date:
        raise BadValue(f"{at}: {value!r} is no day")
    return value


def _fraction(value: Any, at: str) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadValue(f"{at}: {value!r} is neither a whole number nor a decimal in quotes")
    try:
        return Fraction(value)
    except ValueError:
        raise BadValue(f"{at}: {value!r} is no number") from None


def series(values: Any, at: str) -> tuple[Dated, ...]:
    """The dated values of one parameter, each with a source; no two from the same day."""
    if not isinstance(values, list) or not values:
        raise BadValue(f"{at}: no values")
    found = []
    for n, one in enumerate(values):
        here = f"{at}[{n}]"
        _keys(one, here, ("from", "value", "source"), ("note", "note_zh"))
        notes = (one.get("note", ""), one.get("note_zh", ""))
        if all(notes) != any(notes):
            raise MissingKey(f"{here}: a note is told in both languages")
        found.append(Dated(_day(one["from"], here), _fraction(one["value"], here), str(one["source"]), *notes))
    if len({one.valid_from for one in found}) != len(found):
        raise SaidTwice(f"{at}: two values from the same day")
    return tuple(sorted(found, key=lambda d: d.valid_from))


def city_series(shared: Mapping[str, Any]) -> dict[str, tuple[Dated, ...]]:
    """The city's parameters; what differs by place stands under `<name>:<place code>`."""
    found: dict[str, tuple[Dated, ...]] = {}
    for name, values in shared.items():
        by_place = {f"{name}:{place}": one for place, one in values.items()} if isinstance(values, Mapping) else {name: values}
        found.update({key: series(one, f"parameters.{key}") for key, one in by_place.items()})
    return found


class Reading:
    """One programme's file being read; knows which parameters exist."""

    def __init__(
        self, code: str, own: Mapping[str, tuple[Dated, ...]], city: Mapping[str, tuple[Dated, ...]], kinds: Mapping[str, str] = KINDS
    ) -> None:
        self.code, self.own, self.city, self.kinds = code, own, city, kinds

    def number(self, value: Any, at: str) -> Number:
        if not isinstance(value, Mapping):
            return Number(literal=_fraction(value, at))
        _keys(value, at, ("parameter",), ("times",))
        for name in value.values():
            if name not in self.own and name not in self.city:
                raise UnknownParameter(f"{at}: {name}")
        return Number(parameter=value["parameter"], times=value.get("times"))

    def condition(self, one: Any, at: str) -> Condition | Group:
        if not isinstance(one, Mapping):
            raise BadValue(f"{at}: {one!r} is no condition")
        for mode in ("any", "all"):
            if mode in one:
                _keys(one, at, (mode,))
                return Group(mode, tuple([self.condition(m, f"{at}.{mode}[{n}]") for n, m in enumerate(one[mode])]))
        _keys(one, at, ("id", "zh", "en", "fact", "is", "source", "valid_from"), ("than", "of", "valid_until"))
        fact, comparison = one["fact"], one["is"]
        if fact not in self.kinds:
            raise UnknownFact(f"{at}: {fact}")
        if comparison not in _COMPARISONS[self.kinds[fact]]:
            raise UnfitComparison(f"{at}: {fact} is {comparison}")
        number = self.number(one.get("than"), f"{at}.than") if comparison in _COUNTING else None
        among = tuple(one.get("of", ()))
        if comparison in ("among", "has_any", "has_none") and not among:
            raise MissingKey(f"{at}: of")
        until = _day(one["valid_until"], at) if "valid_until" in one else NEVER
        return Condition(
            one["id"], one["zh"], one["en"], fact, comparison, str(one["source"]), _day(one["valid_from"], at), until, number, among
        )

    def amount(self, one: Mapping[str, Any], at: str) -> Amount:
        if one.get("form") == "nothing":
            _keys(one, at, ("form",))
            return Amount("nothing", Number(literal=Fraction(0)))
        _keys(one, at, ("form", "cap"), ("of", "share", "floor", "special_cap", "special_when", "unless_unknown", "by_place"))
        if one["form"] not in _FORMS:
            raise BadValue(f"{at}.form: {one['form']}")
        if "by_place" in one and (one["form"] != "flat" or not any(name.startswith(f"{one['by_place']}:") for name in self.city)):
            raise UnknownParameter(f"{at}.by_place: {one['by_place']}")
        if one["form"] == "share" and KINDS.get(one.get("of", "")) != "number":
            raise UnknownFact(f"{at}.of: {one.get('of')}")
        special = self.number(one["special_cap"], f"{at}.special_cap") if "special_cap" in one else None
        when = one.get("special_when", SPECIAL)
        if self.kinds.get(when) != "flag":
            raise UnknownFact(f"{at}.special_when: {when}")
        if special is not None and (one["form"] not in ("flat", "share") or "by_place" in one):
            raise BadValue(f"{at}.special_cap: {one['form']}")
        if special is None and "special_when" in one:
            raise MissingKey(f"{at}: special_cap")
        return Amount(
            one["form"],
            self.number(one["cap"], f"{at}.cap"),
            one.get("of", ""),
            self.number(one.get("share", 1), f"{at}.share"),
            self.number(one.get("floor", 0), f"{at}.floor"),
            special,
            one.get("unless_unknown", False) is True,
            one.get("by_place", ""),
            when,
        )


def programme(data: Any, city: Mapping[str, tuple[Dated, ...]]) -> Programme:
    """One programme's file as a value; raises a `RuleFault` that says what is wrong and where."""
    if not isinstance(data, Mapping):
        raise BadValue("a programme is a mapping")
    code = str(data.get("code", "?"))
    needed = ("code", "zh", "en", "funder", "order", "kind", "needs", "scope", "period", "source", "valid_from", "conditions", "amount")
    _keys(data, code, needed, ("parameters", "group", "group_cap", "excludes", "notes"))
    own = {name: series(values, f"{code}.parameters.{name}") for name, values in data.get("parameters", {}).items()}
    reading = Reading(code, own, city)
    for key, allowed in (("funder", ("government", "charity")), ("kind", ("cash", "goods", "status"))):
        if data[key] not in allowed:
            raise BadValue(f"{code}.{key}: {data[key]}")
    if data["period"] not in _SCOPES.get(data["scope"], ()):
        raise BadValue(f"{code}.period: {data['scope']} and {data['period']}")
    strange = [need for need in data["needs"] if need not in NEEDS]
    if strange:
        raise BadValue(f"{code}.needs: {strange}")
    if (data["kind"] == "status") != (data["amount"].get("form") == "nothing"):
        raise BadValue(f"{code}.amount: a status gives nothing, and nothing else does")
    conditions = tuple([reading.condition(one, f"{code}.conditions[{n}]") for n, one in enumerate(data["conditions"])])
    ids = [(one.id, one.valid_from) for one in leaves(conditions)]
    if len(set(ids)) != len(ids):
        raise SaidTwice(f"{code}.conditions: two of one id and day")
    return Programme(
        code, data["zh"], data["en"], data["funder"], data["order"], data["kind"], tuple(data["needs"]), data["scope"], data["period"],
        str(data["source"]), _day(data["valid_from"], code), own, conditions, reading.amount(data["amount"], f"{code}.amount"),
        data.get("group", ""), reading.number(data["group_cap"], f"{code}.group_cap") if "group_cap" in data else None,
        tuple(data.get("excludes", ())), tuple(data.get("notes", ())),
    )  # fmt: skip


def programmes(files: Sequence[Any], city: Mapping[str, tuple[Dated, ...]]) -> tuple[Programme, ...]:
    """All programmes in order of precedence: government first, then charity."""
    found = [programme(data, city) for data in files]
    codes = {one.code for one in found}
    if len(codes) != len(found):
        raise SaidTwice("two programmes of one code")
    for one in found:
        if not codes.issuperset(one.excludes):
            raise BadValue(f"{one.code}.excludes: {set(one.excludes) - codes}")
    return tuple(sorted(found, key=lambda p: (p.order, p.code)))
