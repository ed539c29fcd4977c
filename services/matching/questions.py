"""What people answer to the questions of the points and of the schemes, read from a form: what is told, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.matching.domain.points import Applicant
from services.matching.domain.schemes import Scheme
from services.matching.rulebook import POINTS
from shared.web.frame import Page

_MOST = 1_000_000
_FEN = 100
Wrong = list[tuple[str, str]]


def whole(text: str) -> int | None:
    """A whole number as people write it; None for nothing. Raises `ValueError`."""
    plain = text.replace(",", "").replace("，", "").strip()
    if not plain:
        return None
    if not plain.isascii() or not plain.isdigit() or int(plain[:8]) > _MOST or len(plain) > 7:
        raise ValueError("no whole number")
    return int(plain)


def years_asked(on: date) -> dict[str, range]:
    """Of each item that is told by year its calendar years, the newest last: with the one of this day, or those before it."""
    last = {"sum_of_years": on.year - 1, "each_in_a_year": on.year}
    return {
        one.id: range(last[one.rule] + 1 - (one.years or POINTS.window_years), last[one.rule] + 1)
        for one in POINTS.items
        if one.rule in last
    }  # fmt: skip


def _by_year(page: Page, form: Mapping[str, str], name: str, years: range, wrong: Wrong) -> dict[int, int]:
    found: dict[int, int] = {}
    for year in years:
        try:
            told = whole(form.get(f"{name}_{year}", ""))
        except ValueError:
            wrong.append((f"{name}_{year}", page.t("matching.points.wrong_number")))
            continue
        if told is not None:
            found[year] = told
    return found


def applicant_of(page: Page, form: Mapping[str, str], on: date, wrong: Wrong) -> Applicant:
    """What the table of points is told; what cannot be read is left out and said in `wrong`."""
    told: dict[str, Any] = {}
    years = years_asked(on)
    for one in POINTS.items:
        said = form.get(one.id, "")
        if one.id in years:
            told[one.id] = _by_year(page, form, one.id, years[one.id], wrong)
        elif one.rule == "highest" and said:
            if said in one.points:
                told[one.id] = said
            else:
                wrong.append((one.id, page.t("matching.points.wrong_choice")))
        elif one.rule == "yes_or_no" and said in ("yes", "no"):
            told[one.id] = said == "yes"
    told["tax"] = {year: yuan * _FEN for year, yuan in told["tax"].items()}
    return Applicant(**told)


def facts_told(page: Page, scheme: Scheme, names: Sequence[str], form: Mapping[str, str], wrong: Wrong) -> dict[str, Any]:
    """What the conditions of a scheme are told."""
    facts: dict[str, Any] = {}
    for name in names:
        said = form.get(name, "")
        if scheme.facts[name].kind == "flag":
            if said in ("yes", "no"):
                facts[name] = said == "yes"
            continue
        try:
            number = whole(said)
        except ValueError:
            wrong.append((name, page.t("matching.points.wrong_number")))
        else:
            if number is not None:
                facts[name] = number
    return facts
