"""Photographs of papers: taken in, known by their own bytes, and shown with a reason."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime
from typing import Any

from services.intake.domain.case_decisions import CaseIsUnknown
from services.intake.domain.casework import NotePaper
from services.intake.domain.paper import KeepPaper, PaperKept, kind_of
from services.intake.showing import known_case, may_open, record_look
from shared.clock import SHANGHAI
from shared.http import Door, Invalid, NotFound
from shared.service import To

# A page that a telephone photographed and made smaller has half of it; base64 of more would not pass the door's bound.
PAPER_BYTES_MAX = 700_000


def paper_of(door: Door, case_id: str, person_id: str, kind: str, data: bytes, at: datetime) -> tuple[str, tuple[To, ...]]:
    """The paper's id and the commands that keep it; raises `Invalid` for what is too large or no picture."""
    if len(data) > PAPER_BYTES_MAX:
        raise Invalid("/content", f"a paper has at most {PAPER_BYTES_MAX} bytes")
    media = kind_of(data)
    if media is None:
        raise Invalid("/content", "must be a JPEG, PNG or WebP picture, or a PDF")
    digest = hashlib.sha256(data).hexdigest()
    paper_id = door.named_id("paper", case_id, digest)
    picture = base64.b64encode(data).decode()
    noted = NotePaper(paper_id, kind, media, len(data), at)
    kept = KeepPaper(paper_id, case_id, person_id, kind, media, len(data), digest, picture, at)
    # The case first: it knows whether anything may still be kept about this person.
    return paper_id, (To("case", case_id, noted), To("paper", paper_id, kept))


async def keep_paper(door: Door, case_id: str, kind: str, content: str, at: datetime) -> dict[str, Any]:
    """Keep it and answer where it is; raises `Invalid`, `NotFound` and `Rejected`."""
    try:
        data = base64.b64decode(content, validate=True)
    except binascii.Error:
        raise Invalid("/content", "must be base64") from None
    _, report = await known_case(door, case_id)
    paper_id, commands = paper_of(door, case_id, report.person_id, kind, data, at)
    try:
        done = await door.execute(*commands)
    except CaseIsUnknown as unknown:
        raise NotFound("case") from unknown
    return {"case_id": case_id, "paper_id": paper_id, "media": kind_of(data), "version": done.version}


async def read_paper(door: Door, case_id: str, paper_id: str) -> dict[str, Any]:
    """One paper of this case."""
    history = await door.history("paper", paper_id)
    kept = history[0].data if history else None
    if not isinstance(kept, PaperKept) or kept.case_id != case_id:
        raise NotFound("paper")
    shown = {
        "paper_id": paper_id, "kind": kept.kind, "media": kept.media, "size_bytes": kept.size_bytes,
        "at": kept.at.astimezone(SHANGHAI).isoformat(), "content": None, "erased": not isinstance(kept.picture, str),
    }  # fmt: skip
    if not isinstance(kept.picture, str) or not await may_open(door, kept.person_id):
        return shown
    await record_look(door, "paper", persons=(kept.person_id,), cases=(case_id,))
    return {**shown, "content": kept.picture}
