"""The plan of the room: every part of disbursement, named once."""

from __future__ import annotations

from pathlib import Path

from services.disbursement.api import ROUTERS
from services.disbursement.bank_effects import BANK_EFFECTS, READING_FOLDER
from services.disbursement.bank_following import BANK_FOLLOW, both
from services.disbursement.bank_pages import router as bank_pages
from services.disbursement.bank_projections import BANK_PROJECTIONS
from services.disbursement.book_rows import BOOK_PROJECTIONS
from services.disbursement.campaign_following import CAMPAIGN_FOLLOW
from services.disbursement.campaign_pages import router as campaign_pages
from services.disbursement.campaign_rows import CAMPAIGN_PROJECTIONS
from services.disbursement.checking import BOOK_FAULTS, CHECKING_BOOKS
from services.disbursement.contract import PUBLIC_TYPES, PUBLISH
from services.disbursement.domain.campaign import CAMPAIGN
from services.disbursement.domain.chain import CHAIN
from services.disbursement.domain.correction import CORRECTION
from services.disbursement.domain.donation import DONATION
from services.disbursement.domain.head import HEAD
from services.disbursement.domain.instruction import INSTRUCTION
from services.disbursement.domain.keeping import KEEPING
from services.disbursement.domain.match_pool import MATCH_POOL
from services.disbursement.domain.payment_file import PAYMENT_FILE
from services.disbursement.domain.payout_decisions import PAYOUT
from services.disbursement.domain.project import PROJECT
from services.disbursement.domain.statement import ACCOUNT, MESSAGE, STATEMENT
from services.disbursement.domain.stock_order import STOCK_ORDER
from services.disbursement.domain.stopping import STOPPING
from services.disbursement.domain.transfer import TRANSFER
from services.disbursement.domain.treasury_decisions import TREASURY
from services.disbursement.domain.wish import WISH
from services.disbursement.domain.work_item import WORK_ITEM
from services.disbursement.effects import EFFECTS
from services.disbursement.follow import FOLLOW
from services.disbursement.fundraising_pages import router as fundraising_pages
from services.disbursement.moving_pages import router as moving_pages
from services.disbursement.pages import router as pages
from services.disbursement.projections import (
    CORRECTION_LIST,
    DONATION_LIST,
    FUND_LIST,
    KEPT,
    LEDGER,
    PAYOUT_LIST,
    PUBLIC_CHAIN,
    TRANSFER_LIST,
)
from services.disbursement.public_pages import router as public_pages
from services.disbursement.public_rows import PUBLIC_HEADS
from services.disbursement.publishing import KEEPING_HEADS
from services.disbursement.reactions import DUE, REACTIONS
from services.disbursement.receipt_rows import RECEIPT_PROJECTIONS
from services.disbursement.stock_pages import router as stock_pages
from services.disbursement.stock_rows import STOCK_ORDERS
from services.disbursement.stored import CODEC
from services.disbursement.supervision_pages import router as supervision_pages
from services.disbursement.tables import TABLES
from services.disbursement.transparency_pages import router as transparency_pages
from services.disbursement.wish_pages import router as wish_pages
from services.disbursement.wish_rows import WISH_FOLLOW, WISH_LIST
from shared.service import Service

_HERE = Path(__file__).parent

DISBURSEMENT = Service(
    name="disbursement",
    deciders=(
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
        INSTRUCTION,
        PAYMENT_FILE,
        MESSAGE,
        STATEMENT,
        ACCOUNT,
        WORK_ITEM,
        PROJECT,
        CAMPAIGN,
        MATCH_POOL,
        WISH,
    ),
    codec=CODEC,
    publish=PUBLISH,
    public_types=PUBLIC_TYPES,
    tables=TABLES,
    projections=(
        PAYOUT_LIST,
        FUND_LIST,
        DONATION_LIST,
        LEDGER,
        PUBLIC_CHAIN,
        PUBLIC_HEADS,
        KEPT,
        TRANSFER_LIST,
        CORRECTION_LIST,
        STOCK_ORDERS,
        *BOOK_PROJECTIONS,
        *BANK_PROJECTIONS,
        *CAMPAIGN_PROJECTIONS,
        WISH_LIST,
        *RECEIPT_PROJECTIONS,
    ),
    follow=both(both(both(FOLLOW, BANK_FOLLOW), CAMPAIGN_FOLLOW), WISH_FOLLOW),
    reactions=REACTIONS,
    effects=(*EFFECTS, *BANK_EFFECTS),
    loops=(READING_FOLDER, KEEPING_HEADS, CHECKING_BOOKS),
    measures=(BOOK_FAULTS,),
    due=DUE,
    routers=ROUTERS,
    pages=(
        pages,
        public_pages,
        transparency_pages,
        supervision_pages,
        bank_pages,
        campaign_pages,
        fundraising_pages,
        moving_pages,
        stock_pages,
        wish_pages,
    ),
    templates=_HERE / "templates",
    words=_HERE / "words",
)
