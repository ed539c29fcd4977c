"""Messages to people: due with the fact, sent once, never with an address in a log."""

from __future__ import annotations

import httpx
from sqlalchemy import select

from services.notifications.contract import PUBLISH
from services.notifications.domain.correspondence import MessageDue
from services.notifications.effects import nobody_knows, send
from services.notifications.letters import CHANNELS, LETTERS
from services.notifications.reactions import LANGUAGES
from services.notifications.tables import messages
from shared.service import EffectCall
from tests.notifications.conftest import Hall, told
from tests.notifications.stories import opened, payout, referral


async def worked_off(hall: Hall) -> None:
    """The effect's runner, once over everything due."""
    for e in await hall.room.history("message", "case-1"):
        if isinstance(e.data, MessageDue):
            (answer,) = await send([EffectCall(e.id, e, 1)], hall.room)
            await hall.room.execute(*answer.commands, actor="effect")


async def rows(hall: Hall) -> dict[str, tuple[str, str, str | None]]:
    found = await hall.room.rows(select(messages))
    return {row["template"]: (row["status"], row["channel"], row["why"]) for row in found}


async def test_the_story_of_a_case_is_told_to_its_person(hall: Hall, door: httpx.AsyncClient) -> None:
    await hall.hears("intake.case_opened.v1", opened(contact_by="sms"))
    await hall.hears("matching.referral_accepted.v1", referral())
    await hall.hears("disbursement.payout_settled.v1", payout())
    await worked_off(hall)
    assert await rows(hall) == dict.fromkeys(("received", "accepted", "settled"), ("sent", "sms", None))
    listed = (await door.get("/notifications/v1/messages", params={"case_id": "case-1"}, headers=told("operator"))).json()
    assert len(listed["items"]) == 3
    sent = [e for e in await hall.room.history("message", "case-1") if type(e.data) in PUBLISH]
    assert {PUBLISH[type(e.data)](e)[0].type for e in sent} == {"notifications.message_sent.v1"}


async def test_a_case_without_contact_writes_no_message_and_no_event(hall: Hall) -> None:
    await hall.hears("intake.case_opened.v1", opened())
    await hall.hears("matching.referral_accepted.v1", referral())
    await hall.hears("disbursement.payout_settled.v1", payout())
    assert await hall.room.history("message", "case-1") == []


async def test_who_wants_nothing_gets_nothing_and_the_reason_is_kept(hall: Hall, door: httpx.AsyncClient) -> None:
    put = await door.put("/notifications/v1/preferences/person-1", json={"channel": "none"}, headers=told("operator"))
    assert put.status_code == 200
    await hall.hears("intake.case_opened.v1", opened(contact_by="sms"))
    await worked_off(hall)
    assert await rows(hall) == {"received": ("withheld", "sms", "contact_none")}


async def test_a_later_wish_changes_channel_and_language(hall: Hall, door: httpx.AsyncClient) -> None:
    await hall.hears("intake.case_opened.v1", opened(contact_by="sms"))
    await door.put("/notifications/v1/preferences/person-1", json={"channel": "phone", "language": "en"}, headers=told("operator"))
    await worked_off(hall)
    assert await rows(hall) == {"received": ("sent", "phone", None)}
    assert (await door.get("/notifications/v1/preferences/person-1", headers=told("operator"))).json()["channel"] == "phone"
    assert (await door.get("/notifications/v1/preferences/nobody", headers=told("operator"))).status_code == 404
    assert (await door.put("/notifications/v1/preferences/person-1", json={"channel": "fax"}, headers=told("operator"))).status_code == 422


async def test_a_channel_nobody_carries_fails_with_its_reason(hall: Hall) -> None:
    await hall.hears("intake.case_opened.v1", opened(contact_by="pigeon"))
    await worked_off(hall)
    assert await rows(hall) == {"received": ("failed", "pigeon", "channel_unknown")}


async def test_when_nobody_knows_it_is_said_so(hall: Hall) -> None:
    await hall.hears("intake.case_opened.v1", opened(contact_by="sms"))
    (due,) = await hall.room.history("message", "case-1")
    await hall.room.execute(*nobody_knows(EffectCall(due.id, due, 10)), actor="effect")
    assert (await rows(hall))["received"][0] == "unknown"


async def test_every_template_is_there_in_every_language(door: httpx.AsyncClient) -> None:
    codes = {code for code, _ in LETTERS}
    assert codes == {"received", "accepted", "settled"}
    assert set(LETTERS) == {(code, language) for code in codes for language in LANGUAGES}
    assert "none" in CHANNELS
    assert (await door.get("/notifications/v1/templates/received/en", headers=told("operator"))).status_code == 200
    assert (await door.get("/notifications/v1/templates/received/fr", headers=told("operator"))).status_code == 404
