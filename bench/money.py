"""Money: transfers against the store's own batch append, fifty thousand gifts matched, a trial balance and a proof among ten million entries."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx

from bench.measure import Row, compared, in_turn
from services.disbursement.checking import check_books
from services.disbursement.domain import merkle
from services.disbursement.domain.treasury import OpenFund, TakeIn, Transfer
from services.disbursement.follow import CITY
from services.disbursement.manifest import DISBURSEMENT
from services.disbursement.views import balance_rows
from shared.clock import new_id
from shared.runtime import House, environment
from shared.security import Principal
from shared.service import To
from shared.settings import Settings
from shared.store.commit import Commit, EventRow

GIFTS, SENDERS, DONORS = 50_000, 64, 20_000
ENTRIES, ACCOUNTS, DAYS = 10_000_000, 400, 730
POOL_FEN, GIFT_MAX_FEN, DAY_MAX_FEN = 600_000_000, 20_000, 50_000
_SECONDS, _CALLERS, _BATCH = 3.0, 128, 100
_KEY = base64.b64encode(b"m" * 32).decode()


def rows(dsn: Callable[[str], str], rounds: int) -> list[Row]:
    return [
        *_proofs(rounds),  # first: it ends soonest where something is wrong
        *transfers(dsn, rounds),
        *asyncio.run(_gifts(dsn("money_gifts"), dsn("money_gifts_bus"))),
        *asyncio.run(_books(dsn("money_books"), dsn("money_books_bus"), rounds)),
    ]


def _house(store: str, bus: str) -> House:
    told = Settings(kek=_KEY, index_key=_KEY, signing_key=_KEY, demo=True, rate_per_second=1_000_000, rate_burst=1_000_000)
    return House((DISBURSEMENT,), lambda: environment(told, dsns={"disbursement": store, "bus": bus}))


def transfers(dsn: Callable[[str], str], rounds: int) -> list[Row]:
    """Each round both ways on one store, one after the other: commands with entries, balances and sums by day, and bare events."""
    ways = {
        "ours": lambda: asyncio.run(_transferred(dsn("money_moves"), dsn("money_moves_bus"))),
        "append": lambda: asyncio.run(_appended(dsn("money_moves"), dsn("money_moves_bus"))),
    }
    results = in_turn(ways, rounds)
    name = f"a transfer between funds: decided, booked twice, summed by day and year; {_CALLERS} callers, one stream"
    return [compared(name, f"the store's batch append, {_BATCH} events a transaction", results, "ours", "append", 0.4, 0.5)]


async def _transferred(store: str, bus: str) -> float:
    """Transfers a second; every one is in the books at the end."""
    house = _house(store, bus)
    async with house.open():
        room = house.opened["disbursement"].room
        await room.execute(*[To("treasury", CITY, OpenFund(f, f)) for f in ("a", "b")], actor="bench")
        await room.execute(To("treasury", CITY, TakeIn(new_id(), "a", 10**12)), actor="bench")
        done, start = [0] * _CALLERS, time.perf_counter()

        async def caller(i: int) -> None:
            while time.perf_counter() - start < _SECONDS:
                await room.execute(To("treasury", CITY, Transfer(new_id(), "a", "b", 1, "city_decision")), actor="bench", patient=True)
                done[i] += 1

        await asyncio.gather(*[caller(i) for i in range(_CALLERS)])
        rate = sum(done) / (time.perf_counter() - start)
        await _all_is_booked(room)
        return rate


async def _all_is_booked(room: Any) -> None:
    found = await check_books(room)
    # Nothing of it was published: these transfers and gifts are asked of the treasury itself.
    assert [f.what for f in found.faults] in ([], ["what is held is not what was published"]), found.faults


async def _appended(store: str, bus: str) -> float:
    """Events a second of the same shape, by the store alone."""
    house = _house(store, bus)
    async with house.open():
        inner = house.opened["disbursement"].room.store
        async with inner.reading() as connection:
            kept = await connection.fetchrow(
                "select type, schema, data::text as data, at from events where type like '%Transferred' limit 1"
            )
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < _SECONDS:
            stream = f"disbursement.bench-{new_id()}"
            some = [
                EventRow(stream, n, new_id(), kept["type"], kept["schema"], kept["data"], kept["at"], "bench", new_id(), None)
                for n in range(1, _BATCH + 1)
            ]
            await inner.write(Commit(events=some))
            done += _BATCH
        return done / (time.perf_counter() - start)


def _gift(n: int) -> tuple[str, int]:
    draw = random.Random(n)  # noqa: S311 - a story, not a secret
    return f"donor-{draw.randrange(DONORS)}", draw.choice((100, 990, 5_000, 10_000, 19_999, 20_000, 50_000, 100_001))


async def _gifts(store: str, bus: str) -> list[Row]:
    """Fifty thousand gifts to one campaign by many senders at once, each matched; then the pool against a book of its own."""
    house = _house(store, bus)
    transport = httpx.ASGITransport(app=house)
    async with httpx.AsyncClient(transport=transport, base_url="http://kapok", timeout=120) as client, house.open():
        assert house.environment is not None
        token = house.environment.issuer.sign(Principal("finance", frozenset({"finance"}), None), 36_000)
        headers = {"authorization": f"Bearer {token}"}

        async def asked(path: str, body: Any) -> dict[str, Any]:
            answer = await client.post(f"/disbursement/v1{path}", json=body, headers=headers)
            assert answer.status_code < 300, answer.text
            return dict(answer.json())

        today = house.opened["disbursement"].room.clock.now().date()
        for fund in ("matching", "gifts"):
            await asked("/funds", {"id": fund, "name": fund})
        await asked("/donations", {"donation_ref": "pool", "kind": "cash", "fund_id": "matching", "amount_fen": POOL_FEN})
        year = str(today.year)
        campaign = {
            "id": "99", "name": "99", "org_id": "city", "fund_id": "gifts", "goal_fen": 10**10, "first_day": f"{year}-01-01",
            "last_day": f"{year}-12-31", "registered_on": "2010-01-01", "permit": "A-1",
        }  # fmt: skip
        await asked("/campaigns", campaign)
        pool = {
            "id": "p", "campaign_id": "99", "fund_id": "matching", "amount_fen": POOL_FEN, "donation_max_fen": GIFT_MAX_FEN,
            "donor_day_max_fen": DAY_MAX_FEN,
        }  # fmt: skip
        await asked("/match-pools", pool)
        taken: list[float] = []
        waiting = iter(range(GIFTS))

        async def sender() -> None:
            for n in waiting:
                donor, fen = _gift(n)
                start = time.perf_counter()
                gift = {"donation_ref": f"g-{n}", "kind": "cash", "campaign_id": "99", "amount_fen": fen, "donor": {"ref": donor}}
                await asked("/donations", gift)
                taken.append(time.perf_counter() - start)
                if len(taken) % 10_000 == 0:
                    print(f"  {len(taken):,} gifts", flush=True)

        start = time.perf_counter()
        await asyncio.gather(*[sender() for _ in range(SENDERS)])
        seconds = time.perf_counter() - start
        await _matched_exactly(store)
        found = await check_books(house.opened["disbursement"].room)
        assert found.faults == [], found.faults
    p99 = statistics.quantiles(taken, n=100)[98] * 1e3
    print(f"  {GIFTS:,} gifts in {seconds:.1f} s, p99 {p99:.1f} ms at full load", flush=True)
    name = f"{GIFTS:,} gifts to one campaign, {SENDERS} senders, each matched in its own unit and published"
    return [
        Row(f"{name}: a second", "-", GIFTS / seconds, 0, 170, 500, 1),
        Row(f"{name}: p99 at full load", "-", p99, 0, 1_000, 500, 1, "ms", False),
    ]


async def _matched_exactly(store: str) -> None:
    """A book of its own over the gifts in the order in which the pool saw them: every fen of every match is the rule's."""
    connection = await asyncpg.connect(store)
    seen = await connection.fetch(
        "select data::jsonb as data from events where stream = 'disbursement.match_pool-p' and type like '%Matched' order by version"
    )
    await connection.close()
    left, of_day, gifts = POOL_FEN, dict[tuple[str, str], int](), set[str]()
    for row in seen:
        told = json.loads(row["data"])
        fen = min(told["asked_fen"], GIFT_MAX_FEN, DAY_MAX_FEN - of_day.get((told["donor"], told["day"]), 0), left)
        assert told["amount_fen"] == fen, told
        assert told["donation_id"] not in gifts, "matched twice"
        gifts.add(told["donation_id"])
        of_day[told["donor"], told["day"]] = of_day.get((told["donor"], told["day"]), 0) + fen
        left -= fen
    assert len(gifts) == GIFTS, len(gifts)
    assert left >= 0


_FILL = """
insert into entries (entry_id, line, at, kind, cause_id, debit, credit, unit, amount)
select 'e' || n, 0, timestamptz '2024-12-01Z' + (n % {days}) * interval '1 day' + interval '5 hours', 'Transferred', 'c' || n,
       'fund:f' || (n % {accounts}) || ':available', 'fund:f' || ((n * 7 + 1) % {accounts}) || ':available', 'fen', 1 + n % 1000
from generate_series({first}, {last}) n
"""
_SUMS = """
insert into {table} (account, unit, {day} debits, credits)
select account, unit, {day} sum(debits), sum(credits) from (
  select debit as account, unit, {of_day} amount as debits, 0 as credits from entries
  union all select credit, unit, {of_day} 0, amount from entries) as sides group by account, unit {by_day}
"""


async def _books(store: str, bus: str, rounds: int) -> list[Row]:
    """Ten million entries as rows; only what reads them is measured."""
    house = _house(store, bus)
    async with house.open():
        room = house.opened["disbursement"].room
        connection = await asyncpg.connect(store)
        step = ENTRIES // 20
        for first in range(0, ENTRIES, step):
            await connection.execute(_FILL.format(days=DAYS, accounts=ACCOUNTS, first=first, last=first + step - 1))
        for table, day, of_day, by_day in (("balances", "", "", ""), ("balance_days", "day,", "at::date as day,", ", day")):
            await connection.execute(_SUMS.format(table=table, day=day, of_day=of_day, by_day=by_day))
        await connection.execute("analyze entries, balances, balance_days")
        await connection.close()
        print(f"  {ENTRIES:,} entries", flush=True)
        at = room.clock.now().replace(year=2026, month=6, day=1, hour=6)
        now, then = [await _seconds(lambda: balance_rows(room)) for _ in range(rounds)], []
        for _ in range(rounds):
            then.append(await _seconds(lambda: balance_rows(room, None, at)))
        start = time.perf_counter()
        found = await check_books(room)
        checked = time.perf_counter() - start
        assert {f.what for f in found.faults} <= {"the account is below zero", "what is held is not what was published"}, found.faults[:3]
    return [
        Row(f"trial balance over {ENTRIES:,} entries (s)", "-", statistics.median(now), 0, 1, 1, rounds, "s", False, (min(now), max(now))),
        Row(
            f"trial balance over {ENTRIES:,} entries as of a moment of 18 months before (s)",
            "-",
            statistics.median(then),
            0,
            1,
            1,
            rounds,
            "s",
            False,
            (min(then), max(then)),
        ),
        Row("the standing check: every one of them summed again (s)", "-", checked, 0, 120, 60, 1, "s", False),
    ]


async def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    assert len(await work()) > 0
    return time.perf_counter() - start


def _proofs(rounds: int) -> list[Row]:
    """A tree of ten million entries grown from their hashes, as at a start, and audit paths of entries drawn by lot."""
    tree, hashes = merkle.Tree(), [os.urandom(5_000 * 32) for _ in range(ENTRIES // 5_000)]
    start = time.perf_counter()
    for run in hashes:
        tree.extend(run)
    grown = time.perf_counter() - start
    head = tree.root()
    draw, taken = random.Random(1), []  # noqa: S311 - which entries are asked for
    for _ in range(rounds * 200):
        index = draw.randrange(len(tree))
        start = time.perf_counter()
        path = tree.inclusion(index)
        taken.append((time.perf_counter() - start) * 1e3)
        run, at = hashes[index // 5_000], index % 5_000 * 32
        assert merkle.included(merkle.leaf(run[at : at + 32]), index, ENTRIES, path, head)
    return [
        Row(
            f"proof of one entry among {ENTRIES:,}, p99 (ms)",
            "-",
            statistics.quantiles(taken, n=100)[98],
            0,
            10,
            10,
            rounds * 200,
            "ms",
            False,
        ),
        Row("the tree over them grown at a start, without reading them (s)", "-", grown, 0, 60, 30, 1, "s", False),
    ]
