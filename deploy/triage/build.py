"""`make triage`: learns the weights of triage from the training part and writes them to the intake room; the only user of heavy libraries."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from math import log
from random import Random

import msgspec
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from deploy.triage.corpus import Labelled, code_mark, corpus_mark, part
from services.intake.domain.model import LEVELS, NEEDS, OUTPUTS, UNIT, Seen, pair_share, run_share
from services.intake.domain.triage import read
from services.intake.domain.urgency import LEVELS as URGENCIES
from services.intake.weights import FILE, Written

# How much each group of features may say before it costs; found by cross-validation on the training part.
_RUNS, _IDEAS, _PAIRS, _RULES = 8.0, 1.2, 3.0, 1.0
_STRENGTH = 4.0
_SEEN_LEAST = 2  # narratives in which a run or a pair must stand to be learnt
_FOLDS = 6
_JOINED = 0.5  # narratives made of two, as a share of the training part: two needs at once, and chatter before the point
_NEED_LEAST = 0.33  # how likely a need is from which it is said; F1 is highest near half of what it can reach
_CRITICAL_RECALL = 0.97  # of unseen narratives in cross-validation, at the price of false alarms
_FALSE_ALARMS_MAX = 0.18
_FEATURES_MAX = 34_000  # those that say most; the file stays below two megabytes


def _features(of: Seen) -> Iterator[tuple[str, float]]:
    share, pairs = run_share(len(of.runs)) * _RUNS, pair_share(len(of.pairs)) * _PAIRS
    yield from ((name, share) for name in sorted({f[0] for f in of.runs}))
    yield from ((name, _IDEAS) for name in sorted({f[0] for f in of.ideas}))
    yield from ((name, _RULES) for name in sorted(set(of.rules)))
    yield from ((name, pairs) for name in sorted(set(of.pairs)))


def _scale(name: str) -> float:
    return _PAIRS if "&" in name else _RULES if name.startswith("rule:") else _IDEAS if name.startswith(("idea:", "not:")) else _RUNS


def _vocabulary(rows: Sequence[Seen]) -> dict[str, int]:
    seen = Counter(name for row in rows for name, _ in _features(row))
    kept = sorted(name for name, count in seen.items() if count >= (_SEEN_LEAST if _scale(name) in (_RUNS, _PAIRS) else 1))
    return {name: number for number, name in enumerate(kept)}


def _matrix(rows: Sequence[Seen], vocabulary: dict[str, int]) -> csr_matrix:
    columns, values, ends = [], [], [0]
    for row in rows:
        for name, value in _features(row):
            if name in vocabulary:
                columns.append(vocabulary[name])
                values.append(value)
        ends.append(len(columns))
    return csr_matrix((values, columns, ends), shape=(len(rows), len(vocabulary)))


def _labels(narratives: Sequence[Labelled]) -> np.ndarray:
    """One column for each of `OUTPUTS`."""
    rank = {level: number for number, level in enumerate(URGENCIES)}
    return np.array(
        [[need in one.needs for need in NEEDS] + [rank[one.urgency] >= least for least in range(1, len(LEVELS) + 1)] for one in narratives]
    )


def _joined(narratives: Sequence[Labelled]) -> list[Labelled]:
    """Two narratives told in one breath have both their needs and the higher urgency; the same pairs every time."""
    draw = Random(20_260_101)  # noqa: S311 - pairs for learning, no secret
    alike: dict[tuple[str, str], list[Labelled]] = {}
    for one in narratives:
        alike.setdefault((one.voice, one.language), []).append(one)
    made = []
    for one in narratives:
        if draw.random() < _JOINED:
            other = draw.choice(alike[one.voice, one.language])
            higher = max(one.urgency, other.urgency, key=URGENCIES.index)
            made.append(Labelled(f"{one.text} {other.text}", one.needs | other.needs, higher, one.voice, one.language))
    return made


def _learn(rows: Sequence[Seen], labels: np.ndarray, weights: np.ndarray) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    """Vocabulary, one row of coefficients per output, and intercepts."""
    vocabulary = _vocabulary(rows)
    matrix = _matrix(rows, vocabulary)
    models = [
        LogisticRegression(C=_STRENGTH, solver="liblinear", random_state=1, intercept_scaling=3.0).fit(
            matrix, labels[:, number], sample_weight=weights
        )
        for number in range(len(OUTPUTS))
    ]
    return vocabulary, np.stack([m.coef_[0] for m in models]), np.array([m.intercept_[0] for m in models])


def _unseen_scores(narratives: Sequence[Labelled], rows: Sequence[Seen], labels: np.ndarray) -> np.ndarray:
    """What models that had not seen a narrative say of it."""
    found = np.zeros(labels.shape)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=1)
    for kept, left in folds.split(np.zeros(len(rows)), [one.urgency for one in narratives]):
        inside = [narratives[i] for i in kept]
        made = _joined(inside)
        learnt = [rows[i] for i in kept] + [read(one.text).sees for one in made]
        vocabulary, coefficients, intercepts = _learn(
            learnt, np.concatenate([labels[kept], _labels(made)]), np.array([1.0] * len(inside) + [_JOINED] * len(made))
        )
        found[left] = _matrix([rows[i] for i in left], vocabulary) @ coefficients.T + intercepts
    return found


def _best_bound(scores: np.ndarray, truth: np.ndarray) -> float:
    """The bound with the highest F1, in the middle of those that do as well but for a hundredth."""
    tried = np.arange(-4.0, 2.0, 0.05)
    f1 = np.array([2 * np.sum((scores > bound) & truth) / max(1, np.sum(scores > bound) + np.sum(truth)) for bound in tried])
    return float(np.mean(tried[f1 >= f1.max() - 0.01]))


def _balanced_bound(scores: np.ndarray, truth: np.ndarray) -> float:
    """Where as large a share of needs is found as of those without one is let go; needs are four times as many."""
    tried = np.arange(-2.0, 2.5, 0.05)
    both = np.array([np.mean(scores[truth] > bound) + np.mean(scores[~truth] <= bound) for bound in tried])
    return float(np.mean(tried[both >= both.max() - 0.005]))


def _critical_bound(scores: np.ndarray, truth: np.ndarray) -> float:
    """As low as `_CRITICAL_RECALL` asks, but not below what `_FALSE_ALARMS_MAX` allows."""
    asked = float(np.quantile(scores[truth], 1 - _CRITICAL_RECALL))
    return max(asked, float(np.quantile(scores[~truth], 1 - _FALSE_ALARMS_MAX)))


def _calibrated(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Platt's line from unseen scores to probabilities."""
    line = LogisticRegression(C=1e3).fit(scores.reshape(-1, 1), truth)
    return float(line.coef_[0][0]), float(line.intercept_[0])


def _likely_bound(line: tuple[float, float], least: float) -> float:
    """The score from which it is at least so likely; steadier than the best bound of a need that is seldom seen."""
    slope, offset = line
    return (log(least / (1 - least)) - offset) / slope


def main() -> None:
    narratives = part("training")
    rows, labels = [read(one.text).sees for one in narratives], _labels(narratives)
    unseen = _unseen_scores(narratives, rows, labels)
    lines = [_calibrated(unseen[:, number], labels[:, number]) for number in range(len(OUTPUTS))]
    some, high, critical = (OUTPUTS.index(name) for name in LEVELS)
    bounds = [
        *[_likely_bound(line, _NEED_LEAST) for line in lines[: len(NEEDS)]],
        _balanced_bound(unseen[:, some], labels[:, some]),
        _best_bound(unseen[:, high], labels[:, high]),
        _critical_bound(unseen[:, critical], labels[:, critical]),
    ]
    made = _joined(narratives)
    vocabulary, coefficients, intercepts = _learn(
        [*rows, *[read(one.text).sees for one in made]],
        np.concatenate([labels, _labels(made)]),
        np.array([1.0] * len(rows) + [_JOINED] * len(made)),
    )
    names = list(vocabulary)
    whole = np.rint(coefficients.T * np.array([[_scale(name)] for name in names]) * UNIT).clip(-32768, 32767).astype("<i2")
    most = np.abs(whole).max(axis=1)
    kept = np.zeros(len(names), bool)
    kept[np.argsort(-most, kind="stable")[:_FEATURES_MAX]] = True
    corpus, code = corpus_mark(), code_mark()
    file = Written(
        f"1.{corpus[:6]}{code[:6]}", corpus, code, list(OUTPUTS), [round(float(v), 4) for v in intercepts], [round(v, 4) for v in bounds],
        [round(a, 4) for a, _ in lines], [round(b, 4) for _, b in lines],
        "\n".join([name for name, keep in zip(names, kept, strict=True) if keep]), base64.b64encode(whole[kept].tobytes()).decode(),
    )  # fmt: skip
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n")
    right = (unseen[:, : len(NEEDS)] > np.array(bounds[: len(NEEDS)])) & labels[:, : len(NEEDS)]
    said = np.sum(unseen[:, : len(NEEDS)] > np.array(bounds[: len(NEEDS)]))
    alarms = unseen[:, -1] > bounds[-1]
    print(f"{len(narratives)} narratives, {int(kept.sum())} features, {FILE.stat().st_size} bytes, version {file.version}")
    print(f"cross-validation: micro-F1 of needs {2 * right.sum() / (said + labels[:, : len(NEEDS)].sum()):.3f}", end=", ")
    print(f"recall of critical {alarms[labels[:, -1]].mean():.3f}, false alarms {alarms[~labels[:, -1]].mean():.3f}")


if __name__ == "__main__":
    main()
