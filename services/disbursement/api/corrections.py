"""The door to corrections: what was recorded wrongly is put right by a new entry, with two people's word and a published reason."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.disbursement import views
from services.disbursement.approving import month
from services.disbursement.asked import CorrectionIn
from services.disbursement.domain.correction import ConfirmCorrection, Correction, ProposeCorrection, RefuseCorrection
from services.disbursement.domain.donation import Donation, DonationReceived
from services.disbursement.domain.payout import Payout
from services.disbursement.tables import corrections as correction_table
from shared.http import Door, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/disbursement/v1/corrections", tags=["ledger"])
Keeper = Annotated[Door, Depends(door_for("finance", "admin"))]
Confirmer = Annotated[Door, Depends(door_for("finance", "approver", "admin"))]
Reader = Annotated[Door, Depends(door_for("finance", "approver", "auditor", "admin"))]


def _shown(state: Correction) -> dict[str, Any]:
    p = state.proposed
    assert p is not None
    return {
        "correction_id": p.correction_id, "about": p.about, "subject_id": p.subject_id, "to_fen": p.to_fen, "reason": p.reason,
        "state": state.status, "proposed_by": p.by,
    }  # fmt: skip


async def _entry(door: Door, body: CorrectionIn) -> str:
    """The public entry that is corrected, where a donation has one; a payout's is known by its number."""
    if body.about == "payout":
        payout: Payout = await door.state("payout", body.subject_id)
        if payout.terms is None:
            raise NotFound("payout")
        return ""
    donation: Donation = await door.state("donation", body.subject_id)
    if donation.received is None:
        raise NotFound("donation")
    history = await door.history("donation", body.subject_id)
    return next(e.id for e in history if isinstance(e.data, DonationReceived))  # its public entry has the number of this event


@router.post("", status_code=201)
async def propose(body: CorrectionIn, door: Keeper) -> dict[str, Any]:
    """Propose what should have been recorded; nothing moves before a second person confirms it."""
    entry = await _entry(door, body)
    asked = ProposeCorrection(body.id, body.about, body.subject_id, body.to_fen, body.reason, door.principal.id, entry)
    return _shown((await door.execute(To("correction", body.id, asked))).state)


@router.get("")
async def listed(
    door: Reader, state: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None
) -> dict[str, Any]:
    """Corrections, newest first, with who proposed and who decided."""
    order = (correction_table.c.at, correction_table.c.correction_id)
    return dict(await door.page(views.correction_list(state), order=order, limit=limit, cursor=cursor))


async def _known(door: Door, correction_id: str) -> None:
    state: Correction = await door.state("correction", correction_id)
    if state.proposed is None:
        raise NotFound("correction")


@router.post("/{correction_id}/confirm")
async def confirm(correction_id: str, door: Confirmer) -> dict[str, Any]:
    """A second person agrees: the books and the public ledger say so; what cannot be is refused and stays proposed."""
    await _known(door, correction_id)
    command = ConfirmCorrection(door.principal.id, month(door))
    return _shown((await door.execute(To("correction", correction_id, command))).state)


@router.post("/{correction_id}/refuse")
async def refuse(correction_id: str, door: Confirmer) -> dict[str, Any]:
    """It stays as it was recorded."""
    await _known(door, correction_id)
    return _shown((await door.execute(To("correction", correction_id, RefuseCorrection(door.principal.id)))).state)
