"""Readers of bank files against whatever a stranger may send, and our files against the schema and another writer."""

from __future__ import annotations

import random
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from sepaxml import SepaTransfer

from deploy.bank_files import Entry, statement
from services.disbursement.bank import camt053, pain002
from services.disbursement.bank.folder import FolderBank, laid
from services.disbursement.bank.pain001 import KIND, Credit, Header, Payer, document, fits
from services.disbursement.bank.xml import FEN_MAX, Unreadable, fen, schema, yuan
from services.disbursement.bank_words import read
from services.disbursement.paying_by_file import file_of, message_id
from tests.disbursement.test_bank_messages import report

GOOD = (
    statement("1", "S1", 500, 400, [Entry("a" * 32, 100, False)]).encode(),
    report("x", "PART", ("a" * 32, "ACSC")).encode(),
)
HEADER, PAYER = Header("0" * 32, "2026-11-23T10:00:00+08:00", "2026-11-23"), Payer("广州慈善", "44050100001", "102581000013")
FEN = st.integers(1, FEN_MAX)
NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=140).filter(lambda t: t.strip() and t.isprintable())
_TAG = re.compile(r"<(/?)([A-Za-z]+)")


def _mangled(raw: bytes, seed: int) -> bytes:
    """Words, tags and bytes swapped, dropped and doubled."""
    chance, text = random.Random(seed), raw.decode()  # noqa: S311 - a message to be mangled again
    for _ in range(chance.randint(1, 4)):
        match chance.randrange(5):
            case 0:
                at = chance.randrange(len(text))
                text = (
                    text[:at]
                    + chance.choice(["", "<", "&", "\u0000", "é", "1e9", "-", "999999999999999999", "]]>", "\ufffe"])
                    + text[at + chance.randint(0, 9) :]
                )
            case 1:
                number = chance.choice(re.findall(r"[0-9.]+", text) or ["1"])
                text = text.replace(number, chance.choice(["", "NaN", "0", "-1", "1e3", "0.001", "9" * 40, "٣", "INF", "1_0"]), 1)
            case 2:
                tags = sorted({t for _, t in _TAG.findall(text)}) or ["a"]
                text = text.replace(chance.choice(tags), chance.choice(tags))
            case 3:
                parts = re.split(r"(?<=>)", text)
                parts.insert(chance.randrange(len(parts)), chance.choice(parts))
                text = "".join(parts)
            case 4:
                text = text[: chance.randrange(len(text)) + 1]
    return text.encode("utf-8", "replace")


@settings(max_examples=1500, deadline=None)
@given(which=st.integers(0, 1), seed=st.integers(0, 2**40))
def test_a_mangled_message_is_read_or_refused_and_nothing_else(which: int, seed: int) -> None:
    try:
        said = read(_mangled(GOOD[which], seed))
    except Unreadable:
        return
    if isinstance(said, camt053.Statements):
        for one in said.statements:
            assert one.opening_fen + one.credits_fen - one.debits_fen == one.closing_fen
            assert all(type(m.amount_fen) is int and 0 <= m.amount_fen <= FEN_MAX for m in one.movements)


@settings(max_examples=500, deadline=None)
@given(content=st.binary(max_size=400) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read(content)


@given(value=st.integers(0, FEN_MAX))
def test_an_amount_survives_the_way_there_and_back(value: int) -> None:
    element = etree.Element("Amt", Ccy="CNY")
    element.text = yuan(value)
    assert fen(element) == value


@pytest.mark.parametrize("said", ["1e3", "1.005", "1,00", "", " ", "-1", "+1", "0x10", "NaN", "1.", ".5", "٣", "10000000000000.01", "1_0"])
def test_what_is_no_amount_is_none(said: str) -> None:
    element = etree.Element("Amt")
    element.text = said
    with pytest.raises(Unreadable):
        fen(element)


@settings(max_examples=60, deadline=None)
@given(sums=st.lists(st.integers(1, 10**9), min_size=1, max_size=20), name=NAMES)
def test_a_file_keeps_to_its_schema_and_says_the_same_sum_on_both_levels(sums: list[int], name: str) -> None:
    credits = [Credit(f"{n:032x}", amount, name, "6222020000001111") for n, amount in enumerate(sums)]
    if not all(map(fits, credits)):
        return
    made = document(HEADER, PAYER, credits)
    assert made == document(HEADER, PAYER, credits), "the same payments are the same bytes"
    root = etree.fromstring(made)
    assert schema(KIND).validate(root)
    assert root.xpath("//*[local-name()='CtrlSum']/text()") == [yuan(sum(sums))] * 2
    assert root.xpath("//*[local-name()='NbOfTxs']/text()") == [str(len(sums))] * 2
    assert root.xpath("//*[local-name()='InstdAmt']/text()") == [yuan(amount) for amount in sums]


@pytest.mark.parametrize(
    "credit",
    [Credit("1", 1, "", "1"), Credit("1", 1, "a", ""), Credit("1", 1, "a\x01", "1"), Credit("1", 1, "a" * 141, "1"), Credit("1", 1, "a", "1" * 35), Credit("1", 0, "a", "1"), Credit("1", 1, "a", "1 2")],
)  # fmt: skip
def test_who_cannot_stand_in_a_file_is_known_before(credit: Credit) -> None:
    assert not fits(credit)


def test_another_writer_means_the_same_by_these_elements() -> None:
    """sepaxml as an oracle: the elements that both write are in the same order, with the same sums."""
    from_us = etree.fromstring(document(HEADER, PAYER, [Credit("e1", 123_456, "Zhang Wei", "6222020000001111")]))
    theirs = etree.fromstring(_sepaxml())
    assert etree.QName(from_us).namespace == etree.QName(theirs).namespace
    for path in ("GrpHdr", "PmtInf", "CdtTrfTxInf"):
        ours, other = (_under(root, path) for root in (from_us, theirs))
        shared = [n for n in ours if n in other]
        assert shared == [n for n in other if n in ours]
        assert len(shared) >= 3
    for name in ("CtrlSum", "NbOfTxs", "InstdAmt"):
        values = [root.xpath(f"//*[local-name()='{name}']/text()") for root in (from_us, theirs)]
        assert values[0] == values[1], name


def _under(root: etree._Element, name: str) -> list[str]:
    above = next(e for e in root.iter() if etree.QName(e).localname == name)
    return [etree.QName(child).localname for child in above]


def _sepaxml() -> bytes:
    config = {"name": "Kapok", "IBAN": "NL50BANK1234567890", "BIC": "BANKNL2A", "batch": False, "currency": "CNY"}
    made = SepaTransfer(config, clean=False, schema=KIND)
    made.add_payment(
        {"name": "Zhang Wei", "IBAN": "NL50BANK1234567890", "BIC": "BANKNL2A", "amount": 123_456, "execution_date": date(2026, 11, 23), "description": "e1", "endtoend_id": "e1"}
    )  # fmt: skip
    return bytes(made.export(validate=True))


@given(st.uuids().map(str))
def test_a_number_at_the_bank_names_our_file_again(file_id: str) -> None:
    assert file_of(message_id(file_id)) == file_id
    assert len(message_id(file_id)) == 32


@pytest.mark.parametrize(
    ("code", "means"),
    [("ACSC", "settled"), ("ACCC", "settled"), ("RJCT", "rejected"), ("CANC", "rejected"), ("ACWP", "accepted"), ("??", "accepted")],
)
def test_what_is_neither_paid_nor_refused_for_good_is_under_way(code: str, means: str) -> None:
    assert pain002.meaning(code) == means


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    bank = FolderBank(tmp_path)
    assert bank.brought() == []
    laid(tmp_path / "in", "1.xml", b"<a/>")
    (tmp_path / "in" / ".2.xml.part").write_bytes(b"<half")
    (tmp_path / "in" / "3.txt").write_bytes(b"")
    (tmp_path / "in" / "4.xml").symlink_to("/etc/passwd")
    (tmp_path / "in" / "5.xml").mkdir()
    assert bank.brought() == ["1.xml"]
    bank.put_by("1.xml")
    assert bank.brought() == []
    assert (tmp_path / "done" / "1.xml").read_bytes() == b"<a/>"
