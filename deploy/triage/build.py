"""`make triage`: learns the weights of triage from the training part and writes them to the intake room; the only user of heavy libraries."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from math import log
from typing import NamedTuple

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

# How much each group of features may say before it costs; found by cross-validation on the training part. A run counts by its rarity
# besides: what few narratives share says more of them than what all share.
_RUNS, _IDEAS, _PAIRS, _RULES = 3.2, 1.2, 3.0, 1.0
_STRENGTH = 2.0
_SEEN_LEAST = 2  # narratives in which a run or a pair must stand to be learnt
_FOLDS = 6
_NEED_LEAST = 0.33  # how likely a need is from which it is said; F1 is highest near half of what it can reach
_CRITICAL_RECALL = 0.97  # of unseen narratives in cross-validation, at the price of false alarms
_FALSE_ALARMS_MAX = 0.18
_FEATURES_MAX = 40_000  # those that say most over all narratives; the file stays below two megabytes


class _Vocabulary(NamedTuple):
    """What is learnt of: a column for each name, and how much it may say."""

    columns: dict[str, int]
    scales: np.ndarray


def _features(of: Seen) -> Iterator[tuple[str, float]]:
    share, pairs = run_share(len(of.runs)), pair_share(len(of.pairs))
    yield from ((name, share) for name in sorted({f[0] for f in of.runs}))
    yield from ((name, 1.0) for name in sorted({f[0] for f in of.ideas}))
    yield from ((name, 1.0) for name in sorted(set(of.rules)))
    yield from ((name, pairs) for name in sorted(set(of.pairs)))


def _scale(name: str, rarity: float) -> float:
    return (
        _PAIRS if "&" in name else _RULES if name.startswith("rule:") else _IDEAS if name.startswith(("idea:", "not:")) else _RUNS * rarity
    )


def _learnt_alone(name: str) -> bool:
    """Rules and ideas mean something in one narrative already; a run or a pair is chance there."""
    return "&" not in name and name.startswith(("rule:", "idea:", "not:"))


def _vocabulary(rows: Sequence[Seen]) -> _Vocabulary:
    seen = Counter(name for row in rows for name, _ in _features(row))
    kept = sorted(name for name, count in seen.items() if count >= _SEEN_LEAST or _learnt_alone(name))
    scales = np.array([_scale(name, 1 + log(len(rows) / seen[name])) for name in kept])
    return _Vocabulary({name: number for number, name in enumerate(kept)}, scales)


def _matrix(rows: Sequence[Seen], vocabulary: _Vocabulary) -> csr_matrix:
    columns, values, ends = [], [], [0]
    for row in rows:
        for name, value in _features(row):
            column = vocabulary.columns.get(name)
            if column is not None:
                columns.append(column)
                values.append(value * vocabulary.scales[column])
        ends.append(len(columns))
    return csr_matrix((values, columns, ends), shape=(len(rows), len(vocabulary.columns)))


def _labels(narratives: Sequence[Labelled]) -> np.ndarray:
    """One column for each of `OUTPUTS`."""
    rank = {level: number for number, level in enumerate(URGENCIES)}
    return np.array(
        [[need in one.needs for need in NEEDS] + [rank[one.urgency] >= least for least in range(1, len(LEVELS) + 1)] for one in narratives]
    )


def _learn(rows: Sequence[Seen], labels: np.ndarray) -> tuple[_Vocabulary, np.ndarray, np.ndarray]:
    """Vocabulary, one row of coefficients per output, and intercepts."""
    vocabulary = _vocabulary(rows)
    matrix = _matrix(rows, vocabulary)
    models = [
        LogisticRegression(C=_STRENGTH, solver="liblinear", random_state=1, intercept_scaling=3.0).fit(matrix, labels[:, number])
        for number in range(len(OUTPUTS))
    ]
    return vocabulary, np.stack([m.coef_[0] for m in models]), np.array([m.intercept_[0] for m in models])


def _unseen_scores(narratives: Sequence[Labelled], rows: Sequence[Seen], labels: np.ndarray) -> np.ndarray:
    """What models that had not seen a narrative say of it."""
    found = np.zeros(labels.shape)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=1)
    for kept, left in folds.split(np.zeros(len(rows)), [one.urgency for one in narratives]):
        vocabulary, coefficients, intercepts = _learn([rows[i] for i in kept], labels[kept])
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
    vocabulary, coefficients, intercepts = _learn(rows, labels)
    names = list(vocabulary.columns)
    whole = np.rint(coefficients.T * vocabulary.scales[:, None] * UNIT).clip(-32768, 32767).astype("<i2")
    seen = _matrix(rows, vocabulary)
    most = np.abs(coefficients).max(axis=0) * np.sqrt(np.asarray(seen.multiply(seen).sum(axis=0)).ravel())
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
