"""Which numbers may be set while we run: known, sourced, one from each day unless it is a correction."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain.changing import NewValue
from services.matching.domain.parameter_decisions import (
    NothingToCorrect,
    ParameterHasNoSource,
    ParameterIsNoNumber,
    ParameterIsUnknown,
    ParameterStandsFromThisDay,
    parameters,
)
from services.matching.domain.parameters import Parameters, ParameterSet, SetParameter
from services.matching.rulebook import RULEBOOK, in_force
from shared.testing.given import Given
from tests.matching.stories import AT, LATER

PARAMETERS = parameters(RULEBOOK)
LINE = SetParameter(None, "dibao_line_fen", date(2027, 1, 1), "130000", "ASSUMPTION", AT)
SET = ParameterSet(1, None, "dibao_line_fen", date(2027, 1, 1), None, "130000", "ASSUMPTION", AT)
FIRST = RULEBOOK.city["dibao_line_fen"][0]


def test_a_new_number_stands_from_its_day_and_said_twice_is_said_once() -> None:
    state = Given(PARAMETERS).when(LINE).then(SET)
    assert state == Parameters((NewValue(None, "dibao_line_fen", date(2027, 1, 1), Fraction(130_000), "ASSUMPTION"),), 1)
    Given(PARAMETERS, SET).when(replace(LINE, at=LATER)).then()
    assert in_force(state).number("dibao_line_fen", date(2027, 1, 1)) == 130_000
    assert in_force(state).number("dibao_line_fen", date(2026, 12, 31)) == RULEBOOK.number("dibao_line_fen", date(2026, 12, 31))
    assert in_force(state).version != RULEBOOK.version == in_force(Parameters()).version


def test_a_number_holds_until_the_day_of_the_next() -> None:
    earlier = replace(LINE, valid_from=date(2026, 12, 1), value="127000")
    (second,) = Given(PARAMETERS, SET).when(earlier).events
    assert (second.number, second.until) == (2, date(2027, 1, 1))
    (before_all,) = Given(PARAMETERS).when(replace(LINE, valid_from=date(1999, 1, 1))).events
    assert before_all.until == FIRST.valid_from


def test_a_number_of_a_programme_is_not_that_of_another() -> None:
    name, series = next(iter(RULEBOOK.by_code["LOTTERY-RAIN"].parameters.items()))
    own = replace(LINE, programme="LOTTERY-RAIN", name=name, value="0.25")
    state = Given(PARAMETERS, SET).when(own).state
    book = in_force(state)
    assert book.by_code["LOTTERY-RAIN"].parameters[name][-1].value == Fraction(1, 4) != series[-1].value
    assert book.number("dibao_line_fen", date(2027, 1, 1)) == 130_000


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": "nothing_fen"}, ParameterIsUnknown), ({"programme": "NOTHING"}, ParameterIsUnknown), ({"programme": "DIBAO"}, ParameterIsUnknown),
        ({"source": " "}, ParameterHasNoSource), ({"value": "much"}, ParameterIsNoNumber), ({"value": "1/0"}, ParameterIsNoNumber),
        ({"value": "-1"}, ParameterIsNoNumber), ({"value": "130001"}, ParameterStandsFromThisDay),
        ({"valid_from": FIRST.valid_from}, ParameterStandsFromThisDay), ({"valid_from": date(2027, 1, 2), "corrects": True}, NothingToCorrect),
    ],
)  # fmt: skip
def test_what_is_no_number_of_ours_is_refused(wrong: dict[str, Any], why: type) -> None:
    Given(PARAMETERS, SET).when(replace(LINE, **wrong)).refused(why)


def test_every_refusal_is_one_of_these() -> None:
    said = Given(PARAMETERS, SET)
    said.when(replace(LINE, name="nothing_fen")).refused(ParameterIsUnknown)
    said.when(replace(LINE, source="")).refused(ParameterHasNoSource)
    said.when(replace(LINE, value="much")).refused(ParameterIsNoNumber)
    stands = said.when(replace(LINE, value="1")).refused(ParameterStandsFromThisDay)
    assert stands.facts == {"valid_from": "2027-01-01", "value": "130000"}
    said.when(replace(LINE, valid_from=date(2028, 1, 1), corrects=True)).refused(NothingToCorrect)


def test_a_correction_takes_the_place_of_what_it_corrects_and_says_so() -> None:
    (right,) = Given(PARAMETERS, SET).when(replace(LINE, value="129000", corrects=True)).events
    assert (right.number, right.instead_of, right.until) == (2, "130000", None)
    state = Given(PARAMETERS, SET, right).state
    assert [(one.value, one.valid_from) for one in state.values] == [(Fraction(129_000), date(2027, 1, 1))]
    (of_a_file,) = Given(PARAMETERS).when(replace(LINE, valid_from=FIRST.valid_from, corrects=True)).events
    assert of_a_file.instead_of == str(FIRST.value)  # whole yuan


def test_numbers_as_of_then_are_those_set_by_then() -> None:
    second = replace(SET, number=2, valid_from=date(2028, 1, 1), value="140000", at=LATER)
    assert isinstance(AT, datetime)
    assert in_force(Given(PARAMETERS, SET).state).number("dibao_line_fen", date(2028, 1, 1)) == 130_000
    assert in_force(Given(PARAMETERS, SET, second).state).number("dibao_line_fen", date(2028, 1, 1)) == 140_000


def test_a_number_that_this_release_has_no_use_for_stops_nothing() -> None:
    gone = (NewValue("DIBAO", "renamed_fen", date(2027, 1, 1), Fraction(1), "X"), NewValue("GONE", "x", date(2027, 1, 1), Fraction(1), "X"))
    stands = NewValue(None, "dibao_line_fen", date(2027, 1, 1), Fraction(130_000), "X")
    book = in_force(Parameters((*gone, NewValue(None, "renamed", date(2027, 1, 1), Fraction(1), "X"), stands), 4))
    assert book.number("dibao_line_fen", date(2027, 1, 1)) == 130_000


def test_a_value_is_told_in_decimals() -> None:
    name = next(iter(RULEBOOK.by_code["LOTTERY-RAIN"].parameters))
    for said, told in (("0.5", "0.5"), ("1/8", "0.125"), ("120001", "120001"), ("0.000000001", "0.000000001")):
        (event,) = Given(PARAMETERS).when(replace(LINE, programme="LOTTERY-RAIN", name=name, value=said)).events
        assert event.value == told
