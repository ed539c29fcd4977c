"""How public events travel: one interface, two buses, at least once and in order within a key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from shared.envelope import Message, Received

KEEP_SECONDS = 30 * 24 * 3600  # how long a message stays on its topic, at least; the contract says thirty days


class GroupLag(Struct, frozen=True):
    """How far one consumer group is behind on one topic: messages, and seconds since the oldest unread one was published."""

    group: str
    messages: int
    seconds: float


class Behind(Struct, frozen=True):
    """How many messages one group has read on all its topics together, and how many it has not."""

    read: int
    unread: int


class TopicState(Struct, frozen=True):
    """One topic: how many partitions, how many messages were ever published, and who is how far behind."""

    name: str
    partitions: int
    published: int
    groups: tuple[GroupLag, ...] = ()


class Publisher(Protocol):
    """Used by one relay at a time."""

    async def open(self) -> None: ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Returns when all are durable, order within a key kept.

        Raises `NotNow` when it failed or its outcome is not known; the caller sends the same ids again.
        """

    async def close(self) -> None: ...


class Consumer(Protocol):
    """One member of a consumer group.

    `turns` grows whenever places were taken over from another member or read again: what comes then may have been worked
    through already.
    """

    turns: int

    async def open(self) -> None: ...

    async def poll(self, limit: int, wait_seconds: float) -> list[Received]:
        """What comes next, at most about `limit` a topic; empty after `wait_seconds` of silence. Raises `NotNow`."""

    async def commit(self, upto: Mapping[tuple[str, int], int]) -> None:
        """Everything before these offsets, by (topic, partition), is worked through."""

    async def rewind(self) -> None:
        """Read again from what was committed last."""

    async def close(self) -> None: ...


class Bus(Protocol):
    """Topics, and the doors to them."""

    async def provide(self, topics: Mapping[str, int]) -> None:
        """Make these topics (name -> partitions) where they are missing."""

    def publisher(self, name: str) -> Publisher: ...

    def consumer(self, group: str, topics: Sequence[str], member: str) -> Consumer: ...

    async def describe(self) -> list[TopicState]: ...

    async def behind(self, groups: Collection[str]) -> Mapping[str, Behind]:
        """Those of these groups that have read something, by name; cheap enough to ask some times a second. Raises `NotNow`."""

    async def prune(self, topics: Sequence[str], keep_seconds: float) -> int:
        """Forget some of what is older on these topics, a small batch at once; answers how many messages went, 0 when all did.

        What a group that ever committed a place on the topic has not read stays, however old it is. A bus whose servers
        prune by themselves has nothing to do here. Raises `NotNow`.
        """

    async def close(self) -> None: ...
