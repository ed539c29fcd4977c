"""What a message that cannot be read is said to lack: fields and types, never what stood there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal

import msgspec
import pytest

from shared.hearing import said_without_values


class Kind(Enum):
    CASH = "cash"


class Gift(msgspec.Struct, frozen=True):
    amount_fen: int = 0
    kind: Kind = Kind.CASH
    by: Literal["bank", "hand"] = "bank"
    step: Literal[1, 2] = 1
    sums: Mapping[str, int] = {}


class Need(msgspec.Struct, frozen=True):
    case_id: str


@pytest.mark.parametrize(
    ("reads", "text", "said"),
    [
        (Gift, '{"amount_fen": "张伟"}', "Expected `int`, got `str` - at `$.amount_fen`"),
        (Gift, '{"kind": "张伟"}', "Invalid enum value - at `$.kind`"),
        (Gift, '{"by": "张伟 - at `home`"}', "Invalid enum value - at `$.by`"),
        (Gift, '{"step": 13800138000}', "Invalid enum value - at `$.step`"),
        (Gift, '{"sums": {"张伟": "x"}}', "Expected `int`, got `str` - at `$.sums[...]`"),
        (Kind, '"张伟\\n13800138000"', "Invalid enum value"),
        (Need, "{}", "Object missing required field `case_id`"),
        (Need, "{", "Input data was truncated"),
    ],
)
def test_a_reader_names_the_field_and_the_rule_and_no_value(reads: Any, text: str, said: str) -> None:
    with pytest.raises(msgspec.DecodeError) as fault:
        msgspec.json.decode(text.encode(), type=reads)
    assert said_without_values(fault.value) == said
