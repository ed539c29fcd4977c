"""The model's file as a value, read once; and triage with it."""

from __future__ import annotations

import base64
from array import array
from functools import cache
from pathlib import Path

import msgspec

from services.intake.domain import triage as domain
from services.intake.domain.model import OUTPUTS, Model, packed

FILE = Path(__file__).parent / "triage" / "weights.json"


class Written(msgspec.Struct, frozen=True):
    """The file: features one a line, their weights (16-bit, one per output) in base64, and what it was built from."""

    version: str
    corpus: str
    code: str
    outputs: list[str]
    bias: list[float]
    thresholds: list[float]
    slopes: list[float]
    offsets: list[float]
    features: str
    weights: str


def written(file: Path = FILE) -> Written:
    return msgspec.json.decode(file.read_bytes(), type=Written)


@cache
def model() -> Model:
    """The committed model; some tens of milliseconds the first time."""
    file = written()
    assert tuple(file.outputs) == OUTPUTS, "the weights belong to another version of the code: make triage"
    values = array("h", base64.b64decode(file.weights))
    width = len(OUTPUTS)
    rows = {name: packed(values[at * width : (at + 1) * width]) for at, name in enumerate(file.features.split("\n"))}
    return Model(file.version, rows, tuple(file.bias), tuple(file.thresholds), tuple(file.slopes), tuple(file.offsets))


def triage(text: str) -> domain.Triage:
    """Needs and urgency of one text, by the rules and the committed model."""
    return domain.triage(text, model())
