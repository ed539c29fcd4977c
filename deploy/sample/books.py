"""A year of the seeds booked by the rules of the treasury and the chain alone, and one report that reconciles it to its cases, to the fen.

`python -m deploy.sample.books 2022` prints the report; `kapok play --year 2022` plays the same year through every door.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from deploy.sample.year import YEARS, Told, gifts, reports
from services.disbursement.domain.chain import CHAIN, EntryPublished, Publish, entry_number
from services.disbursement.domain.ledger import FEN, faults, postings
from services.disbursement.domain.stock import Item, ItemReceived
from services.disbursement.domain.treasury import OpenFund, Reserve, Reserved, Spend, TakeIn, Treasury
from services.disbursement.domain.treasury_decisions import TREASURY

FUND = "timely-rain"
PROGRAMMES = {"paid": "LOTTERY-RAIN", "goods given": "MICRO-WISH"}


class Helped(Struct, frozen=True):
    """One case and what it was given: cash, or goods by their value when they came in."""

    case: str
    kind: str
    fen: int


class Reconciled(Struct, frozen=True):
    """What was given, what the ledger spent, what the chain shows and what the cases were given; `differences` is empty when all agree."""

    referrals: int
    cash_fen: int
    goods_fen: int
    units: int
    left_fen: int
    entries: int
    differences: tuple[str, ...]


class Books:
    """The treasury and the chain while a year is booked, and the debits and credits of each account and unit."""

    def __init__(self) -> None:
        self.treasury: Treasury = TREASURY.absent
        self.chain = CHAIN.absent
        self.published: list[EntryPublished] = []
        self.balances: dict[tuple[str, str], list[int]] = {}

    def obey(self, command: object) -> tuple[Reserved, ...]:
        """Decide, book and fold; answers what was reserved. Raises `Rejected` as the room would."""
        events = TREASURY.decide(command, self.treasury)
        for event in events:
            self.treasury = TREASURY.evolve(self.treasury, event)
            for p in postings(event):
                self.balances.setdefault((p.debit, p.unit), [0, 0])[0] += p.amount
                self.balances.setdefault((p.credit, p.unit), [0, 0])[1] += p.amount
        return tuple(event for event in events if isinstance(event, Reserved))

    def publish(self, entry: Publish) -> None:
        for event in CHAIN.decide(entry, self.chain):
            self.chain = CHAIN.evolve(self.chain, event)
            self.published.append(event)

    def give(self, told: Told) -> Helped:
        """One report's help: reserved, spent and published as one payout."""
        case, place = str(told.body["source_ref"]), str(told.body["person"]["residence_code"])
        facts, programme, month = told.body["facts"], PROGRAMMES[told.expect], str(told.body["received_at"])[:7]
        cash = told.expect == "paid"
        items = () if cash else (Item(facts["wish_sku"], 1),)
        asked = Reserve(case, programme, place, FUND if cash else None, facts["medical_self_paid_year_fen"] if cash else 0, items)
        [held] = self.obey(asked)
        self.obey(Spend(case, held.fund_id, programme, place, held.amount_fen, held.items))
        kind = "payout" if cash else "goods"
        units = sum(i.quantity for i in held.items)
        self.publish(Publish(entry_number(kind, case, place[:6], programme), kind, held.fund_id, "", "", month, held.amount_fen, units))
        return Helped(case, kind, held.amount_fen)


def booked(year: int) -> tuple[Books, list[Helped]]:
    """The whole year, the same every time."""
    books = Books()
    books.obey(OpenFund(FUND, FUND, (PROGRAMMES["paid"],), (), ()))
    for gift in gifts(year):
        items = tuple(ItemReceived(i["sku"], i["quantity"], i["value_fen"]) for i in gift.get("items", ()))
        fund = "" if items else FUND
        fen = int(gift.get("amount_fen", 0))
        books.obey(TakeIn(gift["donation_ref"], fund, fen, items))
        worth, units = fen or sum(i.value_fen for i in items), sum(i.quantity for i in items)
        kind = "goods_donation" if items else "donation"
        books.publish(Publish(gift["donation_ref"], kind, fund, "", "", f"{year}-01", worth, units))
    return books, [books.give(told) for told in reports(year)]


def reconciled(books: Books, helped: list[Helped]) -> Reconciled:
    """The report. Each case is held against the payout that the chain shows at its place, and every sum against the ledger."""
    spent = {a: credit - debit for (a, unit), (debit, credit) in books.balances.items() if unit == FEN and a.startswith("spent:")}
    cash, goods = (sum(h.fen for h in helped if h.kind == kind) for kind in ("payout", "goods"))
    return Reconciled(
        referrals=len(helped), cash_fen=cash, goods_fen=goods, units=sum(s.issued_units for s in books.treasury.stock.values()),
        left_fen=sum(f.available_fen + f.reserved_fen for f in books.treasury.funds.values())
        + sum(s.value_fen + s.held_value_fen for s in books.treasury.stock.values()),
        entries=len(books.published), differences=tuple(_differences(books, helped, sum(spent.values()), cash + goods)),
    )  # fmt: skip


def _differences(books: Books, helped: list[Helped], spent: int, given: int) -> Iterator[str]:
    shown = [e for e in books.published if e.kind in ("payout", "goods")]
    if len(shown) != len(helped):
        yield f"The chain shows {len(shown)} payouts, and {len(helped)} cases were helped."
    for entry, one in zip(shown, helped, strict=False):
        if (entry.kind, entry.amount_fen) != (one.kind, one.fen):
            yield f"Entry {entry.position} shows {entry.amount_fen} fen of {entry.kind}, and case {one.case} was given {one.fen} of {one.kind}."
    if spent != given:
        yield f"The ledger spent {spent} fen, and the cases were given {given}."
    rows = [{"account": a, "unit": u, "debits": debit, "credits": credit} for (a, u), (debit, credit) in books.balances.items()]
    for fault in faults(rows, rows):
        yield f"{fault.account} {fault.unit}: {fault.what}: {fault.value}."


if __name__ == "__main__":
    for told_year in [int(word) for word in sys.argv[1:]] or YEARS:
        print(msgspec.json.format(msgspec.json.encode(reconciled(*booked(told_year))), indent=1).decode())
