"""The chain of help of a household as one value: needs, gaps, overlaps, parties, and who bears a medical bill."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.matching.domain.chain import PARTIES, Asked, CaseSeen, Given, Overlap, Step, bill, chain, party_of
from services.matching.domain.organization_decisions import KINDS
from services.matching.rulebook import RULEBOOK
from tests.matching.stories import AT, DAY, LATER

ASKED = Asked("r1", "c1", "medical", "mercy", "charity", "offered", None, "CHARITY-MED", LATER, None, AT)
GIVEN = Given("r1", "c1", "medical", "mercy", "CHARITY-MED", "cash", 500_000, "granted", None, AT)
SEEN = CaseSeen("c1", "p1", ("medical",), {}, (), True, {})
MEDICAL = frozenset(("GOV-MEDICAL", "CHARITY-MED", "CHILD-ILL"))


def line(case: CaseSeen = SEEN, asked: tuple[Asked, ...] = (), help_: tuple[Given, ...] = ()) -> tuple[str, str | None]:
    (one,) = chain([case], asked, help_).needs
    return one.state, one.why


@pytest.mark.parametrize(
    ("case", "asked", "help_", "state"),
    [
        (SEEN, (replace(ASKED, state="closed", reason="got_help"),), (), "helped"),
        (SEEN, (replace(ASKED, state="in_service"),), (replace(GIVEN, state="arrived"),), "helped"),
        (SEEN, (replace(ASKED, state="accepted"),), (GIVEN,), "under_way"),
        (SEEN, (replace(ASKED, state="unattended"),), (), "under_way"),
        (SEEN, (ASKED,), (), "offered"),
        (replace(SEEN, unmet={"medical": "full"}), (replace(ASKED, state="lapsed"),), (), "unmet"),
        (replace(SEEN, shared=False), (), (), "no_consent"),
        (replace(SEEN, missing=("monthly_income_fen",)), (), (), "needs_information"),
        (SEEN, (), (), "not_sought"),
        (SEEN, (replace(ASKED, state="closed", reason="could_not_contact"),), (), "not_sought"),
    ],
)
def test_each_need_says_where_it_stands(case: CaseSeen, asked: tuple[Asked, ...], help_: tuple[Given, ...], state: str) -> None:
    assert line(case, asked, help_)[0] == state
    gaps = {gap.kind for gap in chain([case], asked, help_).gaps}
    assert ("need" in gaps) == (state in ("unmet", "no_consent", "needs_information", "not_sought"))


def test_a_need_without_anybody_says_why() -> None:
    assert line(replace(SEEN, unmet={"medical": "full"})) == ("unmet", "full")
    assert line(SEEN, (replace(ASKED, state="closed", reason="could_not_contact"),)) == ("not_sought", "could_not_contact")


def test_a_programme_in_reach_that_nobody_has_taken_is_a_gap() -> None:
    case = replace(SEEN, in_reach={"CHARITY-MED": 500_000, "LOTTERY-RAIN": 300_000})
    found = chain([case], [ASKED], []).gaps
    assert [(gap.what, gap.amount_fen) for gap in found if gap.kind == "programme"] == [("LOTTERY-RAIN", 300_000)]
    lapsed = chain([case], [replace(ASKED, state="lapsed")], [replace(GIVEN, state="released")]).gaps
    assert [gap.what for gap in lapsed if gap.kind == "programme"] == ["CHARITY-MED", "LOTTERY-RAIN"]


def test_two_who_do_the_same_are_seen() -> None:
    both = (replace(ASKED, state="accepted"), replace(ASKED, referral_id="r2", org_id="other", state="in_service"))
    assert chain([SEEN], both, []).overlaps == (Overlap("two_helpers", "medical", ("r1", "r2")),)
    again = replace(GIVEN, referral_id="r2", case_id="c2", cut_by="CHARITY-MED")
    other = replace(SEEN, case_id="c2")
    assert chain([SEEN, other], [], [GIVEN, again]).overlaps == (
        Overlap("cut", "CHARITY-MED", ("r2",)), Overlap("same_programme", "CHARITY-MED", ("r1", "r2")),
    )  # fmt: skip
    assert chain([SEEN, other], [], [GIVEN, replace(again, state="released")]).overlaps == ()
    one_after_the_other = (replace(ASKED, state="closed", reason="no_capacity"), replace(both[1], state="accepted"))
    assert chain([SEEN], one_after_the_other, []).overlaps == ()


def test_each_party_has_its_task_and_its_word() -> None:
    worker = replace(ASKED, referral_id="r2", org_id="station", kind="social_work_station", state="scheduled", appointment_at=LATER)
    done = replace(ASKED, referral_id="r3", org_id="team", kind="volunteer_group", state="closed", reason="got_help")
    parts = chain([SEEN], [ASKED, done, worker], []).parts
    assert [(p.party, p.task, p.word, p.until) for p in parts] == [
        ("social_worker", "meet", "scheduled", LATER), ("volunteer", None, "closed", None), ("charity", "answer", "offered", LATER),
    ]  # fmt: skip


def test_every_kind_of_organisation_speaks_for_a_party() -> None:
    assert {party_of(kind) for kind in KINDS} <= set(PARTIES)
    assert party_of("something_new") == "social_organisation"
    assert [party for kind, party in (("community", "community"), ("government", "government")) if party_of(kind) != party] == []


def told(facts: dict[str, Any]) -> tuple[Any, ...]:
    return RULEBOOK.explain(facts, DAY)


ILL: dict[str, Any] = {
    "certificates": ["dibao"], "local_hukou": True, "medical_total_year_fen": 9_000_000, "medical_reimbursed_year_fen": 4_000_000,
    "serious_illness": True, "cannot_pay": True,
}  # fmt: skip


def test_a_bill_is_borne_by_insurance_then_government_then_charity_and_the_rest_is_said() -> None:
    found = bill(ILL, told(ILL), MEDICAL, [])
    assert found is not None
    assert (found.total_fen, found.insurance_fen, found.self_paid_fen) == (9_000_000, 4_000_000, 5_000_000)
    assert [step.bearer for step in found.steps][:1] == ["GOV-MEDICAL"]
    assert found.rest_fen == 5_000_000 - sum(step.fen for step in found.steps) >= 0
    granted = bill(ILL, told(ILL), MEDICAL, [replace(GIVEN, amount_fen=100), replace(GIVEN, programme="LOTTERY-RAIN")])
    assert granted is not None
    assert Step("CHARITY-MED", 100, True) in granted.steps
    released = bill(ILL, told(ILL), MEDICAL, [replace(GIVEN, amount_fen=100, state="released")])
    assert released is not None
    assert not any(step.granted for step in released.steps)


def test_no_bill_is_made_up() -> None:
    assert bill({}, told({}), MEDICAL, []) is None
    assert bill({"medical_total_year_fen": 5}, told({}), MEDICAL, []) is None
    alone = bill({"medical_self_paid_year_fen": 5}, told({}), MEDICAL, [])
    assert alone is not None
    assert (alone.total_fen, alone.insurance_fen, alone.rest_fen) == (None, None, 5)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.lists(st.integers(1, 10**9), max_size=4))
def test_nobody_bears_more_than_the_bill(total: int, back: int, grants: list[int]) -> None:
    facts = {**ILL, "medical_total_year_fen": total, "medical_reimbursed_year_fen": back}
    help_ = [replace(GIVEN, referral_id=str(n), amount_fen=fen) for n, fen in enumerate(grants)]
    found = bill(facts, told(facts), MEDICAL, help_)
    assert found is not None
    assert sum(step.fen for step in found.steps) + found.rest_fen == found.self_paid_fen
    assert all(step.fen >= 0 for step in found.steps)
    assert found.rest_fen >= 0
