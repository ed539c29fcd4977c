"""What may be said at the doors of payment files and work items, field by field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.asked import Id
from shared.asked import Day


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class PaymentFileIn(_Said):
    """Which approved payouts go into the file; all that wait, oldest first, when none are named."""

    payout_ids: Annotated[list[Id], Field(min_length=1, max_length=500)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 500
    execute_on: Day | None = None


class ItemReasonIn(_Said):
    """How it ended, in one of the known words; where money moved another person must say the same."""

    reason: Literal["bank_confirmed", "bank_corrects", "asked_back", "booked_by_hand", "entered_twice", "not_ours", "other"]
