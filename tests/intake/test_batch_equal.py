"""Rows of a file are what the same reports are one by one: event for event, message for message and row for row."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.intake import taking, weighing
from services.intake.manifest import INTAKE
from services.intake.weighing import weighed
from shared import beside
from shared.envelope import Message
from shared.parcel import unpacked
from shared.testing import Database
from shared.testing.alone import NOW
from tests.intake.conftest import Desk

_CHANGES = {"at", "changed_at", "mark"}  # columns that say when, or by which of the two keys of a key ring
_STORIES = (
    "我妈妈得了尿毒症住院，没钱交医药费", "昨晚起火了，屋里还有老人，快来人", "谢谢你们，问题已经解决了", "my landlord wants us out by friday and we have no money",
    "孩子没有学位，学费交不起", "", "阿嫲跌親，屋企冇人照顧",
)  # fmt: skip
_ROWS = 120
_NOW = NOW.isoformat()
_NAMES = "陈黄钟李区邓许"


def _reports(full: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every field once, the least there is, and people who come back; more than one portion holds."""
    full = {**full, "received_at": _NOW}
    yield full
    yield {**full, "source_ref": "again", "narrative": "同一个人又打来了", "consent": {"share": False}}
    for at in range(_ROWS):
        # Half of them share a telephone with another. Nobody sounds alike: that is looked for on the telephone only.
        born = (date(1930, 1, 1) + timedelta(days=73 * at)).isoformat()
        person = {"name": f"{_NAMES[at % 7]}{_NAMES[at // 7 % 7]}{_NAMES[at // 49]}", "phone": f"139{at // 2:08}", "birth_date": born}
        yield {
            "channel": ("hotline", "web", "hospital", "partner")[at % 4], "source_ref": f"row-{at}", "received_at": _NOW,
            "narrative": _STORIES[at % len(_STORIES)], "danger_now": at % 31 == 0,
            **({"person": person} if at % 5 else {}),
            **({"household": {"size": 2, "monthly_income_fen": 90_000}} if at % 3 else {}),
            **({"consent": {"share": True, "purposes": ["referral"], "recipients": ["charity"]}} if at % 4 == 0 else {}),
            **({"reporter": {"relation": "neighbour", "name": "李四", "phone": "13900139000"}} if at % 7 == 0 else {}),
        }  # fmt: skip


async def _kept(desk: Desk) -> dict[str, Any]:
    """Everything that was written for the reports, without what differs from one moment and one id to the next."""
    store = desk.room.store
    rows = await desk.sql("select * from events where stream not like 'intake.calendar%' order by stream, version")
    envelopes = await store.decoded(rows)
    number = {e.id: f"{e.stream}:{e.version}" for e in envelopes}
    found: dict[str, Any] = {
        "events": [(e.stream, e.version, e.data, e.actor, number.get(e.causation or "")) for e in envelopes],
        "subjects": [row["subject"] for row in await desk.sql("select subject from subject_keys order by 1")],
    }
    said = [m for row in await desk.sql("select * from outbox order by id") for m in unpacked(row["topic"], row["messages"], row["count"])]
    readable = [m for m in said if isinstance(m, Message)]
    assert len(readable) == len(said)
    found["messages"] = sorted((m.key, m.type, m.value, number.get(m.causation or "")) for m in readable)
    for table in INTAKE.tables.tables.values():
        columns = [f'"{c.name}"' for c in table.columns if c.name not in _CHANGES and "sealed" not in c.info]
        rows = await desk.sql(f'select {", ".join(columns)} from "{table.name}"')
        found[table.name] = sorted([repr(tuple(row)) for row in rows])
    return found


@pytest.fixture
async def pair(database: Database) -> Any:
    """Two rooms with the same keys and the same time; nothing of what they say is taken away, and no clock of theirs speaks."""
    async with Desk(INTAKE).open(database) as one, Desk(INTAKE).open(database) as other:
        for desk in (one, other):
            for loop in desk.opened.loops:
                if loop.name in ("intake.relay", "intake.schedule"):
                    await loop.ended(5)
        yield one, other


@pytest.mark.skipif(not beside.SPARE, reason="on one core nothing is weighed beside")
async def test_a_file_leads_to_what_its_reports_lead_to_one_by_one(
    pair: tuple[Desk, Desk], full_report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, many = pair
    reports = list(_reports(full_report))
    for report in reports:
        await one.reported(report)
    for _ in range(400):  # until there is a process beside; from then on nothing may be weighed here
        if None not in await weighed(many.room, ["x"] * 20):
            break
        await asyncio.sleep(0.02)
    monkeypatch.setattr(weighing, "_FEW", 0)
    monkeypatch.setattr(taking, "triage", None)
    answer = await many.client.post(
        "/intake/v1/reports:batch", content=b"\n".join(map(msgspec.json.encode, reports)),
        headers=many.headers("operator", content_type="application/x-ndjson"),
    )  # fmt: skip
    assert answer.text.count('"status":"recorded"') == len(reports)
    kept, expected = await _kept(many), await _kept(one)
    assert len(kept["events"]) > 2 * len(reports)
    assert len(kept["messages"]) > 2 * len(reports)
    for name, rows in expected.items():
        assert kept[name] == rows, name
