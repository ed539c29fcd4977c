"""A micro-wish: one small thing, or a small sum, that a household wishes for; somebody takes it up, and it is granted like any payout.

    open --TakeUp--> taken up --Grant--> being granted --paid or handed over--> fulfilled
    open ----------------------Grant-->                --refused, cancelled---> open
         <--lapsed, given up--                                      open --Withdraw--> withdrawn

Found and verified by the social-work stations; one for each household in a year, a sum of 300 to 500 yuan. Whoever takes a wish up
promises to give what it needs by a day; a promise that is not kept lapses and the wish is there for others again.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.disbursement.domain.stock import Item
from shared.kernel import Decider, Rejected

PROGRAMME = "MICRO-WISH"
LEAST_FEN, MOST_FEN = 30_000, 50_000
"""300 to 500 yuan: Guangzhou's small-wish programme as the press told it in January 2020."""
PROMISE_DAYS_MOST = 60


class OpenWish(Struct, frozen=True, gc=False):
    """What a household wishes for; `month` is the local month."""

    wish_id: str
    case_id: str
    person_id: str
    org_id: str
    district: str
    period: str
    need: str
    month: str
    amount_fen: int = 0
    items: tuple[Item, ...] = ()


class TakeUp(Struct, frozen=True, gc=False):
    """An organisation, or whoever speaks for a donor, promises to give it by `until`."""

    by: str
    until: date
    day: date


class GiveUp(Struct, frozen=True, gc=False):
    by: str


class LapsePromise(Struct, frozen=True, gc=False):
    day: date


class GrantWish(Struct, frozen=True, gc=False):
    """Ask for the payout, of a fund or from the stores; whoever asks for it does not approve it. `payout_ids` are those of the
    entitlement, the first for the first attempt: the bank keeps its first word under each."""

    payout_ids: tuple[str, ...]
    by: str
    fund_id: str | None = None


class NoteGrant(Struct, frozen=True, gc=False):
    """How its payout went: settled; stopped before anything was sent; or failed, sent and not arrived."""

    payout_id: str
    outcome: str


class WithdrawWish(Struct, frozen=True, gc=False):
    reason: str


class WishOpened(Struct, frozen=True, gc=False):
    wish_id: str
    case_id: str
    person_id: str
    org_id: str
    district: str
    period: str
    need: str
    month: str
    amount_fen: int
    items: tuple[Item, ...]


class WishTakenUp(Struct, frozen=True, gc=False):
    wish_id: str
    by: str
    until: date


class WishGivenUp(Struct, frozen=True, gc=False):
    """`reason` is given_up or lapsed."""

    wish_id: str
    reason: str


class WishGranted(Struct, frozen=True, gc=False):
    """The payout is asked for in the same unit."""

    opened: WishOpened
    payout_id: str
    by: str
    fund_id: str | None


class WishFulfilled(Struct, frozen=True, gc=False):
    wish_id: str


class WishReopened(Struct, frozen=True, gc=False):
    """Its payout came to nothing: it is there for others again; `attempts` went to the bank so far."""

    wish_id: str
    attempts: int


class WishWithdrawn(Struct, frozen=True, gc=False):
    wish_id: str
    reason: str


class Wish(Struct, frozen=True, gc=False):
    status: str = "absent"
    opened: WishOpened | None = None
    taken_by: str = ""
    until: date | None = None
    payout_id: str = ""
    attempts: int = 0


class WishUnknown(Rejected):
    """There is no such wish."""


class WishDiffersFromFirst(Rejected):
    """This household has a wish this year already, for something else."""


class WishIsNoMicroWish(Rejected):
    """A micro-wish is a sum of 300 to 500 yuan, or at least one unit of goods; not both."""


class WishNotOpen(Rejected):
    """This wish is being granted, fulfilled or withdrawn already."""


class WishTakenByAnother(Rejected):
    """Somebody else has taken this wish up."""


class WishFailedTooOften(Rejected):
    """Its money went to the bank so often and never arrived that it is a matter for people."""


class PromiseDayWrong(Rejected):
    """A promise is kept by a day from tomorrow on, at most sixty days ahead."""


def decide(command: Any, state: Wish) -> tuple[Any, ...]:
    match command:
        case OpenWish():
            return open_wish(command, state)
        case TakeUp():
            return take_up(command, state)
        case GiveUp():
            return give_up(command, state)
        case LapsePromise():
            return lapse(command, state)
        case GrantWish():
            return grant(command, state)
        case NoteGrant():
            return note_grant(command, state)
        case WithdrawWish():
            return withdraw(command, state)
    raise AssertionError(type(command).__name__)


def open_wish(command: OpenWish, state: Wish) -> tuple[WishOpened, ...]:
    c = command
    goods = bool(c.items) and all(i.quantity > 0 for i in c.items) and not c.amount_fen
    if not goods and (c.items or not LEAST_FEN <= c.amount_fen <= MOST_FEN):
        raise WishIsNoMicroWish(amount_fen=c.amount_fen, kinds=len(c.items))
    opened = WishOpened(c.wish_id, c.case_id, c.person_id, c.org_id, c.district, c.period, c.need, c.month, c.amount_fen, c.items)
    if state.opened is None or state.status == "withdrawn":
        return (opened,)
    if replace(state.opened, month=c.month) != opened:
        raise WishDiffersFromFirst(wish_id=c.wish_id)
    return ()


def _open(state: Wish) -> WishOpened:
    if state.opened is None:
        raise WishUnknown
    if state.status != "open":
        raise WishNotOpen(status=state.status)
    return state.opened


def take_up(command: TakeUp, state: Wish) -> tuple[WishTakenUp, ...]:
    """Taken up again by the same it is until the new day."""
    opened = _open(state)
    if state.taken_by not in ("", command.by):
        raise WishTakenByAnother(wish_id=opened.wish_id)
    if not command.day < command.until <= command.day + timedelta(days=PROMISE_DAYS_MOST):
        raise PromiseDayWrong(until=command.until.isoformat())
    return () if state.until == command.until else (WishTakenUp(opened.wish_id, command.by, command.until),)


def give_up(command: GiveUp, state: Wish) -> tuple[WishGivenUp, ...]:
    opened = _open(state)
    if state.taken_by not in ("", command.by):
        raise WishTakenByAnother(wish_id=opened.wish_id)
    return (WishGivenUp(opened.wish_id, "given_up"),) if state.taken_by else ()


def lapse(command: LapsePromise, state: Wish) -> tuple[WishGivenUp, ...]:
    """Late or early, the clock changes nothing but a promise whose day is over."""
    if state.opened is None or state.status != "open" or state.until is None or command.day <= state.until:
        return ()
    return (WishGivenUp(state.opened.wish_id, "lapsed"),)


def grant(command: GrantWish, state: Wish) -> tuple[WishGranted, ...]:
    opened = _open(state)
    if state.attempts >= len(command.payout_ids):
        raise WishFailedTooOften(attempts=state.attempts)
    return (WishGranted(opened, command.payout_ids[state.attempts], command.by, command.fund_id),)


def note_grant(command: NoteGrant, state: Wish) -> tuple[WishFulfilled | WishReopened, ...]:
    """What arrived may still come back from the bank: then it is there for others again."""
    if state.opened is None or state.status not in ("being_granted", "fulfilled") or state.payout_id != command.payout_id:
        return ()
    wish_id = state.opened.wish_id
    if command.outcome == "settled":
        return (WishFulfilled(wish_id),) if state.status == "being_granted" else ()
    return (WishReopened(wish_id, state.attempts + (command.outcome == "failed")),)


def withdraw(command: WithdrawWish, state: Wish) -> tuple[WishWithdrawn, ...]:
    """Also while it is being granted: whoever stops it stops its payout too."""
    if state.status == "withdrawn":
        return ()
    opened = state.opened if state.status == "being_granted" else _open(state)
    assert opened is not None
    return (WishWithdrawn(opened.wish_id, command.reason),)


def evolve(state: Wish, event: Any) -> Wish:
    match event:
        case WishOpened():
            return Wish("open", event, attempts=state.attempts)
        case WishTakenUp():
            return replace(state, taken_by=event.by, until=event.until)
        case WishGivenUp():
            return replace(state, taken_by="", until=None)
        case WishGranted():
            return replace(state, status="being_granted", payout_id=event.payout_id)
        case WishFulfilled():
            return replace(state, status="fulfilled")
        case WishReopened():
            return Wish("open", state.opened, attempts=event.attempts)
        case WishWithdrawn():
            return replace(state, status="withdrawn")
    return state


WISH = Decider(
    noun="wish",
    absent=Wish(),
    decide=decide,
    evolve=evolve,
    commands=(OpenWish, TakeUp, GiveUp, LapsePromise, GrantWish, NoteGrant, WithdrawWish),
    events=(WishOpened, WishTakenUp, WishGivenUp, WishGranted, WishFulfilled, WishReopened, WishWithdrawn),
)
