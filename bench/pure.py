"""What costs no disk: folding and rebuilding, sealing and blind index, reading a narrative."""

from __future__ import annotations

import statistics
import time

from bench.measure import Row
from bench.report_service import CASE, PERSON, REPORTS, Reported
from deploy.triage.corpus import part
from services.disbursement.domain.merkle import Tree
from services.intake.weights import triage
from shared.clock import new_id
from shared.kernel import fold
from shared.sealing import Keyring

EVENTS, LEAVES = 20_000, 1_000_000


def rows(rounds: int) -> list[Row]:
    ring = Keyring(b"k" * 32, b"i" * 32)
    codec = REPORTS.codec
    person = new_id()
    ring.make(person)
    event = Reported(new_id(), person, PERSON, "440106", ("medical",))
    plain = Reported(event.case_id, person, None, "440106", ("medical", "housing"))
    stored = [codec.encode(plain, "e", "s", ring) for _ in range(EVENTS)]
    folding, sealing, indexing = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        state = fold(CASE, (codec.decode("Reported", 1, data, "e", "s", ring) for data in stored))
        folding.append(EVENTS / (time.perf_counter() - start))
        assert state.reports == EVENTS
        start = time.perf_counter()
        for _ in range(2000):
            for value in (PERSON.name, PERSON.phone, PERSON.number, PERSON.address, PERSON.words):
                ring.seal(person, value.encode(), b"aad")
        sealing.append((time.perf_counter() - start) / 2000 * 1e6)
        start = time.perf_counter()
        for _ in range(2000):
            ring.blind("id_number", PERSON.number)
            ring.blind("phone", PERSON.phone)
        indexing.append((time.perf_counter() - start) / 2000 * 1e6)
    both = [a + b for a, b in zip(sealing, indexing, strict=True)]
    fold_row = Row(
        "fold and rebuild: decode + evolve",
        "-",
        statistics.median(folding),
        0,
        100_000,
        200_000,
        rounds,
        "events per second",
        True,
        (min(folding), max(folding)),
    )
    seal_row = Row(
        "five sealed fields and two blind indexes, per event",
        "-",
        statistics.median(both),
        0,
        30,
        15,
        rounds,
        "microseconds",
        False,
        (min(both), max(both)),
    )
    return [fold_row, seal_row, _triage(rounds), _proof(rounds)]


def _proof(rounds: int) -> Row:
    """The tenth slowest of a thousand proofs, with the root, out of a public chain of a million entries."""
    tree = Tree()
    for at in range(LEAVES):
        tree.add(at.to_bytes(32, "big"))
    slowest = []
    for _ in range(rounds):
        took = []
        for index in range(0, LEAVES, LEAVES // 1000):
            start = time.perf_counter()
            path, root = tree.inclusion(index, LEAVES - 1), tree.root(LEAVES - 1)
            took.append((time.perf_counter() - start) * 1e3)
            assert len(root) == len(path[0])
        slowest.append(sorted(took)[-10])
    name = "990th of a thousand inclusion proofs, out of a chain of a million entries"
    return Row(name, "-", statistics.median(slowest), 0, 10, 1, rounds, "milliseconds", False, (min(slowest), max(slowest)))


def _triage(rounds: int) -> Row:
    """Median over the held-back narratives of the corpus, one at a time."""
    texts = [one.text for one in part("held_back")]
    triage(texts[0])
    medians = []
    for _ in range(rounds):
        took = []
        for text in texts:
            start = time.perf_counter()
            triage(text)
            took.append((time.perf_counter() - start) * 1e3)
        medians.append(statistics.median(took))
    return Row(
        "triage: needs and urgency of one narrative",
        "-",
        statistics.median(medians),
        0,
        1,
        0.5,
        rounds,
        "milliseconds",
        False,
        (min(medians), max(medians)),
    )
