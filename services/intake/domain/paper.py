"""A photograph of a paper: kept once, sealed under its person, in a stream of its own so that no case has to carry it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.kernel import Decider, Shredded


class KeepPaper(Struct, frozen=True, gc=False):
    """`picture` is base64; what it is was read from its own bytes."""

    paper_id: str
    case_id: str
    person_id: str
    kind: str
    media: str
    size_bytes: int
    digest: str
    picture: str
    at: datetime


class PaperKept(Struct, frozen=True, gc=False):
    paper_id: str
    case_id: str
    person_id: str
    kind: str
    media: str
    size_bytes: int
    digest: str
    picture: str | Shredded
    at: datetime


class Paper(Struct, frozen=True, gc=False):
    """What is kept, without the picture: states stay in memory, pictures do not."""

    case_id: str = ""
    digest: str = ""


def decide(command: KeepPaper, state: Paper) -> tuple[PaperKept, ...]:
    """The stream is named for the case and the picture's digest: the same picture sent again is the same paper."""
    if state.case_id:
        return ()
    return (
        PaperKept(
            command.paper_id, command.case_id, command.person_id, command.kind, command.media, command.size_bytes, command.digest,
            command.picture, command.at,
        ),
    )  # fmt: skip


def evolve(state: Paper, event: PaperKept) -> Paper:
    return Paper(event.case_id, event.digest)


def kind_of(data: bytes) -> str | None:
    """The media type that these bytes are, by how they begin; None for anything that is no picture or page we keep."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if data.startswith(b"%PDF-") else None


PAPER = Decider(noun="paper", absent=Paper(), decide=decide, evolve=evolve, commands=(KeepPaper,), events=(PaperKept,))
