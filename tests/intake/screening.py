"""Screenings as the tests of their door and pages start and await them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.testing.waiting import until
from tests.intake.conftest import Desk

HEAD = "id_number,name,phone,category,residence_code,lives_alone,medical_self_paid_year_fen,months_without_income,last_contact_on"
MOTHER = "440106195512240023"
SON = "440104198001010016"


async def sent(desk: Desk, body: bytes, media: str = "text/csv", who: str = "gov", **query: Any) -> str:
    """The number of a screening that was asked for with a file."""
    headers = {**desk.headers(who), "content-type": media}
    answer = await desk.client.post("/intake/v1/screenings", content=body, headers=headers, params=query)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["screening_id"])


async def ended(desk: Desk, key: str) -> dict[str, Any]:
    """The screening as it is shown when it has ended."""
    shown: dict[str, Any] = {}

    async def over() -> bool:
        shown.update((await desk.get(f"/screenings/{key}", who="gov")).json())
        return shown["status"] in ("done", "failed", "stopped")

    await until(over, seconds=30)
    return shown


def lines(*rows: Mapping[str, Any]) -> bytes:
    """A file with these rows under the usual head."""
    names = HEAD.split(",")
    return "\n".join([HEAD, *(",".join(str(row.get(name, "")) for name in names) for row in rows)]).encode() + b"\n"
