"""What everybody may rely on: no entry can be changed unseen, every proof proves, and nobody is found in the sums."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Set
from fractions import Fraction
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.disbursement.domain import merkle
from services.disbursement.domain.chain import CHAIN, Publish, entry_number
from services.disbursement.domain.summary import MERGED, K, Sum, Summary, summarised
from tests.disbursement.outside import FIELDS, chain_holds, entry_hash, led_to, root
from tests.disbursement.outside import leaf as outside_leaf

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ENTRIES = st.builds(Publish, words, words, words, words, words, words, st.integers(-(10**12), 10**12), st.integers(0, 10**6))


def chained(published: list[Publish]) -> list[dict[str, Any]]:
    state, entries = CHAIN.absent, []
    for one in published:
        for event in CHAIN.decide(one, state):
            state = CHAIN.evolve(state, event)
            entries.append(msgspec.to_builtins(event))
    return entries


@given(st.lists(ENTRIES, max_size=6))
def test_the_chain_is_what_anybody_computes(published: list[Publish]) -> None:
    """Also for quotes, control characters, Chinese and emoji: the bytes are those of plain sorted JSON."""
    assert chain_holds(chained(published))


@settings(max_examples=300)
@given(st.lists(ENTRIES, min_size=1, max_size=6), st.data())
def test_a_change_of_any_field_of_any_entry_breaks_the_chain(published: list[Publish], data: st.DataObject) -> None:
    entries = chained(published)
    at = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from([*FIELDS, "previous", "hash"]))
    old = entries[at][field]
    new = data.draw(
        st.integers(-(10**12), 10**12) if isinstance(old, int) else words if field in FIELDS else st.sampled_from(["0" * 64, "f" * 64])
    )
    assume(new != old)
    entries[at][field] = new
    assert not chain_holds(entries)


@given(st.lists(ENTRIES, min_size=2, max_size=6), st.data())
def test_entries_are_neither_left_out_nor_put_in_nor_exchanged(published: list[Publish], data: st.DataObject) -> None:
    entries = chained(published)
    at = data.draw(st.integers(0, len(entries) - 2))
    assert not chain_holds([*entries[:at], *entries[at + 1 :]])
    assert not chain_holds([*entries[: at + 1], *entries[at:]])
    exchanged = [*entries[:at], entries[at + 1], entries[at], *entries[at + 2 :]]
    assert not chain_holds(exchanged)


@given(st.lists(ENTRIES, min_size=1, max_size=6), st.data())
def test_whoever_writes_the_whole_chain_anew_cannot_keep_its_head(published: list[Publish], data: st.DataObject) -> None:
    entries = chained(published)
    at = data.draw(st.integers(0, len(entries) - 1))
    forged = [dict(e) for e in entries]
    forged[at]["amount_fen"] += 1
    previous = "0" * 64
    for entry in forged:
        entry["previous"], entry["hash"] = previous, entry_hash(previous, entry)
        previous = entry["hash"]
    assert chain_holds(forged)
    assert forged[-1]["hash"] != entries[-1]["hash"]


LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
PATHS = {  # (index from 0, size): the audit path; published with Certificate Transparency's reference implementation
    (0, 1): (),
    (0, 8): ("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
    (5, 8): ("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): ("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
}  # fmt: skip

GROWN = {
    (1, 1): (),
    (1, 8): ("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
    (6, 8): ("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    (2, 5): ("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
}  # fmt: skip
"""As the tests of certificate transparency's own tools tell them."""


def tree_of(leaves: list[bytes]) -> merkle.Tree:
    tree = merkle.Tree()
    for one in leaves:
        tree.add(one)
    return tree


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_known_trees(size: int) -> None:
    assert tree_of(LEAVES).root(size).hex() == tree_of(LEAVES[:size]).root().hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_audit_paths_are_those_of_the_known_trees(index: int, size: int) -> None:
    path = tree_of(LEAVES).inclusion(index, size)
    assert tuple(step.hex() for step in path) == PATHS[index, size]
    assert merkle.included(merkle.leaf(LEAVES[index]), index, size, path, bytes.fromhex(ROOTS[size]))


@given(st.lists(st.integers(0, 70), max_size=6), st.randoms(use_true_random=False))
def test_many_leaves_at_once_grow_the_same_tree(runs: list[int], draw: random.Random) -> None:
    one_by_one, at_once = merkle.Tree(), merkle.Tree()
    for count in runs:
        leaves = [draw.randbytes(32) for _ in range(count)]
        for leaf in leaves:
            one_by_one.add(leaf)
        at_once.extend(b"".join(leaves))
        size = len(one_by_one)
        assert (len(at_once), at_once.root()) == (size, one_by_one.root())
        for index in range(0, size, 7):
            assert at_once.inclusion(index) == one_by_one.inclusion(index)


data_of_leaves = st.lists(st.binary(max_size=4), min_size=1, max_size=40)


@given(data_of_leaves, st.data())
def test_every_leaf_is_proven_under_every_head_that_covers_it(leaves: list[bytes], data: st.DataObject) -> None:
    tree = tree_of(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    path, head = tree.inclusion(index, size), tree.root(size)
    assert len(tree) == len(leaves)
    assert head == root(leaves[:size])
    assert len(path) <= (size - 1).bit_length()
    assert merkle.included(merkle.leaf(leaves[index]), index, size, path, head)
    assert led_to(outside_leaf(leaves[index]), index, size, path) == head


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40, unique=True), st.data())
def test_a_proof_proves_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    tree, size = tree_of(leaves), len(leaves)
    index = data.draw(st.integers(0, size - 1))
    mine, path, head = merkle.leaf(leaves[index]), tree.inclusion(index), tree.root()
    other = data.draw(st.binary(max_size=4).filter(lambda b: b != leaves[index]))
    place = data.draw(st.integers(0, size + 3).filter(lambda n: n != index))
    assert not merkle.included(merkle.leaf(other), index, size, path, head)
    assert not merkle.included(mine, place, size, path, head)
    assert not merkle.included(mine, index, size, path, merkle.leaf(b"another root"))
    assert not merkle.included(mine, index, size, [*path, mine], head)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not merkle.included(mine, index, size, [*path[:at], other.ljust(32), *path[at + 1 :]], head)
        assert not merkle.included(mine, index, size, path[:-1], head)


@given(data_of_leaves, st.data())
def test_a_whole_is_shown_to_begin_with_every_older_one_and_with_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    tree = tree_of(leaves)
    new = data.draw(st.integers(0, len(leaves)))
    old = data.draw(st.integers(0, new))
    path, before, after = tree.consistency(old, new), root(leaves[:old]), root(leaves[:new])
    assert len(path) <= new.bit_length() + 1
    assert merkle.consistent(old, before, new, after, path)
    other = merkle.leaf(b"another root")
    assert not merkle.consistent(old, other, new, after, path)
    if old:
        assert not merkle.consistent(old, before, new, other, path)
        assert not merkle.consistent(new + 1, after, new, after, path)
    assert not merkle.consistent(old, before, new, after, [*path, other])
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not merkle.consistent(old, before, new, after, [*path[:at], other, *path[at + 1 :]])
        assert not merkle.consistent(old, before, new, after, path[:-1])


@pytest.mark.parametrize(("old", "new"), GROWN)
def test_consistency_paths_are_those_of_the_known_trees(old: int, new: int) -> None:
    assert tuple(step.hex() for step in tree_of(LEAVES).consistency(old, new)) == GROWN[old, new]


def test_a_leaf_is_no_node() -> None:
    """Without the mark before each, two leaves could pass for one."""
    left, right = merkle.leaf(b"a"), merkle.leaf(b"b")
    assert merkle.leaf(left + right) != merkle.node(left, right)


def test_the_number_of_an_entry_is_what_anybody_computes_who_may_read_the_payout() -> None:
    text = '{"district":"440106","kind":"payout","payout_id":"p1","programme":"TEMP-URGENT"}'
    assert entry_number("payout", "p1", "440106", "TEMP-URGENT") == hashlib.sha256(text.encode()).hexdigest()


sums = st.builds(
    Sum, st.one_of(st.integers(1, 4), st.integers(1, 12)), st.integers(-500, 10**9), st.sampled_from(["2026-09", "2026-10", "2026-11"]),
    st.sampled_from(["440103", "440104", "440106", "440113"]), st.sampled_from(["A", "B", "C"]),
)  # fmt: skip
FOUND = st.lists(sums, max_size=18, unique_by=lambda s: (s.month, s.district, s.programme))


def _whole(of: Iterable[Sum]) -> tuple[int, int]:
    every = list(of)
    return sum(s.payouts for s in every), sum(s.amount_fen for s in every)


def _tables(shown: Summary) -> dict[str, tuple[Sum, ...]]:
    return {"programme": shown.by_programme, "district": shown.by_district, "month": shown.by_month}


@settings(max_examples=500)
@given(FOUND)
def test_no_sum_is_small_and_every_table_adds_up_to_the_whole(found: list[Sum]) -> None:
    shown = summarised(found)
    assert K == 5
    for table in (*_tables(shown).values(), shown.cells):
        assert all(s.payouts >= K for s in table)
        assert _whole(table) == (_whole(found) if _whole(found)[0] >= K else (0, 0))


@settings(max_examples=500)
@given(FOUND)
def test_every_sum_that_names_its_code_is_the_sum_over_all_entries_of_it(found: list[Sum]) -> None:
    shown = summarised(found)
    for by, table in _tables(shown).items():
        for s in table:
            if getattr(s, by) != MERGED:
                assert _whole([s]) == _whole(f for f in found if getattr(f, by) == getattr(s, by)), s
        if _whole(found)[0] >= K:
            large = {getattr(s, by) for s in found if _whole(f for f in found if getattr(f, by) == getattr(s, by))[0] >= K}
            missing = large - {getattr(s, by) for s in table}
            assert len(missing) <= 2, "a large total is merged only to cover small ones"
            assert not missing or any(getattr(s, by) not in large for s in found)
    for cell in shown.cells:
        if MERGED not in (cell.district, cell.programme):
            assert _whole([cell]) == _whole(f for f in found if (f.district, f.programme) == (cell.district, cell.programme)), cell


def _behind(shown: Summary, grid: list[tuple[str, str]]) -> list[list[int]]:
    """Each shown number as an equation over district x programme: which places it is the sum of."""
    in_cells = {"district": {s.district for s in shown.cells}, "programme": {s.programme for s in shown.cells}}

    def of(code: str, own: str | None, known: Set[str | None]) -> bool:
        return own is None or own == code or (own == MERGED and code not in known)

    alone = {"district": {s.district for s in shown.by_district}, "programme": {s.programme for s in shown.by_programme}}
    rows = []
    for s, known in [(s, alone) for s in (*shown.by_district, *shown.by_programme)] + [(s, in_cells) for s in shown.cells]:
        rows.append([int(of(d, s.district, known["district"]) and of(p, s.programme, known["programme"])) for d, p in grid])
    return rows


def _reduced(row: list[Fraction], basis: list[list[Fraction]]) -> list[Fraction]:
    """What is left of a row once every row of the basis is taken out of it (Gauss, exact): nothing, if it is a combination of them."""
    for b in basis:
        at = next(i for i, x in enumerate(b) if x)
        row = [x - row[at] / b[at] * y for x, y in zip(row, b, strict=True)] if row[at] else row
    return row


@settings(max_examples=80, deadline=None)
@given(FOUND.map(lambda found: [f for f in found if f.district != "440113"]))
def test_no_number_about_fewer_than_five_follows_from_those_that_are_shown(found: list[Sum]) -> None:
    """Not by one subtraction and not by any combination of totals and cells: tried for every set of places with a small sum."""
    shown = summarised(found)
    grid = sorted({(d, p) for d in ("440103", "440104", "440106") for p in ("A", "B", "C")})
    payouts = [sum(f.payouts for f in found if (f.district, f.programme) == at) for at in grid]
    basis: list[list[Fraction]] = []
    for row in _behind(shown, grid):
        left = _reduced([Fraction(x) for x in row], basis)
        if any(left):
            basis.append(left)
    for places in product((0, 1), repeat=len(grid)):
        if 0 < sum(n for n, chosen in zip(payouts, places, strict=True) if chosen) < K:
            assert any(_reduced([Fraction(x) for x in places], basis)), places


@given(FOUND, st.randoms())
def test_the_order_of_rows_does_not_matter(found: list[Sum], random: Any) -> None:
    mixed = list(found)
    random.shuffle(mixed)
    assert summarised(mixed) == summarised(found)


def _of(district: str, programme: str, payouts: int) -> Sum:
    return Sum(payouts, payouts * 10, "2026-11", district, programme)


def test_a_programme_is_shown_whole_though_its_cells_are_small() -> None:
    shown = summarised([_of("1", "A", 9), _of("2", "A", 3), _of("1", "B", 3), _of("2", "B", 4), _of("2", "C", 2)])
    assert [(s.programme, s.payouts) for s in shown.by_programme] == [("A", 12), (MERGED, 9)], "B covers C"
    assert [(s.district, s.payouts) for s in shown.by_district] == [("1", 12), ("2", 9)]
    assert [(s.district, s.programme, s.payouts) for s in shown.cells] == [(MERGED, "A", 12), (MERGED, MERGED, 9)]


def test_fewer_than_five_payouts_in_all_are_nowhere() -> None:
    assert summarised([_of("1", "A", 4)]) == Summary()
