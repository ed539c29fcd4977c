"""The pages on which an office changes a number of the rules: first what it would change, then in force, then how far the cases are."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import ValidationError

from services.matching import views
from services.matching.api.parameters import owner_of, parameter_set
from services.matching.api.what_if import changes
from services.matching.asked import ParameterIn, ValueIn, WhatIfIn
from services.matching.domain.rulebook import Rulebook
from services.matching.domain.rules import Dated
from services.matching.standing import rules as standing_rules
from shared.http import Invalid, NotFound
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching", include_in_schema=False)
Looker = Annotated[Page, Depends(page_for("gov", "admin", "caseworker", "auditor"))]
_FEN = 100
_FIELDS = ("valid_from", "value", "source")


def _series(rules: Rulebook, code: str, name: str) -> tuple[str | None, tuple[Dated, ...]]:
    """Whose number it is (None: the city's), and its values; raises `NotFound`."""
    programme = rules.by_code.get(code)
    if programme is None:
        raise NotFound("programme")
    try:
        owner = owner_of(rules, programme, name)
    except Invalid:
        raise NotFound("number") from None
    return owner, programme.parameters[name] if owner else rules.city[name]


def _plain(name: str, text: str) -> int | str:
    """What was typed as the number it means: yuan for sums, else as it stands. Raises `ValueError`."""
    typed = text.replace(",", "").replace("，", "").strip()
    if not typed.isascii():
        raise ValueError("no number")
    if not name.partition(":")[0].endswith("_fen"):
        return int(typed) if typed.isdigit() and len(typed) < 13 else typed
    fen = Fraction(typed) * _FEN
    if fen.denominator != 1:
        raise ValueError("less than a fen")
    return int(fen)


def _asked(page: Page, name: str, form: Mapping[str, str]) -> tuple[ParameterIn | None, list[tuple[str, str]]]:
    """The number as the door for programs takes it, or what is wrong with it."""
    wrong: list[tuple[str, str]] = []
    try:
        value: int | str = _plain(name, form.get("value", ""))
    except (ValueError, ZeroDivisionError):
        return None, [("value", page.t("matching.numbers.wrong_value"))]
    said = {"name": name, "valid_from": form.get("valid_from", "").strip(), "value": value, "source": form.get("source", "").strip()}
    try:
        return ParameterIn.model_validate({**said, "corrects": form.get("corrects") == "yes"}), wrong
    except ValidationError as fault:
        fields = {str(one["loc"][0]) for one in fault.errors()}
        return None, [(one, page.t(f"matching.numbers.wrong_{one}")) for one in _FIELDS if one in fields] or [
            ("value", page.t("matching.numbers.wrong_value"))
        ]


async def _show(
    page: Page, code: str, name: str, form: Mapping[str, str], *, status: int = 200, told: Mapping[str, Any] | None = None,
    wrong: list[tuple[str, str]] | None = None,
) -> Response:  # fmt: skip
    rules = await standing_rules(page.door)
    owner, values = _series(rules, code, name)
    return page.show(
        "matching/number.html", status=status, code=code, name=name, owner=owner, values=values, form=form, told=told, wrong=wrong or [],
        programmes=rules.by_code, money=name.partition(":")[0].endswith("_fen"),
    )  # fmt: skip


@router.get("/numbers/{code}/{name}")
async def number(code: str, name: str, page: Looker) -> Response:
    """One number of the rules with all its values, and a form for a new one."""
    return await _show(page, code, name, {})


@router.post("/numbers/{code}/{name}")
async def changed(code: str, name: str, page: Looker) -> Response:
    """See what it would change over the stored cases, or put it in force."""
    form = await page.form()
    owner, _ = _series(await standing_rules(page.door), code, name)
    asked, wrong = _asked(page, name, form)
    if asked is None:
        return await _show(page, code, name, form, status=422, wrong=wrong)
    if form.get("act") == "set":
        if not page.may("gov", "admin"):
            return await _show(page, code, name, form, status=403, wrong=[("value", page.t("matching.numbers.not_yours"))])
        try:
            said = await parameter_set(page.door, code, asked)
        except Rejected as no:
            return await _show(page, code, name, form, status=409, wrong=[("valid_from", page.t(f"matching.refused.{no.code}"))])
        except Invalid:
            return await _show(page, code, name, form, status=422, wrong=[("value", page.t("matching.numbers.wrong_value"))])
        return page.back(f"/matching/reassessments?saved={said['reassessment'] or 0}")
    value = ValueIn(programme=owner, name=name, valid_from=asked.valid_from, value=asked.value, source=asked.source)
    try:
        told = await changes(page.door, WhatIfIn(values=[value], cases=None, district=None))
    except Invalid:
        return await _show(page, code, name, form, status=422, wrong=[("value", page.t("matching.numbers.wrong_value"))])
    return await _show(page, code, name, form, told=told)


async def _reassessments(page: Page) -> dict[str, Any]:
    found = await views.reassessment_page(page.door, limit=20, cursor=None)
    running = any(one["state"] == "running" for one in found["items"])
    return {"items": found["items"], "running": running, "programmes": (await standing_rules(page.door)).by_code}


@router.get("/reassessments")
async def reassessments(page: Looker) -> Response:
    """What followed from new numbers, and how far it is."""
    saved = page.request.query_params.get("saved")
    return page.show("matching/reassessments.html", saved=saved if saved and saved.isdigit() else None, **(await _reassessments(page)))


@router.get("/reassessments/now")
async def reassessments_now(page: Looker) -> Response:
    """The part of that page that moves."""
    return page.show("matching/reassessments_now.html", **(await _reassessments(page)))
