"""Small reports that several tests of persons speak of."""

from __future__ import annotations

from typing import Any

AT = "2026-11-23T09:12:00+08:00"


def report(name: str | None = None, *, ref: str | None = None, **person: Any) -> dict[str, Any]:
    """A report about a medical need of somebody of whom so much is said."""
    said = {key: value for key, value in {"name": name, **person}.items() if value is not None}
    body = {"channel": "hotline", "received_at": AT, "needs": ["medical"], "person": said}
    return body if ref is None else {**body, "source": "12345", "source_ref": ref}
