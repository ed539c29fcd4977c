"""From a report as it was sent to one unit of commands, and from what happened to the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from services.intake.asked import ConsentIn, PersonIn, ReportIn
from services.intake.candidates import compared, found_for, only_similar
from services.intake.clockwork import clocks_of_report, rules_now
from services.intake.domain.case import Case, CaseReported, ConsentSummary, Duplicate, Reporter, Told
from services.intake.domain.case_commands import AddTask, ReportCase
from services.intake.domain.clocks import Rules
from services.intake.domain.consent import GiveConsent
from services.intake.domain.facts import derived
from services.intake.domain.papers import Paper
from services.intake.domain.person import Claims, TellPerson
from services.intake.domain.person_decisions import PersonIsErased
from services.intake.domain.questions import next_questions
from services.intake.domain.triage import Triage
from services.intake.domain.urgency import assess
from services.intake.lookup import Found
from services.intake.oneness import judged_different
from services.intake.projections import name_birth
from services.intake.second_opinion import joined, opinion
from services.intake.special import checked
from services.intake.weights import triage
from services.intake.whose import claims_in, identity_of, person_anew, person_of
from shared.clock import SHANGHAI, local_day
from shared.execute import Done
from shared.http import Door, Invalid
from shared.service import To

STAFF = ("operator", "gov", "caseworker", "admin", "service", "telephony")
_SCORES = {"id_number": 0.95, "name_birth": 0.8, "phone": 0.6}
_DUPLICATES_MAX = 10
_AHEAD = timedelta(minutes=10)  # that a sender's clock may be ahead of ours


class Ready(Struct, frozen=True, gc=False):
    """A report whose numbers and times were looked at, whose case has a name, and the rules its clocks run by."""

    body: ReportIn
    case_id: str
    claims: Claims
    number: Paper | None
    rules: Rules

    @property
    def known_by(self) -> dict[str, str | None]:
        """By what its person may be known already."""
        claims = self.claims
        return {"id_number": claims.id_number, "phone": claims.phone, "name_birth": name_birth(claims.name, claims.birth_date)}


def examined(body: ReportIn, now: datetime) -> Paper | None:
    """The person's number, when this report can be true at this moment; raises `Invalid` naming the field that cannot."""
    _has_happened(body, now)
    checked(body.channel, body.hospital, body.school, body.partner)
    return identity_of(body.person, local_day(now))


def ready(door: Door, body: ReportIn, rules: Rules) -> Ready:
    """Raises `Invalid` naming the field."""
    number = examined(body, door.now)
    return Ready(body, case_id_of(door, body), claims_in(body.person, number), number, rules)


def commands_of(door: Door, one: Ready, found: list[Found], words: Triage | None) -> list[To]:
    """The unit of commands that records this report, given who may be meant and what its words mean, where somebody weighed them.

    Of a load, where nobody is opened and compared.
    """
    whom = person_of(door, one.case_id, one.claims, found)
    duplicates, words = _duplicates(one.case_id, found), words or triage(text_of(one.body))
    return _commands(door, one.body, one.case_id, whom, one.claims, duplicates, one.number, one.rules, words)


async def take(
    door: Door, body: ReportIn, *, who: tuple[str, str] | None = None, also: Sequence[To] = (), similar: bool = False,
    task: AddTask | None = None,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Record one report; the answer of the contract, and whether it was new. Raises `Invalid` and `Rejected`.

    `who` are person and household where the door knows them already; `also` happens with the report or not at all. `similar` also
    looks for people who only sound alike: for one report on the telephone, not for each line of a load. `task` is added to the case.
    """
    one = ready(door, body, await rules_now(door.room))
    also = (*also, To("case", one.case_id, task)) if task is not None else also
    found = await found_for(door, one.claims, similar=similar)
    whom = who or person_of(door, one.case_id, one.claims, found)
    alike = await _likely(door, one.case_id, whom[0], one.claims, found)
    words = await _weighed(door, body)
    try:
        done = await door.execute(*_commands(door, body, one.case_id, whom, one.claims, alike, one.number, one.rules, words), *also)
    except PersonIsErased:
        known: Case = await door.state("case", one.case_id)
        if known.report is not None:
            return answer(known.report, await door.version("case", one.case_id), door), False
        person_id = await person_anew(door, one.case_id, one.claims)
        them = (person_id, person_id)
        done = await door.execute(*_commands(door, body, one.case_id, them, one.claims, alike, one.number, one.rules, words), *also)
    return _answered(done, door), bool(done.events)


async def preview(door: Door, body: ReportIn) -> dict[str, Any]:
    """What the answer would be, and what to ask next; stores nothing. Raises `Invalid`."""
    one = ready(door, body, await rules_now(door.room))
    case_id, claims, number = one.case_id, one.claims, one.number
    found = await found_for(door, claims, similar=True)
    words = triage(text_of(body))
    who = person_of(door, case_id, claims, found)
    report = _report(door, body, case_id, who, claims, words, _warnings(body.person, number), one.rules)
    shown = answer(msgspec.structs.replace(report, duplicates=await _likely(door, case_id, who[0], claims, found)), 0, door)
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
    """What the contract answers, the same for a copy as for the first. Only staff are told of others' cases."""
    words = report.told.words if isinstance(report.told, Told) else {}
    alike: Iterable[Duplicate] = report.duplicates if door.may(*STAFF) else ()
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
    # So has an organisation: nobody occupies the reference of a hotline's report.
    trust = "public" if "public" in door.principal.roles else "report" if door.may(*STAFF) else f"org:{door.principal.org}"
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


def _duplicates(case_id: str, found: list[Found]) -> tuple[Duplicate, ...]:
    """Living cases of people who have something equal."""
    best: dict[str, Duplicate] = {}
    for one in found:
        score, same = 1.0, [kind for kind in one.same if kind in _SCORES]
        for kind in same:
            score *= 1 - _SCORES[kind]
        for other, _ in one.cases:
            if other != case_id and same:
                best[other] = Duplicate(other, round(1 - score, 2), tuple([f"same_{kind}" for kind in same]))
    return _first(best)


def _first(best: dict[str, Duplicate]) -> tuple[Duplicate, ...]:
    return tuple(sorted(best.values(), key=lambda d: (-d.score, d.case_id))[:_DUPLICATES_MAX])


async def _likely(door: Door, case_id: str, person_id: str, claims: Claims, found: list[Found]) -> tuple[Duplicate, ...]:
    """The same, and of people who only sound alike; not of those whom somebody found to be others."""
    if any(one.person_id == person_id for one in found) and len(found) > 1:  # this person is known: a pair may have been looked at
        different = await judged_different(door, (person_id,))
        found = [one for one in found if one.person_id not in different]
    best = {one.case_id: one for one in _duplicates(case_id, found)}
    for alike in await compared(door, claims, [one for one in found if only_similar(one) and one.cases]):
        for other, _ in alike.found.cases:
            if other != case_id:
                best.setdefault(other, Duplicate(other, alike.likeness.score, alike.likeness.because))
    return _first(best)


def _commands(
    door: Door, body: ReportIn, case_id: str, who: tuple[str, str], claims: Claims, duplicates: tuple[Duplicate, ...],
    number: Paper | None, rules: Rules, words: Triage,
) -> list[To]:  # fmt: skip
    person_id, household_id = who
    warnings = _warnings(body.person, number)
    report = _report(door, body, case_id, who, claims, words, warnings, rules)
    if duplicates:
        report = msgspec.structs.replace(report, duplicates=duplicates)
    trusted = "public" not in door.principal.roles
    commands = [
        To("case", case_id, ReportCase(report)),
        To("person", person_id, TellPerson(person_id, household_id, case_id, claims, trusted)),
    ]
    agreed = report.consent
    if agreed is not None and agreed.share and body.consent is not None:
        commands.append(To("consent", agreed.consent_id, _giving(agreed, body.consent, case_id, person_id, door.principal.id)))
    return commands


def _giving(agreed: ConsentSummary, said: ConsentIn, case_id: str, person_id: str, read_by: str) -> GiveConsent:
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
        read_by,
    )


def end_of(last: date) -> datetime:
    """The instant after this day in Asia/Shanghai."""
    return datetime.combine(last + timedelta(days=1), time(), SHANGHAI)


def _warnings(person: PersonIn | None, number: Paper | None) -> tuple[str, ...]:
    if person is None or number is None:
        return ()
    found = list(number.warnings)
    if person.birth_date is not None and number.birth_date is not None and person.birth_date != number.birth_date:
        found.append("birth_date_differs")
    if person.sex in ("male", "female") and number.sex is not None and person.sex != number.sex:
        found.append("sex_differs")
    return tuple(found)


def _report(
    door: Door,
    body: ReportIn,
    case_id: str,
    who: tuple[str, str],
    claims: Claims,
    words: Triage,
    warnings: tuple[str, ...],
    rules: Rules,
) -> CaseReported:
    person_id, household_id = who
    household, contact, reporter = body.household, body.contact, body.reporter
    on = local_day(body.received_at)
    more, special = checked(body.channel, body.hospital, body.school, body.partner)
    facts = derived(
        {**more, **{key: value for key, value in (body.facts or {}).items() if value is not None}},
        on=on,
        birth_date=date.fromisoformat(claims.birth_date) if claims.birth_date else None,
        sex=claims.sex,
        hukou_code=claims.hukou_code,
        household_size=household.size if household else None,
        monthly_income_fen=household.monthly_income_fen if household else None,
    )
    found = assess(tuple(dict.fromkeys(body.needs or ())), words, facts, danger_now=body.danger_now, on=on)
    clocks = clocks_of_report(rules, body.channel, found.level, claims.residence_code, asks=not found.needs, at=body.received_at)
    told = msgspec.structs.replace(_told(body, facts, words, warnings), special=special)
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
        clocks[0].due,
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
        clocks=clocks,
    )


def _told(body: ReportIn, facts: dict[str, Any], words: Triage, warnings: tuple[str, ...]) -> Told:
    household, contact = body.household, body.contact
    return Told(
        body.narrative,
        body.elements.model_dump(exclude_none=True) if body.elements else None,
        facts,
        household.model_dump(mode="json", exclude_none=True) if household else None,
        words.words,
        body.source_ref,
        contact.model_dump(exclude_none=True) if contact else None,
        warnings,
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
