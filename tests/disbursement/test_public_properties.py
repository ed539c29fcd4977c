"""What everybody may rely on: no entry can be changed unseen, every proof proves, and nobody is found in the sums."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.disbursement.domain import merkle
from services.disbursement.domain.chain import CHAIN, Publish
from services.disbursement.domain.summary import MERGED, Cell, K, k_anonymous
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


def test_a_leaf_is_no_node() -> None:
    """Without the mark before each, two leaves could pass for one."""
    left, right = merkle.leaf(b"a"), merkle.leaf(b"b")
    assert merkle.leaf(left + right) != merkle.node(left, right)


cells = st.builds(
    Cell, st.sampled_from(["2026-09", "2026-10", "2026-11"]), st.sampled_from(["440103", "440104", "440106"]), st.sampled_from(["A", "B"]),
    st.one_of(st.integers(0, 4), st.integers(0, 12)), st.integers(-500, 10**9), st.integers(0, 10**6), st.integers(0, 50),
)  # fmt: skip
CELLS = st.lists(cells, max_size=18, unique_by=lambda c: (c.month, c.district, c.programme))


def _whole(of: list[Cell]) -> tuple[int, int, int, int]:
    return sum(c.payouts for c in of), sum(c.cash_fen for c in of), sum(c.goods_fen for c in of), sum(c.units for c in of)


@settings(max_examples=500)
@given(CELLS)
def test_no_published_cell_is_small_and_what_is_published_adds_up(found: list[Cell]) -> None:
    published = k_anonymous(found)
    assert K == 5
    assert all(c.payouts >= K for c in published)
    if sum(c.payouts for c in found) >= K:
        assert _whole(published) == _whole(found)
    else:
        assert published == []
    assert len({(c.month, c.district, c.programme) for c in published}) == len(published)
    assert all(c in found for c in published if c.programme != MERGED), "a cell that names its place is shown as it is"


@settings(max_examples=500)
@given(CELLS)
def test_a_hidden_cell_is_not_what_is_left_after_subtraction(found: list[Cell]) -> None:
    """Who knows the whole and every published cell learns of the rest only that it is at least five payouts."""
    published = k_anonymous(found)
    shown = [c for c in published if c.programme != MERGED]
    hidden = [c for c in found if c not in shown]
    if published and hidden:
        assert sum(c.payouts for c in hidden) >= K
        assert _whole(found)[0] - _whole(shown)[0] == sum(c.payouts for c in hidden)
    for month in {c.month for c in found}:
        merged = [c for c in published if c.programme == MERGED and c.month == month]
        behind = [c for c in hidden if c.month == month and c.payouts < K]
        assert len(merged) <= 1
        if merged:
            assert merged[0].payouts == sum(c.payouts for c in behind) >= K
            assert len([c for c in behind if c.payouts]) >= 2, "a merged cell that hides one cell alone hides nothing"


@given(CELLS, st.randoms())
def test_the_order_of_rows_does_not_matter(found: list[Cell], random: Any) -> None:
    mixed = list(found)
    random.shuffle(mixed)
    assert k_anonymous(mixed) == k_anonymous(found)


def test_the_smallest_cell_that_is_left_covers_the_last_small_one() -> None:
    large, middle, small = (Cell("2026-11", d, "A", n, n, 0, 0) for d, n in (("1", 9), ("2", 6), ("3", 1)))
    assert k_anonymous([large, middle, small]) == [large, Cell(MERGED, MERGED, MERGED, 7, 7, 0, 0)]
    assert k_anonymous([small]) == []
