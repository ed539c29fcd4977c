"""With which characters a pattern's matches can begin: so that a text is tried only where something may start."""

from __future__ import annotations

from string import ascii_letters, digits

_WORD = frozenset(ascii_letters + digits + "_")


def first_characters(pattern: str) -> frozenset[str]:
    """For the plain patterns of the lexicon: literals, sets, `(?:…)`, `|`, `?`, `*`, `{0,n}`, and a leading `\\b`."""
    found: set[str] = set()
    for branch in branches(pattern):
        found |= _of_sequence(branch)
    return frozenset(found)


def branches(pattern: str) -> list[str]:
    """The alternatives of a pattern at its top level."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 1
        elif sign == "[":
            at = pattern.index("]", at)
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
        elif sign == "|" and depth == 0:
            parts.append(pattern[start:at])
            start = at + 1
        at += 1
    return [*parts, pattern[start:]]


def _of_sequence(sequence: str) -> set[str]:
    found: set[str] = set()
    at = 0
    while at < len(sequence):
        if sequence.startswith("\\b", at):
            at += 2
            continue
        atom, at = _atom(sequence, at)
        found |= atom
        if at < len(sequence) and (sequence[at] in "?*" or sequence.startswith("{0,", at)):
            at = sequence.index("}", at) + 1 if sequence[at] == "{" else at + 1
            continue
        return found
    raise AssertionError(f"{sequence} may match nothing at all")


def _atom(sequence: str, at: int) -> tuple[set[str], int]:
    sign = sequence[at]
    assert sign != ".", "a rule may not begin with anything"
    if sign == "(":
        end = _closing(sequence, at)
        return set(first_characters(sequence[at + 3 : end])), end + 1
    if sign == "[":
        end = sequence.index("]", at)
        return _set(sequence[at + 1 : end]), end + 1
    if sign == "\\":
        assert sequence[at + 1] == "w", "only words are known here"
        return set(_WORD), at + 2
    return {sign}, at + 1


def _closing(sequence: str, at: int) -> int:
    depth = 0
    for place in range(at, len(sequence)):
        if sequence[place] == "(":
            depth += 1
        elif sequence[place] == ")":
            depth -= 1
            if depth == 0:
                return place
    raise AssertionError(f"{sequence} is not closed")


def _set(inner: str) -> set[str]:
    found: set[str] = set()
    at = 0
    while at < len(inner):
        if at + 2 < len(inner) and inner[at + 1] == "-":
            found.update(chr(code) for code in range(ord(inner[at]), ord(inner[at + 2]) + 1))
            at += 3
        else:
            found.add(inner[at])
            at += 1
    return found
