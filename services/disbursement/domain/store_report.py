"""A month of the stores and the funds in units and in fen: what was there, what came and went and why, what is there; it adds up or it is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from services.disbursement.domain.ledger import FEN

COLUMNS = ("opening", "received", "issued", "returned", "moved", "written_off", "found", "corrected", "closing")
_BY_KIND = {
    "TakenIn": "received", "Spent": "issued", "Restored": "returned", "GivenBack": "returned", "GoodsMoved": "moved", "Transferred": "moved",
    "HeldMoved": "moved", "Corrected": "corrected",
}  # fmt: skip


class Line(Struct, frozen=True):
    """One shelf's goods in units or in fen, or one fund's fen; what was promised counts as there until it leaves."""

    what: str
    place: str
    unit: str
    opening: int
    received: int
    issued: int
    returned: int
    moved: int
    written_off: int
    found: int
    corrected: int
    closing: int

    @property
    def adds_up(self) -> bool:
        came = self.received + self.returned + self.moved + self.found + self.corrected
        return self.opening + came + self.issued + self.written_off == self.closing


def _place(account: str) -> tuple[str, str]:
    """`stock:rice@east:available` is rice in east; `fund:general:reserved` is the fund general."""
    kind, _, rest = account.partition(":")
    name, _, _ = rest.rpartition(":")
    sku, _, place = name.partition("@") if kind == "stock" else (name, "", "")
    return f"{kind}:{sku}", place


def store_report(
    opening: Iterable[Mapping[str, Any]], movements: Iterable[Mapping[str, Any]], closing: Iterable[Mapping[str, Any]]
) -> tuple[Line, ...]:
    """Lines by shelf and unit. `opening` and `closing` have account, unit, debits, credits; `movements` account, unit, kind and amount
    (below zero: taken from the account)."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}

    def add(account: str, unit: str, column: str, amount: int) -> None:
        what, place = _place(account)
        at = found.setdefault((what, place, unit), dict.fromkeys(COLUMNS, 0))
        at[column] += amount

    for column, rows in (("opening", opening), ("closing", closing)):
        for row in rows:
            if row["account"].startswith(("stock:", "fund:")):
                add(row["account"], row["unit"], column, int(row["credits"]) - int(row["debits"]))
    for row in movements:  # what is promised or free again stays on its shelf: both of its sides are there and make nothing
        kind, amount = row["kind"], int(row["amount"])
        column = ("found" if amount > 0 else "written_off") if kind == "StockAdjusted" else _BY_KIND.get(kind, "moved")
        add(row["account"], row["unit"], column, amount)
    return tuple(Line(*key, *(columns[name] for name in COLUMNS)) for key, columns in sorted(found.items()) if any(columns.values()))


def in_fen(lines: Iterable[Line]) -> dict[str, int]:
    """All lines in fen together, by column."""
    found = dict.fromkeys(COLUMNS, 0)
    for line in lines:
        if line.unit == FEN:
            for column in COLUMNS:
                found[column] += getattr(line, column)
    return found
