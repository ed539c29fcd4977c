"""A bank by folders: we leave files in out/, it leaves its own in in/, and what we have read lies in done/; a rename makes each whole."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.disbursement.bank.xml import BYTES_MAX


def laid(folder: Path, name: str, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a crash."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{name}.part"
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(folder / name)
    _kept(folder)


def _kept(folder: Path) -> None:
    """A rename is durable once its folder is."""
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


class FolderBank:
    """Answers come as files: nobody can be asked."""

    at_once = False

    def __init__(self, folder: Path) -> None:
        self._out, self._in, self._done = folder / "out", folder / "in", folder / "done"

    async def tell(self, payments: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        return {}

    async def found(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]] | None:
        return None

    async def hand_over(self, name: str, content: bytes) -> None:
        await asyncio.to_thread(laid, self._out, f"{name}.xml", content)

    def brought(self) -> list[str]:
        """Names of whole files in in/, oldest name first; what is no plain file, or is still being written, is left alone."""
        if not self._in.is_dir():
            return []
        return sorted(
            p.name for p in self._in.iterdir() if p.suffix == ".xml" and not p.name.startswith(".") and p.is_file() and not p.is_symlink()
        )

    def content(self, name: str) -> bytes:
        """At most one byte more than may be read, so that what is too long is seen to be."""
        with (self._in / name).open("rb") as file:
            return file.read(BYTES_MAX + 1)

    def put_by(self, name: str, mark: str = "") -> None:
        """Out of in/: worked through, or refused (`mark` says so in its name)."""
        self._done.mkdir(parents=True, exist_ok=True)
        (self._in / name).replace(self._done / f"{name}{mark}")
        _kept(self._done)
        _kept(self._in)
