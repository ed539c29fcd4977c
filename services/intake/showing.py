"""How a case is shown: masked, or in full to those who may see it and say why, and then the look is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from services.intake.casework_showing import shown_clocks, shown_unit, shown_work
from services.intake.domain.case import Case, CaseReported, Reporter, Told
from services.intake.domain.facts import travelling
from services.intake.domain.look import RecordLook
from services.intake.domain.masking import masked_name, masked_number, masked_phone, masked_text
from services.intake.domain.person import Claims, Person
from services.intake.oneness import claims_of, one_person
from shared.clock import SHANGHAI
from shared.http import Door, Forbidden, NotFound
from shared.service import To

SEES_PERSONS = ("operator", "caseworker", "gov", "admin")
ABOVE = ("gov", "admin")  # who answers for what others decided
SEES_CASES = (*SEES_PERSONS, "charity", "auditor", "service")
_DECLARED_AS = {"contact": "referral", "referral": "contact"}  # who was referred is called about it
_PAYEE = ("name", "id_type", "id_number", "phone", "account_bank", "account_number")
_REACH = ("name", "phone", "address", "mailing_address", "residence_code", "languages")
_MASKS = {"name": masked_name, "phone": masked_phone, "id_number": masked_number, "address": masked_text, "account_number": masked_number}


async def known_case(door: Door, case_id: str, *, as_of: datetime | None = None) -> tuple[Case, CaseReported]:
    """The case for a caller who may know of it; a charity knows only those it serves."""
    state: Case = await door.state("case", case_id, as_of=as_of)
    if state.report is None:
        raise NotFound("case")
    if not door.may(*SEES_PERSONS, "auditor", "service"):
        now: Case = state if as_of is None else await door.state("case", case_id)  # who may look is a question of today
        if not serves(now, door.principal.org):
            raise NotFound("case")
    return state, state.report


def serves(state: Case, org: str | None) -> bool:
    """Whether this organisation has taken a need of the case, or the case itself with a consent to be referred to such as it."""
    if org is None:
        return False
    taken = state.org == org and any(one.answer == "accepted" and one.to_org == org for one in state.work.hand_overs)
    handed = taken and any("referral" in one.purposes and "charity" in one.recipients for one in state.consents)
    return handed or org in {one for _, one in state.serving}


def may_see_persons(door: Door) -> bool:
    """The role and a reason, both."""
    return bool(door.reason) and door.may(*SEES_PERSONS)


async def may_open(door: Door, person_id: str) -> bool:
    """The role and a reason, and a person whose data are not kept for the law alone: of those nothing is opened, whoever asks."""
    return may_see_persons(door) and (await door.state("person", person_id)).status != "restricted"


async def record_look(
    door: Door, purpose: str, *, persons: tuple[str, ...] = (), cases: tuple[str, ...] = (), reason: str | None = None
) -> None:
    """One audited event for this look; nothing is shown before it is durable."""
    look_id = door.new_id()
    look = RecordLook(look_id, door.principal.id, purpose, door.now, persons, cases, reason or door.reason)
    await door.execute(To("look", look_id, look))


def shown_claims(claims: Any, *, full: bool) -> dict[str, Any] | None:
    """None when the person's data have been erased."""
    if not isinstance(claims, Claims):
        return None
    plain = {key: value for key, value in asdict(claims).items() if value not in (None, ())}
    if full:
        return plain
    plain.pop("earlier_phones", None)
    plain.pop("account_bank", None)
    if "mailing_address" in plain:
        plain["mailing_address"] = masked_text(plain["mailing_address"])
    if "birth_date" in plain:
        plain["birth_date"] = plain["birth_date"][:4] + "-**-**"
    return {key: _MASKS[key](value) if key in _MASKS else value for key, value in plain.items()}


async def shown_case(door: Door, case_id: str, *, as_of: datetime | None = None) -> dict[str, Any]:
    """One case as this caller may see it, now or at an instant."""
    state, report = await known_case(door, case_id, as_of=as_of)
    person: Person = await door.state("person", report.person_id, as_of=as_of)
    together = (report.person_id,) if as_of is not None else await one_person(door, report.person_id)
    today: Person = person if as_of is None else await door.state("person", report.person_id)
    shut = today.status in ("erased", "restricted")
    full = may_see_persons(door) and today.status != "restricted"
    if full:
        await record_look(door, "case", persons=together, cases=(case_id,))
    claims = None if shut else person.claims if len(together) == 1 else await claims_of(door, report.person_id, together)
    told = report.told if isinstance(report.told, Told) else None
    facts = state.facts if isinstance(state.facts, Mapping) else {}
    return {
        "case_id": case_id,
        "person_id": report.person_id,
        "household_id": report.household_id,
        "report_id": report.report_id,
        "version": await door.version("case", case_id),
        "status": state.status,
        "reason": state.reason or None,
        "channel": report.channel,
        "source": report.source,
        "received_at": _local(report.received_at),
        "residence_code": state.residence_code,
        "hukou_code": state.hukou_code,
        "language": state.language,
        "contact_by": state.contact_by,
        "danger_now": report.danger_now,
        "relation": report.relation,
        "urgency": {"level": state.urgency, "because": list(report.because), "first_contact_due": _local(first_contact_due(state)),
                    "contacted_at": _local(state.contacted_at), "overdue": state.missed and state.contacted_at is None},
        "needs": [{"code": code, "because": _because(report, code), "met": code in state.met, **shown_unit(state, code)} for code in state.needs],
        "facts": dict(facts) if full else travelling(facts),
        "serving": [{"referral_id": referral, "org_id": org} for referral, org in state.serving],
        "payouts": [{"payout_id": payout, "state": payout_state} for payout, payout_state in state.payouts],
        "consent": asdict(report.consent) if report.consent else None,
        "possible_duplicates": [asdict(d) for d in report.duplicates],
        "erased": shut,
        "masked": not full,
        "linked_persons": [one for one in together if one != report.person_id],
        "person": shown_claims(claims, full=full),
        "reporter": _reporter(report, full),
        "told": None if today.status == "restricted" else _told(told, full),
        "clocks": shown_clocks(state, door.now),
        **shown_work(state, full=full),
    }  # fmt: skip


def first_contact_due(state: Case) -> datetime | None:
    """Until when somebody has to call, by the rules as they are now."""
    due = next((one.due for one in state.clocks if one.name == "first_contact"), None)
    return due or (state.report.first_contact_due if state.report is not None else None)


def _because(report: CaseReported, code: str) -> list[str]:
    return next((list(need.because) for need in report.needs if need.code == code), ["added"])


def _reporter(report: CaseReported, full: bool) -> dict[str, Any] | None:
    if not isinstance(report.reporter, Reporter):
        return None
    name, phone = report.reporter.name or "", report.reporter.phone or ""
    return {"name": name if full else masked_name(name), "phone": phone if full else masked_phone(phone), "anonymous": report.anonymous}


def _told(told: Told | None, full: bool) -> dict[str, Any] | None:
    if told is None:
        return None
    if not full:
        return {"narrative": masked_text(told.narrative or ""), "warnings": list(told.warnings)}
    return {
        "narrative": told.narrative, "elements": told.elements, "household": told.household, "words": told.words,
        "source_ref": told.source_ref, "contact": told.contact, "special": told.special, "warnings": list(told.warnings),
    }  # fmt: skip


def _local(instant: datetime | None) -> str | None:
    return instant.astimezone(SHANGHAI).isoformat() if instant else None


def contact_data(claims: Claims, purpose: str) -> dict[str, Any]:
    """What this purpose needs, and no more."""
    return {name: getattr(claims, name) for name in (_PAYEE if purpose == "payment" else _REACH)}


def allowed_purpose(door: Door, purpose: str, serving: bool) -> None:
    """A service looks for the purpose its token was made for, an admin says why; a charity that helps may contact, not see accounts."""
    declared = door.principal.purpose
    if door.may("service") and (declared is None or declared in (purpose, _DECLARED_AS.get(purpose))):
        return
    if door.may("admin") and door.reason:
        return
    if door.may("charity") and serving and purpose in ("referral", "contact"):
        return
    raise Forbidden("contact data are for services and for the organisation that accepted the case")
