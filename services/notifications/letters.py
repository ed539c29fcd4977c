"""What is written to people, by template and language; a provider fills nothing in, so a letter holds no personal data."""

from __future__ import annotations

from collections.abc import Mapping

CHANNELS = ("sms", "phone", "wechat", "email", "letter", "visit", "none")

LETTERS: Mapping[tuple[str, str], str] = {
    ("received", "zh"): "您的求助已收到。我们会在承诺的时间内与您联系，您可以随时查询进度或撤回授权。",
    ("received", "en"): "We have received your request. We will contact you within the promised time. "
    "You can see its progress or withdraw your consent at any time.",
    ("accepted", "zh"): "有机构愿意帮助您，工作人员将与您联系。",
    ("accepted", "en"): "An organisation has agreed to help you. Its staff will contact you.",
    ("settled", "zh"): "一笔援助款已经拨付。您收到了吗？收到请回复 1，没有收到请回复 2。",
    ("settled", "en"): "A payment of help has been made. Did you receive it? Reply 1 for yes, 2 for no.",
}


def letter(template: str, language: str) -> str | None:
    """The words of a template, None when there is no such template in this language."""
    return LETTERS.get((template, language))
