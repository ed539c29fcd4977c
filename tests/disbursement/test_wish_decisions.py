"""What is said yes and no to about micro-wishes."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from services.disbursement.domain import wish as w
from services.disbursement.domain.stock import Item
from shared.testing.given import Given
from tests.disbursement.stories import No, Yes, refusals_in

TODAY, DAY = date(2026, 11, 23), date(2026, 12, 1)
IDS = ("p1", "p2")
ASK = w.OpenWish("w1", "c1", "person-1", "station", "440106011", "2026", "livelihood", "2026-11", 0, (Item("heater", 1),))
MONEY = replace(ASK, amount_fen=30_000, items=())
OPENED = w.WishOpened("w1", "c1", "person-1", "station", "440106011", "2026", "livelihood", "2026-11", 0, (Item("heater", 1),))
TAKE, TAKEN = w.TakeUp("lions", DAY, TODAY), w.WishTakenUp("w1", "lions", DAY)
GRANT, GRANTED = w.GrantWish(IDS, "f1"), w.WishGranted(OPENED, "p1", "f1", None)
DONE, AGAIN, FAILED = w.WishFulfilled("w1"), w.WishReopened("w1", 0), w.WishReopened("w1", 1)
WITHDRAWN = w.WishWithdrawn("w1", "asked")
TOLD = {kind: w.NoteGrant("p1", kind) for kind in ("settled", "stopped", "failed")}

SAID_YES = (
    Yes("a thing", (), ASK, (OPENED,)),
    Yes("a small sum", (), MONEY, (replace(OPENED, amount_fen=30_000, items=()),)),
    Yes("the largest sum", (), replace(MONEY, amount_fen=50_000), (replace(OPENED, amount_fen=50_000, items=()),)),
    Yes("opened once, also in another month", (OPENED,), replace(ASK, month="2026-12"), ()),
    Yes("opened again after it was withdrawn", (OPENED, WITHDRAWN), MONEY, (replace(OPENED, amount_fen=30_000, items=()),)),
    Yes("taken up", (OPENED,), TAKE, (TAKEN,)),
    Yes("taken up once", (OPENED, TAKEN), TAKE, ()),
    Yes("taken up until a later day", (OPENED, TAKEN), replace(TAKE, until=date(2026, 12, 9)), (replace(TAKEN, until=date(2026, 12, 9)),)),
    Yes("given up", (OPENED, TAKEN), w.GiveUp("lions"), (w.WishGivenUp("w1", "given_up"),)),
    Yes("nothing to give up", (OPENED,), w.GiveUp("lions"), ()),
    Yes("taken up by another after that", (OPENED, TAKEN, w.WishGivenUp("w1", "lapsed")), replace(TAKE, by="rotary"),
        (replace(TAKEN, by="rotary"),)),
    Yes("lapsed", (OPENED, TAKEN), w.LapsePromise(date(2026, 12, 2)), (w.WishGivenUp("w1", "lapsed"),)),
    *[Yes("not lapsed", of, w.LapsePromise(DAY), ()) for of in ((), (OPENED,), (OPENED, TAKEN), (OPENED, TAKEN, GRANTED))],
    Yes("granted from the stores", (OPENED,), GRANT, (GRANTED,)),
    Yes("granted of a fund by what was promised", (OPENED, TAKEN), replace(GRANT, fund_id="general"), (replace(GRANTED, fund_id="general"),)),
    Yes("fulfilled", (OPENED, GRANTED), TOLD["settled"], (DONE,)),
    Yes("fulfilled once", (OPENED, GRANTED, DONE), TOLD["settled"], ()),
    Yes("stopped", (OPENED, GRANTED), TOLD["stopped"], (AGAIN,)),
    Yes("never arrived", (OPENED, GRANTED), TOLD["failed"], (FAILED,)),
    Yes("came back", (OPENED, GRANTED, DONE), TOLD["failed"], (FAILED,)),
    Yes("granted anew under the next id", (OPENED, GRANTED, FAILED), GRANT, (replace(GRANTED, payout_id="p2"),)),
    *[Yes("no payout of it", of, TOLD["stopped"], ()) for of in ((), (OPENED,), (OPENED, replace(GRANTED, payout_id="p2")), (OPENED, WITHDRAWN))],
    Yes("withdrawn", (OPENED,), w.WithdrawWish("asked"), (WITHDRAWN,)),
    Yes("withdrawn while it is granted", (OPENED, GRANTED), w.WithdrawWish("asked"), (WITHDRAWN,)),
    Yes("withdrawn once", (OPENED, WITHDRAWN), w.WithdrawWish("other"), ()),
)  # fmt: skip
SAID_NO = (
    *[No((), replace(MONEY, amount_fen=fen), w.WishIsNoMicroWish) for fen in (0, -1, 29_999, 50_001)],
    *[No((), replace(ASK, items=(Item("heater", n),)), w.WishIsNoMicroWish) for n in (0, -1)],
    No((), replace(ASK, amount_fen=30_000), w.WishIsNoMicroWish),
    No((OPENED,), MONEY, w.WishDiffersFromFirst),
    *[No((), c, w.WishUnknown) for c in (TAKE, w.GiveUp("lions"), GRANT, w.WithdrawWish("asked"))],
    *[No((OPENED, GRANTED, *more), c, w.WishNotOpen) for more in ((), (DONE,)) for c in (TAKE, w.GiveUp("lions"), GRANT)],
    No((OPENED, GRANTED, DONE), w.WithdrawWish("asked"), w.WishNotOpen),
    No((OPENED, WITHDRAWN), GRANT, w.WishNotOpen),
    *[No((OPENED, TAKEN), c, w.WishTakenByAnother) for c in (replace(TAKE, by="rotary"), w.GiveUp("rotary"))],
    *[No((OPENED,), replace(TAKE, until=day), w.PromiseDayWrong) for day in (TODAY, date(2026, 11, 1), date(2027, 1, 23))],
    No((OPENED, GRANTED, w.WishReopened("w1", 2)), GRANT, w.WishFailedTooOften),
)  # fmt: skip
TESTED = ((w.WISH, w, SAID_YES, SAID_NO),)


@pytest.mark.parametrize("case", SAID_YES, ids=lambda case: case.story)
def test_what_follows_a_command(case: Yes) -> None:
    Given(w.WISH, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize("case", SAID_NO, ids=lambda case: f"{type(case.when).__name__}-{case.why.__name__}")
def test_what_is_refused(case: No) -> None:
    Given(w.WISH, *case.given).when(case.when).refused(case.why)


def test_every_refusal_is_told_here() -> None:
    assert refusals_in(w) - {case.why for case in SAID_NO} == set()
