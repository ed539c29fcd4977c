"""The chain as Parquet: written by a process of its own, one at a time, and kept only while somebody reads it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from services.disbursement.api.public import Anyone
from services.disbursement.api.public_files import COLUMNS, chain, lines
from shared.errors import NotNow

router = APIRouter(prefix="/disbursement/v1/public", tags=["public"])
_SECONDS = 120
_ROOT = Path(__file__).parents[3]
_one_at_a_time = asyncio.Semaphore(1)  # a long chain takes a core


async def _in_columns(folder: Path) -> Path:
    """Raises `NotNow` when the process that writes it dies or takes too long."""
    table = folder / "entries.parquet"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.disbursement.columns", str(folder / "entries"), str(table), ",".join(COLUMNS), cwd=_ROOT,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await asyncio.wait_for(process.wait(), _SECONDS)
    except TimeoutError:
        raise NotNow("the file took too long") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise NotNow("the file could not be written")
    return table


@router.get("/entries.parquet", response_class=Response)
async def entries_parquet(door: Anyone) -> Response:
    """The whole chain in columns, oldest first."""
    folder = tempfile.TemporaryDirectory(prefix="kapok-chain-")
    try:
        async with _one_at_a_time:
            with (Path(folder.name) / "entries").open("wb") as file:
                async for some in chain(door, lines):
                    await asyncio.to_thread(file.write, some)
            table = await _in_columns(Path(folder.name))
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        table, media_type="application/vnd.apache.parquet", filename="entries.parquet", background=BackgroundTask(folder.cleanup)
    )
