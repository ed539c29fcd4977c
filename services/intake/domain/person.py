"""A person as intake knows them: known -> restricted -> erased. One stream for each person; what was claimed, not what is proved."""

from __future__ import annotations

from datetime import date, datetime

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
    mailing_address: str | None = None
    id_country: str | None = None


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


class AddClaims(Struct, frozen=True, gc=False):
    """What was learnt about a known person outside of a report; `claims_id` names this word of it, `source` says by whom, as a code.

    `since` is the day from which it holds, where that is not the day on which it was told.
    """

    person_id: str
    claims_id: str
    claims: Claims
    source: str
    since: date | None = None


class ConfirmKnown(Struct, frozen=True, gc=False):
    """Nothing happens where this person is known; else it is refused."""


class ConfirmUnknown(Struct, frozen=True, gc=False):
    """Nothing happens where nobody was ever known under this id; else it is refused."""


class ConfirmLiving(Struct, frozen=True, gc=False):
    """Nothing happens unless this person was erased or is kept for the law alone: then it is refused. Who is not known may be rung."""


class EnterHousehold(Struct, frozen=True, gc=False):
    person_id: str
    household_id: str


class ExitHousehold(Struct, frozen=True, gc=False):
    person_id: str
    household_id: str


class ErasePerson(Struct, frozen=True, gc=False):
    """Destroy what names this person; `reason` is a code, `case_ids` are all their cases.

    With `kept_until` a law wants it kept: until the end of that day it is sealed and shown to nobody, then it is destroyed.
    """

    person_id: str
    case_ids: tuple[str, ...]
    reason: str
    at: datetime
    kept_until: date | None = None


class EndRetention(Struct, frozen=True, gc=False):
    """The last day on which it had to be kept is over."""

    at: datetime


class PersonTold(Struct, frozen=True, gc=False):
    """Who this person is, as far as has been said: all claims, newest on each point; `case_id` names the report or later word.

    `trusted` is false as long as only forms that anybody may fill in have spoken.
    """

    person_id: str
    household_id: str
    case_id: str
    claims: Claims | Shredded
    source: str = "report"
    since: date | None = None
    trusted: bool = True


class HouseholdEntered(Struct, frozen=True, gc=False):
    """`household_id` is empty for somebody who has left theirs."""

    person_id: str
    household_id: str


class PersonErased(Struct, frozen=True, gc=False):
    """The key of this person is to be destroyed, at once or after `kept_until`; only codes remain."""

    person_id: str
    case_ids: tuple[str, ...]
    reason: str
    at: datetime
    kept_until: date | None = None


class Person(Struct, frozen=True, gc=False):
    """`status` is absent, known, restricted (kept for the law alone, shown to nobody) or erased.

    `told_in` are the reports and later words that have been heard, `member_of` the household they live in; `doubted` says that only
    forms which anybody may fill in have spoken of them.
    """

    status: str = "absent"
    household_id: str = ""
    claims: Claims | Shredded = Claims()
    told_in: tuple[str, ...] = ()
    member_of: str = ""
    erased: PersonErased | None = None
    doubted: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether nobody may use what was known of them: erased, or kept for the law alone."""
        return self.status in ("restricted", "erased")


_TOLD_MAX = 200  # copies of reports older than this many are told apart by their case alone


def unpaid(claims: Claims) -> Claims:
    """What a form says that anybody may fill in: nobody is paid by it. It may be the only telephone there is, so that stays."""
    return replace(claims, account_bank=None, account_number=None)


def reached_anew(before: Claims | Shredded) -> Claims | Shredded:
    """What only such forms said when somebody we know speaks: how this person is reached is for them to say."""
    return before if isinstance(before, Shredded) else replace(before, phone=None)


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


def evolve(state: Person, event: PersonTold | HouseholdEntered | PersonErased) -> Person:
    match event:
        case PersonTold():
            told = (*state.told_in[-_TOLD_MAX:], event.case_id)
            return replace(
                state, status="known", household_id=event.household_id, claims=event.claims, told_in=told, doubted=not event.trusted
            )
        case HouseholdEntered():
            return replace(state, member_of=event.household_id)
        case PersonErased():
            # What is only kept for the law is unreadable here too: no page and no call finds it in a state.
            status = "erased" if event.kept_until is None else "restricted"
            return Person(status, state.household_id, SHREDDED, state.told_in, state.member_of, event)
