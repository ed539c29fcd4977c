"""What is said yes and no to where approved goods wait to be picked up."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from services.disbursement.domain import payout as p
from services.disbursement.domain import payout_decisions as pd
from services.disbursement.domain.stock import Item, ItemReceived, LotExpired
from shared.testing.given import Given
from tests.disbursement.stories import GOODS, INSTRUCTED, REQUESTED_GOODS, RESERVED, No, Yes

MONTH, LAST = "2026-11", date(2026, 12, 1)
WORTH = (ItemReceived("oil", 4, 401, "L2", "shop", LAST), ItemReceived("oil", 3, 301, "L1", "shop", date(2026, 12, 20)))
SOME = replace(GOODS, items=WORTH, amount_fen=702)
HELD = (REQUESTED_GOODS, p.PayoutReserved(SOME, 1))
PICK_UP = p.Approve("a1", MONTH, None, (), True, LAST)
WAITS = (*HELD, p.PayoutApproved(SOME, "a1", True, ("a1",), True))
PART = replace(SOME, items=(WORTH[0], replace(WORTH[1], quantity=1, value_fen=100)), amount_fen=501)
ALL = p.HandOver(MONTH, LAST)
SETTLED = p.PayoutSettled("person-1", SOME, MONTH)

SAID_YES = (
    Yes("goods wait to be picked up", HELD, PICK_UP, (WAITS[-1],)),
    Yes("or are issued at once", HELD, replace(PICK_UP, pick_up=False), (p.PayoutApproved(SOME, "a1", True, ("a1",)), SETTLED)),
    Yes("money waits for nobody", RESERVED, PICK_UP, (INSTRUCTED[-1],)),
    Yes("all is handed over", WAITS, ALL, (SETTLED,)),
    Yes("a part, what expires first first", WAITS, replace(ALL, items=(Item("oil", 5),)), (p.PayoutSettled("person-1", PART, MONTH),)),
    Yes("named twice", WAITS, replace(ALL, items=(Item("oil", 2), Item("oil", 3))), (p.PayoutSettled("person-1", PART, MONTH),)),
    Yes("handed over once", (*WAITS, SETTLED), ALL, ()),
    Yes("not picked up", WAITS, p.Cancel("asked", "f1"), (p.PayoutCancelled(SOME, "asked", "f1", True),)),
    Yes("never picked up", WAITS, p.Expire(), (p.PayoutCancelled(SOME, "hold_expired", "clock", True),)),
    Yes("commands of before carry no day", HELD, p.Approve("a1", MONTH), (p.PayoutApproved(SOME, "a1", True, ("a1",)), SETTLED)),
    Yes("on its last day", WAITS, replace(ALL, items=(Item("oil", 4),)), (p.PayoutSettled("person-1", replace(SOME, items=WORTH[:1], amount_fen=401), MONTH),)),
)  # fmt: skip
SAID_NO = (
    *[No(of, ALL, pd.NotToBeHandedOver) for of in ((), HELD, RESERVED, INSTRUCTED)],
    *[No(WAITS, replace(ALL, items=(Item(sku, n),)), pd.MoreThanApproved) for sku, n in (("oil", 8), ("oil", 0), ("oil", -1), ("rice", 1))],
    No(WAITS, replace(ALL, day=date(2026, 12, 2)), LotExpired),
    No(HELD, replace(PICK_UP, pick_up=False, day=date(2026, 12, 2)), LotExpired),
)


@pytest.mark.parametrize("case", SAID_YES, ids=lambda case: case.story)
def test_what_follows_a_command(case: Yes) -> None:
    Given(pd.PAYOUT, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize("case", SAID_NO, ids=lambda case: f"{type(case.when).__name__}-{case.why.__name__}")
def test_what_is_refused(case: No) -> None:
    Given(pd.PAYOUT, *case.given).when(case.when).refused(case.why)


def test_a_part_is_what_the_payout_is_from_then_on() -> None:
    state = Given(pd.PAYOUT, *WAITS, p.PayoutSettled("person-1", PART, MONTH)).state
    assert (state.status, state.terms) == ("settled", PART)
