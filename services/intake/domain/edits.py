"""Edits of fields by several people: what each said, what each knew, and where two did not know of each other.

An edit knows what was recorded up to its `base` version; without one, what was recorded before it happened (an edit made on line
happens now and knows everything); and always its author's own earlier edits. What it knows gives way to it. What is left are the
`heads` of a field: one is its value, several different ones are a conflict, and a field in conflict has no value until a person
says which one holds. Edits that are sent late lead to the same heads in whatever order they arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from shared.kernel import SHREDDED, Shredded


class Edit(Struct, frozen=True, gc=False):
    """Who said it, when it happened, when it was recorded, and the version of the case it was based on, where that is known.

    `knows_all`: said on line with everything in view, or by somebody who settles a conflict.
    """

    edit_id: str
    author: str
    happened_at: datetime
    recorded_at: datetime
    base: int | None = None
    knows_all: bool = False


class Head(Struct, frozen=True, gc=False):
    """A value that nobody who knew of it has replaced; `version` is the case's when it was recorded."""

    edit_id: str
    author: str
    happened_at: datetime
    recorded_at: datetime
    version: int
    value: Any = None


Heads = tuple[Head, ...]


def knows(edit: Edit, head: Head) -> bool:
    if edit.knows_all:
        return True
    if edit.author == head.author and (head.happened_at, head.edit_id) <= (edit.happened_at, edit.edit_id):
        return True
    if edit.base is not None:
        return head.version <= edit.base
    return head.recorded_at <= edit.happened_at


def merged(heads: Heads, edit: Edit, value: Any, version: int) -> Heads:
    """The heads after this edit, in the order of happening."""
    place = (edit.happened_at, edit.edit_id)
    if not edit.knows_all and any(h.author == edit.author and (h.happened_at, h.edit_id) >= place for h in heads):
        return heads  # the same person said something else since
    rest = [head for head in heads if not knows(edit, head)]
    said = Head(edit.edit_id, edit.author, edit.happened_at, edit.recorded_at, version, value)
    return tuple(sorted((*rest, said), key=lambda head: (head.happened_at, head.edit_id)))


def taken(
    fields: Mapping[str, Heads], edit: Edit, values: Mapping[str, Any] | Shredded, names: tuple[str, ...], version: int
) -> dict[str, Heads]:
    """All fields after this edit of some; a value that cannot be read any more stands as such."""
    told = {name: values[name] if isinstance(values, Mapping) else SHREDDED for name in names}
    return {**fields, **{name: merged(fields.get(name, ()), edit, value, version) for name, value in told.items()}}


def differs(heads: Heads) -> bool:
    """Whether two people who did not know of each other said different things."""
    return len({msgspec.json.encode(head.value) for head in heads}) > 1


def conflicts(fields: Mapping[str, Heads]) -> dict[str, Heads]:
    return {name: heads for name, heads in fields.items() if differs(heads)}


def agreed(fields: Mapping[str, Heads], name: str, otherwise: Any) -> Any:
    """The value of a field that was edited; None while it is in conflict, `otherwise` while nobody edited it."""
    heads = fields.get(name)
    if not heads:
        return otherwise
    return None if differs(heads) else heads[-1].value
