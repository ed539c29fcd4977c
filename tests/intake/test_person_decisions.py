"""What is said yes and no to about persons, consents and looks; and what of the facts may travel."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.consent import ConsentGiven, ConsentWithdrawn, ExpireConsent, GiveConsent, WithdrawConsent
from services.intake.domain.consent_decisions import CONSENT, ConsentIsUnknown
from services.intake.domain.facts import derived, travelling
from services.intake.domain.look import LOOK, PersonalDataShown, RecordLook
from services.intake.domain.person import Claims, ErasePerson, PersonErased, PersonTold, TellPerson
from services.intake.domain.person_decisions import PERSON, PersonIsErased, PersonIsUnknown
from services.intake.domain.questions import next_questions
from shared.kernel import SHREDDED
from shared.testing.given import Given

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
TOLD = PersonTold("p1", "h1", "c1", Claims(name="张三", phone="138", account_number="62"))
ERASED = PersonErased("p1", ("c1",), "asked", AT)


def test_the_newest_word_counts_and_the_former_telephone_is_kept() -> None:
    state = Given(PERSON, TOLD).when(TellPerson("p1", "other", "c2", Claims(phone="139", address="x"))).state
    assert state.household_id == "h1"
    assert state.claims == Claims(name="张三", phone="139", address="x", account_number="62", earlier_phones=("138",))


def test_a_report_is_heard_once_even_when_more_was_learnt_since() -> None:
    newer = PersonTold("p1", "h1", "c2", Claims(name="张三", phone="139"))
    Given(PERSON, TOLD, newer).when(TellPerson("p1", "h1", "c1", Claims(phone="138"))).then()


def test_an_untrusted_mouth_fills_gaps_only() -> None:
    said = Claims(name="李四", phone="1", address="new", account_number="666")
    state = Given(PERSON, TOLD).when(TellPerson("p1", "h1", "c2", said, trusted=False)).state
    assert state.claims == Claims(name="张三", phone="138", address="new", account_number="62")
    bare = PersonTold("p1", "h1", "c1", Claims(name="张三"))
    assert Given(PERSON, bare).when(TellPerson("p1", "h1", "c2", said, trusted=False)).state.claims.account_number is None


def test_an_erased_person_is_not_told_again() -> None:
    assert Given(PERSON, TOLD, ERASED).state.claims is SHREDDED
    Given(PERSON, TOLD, ERASED).when(TellPerson("p1", "h1", "c9", Claims())).refused(PersonIsErased)
    Given(PERSON, TOLD).when(ErasePerson("p1", ("c1",), "asked", AT)).then(ERASED)
    Given(PERSON, TOLD, ERASED).when(ErasePerson("p1", ("c1",), "asked", AT)).then()
    Given(PERSON).when(ErasePerson("p1", (), "asked", AT)).refused(PersonIsUnknown)


def test_a_consent_is_given_once_and_withdrawn_once() -> None:
    give = GiveConsent("k1", "c1", "p1", ("referral",), ("charity",), "read_aloud", AT)
    given_ = ConsentGiven("k1", "c1", "p1", ("referral",), ("charity",), "read_aloud", AT)
    gone = ConsentWithdrawn("k1", "c1", "p1", ("referral",), ("charity",), AT, "asked")
    Given(CONSENT).when(give).then(given_)
    Given(CONSENT, given_).when(give).then()
    Given(CONSENT, given_).when(WithdrawConsent(AT)).then(gone)
    Given(CONSENT, given_, gone).when(WithdrawConsent(AT)).then()
    Given(CONSENT, given_, gone).when(give).then()
    Given(CONSENT).when(WithdrawConsent(AT)).refused(ConsentIsUnknown)


def test_a_consent_expires_after_its_last_day_and_not_before() -> None:
    end = AT + timedelta(days=1)
    given_ = ConsentGiven("k1", "c1", "p1", ("referral",), ("charity",), "signed", AT, date(2026, 11, 23), end)
    Given(CONSENT, given_).when(ExpireConsent(AT)).then()
    assert Given(CONSENT, given_).when(ExpireConsent(end)).state.reason == "expired"


def test_a_look_is_recorded_once() -> None:
    shown = PersonalDataShown("l1", "operator", "search", AT, ("p1",), (), "call")
    Given(LOOK).when(RecordLook("l1", "operator", "search", AT, ("p1",), (), "call")).then(shown)
    Given(LOOK, shown).when(RecordLook("l1", "operator", "search", AT)).then()


def test_only_coded_facts_travel() -> None:
    facts: dict[str, Any] = {
        "age": 70, "serious_illness": True, "monthly_income_fen": 250_000, "student": "none", "event_on": "2026-11-01",
        "certificates": ["minimum_living_allowance"], "ratio": 0.5, "grade": "2",
        "phone": 13800138000, "any_count": 13800138000, "code": "13800138000", "who": "张三", "text_x": "abc", "street_name": "abc",
        "Bad": 1, "birth_date": "1955-12-24", "amount_fen": 10**15, "list": ["ok", "张三"], "inf": float("inf"), "sentence": "ill for years",
    }  # fmt: skip
    assert set(travelling(facts)) == {
        "age", "serious_illness", "monthly_income_fen", "student", "event_on", "certificates", "ratio", "grade",
    }  # fmt: skip


@given(
    st.dictionaries(st.text(max_size=20), st.one_of(st.text(), st.integers(), st.booleans(), st.floats(), st.none(), st.lists(st.text())))
)
def test_nothing_long_or_chinese_ever_travels(facts: dict[str, Any]) -> None:
    for value in travelling(facts).values():
        for one in value if isinstance(value, list) else [value]:
            assert not isinstance(one, str) or (one.isascii() and len(one) <= 40 and " " not in one)


def test_what_was_said_in_so_many_words_is_stronger_than_what_follows() -> None:
    facts = derived(
        {"age": 71}, on=date(2026, 11, 23), birth_date=date(1955, 12, 24), sex="female", hukou_code="360102", household_size=3,
        monthly_income_fen=None,
    )  # fmt: skip
    assert facts == {"age": 71, "sex": "female", "local_hukou": False, "household_size": 3}


def test_who_is_in_danger_is_asked_where_they_are_first() -> None:
    asked = next_questions(needs=(), level="critical", unsure=True, facts={}, has_phone=False, has_place=False, consent_asked=False)
    assert asked == ("where_now", "safe_now", "phone")
    settled = next_questions(
        needs=("medical",), level="normal", unsure=False, facts={"medical_self_paid_year_fen": 1, "monthly_income_fen": 1, "household_size": 1},
        has_phone=True, has_place=True, consent_asked=True,
    )  # fmt: skip
    assert settled == ()
