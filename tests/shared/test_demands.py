"""What the tests need and is not there: said aloud, and a failure where everything is required."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from shared.testing.fixtures_browser import demand_browser

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "test_environment.sh"


def test_a_missing_browser_is_a_skip_on_a_desk_and_a_failure_where_everything_is_required() -> None:
    with pytest.raises(pytest.skip.Exception, match="NO PAGE TESTED IN A BROWSER HERE: no Chromium"):
        demand_browser("no Chromium", required=False)
    with pytest.raises(pytest.fail.Exception, match="no Chromium"):
        demand_browser("no Chromium", required=True)
    demand_browser("", required=True)


def test_the_script_finds_programs_and_not_its_own_functions(tmp_path: Path) -> None:
    """A shell function hides a program of its name from `command -v`, so that the program is never missed."""
    names = [line.split("()")[0].strip() for line in SCRIPT.read_text("utf-8").splitlines() if "() {" in line]
    assert len(names) > 4
    empty = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
    for name in names:
        if name not in {"apt", "have", "say", "lack"}:
            found = subprocess.run(["sh", "-c", f"command -v {name}"], env=empty, capture_output=True, check=False)
            assert found.returncode != 0, f"{name} is a function there and a program here"
