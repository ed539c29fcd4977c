"""GB 11643 as it is on living people's cards."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.identity import (
    IdentityNumber,
    WrongNumber,
    canonical_phone,
    check_digit,
    number_of,
    read_identity_number,
    whole_years,
)
from services.intake.domain.masking import masked_name, masked_number, masked_phone
from services.intake.screening.columns import good_number

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "number", "warnings"),
    [
        ("11010519491231002X", "11010519491231002X", ()),
        ("11010519491231002x", "11010519491231002X", ()),
        ("３６０４２６１９９１０１０１００７１", "360426199101010071", ()),
        ("440104 19800101 0016", "440104198001010016", ()),
        ("440106195512240023", "440106195512240023", ()),
        ("440116201006011237", "440116201006011237", ("historic_district",)),
        ("440103199909098888", "440103199909098888", ()),
        ("110105491231002", "11010519491231002X", ()),
    ],
)
def test_a_valid_number_is_read(text: str, number: str, warnings: tuple[str, ...]) -> None:
    read = read_identity_number(text, TODAY)
    assert isinstance(read, IdentityNumber)
    assert (read.number, read.warnings) == (number, warnings)


@pytest.mark.parametrize("first", ["81000019800101001", "82000019800101001", "83000019800101001", "91000019800101001", "99999919800101001"])
def test_people_of_other_places_are_not_kept_out(first: str) -> None:
    read = read_identity_number(first + check_digit(first), TODAY)
    assert isinstance(read, IdentityNumber)
    assert read.warnings == ()


@pytest.mark.parametrize("place", ["000000", "440199", "660101"])
def test_an_unknown_district_is_a_warning_only(place: str) -> None:
    first = place + "19800101001"
    read = read_identity_number(first + check_digit(first), TODAY)
    assert isinstance(read, IdentityNumber)
    assert read.warnings == ("unknown_district",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "length"), ("4401041980010100", "length"), ("44010419800101001A", "characters"), ("440104198001010017", "check_digit"),
        ("440104198002300015", "birth_date"), ("44010420990101001" + check_digit("44010420990101001"), "birth_date_in_the_future"),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_one_says_why(text: str, why: str) -> None:
    assert read_identity_number(text, TODAY) == WrongNumber(why)


def test_the_seventeenth_place_says_the_sex() -> None:
    man, woman = read_identity_number("440104198001010016", TODAY), read_identity_number("440106195512240023", TODAY)
    assert isinstance(man, IdentityNumber)
    assert isinstance(woman, IdentityNumber)
    assert (man.sex, woman.sex) == ("male", "female")


@given(st.integers(0, 17), st.integers(1, 9))
def test_one_changed_digit_is_always_found(place: int, by: int) -> None:
    good = "440104198001010016"
    wrong = good[:place] + str((int(good[place]) + by) % 10) + good[place + 1 :]
    assert isinstance(read_identity_number(wrong, TODAY), WrongNumber)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert isinstance(read_identity_number(text, TODAY), IdentityNumber | WrongNumber)


def test_a_birthday_on_the_last_of_february_counts_from_march() -> None:
    assert whole_years(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert whole_years(date(2008, 2, 29), date(2026, 3, 1)) == 18


@pytest.mark.parametrize("text", ["13800138000", "+86 138-0013-8000", "0086 13800138000", "１３８００１３８０００"])
def test_a_telephone_is_the_same_however_it_is_written(text: str) -> None:
    assert canonical_phone(text) == "13800138000"


def test_masks_show_no_more_than_a_hint() -> None:
    assert (masked_name("张三丰"), masked_name("张三"), masked_name("张"), masked_name(" ")) == ("张**", "张*", "张*", "")
    assert (masked_phone("13800138000"), masked_phone("12345"), masked_phone("110")) == ("138****8000", "***45", "***")
    assert (masked_number("440104198001010016"), masked_number("G1234567")) == ("440104********0016", "********")


def _number_of(born: int, serial: int, *, last: str | None) -> str:
    body = f"440106{born:08}{serial:03}"
    return body + (check_digit(body) if last is None else last)


@given(
    st.lists(
        st.builds(_number_of, st.integers(19_000_101, 20_261_231), st.integers(0, 999), last=st.sampled_from([None, None, None, "X", "7"]))
        | st.from_regex(r"[0-9]{15}", fullmatch=True),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_column_by_column_a_number_is_as_good_as_one_by_one(numbers: list[str]) -> None:
    today = date(2026, 12, 31)
    frame = pl.DataFrame({"id_number": numbers}).select(good_number().alias("good"))
    said = {number: not isinstance(read_identity_number(number, today), WrongNumber) for number in numbers}
    assert dict(zip(numbers, frame["good"].to_list(), strict=True)) == said


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("138 0013 8000", "13800138000"), ("+86 138-0013-8000", "13800138000"), ("13800138008.0", "13800138008"), ("020-83332222", "02083332222"),
        ("83332222", "83332222"), ("tel:13800138000", "13800138000"), ("+852 2345 6789", "0085223456789"), ("１３８００１３８０００", "13800138000"),
        ("1.38e10", None), ("13800138008 转 123", None), ("13800138008x99", None), ("999999999999", None), ("1390000000", None), ("12345", None),
        ("110", None), ("", None), ("+ 86 138 0013 8000", "13800138000"), ("tel:+1 415 555 0100", "0014155550100"), ("(+852)2345 6789", "0085223456789"),
        ("85223456789", "0085223456789"), ("+86 20 8333 2222", "02083332222"), ("0086 13800138000", "13800138000"), ("4008001234", "4008001234"),
        ("86 13800138000", "13800138000"), ("138+00138000", None), ("张三 13912345678", None),
    ],
)  # fmt: skip
def test_only_what_can_be_rung_is_a_number_to_ring(typed: str, number: str | None) -> None:
    assert number_of(typed) == number


def test_what_is_no_number_is_masked_whole() -> None:
    assert (masked_phone("张三 13912345678"), masked_phone("=cmd|1 13912345678")) == ("***", "***")
    assert (masked_phone("13800138000"), masked_phone("")) == ("138****8000", "")
