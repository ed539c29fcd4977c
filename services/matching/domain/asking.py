"""What is asked of the directory for one need of a case, and what a provider may grant."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import Struct

from services.matching.domain.rulebook import Limit

ATTEMPTS_MAX = 12
OPEN_MAX = 60  # offers of one need that may be open still; all of them are revoked in one unit


class Item(Struct, frozen=True, gc=False):
    sku: str
    quantity: int


class Grant(Struct, frozen=True, gc=False):
    """Cash (`amount_fen`, `programme`, `fund_id`) or goods (`items`)."""

    kind: str
    amount_fen: int = 0
    programme: str | None = None
    fund_id: str | None = None
    items: tuple[Item, ...] = ()


class Candidate(Struct, frozen=True, gc=False):
    """A programme that can help, with what it would give and the caps that it counts against."""

    programme: str
    kind: str
    amount_fen: int
    limits: tuple[Limit, ...]


class Ask(Struct, frozen=True, gc=False):
    """Help wanted for one need: programmes in order of precedence, who was asked already, whom the consent reaches.

    `only` names one service when a person chose by hand; `attempt` counts the providers asked one after the other,
    `rounds` the searches begun for this need; `unfit` are services whose conditions this case does not meet. `group` names what is
    offered to several at once; `language` is the one that the person speaks, where it is known. `among` narrows a search that found nobody
    before to a service that has come since: who said no is not asked again. `street` (9 digits) is where the person lives, where it is known.
    """

    root: str
    attempt: int
    case_id: str
    person_id: str
    household_id: str
    need: str
    district: str
    on: date
    answer_hours: int
    candidates: tuple[Candidate, ...] = ()
    recipients: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    sku: str | None = None
    only: str | None = None
    rounds: int = 1
    group: str | None = None
    language: str = ""
    unfit: tuple[str, ...] = ()
    among: str = ""
    street: str = ""

    @property
    def referral_id(self) -> str:
        return self.root if self.attempt == 1 else f"{self.root}-{self.attempt}"


class About(Struct, frozen=True, gc=False):
    """What every word about a referral carries: ids and codes."""

    referral_id: str
    case_id: str
    person_id: str
    household_id: str
    org_id: str
    service_id: str
    need: str
    programme: str | None
    district: str


def asked_next(ask: Ask, service_id: str) -> Ask | None:
    """The same wish for the next provider; none for a choice by hand or after too many."""
    if ask.only is not None or ask.among or ask.attempt >= ATTEMPTS_MAX:
        return None
    return msgspec.structs.replace(ask, attempt=ask.attempt + 1, tried=(*ask.tried, service_id))


def asked_without(ask: Ask, programme: str | None) -> Ask | None:
    """The same wish for the programmes after this one; none when it was the last."""
    codes = [c.programme for c in ask.candidates]
    rest = ask.candidates[codes.index(programme) + 1 :] if programme in codes else ()
    if not rest or ask.only is not None or ask.among or ask.attempt >= ATTEMPTS_MAX:
        return None
    return msgspec.structs.replace(ask, attempt=ask.attempt + 1, candidates=rest)
