"""What a service's door can be asked, as a page: made from the same description that machines read, and nothing from outside."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response

from shared.web.frame import Page, page_for

Anybody = Annotated[Page, Depends(page_for(public=True))]


def calls_router(service: str) -> APIRouter:
    """`GET /<service>/docs`."""
    router = APIRouter(include_in_schema=False)

    @router.get(f"/{service}/docs")
    async def calls(page: Anybody) -> Response:
        app: FastAPI = page.request.app
        groups: dict[str, list[dict[str, Any]]] = {}
        for path, methods in app.openapi()["paths"].items():
            for method, call in methods.items():
                says = (call.get("description") or call.get("summary") or "").split("\n")[0]
                group = (call.get("tags") or [service])[0]
                groups.setdefault(group, []).append({"method": method.upper(), "path": path, "says": says})
        return page.show("calls.html", service=service, groups=groups)

    return router
