"""What may be said at the doors of micro-wishes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.asked import Code, Id, Sku
from shared.asked import Day


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class WishedItemIn(_Said):
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=100)]


class WishIn(_Said):
    """One small thing or a small sum that a household wishes for."""

    case_id: Id
    person_id: Id
    district: Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{3})?$", description="GB/T 2260, 6 or 9 digits")]
    need: Code = "livelihood"
    amount_fen: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    items: Annotated[list[WishedItemIn], Field(max_length=10)] = []


class TakeUpIn(_Said):
    """A promise to give it by this day."""

    until: Day


class GrantIn(_Said):
    """Of which fund; goods come from the stores, and without a fund the first that fits pays."""

    fund_id: Id | None = None
