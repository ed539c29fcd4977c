"""The rulebook: all programmes, compiled for every period; answers for a case on the day of its event."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from services.matching.domain.compiling import Verdict, Verdicts, compiled
from services.matching.domain.facts import known
from services.matching.domain.rules import Dated, InForce, Number, Programme, days_of_change, find, in_force
from services.matching.domain.telling import Explained, Tell, own_cap, telling


class Limit(Struct, frozen=True, gc=False):
    """A cap as the household's stream counts it: whose, of what, in which year."""

    key: str
    cap_fen: int


class _Period(Struct, frozen=True):
    in_force: tuple[InForce | None, ...]
    verdicts: Verdicts
    tell: Tell


@dataclass(frozen=True)
class Rulebook:
    """Immutable; `version` names its content, so that a stored verdict says by which rules it was found."""

    programmes: tuple[Programme, ...]
    city: Mapping[str, tuple[Dated, ...]]
    version: str
    days: tuple[date, ...]
    periods: tuple[_Period, ...]
    by_code: Mapping[str, Programme]

    def at(self, on: date) -> _Period:
        """The period that holds a day."""
        return self.periods[bisect_right(self.days, on) - 1]

    def verdicts(self, facts: Mapping[str, Any], on: date, *, seen_on: date | None = None) -> tuple[Verdict, ...]:
        """Every programme's answer by the rules of `on`, in the order of precedence; spans count up to `seen_on`."""
        return self.at(on).verdicts(known(facts, seen_on or on))

    def explain(
        self, facts: Mapping[str, Any], on: date, *, seen_on: date | None = None, used: Mapping[str, int] | None = None
    ) -> tuple[Explained, ...]:
        """Every programme's answer with reasons and margins; `used` holds what programmes gave already in the period."""
        return self.at(on).tell(known(facts, seen_on or on), on, used or {})

    def limits(
        self, code: str, on: date, *, person_id: str, case_id: str, facts: Mapping[str, Any] = {}, amount_fen: int = 0
    ) -> tuple[Limit, ...]:
        """The caps a grant of this programme counts against; none for a programme we do not know or that is not in force.

        Where a cap follows from who they are (a difference, a line by place), it is `amount_fen`, what they were found entitled to;
        `facts` say whether a special cap stands in for the usual one.
        """
        at = self.at(on)
        for one in at.in_force:
            if one is not None and one.programme.code == code:
                special = facts.get(one.programme.amount.special_when) is True
                return _limits(one, on, person_id, case_id, amount_fen if own_cap(one) else one.special_cap_fen if special else one.cap_fen)
        return ()

    def number(self, name: str, on: date) -> int:
        """A parameter of the city on a day; before its first day its first value."""
        found = find(Number(parameter=name), max(on, self.city[name][0].valid_from), {}, self.city)
        assert found is not None, f"{name} has no value"
        return int(found.value)


def _limits(one: InForce, on: date, person_id: str, case_id: str, cap: int) -> tuple[Limit, ...]:
    programme = one.programme
    period = f"{on.year}-{on.month:02}" if programme.period == "month" else str(on.year)
    match programme.scope:
        case "person":
            own = Limit(f"{programme.code}:{person_id}:{period}", cap)
        case "household":
            own = Limit(f"{programme.code}:household:{period}", cap)
        case _:
            own = Limit(f"{programme.code}:{case_id}", cap)
    if one.group_cap_fen is None:
        return (own,)
    return (own, Limit(f"{programme.group}:household:{on.year}", one.group_cap_fen))


def rulebook(programmes: tuple[Programme, ...], city: Mapping[str, tuple[Dated, ...]]) -> Rulebook:
    """Compile all programmes for every period between two days of change."""
    days = days_of_change(programmes, city)
    codes = tuple(p.code for p in programmes)
    periods = []
    for day in days:
        standing = tuple([in_force(p, city, day) for p in programmes])
        periods.append(_Period(standing, compiled(standing, codes), telling(standing, programmes)))
    content = msgspec.json.encode([programmes, city], enc_hook=str, order="sorted")
    version = hashlib.sha256(content).hexdigest()[:12]
    return Rulebook(programmes, city, version, days, tuple(periods), {p.code: p for p in programmes})
