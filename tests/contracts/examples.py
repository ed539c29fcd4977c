"""One example of any struct, made from its field types: always the same, so that a change of shape shows."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from shared.kernel import Shredded

_PLAIN: dict[Any, Any] = {
    str: "text", int: 7, bool: True, float: 1.5, datetime: datetime(2026, 11, 25, 4, 0, tzinfo=UTC), date: date(2026, 11, 25), Any: "any",
    object: "any", bytes: b"bytes", msgspec.Raw: msgspec.Raw(b"{}"),
}  # fmt: skip


def example(hint: Any) -> Any:
    """A value of this type; every optional field is filled, every collection holds one element."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return example(args[0])
    if origin is typing.Literal:
        return args[0]
    if origin in (typing.Union, types.UnionType):
        return example(next(a for a in args if a not in (type(None), Shredded, msgspec.UnsetType)))
    if origin in (tuple, list, frozenset):
        return origin(example(a) for a in args if a is not Ellipsis)
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {example(args[0]): example(args[1])}
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = typing.get_type_hints(hint, include_extras=True)
        return hint(**{f.name: example(hints[f.name]) for f in msgspec.structs.fields(hint)})
    if hint in (dict, list, tuple):
        return hint()
    raise TypeError(f"no example of {hint} is known")
