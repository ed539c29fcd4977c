"""The reasons of all programmes of one period as one generated function, beside the one that answers without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from services.matching.domain.compiling import Text, answer
from services.matching.domain.explaining import Because, counted, reason
from services.matching.domain.facts import Known, asked_for
from services.matching.domain.rules import InForce, Programme, Rule, Rules

BILLS = "medical_self_paid_year_fen"
_REMEMBERED_MAX, _LENGTH_MAX = 256, 40


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


class _Reasons(dict[Any, tuple[Because, ...]]):
    """The reasons of all conditions on one fact by its value: ages, grades and codes are few, and a reason costs more than a look-up."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, value: Any) -> tuple[Because, ...]:
        found = tuple([reason(rule, value) for rule in self._rules])
        if len(self) >= _REMEMBERED_MAX:
            self.clear()
        if _short(value):
            self[value] = found
        return found


def _short(value: Any) -> bool:
    """What is longer than a code is not kept: whoever asks decides what it is."""
    return not isinstance(value, str | tuple) or (len(value) <= _LENGTH_MAX and (isinstance(value, str) or all(map(_short, value))))


class _Telling(Text):
    """Lines that find every verdict, and every reason as people will read it."""

    def __init__(self) -> None:
        super().__init__("def tell(k, on, used):")
        self.constants |= {"Because": Because, "Explained": Explained, "absent": absent}
        self.reasons: dict[Rule, str] = {}

    def reason(self, rules: Iterable[Rule]) -> None:
        """Write the lines that find every reason, fact by fact; only one with a sum is made anew."""
        by_fact: dict[str, list[Rule]] = {}
        for rule in dict.fromkeys(rules):
            by_fact.setdefault(rule.fact, []).append(rule)
            self.reasons[rule] = self.name("b")
        for fact, of_it in by_fact.items():
            x, names = self.fact(fact), "".join([f"{self.reasons[rule]}, " for rule in of_it])
            if not fact.endswith("_fen"):
                self.lines.append(f"    {names}= {self.constant(_Reasons(of_it))}[{x}]")
                continue
            unknown = self.constant(tuple([reason(rule, None) for rule in of_it]))
            self.lines += [f"    if {x} is None: {names}= {unknown}", "    else:"]
            self.lines += [f"        {self.reasons[rule]} = {self._made(rule, x)}" for rule in of_it]

    def _made(self, rule: Rule, x: str) -> str:
        threshold = repr(rule.threshold) if counted(rule) else self.constant(rule.threshold)
        name, source, since, zh, en = [self.constant(one) for one in (rule.id, rule.source, rule.valid_from, rule.zh, rule.en)]
        return f"Because({name}, {x}, {threshold}, {_margin(rule, x)}, {source}, {since}, {self.holds(rule)}, {zh}, {en})"

    def missing(self, mode: str, rules: Sequence[Rule | Rules], indent: str) -> None:
        """Write the lines that note in `m` what would settle those of these conditions that are open, of a group that is open itself.

        Of an open group no member decides it: of `all` none fails, of `any` none holds, and so one question is enough for each.
        """
        for rule in rules:
            if isinstance(rule, Rule):
                self.lines.append(f"{indent}if {self.fact(rule.fact)} is None:")
                self.ask(rule.fact, indent + "    ")
            else:
                holds, fails = self.conditions((rule,))
                self.lines.append(f"{indent}if not {holds if mode == 'all' else fails}:")
                self.missing(rule.mode, rule.members, indent + "    ")

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
    """Write the lines that tell one programme whose verdict stands already, a no first: that is what most are; answer the variable."""
    programme, amount, lines = one.programme, one.programme.amount, text.lines
    result, code = text.name("e"), repr(programme.code)
    reasons = f"({''.join([f'{text.reasons[rule]}, ' for rule in _leaves(one.rules)])})"
    status, own = programme.kind == "status", own_cap(one)
    cap = str(one.cap_fen)
    if one.special_cap_fen != one.cap_fen:
        cap = f"({one.special_cap_fen} if {text.fact(amount.special_when)} else {one.cap_fen})"

    def left(cap: str) -> str:
        return f"max(0, {cap} - used.get({code}, 0)) if used else {cap}"

    nothing = "None" if status or own else left(cap)
    lines.append(f"    v = {verdict}; w = v.verdict")
    lines.append(f"    if w == 'ineligible': {result} = Explained({code}, w, 0, {nothing}, {reasons}, (), 0, {excluded})")
    lines.append("    elif w == 'needs_information':")
    lines.append("        m = {}")
    text.missing("all", one.rules, "        ")
    fact = {"share": amount.fact, "difference": "per_head_income_month_fen"}.get(amount.form)
    if fact is not None:
        # Nothing is open in the conditions, so it is the sum that cannot be counted.
        lines.append(f"        if not m and {text.conditions(one.rules)[0]}:")
        text.ask(fact, "            ")
    lines.append(f"        {result} = Explained({code}, w, 0, {nothing}, {reasons}, tuple(m), 0, {excluded})")
    lines.append("    else:")
    if status:
        lines.append(f"        {result} = Explained({code}, w, 0, None, {reasons}, (), 0, {excluded})")
        return result
    lines.append(f"        left = {left('v.amount_fen' if own else cap)}")
    lines.append("        a = s = v.amount_fen if v.amount_fen < left else left")
    if amount.fact == BILLS:
        lines.append("        if bills is not None:")
        lines.append("            s = a if a < bills else bills")
        lines.append("            bills -= s")
    lines.append(f"        {result} = Explained({code}, w, a, left, {reasons}, (), s, {excluded})")
    return result


def _excluded(programme: Programme, verdicts: Mapping[str, str]) -> str:
    """The expression of those before it that answer for the same."""
    if not programme.excludes:
        return "()"
    taken = [f"(({code!r},) if {verdicts[code]}.verdict == 'eligible' else ())" for code in programme.excludes]
    some = " or ".join([f"{verdicts[code]}.verdict == 'eligible'" for code in programme.excludes])
    return f"({' + '.join(taken)} if {some} else ())"


def telling(programmes: tuple[InForce | None, ...], whole: tuple[Programme, ...]) -> Tell:
    """The function that tells all programmes with their reasons, in the order given, on a day, after what gave already in fen."""
    text = _Telling()
    pairs = list(zip(programmes, whole, strict=True))
    verdicts = {programme.code: answer(text, one, programme.code) for one, programme in pairs}
    text.reason([rule for one in programmes if one is not None for rule in _leaves(one.rules)])
    text.lines.append(f"    bills = {text.fact(BILLS)}")
    results = []
    for one, programme in pairs:
        excluded = _excluded(programme, verdicts)
        absence = f"absent({text.constant(programme)}, on, {excluded})"
        results.append(absence if one is None else _told(text, one, verdicts[programme.code], excluded))
    text.lines.append(f"    return ({', '.join(results)},)")
    tell: Tell = text.function("tell")
    return tell
