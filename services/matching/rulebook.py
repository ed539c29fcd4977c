"""The rule files beside this module, read and compiled once."""

from __future__ import annotations

from pathlib import Path

import yaml

from services.matching.domain.rule_reading import city_series, programmes
from services.matching.domain.rulebook import Rulebook, rulebook

_HERE = Path(__file__).parent


def load(folder: Path) -> Rulebook:
    """The rulebook of a folder: `parameters.yaml` for the city and one file for each programme under `programmes`.

    Raises a `RuleFault` that names the key when a file must not be put in force.
    """
    shared = yaml.safe_load((folder / "parameters.yaml").read_text("utf-8"))
    city = city_series(shared)
    files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted((folder / "programmes").glob("*.yaml"))]
    return rulebook(programmes(files, city), city)


RULEBOOK = load(_HERE)
