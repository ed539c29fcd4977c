"""From a report as it was sent to one unit of commands, and from what happened to the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from services.intake.asked import ConsentIn, PersonIn, ReportIn
from services.intake.domain.case import Case, CaseReported, ConsentSummary, Duplicate, Reporter, Told
from services.intake.domain.case_commands import ReportCase
from services.intake.domain.consent import GiveConsent
from services.intake.domain.facts import derived
from services.intake.domain.identity import IdentityNumber, WrongNumber, canonical_number, canonical_phone, read_identity_number
from services.intake.domain.person import Claims, TellPerson
from services.intake.domain.person_decisions import PersonIsErased
from services.intake.domain.questions import next_questions
from services.intake.domain.triage import Triage
from services.intake.domain.urgency import assess, first_contact_due
from services.intake.lookup import Found, people_like
from services.intake.projections import name_birth
from services.intake.second_opinion import joined, opinion
from services.intake.weights import triage
from shared.clock import SHANGHAI, local_day
from shared.execute import Done
from shared.http import Door, Invalid
from shared.service import To

_CHECKED_TYPES = ("resident_id", "residence_permit")
_SCORES = {"id_number": 0.95, "name_birth": 0.8, "phone": 0.6}
_DUPLICATES_MAX = 10
_AHEAD = timedelta(minutes=10)  # that a sender's clock may be ahead of ours


class Ready(Struct, frozen=True, gc=False):
    """A report whose numbers and times were looked at, and whose case has a name."""

    body: ReportIn
    case_id: str
    claims: Claims
    number: IdentityNumber | str | None

    @property
    def known_by(self) -> dict[str, str | None]:
        """By what its person may be known already."""
        claims = self.claims
        return {"id_number": claims.id_number, "phone": claims.phone, "name_birth": name_birth(claims.name, claims.birth_date)}


def examined(body: ReportIn, now: datetime) -> IdentityNumber | str | None:
    """The person's number, when this report can be true at this moment; raises `Invalid` naming the field that cannot."""
    _has_happened(body, now)
    return _identity(body.person, local_day(now))


def ready(door: Door, body: ReportIn) -> Ready:
    """Raises `Invalid` naming the field."""
    number = examined(body, door.now)
    return Ready(body, case_id_of(door, body), _claims(body.person, number), number)


def commands_of(door: Door, one: Ready, found: list[Found], who: tuple[str, str] | None = None, words: Triage | None = None) -> list[To]:
    """The unit of commands that records this report, given who may be meant, or (`who`) person and household where they are known.

    `words` is what its words mean where that is known; else they are weighed here.
    """
    whom = who or _person(door, one.case_id, one.claims.id_number, found)
    return _commands(door, one.body, one.case_id, whom, one.claims, found, one.number, words or triage(text_of(one.body)))


async def take(door: Door, body: ReportIn, *, who: tuple[str, str] | None = None, also: Sequence[To] = ()) -> tuple[dict[str, Any], bool]:
    """Record one report; the answer of the contract, and whether it was new. Raises `Invalid` and `Rejected`.

    `who` are person and household where the door knows them already; `also` happens with the report or not at all.
    """
    one = ready(door, body)
    found = await people_like(door, **one.known_by)
    words = await _weighed(door, body)
    try:
        done = await door.execute(*commands_of(door, one, found, who, words), *also)
    except PersonIsErased:
        known: Case = await door.state("case", one.case_id)
        if known.report is not None:
            return answer(known.report, await door.version("case", one.case_id), door), False
        person_id = door.named_id("person", one.case_id)
        done = await door.execute(*commands_of(door, one, found, (person_id, person_id), words), *also)
    return _answered(done, door), bool(done.events)


async def preview(door: Door, body: ReportIn) -> dict[str, Any]:
    """What the answer would be, and what to ask next; stores nothing. Raises `Invalid`."""
    one = ready(door, body)
    case_id, claims, number = one.case_id, one.claims, one.number
    found = await people_like(door, **one.known_by)
    words = triage(text_of(body))
    who = _person(door, case_id, claims.id_number, found)
    report = _report(door, body, case_id, who, claims, words, _warnings(body.person, number))
    shown = answer(msgspec.structs.replace(report, duplicates=_duplicates(case_id, found)), 0, door)
    shown["questions"] = next_questions(
        needs=[need.code for need in report.needs], level=report.urgency, unsure=words.unsure,
        facts=report.told.facts if isinstance(report.told, Told) else {}, has_phone=bool(claims.phone or (body.reporter and body.reporter.phone)),
        has_place=bool(claims.residence_code or claims.address), consent_asked=body.consent is not None,
    )  # fmt: skip
    return shown


def _answered(done: Done, door: Door) -> dict[str, Any]:
    state: Case = done.state
    assert state.report is not None
    return answer(state.report, done.version, door)


def answer(report: CaseReported, version: int, door: Door) -> dict[str, Any]:
    """What the contract answers, the same for a copy as for the first. Nobody without a token is told of others' cases."""
    words = report.told.words if isinstance(report.told, Told) else {}
    alike: Iterable[Duplicate] = () if "public" in door.principal.roles else report.duplicates
    return {
        "report_id": report.report_id,
        "case_id": report.case_id,
        "person_id": report.person_id,
        "version": version,
        "urgency": {
            "level": report.urgency,
            "because": [*report.because, *words.get("urgency", ())],
            "first_contact_due": report.first_contact_due.astimezone(SHANGHAI).isoformat(),
        },
        "needs": [{"code": n.code, "because": [*n.because, *words.get(n.code, ())]} for n in report.needs],
        "possible_duplicates": [{"case_id": d.case_id, "score": d.score, "because": list(d.because)} for d in alike],
        "warnings": list(report.told.warnings) if isinstance(report.told, Told) else [],
    }


async def _weighed(door: Door, body: ReportIn) -> Triage:
    """What the words mean; where that is not clear and a setting names somebody to ask, with a second opinion."""
    words = triage(text := text_of(body))
    if not words.unsure or not text or not door.room.settings.triage_url:
        return words
    named = [body.person.name, body.person.address] if body.person else []
    named += [body.reporter.name] if body.reporter else []
    return joined(words, await opinion(door.room, text, tuple([one for one in named if one])))


def text_of(body: ReportIn) -> str:
    """Everything that was told in words, as one text."""
    parts = [body.narrative or ""]
    if body.elements is not None:
        e = body.elements
        parts += [e.event or "", e.demand or "", e.persons or "", e.place or ""]
    return "。".join(part for part in parts if part)


def case_id_of(door: Door, body: ReportIn) -> str:
    """The case that this report opens: the same for the same source and reference."""
    if body.source_ref is None:
        return door.new_id()
    # Whoever has no token has natural keys of their own and cannot ask whether somebody else's report exists.
    trust = "public" if "public" in door.principal.roles else "report"
    return door.named_id(trust, body.source or body.channel, body.source_ref)


def _has_happened(body: ReportIn, now: datetime) -> None:
    """Nothing that was told lies in the future; raises `Invalid` with the field that does."""
    said = body.consent.at if body.consent else None
    for pointer, at in (("/received_at", body.received_at), ("/consent/at", said)):
        if at is not None and at > now + _AHEAD:
            raise Invalid(pointer, "lies in the future")
    born = [("/person/birth_date", body.person.birth_date if body.person else None)]
    members = body.household.members if body.household else []
    born += [(f"/household/members/{at}/birth_date", member.birth_date) for at, member in enumerate(members)]
    for pointer, day in born:
        if day is not None and day > local_day(now + _AHEAD):
            raise Invalid(pointer, "lies in the future")


def _identity(person: PersonIn | None, today: date) -> IdentityNumber | str | None:
    """The checked number, or another paper's number as it is; a wrong one names its field and is never repeated."""
    if person is None or person.id_number is None:
        return None
    if person.id_type is not None and person.id_type not in _CHECKED_TYPES:
        return canonical_number(person.id_number)
    read = read_identity_number(person.id_number, today)
    if isinstance(read, WrongNumber):
        raise Invalid("/person/id_number", f"not a valid identity number: {read.why}")
    return read


def _claims(person: PersonIn | None, number: IdentityNumber | str | None) -> Claims:
    if person is None:
        return Claims()
    checked = number if isinstance(number, IdentityNumber) else None
    born = person.birth_date or (checked.birth_date if checked else None)
    account = person.account
    return Claims(
        person.name,
        (person.id_type or "resident_id") if number is not None else person.id_type,
        checked.number if checked else number if isinstance(number, str) else None,
        born.isoformat() if born else None,
        person.sex or (checked.sex if checked else None),
        canonical_phone(person.phone) or None if person.phone else None,
        person.hukou_code,
        person.residence_code,
        person.address,
        tuple(person.languages),
        account.bank if account else None,
        account.number if account else None,
    )


def _person(door: Door, case_id: str, id_number: str | None, found: list[Found]) -> tuple[str, str]:
    """The person with this number, or the one this report makes known; the same number always leads to the same person."""
    for one in found:
        if "id_number" in one.same:
            return one.person_id, one.household_id
    person_id = door.named_id("person", "id_number", id_number) if id_number else door.named_id("person", case_id)
    return person_id, person_id


def _duplicates(case_id: str, found: list[Found]) -> tuple[Duplicate, ...]:
    best: dict[str, Duplicate] = {}
    for one in found:
        score = 1.0
        for kind in one.same:
            score *= 1 - _SCORES[kind]
        for other, _ in one.cases:
            if other != case_id:
                best[other] = Duplicate(other, round(1 - score, 2), tuple([f"same_{kind}" for kind in one.same]))
    return tuple(sorted(best.values(), key=lambda d: (-d.score, d.case_id))[:_DUPLICATES_MAX])


def _commands(
    door: Door, body: ReportIn, case_id: str, who: tuple[str, str], claims: Claims, found: list[Found],
    number: IdentityNumber | str | None, words: Triage,
) -> list[To]:  # fmt: skip
    person_id, household_id = who
    warnings = _warnings(body.person, number)
    report = _report(door, body, case_id, who, claims, words, warnings)
    duplicates = _duplicates(case_id, found)
    if duplicates:
        report = msgspec.structs.replace(report, duplicates=duplicates)
    trusted = "public" not in door.principal.roles
    commands = [
        To("case", case_id, ReportCase(report)),
        To("person", person_id, TellPerson(person_id, household_id, case_id, claims, trusted)),
    ]
    agreed = report.consent
    if agreed is not None and agreed.share and body.consent is not None:
        commands.append(To("consent", agreed.consent_id, _giving(agreed, body.consent, case_id, person_id)))
    return commands


def _giving(agreed: ConsentSummary, said: ConsentIn, case_id: str, person_id: str) -> GiveConsent:
    last = said.expires_on
    return GiveConsent(
        agreed.consent_id,
        case_id,
        person_id,
        agreed.purposes,
        agreed.recipients,
        agreed.how,
        agreed.at,
        last,
        end_of(last) if last else None,
    )


def end_of(last: date) -> datetime:
    """The instant after this day in Asia/Shanghai."""
    return datetime.combine(last + timedelta(days=1), time(), SHANGHAI)


def _warnings(person: PersonIn | None, number: IdentityNumber | str | None) -> tuple[str, ...]:
    if person is None or not isinstance(number, IdentityNumber):
        return ()
    found = list(number.warnings)
    if person.birth_date is not None and person.birth_date != number.birth_date:
        found.append("birth_date_differs")
    if person.sex in ("male", "female") and person.sex != number.sex:
        found.append("sex_differs")
    return tuple(found)


def _report(
    door: Door, body: ReportIn, case_id: str, who: tuple[str, str], claims: Claims, words: Triage, warnings: tuple[str, ...]
) -> CaseReported:
    person_id, household_id = who
    household, contact, reporter = body.household, body.contact, body.reporter
    on = local_day(body.received_at)
    facts = derived(
        {key: value for key, value in (body.facts or {}).items() if value is not None},
        on=on,
        birth_date=date.fromisoformat(claims.birth_date) if claims.birth_date else None,
        sex=claims.sex,
        hukou_code=claims.hukou_code,
        household_size=household.size if household else None,
        monthly_income_fen=household.monthly_income_fen if household else None,
    )
    found = assess(tuple(dict.fromkeys(body.needs or ())), words, facts, danger_now=body.danger_now, on=on)
    told = Told(
        body.narrative,
        body.elements.model_dump(exclude_none=True) if body.elements else None,
        facts,
        household.model_dump(mode="json", exclude_none=True) if household else None,
        words.words,
        body.source_ref,
        contact.model_dump(exclude_none=True) if contact else None,
        warnings,
    )
    named = reporter is not None and (reporter.name or reporter.phone)
    myself = reporter is not None and reporter.relation == "self"
    return CaseReported(
        case_id,
        person_id,
        person_id if myself or not named else door.named_id("reporter", case_id),
        household_id,
        door.named_id("report_id", case_id),
        door.named_id("mark", body.model_dump_json(exclude_none=True)) if body.source_ref else "",
        body.channel,
        body.source or body.channel,
        body.received_at,
        found.level,
        found.because,
        first_contact_due(found.level, body.received_at),
        found.needs,
        told,
        Reporter(reporter.name, reporter.phone) if reporter is not None and named else None,
        claims.residence_code,
        claims.hukou_code,
        (contact.language if contact else None) or body.language or "zh",
        contact.by if contact else None,
        body.danger_now,
        reporter.relation if reporter else None,
        reporter.anonymous if reporter else False,
        _agreed(door, body.consent, case_id, body.received_at),
    )


def _agreed(door: Door, said: ConsentIn | None, case_id: str, received_at: datetime) -> ConsentSummary | None:
    if said is None:
        return None
    at = said.at or received_at
    if not said.share:
        return ConsentSummary("", False, said.how, at, (), ())
    purposes = tuple(dict.fromkeys(said.purposes)) or ("referral",)
    recipients = tuple(dict.fromkeys(said.recipients)) or ("charity",)
    return ConsentSummary(door.named_id("consent", case_id), True, said.how, at, purposes, recipients)
