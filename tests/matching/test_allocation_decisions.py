"""A yearly quota from its plan to the last place given up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain import allocation as al
from services.matching.domain import allocation_refusals as no
from services.matching.domain.allocation_decisions import ALLOCATION
from services.matching.domain.duplicates import Duplicate, Whose
from services.matching.domain.ranking import Application, Key
from shared.kernel import Rejected
from shared.testing.given import Given
from tests.matching.stories import AT

ORDER = (Key("points"), Key("item", "skill"), Key("applied_at"), Key("number"))
CLOSES, UNTIL = AT + timedelta(days=30), AT + timedelta(days=40)
PLAN = al.Plan("a1", "residence-permit", 2026, "440100", "general", 2, 0, ORDER, date(2026, 11, 23), AT, CLOSES, 5, "S1")
PLANNED, OPENED, CLOSED = al.AllocationPlanned(PLAN, AT), al.AllocationOpened("a1", AT), al.AllocationClosed("a1", CLOSES)
LATE = UNTIL + timedelta(seconds=1)
MAKE = al.MakeAppeal("D", "points_miscounted", "desk", UNTIL)
MADE = al.AppealMade("a1", 1, "D", "points_miscounted", "desk", UNTIL)
MADE_BY_E = replace(MADE, number="E")
ANEW = {"education": 60, "skill": 40}


def application(number: str, education: int, skill: int = 0, minutes: int = 0, **more: int) -> Application:
    items = {"education": education, "skill": skill, **more}
    return Application(number, sum(items.values()), items, AT + timedelta(minutes=minutes))


ALL = (application("A", 60, 60), application("B", 60, 20), application("C", 40, 40, 1), application("D", 20, 20), application("E", 0))
RANK = al.RankAllocation(ALL, UNTIL, "gov-1", CLOSES)


def then(*events: Any, when: Any) -> tuple[Any, ...]:
    """What happened, with what this command adds."""
    return (*events, *Given(ALLOCATION, *events).when(when).events)


HISTORY = then(PLANNED, OPENED, CLOSED, when=RANK)
APPEALED = (*HISTORY, MADE)
UPHELD = then(*APPEALED, when=al.DecideAppeal(1, True, ANEW, "gov-2", LATE))
FINAL = then(*HISTORY, when=al.FinishAllocation(LATE))


def outcomes(events: tuple[Any, ...]) -> dict[str, str]:
    return {one.application.number: one.outcome for one in events[-1].entries}


def refused(events: tuple[Any, ...], command: Any, why: type[Rejected]) -> Rejected:
    return Given(ALLOCATION, *events).when(command).refused(why)


def test_a_plan_is_published_corrected_and_then_binds() -> None:
    assert Given(ALLOCATION).when(al.PlanAllocation(PLAN, AT)).then(PLANNED).status == "planned"
    Given(ALLOCATION, PLANNED).when(al.PlanAllocation(PLAN, CLOSES)).then()
    more = replace(PLAN, quota=3)
    Given(ALLOCATION, PLANNED).when(al.PlanAllocation(more, AT)).then(al.AllocationPlanned(more, AT))
    for history in ((PLANNED, OPENED), (PLANNED, OPENED, CLOSED), HISTORY, FINAL):
        Given(ALLOCATION, *history).when(al.PlanAllocation(PLAN, AT)).then()
        refused(history, al.PlanAllocation(more, AT), no.PlanIsPublished)


@pytest.mark.parametrize(
    "order",
    [(), (Key("points"),), (Key("number"), Key("points")), (Key("applied_at"), Key("number")), (Key("points"), Key("points"), Key("number")),
     (Key("points"), Key("item", "tax"), Key("item", "tax"), Key("number"))],
)  # fmt: skip
def test_an_order_that_leaves_two_equal_or_knows_no_points_is_refused(order: tuple[Key, ...]) -> None:
    refused((), al.PlanAllocation(replace(PLAN, order=order), AT), no.OrderIsNotTotal)


@pytest.mark.parametrize("change", [{"closes_at": AT}, {"points_on": date(2026, 11, 24)}])
def test_days_out_of_order_are_refused(change: dict[str, Any]) -> None:
    refused((), al.PlanAllocation(replace(PLAN, **change), AT), no.DaysAreOutOfOrder)


def test_points_may_count_on_the_day_of_opening_as_it_is_in_guangzhou() -> None:
    night = replace(PLAN, opens_at=AT.replace(hour=17), points_on=date(2026, 11, 24))
    Given(ALLOCATION).when(al.PlanAllocation(night, AT)).then(al.AllocationPlanned(night, AT))


def test_applications_open_on_the_published_day_and_close_at_the_published_instant() -> None:
    refused((), al.OpenAllocation(AT), no.AllocationIsUnknown)
    refused((), al.CloseAllocation(AT), no.AllocationIsUnknown)
    refused((PLANNED,), al.OpenAllocation(AT - timedelta(seconds=1)), no.NotYetOpening)
    assert Given(ALLOCATION, PLANNED).when(al.OpenAllocation(AT)).then(OPENED).status == "open"
    Given(ALLOCATION, PLANNED, OPENED).when(al.OpenAllocation(CLOSES)).then()
    refused((PLANNED, OPENED, CLOSED), al.OpenAllocation(CLOSES), no.ApplicationsAreNotOpen)
    refused((PLANNED, OPENED), al.CloseAllocation(CLOSES - timedelta(seconds=1)), no.ClosesLater)
    refused((PLANNED,), al.CloseAllocation(CLOSES), no.ApplicationsAreNotOpen)
    Given(ALLOCATION, PLANNED, OPENED).when(al.CloseAllocation(CLOSES)).then(CLOSED)
    Given(ALLOCATION, *HISTORY).when(al.CloseAllocation(LATE)).then()


def test_an_application_comes_in_time_or_not_at_all() -> None:
    take = al.TakeApplication("A", CLOSES - timedelta(seconds=1))
    Given(ALLOCATION, PLANNED, OPENED).when(take).then()
    refused((PLANNED, OPENED), replace(take, at=CLOSES), no.ApplicationsAreNotOpen)
    for history in ((PLANNED,), (PLANNED, OPENED, CLOSED), HISTORY):
        refused(history, take, no.ApplicationsAreNotOpen)
    refused((), take, no.AllocationIsUnknown)


def test_the_ranking_is_published_once_with_its_counts_and_without_what_the_order_never_asks_for() -> None:
    published = HISTORY[-1]
    assert [one.application.number for one in published.entries] == ["A", "C", "B", "D", "E"], "C and B are equal but for skill"
    assert published.entries[1].application.items == {"skill": 40}
    assert (published.counts, published.moved, published.publication) == (al.Counts(5, 2, 3, 0, 0), (), 1)
    assert Given(ALLOCATION, *HISTORY).state.holds == {"A", "C"}
    Given(ALLOCATION, *HISTORY).when(RANK).then()
    for history in ((PLANNED,), (PLANNED, OPENED)):
        refused(history, RANK, no.NotClosedYet)
    refused((), RANK, no.AllocationIsUnknown)
    refused(FINAL, RANK, no.AllocationIsFinal)


def test_who_withdrew_after_the_close_is_not_ranked() -> None:
    left = al.ApplicationLeft("a1", "A", CLOSES)
    Given(ALLOCATION, PLANNED, OPENED).when(al.NoteWithdrawal("A", AT)).then()
    Given(ALLOCATION, PLANNED, OPENED, CLOSED).when(al.NoteWithdrawal("A", CLOSES)).then(left)
    Given(ALLOCATION, PLANNED, OPENED, CLOSED, left).when(al.NoteWithdrawal("A", CLOSES)).then()
    assert outcomes(then(PLANNED, OPENED, CLOSED, left, when=RANK)) == {"C": "admitted", "B": "admitted", "D": "waiting", "E": "waiting"}
    refused((), al.NoteWithdrawal("A", AT), no.AllocationIsUnknown)


def test_an_appeal_is_made_in_time_with_a_reason_and_once() -> None:
    Given(ALLOCATION, *HISTORY).when(MAKE).then(MADE)
    refused(HISTORY, replace(MAKE, at=LATE), no.AppealsAreOver)
    refused(HISTORY, replace(MAKE, reason="unfair"), no.ReasonIsUnknown)
    refused(HISTORY, replace(MAKE, number="Z"), no.NotInTheRanking)
    refused((*HISTORY, al.ApplicationLeft("a1", "D", UNTIL)), MAKE, no.NotInTheRanking)
    refused((PLANNED, OPENED, CLOSED), MAKE, no.NothingIsRanked)
    refused(FINAL, MAKE, no.AllocationIsFinal)
    Given(ALLOCATION, *APPEALED).when(replace(MAKE, at=LATE)).then()
    refused(APPEALED, replace(MAKE, reason="other"), no.AppealedAlready)
    refused(UPHELD, MAKE, no.AppealedAlready)
    other = Given(ALLOCATION, *APPEALED).when(replace(MAKE, number="E")).events
    assert other[0].appeal == 2


def test_an_appeal_is_decided_by_somebody_else() -> None:
    decide = al.DecideAppeal(1, True, ANEW, "gov-2", LATE)
    Given(ALLOCATION, *APPEALED).when(decide).then(al.AppealDecided("a1", 1, "D", True, 100, ANEW, "gov-2", LATE))
    refused(APPEALED, replace(decide, by="gov-1"), no.OwnRanking)
    refused(APPEALED, replace(decide, by="desk"), no.OwnAppeal)
    refused(APPEALED, replace(decide, appeal=2), no.AppealIsUnknown)
    Given(ALLOCATION, *UPHELD).when(decide).then()
    refused(UPHELD, replace(decide, upheld=False), no.AppealIsDecided)
    refused(UPHELD, replace(decide, items={"education": 60, "skill": 60}), no.AppealIsDecided)
    Given(ALLOCATION, *APPEALED).when(replace(decide, upheld=False, items={})).then(
        al.AppealDecided("a1", 1, "D", False, 40, {}, "gov-2", LATE)
    )


@pytest.mark.parametrize("items", [{"education": 20, "skill": 20}, {"education": 20}, {"education": 40, "skill": 0}])
def test_an_upheld_appeal_puts_higher_or_is_none(items: dict[str, int]) -> None:
    refused(APPEALED, al.DecideAppeal(1, True, items, "gov-2", LATE), no.UpheldMustBetter)


def test_fewer_points_are_not_better_even_where_the_order_asks_for_a_skill_first() -> None:
    plan = replace(PLAN, order=(Key("reached", "skill", 40), *ORDER))
    history = (*then(al.AllocationPlanned(plan, AT), OPENED, CLOSED, when=RANK), MADE)
    refused(history, al.DecideAppeal(1, True, {"skill": 40, "education": -1}, "gov-2", LATE), no.UpheldMustBetter)
    assert refused(history, al.DecideAppeal(1, True, {"education": 40}, "gov-2", LATE), no.UpheldMustBetter)


def test_whoever_was_published_with_a_place_keeps_it_and_the_appeal_gets_one_beyond_the_quota() -> None:
    again = replace(RANK, applications=(), appeals_until=LATE + timedelta(days=9), by="gov-1", at=LATE)
    history = then(*UPHELD, when=again)
    published = history[-1]
    assert [one.application.number for one in published.entries] == ["A", "D", "C", "B", "E"]
    assert outcomes(history) == {"A": "admitted", "D": "admitted", "C": "admitted", "B": "waiting", "E": "waiting"}
    assert published.counts == al.Counts(5, 3, 2, 0, 1)
    assert published.moved == (al.Moved("D", 4, 2, "waiting", "admitted"),)
    assert (published.publication, published.appeals_until) == (2, UNTIL)
    Given(ALLOCATION, *history).when(again).then()
    # The place beyond the quota is saved first, then the waiting list moves.
    one = then(*history, when=al.GiveUpPlace("A", LATE))
    assert one[-1].next is None
    assert then(*one, when=al.GiveUpPlace("C", LATE))[-1].next == "B"


def test_finished_is_only_what_nothing_is_open_of() -> None:
    finish = al.FinishAllocation(LATE)
    Given(ALLOCATION, *HISTORY).when(finish).then(al.AllocationFinished("a1", LATE))
    Given(ALLOCATION, *FINAL).when(finish).then()
    refused(HISTORY, replace(finish, at=UNTIL), no.AppealsAreOpen)
    refused(APPEALED, finish, no.AppealsAreUndecided)
    refused(UPHELD, finish, no.RankingIsOutdated)
    refused((PLANNED, OPENED, CLOSED), finish, no.NothingIsRanked)
    refused((), finish, no.AllocationIsUnknown)


def test_a_place_is_taken_when_all_is_final_by_whoever_holds_it() -> None:
    take = al.TakePlace("A", LATE)
    taken = al.PlaceTaken("a1", "A", LATE)
    Given(ALLOCATION, *FINAL).when(take).then(taken)
    Given(ALLOCATION, *FINAL, taken).when(take).then()
    refused(HISTORY, take, no.NotFinalYet)
    refused(FINAL, replace(take, number="B"), no.HoldsNoPlace)
    refused((), take, no.AllocationIsUnknown)


@pytest.mark.parametrize(("command", "reason"), [(al.GiveUpPlace("A", LATE), "given_up"), (al.NoteWithdrawal("A", LATE), "withdrawn")])
def test_a_place_given_up_goes_to_the_next_who_waits(command: Any, reason: str) -> None:
    given_up = al.PlaceGivenUp("a1", "A", "B", LATE, reason)
    state = Given(ALLOCATION, *FINAL, al.PlaceTaken("a1", "A", LATE)).when(command).then(given_up)
    assert (state.holds, state.taken) == ({"B", "C"}, frozenset())
    Given(ALLOCATION, *FINAL, given_up).when(command).then()
    after = then(*FINAL, al.ApplicationLeft("a1", "D", LATE), given_up, when=al.GiveUpPlace("B", LATE))
    assert after[-1].next == "E", "whoever left is passed over"
    assert then(*after, when=al.GiveUpPlace("E", LATE))[-1].next is None
    refused(FINAL, al.GiveUpPlace("B", LATE), no.HoldsNoPlace)


SAME = (
    Whose("A", frozenset(("p1", "p2")), frozenset(("home",))), Whose("C", frozenset(("p1", "p2"))),
    Whose("D", frozenset(("p4",)), frozenset(("home",))), Whose("E", frozenset(("p5",)), frozenset(("elsewhere",))),
)  # fmt: skip


def test_of_two_applications_of_one_person_the_first_counts_and_of_one_family_too() -> None:
    history = then(PLANNED, OPENED, CLOSED, when=replace(RANK, whose=SAME))
    person = Duplicate("C", "A", "one_person", replace(ALL[2], items={"skill": 40}))
    assert history[-1].duplicates == (person,)
    assert outcomes(history) == {"A": "admitted", "B": "admitted", "D": "waiting", "E": "waiting"}
    left = al.ApplicationLeft("a1", "C", LATE)
    Given(ALLOCATION, *history).when(al.NoteWithdrawal("C", LATE)).then(left)
    place = al.PlaceGivenUp("a1", "A", "D", LATE, "withdrawn")
    Given(ALLOCATION, *history, left).when(al.NoteWithdrawal("A", LATE)).then(place)
    plan = al.AllocationPlanned(replace(PLAN, scheme="public-rental", group="family"), AT)
    family = then(plan, OPENED, CLOSED, when=replace(RANK, whose=SAME))
    assert family[-1].duplicates == (Duplicate("D", "A", "one_household", replace(ALL[3], items={"skill": 20})), person)
    assert outcomes(family) == {"A": "admitted", "B": "admitted", "E": "waiting"}
    later = then(*then(*family, MADE_BY_E, when=al.DecideAppeal(1, True, ANEW, "gov-2", LATE)), when=replace(RANK, at=LATE, whose=SAME))
    assert (later[-1].publication, later[-1].duplicates, set(outcomes(later))) == (2, (), {"A", "B", "E"})


END, ENDS_LATER = LATE + timedelta(days=14), LATE + timedelta(days=28)
DATED = then(al.AllocationPlanned(replace(PLAN, take_days=10), AT), OPENED, CLOSED, when=RANK)
TO_TAKE = then(*DATED, when=al.FinishAllocation(LATE, END))  # A and C hold a place, B, D and E wait
OVER = END + timedelta(seconds=1)
LAPSE = al.LapsePlaces(OVER, ENDS_LATER)
ONCE = then(PLANNED, OPENED, CLOSED, when=replace(RANK, whose=SAME))  # A counts for C; A and B hold a place, D and E wait
NOT_THE_SAME = al.MakeAppeal("C", "not_the_same", "desk", UNTIL)
SAID = (*ONCE, al.AppealMade("a1", 1, "C", "not_the_same", "desk", UNTIL))


def test_who_counts_as_another_can_say_that_they_are_not_the_same_and_nothing_else() -> None:
    Given(ALLOCATION, *ONCE).when(NOT_THE_SAME).then(SAID[-1])
    Given(ALLOCATION, *SAID).when(NOT_THE_SAME).then()
    refused(ONCE, replace(NOT_THE_SAME, reason="points_miscounted"), no.ReasonDoesNotFit)
    refused(ONCE, replace(NOT_THE_SAME, number="D"), no.ReasonDoesNotFit)
    refused((*ONCE, al.ApplicationLeft("a1", "C", UNTIL)), NOT_THE_SAME, no.NotInTheRanking)
    told_before = replace(ONCE[-1], duplicates=(Duplicate("C", "A", "one_person"),))
    refused((*ONCE[:-1], told_before), NOT_THE_SAME, no.NotInTheRanking)
    decide = al.DecideAppeal(1, True, {}, "gov-2", LATE)
    refused(SAID, replace(decide, items=ANEW), no.PointsAreNotAsked)
    refused(SAID, replace(decide, by="gov-1"), no.OwnRanking)
    turned_down = al.AppealDecided("a1", 1, "C", False, 80, {}, "gov-2", LATE)
    Given(ALLOCATION, *SAID).when(replace(decide, upheld=False)).then(turned_down)
    Given(ALLOCATION, *SAID, turned_down).when(replace(RANK, at=LATE)).then()
    upheld = then(*SAID, when=decide)
    assert upheld[-1] == al.AppealDecided("a1", 1, "C", True, 80, {}, "gov-2", LATE)
    Given(ALLOCATION, *upheld).when(decide).then()
    assert refused(upheld, al.FinishAllocation(LATE), no.RankingIsOutdated).facts == {"applications": 1}
    again = then(*upheld, when=replace(RANK, applications=(), at=LATE))
    # C stands second as it would have without the mistake, and B keeps what was published.
    assert outcomes(again) == {"A": "admitted", "C": "admitted", "B": "admitted", "D": "waiting", "E": "waiting"}
    assert again[-1].entries[1].application == replace(ALL[2], items={"skill": 40})
    assert again[-1].moved == (al.Moved("C", 0, 2, "duplicate", "admitted"),)
    Given(ALLOCATION, *again).when(replace(RANK, at=LATE)).then()
    assert Given(ALLOCATION, *again).state.doubles == {}


def test_who_counts_as_another_comes_back_when_that_one_leaves() -> None:
    slim = replace(ALL[2], items={"skill": 40})
    back = al.ApplicationReturned("a1", "C", "A", (), slim, "returned", 0, 1, 0, LATE)
    left = al.PlaceGivenUp("a1", "A", "D", LATE, "withdrawn")
    history = (*ONCE, back, left)
    Given(ALLOCATION, *ONCE).when(al.NoteWithdrawal("A", LATE)).then(back, left)
    refused(history, al.FinishAllocation(LATE), no.RankingIsOutdated)
    again = then(*history, when=replace(RANK, applications=(), at=LATE))
    # The place was given to D already: C waits where it belongs.
    assert outcomes(again) == {"C": "waiting", "B": "admitted", "D": "admitted", "E": "waiting"}
    assert [one.application.number for one in again[-1].entries] == ["C", "B", "D", "E"]
    gone = al.ApplicationLeft("a1", "C", LATE)
    Given(ALLOCATION, *history).when(al.NoteWithdrawal("C", LATE)).then(gone)
    Given(ALLOCATION, *history, gone).when(al.FinishAllocation(LATE)).then(al.AllocationFinished("a1", LATE))
    # An appeal that was open meanwhile is decided, and gives it the place that it would have had.
    said = then(*then(*SAID, when=al.NoteWithdrawal("A", LATE)), when=al.DecideAppeal(1, True, {}, "gov-2", LATE))
    assert outcomes(then(*said, when=replace(RANK, applications=(), at=LATE)))["C"] == "admitted"


def test_of_several_the_earliest_comes_back_and_the_others_count_as_that_one() -> None:
    same = tuple([Whose(number, frozenset(("p1", "p2", "p3"))) for number in "ACE"])
    history = then(*then(PLANNED, OPENED, CLOSED, when=replace(RANK, whose=same)), when=al.NoteWithdrawal("A", LATE))
    assert (history[-2].number, history[-2].others) == ("E", ("C",)), "E applied a minute before C"
    history = then(*history, when=al.NoteWithdrawal("E", LATE))
    assert (history[-2], history[-1].number, history[-1].of) == (al.ApplicationLeft("a1", "E", LATE), "C", "E")


def test_when_all_is_final_it_comes_back_at_the_end_and_not_after_a_place_that_nobody_took() -> None:
    final = then(*ONCE, when=al.FinishAllocation(LATE, None))
    history = then(*final, when=al.GiveUpPlace("A", LATE))
    back = history[-2]
    assert (back.number, back.outcome, back.rank, history[-1].next) == ("C", "waiting", 5, "D")
    assert [one.application.number for one in Given(ALLOCATION, *history).state.entries.values()][-1] == "C"
    history = then(*then(*history, when=al.GiveUpPlace("B", LATE)), when=al.GiveUpPlace("D", LATE))
    assert history[-1].next == "C"
    alone = then(PLANNED, OPENED, CLOSED, when=replace(RANK, applications=(ALL[0], ALL[2]), whose=SAME))
    alone = then(*then(*alone, when=al.FinishAllocation(LATE, None)), when=al.GiveUpPlace("A", LATE))
    assert alone[-1].next == "C", "nobody else waits"
    high = replace(PLAN, minimum=100)
    poor = then(al.AllocationPlanned(high, AT), OPENED, CLOSED, when=replace(RANK, whose=SAME))
    poor = then(*then(*poor, when=al.FinishAllocation(LATE, None)), when=al.GiveUpPlace("A", LATE))
    assert (poor[-2].outcome, poor[-2].missing, poor[-1].next) == ("below_minimum", 20, None)
    dated = then(al.AllocationPlanned(replace(PLAN, take_days=10), AT), OPENED, CLOSED, when=replace(RANK, whose=SAME))
    dated = then(*dated, when=al.FinishAllocation(LATE, END))
    assert [type(one) for one in then(*dated, when=LAPSE)[len(dated) :]] == [al.PlacesLapsed]


def test_whoever_left_while_the_list_was_read_stands_in_nobodys_way() -> None:
    history = then(PLANNED, OPENED, CLOSED, al.ApplicationLeft("a1", "A", LATE), when=replace(RANK, whose=SAME))
    assert history[-1].duplicates == ()
    assert "C" in outcomes(history)
    assert "A" not in outcomes(history)


def test_a_place_not_taken_in_time_goes_to_the_next_and_so_on_with_the_reason() -> None:
    assert TO_TAKE[-1] == al.AllocationFinished("a1", LATE, END, 10)
    taken = al.PlaceTaken("a1", "A", END)
    history = then(*TO_TAKE, when=al.TakePlace("A", END))
    assert history[-1] == taken, "the last moment is in time"
    Given(ALLOCATION, *history).when(al.LapsePlaces(END, ENDS_LATER)).then()
    lapsed = al.PlacesLapsed("a1", (al.Lapsed("C", "B"),), OVER, ENDS_LATER, 10)
    state = Given(ALLOCATION, *history).when(LAPSE).then(lapsed)
    assert (state.holds, state.taken, state.until) == ({"A", "B"}, {"A"}, {"B": ENDS_LATER})
    Given(ALLOCATION, *history, lapsed).when(LAPSE).then()
    assert refused(history, al.TakePlace("C", OVER), no.TimeToTakeIsOver).facts == {"until": END.isoformat()}
    refused((*history, lapsed), al.TakePlace("C", OVER), no.HoldsNoPlace)
    later = al.LapsePlaces(ENDS_LATER + timedelta(seconds=1), ENDS_LATER + timedelta(days=14))
    assert then(*history, lapsed, when=later)[-1].places == (al.Lapsed("B", "D"),)
    as_before = al.PlaceGivenUp("a1", "C", "B", OVER, "not_taken", ENDS_LATER, 10)
    assert Given(ALLOCATION, *history, as_before).state == state
    # Nobody took one: two lapse in the order of the ranking, to two who wait in theirs.
    assert then(*TO_TAKE, when=LAPSE)[-1].places == (al.Lapsed("A", "B"), al.Lapsed("C", "D"))


def test_places_beyond_the_quota_that_lapse_are_saved_first_and_who_left_is_passed_over() -> None:
    dated = al.AllocationPlanned(replace(PLAN, take_days=10), AT)
    over = (*then(dated, OPENED, CLOSED, when=RANK), MADE)
    over = then(*over, when=al.DecideAppeal(1, True, ANEW, "gov-2", LATE))
    over = then(*then(*over, when=replace(RANK, at=LATE)), when=al.FinishAllocation(LATE, END))
    assert Given(ALLOCATION, *over).state.holds == {"A", "C", "D"}
    assert then(*over, when=LAPSE)[-1].places == (al.Lapsed("A", None), al.Lapsed("D", "B"), al.Lapsed("C", "E"))
    left = (*TO_TAKE, al.ApplicationLeft("a1", "B", LATE))
    state = Given(ALLOCATION, *then(*left, when=LAPSE)).state
    assert (state.holds, state.gone, state.until) == ({"D", "E"}, {"A", "B", "C"}, dict.fromkeys("DE", ENDS_LATER))


def test_thousands_of_places_lapse_as_one_fact_with_one_end() -> None:
    many = tuple([Application(f"N{n:05}", 100, {}, AT + timedelta(seconds=n)) for n in range(10_000)])
    dated = al.AllocationPlanned(replace(PLAN, quota=5_000, take_days=10), AT)
    history = then(dated, OPENED, CLOSED, when=replace(RANK, applications=many))
    history = then(*then(*history, when=al.FinishAllocation(LATE, END)), when=LAPSE)
    assert [(len(one.places), one.take_until) for one in history[5:]] == [(5_000, ENDS_LATER)]
    assert history[-1].places[-1] == al.Lapsed("N04999", "N09999")


def test_nobodys_time_runs_before_all_is_final_or_where_no_end_was_published() -> None:
    early = then(*DATED, when=al.GiveUpPlace("A", LATE, END))
    assert early[-1] == al.PlaceGivenUp("a1", "A", "B", LATE)
    assert set(Given(ALLOCATION, *then(*early, when=al.FinishAllocation(LATE, END))).state.until) == {"B", "C"}
    assert then(*TO_TAKE, when=al.GiveUpPlace("A", LATE, ENDS_LATER))[-1].take_until == ENDS_LATER
    for history in (FINAL, HISTORY, (PLANNED,)):
        Given(ALLOCATION, *history).when(LAPSE).then()
    refused((), LAPSE, no.AllocationIsUnknown)


def test_who_moved_up_before_is_told_as_admitted_by_no_later_ranking() -> None:
    history = (*APPEALED, al.PlaceGivenUp("a1", "A", "B", UNTIL))
    history = then(*history, when=al.DecideAppeal(1, True, {"education": 20, "skill": 40}, "gov-2", LATE))
    history = then(*history, when=replace(RANK, at=LATE))
    assert history[-1].moved == (al.Moved("D", 4, 3, "waiting", "waiting"),)
    assert Given(ALLOCATION, *history).state.holds == {"B", "C"}


def test_whoever_published_an_earlier_ranking_does_not_decide_either() -> None:
    history = then(*UPHELD, when=replace(RANK, by="gov-3", at=LATE))
    history = then(*history, when=al.MakeAppeal("E", "other", "desk", UNTIL))
    for by in ("gov-1", "gov-3"):
        refused(history, al.DecideAppeal(2, False, {}, by, LATE), no.OwnRanking)
    assert then(*history, when=al.DecideAppeal(2, False, {}, "gov-2", LATE))
