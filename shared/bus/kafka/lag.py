"""How far every group is behind: in messages, and in seconds since its first unread message was published."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from shared.bus import Behind, GroupLag, TopicState
from shared.bus.kafka.clients import ended


async def described(admin: AIOKafkaAdminClient, reader: Callable[[str | None, str | None], AIOKafkaConsumer]) -> list[TopicState]:
    """Every topic but Kafka's own, and every group that reads or has read it."""
    sizes = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics() if not t["topic"].startswith("__")}
    groups = sorted(name for name, kind in await admin.list_consumer_groups() if kind == "consumer")
    read = await asyncio.gather(*[_read(admin, group) for group in groups])
    probe = reader(None, None)
    try:
        await probe.start()
        places = [TopicPartition(name, n) for name, size in sizes.items() for n in range(size)]
        ends, begins = await probe.end_offsets(places), await probe.beginning_offsets(places)
        lags: dict[str, list[GroupLag]] = {name: [] for name in sizes}
        for group, (topics, committed) in zip(groups, read, strict=True):
            at = {place: max(committed.get(place, 0), begins[place]) for place in places if place.topic in topics}
            ages = await _ages(probe, {place: offset for place, offset in at.items() if offset < ends[place]})
            for topic in sorted(topics & set(sizes)):
                mine = [place for place in at if place.topic == topic]
                behind = sum(max(0, ends[place] - at[place]) for place in mine)
                lags[topic].append(GroupLag(group, behind, max((ages.get(place, 0.0) for place in mine), default=0.0)))
    finally:
        await ended(probe.stop)
    published = {name: sum(ends[TopicPartition(name, n)] for n in range(size)) for name, size in sizes.items()}
    return [TopicState(name, size, published[name], tuple(lags[name])) for name, size in sorted(sizes.items())]


async def unread(admin: AIOKafkaAdminClient, probe: AIOKafkaConsumer, coordinators: Mapping[str, int]) -> Mapping[str, Behind]:
    """For each of these groups what it has read and not read, by its committed places and the ends of their partitions."""
    answers = await asyncio.gather(
        *[admin.list_consumer_group_offsets(group, group_coordinator_id=node) for group, node in coordinators.items()]
    )
    committed = [{place: at.offset for place, at in offsets.items() if at.offset >= 0} for offsets in answers]
    ends = await probe.end_offsets(list({place for places in committed for place in places}))
    return {
        group: Behind(sum(places.values()), sum(max(0, ends[place] - at) for place, at in places.items()))
        for group, places in zip(coordinators, committed, strict=True)
        if places
    }


async def _read(admin: AIOKafkaAdminClient, group: str) -> tuple[set[str], dict[TopicPartition, int]]:
    """Its topics and its places; what members are assigned counts too: a group that never committed is behind as well."""
    coordinator = await admin.find_coordinator(group)
    offsets, answers = await asyncio.gather(
        admin.list_consumer_group_offsets(group, group_coordinator_id=coordinator),
        admin.describe_consumer_groups([group], group_coordinator_id=coordinator),
    )
    committed = {place: at.offset for place, at in offsets.items() if at.offset >= 0}
    members = [member for _, _, _, _, _, found, *_ in answers[0].groups for member in found]
    plans = [ConsumerProtocolMemberAssignment.decode(member[-1]) for member in members if member[-1]]
    return {place.topic for place in committed} | {name for plan in plans for name, _ in plan.assignment}, committed


async def _ages(probe: AIOKafkaConsumer, unread: Mapping[TopicPartition, int]) -> dict[TopicPartition, float]:
    """Seconds since the first unread message of each partition was published."""
    ages: dict[TopicPartition, float] = {}
    if not unread:
        return ages
    probe.assign(list(unread))
    for place, offset in unread.items():
        probe.seek(place, offset)
    until = time.monotonic() + 2
    while len(ages) < len(unread) and time.monotonic() < until:
        for place, records in (await probe.getmany(timeout_ms=300)).items():
            if place not in ages:
                ages[place] = max(0.0, time.time() - records[0].timestamp / 1000)
                probe.pause(place)
    return ages
