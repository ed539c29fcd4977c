"""A bank's statement (camt.053): its balances, which must agree with its entries, and every movement with the id it was ordered under."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree
from msgspec import Struct

from services.disbursement.bank.pain002 import code_or_other
from services.disbursement.bank.xml import FEN_MAX, Unreadable, each, fen, first, text, where

KIND = "camt.053.001.08"


class Movement(Struct, frozen=True):
    """Money that left (`paid`) or came (`back`); without an id nobody knows what for."""

    number: int
    end_to_end_id: str
    direction: str
    amount_fen: int
    day: str
    reason: str = ""


class Statement(Struct, frozen=True):
    """Balances are signed; sums are of all booked entries."""

    bank_id: str
    account: str
    first_day: str
    last_day: str
    opening_fen: int
    closing_fen: int
    credits_fen: int
    debits_fen: int
    movements: tuple[Movement, ...]


class Statements(Struct, frozen=True):
    message_id: str
    statements: tuple[Statement, ...]


def read(root: etree._Element) -> Statements:
    """Statements that keep to their schema; raises `Unreadable` naming the place where sums or balances do not agree."""
    top = root[0]
    return Statements(text(top, "GrpHdr", "MsgId"), tuple(_statement(one) for one in each(top, "Stmt")))


def _signed(element: etree._Element) -> int:
    amount = first(element, "Amt")
    assert amount is not None
    return fen(amount) if text(element, "CdtDbtInd") == "CRDT" else -fen(amount)


def _day(element: etree._Element | None) -> str:
    return (text(element, "Dt") or text(element, "DtTm"))[:10]


def _balance(statement: etree._Element, *codes: str) -> etree._Element:
    found = [b for b in each(statement, "Bal") if text(b, "Tp", "CdOrPrtry", "Cd") in codes]
    if len(found) != 1:
        raise Unreadable(where(statement) + "/Bal", f"exactly one balance {' or '.join(codes)} is needed")
    return found[0]


def _statement(one: etree._Element) -> Statement:
    opening, closing = _balance(one, "OPBD", "PRCD"), _balance(one, "CLBD")
    movements: list[Movement] = []
    credits = debits = entries = 0
    for entry in each(one, "Ntry"):
        if text(entry, "Sts", "Cd") != "BOOK":
            continue  # what is only pending has not happened
        signed, entries = _signed(entry), entries + 1
        credits, debits = credits + max(signed, 0), debits + max(-signed, 0)
        for end_to_end_id, direction, amount, reason in _movements(entry):
            day = _day(first(entry, "BookgDt")) or _day(first(closing, "Dt"))
            movements.append(Movement(len(movements) + 1, end_to_end_id, direction, amount, day, reason))
    if max(credits, debits) > FEN_MAX:
        raise Unreadable(where(one), f"the sum of entries is at most {FEN_MAX} fen")
    start, end = _signed(opening), _signed(closing)
    if start + credits - debits != end:
        raise Unreadable(where(one) + "/Bal", "opening balance and booked entries do not make the closing balance")
    _summary(one, entries, credits, debits)
    account = text(one, "Acct", "Id", "Othr", "Id") or text(one, "Acct", "Id", "IBAN")
    return Statement(
        text(one, "Id"), account, _day(first(opening, "Dt")), _day(first(closing, "Dt")), start, end, credits, debits, tuple(movements)
    )


def _summary(one: etree._Element, entries: int, credits: int, debits: int) -> None:
    """Where the bank counted itself, it must have counted what it wrote."""
    for path, count, total in (
        ("TtlNtries", entries, credits + debits), ("TtlCdtNtries", None, credits), ("TtlDbtNtries", None, debits),
    ):  # fmt: skip
        summed = first(one, "TxsSummry", path)
        if summed is None:
            continue
        number, amount = text(summed, "NbOfNtries"), first(summed, "Sum")
        if count is not None and number and int(number) != count:
            raise Unreadable(where(summed) + "/NbOfNtries", "the number of entries is another")
        if amount is not None and fen(amount) != total:
            raise Unreadable(where(amount), "the sum of entries is another")


def _movements(entry: etree._Element) -> Iterator[tuple[str, str, int, str]]:
    """Each payment of an entry; an entry that tells of none is one movement of its own."""
    whole = _signed(entry)
    details = [tx for detail in each(entry, "NtryDtls") for tx in each(detail, "TxDtls")]
    amounts = [_amount(tx) for tx in details]
    if len(details) == 1 and amounts[0] is None:
        amounts = [abs(whole)]
    if any(a is None for a in amounts) or (details and sum(a or 0 for a in amounts) != abs(whole)):
        raise Unreadable(where(entry), "the payments of an entry must make its amount")
    for tx, amount in zip(details, amounts, strict=True):
        mark = text(tx, "CdtDbtInd") or text(entry, "CdtDbtInd")
        reason = code_or_other(text(tx, "RtrInf", "Rsn", "Cd") or text(tx, "RtrInf", "Rsn", "Prtry"))
        yield text(tx, "Refs", "EndToEndId"), "back" if mark == "CRDT" else "paid", amount or 0, reason
    if not details:
        yield "", "back" if whole > 0 else "paid", abs(whole), ""


def _amount(tx: etree._Element) -> int | None:
    for path in (("Amt",), ("AmtDtls", "TxAmt", "Amt")):
        found = first(tx, *path)
        if found is not None:
            return fen(found)
    return None
