"""What the model sees of a text: short runs of characters and words, the ideas it speaks of, which of them are denied or past, and pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.intake.domain.concepts import CONCEPTS

Feature = tuple[str, int, int]  # its name, and from where to where it stands in the plain writing

_RUN = re.compile(r"[a-z']+|[0-9]+|[\u3400-\u9fff]+|[。！？；!?;\n.]|[，,、：:]")
_LENGTH_MAX = 4  # characters in a run
_DENIED_ZH = re.compile(r"(?:没有?|不是?|无|未|别|否认|并非|不会|不想)[一-龥]{0,1}$")
_DENIED_EN = re.compile(r"(?:\bno|\bnot|\bnever|\bwithout|n't|\bno one|\bnobody|\bdenies)(?: \w+)?$")
_NUMERAL = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_TENS = "[一二两三四五六七八九]?十[一二三四五六七八九多几来]?|[一二两三四五六七八九]"
_AGE = re.compile(
    rf"(?:([0-9]{{1,3}})|({_TENS}))(?:多|几|来)?岁"
    r"|(?<!0)\b([0-9]{2})(?: year|,? (?:lives |on |alone|and ))"
    r"|(?:client|[mf]|aged|couple both|is|i'm|mother|father|of|over)[, ]{1,2}([0-9]{1,2})(?![0-9%,])"
    r"|(?<![0-9一二三])(六|七|八|九)十(?:一|二|三|四|五|六|七|八|九|多|几)?了"
)


def _words() -> tuple[dict[str, tuple[tuple[str, str], ...]], dict[str, tuple[tuple[str, str, bool], ...]]]:
    """Words by their first two characters; a Chinese word of one character by that one."""
    chinese: dict[str, list[tuple[str, str]]] = {}
    english: dict[str, list[tuple[str, str, bool]]] = {}
    for name, words in CONCEPTS.items():
        for word in dict.fromkeys(words.split()):
            if word[0].isascii() and word[0].isalpha() and not any("一" <= c <= "龥" for c in word):
                text = word.replace("_", " ")
                english.setdefault(text[:2], []).append((text, name, len(text) <= 4))
            else:
                chinese.setdefault(word[:2], []).append((word, name))
    return {k: tuple(v) for k, v in chinese.items()}, {k: tuple(v) for k, v in english.items()}


_CHINESE, _ENGLISH = _words()


def runs(text: str) -> list[Feature]:
    """Runs of one to four Chinese characters within a clause, and of one to three English words; each occurrence."""
    found: list[Feature] = []
    add = found.append
    words: list[tuple[str, int, int]] = []
    for match in _RUN.finditer(text):
        run, start, end = match.group(), match.start(), match.end()
        if run[0] >= "㐀":
            length = end - start
            for size in range(1, _LENGTH_MAX + 1):
                for at in range(length - size + 1):
                    add((run[at : at + size], start + at, start + at + size))
            words.clear()
        elif run[0] > "9" or run[0] == "'":
            words.append((stem(run), start, end))
            for size in (1, 2, 3):
                if len(words) >= size:
                    add((" ".join([w[0] for w in words[-size:]]), words[-size][1], end))
        elif run in "。！？；!?;\n.":
            words.clear()
    return found


def stem(word: str) -> str:
    """An English word without its commonest endings."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)]
    return word


def ideas(text: str) -> list[Feature]:
    """The ideas a text speaks of, each where it first stands; `not:` before one that is denied where it stands."""
    seen: dict[str, Feature] = {}
    for name, start, end in _ideas(text):
        before = text[max(0, start - 12) : start].rstrip()
        denied = _DENIED_ZH.search(before[-4:]) if before and before[-1] > "z" else _DENIED_EN.search(before)
        key = f"not:{name}" if denied else f"idea:{name}"
        if key not in seen:
            seen[key] = (key, start, end)
    for match in _AGE.finditer(text):
        age = _age(match)
        key = (
            "idea:age_old" if 60 <= age <= 115 else "idea:age_child" if 3 < age < 18 else "idea:age_small" if age <= 3 else "idea:age_adult"
        )
        seen.setdefault(key, (key, match.start(), match.end()))
    return list(seen.values())


def _age(match: re.Match[str]) -> int:
    digits, words, other, third, tens = match.groups()
    if digits or other or third:
        return int(digits or other or third)
    if tens:
        return _NUMERAL[tens] * 10
    if "十" not in words:
        return _NUMERAL[words]
    first, _, last = words.partition("十")
    return (_NUMERAL[first] if first else 1) * 10 + _NUMERAL.get(last, 0)


def _ideas(text: str) -> Iterator[Feature]:
    latin_before = False
    for at, character in enumerate(text):
        if character >= "㐀":
            for _, name in _CHINESE.get(character, ()):
                yield name, at, at + 1
            for word, name in _CHINESE.get(text[at : at + 2], ()):
                if len(word) > 1 and text.startswith(word, at):
                    yield name, at, at + len(word)
        if character.isascii() and character.isalnum():
            if not latin_before:
                for word, name, whole in _ENGLISH.get(text[at : at + 2], ()):
                    if text.startswith(word, at) and not (whole and text[at + len(word) : at + len(word) + 1].isalpha()):
                        yield name, at, at + len(word)
            latin_before = True
        else:
            latin_before = character in "'-"


def pairs(found: list[Feature]) -> list[str]:
    """Two ideas in one text, as one feature; no place of their own."""
    names = sorted([name for name, *_ in found])
    return [f"{one}&{other}" for number, one in enumerate(names) for other in names[number + 1 :]]
