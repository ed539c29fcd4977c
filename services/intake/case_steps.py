"""What the buttons about consent, danger and grievances on a case's page stand for; each does what the door for programs does."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from services.intake.api.casework import answer_grievance
from services.intake.api.consents import answer, ask, share_in_emergency
from services.intake.asked_casework import GrievanceAnswerIn
from services.intake.asked_persons import AnswerIn, ConsentAskedIn, EmergencyIn
from services.intake.desk import PURPOSES, RECIPIENTS, text_in
from services.intake.showing import ABOVE
from shared.http import Forbidden
from shared.web.frame import Page

STEPS = ("ask_consent", "consent_agreed", "consent_refused", "emergency_share", "answer_grievance")
_TEXT_MAX, _WHY_MAX = 20_000, 2000
_ASKED = {"purposes": list(PURPOSES), "recipients": list(RECIPIENTS), "how": "read_aloud"}


async def case_step(page: Page, case_id: str, act: str, form: Mapping[str, str]) -> list[tuple[str, str]]:
    """Do it; answers what is wrong with the form: field and sentence. Raises `Rejected`, `Forbidden`, `NotFound`, `TooLong`."""
    door = page.door
    try:
        match act:
            case "ask_consent":
                await ask(case_id, ConsentAskedIn.model_validate(_ASKED), door)
            case "consent_agreed" | "consent_refused":
                await answer(form.get("consent", ""), AnswerIn(agreed=act == "consent_agreed"), door)
            case "emergency_share":
                await share_in_emergency(case_id, EmergencyIn(reason=text_in(form, "why", _WHY_MAX)), door)
            case "answer_grievance":
                if not door.may(*ABOVE):
                    raise Forbidden("a grievance is answered by somebody above those who decided")
                said = GrievanceAnswerIn.model_validate(
                    {"outcome": form.get("outcome", ""), "text": text_in(form, "answer", _TEXT_MAX, at="grievances") or None}
                )
                await answer_grievance(case_id, form.get("grievance", ""), said, door)
    except ValidationError:
        return [("why", page.t("intake.emergency.wrong_why"))] if act == "emergency_share" else [("", page.t("intake.wrong.step"))]
    return []
