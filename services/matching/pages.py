"""The door for people: a charity answers offers, a matcher reads verdicts and rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from msgspec import Struct
from pydantic import ValidationError

from services.matching import views
from services.matching.answering import SEES_ALL, accepted, own_referral
from services.matching.api.assessing import assessment_of
from services.matching.api.households import household_of
from services.matching.api.programmes import shown_programme
from services.matching.asked import GrantIn, ItemIn
from services.matching.domain import referral as r
from services.matching.domain.asking import Grant, Item
from services.matching.domain.chain import UNDER_WAY
from services.matching.effects import how_to_reach
from services.matching.rulebook import RULEBOOK
from services.matching.standing import rules as standing_rules
from shared.clock import local_day
from shared.http import Door, Invalid
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for
from shared.web.session import session_token

router = APIRouter(prefix="/matching", include_in_schema=False)
Provider = Annotated[Page, Depends(page_for("charity"))]
_INBOX = "/matching/inbox"
_ACTS = ("accept", "grant", "decline", "start", "serve", "close", "contact")
_FIELDS = frozenset(("yuan", "programme", "fund_id", "sku", "quantity"))
# The field of the form that a rule's refusal is about.
_ABOUT = {"CapIsUsedUp": "yuan", "CaseIsNotEligible": "programme", "FundIsForAProgramme": "fund_id", "ReasonIsUnknown": "reason"}
_HAS_FIELD = ("cash", "decline", "close")
_SHOWN_MAX = 200


class _Wrong(Struct, frozen=True):
    """What is wrong with which form: of which referral, which field (none: the whole), and the sentence about it."""

    referral_id: str = ""
    kind: str = ""
    field: str = ""
    text: str = ""

    @property
    def anchor(self) -> str:
        return f"{self.field}-{self.kind}-{self.referral_id}" if self.field else f"r-{self.referral_id}"


async def _inbox(
    page: Page,
    status: int = 200,
    wrong: _Wrong | None = None,
    form: Mapping[str, str] | None = None,
    reach: Mapping[str, Any] | None = None,
) -> Response:
    door, saved = page.door, page.request.query_params.get("saved")
    org = door.principal.org or ""
    waiting = await views.referrals_to_answer(door, org, _SHOWN_MAX + 1)
    under_way = await views.referrals_under_way(door, org, UNDER_WAY, _SHOWN_MAX + 1)
    over = await views.referrals_over(door, org, ("offered", *UNDER_WAY), 20)
    eligible = await views.eligible_programmes(door, {row["case_id"] for row in (*waiting, *under_way)})
    cash = {case: [code for code in codes if RULEBOOK.by_code[code].kind == "cash"] for case, codes in eligible.items()}
    return page.show(
        "matching/inbox.html", status=status, waiting=waiting[:_SHOWN_MAX], under_way=under_way[:_SHOWN_MAX], over=over,
        more=len(waiting) > _SHOWN_MAX or len(under_way) > _SHOWN_MAX, decline_reasons=r.DECLINE_REASONS,
        closing_reasons=r.CLOSING_REASONS, contact_channels=r.CONTACT_CHANNELS, contact_outcomes=r.CONTACT_OUTCOMES,
        programmes=RULEBOOK.by_code, eligible=cash, reach=reach or {}, wrong=wrong or _Wrong(), form=form or {},
        errors=[(wrong.anchor, wrong.text)] if wrong else [], saved=saved if saved in _ACTS and wrong is None else None,
    )  # fmt: skip


@router.get("/inbox")
async def inbox(page: Provider) -> Response:
    """What is offered to us, why to us, and until when."""
    return await _inbox(page)


def _fen(text: str) -> int:
    """Yuan as people write them, in fen; 0 for what is no sum."""
    whole, _, part = text.replace(",", "").replace("，", "").strip().partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 9 or (part and not part.isdigit()) or len(part) > 2:
        return 0
    return int(whole) * 100 + int((part + "00")[:2])


def _quantity(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _grant(form: Mapping[str, str]) -> Grant | None:
    """What the form gives, held against what the door for programs takes."""
    said = {name: form.get(name, "").strip() for name in ("yuan", "programme", "fund_id", "sku", "quantity")}
    try:
        match form.get("kind", ""):
            case "cash":
                told = GrantIn(
                    kind="cash", amount_fen=_fen(said["yuan"]), programme=said["programme"] or None, fund_id=said["fund_id"] or None
                )
                return Grant("cash", told.amount_fen, told.programme, told.fund_id)
            case "goods":
                item = ItemIn(sku=said["sku"], quantity=_quantity(said["quantity"]))
                return Grant("goods", items=(Item(item.sku, item.quantity),))
            case _:
                return None
    except ValidationError as fault:
        raise Invalid(pointer=f"/grant/{fault.errors()[0]['loc'][0]}", detail="not as described") from fault


async def _act(door: Door, referral_id: str, form: Mapping[str, str]) -> None:
    await own_referral(door, referral_id)
    at = door.now
    match form.get("act", ""):
        case "accept":
            await accepted(door, referral_id, _grant(form))
        case "grant" if form.get("kind") in ("cash", "goods"):
            await accepted(door, referral_id, _grant(form))
        case "decline":
            await door.execute(To("referral", referral_id, r.DeclineReferral(form.get("reason", ""), at)))
        case "start":
            await door.execute(To("referral", referral_id, r.StartService(at)))
        case "serve":
            await door.execute(To("referral", referral_id, r.ServeReferral(at)))
        case "close":
            await door.execute(To("referral", referral_id, r.CloseReferral(form.get("reason", ""), at)))
        case "contact":
            told = r.NoteContact(form.get("channel", ""), form.get("outcome", ""), local_day(at), at)
            await door.execute(To("referral", referral_id, told))
        case _:
            raise Invalid(pointer="/act", detail="there is no such button")


def _wrong(page: Page, referral_id: str, form: Mapping[str, str], no: Invalid | Rejected) -> _Wrong:
    kind = form.get("kind", "")
    if isinstance(no, Rejected):
        field = _ABOUT.get(no.code, "") if kind in _HAS_FIELD else ""
        return _Wrong(referral_id, kind, field, page.t(f"matching.refused.{no.code}"))
    field = no.pointer.rpartition("/")[2].replace("amount_fen", "yuan")
    if field not in _FIELDS:
        return _Wrong(referral_id, kind, "", page.t("matching.wrong.form"))
    return _Wrong(referral_id, kind, field, page.t(f"matching.wrong.{field}"))


async def _reached(page: Page, referral_id: str, form: Mapping[str, str]) -> Response:
    """Shown once, in the answer to a form, so that it stands in no address and in no store of ours."""
    state, token = await own_referral(page.door, referral_id), session_token(page.request)
    told = None
    if state.status in UNDER_WAY and state.about is not None and token:
        told = await how_to_reach(page.door.room, token, state.about.case_id)
    if told is None:
        return await _inbox(page, 409, _Wrong(referral_id, "reach", "", page.t("matching.inbox.not_reached")), form)
    return await _inbox(page, reach={**told, "referral_id": referral_id})


@router.post("/inbox/{referral_id}")
async def answer(referral_id: str, page: Provider) -> Response:
    """One of the buttons: accept, grant anew, decline, start, serve, close, or see how to reach the person."""
    form = await page.form()
    if form.get("act") == "reach":
        return await _reached(page, referral_id, form)
    try:
        await _act(page.door, referral_id, form)
    except (Invalid, Rejected) as no:
        return await _inbox(page, 409 if isinstance(no, Rejected) else 422, _wrong(page, referral_id, form, no), form)
    return page.back(f"{_INBOX}?saved={form.get('act', '')}")


@router.get("/cases/{case_id}")
async def case(case_id: str, page: Annotated[Page, Depends(page_for(*SEES_ALL))]) -> Response:
    """Every verdict with its reasons and margins, the referrals, and the chain of help."""
    a = await assessment_of(page.door, case_id)
    names = await views.organization_names(page.door, [one["org_id"] for one in (*a["referrals"], *a["chain_of_help"])])
    return page.show("matching/case.html", a=a, programmes=RULEBOOK.by_code, names=names)


@router.get("/households/{household_id}")
async def household(household_id: str, page: Annotated[Page, Depends(page_for(*SEES_ALL))]) -> Response:
    """One household: every need, who helps, what is missing, where two do the same and where nobody does."""
    told = await household_of(page.door, household_id)
    names = await views.organization_names(page.door, [part["org_id"] for part in told["chain"]["parts"]])
    return page.show("matching/household.html", h=told, programmes=RULEBOOK.by_code, names=names)


@router.get("/programmes")
async def programmes(page: Annotated[Page, Depends(page_for(public=True))]) -> Response:
    """The rules in words, with source and date."""
    on = local_day(page.door.now)
    rules = await standing_rules(page.door)
    return page.show("matching/programmes.html", items=[shown_programme(rules, p, on) for p in rules.programmes], on=on)
