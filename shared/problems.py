"""Problem details (RFC 9457): the only place where refusals and failures become HTTP numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.errors import KapokError, Malformed, NotNow
from shared.kernel import Rejected

log = structlog.get_logger(__name__)
MEDIA = "application/problem+json"
_BROKEN_BODY = {"json_invalid", "value_error.jsondecode"}


class NotFound(KapokError):
    """There is no such thing, or not for this caller; `args[0]` names the kind of thing."""


class Forbidden(KapokError):
    """This caller may not; `args[0]` says what is missing, in plain words."""


class Unauthenticated(KapokError):
    """Nobody, or somebody with a token that is not valid."""


class Invalid(KapokError):
    """A field's value is wrong; `pointer` is a JSON pointer into the body."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer, self.detail = pointer, detail


def problem(
    status: int, name: str, title: str, detail: str = "", *, instance: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """One problem; `name` becomes `urn:kapok:problem:<name>`, `more` its extension members."""
    body: dict[str, Any] = {"type": f"urn:kapok:problem:{name}", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    if instance:
        body["instance"] = instance
    return Response(msgspec.json.encode({**body, **more}), status, dict(headers or {}), MEDIA)


def _instance(request: Request) -> str:
    return f"urn:kapok:request:{getattr(request.state, 'correlation', '')}"


def _coded(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in facts.items() if isinstance(v, bool | int | str | list | tuple | type(None))}


def refused(request: Request, no: Exception) -> Response:
    assert isinstance(no, Rejected)
    return problem(409, no.code, no.sentence, instance=_instance(request), facts=_coded(no.facts))


def _pointer(place: tuple[Any, ...]) -> str:
    parts = [str(p).replace("~", "~0").replace("/", "~1") for p in place]
    if parts and parts[0] in ("body", "query", "path", "header", "cookie"):
        parts = parts[1:] if parts[0] == "body" else parts
    return "/" + "/".join(parts) if parts else ""


def invalid(request: Request, fault: Exception) -> Response:
    """422 naming every wrong field; 400 when the body is no JSON at all. The value itself is never repeated."""
    assert isinstance(fault, RequestValidationError)
    found = fault.errors()
    if any(e.get("type") in _BROKEN_BODY for e in found):
        return problem(400, "MalformedBody", "The body is not valid JSON.", instance=_instance(request))
    errors = [{"pointer": _pointer(tuple(e["loc"])), "detail": _plain(e)} for e in found]
    return problem(422, "InvalidRequest", "Some fields are missing or wrong.", instance=_instance(request), errors=errors)


def _plain(error: Mapping[str, Any]) -> str:
    # Custom validators may quote what they were given; anything that could be a value is left out.
    text = str(error.get("msg", "wrong")).removeprefix("Value error, ")
    return re.sub(r"(input|got|received)[^,;]*", "", text).strip() or "wrong"


def _known(request: Request, fault: Exception) -> Response:
    where = _instance(request)
    if isinstance(fault, Invalid):
        errors = [{"pointer": fault.pointer, "detail": fault.detail}]
        return problem(422, "InvalidRequest", "Some fields are missing or wrong.", instance=where, errors=errors)
    if isinstance(fault, NotFound):
        return problem(
            404, "NotFound", "There is nothing here under this id.", f"no such {fault.args[0]}" if fault.args else "", instance=where
        )
    if isinstance(fault, Unauthenticated):
        return problem(401, "Unauthenticated", "A valid token is needed.", instance=where, headers={"WWW-Authenticate": "Bearer"})
    if isinstance(fault, Forbidden):
        return problem(403, "Forbidden", "You may not do this.", str(fault.args[0]) if fault.args else "", instance=where)
    if isinstance(fault, NotNow):
        seconds = str(max(1, round(fault.retry_after_seconds)))
        return problem(503, type(fault).__name__, "Not now; please try again.", instance=where, headers={"Retry-After": seconds})
    if isinstance(fault, Malformed):
        return problem(422, "InvalidRequest", "Some fields are missing or wrong.", str(fault), instance=where)
    return broken(request, fault)


def broken(request: Request, fault: Exception) -> Response:
    """Our own fault: its class goes to the log, nothing of it to the caller."""
    log.error("request_failed", error=type(fault).__name__, route=getattr(request.scope.get("route"), "path", ""), exc_info=fault)
    return problem(500, "OurFault", "Something broke on our side; nothing you sent was lost silently.", instance=_instance(request))


def from_http(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    names = {404: ("NotFound", "There is nothing here."), 405: ("MethodNotAllowed", "This method is not offered here.")}
    name, title = names.get(fault.status_code, ("HttpProblem", "The request cannot be served."))
    headers = dict(fault.headers or {})
    return problem(fault.status_code, name, title, instance=_instance(request), headers=headers)


def install(app: FastAPI) -> None:
    """Give an app these manners."""
    app.add_exception_handler(Rejected, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, from_http)
    app.add_exception_handler(KapokError, _known)
    app.add_exception_handler(Exception, broken)
