"""The frame's own pages: what Kapok is doing now, help with the keys, and how far everybody can use it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from shared.web.entrance import demo_clients
from shared.web.frame import Page, page_for, signposts

router = APIRouter(include_in_schema=False)
Anybody = Annotated[Page, Depends(page_for(public=True))]


@router.get("/")
async def home(page: Anybody) -> Response:
    """The numbers of today, live; where to go; the demo log-ins in the demo."""
    settings = page.request.app.state.environment.settings
    demo = demo_clients(settings) if page.principal is None else ()
    public = [one for one in signposts() if not one.roles]
    own = [one for one in signposts() if one.roles and one.leads(page.principal)]
    return page.show("home.html", demo=demo, public_posts=public, own_posts=own)


@router.get("/help")
async def keys(page: Anybody) -> Response:
    return page.show("help.html")


@router.get("/accessibility")
async def accessibility(page: Anybody) -> Response:
    return page.show("accessibility.html")
