"""What must hold of volunteers, engagements and hours in any order of commands, and of the ranking of anybody for anything."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.matching.domain import engagement as g
from services.matching.domain import volunteer as v
from services.matching.domain.volunteer_ranking import Able, Fit, ranked
from services.matching.domain.volunteering import DAY_MINUTES, LANGUAGES, SKILLS, TIMES
from services.matching.manifest import MATCHING
from shared.decide import Known, Provenance, Rules, decide_unit
from shared.kernel import Rejected
from shared.service import To
from tests.matching.stories import AT, DAY

RULES = Rules(MATCHING)
PEOPLE, TASKS = ("v1", "v2", "v3"), ("e1", "e2")
TERMS = g.Terms("e1", "mercy", "education", (), "440106", (), (), 2, DAY - timedelta(days=2), DAY)
_who, _task = st.sampled_from(PEOPLE), st.sampled_from(TASKS)
_days = st.sampled_from([DAY - timedelta(days=ago) for ago in range(-1, 3)])
_reasons = st.sampled_from((None, "miscounted"))


def _to_task(command: st.SearchStrategy[Any]) -> st.SearchStrategy[To]:
    return st.builds(To, st.just("engagement"), _task, command)


_wanted = st.builds(
    lambda key, wanted: To("engagement", key, g.OpenEngagement(replace(TERMS, engagement_id=key, wanted=wanted), AT)),
    _task,
    st.integers(1, 3),
)
_steps = st.one_of(
    _to_task(st.builds(g.InviteVolunteer, _who, st.just(AT))),
    _to_task(st.builds(g.ConfirmEngagement, _who, st.just(AT))),
    _to_task(st.builds(g.DeclineEngagement, _who, st.just("ill"), st.just(AT))),
    _to_task(st.builds(g.VerifyHours, _who, _days, st.sampled_from((-1, 0, 1, 700, 741, 1440, 1441)), st.just(DAY), st.just(AT), _reasons)),
    _to_task(st.builds(g.CloseEngagement, st.just("done"), st.just(AT))),
    st.builds(To, st.just("volunteer"), _who, st.builds(v.LeaveVolunteer, st.sampled_from(("moved", "erased")), st.just(AT))),
    _wanted,
)  # fmt: skip


class Hall:
    """Three volunteers and two tasks in memory, obeying commands with all that follows."""

    def __init__(self) -> None:
        self.states: dict[str, Known] = {}
        self.verified: list[g.HoursVerified] = []
        for key in TASKS:
            self.obey(To("engagement", key, g.OpenEngagement(replace(TERMS, engagement_id=key), AT)))
        for who in PEOPLE:
            self.obey(To("volunteer", who, v.RegisterVolunteer(who, who, ("driving",), (), (), ("en",), AT)))
            for key in TASKS:
                self.obey(To("engagement", key, g.InviteVolunteer(who, AT)))

    def look(self, stream: str) -> Known:
        return self.states.get(stream) or (0, RULES.decider_of(stream).absent)

    def obey(self, to: To) -> bool:
        try:
            decided = decide_unit(RULES, (to,), Provenance("somebody", AT, "story"), self.look, lambda: "id")
        except Rejected:
            return False
        self.states |= decided.touched
        self.verified += [e.data for e in decided.events if isinstance(e.data, g.HoursVerified)]
        return bool(decided.events)

    def volunteer(self, who: str) -> v.Volunteer:
        state: v.Volunteer = self.look(f"matching.volunteer-{who}")[1]
        return state


@given(st.lists(_steps, max_size=60))
def test_never_more_confirm_than_wanted_and_minutes_are_the_last_word_of_each_day(steps: list[To]) -> None:
    hall = Hall()
    for step in steps:
        hall.obey(step)
        for key in TASKS:
            task: g.Engagement = hall.look(f"matching.engagement-{key}")[1]
            assert task.terms is not None
            assert task.confirmed <= task.terms.wanted
    last = {(one.volunteer_id, one.engagement_id, one.day): one.minutes for one in hall.verified}
    for who in PEOPLE:
        minutes = hall.volunteer(who).minutes
        assert sum(minutes.values()) == sum(told for key, told in last.items() if key[0] == who)
        by_day: dict[date, int] = {}
        for (_, day), told in minutes.items():
            by_day[day] = by_day.get(day, 0) + told
        assert all(0 <= told <= DAY_MINUTES and day <= DAY for day, told in by_day.items())


@given(st.lists(_steps, max_size=40), _steps)
def test_said_twice_is_said_once(steps: list[To], again: To) -> None:
    hall = Hall()
    for step in steps:
        hall.obey(step)
    hall.obey(again)
    assert not hall.obey(again)


@given(st.lists(_steps, max_size=60))
def test_entries_of_a_day_are_numbered_without_a_gap_and_only_the_first_has_no_reason(steps: list[To]) -> None:
    hall = Hall()
    for step in steps:
        hall.obey(step)
    count: dict[tuple[str, str, date], int] = {}
    for one in hall.verified:
        key = (one.engagement_id, one.volunteer_id, one.day)
        count[key] = count.get(key, 0) + 1
        assert one.entry == count[key]
        assert one.entry == 1 or one.reason is not None


def _some(codes: tuple[str, ...], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(codes), max_size=most, unique=True).map(lambda chosen: tuple(sorted(chosen)))


_able = st.builds(
    Able, st.sampled_from([f"v{n}" for n in range(30)]), _some(SKILLS[:4]), _some(("440106", "440104"), 2), _some(TIMES[:4]), _some(LANGUAGES[:3]),
    st.integers(0, 3).map(lambda n: n * 60), st.booleans(),
)  # fmt: skip
_crowds = st.lists(_able, max_size=12, unique_by=lambda one: one.volunteer_id)
_asked = st.builds(
    lambda skills, times, spoken: replace(TERMS, skills=skills, times=times, languages=spoken),
    _some(SKILLS[:4]),
    _some(TIMES[:4]),
    _some(LANGUAGES[:3]),
)


def _steps_of(fit: Fit) -> tuple[Any, ...]:
    """The published order, read off the reasons that are shown."""
    skill, place, time, language, load = fit.why
    return (-len(skill.has), place.has == ("city",), -len(time.has), -len(language.has), load.minutes, fit.volunteer_id)


@given(_asked, _crowds, st.randoms())
def test_the_order_follows_from_the_reasons_and_from_nothing_else(terms: g.Terms, crowd: list[Able], chance: Any) -> None:
    fits = ranked(terms, crowd)
    assert [_steps_of(fit) for fit in fits] == sorted(_steps_of(fit) for fit in fits)
    assert [fit.rank for fit in fits] == list(range(1, len(fits) + 1))
    chance.shuffle(crowd)
    assert ranked(terms, crowd) == fits


@given(_asked, _crowds)
def test_who_is_in_the_list_and_who_fits(terms: g.Terms, crowd: list[Able]) -> None:
    there = {one.volunteer_id: one for one in crowd}
    fits = {fit.volunteer_id: fit for fit in ranked(terms, crowd)}
    for key, one in there.items():
        placed = not one.districts or terms.district in one.districts
        some = not terms.skills or bool(set(terms.skills) & set(one.skills))
        assert (key in fits) is (one.active and placed and some)
        if key in fits:
            whole = set(terms.skills) <= set(one.skills) and set(terms.languages) <= set(one.languages)
            free = not terms.times or bool(set(terms.times) & set(one.times))
            assert fits[key].fits is (whole and free)
