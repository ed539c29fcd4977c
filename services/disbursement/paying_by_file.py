"""How approved payouts become one file for the bank: whom to pay asked just in time, the bytes made once, sealed, sent, forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import httpx

from services.disbursement import bank_views
from services.disbursement.approving import month
from services.disbursement.bank.pain001 import Credit, Header, Payer, document, fits
from services.disbursement.bank_tables import file_contents
from services.disbursement.domain.instruction import TakeIntoFile
from services.disbursement.domain.payment_file import BuildFile, DropFile, NoteFileShown, Payment, PaymentFile, ReleaseFile
from services.disbursement.domain.payout import NoteBankAnswer, Payee
from services.disbursement.effects import payees
from shared.clock import local_day
from shared.errors import NotNow
from shared.http import Door, Invalid, NotFound
from shared.kernel import Rejected
from shared.service import Put, To


class NothingWaitsForFile(Rejected):
    """No approved payout waits for a payment file."""


class PayerNotSet(Rejected):
    """Who pays, and from which account, is not set, so no payment file can be built."""


def payer(door: Door) -> Payer:
    s = door.room.settings
    if not (s.payer_name and s.payer_account and s.payer_bank):
        raise PayerNotSet
    return Payer(s.payer_name, s.payer_account, s.payer_bank)


def subject_of(file_id: str) -> str:
    """Whose key the bytes of a file are sealed under: its own."""
    return f"payment-file-{file_id}"


def message_id(file_id: str) -> str:
    return file_id.replace("-", "")


def file_of(number: str) -> str:
    """The file that a message id of ours names, as ids are written; of any other number nothing that exists."""
    n = number
    return f"{n[:8]}-{n[8:12]}-{n[12:16]}-{n[16:20]}-{n[20:]}"


def _credit(row: Mapping[str, Any], payee: Mapping[str, Any]) -> Credit:
    account = payee.get("account_number") or ""
    id_number = "" if account else payee.get("id_number") or ""
    return Credit(row["end_to_end_id"], row["amount_fen"], payee.get("name") or "", account, id_number)


async def build(door: Door, payout_ids: Sequence[str] | None, limit: int, execute_on: date | None) -> str:
    """Answers the file's id. All or nothing: the file, its sealed bytes, the orders in it, and those who cannot be paid rejected."""
    paying, today = payer(door), local_day(door.now)
    if execute_on is not None and not today <= execute_on <= today + timedelta(days=30):
        raise Invalid("/execute_on", "a day from today on, thirty days ahead at most")
    file_id = door.new_id()
    if (await door.state("payment_file", file_id)).status != "absent":
        return file_id  # the same request once more, after a crash
    rows = await door.rows(bank_views.waiting_for_file(limit if payout_ids is None else len(payout_ids), payout_ids))
    if not rows:
        raise NothingWaitsForFile
    found = {row["payout_id"] for row in rows}
    for at, wanted in enumerate(payout_ids or ()):
        if wanted not in found:
            raise Invalid(f"/payout_ids/{at}", "this payout does not wait for a payment file")
    try:
        known, unwilling = await payees(door.room, list({row["case_id"] for row in rows}))
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as fault:
        raise NotNow(f"intake does not say whom to pay ({type(fault).__name__})") from None
    credits, commands, payments = [], [], []
    for row in rows:
        credit = _credit(row, known.get(row["case_id"], {}))
        if not fits(credit):
            why = "no_payment_consent" if row["case_id"] in unwilling else "no_payee"
            commands.append(To("payout", row["payout_id"], NoteBankAnswer("rejected", month(door), why)))
            continue
        kept = Payee(credit.name, (credit.account or credit.id_number)[-4:])
        credits.append(credit)
        payments.append(Payment(row["payout_id"], row["end_to_end_id"], row["amount_fen"]))
        commands.append(To("instruction", row["payout_id"], TakeIntoFile(file_id, row["person_id"], kept)))
    if not credits:
        await door.execute(*commands)
        raise NothingWaitsForFile
    made_at, day = door.now.isoformat(timespec="seconds"), (execute_on or today).isoformat()
    content = document(Header(message_id(file_id), made_at, day), paying, credits)
    built = BuildFile(file_id, tuple(payments), hashlib.sha256(content).hexdigest(), made_at, day, door.principal.id)
    sealed = Put(file_contents, {"file_id": file_id, "subject": subject_of(file_id), "content": content.decode()})
    await door.room.execute(
        To("payment_file", file_id, built), *commands, actor=door.principal.id, correlation=door.correlation, rows=(sealed,)
    )
    return file_id


async def one(door: Door, file_id: str) -> PaymentFile:
    state: PaymentFile = await door.state("payment_file", file_id)
    if state.status == "absent":
        raise NotFound("payment file")
    return state


async def release(door: Door, file_id: str) -> None:
    """From here on it goes out by itself, whatever crashes."""
    await one(door, file_id)
    answer_by = door.now + timedelta(hours=door.room.settings.bank_silence_hours)
    await door.execute(To("payment_file", file_id, ReleaseFile(door.principal.id, answer_by.isoformat())))


async def drop(door: Door, file_id: str) -> None:
    await one(door, file_id)
    await door.execute(To("payment_file", file_id, DropFile(door.principal.id)))


def _shown_name(name: str) -> str:
    return f"{name[:1]}{'*' * (len(name) - 1)}" if name else ""


async def preview(door: Door, file_id: str) -> dict[str, Any]:
    """A file as it is looked at before it is sent: sums, digest, and each payment with a masked payee."""
    await one(door, file_id)
    rows = await door.rows(bank_views.one_file(file_id))
    lines = []
    for row in await door.rows(bank_views.lines_of(file_id)):
        payee = row.pop("payee") or {}
        row.pop("person_id"), row.pop("file_id")
        lines.append({**row, "payee": _shown_name(payee.get("name", "")), "account": f"****{payee.get('account', '')}"})
    return {**rows[0], "message_id": message_id(file_id), "lines": lines, "version": await door.version("payment_file", file_id)}


async def shown_document(door: Door, file_id: str) -> str | None:
    """The bytes, for somebody who says why and is recorded; None once they are forgotten."""
    await one(door, file_id)
    if not (door.reason or "").strip():
        raise Invalid("/header/X-Access-Reason", "say why the payees are looked at")
    rows = await door.rows(bank_views.content_of(file_id))
    if not rows or rows[0]["content"] is None:
        return None
    await door.execute(To("payment_file", file_id, NoteFileShown(door.principal.id)))
    return str(rows[0]["content"])
