"""What follows from what happened to campaigns and pools, in the same unit: matched once, held money moved, shares given back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from services.disbursement.domain.campaign import CampaignGiven, CampaignTakenBack, JoinPool, LeavePool, NoteGiven, NoteTakenBack
from services.disbursement.domain.chain import Publish
from services.disbursement.domain.donation import DonationReceived, DonationRefunded
from services.disbursement.domain.match_pool import Match, Matched, MatchReturned, PoolClosed, PoolOpened, Unmatch
from services.disbursement.domain.treasury import HoldForPool, MoveHeld, Release, Transfer
from services.disbursement.domain.treasury_decisions import MATCH_RETURNED
from services.disbursement.follow import CITY, PUBLIC
from shared.clock import local_day
from shared.envelope import Envelope
from shared.service import To


def _hold(pool_id: str) -> str:
    return f"pool:{pool_id}"


def given(e: Envelope) -> Iterable[To]:
    d: DonationReceived = e.data
    if d.campaign_id and d.day is not None:
        yield To("campaign", d.campaign_id, NoteGiven(d.donation_id, d.donor_id, d.amount_fen, d.day))


def taken_back(e: Envelope) -> Iterable[To]:
    d: DonationRefunded = e.data
    if d.campaign_id:
        yield To("campaign", d.campaign_id, NoteTakenBack(d.donation_id, d.amount_fen, d.of_fen))


def to_pools(e: Envelope) -> Iterable[To]:
    d: CampaignGiven = e.data
    for pool_id in d.pools:
        yield To("match_pool", pool_id, Match(d.donation_id, d.donor, d.fund_id, d.amount_fen, d.day))


def out_of_pools(e: Envelope) -> Iterable[To]:
    d: CampaignTakenBack = e.data
    for pool_id in d.pools:
        yield To("match_pool", pool_id, Unmatch(d.donation_id, d.fund_id, d.amount_fen, d.of_fen))


def pool_opened(e: Envelope) -> Iterable[To]:
    d: PoolOpened = e.data
    yield To("treasury", CITY, HoldForPool(_hold(d.pool_id), d.fund_id, d.amount_fen))
    yield To("campaign", d.campaign_id, JoinPool(d.pool_id))


def _published(e: Envelope, kind: str, fund_id: str, fen: int) -> To:
    return To("chain", PUBLIC, Publish(e.id, kind, fund_id, "", "", local_day(e.at).strftime("%Y-%m"), fen, 0))


def matched(e: Envelope) -> Iterable[To]:
    d: Matched = e.data
    if d.amount_fen:
        yield To("treasury", CITY, MoveHeld(_hold(d.pool_id), f"{d.pool_id}:{d.donation_id}", d.from_fund, d.to_fund, d.amount_fen))
        yield _published(e, "match", d.to_fund, d.amount_fen)


def match_returned(e: Envelope) -> Iterable[To]:
    d: MatchReturned = e.data
    if d.moved:
        yield To("treasury", CITY, Transfer(e.id, d.from_fund, d.to_fund, d.amount_fen, MATCH_RETURNED))
        yield _published(e, "match_returned", d.from_fund, d.amount_fen)


def pool_closed(e: Envelope) -> Iterable[To]:
    d: PoolClosed = e.data
    if d.shared_fen:
        yield To("treasury", CITY, MoveHeld(_hold(d.pool_id), d.pool_id, d.from_fund, d.to_fund, d.shared_fen))
        yield _published(e, "match", d.to_fund, d.shared_fen)
    if d.left_fen:
        yield To("treasury", CITY, Release(_hold(d.pool_id), d.from_fund, d.left_fen))
    yield To("campaign", d.campaign_id, LeavePool(d.pool_id))


CAMPAIGN_FOLLOW: Mapping[type, tuple[Callable[[Envelope], Iterable[To]], ...]] = {
    DonationReceived: (given,),
    DonationRefunded: (taken_back,),
    CampaignGiven: (to_pools,),
    CampaignTakenBack: (out_of_pools,),
    PoolOpened: (pool_opened,),
    Matched: (matched,),
    MatchReturned: (match_returned,),
    PoolClosed: (pool_closed,),
}
