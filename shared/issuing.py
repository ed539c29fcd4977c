"""The embedded issuer's door: tokens for client credentials, and the keys they are signed with."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.problems import Unauthenticated
from shared.security import Issuer


class Credentials(BaseModel):
    """Client credentials."""

    model_config = ConfigDict(strict=True, extra="forbid")

    client_id: str = Field(max_length=100, description="Demo clients are named by their role; charities `charity-<org code>`.")
    client_secret: str = Field(max_length=200, description="In the embedded run: `demo`.")


def auth_router(issuer: Issuer) -> APIRouter:
    """`POST /auth/token` and `GET /auth/jwks.json`."""
    router = APIRouter(prefix="/auth", tags=["tokens"])

    @router.post("/token")
    async def token(body: Credentials, response: Response) -> dict[str, Any]:
        answer = issuer.token(body.client_id, body.client_secret)
        if answer is None:
            raise Unauthenticated("unknown client or wrong secret")
        response.headers["Cache-Control"] = "no-store"
        return answer

    @router.get("/jwks.json")
    async def keys() -> dict[str, Any]:
        return issuer.public_keys()

    return router
