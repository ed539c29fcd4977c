"""The door for people: a charity's engineer subscribes here, everybody concerned reads the story of a case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import ValidationError

from services.notifications import views
from services.notifications.api.reading import CASE_READERS, story_of
from services.notifications.api.subscriptions import OLD_SECRET_HOURS, SubscriptionIn, own, position_of, subscribed, tested
from services.notifications.audience import READERS, owner_of
from services.notifications.domain.subscription import (
    DeleteSubscription,
    PauseSubscription,
    ReplayFrom,
    ResumeSubscription,
    RotateSecret,
)
from services.notifications.tables import deliveries, subscriptions
from services.notifications.timeline import as_lines
from shared.http import Door
from shared.kernel import Rejected
from shared.problems import Invalid, NotFound
from shared.service import To
from shared.signing import new_secret
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/notifications", include_in_schema=False)
Engineer = Annotated[Page, Depends(page_for(*READERS))]
_LIST = "/notifications/subscriptions"
_LISTS = ("event_types", "districts", "needs")


def _words(text: str) -> list[str]:
    return text.replace(",", " ").replace("，", " ").split()


async def _listed(door: Door) -> Mapping[str, Any]:
    owner = None if door.may("ops", "admin") else owner_of(door.principal)
    return await door.page(views.subscriptions_of(owner), order=(subscriptions.c.made_at, subscriptions.c.id), limit=100)


@router.get("/subscriptions")
async def subscription_list(page: Engineer) -> Response:
    """What is sent where, and a form to ask for more."""
    listed = await _listed(page.door)
    return page.show("notifications/subscriptions.html", items=listed["items"], form={}, errors=[])


@router.post("/subscriptions")
async def subscribe(page: Engineer) -> Response:
    """The secret is shown on the page that answers, and never again."""
    form = await page.form()
    begin = "beginning" if form.get("begin") == "beginning" else "now"
    try:
        body = SubscriptionIn.model_validate({
            "url": form.get("url", "").strip(), "from": begin, **{name: _words(form.get(name, "")) for name in _LISTS},
        })  # fmt: skip
        made, secret = await subscribed(page.door, body)
    except (ValidationError, Invalid) as wrong:
        listed = await _listed(page.door)
        return page.show("notifications/subscriptions.html", items=listed["items"], form=form, errors=_errors(page, wrong))
    return page.show("notifications/secret.html", subscription_id=made, secret=secret, old_until=None)


def _errors(page: Page, wrong: ValidationError | Invalid) -> list[tuple[str, str]]:
    """One sentence for each field that is wrong."""
    fields = [wrong.pointer.lstrip("/")] if isinstance(wrong, Invalid) else [str(e["loc"][0]) for e in wrong.errors()]
    return [(name, page.t(f"notifications.wrong.{name}")) for name in dict.fromkeys(fields)]


async def _shown(page: Page, subscription_id: str, **more: Any) -> Response:
    door = page.door
    await own(door, subscription_id)
    rows = await door.rows(views.subscription_by_id(subscription_id))
    if not rows:
        raise NotFound("subscription")
    sent = await door.page(views.deliveries_of(subscription_id), order=(deliveries.c.last_at, deliveries.c.id), limit=50)
    tries = await door.rows(views.attempts_of(subscription_id))
    newest = (await door.rows(views.feed_ends()))[0]["newest"] or 0
    facts = {"item": rows[0], "deliveries": sent["items"], "attempts": tries, "behind": max(0, newest - rows[0]["position"])}
    return page.show("notifications/subscription.html", **{"outcome": None, "refused": "", **facts, **more})


@router.get("/subscriptions/{subscription_id}")
async def one(subscription_id: str, page: Engineer) -> Response:
    """One subscription: how far it is, what was tried, what can be done."""
    return await _shown(page, subscription_id)


async def _pause(door: Door, key: str) -> None:
    await door.execute(To("subscription", key, PauseSubscription()))


async def _resume(door: Door, key: str) -> None:
    await door.execute(To("subscription", key, ResumeSubscription()))


async def _replay(door: Door, key: str) -> None:
    await door.execute(To("subscription", key, ReplayFrom(await position_of(door, "beginning"))))


async def _delete(door: Door, key: str) -> None:
    await door.execute(To("subscription", key, DeleteSubscription()))
    await door.shred(key)


_ACTS: Mapping[str, Callable[[Door, str], Awaitable[None]]] = {"pause": _pause, "resume": _resume, "replay": _replay, "delete": _delete}


@router.post("/subscriptions/{subscription_id}")
async def act(subscription_id: str, page: Engineer) -> Response:
    """One of the buttons of the page: test, rotate, pause, resume, replay, delete."""
    act_name = (await page.form()).get("act", "")
    state = await own(page.door, subscription_id)
    if act_name == "test":
        return await _shown(page, subscription_id, outcome=await tested(page.door, state))
    if act_name == "rotate":
        secret, until = new_secret(), page.door.now + timedelta(hours=OLD_SECRET_HOURS)
        await page.door.execute(To("subscription", subscription_id, RotateSecret(secret, until)))
        return page.show("notifications/secret.html", subscription_id=subscription_id, secret=secret, old_until=until)
    if act_name not in _ACTS:
        raise NotFound("act")
    try:
        await _ACTS[act_name](page.door, subscription_id)
    except Rejected as no:
        return await _shown(page, subscription_id, refused=no.sentence)
    return page.back(_LIST if act_name == "delete" else f"{_LIST}/{subscription_id}?saved={act_name}")


@router.get("/cases/{case_id}")
async def case_story(case_id: str, page: Annotated[Page, Depends(page_for(*CASE_READERS))]) -> Response:
    """The story of a case from top to bottom, each event under the one that led to it."""
    story = await story_of(page.door, case_id)
    return page.show("notifications/case.html", case_id=case_id, lines=as_lines(story))


@router.get("/flow")
async def flow(page: Annotated[Page, Depends(page_for(public=True))]) -> Response:
    """The numbers of the first page: a fragment that asks for itself again every few seconds, or a page where no script runs."""
    template = "flow.html" if page.request.headers.get("hx-request") else "flow_page.html"
    return page.show(f"notifications/{template}", flow=await views.counters(page.door))
