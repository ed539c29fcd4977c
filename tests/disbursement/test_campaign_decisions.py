"""What is said yes and no to about projects, campaigns and matching; that shares add up; and the pool against a naive one."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from services.disbursement.domain import campaign as c
from services.disbursement.domain import match_pool as m
from services.disbursement.domain import project
from services.disbursement.domain.donation import AskRefund, ConfirmRefund, Donate
from services.disbursement.domain.treasury import OpenFund
from services.disbursement.follow import CITY
from shared.kernel import Decider, Rejected
from shared.service import To
from shared.testing.given import Given
from tests.disbursement.paper import Paper
from tests.disbursement.stories import No, Yes

FIRST, LAST, DAY = date(2026, 9, 1), date(2026, 11, 30), date(2026, 9, 9)
OPEN = c.OpenCampaign("c1", "99", "gzcs", "general", "", 1_000_000, FIRST, LAST, date(2025, 9, 1), "A-1")
OPENED = (c.CampaignOpened("c1", "99", "gzcs", "general", "", 1_000_000, FIRST, LAST, date(2025, 9, 1), "A-1"),)
GIVE = c.NoteGiven("d1", "donor-1", 500, DAY)
GIVEN = c.CampaignGiven("c1", "d1", "donor-1", "general", 500, DAY, ())
JOINED = (*OPENED, c.PoolJoined("c1", "p1"))
REPORT = c.HandIn(date(2027, 2, 28), "https://example.org/r", date(2026, 12, 1), "f1")
REPORTED = c.ReportHandedIn("c1", date(2027, 2, 28), "https://example.org/r", date(2026, 12, 1), "f1")
CLOSED = c.CampaignClosed("c1", date(2026, 10, 1))
OF_CAMPAIGNS = (
    Yes("opened", (), OPEN, OPENED),
    Yes("opened once", (*OPENED, GIVEN), OPEN, ()),
    Yes("an organisation of exactly a year", (), replace(OPEN, registered_on=date(2025, 9, 1)), OPENED),
    Yes("a gift", OPENED, GIVE, (GIVEN,)),
    Yes("a gift on the last day", OPENED, replace(GIVE, day=LAST), (replace(GIVEN, day=LAST),)),
    Yes("a gift that pools may match", JOINED, GIVE, (replace(GIVEN, pools=("p1",)),)),
    Yes("a gift goes back", (*OPENED, GIVEN), c.NoteTakenBack("d1", 200, 500), (c.CampaignTakenBack("c1", "d1", "general", 200, 500, ()),)),
    Yes("a pool joins", OPENED, c.JoinPool("p1"), (JOINED[-1],)),
    Yes("a pool joins once", JOINED, c.JoinPool("p1"), ()),
    Yes("a pool leaves", JOINED, c.LeavePool("p1"), (c.PoolLeft("c1", "p1"),)),
    Yes("a pool leaves once", OPENED, c.LeavePool("p1"), ()),
    Yes("a refund still finds a pool that left", (*JOINED, c.PoolLeft("c1", "p1")), c.NoteTakenBack("d1", 1, 2),
        (c.CampaignTakenBack("c1", "d1", "general", 1, 2, ("p1",)),)),
    Yes("the final report", OPENED, REPORT, (REPORTED,)),
    Yes("handed in once", (*OPENED, REPORTED), replace(REPORT, url="https://example.org/other"), ()),
    Yes("closed early", OPENED, c.CloseCampaign(date(2026, 10, 1)), (CLOSED,)),
    Yes("closed once", (*OPENED, CLOSED), c.CloseCampaign(date(2026, 10, 2)), ()),
)  # fmt: skip
NO_CAMPAIGNS = (
    No(OPENED, replace(OPEN, goal_fen=1), c.CampaignOpenedDifferently),
    No((), replace(OPEN, first_day=date(2026, 12, 1)), c.CampaignHasNoDays),
    No((), replace(OPEN, goal_fen=0), c.CampaignHasNoDays),
    No((), replace(OPEN, registered_on=date(2025, 9, 2)), c.CampaignNotQualified),
    *[No((), command, c.CampaignUnknown) for command in (GIVE, REPORT, c.JoinPool("p1"), c.CloseCampaign(DAY))],
    No(OPENED, replace(GIVE, day=date(2026, 8, 31)), c.CampaignNotRunning),
    No(OPENED, replace(GIVE, day=date(2026, 12, 1)), c.CampaignNotRunning),
    No((*OPENED, CLOSED), replace(GIVE, day=date(2026, 10, 2)), c.CampaignNotRunning),
    No((*OPENED, replace(CLOSED, day=date(2026, 12, 15))), replace(GIVE, day=date(2026, 12, 1)), c.CampaignNotRunning),
    No(OPENED, replace(REPORT, due=date(2027, 3, 1)), c.ReportNotDue),
    No(OPENED, replace(REPORT, day=date(2026, 11, 29)), c.ReportTooEarly),
)

POOL = m.OpenPool("p1", "c1", "sponsor", 1_000, 1, 2, "first_come", 300, 400)
POOLED = (m.PoolOpened("p1", "c1", "sponsor", 1_000, 1, 2, "first_come", 300, 400),)
RATA = (replace(POOLED[0], mode="pro_rata"),)
MATCH = m.Match("d1", "donor-1", "general", 501, DAY)
MATCHED = m.Matched("p1", "d1", "donor-1", "sponsor", "general", 250, 250, "", DAY)
NOTED = m.MatchNoted("p1", "d1", "donor-1", 250, 250, "", DAY)
NEARLY = m.Matched("p1", "d0", "donor-0", "sponsor", "general", 900, 900, "", DAY)
BACK = m.Unmatch("d1", "general", 167, 501)
RETURNED = m.MatchReturned("p1", "d1", "general", "sponsor", 83, True, 167)
OF_POOLS = (
    Yes("opened", (), POOL, POOLED),
    Yes("opened once", POOLED, POOL, ()),
    Yes("half of a gift, rounded down", POOLED, MATCH, (MATCHED,)),
    Yes("matched once", (*POOLED, MATCHED), replace(MATCH, amount_fen=9), ()),
    Yes("the most for one gift", POOLED, replace(MATCH, amount_fen=602), (replace(MATCHED, asked_fen=301, amount_fen=300, cut_by="donation"),)),
    Yes("the most for one donor and day", (*POOLED, MATCHED), replace(MATCH, donation_id="d2"),
        (replace(MATCHED, donation_id="d2", amount_fen=150, cut_by="donor_day"),)),
    Yes("another day counts anew", (*POOLED, MATCHED), replace(MATCH, donation_id="d2", day=date(2026, 9, 10)),
        (replace(MATCHED, donation_id="d2", day=date(2026, 9, 10)),)),
    Yes("what the pool still has", (*POOLED, NEARLY), MATCH, (replace(MATCHED, amount_fen=100, cut_by="pool"),)),
    Yes("nothing when it is empty", (*POOLED, replace(NEARLY, amount_fen=1_000)), MATCH, (replace(MATCHED, amount_fen=0, cut_by="pool"),)),
    Yes("a share of the match goes back", (*POOLED, MATCHED), BACK, (RETURNED,)),
    Yes("what was not matched goes back alone", POOLED, BACK, ()),
    Yes("by pro rata it is noted", RATA, MATCH, (NOTED,)),
    Yes("a note goes back without money", (*RATA, NOTED), BACK, (replace(RETURNED, moved=False),)),
    Yes("what was shared stays", (*RATA, NOTED, m.PoolClosed("p1", "c1", "sponsor", "general", 250, 750)), BACK, ()),
    Yes("closed: what is left is free", (*POOLED, MATCHED), m.ClosePool("general"), (m.PoolClosed("p1", "c1", "sponsor", "general", 0, 750),)),
    Yes("closed and shared", (*RATA, NOTED), m.ClosePool("general"), (m.PoolClosed("p1", "c1", "sponsor", "general", 250, 750),)),
    Yes("and shared without what went back", (*RATA, NOTED, replace(RETURNED, moved=False)), m.ClosePool("general"),
        (m.PoolClosed("p1", "c1", "sponsor", "general", 167, 833),)),
    Yes("never more than there is", (*RATA, replace(NOTED, amount_fen=5_000)), m.ClosePool("general"),
        (m.PoolClosed("p1", "c1", "sponsor", "general", 1_000, 0),)),
    Yes("closed once", (*POOLED, m.PoolClosed("p1", "c1", "sponsor", "general", 0, 1_000)), m.ClosePool("general"), ()),
    Yes("nothing is matched after", (*POOLED, m.PoolClosed("p1", "c1", "sponsor", "general", 0, 1_000)), MATCH, ()),
)  # fmt: skip
NO_POOLS = (
    No(POOLED, replace(POOL, give=2), m.PoolOpenedDifferently),
    *[No((), replace(POOL, **{name: 0}), m.PoolRuleIsNone) for name in ("amount_fen", "give", "per")],
    No((), replace(POOL, donation_max_fen=-1), m.PoolRuleIsNone),
    No((), replace(POOL, mode="lottery"), m.PoolRuleIsNone),
    *[No((), command, m.PoolUnknown) for command in (MATCH, BACK, m.ClosePool("general"))],
)
PROJECT = project.OpenProject("x", "Homes", "gzcs", ("housing",))
OF_PROJECTS = (
    Yes("opened", (), PROJECT, (project.ProjectOpened("x", "Homes", "gzcs", ("housing",)),)),
    Yes("opened once", (project.ProjectOpened("x", "Homes", "gzcs", ("housing",)),), PROJECT, ()),
)
NO_PROJECTS = (No((project.ProjectOpened("x", "Homes", "gzcs", ()),), PROJECT, project.ProjectOpenedDifferently),)
TESTED = (
    (c.CAMPAIGN, c, OF_CAMPAIGNS, NO_CAMPAIGNS),
    (m.MATCH_POOL, m, OF_POOLS, NO_POOLS),
    (project.PROJECT, project, OF_PROJECTS, NO_PROJECTS),
)
YES = [(decider, case) for decider, _, yes, _ in TESTED for case in yes]
NO = [(decider, case) for decider, _, _, no in TESTED for case in no]


@pytest.mark.parametrize(("decider", "case"), YES, ids=[f"{decider.noun}: {case.story}" for decider, case in YES])
def test_what_follows_a_command(decider: Decider[Any], case: Yes) -> None:
    Given(decider, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize(("decider", "case"), NO, ids=[f"{decider.noun}-{case.why.__name__}" for decider, case in NO])
def test_what_is_refused(decider: Decider[Any], case: No) -> None:
    Given(decider, *case.given).when(case.when).refused(case.why)


@pytest.mark.parametrize(
    ("first", "last", "due"),
    [
        (date(2026, 1, 1), date(2026, 7, 1), [date(2026, 10, 1)]),
        (date(2026, 1, 1), date(2026, 7, 2), [date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 2)]),
        (date(2026, 11, 30), date(2027, 11, 29), [date(2027, 2, 28), date(2027, 5, 30), date(2027, 8, 30), date(2028, 2, 29)]),
    ],
)
def test_a_campaign_of_more_than_six_months_reports_every_three_and_each_at_the_end(first: date, last: date, due: list[date]) -> None:
    """People's Daily 2023 and the Information Disclosure Measures (Order 81)."""
    assert list(c.reports_due(first, last)) == due


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(1, 10**9), min_size=1, max_size=30), st.integers(1, 10**10))
def test_shares_are_the_whole_pool_never_more_than_asked_and_nobody_is_a_fen_off(noted: dict[str, int], pool_fen: int) -> None:
    got, asked = m.shares(noted.items(), pool_fen), sum(noted.values())
    assert sum(got.values()) == min(asked, pool_fen)
    for key, fen in noted.items():
        exactly = min(fen * pool_fen, fen * asked) / asked
        assert got[key] <= fen
        assert abs(got[key] - exactly) < 1 + exactly * 1e-12
    assert m.shares(list(reversed(list(noted.items()))), pool_fen) == got, "the order in which they are told does not matter"


DONATIONS = ("d1", "d2", "d3", "d4", "d5")


class Matching(RuleBasedStateMachine):
    """Gifts, told twice and taken back in parts, by a pool that gives one for two up to 300 for a gift; the naive one adds up what was given."""

    @initialize(mode=st.sampled_from(m.MODES))
    def opens(self, mode: str) -> None:
        self.paper, self.mode, self.closed = Paper(), mode, False
        self.given, self.back = Counter[str](), Counter[str]()
        for fund in ("sponsor", "general"):
            assert not isinstance(self.paper.ask(To("treasury", CITY, OpenFund(fund, fund))), Rejected)
        self.paper.ask(To("donation", "first", Donate("first", "sponsor", "sponsor", "cash", 1_500, (), "2026-09")))
        assert not isinstance(self.paper.ask(To("campaign", "c1", OPEN)), Rejected)
        assert not isinstance(self.paper.ask(To("match_pool", "p1", replace(POOL, mode=mode, amount_fen=500))), Rejected)

    @rule(key=st.sampled_from(DONATIONS), fen=st.sampled_from([3, 200, 601, 900]), donor=st.sampled_from(["a", "b"]))
    def gives(self, key: str, fen: int, donor: str) -> None:
        answer = self.paper.ask(To("donation", key, Donate(key, donor, "general", "cash", fen, (), "2026-09", None, "c1", DAY)))
        assert isinstance(answer, Rejected) is (self.given[key] not in (0, fen))
        self.given[key] = self.given[key] or fen

    @rule(key=st.sampled_from(DONATIONS), fen=st.sampled_from([1, 100, 200, 900, 0]))
    def goes_back(self, key: str, fen: int) -> None:
        fen = fen or self.given[key] - self.back[key]  # all that is left
        asked = self.paper.ask(To("donation", key, AskRefund(fen, "donor_asked", "f1")))
        assert isinstance(asked, Rejected) is not (0 < fen <= self.given[key] - self.back[key])
        if not isinstance(asked, Rejected) and not isinstance(
            self.paper.ask(To("donation", key, ConfirmRefund("f2", "2026-09"))), Rejected
        ):
            self.back[key] += fen

    @rule()
    def closes(self) -> None:
        self.paper.ask(To("match_pool", "p1", m.ClosePool("general")))
        self.closed = True

    @invariant()
    def not_a_fen_is_made_or_lost_and_the_pool_is_never_overdrawn(self) -> None:
        funds = self.paper.treasury.funds
        every = sum(self.given.values()) - sum(self.back.values())
        assert sum(f.available_fen + f.reserved_fen for f in funds.values()) == 1_500 + every
        assert min(f.available_fen for f in funds.values()) >= 0
        pool: m.Pool = self.paper._look("disbursement.match_pool-p1")[1]
        assert 0 <= pool.drawn_fen <= 500
        assert funds["sponsor"].reserved_fen == (0 if pool.closed else 500 - pool.drawn_fen)
        for key, matched in pool.matches.items():
            assert matched <= min(300, self.given[key] // 2)
            shared = self.mode == "pro_rata" and pool.closed
            assert matched == 0 or shared or self.back[key] < self.given[key], "all went back, and its match with it"
        assert sum(pool.matches.values()) <= 500 or self.mode == "pro_rata"
        returned = [e.data for e in self.paper.happened if isinstance(e.data, m.MatchReturned)]
        moved = sum(r.amount_fen for r in returned) if self.mode == "first_come" else 0
        assert funds["sponsor"].available_fen + funds["sponsor"].reserved_fen == 1_500 - pool.drawn_fen + moved
        raised: c.Campaign = self.paper._look("disbursement.campaign-c1")[1]
        assert raised.raised_fen == every

    @invariant()
    def each_gift_is_matched_once(self) -> None:
        once = Counter(e.data.donation_id for e in self.paper.happened if isinstance(e.data, m.Matched | m.MatchNoted))
        assert all(times == 1 for times in once.values()), once


TestMatching = Matching.TestCase
TestMatching.settings = settings(max_examples=250, stateful_step_count=30, deadline=None)
