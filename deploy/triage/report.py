"""How well triage reads narratives that it has not seen: per need, per voice and language, and how urgencies are confused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from deploy.triage.corpus import Labelled
from services.intake.domain.model import NEEDS
from services.intake.domain.urgency import LEVELS

F1_GOAL, RECALL_GOAL, ALARMS_GOAL = 0.93, 1.0, 0.10  # what triage is asked for on narratives that it has not seen


class Answered(Struct, frozen=True):
    """One narrative and what triage said of it."""

    asked: Labelled
    needs: frozenset[str]
    urgency: str


class Rates(Struct, frozen=True):
    """Shares between 0 and 1; of nothing, 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def answered(narratives: Iterable[Labelled], triage: Callable[[str], tuple[Iterable[str], str]]) -> list[Answered]:
    """Ask `triage` (text -> needs and urgency) about each."""
    found = []
    for one in narratives:
        needs, urgency = triage(one.text)
        found.append(Answered(one, frozenset(needs), urgency))
    return found


def rates(answers: Sequence[Answered], needs: Iterable[str] = NEEDS) -> Rates:
    """Micro-averaged over these needs."""
    asked = frozenset(needs)
    right = sum(len(a.needs & a.asked.needs & asked) for a in answers)
    said, true = sum(len(a.needs & asked) for a in answers), sum(len(a.asked.needs & asked) for a in answers)
    return Rates(right / said if said else 1.0, right / true if true else 1.0)


def critical(answers: Sequence[Answered]) -> tuple[float, float]:
    """Recall of `critical`, and the share of all others that were called so."""
    true = [a.urgency == "critical" for a in answers if a.asked.urgency == "critical"]
    false = [a.urgency == "critical" for a in answers if a.asked.urgency != "critical"]
    return (sum(true) / len(true) if true else 1.0, sum(false) / len(false) if false else 0.0)


def confusion(answers: Iterable[Answered]) -> dict[tuple[str, str], int]:
    """(what it is, what was said) -> how often."""
    found = dict.fromkeys([(true, said) for true in LEVELS for said in LEVELS], 0)
    for a in answers:
        found[a.asked.urgency, a.urgency] += 1
    return found


def goals(answers: Sequence[Answered]) -> list[str]:
    """One line for each goal: what was measured, and whether it is met."""
    recall, alarms = critical(answers)
    f1 = rates(answers).f1
    met = (
        ("micro-F1 of needs", f1, "at least", F1_GOAL, f1 >= F1_GOAL),
        ("recall of critical", recall, "at least", RECALL_GOAL, recall >= RECALL_GOAL),
        ("false alarms of critical", alarms, "at most", ALARMS_GOAL, alarms <= ALARMS_GOAL),
    )
    return [f"goal: {name} {bound} {asked:.3f}: {'met' if good else 'MISSED'} with {value:.3f}" for name, value, bound, asked, good in met]


def report(answers: Sequence[Answered]) -> str:
    """The whole as text."""
    recall, alarms = critical(answers)
    whole = rates(answers)
    lines = [
        f"{len(answers)} narratives; needs: micro-F1 {whole.f1:.3f} (precision {whole.precision:.3f}, recall {whole.recall:.3f})",
        f"critical: recall {recall:.3f}, false alarms {alarms:.3f}",
        *goals(answers),
        "",
        f"{'need':<16}{'count':>6}{'precision':>11}{'recall':>8}{'F1':>7}",
    ]
    for need in NEEDS:
        one = rates(answers, [need])
        count = sum(need in a.asked.needs for a in answers)
        lines.append(f"{need:<16}{count:>6}{one.precision:>11.3f}{one.recall:>8.3f}{one.f1:>7.3f}")
    lines += ["", f"{'voice, language':<22}{'count':>6}{'precision':>11}{'recall':>8}{'F1':>7}{'critical':>10}{'alarms':>8}{'urgency':>9}"]
    for voice, language in sorted({(a.asked.voice, a.asked.language) for a in answers}):
        some = [a for a in answers if (a.asked.voice, a.asked.language) == (voice, language)]
        recall, alarms = critical(some)
        same = sum(a.urgency == a.asked.urgency for a in some) / len(some)
        one = rates(some)
        lines.append(
            f"{voice + ', ' + language:<22}{len(some):>6}{one.precision:>11.3f}{one.recall:>8.3f}{one.f1:>7.3f}"
            f"{recall:>10.3f}{alarms:>8.3f}{same:>9.3f}"
        )
    table = confusion(answers)
    lines += ["", f"{'is, and was called':<20}" + "".join([f"{said:>10}" for said in LEVELS])]
    lines += [f"{true:<20}" + "".join([f"{table[true, said]:>10}" for said in LEVELS]) for true in LEVELS]
    return "\n".join(lines)
