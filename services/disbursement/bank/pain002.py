"""What a bank says of a payment file (pain.002): a status for the whole, for the order, for each payment; the most exact one counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from msgspec import Struct

from services.disbursement.bank.xml import each, fen, first, text

KIND = "pain.002.001.12"
_SETTLED, _REJECTED = {"ACSC", "ACCC"}, {"RJCT", "CANC"}
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Status(Struct, frozen=True):
    """Of one payment: `amount_fen` is 0 where the bank does not repeat it."""

    end_to_end_id: str
    status: str
    reason: str = ""
    amount_fen: int = 0


class Report(Struct, frozen=True):
    """`about` is the number of the file; `whole` its status for whoever is not named, empty where it has none."""

    message_id: str
    about: str
    whole: str
    reason: str
    statuses: tuple[Status, ...]


def meaning(code: str) -> str:
    """A bank's status as ours; whatever is neither paid nor refused for good is under way."""
    return "settled" if code in _SETTLED else "rejected" if code in _REJECTED else "accepted"


def code_or_other(code: str) -> str:
    """A bank's code travels; whatever else it may have said does not."""
    return code if not code or _CODE.fullmatch(code) else "other"


def _reason(element: etree._Element) -> str:
    about = first(element, "StsRsnInf")
    return code_or_other(text(about, "Rsn", "Cd") or text(about, "Rsn", "Prtry"))


def read(root: etree._Element) -> Report:
    """A report that keeps to its schema; raises `Unreadable` where an amount is none."""
    top = root[0]
    group = first(top, "OrgnlGrpInfAndSts")
    assert group is not None
    whole, orders = text(group, "GrpSts"), list(each(top, "OrgnlPmtInfAndSts"))
    inherited = next((s for s in (text(order, "PmtInfSts") for order in orders) if s), whole)
    statuses = tuple(one for order in orders for one in _statuses(order, whole))
    # PART says: look below.
    said = "" if inherited in {"", "PART"} else meaning(inherited)
    reason = _reason(group) or next((r for r in map(_reason, orders) if r), "")
    return Report(text(top, "GrpHdr", "MsgId"), text(group, "OrgnlMsgId"), said, reason, statuses)


def _statuses(order: etree._Element, whole: str) -> Iterator[Status]:
    above = text(order, "PmtInfSts") or whole
    for one in each(order, "TxInfAndSts"):
        amount = first(one, "OrgnlTxRef", "Amt", "InstdAmt")
        code = text(one, "TxSts") or above
        yield Status(
            text(one, "OrgnlEndToEndId"), meaning(code), _reason(one) or _reason(order), 0 if amount is None else fen(amount)
        )  # fmt: skip
