"""The page on which a file of reports is chosen, and what became of it told while it is read; it works without script."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import yaml
from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.intake.api.reports import REPORTERS
from services.intake.files.columns import known_names
from services.intake.files.lines import Unreadable
from services.intake.files.packed import PIECE, unpacked
from services.intake.files.reading import Reading, form_of
from services.intake.files.rejects import HEAD, csv_line, reject_lines
from services.intake.portions import PORTION_BYTES, PORTION_ROWS, Answer, Marking, Numbered, fault_of, recorded
from shared.web.frame import Page, page_for

PATH = "/intake/import"
router = APIRouter(prefix="/intake", include_in_schema=False)
Reporter = Annotated[Page, Depends(page_for(*REPORTERS))]
_REST = "…"
_SHOWN_MAX, _KEPT_MAX = 100, 20_000  # refused fields on the page, and in the file that is offered


class _Result:
    """What became of the rows so far; bounded, however many are refused."""

    def __init__(self) -> None:
        self.counts = {"rows": 0, "recorded": 0, "already": 0, "refused": 0}
        self.shown: list[dict[str, Any]] = []
        self.rejects, self.kept = bytearray(HEAD), 0
        self.broke: Unreadable | None = None

    def add(self, answer: Answer) -> None:
        self.counts["rows"] += 1
        self.counts[answer["status"]] += 1
        if answer["status"] != "refused":
            return
        for line in reject_lines(answer):
            if self.kept < _KEPT_MAX:
                self.kept += 1
                self.rejects += csv_line(line)
            if len(self.shown) < _SHOWN_MAX:
                self.shown.append(line)


@router.get("/import")
async def choose(page: Reporter) -> Response:
    """The form that takes a file, and the names its columns may have."""
    return _form(page)


def _form(page: Page, status: int = 200, **values: Any) -> Response:
    most = page.request.app.state.environment.settings.upload_max_bytes // 1024**2
    return page.show(
        "intake/import.html", status=status, most=most, columns=known_names(), **{"wrong": [], "under_way": False, **values}
    )  # fmt: skip


@router.post("/import")
async def send(page: Reporter) -> Response:
    """Import the chosen file, or only check it; the page grows while rows are recorded. Who leaves it ends it, and may begin anew."""
    form = await page.form()
    file = page.form_file("file")
    if file is None:
        return _form(page, 422, wrong=[("file", page.t("intake.import.no_file"))])
    result, size, only_checked = _Result(), max(1, file.size or 1), form.get("act") == "check"

    async def steps() -> AsyncGenerator[tuple[int, str]]:
        try:
            async for at in _taken(page, file.file, file.filename or "", result, only_checked=only_checked):
                counted = {"rows": result.counts["rows"], "refused": result.counts["refused"]}
                yield at * 100 // size, page.t("intake.import.rows_so_far", **counted)
        finally:
            await file.close()

    return page.growing(_form(page, under_way=True), steps(), lambda: _told(page, result, only_checked=only_checked))


async def _taken(page: Page, file: BinaryIO, name: str, result: _Result, *, only_checked: bool) -> AsyncIterator[int]:
    """Portion by portion; answers the bytes that were read. Where the file breaks, what came before it is kept."""
    portions = _portions(file, name)
    while True:
        try:
            portion = next(portions, None)
        except Unreadable as broke:
            result.broke = broke
            return
        if portion is None:
            return
        for answer in _checked(page, portion) if only_checked else await recorded(page.door, portion):
            result.add(answer)
        yield file.tell()


def _checked(page: Page, portion: list[Numbered]) -> Iterator[Answer]:
    for one in portion:
        fault = fault_of(one.row, page.door.now)
        yield {"line": one.row.number, **({"status": "refused", "problem": fault} if fault else {"status": "recorded"})}


def _portions(file: BinaryIO, name: str) -> Iterator[list[Numbered]]:
    file.seek(0)
    marking = Marking()
    portion: list[Numbered] = []
    size = 0
    try:
        head = next(unpacked(file), b"")[:PIECE]
        for row in Reading(form_of(name, head)).all(unpacked(file)):
            portion.append(marking.marked(row))
            size += len(row.body)
            if len(portion) >= PORTION_ROWS or size >= PORTION_BYTES:
                yield portion
                portion, size = [], 0
    except Unreadable:
        if portion:
            yield portion
        raise
    if portion:
        yield portion


def _told(page: Page, result: _Result, *, only_checked: bool) -> str:
    rejects = [{**line, **_rule(page, line["rule"])} for line in result.shown]
    values = {
        **result.counts, "rejects": rejects, "shown": len(rejects), "kept": result.kept, "broke": result.broke,
        "why": _rule(page, str(result.broke or "")), "only_checked": only_checked,
        "download": base64.b64encode(result.rejects).decode(),
    }  # fmt: skip
    return page.frame.render("intake/import_done.html", page.language, "", values)


@lru_cache(1)
def _rules() -> list[tuple[str, str]]:
    told = yaml.safe_load((Path(__file__).parent / "files/rules.yaml").read_text("utf-8"))
    return sorted(told.items(), key=lambda one: -len(one[0]))


def _rule(page: Page, rule: str) -> dict[str, Any]:
    """The rule in the reader's language, where we have words for it; `ours` says whether it is."""
    if page.language != "zh":
        return {"rule": rule, "ours": True}
    for begins, words in _rules():
        if rule.startswith(begins):
            rest = rule.removeprefix(begins).strip()
            numbers = "、".join(re.findall(r"\d+", rest)) if rest[:1].isdigit() else ""
            said = words.replace(_REST, numbers or _rule(page, rest)["rule"]) if _REST in words else words
            return {"rule": said, "ours": True}
    return {"rule": rule, "ours": False}
