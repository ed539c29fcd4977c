"""The sample and the year as data: what they hold, that every line can be sent, and what the summary makes of a case."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.sample.city import DATA_OF, read_city, read_lines, read_residents
from deploy.sample.play import CAMPAIGN, SIGNALS
from deploy.sample.summary import fate
from deploy.sample.year import CASH_FEN, GOODS_FEN, gifts, reports
from deploy.telephony_simulator import behaviour
from services.disbursement.asked import TransferIn
from services.disbursement.asked_campaigns import CampaignIn as DonationCampaignIn
from services.disbursement.asked_campaigns import PoolIn
from services.disbursement.domain.campaign import reports_due
from services.disbursement.domain.match_pool import MATCH_POOL, Match, OpenPool
from services.intake.asked import ReportIn
from services.intake.campaigns.asked import CampaignIn
from services.intake.screening.book import in_force
from services.intake.screening.said import Heading
from services.intake.screening.worker import screened
from services.matching.asked import PointsIn
from services.matching.asked_allocations import AllocationIn
from services.matching.domain.points import Applicant, points
from services.matching.domain.schemes import answer
from services.matching.rulebook import POINTS, SCHEMES
from services.run import PAYER_ACCOUNT

TODAY = date(2026, 11, 24)
CHANNELS = {"hotline", "mobile_gov", "workstation", "web", "visit", "hospital", "school", "data_signal", "ai_call", "partner"}


def test_the_sample_holds_at_least_three_hundred_reports_of_all_ten_channels_in_both_languages() -> None:
    lines = read_lines()
    assert len(lines) >= 300
    assert {line.report["channel"] for line in lines} >= CHANNELS
    languages = Counter(line.report["language"] for line in lines)
    assert languages["zh"] > languages["en"] >= 20


def test_the_reports_differ() -> None:
    told = [line.report["narrative"] for line in read_lines() if "narrative" in line.report]
    assert len(set(told)) >= len(told) * 0.6


def test_a_line_is_refused_exactly_where_it_is_to_be_refused() -> None:
    for line in read_lines():
        if line.expect.startswith("refused at the door"):
            with pytest.raises((ValidationError, ValueError)):
                _checked(line.said_on(TODAY))
        else:
            _checked(line.said_on(TODAY))


def _checked(body: dict[str, Any]) -> None:
    from_outside = ReportIn.model_validate(body)
    if from_outside.person is not None and from_outside.person.id_number is not None and len(from_outside.person.id_number) != 18:
        raise ValueError("length")
    if from_outside.person is not None and from_outside.person.id_type == "resident_id" and from_outside.person.id_number is not None:
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        digits = from_outside.person.id_number
        if "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=False)) % 11] != digits[17]:
            raise ValueError("check digit")


def test_days_are_counted_back_from_the_day_it_is_played() -> None:
    line = next(line for line in read_lines() if line.days_ago == 2 and "received_at" not in line.report)
    assert line.said_on(TODAY)["received_at"].startswith((TODAY - timedelta(days=2)).isoformat())


def test_grants_name_funds_of_the_city() -> None:
    city = read_city()
    assert set(city.grants.values()) <= {fund["id"] for fund in city.funds}
    assert {one["organization_id"] for one in city.services} <= {one["id"] for one in city.organizations}
    assert set(city.answers.values()) == {"yes", "waits"}


def test_the_places_of_the_sample_divide_its_applicants_and_an_appeal_moves_one() -> None:
    ranked, open_ = read_city().allocations
    day = {"year": 2026, "opens_at": "2026-11-24T09:00:00+08:00", "closes_at": "2026-11-24T09:01:00+08:00"}
    for one in (ranked, open_):
        AllocationIn.model_validate({**one["plan"], **day})
        for shown in one["applicants"]:
            PointsIn.model_validate(shown)
    sums = [_points(shown) for shown in ranked["applicants"]]
    admitted = sorted(sums)[-ranked["plan"]["quota"]]
    assert min(sums) < ranked["plan"]["minimum"], "somebody stays below the minimum"
    assert sorted(sums)[-ranked["plan"]["quota"] - 1] == admitted, "the last place is decided by a later step than the points"
    upheld, waits = ranked["appeals"]
    assert _points(upheld["upheld"]) > admitted > sums[upheld["of"]]
    assert "upheld" not in waits
    assert len({upheld["of"], waits["of"]}) == 2
    assert answer(SCHEMES["public-rental"], open_["applicants"][0]["facts"], None).verdict == "eligible"


def _points(shown: dict[str, Any]) -> int:
    told = {name: value for name, value in shown.items() if name != "facts"}
    return sum(one.points for one in points(POINTS, Applicant(**told), TODAY))


def test_the_campaigns_of_the_sample_show_every_way_a_gift_is_matched_and_a_report_that_is_late() -> None:
    city = read_city()
    long, short = city.campaigns
    cuts = []
    for one in (long, short):
        pool = PoolIn.model_validate({**one["pool"], "campaign_id": one["terms"]["id"]})
        caps = (pool.donation_max_fen or 0, pool.donor_day_max_fen or 0)
        opened = OpenPool(pool.id, pool.campaign_id, pool.fund_id, pool.amount_fen, pool.give, pool.per, pool.mode, *caps)
        state = MATCH_POOL.evolve(MATCH_POOL.absent, MATCH_POOL.decide(opened, MATCH_POOL.absent)[0])
        for gift in one["gifts"]:
            ref = gift["donation_ref"]
            (said,) = MATCH_POOL.decide(Match(ref, gift.get("donor", {}).get("ref", ref), "fund", gift["amount_fen"], TODAY), state)
            state = MATCH_POOL.evolve(state, said)
            cuts.append(said.cut_by)
    assert {"", "donation", "donor_day", "pool"} <= set(cuts)
    assert (long["pool"].get("mode"), short["pool"]["mode"]) == (None, "pro_rata")
    days = {"first_day": TODAY - timedelta(days=long["began_days_ago"]), "last_day": TODAY + timedelta(days=long["lasts_days_more"])}
    due = reports_due(days["first_day"], days["last_day"])
    assert long["reports_handed_in"] == 1
    assert due[1] < TODAY < due[2], "the first was handed in, the second is late"
    assert DonationCampaignIn.model_validate({**long["terms"], **{name: day.isoformat() for name, day in days.items()}})


def test_the_sample_leaves_a_transfer_and_a_refund_to_a_second_person_and_closes_an_empty_fund() -> None:
    city = read_city()
    refunds = [gift["refund_confirmed"] for one in city.campaigns for gift in one["gifts"] if "refund" in gift]
    moves = [move["confirmed"] for move in city.transfers]
    assert sorted(refunds) == sorted(moves) == [False, True]
    funds = {one["id"] for one in city.funds}
    assert set(city.closed_funds) <= funds - {one.get("fund_id") for one in city.donations}
    for move in city.transfers:
        TransferIn.model_validate({name: said for name, said in move.items() if name != "confirmed"})


def test_the_statements_of_the_sample_leave_a_gap_and_a_movement_of_nobody() -> None:
    first, second = read_city().bank_statements
    assert first["account"] == second["account"] == PAYER_ACCOUNT
    assert first["unknown_fen"]
    assert first["opening_fen"] - sum(first["unknown_fen"]) != second["opening_fen"]


def test_the_campaign_of_the_sample_can_be_planned_and_finds_forty_people_to_ask() -> None:
    campaign = CampaignIn.model_validate(CAMPAIGN)
    assert (campaign.purpose, campaign.ref) == ("benefit", "sample-benefit"), (
        "it asks about help and opens no case, so the accounting stays"
    )
    phones = {line.report["person"]["phone"] for line in read_lines() if line.report.get("person", {}).get("phone")}
    assert len(phones) >= 40


def test_the_residents_of_the_sample_give_signals_of_most_kinds_and_can_be_rung(tmp_path: Path) -> None:
    campaign = CampaignIn.model_validate({**SIGNALS, "screening_id": "s"})
    assert (campaign.purpose, campaign.screening_id) == ("needs", "s")
    file = tmp_path / "residents.csv"
    file.write_bytes(read_residents())
    parts = [said[2] for said in screened(file, DATA_OF, in_force(DATA_OF), tmp_path) if not isinstance(said, Heading)]
    assert sum(part.faulty for part in parts) == 0
    counts = Counter[str]()
    for part in parts:
        counts.update(part.counts)
    assert sum(counts.values()) >= 40
    assert len(+counts) >= 7
    phones = {signal[6] for part in parts for signal in part.signals if signal[6]}
    assert len(phones) >= 25
    assert {"story", "unsure", "opts_out", "well"} <= {behaviour(phone) for phone in phones}


def test_the_year_is_the_year_of_the_seeds() -> None:
    told = list(reports(2022))
    assert len(told) >= 7_000
    cash = sum(max(200_000, one.body["facts"]["medical_self_paid_year_fen"]) for one in told if one.expect == "paid")
    assert cash == CASH_FEN == 41_000_000
    items = [item for gift in gifts(2022) for item in gift.get("items", [])]
    assert sum(item["value_fen"] for item in items) == GOODS_FEN == 171_900_000
    wished = Counter(one.body["facts"]["wish_sku"] for one in told if one.expect == "goods given")
    assert wished == {item["sku"]: item["quantity"] for item in items}
    assert all(item["value_fen"] <= item["quantity"] * 50_000 for item in items), "a micro-wish costs 500 yuan at most"


def test_the_year_is_the_same_every_time_and_every_line_is_somebody_else() -> None:
    told = list(reports(2022))
    assert told == list(reports(2022))
    assert len({one.body["source_ref"] for one in told}) == len({one.body["person"]["id_number"] for one in told}) == len(told)
    assert {one.body["facts"]["event_on"][:4] for one in told} == {"2022"}
    for one in told[::50]:
        _checked(one.body)


SETTLED = {"state": "settled", "kind": "cash"}


@pytest.mark.parametrize(
    ("cases", "assessed", "payouts", "referrals", "unmet", "ends"),
    [
        ([{}], [{}], [SETTLED], [], [], "paid"),
        ([{}], [{}], [{"state": "confirmed", "kind": "goods"}], [], [], "goods given"),
        ([{}], [{}], [{"state": "reserved", "kind": "cash", "approved_by": ["a"], "approvals_needed": 2}], [], [], "waiting for an approver (1 of 2 approvals)"),
        ([{}], [{}], [{"state": "rejected", "kind": "cash", "reason": "AC04"}], [], [], "payout rejected: AC04"),
        ([{}], [{}], [], [{"state": "closed", "reason": "got_help", "grant": None}], [], "served"),
        ([{}], [{}], [], [{"state": "offered", "reason": None, "grant": None, "org_id": "o"}], [], "waiting for o"),
        ([{}], [{}], [], [], [{"reason": "full"}], "waiting: full"),
        ([{"needs": []}], [{}], [], [], [], "nothing to relieve: an operator calls back"),
        ([{"needs": ["medical"]}], [{}], [], [], [], "waiting for the person's consent"),
        ([{"needs": ["medical"]}], [], [], [], [], "not assessed"),
        ([], [], [], [], [], "lost"),
    ],
)  # fmt: skip
def test_each_end_has_a_name(
    cases: list[Any], assessed: list[Any], payouts: list[Any], referrals: list[Any], unmet: list[Any], ends: str
) -> None:
    assert fate(cases, assessed, payouts, referrals, unmet) == ends
