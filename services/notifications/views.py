"""From rows to answers: the feed as each reader may see it, timelines, subscriptions, messages, the numbers of the first page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true

from services.notifications.domain import numbers
from services.notifications.domain.subscription import Wanted
from services.notifications.tables import attempts, cursors, deliveries, feed, flow, messages, preferences, seen, subscriptions, withdrawals
from shared.clock import local_day
from shared.http import Door

FEED_COLUMNS = (
    feed.c.position, feed.c.event_id, feed.c.type, feed.c.case_id, feed.c.org_id, feed.c.person_id, feed.c.district, feed.c.needs,
    feed.c.at, feed.c.data, feed.c.correlation, feed.c.causation,
)  # fmt: skip
# What an organisation must obey reaches it even after a withdrawal.
_ORDERS = ("matching.referral_revoked.v1", "notifications.subject_withdrawn.v1")
_ENDED = ("matching.referral_revoked.v1", "matching.referral_declined.v1", "matching.referral_lapsed.v1")
_SHARED_WITH_CHARITY = {"purposes": ["referral"], "recipients": ["charity"]}
_TOTALS = ("reports", "cases", "referred", "accepted", "paid", "paid_fen", "goods")


def _withheld() -> ColumnElement[bool]:
    again = feed.alias("again")
    later = select(again.c.position).where(
        again.c.case_id == withdrawals.c.subject,
        again.c.type == "intake.consent_given.v1",
        again.c.at > withdrawals.c.at,
        again.c.data.contains(_SHARED_WITH_CHARITY),
    )
    return (
        select(withdrawals.c.subject)
        .where(
            withdrawals.c.subject.in_([feed.c.case_id, feed.c.person_id]),
            or_(withdrawals.c.erased, ~later.exists()),
        )
        .exists()
    )


def _party(org: str) -> ColumnElement[bool]:
    """The organisation accepted a referral of this case, and it was not taken from it since."""
    accepted, ended = feed.alias("accepted"), feed.alias("ended")
    over = select(ended.c.position).where(
        ended.c.case_id == accepted.c.case_id, ended.c.org_id == org, ended.c.type.in_(_ENDED), ended.c.position > accepted.c.position
    )
    return (
        select(accepted.c.position)
        .where(
            accepted.c.case_id == feed.c.case_id,
            accepted.c.org_id == org,
            accepted.c.type == "matching.referral_accepted.v1",
            ~over.exists(),
        )
        .exists()
    )


def _consented() -> ColumnElement[bool]:
    said = feed.alias("said")
    return (
        select(said.c.position)
        .where(
            said.c.case_id == feed.c.case_id,
            or_(
                and_(said.c.type == "intake.case_opened.v1", said.c.data.contains({"consent": _SHARED_WITH_CHARITY})),
                and_(said.c.type == "intake.consent_given.v1", said.c.data.contains(_SHARED_WITH_CHARITY)),
            ),
        )
        .exists()
    )


def visible(org: str | None) -> ColumnElement[bool]:
    """The published rule (README.md, "Who hears what"): None sees every event, an organisation its own and what consent shares."""
    if org is None:
        return true()
    nobody = and_(feed.c.case_id.is_(None), feed.c.person_id.is_(None), feed.c.org_id.is_(None))
    own = and_(feed.c.org_id == org, or_(feed.c.type.in_(_ORDERS), ~_withheld()))
    shared = and_(
        feed.c.org_id.is_(None), feed.c.case_id.is_not(None), feed.c.type.startswith("intake.case_", autoescape=True),
        _party(org), _consented(), ~_withheld(),
    )  # fmt: skip
    return or_(nobody, own, shared)


def _of_case(condition: ColumnElement[bool], other: Any) -> ColumnElement[bool]:
    return select(other.c.position).where(other.c.case_id == feed.c.case_id, condition).exists()


def wanted_by(wanted: Wanted) -> ColumnElement[bool]:
    """The subscriber's own filter; an event that names no district or need is judged by its case."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.event_types:
        exact = [t for t in wanted.event_types if not t.endswith("*")]
        open_ended = [t[:-1] for t in wanted.event_types if t.endswith("*")]
        named = [feed.c.type.in_(exact)] if exact else []
        conditions.append(or_(false(), *named, *[feed.c.type.startswith(t, autoescape=True) for t in open_ended]))
    if wanted.districts:
        other = feed.alias("placed")
        conditions.append(
            or_(
                feed.c.district.in_(wanted.districts),
                and_(feed.c.district.is_(None), _of_case(other.c.district.in_(wanted.districts), other)),
            )
        )
    if wanted.needs:
        other = feed.alias("needing")
        needs = list(wanted.needs)
        conditions.append(or_(feed.c.needs.overlap(needs), and_(feed.c.needs.is_(None), _of_case(other.c.needs.overlap(needs), other))))
    return and_(true(), *conditions)


def feed_after(position: int, limit: int, org: str | None, wanted: Wanted, until: int | None = None) -> Select[Any]:
    """The next events this reader may see and wants."""
    statement = select(*FEED_COLUMNS).where(feed.c.position > position, visible(org), wanted_by(wanted))
    if until is not None:
        statement = statement.where(feed.c.position <= until)
    return statement.order_by(feed.c.position).limit(limit)


def feed_at(positions: Collection[int], org: str | None) -> Select[Any]:
    """Those of these events that this reader may see now."""
    return select(*FEED_COLUMNS).where(feed.c.position.in_(positions), visible(org)).order_by(feed.c.position)


def feed_ends() -> Select[Any]:
    """The oldest and newest position kept; both None while nothing was heard."""
    return select(func.min(feed.c.position).label("oldest"), func.max(feed.c.position).label("newest"))


def seen_by(org: str, case_ids: Collection[str]) -> Select[Any]:
    return select(seen.c.case_id).where(seen.c.org_id == org, seen.c.case_id.in_(case_ids))


def recipients_of(case_ids: Sequence[str], person_id: str | None) -> Select[Any]:
    """Organisations that may have received these cases or this person."""
    them = seen.c.case_id.in_(case_ids)
    return select(seen.c.org_id).where(them if person_id is None else or_(them, seen.c.person_id == person_id)).distinct()


def preferences_of(person_ids: Collection[str]) -> Select[Any]:
    return select(preferences).where(preferences.c.person_id.in_(person_ids))


def timeline_of(case_id: str, org: str | None, limit: int = 2000) -> Select[Any]:
    return select(*FEED_COLUMNS).where(feed.c.case_id == case_id, visible(org)).order_by(feed.c.position).limit(limit)


def subscription_by_id(subscription_id: str) -> Select[Any]:
    return select(subscriptions, cursors.c.position).join(
        cursors, and_(cursors.c.subscription_id == subscriptions.c.id, cursors.c.round == subscriptions.c.round)
    ).where(subscriptions.c.id == subscription_id)  # fmt: skip


def subscriptions_of(owner: str | None) -> Select[Any]:
    """Those of one owner, or all."""
    statement = select(subscriptions).where(subscriptions.c.status != "deleted")
    return statement if owner is None else statement.where(subscriptions.c.owner == owner)


def active_subscriptions() -> Select[Any]:
    return select(subscriptions.c.id, subscriptions.c.round, subscriptions.c.org_id, cursors.c.position).join(
        cursors, and_(cursors.c.subscription_id == subscriptions.c.id, cursors.c.round == subscriptions.c.round)
    ).where(subscriptions.c.status == "active")  # fmt: skip


def subscriptions_with_due(now: datetime) -> Select[Any]:
    return select(deliveries.c.subscription_id).where(deliveries.c.due_at <= now).distinct()


def due_deliveries(subscription_id: str, now: datetime, limit: int) -> Select[Any]:
    of = and_(deliveries.c.subscription_id == subscription_id, deliveries.c.due_at <= now)
    return select(deliveries).where(of).order_by(deliveries.c.due_at).limit(limit)


def waiting_count(subscription_id: str) -> Select[Any]:
    return select(func.count().label("waiting")).where(deliveries.c.subscription_id == subscription_id, deliveries.c.due_at.is_not(None))


def deliveries_of(subscription_id: str) -> Select[Any]:
    return select(deliveries).where(deliveries.c.subscription_id == subscription_id)


def delivery_by_id(subscription_id: str, delivery_id: str) -> Select[Any]:
    return deliveries_of(subscription_id).where(deliveries.c.id == delivery_id)


def attempts_of(subscription_id: str, limit: int = 50) -> Select[Any]:
    return select(attempts).where(attempts.c.subscription_id == subscription_id).order_by(attempts.c.at.desc()).limit(limit)


def attempts_of_deliveries(delivery_ids: Collection[str]) -> Select[Any]:
    return select(attempts).where(attempts.c.delivery_id.in_(delivery_ids)).order_by(attempts.c.at)


def message_list(case_id: str | None, status: str | None) -> Select[Any]:
    statement = select(messages)
    if case_id is not None:
        statement = statement.where(messages.c.case_id == case_id)
    return statement if status is None else statement.where(messages.c.status == status)


async def counters(door: Door) -> dict[str, Any]:
    """What Kapok did: in all, today, and by district; numbers only, None where a number stands on too few people to be shown."""
    sums = [func.coalesce(func.sum(flow.c[name]), 0).label(name) for name in _TOTALS]
    today = local_day(door.now)
    whole = await door.rows(select(*sums))
    of_today = await door.rows(select(*sums).where(flow.c.day == today))
    districts = await door.rows(select(flow.c.district, *sums).group_by(flow.c.district).order_by(flow.c.district))
    return {
        "day": today.isoformat(),
        "all": _numbers(whole[0]),
        "today": _numbers(of_today[0]),
        "districts": numbers.by_district([(row["district"], _numbers(row)) for row in districts if row["district"]]),
    }


def _numbers(row: dict[str, Any]) -> dict[str, int]:
    return {name: int(row[name]) for name in _TOTALS}
