"""Where the story of a call begins: names and addresses before it are not weighed, and nothing of the story goes with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.triage.corpus import part
from services.intake.domain.features import ideas
from services.intake.domain.introductions import story_begins
from services.intake.domain.plain_writing import plain
from services.intake.domain.triage import read
from services.intake.weights import triage

INTRODUCTIONS = (
    "你好，我叫王秀兰，电话13812345678，住天河区棠下大街12号，", "喂，我姓黄，白云区同和街道的，", "喂你好，我叫阿兰，电话13812345678，住喺荔湾宝华路12号，",
    "我叫何伟明，身份证44开头，", "我住广州市海珠区江南大道3号2栋401室。", "Hello, my name is Mary Wong, my number is 138 1234 5678, I live at 12 Tangxia Street. ",
    "Good morning, this is Mr Wong from Tianhe district. ",
)  # fmt: skip


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_who_calls_and_where_they_live_is_not_the_story(introduction: str) -> None:
    assert story_begins((introduction + "家里没米了").lower()) == len(introduction)


@pytest.mark.parametrize(
    "text",
    [
        "天河区有人跳楼，快来", "白云区停电断路，老人出不来", "我叫天不应，怎么办", "我叫人打了，在流血", "我是盲人，一个人", "我是高血压，药没了", "住天桥底下，冷",
        "我住大街上，下雨", "天河区没水没电，三天了", "this is goodbye, tell my mum", "this is urgent, please", "i live in 12 square metres with four kids, damp",
        "姓什么不重要，我不想活了", "住天河区桥洞，孩子发烧", "电话打不通，我妈三天没消息", "",
    ],
)  # fmt: skip
def test_a_clause_that_tells_anything_is_the_story(text: str) -> None:
    assert story_begins(text) == 0


def test_who_only_says_who_they_are_is_heard_whole() -> None:
    assert story_begins("我叫王秀兰，住天河区棠下大街12号。") == 0


def test_nothing_of_what_was_told_goes_with_it() -> None:
    """Over every narrative of the corpus: what is left out holds neither a rule's word nor an idea."""
    seen = 0
    for one in part("training") + part("held_back"):
        text = one.text.lower()
        before = text[: story_begins(text)]
        if before:
            seen += 1
            assert read("。" + before).standing == {}, one.text
            names = {name for name, *_ in ideas(plain(before)[0])}
            assert names <= {"idea:harvest"}, one.text  # a town may be called after its fields (吕田)
    assert seen > 3


@pytest.mark.parametrize("introduction", INTRODUCTIONS[:3])
def test_an_introduction_changes_no_judgement(introduction: str) -> None:
    for one in part("held_back")[::3]:
        if story_begins(one.text.lower()) == 0 and one.language != "en":
            alone, after = triage(one.text), triage(introduction + one.text)
            assert (after.level, after.needs, after.words) == (alone.level, alone.needs, alone.words), one.text


@given(st.text("我叫王住天河区号电话1,。 hello", max_size=60))
def test_it_begins_somewhere_within_the_text(text: str) -> None:
    begins = story_begins(text)
    assert 0 <= begins < max(1, len(text))
    assert begins == 0 or story_begins(text[begins:]) == 0
