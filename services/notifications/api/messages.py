"""The door to messages to people: what went out, in which words, and who wants to hear how."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from services.notifications import views
from services.notifications.letters import LETTERS, letter
from services.notifications.tables import messages, preferences
from shared.http import Door, NotFound, door_for
from shared.service import Put

router = APIRouter(prefix="/notifications/v1", tags=["messages"])
Caring = Annotated[Door, Depends(door_for("operator", "caseworker", "gov", "ops", "auditor", "admin"))]
PersonId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
Status = Literal["due", "sent", "failed", "withheld", "unknown"]


class PreferenceIn(BaseModel):
    """How a person wants to hear from us."""

    model_config = ConfigDict(strict=True, extra="forbid")
    channel: Literal["sms", "phone", "wechat", "email", "letter", "visit", "none"] = Field(description="`none`: nothing is sent.")
    language: Literal["zh", "en"] = Field("zh", description="Language of the letters.")


@router.get("/messages")
async def message_list(
    door: Caring, case_id: str | None = None, status: Status | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Messages to people, newest first: ids, templates and outcomes; never an address."""
    return dict(
        await door.page(views.message_list(case_id, status), order=(messages.c.due_at, messages.c.message_id), limit=limit, cursor=cursor)
    )


@router.get("/templates")
async def templates(door: Caring) -> dict[str, Any]:
    """Every template by code and language."""
    return {"items": [{"code": code, "language": language, "text": text} for (code, language), text in LETTERS.items()], "next": None}


@router.get("/templates/{code}/{language}")
async def template(code: str, language: str, door: Caring) -> dict[str, Any]:
    """The words of one template."""
    text = letter(code, language)
    if text is None:
        raise NotFound("template")
    return {"code": code, "language": language, "text": text}


@router.get("/preferences/{person_id}")
async def preference(person_id: str, door: Caring) -> dict[str, Any]:
    """How this person wants to hear from us; without a wish of their own, what each case says holds."""
    rows = await door.rows(views.preferences_of([person_id]))
    if not rows:
        raise NotFound("preference")
    return rows[0]


@router.put("/preferences/{person_id}")
async def prefer(
    person_id: PersonId, body: PreferenceIn, door: Annotated[Door, Depends(door_for("operator", "caseworker", "admin"))]
) -> dict[str, Any]:
    """From now on every message to this person goes this way."""
    row = {"person_id": person_id, "channel": body.channel, "language": body.language, "changed_at": door.now}
    await door.record(Put(preferences, row))
    return row
