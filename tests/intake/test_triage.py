"""What the words mean: in Mandarin, Cantonese and English; danger is never missed."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import lexicon
from services.intake.domain.first_characters import branches, first_characters
from services.intake.domain.urgency import assess
from services.intake.weights import triage

CRITICAL = (
    "我不想活了，药都准备好了，我现在站在天台上", "佢攞住刀追我", "老公正在打我和孩子", "三天没吃饭了", "BB冇奶饮喇", "我妈的呼吸机快没电了",
    "他喝了农药", "屋企着火，我哋被困", "独居的阿婆敲门没人应", "今晚没地方住，带着两个孩子", "我爸昏迷叫不醒", "透析已经停了，没钱做",
    "我割腕了", "写好遗书了", "打到我流血", "He has a knife and he is beating me", "I am going to kill myself tonight", "My baby has no milk",
    "She is unconscious and not breathing", "We have nowhere to sleep tonight with the kids",
    "he ran out of insulin", "we haven't eaten for three days",
    "我要自杀", "有人在撬我家门，我一个女的在家", "透析没做，钱不够，肿得厉害", "药都买够了", "他没有心跳了", "六个月的宝宝只有米汤",
    "闺女锁在车里", "My dad's last dialysis was nine days ago", "he is kicking in the door", "her lips are blue", "the pills are next to me",
    "我要带着孩子一起跳楼", "我想自杀，农药在手上", "煤气泄漏了", "老人联系不上好几天了", "I took all the pills, a whole bottle, I overdosed",
)  # fmt: skip
HIGH = (
    "孩子得了白血病，没钱治", "有时候觉得活着没意思，不想活了", "房东让我们月底搬走", "家里没饭吃了", "老公失业，一家五口没有收入", "没人照顾孩子",
    "手术费凑不齐", "上个礼拜车祸", "We are being evicted next week", "I can't afford the surgery", "there will be no food left by Friday",
)  # fmt: skip
NONE = (
    "你好，打错电话了", "谢谢你们的帮助", "我想捐一些衣服", "想问一下我的申请到哪一步了", "测试测试", "I'd like to donate some clothes",
    "I want to volunteer at weekends", "thank you so much", "隔壁老太摔了，已经送医院了，儿女都到了", "Dad had a stroke three years ago and walks fine now", "我妈以前得过癌症，已经好了，想问一下怎么报销",
)  # fmt: skip
NEEDS = (
    ("孩子学费交不起", "education"), ("我双腿瘫痪想申请轮椅", "disability"), ("七十岁老人独居没人照顾", "elderly_care"),
    ("工地老板拖欠工资半年", "employment"),
    ("没有居住证孩子上不了学", "integration"), ("没有轮椅出不了门", "disability"),
    ("我奶奶住院要做手术", "medical"), ("昨天家里失火", "emergency"), ("瞓街好耐喇", "housing"),
    ("晚上睡不着，好绝望", "mental_health"), ("我一个人冇钱食饭", "livelihood"), ("孤儿没人管", "child_welfare"),
    ("我阿婆跌亲冇人理", "elderly_care"),
    ("my father lost his job", "employment"),
    ("tuition fees are too high for my daughter", "education"), ("she uses a wheelchair", "disability"),
    ("they kicked us out of the flat", "housing"), ("we need a residence permit", "integration"), ("my mother needs dialysis", "medical"),
)  # fmt: skip


@pytest.mark.parametrize("text", CRITICAL)
def test_danger_to_life_is_critical(text: str) -> None:
    found = triage(text)
    assert found.level == "critical", found
    assert found.words["urgency"]
    assert found.needs


@pytest.mark.parametrize("text", HIGH)
def test_harm_within_days_is_high(text: str) -> None:
    assert triage(text).level == "high", triage(text)


@pytest.mark.parametrize("text", NONE)
def test_who_wants_nothing_is_understood(text: str) -> None:
    assert triage(text).status in ("no_need", "needs_information")


@pytest.mark.parametrize("text", ["有困难", "喂", "赵小满那个事", "家里的情况你们也知道，就那样", "well, you know how it is"])
def test_who_said_too_little_is_asked(text: str) -> None:
    found = triage(text)
    assert (found.level, found.status, found.unsure) == ("none", "needs_information", True), found


@pytest.mark.parametrize("text", NONE)
def test_questions_thanks_and_gifts_are_no_need(text: str) -> None:
    found = triage(text)
    assert (found.level, dict(found.needs)) == ("none", {}), found


@pytest.mark.parametrize(("text", "need"), NEEDS)
def test_a_need_is_recognised(text: str, need: str) -> None:
    found = triage(text)
    assert need in found.needs, found
    assert all(word in text.lower() for word in found.words[need])


@pytest.mark.parametrize("text", ["没有自杀的想法，就是睡不着", "我不会自杀的，放心"])
def test_a_denied_word_of_danger_is_not_critical(text: str) -> None:
    assert triage(text).level in ("normal", "high", "none")


def test_a_denied_plan_still_weighs_high() -> None:
    assert triage("我没有割腕，只是想过").level == "high"


def test_an_empty_text_says_nothing() -> None:
    assert triage("  \n").level == "none"
    assert triage("").needs == {}


@given(st.text(max_size=300))
def test_no_text_breaks_it_and_every_word_was_said(text: str) -> None:
    found = triage(text)
    said = text.lower().replace("’", "'")
    assert all(word in said for words in found.words.values() for word in words)


@given(st.sampled_from(CRITICAL), st.text(alphabet="甲乙丙丁戊，。abc ", max_size=60), st.text(alphabet="。 子丑寅卯", max_size=60))
def test_danger_is_found_wherever_it_stands(danger: str, before: str, after: str) -> None:
    assert triage(f"{before}。{danger}。{after}").level == "critical"


def test_every_rule_is_tried_where_it_can_begin() -> None:
    groups = {**lexicon.NEEDS, "critical": lexicon.CRITICAL, "high": lexicon.HIGH, "none": (lexicon.NO_NEED,), "past": (lexicon.PAST,)}
    for name, patterns in groups.items():
        for pattern in patterns:
            assert re.compile(pattern).groups == 0, f"{name}: {pattern}"
            assert first_characters(pattern), name
            assert branches(pattern)


def test_first_characters_of_a_pattern() -> None:
    assert first_characters(r"(?:买|拿)?药(?:a|b)|[0-2]x|\b(?:he|she)|q{0,2}z") == frozenset("买拿药012hsqz")


def test_a_typical_story_is_read_quickly() -> None:
    story = "来电人称其母亲七十多岁，独居在棠下，去年中风后半身不遂，每月药费两千多元，退休金一千五百元，"
    story += "女儿上月失业，房东要求月底搬走，学费也交不起。"
    triage(story)
    started = time.process_time()
    for _ in range(200):
        triage(story)
    assert (time.process_time() - started) / 200 < 0.003  # a bound for a mistake in kind; `make bench` measures it


def test_what_was_given_and_what_facts_say_is_joined() -> None:
    facts = {"serious_illness": True, "medical_self_paid_year_fen": 9_000_000, "monthly_income_fen": 250_000, "disability_grade": 2}
    found = assess(("housing",), triage(""), facts, danger_now=False, on=date(2026, 11, 23))
    assert [n.code for n in found.needs] == ["housing", "medical", "disability"]
    assert (found.level, found.because) == ("high", ("fact:illness_cannot_be_paid",))
    sudden = assess((), triage(""), {"event_on": "2026-11-01"}, danger_now=False, on=date(2026, 11, 23))
    assert (sudden.level, [n.code for n in sudden.needs]) == ("high", ["emergency"])
    long_ago = assess((), triage(""), {"event_on": "2026-01-01"}, danger_now=False, on=date(2026, 11, 23))
    assert long_ago.level == "none"
    assert assess((), triage(""), {}, danger_now=True, on=date(2026, 11, 23)).level == "critical"
