"""docker-compose.yml: what it names exists, what it runs can be run, what is secret has no default."""

from __future__ import annotations

import base64
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from deploy.new_env import lines
from shared.settings import SERVICES, Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
OURS = {name: one for name, one in COMPOSE["services"].items() if str(one["image"]).startswith("kapok:")}
ASKED = dict(re.findall(r"\$\{([A-Z_]+):([?-])", TEXT))


def test_every_service_of_the_house_runs_alone_on_its_own_database() -> None:
    for name in SERVICES:
        one = OURS[name]
        assert one["command"] == ["serve", name]
        dsns = {key: value for key, value in one["environment"].items() if key.endswith("_DSN")}
        assert list(dsns) == [f"KAPOK_{name.upper()}_DSN"]
        assert f"//{name}:" in dsns[f"KAPOK_{name.upper()}_DSN"]
        assert dsns[f"KAPOK_{name.upper()}_DSN"].endswith(f"@postgres:5432/{name}")


def test_only_settings_that_exist_are_set() -> None:
    known = {f"KAPOK_{name.upper()}" for name in Settings.model_fields}
    for name in SERVICES:
        assert set(OURS[name]["environment"]) <= known


def test_dependencies_volumes_and_files_exist() -> None:
    services, volumes = set(COMPOSE["services"]), set(COMPOSE["volumes"])
    used: set[str] = set()
    for name, one in COMPOSE["services"].items():
        assert set(one.get("depends_on", [])) <= services, name
        for volume in one.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), source
            else:
                used.add(source)
    assert used == volumes


def test_who_is_waited_for_has_a_health_check() -> None:
    for one in COMPOSE["services"].values():
        wanted = one.get("depends_on", {})
        for other, how in wanted.items() if isinstance(wanted, dict) else []:
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in COMPOSE["services"][other]


def test_hosts_in_settings_are_services() -> None:
    for one in OURS.values():
        for value in one.get("environment", {}).values():
            for host in re.findall(r"(?:https?://|@)([a-z]+):\d+", str(value)):
                assert host in COMPOSE["services"]


def test_no_secret_has_a_default_and_every_secret_is_made() -> None:
    made = {line.split("=", 1)[0] for line in lines()}
    secret = {name for name in ASKED if re.search(r"PASSWORD|KEY$|KEK|SECRET", name)}
    assert secret == made
    assert all(ASKED[name] == "?" for name in secret)
    for one in COMPOSE["services"].values():
        for key, value in one.get("environment", {}).items():
            if re.search(r"PASSWORD|KEY$|KEK|SECRET", key):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value), key


def test_made_secrets_are_fresh_and_of_the_right_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = dict(line.split("=", 1) for line in lines()), dict(line.split("=", 1) for line in lines())
    assert not set(one.values()) & set(two.values())
    assert all(len(base64.b64decode(one[f"KAPOK_{name}"])) == 32 for name in ("KEK", "INDEX_KEY", "SIGNING_KEY"))
    for name in ("KEK", "INDEX_KEY", "SIGNING_KEY"):
        monkeypatch.setenv(f"KAPOK_{name}", one[f"KAPOK_{name}"])
    settings = Settings()
    assert settings.key("kek") != settings.key("signing_key")


def test_ports_are_published_on_loopback_and_once() -> None:
    ports = [port for one in COMPOSE["services"].values() for port in one.get("ports", [])]
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    outside = [port.split(":")[1] for port in ports]
    assert len(outside) == len(set(outside))


def test_our_containers_can_write_nowhere_and_have_no_privileges() -> None:
    for one in OURS.values():
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]


def test_images_have_versions_and_kafka_is_the_one_that_was_tested() -> None:
    images = {name: str(one["image"]) for name, one in COMPOSE["services"].items()}
    assert all(re.search(r":v?\d", image) for image in images.values()), images
    pom = ElementTree.parse(ROOT / "deploy/kafka/pom.xml")  # noqa: S314 - our own file
    version = pom.findtext(".//{*}kafka.version")
    assert images["kafka"] == f"apache/kafka:{version}"


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_a_container_runs_can_be_run_here(name: str) -> None:
    """The same words, with help or an unknown name added so that nothing stays open."""
    one = OURS[name]
    entry = one.get("entrypoint") or ["python", "-m", "services.cli"]
    words = [sys.executable if word == "python" else word for word in entry]
    if name in ("bank", "telephony"):
        words += ["--help"]
        module = one["command"][0].split(":")[0].replace(".", "/")
        assert (ROOT / f"{module}.py").exists()
        assert "app" in (ROOT / f"{module}.py").read_text()
    else:
        words += [*one["command"], "--help"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    assert "Usage" in done.stdout


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path.endswith("/intake/readyz") else 503)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def answering() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(5)
    server.server_close()


def test_health_checks_tell_ready_from_not_ready(answering: int) -> None:
    codes = {}
    for name in SERVICES:
        kind, *words = OURS[name]["healthcheck"]["test"]
        assert kind == "CMD"
        assert words[-1] == f"http://127.0.0.1:8080/{name}/readyz"
        command = [sys.executable, *words[1:-1], words[-1].replace("8080", str(answering))]
        codes[name] = subprocess.run(command, cwd=ROOT, timeout=30, check=False).returncode
    assert codes == {"intake": 0, "matching": 1, "disbursement": 1, "notifications": 1}


def test_docker_agrees_where_docker_is() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, timeout=30, check=False).returncode:
        pytest.skip("no docker compose here; the file is checked by the other tests")
    env = dict(line.split("=", 1) for line in lines())
    done = subprocess.run(
        [docker, "compose", "config", "--quiet"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_shell_scripts_parse() -> None:
    for script in [*ROOT.glob("deploy/*.sh"), *ROOT.glob("deploy/*/*.sh")]:
        done = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True, timeout=10, check=False)
        assert done.returncode == 0, shlex.join([str(script), done.stderr])
