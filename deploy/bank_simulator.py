"""A bank to try Kapok against: takes payments under their end-to-end ids, pays each once, and can be told to misbehave.

    POST /payments {"payments":[{"end_to_end_id","amount_fen","currency","creditor":{"name","id_number","account"}}]}
         -> {"payments":[{"end_to_end_id","status","reason"}]}       status: accepted | settled | rejected
    GET  /payments?ids=a,b  -> the same for those it knows
    GET  /_statement        -> {"payments":[{"end_to_end_id","amount_fen","status","asked"}], "paid_fen": ...}
    PUT  /_rules {"mode","times","seconds"}   how the next `times` payments go: settle, later, reject, silent, hang

Without a rule the last digits of the account decide, so that sample data show each way: 0404 is rejected, 0202 is paid after
it was asked about once more, 0408 is paid but the answer leaves it out. With KAPOK_BANK_JOURNAL it remembers over a restart.

With KAPOK_BANK_FOLDER it speaks files too (`bank_files`): KAPOK_BANK_ACCOUNT is the account that pays, KAPOK_BANK_SEED how it
misbehaves (none: it behaves), KAPOK_BANK_SECONDS how often it looks. POST /files/{name} brings a file over HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from fastapi import FastAPI, HTTPException, Query, Request
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from deploy.bank_files import FileBank

Mode = Literal["settle", "later", "reject", "silent", "hang"]
_BY_ACCOUNT: dict[str, Mode] = {"0404": "reject", "0202": "later", "0408": "silent"}
_HANG_SECONDS = 20.0


class Payment(Struct):
    """What the bank knows of one payment; no payee."""

    end_to_end_id: str
    amount_fen: int
    status: str
    reason: str = ""
    asked: int = 1


class CreditorIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=200)
    id_number: str = Field("", max_length=40)
    account: str = Field("", max_length=40)


class PaymentIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    end_to_end_id: str = Field(min_length=1, max_length=35)
    amount_fen: int = Field(gt=0)
    currency: Literal["CNY"] = "CNY"
    creditor: CreditorIn


class PaymentsIn(BaseModel):
    payments: list[PaymentIn] = Field(max_length=1000)


class RulesIn(BaseModel):
    mode: Mode
    times: int = Field(1, ge=0)
    seconds: float = Field(_HANG_SECONDS, ge=0, le=600)


class Bank:
    """Every payment it was ever told of, by end-to-end id."""

    def __init__(self, journal: Path | None) -> None:
        self._journal = journal
        self.payments: dict[str, Payment] = {}
        self.mode: Mode = "settle"
        self.times, self.seconds = 0, _HANG_SECONDS
        if journal is not None and journal.exists():
            for line in journal.read_bytes().splitlines():
                one = msgspec.json.decode(line, type=Payment)
                self.payments[one.end_to_end_id] = one

    def take(self, asked: PaymentIn) -> tuple[Payment, Mode]:
        """Pay, or not, once; told again it says what it said."""
        known = self.payments.get(asked.end_to_end_id)
        if known is not None:
            known.asked += 1
            return known, "settle"
        mode: Mode = _BY_ACCOUNT.get(asked.creditor.account[-4:], "settle")
        if self.times > 0:
            mode, self.times = self.mode, self.times - 1
        if not asked.creditor.account and not asked.creditor.id_number:
            mode = "reject"
        status = {"reject": "rejected", "later": "accepted"}.get(mode, "settled")
        payment = Payment(asked.end_to_end_id, asked.amount_fen, status, "AC04" if mode == "reject" else "")
        self.payments[payment.end_to_end_id] = payment
        return payment, mode

    def look(self, end_to_end_id: str) -> Payment | None:
        """What became of it; what was only accepted is paid by the time somebody asks."""
        known = self.payments.get(end_to_end_id)
        if known is not None and known.status == "accepted":
            known.status = "settled"
            self.keep([known])
        return known

    def keep(self, payments: list[Payment]) -> None:
        if self._journal is not None and payments:
            with self._journal.open("ab") as file:
                file.writelines(msgspec.json.encode(p) + b"\n" for p in payments)
                file.flush()
                os.fsync(file.fileno())


_named = os.environ.get("KAPOK_BANK_JOURNAL")
bank = Bank(Path(_named) if _named else None)
_folder = os.environ.get("KAPOK_BANK_FOLDER")
_seed = os.environ.get("KAPOK_BANK_SEED")
files = FileBank(Path(_folder), os.environ.get("KAPOK_BANK_ACCOUNT", ""), _seed or "", quiet=_seed is None) if _folder else None


@contextlib.asynccontextmanager
async def _turns(_: FastAPI) -> AsyncIterator[None]:
    """The files side works by turns for as long as the bank is open."""
    if files is None:
        yield
        return
    stop = asyncio.Event()

    async def work(bank: FileBank) -> None:
        while not stop.is_set():
            await asyncio.to_thread(bank.turn)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), float(os.environ.get("KAPOK_BANK_SECONDS", "1")))

    task = asyncio.create_task(work(files))
    yield
    stop.set()
    await task


app = FastAPI(title="Bank simulator", docs_url=None, redoc_url=None, lifespan=_turns)


def _said(payment: Payment) -> dict[str, Any]:
    return {"end_to_end_id": payment.end_to_end_id, "status": payment.status, "reason": payment.reason}


@app.post("/payments")
async def pay(body: PaymentsIn) -> dict[str, Any]:
    taken = [bank.take(one) for one in body.payments]
    bank.keep([payment for payment, _ in taken])
    if any(mode == "hang" for _, mode in taken):
        await asyncio.sleep(bank.seconds)
    return {"payments": [_said(payment) for payment, mode in taken if mode not in {"silent", "hang"}]}


@app.get("/payments")
async def look(ids: Annotated[str, Query(max_length=100_000)]) -> dict[str, Any]:
    found = [bank.look(one) for one in ids.split(",") if one]
    return {"payments": [_said(payment) for payment in found if payment is not None]}


@app.get("/_statement")
async def statement() -> dict[str, Any]:
    payments = list(bank.payments.values())
    return {
        "payments": [msgspec.to_builtins(p) for p in payments],
        "paid_fen": sum(p.amount_fen for p in payments if p.status == "settled"),
    }


@app.put("/_rules")
async def rules(body: RulesIn) -> dict[str, Any]:
    bank.mode, bank.times, bank.seconds = body.mode, body.times, body.seconds
    return {"mode": bank.mode, "times": bank.times}


@app.post("/files/{name}")
async def bring(name: str, request: Request) -> dict[str, str]:
    """A payment file over HTTP: laid where the files side takes it, under its name, so that the same is the same."""
    if files is None or not name.replace("-", "").isalnum():
        raise HTTPException(404)
    content = await request.body()
    await asyncio.to_thread(files.brought, name, content)
    return {"status": "taken"}


@app.get("/livez")
async def alive() -> dict[str, str]:
    return {"status": "ok"}
