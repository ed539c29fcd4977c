"""Pages for telephone campaigns: plan, start, pace, pause, stop and watch them; and whom somebody has to call back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from io import BytesIO
from typing import Annotated, Any, BinaryIO

import anyio
from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.responses import Response

from services.intake.api.campaigns import planned
from services.intake.campaigns import views
from services.intake.campaigns.asked import CallBackIn, CampaignIn, HoursIn, PaceIn, minutes
from services.intake.campaigns.calling_back import called_back, shown_call
from services.intake.campaigns.people import Added, add_people, read_table
from services.intake.campaigns.scripts import script, scripts
from services.intake.campaigns.shown import RESULTS, STATUSES, shown_campaign, shown_row
from services.intake.domain import campaign as k
from services.intake.domain.call_decisions import CallIsUnknown
from services.intake.domain.campaign import PURPOSES
from services.intake.domain.lexicon import NEEDS
from services.intake.files.lines import Unreadable
from services.intake.files.packed import unpacked
from services.intake.showing import SEES_PERSONS
from shared.errors import NotNow
from shared.http import NotFound
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/intake", include_in_schema=False)
Staff = Annotated[Page, Depends(page_for(*SEES_PERSONS))]
LISTS = "/intake/campaign-lists"
_TOLD_SECONDS = 0.5
_STEPS = {"start": k.StartCampaign, "pause": k.PauseCampaign, "resume": k.ResumeCampaign, "stop": k.StopCampaign}
Wrong = list[tuple[str, str]]


async def _campaigns(page: Page, status: int = 200, *, form: Mapping[str, str] | None = None, wrong: Wrong | None = None) -> Response:
    shown = await views.campaign_page(page.door, None, limit=50, cursor=page.request.query_params.get("cursor"))
    return page.show(
        "intake/campaigns.html", status=status, items=[shown_row(row) for row in shown["items"]], next=shown["next"], purposes=PURPOSES,
        scripts=[one for name in dict(scripts()) if (one := script(name[0])) is not None and one.version == name[1]],
        form=form or {"ref": page.door.new_id(), "lines": "100", "from": "08:00", "until": "21:00", "retries": "2", "retry_minutes": "60"},
        wrong=wrong or [],
    )  # fmt: skip


@router.get("/campaigns")
async def campaigns(page: Staff) -> Response:
    """Every campaign, newest first, and the form of a new one."""
    return await _campaigns(page)


@router.post("/campaigns")
async def plan(page: Staff) -> Response:
    """A new campaign; the page's own reference makes two clicks one campaign."""
    form = await page.form()
    wrong: Wrong = []
    try:
        body = _campaign_of(form)
    except ValidationError as fault:
        names = {"since": "from"}
        fields = dict.fromkeys(names.get(str(e["loc"][-1]), str(e["loc"][-1])) if e["loc"] else "from" for e in fault.errors())
        wrong = [(name if name in form else "from", page.t("intake.campaign.wrong", field=_label(page, name))) for name in fields]
        return await _campaigns(page, 422, form=form, wrong=wrong)
    try:
        campaign_id = await planned(page.door, body)
    except Rejected as no:
        return await _campaigns(page, 409, form=form, wrong=[("name", page.t(f"intake.refused.{no.code}"))])
    return page.back(f"/intake/campaigns/{campaign_id}")


def _label(page: Page, name: str) -> str:
    key = f"intake.campaign.{name}"
    return page.t(key) if page.frame.words.has(key) else page.t("intake.campaign.from")


def _campaign_of(form: Mapping[str, str]) -> CampaignIn:
    """What the form says; raises `ValidationError`."""
    said: dict[str, Any] = {
        "name": form.get("name", "").strip(), "purpose": form.get("purpose", ""), "language": form.get("spoken", "zh"),
        "ref": form.get("ref") or None, "hours": {"from": form.get("from", "").strip(), "until": form.get("until", "").strip()},
    }  # fmt: skip
    for name in ("lines", "retries", "retry_minutes"):
        text = form.get(name, "").strip()
        said[name] = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else text
    return CampaignIn.model_validate(said)


async def _campaign(page: Page, campaign_id: str, status: int = 200, **values: Any) -> Response:
    shown = await shown_campaign(page.door, campaign_id)
    found = script(shown["script"], shown["script_version"])
    return page.show(
        "intake/campaign.html", status=status, campaign=shown, script=found, statuses=STATUSES, results=RESULTS, options=_options(shown),
        **{"wrong": [], "form": {}, "under_way": False, **values},
    )  # fmt: skip


def _options(shown: Mapping[str, Any]) -> list[tuple[Any, list[tuple[Any, int]], int]]:
    """Each question of keys with its options, how often each was chosen, and the most."""
    found = script(shown["script"], shown["script_version"])
    rows = []
    for question in found.questions if found is not None else ():
        chosen = shown["answers"].get(question.key, {})
        counted = [(option, chosen.get(option.code, 0)) for option in question.keys.values()]
        if counted:
            rows.append((question, counted, max(count for _, count in counted)))
    return rows


@router.get("/campaigns/{campaign_id}")
async def campaign(campaign_id: str, page: Staff) -> Response:
    """One campaign: how far it is, what was answered, its pace and its lists."""
    return await _campaign(page, campaign_id)


@router.get("/campaigns/{campaign_id}/now")
async def campaign_now(campaign_id: str, page: Staff) -> Response:
    """The part of the page that moves."""
    shown = await shown_campaign(page.door, campaign_id)
    return page.show("intake/campaign_now.html", campaign=shown, statuses=STATUSES, results=RESULTS, options=_options(shown))


@router.post("/campaigns/{campaign_id}")
async def work_on_campaign(campaign_id: str, page: Staff) -> Response:
    """Start, pause, resume, stop, or another pace: the button says which."""
    form = await page.form()
    act = form.get("act", "")
    try:
        if act == "pace":
            command: Any = _pace_of(page, form)
        elif act in _STEPS:
            command = _STEPS[act](page.door.now)
        else:
            return await _campaign(page, campaign_id, 422, wrong=[("", page.t("intake.wrong.step"))])
        await page.door.execute(To("campaign", campaign_id, command))
    except ValidationError:
        return await _campaign(page, campaign_id, 422, form=form, wrong=[("lines", page.t("intake.campaign.wrong_pace"))])
    except Rejected as no:
        return await _campaign(page, campaign_id, 409, wrong=[("", page.t(f"intake.refused.{no.code}"))])
    return page.back(f"/intake/campaigns/{campaign_id}")


def _pace_of(page: Page, form: Mapping[str, str]) -> k.PaceCampaign:
    text = form.get("lines", "").strip()
    lines = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    said = PaceIn(lines=lines, hours=HoursIn.model_validate({"from": form.get("from", ""), "until": form.get("until", "")}))
    assert said.hours is not None
    return k.PaceCampaign(page.door.now, said.lines, minutes(said.hours.since), minutes(said.hours.until))


@router.post("/campaign-lists")
async def more_people(page: Staff) -> Response:
    """Numbers that were pasted, or a file of any length, one a line; the page tells how far it is while they are put on the list."""
    form = await page.form()
    file, text, campaign_id = page.form_file("file"), form.get("numbers", "").strip(), form.get("campaign", "")
    await shown_campaign(page.door, campaign_id)
    listed = bool(file and file.size)
    if bool(text) == listed:  # one of both, so that nothing is left out unsaid
        if file is not None:
            await file.close()
        why = "intake.campaign.both" if listed else "intake.campaign.no_numbers"
        return await _campaign(page, campaign_id, 422, form=form, wrong=[("numbers", page.t(why))])
    source: BinaryIO = file.file if file is not None and file.size else BytesIO(text.encode())
    size = file.size if file is not None and file.size else len(text.encode())
    added, wrong = Added(), ""

    async def steps() -> AsyncGenerator[tuple[int, str]]:
        nonlocal wrong
        source.seek(0)
        work = asyncio.create_task(add_people(page.door, campaign_id, read_table(unpacked(source), added), added))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_TOLD_SECONDS)
                counted = {"queued": f"{added.queued:,}", "refused": f"{added.refused:,}"}
                yield source.tell() * 100 // size, page.t("intake.campaign.so_many", **counted)
            work.result()
            wrong = "" if added.queued or added.already or added.refused else page.t("intake.campaign.no_numbers")
        except Unreadable:
            wrong = page.t("intake.campaign.wrong_file")
        except NotNow:
            wrong = page.t("intake.campaign.busy")
        except Rejected as no:
            wrong = page.t(f"intake.refused.{no.code}")
        finally:
            work.cancel()
            with anyio.CancelScope(shield=True):  # whoever leaves the page ends it, and then its file is closed
                await asyncio.wait({work})
                if file is not None:
                    await file.close()

    def told() -> str:
        return page.frame.render("intake/campaign_added.html", page.language, "", {"added": added, "broken": wrong})

    return page.growing(await _campaign(page, campaign_id, under_way=True), steps(), told)


@router.get("/callbacks")
async def call_backs(page: Staff) -> Response:
    """Whom somebody has to call back, the first clock first."""
    rows = await views.call_backs(page.door.room, 100)
    return page.show("intake/callbacks.html", rows=rows, now=page.door.now, done=page.request.query_params.get("done"))


async def _call_back(page: Page, call_id: str, status: int = 200, **values: Any) -> Response:
    try:
        shown = await shown_call(page.door, call_id)
    except CallIsUnknown as unknown:
        raise NotFound("call") from unknown
    return page.show(
        "intake/callback.html", status=status, call=shown, need_codes=tuple(NEEDS), **{"wrong": [], "form": {}, "chosen": [], **values}
    )


@router.get("/callbacks/{call_id}")
async def call_back(call_id: str, page: Staff) -> Response:
    """One call that somebody has to make, number and words masked until a reason is given."""
    return await _call_back(page, call_id)


@router.post("/callbacks/{call_id}")
async def finish_call_back(call_id: str, page: Staff) -> Response:
    """A look at number and words (with a reason, recorded), or what came of calling back."""
    form = await page.form()
    if form.get("act") == "look":
        page.door.reason = form.get("reason", "").strip() or None
        wrong = [] if page.door.reason else [("reason", page.t("intake.wrong.reason"))]
        return await _call_back(page, call_id, 422 if wrong else 200, wrong=wrong)
    needs = page.form_list("needs")
    try:
        said = CallBackIn.model_validate(
            {"outcome": form.get("outcome", ""), "narrative": form.get("narrative", "").strip() or None, "needs": needs}
        )
        answered = await called_back(page.door, call_id, said)
    except ValidationError:
        wrong = [("outcome", page.t("intake.callback.wrong"))]
        return await _call_back(page, call_id, 422, wrong=wrong, form=form, chosen=needs)
    except Rejected as no:
        return await _call_back(page, call_id, 409, wrong=[("", page.t(f"intake.refused.{no.code}"))])
    return page.back(f"/intake/cases/{answered['case_id']}" if said.outcome == "case" else "/intake/callbacks?done=yes")
