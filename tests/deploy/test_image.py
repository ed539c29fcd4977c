"""deploy/Dockerfile: linted, hash-locked, without root, and everything it copies is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run([HADOLINT, "--failure-threshold", "style", DOCKERFILE], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_say_something(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python:latest\nRUN apt-get install curl\nCMD python\n")
    assert subprocess.run([HADOLINT, bad], capture_output=True, timeout=30, check=False).returncode == 1


def test_what_is_copied_exists_and_passes_dockerignore() -> None:
    allowed = [line[1:].removesuffix("/**") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [source for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE.read_text(), re.M) for source in line.split()[:-1]]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source.rstrip("/") in allowed, source


def test_packages_are_locked_by_hash() -> None:
    text = DOCKERFILE.read_text()
    assert text.count("--require-hashes") == 2
    for name in re.findall(r"-r (requirements/\S+)", text):
        assert "--hash=sha256:" in (ROOT / name).read_text()


def test_the_image_runs_as_nobody_special() -> None:
    last_user = re.findall(r"^USER (.+)$", DOCKERFILE.read_text(), re.M)[-1]
    assert last_user == "10001:10001"


def test_the_image_brings_no_secret_and_no_tests() -> None:
    text = DOCKERFILE.read_text()
    assert not re.search(r"PASSWORD|SECRET|_KEY|KEK", text)
    assert "tests" not in text
