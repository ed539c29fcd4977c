"""How likely it is that two people are one: one pure function, each field with its weight, the reasons as codes.

The weights are those of Fellegi and Sunter (A Theory for Record Linkage, JASA 64, 1969): for each field the logarithm to base 2
of how much more often this outcome is seen between two records of one person (m) than between two persons (u). They are added to
the prior odds and read as a probability. The m and u are set by hand (ASSUMPTION) from the size of a city and the frequency of
Chinese names: a common full name is borne by one in two thousand, a birth date by one in twenty thousand.
Spellings are compared with rapidfuzz (Jaro-Winkler for names, Damerau-Levenshtein for numbers).
"""

from __future__ import annotations

from math import log2

from msgspec import Struct
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler


class Profile(Struct, frozen=True, gc=False):
    """What is compared; empty where it is not known. `sound` are the syllables of the name, `phones` the newest first."""

    name: str = ""
    sound: tuple[str, ...] = ()
    birth_date: str = ""
    sex: str = ""
    phones: tuple[str, ...] = ()
    residence_code: str = ""
    id_number: str = ""
    id_type: str = ""
    id_country: str = ""


class Likeness(Struct, frozen=True, gc=False):
    """`score` from 0 to 1, two decimals; `because` what speaks for it and (…_differs) against it."""

    score: float
    because: tuple[str, ...]


# code: (m, u), see above
_WEIGHTS: dict[str, tuple[float, float]] = {
    "same_id_number": (0.97, 0.000_000_1),
    "id_number_differs": (0.000_000_001, 0.999_999_9),  # given once to one person: outweighs name, birth date and street together
    "same_name": (0.88, 0.000_5),
    "same_sound": (0.06, 0.001_5),
    "similar_name": (0.04, 0.008),
    "name_differs": (0.02, 0.99),
    "same_birth_date": (0.90, 0.000_05),
    "birth_date_one_off": (0.06, 0.001),
    "same_birth_year": (0.02, 0.015),
    "birth_date_differs": (0.02, 0.984),
    "same_phone": (0.55, 0.01),  # a family has one telephone, and one street
    "phone_one_off": (0.03, 0.000_02),
    "phone_differs": (0.42, 0.999),
    "sex_differs": (0.01, 0.5),
    "same_street": (0.70, 0.05),
    "same_district": (0.15, 0.11),
    "district_differs": (0.15, 0.88),
}
# Who is compared was found by something equal already: of ten such pairs about one is one person.
_PRIOR = log2(0.1 / 0.9)
_NEAR_NAME = 0.82
SUGGESTED = 0.5
_QUIET = frozenset(("phone_differs", "district_differs"))  # people move and change their telephone: it weighs, it is no reason


def likeness(one: Profile, other: Profile) -> Likeness:
    """The same both ways round; fields that one of the two does not know weigh nothing."""
    found = [code for code in (_numbers(one, other), _names(one, other), _births(one, other), _phones(one, other)) if code]
    if one.sex in ("male", "female") and other.sex in ("male", "female") and one.sex != other.sex:
        found.append("sex_differs")
    place = _places(one, other)
    found += [place] if place else []
    odds = _PRIOR + sum(log2(_WEIGHTS[code][0] / _WEIGHTS[code][1]) for code in found)
    return Likeness(round(1 / (1 + 2**-odds), 2), tuple([code for code in found if code not in _QUIET]))


def _numbers(one: Profile, other: Profile) -> str:
    """Numbers of different kinds of papers tell nothing about each other."""
    if not one.id_number or not other.id_number:
        return ""
    if one.id_type != other.id_type:
        return ""
    if one.id_country and other.id_country and one.id_country != other.id_country:
        return ""  # two countries print the same number, and one person may have a passport of each
    return "same_id_number" if one.id_number == other.id_number else "id_number_differs"


def _names(one: Profile, other: Profile) -> str:
    if not one.name or not other.name:
        return ""
    if one.name == other.name:
        return "same_name"
    if one.sound == other.sound:
        return "same_sound"
    near = max(JaroWinkler.similarity(one.name, other.name), JaroWinkler.similarity(" ".join(one.sound), " ".join(other.sound)))
    return "similar_name" if near >= _NEAR_NAME else "name_differs"


def _births(one: Profile, other: Profile) -> str:
    """One sign wrong, or day and month the wrong way round, is a slip; the same year is a hint."""
    if not one.birth_date or not other.birth_date:
        return ""
    if one.birth_date == other.birth_date:
        return "same_birth_date"
    turned = f"{other.birth_date[:5]}{other.birth_date[8:]}-{other.birth_date[5:7]}"
    if one.birth_date == turned or DamerauLevenshtein.distance(one.birth_date, other.birth_date) == 1:
        return "birth_date_one_off"
    return "same_birth_year" if one.birth_date[:4] == other.birth_date[:4] else "birth_date_differs"


def _phones(one: Profile, other: Profile) -> str:
    if not one.phones or not other.phones:
        return ""
    if set(one.phones) & set(other.phones):
        return "same_phone"
    near = any(DamerauLevenshtein.distance(a, b, score_cutoff=1) == 1 for a in one.phones for b in other.phones)
    return "phone_one_off" if near else "phone_differs"


def _places(one: Profile, other: Profile) -> str:
    if not one.residence_code or not other.residence_code:
        return ""
    if one.residence_code == other.residence_code and len(one.residence_code) == 9:
        return "same_street"
    return "same_district" if one.residence_code[:6] == other.residence_code[:6] else "district_differs"
