"""What people type at intake's pages: a report, facts that were still asked for, a consent; and what is wrong with it, by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct
from pydantic import ValidationError

from services.intake.asked import FactsIn, ReportIn
from services.intake.domain.identity import WrongNumber, read_identity_number
from shared.asked import FIRST_DAY
from shared.problems import Invalid

# Whom the text that is read aloud names beside the government; who agrees to it agrees to all of them.
RECIPIENTS = ("charity", "hospital", "social_work_station", "community", "volunteer_group")
PURPOSES = ("referral", "payment", "contact")
CONSENT = {"share": True, "how": "read_aloud", "purposes": list(PURPOSES), "recipients": list(RECIPIENTS)}
_FIELDS = {
    "/narrative": "narrative", "/person/name": "name", "/person/phone": "phone", "/person/id_number": "id_number",
    "/person/birth_date": "birth_date", "/person/residence_code": "residence_code", "/person/hukou_code": "hukou_code",
    "/person/address": "address", "/person/account/bank": "account_bank", "/person/account/number": "account_number",
    "/household/size": "household_size", "/household/monthly_income_fen": "income_yuan",
    "/reporter/name": "reporter_name", "/reporter/phone": "reporter_phone", "/facts/medical_self_paid_year_fen": "self_paid_yuan",
}  # fmt: skip
_FEN_MAX = 10**12


class FormProblem(Exception):
    """Fields that are wrong: (field of the form, code of what is wrong with it)."""

    def __init__(self, wrong: list[tuple[str, str]]) -> None:
        super().__init__("the form is not complete")
        self.wrong = wrong


class TooLong(Exception):
    """A text is longer than what is kept: nothing of it is cut off, it is asked for anew. `field` is its id on the page."""

    def __init__(self, field: str, most: int) -> None:
        super().__init__(f"at most {most} characters")
        self.field, self.most = field, most


class Question(Struct, frozen=True, gc=False):
    """How a fact is asked: flag, yuan, number (within bounds), day, code, choice (one of the codes) or choices (several)."""

    kind: str
    least: int = 0
    most: int = 0
    codes: tuple[str, ...] = ()


_FLAG, _YUAN, _MONTHS = Question("flag"), Question("yuan", most=_FEN_MAX), Question("number", most=1200)
# Every fact that matching may ask a case for, in the order in which a person is asked.
QUESTIONS: Mapping[str, Question] = {
    "local_hukou": _FLAG,
    "rural_hukou": _FLAG,
    "residence_permit": _FLAG,
    "lived_here_months": _MONTHS,
    "works_here_months": _MONTHS,
    "pension_months": _MONTHS,
    "age": Question("number", most=130),
    "household_size": Question("number", least=1, most=60),
    "monthly_income_fen": _YUAN,
    "necessary_spending_month_fen": _YUAN,
    "serious_illness": _FLAG,
    "accident": _FLAG,
    "event_on": Question("day"),
    "medical_self_paid_year_fen": _YUAN,
    "cannot_pay": _FLAG,
    "student": Question("choice", codes=("none", "school", "college", "vocational")),
    "certificates": Question("choices", codes=("minimum_living_allowance", "edge_family", "tekun", "orphan", "disability", "none")),
    "disability_grade": Question("choice", codes=("0", "1", "2", "3", "4")),
    "disability_kind": Question("choice", codes=("none", "limb", "visual", "hearing", "speech", "intellectual", "mental", "multiple")),
    "has_supporter": _FLAG,
    "property_within_limits": _FLAG,
    "lives_with_parents": _FLAG,
    "parent_works_here": _FLAG,
    "parent_lived_here_months": _MONTHS,
    "application_running": _FLAG,
    "basic_life_threatened": _FLAG,
    "special_circumstances": _FLAG,
    "papers_missing": _FLAG,
    "hmt_permit": _FLAG,
    "wish_sku": Question("code"),
}


def report_of(form: Mapping[str, str], needs: list[str], today: date, *, channel: str = "hotline", source: str = "desk") -> ReportIn:
    """The report that this form says, by the form's channel or this one; raises `FormProblem` with everything that is wrong with it."""
    wrong: list[tuple[str, str]] = []

    def read(name: str, reader: Callable[[str], Any]) -> Any:
        text = form.get(name, "").strip()
        try:
            return reader(text) if text else None
        except ValueError:
            wrong.append((name, "wrong"))
            return None

    said = {
        "channel": form.get("channel") or channel,
        "source": source,
        "source_ref": form.get("ref") or None,
        "received_at": form.get("received_at", ""),
        "narrative": form.get("narrative", "").strip() or None,
        "language": form.get("spoken") or None,
        "reporter": _some({
            "relation": form.get("relation"), "name": form.get("reporter_name"), "phone": form.get("reporter_phone"),
        }),
        "person": _some({
            **{
                name: form.get(name)
                for name in ("name", "phone", "id_number", "birth_date", "residence_code", "hukou_code", "address")
            },
            "account": _some({"bank": form.get("account_bank"), "number": form.get("account_number")}),
        }),
        "household": _some({"size": read("household_size", _whole), "monthly_income_fen": read("income_yuan", fen_of)}),
        "facts": _some({
            "serious_illness": True if form.get("serious_illness") else None,
            "disability_grade": read("disability_grade", lambda text: between(text, 1, 4)),
            "medical_self_paid_year_fen": read("self_paid_yuan", fen_of),
            "lives_alone": True if form.get("lives_alone") else None,
        }),
        "needs": needs or None,
        "danger_now": bool(form.get("danger_now")),
        "consent": {"yes": CONSENT, "no": {"share": False}}.get(form.get("consent", "")),
        "contact": _some({"by": form.get("contact_by"), "language": form.get("contact_language")}),
    }  # fmt: skip
    number = form.get("id_number", "").strip()
    checked = read_identity_number(number, today) if number else None
    if isinstance(checked, WrongNumber):
        wrong.append(("id_number", f"id_number_{checked.why}"))
    if said["narrative"] is None and not needs and said["facts"] is None:
        # A fact that is only mistyped is something said; the field itself is complained of already.
        if not {"disability_grade", "self_paid_yuan"} & {name for name, _ in wrong}:
            wrong.append(("narrative", "empty"))
        said["narrative"] = ""  # told above in our words; the model need not say it again
    try:
        report = ReportIn.model_validate({key: value for key, value in said.items() if value is not None})
    except ValidationError as fault:
        found = [(_field(e["loc"]), "wrong") for e in fault.errors(include_input=False, include_url=False)]
        raise FormProblem(_once([*wrong, *found])) from None
    if wrong:
        raise FormProblem(_once(wrong))
    return report


def _once(wrong: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each field with the first thing that is wrong with it, in the order of the form."""
    first: dict[str, str] = {}
    for name, why in wrong:
        first.setdefault(name, why)
    order = list(_FORM_ORDER)
    return sorted(first.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order))


_FORM_ORDER = (
    "narrative", "name", "phone", "id_number", "birth_date", "residence_code", "hukou_code", "address", "account_bank", "account_number",
    "household_size", "income_yuan", "self_paid_yuan", "disability_grade", "reporter_name", "reporter_phone",
)  # fmt: skip


def unanswered(asked: Sequence[str], facts: Mapping[str, Any]) -> list[str]:
    """What of this is not known yet, in the order of asking; a fact of the wrong kind is not known, as matching sees it."""
    return [key for key in QUESTIONS if key in asked and not _answers(QUESTIONS[key], facts.get(key))]


def _answers(question: Question, value: Any) -> bool:
    match question.kind:
        case "flag":
            return isinstance(value, bool)
        case "choices":
            return isinstance(value, list | tuple)
        case "yuan" | "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "choice" if question.codes[0].isdigit():
            return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)


def facts_of(form: Mapping[str, str], chosen: Callable[[str], list[str]], today: date) -> FactsIn:
    """The facts that this form answers, what was left open left out; raises `FormProblem`, also when nothing was answered."""
    facts: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for key, question in QUESTIONS.items():
        said = chosen(field_of_fact(key)) if question.kind == "choices" else form.get(field_of_fact(key), "").strip()
        if not said:
            continue
        try:
            facts[key] = _fact(question, said, today)
        except ValueError:
            wrong.append((field_of_fact(key), f"fact_{question.kind}"))
    if wrong:
        raise FormProblem(wrong)
    if not facts:
        raise FormProblem([("missing", "no_fact")])
    return FactsIn.model_validate({"facts": facts})


def field_of_fact(key: str) -> str:
    """The form's field of a fact; with a prefix, so that no fact takes the place of another field of the page."""
    return f"fact_{key}"


def _fact(question: Question, said: Any, today: date) -> Any:
    """The value as the API takes it; raises `ValueError`."""
    match question.kind:
        case "flag" if said in ("yes", "no"):
            return said == "yes"
        case "yuan":
            return fen_of(said)
        case "number":
            return between(said, question.least, question.most)
        case "day" if FIRST_DAY <= date.fromisoformat(said) <= today:
            return date.fromisoformat(said).isoformat()
        case "choice" if said in question.codes:
            return int(said) if said.isdigit() else said
        case "choices" if set(said) <= set(question.codes) and ("none" not in said or len(said) == 1):
            return [] if said == ["none"] else said
        case "code" if len(said) <= 40 and said.isascii() and said.islower() and said.replace("_", "").isalnum():
            return said
    raise ValueError(question.kind)


def text_in(form: Mapping[str, str], name: str, most: int, at: str = "") -> str:
    """What was typed there, without the blanks around it; `at` is the field's id where that is another. Raises `TooLong`."""
    text = form.get(name, "").strip()
    if len(text) > most:
        raise TooLong(at or name, most)
    return text


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


def _whole(text: str) -> int:
    """Digits and nothing else; raises `ValueError`."""
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise ValueError("not a whole number")
    return int(text)


def between(text: str, least: int, most: int) -> int:
    number = _whole(text)
    if not least <= number <= most:
        raise ValueError("out of bounds")
    return number


def fen_of(text: str) -> int:
    """Yuan as people write them: thousands with commas, two decimals at most; raises `ValueError`."""
    try:
        amount = Decimal(text.replace(",", "").replace("，", "").strip()) * 100
    except InvalidOperation:
        raise ValueError("not a sum") from None
    if not amount.is_finite() or amount < 0 or amount != amount.to_integral_value() or amount > _FEN_MAX:
        raise ValueError("not a sum")
    return int(amount)
