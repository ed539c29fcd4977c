"""Settings from the environment: each one arrives, and whatever is wrong is one sentence that names the variable."""

from __future__ import annotations

import base64
import os
import re
import typing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from pydantic import ValidationError

from shared.runtime import House, environment
from shared.settings import Settings, SettingsProblem, read_settings
from tests.shared.bakery import BAKERY

GOOD_KEY = base64.b64encode(bytes(range(32))).decode()
OUTSIDE: dict[str, Any] = {
    "issuer": "https://login.test",
    "bus_dsn": "postgresql://b@h/b",
    "kek": GOOD_KEY,
    "index_key": GOOD_KEY,
    "signing_key": GOOD_KEY,
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.upper().startswith("KAPOK_")]:
        monkeypatch.delenv(name)


def given(name: str) -> tuple[str, Any]:
    """A text that may stand in the environment, and the value it must arrive as."""
    field = Settings.model_fields[name]
    forms = {"calling_hours": "09:00-20:00", "payer_account": "44050100001", "payer_bank": "102581000013"}  # texts with a form of their own
    if name in forms:
        return forms[name], forms[name]
    kind: Any = field.annotation
    if typing.get_origin(kind) is Literal:
        other = next(choice for choice in typing.get_args(kind) if choice != field.default)
        return other, other
    if kind is int:
        return str(field.default + 1), field.default + 1
    return {bool: ("true", True), float: ("0.125", 0.125), Path: ("/srv/kapok", Path("/srv/kapok")), str: ("a@b", "a@b")}[kind]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_arrives_from_its_variable_and_says_what_it_is_for(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text, value = given(name)
    assert getattr(read_settings(), name) != value
    monkeypatch.setenv(f"KAPOK_{name.upper()}", text)
    assert getattr(read_settings(), name) == value
    assert re.fullmatch(r"[A-Z].+[.]", Settings.model_fields[name].description or "")


def test_without_any_variable_nothing_secret_or_outside_is_assumed() -> None:
    settings = read_settings()
    assert (settings.host, settings.bus, settings.demo, settings.webhook_private_allowed) == ("127.0.0.1", "postgres", False, False)
    assert (settings.kek, settings.issuer, settings.bus_dsn, settings.otlp_endpoint) == ("", "", "", "")
    assert settings.dsn("intake") == settings.dsn("bus") == ""
    with pytest.raises(ValidationError):
        settings.port = 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "http"), ("port", "-1"), ("port", "65536"), ("port", ""), ("bus", "rabbit"), ("bus", ""), ("queue_max", "0"), ("queue_max", "1.5"),
        ("batch_max", "0"), ("relay_batch_max", "none"), ("poll_seconds", "0"), ("poll_seconds", "nan"), ("poll_seconds", "often"),
        ("body_max_bytes", "999"), ("rate_per_second", "0"), ("rate_burst", "0"), ("public_rate_per_second", "-1"), ("public_rate_burst", "0"),
        ("signed_rate_per_second", "0"), ("signed_rate_burst", "0"),
        ("webhook_private_allowed", "perhaps"), ("demo", "2"), ("log_level", "loud"), ("log_level", "INFO"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_one_sentence_that_names_the_variable(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(f"KAPOK_{name.upper()}", text)
    with pytest.raises(SettingsProblem) as wrong:
        read_settings()
    sentence = str(wrong.value)
    assert re.fullmatch(rf"KAPOK_{name.upper()}: [A-Z][^\n]+[^.]\.", sentence), sentence
    assert wrong.value.__cause__ is None
    assert wrong.value.__suppress_context__


def test_the_first_of_several_wrong_values_is_named_and_no_value_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAPOK_PORT", "hunter2-port")
    monkeypatch.setenv("KAPOK_DEMO", "hunter2-demo")
    with pytest.raises(SettingsProblem, match=r"^KAPOK_PORT: ") as wrong:
        read_settings()
    assert "hunter2" not in str(wrong.value)


def test_other_variables_are_none_of_our_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("KAPOK_TEST_SERVER", "x")
    assert read_settings().port == 8080


def test_a_key_is_32_bytes() -> None:
    assert Settings(kek=GOOD_KEY).key("kek") == bytes(range(32))
    assert Settings().key("kek") is None


@pytest.mark.parametrize("name", ["kek", "index_key", "signing_key"])
@pytest.mark.parametrize(
    "text",
    [
        "x", "not base64 at all", "密钥" * 22, base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode(), GOOD_KEY + "\n",
        base64.urlsafe_b64encode(b"\xff" * 32).decode(), bytes(32).hex(), GOOD_KEY.rstrip("="),
    ],
    ids=["short word", "words", "not ASCII", "31 bytes", "33 bytes", "end of line", "URL alphabet", "hexadecimal", "no padding"],
)  # fmt: skip
def test_anything_else_is_no_key(name: Any, text: str) -> None:
    settings = Settings().model_copy(update={name: text})
    with pytest.raises(SettingsProblem) as wrong:
        settings.key(name)
    assert str(wrong.value) == f"KAPOK_{name.upper()} must be 32 bytes in base64."


@pytest.mark.parametrize("name", ["kek", "index_key", "signing_key", "bus_dsn", "issuer"])
async def test_what_is_missing_outside_the_embedded_run_is_named(name: str) -> None:
    settings = Settings(**{**OUTSIDE, name: ""})
    with pytest.raises(SettingsProblem, match=rf"^KAPOK_{name.upper()} is not set[^\n]*\.$"):
        environment(settings)


async def test_what_is_given_is_an_environment_of_its_own_keys_and_databases() -> None:
    env = environment(Settings(**OUTSIDE, intake_dsn="postgresql://i@h/i"), dsns={"intake": "embedded", "matching": "embedded"})
    assert (env.kek, env.index_key, env.signing_key) == (bytes(range(32)),) * 3
    assert env.dsns == {"intake": "postgresql://i@h/i", "matching": "embedded", "bus": "postgresql://b@h/b"}
    assert env.issuer.name == "https://login.test"
    assert env.issuer.token("operator", "demo") is None  # demo clients exist in the embedded run only


async def test_a_house_says_which_database_nobody_gave() -> None:
    house = House((replace(BAKERY, name="intake"),), lambda: environment(Settings(**OUTSIDE)))
    with pytest.raises(SettingsProblem, match=r"^KAPOK_INTAKE_DSN is not set\.$"):
        async with house.open():
            pass


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "::"])
def test_intake_is_found_in_this_process_unless_told_otherwise(host: str) -> None:
    url = httpx.URL(Settings(host=host, port=81).intake_at)
    assert (url.scheme, url.host, url.port) == ("http", host, 81)
    assert Settings(intake_url="https://intake.test").intake_at == "https://intake.test"
