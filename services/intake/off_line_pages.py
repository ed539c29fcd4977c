"""What lets the page of visits be opened without a signal: an empty form made for nobody, its worker, and what opens what waits."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from services.intake.visit_pages import OUTCOMES
from shared.http import NotFound
from shared.web.frame import Page, page_for
from shared.web.session import form_token, keep_visit
from shared.web.words import LANGUAGES

router = APIRouter(prefix="/intake", include_in_schema=False)
Worker = Annotated[Page, Depends(page_for("operator", "caseworker", "gov", "admin"))]
_STATIC = Path(__file__).parent / "static"
_PAGE = "/intake/visits"
_FILE = re.compile(r'(?:src|href)="(/(?:intake/)?static/[^"]+)"')
_WORKER_MAY = "default-src 'none'; connect-src 'self'"


def _empty(request: Request, language: str) -> HTMLResponse:
    """The form as it is kept on a telephone: without a person, a case, a token or anything that is drawn."""
    page = Page(request, None)
    page.language = language
    other = next(one for one in LANGUAGES if one != language)
    return page.show(
        "intake/visits.html", empty=True, other_language=f"{_PAGE}/empty/{other}", clocks=[], now=None, cases=[], outcomes=OUTCOMES, ref="",
        wrong=[], form={}, done="",
    )  # fmt: skip


@router.get("/visits/empty/{language}")
async def empty(language: str, request: Request) -> Response:
    """The empty form in this language, which a telephone keeps and shows without a signal."""
    if language not in LANGUAGES:
        raise NotFound("language")
    return _empty(request, language)


@router.get("/visits/worker.js")
async def worker(request: Request) -> Response:
    """The script that keeps the empty form on a telephone; it changes whenever something that it keeps does."""
    pages = {language: bytes(_empty(request, language).body) for language in LANGUAGES}
    files = dict.fromkeys(found for body in pages.values() for found in _FILE.findall(body.decode()))
    scripts = [path.read_bytes() for path in sorted(_STATIC.glob("*.js"))]
    kept = {
        "version": hashlib.sha256(b"\0".join([*pages.values(), *scripts])).hexdigest()[:12],
        "page": _PAGE,
        "pages": {language: f"{_PAGE}/empty/{language}" for language in pages},
        "addresses": [*[f"{_PAGE}/empty/{language}" for language in pages], *files],
    }
    text = f"const KEPT = {json.dumps(kept)};\n{(_STATIC / 'visits-worker.js').read_text('utf-8')}"
    headers = {"Service-Worker-Allowed": _PAGE, "Cache-Control": "no-cache", "Content-Security-Policy": _WORKER_MAY}
    return Response(text, media_type="text/javascript", headers=headers)


@router.get("/visits/key")
async def key(page: Worker) -> Response:
    """For a script: who is logged in, and the value that opens what waits for them on this telephone; it is kept nowhere."""
    assert page.principal is not None, "a log-in is asked for"
    name = page.principal.id
    value = page.door.blind("visits_waiting", name.encode().hex())  # as it is written: capitals tell people apart
    told = {
        "who": page.door.named_id("visits-of", name), "name": name, "key": base64.b64encode(value).decode(),
        "token": form_token(page.request, page.principal),
    }  # fmt: skip
    response = JSONResponse(told, headers={"Cache-Control": "no-store"})
    keep_visit(page.request, response)
    return response
