"""The page of rules: every source explained, no number said twice, nothing in the other language."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date

import pytest

from services.matching.domain.rule_reading import MissingKey, series
from services.matching.manifest import MATCHING
from shared.testing import Database
from shared.testing.alone import Alone

_EXPLAINED = {"S", "P", "Pw", "ASSUMPTION"}


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Alone]:
    async with Alone(MATCHING).open(database) as at_work:
        yield at_work


async def page(office: Alone, language: str) -> str:
    answer = await office.client.get("/matching/programmes", headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_kind_of_source_is_explained(office: Alone, language: str) -> None:
    shown = await page(office, language)
    legend = set(re.findall(r"<dt><code>([A-Za-z]+)", shown))
    used = {
        part for code in re.findall(r"<code>([A-Za-z][^<]*)</code>", shown) for part in re.findall(r"(?:^|; )([A-Za-z]+)(?=[:\d])", code)
    }
    assert legend == _EXPLAINED
    assert used <= _EXPLAINED
    assert used


@pytest.mark.parametrize(
    ("language", "twice", "once"),
    [
        ("zh", ("6 个月 超过 6", "超过 0.00", "收入 低于"), ("城镇人均可支配收入 (76,849.00 元)", "以 2021 年的数字代替更早的年份")),
        ("en", ("at most 1", "over 0.00", "income under"), ("urban disposable income (76,849.00 yuan)", "the figure of 2021 stands in")),
    ],
)
async def test_a_condition_says_its_number_once_and_notes_are_in_the_language_of_the_page(
    office: Alone, language: str, twice: tuple[str, ...], once: tuple[str, ...]
) -> None:
    shown = await page(office, language)
    assert [words for words in twice if words in shown] == []
    assert [words for words in once if words not in shown] == []
    assert 'lang="en"' not in re.sub(r"<html[^>]*>|<a [^>]*>", "", shown)


def test_a_note_in_one_language_only_is_refused() -> None:
    with pytest.raises(MissingKey):
        series([{"from": date(2020, 1, 1), "value": 1, "source": "S1", "note": "alone"}], "x")
