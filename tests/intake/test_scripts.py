"""What is read out is complete in both languages, and what comes back means what the script says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.campaigns.scripts import faults, script, scripts
from services.intake.domain.campaign import PURPOSES
from services.intake.domain.script import Script, conclude, opts_out
from services.intake.weights import triage


def _script(code: str) -> Script:
    found = script(code)
    assert found is not None
    return found


def concluded(code: str, digits: dict[str, str], text: str = "") -> str:
    return conclude(_script(code), digits, text, triage(text)).result


def test_there_is_a_script_for_every_purpose_and_none_has_a_fault() -> None:
    assert {one.purpose for one in scripts().values()} == set(PURPOSES)
    assert [faults(one) for one in scripts().values()] == [[]] * len(scripts())
    assert script("needs") == script("needs", max(version for code, version in scripts() if code == "needs"))
    assert script("needs", 999) is None
    assert script("nothing") is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda s: s["title"].pop("en"), "not in en"),
        (lambda s: s["greeting"].update(zh="您好"), "opt out"),
        (lambda s: s["questions"][0]["keys"].update({"9": s["questions"][0]["keys"]["1"]}), "no key"),
        (lambda s: s["questions"][0]["keys"]["1"].update(leads="nowhere"), "leads nowhere"),
        (lambda s: s["questions"][0]["keys"]["1"].update(needs=["money"]), "a need there is not"),
        (lambda s: s["questions"].append(s["questions"][0]), "stands twice"),
        (lambda s: s["questions"][0].update(keys={}), "a choice has keys"),
        (lambda s: s["questions"][2]["keys"]["2"].update(code="maybe"), "agreed to or refused"),
        (lambda s: s.update(purpose="advertising"), "no purpose"),
    ],
)
def test_a_faulty_script_says_what_is_wrong(change: Any, fault: str) -> None:
    plain = msgspec.json.decode(msgspec.json.encode(_script("needs")))
    change(plain)
    assert any(fault in one for one in faults(msgspec.convert(plain, Script)))


@pytest.mark.parametrize(
    ("code", "digits", "text", "result"),
    [
        ("needs", {"situation": "1"}, "", "no_need"),
        ("needs", {"situation": "1"}, "好的，谢谢", "no_need"),
        ("needs", {"situation": "1"}, "我没饭吃，三天没吃东西了", "case"),
        ("needs", {"situation": "2"}, "", "case"),
        ("needs", {"situation": "3"}, "", "call_back"),
        ("needs", {"situation": "7"}, "", "call_back"),
        ("needs", {}, "", "call_back"),
        ("needs", {}, "   ", "call_back"),
        ("needs", {"no_such_question": "1"}, "", "call_back"),
        ("needs", {"situation": "1"}, "那个事情嘛，上次居委会的人来过，后来就那样了，你们看着办吧", "call_back"),
        ("benefit", {"arrived": "1"}, "", "no_need"),
        ("benefit", {"arrived": "2"}, "", "task"),
        ("benefit", {"arrived": "3"}, "", "call_back"),
        ("weather", {"ready": "1"}, "", "no_need"),
        ("weather", {"ready": "2"}, "", "case"),
        ("weather", {"ready": "1"}, "水已经进屋了，我走不了，救命", "case"),
    ],
)  # fmt: skip
def test_an_answer_leads_where_it_should(code: str, digits: dict[str, str], text: str, result: str) -> None:
    assert concluded(code, digits, text) == result


def test_consent_is_what_was_pressed_and_nothing_else() -> None:
    for pressed, consent in (({"consent": "1"}, True), ({"consent": "2"}, False), ({"consent": "5"}, None), ({}, None)):
        assert conclude(_script("needs"), {"situation": "2", **pressed}, "", triage("")).consent is consent


@pytest.mark.parametrize(
    "text",
    ["不要再打电话给我了", "别再打了", "请不要再打来", "以后别打电话来了。", "退订", "唔好再打嚟", "我不想再接到这种电话", "stop calling me", "Don't call me again",
     "please do not call this number", "take me off your list", "unsubscribe"],
)  # fmt: skip
def test_a_no_in_words_is_heard(text: str) -> None:
    assert opts_out({}, text) == "words"


@pytest.mark.parametrize(
    "text",
    ["你打电话给我吧", "我不想打官司", "他再打我我就报警", "别打孩子", "我老公打我，不要打我了救命", "电话打不通", "please call me back", "nobody calls me", "我没钱打针", "求他别再打了，孩子都被打伤了", "别打电话给我老公", "they never call me",
     "my landlord told me to stop working", "上次打电话来的人说会有人来"],
)  # fmt: skip
def test_who_speaks_of_other_things_has_not_said_no(text: str) -> None:
    assert opts_out({}, text) == ""


@given(st.dictionaries(st.sampled_from(["situation", "consent", "story", "x"]), st.sampled_from("0123456789*#")), st.text(max_size=60))
def test_whatever_is_pressed_and_said_comes_to_something(digits: dict[str, str], text: str) -> None:
    words = triage(text)
    found = conclude(_script("needs"), digits, text, words)
    assert found.result in ("case", "task", "call_back", "no_need")
    assert found.because
    assert (found.opt_out == "key") == ("9" in digits.values())
    if words.needs or words.level in ("high", "critical"):
        assert found.result == "case", "no key outweighs words of need"
