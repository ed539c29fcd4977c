"""No command and no refusal of matching without a test: what the deciders name is held against what the tests beside this file say."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest

from services.matching.manifest import MATCHING
from shared.kernel import Decider, Rejected

_HERE = Path(__file__).parent
DECIDERS = [pytest.param(decider, id=decider.noun) for decider in MATCHING.deciders]


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _calls(noun: str) -> list[ast.Call]:
    tree = ast.parse((_HERE / f"test_{noun}_decisions.py").read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def refusals(decider: Decider[Any]) -> set[str]:
    """The refusals defined beside a decider."""
    beside = vars(importlib.import_module(decider.decide.__module__)).values()
    return {one.__name__ for one in beside if isinstance(one, type) and issubclass(one, Rejected) and one is not Rejected}


@pytest.mark.parametrize("decider", DECIDERS)
def test_every_command_is_given_in_a_test(decider: Decider[Any]) -> None:
    made = {_name(call.func) for call in _calls(decider.noun)}
    assert {command.__name__ for command in decider.commands} - made == set()


@pytest.mark.parametrize("decider", DECIDERS)
def test_every_refusal_is_provoked_in_a_test(decider: Decider[Any]) -> None:
    expected = {_name(arg) for call in _calls(decider.noun) if _name(call.func) == "refused" for arg in call.args}
    assert refusals(decider)
    assert refusals(decider) - expected == set()


@pytest.mark.parametrize("decider", DECIDERS)
def test_what_is_no_command_and_no_event_is_our_fault(decider: Decider[Any]) -> None:
    with pytest.raises(AssertionError):
        decider.decide(object(), decider.absent, *([] if decider.rests_on is None else [None]))
    with pytest.raises(AssertionError):
        decider.evolve(decider.absent, object())


def test_every_event_can_be_stored_and_every_public_word_has_its_type() -> None:
    events = {event for decider in MATCHING.deciders for event in decider.events}
    assert set(MATCHING.publish) <= events
    assert set(MATCHING.follow) <= events
    for projection in MATCHING.projections:
        assert set(projection.on) <= events, projection.name
