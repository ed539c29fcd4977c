"""Somebody is erased: no table of any of the four services, of the bus or of the keys holds or opens anything that named them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from services.main import SERVICES
from shared.clock import Clock, new_id
from shared.runtime import House, environment
from shared.security import Principal
from shared.settings import Settings
from shared.testing import Database
from shared.testing.alone import NOW
from shared.testing.waiting import until

_KEY = base64.b64encode(b"e" * 32).decode()
CANARIES = {
    "name": "欧阳金丝雀", "phone": "13912345678", "id_number": "440106195512240023", "address": "金丝雀巷九号", "story": "金丝雀夫人摔倒了",
    "account": "6222029988776655443", "bank": "金丝雀银行", "mail": "金丝雀信箱", "note": "金丝雀的邻居说", "why": "金丝雀昏迷",
}  # fmt: skip


class Town:
    """All four services in this process, each on a database of its own."""

    def __init__(self, house: House, client: httpx.AsyncClient, dsns: dict[str, str]) -> None:
        self.house, self.client, self.dsns = house, client, dsns

    async def told(self, who: str, path: str, body: Any = None, **more: str) -> dict[str, Any]:
        assert self.house.environment is not None
        token = self.house.environment.issuer.sign(Principal(who, frozenset({who}), None), 3600)
        headers = {"authorization": f"Bearer {token}", **{k.replace("_", "-"): v for k, v in more.items()}}
        method = "GET" if body is None else "POST"
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return dict(answer.json())

    async def tables(self) -> dict[str, str]:
        """Every row of every table of every store, as the database writes it out."""
        found = {}
        for store, dsn in self.dsns.items():
            connection = await asyncpg.connect(dsn)
            for row in await connection.fetch("select table_name from information_schema.tables where table_schema = 'public'"):
                rows = await connection.fetch(f'select t::text as row from "{row["table_name"]}" t')
                found[f"{store}.{row['table_name']}"] = "\n".join(r["row"] for r in rows)
            await connection.close()
        return found

    async def key_of(self, store: str, subject: str) -> bool:
        connection = await asyncpg.connect(self.dsns[store])
        held = await connection.fetchval("select count(*) from subject_keys where subject = $1 and wrapped is not null", subject)
        await connection.close()
        return bool(held)


@pytest.fixture
async def town(database: Database) -> AsyncIterator[Town]:
    told = Settings(kek=_KEY, index_key=_KEY, signing_key=_KEY, demo=True)
    dsns = {name: await database() for name in (*[room.name for room in SERVICES], "bus")}
    house = House(SERVICES, lambda: environment(told, dsns=dsns, clock=Clock(lambda: NOW, new_id)))
    transport = httpx.ASGITransport(app=house, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://kapok") as client, house.open():
        yield Town(house, client, dsns)


def spellings(text: str) -> set[str]:
    """However a row might hold it: as it is, escaped for JSON, as bytes in hexadecimal or base64, and a telling half of it."""
    raw = text.encode()
    return {
        text,
        json.dumps(text)[1:-1],
        raw.hex(),
        base64.b64encode(raw).decode(),
        text[: max(3, len(text) // 2)] if not text.isascii() else text,
    }


def told_of(tables: dict[str, str]) -> list[str]:
    return [
        f"{what} in {table}"
        for table, text in tables.items()
        for what, canary in CANARIES.items()
        if any(s in text for s in spellings(canary))
    ]


async def _lived(town: Town) -> tuple[str, str]:
    """A case with everything that may name somebody, known in all four services; person and case."""
    c = CANARIES
    report = {
        "channel": "hotline", "source": "12345", "source_ref": "canary", "received_at": "2026-11-23T09:12:00+08:00", "narrative": c["story"],
        "person": {"name": c["name"], "id_number": c["id_number"], "phone": c["phone"], "address": c["address"], "residence_code": "440106011",
                   "account": {"bank": c["bank"], "number": c["account"]}},
        "needs": ["medical"], "danger_now": True, "facts": {"serious_illness": True, "cannot_pay": True, "medical_self_paid_year_fen": 800_000},
        "consent": {"share": True, "purposes": ["referral", "payment", "contact"], "recipients": ["charity"]}, "contact": {"by": "sms"},
    }  # fmt: skip
    taken = await town.told("operator", "/intake/v1/reports", report)
    case, person = taken["case_id"], taken["person_id"]
    await town.told("operator", f"/intake/v1/cases/{case}/notes", {"text": c["note"]})
    await town.told("operator", f"/intake/v1/cases/{case}/tasks", {"kind": "call_back", "text": c["note"]})
    await town.told("operator", f"/intake/v1/cases/{case}/visits", {"note": c["note"]})
    await town.told("operator", f"/intake/v1/persons/{person}/claims", {"mailing_address": c["mail"], "source": "visit"})
    await town.told("operator", f"/intake/v1/cases/{case}/emergency-share", {"reason": c["why"]})
    await town.told("operator", "/intake/v1/persons/search", {"phone": c["phone"], "reason": "call"})
    await until(lambda: _assessed(town, case))
    return person, case


async def _assessed(town: Town, case: str) -> bool:
    connection = await asyncpg.connect(town.dsns["matching"])
    held = await connection.fetchval("select count(*) from assessment_list where case_id = $1", case)
    await connection.close()
    return bool(held)


async def test_nothing_that_named_somebody_is_left_anywhere_after_their_erasure(town: Town) -> None:
    person, case = await _lived(town)
    seen = await town.told("operator", f"/intake/v1/cases/{case}", X_Access_Reason="call")
    assert (seen["person"]["name"], seen["told"]["narrative"]) == (CANARIES["name"], CANARIES["story"]), "the canaries never lived"
    assert told_of(await town.tables()) == [], "in the clear before anybody was erased"
    assert await town.key_of("intake", person)
    assert await town.key_of("matching", person)
    receipt = await town.told("admin", f"/intake/v1/persons/{person}/erasure", {"reason": "asked"})
    assert receipt["status"] == "erased"
    await until(lambda: town.key_of("intake", person), False)
    await until(lambda: town.key_of("matching", person), False)
    tables = await town.tables()
    assert told_of(tables) == []
    assert person not in tables["intake.person_list"], "a keyed hash of a name would find them again"
    gone = await town.told("operator", f"/intake/v1/cases/{case}", X_Access_Reason="call")
    assert (gone["person"], gone["told"], gone["facts"], gone["erased"]) == (None, None, {}, True)
    assert case in tables["intake.case_list"], "codes, amounts and dates stay"
    assert person in tables["notifications.feed"], "the services that heard of them are told"


async def test_the_search_for_canaries_finds_one_however_it_is_written() -> None:
    for text in CANARIES.values():
        for way in spellings(text):
            assert told_of({"a.table": f"(1,{way},2)"})
