"""Where the page frame joins an app: templates, words and files of the frame and of the app's room."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from shared.service import Service
from shared.web import entrance, home, ops
from shared.web.frame import STATIC, Frame
from shared.web.headers import PageHeaders
from shared.web.problem_pages import install_problem_pages


def install_pages(app: FastAPI, service: Service | None) -> None:
    """Give an app the page frame; `service` brings its templates, its words, and a folder `static` beside its templates.

    To be called after the app's handlers of problems are in place: browsers get those as pages.
    """
    app.state.service = service
    app.state.frame = Frame(service.templates, service.words) if service else Frame()
    if service is None:
        app.mount("/static", StaticFiles(directory=STATIC))
    elif service.templates is not None and (own := service.templates.parent / "static").is_dir():
        app.mount(f"/{service.name}/static", StaticFiles(directory=own))
    app.add_middleware(PageHeaders)
    install_problem_pages(app)


def frame_routers(services: tuple[Service, ...]) -> list[APIRouter]:
    """The frame's own pages."""
    return [home.router, entrance.router, ops.router]
