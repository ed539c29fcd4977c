"""What came of a form: it was done, or the fields that are wrong and why, in the words of the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError

from shared.http import NotFound
from shared.kernel import Rejected
from shared.web.frame import Page


async def tried(
    page: Page, step: Callable[[], Awaitable[Any]], first: str = "", fields: Mapping[str, str] | None = None
) -> tuple[int, list[tuple[str, str]]]:
    """The status and what is wrong; 200 and nothing when it was done. `fields` are the form's names of the door's fields, and what
    is refused as a whole is said at the field `first`."""
    names = fields or {}
    try:
        await step()
    except ValidationError as fault:
        found = dict.fromkeys(str(e["loc"][0]) if e["loc"] else first for e in fault.errors())
        return 422, [(names.get(name, name), page.t("disbursement.wrong.field")) for name in found]
    except NotFound:
        return 422, [(first, page.t("disbursement.wrong.unknown"))]
    except Rejected as no:
        return 409, [(first, page.t(f"disbursement.refused.{no.code}"))]
    return 200, []
