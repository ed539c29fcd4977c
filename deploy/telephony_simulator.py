"""A telephony provider to try campaigns against: rings each try once, answers as the number's last digits say, and reports it signed.

    POST /calls {"scripts":{name: script}, "calls":[{"id","call_id","attempt","to","language","script","webhook"}]}
         -> {"calls":[{"id","status":"accepted" | "rejected","reason"}]}    an id it knows already is not rung again
    GET  /calls?ids=a,b  -> {"calls":[{"id","status":"ringing" | "ended","outcome"}]} for those it knows
    GET  /_rings         -> {"rings": how often it rang, "numbers": how many numbers, "most": of one number, "by_number": {mark: rings}}
    PUT  /_rules {"mode","times","seconds"}   how the next `times` orders go: work; busy (503); deaf (500, and nobody is rung);
         lost (500, and everybody is rung); hang (everybody is rung, the answer comes after `seconds`)

The last two digits of a number say how it goes; all others go by their last digit. With KAPOK_TELEPHONY_JOURNAL it remembers over
a restart what it rang; a number stands there as a mark only. KAPOK_TELEPHONY_LINES and KAPOK_TELEPHONY_SECONDS say how many
calls go at once and how long each takes.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import msgspec
from fastapi import FastAPI, Query, Request, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from shared.signing import headers, proved

_WORDS = {
    "zh": {
        "story": "我老公上个月住院了，医药费交不起，小孩下学期的学费也没有着落。",
        "well": "没事，都好，谢谢。",
        "unsure": "那个事情嘛，上次居委会的人来过，后来就那样了，你们看着办吧。",
        "stop": "不要再打电话给我了。",
    },
    "en": {
        "story": "My husband is in hospital and we cannot pay the hospital bills; there is no money for the school fees either.",
        "well": "All is well, thank you.",
        "unsure": "Well, about that matter, somebody came the other day and then it was left like that, as you think best.",
        "stop": "Please stop calling me.",
    },
}
Behaviour = Literal[
    "story", "well", "keys", "busy", "no_answer", "hangs_up", "opts_out", "twice", "late", "out_of_order", "stops_by_words", "unsure",
    "never_told", "forged_first", "rejected",
]  # fmt: skip
BY_TWO: dict[str, Behaviour] = {
    "01": "story", "02": "well", "03": "keys", "04": "busy", "05": "no_answer", "06": "hangs_up", "07": "opts_out", "08": "twice",
    "09": "late", "10": "out_of_order", "11": "stops_by_words", "12": "unsure", "13": "never_told", "14": "forged_first", "15": "rejected",
}  # fmt: skip
BY_ONE: dict[str, Behaviour] = {
    "0": "keys", "1": "keys", "2": "well", "3": "keys", "4": "no_answer", "5": "keys", "6": "story", "7": "keys", "8": "unsure", "9": "busy",
}  # fmt: skip
_RETRIES = 12
_PAUSE_MAX = 5.0
_LATE = 6  # times a call
_SENDERS = 16  # webhooks on their way at once: the client slows down with every one that waits inside it
_WRONG = "whsec_" + "QUFB" * 8


class Try(Struct):
    """What the provider knows of one try; `number` is a mark of it."""

    id: str
    number: str
    outcome: dict[str, Any] | None = None


class CallIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1, max_length=80)
    call_id: str = Field(min_length=1, max_length=64)
    attempt: int = Field(ge=1)
    to: str = Field(min_length=1, max_length=40)
    language: Literal["zh", "en"] = "zh"
    script: str
    webhook: str = Field(pattern=r"^https?://")


class CallsIn(BaseModel):
    scripts: dict[str, dict[str, Any]]
    calls: list[CallIn] = Field(max_length=1000)


class RulesIn(BaseModel):
    mode: Literal["work", "busy", "deaf", "lost", "hang"]
    times: int = Field(1, ge=0)
    seconds: float = Field(20.0, ge=0, le=600)


def behaviour(number: str) -> Behaviour:
    """How a call to this number goes."""
    return BY_TWO.get(number[-2:]) or BY_ONE.get(number[-1:], "keys")


def outcome(call: CallIn, script: dict[str, Any]) -> dict[str, Any]:
    """What comes of this try: the last key of a choice is trouble, the first is none."""
    goes = behaviour(call.to)
    said: dict[str, Any] = {
        "call_id": call.call_id, "attempt": call.attempt, "status": "answered", "at": datetime.now(UTC).isoformat(), "digits": {},
        "language": call.language, "seconds": 20,
    }  # fmt: skip
    if goes in ("busy", "no_answer"):
        return {**said, "status": goes, "seconds": 0}
    if goes in ("hangs_up",):
        return said
    if goes == "opts_out":
        return {**said, "status": "opted_out", "digits": {script["questions"][0]["key"]: script["opt_out_key"]}}
    trouble = goes in ("story", "twice", "late", "out_of_order", "never_told", "forged_first")
    speaks = any(question["kind"] == "speech" for question in script["questions"])
    for question in script["questions"]:
        keys = list(question["keys"])
        if question["kind"] == "choice" and goes not in ("unsure", "stops_by_words"):
            said["digits"][question["key"]] = keys[1] if trouble else keys[0]
        elif question["kind"] == "consent" and trouble:
            said["digits"][question["key"]] = keys[0]
    words = {"well": "well", "unsure": "unsure", "stops_by_words": "stop"}.get(goes, "story" if trouble and speaks else "")
    return {**said, "transcript": _WORDS[call.language][words]} if words else said


class Provider:
    """Its lines, everything it was ever told of, and the journal of what it rang."""

    def __init__(self) -> None:
        named = os.environ.get("KAPOK_TELEPHONY_JOURNAL")
        self.journal = Path(named) if named else None
        self.secret = os.environ.get("KAPOK_TELEPHONY_SECRET", "")
        self.seconds = float(os.environ.get("KAPOK_TELEPHONY_SECONDS", "0.5"))
        self.lines = asyncio.Semaphore(int(os.environ.get("KAPOK_TELEPHONY_LINES", "300")))
        self.senders = asyncio.Semaphore(_SENDERS)
        self.tries: dict[str, Try] = {}
        self.rings: Counter[str] = Counter()
        self.mode, self.times, self.pause = "work", 0, 20.0
        self.http: httpx.AsyncClient
        self.under_way: set[asyncio.Task[None]] = set()
        if self.journal is not None and self.journal.exists():
            for line in self.journal.read_bytes().splitlines():
                with suppress(msgspec.DecodeError):  # a line that was cut off when we were killed
                    self._remember(msgspec.json.decode(line, type=Try))

    def _remember(self, one: Try) -> None:
        if one.id not in self.tries:
            self.rings[one.number] += 1
        self.tries[one.id] = one

    def keep(self, tries: list[Try]) -> None:
        """Into the journal before anybody is rung or told."""
        for one in tries:
            self._remember(one)
        if self.journal is not None and tries:
            with self.journal.open("ab") as file:
                file.writelines(msgspec.json.encode(one) + b"\n" for one in tries)
                file.flush()

    def take(self, body: CallsIn) -> list[dict[str, Any]]:
        """Ring what is new; told again it says what it said."""
        new = [call for call in body.calls if call.id not in self.tries and behaviour(call.to) != "rejected"]
        self.keep([Try(call.id, hashlib.sha256(call.to.encode()).hexdigest()[:16]) for call in new])
        for call in new:
            task = asyncio.create_task(self._call(call, body.scripts[call.script]))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
        return [
            {"id": call.id, "status": "accepted"}
            if call.id in self.tries
            else {"id": call.id, "status": "rejected", "reason": "no_such_number"}
            for call in body.calls
        ]

    async def _call(self, call: CallIn, script: dict[str, Any]) -> None:
        async with self.lines:
            await asyncio.sleep(self.seconds)
            told = outcome(call, script)
        self.keep([Try(call.id, self.tries[call.id].number, told)])
        goes = behaviour(call.to)
        if goes == "never_told":
            return
        message = f"msg_{call.id.replace('.', '_')}"
        if goes == "late":
            await asyncio.sleep(_LATE * self.seconds)
        if goes == "forged_first":
            await self._tell(call.webhook, f"{message}_forged", {**told, "transcript": "forged"}, _WRONG, tries=1)
        if goes == "out_of_order":
            await self._tell(call.webhook, message, told, self.secret)
            told, message = {**told, "status": "no_answer", "digits": {}, "transcript": None}, f"{message}_late"
        await self._tell(call.webhook, message, told, self.secret)
        if goes == "twice":
            await self._tell(call.webhook, message, told, self.secret)
            await self._tell(call.webhook, f"{message}_again", told, self.secret)

    async def _tell(self, webhook: str, message: str, told: dict[str, Any], secret: str, tries: int = _RETRIES) -> None:
        body = msgspec.json.encode(told)
        for attempt in range(tries):
            pause = min(_PAUSE_MAX, 0.2 * 2**attempt)
            with suppress(httpx.HTTPError):
                async with self.senders:
                    sent = headers([secret], message, datetime.now(UTC), body)
                    answer = await self.http.post(webhook, content=body, headers=sent)
                if answer.is_success:
                    return
                after = answer.headers.get("retry-after", "")
                pause = float(after) if after.isdigit() else pause
            await asyncio.sleep(pause)


@asynccontextmanager
async def _open(_: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient(trust_env=False, timeout=15) as provider.http:
        yield


provider = Provider()
app = FastAPI(title="Telephony simulator", docs_url=None, redoc_url=None, lifespan=_open)


async def _believed(request: Request) -> bool:
    if not provider.secret:
        return True
    sent = {name: request.headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    return proved(provider.secret, sent, await request.body(), datetime.now(UTC)) is not None


@app.post("/calls")
async def call(request: Request, body: CallsIn) -> Response:
    if not await _believed(request):
        return Response(status_code=401)
    mode = "work"
    if provider.times > 0:
        mode, provider.times = provider.mode, provider.times - 1
    if mode in ("busy", "deaf"):
        return Response(status_code=503 if mode == "busy" else 500)
    told = provider.take(body)
    if mode == "lost":
        return Response(status_code=500)
    if mode == "hang":
        await asyncio.sleep(provider.pause)
    return Response(msgspec.json.encode({"calls": told}), media_type="application/json")


@app.get("/calls")
async def look(request: Request, ids: Annotated[str, Query(max_length=100_000)]) -> Response:
    if not await _believed(request):
        return Response(status_code=401)
    found = [provider.tries[one] for one in ids.split(",") if one in provider.tries]
    told = [{"id": one.id, "status": "ended" if one.outcome else "ringing", "outcome": one.outcome} for one in found]
    return Response(msgspec.json.encode({"calls": told}), media_type="application/json")


@app.get("/_rings")
async def rings() -> dict[str, Any]:
    by = provider.rings
    return {"rings": sum(by.values()), "numbers": len(by), "most": max(by.values(), default=0), "by_number": by if len(by) <= 1000 else {}}


@app.put("/_rules")
async def rules(body: RulesIn) -> dict[str, Any]:
    provider.mode, provider.times, provider.pause = body.mode, body.times, body.seconds
    return {"mode": provider.mode, "times": provider.times}


@app.get("/livez")
async def alive() -> dict[str, str]:
    return {"status": "ok"}
