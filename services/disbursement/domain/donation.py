"""A donation: received once under its reference, cash to a fund or goods to the stores, with a receipt."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from services.disbursement.domain.treasury import ItemReceived
from shared.kernel import Decider, Rejected, Shredded


class Donor(Struct, frozen=True, gc=False):
    """Who gave, as they want to be thanked; sealed."""

    name: str = ""
    contact: str = ""


class Donate(Struct, frozen=True, gc=False):
    """`donor_id` is the subject under which the donor is sealed; `month` is the local month it arrived, `YYYY-MM`."""

    donation_id: str
    donor_id: str
    fund_id: str
    kind: str
    amount_fen: int
    items: tuple[ItemReceived, ...]
    month: str
    donor: Donor | None = None


class DonationReceived(Struct, frozen=True, gc=False):
    donation_id: str
    donor_id: str
    fund_id: str
    kind: str
    amount_fen: int
    items: tuple[ItemReceived, ...]
    month: str
    receipt: str
    donor: Donor | Shredded | None = None


class Donation(Struct, frozen=True, gc=False):
    received: DonationReceived | None = None


class DonationDiffersFromFirst(Rejected):
    """A donation with this reference was received before, with another sum, other goods or another fund."""


class DonationIsNothing(Rejected):
    """A donation is a sum above zero or at least one unit of goods with its value."""


def decide(command: Donate, state: Donation) -> tuple[DonationReceived, ...]:
    if (command.kind == "cash" and command.amount_fen <= 0) or (command.kind == "goods" and not command.items):
        raise DonationIsNothing(kind=command.kind)
    if any(i.quantity <= 0 or i.value_fen < 0 for i in command.items):
        raise DonationIsNothing(kind=command.kind)
    before = state.received
    if before is not None:
        if (before.fund_id, before.kind, before.amount_fen, before.items) != (
            command.fund_id,
            command.kind,
            command.amount_fen,
            command.items,
        ):
            raise DonationDiffersFromFirst(donation_id=command.donation_id)
        return ()
    receipt = f"KPK-{command.month.replace('-', '')}-{command.donation_id[-8:].upper()}"
    c = command
    return (DonationReceived(c.donation_id, c.donor_id, c.fund_id, c.kind, c.amount_fen, c.items, c.month, receipt, c.donor),)


def evolve(state: Donation, event: Any) -> Donation:
    return Donation(event)


DONATION = Decider(noun="donation", absent=Donation(), decide=decide, evolve=evolve, commands=(Donate,), events=(DonationReceived,))
