"""A person as intake knows them: known -> erased. One stream for each person; what was claimed, not what is proved."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict, replace

from shared.kernel import SHREDDED, Shredded


class Claims(Struct, frozen=True, gc=False):
    """What has been said about who somebody is; the newest word on each point. Personal, always sealed."""

    name: str | None = None
    id_type: str | None = None
    id_number: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    phone: str | None = None
    hukou_code: str | None = None
    residence_code: str | None = None
    address: str | None = None
    languages: tuple[str, ...] = ()
    account_bank: str | None = None
    account_number: str | None = None
    earlier_phones: tuple[str, ...] = ()


_NEVER_BY_ANYBODY = frozenset(("account_bank", "account_number", "phone"))


class TellPerson(Struct, frozen=True, gc=False):
    """A report says this about the person; `household_id` counts for somebody not known before.

    What an untrusted mouth says (a form filled in by anybody) may fill gaps but never replaces what is known.
    """

    person_id: str
    household_id: str
    case_id: str
    claims: Claims
    trusted: bool = True


class ErasePerson(Struct, frozen=True, gc=False):
    """Destroy what names this person; `reason` is a code, `case_ids` are all their cases."""

    person_id: str
    case_ids: tuple[str, ...]
    reason: str
    at: datetime


class PersonTold(Struct, frozen=True, gc=False):
    """Who this person is, as far as has been said: all claims, newest on each point."""

    person_id: str
    household_id: str
    case_id: str
    claims: Claims | Shredded


class PersonErased(Struct, frozen=True, gc=False):
    """The key of this person is to be destroyed; only codes remain."""

    person_id: str
    case_ids: tuple[str, ...]
    reason: str
    at: datetime


class Person(Struct, frozen=True, gc=False):
    """`status` is absent, known or erased; `told_in` are the cases whose reports have been heard."""

    status: str = "absent"
    household_id: str = ""
    claims: Claims | Shredded = Claims()
    told_in: tuple[str, ...] = ()


_TOLD_MAX = 200  # copies of reports older than this many are told apart by their case alone


def merged(before: Claims | Shredded, told: Claims, *, trusted: bool) -> Claims:
    """The newest word on each point; what is not said stays, and a former telephone is kept beside the new one."""
    if isinstance(before, Shredded):
        return told
    if not trusted:
        gaps = {
            name: value for name, value in asdict(told).items() if getattr(before, name) in (None, ()) and name not in _NEVER_BY_ANYBODY
        }
        return replace(before, **gaps)
    said = {name: value for name, value in asdict(told).items() if value not in (None, ())}
    earlier = before.earlier_phones
    if before.phone and told.phone and before.phone != told.phone and before.phone not in earlier:
        earlier = (*earlier, before.phone)[-3:]
    return replace(before, **{**said, "earlier_phones": earlier})


def evolve(state: Person, event: PersonTold | PersonErased) -> Person:
    match event:
        case PersonTold():
            return Person("known", event.household_id, event.claims, (*state.told_in[-_TOLD_MAX:], event.case_id))
        case PersonErased():
            return Person("erased", state.household_id, SHREDDED, state.told_in)
