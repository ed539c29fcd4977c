"""Heads kept as they were published, and what shows that a later one begins with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.disbursement.domain.head import HEAD, HeadGoesBack, HeadPublished, Heads, PublishHead, due
from services.disbursement.domain.merkle import consistent
from services.disbursement.publishing import keep
from shared.testing.alone import NOW
from tests.disbursement.conftest import Desk
from tests.disbursement.outside import leaf, led_to


def told(size: int, after_seconds: float = 0) -> PublishHead:
    return PublishHead(size, f"root-{size}", f"hash-{size}", f"signature-{size}", NOW + timedelta(seconds=after_seconds))


def test_a_head_is_published_once_a_minute_at_most_and_only_when_entries_came() -> None:
    (first,) = HEAD.decide(told(3), Heads())
    assert first == HeadPublished(3, "root-3", "hash-3", "signature-3", NOW)
    state = HEAD.evolve(Heads(), first)
    assert HEAD.decide(told(4, 59), state) == ()
    assert HEAD.decide(told(3, 60), state) == ()
    assert [e.size for e in HEAD.decide(told(4, 60), state)] == [4]
    assert not due(state, NOW + timedelta(seconds=59))


def test_no_head_covers_less_than_one_before() -> None:
    with pytest.raises(HeadGoesBack):
        HEAD.decide(told(2, 600), Heads(3, NOW))


async def heads(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desk.get("/public/heads", who=None, **query)).json()["items"]
    return found


async def test_heads_stay_as_they_were_published_and_the_newest_begins_with_each(desk: Desk) -> None:
    await desk.funded(10_000_000)
    await keep(desk.room)
    assert not await keep(desk.room), "nothing came since"
    for n in range(3):
        await desk.paid(f"case-{n}")
        desk.turn(minutes=1)
        await keep(desk.room)
    await desk.paid("case-last")
    shown = await heads(desk)
    assert [one["size"] for one in shown] == [5, 4, 3, 2, 1], "the newest is not kept yet"
    assert len({one["at"] for one in shown[1:]}) == 4
    newest = shown[0]
    for old in shown:
        since: dict[str, Any] = {"from": old["size"]}
        answer = (await desk.get("/public/consistency", who=None, **since)).json()
        assert (answer["from"]["root"], answer["to"]["root"]) == (old["root"], newest["root"])
        path = [bytes.fromhex(step) for step in answer["path"]]
        assert consistent(old["size"], bytes.fromhex(old["root"]), 5, bytes.fromhex(newest["root"]), path)
        assert not consistent(old["size"], leaf(b"another"), 5, bytes.fromhex(newest["root"]), path)
    both: dict[str, Any] = {"from": 2, "to": 4}
    between = (await desk.get("/public/consistency", who=None, **both)).json()
    assert between["to"] == shown[1], "a head that was kept is answered as it was"
    second = await desk.get("/public/heads", who=None, limit=2)
    assert [one["size"] for one in second.json()["items"]] == [5, 4, 3]
    rest = await heads(desk, limit=2, cursor=second.json()["next"])
    assert [one["size"] for one in rest] == [2, 1]


async def test_an_entry_is_proven_under_the_head_that_somebody_chooses(desk: Desk) -> None:
    await desk.funded(10_000_000)
    for n in range(4):
        await desk.paid(f"case-{n}")
    entry = (await desk.get("/public/entries", who=None)).json()["items"][2]
    for size in (3, 4, 5):
        proof = (await desk.get(f"/public/proof/{entry['entry_id']}", who=None, size=size)).json()
        path = [bytes.fromhex(step) for step in proof["path"]]
        assert proof["head"]["size"] == size
        assert led_to(leaf(bytes.fromhex(entry["hash"])), proof["index"], size, path) == bytes.fromhex(proof["head"]["root"])


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        ("/public/consistency", {}, "/query/from"),
        ("/public/consistency", {"from": -1}, "/query/from"),
        ("/public/consistency", {"from": "x"}, "/query/from"),
        ("/public/consistency", {"from": 2}, "/query/from"),
        ("/public/consistency", {"from": 0, "to": 9}, "/query/to"),
        ("/public/consistency", {"from": 10**30}, "/query/from"),
        ("/public/proof/{}", {"size": 0}, "/query/size"),
        ("/public/proof/{}", {"size": 2}, "/query/size"),
    ],
)
async def test_what_no_head_covers_is_refused_by_name(desk: Desk, path: str, query: dict[str, Any], pointer: str) -> None:
    await desk.funded(1_000)
    only = (await desk.get("/public/entries", who=None)).json()["items"][0]
    answer = await desk.get(path.format(only["entry_id"]), who=None, **query)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
