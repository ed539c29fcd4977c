"""The operator's form: from its fields to a report, and from what is wrong with the report back to its fields."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from services.intake.asked import ReportIn
from shared.problems import Invalid

CONSENT = {"share": True, "how": "read_aloud", "purposes": ["referral", "payment", "contact"], "recipients": ["charity", "hospital"]}
_FIELDS = {
    "/narrative": "narrative", "/person/name": "name", "/person/phone": "phone", "/person/id_number": "id_number",
    "/person/birth_date": "birth_date", "/person/residence_code": "residence_code", "/person/hukou_code": "hukou_code",
    "/person/address": "address", "/household/size": "household_size", "/household/monthly_income_fen": "income_yuan",
    "/reporter/name": "reporter_name", "/reporter/phone": "reporter_phone", "/facts/medical_self_paid_year_fen": "self_paid_yuan",
}  # fmt: skip


class FormProblem(Exception):
    """Fields that are wrong: (field of the form, code of what is wrong with it)."""

    def __init__(self, wrong: list[tuple[str, str]]) -> None:
        super().__init__("the form is not complete")
        self.wrong = wrong


def report_of(form: Mapping[str, str], needs: list[str]) -> ReportIn:
    """The report that this form says; raises `FormProblem`."""
    said = {
        "channel": form.get("channel") or "hotline",
        "source": "desk",
        "source_ref": form.get("ref") or None,
        "received_at": form.get("received_at", ""),
        "narrative": form.get("narrative", "").strip() or None,
        "language": form.get("spoken") or None,
        "reporter": _some({
            "relation": form.get("relation"), "name": form.get("reporter_name"), "phone": form.get("reporter_phone"),
        }),
        "person": _some({
            name: form.get(name)
            for name in ("name", "phone", "id_number", "birth_date", "residence_code", "hukou_code", "address")
        }),
        "household": _some({"size": _whole(form, "household_size"), "monthly_income_fen": _fen(form, "income_yuan")}),
        "facts": _some({
            "serious_illness": True if form.get("serious_illness") else None,
            "disability_grade": _whole(form, "disability_grade"),
            "medical_self_paid_year_fen": _fen(form, "self_paid_yuan"),
            "lives_alone": True if form.get("lives_alone") else None,
        }),
        "needs": needs or None,
        "danger_now": bool(form.get("danger_now")),
        "consent": {"yes": CONSENT, "no": {"share": False}}.get(form.get("consent", "")),
        "contact": _some({"by": form.get("contact_by"), "language": form.get("contact_language")}),
    }  # fmt: skip
    if said["narrative"] is None and not needs and said["facts"] is None:
        raise FormProblem([("narrative", "empty")])
    try:
        return ReportIn.model_validate({key: value for key, value in said.items() if value is not None})
    except ValidationError as fault:
        raise FormProblem([(_field(e["loc"]), "wrong") for e in fault.errors(include_input=False, include_url=False)]) from None


def field_of(pointer: str) -> str:
    """The form's field behind a pointer into the report."""
    return _FIELDS.get(pointer, "narrative")


def why_of(fault: Invalid) -> str:
    """The word for what is wrong: the rule that an identity number breaks, as precisely as it is known."""
    return f"id_number_{fault.detail.rpartition(': ')[2]}" if fault.pointer == "/person/id_number" else "wrong"


def _field(loc: tuple[Any, ...]) -> str:
    return field_of("/" + "/".join(str(part) for part in loc))


def _some(values: dict[str, Any]) -> dict[str, Any] | None:
    said = {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}
    return {key: value for key, value in said.items() if value not in (None, "")} or None


def _whole(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise FormProblem([(name, "wrong")])
    return int(text)


def _fen(form: Mapping[str, str], name: str) -> int | None:
    """Yuan as people write them: thousands with commas, two decimals at most."""
    text = form.get(name, "").replace(",", "").replace("，", "").strip()
    if not text:
        return None
    try:
        amount = Decimal(text) * 100
    except InvalidOperation:
        raise FormProblem([(name, "wrong")]) from None
    if not amount.is_finite() or amount < 0 or amount != amount.to_integral_value() or amount > 10**12:
        raise FormProblem([(name, "wrong")])
    return int(amount)
