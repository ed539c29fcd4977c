"""A second opinion from a real end point on loopback: asked without identifiers, believed with care, done without when it fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.intake.domain.triage import Triage
from services.intake.manifest import INTAKE
from services.intake.second_opinion import Opinion, joined
from shared.testing import Database
from tests.intake.conftest import Desk

TEXT = "我叫王秀兰，电话13812345678，住天河区棠下大街12号，最近有点事，有点难处"


class EndPoint:
    """Answers as told: words, a status, a pause before, or too much."""

    def __init__(self) -> None:
        self.content, self.status, self.pause, self.filling = '{"needs": ["livelihood"], "urgency": "high"}', 200, 0.0, 0
        self.asked: list[dict[str, Any]] = []
        self.heads: list[str] = []
        self.port = 0

    async def served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(next(line.split(":")[1] for line in head.lower().splitlines() if line.startswith("content-length")))
            self.heads.append(head)
            self.asked.append(json.loads(await reader.readexactly(length)))
            await asyncio.sleep(self.pause)
            answer = json.dumps({"id": "1", "choices": [{"index": 0, "message": {"role": "assistant", "content": self.content}}]}).encode()
            answer += b" " * self.filling
            writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(answer)}\r\nconnection: close\r\n\r\n".encode() + answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has hung up
        finally:
            writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[EndPoint]:
    one = EndPoint()
    server = await asyncio.start_server(one.served, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    async with server:
        yield one


@asynccontextmanager
async def advised(database: Database) -> AsyncIterator[tuple[Desk, EndPoint]]:
    async with listening() as there:
        url = f"http://127.0.0.1:{there.port}/v1"
        async with Desk(INTAKE).open(database, triage_url=url, triage_key="secret", triage_model="m", triage_seconds=0.5) as desk:
            yield desk, there


async def asked(desk: Desk, text: str = TEXT) -> dict[str, Any]:
    answer = await desk.post("/triage?second_opinion=true", {"text": text})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_an_opinion_adds_needs_and_raises_an_urgency(database: Database) -> None:
    async with advised(database) as (desk, there):
        said = await asked(desk)
        assert said["second_opinion"] == {"status": "given", "needs": ["livelihood"], "urgency": "high"}
        assert said["urgency"]["level"] == "high"
        assert "livelihood" in [need["code"] for need in said["needs"]]
        assert there.asked[0]["model"] == "m"
        assert "authorization: bearer secret" in there.heads[0].lower()


async def test_what_names_a_person_does_not_leave(database: Database) -> None:
    async with advised(database) as (desk, there):
        await asked(desk)
        sent = json.dumps(there.asked, ensure_ascii=False)
        assert "难处" in sent
        assert not [word for word in ("王秀兰", "13812345678", "棠下大街", "12号") if word in sent]


async def test_danger_that_was_found_is_never_lowered(database: Database) -> None:
    async with advised(database) as (desk, there):
        there.content = '{"needs": [], "urgency": "none"}'
        said = await asked(desk, "我割腕了")
        assert said["urgency"]["level"] == "critical"
        assert "mental_health" in [need["code"] for need in said["needs"]]
        there.content = '{"needs": ["housing"], "urgency": "normal"}'
        said = await asked(desk, "我割腕了")
        assert said["urgency"]["level"] == "critical"
        assert {"mental_health", "housing"} <= {need["code"] for need in said["needs"]}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("I am sorry, I cannot help with that.", "nonsense"),
        ('{"needs": ["money"], "urgency": "high"}', "nonsense"),
        ('{"needs": ["medical"], "urgency": "extreme"}', "nonsense"),
        ('{"needs": [], "urgency": "high"}', "nonsense"),
        ('{"needs": ["medical"], "urgency": "none"}', "nonsense"),
        ('{"needs": ["medical"], "urgency": "high", "call": "rm -rf"}', "nonsense"),
    ],
)
async def test_nonsense_changes_nothing_and_is_named(database: Database, content: str, status: str) -> None:
    async with advised(database) as (desk, there):
        alone = (await desk.post("/triage", {"text": TEXT})).json()
        there.content = content
        said = await asked(desk)
        assert said.pop("second_opinion")["status"] == status
        assert said == alone


@pytest.mark.parametrize(("how", "status"), [({"pause": 3.0}, "late"), ({"status": 500}, "refused"), ({"filling": 200_000}, "nonsense")])
async def test_who_is_late_broken_or_endless_is_done_without(database: Database, how: dict[str, Any], status: str) -> None:
    async with advised(database) as (desk, there):
        vars(there).update(how)
        began = asyncio.get_running_loop().time()
        said = await asked(desk)
        assert said["second_opinion"] == {"status": status, "needs": [], "urgency": None}
        assert asyncio.get_running_loop().time() - began < 2.5


async def test_after_some_failures_nobody_is_asked_for_a_while(database: Database) -> None:
    async with advised(database) as (desk, there):
        there.status = 500
        found = [(await asked(desk))["second_opinion"]["status"] for _ in range(5)]
        assert found == ["refused"] * 3 + ["resting"] * 2
        assert len(there.asked) == 3


async def test_an_end_point_that_is_away_is_named(database: Database) -> None:
    async with listening() as there:
        port = there.port
    async with Desk(INTAKE).open(database, triage_url=f"http://127.0.0.1:{port}/v1") as desk:
        assert (await asked(desk))["second_opinion"]["status"] == "unreachable"


async def test_without_the_setting_nobody_is_asked(desk: Desk) -> None:
    assert (await asked(desk))["second_opinion"]["status"] == "off"


async def test_a_report_that_is_not_understood_gets_a_second_opinion(database: Database) -> None:
    said = {"channel": "hotline", "received_at": "2026-11-23T09:00:00+08:00", "person": {"name": "赵小满", "phone": "13800138000"}}
    async with advised(database) as (desk, there):
        unclear = await desk.reported({**said, "narrative": "赵小满那个事"})
        assert unclear["urgency"]["level"] == "high"
        assert "second_opinion" in unclear["urgency"]["because"]
        assert "赵小满" not in json.dumps(there.asked, ensure_ascii=False)
        clear = await desk.reported({**said, "narrative": "孩子得了白血病，没钱治"})
        assert "medical" in [need["code"] for need in clear["needs"]]
        assert len(there.asked) == 1


def test_an_opinion_never_takes_away() -> None:
    own = Triage({"medical": ("model",)}, "high", ("model",), {"medical": ("药",)}, confidence={"medical": 0.9, "urgency": 0.8})
    assert joined(own, Opinion("late")) == own
    assert joined(own, Opinion("given")) == own
    more = joined(own, Opinion("given", ("housing", "medical"), "normal"))
    assert (more.level, list(more.needs), more.needs["medical"]) == ("high", ["medical", "housing"], ("model",))
