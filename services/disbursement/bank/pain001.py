"""Payments as the file a bank takes (pain.001.001.09): the same payments are the same bytes, and nothing leaves that its schema refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lxml import etree
from msgspec import Struct

from services.disbursement.bank.xml import valid, yuan

KIND = "pain.001.001.09"
_NS = f"urn:iso:std:iso:20022:tech:xsd:{KIND}"
_UNFIT = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME_MAX, _ACCOUNT_MAX = 140, 34


class Payer(Struct, frozen=True):
    """Who pays: name, account, and the bank that keeps it (a BIC, or the number of the domestic clearing)."""

    name: str
    account: str
    bank: str


class Credit(Struct, frozen=True):
    """One payment to one person; whoever has no account is paid by their identity number."""

    end_to_end_id: str
    amount_fen: int
    name: str
    account: str = ""
    id_number: str = ""


class Header(Struct, frozen=True):
    """What the file says of itself; `message_id` has at most 33 characters."""

    message_id: str
    made_at: str
    execute_on: str


def fits(credit: Credit) -> bool:
    """Whether a bank can take it: a name, and an account or an identity number, in characters and lengths that a file may hold."""
    named = 0 < len(credit.name.strip()) <= _NAME_MAX and not _UNFIT.search(credit.name)
    number = credit.account or credit.id_number
    return named and 0 < len(number) <= _ACCOUNT_MAX and number.isascii() and number.isalnum() and 0 < credit.amount_fen <= 10**15


def _put(above: etree._Element, name: str, said: str | None = None, **attributes: str) -> etree._Element:
    made = etree.SubElement(above, f"{{{_NS}}}{name}", attributes)
    if said is not None:
        made.text = said
    return made


def _path(above: etree._Element, *names: str) -> etree._Element:
    for name in names:
        above = _put(above, name)
    return above


def _bank(above: etree._Element, code: str) -> None:
    institution = _path(above, "DbtrAgt", "FinInstnId")
    if re.fullmatch(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", code):
        _put(institution, "BICFI", code)
    else:
        _put(_path(institution, "ClrSysMmbId"), "MmbId", code)


def document(header: Header, payer: Payer, credits: Sequence[Credit]) -> bytes:
    """The file; raises `Unreadable` where it would not keep to its schema."""
    nsmap: Any = {None: _NS}  # the empty prefix, which the stubs do not know
    root = etree.Element(f"{{{_NS}}}Document", nsmap=nsmap)
    start = _path(root, "CstmrCdtTrfInitn")
    count, total = str(len(credits)), yuan(sum(c.amount_fen for c in credits))
    group = _put(start, "GrpHdr")
    for name, said in (("MsgId", header.message_id), ("CreDtTm", header.made_at), ("NbOfTxs", count), ("CtrlSum", total)):
        _put(group, name, said)
    _put(_path(group, "InitgPty"), "Nm", payer.name)
    order = _put(start, "PmtInf")
    for name, said in (
        ("PmtInfId", f"{header.message_id}-1"), ("PmtMtd", "TRF"), ("BtchBookg", "false"), ("NbOfTxs", count), ("CtrlSum", total),
    ):  # fmt: skip
        _put(order, name, said)
    _put(_path(order, "ReqdExctnDt"), "Dt", header.execute_on)
    _put(_path(order, "Dbtr"), "Nm", payer.name)
    account = _put(order, "DbtrAcct")
    _put(_path(account, "Id", "Othr"), "Id", payer.account)
    _put(account, "Ccy", "CNY")
    _bank(order, payer.bank)
    _put(order, "ChrgBr", "SLEV")
    for credit in credits:
        _transfer(order, credit)
    valid(root, KIND)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _transfer(order: etree._Element, credit: Credit) -> None:
    one = _put(order, "CdtTrfTxInf")
    _put(_path(one, "PmtId"), "EndToEndId", credit.end_to_end_id)
    _put(_path(one, "Amt"), "InstdAmt", yuan(credit.amount_fen), Ccy="CNY")
    person = _put(one, "Cdtr")
    _put(person, "Nm", credit.name)
    if credit.account:
        _put(_path(one, "CdtrAcct", "Id", "Othr"), "Id", credit.account)
    else:
        _put(_path(person, "Id", "PrvtId", "Othr"), "Id", credit.id_number)
    _put(_path(one, "RmtInf"), "Ustrd", credit.end_to_end_id)
