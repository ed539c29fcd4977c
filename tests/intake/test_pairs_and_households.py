"""What is said yes and no to about two persons who may be one, about households, addresses and what is learnt later."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from services.intake.domain import consent as k
from services.intake.domain import household as h
from services.intake.domain import link as pair
from services.intake.domain.addresses import Stay, history
from services.intake.domain.consent_decisions import (
    CONSENT,
    ConsentIsAnswered,
    ConsentIsUnknown,
    NothingToReview,
    ReviewedOtherwise,
    ReviewNeedsAnother,
)
from services.intake.domain.household_decisions import (
    HOUSEHOLD,
    HouseholdHasAHead,
    HouseholdIsTooLarge,
    HouseholdIsUnknown,
    PersonIsNoMember,
)
from services.intake.domain.link_decisions import LINK, LinkIsUnknown, PersonIsTheSame, PersonsAreLinked
from services.intake.domain.person import (
    AddClaims,
    Claims,
    ConfirmKnown,
    EndRetention,
    EnterHousehold,
    ErasePerson,
    ExitHousehold,
    HouseholdEntered,
    PersonErased,
    PersonTold,
    TellPerson,
)
from services.intake.domain.person_decisions import PERSON, PersonIsErased, PersonIsUnknown, PersonLivesInAnotherHousehold
from shared.kernel import SHREDDED
from shared.testing.given import Given

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
DAY = date(2026, 11, 23)
PAIR = pair.Pair("p1", "p1", "p2", "p2")
LINKED = pair.PersonsLinked("l1", 1, PAIR, "same_person", AT)
APART = pair.PersonsUnlinked("l1", 2, PAIR, "mistake", AT)
TOLD = PersonTold("p1", "p1", "c1", Claims(name="张三", phone="138"))


def test_a_pair_is_linked_once_undone_once_and_can_be_linked_again() -> None:
    ask = pair.LinkPersons("l1", PAIR, "same_person", AT)
    Given(LINK).when(ask).then(LINKED)
    Given(LINK, LINKED).when(ask).then()
    Given(LINK, LINKED).when(pair.UndoLink("mistake", AT)).then(APART)
    Given(LINK, LINKED, APART).when(pair.UndoLink("mistake", AT)).then()
    Given(LINK, LINKED, APART).when(ask).then(replace(LINKED, revision=3))
    Given(LINK).when(pair.UndoLink("mistake", AT)).refused(LinkIsUnknown)
    Given(LINK).when(replace(ask, pair=replace(PAIR, linked_person_id="p1"))).refused(PersonIsTheSame)


def test_who_was_found_to_be_different_stays_so_until_somebody_links_them() -> None:
    different = pair.JudgedDifferent("l1", PAIR, "looked", AT)
    ask = pair.JudgeDifferent("l1", PAIR, "looked", AT)
    assert Given(LINK).when(ask).then(different) == pair.Link("l1", PAIR, False, True, 0)
    Given(LINK, different).when(ask).then()
    Given(LINK, LINKED).when(ask).refused(PersonsAreLinked)
    Given(LINK, different).when(pair.UndoLink("mistake", AT)).refused(LinkIsUnknown)
    assert Given(LINK, different, LINKED).state == pair.Link("l1", PAIR, True, False, 1)
    Given(LINK).when(replace(ask, pair=replace(PAIR, linked_person_id="p1"))).refused(PersonIsTheSame)


MOTHER, SON = h.Member("p1", "p1", "head"), h.Member("p2", "p2", "child")
FORMED = h.HouseholdChanged("f1", "formed", (MOTHER, SON), 1, AT, ("p1", "p2"))


def test_a_household_is_formed_once_and_its_size_follows_from_who_lives_on_its_purse() -> None:
    form = h.FormHousehold("f1", (MOTHER, SON, SON), 1, AT)
    assert Given(HOUSEHOLD).when(form).then(FORMED).size() == 3
    Given(HOUSEHOLD, FORMED).when(form).then()
    carved = Given(HOUSEHOLD, FORMED).when(h.CarveOut("p2", "single_person_dibao", AT))
    assert (carved.state.size(), carved.state.member("p2").carved_out) == (2, "single_person_dibao")
    after = Given(HOUSEHOLD, FORMED, *carved.events)
    after.when(h.CarveOut("p2", "single_person_dibao", AT)).then()
    assert after.when(h.TakeBack("p2", AT)).state.size() == 3
    assert Given(HOUSEHOLD, FORMED).when(h.CountOthers(0, AT)).state.size() == 2
    Given(HOUSEHOLD, FORMED).when(h.CountOthers(1, AT)).then()


def test_who_joins_and_who_leaves() -> None:
    grandmother = h.Member("p3", "p3", "parent")
    (joined,) = Given(HOUSEHOLD, FORMED).when(h.JoinHousehold(grandmother, AT)).events
    assert (joined.entered, joined.members) == (("p3",), (MOTHER, SON, grandmother))
    Given(HOUSEHOLD, FORMED, joined).when(h.JoinHousehold(grandmother, AT)).then()
    (role,) = Given(HOUSEHOLD, FORMED).when(h.JoinHousehold(replace(SON, role="other"), AT)).events
    assert (role.change, role.entered, role.members[1].role) == ("role", (), "other")
    (left,) = Given(HOUSEHOLD, FORMED).when(h.LeaveHousehold("p2", "moved", AT)).events
    assert (left.left, left.members) == ((SON,), (MOTHER,))
    Given(HOUSEHOLD, FORMED, left).when(h.LeaveHousehold("p2", "moved", AT)).then()


def test_a_household_says_no() -> None:
    Given(HOUSEHOLD).when(h.LeaveHousehold("p2", "moved", AT)).refused(HouseholdIsUnknown)
    Given(HOUSEHOLD, FORMED).when(h.CarveOut("p9", "single_person_dibao", AT)).refused(PersonIsNoMember)
    Given(HOUSEHOLD, FORMED).when(h.JoinHousehold(h.Member("p3", "p3", "head"), AT)).refused(HouseholdHasAHead)
    many = tuple([h.Member(f"p{n}", f"p{n}", "other") for n in range(17)])
    Given(HOUSEHOLD).when(h.FormHousehold("f1", many, 0, AT)).refused(HouseholdIsTooLarge)


def test_a_person_lives_in_one_household_at_a_time() -> None:
    entered = HouseholdEntered("p1", "f1")
    Given(PERSON, TOLD).when(EnterHousehold("p1", "f1")).then(entered)
    Given(PERSON, TOLD, entered).when(EnterHousehold("p1", "f1")).then()
    Given(PERSON, TOLD, entered).when(EnterHousehold("p1", "f2")).refused(PersonLivesInAnotherHousehold)
    Given(PERSON, TOLD, entered).when(ExitHousehold("p1", "f2")).then()
    Given(PERSON, TOLD, entered).when(ExitHousehold("p1", "f1")).then(HouseholdEntered("p1", ""))
    Given(PERSON).when(EnterHousehold("p1", "f1")).refused(PersonIsUnknown)


def test_what_is_learnt_later_is_kept_with_its_source_and_heard_once() -> None:
    word = AddClaims("p1", "w1", Claims(account_bank="ICBC", account_number="62"), "visit", DAY)
    (told,) = Given(PERSON, TOLD).when(word).events
    assert (told.source, told.since, told.claims.account_number, told.claims.name) == ("visit", DAY, "62", "张三")
    Given(PERSON, TOLD, told).when(word).then()
    Given(PERSON, TOLD, told).when(replace(word, claims_id="w2")).then()
    Given(PERSON).when(word).refused(PersonIsUnknown)
    Given(PERSON).when(ConfirmKnown()).refused(PersonIsUnknown)
    Given(PERSON, TOLD).when(ConfirmKnown()).then()


def test_what_the_law_wants_kept_is_read_by_nobody_and_destroyed_after_its_last_day() -> None:
    kept = PersonErased("p1", ("c1",), "law", AT, DAY)
    restricted = Given(PERSON, TOLD).when(ErasePerson("p1", ("c1",), "law", AT, DAY)).then(kept)
    assert restricted is not None
    after = Given(PERSON, TOLD, kept)
    assert (after.state.status, after.state.claims) == ("restricted", SHREDDED)
    after.when(TellPerson("p1", "p1", "c2", Claims())).refused(PersonIsErased)
    after.when(AddClaims("p1", "w1", Claims(), "visit")).refused(PersonIsErased)
    after.when(ErasePerson("p1", ("c1",), "asked", AT)).then()
    after.when(EndRetention(AT)).then(replace(kept, reason="retention_ended", kept_until=None))
    Given(PERSON, TOLD).when(EndRetention(AT)).then()


def test_hukou_residence_and_mailing_address_have_histories_of_their_own() -> None:
    first = Claims(hukou_code="360102", residence_code="440106", address="一号")
    moved = replace(first, residence_code="440104", address="二号")
    words = [
        (date(2026, 1, 1), PersonTold("p1", "p1", "c1", first)),
        (date(2026, 3, 1), PersonTold("p1", "p1", "w1", moved, "visit", date(2026, 2, 1))),
        (date(2026, 4, 1), PersonTold("p1", "p1", "w2", moved, "visit")),
        (date(2026, 5, 1), PersonTold("p1", "p1", "w3", replace(moved, mailing_address="信箱"), "phone")),
    ]
    assert history(words) == (
        Stay("hukou", "360102", None, date(2026, 1, 1), "report"),
        Stay("residence", "440106", "一号", date(2026, 1, 1), "report", date(2026, 2, 1)),
        Stay("residence", "440104", "二号", date(2026, 2, 1), "visit"),
        Stay("mailing", None, "信箱", date(2026, 5, 1), "phone"),
    )
    assert history([(DAY, PersonTold("p1", "p1", "c1", SHREDDED))]) == ()


ASKED = k.ConsentAsked("k1", "c1", "p1", ("referral",), ("charity",), "read_aloud", AT)
TAKEN = k.SharedInEmergency("k1", "c1", "p1", ("referral",), ("charity",), "op", AT, AT, "昏迷")
SHARE = k.ShareInEmergency("k1", "c1", "p1", ("referral",), ("charity",), "昏迷", "op", AT, AT)


def test_what_was_asked_is_answered_once() -> None:
    ask = k.AskConsent("k1", "c1", "p1", ("referral",), ("charity",), "read_aloud", AT)
    Given(CONSENT).when(ask).then(ASKED)
    Given(CONSENT, ASKED).when(ask).then()
    no = k.ConsentRefused("k1", "c1", AT)
    Given(CONSENT, ASKED).when(k.RefuseConsent(AT)).then(no)
    Given(CONSENT, ASKED, no).when(k.RefuseConsent(AT)).then()
    Given(CONSENT).when(k.RefuseConsent(AT)).refused(ConsentIsUnknown)
    give = k.GiveConsent("k1", "c1", "p1", ("referral",), ("charity",), "signed", AT, read_by="op")
    given = k.ConsentGiven("k1", "c1", "p1", ("referral",), ("charity",), "signed", AT, read_by="op")
    Given(CONSENT, ASKED).when(give).then(given)
    Given(CONSENT, ASKED, given).when(k.RefuseConsent(AT)).refused(ConsentIsAnswered)


def test_an_emergency_is_shared_once_and_reviewed_by_somebody_else() -> None:
    Given(CONSENT).when(SHARE).then(TAKEN)
    Given(CONSENT, TAKEN).when(SHARE).then()
    upheld = k.EmergencyReviewed("k1", "c1", True, "auditor", AT)
    Given(CONSENT, TAKEN).when(k.ReviewEmergency(True, "auditor", AT)).then(upheld)
    Given(CONSENT, TAKEN, upheld).when(k.ReviewEmergency(True, "auditor", AT)).then()
    Given(CONSENT, TAKEN, upheld).when(k.ReviewEmergency(False, "auditor", AT)).refused(ReviewedOtherwise)
    Given(CONSENT, TAKEN).when(k.ReviewEmergency(True, "op", AT)).refused(ReviewNeedsAnother)
    Given(CONSENT, ASKED).when(k.ReviewEmergency(True, "auditor", AT)).refused(NothingToReview)
    ended = k.ConsentWithdrawn("k1", "c1", "p1", ("referral",), ("charity",), AT, "not_upheld")
    Given(CONSENT, TAKEN).when(k.ReviewEmergency(False, "auditor", AT)).then(replace(upheld, upheld=False), ended)


def test_before_a_consent_runs_out_somebody_is_told_once() -> None:
    given = k.ConsentGiven("k1", "c1", "p1", ("referral",), ("charity",), "signed", AT, DAY, AT)
    soon = k.ConsentExpiring("k1", "c1", AT, AT)
    Given(CONSENT, given).when(k.NoticeExpiry(AT)).then(soon)
    Given(CONSENT, given, soon).when(k.NoticeExpiry(AT)).then()
    Given(CONSENT, replace(given, expires_at=None)).when(k.NoticeExpiry(AT)).then()
