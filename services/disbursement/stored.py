"""How the events of this room are kept: which names, which versions, what is sealed."""

from __future__ import annotations

from services.disbursement.domain.campaign import CAMPAIGN
from services.disbursement.domain.chain import CHAIN
from services.disbursement.domain.correction import CORRECTION
from services.disbursement.domain.donation import DONATION, DonationReceived
from services.disbursement.domain.head import HEAD
from services.disbursement.domain.instruction import INSTRUCTION, InstructionFiled
from services.disbursement.domain.keeping import KEEPING
from services.disbursement.domain.match_pool import MATCH_POOL
from services.disbursement.domain.payment_file import PAYMENT_FILE
from services.disbursement.domain.payout import PayoutSettled
from services.disbursement.domain.payout_decisions import PAYOUT
from services.disbursement.domain.project import PROJECT
from services.disbursement.domain.statement import ACCOUNT, MESSAGE, STATEMENT
from services.disbursement.domain.stock_order import STOCK_ORDER
from services.disbursement.domain.stopping import STOPPING
from services.disbursement.domain.transfer import TRANSFER
from services.disbursement.domain.treasury_decisions import TREASURY
from services.disbursement.domain.wish import WISH
from services.disbursement.domain.work_item import WORK_ITEM
from shared.codec import Codec, Stored

_WITH_BANK = (INSTRUCTION, PAYMENT_FILE, MESSAGE, STATEMENT, ACCOUNT, WORK_ITEM)

CODEC = Codec(
    Stored(PayoutSettled, sealed={"payee": "person_id"}),
    Stored(DonationReceived, sealed={"donor": "donor_id"}),
    Stored(InstructionFiled, sealed={"payee": "person_id"}),
    *(
        Stored(event)
        for decider in (
            TREASURY,
            DONATION,
            PAYOUT,
            CHAIN,
            HEAD,
            STOPPING,
            KEEPING,
            TRANSFER,
            CORRECTION,
            STOCK_ORDER,
            PROJECT,
            CAMPAIGN,
            MATCH_POOL,
            WISH,
            *_WITH_BANK,
        )
        for event in decider.events
        if event not in (PayoutSettled, DonationReceived, InstructionFiled)
    ),
)
