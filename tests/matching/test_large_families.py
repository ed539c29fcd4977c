"""What one message brings may be more than one unit holds: large households and people known under many ids, in a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec
import pytest

from services.matching.domain.asking import About, Grant
from services.matching.domain.household import GrantHelp, Household
from services.matching.domain.household_decisions import CountingIsUnderWay
from services.matching.domain.referral import OfferReferral
from services.matching.domain.rulebook import Limit
from services.matching.manifest import MATCHING
from shared.clock import new_id
from shared.envelope import Message
from shared.service import To
from shared.testing import Database
from shared.testing.alone import Alone, worked_through
from tests.matching.stories import ASK, LATER

COMMON = Limit("WISH:household:2026", 1_000)


class Chains(Alone):
    async def hears(self, kind: str, **data: Any) -> None:
        await worked_through(self.room, Message(new_id(), kind, "intake.events", "k", msgspec.json.encode(data), self.now, "story"))
        self.room.executor.cache.clear()

    async def household(self, key: str, revision: int, people: Iterable[str]) -> None:
        members = [{"person_id": one, "household_id": one} for one in people]
        await self.hears("intake.household_changed.v1", household_id=key, revision=revision, members=members, left=[])

    async def link(self, one: str, other: str, *, undo: bool = False) -> None:
        pair = {"person_id": one, "household_id": one, "linked_person_id": other, "linked_household_id": other}
        kind = "intake.persons_unlinked.v1" if undo else "intake.persons_linked.v1"
        await self.hears(kind, link_id=f"{one}-{other}", revision=2 if undo else 1, **pair)

    async def grant(self, person: str, fen: int) -> None:
        about = About(new_id(), f"case-{person}", person, person, "org", "s", "medical", "WISH", "440106")
        offer = OfferReferral(about, ASK, LATER, self.now, "cash", fen, (COMMON,))
        give = GrantHelp(about, Grant("cash", fen, "WISH", "fund"), (COMMON,), self.now)
        await self.room.execute(To("referral", about.referral_id, offer), actor="somebody")
        await self.room.execute(To("household", person, give), actor="somebody")

    async def settle(self) -> None:
        for _ in range(60):
            self.room.executor.cache.clear()  # another process, which knows none of them
            if await self.opened.schedule.work_off() == 0:
                return
        raise AssertionError("they tell each other for ever")

    async def of(self, person: str) -> Household:
        state: Household = await self.room.state("household", person)
        return state


@pytest.fixture
async def chains(database: Database) -> AsyncIterator[Chains]:
    async with Chains(MATCHING).open(database) as at_work:
        at_work.opened.schedule.stop.set()  # worked off by hand
        yield at_work


def _family(name: str, size: int = 16) -> list[str]:
    return [f"{name}{number}" for number in range(size)]


async def test_the_largest_household_is_counted_to_the_last_member(chains: Chains) -> None:
    await chains.household("f", 1, _family("f"))
    with pytest.raises(CountingIsUnderWay):
        await chains.grant("f3", 100)
    await chains.settle()
    await chains.grant("f3", 100)
    assert [(await chains.of(one)).used_of(COMMON.key) for one in _family("f")] == [100] * 16


async def test_a_link_between_two_of_the_largest_households_loses_nobody_and_its_undo_brings_back_what_was(chains: Chains) -> None:
    for name in "fg":
        await chains.household(name, 1, _family(name))
        await chains.settle()
    await chains.grant("f1", 300)
    await chains.grant("g1", 500)
    await chains.link("f0", "g0")
    await chains.settle()
    used = {one: (await chains.of(one)).used_of(COMMON.key) for one in (*_family("f"), *_family("g"))}
    assert used == {**dict.fromkeys(_family("f"), 300), **dict.fromkeys(_family("g"), 500), "f0": 500, "g0": 500}
    await chains.grant("g0", 400)
    await chains.settle()
    assert (await chains.of("f5")).used_of(COMMON.key) == 700
    await chains.link("f0", "g0", undo=True)
    await chains.settle()
    for one in _family("f"):
        state = await chains.of(one)
        assert (state.used_of(COMMON.key), state.with_it()) == (300, frozenset(_family("f")) - {one})
    assert {(await chains.of(one)).used_of(COMMON.key) for one in _family("g")} == {900}


async def test_a_person_known_under_many_ids_in_many_households_is_counted_whole(chains: Chains) -> None:
    """Eight ids in eight households of six: every household counts the whole person and its own members."""
    ids = [f"h{number}-0" for number in range(8)]
    for number in range(8):
        await chains.household(f"h{number}", 1, _family(f"h{number}-", 6))
        await chains.settle()
        if number:
            await chains.link("h0-0", ids[number])
            await chains.settle()
    await chains.grant("h7-3", 100)
    await chains.settle()
    await chains.grant("h2-0", 50)
    await chains.settle()
    assert (await chains.of("h7-5")).used_of(COMMON.key) == 150
    assert (await chains.of("h1-5")).used_of(COMMON.key) == 50
    assert {(await chains.of(one)).used_of(COMMON.key) for one in ids} == {150}
