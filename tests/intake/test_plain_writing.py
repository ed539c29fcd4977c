"""Dialect and traditional characters become one plain writing, and every character of it can be pointed at in what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.features import ideas, pairs, runs
from services.intake.domain.plain_writing import plain


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("佢哋冇錢睇醫生", "他们没钱看医生"), ("我唔想食藥", "我不想吃药"), ("喺屋企瞓咗", "在家里睡了"), ("食物同食堂", "食物同食堂"),
        ("關係同聯系", "关系同联系"), ("听日返工", "明天上班"), ("i can’t pay", "i can't pay"),
    ],
)  # fmt: skip
def test_one_writing_for_what_is_said_in_several(said: str, means: str) -> None:
    assert plain(said)[0] == means


@given(st.text(max_size=200) | st.text(alphabet="唔冇系食佢哋屋企而家細路仔a 1，", max_size=60))
def test_every_place_points_into_what_was_said(text: str) -> None:
    text = text.lower()
    writing, places = plain(text)
    assert len(places) == len(writing) + 1
    assert places == sorted(places)
    assert places[-1] == len(text)
    assert not writing or places[0] == 0


@given(st.text(max_size=200))
def test_features_stand_where_they_say(text: str) -> None:
    writing, _ = plain(text.lower())
    found = ideas(writing)
    assert all(0 <= start < end <= len(writing) for _, start, end in (*runs(writing), *found))
    assert len(pairs(found)) == len(found) * (len(found) - 1) // 2


@pytest.mark.parametrize(
    ("text", "idea"),
    [
        ("家里没钱吃饭，七十八岁", "idea:age_old"), ("八十三了", "idea:age_old"), ("孩子九岁", "idea:age_child"), ("才两岁", "idea:age_small"),
        ("没有发烧", "not:fever"), ("no fever at all", "not:fever"), ("发烧", "idea:fever"), ("my wife is 84", "idea:age_old"),
    ],
)  # fmt: skip
def test_ideas_are_seen_with_their_denial_and_age(text: str, idea: str) -> None:
    assert idea in [name for name, *_ in ideas(text)]
