"""Edits by several people: what knew of what, conflicts that stay to be seen, and the same end in any order of arrival."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.intake.domain import case as c
from services.intake.domain import case_commands as ask
from services.intake.domain import case_decisions as d
from services.intake.domain.edit_decisions import ConflictIsUnknown, EditIsUnknown, PartIsAboveTheBill
from services.intake.domain.edits import conflicts
from shared.kernel import SHREDDED
from shared.testing.given import Given
from tests.intake.test_case_decisions import AT, REPORTED

LATER = AT + timedelta(hours=9)


def off_line(edit_id: str, author: str, minute: int, facts: dict[str, Any], **more: Any) -> ask.ChangeFacts:
    return ask.ChangeFacts(LATER, facts, "visit", author=author, edit_id=edit_id, happened_at=AT + timedelta(minutes=minute), **more)


def facts_of(state: c.Case) -> dict[str, Any]:
    assert isinstance(state.facts, Mapping)
    return dict(state.facts)


def done(*commands: Any, events: tuple[Any, ...] = (REPORTED,)) -> c.Case:
    state = c.Case()
    for event in events:
        state = d.CASE.evolve(state, event)
    for command in commands:
        for event in d.CASE.decide(command, state):
            state = d.CASE.evolve(state, event)
    return state


ANNA, BEN = off_line("e1", "anna", 5, {"income": 100}), off_line("e2", "ben", 9, {"income": 900})


def test_two_who_did_not_know_of_each_other_are_both_kept_and_neither_holds() -> None:
    state = done(ANNA, BEN)
    heads = conflicts(state.fields)["facts.income"]
    assert [(head.author, head.value, head.happened_at) for head in heads] == [
        ("anna", 100, AT + timedelta(minutes=5)), ("ben", 900, AT + timedelta(minutes=9)),
    ]  # fmt: skip
    assert "income" not in facts_of(state)
    assert facts_of(state)["age"] == 70


def test_the_same_word_from_two_is_no_conflict() -> None:
    state = done(ANNA, replace(BEN, facts={"income": 100}))
    assert conflicts(state.fields) == {}
    assert facts_of(state)["income"] == 100


def test_who_knew_of_the_other_has_the_last_word() -> None:
    knowing = ask.ChangeFacts(LATER, {"income": 900}, "visit", author="ben", edit_id="e2", base=2)
    assert facts_of(done(ANNA, knowing))["income"] == 900
    assert conflicts(done(ANNA, replace(knowing, base=1)).fields)
    on_line = ask.ChangeFacts(LATER, {"income": 1}, "caseworker", author="ben", edit_id="e3")
    assert facts_of(done(ANNA, on_line))["income"] == 1
    assert facts_of(done(ANNA, BEN, on_line))["income"] == 1


def test_the_same_person_knows_what_they_said_before_and_a_late_word_takes_its_place() -> None:
    first, second = ANNA, off_line("e9", "anna", 30, {"income": 5})
    assert facts_of(done(first, second))["income"] == facts_of(done(second, first))["income"] == 5


def test_a_person_decides_and_both_words_stay_in_the_history() -> None:
    state = done(ANNA, BEN)
    settle = ask.ResolveConflict("facts.income", LATER, "carla", "e3", chosen="e2")
    events = d.CASE.decide(settle, state)
    for event in events:
        state = d.CASE.evolve(state, event)
    assert (facts_of(state)["income"], conflicts(state.fields)) == (900, {})
    assert d.CASE.decide(settle, state) == ()
    own = done(ANNA, BEN, replace(settle, chosen=None, value=500))
    assert facts_of(own)["income"] == 500
    with pytest.raises(ConflictIsUnknown):
        d.CASE.decide(replace(settle, edit_id="e4"), state)
    with pytest.raises(EditIsUnknown):
        d.CASE.decide(replace(settle, chosen="nobody"), done(ANNA, BEN))


def on_line(edit_id: str, **facts: Any) -> ask.ChangeFacts:
    return ask.ChangeFacts(LATER, facts, "caseworker", author="carla", edit_id=edit_id)


@pytest.mark.parametrize("part", ["medical_reimbursed_year_fen", "medical_self_paid_year_fen"])
def test_no_part_of_a_medical_bill_is_above_the_bill(part: str) -> None:
    bill = on_line("e1", medical_total_year_fen=1_000)
    state = done(bill, on_line("e2", **{part: 1_000}))
    assert facts_of(state)[part] == 1_000
    for wrong in (on_line("e3", **{part: 1_001}), on_line("e3", medical_total_year_fen=999)):
        with pytest.raises(PartIsAboveTheBill) as no:
            d.CASE.decide(wrong, state)
        assert no.value.facts == {"fact": part, "bill": "medical_total_year_fen"}
    assert facts_of(done(bill, on_line("e3", medical_total_year_fen=None, **{part: 1_001})))[part] == 1_001
    later = off_line("e3", "anna", 5, {part: 1_001})
    orders = [done(bill, later, later), done(later, replace(bill, edit_id="e1", happened_at=AT))]
    assert [facts_of(state)[part] for state in orders] == [1_001, 1_001]
    assert facts_of(done(bill, later, on_line("e4", age=71)))["age"] == 71  # what stood so before stops nobody


def test_a_need_about_which_people_differ_stays() -> None:
    out = ask.ChangeNeeds(LATER, (), ("medical",), "anna", "e1", AT, None)
    kept = ask.ChangeNeeds(LATER, ("medical",), (), "ben", "e2", AT + timedelta(minutes=1), None)
    for order in ((out, kept), (kept, out)):
        state = done(*order)
        assert state.needs == ("medical",)
        assert set(conflicts(state.fields)) == {"needs.medical"}


def test_where_somebody_lives_is_not_known_while_people_differ() -> None:
    one, other = off_line("e1", "anna", 1, {}, residence_code="440104"), off_line("e2", "ben", 2, {}, residence_code="440105")
    state = done(one, other)
    assert state.residence_code is None
    assert set(conflicts(state.fields)) == {"residence_code"}


def test_a_telephone_about_which_people_differ_is_told_to_nobody() -> None:
    one, other = off_line("e1", "anna", 1, {}, reach={"phone": "1"}), off_line("e2", "ben", 2, {}, reach={"phone": "2"})
    said = Given(d.CASE, REPORTED).when(one).events[0]
    assert said.changed == ("phone",)
    differing = Given(d.CASE, REPORTED, said).when(other).events[0]
    assert differing.changed == ()


def test_what_was_said_of_somebody_who_is_forgotten_can_still_be_folded() -> None:
    events = Given(d.CASE, REPORTED).when(ANNA).events
    gone = [replace(event, facts=SHREDDED, values=SHREDDED) for event in events]
    state = done(events=(replace(REPORTED, told=SHREDDED), *gone))
    assert state.fields["facts.income"][0].value == SHREDDED


EDITS = st.lists(
    st.tuples(st.sampled_from(("anna", "ben", "carla")), st.integers(0, 60), st.sampled_from(("income", "age")), st.integers(0, 3)),
    min_size=1, max_size=7,
)  # fmt: skip


@given(EDITS, st.randoms(use_true_random=False), st.booleans())
def test_the_same_edits_lead_to_the_same_state_in_any_order_of_arrival(edits: list[Any], random: Any, on_old_view: bool) -> None:
    base = 1 if on_old_view else None
    commands = [off_line(f"e{n}", author, minute, {fact: value}, base=base) for n, (author, minute, fact, value) in enumerate(edits)]
    shuffled = list(commands)
    random.shuffle(shuffled)
    one, other = done(*commands), done(*shuffled)
    seen = [{name: [(h.edit_id, h.value) for h in heads] for name, heads in state.fields.items()} for state in (one, other)]
    assert seen[0] == seen[1]
    assert one.facts == other.facts
    assert done(*commands, *shuffled).facts == one.facts
