"""Who lives on one purse, as a person's page shows and changes it; each button does what the door for programs does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.intake.api import households as api
from services.intake.asked_persons import HouseholdFormIn, MemberIn, OthersIn
from services.intake.domain.case import Case
from services.intake.domain.household import Household
from services.intake.domain.person import Person
from services.intake.showing import shown_claims
from shared.http import Door, Invalid
from shared.web.frame import Page

STEPS = ("home_form", "home_join", "home_leave", "home_carve", "home_back", "home_others")


async def homes(door: Door, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The households of these rows with their members: role, whether carved out, and a masked name."""
    keys = list(dict.fromkeys(row["household_id"] for row in rows))
    states: dict[str, Household] = await door.states("household", keys)
    people: dict[str, Person] = await door.states("person", dict.fromkeys(m.person_id for one in states.values() for m in one.members))
    return [{"household_id": key, "size": states[key].size(), "others": states[key].others, "members": [
        {
            "person_id": m.person_id, "role": m.role, "carved_out": m.carved_out,
            "name": (shown_claims(people[m.person_id].claims, full=False) or {}).get("name"),
        }
        for m in states[key].members
    ]} for key in keys]  # fmt: skip


async def household_step(page: Page, person_id: str, act: str, form: Mapping[str, str]) -> None:
    """Raises `ValidationError`, `Invalid`, `NotFound` and `Rejected`."""
    door, home, member = page.door, form.get("home", ""), form.get("member", "")
    match act:
        case "home_form":
            mine = {"person_id": person_id, "role": form.get("role", "")}
            await api.form(HouseholdFormIn.model_validate({"members": [mine], "others": _count(form)}), door)
        case "home_join":
            who = await _somebody(door, form.get("who", "").strip())
            await api.join(home, MemberIn.model_validate({"person_id": who, "role": form.get("role", "")}), door)
        case "home_leave":
            await api.leave(home, member, door)
        case "home_carve":
            await api.carve_out(home, member, door)
        case "home_back":
            await api.take_back(home, member, door)
        case "home_others":
            await api.count_others(home, OthersIn.model_validate({"others": _count(form)}), door)


def _count(form: Mapping[str, str]) -> int | str:
    text = form.get("others", "").strip() or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else text


async def _somebody(door: Door, number: str) -> str:
    """The person of this number, or of the case of this number; what stands in the address of their page."""
    if not 0 < len(number) <= 64:
        raise Invalid("/who", "there is no such person")
    person: Person = await door.state("person", number)
    if person.status != "absent":
        return number
    case: Case = await door.state("case", number)
    if case.report is None:
        raise Invalid("/who", "there is no such person")
    return case.report.person_id
