"""Where the page frame joins an app: state its pages need, and the routers of the frame itself."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from shared.service import Service


def install_pages(app: FastAPI, service: Service | None) -> None:
    """Give an app the page frame; `service` brings its templates and words."""
    app.state.service = service


def frame_routers(services: tuple[Service, ...]) -> list[APIRouter]:
    """The frame's own pages."""
    return []
