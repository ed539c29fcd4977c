"""Where an uploaded file waits until it is screened: one file for each screening, readable by its owner, gone when the run has ended."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import AsyncIterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.problems import Invalid

FILE_MAX = 4 * 2**30
KEPT_SECONDS = 7 * 86_400  # of a file whose screening never came to be; every other is removed when its run ends
_COLUMNS = (
    "id_number", "person_ref", "name", "phone", "category", "residence_code", "lives_alone", "medical_self_paid_year_fen",
    "income_per_head_month_fen", "income_per_head_month_before_fen", "months_without_income", "last_contact_on",
)  # fmt: skip


def place(home: Path) -> Path:
    folder = home.absolute() / "screening"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


async def keep(home: Path, file_id: str, chunks: AsyncIterable[bytes]) -> tuple[str, int]:
    """Write the body as it comes; answers the file's name and size. Raises `Invalid` when it is empty or too large."""
    path, size = place(home) / f"{file_id}.file", 0
    try:
        with os.fdopen(_new(path), "wb") as out:
            async for chunk in chunks:
                size += len(chunk)
                if size > FILE_MAX:
                    raise Invalid("", f"a file has at most {FILE_MAX} bytes")
                out.write(chunk)
        if size == 0:
            raise Invalid("", "the file is empty")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path.name, size


def keep_rows(home: Path, file_id: str, rows: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    """The rows of a request as such a file."""
    path = place(home) / f"{file_id}.file"
    with os.fdopen(_new(path), "w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows({key: "" if value is None else str(value) for key, value in row.items()} for row in rows)
    return path.name, path.stat().st_size


def remove(home: Path, name: str) -> None:
    """The file and whatever was unpacked beside it."""
    if name:
        for path in place(home).glob(f"{Path(name).stem}.*"):
            path.unlink(missing_ok=True)


def sweep(home: Path, needed: Sequence[str]) -> int:
    """Remove what no screening needs and nobody came back for; answers how many."""
    keep_stems = {Path(name).stem for name in needed}
    old = [p for p in place(home).iterdir() if p.stem not in keep_stems and p.stat().st_mtime < time.time() - KEPT_SECONDS]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
