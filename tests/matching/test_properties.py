"""What must hold whatever people do in whatever order: a city in memory, obeying commands with all their consequences."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.matching.domain import assessment as a
from services.matching.domain import directory as d
from services.matching.domain import referral as r
from services.matching.domain.asking import Ask, Grant, Item
from services.matching.domain.household import GrantHelp, HelpGranted
from services.matching.manifest import MATCHING
from shared.decide import Known, Provenance, Rules, decide_unit
from shared.kernel import Rejected
from shared.service import To
from tests.matching.stories import AT, DAY, ILL, LATER

_LIVE = frozenset(("offered", "accepted", "scheduled", "attended", "unattended", "in_service"))
_OVER = frozenset(("declined", "lapsed", "revoked", "closed"))
_ENDED_BADLY = frozenset(("declined", "lapsed", "revoked"))
_CASES = st.sampled_from(("c1", "c2", "c3"))
_NEEDS = st.sampled_from((("medical",), ("emergency", "medical"), ("livelihood",), ("medical", "livelihood", "housing")))
_URBAN = {"local_hukou": True, "monthly_income_fen": 100_000, "household_size": 3, "necessary_spending_month_fen": 900_000}
_FACTS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    (
        ILL,
        {**ILL, **_URBAN},
        {"wish_sku": "radio", "certificates": ["dibao"]},
        {**ILL, "local_hukou": False, "special_circumstances": True},
        {},
    )
)
_SERVICES = (
    d.Listing("rain", "rain", "Rain", "charity", (), ("LOTTERY-RAIN",), (), 2),
    d.Listing("rain-2", "rain", "Rain", "charity", ("medical",), ("LOTTERY-RAIN",), ("440106",), 1),
    d.Listing("care", "care", "Care", "hospital", ("medical", "livelihood"), (), (), 1),
    d.Listing("gov", "gov", "Gov", "government", (), ("GOV-MEDICAL", "TEMP-EXPENSE"), (), 1, (d.Standing("GOV-MEDICAL", "fund", 900_000),)),
    d.Listing("wish", "wish", "Wish", "charity", (), ("MICRO-WISH",), (), None, (d.Standing("MICRO-WISH", "store"),)),
)  # fmt: skip


class City(RuleBasedStateMachine):
    """Three cases of two households, five services; everybody may do everything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.room_rules, self.states, self.count = Rules(MATCHING), dict[str, Known](), 0
        self.over: dict[str, str] = {}
        self.doubled: set[str] = set()

    def obey(self, *commands: To) -> bool:
        """One unit with all its consequences; False when it was refused."""
        who = Provenance("somebody", AT, "story")
        try:
            decided = decide_unit(self.room_rules, commands, who, self.look, self.new_id)
        except Rejected:
            return False
        self.states.update(decided.touched)
        failed = [e.data.about for e in decided.events if isinstance(e.data, r.GrantNotKept)]
        self.doubled.update(f"{about.case_id} {about.need}" for about in failed)
        for e in decided.events:
            if isinstance(e.data, HelpGranted):
                self.within_its_caps(e.data)
        return True

    def within_its_caps(self, granted: HelpGranted) -> None:
        """By the caps of the day of the grant: a later assessment may find lower ones, which take nothing back."""
        used = self.of("household")[granted.about.household_id].used
        limits = self.of("referral")[granted.about.referral_id].offer.limits
        assert {limit.key for limit in limits} == set(granted.caps)
        assert all(used[limit.key] <= limit.cap_fen for limit in limits), (used, limits)

    def look(self, stream: str) -> Known:
        return self.states.get(stream) or (0, self.room_rules.decider_of(stream).absent)

    def new_id(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def of(self, noun: str) -> dict[str, Any]:
        start = f"matching.{noun}-"
        return {
            stream.removeprefix(start): state for stream, (version, state) in self.states.items() if version and stream.startswith(start)
        }

    @property
    def directory(self) -> d.Directory:
        found: d.Directory = self.look("matching.directory-city")[1]
        return found

    def referral(self, number: int) -> str:
        known = sorted(self.of("referral"))
        return known[number % len(known)] if known else "nobody"

    @initialize()
    def open_city(self) -> None:
        assert self.obey(*[To("directory", d.CITY, d.ListService(one, AT)) for one in _SERVICES])

    @rule(case=_CASES, needs=_NEEDS, facts=_FACTS, shared=st.booleans())
    def assess(self, case: str, needs: tuple[str, ...], facts: dict[str, Any], shared: bool) -> None:
        household = "h2" if case == "c3" else "h1"
        recipients = ("charity",) if shared else None
        assert self.obey(
            To("assessment", case, a.AssessCase(case, f"p-{case}", household, "440106", needs, "normal", facts, DAY, AT, recipients))
        )

    @rule(case=_CASES, hospitals=st.booleans())
    def allow(self, case: str, hospitals: bool) -> None:
        self.obey(To("assessment", case, a.AllowSharing(("charity", "hospital") if hospitals else ("charity",), AT)))

    @rule(case=_CASES, reason=st.sampled_from(("consent_withdrawn", "case_closed", "subject_erased")))
    def stop(self, case: str, reason: str) -> None:
        assert self.obey(To("assessment", case, a.StopSharing(reason, AT)))

    @rule(case=_CASES, service=st.sampled_from(_SERVICES), need=st.sampled_from(("medical", "livelihood")))
    def refer_by_hand(self, case: str, service: d.Listing, need: str) -> None:
        state = self.of("assessment").get(case)
        if state is None or state.recipients is None:
            return
        c = state.latest
        ask = Ask(
            self.new_id(), 1, case, c.person_id, c.household_id, need, "440106", DAY, 72, (), state.recipients, (), None, service.service_id
        )
        if self.obey(To("directory", d.CITY, d.RequestReferral(ask, AT))):
            self.doubled.add(f"{case} {need}")

    @rule(number=st.integers(0, 30), fen=st.integers(1, 2_000_000), kind=st.sampled_from(("none", "cash", "goods")))
    def accept(self, number: int, fen: int, kind: str) -> None:
        key = self.referral(number)
        if key not in self.of("referral"):
            return
        offer = self.of("referral")[key].offer
        if kind == "none":
            self.obey(To("referral", key, r.AcceptReferral(None, AT)))
            return
        grant = Grant("cash", fen, offer.about.programme, "fund") if kind == "cash" else Grant("goods", 0, None, None, (Item("rice", 1),))
        value = 0 if kind == "cash" else 50_000
        self.obey(To("household", offer.about.household_id, GrantHelp(offer.about, grant, offer.limits, AT, value)))

    @rule(
        number=st.integers(0, 30),
        command=st.sampled_from(
            (
                r.DeclineReferral("no_capacity", AT), r.LapseReferral(LATER), r.RevokeReferral("caseworker", AT), r.ScheduleReferral(LATER, AT),
                r.AttendReferral(False, AT), r.StartService(AT), r.ServeReferral(AT), r.ServeReferral(AT, True), r.CloseReferral("got_help", AT),
                r.CloseReferral("no_longer_interested", AT), r.FailGrant("payout_rejected", AT),
            )
        ),
    )  # fmt: skip
    def answer(self, number: int, command: Any) -> None:
        self.obey(To("referral", self.referral(number), command))

    @rule(service=st.sampled_from(_SERVICES), paused=st.booleans())
    def pause(self, service: d.Listing, paused: bool) -> None:
        command = d.PauseService(service.service_id, "staff", AT) if paused else d.ResumeService(service.service_id, AT)
        assert self.obey(To("directory", d.CITY, command))

    @invariant()
    def places_held_are_those_of_live_referrals_and_never_too_many(self) -> None:
        live = Counter(one.offer.about.service_id for one in self.of("referral").values() if one.status in _LIVE)
        for service, (places, held, used) in self.directory.counts.items():
            if places is not None:
                assert held == live[service], (service, held, live)
                assert 0 <= held + used <= places, (service, held, used)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        for key, one in self.of("referral").items():
            assert self.over.get(key, one.status) == one.status, key
            if one.status in _OVER:
                self.over[key] = one.status

    @invariant()
    def a_need_has_one_live_referral_unless_a_person_added_one_or_a_grant_failed(self) -> None:
        live = Counter(f"{one.offer.about.case_id} {one.offer.about.need}" for one in self.of("referral").values() if one.status in _LIVE)
        assert all(many == 1 or need in self.doubled for need, many in live.items()), live

    @invariant()
    def nothing_is_offered_without_consent(self) -> None:
        shared = {case: state.recipients is not None for case, state in self.of("assessment").items()}
        offered = [one.offer.about for one in self.of("referral").values() if one.status == "offered"]
        assert [about for about in offered if not shared[about.case_id]] == []

    @invariant()
    def a_search_never_stands_at_an_offer_that_came_to_nothing(self) -> None:
        referrals = self.of("referral")
        for case, state in self.of("assessment").items():
            for one in state.sought:
                if one.referral_id is not None:
                    assert referrals[one.referral_id].status not in _ENDED_BADLY, (case, one)

    @invariant()
    def what_a_household_has_used_is_the_sum_of_its_grants(self) -> None:
        for household in self.of("household").values():
            used: Counter[str] = Counter()
            for granted in household.grants.values():
                used.update(dict.fromkeys(granted.caps, granted.counted_fen))
            assert {cap: fen for cap, fen in household.used.items() if fen} == {cap: fen for cap, fen in used.items() if fen}


TestCity = City.TestCase
TestCity.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
