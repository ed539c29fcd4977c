"""What is handed to an organisation is noted before it leaves, so that a withdrawal reaches everybody who may have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.notifications import views
from services.notifications.tables import seen
from shared.room import Room
from shared.service import Put

Rows = Sequence[dict[str, Any]]


async def noted(room: Room, org: str | None, rows: Rows) -> Rows:
    """These rows, less those that were withdrawn while we noted them; raises `NotNow` when the store is away.

    Noting comes first: either the withdrawal is seen by the second look, or it comes later and finds the note.
    """
    cases = {row["case_id"]: row["person_id"] for row in rows if row["case_id"]}
    if org is None or not cases:
        return rows
    known = {row["case_id"] for row in await room.rows(views.seen_by(org, cases))}
    now = room.clock.now()
    fresh = [
        Put(seen, {"org_id": org, "case_id": case, "person_id": person, "at": now}) for case, person in cases.items() if case not in known
    ]
    if not fresh:
        return rows
    await room.execute(actor="sharing", rows=fresh)
    return await room.rows(views.feed_at([row["position"] for row in rows], org))
