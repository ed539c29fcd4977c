"""What leaves the house names nobody: numbers, papers, accounts, addresses and names are gone, the story stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.stripping import stripped

CASES = (
    ("我叫李建国，六十八岁", ("李建国",), "六十八岁"),
    ("患者欧阳小雨，尿毒症", ("欧阳小雨",), "尿毒症"),
    ("案主：陈大文，独居", ("陈大文",), "独居"),
    ("电话 138-0013-8000 没人接", ("138-0013", "8000"), "没人接"),
    ("身份证44010619551224002X", ("440106", "002X"), "身份证"),
    ("卡号6222 0200 0000 0000，没钱", ("6222", "0000"), "没钱"),
    ("打一三八零零一三八零零零找我", ("一三八零零",), "找我"),
    ("住在越秀区东风路123号5栋602房，漏水", ("东风路", "123号", "602"), "漏水"),
    ("微信号 wang_xiu88，断药三天", ("wang_xiu88",), "断药三天"),
    ("mail me at a.b@example.org please, no food", ("a.b@example.org",), "no food"),
    ("My name is Mary Anne Jones and I can't pay", ("Mary", "Jones"), "can't pay"),
    ("Mrs Zhang is 86 and lives alone", ("Zhang",), "86 and lives alone"),
    ("张阿婆八十六岁，敲门没人应", ("张",), "八十六岁，敲门没人应"),
    ("see http://x.example/p?id=7 now", ("x.example",), "now"),
)


@pytest.mark.parametrize(("text", "gone", "kept"), CASES)
def test_identifiers_go_and_the_story_stays(text: str, gone: tuple[str, ...], kept: str) -> None:
    left = stripped(text)
    assert kept in left
    assert not [word for word in gone if word in left], left


@given(
    st.text(alphabet="我家里孩子病了没钱，。 abcxyz", max_size=40), st.from_regex(r"1[3-9][0-9]{9}|[0-9]{17}[0-9X]|[0-9]{16,19}", fullmatch=True),
    st.sampled_from(["", " ", "-"]), st.text(alphabet="住院了没人管，。 abc", max_size=40),
)  # fmt: skip
def test_no_telephone_paper_or_account_leaves(before: str, number: str, between: str, after: str) -> None:
    said = between.join([number[at : at + 4] for at in range(0, len(number), 4)])
    left = stripped(before + said + after)
    assert not re.search(r"[0-9](?:[\s-]?[0-9]){3,}", left), left


@given(st.text(max_size=60), st.text(alphabet="甲乙丙丁戊己庚abcXYZ", min_size=2, max_size=8), st.text(max_size=60))
def test_what_the_report_names_never_leaves(before: str, name: str, after: str) -> None:
    assert name.lower() not in stripped(before + name + after, (name,)).lower()


@given(st.text(max_size=400))
def test_any_text_can_be_stripped(text: str) -> None:
    stripped(text)
