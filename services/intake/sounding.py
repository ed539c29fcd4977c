"""How a name sounds: Mandarin syllables without tones, with those pairs folded that southern speakers do not tell apart.

The table `sounds.txt` holds the characters of GB 2312 and some more that stand in names, each under its most common reading as
the library pypinyin 0.55 (MIT) gives it; a test holds the two against each other. The library itself reads whole phrases, which a
name does not need, and takes a tenth of a second to load, which every start of Kapok would pay for.
"""

from __future__ import annotations

import re
from pathlib import Path

from services.intake.domain.identity import canonical_name
from services.intake.domain.likeness import Profile
from services.intake.domain.person import Claims

# zh/z, ch/c, sh/s, n/l at the beginning; -ng/-n at the end: heard as one in the Mandarin of Guangdong.
_FOLDED = ((re.compile("^([zcs])h"), r"\1"), (re.compile("^l"), "n"), (re.compile("([aei])ng$"), r"\1n"))


def _read() -> dict[str, str]:
    found = {}
    for line in Path(__file__).with_name("sounds.txt").read_text("utf-8").splitlines():
        syllable, _, characters = line.partition(" ")
        for shape, folded in _FOLDED:
            syllable = shape.sub(folded, syllable)
        found.update(dict.fromkeys(characters, syllable))
    return found


_SOUNDS = _read()


def syllables(name: str) -> tuple[str, ...]:
    """One for each Chinese character that is known, other letters word by word; `章三` and `张三` sound alike."""
    found: list[str] = []
    word = ""
    for sign in canonical_name(name):
        if sign.isascii() and sign.isalnum():
            word += sign
            continue
        found, word = [*found, *([word] if word else [])], ""
        if sign in _SOUNDS or sign.isalpha():
            found.append(_SOUNDS.get(sign, sign))
    return (*found, word) if word else tuple(found)


def profile_of(claims: Claims) -> Profile:
    """What is compared of a person."""
    phones = tuple([phone for phone in (claims.phone, *claims.earlier_phones) if phone])
    return Profile(
        canonical_name(claims.name) if claims.name else "", syllables(claims.name) if claims.name else (), claims.birth_date or "",
        claims.sex or "", phones, claims.residence_code or "", claims.id_number or "", claims.id_type or "",
        claims.id_country or "",
    )  # fmt: skip


def marks_of(claims: Claims) -> dict[str, str]:
    """The texts under which somebody similar is found by equality: sound with year, sound with district, birth date with surname."""
    heard = syllables(claims.name) if claims.name else ()
    if not heard:
        return {}
    sound, found = " ".join(heard), {}
    if claims.birth_date:
        found = {"sound_year": f"{sound}|{claims.birth_date[:4]}", "born_surname": f"{claims.birth_date}|{heard[0]}"}
    if claims.residence_code:
        found["sound_place"] = f"{sound}|{claims.residence_code[:6]}"
    return found
