"""Numbers of identity papers: what passes, what does not and by which rule, and what is kept as it was given."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.identity import WrongNumber, check_digit
from services.intake.domain.papers import Paper, mrz_digit, names_one, read_paper

TODAY = date(2026, 11, 27)
# The specimen of ICAO Doc 9303-4.
SPECIMEN = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"


def numbered(first_seventeen: str) -> str:
    return first_seventeen + check_digit(first_seventeen)


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        ("resident_id", "４４０１０６１９５５１２２４００２３", "440106195512240023"),
        ("resident_id", "110105491231002", "11010519491231002X"),
        ("resident_id", numbered("44010719620304001"), numbered("44010719620304001")),
        ("residence_permit", numbered("81000019900101001"), numbered("81000019900101001")),
        ("hk_macao_permit", "h 0123 4567", "H01234567"),
        ("hk_macao_permit", "M0123456702", "M0123456702"),
        ("taiwan_permit", "0123 4567", "01234567"),
        ("taiwan_permit", "0123456789(A)", "0123456789(A)"),
        ("foreign_permanent_resident", "usa310104567890", "USA310104567890"),
        ("foreign_permanent_resident", numbered("91184019900101001"), numbered("91184019900101001")),
        ("passport", "e12345678", "E12345678"),
        ("passport", SPECIMEN, "L898902C3"),
        ("seaman_book", "x-1", "X1"),
    ],
)
def test_a_right_number_is_kept_in_its_one_spelling(kind: str, text: str, number: str) -> None:
    read = read_paper(kind, text, TODAY)
    assert isinstance(read, Paper)
    assert read.number == number


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("resident_id", "440106195512240024", "check_digit"),
        ("resident_id", "440104198002300015", "birth_date"),
        ("resident_id", numbered("44010620300101001"), "birth_date_in_the_future"),
        ("residence_permit", numbered("81000119900101001"), "place_of_permit"),
        ("residence_permit", "810000199001010010", "check_digit"),
        ("hk_macao_permit", "A01234567", "hk_macao_permit"),
        ("hk_macao_permit", "H0123456", "hk_macao_permit"),
        ("taiwan_permit", "0123456", "taiwan_permit"),
        ("foreign_permanent_resident", "440106195512240023", "foreign_permanent_resident"),
        ("foreign_permanent_resident", "911840199001010010", "check_digit"),
        ("passport", "E1", "passport"),
        ("passport", SPECIMEN.replace("L898902C36", "L898902C37"), "passport_check_digit"),
        ("passport", SPECIMEN.replace("7408122", "7408132"), "passport_check_digit"),
    ],
)
def test_a_wrong_number_says_which_rule_it_breaks(kind: str, text: str, why: str) -> None:
    assert read_paper(kind, text, TODAY) == WrongNumber(why)


def test_a_machine_readable_zone_tells_the_holders_birth_date_and_sex() -> None:
    assert read_paper("passport", SPECIMEN, TODAY) == Paper("L898902C3", date(1974, 8, 12), "female", country="UTO")
    assert mrz_digit("520727") == 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("resident_id", "440106195512240023", None), ("residence_permit", "440106195512240023", None), True),
        (("passport", "E12345678", "PHL"), ("passport", "E12345678", "PHL"), True),
        (("passport", "E12345678", "PHL"), ("passport", "E12345678", "NPL"), False),
        (("passport", "12345678", "GBR"), ("taiwan_permit", "12345678", None), False),
        (("hk_macao_permit", "H0123456700", None), ("hk_macao_permit", "H0123456701", None), True),
        (("hk_macao_permit", "H01234567", None), ("hk_macao_permit", "M01234567", None), False),
    ],
)
def test_what_names_one_person_is_the_kind_of_paper_and_who_gave_it(
    one: tuple[str, str, str | None], other: tuple[str, str, str | None], same: bool
) -> None:
    assert names_one(*one) is not None
    assert (names_one(*one) == names_one(*other)) is same


def test_a_passport_without_its_country_names_nobody() -> None:
    assert names_one("passport", "E12345678", None) is None


def test_a_historic_district_is_no_fault_and_no_residence() -> None:
    read = read_paper("resident_id", numbered("44011620100601123"), TODAY)
    assert isinstance(read, Paper)
    assert read.warnings == ("historic_district",)


@given(
    st.sampled_from(("resident_id", "residence_permit", "hk_macao_permit", "taiwan_permit", "foreign_permanent_resident", "passport", "x")),
    st.text(max_size=120),
)
def test_whatever_is_typed_is_answered_and_what_passes_passes_again(kind: str, text: str) -> None:
    read = read_paper(kind, text, TODAY)
    assert not isinstance(read, Paper) or kind == "passport" or read_paper(kind, read.number, TODAY) == read
