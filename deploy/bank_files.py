"""The files side of the bank simulator: takes pain.001 from out/, answers with pain.002 and camt.053 in in/, and misbehaves by a seed.

What becomes of a payment is drawn from the seed and its end-to-end id, so that a day can be played again:

    paid       one status, one line             silent     paid; no status, only the statement says so
    late       under way, paid a turn later     twice      paid once, but the statement has the line twice
    rejected   AC04                             partial    the statement has a smaller sum
    returned   paid, sent back a turn later     nameless   the statement's line has no id

The last digits of an account decide instead, as over HTTP: 0404 is rejected, 0202 paid a turn later, 0408 paid in silence, 0505 sent back,
0707 twice in the statement.
Besides: statuses are sent twice, statements are held back until the one after is out, lines of nobody appear. A payment is paid
once however often its file comes. What it knows stands in `bank-books.json` of the folder, written before anything is answered.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree
from msgspec import Struct, field

_NS = "urn:iso:std:iso:20022:tech:xsd:"
_FATES = ("paid",) * 10 + ("silent", "late", "twice", "rejected", "returned", "partial", "nameless")
_BY_ACCOUNT = {"0404": "rejected", "0202": "late", "0408": "silent", "0505": "returned", "0707": "twice"}
_STATUS = {"rejected": "RJCT", "late": "ACSP"}
_AT = "2026-11-23T18:00:00+08:00"


class Entry(Struct):
    end_to_end_id: str
    fen: int
    credit: bool
    reason: str = ""


class Books(Struct):
    """`payments` are fen and fate by end-to-end id; `next` is what the next statement holds besides; `held` a statement that waits."""

    balance: int = 1_000_000_000
    payments: dict[str, tuple[int, str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    next: list[Entry] = field(default_factory=list)
    held: str = ""
    statements: int = 0


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


class FileBank:
    """`quiet` behaves well: everything is paid, each status comes once, each statement in its turn."""

    def __init__(self, folder: Path, account: str, seed: str = "", *, quiet: bool = False) -> None:
        self.folder, self.account, self.seed, self.quiet = folder, account, seed, quiet
        self._book = folder / "bank-books.json"
        self.books = msgspec.json.decode(self._book.read_bytes(), type=Books) if self._book.exists() else Books()

    def _drawn(self, *of: str) -> int:
        return int.from_bytes(hashlib.sha256("|".join((self.seed, *of)).encode()).digest()[:6])

    def fate(self, end_to_end_id: str) -> str:
        return "paid" if self.quiet else _FATES[self._drawn(end_to_end_id) % len(_FATES)]

    def turn(self) -> int:
        """Take what lies in out/, then write the statement of this turn; answers how many files were written."""
        out, written = self.folder / "out", 0
        files = sorted(out.glob("*.xml")) if out.is_dir() else []
        reports = [self._taken(path) for path in files]
        statement = self._statement()
        self._keep()  # the books first: what is answered below is true whatever crashes
        for path, (name, report) in zip(files, reports, strict=True):
            copies = 1 if self.quiet else 1 + self._drawn("report", name) % 2
            for copy in range(copies):
                written += self._lay(f"2-{name}-{copy}.xml", report)
            path.unlink()
        for number, text in statement:
            written += self._lay(f"3-statement-{number:05}.xml", text)
        return written

    def _taken(self, path: Path) -> tuple[str, str]:
        root = etree.parse(str(path), etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
        ns = {"p": str(root.nsmap[None])}
        message_id = str(root.findtext(".//p:GrpHdr/p:MsgId", namespaces=ns))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        known = self.books.files.setdefault(message_id, digest)
        assert known == digest, f"{message_id} came with other bytes"
        for one in root.iterfind(".//p:CdtTrfTxInf", ns):
            amount = str(one.findtext("p:Amt/p:InstdAmt", namespaces=ns))
            account = str(one.findtext("p:CdtrAcct/p:Id/p:Othr/p:Id", namespaces=ns))
            self._paid(str(one.findtext("p:PmtId/p:EndToEndId", namespaces=ns)), int(amount.replace(".", "")), account)
        ids = [str(e.text) for e in root.iterfind(".//p:EndToEndId", ns)]
        return message_id, self._report(message_id, ids)

    def _paid(self, end_to_end_id: str, fen: int, account: str) -> None:
        """Once, whatever comes how often."""
        if end_to_end_id in self.books.payments:
            return
        fate = _BY_ACCOUNT.get(account[-4:]) or self.fate(end_to_end_id)
        self.books.payments[end_to_end_id] = (fen, fate)
        now, later = self.books.entries, self.books.next
        debit = Entry(end_to_end_id, fen, False)
        match fate:
            case "rejected":
                pass
            case "late":
                later.append(debit)
            case "returned":
                now.append(debit)
                later.append(Entry(end_to_end_id, fen, True, "AC04"))
            case "twice":
                now += [debit, debit]
            case "partial":
                now.append(Entry(end_to_end_id, max(1, fen // 2), False))
            case "nameless":
                now.append(Entry("", fen, False))
            case _:
                now.append(debit)

    def _report(self, message_id: str, ids: list[str]) -> str:
        lines = []
        for one in ids:
            fate = self.books.payments[one][1]
            if fate in {"silent", "nameless", "partial"}:
                continue
            reason = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>" if fate == "rejected" else ""
            lines.append(
                f"<TxInfAndSts><OrgnlEndToEndId>{one}</OrgnlEndToEndId><TxSts>{_STATUS.get(fate, 'ACSC')}</TxSts>{reason}</TxInfAndSts>"
            )
        order = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{message_id}-1</OrgnlPmtInfId>{''.join(lines)}</OrgnlPmtInfAndSts>" if lines else ""
        return (
            f'<Document xmlns="{_NS}pain.002.001.12"><CstmrPmtStsRpt><GrpHdr><MsgId>R{message_id}</MsgId><CreDtTm>{_AT}</CreDtTm></GrpHdr>'
            f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>PART</GrpSts>"
            f"</OrgnlGrpInfAndSts>{order}</CstmrPmtStsRpt></Document>"
        )

    def _statement(self) -> list[tuple[int, str]]:
        """The statement of this turn and one that was held back; nothing where nothing moved."""
        books = self.books
        entries, books.entries, books.next = books.entries, books.next, []
        if not entries:
            held, books.held = books.held, ""
            return [(books.statements - 1, held)] if held else []
        books.statements += 1
        number = books.statements
        if not self.quiet and self._drawn("nobody", str(number)) % 3 == 0:
            entries.append(Entry("f" * 32, 4_200, False))
        closing = books.balance + sum(e.fen if e.credit else -e.fen for e in entries)
        text = statement(self.account, f"S{number:05}", books.balance, closing, entries)
        books.balance = closing
        if books.held:
            held, books.held = books.held, ""
            return [(number, text), (number - 1, held)]
        if not self.quiet and self._drawn("held", str(number)) % 4 == 0:
            books.held = text
            return []
        return [(number, text)]

    def brought(self, name: str, content: bytes) -> None:
        """A file that came another way than by the folder."""
        (self.folder / "out").mkdir(parents=True, exist_ok=True)
        self._laid(self.folder / "out" / f"{name}.xml", content)

    def _keep(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._laid(self._book, msgspec.json.encode(self.books))

    def _lay(self, name: str, text: str) -> int:
        (self.folder / "in").mkdir(parents=True, exist_ok=True)
        self._laid(self.folder / "in" / name, text.encode())
        return 1

    @staticmethod
    def _laid(path: Path, content: bytes) -> None:
        aside = path.with_name(f".{path.name}.part")
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)


def _amount(fen: int) -> str:
    return f'<Amt Ccy="CNY">{_yuan(fen)}</Amt>'


def _balance(code: str, fen: int) -> str:
    side = "CRDT" if fen >= 0 else "DBIT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(abs(fen))}<CdtDbtInd>{side}</CdtDbtInd>"
        "<Dt><Dt>2026-11-23</Dt></Dt></Bal>"
    )


def _entry(one: Entry) -> str:
    side = "CRDT" if one.credit else "DBIT"
    refs = f"<Refs><EndToEndId>{one.end_to_end_id}</EndToEndId></Refs>" if one.end_to_end_id else ""
    back = f"<RtrInf><Rsn><Cd>{one.reason}</Cd></Rsn></RtrInf>" if one.reason else ""
    details = f"<NtryDtls><TxDtls>{refs}{_amount(one.fen)}<CdtDbtInd>{side}</CdtDbtInd>{back}</TxDtls></NtryDtls>"
    return (
        f"<Ntry>{_amount(one.fen)}<CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-23</Dt></BookgDt>"
        f"<BkTxCd><Prtry><Cd>TRF</Cd></Prtry></BkTxCd>{details if refs else ''}</Ntry>"
    )


def statement(account: str, number: str, opening: int, closing: int, entries: list[Any]) -> str:
    """One camt.053 with one statement."""
    return (
        f'<Document xmlns="{_NS}camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M{number}</MsgId><CreDtTm>{_AT}</CreDtTm></GrpHdr>'
        f"<Stmt><Id>{number}</Id><Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
        f"{_balance('OPBD', opening)}{_balance('CLBD', closing)}{''.join(map(_entry, entries))}</Stmt></BkToCstmrStmt></Document>"
    )
