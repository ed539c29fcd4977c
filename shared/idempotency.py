"""Answers kept under their Idempotency-Key, sealed, for two days."""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.store import Store

_SUBJECT = "kept-answers"
_TAKEOVER_SECONDS = 60
# A day is what callers may count on from others; the second is for who tries again at the same hour of the next day.
_KEEP_HOURS = 48
_PRUNE = (
    "delete from idempotency where ctid = any(array(select ctid from idempotency where at < now() - make_interval(hours => $1) "
    "order by at limit $2))"
)
_ROWS_AT_ONCE = 500


class Kept(msgspec.Struct, frozen=True):
    """An answer as it was given."""

    status: int
    media: str
    body: bytes


class Answers:
    """The kept answers of one store.

    A key is taken by a row; whoever crashed between taking it and answering is taken over after a minute (ids drawn from
    the key make the second try fall on what the first one wrote).
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, client: str, key: str, fingerprint: str) -> Kept | Literal["mine", "running", "other"]:
        async with self._store.reading() as connection:
            mine = await connection.fetchval(
                "insert into idempotency (client, key, fingerprint) values ($1, $2, $3) on conflict (client, key) do update set at = now() "
                "where idempotency.status is null and idempotency.fingerprint = excluded.fingerprint "
                "and idempotency.at < now() - make_interval(secs => $4) returning 1",
                client, key, fingerprint, _TAKEOVER_SECONDS,
            )  # fmt: skip
            if mine:
                return "mine"
            row = await connection.fetchrow(
                "select fingerprint, status, media, body from idempotency where client = $1 and key = $2", client, key
            )
        if row is None:
            return "running"
        if row["fingerprint"] != fingerprint:
            return "other"
        if row["status"] is None:
            return "running"
        await self._store.know([_SUBJECT])
        plain = self._store.ring.open(_SUBJECT, row["body"].decode(), f"{client}|{key}".encode())
        return Kept(row["status"], row["media"], plain or b"")

    async def end(self, client: str, key: str, kept: Kept) -> None:
        store = self._store
        async with store.reading() as connection:
            if await store.know([_SUBJECT]):
                wrapped = store.ring.make(_SUBJECT)
                await connection.execute(
                    "insert into subject_keys (subject, wrapped) values ($1, $2) on conflict do nothing", _SUBJECT, wrapped
                )
                store.ring.forget(_SUBJECT)
                await store.know([_SUBJECT])
            body = store.ring.seal(_SUBJECT, kept.body, f"{client}|{key}".encode()).encode()
            await connection.execute(
                "update idempotency set status = $3, media = $4, body = $5, at = now() where client = $1 and key = $2",
                client, key, kept.status, kept.media, body,
            )  # fmt: skip

    async def forget(self, client: str, key: str) -> None:
        async with self._store.reading() as connection:
            await connection.execute("delete from idempotency where client = $1 and key = $2 and status is null", client, key)

    async def prune(self) -> int:
        """Forget some of what is older than two days, a small batch at once; answers how many went, 0 when all did.

        A key that is taken over in the same moment has a new version of its row, which stays.
        """
        async with self._store.reading() as connection:
            return int((await connection.execute(_PRUNE, _KEEP_HOURS, _ROWS_AT_ONCE)).removeprefix("DELETE "))
