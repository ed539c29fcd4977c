"""The linear model of triage: weights as a value, what they say of a text, and which words weighed most; no library, no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, sqrt

from msgspec import Struct

from services.intake.domain.features import Feature, ideas, pairs, runs

NEEDS = (
    "medical", "emergency", "livelihood", "employment", "education", "housing", "disability", "elderly_care", "child_welfare",
    "mental_health", "integration",
)  # fmt: skip
LEVELS = ("any", "high", "critical")  # at least this urgent
OUTPUTS = (*NEEDS, *LEVELS)
UNIT = 1024.0  # weights are whole numbers of this part of one
_BITS = 40  # of one output within a packed row: 20,000 characters of the largest weights do not overflow into the next
_HALF = 1 << 15  # added to each weight, so that no field of a row is negative
_MASK = (1 << _BITS) - 1
_RUNS_LEAST, _PAIRS_LEAST = 10, 6
_SPANS = 4


class Model(Struct, frozen=True, gc=False):
    """One weight per feature and output; the outputs of a feature lie side by side in one integer, so that one addition adds them all."""

    version: str
    rows: Mapping[str, int]
    bias: tuple[float, ...]
    thresholds: tuple[float, ...]
    slopes: tuple[float, ...]  # with `offsets`: from a score to a probability
    offsets: tuple[float, ...]


class Seen(Struct, frozen=True, gc=False):
    """What the model sees of one text, by group; `length` and `pair_count` say how much each group is divided."""

    runs: Sequence[Feature]
    ideas: Sequence[Feature]
    pairs: Sequence[str]
    rules: Sequence[str]


def seen(writing: str, rules: Iterable[str]) -> Seen:
    """The features of a plain writing, with the rules that matched it."""
    found = ideas(writing)
    return Seen(runs(writing), found, pairs(found), [f"rule:{rule}" for rule in rules])


def packed(weights: Sequence[int]) -> int:
    """A row as it is added: every weight in its own field."""
    row = 0
    for number, weight in enumerate(weights):
        row |= (max(-_HALF, min(_HALF - 1, weight)) + _HALF) << (_BITS * number)
    return row


def weight_of(row: int, output: int) -> int:
    return ((row >> (_BITS * output)) & _MASK) - _HALF


def run_share(count: int) -> float:
    """Runs of characters grow with the text, their word does not."""
    return 1 / sqrt(max(count, _RUNS_LEAST))


def pair_share(count: int) -> float:
    return 1 / sqrt(max(count, _PAIRS_LEAST))


def scores(model: Model, of: Seen) -> list[float]:
    """One score for each of `OUTPUTS`; above its threshold it is so."""
    total = list(model.bias)
    groups = (
        ({name for name, *_ in of.runs}, run_share(len(of.runs))),
        ({name for name, *_ in of.ideas}.union(of.rules), 1.0),
        (set(of.pairs), pair_share(len(of.pairs))),
    )
    for names, share in groups:
        known = [row for row in map(model.rows.get, names) if row is not None]
        whole, offset = sum(known), len(known) * _HALF
        for output in range(len(OUTPUTS)):
            total[output] += (((whole >> (_BITS * output)) & _MASK) - offset) * share / UNIT
    return total


def probability(model: Model, output: int, score: float) -> float:
    """How often such a score was right when the model was tried on texts that it had not seen."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, model.slopes[output] * score + model.offsets[output]))))


def spans(model: Model, of: Seen, output: int) -> list[tuple[int, int]]:
    """Where in the plain writing the words stand that spoke most for this output, joined where they touch; in their order."""
    share = run_share(len(of.runs))
    weighed: dict[tuple[int, int], float] = {}
    for group, factor in ((of.runs, share), (of.ideas, 1.0)):
        for name, start, end in group:
            row = model.rows.get(name)
            if row is not None and end - start > 1:
                weighed[start, end] = weighed.get((start, end), 0.0) + weight_of(row, output) * factor
    best = sorted(((value, place) for place, value in weighed.items() if value > 0), reverse=True)[:_SPANS]
    joined: list[tuple[int, int]] = []
    for start, end in sorted([place for _, place in best]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
