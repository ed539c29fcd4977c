"""The reasons of all programmes of one period as one generated function, beside the one that answers without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from services.matching.domain.compiling import Text, answer
from services.matching.domain.explaining import Because, counted, reason
from services.matching.domain.facts import KINDS, Known, asked_for
from services.matching.domain.rules import InForce, Programme, Rule, Rules

BILLS = "medical_self_paid_year_fen"
_REMEMBERED_MAX = 256


class Explained(Struct, frozen=True, gc=False):
    """One programme's verdict with everything that led to it.

    `after_others_fen` is what is left to give when the programmes before it in the order have paid their part.
    """

    programme: str
    verdict: str
    amount_fen: int
    cap_left_fen: int | None
    because: tuple[Because, ...]
    missing: tuple[str, ...]
    after_others_fen: int
    excluded_by: tuple[str, ...] = ()


Tell = Callable[[Known, date, Mapping[str, int]], tuple[Explained, ...]]


def own_cap(one: InForce) -> bool:
    """Whether the cap follows from who they are: a difference, or a line by place."""
    return one.programme.amount.form == "difference" or bool(one.cap_at)


def absent(programme: Programme, on: date, excluded_by: tuple[str, ...]) -> Explained:
    """What is told of a programme that is not in force on a day."""
    days, since = (on - programme.valid_from).days, programme.valid_from
    because = Because("in_force", on.isoformat(), since.isoformat(), days, programme.source, since, False)
    return Explained(programme.code, "ineligible", 0, None, (because,), (), 0, excluded_by)


class _Reasons(dict[Any, Because]):
    """The reasons of one condition by the value of its fact: ages, months and grades are few, and a reason costs more than a look-up."""

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, value: Any) -> Because:
        if len(self) >= _REMEMBERED_MAX:
            self.clear()
        found = self[value] = reason(self._rule, value)
        return found


class _Telling(Text):
    """Lines that find every verdict, and every reason as people will read it."""

    def __init__(self) -> None:
        super().__init__("def tell(k, on, used):")
        self.constants |= {"Because": Because, "Explained": Explained, "absent": absent}

    def reason(self, rule: Rule) -> str:
        """Write the line that finds a reason; only one with a sum or a code is made anew. Answer the variable."""
        result, x = self.name("b"), self.fact(rule.fact)
        if KINDS[rule.fact] == "flag" or (KINDS[rule.fact] == "number" and not rule.fact.endswith("_fen")):
            self.lines.append(f"    {result} = {self.constant(_Reasons(rule))}[{x}]")
            return result
        unknown = self.constant(reason(rule, None))
        threshold = repr(rule.threshold) if counted(rule) else self.constant(rule.threshold)
        name, source, since, zh, en = [self.constant(one) for one in (rule.id, rule.source, rule.valid_from, rule.zh, rule.en)]
        made = f"Because({name}, {x}, {threshold}, {_margin(rule, x)}, {source}, {since}, {self.holds(rule)}, {zh}, {en})"
        self.lines.append(f"    {result} = {unknown} if {x} is None else {made}")
        return result

    def missing(self, rules: Sequence[Rule | Rules], indent: str) -> None:
        """Write the lines that note in `m` what would settle those of these conditions that are open."""
        for rule in rules:
            if isinstance(rule, Rule):
                self.lines.append(f"{indent}if {self.fact(rule.fact)} is None:")
                self.ask(rule.fact, indent + "    ")
            else:
                holds, fails = self.conditions((rule,))
                self.lines.append(f"{indent}if not {holds} and not {fails}:")
                self.missing(rule.members, indent + "    ")

    def ask(self, fact: str, indent: str) -> None:
        for one in asked_for(fact):
            where = f"{indent}if {self.fact(one)} is None: " if one in Known.__struct_fields__ and one != fact else indent
            self.lines.append(f"{where}m[{one!r}] = None")


def _leaves(rules: Sequence[Rule | Rules]) -> Iterator[Rule]:
    for one in rules:
        if isinstance(one, Rule):
            yield one
        else:
            yield from _leaves(one.members)


def _margin(rule: Rule, x: str) -> str:
    if not counted(rule):
        return "None"
    match rule.comparison:
        case "at_least" | "over":
            return f"{x} - {rule.threshold!r}"
        case "equals":
            return f"-abs({rule.threshold!r} - {x})"
        case _:
            return f"{rule.threshold!r} - {x}"


def _told(text: _Telling, one: InForce, verdict: str, excluded: str) -> str:
    """Write the lines that tell one programme whose verdict stands already; answer the variable."""
    programme, amount, lines = one.programme, one.programme.amount, text.lines
    result, code, because = text.name("e"), repr(programme.code), [text.reason(rule) for rule in _leaves(one.rules)]
    lines.append(f"    v = {verdict}; m = ()")
    lines.append("    if v.verdict == 'needs_information':")
    lines.append("        m = {}")
    text.missing(one.rules, "        ")
    fact = {"share": amount.fact, "difference": "per_head_income_month_fen"}.get(amount.form)
    if fact is not None:
        # Nothing is open in the conditions, so it is the sum that cannot be counted.
        lines.append(f"        if {text.conditions(one.rules)[0]}:")
        text.ask(fact, "            ")
    lines.append("        m = tuple(m)")
    reasons = f"({', '.join(because)},)" if because else "()"
    if programme.kind == "status":
        lines.append(f"    {result} = Explained({code}, v.verdict, 0, None, {reasons}, m, 0, {excluded})")
        return result
    cap, inner = str(one.cap_fen), "    "
    if own_cap(one):
        lines.append(f"    if v.verdict != 'eligible': {result} = Explained({code}, v.verdict, 0, None, {reasons}, m, 0, {excluded})")
        lines.append("    else:")
        cap, inner = "v.amount_fen", "        "
    elif one.special_cap_fen != one.cap_fen:
        cap = f"({one.special_cap_fen} if {text.fact(amount.special_when)} else {one.cap_fen})"
    lines.append(f"{inner}left = {cap} - used.get({code}, 0) if used else {cap}")
    lines.append(f"{inner}if left < 0: left = 0")
    lines.append(f"{inner}a = s = v.amount_fen if v.amount_fen < left else left")
    if amount.fact == BILLS:
        lines.append(f"{inner}if bills is not None and v.verdict == 'eligible':")
        lines.append(f"{inner}    s = a if a < bills else bills")
        lines.append(f"{inner}    bills -= s")
    lines.append(f"{inner}{result} = Explained({code}, v.verdict, a, left, {reasons}, m, s, {excluded})")
    return result


def telling(programmes: tuple[InForce | None, ...], whole: tuple[Programme, ...]) -> Tell:
    """The function that tells all programmes with their reasons, in the order given, on a day, after what gave already in fen."""
    text = _Telling()
    pairs = list(zip(programmes, whole, strict=True))
    verdicts = {programme.code: answer(text, one, programme.code) for one, programme in pairs}
    text.lines.append(f"    bills = {text.fact(BILLS)}")
    results = []
    for one, programme in pairs:
        taken = [f"(({code!r},) if {verdicts[code]}.verdict == 'eligible' else ())" for code in programme.excludes]
        excluded = " + ".join(taken) or "()"
        absence = f"absent({text.constant(programme)}, on, {excluded})"
        results.append(absence if one is None else _told(text, one, verdicts[programme.code], excluded))
    text.lines.append(f"    return ({', '.join(results)},)")
    tell: Tell = text.function("tell")
    return tell
