"""Our rules in force written for others: expressions of zen-engine, JSON logic, and variables of OpenFisca; all three answer a number for a programme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.matching.domain.compiling import Verdict
from services.matching.domain.rules import InForce, Rule, Rules

REFUSED, ASKED = -2, -1  # instead of a sum
SIGNS = {"at_most": "<=", "under": "<", "at_least": ">=", "over": ">", "equals": "=="}


def number_of(verdict: Verdict) -> int:
    """A verdict as the translations answer it."""
    return {"ineligible": REFUSED, "needs_information": ASKED}.get(verdict.verdict, verdict.amount_fen)


def _texts(rule: Rule | Rules) -> tuple[str, str]:
    """Whether a rule surely holds, and whether it surely does not, in the language of zen."""
    if isinstance(rule, Rules):
        yes, no = zip(*[_texts(member) for member in rule.members], strict=True)
        both = (" or ", " and ") if rule.mode == "any" else (" and ", " or ")
        return f"({both[0].join(yes)})", f"({both[1].join(no)})"
    x = rule.fact
    match rule.comparison:
        case "is_true":
            return f"{x} == true", f"{x} == false"
        case "is_false":
            return f"{x} == false", f"{x} == true"
        case "known":
            return f"{x} != null", "false"
        case "among":
            held = f"{x} in {list(rule.threshold)}"
        case "has_any":
            held = f"some({x}, # in {list(rule.threshold)})"
        case "has_none":
            held = f"not some({x}, # in {list(rule.threshold)})"
        case comparison:
            held = f"{x} {SIGNS[comparison]} {rule.threshold!r}"
    return f"({x} != null and {held})", f"({x} != null and not ({held}))"


def zen_text(one: InForce | None) -> str:
    """One programme as one expression of zen."""
    if one is None:
        return str(REFUSED)
    yes, no = _texts(Rules("all", one.rules))
    return f"{no} ? {REFUSED} : (not {yes} ? {ASKED} : ({_zen_sum(one)}))"


def _zen_sum(one: InForce) -> str:
    amount, cap = one.programme.amount, str(one.cap_fen)
    if amount.form == "nothing":
        return "0"
    if amount.form == "difference":
        lacking = f"{cap} * household_size - monthly_income_fen"
        return f"monthly_income_fen == null or household_size == null ? {ASKED} : ({lacking} > 0 ? {lacking} : {cap})"
    if one.cap_at:
        for place, there in one.cap_at.items():
            cap = f"(rural_district == '{place}' ? {max(one.cap_fen, there)} : {cap})"
        return cap
    if one.special_cap_fen != one.cap_fen:
        cap = f"({amount.special_when} == true ? {one.special_cap_fen} : {cap})"
    if amount.form == "flat":
        return cap
    x, share, least = amount.fact, one.share, one.floor_fen
    part = x if share == 1 else f"floor({x} * {share.numerator} / {share.denominator})"
    unknown = one.cap_fen if amount.unless_unknown else ASKED
    return f"{x} == null ? {unknown} : ({part} < {least} ? {least} : ({part} > {cap} ? {cap} : {part}))"


def _var(name: str) -> dict[str, Any]:
    return {"var": name}


def _trees(rule: Rule | Rules) -> tuple[Any, Any]:
    """Whether a rule surely holds, and whether it surely does not, in JSON logic."""
    if isinstance(rule, Rules):
        yes, no = zip(*[_trees(member) for member in rule.members], strict=True)
        both = ("or", "and") if rule.mode == "any" else ("and", "or")
        return {both[0]: list(yes)}, {both[1]: list(no)}
    x = _var(rule.fact)
    known = {"!==": [x, None]}
    match rule.comparison:
        case "is_true":
            return {"===": [x, True]}, {"===": [x, False]}
        case "is_false":
            return {"===": [x, False]}, {"===": [x, True]}
        case "known":
            return known, False
        case "among":
            held: Any = {"in": [x, list(rule.threshold)]}
        case "has_any":
            held = {"some": [x, {"in": [_var(""), list(rule.threshold)]}]}
        case "has_none":
            held = {"!": {"some": [x, {"in": [_var(""), list(rule.threshold)]}]}}
        case comparison:
            held = {SIGNS[comparison]: [x, rule.threshold]}
    return {"and": [known, held]}, {"and": [known, {"!": held}]}


def json_tree(one: InForce | None) -> Any:
    """One programme as one rule of JSON logic."""
    if one is None:
        return {"+": [REFUSED]}
    yes, no = _trees(Rules("all", one.rules))
    return {"if": [no, REFUSED, {"!": yes}, ASKED, _json_sum(one)]}


def _json_sum(one: InForce) -> Any:
    amount, cap = one.programme.amount, one.cap_fen
    if amount.form == "nothing":
        return 0
    if amount.form == "difference":
        income, size = _var("monthly_income_fen"), _var("household_size")
        lacking = {"-": [{"*": [cap, size]}, income]}
        return {"if": [{"or": [{"===": [income, None]}, {"===": [size, None]}]}, ASKED, {">": [lacking, 0]}, lacking, cap]}
    if one.cap_at:
        places = [part for place, there in one.cap_at.items() for part in ({"==": [_var("rural_district"), place]}, max(cap, there))]
        return {"if": [*places, cap]}
    most = cap
    if one.special_cap_fen != one.cap_fen:
        most = {"if": [{"===": [_var(amount.special_when), True]}, one.special_cap_fen, cap]}
    if amount.form == "flat":
        return most
    x, share, least = _var(amount.fact), one.share, one.floor_fen
    times = {"*": [x, share.numerator]}
    part = x if share == 1 else {"/": [{"-": [times, {"%": [times, share.denominator]}]}, share.denominator]}
    unknown = cap if amount.unless_unknown else ASKED
    return {"if": [{"===": [x, None]}, unknown, {"<": [part, least]}, least, {">": [part, most]}, most, part]}


Read = Callable[[str], Any]


def masks(rule: Rule | Rules, read: Read) -> tuple[Any, Any]:
    """Whether a rule surely holds, and surely does not, for arrays; `read` gives `<fact>`, `<fact>?` (is it known) and `<fact>=<code>`."""
    if isinstance(rule, Rules):
        yes, no = zip(*[masks(member, read) for member in rule.members], strict=True)
        return (_any(yes), _all(no)) if rule.mode == "any" else (_all(yes), _any(no))
    known = read(rule.fact + "?")
    match rule.comparison:
        case "known":
            return known, known & False
        case "is_true":
            held = read(rule.fact)
        case "is_false":
            held = ~read(rule.fact)
        case "among" | "has_any":
            held = _any([read(f"{rule.fact}={code}") for code in rule.threshold])
        case "has_none":
            held = ~_any([read(f"{rule.fact}={code}") for code in rule.threshold])
        case comparison:
            x, t = read(rule.fact), rule.threshold
            held = {"at_most": x.__le__, "under": x.__lt__, "at_least": x.__ge__, "over": x.__gt__, "equals": x.__eq__}[comparison](t)
    return known & held, known & ~held


def _any(parts: Any) -> Any:
    found = parts[0]
    for one in parts[1:]:
        found = found | one
    return found


def _all(parts: Any) -> Any:
    found = parts[0]
    for one in parts[1:]:
        found = found & one
    return found
