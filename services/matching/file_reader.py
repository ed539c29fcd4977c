"""The process that holds other numbers against a file of facts: order and file on its input, one answer on its output; it has the columns."""

from __future__ import annotations

import sys
from fractions import Fraction

import msgspec

from services.matching.bulk import differences
from services.matching.columns import NotInColumns, columnar
from services.matching.domain.changing import NewValue, changed
from services.matching.domain.parameters import Parameters
from services.matching.file_order import FAULTS_MAX, Order, PlaceSums, Reply, Told
from services.matching.rulebook import in_force
from services.matching.sheets import Unreadable, frame_of


def _values(said: tuple[Told, ...]) -> tuple[NewValue, ...]:
    return tuple([NewValue(one.programme, one.name, one.valid_from, Fraction(one.value), one.source) for one in said])


def answered(order: Order, data: bytes) -> Reply:
    """What the tried numbers would change for the rows of this file."""
    try:
        frame, faults = frame_of(data, FAULTS_MAX)
        if faults:
            return Reply(faults=tuple(faults))
        before = in_force(Parameters(_values(order.standing)))
        found = differences([frame], columnar(before), columnar(changed(before, _values(order.tried))))
    except Unreadable as why:
        return Reply(str(why))
    except NotInColumns as column:
        return Reply(f"{column}: holds what cannot be counted exactly")
    sums = tuple([PlaceSums(code, place, one) for (code, place), one in sorted(found.sums.items())])
    return Reply(cases=found.cases, affected=found.affected, sums=sums)


def main() -> None:
    """The order is the first line of the input, the file is the rest."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(answered(order, sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
