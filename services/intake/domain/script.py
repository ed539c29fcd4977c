"""What a campaign asks and what its answers mean: pressed keys by the script, spoken words by triage."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from services.intake.domain.triage import Triage

OPT_OUT_KEY = "9"
# A word or two beside a clear key ("all right, thanks") is manners, not another answer.
_ASIDE_CHARACTERS = 12
_RANK = {"no_need": 0, "call_back": 1, "task": 2, "case": 3}
# Words that can only mean these calls; "do not call my husband" and "tell him to stop beating me" are something else.
_OPT_OUT = re.compile(
    r"(?:不要|别|勿|不用|莫|唔好|咪)再?(?:给我|跟我|俾我|同我)?(?:打电话|打電話|来电|拨打|打来|打嚟|打过来|打過嚟|打黎)(?!(?:给|俾)(?:我的?[老家妈爸儿女孩媳公婆]|[^我]))"
    r"|(?:不想|唔想)再(?:接到|收到|听到)|退订|拒绝来电|删(?:掉|除)我的(?:号码|电话)"
    r"|(?:do not|don't|dont|stop) (?:call|phone|ring)(?:ing)?(?: me(?! names)| us| here| this number| again|$|[.,!])"
    r"|never (?:call|phone|ring) (?:me|us|this number|here) again|take me off|remove (?:me|my number)|unsubscribe",
    re.IGNORECASE,
)
# Said alone it means the calls; within a story it may mean blows.
_OPT_OUT_ALONE = re.compile(r"[^，。；！？,.;!?]{0,4}(?:不要|别|唔好|咪)再打(?:了|啦|喇)?(?:给我|給我)?(?:了)?[，。！!,. ]*")


class Option(Struct, frozen=True, gc=False):
    """One key: what it means as a code, its words by language, where it leads, and the needs it names."""

    code: str
    text: Mapping[str, str]
    leads: str = "no_need"
    needs: tuple[str, ...] = ()


class Question(Struct, frozen=True, gc=False):
    """`kind` is choice (a key), consent (1 agrees, 2 does not) or speech (words); `keys` are the options by key."""

    key: str
    kind: str
    text: Mapping[str, str]
    keys: Mapping[str, Option] = {}


class Script(Struct, frozen=True, gc=False):
    """One version of what is read out, by language; `purposes` and `recipients` are those of the consent that is asked for."""

    code: str
    version: int
    purpose: str
    title: Mapping[str, str]
    greeting: Mapping[str, str]
    questions: tuple[Question, ...]
    closing: Mapping[str, str]
    purposes: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


class Conclusion(Struct, frozen=True, gc=False):
    """What a call came to; `consent` is None when it was not asked or not answered, `opt_out` how it was said, empty: not."""

    result: str
    because: tuple[str, ...]
    answers: Mapping[str, str]
    needs: tuple[str, ...] = ()
    consent: bool | None = None
    opt_out: str = ""


def opts_out(digits: Mapping[str, str], text: str) -> str:
    """Whether the person wants no more calls: by key, by words, or (empty) not."""
    if OPT_OUT_KEY in digits.values():
        return "key"
    heard = _OPT_OUT.search(text[:20_000]) or _OPT_OUT_ALONE.fullmatch(text.strip()[:40])
    return "words" if heard else ""


def conclude(script: Script, digits: Mapping[str, str], text: str, words: Triage) -> Conclusion:
    """The farthest that any answer leads; whatever is not understood leads to a person who calls back.

    Words of need or danger open a case whatever key was pressed; who says nothing at all is called back.
    """
    answers, needs, consent = dict[str, str](), dict[str, None](), None
    results: dict[str, list[str]] = {}
    asked = {question.key: question for question in script.questions}
    for key, pressed in digits.items():
        question = asked.get(key)
        if question is None or pressed == OPT_OUT_KEY:
            continue
        option = question.keys.get(pressed)
        if option is None:
            results.setdefault("call_back", []).append(f"unclear:{key}")
            continue
        answers[key] = option.code
        if question.kind == "consent":
            consent = option.code == "agrees"
            continue
        needs.update(dict.fromkeys(option.needs))
        results.setdefault(option.leads, []).append(f"key:{key}.{option.code}")
    _listen(results, text, words)
    if not results:
        results["call_back"] = ["silent"]
    result = max(results, key=_RANK.__getitem__)
    return Conclusion(result, tuple(results[result]), answers, tuple(needs), consent, opts_out(digits, text))


def _listen(results: dict[str, list[str]], text: str, words: Triage) -> None:
    """What the words add to the keys."""
    if words.needs or words.level in ("high", "critical"):
        results.setdefault("case", []).append("words")
    elif text and not text.isspace():
        clear = any(result != "call_back" for result in results)
        if not words.unsure:
            results.setdefault("no_need", []).append("words")
        elif not clear or len(text) > _ASIDE_CHARACTERS:
            results.setdefault("call_back", []).append("unsure")
