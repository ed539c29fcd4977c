"""What a bank writes, through the door: matched line by line, told once, and whatever does not fit becomes work for people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.bank_files import Entry, statement
from shared.testing import Database
from tests.disbursement.banking import ACCOUNT, FileDesk, file_desk
from tests.disbursement.conftest import Loopback
from tests.disbursement.test_bank_files import approved


@pytest.fixture
async def desk(database: Database, intake: Loopback, bank_server: Loopback, tmp_path: Path) -> AsyncIterator[FileDesk]:
    async with file_desk(database, intake, bank_server, tmp_path / "bank") as at_work:
        yield at_work


def told(number: str, opening: int, *entries: Entry) -> str:
    """A statement whose balances agree."""
    closing = opening + sum(e.fen if e.credit else -e.fen for e in entries)
    return statement(ACCOUNT, number, opening, closing, list(entries))


def report(about: str, code: str, *lines: tuple[str, str], number: str = "R1") -> str:
    each = "".join(f"<TxInfAndSts><OrgnlEndToEndId>{i}</OrgnlEndToEndId><TxSts>{c}</TxSts></TxInfAndSts>" for i, c in lines)
    order = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>x</OrgnlPmtInfId>{each}</OrgnlPmtInfAndSts>" if each else ""
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.12"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>{number}</MsgId><CreDtTm>2026-11-23T18:00:00+08:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{about}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>{code}</GrpSts>"
        f"</OrgnlGrpInfAndSts>{order}</CstmrPmtStsRpt></Document>"
    )


def bank_id(payout_id: str) -> str:
    return payout_id.replace("-", "")


async def with_bank(desk: FileDesk, count: int = 1) -> tuple[str, list[str]]:
    ids = await approved(desk, count, fen=100_000)
    built = await desk.file()
    await desk.sent(built["file_id"])
    return str(built["message_id"]), ids


async def kinds(desk: FileDesk, state: str = "open") -> list[str]:
    return sorted(item["kind"] for item in await desk.items(state))


async def said(desk: FileDesk, content: str) -> dict[str, object]:
    answer = await desk.message(content)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ACSC", "settled"),
        ("ACCC", "settled"),
        ("RJCT", "rejected"),
        ("CANC", "rejected"),
        ("ACSP", "accepted"),
        ("PDNG", "accepted"),
        ("ACTC", "accepted"),
    ],
)
async def test_a_status_of_the_bank_has_one_meaning_here(desk: FileDesk, code: str, status: str) -> None:
    number, (one, other) = await with_bank(desk, 2)
    await said(desk, report(number, "PART", (bank_id(one), code)))
    await desk.until(one, status)
    assert (await desk.state(other)).status == "instructed"


async def test_a_status_of_the_whole_file_is_that_of_each_payment_not_named(desk: FileDesk) -> None:
    number, (one, other) = await with_bank(desk, 2)
    await said(desk, report(number, "RJCT", (bank_id(one), "ACSC")))
    await desk.until(one, "settled")
    await desk.until(other, "rejected")
    (file,) = (await desk.get("/payment-files")).json()["items"]
    assert file["state"] == "rejected"


@pytest.mark.parametrize(
    ("factor", "credit", "ident", "kind", "status"),
    [(0.5, False, "", "partial", "instructed"), (2, False, "", "exceeding", "instructed"), (1, True, "", "returned", "returned"),
     (1, False, "NOTPROVIDED", "unmatched", "instructed"), (1, False, "f" * 32, "unmatched", "instructed")],
)  # fmt: skip
async def test_a_line_that_does_not_fit_is_work(desk: FileDesk, factor: float, credit: bool, ident: str, kind: str, status: str) -> None:
    _, (one,) = await with_bank(desk)
    await said(desk, told("S1", 5_000_000, Entry(ident or bank_id(one), int(100_000 * factor), credit, "AC04" if credit else "")))
    await desk.until(one, status)
    (item,) = await desk.items()
    assert (item["kind"], item["owner"], item["amount_fen"]) == (kind, "finance", int(100_000 * factor))


async def test_a_second_line_for_one_payment_is_a_duplicate_and_not_a_second_payment(desk: FileDesk) -> None:
    _, (one,) = await with_bank(desk)
    line = Entry(bank_id(one), 100_000, False)
    await said(desk, told("S1", 5_000_000, line, line))
    await desk.until(one, "settled")
    assert await kinds(desk) == ["duplicate"]
    assert (await desk.facts(one)).count("PayoutSettled") == 1


async def test_paid_after_it_was_refused_is_late(desk: FileDesk) -> None:
    number, (one,) = await with_bank(desk)
    await said(desk, report(number, "PART", (bank_id(one), "RJCT")))
    await said(desk, told("S1", 5_000_000, Entry(bank_id(one), 100_000, False)))
    await desk.until(one, "rejected")
    assert await kinds(desk) == ["late"]


async def test_a_refusal_after_payment_contradicts(desk: FileDesk) -> None:
    number, (one,) = await with_bank(desk)
    await said(desk, told("S1", 5_000_000, Entry(bank_id(one), 100_000, False)))
    await said(desk, report(number, "PART", (bank_id(one), "RJCT")))
    await desk.until(one, "settled")
    (item,) = await desk.items()
    assert (item["kind"], item["amount_fen"]) == ("contradicted", 100_000)


async def test_a_message_said_again_changes_nothing_and_another_under_its_number_is_refused(desk: FileDesk) -> None:
    _, (one,) = await with_bank(desk)
    first = told("S1", 5_000_000, Entry(bank_id(one), 90_000, False))
    assert (await said(desk, first))["status"] == "recorded"
    before = await desk.sql("select count(*) from events")
    assert (await said(desk, first))["status"] == "already"
    assert await desk.sql("select count(*) from events") == before
    other = await desk.message(told("S1", 5_000_000, Entry(bank_id(one), 100_000, False)))
    assert (other.status_code, other.json()["type"]) == (409, "urn:kapok:problem:MessageDiffersFromFirst")
    again = await desk.message(told("S1", 5_000_000, Entry(bank_id(one), 100_000, False)).replace("MS1", "MS2"))
    assert (again.status_code, again.json()["type"]) == (409, "urn:kapok:problem:StatementDiffersFromFirst")
    assert await desk.sql("select count(*) from events") == before
    assert (await desk.state(one)).status == "instructed"


async def test_a_gap_between_statements_is_named_and_closes_when_what_was_missing_comes(desk: FileDesk) -> None:
    a, b, c = Entry("", 1_000, False), Entry("", 2_000, False), Entry("", 4_000, True)
    await said(desk, told("S1", 100_000, a))
    await said(desk, told("S4", 101_000, b))
    (gap,) = [i for i in await desk.items() if i["kind"] == "gap"]
    assert gap["amount_fen"] == 2_000
    shown = {s["bank_id"]: s["gap_fen"] for s in (await desk.get("/bank-statements")).json()["items"]}
    assert shown == {"S1": None, "S4": 2_000}
    await said(desk, told("S3", 97_000, c))  # the later half of what is missing
    assert "gap" in await kinds(desk)
    await said(desk, told("S2", 99_000, b))
    shown = {s["bank_id"]: s["gap_fen"] for s in (await desk.get("/bank-statements")).json()["items"]}
    assert shown["S4"] is None
    assert "gap" not in await kinds(desk)


async def test_a_gap_is_filled_from_its_beginning(desk: FileDesk) -> None:
    await said(desk, told("S1", 100_000, Entry("", 1_000, False)))
    await said(desk, told("S4", 90_000, Entry("", 2_000, False)))
    await said(desk, told("S2", 99_000, Entry("", 5_000, False)))
    assert {s["bank_id"]: s["gap_fen"] for s in (await desk.get("/bank-statements")).json()["items"]}["S4"] == -4_000
    await said(desk, told("S3", 94_000, Entry("", 4_000, False)))
    assert "gap" not in await kinds(desk)
    await said(desk, told("S5", 88_000, Entry("", 1_000, False)))
    assert "gap" not in await kinds(desk)


async def test_where_money_moved_two_people_say_how_it_ended(desk: FileDesk) -> None:
    await said(desk, told("S1", 5_000_000, Entry("", 70_000, False)))
    (item,) = await desk.items()
    path = f"/work-items/{item['item_id']}"
    assert (await desk.post(f"{path}/take", who="finance-1")).json()["owner"] == "finance-1"
    assert (await desk.post(f"{path}/resolve", {"reason": "because"}, who="finance-1")).status_code == 422
    assert (await desk.post(f"{path}/resolve", {"reason": "asked_back"}, who="finance-1")).json()["state"] == "open"
    same = await desk.post(f"{path}/resolve", {"reason": "asked_back"}, who="finance-1")
    assert (same.status_code, same.json()["type"]) == (409, "urn:kapok:problem:AnotherPersonMustAgree")
    assert (await desk.post(f"{path}/resolve", {"reason": "not_ours"}, who="finance-2")).json()["state"] == "open"
    assert (await desk.post(f"{path}/resolve", {"reason": "not_ours"}, who="finance-1")).json()["state"] == "done"
    (done,) = await desk.items("resolved")
    assert (done["reason"], done["proposed_by"], done["resolved_by"]) == ("not_ours", "finance-2", "finance-1")
    assert (await desk.post("/work-items/nothing/take")).json()["type"] == "urn:kapok:problem:ItemAbsent"


_BOMB = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>'
_FILE = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>'
GOOD = told("S1", 5_000_000, Entry("f" * 32, 100_000, False))


@pytest.mark.parametrize(
    ("content", "pointer", "rule"),
    [
        (_BOMB, "", "entities"), (_FILE, "", "entities"), ("<a>", "/line/1", "well-formed"), ("", "/line/1", "well-formed"),
        ("<a/>", "/Document", "is expected"), (GOOD.encode("utf-16"), "", "UTF-8"), ("<a>" * 60 + "</a>" * 60, "", "deep"),
        (GOOD.replace("1000.00", "1e3"), "/Amt", "schema"), (GOOD.replace("1000.00", "1000.001"), "/Amt", "two after the point"),
        (GOOD.replace("1000.00", "NaN"), "/Amt", "schema"), (GOOD.replace("1000.00", "-5.00"), "/Amt", "schema"),
        (GOOD.replace('"CNY">1000.00', '"USD">1000.00'), "/@Ccy", "CNY"), (GOOD.replace("49000.00", "49000.01"), "/Bal", "closing balance"),
        (GOOD.replace(ACCOUNT, "1"), "/Acct/Id", "not ours"), (GOOD.replace("CLBD", "XXXX"), "/Bal", "exactly one balance"),
        (GOOD.replace("<Id>S1</Id>", ""), "/Stmt", "schema"), (GOOD.replace("1000.00", "99999999999999.00"), "", ""),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused_by_place_and_rule_and_nothing_happened(
    desk: FileDesk, content: str | bytes, pointer: str, rule: str
) -> None:
    before = await desk.sql("select count(*) from events")
    answer = await desk.message(content)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert pointer in error["pointer"], error
    assert rule in error["detail"], error
    assert await desk.sql("select count(*) from events") == before


async def test_what_the_bank_left_unreadable_is_work_and_lies_in_done(desk: FileDesk) -> None:
    (desk.folder / "in").mkdir(parents=True)
    (desk.folder / "in" / "1.xml").write_text(_BOMB)
    await desk.bank_turn()
    assert await kinds(desk) == ["refused_message"]
    assert [p.name for p in (desk.folder / "done").iterdir()] == ["1.xml.refused"]


async def test_a_report_about_a_file_of_nobody_is_work(desk: FileDesk) -> None:
    await said(desk, report("somebody-elses", "ACSC"))
    assert await kinds(desk) == ["unknown_file"]


async def test_only_finance_brings_messages(desk: FileDesk) -> None:
    assert (await desk.message(GOOD, who="operator")).status_code == 403
    assert (await desk.message(GOOD, who="auditor")).status_code == 403
