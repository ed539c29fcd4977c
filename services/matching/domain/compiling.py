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
_OPPOSITES = {"at_most": ">", "under": ">=", "at_least": "<", "over": "<=", "equals": "!="}


class Text:
    """Lines of the function being written, and the constants it names; facts are read once, before all of them."""

    def __init__(self, head: str) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, object] = {"Verdict": Verdict}
        self._head, self._facts = head, dict[str, None]()
        self._count = 0

    def name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def constant(self, value: object) -> str:
        name = self.name("C")
        self.constants[name] = value
        return name

    def fact(self, fact: str) -> str:
        """The variable of a fact."""
        self._facts[fact] = None
        return f"f_{fact}"

    def conditions(self, rules: Sequence[Rule | Rules]) -> tuple[str, str]:
        """Expressions of whether the conditions surely hold and surely do not; neither is true where too little is known."""
        return self._sure(Rules("all", tuple(rules))) if rules else ("True", "False")

    def holds(self, rule: Rule) -> str:
        """The expression of whether one condition holds of a fact that is known."""
        if rule.comparison in _OPERATORS:
            return f"{self.fact(rule.fact)} {_OPERATORS[rule.comparison]} {rule.threshold!r}"
        return self._sure(rule)[0]

    def _sure(self, rule: Rule | Rules) -> tuple[str, str]:
        """The cheap and the decisive come first: most programmes are settled by one comparison."""
        if isinstance(rule, Rules):
            yes, no = zip(*[self._sure(member) for member in sorted(rule.members, key=_cost)], strict=True)
            words = (" or ", " and ") if rule.mode == "any" else (" and ", " or ")
            return f"({words[0].join(yes)})", f"({words[1].join(no)})"
        x = self.fact(rule.fact)
        some = f"{x} is not None and "
        match rule.comparison:
            case "is_true":
                return x, f"{x} is False"
            case "is_false":
                return f"{x} is False", x
            case "known":
                return f"{x} is not None", "False"
            case "among":
                among = self.constant(frozenset(rule.threshold))
                return f"{x} in {among}", f"({some}{x} not in {among})"
            case "has_any" | "has_none":
                apart = f"{self.constant(frozenset(rule.threshold))}.isdisjoint({x})"
                having, having_none = f"({some}not {apart})", f"({some}{apart})"
                return (having, having_none) if rule.comparison == "has_any" else (having_none, having)
            case comparison:
                limit = repr(rule.threshold)
                return f"({some}{x} {_OPERATORS[comparison]} {limit})", f"({some}{x} {_OPPOSITES[comparison]} {limit})"

    def function(self, name: str) -> Any:
        """What has been written, as a function."""
        made: dict[str, Any] = {}
        text = "\n".join([self._head, *[f"    f_{fact} = k.{fact}" for fact in self._facts], *self.lines])
        # Only names of our own facts, numbers and constants reach this text: the loader has checked every one of them.
        exec(compile(text, "<rules of relief>", "exec"), self.constants, made)  # noqa: S102 - see above
        return made[name]


def _cost(rule: Rule | Rules) -> int:
    if isinstance(rule, Rules):
        return 2 + sum(_cost(member) for member in rule.members)
    return 0 if rule.comparison in ("is_true", "is_false", "known") else 1


def _programme(text: Text, one: InForce) -> str:
    programme, amount = one.programme, one.programme.amount
    holds, fails = text.conditions(one.rules)
    result, code = text.name("v"), programme.code
    no = text.constant(Verdict(code, "ineligible"))
    ask = text.constant(Verdict(code, "needs_information"))
    lines = text.lines
    lines.append(f"    if {fails}: {result} = {no}")
    lines.append(f"    elif not {holds}: {result} = {ask}")
    if amount.form == "nothing":
        lines.append(f"    else: {result} = {text.constant(Verdict(code, 'eligible'))}")
        return result
    if amount.form == "difference":
        lines.append("    else:")
        x, n = text.fact("monthly_income_fen"), text.fact("household_size")
        lines.append(f"        if {x} is None or {n} is None: {result} = {ask}")
        lines.append(
            f"        else: b = {one.cap_fen} * {n} - {x}; {result} = Verdict({code!r}, 'eligible', b if b > 0 else {one.cap_fen})"
        )
        return result
    if one.cap_at:
        places = text.constant(dict(one.cap_at))
        most = f"max({one.cap_fen}, {places}.get(k.rural_district, 0))"
        lines.append(f"    else: {result} = Verdict({code!r}, 'eligible', {most})")
        return result
    if amount.form == "flat" and one.special_cap_fen != one.cap_fen:
        most = f"{one.special_cap_fen} if {text.fact(amount.special_when)} else {one.cap_fen}"
        lines.append(f"    else: {result} = Verdict({code!r}, 'eligible', {most})")
        return result
    if amount.form == "flat":
        yes = text.constant(Verdict(code, "eligible", one.cap_fen))
        lines.append(f"    else: {result} = {yes}")
        return result
    unknown = text.constant(Verdict(code, "eligible", one.cap_fen)) if amount.unless_unknown else ask
    cap = str(one.cap_fen)
    if one.special_cap_fen != one.cap_fen:
        cap = f"({one.special_cap_fen} if {text.fact(amount.special_when)} else {one.cap_fen})"
    lines.append("    else:")
    x = text.fact(amount.fact)
    lines.append(f"        if {x} is None: {result} = {unknown}")
    lines.append("        else:")
    lines.append(f"            a = {x} * {one.share.numerator} // {one.share.denominator}; b = {cap}")
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
