"""Whatever is told of a case, every programme answers, twice the same, with its reasons; and the two ways of answering agree."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.matching.domain import assessment as a
from services.matching.domain.assessment_decisions import assessment, day_of_rules
from services.matching.domain.facts import KINDS, known
from services.matching.domain.parameters import Parameters
from services.matching.domain.telling import Explained
from services.matching.rulebook import RULEBOOK
from shared.kernel import fold
from tests.matching.stories import AT

_NAMES = st.sampled_from(
    sorted({
        *KINDS, "event_on", "monthly_income_fen", "household_size", "necessary_spending_month_fen", "cannot_pay", "lived_here_months",
        "medical_total_year_fen", "medical_reimbursed_year_fen", "hukou_code",
    })
)  # fmt: skip
_MONEY = st.integers(-10, 40_000_000)
_CODES = st.sampled_from(("college", "vocational", "none", "dibao", "disability", "radio", "2026-11-01", "2026-13-01", "", "低保"))
_STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_VALUES = st.booleans() | st.integers(-3, 30) | _MONEY | _CODES | st.lists(_CODES, max_size=3) | _STRANGE
_FACTS = st.dictionaries(_NAMES, _VALUES, max_size=20)
# Facts that are read as they were told; those that are worked out of several may turn when more is told.
_KINDS_TOLD: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("local_hukou", "residence_permit", "accident", "serious_illness", "parent_works_here", "lives_with_parents"), st.booleans()),
    **dict.fromkeys(("application_running", "basic_life_threatened", "special_circumstances", "cannot_pay", "papers_missing", "hmt_permit"), st.booleans()),
    **dict.fromkeys(("property_within_limits", "has_supporter", "rural_hukou"), st.booleans()),
    "disability_kind": st.sampled_from(("none", "limb", "visual", "intellectual", "mental")),
    **dict.fromkeys(("age", "parent_lived_here_months", "pension_months", "disability_grade"), st.integers(0, 40)),
    "student": _CODES, "wish_sku": _CODES, "certificates": st.lists(_CODES, max_size=2), "medical_self_paid_year_fen": _MONEY,
}  # fmt: skip
_TYPED = st.fixed_dictionaries({}, optional=_KINDS_TOLD)
_DAYS = st.dates(date(2011, 1, 1), date(2031, 12, 31))
_SOME_DAY = date(2026, 11, 23)


def explained(facts: dict[str, Any], on: date) -> tuple[Explained, ...]:
    return RULEBOOK.explain(facts, on, seen_on=on)


@settings(max_examples=300, deadline=None)
@example({"age": float("nan"), "disability_grade": float("inf")}, _SOME_DAY)
@example({"certificates": [{"a": 1}], "student": "college", "local_hukou": False}, _SOME_DAY)
@given(_FACTS, _DAYS)
def test_every_programme_answers_whatever_is_told_and_twice_the_same(facts: dict[str, Any], on: date) -> None:
    verdicts = RULEBOOK.verdicts(facts, on)
    assert verdicts == RULEBOOK.verdicts(facts, on)
    assert [v.programme for v in verdicts] == [p.code for p in RULEBOOK.programmes]
    for verdict in verdicts:
        assert verdict.verdict in {"eligible", "ineligible", "needs_information"}
        assert verdict.amount_fen == 0 or verdict.verdict == "eligible"
        assert verdict.amount_fen >= 0


@settings(max_examples=300, deadline=None)
@given(_FACTS, _DAYS)
def test_the_reasons_lead_to_the_verdict(facts: dict[str, Any], on: date) -> None:
    stored = {v.programme: v for v in RULEBOOK.verdicts(facts, on)}
    for told in explained(facts, on):
        assert told.because, told
        assert (told.verdict, told.amount_fen) == (stored[told.programme].verdict, stored[told.programme].amount_fen)
        assert bool(told.missing) == (told.verdict == "needs_information"), told
        for reason in told.because:
            assert reason.source
            if reason.margin is not None and reason.met is not None and reason.rule != "in_force":
                assert (reason.margin >= 0) if reason.met else (reason.margin <= 0), reason
        if told.verdict == "eligible":
            assert any(reason.met for reason in told.because)
        if told.verdict == "ineligible":
            assert any(reason.met is False for reason in told.because)


@settings(max_examples=200, deadline=None)
@given(_FACTS, _DAYS, st.dictionaries(st.sampled_from([p.code for p in RULEBOOK.programmes]), _MONEY.map(abs)))
def test_what_was_given_before_is_never_given_again(facts: dict[str, Any], on: date, used: dict[str, int]) -> None:
    for told in RULEBOOK.explain(facts, on, used=used):
        if told.cap_left_fen is not None:
            assert 0 <= told.after_others_fen <= told.amount_fen <= told.cap_left_fen


@settings(max_examples=300, deadline=None)
@given(_TYPED, st.sets(st.sampled_from(sorted(_KINDS_TOLD))), _DAYS)
def test_what_is_settled_stays_settled_when_more_is_told(facts: dict[str, Any], held_back: set[str], on: date) -> None:
    fewer = {name: value for name, value in facts.items() if name not in held_back}
    for old, new in zip(RULEBOOK.verdicts(fewer, on), RULEBOOK.verdicts(facts, on), strict=True):
        assert old.verdict in {"needs_information", new.verdict}, (fewer, facts)


@settings(max_examples=150, deadline=None)
@example({"event_on": "2005-01-01"}, _SOME_DAY, ["medical"])
@given(_FACTS, _DAYS, st.lists(st.sampled_from(("medical", "emergency", "livelihood", "housing")), max_size=3, unique=True))
def test_an_assessment_is_total_and_its_searches_rest_on_its_verdicts(facts: dict[str, Any], on: date, needs: list[str]) -> None:
    decider = assessment(lambda _: RULEBOOK)
    command = a.AssessCase("c1", "p1", "h1", "440106", tuple(needs), "high", facts, on, AT, ("charity",))
    events = decider.decide(command, decider.absent, Parameters())
    assert events == decider.decide(command, decider.absent, Parameters())
    (event,) = events
    assert event.on == day_of_rules(facts, on) <= on
    eligible = {v.programme: v.amount_fen for v in event.verdicts if v.verdict == "eligible"}
    offered = [c for seek in event.seeks for c in seek.candidates]
    assert len({c.programme for c in offered}) == len(offered)
    assert all(eligible[c.programme] == c.amount_fen > 0 and c.limits for c in offered)
    state = fold(decider, events)
    assert [one.need for one in state.sought] == [seek.need for seek in event.seeks]


@given(_STRANGE)
def test_a_value_of_the_wrong_kind_is_not_known(value: Any) -> None:
    if type(value) is not bool:
        assert known({"local_hukou": value}, _SOME_DAY).local_hukou is None
    if type(value) is not str:
        assert known({"student": value}, _SOME_DAY).student is None
    if type(value) not in (int, float):
        assert known({"age": value}, _SOME_DAY).age is None
    if type(value) is not list:
        assert known({"certificates": value}, _SOME_DAY).certificates is None


_TOLD: dict[str, st.SearchStrategy[Any]] = {
    **_KINDS_TOLD,
    **dict.fromkeys(("monthly_income_fen", "necessary_spending_month_fen"), st.integers(0, 40_000_000)),
    **dict.fromkeys(("lived_here_months", "works_here_months"), st.integers(0, 60)),
    "household_size": st.integers(1, 9), "event_on": st.dates(date(2025, 1, 1), _SOME_DAY).map(str),
}  # fmt: skip


@settings(max_examples=300, deadline=None)
@example({"local_hukou": True, "household_size": 2, "monthly_income_fen": 80_000}, _SOME_DAY)
@given(st.fixed_dictionaries({}, optional=_TOLD), _DAYS)
def test_what_is_known_is_never_asked_for(facts: dict[str, Any], on: date) -> None:
    for told in explained(facts, on):
        assert not set(told.missing) & set(facts), told


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({}, optional=_TOLD), st.fixed_dictionaries(_TOLD), _DAYS)
def test_what_was_asked_for_and_told_is_not_asked_for_again(facts: dict[str, Any], answers: dict[str, Any], on: date) -> None:
    told: set[str] = set()
    while missing := {one for answer in explained(facts, on) for one in answer.missing}:
        assert not missing & told, (missing & told, facts)
        next_one = min(missing)
        told.add(next_one)
        facts = {**facts, next_one: answers[next_one]}
