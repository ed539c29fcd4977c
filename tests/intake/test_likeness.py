"""How likely two people are one: what speaks for it and against it, whichever way round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pypinyin import lazy_pinyin

from services.intake import sounding
from services.intake.domain.likeness import SUGGESTED, Profile, likeness
from services.intake.domain.person import Claims
from services.intake.sounding import marks_of, profile_of, syllables

ZHANG = Claims(name="张三丰", birth_date="1955-12-24", sex="female", phone="13800138000", residence_code="440106011")


def compared(**other: Any) -> tuple[float, tuple[str, ...]]:
    found = likeness(profile_of(ZHANG), profile_of(replace(ZHANG, **other)))
    return found.score, found.because


@pytest.mark.parametrize(
    ("other", "suggested", "reason"),
    [
        ({}, True, "same_name"),
        ({"name": "章三丰", "phone": None}, True, "same_sound"),
        ({"birth_date": "1955-12-25", "phone": "13900139000"}, True, "birth_date_one_off"),
        ({"birth_date": "1955-12-24", "name": "张三锋", "phone": "13800138001"}, True, "phone_one_off"),
        ({"name": "李四", "birth_date": "1981-01-01"}, False, "name_differs"),
        ({"birth_date": "1990-05-05", "phone": "13900139000", "residence_code": "440118101"}, False, "birth_date_differs"),
        ({"name": "张三风", "sex": "male", "birth_date": "1956-01-02", "phone": None}, False, "sex_differs"),
    ],
)
def test_a_pair_is_suggested_with_its_reasons(other: dict[str, Any], suggested: bool, reason: str) -> None:
    score, because = compared(**other)
    assert (score >= SUGGESTED) is suggested, (score, because)
    assert reason in because


def test_two_different_numbers_of_one_paper_are_two_people_and_of_two_papers_tell_nothing() -> None:
    one = profile_of(replace(ZHANG, id_type="resident_id", id_number="440106195512240023"))
    other = replace(one, id_number="440106195512240031", phones=())
    assert "id_number_differs" in likeness(one, other).because
    assert likeness(one, other).score < likeness(one, replace(other, id_type="passport")).score


def test_day_and_month_the_wrong_way_round_is_a_slip() -> None:
    one = Profile("a b", ("a", "b"), "1955-03-04")
    assert "birth_date_one_off" in likeness(one, replace(one, birth_date="1955-04-03")).because


_FIELD = st.sampled_from(("", "张三", "章三", "李四", "li si"))
_PROFILES = st.builds(
    lambda name, born, sex, phone, place: Profile(name, syllables(name), born, sex, (phone,) if phone else (), place),
    _FIELD, st.sampled_from(("", "1955-12-24", "1955-12-25", "1990-01-01")), st.sampled_from(("", "male", "female")),
    st.sampled_from(("", "13800138000", "13800138001", "020")), st.sampled_from(("", "440106", "440106011", "440104003")),
)  # fmt: skip


@given(_PROFILES, _PROFILES)
def test_it_is_the_same_both_ways_and_nobody_is_liker_than_themselves(one: Profile, other: Profile) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other).score <= 1
    if one.name and one.birth_date:
        assert likeness(one, other).score <= likeness(one, one).score


def test_names_that_sound_alike_have_one_mark() -> None:
    assert syllables("张三丰") == syllables("章珊峰") != syllables("李四")
    assert syllables("Ａnna  Maria") == ("anna", "maria")
    assert marks_of(ZHANG) == {
        "sound_year": "zan san fen|1955", "born_surname": "1955-12-24|zan", "sound_place": "zan san fen|440106",
    }  # fmt: skip
    assert marks_of(Claims(phone="1")) == {}


def test_the_table_of_sounds_says_what_the_library_says() -> None:
    told = 0
    for line in Path(sounding.__file__).with_name("sounds.txt").read_text("utf-8").splitlines():
        syllable, _, characters = line.partition(" ")
        for character in characters:
            assert lazy_pinyin(character) == [syllable], character
            told += 1
    assert told > 6_700
