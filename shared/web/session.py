"""Who is at the browser: the session cookie, the token that guards every form, and paths one may be sent on to."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from shared.manners import SESSION_COOKIE
from shared.security import Principal

SESSION = SESSION_COOKIE  # the door looks for it too: whose session it is has a rate of their own
VISIT = "kapok_visit"
LANGUAGE = "kapok_language"
_YEAR_SECONDS = 31_536_000
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")
_VISIT = re.compile(r"[A-Za-z0-9_-]{43}")


def local_path(text: str | None, otherwise: str = "/") -> str:
    """The path when it leads nowhere but to us, else `otherwise`."""
    return text if text and len(text) <= 2000 and _LOCAL.fullmatch(text) else otherwise


def where_now(request: Request) -> str:
    """The path and query of this request, to come back to."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def session_token(request: Request) -> str | None:
    return request.cookies.get(SESSION) or None


def remember_session(request: Request, response: Response, token: str, seconds: int) -> None:
    _cookie(request, response, SESSION, token, seconds)


def forget_session(request: Request, response: Response) -> None:
    for name in (SESSION, VISIT):
        response.delete_cookie(name, path="/", secure=_https(request), httponly=True, samesite="lax")


def remember_language(request: Request, response: Response, language: str) -> None:
    _cookie(request, response, LANGUAGE, language, _YEAR_SECONDS)


def language_of(request: Request) -> str:
    """What was chosen, else what the browser asks for first, else Chinese."""
    chosen = request.cookies.get(LANGUAGE)
    if chosen in ("zh", "en"):
        return chosen
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh"


def visit_of(request: Request) -> str:
    """The random mark of this browser; a new one when it has none yet, kept for the length of the request."""
    known = request.cookies.get(VISIT, "")
    if _VISIT.fullmatch(known):
        return known
    if not hasattr(request.state, "visit"):
        request.state.visit = secrets.token_urlsafe(32)
    return str(request.state.visit)


def keep_visit(request: Request, response: Response) -> None:
    """Hand the mark to a browser that has none."""
    if request.cookies.get(VISIT) != visit_of(request):
        _cookie(request, response, VISIT, visit_of(request), None)


def form_token(request: Request, principal: Principal | None) -> str:
    """What a form of this browser and this person must send back; nobody can know it without the HttpOnly mark.

    It outlives the session token of one hour, so a form that was open meanwhile can be sent after a new log-in.
    """
    who = principal.id if principal else ""
    return hashlib.sha256(f"kapok form\x1f{visit_of(request)}\x1f{who}".encode()).hexdigest()


def form_token_good(request: Request, principal: Principal | None, sent: str) -> bool:
    known = VISIT in request.cookies
    return known and hmac.compare_digest(form_token(request, principal).encode(), sent.encode())


def _https(request: Request) -> bool:
    return request.url.scheme == "https"


def _cookie(request: Request, response: Response, name: str, value: str, seconds: int | None) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=_https(request), httponly=True, samesite="lax")
