"""The codes of volunteering: what people can do, when, and in which languages."""

from __future__ import annotations

from typing import Literal, get_args

Skill = Literal[
    "companionship", "home_visit", "elderly_care", "child_care", "tutoring", "counselling", "escort_to_hospital", "first_aid", "interpreting",
    "sign_language", "legal_advice", "paperwork", "digital_help", "driving", "delivery", "cooking", "repairs", "event_help",
]  # fmt: skip
SKILLS: tuple[Skill, ...] = get_args(Skill)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PARTS = ("morning", "afternoon", "evening", "night")  # 6 to 12, 12 to 18, 18 to 22, 22 to 6 o'clock
TIMES = tuple([f"{day}_{part}" for day in WEEKDAYS for part in PARTS])
# BCP 47: Mandarin, Cantonese, Hakka, Southern Min (Teochew), then languages of people who live here; the last is Chinese sign language.
Spoken = Literal["zh-cmn", "zh-yue", "zh-hak", "zh-nan", "en", "ar", "fr", "es", "pt", "ru", "ja", "ko", "vi", "hi", "csl"]
LANGUAGES: tuple[Spoken, ...] = get_args(Spoken)
DAY_MINUTES = 24 * 60
