"""The committed model is that of the committed corpus and code, and reads narratives that it has not seen as well as it says."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from deploy.triage.corpus import CORPUS, Labelled, NotACorpus, code_mark, corpus_mark, part, read
from deploy.triage.report import Answered, answered, confusion, critical, rates, report
from services.cli import app
from services.intake.domain import lexicon
from services.intake.domain.model import NEEDS, OUTPUTS, packed, weight_of
from services.intake.domain.signs_of_danger import SIGNS_OF_DANGER
from services.intake.domain.triage import read as reading
from services.intake.weights import FILE, model, triage, written


def said(text: str) -> tuple[list[str], str]:
    found = triage(text)
    return list(found.needs), found.level


def test_the_weights_belong_to_the_corpus_and_to_the_code() -> None:
    file = written()
    assert (file.corpus, file.code) == (corpus_mark(), code_mark()), "make triage"
    assert FILE.stat().st_size <= 2_000_000
    assert len(base64.b64decode(file.weights)) == 2 * len(OUTPUTS) * len(model().rows)


def test_the_corpus_is_large_and_its_parts_are_apart() -> None:
    texts = {name: [one.text for one in part(name)] for name in ("training", "held_back", "final")}
    assert len(texts["training"]) >= 1200
    assert len(texts["held_back"]) + len(texts["final"]) >= 300
    everything = [text for some in texts.values() for text in some]
    assert len(everything) == len(set(everything))


def test_every_need_and_urgency_is_in_every_part() -> None:
    for name in ("training", "held_back", "final"):
        some = part(name)
        assert {need for one in some for need in one.needs} == set(NEEDS)
        assert {one.urgency for one in some} == {"none", "normal", "high", "critical"}


def test_narratives_that_were_held_back_are_read() -> None:
    """Floors a little below what was measured; `kapok triage-report` prints the whole."""
    answers = answered(part("held_back"), said)
    recall, alarms = critical(answers)
    assert rates(answers).f1 >= 0.75
    assert recall >= 0.9
    assert alarms <= 0.3


def test_a_sign_of_danger_is_seldom_wrong() -> None:
    """A sign is a floor that the model cannot lower, so it must be plain by itself: nine in ten of the narratives that show one."""
    first = len(lexicon.CRITICAL) - len(SIGNS_OF_DANGER) + 1
    signs = {f"word:critical.{number}" for number in range(first, len(lexicon.CRITICAL) + 1)}
    shown = [one.urgency for one in part("training") if signs & {m[0] for m in reading(one.text).standing.get("critical", [])}]
    assert len(shown) >= 80
    assert shown.count("critical") / len(shown) >= 0.9


def test_words_that_led_there_were_said() -> None:
    for one in part("held_back"):
        found = triage(one.text)
        heard = one.text.lower().replace("’", "'")
        assert all(word in heard for words in found.words.values() for word in words)
        assert set(found.words) <= {*found.needs, "urgency"}
        assert all(0 <= value <= 1 for value in found.confidence.values())
        assert (found.level == "none") == (not found.needs)


@given(st.lists(st.integers(-(2**15), 2**15 - 1), min_size=len(OUTPUTS), max_size=len(OUTPUTS)))
def test_a_row_holds_each_weight(weights: list[int]) -> None:
    row = packed(weights)
    assert [weight_of(row, number) for number in range(len(OUTPUTS))] == weights


def test_measures_of_a_small_example() -> None:
    def one(needs: set[str], urgency: str, heard: set[str], called: str) -> Answered:
        return Answered(Labelled("x", frozenset(needs), urgency, "caller", "zh"), frozenset(heard), called)

    answers = [
        one({"medical"}, "critical", {"medical", "housing"}, "high"), one({"housing"}, "normal", {"housing"}, "critical"),
        one({"medical"}, "critical", {"medical"}, "critical"), one(set(), "none", {"medical"}, "normal"),
    ]  # fmt: skip
    whole = rates(answers)
    assert (whole.precision, whole.recall) == (3 / 5, 1.0)
    assert rates(answers, ["medical"]).precision == 2 / 3
    assert critical(answers) == (0.5, 0.5)
    assert confusion(answers)["critical", "high"] == 1
    told = report(answers)
    assert "micro-F1 0.750" in told
    assert "goal: micro-F1 of needs at least 0.930: MISSED with 0.750" in told
    assert "goal: false alarms of critical at most 0.100: MISSED with 0.500" in told
    assert "caller, zh                 4      0.600   1.000  0.750" in told
    assert "goal: recall of critical at least 1.000: met with 1.000" in report(answers[2:])


def test_a_file_of_ones_own_is_scored(tmp_path: Path) -> None:
    own = tmp_path / "own.tsv"
    own.write_text("text\tneeds\turgency\n我割腕了\tmental_health\tcritical\n你好，打错电话了\t\tnone\n", "utf-8")
    told = CliRunner().invoke(app, ["triage-report", "--file", str(own)])
    assert told.exit_code == 0
    assert "critical: recall 1.000, false alarms 0.000" in told.output


@pytest.mark.parametrize(
    "line",
    ["a\tmoney\thigh", "a\tmedical\tsoon", "\tmedical\thigh", "a\tmedical\tnone", "a\t\thigh"],
    ids=["need", "urgency", "text", "none", "without"],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    own = tmp_path / "own.tsv"
    own.write_text(f"text\tneeds\turgency\n{line}\n", "utf-8")
    with pytest.raises(NotACorpus, match="line 2"):
        read(own)
    assert CliRunner().invoke(app, ["triage-report", "--file", str(own)]).exit_code == 2


def test_files_of_the_corpus_tell_voice_and_language() -> None:
    for file in CORPUS.glob("*/*.tsv"):
        assert {f"{one.voice}_{one.language}" for one in read(file)} == {
            file.stem.removeprefix("more_").removeprefix("third_").removeprefix("stranger_")
        }
