"""Scripts as data: what is read out in a campaign, version by version, from the files beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec
import yaml

from services.intake.domain.campaign import PURPOSES
from services.intake.domain.lexicon import NEEDS
from services.intake.domain.script import OPT_OUT_KEY, Script

LANGUAGES = ("zh", "en")
FOLDER = Path(__file__).parent / "scripts"
_LEADS = ("no_need", "call_back", "task", "case")
_KINDS = ("choice", "consent", "speech")


class BadScript(ValueError):
    """A file of the folder that cannot be read out; says which and why."""


@lru_cache(1)
def scripts() -> Mapping[tuple[str, int], Script]:
    """Every version of every script, checked."""
    read = [_checked(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return {(one.code, one.version): one for one in read}


def script(code: str, version: int | None = None) -> Script | None:
    """This version, or the newest; None when there is none."""
    if version is not None:
        return scripts().get((code, version))
    versions = [number for name, number in scripts() if name == code]
    return scripts()[code, max(versions)] if versions else None


def spoken(language: str) -> str:
    """The language of a script that this person hears: English for those who speak it, else Chinese."""
    return "en" if language.split("-", maxsplit=1)[0] == "en" else "zh"


def _checked(path: Path) -> Script:
    try:
        one = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Script)
    except (msgspec.ValidationError, yaml.YAMLError) as wrong:
        raise BadScript(f"{path.name}: {wrong}") from wrong
    for fault in faults(one):
        raise BadScript(f"{path.name}: {fault}")
    if path.name != f"{one.code}-{one.version}.yaml":
        raise BadScript(f"{path.name}: is {one.code}, version {one.version}")
    return one


def faults(one: Script) -> list[str]:
    """What keeps a script from being read out and understood."""
    found = [f"no purpose {one.purpose}"] if one.purpose not in PURPOSES else []
    texts = {"title": one.title, "greeting": one.greeting, "closing": one.closing}
    for question in one.questions:
        texts[question.key] = question.text
        if question.kind not in _KINDS:
            found.append(f"{question.key}: no kind {question.kind}")
        if (question.kind == "speech") != (not question.keys):
            found.append(f"{question.key}: a choice has keys, words have none")
        for key, option in question.keys.items():
            texts[f"{question.key}.{key}"] = option.text
            if len(key) != 1 or not key.isdigit() or key == OPT_OUT_KEY:
                found.append(f"{question.key}: {key} is no key for an answer; {OPT_OUT_KEY} ends the calls")
            if option.leads not in _LEADS or not set(option.needs) <= set(NEEDS):
                found.append(f"{question.key}.{key}: leads nowhere, or to a need there is not")
        if question.kind == "consent" and {option.code for option in question.keys.values()} != {"agrees", "refuses"}:
            found.append(f"{question.key}: a consent is agreed to or refused")
    found += [f"{name}: not in {language}" for name, text in texts.items() for language in LANGUAGES if not text.get(language)]
    if len({question.key for question in one.questions}) != len(one.questions):
        found.append("a question stands twice")
    if not all(OPT_OUT_KEY in text for text in one.greeting.values()):
        found.append("the greeting does not say how to opt out")
    return found
