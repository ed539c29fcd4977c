"""OpenFisca-core on our rules: every reported fact an input variable, what follows from them and every programme a variable with a vectorised formula."""

from __future__ import annotations

from datetime import date
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import polars as pl
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from bench.cases import ON
from bench.translated import ASKED, REFUSED, Read, masks
from services.matching.columns import REPORTED
from services.matching.domain.facts import KINDS
from services.matching.domain.rules import InForce, Rules

PERIOD = "2026-11"
LEAST = -(2**31)


def _name(wanted: str) -> str:
    """A name that OpenFisca takes for `<fact>`, `<fact>?`, `<fact>=<code>` or a programme's code."""
    return wanted.replace("?", "_known").replace("=", "_is_").replace("-", "_").lower()


def _variable(name: str, entity: Any, kind: type, formula: Any = None) -> type[Variable]:
    parts = {"value_type": kind, "entity": entity, "definition_period": DateUnit.MONTH, "label": name}
    return type(name, (Variable,), parts if formula is None else {**parts, "formula": formula})


def _formula(one: InForce | None, names: set[str]) -> Any:
    """The formula of one programme; notes in `names` which inputs it reads."""
    yes_no = None if one is None else Rules("all", one.rules)

    def formula(people: Any, period: Any, _: Any = None) -> Any:
        def read(wanted: str) -> Any:
            return people(_name(wanted), period)

        if one is None or yes_no is None:
            return people.filled_array(REFUSED)
        yes, no = masks(yes_no, read)
        return np.where(no, REFUSED, np.where(yes, _sum(one, read), ASKED))

    if one is not None:
        masks(
            Rules("all", one.rules),
            lambda wanted: (names.add(wanted), np.zeros(1, bool if wanted[-1] == "?" or "=" in wanted or KINDS[wanted] == "flag" else int))[
                1
            ],
        )
        names |= _summed(one)
    return formula


def _summed(one: InForce) -> set[str]:
    amount = one.programme.amount
    found = {amount.fact, amount.fact + "?"} if amount.form == "share" else set()
    if amount.form == "difference":
        found |= {"monthly_income_fen", "household_size", "monthly_income_fen?", "household_size?"}
    if one.special_cap_fen != one.cap_fen:
        found.add(amount.special_when)
    return found | {f"rural_district={place}" for place in one.cap_at}


def _sum(one: InForce, read: Read) -> Any:
    amount, cap = one.programme.amount, one.cap_fen
    if amount.form == "nothing":
        return 0
    if amount.form == "difference":
        lacking = cap * read("household_size") - read("monthly_income_fen")
        known = read("monthly_income_fen?") & read("household_size?")
        return np.where(known, np.where(lacking > 0, lacking, cap), ASKED)
    if one.cap_at:
        most: Any = cap
        for place, there in one.cap_at.items():
            most = np.where(read(f"rural_district={place}"), max(cap, there), most)
        return most
    most = np.where(read(amount.special_when), one.special_cap_fen, cap) if one.special_cap_fen != cap else cap
    if amount.form == "flat":
        return most
    x, share = read(amount.fact), one.share
    part = x if share == 1 else x * share.numerator // share.denominator
    given = np.where(part < one.floor_fen, one.floor_fen, np.minimum(part, most))
    return np.where(read(amount.fact + "?"), given, cap if amount.unless_unknown else ASKED)


def _follows() -> dict[str, tuple[Any, Any]]:
    """What follows from reported facts, as a formula of its value and one of whether it is known; see `services/matching/domain/facts.py`."""

    def paid(read: Read) -> Any:
        return np.where(
            read("told_self_paid?"),
            read("told_self_paid"),
            np.maximum(0, read("medical_total_year_fen") - read("medical_reimbursed_year_fen")),
        )

    def months(read: Read) -> Any:
        days = read("event_on")
        month = days.astype("datetime64[M]")
        day = (days - month).astype(np.int32) + 1
        return (ON.year - 1970) * 12 + ON.month - 1 - month.astype(np.int32) + (ON.day > day)

    def unable(read: Read) -> Any:
        return np.where(read("cannot_pay?"), read("cannot_pay"), read("unable_to_pay?"))

    def unable_known(read: Read) -> Any:
        bills, income = read("medical_self_paid_year_fen"), read("monthly_income_fen")
        both = read("medical_self_paid_year_fen?") & read("monthly_income_fen?")
        return read("cannot_pay?") | (both & (bills > income * 12))

    def most(one: str, other: str, times: int) -> Any:
        return lambda read: np.maximum(np.where(read(one + "?"), read(one) * times, LEAST), np.where(read(other + "?"), read(other), LEAST))

    def known(*names: str) -> Any:
        return lambda read: reduce(and_, [read(name + "?") for name in names])

    def either(one: str, other: str) -> Any:
        return lambda read: read(one + "?") | read(other + "?")

    income, size, spent = "monthly_income_fen", "household_size", "necessary_spending_month_fen"

    def heads(read: Any) -> Any:
        return np.maximum(read(size), 1)

    return {
        size: (lambda read: read("told_size"), lambda read: read("told_size?") & (read("told_size") > 0)),
        "medical_self_paid_year_fen": (
            paid,
            lambda read: read("told_self_paid?") | (read("medical_total_year_fen?") & read("medical_reimbursed_year_fen?")),
        ),
        "event_months_ago": (months, known("event_on")),
        "settled_here_months": (most("lived_here_months", "works_here_months", 1), either("lived_here_months", "works_here_months")),
        "per_head_income_month_fen": (lambda read: read(income) // heads(read), known(income, size)),
        "per_head_income_year_fen": (lambda read: read("per_head_income_month_fen") * 12, known(income, size)),
        "per_head_left_month_fen": (lambda read: (read(income) - read(spent)) // heads(read), known(income, size, spent)),
        "actual_spending_year_fen": (most(spent, "medical_self_paid_year_fen", 12), either(spent, "medical_self_paid_year_fen")),
        "unable_to_pay": (unable, unable_known),
    }


def _kind(name: str) -> type:
    return (
        bool
        if name[-1] == "?" or "=" in name or KINDS.get(name, REPORTED.get(name)) in ("flag", pl.Boolean)
        else date
        if name == "event_on"
        else int
    )


def _rural(place: str) -> Any:
    return lambda read: read("rural_hukou") & read(f"hukou_district={place}")


def _reading(formula: Any) -> Any:
    def calculated(people: Any, period: Any, _: Any = None) -> Any:
        return formula(lambda name: people(_name(name), period))

    return calculated


_DERIVED = _follows()
_TOLD = {"told_size": "household_size", "told_self_paid": "medical_self_paid_year_fen"}
_SOME = {bool: np.zeros(1, bool), int: np.zeros(1, np.int32), date: np.zeros(1, "datetime64[D]")}


class Fiscal:
    """The rules of one period as a system of OpenFisca; sums are kept in 32 bits, as its whole numbers are."""

    def __init__(self, standing: tuple[InForce | None, ...], codes: tuple[str, ...]) -> None:
        person = build_entity(key="person", plural="people", label="somebody", is_person=True)
        self.codes, wanted = codes, set[str]()
        formulas = {code: _formula(one, wanted) for one, code in zip(standing, codes, strict=True)}
        self.system = TaxBenefitSystem([person])
        rural = {name for name in wanted if name.startswith("rural_district=")}
        derived = {name + mark: formula for name, both in _DERIVED.items() for mark, formula in zip(("", "?"), both, strict=True)}
        derived |= {name: _rural(name.partition("=")[2]) for name in rural}
        for name, formula in derived.items():
            self.system.add_variable(_variable(_name(name), person, _kind(name), _reading(formula)))
        inputs = {name for name in wanted if name not in derived}
        for formula in derived.values():
            formula(lambda name: (inputs.add(name) if name not in derived else None, _SOME[_kind(name)])[1])
        self.inputs = inputs
        for name in inputs:
            self.system.add_variable(_variable(_name(name), person, _kind(name)))
        for code, formula in formulas.items():
            self.system.add_variable(_variable(_name(code), person, int, formula))

    def arrays(self, told: pl.DataFrame) -> dict[str, Any]:
        """What was told, each fact as an array beside one of whether it was; of codes an array for each that some rule names."""
        found = {}
        for name in self.inputs:
            fact, _, code = name.rstrip("?").partition("=")
            fact = _TOLD.get(fact, fact)
            x = pl.col(fact)
            if name[-1] == "?":
                value = x.is_not_null()
            elif code:
                value = (x.list.contains(code) if KINDS.get(fact) == "codes" else x == code).fill_null(False)
            elif fact == "event_on":
                value = x.fill_null(date(1970, 1, 1))
            else:
                value = x.fill_null(False) if _kind(name) is bool else x.fill_null(0).cast(pl.Int32)
            found[_name(name)] = told.select(value).to_series().to_numpy()
        return found

    def simulation(self, arrays: dict[str, Any], count: int) -> Simulation:
        """A simulation with its inputs set."""
        made = SimulationBuilder().build_default_simulation(self.system, count)
        for name, values in arrays.items():
            made.set_input(name, PERIOD, values)
        return made

    def numbers(self, simulation: Simulation) -> dict[str, Any]:
        """Every programme calculated: a sum in fen, `ASKED` or `REFUSED` for each person."""
        return {code: simulation.calculate(_name(code), PERIOD) for code in self.codes}
