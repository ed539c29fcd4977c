"""A donor's word: what their money is for. It lies in a part of the fund that may be spent on nothing else.

The part is a fund like any other, opened by the first donation with this word, with the fund's restrictions narrowed to it. So
what keeps the word is what keeps every restriction: the money is reserved, moved and given back under it, and nothing else has
to be asked. Its id is the fund's with the word behind it, by a sign that no fund opened by people has.
"""

from __future__ import annotations

from msgspec import Struct

_SIGN = "~"


class Earmark(Struct, frozen=True, gc=False, omit_defaults=True):
    """For one programme, one district, one need, or several of these together; an empty text says nothing."""

    programme: str = ""
    district: str = ""
    purpose: str = ""

    def __bool__(self) -> bool:
        return bool(self.programme or self.district or self.purpose)


NO_WORD = Earmark()


def part_of(fund_id: str, earmark: Earmark) -> str:
    """The id of the part of a fund under this word; the fund itself under none."""
    codes = (("p", earmark.programme), ("d", earmark.district), ("n", earmark.purpose))
    return fund_id + "".join(f"{_SIGN}{by}.{code}" for by, code in codes if code)


def whole(fund_id: str) -> str:
    """The fund that a part belongs to, which is what everybody is told: a payment's fund names no place and no programme."""
    return fund_id.partition(_SIGN)[0]


def word_of(fund_id: str) -> Earmark:
    """The word in a part's id."""
    said = dict(piece.split(".", 1) for piece in fund_id.split(_SIGN)[1:])
    return Earmark(said.get("p", ""), said.get("d", ""), said.get("n", ""))
