"""Every yes and no of the treasury: what a fund may be spent on, and that nothing is promised twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.disbursement.domain.earmark import whole
from services.disbursement.domain.figures import ADMINISTRATION, KINDS
from services.disbursement.domain.goods_decisions import NothingToReserve, adjust, move_goods, taken_for, wanted_of
from services.disbursement.domain.stock import Item, received
from services.disbursement.domain.treasury import (
    AdjustStock,
    CloseFund,
    Correct,
    Corrected,
    Fund,
    FundClosed,
    FundOpened,
    GiveBack,
    GivenBack,
    GoodsMoved,
    HeldMoved,
    Hold,
    HoldForPool,
    MoveGoods,
    MoveHeld,
    OpenFund,
    PoolHeld,
    Release,
    Released,
    Reserve,
    Reserved,
    Restore,
    Restored,
    Spend,
    Spent,
    StockAdjusted,
    TakeIn,
    TakenIn,
    Transfer,
    Transferred,
    Treasury,
    evolve,
    less,
)
from shared.kernel import Decider, Rejected

MATCH_RETURNED = "match_returned"
"""A match goes back where it came from: no donor's word is loosened by that."""
STORES = "stores"
"""Where goods lie; they belong to no fund."""


class FundUnknown(Rejected):
    """There is no such fund."""


class FundOpenedDifferently(Rejected):
    """A fund with this id was opened with another name or other restrictions."""


class FundKindUnknown(Rejected):
    """A fund is general, community, special, city_association or administration."""


class FundNotForProgramme(Rejected):
    """The fund may not be spent on this programme."""


class FundNotForTerritory(Rejected):
    """The fund may only be spent in other districts."""


class FundNotForPurpose(Rejected):
    """The fund may only be spent on other needs."""


class FundIsClosed(Rejected):
    """The fund is closed: it takes nothing in and holds nothing for anybody."""


class FundNotEmpty(Rejected):
    """A fund is closed once nothing is available or set aside in it."""


class HoldUnknown(Rejected):
    """Nothing is held in this fund for this payout, or no longer."""


class MoreThanHeld(Rejected):
    """Less is held for this payout than was to be spent or freed."""


class HoldDiffers(Rejected):
    """Something else is held for this payout already."""


class NeverSpent(Rejected):
    """The fund has spent less than is said to come back."""


class TransferIsNothing(Rejected):
    """A transfer is a sum above zero from one fund to another."""


class TransferLoosensFund(Rejected):
    """What was given for one programme, place or need does not move to a fund that may be spent on more."""


class FundLacksMoney(Rejected):
    """The fund has less than this left, promises counted."""


class NoFundFits(Rejected):
    """No fund that may be spent on this has enough left."""


def decide(command: Any, state: Treasury) -> tuple[Any, ...]:
    match command:
        case Reserve():
            return reserve(command, state)
        case Spend():
            return spend(command, state)
        case Release():
            _rest(command, state)
            return (Released(command.payout_id, command.fund_id, command.amount_fen, command.items),)
        case Restore():
            return restore(command, state)
        case Transfer():
            return transfer(command, state)
        case GiveBack():
            return give_back(command, state)
        case HoldForPool():
            return hold_for_pool(command, state)
        case MoveHeld():
            return move_held(command, state)
        case Correct():
            return correct(command, state)
        case MoveGoods():
            return move_goods(command, state)
        case AdjustStock():
            return adjust(command, state)
        case CloseFund():
            return close_fund(command, state)
        case TakeIn():
            return take_in(command, state)
        case OpenFund():
            return open_fund(command, state)
    raise AssertionError(type(command).__name__)


def open_fund(command: OpenFund, state: Treasury) -> tuple[FundOpened, ...]:
    there = state.funds.get(command.fund_id)
    if command.kind and command.kind not in KINDS:
        raise FundKindUnknown(kind=command.kind[:40])
    asked = FundOpened(command.fund_id, command.name, command.programmes, command.districts, command.purposes, command.kind)
    if there is None:
        return (asked,)
    same = (there.name, there.programmes, there.districts, there.purposes, there.kind) == (
        asked.name, asked.programmes, asked.districts, asked.purposes, asked.kind,
    )  # fmt: skip
    if not same:
        raise FundOpenedDifferently(fund_id=command.fund_id)
    return ()


def take_in(command: TakeIn, state: Treasury) -> tuple[FundOpened | TakenIn, ...]:
    taken = TakenIn(command.donation_id, command.fund_id, command.amount_fen, command.items)
    if command.earmark and command.fund_id not in state.funds:
        return (_part(command, state), taken)
    if command.items:
        received(command.items, state.lots, command.day)
    else:
        _fund(command.fund_id, state)
    return (taken,)


def _part(command: TakeIn, state: Treasury) -> FundOpened:
    """The part of a fund under a donor's word, for nothing that the fund itself is not for; raises what the fund is closed to."""
    fund_id, word = whole(command.fund_id), command.earmark
    fund = _fund(fund_id, state)
    outside = _outside(fund_id, fund, word.programme or None, word.district or None, word.purpose or None)
    if outside is not None:
        raise outside
    said = ((word.programme, fund.programmes), (word.district, fund.districts), (word.purpose, fund.purposes))
    programmes, districts, purposes = ((code,) if code else bound for code, bound in said)
    return FundOpened(command.fund_id, fund.name, programmes, districts, purposes, fund.kind)


def _fund(fund_id: str, state: Treasury, *, closed: bool = False) -> Fund:
    """A fund that may move, also a `closed` one where that is said; raises `FundUnknown`, `FundIsClosed`."""
    fund = state.funds.get(fund_id)
    if fund is None:
        raise FundUnknown(fund_id=fund_id)
    if fund.closed and not closed:
        raise FundIsClosed(fund_id=fund_id)
    return fund


def close_fund(command: CloseFund, state: Treasury) -> tuple[FundClosed, ...]:
    """A fund is closed with its parts."""
    if command.fund_id not in state.funds:
        raise FundUnknown(fund_id=command.fund_id)
    if state.funds[command.fund_id].closed:
        return ()
    open_ = {fund_id: f for fund_id, f in state.funds.items() if command.fund_id in (fund_id, whole(fund_id)) and not f.closed}
    available, reserved = sum(f.available_fen for f in open_.values()), sum(f.reserved_fen for f in open_.values())
    if available or reserved:
        raise FundNotEmpty(fund_id=command.fund_id, available_fen=available, reserved_fen=reserved)
    return tuple([FundClosed(fund_id) for fund_id in open_])


def transfer(command: Transfer, state: Treasury) -> tuple[Transferred, ...]:
    c = command
    # What came back to a fund after it was closed leaves it; a match goes back where it came from, closed or not.
    source = _fund(c.from_fund, state, closed=True)
    target = _fund(c.to_fund, state, closed=c.reason == MATCH_RETURNED)
    if c.amount_fen <= 0 or c.from_fund == c.to_fund:
        raise TransferIsNothing(amount_fen=c.amount_fen, from_fund=c.from_fund, to_fund=c.to_fund)
    if c.reason != MATCH_RETURNED:
        _no_wider(c.to_fund, source, target)
    if source.available_fen < c.amount_fen:
        raise FundLacksMoney(fund_id=c.from_fund, available_fen=source.available_fen, amount_fen=c.amount_fen)
    return (Transferred(c.transfer_id, c.from_fund, c.to_fund, c.amount_fen, c.reason),)


def _no_wider(to_fund: str, source: Fund, target: Fund) -> None:
    for name in ("programmes", "districts", "purposes"):
        bound, wanted = getattr(source, name), getattr(target, name)
        if bound and not (wanted and set(wanted) <= set(bound)):
            raise TransferLoosensFund(fund_id=to_fund, by=name, only=", ".join(bound))


def hold_for_pool(command: HoldForPool, state: Treasury) -> tuple[PoolHeld, ...]:
    """Once for each pool; raises `HoldDiffers` where something else is held under this id."""
    held = state.holds.get(command.hold_id)
    if held is not None:
        if held != Hold(command.fund_id, command.amount_fen):
            raise HoldDiffers(payout_id=command.hold_id, fund_id=held.fund_id, held_fen=held.amount_fen)
        return ()
    fund = _fund(command.fund_id, state)
    if command.amount_fen <= 0:
        raise NothingToReserve(amount_fen=command.amount_fen)
    if fund.available_fen < command.amount_fen:
        raise FundLacksMoney(fund_id=command.fund_id, available_fen=fund.available_fen, amount_fen=command.amount_fen)
    return (PoolHeld(command.hold_id, command.fund_id, command.amount_fen),)


def move_held(command: MoveHeld, state: Treasury) -> tuple[HeldMoved, ...]:
    c = command
    _rest(Release(c.hold_id, c.from_fund, c.amount_fen), state)
    source, target = _fund(c.from_fund, state), _fund(c.to_fund, state)
    _no_wider(c.to_fund, source, target)
    return (HeldMoved(c.hold_id, c.transfer_id, c.from_fund, c.to_fund, c.amount_fen),)


def give_back(command: GiveBack, state: Treasury) -> tuple[GivenBack, ...]:
    fund = _fund(command.fund_id, state)
    if command.amount_fen <= 0:
        raise TransferIsNothing(amount_fen=command.amount_fen, from_fund=command.fund_id, to_fund="")
    if fund.available_fen < command.amount_fen:
        raise FundLacksMoney(fund_id=command.fund_id, available_fen=fund.available_fen, amount_fen=command.amount_fen)
    return (GivenBack(command.donation_id, command.fund_id, command.amount_fen),)


def correct(command: Correct, state: Treasury) -> tuple[Corrected, ...]:
    """What was given less, or paid more, than recorded is no longer there to be spent."""
    c = command
    fund = _fund(c.fund_id, state)
    taken = -c.by_fen if c.about == "donation" else c.by_fen
    if taken > fund.available_fen:
        raise FundLacksMoney(fund_id=c.fund_id, available_fen=fund.available_fen, amount_fen=taken)
    if c.about == "payout" and -c.by_fen > fund.spent_fen:
        raise NeverSpent(fund_id=c.fund_id, spent_fen=fund.spent_fen, amount_fen=-c.by_fen)
    return (Corrected(c.correction_id, c.about, c.fund_id, c.programme, c.by_fen),)


def spend(command: Spend, state: Treasury) -> tuple[Any, ...]:
    """What is spent, and of a part the rest that is free again."""
    rest = _rest(command, state)
    spent = Spent(command.payout_id, command.fund_id, command.programme, command.district, command.amount_fen, command.items)
    if not rest.amount_fen and not rest.items:
        return (spent,)
    return (spent, Released(command.payout_id, command.fund_id, rest.amount_fen, rest.items))


def _rest(command: Spend | Release, state: Treasury) -> Hold:
    """What is left of the hold after this; raises `HoldUnknown`, `MoreThanHeld`."""
    hold = state.holds.get(command.payout_id)
    if hold is None or hold.fund_id != command.fund_id or bool(hold.items) != bool(command.items):
        raise HoldUnknown(payout_id=command.payout_id, fund_id=command.fund_id)
    there = {i.key: i for i in hold.items}
    for item in command.items:
        of = there.get(item.key)
        if of is None or not 0 < item.quantity <= of.quantity or not 0 <= item.value_fen <= of.value_fen:
            raise MoreThanHeld(payout_id=command.payout_id, sku=item.sku, quantity=item.quantity)
        if item.quantity == of.quantity and item.value_fen != of.value_fen:
            raise MoreThanHeld(payout_id=command.payout_id, sku=item.sku, value_fen=item.value_fen)
    if not command.amount_fen + bool(command.items) > 0 or not 0 <= command.amount_fen <= hold.amount_fen:
        raise MoreThanHeld(payout_id=command.payout_id, held_fen=hold.amount_fen, amount_fen=command.amount_fen)
    return less(hold, command.amount_fen, command.items)


def restore(command: Restore, state: Treasury) -> tuple[Restored, ...]:
    fund = state.funds.get(command.fund_id)
    if fund is None:
        raise FundUnknown(fund_id=command.fund_id)
    if not 0 < command.amount_fen <= fund.spent_fen:
        raise NeverSpent(fund_id=command.fund_id, spent_fen=fund.spent_fen, amount_fen=command.amount_fen)
    return (Restored(command.payout_id, command.fund_id, command.amount_fen, command.programme),)


def reserve(command: Reserve, state: Treasury) -> tuple[Reserved, ...]:
    """A hold of the same once more is no second one."""
    held = state.holds.get(command.payout_id)
    if held is not None:
        _as_held(command, held)
        return ()
    if command.items:
        items = taken_for(command, state)
        return (Reserved(command.payout_id, STORES, sum(i.value_fen for i in items), items),)
    if command.amount_fen <= 0:
        raise NothingToReserve(amount_fen=command.amount_fen)
    for fund_id in _fitting(command, state):
        return (Reserved(command.payout_id, fund_id, command.amount_fen, ()),)
    if command.fund_id is not None and command.fund_id not in state.funds:
        raise FundUnknown(fund_id=command.fund_id)
    named = None if command.fund_id is None else _hindrance(command.fund_id, state.funds[command.fund_id], command)
    raise named or NoFundFits(programme=command.programme, district=command.district, amount_fen=command.amount_fen)


def _as_held(command: Reserve, held: Hold) -> None:
    same_goods = wanted_of(command.items) == wanted_of(tuple(Item(i.sku, i.quantity) for i in held.items))
    # Goods lie in the stores, whatever fund was named, and are worth what they were when they were held.
    same_money = bool(command.items) or (
        command.amount_fen == held.amount_fen and command.fund_id in (None, held.fund_id, whole(held.fund_id))
    )
    if not same_goods or not same_money:
        raise HoldDiffers(payout_id=command.payout_id, fund_id=held.fund_id, held_fen=held.amount_fen)


def _hindrance(fund_id: str, fund: Fund, command: Reserve) -> Rejected | None:
    if fund.closed:
        return FundIsClosed(fund_id=fund_id)
    outside = _outside(fund_id, fund, command.programme, command.district, command.purpose)
    if outside is None and fund.available_fen < command.amount_fen:
        return FundLacksMoney(fund_id=fund_id, available_fen=fund.available_fen, amount_fen=command.amount_fen)
    return outside


def _outside(fund_id: str, fund: Fund, programme: str | None, district: str | None, purpose: str | None) -> Rejected | None:
    """What the fund is not for; None asks nothing."""
    if fund.kind == ADMINISTRATION:
        return FundNotForProgramme(fund_id=fund_id, programme=programme or "", only=ADMINISTRATION)
    if fund.programmes and programme is not None and programme not in fund.programmes:
        return FundNotForProgramme(fund_id=fund_id, programme=programme, only=", ".join(fund.programmes))
    if fund.districts and district is not None and not district.startswith(fund.districts):
        return FundNotForTerritory(fund_id=fund_id, district=district, only=", ".join(fund.districts))
    if fund.purposes and purpose is not None and purpose not in fund.purposes:
        return FundNotForPurpose(fund_id=fund_id, purpose=purpose, only=", ".join(fund.purposes))
    return None


def _fitting(command: Reserve, state: Treasury) -> Iterator[str]:
    """Funds that may pay this, the most narrowly restricted first: general money is kept for what nothing else can pay. Of a fund that
    is named, its parts come first: what donors gave for exactly this."""
    fits = [
        (not f.programmes, not f.districts, not f.purposes, fund_id == whole(fund_id), fund_id)
        for fund_id, f in state.funds.items()
        if command.fund_id in (None, fund_id, whole(fund_id)) and _hindrance(fund_id, f, command) is None
    ]
    return (fund_id for *_, fund_id in sorted(fits))


TREASURY = Decider(
    noun="treasury",
    absent=Treasury(),
    decide=decide,
    evolve=evolve,
    commands=(
        OpenFund, TakeIn, Reserve, Spend, Release, Restore, Transfer, GiveBack, HoldForPool, MoveHeld, Correct, MoveGoods, AdjustStock, CloseFund,
    ),
    events=(
        FundOpened, TakenIn, Reserved, Spent, Released, Restored, Transferred, GivenBack, PoolHeld, HeldMoved, Corrected, GoodsMoved, StockAdjusted,
        FundClosed,
    ),
)  # fmt: skip
