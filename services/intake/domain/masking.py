"""Personal data as they are shown to those who need no more than a hint."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+0-9() .-]*")


def masked_name(name: str) -> str:
    """`张三丰` -> `张**`; a Latin name keeps its first letter."""
    text = name.strip()
    if not text:
        return ""
    return text[0] + "*" * max(1, min(len(text) - 1, 3))


def masked_phone(phone: str) -> str:
    """`13800138000` -> `138****8000`; short numbers show their last two digits at most, and what is no number nothing."""
    if not _NUMBER.fullmatch(phone):
        return "***" if phone else ""
    if len(phone) < 8:
        return "*" * max(0, len(phone) - 2) + phone[-2:] if len(phone) > 4 else "*" * len(phone)
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]


def masked_number(number: str) -> str:
    """`440104198001010016` -> `440104********0016`."""
    if len(number) < 12:
        return "*" * len(number)
    return number[:6] + "*" * (len(number) - 10) + number[-4:]


def masked_text(text: str) -> str:
    """An address or story: that there is one, and nothing of it."""
    return "***" if text else ""
