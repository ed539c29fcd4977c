"""The citizen's identity number (GB 11643): read, checked, and what it says about its holder."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from msgspec import Struct

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"  # by the remainder of the weighed sum
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_OLD_SHAPE = re.compile(r"[0-9]{15}")
_INNER = re.compile(r"[\s\-·.]+")
# First two digits of a GB/T 2260 province; 81, 82, 83 are the residence permits of Hong Kong, Macau and Taiwan people,
# 9 the permanent residence card of foreigners.
_PROVINCES = frozenset(
    (
        "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36",
        "37", "41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62",
        "63", "64", "65", "71", "81", "82", "83",
    )
)  # fmt: skip
# Guangzhou's districts of today and those that still stand on living people's cards: place of first issue, never residence.
DISTRICTS = ("440103", "440104", "440105", "440106", "440111", "440112", "440113", "440114", "440115", "440117", "440118")
GUANGZHOU_TODAY = frozenset(("440100", *DISTRICTS))
GUANGZHOU_HISTORIC = frozenset(
    (
        "440101", "440102", "440107", "440116", "440121", "440122", "440125", "440126", "440181", "440182", "440183", "440184",
    )
)  # fmt: skip
_EARLIEST_YEAR = 1880


class IdentityNumber(Struct, frozen=True, gc=False):
    """A number that passed: 18 places, upper-case X; `warnings` never keep a person out."""

    number: str
    birth_date: date
    sex: str
    warnings: tuple[str, ...] = ()


class WrongNumber(Struct, frozen=True, gc=False):
    """A number that cannot be one; `why` is a code, the number itself is not repeated."""

    why: str


def read_identity_number(text: str, today: date) -> IdentityNumber | WrongNumber:
    """Normalise and check; hard errors are length, check digit and a birth date that is not a real past day."""
    number = canonical_number(text)
    if _OLD_SHAPE.fullmatch(number):
        number = number[:6] + "19" + number[6:]
        number += check_digit(number)
    if len(number) != 18:
        return WrongNumber("length")
    if not _SHAPE.fullmatch(number):
        return WrongNumber("characters")
    if check_digit(number[:17]) != number[17]:
        return WrongNumber("check_digit")
    born = _birth_date(number)
    if born is None or born.year < _EARLIEST_YEAR:
        return WrongNumber("birth_date")
    if born > today:
        return WrongNumber("birth_date_in_the_future")
    return IdentityNumber(number, born, "male" if int(number[16]) % 2 else "female", _place_warnings(number))


def canonical_number(text: str) -> str:
    """The one way a number is written: half-width, without blanks, upper case."""
    plain = _INNER.sub("", unicodedata.normalize("NFKC", text)).upper()
    return _INNER.sub("", unicodedata.normalize("NFKC", plain))  # a mark that stood behind a blank may belong to its letter now


def check_digit(first_seventeen: str) -> str:
    return CHECKS[sum(int(digit) * weight for digit, weight in zip(first_seventeen, WEIGHTS, strict=True)) % 11]


def _birth_date(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _place_warnings(number: str) -> tuple[str, ...]:
    place = number[:6]
    if place in GUANGZHOU_HISTORIC:
        return ("historic_district",)
    if number[0] == "9" or place[:2] in ("81", "82", "83"):
        return ()
    if place[:2] not in _PROVINCES or (place.startswith("4401") and place not in GUANGZHOU_TODAY):
        return ("unknown_district",)
    return ()


def whole_years(born: date, on: date) -> int:
    """Age in completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


# What can be rung: a mobile of the mainland, a line with or without its area, Hong Kong, Macau and Taiwan, and abroad with 00 (E.164).
_RINGABLE = re.compile(r"1[3-9][0-9]{9}|0[1-9][0-9]{8,10}|[2-9][0-9]{6,7}|[48]00[0-9]{7}|00[1-9][0-9]{6,14}")
_NEAR = re.compile(r"(?:852|853)[0-9]{8}|886[0-9]{8,10}")  # often written without the 00
_TYPED = re.compile(r"(?:tel|phone|电话|手机)?[:：]?[+0-9()\s.\-–·/]+")
_DECIMAL = re.compile(r"([0-9]{5,20})\.0+")  # a spreadsheet's number


def canonical_phone(text: str) -> str:
    """Digits only, without the country's 86; an empty string where there are none."""
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", text))
    digits = digits.removeprefix("0086")
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def number_of(phone: str) -> str | None:
    """The number in its one spelling; None when a machine cannot ring it, as with an extension, a word or a digit too many."""
    text = unicodedata.normalize("NFKC", phone).strip().lower()
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None and not _TYPED.fullmatch(text):
        return None
    written = re.sub(r"[^0-9+]", "", decimal[1] if decimal else text)
    digits = written.replace("+", "00", 1) if written.startswith("+") else written
    if "+" in digits:
        return None
    if digits.startswith("0086"):
        digits = digits[4:]
        digits = digits if digits[:1] in ("0", "1") or len(digits) < 9 else f"0{digits}"  # a line's area, said without its nought
    elif _NEAR.fullmatch(digits):
        digits = f"00{digits}"
    digits = canonical_phone(digits)
    return digits if _RINGABLE.fullmatch(digits) else None


def canonical_name(text: str) -> str:
    """A name for comparison: half-width, one blank at most, case folded."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()
