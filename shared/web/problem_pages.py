"""Problems as pages: what an API answers as problem+json, a person reads in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import msgspec
from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from shared.problems import MEDIA, problem
from shared.web.frame import LogInFirst, Page, principal_at
from shared.web.session import where_now
from shared.web.words import speaking

Handler = Callable[[Request, Any], Response | Awaitable[Response]]


def wants_page(request: Request) -> bool:
    """A browser that opened a page or sent a form; scripts and clients of the APIs get problem+json."""
    headers = request.headers
    return "text/html" in headers.get("accept", "") and "/v1/" not in request.url.path and "hx-request" not in headers


def install_problem_pages(app: FastAPI) -> None:
    """Wrap the app's handlers of problems, so that each answers browsers with a page."""
    for kind, handler in list(app.exception_handlers.items()):
        app.exception_handlers[kind] = _paged(handler)
    app.add_exception_handler(LogInFirst, log_in_first)


def _paged(handler: Handler) -> Handler:
    async def paged(request: Request, fault: Exception) -> Response:
        answer = handler(request, fault)
        response = answer if isinstance(answer, Response) else await answer
        if response.media_type != MEDIA or not wants_page(request):
            return response
        told = msgspec.json.decode(response.body)
        page = Page(request, principal_at(request))
        code = str(told["type"]).rsplit(":", 1)[-1]
        title, detail = _worded(page, type(fault).__name__, code, told)
        shown = page.problem(response.status_code, title, detail)
        if "retry-after" in response.headers:
            shown.headers["retry-after"] = response.headers["retry-after"]
        return shown

    return paged


def _worded(page: Page, fault: str, code: str, told: dict[str, Any]) -> tuple[str, str]:
    """The room's own words for a refusal (`<room>.refused.<Class>`), the frame's for the rest, else the English sentence."""
    words = page.frame.words
    room = page.request.url.path.split("/", 2)[1]
    with speaking(page.language):
        for key in (f"{room}.refused.{code}", f"problem.{fault}", f"problem.{code}"):
            if words.has(key):
                return words(key), words.get(f"{key}_detail")
    return str(told["title"]), ""


async def log_in_first(request: Request, fault: Exception) -> Response:
    """To the log-in and back; a form that was sent too late is kept in the browser, so its page says how to save it."""
    if not wants_page(request):
        return problem(401, "Unauthenticated", "Log in first.")
    if request.method in ("GET", "HEAD"):
        return RedirectResponse(f"/login?next={quote(where_now(request), safe='')}", 303)
    return Page(request, None).show("late.html", status=401)
