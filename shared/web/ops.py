"""The ops page: topics with their lag, outbox, loops, deadlines, parked messages with their cause, projections; what ops may do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from shared.kernel import Rejected
from shared.parked import SetAside
from shared.web.frame import Page, page_for
from shared.web.session import session_token

router = APIRouter(prefix="/ops", include_in_schema=False)
Reader = Annotated[Page, Depends(page_for("ops", "admin", "auditor"))]
Doer = Annotated[Page, Depends(page_for("ops", "admin"))]


def _as_bearer(request: Request) -> Request:
    """The same caller as the end points know them: the session's token as a bearer token."""
    token = f"Bearer {session_token(request)}".encode("latin-1")
    return Request({**request.scope, "headers": [*request.scope["headers"], (b"authorization", token)]})


async def _shown(page: Page, said: str = "", error: str = "", status: int = 200, **values: Any) -> Response:
    ops, caller = page.request.app.state.ops, _as_bearer(page.request)
    facts = {
        "state": await ops.topics(caller),
        "parked": (await ops.parked(caller))["items"],
        "projections": (await ops.projections(caller))["items"],
    }
    return page.show("ops.html", status=status, said=said, error=error, values=values, **facts)


@router.get("")
async def overview(page: Reader) -> Response:
    """Everything at one look; the upper part renews itself."""
    asked = page.request.query_params
    count = asked.get("count", "")
    known = asked.get("said") in ("redriven", "rebuilt", "set_aside_done") and count.isdigit()
    return await _shown(page, asked["said"] if known else "", count=count)


@router.get("/now")
async def now(page: Reader) -> Response:
    """The part that renews itself."""
    return page.show("ops_now.html", state=await page.request.app.state.ops.topics(_as_bearer(page.request)))


@router.post("/parked/{parked_id}/redrive")
async def redrive(parked_id: str, page: Doer) -> Response:
    """Try the message and those parked behind it again."""
    await page.form()
    try:
        done = await page.request.app.state.ops.redrive(parked_id, _as_bearer(page.request))
    except Rejected as no:
        return await _shown(page, error=page.t("ops.redrive_failed"), status=409, reason=str(no.facts.get("reason", "")))
    return page.back(f"/ops?said=redriven&count={done['redriven']}")


@router.post("/parked/{parked_id}/set-aside")
async def set_aside(parked_id: str, page: Doer) -> Response:
    """Give up a message that can never be worked through; what was typed comes back with the error."""
    why = (await page.form()).get("why", "")
    try:
        body = SetAside(why=why)
    except ValidationError:
        return await _shown(page, error=page.t("ops.why_wrong"), status=422, wrong=parked_id, why=why)
    done = await page.request.app.state.ops.set_aside(parked_id, body, _as_bearer(page.request))
    return page.back(f"/ops?said=set_aside_done&count={done['set_aside']}")


@router.post("/projections/{name}/rebuild")
async def rebuild(name: str, page: Doer) -> Response:
    """Grow the read table anew, compare, swap."""
    await page.form()
    outcome = await page.request.app.state.ops.rebuild(name, _as_bearer(page.request))
    return page.back(f"/ops?said=rebuilt&count={sum(outcome['differing_rows'].values())}")
