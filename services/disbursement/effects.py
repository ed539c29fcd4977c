"""The bank: told once under the payout's own id, asked when its answer is not known; never told under another id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.disbursement.bank.adapter import bank_of
from services.disbursement.domain.instruction import WaitForFile
from services.disbursement.domain.keeping import Keep, KeepingEnded, years_later
from services.disbursement.domain.payout import Cancel, NoteBankAnswer, Payee, PayoutAccepted, PayoutBecameUnknown, PayoutInstructed, Terms
from services.disbursement.domain.stopping import StopAsked
from services.disbursement.domain.wish import WithdrawWish
from services.disbursement.views import payouts_about
from services.disbursement.wish_rows import wishes_about
from shared.clock import local_day
from shared.kernel import Rejected
from shared.room import Room
from shared.service import Answer, Effect, EffectCall, To, shredding

_INTAKE_SECONDS = 5.0
_STATUSES = {"accepted", "settled", "rejected", "returned"}
_ENDED = _STATUSES - {"accepted"}
_KEPT_BY_LAW = {"instructed", "accepted", "unknown", "settled", "confirmed", "returned"}
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_ASK_AGAIN_SECONDS = (1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)


def month_now(room: Room) -> str:
    return local_day(room.clock.now()).strftime("%Y-%m")


def _answer(call: EffectCall, note: NoteBankAnswer) -> Answer:
    return Answer((To("payout", call.envelope.data.terms.payout_id, note),))


async def payees(room: Room, case_ids: Sequence[str]) -> tuple[dict[str, Mapping[str, Any]], set[str]]:
    """Payee data just in time, under purpose payment; and the cases whose people have not agreed to be paid."""
    answer = await room.http.post(
        f"{room.settings.intake_at}/intake/v1/contacts:batch",
        json={"purpose": "payment", "case_ids": list(case_ids)},
        headers={"Authorization": f"Bearer {room.service_token('payment')}"},
        timeout=_INTAKE_SECONDS,
    )
    answer.raise_for_status()
    body = answer.json()
    return {item["case_id"]: item for item in body["items"] if not item.get("erased")}, set(body.get("without_consent", ()))


def _payment(terms: Terms, payee: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "end_to_end_id": terms.end_to_end_id,
        "amount_fen": terms.amount_fen,
        "currency": "CNY",
        "creditor": {
            "name": payee.get("name") or "",
            "id_number": payee.get("id_number") or "",
            "account": payee.get("account_number") or "",
        },
    }


async def instruct(calls: Sequence[EffectCall], room: Room) -> list[Answer]:
    """Tell the bank. Whoever can't be paid is rejected here; what the bank did not answer for is unknown."""
    bank, month = bank_of(room), month_now(room)
    if not bank.at_once:
        return [Answer((To("instruction", call.envelope.data.terms.payout_id, WaitForFile()),)) for call in calls]
    known, unwilling = await payees(room, list({c.envelope.data.terms.case_id for c in calls}))
    payments, asked, unpayable = [], {}, []
    for call in calls:
        terms = call.envelope.data.terms
        if terms.case_id in known:
            payments.append(_payment(terms, known[terms.case_id]))
            asked[terms.end_to_end_id] = known[terms.case_id]
        else:
            unpayable.append(terms.end_to_end_id)
    # A call that broke off before may have told the bank already: it is asked before anybody is turned away.
    before = await bank.found(unpayable) if unpayable else {}
    statuses = await bank.tell(payments) if payments else {}
    answers = []
    for call in calls:
        terms = call.envelope.data.terms
        if terms.case_id in known:
            answers.append(_answer(call, _noted(statuses.get(terms.end_to_end_id), month, asked[terms.end_to_end_id])))
        elif before is None:
            answers.append(Answer(retry=True, why="the bank does not say whether it was told"))
        elif terms.end_to_end_id in before:
            answers.append(_answer(call, _noted(before[terms.end_to_end_id], month)))
        else:
            why = "no_payment_consent" if terms.case_id in unwilling else "no_payee"
            answers.append(_answer(call, NoteBankAnswer("rejected", month, why)))
    return answers


def _noted(status: Mapping[str, Any] | None, month: str, payee: Mapping[str, Any] | None = None) -> NoteBankAnswer:
    if status is None or status.get("status") not in _STATUSES:
        return NoteBankAnswer("unknown", month, "no_answer" if status is None else "unclear_answer")
    kept = None
    if payee is not None and status["status"] in {"settled", "returned"}:
        number = payee.get("account_number") or payee.get("id_number") or ""
        kept = Payee(payee.get("name") or "", number[-4:])
    reason = str(status.get("reason") or "")
    # It travels on a topic: a bank's code does, whatever else it may have said does not.
    return NoteBankAnswer(status["status"], month, reason if not reason or _CODE.fullmatch(reason) else "other", kept)


async def ask(calls: Sequence[EffectCall], room: Room) -> list[Answer]:
    """Ask the bank what became of payouts whose outcome is not known (or only accepted); asked again, later and later."""
    bank, month = bank_of(room), month_now(room)
    if not bank.at_once:
        return [Answer() for _ in calls]  # its files will say, or their absence by the day on which they were due
    found = await bank.found([c.envelope.data.terms.end_to_end_id for c in calls]) or {}
    answers = []
    for call in calls:
        status = found.get(call.envelope.data.terms.end_to_end_id)
        if status is not None and status.get("status") in _ENDED:
            answers.append(_answer(call, _noted(status, month)))
        else:
            pause = _ASK_AGAIN_SECONDS[min(call.attempt, len(_ASK_AGAIN_SECONDS)) - 1]
            answers.append(Answer(retry=True, delay_seconds=pause, why="not known yet"))
    return answers


def became_unknown(call: EffectCall) -> tuple[To, ...]:
    """Intake or bank could not be reached for long: nobody knows, so the bank will be asked."""
    month = local_day(call.envelope.at).strftime("%Y-%m")
    return (To("payout", call.envelope.data.terms.payout_id, NoteBankAnswer("unknown", month, "not_reached")),)


def left_to_people(call: EffectCall) -> tuple[To, ...]:
    """The bank never said: the payout stays unknown, and two people resolve it by the statement."""
    return ()


def _goes_on(no: Rejected) -> None:
    """Approved in the meantime: it can't be stopped any more, which must not keep the others from being stopped."""


async def stop(calls: Sequence[EffectCall], room: Room) -> list[Answer]:
    """Cancel what can still be cancelled; destroy a person's key, at once or when the law no longer keeps whom money was paid to."""
    answers = []
    for call in calls:
        asked: StopAsked = call.envelope.data
        found = await room.rows(payouts_about(asked.about, asked.id))
        cancelled = tuple(
            To("payout", p["payout_id"], Cancel(asked.reason, "stop"), _goes_on)
            for p in found
            if p["state"] in {"requested", "reserved", "approved"}
        )
        wished = await room.rows(wishes_about(asked.about, asked.id))
        cancelled += tuple(To("wish", row["wish_id"], WithdrawWish(asked.reason), _goes_on) for row in wished)
        kept = [p["changed_at"] for p in found if p["state"] in _KEPT_BY_LAW] if asked.erase else []
        if kept:
            cancelled += (To("keeping", asked.id, Keep(asked.id, years_later(max(kept)))),)
        elif asked.erase:
            await room.shred(asked.id)
        answers.append(Answer(cancelled))
    return answers


EFFECTS = (
    Effect("instruct", PayoutInstructed, instruct, became_unknown, batch_max=200),
    Effect("ask_unknown", PayoutBecameUnknown, ask, left_to_people, batch_max=100, attempts_max=12),
    Effect("ask_accepted", PayoutAccepted, ask, became_unknown, batch_max=100, attempts_max=12),
    shredding("keeping_ended", KeepingEnded, lambda data: data.person_id),
    Effect("stop", StopAsked, stop, left_to_people, batch_max=50, attempts_max=20),
)
