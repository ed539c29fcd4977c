"""Identity papers: what a number of each kind must look like; a kind that is not known here is kept as it was given.

Rules and their sources:

* `resident_id`: GB 11643-1999, 18 places with a check digit and a real date; 15 places are expanded (`identity`).
* `residence_permit` (of Hong Kong, Macao, Taiwan residents, since 2018): GB 11643 with the places 810000, 820000, 830000.
* `hk_macao_permit` (home-return permit): H or M and 8 digits, older prints with 2 more for how often it was replaced.
* `taiwan_permit` (travel permit to the mainland): 8 digits, older prints 10 and a letter in brackets.
* `foreign_permanent_resident`: since 2023 18 places that begin with 9 and end in the check digit of GB 11643; before, 3 letters and 12 digits.
* `passport`: 6 to 9 letters and digits (ICAO Doc 9303-4); where both lines of the machine-readable zone are given, their check digits count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from msgspec import Struct

from services.intake.domain.identity import IdentityNumber, WrongNumber, canonical_number, check_digit, read_identity_number

_HOME_RETURN = re.compile(r"[HM][0-9]{8}([0-9]{2})?")
_TAIWAN = re.compile(r"[0-9]{8}|[0-9]{10}(\([A-Z]\)|[A-Z])?")
_FOREIGN_OLD = re.compile(r"[A-Z]{3}[0-9]{12}")
_FOREIGN = re.compile(r"9[0-9]{16}[0-9X]")
_NATIONAL = re.compile(r"[0-9]{17}[0-9X]")
_PASSPORT = re.compile(r"[A-Z0-9]{6,9}")
# Two lines of 44 (TD3); the first begins with P. Blanks between them are gone in the canonical form.
_MRZ = re.compile(
    r"P[A-Z<]([A-Z<]{3})[A-Z<]{39}([A-Z0-9<]{9})([0-9])[A-Z<]{3}([0-9]{6})([0-9])([MFX<])([0-9]{6})([0-9])[A-Z0-9<]{14}[0-9<]([0-9])"
)
_MRZ_SECOND = 44
_PERMITS = ("810000", "820000", "830000")
_OLDER_THAN = 100
MRZ_WEIGHTS = (7, 3, 1)


class Paper(Struct, frozen=True, gc=False):
    """A number that passed; what it says about its holder, where it says anything. `warnings` never keep a person out.

    `country` is the issuing state in three letters (ISO 3166-1, ICAO Doc 9303-3) where the paper itself says it.
    """

    number: str
    birth_date: date | None = None
    sex: str | None = None
    warnings: tuple[str, ...] = ()
    country: str | None = None


def names_one(kind: str, number: str, country: str | None) -> str | None:
    """The text that names one person for good; None where the same number may be somebody else's.

    Numbers of GB 11643 are one space whichever paper they stand on; others are counted by each authority for itself, so that a
    permit and a passport of two countries may bear the same. A home-return permit keeps its first nine places when it is replaced.
    """
    if _NATIONAL.fullmatch(number):
        return number
    if kind == "passport":
        return f"passport:{country}:{number}" if country else None
    return f"{kind}:{number[:9] if kind == 'hk_macao_permit' else number}"


def read_paper(kind: str, text: str, today: date) -> Paper | WrongNumber:
    """The number in its one spelling, or the rule it breaks as a code; the number itself is not repeated."""
    reader = _READERS.get(kind)
    if reader is None:
        return Paper(canonical_number(text))
    return reader(text, today)


def _resident(text: str, today: date) -> Paper | WrongNumber:
    read = read_identity_number(text, today)
    return read if isinstance(read, WrongNumber) else _of(read)


def _of(read: IdentityNumber) -> Paper:
    return Paper(read.number, read.birth_date, read.sex, read.warnings)


def _residence_permit(text: str, today: date) -> Paper | WrongNumber:
    """Those of Hong Kong, Macao and Taiwan people; the permit of Guangdong carries the holder's resident number."""
    read = read_identity_number(text, today)
    if isinstance(read, WrongNumber):
        return read
    if read.number[:2] in ("81", "82", "83") and read.number[:6] not in _PERMITS:
        return WrongNumber("place_of_permit")
    return _of(read)


def _home_return(text: str, today: date) -> Paper | WrongNumber:
    return _shaped(_HOME_RETURN, canonical_number(text), "hk_macao_permit")


def _taiwan(text: str, today: date) -> Paper | WrongNumber:
    return _shaped(_TAIWAN, canonical_number(text), "taiwan_permit")


def _shaped(shape: re.Pattern[str], number: str, why: str) -> Paper | WrongNumber:
    return Paper(number) if shape.fullmatch(number) else WrongNumber(why)


def _foreign(text: str, today: date) -> Paper | WrongNumber:
    number = canonical_number(text)
    if _FOREIGN_OLD.fullmatch(number):
        return Paper(number)
    if not _FOREIGN.fullmatch(number):
        return WrongNumber("foreign_permanent_resident")
    if check_digit(number[:17]) != number[17]:
        return WrongNumber("check_digit")
    read = read_identity_number(number, today)
    return read if isinstance(read, WrongNumber) else _of(read)


def _passport(text: str, today: date) -> Paper | WrongNumber:
    number = canonical_number(text)
    zone = _MRZ.fullmatch(number)
    if zone is None:
        return _shaped(_PASSPORT, number, "passport")
    second = number[_MRZ_SECOND:]
    parts = ((zone[2], zone[3]), (zone[4], zone[5]), (zone[7], zone[8]), (second[:10] + second[13:20] + second[21:43], zone[9]))
    if any(mrz_digit(part) != int(digit) for part, digit in parts):
        return WrongNumber("passport_check_digit")
    born = _born(zone[4], today)
    if born is None:
        return WrongNumber("birth_date")
    return Paper(zone[2].rstrip("<"), born, {"M": "male", "F": "female"}.get(zone[6]), country=zone[1].rstrip("<"))


def mrz_digit(part: str) -> int:
    """ICAO Doc 9303-3, 4.9: digits count as they are, letters from A = 10, the filler is 0; weights 7, 3, 1."""
    values = (0 if sign == "<" else int(sign, 36) for sign in part)
    return sum(value * MRZ_WEIGHTS[at % 3] for at, value in enumerate(values)) % 10


def _born(six: str, today: date) -> date | None:
    """The zone has two places for the year: the last hundred years are meant."""
    for century in (today.year // 100, today.year // 100 - 1):
        try:
            born = date(century * 100 + int(six[:2]), int(six[2:4]), int(six[4:]))
        except ValueError:
            continue
        if born <= today and today.year - born.year <= _OLDER_THAN:
            return born
    return None


_READERS: Mapping[str, Callable[[str, date], Paper | WrongNumber]] = {
    "resident_id": _resident,
    "residence_permit": _residence_permit,
    "hk_macao_permit": _home_return,
    "taiwan_permit": _taiwan,
    "foreign_permanent_resident": _foreign,
    "passport": _passport,
}
