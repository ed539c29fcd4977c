"""The standing check of the books: every entry summed again now and then, what was found kept for whoever watches, and a year's figures."""

from __future__ import annotations

import contextlib
from datetime import datetime
from weakref import WeakKeyDictionary

from msgspec import Struct

from services.disbursement.book_rows import years
from services.disbursement.domain.figures import Figures, FundYear, figures
from services.disbursement.domain.ledger import Fault
from services.disbursement.domain.treasury import Treasury
from services.disbursement.follow import CITY
from services.disbursement.views import ledger_faults
from shared.clock import local_day
from shared.errors import NotNow
from shared.http import Door
from shared.leader import rested
from shared.room import Room
from shared.service import Loop, Measure

EVERY_SECONDS = 600.0


class Checked(Struct, frozen=True):
    at: datetime
    faults: list[Fault]


_LAST: WeakKeyDictionary[Room, Checked] = WeakKeyDictionary()


async def check_books(room: Room) -> Checked:
    """Sum every entry again and hold the books against it; remembered as the last check."""
    found = Checked(room.clock.now(), await ledger_faults(room))
    _LAST[room] = found
    return found


async def last_check(room: Room) -> Checked:
    """What the last check found; the first one is made when it is asked for."""
    return _LAST.get(room) or await check_books(room)


async def check_forever(room: Room) -> None:
    while not room.stop.is_set():
        with contextlib.suppress(NotNow):  # the store is away: looked at again
            await check_books(room)
        await rested(room.stop, EVERY_SECONDS)


def _faults(room: Room) -> float:
    last = _LAST.get(room)
    return float("nan") if last is None else len(last.faults)


CHECKING_BOOKS = Loop("books", check_forever)
BOOK_FAULTS = Measure("kapok_ledger_faults", "What the last check of the books found wrong", _faults)


async def figures_of(door: Door, year: int) -> tuple[Figures, list[FundYear]]:
    """A calendar year's figures, and each fund's year and the one before it."""
    treasury: Treasury = await door.state("treasury", CITY)
    kinds = {fund_id: fund.kind for fund_id, fund in treasury.funds.items()}
    rows = [
        FundYear(
            r["fund_id"], kinds.get(r["fund_id"], ""), r["year"], r["income_fen"], r["spent_fen"], r["moved_in_fen"], r["moved_out_fen"]
        )
        for r in await door.rows(years((year - 1, year)))
    ]
    return figures(rows, year, local_day(door.now).year), sorted(rows, key=lambda r: (r.fund_id, r.year))
