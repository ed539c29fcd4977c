"""Where a donation's money went: every fen of a fund is somebody's once, and no number stands on fewer than five payments."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.disbursement.domain.attribution import Block, FundSum, Gone, Share, Went, blocks, gone, went
from services.disbursement.domain.earmark import Earmark, part_of, whole, word_of
from services.disbursement.domain.editions import editions
from services.disbursement.domain.summary import MERGED, K, Sum

MONTHS = ("2026-08", "2026-09", "2026-10")
OUT = (Gone("2026-09", 300), Gone("2026-10", 500, 100))
ROWS = st.builds(
    FundSum, st.sampled_from(["a", "b", "a~p.P"]), st.sampled_from(MONTHS), st.sampled_from(["440103", "440106"]), st.sampled_from(["P", "Q"]),
    st.one_of(st.integers(0, 4), st.integers(0, 14)), st.integers(0, 10_000),
)  # fmt: skip
FOUND = st.lists(ROWS, max_size=30, unique_by=lambda s: (s.fund_id, s.month, s.district, s.programme))


def as_sums(found: list[FundSum]) -> list[Sum]:
    return [Sum(s.payouts, s.amount_fen, s.month, s.district, s.programme) for s in found]


def test_the_first_yuan_in_is_the_first_out() -> None:
    assert went("a", 0, 200, OUT, ()) == Went(200, 0, 0, (Share(200, month="2026-09"),), (Share(200),))
    assert went("a", 200, 200, OUT, ()).months == (Share(100, month="2026-09"), Share(100, month="2026-10"))
    assert went("a", 700, 300, OUT, ()) == Went(100, 100, 100, (Share(100, month="2026-10"),), (Share(100),))
    assert went("a", 900, 50, OUT, ()) == Went(0, 0, 50, (), ())


def test_what_came_back_is_there_again() -> None:
    back = (Gone("2026-09", 300), Gone("2026-10", -100))
    assert went("a", 150, 100, back, ()) == Went(50, 0, 50, (Share(100, month="2026-09"), Share(-50, month="2026-10")), (Share(50),))


def test_a_month_is_divided_as_the_blocks_of_the_fund_divide_it() -> None:
    told = (
        Block("2026-09", "440103", "P", "a", 5, 150),
        Block("2026-09", "440106", "P", "a", 6, 75),
        Block("2026-09", "440106", "Q", MERGED, 9, 999),
        Block("2026-09", "440106", "Q", "b", 9, 999),
    )
    assert went("a", 0, 100, OUT, told).places == (
        Share(50, district="440103", programme="P"),
        Share(25, district="440106", programme="P"),
        Share(25),
    )


def test_a_block_of_earlier_months_takes_no_more_than_the_month_s_share() -> None:
    told = (Block("2026-10", "440103", "P", "a", 6, 600),)
    out = (Gone("2026-09", 400), Gone("2026-10", 200))
    assert went("a", 400, 200, out, told).places == (Share(200, district="440103", programme="P"),)


@given(FOUND, st.lists(st.integers(1, 5_000), min_size=1, max_size=6))
@settings(max_examples=200)
def test_the_donations_of_a_fund_share_all_that_it_spent_and_no_fen_twice(found: list[FundSum], gifts: list[int]) -> None:
    told = blocks(found, editions(as_sums(found), "2026-11"))
    out = gone("b", found, told, {}, "2026-11")
    spent, before = 0, 0
    for fen in gifts:
        one = went("b", before, fen, out, told)
        assert one.spent_fen + one.moved_fen + one.left_fen == fen
        assert sum(s.amount_fen for s in one.places) == one.spent_fen == sum(s.amount_fen for s in one.months)
        assert all(s.amount_fen > 0 for s in one.places), "a month's share is not told twice"
        spent, before = spent + one.spent_fen, before + fen
    assert spent == min(before, sum(m.spent_fen for m in out))


@given(FOUND)
@settings(max_examples=300)
@example([FundSum("a", "2026-08", "440103", "P", 6, 60), FundSum("b", "2026-08", "440103", "P", 1, 9)])
def test_blocks_and_what_editions_leave_of_them_stand_on_five_payments_or_more(found: list[FundSum]) -> None:
    made = editions(as_sums(found), "2026-11")
    told = blocks(found, made)
    assert all(b.payouts >= K for b in told)
    by_cell: Counter[tuple[str, str, str]] = Counter()
    for b in told:
        by_cell[b.month, b.district, b.programme] += b.payouts
    assert by_cell == {(e.month, c.district, c.programme): c.payouts for e in made for c in e.cells}, "nothing lies beside the blocks"


@given(FOUND)
@settings(max_examples=200)
def test_of_a_fund_with_parts_only_blocks_count(found: list[FundSum]) -> None:
    told = blocks(found, editions(as_sums(found), "2026-11"))
    for fund_id in ("a", "a~p.P"):
        if fund_id == "a" and all(s.fund_id != "a~p.P" for s in found):
            continue
        spent = sum(m.spent_fen for m in gone(fund_id, found, told, {}, "2026-11"))
        assert spent == sum(b.amount_fen for b in told if b.fund_id == fund_id)


def test_a_month_that_is_not_over_is_not_told() -> None:
    assert gone("a", [FundSum("a", "2026-11", "440103", "P", 9, 90)], (), {"2026-11": 5, "2026-10": 7}, "2026-11") == (
        Gone("2026-10", 0, 7),
    )


def test_a_word_is_in_the_id_of_its_part() -> None:
    for word in (Earmark(), Earmark("P"), Earmark(district="440106"), Earmark("P", "440106", "food")):
        fund_id = part_of("rain", word)
        assert (whole(fund_id), word_of(fund_id)) == ("rain", word)
    assert part_of("rain", Earmark("P", "440106", "food")) == "rain~p.P~d.440106~n.food"
