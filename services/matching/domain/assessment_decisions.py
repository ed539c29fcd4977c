"""What is answered to a case, and which help is sought for it once sharing is agreed to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from services.matching.domain.asking import Ask, Candidate
from services.matching.domain.assessment import (
    ABSENT,
    COMMANDS,
    EVENTS,
    WITHOUT_HELP,
    AllowSharing,
    AssessCase,
    Assessment,
    CaseAssessed,
    CaseEnded,
    Changed,
    ConfirmEligible,
    NoteEnded,
    NoteOffer,
    NothingMissing,
    OfferNoted,
    Reassess,
    RestSearch,
    ResumeSharing,
    SearchEnded,
    SeekAgain,
    SharingAllowed,
    SharingStopped,
    SoughtAgain,
    StopSharing,
    evolve,
    facts_of,
)
from services.matching.domain.compiling import Verdict
from services.matching.domain.facts import day_of
from services.matching.domain.parameters import CITY, Parameters
from services.matching.domain.rulebook import Rulebook
from shared.kernel import Decider, Rejected

_TAKEN_BACK = frozenset(("revoked", "refused_by_all"))  # how an offer ends that the close of the case takes back
_URGENCIES = frozenset(("critical", "high"))


class CaseIsNotAssessed(Rejected):
    """This case has not been assessed yet."""


class CaseIsNotEligible(Rejected):
    """The latest assessment does not find this case eligible for this programme."""


class SharingStands(Rejected):
    """The person agrees to sharing, so the search goes on."""


def day_of_rules(facts: Mapping[str, Any], seen_on: date) -> date:
    """The day whose rules count: that of the event when it is known, else that of the report."""
    event = facts.get("event_on")
    day = None if event is None else day_of(event)
    return day if day is not None and day <= seen_on else seen_on


def _missing(
    rules: Rulebook, of: AssessCase | CaseAssessed, facts: Mapping[str, Any], on: date, verdicts: Sequence[Verdict]
) -> tuple[str, ...]:
    """Facts that could open a programme for a need of this case; only asked for when nothing is open that gives something."""
    if any(v.amount_fen > 0 for v in verdicts) or all(v.verdict == "ineligible" for v in verdicts):
        return ()
    found: dict[str, None] = {}
    for told in rules.explain(facts, on, seen_on=of.seen_on):
        if told.verdict == "needs_information" and not set(rules.by_code[told.programme].needs).isdisjoint(of.needs):
            found.update(dict.fromkeys(told.missing))
    return tuple(found)


def _giving(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [v for v in verdicts if v.verdict == "eligible" and v.amount_fen > 0]


def passed_over(rules: Rulebook, needs: Sequence[str], verdicts: Sequence[Verdict]) -> dict[str, tuple[str, ...]]:
    """Programmes that are not sought, each with those in whose place it stands: both are open, and the law gives one of them.

    A programme that serves no need of this case is sought by nobody, and so it stands in nobody's way.
    """
    open_ = [rules.by_code[v.programme] for v in _giving(verdicts) if v.programme in rules.by_code]
    sought = {one.code for one in open_ if not needs or not set(one.needs).isdisjoint(needs)}
    found = {one.code: tuple([code for code in one.excludes if code in sought]) for one in open_}
    return {code: before for code, before in found.items() if before}


class Search:
    """Turns verdicts into what is asked of the directory: per need the programmes in order, each programme once a case."""

    __slots__ = ("facts", "rules", "state", "taken")

    def __init__(self, rules: Rulebook, state: Assessment, facts: Mapping[str, Any]) -> None:
        self.rules, self.state, self.facts = rules, state, facts
        self.taken: set[str] = {""}

    def asks(self, a: CaseAssessed | AssessCase, on: date, verdicts: Sequence[Verdict], recipients: tuple[str, ...]) -> tuple[Ask, ...]:
        hours = self.rules.number(f"offer_hours_{a.urgency if a.urgency in _URGENCIES else 'normal'}", a.seen_on)
        without = passed_over(self.rules, a.needs, verdicts)
        eligible = [v for v in _giving(verdicts) if v.programme not in without]
        needs = a.needs or tuple(self.rules.by_code[v.programme].needs[0] for v in eligible[:1])
        sku = self.facts.get("wish_sku")
        sku = sku if isinstance(sku, str) else None
        found = []
        for need in needs:
            before = self.state.of(need)
            if before is not None and before.referral_id is not None:
                continue
            rounds = before.rounds if before else 0
            root = f"{a.case_id}-{need}" if rounds == 0 else f"{a.case_id}-{need}.{rounds + 1}"
            found.append(
                Ask(root, 1, a.case_id, a.person_id, a.household_id, need, a.district, on, hours,
                    self._candidates(a, on, need, eligible), recipients, (), sku, None, rounds + 1, language=a.language, street=a.street)
            )  # fmt: skip
        return tuple(found)

    def _candidates(self, a: CaseAssessed | AssessCase, on: date, need: str, eligible: Sequence[Verdict]) -> tuple[Candidate, ...]:
        chosen = []
        for verdict in eligible:
            programme = self.rules.by_code[verdict.programme]
            if need not in programme.needs or programme.code in self.taken:
                continue
            limits = self.rules.limits(
                programme.code, on, person_id=a.person_id, case_id=a.case_id, facts=self.facts, amount_fen=verdict.amount_fen
            )
            chosen.append(Candidate(programme.code, programme.kind, verdict.amount_fen, limits))
        self.taken.update(c.programme for c in chosen)
        return tuple(chosen)


def _same(old: CaseAssessed | None, c: AssessCase, rule_version: str) -> bool:
    if old is None or old.rule_version != rule_version or facts_of(old) is None:
        return False
    new = (c.facts, c.needs, c.urgency, c.district, c.seen_on, c.household_id, c.language, c.street)
    before = (facts_of(old), old.needs, old.urgency, old.district, old.seen_on, old.household_id, old.language, old.street)
    return before == new


def assess(command: AssessCase, state: Assessment, rules: Rulebook) -> tuple[Any, ...]:
    recipients = state.recipients if command.recipients is None else command.recipients
    if _same(state.latest, command, rules.version):
        return () if recipients == state.recipients or recipients is None else allow(AllowSharing(recipients, command.at), state, rules)
    on = day_of_rules(command.facts, command.seen_on)
    verdicts = rules.verdicts(command.facts, on, seen_on=command.seen_on)
    seeks = Search(rules, state, command.facts).asks(command, on, verdicts, recipients) if recipients is not None else ()
    c = command
    assessed = CaseAssessed(
        c.case_id, c.person_id, c.household_id, c.district, c.needs, c.urgency, c.facts, on, c.seen_on, rules.version, verdicts,
        _missing(rules, c, c.facts, on, verdicts), c.at, recipients, seeks, None, c.language, c.street,
    )  # fmt: skip
    return _answered(state, assessed)


def _answered(state: Assessment, assessed: CaseAssessed) -> tuple[Any, ...]:
    answered = state.latest is not None and state.latest.missing and not assessed.missing
    return (assessed, NothingMissing(assessed.case_id, assessed.at)) if answered else (assessed,)


def _in_reach(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """What gives something, in fen, by programme."""
    return {v.programme: v.amount_fen for v in _giving(verdicts)}


def reassess(command: Reassess, state: Assessment, rules: Rulebook) -> tuple[Any, ...]:
    """The same facts by other numbers; where every programme answers as before, the answer stays as it was given."""
    latest = state.latest
    facts = None if latest is None else facts_of(latest)
    if latest is None or facts is None or latest.rule_version == rules.version:
        return ()
    verdicts = rules.verdicts(facts, latest.on, seen_on=latest.seen_on)
    if verdicts == latest.verdicts:
        return ()
    before, after = _in_reach(latest.verdicts), _in_reach(verdicts)
    gained, lost = tuple([code for code in after if code not in before]), tuple([code for code in before if code not in after])
    changed = Changed(command.reassessment, gained, lost, sum(before.values()), sum(after.values()))
    seeks = () if state.recipients is None else Search(rules, state, facts).asks(latest, latest.on, verdicts, state.recipients)
    assessed = msgspec.structs.replace(
        latest, rule_version=rules.version, verdicts=verdicts, missing=_missing(rules, latest, facts, latest.on, verdicts), at=command.at,
        recipients=state.recipients, seeks=seeks, changed=changed,
    )  # fmt: skip
    return _answered(state, assessed)


def resume(command: ResumeSharing, state: Assessment, rules: Rulebook) -> tuple[Any, ...]:
    """Nothing where sharing was never agreed to, or was taken back."""
    return () if state.resting is None or state.latest is None else allow(AllowSharing(state.resting, command.at), state, rules)


def allow(command: AllowSharing, state: Assessment, rules: Rulebook) -> tuple[Any, ...]:
    latest = state.latest
    if latest is None:
        raise CaseIsNotAssessed
    if state.recipients == command.recipients:
        return ()
    facts = facts_of(latest)
    seeks = () if facts is None else Search(rules, state, facts).asks(latest, latest.on, latest.verdicts, command.recipients)
    told = (latest.person_id, facts) if seeks else ("", None)
    return (SharingAllowed(latest.case_id, command.recipients, command.at, seeks, *told),)


def _case_ended(command: StopSharing, state: Assessment, latest: CaseAssessed) -> tuple[CaseEnded, ...]:
    """What a case closed without help leaves unmet: every need at which no search stands; a need that somebody serves is not."""
    if command.reason != "case_closed" or not command.outcome:
        return ()
    if command.outcome not in WITHOUT_HELP:
        told = tuple([one.need for one in state.sought if one.unmet])
        return (CaseEnded(latest.case_id, latest.district, command.outcome, command.at, (), told),) if told else ()
    sought = {need: state.of(need) for need in latest.needs}
    unmet = tuple([need for need, one in sought.items() if one is None or (one.referral_id is None and not one.unmet)])
    stands = any(one is not None and one.referral_id is not None for one in sought.values())
    return (CaseEnded(latest.case_id, latest.district, command.outcome, command.at, unmet),) if unmet or stands else ()


def stop(command: StopSharing, state: Assessment) -> tuple[Any, ...]:
    if state.latest is None:
        return ()
    return (*_case_ended(command, state, state.latest), *_sharing_stopped(command, state, state.latest))


def _sharing_stopped(command: StopSharing, state: Assessment, latest: CaseAssessed) -> tuple[SharingStopped, ...]:
    nothing_to_stop = state.recipients is None and (state.resting is None or command.reason == "case_closed")
    if nothing_to_stop and command.reason != "subject_erased":
        return ()
    may_be_open = [key for one in state.sought for key in (*one.others, one.referral_id) if key is not None]
    return (SharingStopped(latest.case_id, latest.person_id, command.reason, command.at, tuple(dict.fromkeys(may_be_open))),)


def note_offer(command: NoteOffer, state: Assessment) -> tuple[Any, ...]:
    one = state.of(command.need)
    if state.latest is None or (one is not None and one.referral_id == command.referral_id):
        return ()
    return (OfferNoted(state.latest.case_id, command.need, command.referral_id),)


def note_ended(command: NoteEnded, state: Assessment) -> tuple[Any, ...]:
    one = state.of(command.need)
    if state.latest is None or one is None or one.referral_id is None or command.referral_id not in (None, one.referral_id):
        return ()
    closed = state.ended if command.reason in _TAKEN_BACK else None
    reason, at = (command.reason, command.at) if closed is None else (closed.outcome, closed.at)
    ended = SearchEnded(state.latest.case_id, command.need, reason)
    if at is None:
        return (ended,)
    return (msgspec.structs.replace(ended, district=state.latest.district, tried=len(one.others) + 1, unmet_at=at),)


def rest(command: RestSearch, state: Assessment) -> tuple[Any, ...]:
    if state.recipients is not None:
        raise SharingStands(need=command.need)
    return ()


def seek_again(command: SeekAgain, state: Assessment, rules: Rulebook) -> tuple[Any, ...]:
    """Nothing where sharing is not agreed to any more, or somebody has been found meanwhile."""
    latest, one = state.latest, state.of(command.need)
    facts = None if latest is None else facts_of(latest)
    if latest is None or facts is None or state.recipients is None or one is None or one.referral_id is not None or not one.unmet:
        return ()
    asks = Search(rules, state, facts).asks(latest, latest.on, latest.verdicts, state.recipients)
    seeks = tuple([msgspec.structs.replace(ask, among=command.service_id) for ask in asks if ask.need == command.need])
    return (SoughtAgain(latest.case_id, latest.person_id, command.at, seeks, facts),) if seeks else ()


def confirm_eligible(command: ConfirmEligible, state: Assessment) -> tuple[Any, ...]:
    if state.latest is None:
        raise CaseIsNotAssessed
    if not any(v.programme == command.programme and v.verdict == "eligible" for v in state.latest.verdicts):
        raise CaseIsNotEligible(programme=command.programme)
    return ()


def assessment(in_force: Callable[[Parameters], Rulebook]) -> Decider[Assessment]:
    """The decider that answers by the rules in force: those of the files with what was set since."""

    def decide(command: Any, state: Assessment, parameters: Parameters) -> tuple[Any, ...]:
        match command:
            case AssessCase():
                return assess(command, state, in_force(parameters))
            case Reassess():
                return reassess(command, state, in_force(parameters))
            case AllowSharing():
                return allow(command, state, in_force(parameters))
            case ResumeSharing():
                return resume(command, state, in_force(parameters))
            case StopSharing():
                return stop(command, state)
            case NoteOffer():
                return note_offer(command, state)
            case NoteEnded():
                return note_ended(command, state)
            case RestSearch():
                return rest(command, state)
            case SeekAgain():
                return seek_again(command, state, in_force(parameters))
            case ConfirmEligible():
                return confirm_eligible(command, state)
        raise AssertionError(f"{type(command).__name__} is no command to an assessment")

    return Decider("assessment", ABSENT, decide, evolve, COMMANDS, EVENTS, f"parameters-{CITY}")
