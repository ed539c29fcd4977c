"""Where the money of one donation went: first in, first out of its fund, month by month, and nobody who was helped can be found.

What a fund has spent since it began is held against what it was given since it began: a donation lies between what was given
before it and after it, and what was spent reaches into it or not. Only months that are over count, as in the editions.

Which programmes and places the fund's money went to is told in blocks. A block is a part of a group that an edition tells: the
payments of one fund in it, where they are five or more and so are those of the others. So whatever anybody adds up or takes
away, of editions or of donations, is made of whole blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from msgspec import Struct

from services.disbursement.domain.earmark import whole
from services.disbursement.domain.editions import Edition
from services.disbursement.domain.summary import MERGED, K, Sum, small_ones


class FundSum(Struct, frozen=True):
    """So many payouts of one fund in one month, place and programme; what came back is taken away and counts none."""

    fund_id: str
    month: str
    district: str
    programme: str
    payouts: int
    amount_fen: int


class Block(Struct, frozen=True):
    """Payments of one fund in one group that the edition of this month tells; `fund_id` is `merged` where several share it."""

    month: str
    district: str
    programme: str
    fund_id: str
    payouts: int
    amount_fen: int


class Gone(Struct, frozen=True):
    """What left a fund in a month: spent on people, or moved to other funds."""

    month: str
    spent_fen: int
    moved_fen: int = 0


class Share(Struct, frozen=True, omit_defaults=True):
    """A part of the donation: spent in a month, or on a programme in a place; without them, not told more closely."""

    amount_fen: int
    month: str | None = None
    district: str | None = None
    programme: str | None = None


class Went(Struct, frozen=True):
    """All of a donation: `spent_fen + moved_fen + left_fen` is what was given and not refunded."""

    spent_fen: int
    moved_fen: int
    left_fen: int
    months: tuple[Share, ...]
    places: tuple[Share, ...]


def blocks(found: Iterable[FundSum], made: Iterable[Edition], k: int = K) -> tuple[Block, ...]:
    """Each group of the editions, split by fund; funds with fewer than `k` of it are one block with the next larger."""
    by_month = {month: list(some) for month, some in groupby(sorted(found, key=lambda s: s.month), key=lambda s: s.month)}
    waiting: dict[tuple[str, str], dict[str, Sum]] = {}
    told = []
    for edition in made:
        for s in by_month.get(edition.month, ()):
            funds = waiting.setdefault((s.district, s.programme), {})
            before = funds.get(s.fund_id, Sum(0, 0))
            funds[s.fund_id] = Sum(before.payouts + s.payouts, before.amount_fen + s.amount_fen)
        for cell in edition.cells:
            place = (cell.district or "", cell.programme or "")
            told += [Block(edition.month, *place, fund, s.payouts, s.amount_fen) for fund, s in _split(waiting.pop(place, {}), k).items()]
    return tuple(told)


def _split(funds: Mapping[str, Sum], k: int) -> dict[str, Sum]:
    small = small_ones({(fund_id,): s for fund_id, s in funds.items()}, k)
    split: dict[str, Sum] = {}
    for fund_id, s in funds.items():
        name = MERGED if fund_id in small else fund_id
        before = split.get(name, Sum(0, 0))
        split[name] = Sum(before.payouts + s.payouts, before.amount_fen + s.amount_fen)
    return split


def gone(fund_id: str, found: Iterable[FundSum], told: Iterable[Block], moved: Mapping[str, int], before: str) -> tuple[Gone, ...]:
    """What left a fund in each month before this one, oldest first.

    The chain names the whole fund of each payment, so what a fund has spent in a month is known to everybody. Of a fund with
    parts it is not known which part paid: there only blocks count, and the rest is told once five stand behind it.
    """
    sums = [s for s in found if s.month < before]
    apart = len({s.fund_id for s in sums if whole(s.fund_id) == whole(fund_id)} | {fund_id}) > 1 or whole(fund_id) != fund_id
    own: Iterable[FundSum | Block] = told if apart else sums
    spent: dict[str, int] = {}
    for s in own:
        if s.fund_id == fund_id:
            spent[s.month] = spent.get(s.month, 0) + s.amount_fen
    months = sorted(spent.keys() | {month for month in moved if month < before})
    return tuple(Gone(month, spent.get(month, 0), moved.get(month, 0)) for month in months)


def went(fund_id: str, given_before_fen: int, fen: int, out: Iterable[Gone], told: Iterable[Block]) -> Went:
    """How far what left the fund has reached into the donation that lies after so much; within a month what was spent goes first.

    Where more came back than was spent, a month's share is below zero.
    """
    reached, shares, moved_fen, total = 0, list[Share](), 0, 0
    for month in out:
        now = total + month.spent_fen
        spent = _within(now, given_before_fen, fen) - reached
        total = now + month.moved_fen
        after = _within(total, given_before_fen, fen)
        moved_fen += after - reached - spent
        reached = after
        if spent:
            shares.append(Share(spent, month=month.month))
    spent_fen = sum(s.amount_fen for s in shares)
    places = _places(fund_id, {s.month or "": s.amount_fen for s in shares}, {m.month: m.spent_fen for m in out}, told)
    return Went(spent_fen, moved_fen, fen - spent_fen - moved_fen, tuple(shares), places)


def _within(total: int, begin: int, fen: int) -> int:
    return max(0, min(total - begin, fen))


def _places(fund_id: str, shares: Mapping[str, int], spent: Mapping[str, int], told: Iterable[Block]) -> tuple[Share, ...]:
    """Each month's share as the fund's blocks of that month divide it, rounded down; the rest is told no more closely."""
    own = [b for b in told if b.fund_id == fund_id and b.amount_fen > 0]
    sums: dict[tuple[str, str], int] = {}
    for month, fen in shares.items():
        here = [b for b in own if b.month == month]
        of = max(spent[month], sum(b.amount_fen for b in here))
        for b in here:
            if fen > 0:
                place = (b.district, b.programme)
                sums[place] = sums.get(place, 0) + fen * b.amount_fen // of
    found = [Share(fen, district=district, programme=programme) for (district, programme), fen in sorted(sums.items()) if fen]
    rest = sum(shares.values()) - sum(s.amount_fen for s in found)
    return (*found, *([Share(rest)] if rest else []))
