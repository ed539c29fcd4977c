"""Money that doubles what others give, by a published rule: how much for each fen, at most how much, and to whom first.

    absent --Open--> open --matches--> ... --Close--> closed, what is left goes back to its fund

`first_come` matches each donation as it comes, until the pool is empty; `pro_rata` notes what each could get and shares the pool
when it closes, by largest remainders, equal ones to the smaller donation number. Nothing is matched twice and the pool is never
overdrawn: its money is held in its fund from the first day, and this stream is the only one that draws on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Decider, Rejected

MODES = ("first_come", "pro_rata")


class OpenPool(Struct, frozen=True, gc=False):
    """`give` fen of the pool for every `per` fen given, whole fen only; caps of 0 are none."""

    pool_id: str
    campaign_id: str
    fund_id: str
    amount_fen: int
    give: int
    per: int
    mode: str
    donation_max_fen: int = 0
    donor_day_max_fen: int = 0


class Match(Struct, frozen=True, gc=False):
    donation_id: str
    donor: str
    to_fund: str
    amount_fen: int
    day: date


class Unmatch(Struct, frozen=True, gc=False):
    """`amount_fen` of a donation goes back, of which `of_fen` had not before: the same share of its match goes back out of `from_fund`."""

    donation_id: str
    from_fund: str
    amount_fen: int
    of_fen: int


class ClosePool(Struct, frozen=True, gc=False):
    to_fund: str


class PoolOpened(Struct, frozen=True, gc=False):
    pool_id: str
    campaign_id: str
    fund_id: str
    amount_fen: int
    give: int
    per: int
    mode: str
    donation_max_fen: int
    donor_day_max_fen: int


class Matched(Struct, frozen=True, gc=False):
    """`asked_fen` is what the ratio says, `amount_fen` what was left of it; `cut_by` names what made it smaller: donation, donor_day, pool."""

    pool_id: str
    donation_id: str
    donor: str
    from_fund: str
    to_fund: str
    asked_fen: int
    amount_fen: int
    cut_by: str
    day: date


class MatchNoted(Struct, frozen=True, gc=False):
    """Pro rata: what this donation could get if the pool sufficed."""

    pool_id: str
    donation_id: str
    donor: str
    asked_fen: int
    amount_fen: int
    cut_by: str
    day: date


class MatchReturned(Struct, frozen=True, gc=False):
    """`amount_fen` of the match goes back to the pool's fund; where it was only noted, by pro rata, no money moves."""

    pool_id: str
    donation_id: str
    from_fund: str
    to_fund: str
    amount_fen: int
    moved: bool
    left_fen: int


class PoolClosed(Struct, frozen=True, gc=False):
    """`shared_fen` is what goes out now, by `pro_rata` alone; `left_fen` is free again."""

    pool_id: str
    campaign_id: str
    from_fund: str
    to_fund: str
    shared_fen: int
    left_fen: int


class Pool(Struct, frozen=True, gc=False):
    """`matches` are fen by donation: matched, or by pro rata noted; `drawn_fen` is what has left the pool."""

    terms: PoolOpened | None = None
    matches: Map[str, int] = Map()
    by_day: Map[tuple[str, date], int] = Map()
    drawn_fen: int = 0
    noted_fen: int = 0
    closed: bool = False

    @property
    def left_fen(self) -> int:
        return 0 if self.terms is None else self.terms.amount_fen - self.drawn_fen


class PoolUnknown(Rejected):
    """There is no such pool."""


class PoolOpenedDifferently(Rejected):
    """A pool with this id was opened with other terms."""


class PoolRuleIsNone(Rejected):
    """A pool has a sum, a ratio above zero, caps of zero or more, and matches first_come or pro_rata."""


def decide(command: Any, state: Pool) -> tuple[Any, ...]:
    if isinstance(command, OpenPool):
        return open_pool(command, state)
    terms = state.terms
    if terms is None:
        raise PoolUnknown
    match command:
        case Match():
            return match_one(command, state, terms)
        case Unmatch():
            return unmatch(command, state, terms)
        case ClosePool():
            if state.closed:
                return ()
            shared = min(state.noted_fen, state.left_fen) if terms.mode == "pro_rata" else 0
            left = state.left_fen - shared
            return (PoolClosed(terms.pool_id, terms.campaign_id, terms.fund_id, command.to_fund, shared, left),)
    raise AssertionError(type(command).__name__)


def open_pool(command: OpenPool, state: Pool) -> tuple[PoolOpened, ...]:
    c = command
    asked = PoolOpened(c.pool_id, c.campaign_id, c.fund_id, c.amount_fen, c.give, c.per, c.mode, c.donation_max_fen, c.donor_day_max_fen)
    if state.terms is not None:
        if state.terms != asked:
            raise PoolOpenedDifferently(pool_id=c.pool_id)
        return ()
    if min(c.amount_fen, c.give, c.per) <= 0 or min(c.donation_max_fen, c.donor_day_max_fen) < 0 or c.mode not in MODES:
        raise PoolRuleIsNone(amount_fen=c.amount_fen, give=c.give, per=c.per, mode=c.mode[:40])
    return (asked,)


def match_one(command: Match, state: Pool, terms: PoolOpened) -> tuple[Any, ...]:
    """Once for each donation; what the caps or the pool leave of it, and which of them cut it last."""
    if state.closed or command.donation_id in state.matches:
        return ()
    asked = command.amount_fen * terms.give // terms.per
    amount, cut_by = asked, ""
    of_day = state.by_day.get((command.donor, command.day), 0)
    limits = (("donation", terms.donation_max_fen, 0), ("donor_day", terms.donor_day_max_fen, of_day))
    for name, most, already in limits:
        if most and amount > most - already:
            amount, cut_by = max(most - already, 0), name
    if terms.mode == "pro_rata":
        return (MatchNoted(terms.pool_id, command.donation_id, command.donor, asked, amount, cut_by, command.day),)
    if amount > state.left_fen:
        amount, cut_by = state.left_fen, "pool"
    return (Matched(terms.pool_id, command.donation_id, command.donor, terms.fund_id, command.to_fund, asked, amount, cut_by, command.day),)


def unmatch(command: Unmatch, state: Pool, terms: PoolOpened) -> tuple[MatchReturned, ...]:
    """The share of the match that goes with what went back, rounded down; what pro rata has shared already stays with the campaign."""
    had = state.matches.get(command.donation_id, 0)
    back = had * command.amount_fen // command.of_fen if command.of_fen > 0 else 0
    if not back or (terms.mode == "pro_rata" and state.closed):
        return ()
    moved = terms.mode == "first_come"
    return (MatchReturned(terms.pool_id, command.donation_id, command.from_fund, terms.fund_id, back, moved, had - back),)


def shares(noted: Iterable[tuple[str, int]], pool_fen: int) -> dict[str, int]:
    """What each donation gets of a pool by pro rata: whole fen, the remainders to the largest, equal ones by number."""
    every = sorted(noted)
    asked = sum(fen for _, fen in every)
    if asked <= pool_fen:
        return dict(every)
    got = {key: fen * pool_fen // asked for key, fen in every}
    rest = pool_fen - sum(got.values())
    by_remainder = sorted(every, key=lambda one: (-(one[1] * pool_fen % asked), one[0]))
    for key, _ in by_remainder[:rest]:
        got[key] += 1
    return got


def evolve(state: Pool, event: Any) -> Pool:
    match event:
        case PoolOpened():
            return Pool(event)
        case Matched(donation_id=key, amount_fen=fen):
            return replace(_noted(state, event), matches=state.matches.set(key, fen), drawn_fen=state.drawn_fen + fen)
        case MatchNoted(donation_id=key, amount_fen=fen):
            return replace(_noted(state, event), matches=state.matches.set(key, fen), noted_fen=state.noted_fen + fen)
        case MatchReturned(donation_id=key, amount_fen=fen):
            left = replace(state, matches=state.matches.set(key, state.matches[key] - fen))
            return left if event.moved else replace(left, noted_fen=state.noted_fen - fen)
        case PoolClosed():
            return replace(state, closed=True, drawn_fen=state.drawn_fen + event.shared_fen)
    return state


def _noted(state: Pool, event: Matched | MatchNoted) -> Pool:
    key = (event.donor, event.day)
    return replace(state, by_day=state.by_day.set(key, state.by_day.get(key, 0) + event.amount_fen))


MATCH_POOL = Decider(
    noun="match_pool",
    absent=Pool(),
    decide=decide,
    evolve=evolve,
    commands=(OpenPool, Match, Unmatch, ClosePool),
    events=(PoolOpened, Matched, MatchNoted, MatchReturned, PoolClosed),
)
