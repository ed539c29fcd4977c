"""The year 2022 booked to the fen: as many referrals, as much cash and as many goods as the seeds tell, and each case reconciled."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from deploy.sample.books import Books, Helped, booked, reconciled
from deploy.sample.year import CASH_FEN, GOODS_FEN
from services.disbursement.domain.chain import GENESIS, link


@pytest.fixture(scope="module")
def year() -> tuple[Books, list[Helped]]:
    return booked(2022)


def test_the_year_reconciles_to_the_cases_to_the_fen(year: tuple[Books, list[Helped]]) -> None:
    report = reconciled(*year)
    assert report.differences == ()
    assert (report.referrals, report.cash_fen, report.goods_fen) == (7_100, CASH_FEN, GOODS_FEN) == (7_100, 41_000_000, 171_900_000)
    assert (report.units, report.left_fen, report.entries) == (6_900, 0, 7_102), "all that was given was spent, to the last fen"


def test_the_chain_of_the_year_holds(year: tuple[Books, list[Helped]]) -> None:
    last = GENESIS
    for at, entry in enumerate(year[0].published, 1):
        assert (entry.position, entry.previous, entry.hash) == (at, last, link(last, at, entry))
        last = entry.hash
    assert {e.month[:4] for e in year[0].published} == {"2022"}


def test_a_fen_too_much_is_named(year: tuple[Books, list[Helped]]) -> None:
    books, helped = year
    bent = [replace(helped[0], fen=helped[0].fen + 1), *helped[1:]]
    case, whole = reconciled(books, bent).differences
    assert case.startswith("Entry 3 shows ")
    assert case.endswith(f"case {helped[0].case} was given {helped[0].fen + 1} of {helped[0].kind}.")
    assert whole == "The ledger spent 212900000 fen, and the cases were given 212900001."
    missing = reconciled(books, helped[:-1]).differences
    assert missing[0] == "The chain shows 7100 payouts, and 7099 cases were helped."


def test_the_year_is_the_same_every_time(year: tuple[Books, list[Helped]]) -> None:
    assert booked(2022)[0].chain == year[0].chain
