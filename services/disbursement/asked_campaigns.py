"""What may be said at the doors of campaigns, projects and pools."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.asked import Code, Fen, Id
from shared.asked import WHOLE, Day

Name = Annotated[str, Field(min_length=1, max_length=200), WHOLE]
Cap = Annotated[int, Field(ge=1, le=1_000_000_000_000, description="whole fen, above zero; left out: no cap")]
Part = Annotated[int, Field(ge=1, le=1_000)]


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class ProjectIn(_Said):
    id: Id
    name: Name
    org_id: Id
    needs: Annotated[list[Code], Field(max_length=11)] = []


class CampaignIn(_Said):
    """`registered_on` and `permit` are those of the organisation's right to raise money in public."""

    id: Id
    name: Name
    org_id: Id
    fund_id: Id
    project_id: Id | None = None
    goal_fen: Fen
    first_day: Day
    last_day: Day
    registered_on: Day
    permit: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./-]*$")]


class ReportIn(_Said):
    due: Day
    url: Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s]+$", description="Where the public reads it.")]


class PoolIn(_Said):
    """`give` fen for every `per` fen; the pool's money is held in `fund_id` from now on."""

    id: Id
    campaign_id: Id
    fund_id: Id
    amount_fen: Fen
    give: Part = 1
    per: Part = 1
    mode: Literal["first_come", "pro_rata"] = "first_come"
    donation_max_fen: Cap | None = None
    donor_day_max_fen: Cap | None = None
