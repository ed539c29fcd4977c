"""In and out: log-in with the issuer's token in a cookie, log-out, and the language that stays chosen."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from shared.problems import NotFound
from shared.security import Issuer, Principal, Verifier
from shared.settings import Settings
from shared.web.frame import Page, page_for, signposts
from shared.web.session import forget_session, local_path, remember_language, remember_session
from shared.web.words import LANGUAGES

router = APIRouter(include_in_schema=False)
Anybody = Annotated[Page, Depends(page_for(public=True))]
DEMO_SECRET = "demo"  # noqa: S105  the embedded run's demo clients, offered only when settings.demo
DEMO_CLIENTS = ("operator", "caseworker", "gov", "finance", "approver", "approver-2", "approver-3", "ops", "auditor", "admin")
_HOUR_SECONDS = 3600


@router.get("/login")
async def log_in_page(page: Anybody) -> Response:
    """The demo clients as buttons in the demo, client id and secret otherwise, a foreign issuer's token when that is set."""
    return _shown(page, local_path(page.request.query_params.get("next"), ""), {})


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.environment.settings
    return settings


def demo_clients(settings: Settings) -> tuple[str, ...]:
    """Whom the demo lets in by a button; nobody outside the demo."""
    if not settings.demo or settings.issuer:
        return ()
    return (*DEMO_CLIENTS, *(f"charity-{code.strip()}" for code in settings.demo_charities.split(",") if code.strip()))


def _shown(page: Page, following: str, form: dict[str, str], errors: tuple[tuple[str, str], ...] = (), status: int = 200) -> Response:
    settings = _settings(page.request)
    demo = demo_clients(settings)
    return page.show(
        "login.html", status=status, demo=demo, foreign=settings.issuer, next=following, form=form, errors=list(errors)
    )  # fmt: skip


@router.post("/login")
async def log_in(page: Anybody) -> Response:
    """A good log-in leads to where one wanted to go, else to the first page of one's role."""
    form = await page.form()
    following = local_path(form.get("next"), "")
    answer = _answer(page.request, form)
    if answer is None:
        field = "token" if _settings(page.request).issuer else "client_id"
        kept = {"client_id": form.get("client_id", "")[:100]}
        return _shown(page, following, kept, ((field, page.t("login.wrong")),), 403)
    principal: Principal | None = page.request.app.state.verify(answer["access_token"])
    response = RedirectResponse(following or _first_page(principal), 303)
    remember_session(page.request, response, answer["access_token"], int(answer["expires_in"]))
    return response


def _answer(request: Request, form: dict[str, str]) -> dict[str, Any] | None:
    settings, issuer, verify = _settings(request), request.app.state.environment.issuer, request.app.state.verify
    if settings.issuer:
        return _foreign(verify, form.get("token", "").strip())
    return _own(issuer, settings, form)


def _foreign(verify: Verifier, token: str) -> dict[str, Any] | None:
    return {"access_token": token, "expires_in": _HOUR_SECONDS} if token and verify(token) is not None else None


def _own(issuer: Issuer, settings: Settings, form: dict[str, str]) -> dict[str, Any] | None:
    if form.get("demo") in demo_clients(settings):
        return issuer.token(form["demo"], DEMO_SECRET)
    return issuer.token(form.get("client_id", "").strip()[:100], form.get("client_secret", "")[:200])


def _first_page(principal: Principal | None) -> str:
    return next((one.path for one in signposts() if one.roles and one.leads(principal)), "/")


@router.post("/logout")
async def log_out(page: Anybody) -> Response:
    """Forget who is at the browser."""
    await page.form()
    response = RedirectResponse("/", 303)
    forget_session(page.request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@router.get("/language/{code}")
async def language(code: str, request: Request, back: str = "/") -> Response:
    """Speak this language from now on, on the page one came from."""
    if code not in LANGUAGES:
        raise NotFound("language")
    response = RedirectResponse(local_path(back), 303)
    remember_language(request, response, code)
    return response
