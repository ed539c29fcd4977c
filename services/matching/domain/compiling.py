"""All programmes of one period as one generated function: a few comparisons instead of a walk over trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from services.matching.domain.facts import Known
from services.matching.domain.rules import InForce, Rule, Rules


class Verdict(Struct, frozen=True, gc=False):
    """What a programme answers; an amount only where it is `eligible`."""

    programme: str
    verdict: str
    amount_fen: int = 0


Verdicts = Callable[[Known], tuple[Verdict, ...]]
_OPERATORS = {"at_most": "<=", "under": "<", "at_least": ">=", "over": ">", "equals": "=="}


class Text:
    """Lines of the function being written, and the constants it names."""

    def __init__(self, head: str) -> None:
        self.lines: list[str] = [head]
        self.constants: dict[str, object] = {"Verdict": Verdict}
        self._count = 0

    def name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def constant(self, value: object) -> str:
        name = self.name("C")
        self.constants[name] = value
        return name

    def rule(self, rule: Rule | Rules) -> str:
        """Write the lines that find one rule true, false or not known; answer the variable."""
        if isinstance(rule, Rules):
            members = [self.rule(m) for m in rule.members]
            result = self.name("g")
            self.lines.append(f"    {result} = {_joined(rule.mode, members)}")
            return result
        result, fact = self.name("c"), f"k.{rule.fact}"
        self.lines.append(f"    x = {fact}")
        self.lines.append(f"    {result} = None if x is None else {self._held(rule)}")
        return result

    def _held(self, rule: Rule) -> str:
        match rule.comparison:
            case "is_true":
                return "x"
            case "is_false":
                return "not x"
            case "known":
                return "True"
            case "among":
                return f"x in {self.constant(frozenset(rule.threshold))}"
            case "has_any":
                return f"not {self.constant(frozenset(rule.threshold))}.isdisjoint(x)"
            case "has_none":
                return f"{self.constant(frozenset(rule.threshold))}.isdisjoint(x)"
            case comparison:
                return f"x {_OPERATORS[comparison]} {rule.threshold!r}"

    def held(self, names: Sequence[str]) -> str:
        """The expression that joins these conditions, all of which must hold."""
        return _joined("all", names) if names else "True"

    def function(self, name: str) -> Any:
        """What has been written, as a function."""
        made: dict[str, Any] = {}
        # Only names of our own facts, numbers and constants reach this text: the loader has checked every one of them.
        exec(compile("\n".join(self.lines), "<rules of relief>", "exec"), self.constants, made)  # noqa: S102 - see above
        return made[name]


def _joined(mode: str, members: Sequence[str]) -> str:
    decisive, other = ("True", "False") if mode == "any" else ("False", "True")
    some = " or ".join(f"{m} is {decisive}" for m in members)
    unknown = " or ".join(f"{m} is None" for m in members)
    return f"{decisive} if {some} else None if {unknown} else {other}"


def _programme(text: Text, one: InForce) -> str:
    programme, amount = one.programme, one.programme.amount
    held = text.name("h")
    members = [text.rule(rule) for rule in one.rules]
    text.lines.append(f"    {held} = {text.held(members)}")
    result, code = text.name("v"), programme.code
    no = text.constant(Verdict(code, "ineligible"))
    ask = text.constant(Verdict(code, "needs_information"))
    lines = text.lines
    lines.append(f"    if {held} is None: {result} = {ask}")
    lines.append(f"    elif not {held}: {result} = {no}")
    if amount.form == "nothing":
        lines.append(f"    else: {result} = {text.constant(Verdict(code, 'eligible'))}")
        return result
    if amount.form == "difference":
        lines.append("    else:")
        lines.append("        x = k.monthly_income_fen; n = k.household_size")
        lines.append(f"        if x is None or n is None: {result} = {ask}")
        lines.append(f"        else: b = {one.cap_fen} * n - x; {result} = Verdict({code!r}, 'eligible', b if b > 0 else {one.cap_fen})")
        return result
    if one.cap_at:
        places = text.constant(dict(one.cap_at))
        most = f"max({one.cap_fen}, {places}.get(k.rural_district, 0))"
        lines.append(f"    else: {result} = Verdict({code!r}, 'eligible', {most})")
        return result
    if amount.form == "flat":
        yes = text.constant(Verdict(code, "eligible", one.cap_fen))
        lines.append(f"    else: {result} = {yes}")
        return result
    unknown = text.constant(Verdict(code, "eligible", one.cap_fen)) if amount.unless_unknown else ask
    cap = str(one.cap_fen)
    if one.special_cap_fen != one.cap_fen:
        cap = f"({one.special_cap_fen} if k.special_circumstances else {one.cap_fen})"
    lines.append("    else:")
    lines.append(f"        x = k.{amount.fact}")
    lines.append(f"        if x is None: {result} = {unknown}")
    lines.append("        else:")
    lines.append(f"            a = x * {one.share.numerator} // {one.share.denominator}; b = {cap}")
    lines.append(f"            {result} = Verdict({code!r}, 'eligible', {one.floor_fen} if a < {one.floor_fen} else b if a > b else a)")
    return result


def answer(text: Text, one: InForce | None, code: str) -> str:
    """Write the lines that find one programme's verdict; answer the variable. What is not in force is ineligible."""
    return text.constant(Verdict(code, "ineligible")) if one is None else _programme(text, one)


def compiled(programmes: tuple[InForce | None, ...], codes: tuple[str, ...]) -> Verdicts:
    """The function that answers for all programmes at once, in the order given."""
    text = Text("def verdicts(k):")
    results = [answer(text, one, code) for one, code in zip(programmes, codes, strict=True)]
    text.lines.append(f"    return ({', '.join(results)},)")
    found: Verdicts = text.function("verdicts")
    return found
