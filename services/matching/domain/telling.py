"""The reasons of all programmes of one period as one generated function, beside the one that answers without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from services.matching.domain.compiling import Text, answer
from services.matching.domain.explaining import Because, counted, reason
from services.matching.domain.facts import Known, asked_for
from services.matching.domain.rules import InForce, Programme, Rule, Rules

BILLS = "medical_self_paid_year_fen"


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


class _Telling(Text):
    """Lines that find every condition true, false or not known, and beside it the reason as people will read it."""

    def __init__(self) -> None:
        super().__init__("def tell(k, on, used):")
        self.constants |= {"Because": Because, "Explained": Explained, "absent": absent}
        self.because: list[str] = []
        self.open: list[str] = []
        self.made: dict[str, tuple[Rule | Rules, tuple[str, ...]]] = {}

    def conditions(self, rules: Sequence[Rule | Rules]) -> tuple[str, str]:
        """Every condition is found, since every reason is told."""
        self.open = [self._found(rule) for rule in rules]
        held = self.name("h")
        self.lines.append(f"    {held} = {_joined('all', self.open) if rules else 'True'}")
        return held, f"{held} is False"

    def _found(self, rule: Rule | Rules) -> str:
        """Write the lines that find one rule true, false or not known; answer the variable."""
        if isinstance(rule, Rules):
            members = tuple([self._found(member) for member in rule.members])
            result = self.name("g")
            self.lines.append(f"    {result} = {_joined(rule.mode, members)}")
            self.made[result] = (rule, members)
            return result
        result, x = self.name("c"), self.fact(rule.fact)
        because, unknown = self.name("b"), self.constant(reason(rule, None))
        self.made[result] = (rule, ())
        self.because.append(because)
        if rule.comparison in ("is_true", "is_false"):
            yes, no = self.constant(reason(rule, True)), self.constant(reason(rule, False))
            self.lines.append(f"    {result} = {x}" if rule.comparison == "is_true" else f"    {result} = None if {x} is None else not {x}")
            self.lines.append(f"    {because} = {unknown} if {x} is None else {yes} if {x} else {no}")
            return result
        holds, _ = self._sure(rule)
        threshold = repr(rule.threshold) if counted(rule) else self.constant(rule.threshold)
        told = [self.constant(one) for one in (rule.id, rule.source, rule.valid_from, rule.zh, rule.en)]
        made = f"Because({told[0]}, {x}, {threshold}, {_margin(rule, x)}, {told[1]}, {told[2]}, {result}, {told[3]}, {told[4]})"
        self.lines.append(f"    if {x} is None: {result} = None; {because} = {unknown}")
        self.lines.append(f"    else: {result} = {holds}; {because} = {made}")
        return result

    def missing(self, names: Sequence[str], indent: str) -> None:
        """Write the lines that note in `m` what would settle those of these conditions that are open."""
        for name in names:
            rule, members = self.made[name]
            self.lines.append(f"{indent}if {name} is None:")
            if isinstance(rule, Rule):
                self.ask(rule.fact, indent + "    ")
            else:
                self.missing(members, indent + "    ")

    def ask(self, fact: str, indent: str) -> None:
        for one in asked_for(fact):
            where = f"{indent}if {self.fact(one)} is None: " if one in Known.__struct_fields__ and one != fact else indent
            self.lines.append(f"{where}m[{one!r}] = None")


def _joined(mode: str, members: Sequence[str]) -> str:
    decisive, other = ("True", "False") if mode == "any" else ("False", "True")
    some = " or ".join(f"{m} is {decisive}" for m in members)
    unknown = " or ".join(f"{m} is None" for m in members)
    return f"{decisive} if {some} else None if {unknown} else {other}"


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


def _told(text: _Telling, one: InForce, names: Sequence[str], because: Sequence[str], verdict: str, excluded: str) -> str:
    """Write the lines that tell one programme whose verdict stands already; answer the variable."""
    programme, amount, lines = one.programme, one.programme.amount, text.lines
    result, code = text.name("e"), repr(programme.code)
    lines.append(f"    v = {verdict}; m = ()")
    lines.append("    if v.verdict == 'needs_information':")
    lines.append("        m = {}")
    text.missing(names, "        ")
    fact = {"share": amount.fact, "difference": "per_head_income_month_fen"}.get(amount.form)
    if fact is not None:
        # Nothing is open in the conditions, so it is the sum that cannot be counted.
        lines.append(f"        if {' and '.join(names) or 'True'}:")
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
        cap = f"({one.special_cap_fen} if {text.fact('special_circumstances')} else {one.cap_fen})"
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
    verdicts: dict[str, str] = {}
    parts = []
    for one, programme in zip(programmes, whole, strict=True):
        text.because, text.open = [], []
        verdicts[programme.code] = answer(text, one, programme.code)
        parts.append((text.open, text.because))
    text.lines.append(f"    bills = {text.fact(BILLS)}")
    results = []
    for one, programme, (names, because) in zip(programmes, whole, parts, strict=True):
        taken = [f"(({code!r},) if {verdicts[code]}.verdict == 'eligible' else ())" for code in programme.excludes]
        excluded = " + ".join(taken) or "()"
        if one is None:
            results.append(f"absent({text.constant(programme)}, on, {excluded})")
        else:
            results.append(_told(text, one, names, because, verdicts[programme.code], excluded))
    text.lines.append(f"    return ({', '.join(results)},)")
    tell: Tell = text.function("tell")
    return tell
