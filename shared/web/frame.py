"""The page frame: what a page of any room is given, and how it is shown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from fastapi import Request
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, pass_context
from jinja2.runtime import Context
from markupsafe import escape
from msgspec import Struct, convert
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from shared.errors import KapokError
from shared.http import ANYBODY, Door, door_of
from shared.problems import Forbidden
from shared.security import Principal
from shared.web.filters import clock_time, day, moment, place_filter, who_filter, yuan
from shared.web.session import form_token, form_token_good, keep_visit, language_of, local_path, session_token, where_now
from shared.web.words import Words, speaking

HERE = Path(__file__).parent
STATIC = HERE / "static"
CSRF_FIELD = "form_token"
_SO_FAR = "<!--so far-->"

_csrf: ContextVar[str] = ContextVar("csrf", default="")


class LogInFirst(KapokError):
    """Nobody is logged in and the page is not for everybody."""


class FormNotOurs(Forbidden):
    """The form does not come from a page of ours that this person opened."""


class Signpost(Struct, frozen=True):
    """One way in the navigation; no roles: for everybody."""

    key: str
    path: str
    roles: frozenset[str]

    def leads(self, principal: Principal | None) -> bool:
        return not self.roles or (principal is not None and bool(self.roles & principal.roles))


@lru_cache(1)
def signposts() -> tuple[Signpost, ...]:
    return convert(yaml.safe_load((HERE / "signposts.yaml").read_text(encoding="utf-8")), tuple[Signpost, ...])


class _Hidden:
    """The hidden input of a form; a global of the templates, so that macros have it too."""

    def __html__(self) -> str:
        return f'<input type="hidden" name="{CSRF_FIELD}" value="{escape(_csrf.get())}">'


@lru_cache(64)
def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "0"


def asset(name: str) -> str:
    """The address of a file of the frame, with a mark that changes when the file does."""
    return f"/static/{name}?v={_mark(STATIC / name)}"


def _tone(status: Any) -> str:
    return re.sub(r"[^a-z0-9_-]", "", str(status or "").lower())


def _each_time(written: Callable[[Any], str]) -> Callable[[Context, Any], str]:
    # A filter without the context would be worked out once over a constant, in the language of the first reader.
    @pass_context
    def filtered(_: Context, value: Any) -> str:
        return written(value)

    return filtered


class Frame:
    """Templates and words of the frame and of one room; made once for each app."""

    def __init__(self, templates: Path | None = None, words: Path | None = None) -> None:
        self.words = Words(*([words] if words else []))
        folders = [FileSystemLoader(one) for one in (templates, HERE / "templates") if one]
        self.templates = Environment(loader=ChoiceLoader(folders), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False)
        self.templates.globals.update(t=self.words, csrf=_Hidden(), asset=asset, has_word=self.words.has)
        told = {"yuan": yuan, "day": day, "moment": moment, "clock": clock_time, "place": place_filter(self.words)}
        told |= {"who": who_filter(self.words), "tone": _tone}
        self.templates.filters.update({name: _each_time(written) for name, written in told.items()})

    def render(self, template: str, language: str, token: str, values: dict[str, Any]) -> str:
        mark = _csrf.set(token)
        try:
            with speaking(language):
                return self.templates.get_template(template).render(values)
        finally:
            _csrf.reset(mark)


class Page:
    """One request of a browser: who, in which language, the room's door, and the answer."""

    def __init__(self, request: Request, principal: Principal | None) -> None:
        self.request, self.principal = request, principal
        self.language = language_of(request)
        self._door: Door | None = None
        self._form: FormData | None = None

    @property
    def door(self) -> Door:
        """The door of the room this page belongs to; without a log-in it is anybody's."""
        if self._door is None:
            self._door = door_of(self.request, self.principal or ANYBODY)
            self._door.language = self.language
        return self._door

    @property
    def frame(self) -> Frame:
        frame: Frame = self.request.app.state.frame
        return frame

    def t(self, key: str, **values: Any) -> str:
        """A word outside of a template."""
        with speaking(self.language):
            return self.frame.words(key, **values)

    def may(self, *roles: str) -> bool:
        return self.principal is not None and bool(self.principal.roles & set(roles))

    def show(self, template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The rendered template; values beside `page`, `principal`, `language`, `path`, `nav` are the room's own."""
        path = where_now(self.request)
        context = {
            "page": self, "principal": self.principal, "language": self.language, "lang": "zh-CN" if self.language == "zh" else "en",
            "path": path, "path_quoted": quote(path if self.request.method == "GET" else self.request.url.path, safe=""),
            "here": self.request.url.path, "nav": [one for one in signposts() if one.leads(self.principal)], **values,
        }  # fmt: skip
        token = form_token(self.request, self.principal)
        response = HTMLResponse(self.frame.render(template, self.language, token, context), status)
        keep_visit(self.request, response)
        response.headers["Vary"] = "Cookie, Accept-Language"
        return response

    def growing(self, shown: Response, steps: AsyncGenerator[tuple[int, str]], end: Callable[[], str]) -> StreamingResponse:
        """This page, whose list `<ol>` with `<!--so far-->` in it grows by each step: per cent and sentence; then the HTML of `end`."""
        before, _, after = bytes(shown.body).decode().partition(_SO_FAR)
        head, _, rest = after.partition("</ol>")
        headers = {name: value for name, value in shown.headers.items() if name != "content-length"}

        async def pieces() -> AsyncIterator[str]:
            yield before
            async with aclosing(steps):
                async for done, said in steps:
                    yield f'<li><progress max="100" value="{min(100, done)}"></progress> {escape(said)}</li>\n'
            yield f"{head}</ol>{end()}{rest}"

        return StreamingResponse(pieces(), shown.status_code, headers)

    async def form(self) -> dict[str, str]:
        """The fields sent, the last value of each; raises `FormNotOurs` when the form is not from a page of ours."""
        sent = await self._sent()
        return {k: v for k, v in sent.items() if isinstance(v, str) and k != CSRF_FIELD}

    def form_list(self, name: str) -> list[str]:
        """Every value of a field that may be chosen more than once; after `await page.form()`."""
        assert self._form is not None, "await page.form() first"
        return [v for v in self._form.getlist(name) if isinstance(v, str)]

    def form_file(self, name: str) -> UploadFile | None:
        """An uploaded file that is not empty; after `await page.form()`."""
        assert self._form is not None, "await page.form() first"
        file = self._form.get(name)
        return file if isinstance(file, UploadFile) and file.filename else None

    async def _sent(self) -> FormData:
        if self._form is None:
            sent = await self.request.form(max_files=20, max_fields=2000)
            if not form_token_good(self.request, self.principal, str(sent.get(CSRF_FIELD, ""))):
                await sent.close()  # files that came with it
                raise FormNotOurs("form_token")
            self._form = sent
        return self._form

    def back(self, url: str) -> RedirectResponse:
        """After a form: on to a page of ours, with GET."""
        return RedirectResponse(local_path(url), 303)

    def problem(self, status: int, title: str, detail: str = "") -> HTMLResponse:
        """A plain page that says what is wrong and where to go."""
        return self.show("problem.html", status=status, title=title, detail=detail, number=status)


def principal_at(request: Request) -> Principal | None:
    """Whom the session cookie speaks for; None without one, or with one that has ended."""
    token = session_token(request)
    principal: Principal | None = request.app.state.verify(token) if token else None
    return principal


def page_for(*roles: str, public: bool = False) -> Callable[[Request], Awaitable[Page]]:
    """A dependency: the page for people with one of these roles (anybody logged in when none is named; everybody when public).

    Raises `LogInFirst` (a redirect to the log-in) and `Forbidden` (a plain 403 page).
    """
    allowed = frozenset(roles)

    async def page(request: Request) -> Page:
        principal = principal_at(request)
        if not public:
            if principal is None:
                raise LogInFirst
            if allowed and not allowed & principal.roles:
                raise Forbidden(f"needs one of: {', '.join(sorted(allowed))}")
        return Page(request, principal)

    return page
