"""Whose help counts together: never more than a cap over all of them, and after an undo as if it had never been."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.matching.domain import referral as r
from services.matching.domain.asking import About, Ask, Grant
from services.matching.domain.counting import HOUSEHOLD, PERSON, Group, Member, same_person, together
from services.matching.domain.household import CountTogether, GrantHelp, HelpGranted, Household, ReleaseHelp
from services.matching.domain.rulebook import Limit
from services.matching.manifest import MATCHING
from shared.decide import Known, Provenance, Rules, decide_unit
from shared.kernel import Rejected
from shared.service import To
from tests.matching.stories import AT, DAY, LATER

PEOPLE = ("a", "b", "c", "d", "e")
CAP = 1_000
_WHO = st.sampled_from(PEOPLE)
_PAIRS = st.tuples(_WHO, _WHO).filter(lambda pair: pair[0] < pair[1])
_STEP = st.one_of(
    st.tuples(st.just("link"), _PAIRS),
    st.tuples(st.just("undo"), _PAIRS),
    st.tuples(st.just("household"), st.sampled_from(("f", "g")), st.lists(_WHO, unique=True, max_size=4)),
    st.tuples(st.just("grant"), _WHO, st.sampled_from(("own", "common")), st.integers(1, 600)),
    st.tuples(st.just("release"), st.integers(0, 9)),
)


class Chains:
    """The chains of five persons, with the groups as intake would have told them."""

    def __init__(self) -> None:
        self.rules, self.states, self.count = Rules(MATCHING), dict[str, Known](), 0
        self.revisions: dict[str, int] = {}
        self.groups: dict[str, Group] = {}
        self.granted: list[tuple[str, str, int]] = []

    def look(self, stream: str) -> Known:
        return self.states.get(stream) or (0, self.rules.decider_of(stream).absent)

    def new_id(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def obey(self, *commands: To) -> list[Any] | None:
        try:
            decided = decide_unit(self.rules, commands, Provenance("somebody", AT, "story"), self.look, self.new_id)
        except Rejected:
            return None
        self.states.update(decided.touched)
        return [e.data for e in decided.events]

    def of(self, person: str) -> Household:
        state: Household = self.look(f"matching.household-{person}")[1]
        return state

    def tell(self, key: str, kind: str, members: Iterable[str]) -> None:
        before = self.groups.get(key)
        revision = self.revisions[key] = self.revisions.get(key, 0) + 1
        group = self.groups[key] = Group(key, kind, revision, tuple([Member(one, one) for one in members]))
        whom = dict.fromkeys([m.household_id for g in (before, group) if g for m in g.members])
        if whom:
            assert self.obey(*[To("household", one, CountTogether(one, (group,), AT)) for one in whom]) is not None

    def grant(self, person: str, scope: str, fen: int) -> int:
        """What was granted; 0 where nothing is left."""
        key = f"{person}-{len(self.granted)}"
        about = About(key, f"case-{person}", person, person, "org", "s", "medical", "P", "440106")
        ask = Ask(key, 1, about.case_id, person, person, "medical", "440106", DAY, 72)
        limits = (Limit(f"P:{person}:2026" if scope == "own" else "Q:household:2026", CAP),)
        assert self.obey(To("referral", key, r.OfferReferral(about, ask, LATER, AT, "cash", fen, limits))) is not None
        events = self.obey(To("household", person, GrantHelp(about, Grant("cash", fen, "P", "fund"), limits, AT)))
        given_ = next((e.counted_fen for e in events or () if isinstance(e, HelpGranted)), 0)
        self.granted.append((person, key, given_))
        return given_

    def release(self, number: int) -> None:
        if self.granted:
            person, key, _ = self.granted[number % len(self.granted)]
            self.obey(To("household", person, ReleaseHelp(key, AT)))

    def step(self, step: tuple[Any, ...]) -> int:
        match step:
            case ("link", (x, y)):
                standing = self.groups.get(f"{x}{y}")
                if standing is None or not standing.members:
                    self.tell(f"{x}{y}", PERSON, (x, y))
            case ("undo", (x, y)):
                if f"{x}{y}" in self.groups and self.groups[f"{x}{y}"].members:
                    self.tell(f"{x}{y}", PERSON, ())
            case ("household", key, members):
                self.tell(key, HOUSEHOLD, members if len(members) > 1 else ())
            case ("grant", person, scope, fen):
                return self.grant(person, scope, fen)
            case ("release", number):
                self.release(number)
        return 0

    def used(self, person: str, scope: str) -> int:
        """What everybody who counts with this person has used, from the groups as told and each chain's own sums."""
        key = "Q:household:2026"
        if scope == "own":
            return sum(self.of(one).used.get(f"P:{one}:2026", 0) for one in same_person(self.groups, person))
        return sum(self.of(one).used.get(key, 0) for one in together(self.groups, person))


@given(st.lists(_STEP, max_size=25))
@settings(max_examples=150, deadline=None)
def test_every_chain_knows_at_once_what_all_who_count_with_it_have_used(steps: list[tuple[Any, ...]]) -> None:
    chains = Chains()
    for step in steps:
        before = chains.used(step[1], step[2]) if step[0] == "grant" else 0
        got = chains.step(step)
        if step[0] == "grant":
            assert got == max(0, min(step[3], CAP - before)), step
        for person in PEOPLE:
            state = chains.of(person)
            assert state.used_of("Q:household:2026") == chains.used(person, "common"), (person, step)
            assert state.used_of(f"P:{person}:2026") == chains.used(person, "own"), (person, step)
            assert set(state.elsewhere) <= together(chains.groups, person) - {person}


@given(st.lists(_STEP, max_size=10), _PAIRS, st.lists(_STEP, max_size=15))
@settings(max_examples=150, deadline=None)
def test_after_an_undo_everything_counts_as_if_there_had_been_no_link(
    before: list[tuple[Any, ...]], pair: tuple[str, str], between: list[tuple[Any, ...]]
) -> None:
    """The other history has the same grants, in the sums that were in fact granted, and never the link."""
    of_the_pair = [("link", pair), ("undo", pair)]
    linked, never = Chains(), Chains()
    for step in [*before, ("link", pair), *between, ("undo", pair)]:
        got = linked.step(step)
        if step in of_the_pair:
            continue
        if step[0] == "grant" and got == 0:
            never.granted.append((step[1], f"{step[1]}-{len(never.granted)}", 0))
        elif step[0] == "grant":
            assert never.step((*step[:3], got)) == got
        else:
            never.step(step)
    for person in PEOPLE:
        assert _plain(linked.of(person)) == _plain(never.of(person)), person


def _plain(state: Household) -> Any:
    """What counts: sums above zero, grants without who was told and what was first asked for, groups that hold."""
    return (
        {key: fen for key, fen in state.used.items() if fen},
        {key: replace(g, told=(), asked_fen=0, cut_by=None) for key, g in state.grants.items()},
        {key: replace(g, revision=0) for key, g in state.groups.items() if g.members},
        {chain: {key: fen for key, fen in used.items() if fen} for chain, used in state.elsewhere.items()},
    )
