"""The page on which a caseworker moves a number and sees what every programme would answer; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from msgspec import Struct

from services.matching.domain.assessment import Assessment, CaseAssessed, facts_of
from services.matching.domain.assessment_decisions import day_of_rules
from services.matching.domain.facts import contradictions, day_of
from services.matching.domain.rulebook import Rulebook
from services.matching.domain.telling import Explained
from services.matching.standing import rules as standing_rules
from shared.clock import local_day
from shared.http import NotFound
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching", include_in_schema=False)
Tryer = Annotated[Page, Depends(page_for("operator", "caseworker", "gov"))]
_YUAN_MAX, _COUNT_MAX = 10_000_000_000, 1_200
_FEN = 100


# The papers that people are asked for, and other names of theirs: every rule that counts one counts its other names too.
_PAPERS = ("minimum_living_allowance", "edge_family", "tekun", "disability", "orphan")
OTHER_NAMES = {
    "allowance_certificate": "minimum_living_allowance", "dibao": "minimum_living_allowance", "disability_certificate": "disability",
}  # fmt: skip


class Field(Struct, frozen=True):
    """One fact as the form asks for it: yuan, count, flag, code, codes or day; `choices` of a code."""

    name: str
    kind: str
    choices: tuple[str, ...] = ()


FIELDS = (
    Field("event_on", "day"),
    Field("local_hukou", "flag"),
    Field("rural_hukou", "flag"),
    Field("residence_permit", "flag"),
    Field("lived_here_months", "count"),
    Field("works_here_months", "count"),
    Field("pension_months", "count"),
    Field("age", "count"),
    Field("household_size", "count"),
    Field("monthly_income_fen", "yuan"),
    Field("necessary_spending_month_fen", "yuan"),
    Field("property_within_limits", "flag"),
    Field("medical_total_year_fen", "yuan"),
    Field("medical_reimbursed_year_fen", "yuan"),
    Field("medical_self_paid_year_fen", "yuan"),
    Field("serious_illness", "flag"),
    Field("accident", "flag"),
    Field("cannot_pay", "flag"),
    Field("special_circumstances", "flag"),
    Field("certificates", "codes", _PAPERS),
    Field("disability_grade", "count"),
    Field("disability_kind", "code", ("limb", "visual", "hearing", "speech", "intellectual", "mental", "multiple")),
    Field("has_supporter", "flag"),
    Field("student", "code", ("college", "vocational", "middle", "primary")),
    Field("parent_works_here", "flag"),
    Field("parent_lived_here_months", "count"),
    Field("lives_with_parents", "flag"),
    Field("application_running", "flag"),
    Field("basic_life_threatened", "flag"),
    Field("papers_missing", "flag"),
    Field("hmt_permit", "flag"),
)
_NAMES = frozenset(field.name for field in FIELDS)


class Line(Struct, frozen=True):
    """One programme as it is answered, and as it would be; `near` are the conditions that stand in the way."""

    before: Explained
    after: Explained

    @property
    def moved(self) -> bool:
        return (self.before.verdict, self.before.amount_fen) != (self.after.verdict, self.after.amount_fen)

    @property
    def near(self) -> list[Any]:
        return [] if self.after.verdict == "eligible" else [one for one in self.after.because if one.met is False]


def _yuan(text: str) -> int:
    whole, _, part = text.replace(",", "").replace("，", "").partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 10 or len(part) > 2 or (part and not (part.isascii() and part.isdigit())):
        raise ValueError("no sum in yuan")
    fen = int(whole) * _FEN + int((part + "00")[:2])
    if fen > _YUAN_MAX * _FEN:
        raise ValueError("too much")
    return fen


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4 or int(text) > _COUNT_MAX:
        raise ValueError("no count")
    return int(text)


def _said(field: Field, page: Page, text: str) -> Any:
    """The fact that a field says; None where it says nothing. Raises `ValueError`."""
    if field.kind == "codes":
        chosen = [one for one in page.form_list(field.name) if one]
        if not set(chosen) <= {*field.choices, "none"}:
            raise ValueError("no such choice")
        return [] if chosen == ["none"] else [one for one in chosen if one != "none"] or None
    if not text:
        return None
    match field.kind:
        case "yuan":
            return _yuan(text)
        case "count":
            return _count(text)
        case "flag" if text in ("yes", "no"):
            return text == "yes"
        case "code" if text in field.choices:
            return text
        case "day" if len(text) == 10 and (day := day_of(text)) is not None:
            return day.isoformat()
    raise ValueError("no such choice")


def _read(page: Page, form: Mapping[str, str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The facts that the form says, and what is wrong with it."""
    facts: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for field in FIELDS:
        try:
            value = _said(field, page, form.get(field.name, "").strip())
        except ValueError:
            wrong.append((field.name, page.t(f"matching.try.wrong_{field.kind}")))
            continue
        if value is not None:
            facts[field.name] = value
    for name, rule in contradictions(facts):
        wrong.append((name, page.t(f"matching.try.wrong_{rule}")))
        del facts[name]
    return facts, wrong


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as the form shows them."""
    found: dict[str, Any] = {}
    for field in FIELDS:
        value = facts.get(field.name)
        if value is None:
            continue
        match field.kind:
            case "yuan" if type(value) is int:
                found[field.name] = f"{value // _FEN}.{value % _FEN:02d}" if value % _FEN else str(value // _FEN)
            case "flag":
                found[field.name] = "yes" if value is True else "no" if value is False else ""
            case "codes":
                found[field.name] = sorted({OTHER_NAMES.get(one, one) for one in value}) if value else ["none"]
            case _:
                found[field.name] = str(value)
    return found


def _lines(rules: Rulebook, before: Mapping[str, Any], after: Mapping[str, Any], seen_on: date) -> tuple[Line, ...]:
    old = rules.explain(before, day_of_rules(before, seen_on), seen_on=seen_on)
    new = rules.explain(after, day_of_rules(after, seen_on), seen_on=seen_on)
    return tuple([Line(was, now) for was, now in zip(old, new, strict=True)])


async def _stored(page: Page, case_id: str) -> CaseAssessed:
    state: Assessment = await page.door.state("assessment", case_id)
    if state.latest is None or facts_of(state.latest) is None:
        raise NotFound("assessment")
    return state.latest


async def _answer(
    page: Page, action: str, stored: Mapping[str, Any], seen_on: date, form: Mapping[str, Any], wrong: Sequence[tuple[str, str]],
    facts: Mapping[str, Any],
) -> Response:  # fmt: skip
    """The page, or only its answers where the form asks for them while somebody types."""
    rules = await standing_rules(page.door)
    part = page.request.headers.get("hx-request") == "true"
    kept = {name: value for name, value in stored.items() if name not in _NAMES}
    lines = _lines(rules, stored, {**kept, **facts}, seen_on)
    return page.show(
        "matching/trying_now.html" if part else "matching/trying.html", status=422 if wrong and not part else 200, action=action,
        case_id=page.request.path_params.get("case_id", ""),
        fields=FIELDS, form=form, wrong=wrong, lines=lines, programmes=rules.by_code, seen_on=seen_on,
    )  # fmt: skip


@router.get("/try")
async def blank(page: Tryer) -> Response:
    """An empty form: what would be answered today."""
    return await _answer(page, "/matching/try", {}, local_day(page.door.now), {}, (), {})


@router.post("/try")
async def tried(page: Tryer) -> Response:
    """What these facts would come to today."""
    form = await page.form()
    facts, wrong = _read(page, form)
    shown = {**form, "certificates": page.form_list("certificates")}
    return await _answer(page, "/matching/try", {}, local_day(page.door.now), shown, wrong, facts)


@router.get("/cases/{case_id}/try")
async def of_case(case_id: str, page: Tryer) -> Response:
    """The facts of a case, to be moved."""
    latest = await _stored(page, case_id)
    facts = facts_of(latest) or {}
    return await _answer(page, f"/matching/cases/{case_id}/try", facts, latest.seen_on, _shown(facts), (), facts)


@router.post("/cases/{case_id}/try")
async def tried_of_case(case_id: str, page: Tryer) -> Response:
    """What the moved facts of a case would come to, by the rules of its own day."""
    latest = await _stored(page, case_id)
    form = await page.form()
    facts, wrong = _read(page, form)
    shown = {**form, "certificates": page.form_list("certificates")}
    return await _answer(page, f"/matching/cases/{case_id}/try", facts_of(latest) or {}, latest.seen_on, shown, wrong, facts)
