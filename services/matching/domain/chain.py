"""The chain of help of a household: every need with who helps, what is missing, where two do the same, and where nobody does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from services.matching.domain.telling import Explained

UNDER_WAY = ("accepted", "scheduled", "attended", "unattended", "in_service", "served")  # states of a referral in which help goes on
# The parties of cooperation (S2), by the kind of organisation that speaks for them.
PARTIES: Mapping[str, tuple[str, ...]] = {
    "community": ("community",),
    "social_organisation": ("hospital", "company", "family_service_centre", "elderly_care_platform"),
    "social_worker": ("social_work_station",),
    "volunteer": ("volunteer_group",),
    "charity": ("charity",),
    "government": ("government",),
}
_NEXT = {
    "offered": "answer", "accepted": "begin", "scheduled": "meet", "attended": "begin", "unattended": "reach_again", "in_service": "help",
    "served": "confirm",
}  # fmt: skip


class Asked(Struct, frozen=True, gc=False):
    """One referral as it stands; `kind` is the organisation's."""

    referral_id: str
    case_id: str
    need: str
    org_id: str
    kind: str
    state: str
    reason: str | None
    programme: str | None
    due_at: datetime | None
    appointment_at: datetime | None
    changed_at: datetime


class Given(Struct, frozen=True, gc=False):
    """One grant of the household; `amount_fen` of goods is their value."""

    referral_id: str
    case_id: str
    need: str
    org_id: str
    programme: str | None
    kind: str
    amount_fen: int
    state: str
    cut_by: str | None
    granted_at: datetime


class CaseSeen(Struct, frozen=True, gc=False):
    """One case of the household: what it needs, what is in reach, what is missing; `unmet` gives the reason by need."""

    case_id: str
    person_id: str
    needs: tuple[str, ...]
    in_reach: Mapping[str, int]
    missing: tuple[str, ...]
    shared: bool
    unmet: Mapping[str, str]


class NeedLine(Struct, frozen=True, gc=False):
    """One need of one person: `state` is helped, under_way, offered, unmet, no_consent, needs_information or not_sought."""

    case_id: str
    person_id: str
    need: str
    state: str
    why: str | None
    asked: tuple[Asked, ...]
    given: tuple[Given, ...]
    missing: tuple[str, ...]


class Overlap(Struct, frozen=True, gc=False):
    """Where two would do the same: `kind` is two_helpers, same_programme, or cut where a cap has made a grant smaller."""

    kind: str
    what: str
    referrals: tuple[str, ...]


class Gap(Struct, frozen=True, gc=False):
    """What is there and nobody takes: a need (`need`), or a programme in reach that nobody has given (`programme`), in fen."""

    kind: str
    case_id: str
    what: str
    amount_fen: int = 0


class Part(Struct, frozen=True, gc=False):
    """What one organisation has to do with the household: its party, its next task, its last word."""

    case_id: str
    party: str
    org_id: str
    need: str
    task: str | None
    word: str
    reason: str | None
    until: datetime | None
    said_at: datetime


class Chain(Struct, frozen=True, gc=False):
    needs: tuple[NeedLine, ...]
    overlaps: tuple[Overlap, ...]
    gaps: tuple[Gap, ...]
    parts: tuple[Part, ...]


def _state(case: CaseSeen, need: str, asked: Sequence[Asked], given: Sequence[Given]) -> tuple[str, str | None]:
    if any(one.state == "closed" and one.reason == "got_help" for one in asked) or any(one.state == "arrived" for one in given):
        return "helped", None
    if any(one.state in UNDER_WAY for one in asked):
        return "under_way", None
    if any(one.state == "offered" for one in asked):
        return "offered", None
    if need in case.unmet:
        return "unmet", case.unmet[need]
    if not case.shared:
        return "no_consent", None
    if case.missing:
        return "needs_information", None
    return "not_sought", next((one.reason for one in reversed(asked) if one.reason), None)


def _lines(cases: Iterable[CaseSeen], asked: Sequence[Asked], given: Sequence[Given]) -> tuple[NeedLine, ...]:
    found = []
    for case in cases:
        its_asked = [one for one in asked if one.case_id == case.case_id]
        its_given = [one for one in given if one.case_id == case.case_id]
        for need in dict.fromkeys((*case.needs, *[one.need for one in its_asked])):
            a = tuple([one for one in its_asked if one.need == need])
            g = tuple([one for one in its_given if one.need == need and one.state != "released"])
            state, why = _state(case, need, a, g)
            missing = case.missing if state in ("unmet", "needs_information", "not_sought") else ()
            found.append(NeedLine(case.case_id, case.person_id, need, state, why, a, g, missing))
    return tuple(found)


def _overlaps(lines: Iterable[NeedLine], given: Iterable[Given]) -> tuple[Overlap, ...]:
    found, by_programme = [], dict[str, list[Given]]()
    for line in lines:
        helpers = {one.org_id: one.referral_id for one in line.asked if one.state in UNDER_WAY}
        if len(helpers) > 1:
            found.append(Overlap("two_helpers", line.need, tuple(sorted(helpers.values()))))
    for one in given:
        if one.state == "released":
            continue
        if one.programme is not None:
            by_programme.setdefault(one.programme, []).append(one)
        if one.cut_by is not None:
            found.append(Overlap("cut", one.cut_by, (one.referral_id,)))
    for programme, grants in sorted(by_programme.items()):
        if len(grants) > 1:
            found.append(Overlap("same_programme", programme, tuple([one.referral_id for one in grants])))
    return tuple(found)


def _gaps(cases: Iterable[CaseSeen], lines: Iterable[NeedLine], asked: Sequence[Asked], given: Sequence[Given]) -> tuple[Gap, ...]:
    found = [
        Gap("need", line.case_id, line.need) for line in lines if line.state in ("unmet", "no_consent", "needs_information", "not_sought")
    ]
    for case in cases:
        open_asks = [one for one in asked if one.case_id == case.case_id and one.state in (*UNDER_WAY, "offered")]
        taken = {one.programme for one in open_asks} | {
            one.programme for one in given if one.case_id == case.case_id and one.state != "released"
        }
        found.extend(Gap("programme", case.case_id, code, fen) for code, fen in case.in_reach.items() if code not in taken)
    return tuple(found)


def party_of(kind: str) -> str:
    """Which of the cooperating parties an organisation of this kind speaks for."""
    return next((party for party, kinds in PARTIES.items() if kind in kinds), "social_organisation")


def _parts(asked: Iterable[Asked]) -> tuple[Part, ...]:
    parts = [
        Part(one.case_id, party_of(one.kind), one.org_id, one.need, _NEXT.get(one.state), one.state, one.reason,
             one.appointment_at if one.state == "scheduled" else one.due_at if one.state == "offered" else None, one.changed_at)
        for one in asked
    ]  # fmt: skip
    order = list(PARTIES)
    return tuple(sorted(parts, key=lambda part: (order.index(part.party), part.org_id, part.need)))


def chain(cases: Sequence[CaseSeen], asked: Sequence[Asked], given: Sequence[Given]) -> Chain:
    """The household's help as one value; referrals and grants in the order in which they came."""
    lines = _lines(cases, asked, given)
    return Chain(lines, _overlaps(lines, given), _gaps(cases, lines, asked, given), _parts(asked))


class Step(Struct, frozen=True, gc=False):
    """One bearer of a medical bill: what it takes on, or would where nobody has granted it yet (`granted` False), in fen."""

    bearer: str
    fen: int
    granted: bool


class Bill(Struct, frozen=True, gc=False):
    """A year's medical bill, taken apart in the order of precedence; `total_fen` None where only what was self-paid is known."""

    total_fen: int | None
    insurance_fen: int | None
    self_paid_fen: int
    steps: tuple[Step, ...]
    rest_fen: int


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def bill(facts: Mapping[str, Any], told: Sequence[Explained], medical: frozenset[str], given: Sequence[Given]) -> Bill | None:
    """Who bears a medical bill: insurance, then `medical` programmes as they come, then the person; None where no bill is known.

    What was granted counts as it was granted; what is only in reach counts with what the programmes before it leave.
    """
    total, back = _whole(facts.get("medical_total_year_fen")), _whole(facts.get("medical_reimbursed_year_fen"))
    self_paid = _whole(facts.get("medical_self_paid_year_fen"))
    if self_paid is None:
        if total is None or back is None:
            return None
        self_paid = max(0, total - back)
    granted: dict[str, int] = {}
    for one in given:
        if one.programme in medical and one.state != "released":
            granted[one.programme] = granted.get(one.programme, 0) + one.amount_fen
    steps, left = [], self_paid
    for answer in told:
        if answer.programme not in medical:
            continue
        fen = granted.get(answer.programme, answer.after_others_fen if answer.verdict == "eligible" else 0)
        if fen:
            borne = min(fen, left)
            steps.append(Step(answer.programme, borne, answer.programme in granted))
            left -= borne
    return Bill(total, back, self_paid, tuple(steps), left)
