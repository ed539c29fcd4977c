"""Persons through the door: similar people suggested, one person after all, two after all, what is learnt later, households, erasure."""

from __future__ import annotations

from typing import Any

import pytest

from shared.testing.waiting import until
from tests.intake.conftest import Desk
from tests.intake.stories import report

ONE = report("张三丰", id_number="440106195512240023", phone="13800138000", residence_code="440106011", address="棠下大街一号")
OTHER = report("章三丰", birth_date="1955-12-24", phone="13900139000", residence_code="440106011")


@pytest.fixture
async def two(desk: Desk) -> tuple[str, str]:
    return (await desk.reported(ONE))["person_id"], (await desk.reported(OTHER))["person_id"]


async def test_somebody_who_only_sounds_alike_is_suggested_with_score_and_reasons(desk: Desk) -> None:
    first = await desk.reported(ONE)
    second = await desk.reported(OTHER)
    assert second["person_id"] != first["person_id"]
    (found,) = second["possible_duplicates"]
    assert found["case_id"] == first["case_id"]
    assert found["score"] > 0.9
    assert {"same_sound", "same_birth_date", "same_street"} <= set(found["because"])
    (alike,) = (await desk.get(f"/persons/{second['person_id']}/duplicates")).json()["items"]
    assert (alike["person_id"], alike["person"]["name"]) == (first["person_id"], "张**")
    assert (await desk.sql("select count(*) as n from look_list where purpose = 'duplicates'"))[0]["n"] == 1


async def test_who_was_found_to_be_different_is_suggested_no_more(desk: Desk, two: tuple[str, str]) -> None:
    one, other = two
    answer = await desk.post(f"/persons/{one}/verdicts", {"person_id": other, "verdict": "different"}, who="caseworker")
    assert (answer.status_code, answer.json()["status"]) == (201, "different")
    assert (await desk.get(f"/persons/{other}/duplicates")).json()["items"] == []
    (kept,) = (await desk.get(f"/persons/{other}/links", who="auditor")).json()["items"]
    assert (kept["by"], kept["status"], kept["different"]) == ("caseworker", "different", True)
    again = await desk.reported({**ONE, "needs": ["housing"]})
    assert [d["score"] for d in again["possible_duplicates"]] == [1.0]  # their own first case, and not the other person's


async def test_linked_persons_are_read_as_one_and_after_the_undo_as_two(desk: Desk, two: tuple[str, str]) -> None:
    one, other = two
    before = [await _read(desk, person) for person in two]
    link = await desk.post(f"/persons/{one}/links", {"person_id": other, "because": ["same_sound"]})
    assert (link.status_code, link.json()["status"]) == (201, "linked")
    twice = await desk.post(f"/persons/{other}/links", {"linked_person_id": one})
    assert twice.json()["link_id"] == link.json()["link_id"]
    (found,) = (await desk.post("/persons/search", {"phone": "13900139000", "reason": "x"})).json()["items"]
    assert (found["person_id"], found["linked"], len(found["cases"])) == (one, [other], 1)
    seen = (await desk.get(f"/persons/{other}", X_Access_Reason="call")).json()
    assert (seen["linked"], len(seen["cases"]), seen["person"]["id_number"]) == ([one], 2, "440106195512240023")
    assert len((await desk.get(f"/cases?person_id={one}")).json()["items"]) == 2
    assert (await desk.get(f"/persons/{one}/duplicates")).json()["items"] == []
    undone = await desk.post(f"/persons/{other}/links/{link.json()['link_id']}/undo", {"reason": "mistake"})
    assert (undone.status_code, undone.json()["status"]) == (200, "apart")
    assert [await _read(desk, person) for person in two] == before
    assert [a["person_id"] for a in (await desk.get(f"/persons/{one}/duplicates")).json()["items"]] == [other]
    assert (await desk.post(f"/persons/{one}/links/{link.json()['link_id']}/undo")).status_code == 200
    assert (await desk.post(f"/persons/{one}/links/nobody/undo")).status_code == 404
    assert (await desk.post("/persons/nobody/links", {"person_id": one})).status_code == 404
    assert (await desk.post(f"/persons/{one}/links", {"person_id": "nobody"})).status_code == 422
    assert (await desk.post(f"/persons/{one}/links", {"person_id": one})).status_code == 422
    assert (await desk.post(f"/persons/{one}/links", {})).status_code == 422


async def _read(desk: Desk, person: str) -> Any:
    return (await desk.get(f"/persons/{person}", X_Access_Reason="same")).json()


async def test_a_chain_of_links_is_one_person_and_a_wrong_one_in_it_can_be_undone(desk: Desk, two: tuple[str, str]) -> None:
    third = (await desk.reported(report("张珊丰", birth_date="1955-12-24", sex="female")))["person_id"]
    first = (await desk.post(f"/persons/{two[0]}/links", {"person_id": two[1]})).json()["link_id"]
    await desk.post(f"/persons/{two[1]}/links", {"person_id": third})
    assert set((await desk.get(f"/persons/{two[0]}")).json()["linked"]) == {two[1], third}
    await desk.post(f"/persons/{third}/links/{first}/undo", {"different": True})
    assert (await desk.get(f"/persons/{two[0]}")).json()["linked"] == []
    assert (await desk.get(f"/persons/{third}")).json()["linked"] == [two[1]]


async def test_what_is_learnt_later_reaches_who_has_to_pay_and_has_a_history(desk: Desk) -> None:
    case = await desk.reported({**ONE, "consent": {"share": True, "purposes": ["payment", "referral"], "recipients": ["charity"]}})
    at = f"/persons/{case['person_id']}/claims"
    desk.turn(days=1)
    answer = await desk.post(at, {"account": {"bank": "ICBC", "number": "6222020000000000000"}, "source": "visit"})
    assert (answer.status_code, answer.json()["claims"]) == (200, ["account"])
    payee = (await desk.get(f"/cases/{case['case_id']}/contact?purpose=payment", who="service")).json()
    assert payee["account_number"] == "6222020000000000000"
    moved = {"residence_code": "440104003", "address": "北京路二号", "mailing_address": "信箱三", "source": "phone", "since": "2026-11-20"}
    assert (await desk.post(at, moved)).status_code == 200
    stays = (await desk.get(f"/persons/{case['person_id']}/addresses", X_Access_Reason="post")).json()["items"]
    assert [(s["kind"], s["code"], s["address"], s["since"], s["until"], s["source"]) for s in stays] == [
        ("mailing", None, "信箱三", "2026-11-20", None, "phone"),
        ("residence", "440106011", "棠下大街一号", "2026-11-23", "2026-11-23", "report"),
        ("residence", "440104003", "北京路二号", "2026-11-20", None, "phone"),
    ]  # fmt: skip
    masked = (await desk.get(f"/persons/{case['person_id']}/addresses")).json()["items"]
    assert {s["address"] for s in masked} == {"***"}
    wrong = await desk.post(at, {"id_type": "hk_macao_permit", "id_number": "A1", "source": "visit"})
    assert wrong.json()["errors"] == [
        {"pointer": "/person/id_number", "detail": "not a valid number of this paper: hk_macao_permit"}
    ]  # fmt: skip
    assert "A1" not in wrong.text
    assert (await desk.post(at, {"source": "visit"})).status_code == 422
    assert (await desk.post("/persons/nobody/claims", {"phone": "13700137000", "source": "visit"})).status_code == 404


async def test_a_household_counts_its_people_and_whoever_is_carved_out_alone(desk: Desk, two: tuple[str, str]) -> None:
    mother, son = two
    body = {"members": [{"person_id": mother, "role": "head"}, {"person_id": son, "role": "child"}], "others": 1}
    made = (await desk.post("/households", body)).json()
    at = f"/households/{made['household_id']}"
    assert (made["size"], [m["role"] for m in made["members"]]) == (3, ["head", "child"])
    assert await _size(desk, mother) == await _size(desk, son) == 3
    carved = (await desk.post(f"{at}/members/{son}/carve-out")).json()
    assert (carved["size"], carved["members"][1]["carved_out"]) == (2, "single_person_dibao")
    assert (await _size(desk, mother), await _size(desk, son)) == (2, 1)
    assert (await desk.post(f"{at}/members/{son}/take-back")).json()["size"] == 3
    assert (await desk.post(f"{at}/others", {"others": 0})).json()["size"] == 2
    second = await desk.post("/households", {"members": [{"person_id": son}]})
    assert (second.status_code, second.json()["type"]) == (409, "urn:kapok:problem:PersonLivesInAnotherHousehold")
    left = (await desk.post(f"{at}/members/{son}/leave", {"reason": "moved"})).json()
    assert (left["size"], await _size(desk, mother)) == (1, 1)
    assert (await desk.get(f"/persons/{son}/household")).json()["items"] == []
    assert (await desk.post("/households", {"members": [{"person_id": son}]})).status_code == 201
    (home,) = (await desk.get(f"/persons/{mother}/household")).json()["items"]
    assert (home["household_id"], home["role"]) == (made["household_id"], "head")
    assert (await desk.get(at, who="auditor")).json()["version"] == 5
    assert (await desk.get("/households/nobody")).status_code == 404
    assert (await desk.post("/households/nobody/members", {"person_id": son})).status_code == 404
    assert (await desk.post(f"{at}/members/{son}/carve-out")).status_code == 404
    assert (await desk.post(f"{at}/members", {"person_id": "nobody"})).status_code == 422


async def _size(desk: Desk, person: str) -> int:
    (case,) = (await desk.get(f"/cases?person_id={person}")).json()["items"]
    facts = (await desk.get(f"/cases/{case['case_id']}")).json()["facts"]
    return int(facts["household_size"])


async def test_erasing_one_person_erases_them_under_all_their_ids(desk: Desk, two: tuple[str, str]) -> None:
    one, other = two
    await desk.post("/households", {"members": [{"person_id": one, "role": "head"}]})
    await desk.post(f"/persons/{one}/links", {"person_id": other})
    receipt = (await desk.post(f"/persons/{other}/erasure", {"reason": "asked"}, who="admin")).json()
    assert (set(receipt["persons"]), len(receipt["cases"]), receipt["status"]) == ({one, other}, 2, "erased")
    for person in two:
        seen = (await desk.get(f"/persons/{person}", X_Access_Reason="x")).json()
        assert (seen["status"], seen["person"], seen["households"], seen["addresses"]) == ("erased", None, [], [])
    assert (await desk.sql("select count(*) as n from person_list"))[0]["n"] == 0
    assert (await desk.post(f"/persons/{one}/claims", {"phone": "13700137000", "source": "visit"})).status_code == 409


async def test_what_the_law_wants_kept_is_shown_to_nobody_and_destroyed_after_its_day(desk: Desk) -> None:
    case = await desk.reported({**ONE, "narrative": "我妈妈住院"})
    person = case["person_id"]
    past = await desk.post(f"/persons/{person}/erasure", {"kept_until": "2026-11-22"}, who="admin")
    assert past.json()["errors"] == [{"pointer": "/kept_until", "detail": "is a day to come"}]
    receipt = (await desk.post(f"/persons/{person}/erasure", {"reason": "law", "kept_until": "2026-12-31"}, who="admin")).json()
    assert (receipt["status"], receipt["kept_until"]) == ("restricted", "2026-12-31")
    shown = await desk.get(f"/cases/{case['case_id']}", X_Access_Reason="look")
    assert (shown.json()["person"], shown.json()["told"], shown.json()["masked"]) == (None, None, True)
    history = await desk.get(f"/cases/{case['case_id']}/history", X_Access_Reason="look")
    assert "妈妈" not in history.text
    assert (await desk.post("/persons/search", {"phone": "13800138000", "reason": "x"})).json()["items"] == []
    assert await _keys(desk, person) == 1
    desk.turn(days=40)
    await desk.opened.schedule.work_off()
    await _until_gone(desk, person)
    assert (await desk.get(f"/persons/{person}")).json()["status"] == "erased"


async def _keys(desk: Desk, person: str) -> int:
    rows = await desk.sql("select count(*) as n from subject_keys where subject = $1 and wrapped is not null", person)
    return int(rows[0]["n"])


async def _until_gone(desk: Desk, person: str) -> None:
    async def gone() -> bool:
        return await _keys(desk, person) == 0

    await until(gone)


async def test_a_consent_is_asked_for_and_answered_later(desk: Desk) -> None:
    case = await desk.reported(ONE)
    at = f"/cases/{case['case_id']}/consents/ask"
    asked = (await desk.post(at, {"purposes": ["referral"], "recipients": ["charity"]})).json()
    assert asked["status"] == "asked"
    assert (await desk.get(f"/cases/{case['case_id']}/contact?purpose=referral", who="service")).status_code == 403
    receipt = (await desk.post(f"/consents/{asked['consent_id']}/answer", {"agreed": True, "how": "signed"})).json()
    assert (receipt["status"], receipt["read_by"], receipt["how"]) == ("given", "operator", "signed")
    assert (await desk.get(f"/cases/{case['case_id']}/contact?purpose=referral", who="service")).status_code == 200
    assert (await desk.get(f"/consents/{asked['consent_id']}", who="auditor")).json() == receipt
    other = (await desk.post(at, {"purposes": ["payment"], "recipients": ["charity"]})).json()
    assert (await desk.post(f"/consents/{other['consent_id']}/answer", {"agreed": False})).json()["status"] == "refused"
    assert (await desk.post("/consents/nobody/answer", {"agreed": False})).status_code == 404
    rows = await desk.sql("select answer, asked_by from consent_asked order by asked_at, answer")
    assert [(row["answer"], row["asked_by"]) for row in rows] == [("given", "operator"), ("refused", "operator")]


async def test_an_expiring_consent_becomes_a_task_two_weeks_before(desk: Desk) -> None:
    case = await desk.reported(ONE)
    at = f"/cases/{case['case_id']}"
    body = {"purposes": ["contact"], "recipients": ["charity"], "how": "signed", "expires_on": "2027-01-31"}
    await desk.post(f"{at}/consents", body)
    desk.turn(days=54)
    await desk.opened.schedule.work_off()
    assert "consent_expires" not in str((await desk.get(f"{at}/tasks")).json())
    desk.turn(days=3)
    await desk.opened.schedule.work_off()
    task = (await desk.get(f"{at}/tasks")).json()["items"][-1]
    assert (task["kind"], task["due_at"]) == ("consent_expires", "2027-01-31T16:00:00Z")


async def test_in_danger_what_saves_a_life_is_shared_says_so_and_is_reviewed(desk: Desk) -> None:
    calm, danger = await desk.reported(ONE), await desk.reported({**OTHER, "danger_now": True})
    body = {"reason": "昏迷，联系不上家属"}
    refused = await desk.post(f"/cases/{calm['case_id']}/emergency-share", body)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kapok:problem:NobodyIsInDanger")
    at = f"/cases/{danger['case_id']}"
    taken = (await desk.post(f"{at}/emergency-share", body)).json()
    assert (taken["how"], taken["emergency"], taken["reviewed"]) == ("emergency", True, None)
    assert (await desk.get(f"{at}/contact?purpose=referral", who="service")).status_code == 200
    (waiting,) = (await desk.get("/emergency-shares?reviewed=false", who="auditor")).json()["items"]
    assert (waiting["consent_id"], waiting["emergency"], waiting["read_by"]) == (taken["consent_id"], body["reason"], "operator")
    assert "review_emergency" in str((await desk.get(f"{at}/tasks")).json())
    review = f"/consents/{taken['consent_id']}/review"
    assert (await desk.post(review, {"upheld": True})).status_code == 403
    ended = (await desk.post(review, {"upheld": False}, who="auditor")).json()
    assert (ended["status"], ended["reason"], ended["reviewed"]) == ("withdrawn", "not_upheld", "not_upheld")
    assert (await desk.get("/emergency-shares?reviewed=false", who="auditor")).json()["items"] == []
    assert (await desk.get(f"{at}/contact?purpose=referral", who="service")).status_code == 403
    assert (await desk.post("/consents/nobody/review", {"upheld": True}, who="auditor")).status_code == 404
    again = (await desk.post(f"{at}/emergency-share", body, who="gov")).json()
    desk.turn(hours=73)
    await desk.opened.schedule.work_off()
    assert (await desk.get(f"/consents/{again['consent_id']}")).json()["reason"] == "expired"


async def test_an_auditor_finds_every_look_by_who_whom_and_what(desk: Desk, two: tuple[str, str]) -> None:
    one, other = two
    await desk.get(f"/persons/{one}", X_Access_Reason="check")
    await desk.get(f"/persons/{other}", who="caseworker", X_Access_Reason="call back")
    (seen,) = (await desk.get("/looks?actor=caseworker", who="auditor")).json()["items"]
    assert (seen["person_ids"], seen["reason"], seen["purpose"]) == ([other], "call back", "person")
    assert [i["reason"] for i in (await desk.get(f"/looks?person_id={one}", who="auditor")).json()["items"]] == ["check"]
    await desk.post(f"/persons/{one}/links", {"person_id": other})
    assert len((await desk.get(f"/looks?person_id={one}", who="auditor")).json()["items"]) == 2
    assert (await desk.get("/looks?case_id=nobody", who="auditor")).json()["items"] == []
    assert (await desk.get("/looks")).status_code == 403


async def test_the_same_number_of_another_country_or_paper_is_somebody_else_and_a_possible_duplicate(desk: Desk) -> None:
    def passport(ref: str, country: str | None, **more: Any) -> dict[str, Any]:
        return report("Maria", ref=ref, id_type="passport", id_number="12345678", id_country=country, **more)

    people = {
        ref: (await desk.reported(passport(ref, country)))["person_id"] for ref, country in (("a", "PHL"), ("b", "NPL"), ("c", "PHL"))
    }
    assert people["a"] == people["c"] != people["b"]
    nowhere = await desk.reported(passport("d", None))
    assert nowhere["person_id"] not in people.values()
    assert any("same_id_number" in one["because"] for one in nowhere["possible_duplicates"])
    permit = await desk.reported(report("林小姐", ref="e", id_type="taiwan_permit", id_number="12345678"))
    assert permit["person_id"] not in (*people.values(), nowhere["person_id"])
    found = (await desk.post("/persons/search", {"id_number": "12345678", "reason": "call"})).json()["items"]
    assert {one["person_id"] for one in found} == {*people.values(), nowhere["person_id"], permit["person_id"]}
    wrong = await desk.post("/reports", passport("f", "Philippines"))
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/person/id_country")


@pytest.mark.parametrize(("kind", "number", "country"), [("hk_macao_permit", "H01234567", None), ("passport", "E12345678", "PHL")])
async def test_whoever_was_erased_begins_anew_and_is_one_person_again(desk: Desk, kind: str, number: str, country: str | None) -> None:
    def said(ref: str) -> dict[str, Any]:
        return report("Maria", ref=ref, id_type=kind, id_number=number, id_country=country)

    seen = list[str]()
    for at in range(3):
        first = (await desk.reported(said(f"{at}-first")))["person_id"]
        assert (await desk.reported(said(f"{at}-second")))["person_id"] == first
        assert first not in seen
        seen.append(first)
        assert (await desk.post(f"/persons/{first}/erasure", who="admin")).status_code == 200
