"""What may be said at disbursement's door, field by field; no rules beyond shape and size."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.asked import WHOLE, Day

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
FundId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$", description="a fund, or a part of one")]
Ref = Annotated[str, Field(min_length=1, max_length=200), WHOLE]
Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
District = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="GB/T 2260, 6 digits")]
Fen = Annotated[int, Field(ge=1, le=1_000_000_000_000, description="whole fen, above zero")]
Sku = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Reason = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class FundIn(_Said):
    """A fund and what it may be spent on; an empty list restricts nothing."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=200), WHOLE]
    programmes: Annotated[list[Code], Field(max_length=50)] = []
    districts: Annotated[list[District], Field(max_length=50)] = []
    purposes: Annotated[list[Code], Field(max_length=50)] = []
    kind: Literal["general", "community", "special", "city_association", "administration"] = "general"


class EarmarkIn(_Said):
    """What the donor gives it for, by published codes; what the fund is not for is refused."""

    programme: Code | None = None
    district: District | None = None
    purpose: Code | None = None


class TransferIn(_Said):
    """Money of one fund to another, under an id of the caller's; a second person confirms it."""

    id: Id
    from_fund: FundId
    to_fund: FundId
    amount_fen: Fen
    reason: Literal["correction", "donors_wish", "merged_funds", "city_decision"]


class RefundIn(_Said):
    """All of a donation of money or a part of it; a second person confirms it."""

    amount_fen: Fen
    reason: Literal["donor_asked", "given_twice", "wrong_amount", "campaign_cancelled"]


class CorrectionIn(_Said):
    """What should have been recorded of a donation or a payout, under an id of the caller's; a second person confirms it."""

    id: Id
    about: Literal["donation", "payout"]
    subject_id: Id
    to_fen: Annotated[int, Field(ge=0, le=1_000_000_000_000, description="whole fen; zero says that it never was")]
    reason: Literal["typed_wrong", "bank_says_otherwise", "counted_twice", "audit_finding"]


class NoRefundIn(_Said):
    """Why a donation does not go back."""

    reason: Literal["not_the_donor", "spent_already", "asked_by_mistake", "other"]


class DonorIn(_Said):
    """Who gave, as they want to be thanked; kept sealed."""

    name: Annotated[str, Field(max_length=200), WHOLE] = ""
    contact: Annotated[str, Field(max_length=200), WHOLE] = ""
    ref: Annotated[str, Field(max_length=200, description="The platform's number of the donor: one person is then one donor."), WHOLE] = ""


class DonatedItemIn(_Said):
    """Units of one kind with the value of all of them together at receipt; of which lot, in which place, and their last day."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=10_000_000)]
    value_fen: Annotated[int, Field(ge=0, le=1_000_000_000_000)]
    lot: Sku | None = None
    place: Sku | None = None
    expires: Day | None = None


class StockOrderIn(_Said):
    """What is carried, counted or written off of a lot in a place, under an id of the caller's; `quantity` of a count is all that lies there."""

    id: Id
    kind: Literal["move", "count", "write_off"]
    sku: Sku
    lot: Sku | None = None
    place: Sku | None = None
    to_place: Sku | None = None
    quantity: Annotated[int, Field(ge=0, le=10_000_000)]
    reason: Literal["damaged", "expired", "lost", "found", "miscounted"] | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> StockOrderIn:
        if (self.kind == "move") is (self.to_place is None):
            raise ValueError("to_place is where a move goes, and of nothing else")
        return self


class DonationIn(_Said):
    """`donation_ref` is the donor's or the platform's own number: sent twice it is recorded once."""

    donation_ref: Ref
    kind: Literal["cash", "goods"]
    fund_id: Id | None = None
    amount_fen: Fen | None = None
    items: Annotated[list[DonatedItemIn], Field(max_length=200)] = []
    donor: DonorIn | None = None
    campaign_id: Id | None = None
    earmark: EarmarkIn | None = None

    @model_validator(mode="after")
    def _is_something(self) -> DonationIn:
        nowhere = self.fund_id is None and self.campaign_id is None
        if self.kind == "cash" and (self.amount_fen is None or nowhere or self.items):
            raise ValueError("cash needs fund_id or campaign_id, and amount_fen, and has no items")
        if self.campaign_id is not None and (self.kind != "cash" or self.fund_id is not None):
            raise ValueError("a campaign takes cash, and goes to its own fund")
        if self.kind == "goods" and self.earmark is not None:
            raise ValueError("an earmark is a word about money")
        if self.kind == "goods" and (not self.items or self.amount_fen is not None):
            raise ValueError("goods need items and have no amount_fen")
        return self


class RefuseIn(_Said):
    reason: Reason


class CancelIn(_Said):
    reason: Reason = "asked"


class ApproveIn(_Said):
    """`pick_up`: goods wait where they lie until somebody hands them over."""

    pick_up: bool = False


class HandedItemIn(_Said):
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=10_000_000)]


class HandOverIn(_Said):
    """What was handed over; nothing said: all of it."""

    items: Annotated[list[HandedItemIn], Field(max_length=200)] = []


class ResolveIn(_Said):
    """How an unknown payout ended by the bank's statement; two people say so."""

    outcome: Literal["settled", "rejected"]


class ConfirmIn(_Said):
    """The person's own word about what arrived."""

    answer: Literal["received", "partly", "not"] = "received"


class FollowUpIn(_Said):
    """What came of it that not all had arrived."""

    outcome: Literal["bank_confirmed", "recall_asked", "delivered_again", "person_not_reached", "arrived_late"]


class ApproveManyIn(_Said):
    ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]
