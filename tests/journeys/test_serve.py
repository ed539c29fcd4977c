"""What `kapok serve` says where a setting is missing: one sentence, and nothing is served before."""

from __future__ import annotations

import asyncio
import base64
import os
import sys

import pytest

from shared.serving import bound

_KEY = base64.b64encode(b"s" * 32).decode()
_NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"
_GIVEN = {
    "KAPOK_KEK": _KEY, "KAPOK_INDEX_KEY": _KEY, "KAPOK_SIGNING_KEY": _KEY, "KAPOK_ISSUER": "https://login.test", "KAPOK_BUS_DSN": _NOBODY,
    "KAPOK_BANK_URL": "http://127.0.0.1:1", "KAPOK_INTAKE_URL": "http://127.0.0.1:1",
    **{f"KAPOK_{name}_DSN": _NOBODY for name in ("INTAKE", "MATCHING", "DISBURSEMENT", "NOTIFICATIONS")},
}  # fmt: skip


async def served(*names: str, without: tuple[str, ...]) -> tuple[int | None, str]:
    """Exit code and last words of a process that was not given these variables.

    Its port is taken: whoever comes so far as to bind it says so instead.
    """
    surroundings = {name: text for name, text in os.environ.items() if not name.startswith("KAPOK_")}
    with bound("127.0.0.1", 0) as taken:
        given = {name: text for name, text in _GIVEN.items() if name not in without} | {"KAPOK_PORT": str(taken.getsockname()[1])}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli", "serve", *names,
            env={**surroundings, **given}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("names", "without", "sentence"),
    [
        (
            ("intake", "matching"), ("KAPOK_INTAKE_DSN", "KAPOK_MATCHING_DSN"),
            "Not set, and needed to serve intake, matching: KAPOK_INTAKE_DSN, KAPOK_MATCHING_DSN.\n",
        ),
        (
            ("disbursement",), ("KAPOK_BANK_URL", "KAPOK_INTAKE_URL"),
            "Not set, and needed to serve disbursement: KAPOK_BANK_URL, KAPOK_INTAKE_URL.\n",
        ),
        (("disbursement", "intake"), ("KAPOK_BANK_URL", "KAPOK_INTAKE_URL"), "Not set, and needed to serve disbursement, intake: KAPOK_BANK_URL.\n"),
        (("matching",), ("KAPOK_SIGNING_KEY",), "KAPOK_SIGNING_KEY is not set; outside the embedded run it must be given (32 bytes in base64).\n"),
    ],
    ids=["databases", "bank and intake", "bank beside intake", "signing key"],
)  # fmt: skip
async def test_what_is_missing_is_said_before_anything_is_served(names: tuple[str, ...], without: tuple[str, ...], sentence: str) -> None:
    assert await served(*names, without=without) == (2, sentence)


async def test_what_another_service_needs_need_not_be_given() -> None:
    code, said = await served("matching", without=("KAPOK_INTAKE_DSN", "KAPOK_DISBURSEMENT_DSN", "KAPOK_BANK_URL", "KAPOK_INTAKE_URL"))
    assert code == 2
    assert " is taken; " in said
