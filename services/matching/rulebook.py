"""The rule files beside this module, read and compiled once, and again with the numbers that were set since."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec
import yaml

from services.matching.domain.changing import NewValue, changed
from services.matching.domain.parameters import Parameters
from services.matching.domain.points import Table
from services.matching.domain.rule_reading import BadValue, city_series, programmes
from services.matching.domain.rulebook import Rulebook, rulebook
from services.matching.domain.scheme_reading import scheme
from services.matching.domain.schemes import Scheme

_HERE = Path(__file__).parent
POINTS_CODE = "residence-permit"


def load(folder: Path) -> Rulebook:
    """The rulebook of a folder: `parameters.yaml` for the city and one file for each programme under `programmes`.

    Raises a `RuleFault` that names the key when a file must not be put in force.
    """
    shared = yaml.safe_load((folder / "parameters.yaml").read_text("utf-8"))
    city = city_series(shared)
    files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted((folder / "programmes").glob("*.yaml"))]
    return rulebook(programmes(files, city), city)


def load_schemes(folder: Path) -> dict[str, Scheme]:
    """The schemes of conditions of a folder, by code; the table of points stands beside them."""
    files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("*.yaml")) if path.stem != POINTS_CODE]
    return {one.code: one for one in map(scheme, files)}


def load_points(folder: Path) -> Table:
    """The table of points for a residence permit; raises `msgspec.ValidationError` with the place in the file."""
    table = msgspec.convert(yaml.safe_load((folder / f"{POINTS_CODE}.yaml").read_text("utf-8")), Table)
    if sum(one.most for one in table.items) != table.maximum:
        raise BadValue(f"{POINTS_CODE}.maximum: the items come to another sum")
    return table


RULEBOOK = load(_HERE)
SCHEMES = load_schemes(_HERE / "schemes")
POINTS = load_points(_HERE / "schemes")


def _stands(one: NewValue) -> bool:
    """Whether the files of this release still have such a number."""
    if one.programme is None:
        return one.name in RULEBOOK.city
    programme = RULEBOOK.by_code.get(one.programme)
    return programme is not None and one.name in programme.parameters


@lru_cache(maxsize=16)
def _with(values: tuple[NewValue, ...]) -> Rulebook:
    """Numbers that this release has no use for any more are passed over: a rename must not stop the room."""
    return changed(RULEBOOK, [one for one in values if _stands(one)])


def in_force(parameters: Parameters) -> Rulebook:
    """The rules of the files with the numbers that were set since; compiled once for each set of them."""
    return _with(parameters.values) if parameters.values else RULEBOOK
