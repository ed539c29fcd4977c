"""How the events of this room are kept: which names, which versions, what is sealed."""

from __future__ import annotations

from services.disbursement.domain.chain import CHAIN
from services.disbursement.domain.donation import DONATION, DonationReceived
from services.disbursement.domain.head import HEAD
from services.disbursement.domain.keeping import KEEPING
from services.disbursement.domain.payout import PayoutSettled
from services.disbursement.domain.payout_decisions import PAYOUT
from services.disbursement.domain.stopping import STOPPING
from services.disbursement.domain.transfer import TRANSFER
from services.disbursement.domain.treasury_decisions import TREASURY
from shared.codec import Codec, Stored

CODEC = Codec(
    Stored(PayoutSettled, sealed={"payee": "person_id"}),
    Stored(DonationReceived, sealed={"donor": "donor_id"}),
    *(
        Stored(event)
        for decider in (TREASURY, PAYOUT, CHAIN, STOPPING, KEEPING, DONATION, TRANSFER, HEAD)
        for event in decider.events
        if event not in (PayoutSettled, DonationReceived)
    ),
)
