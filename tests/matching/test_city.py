"""The city and the household at the door and on their pages: counts that follow from what happened, files that harm no spreadsheet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.matching.test_inbox import CARE, CASE, ILL, OURS, Office, office

__all__ = ["office"]
URBAN: dict[str, Any] = {"code": "440104003001", "zh": "盐运西社区", "en": "=Yanyunxi", "kind": "urban"}
RURAL: dict[str, Any] = {"code": "440117107201", "zh": "吕田村", "en": "Lutian", "kind": "rural"}


async def present(office: Office, place: str, count: int, kind: str = "charity", prefix: str = "o") -> None:
    for n in range(count):
        org = f"{prefix}{n}"
        assert (await office.post("/organizations", {"id": org, "name": org, "kind": kind})).status_code == 201
        for again in ("a", "b"):  # two places of one organisation count once
            place_of = {"id": f"{org}-{place}-{again}", "organization_id": org, "name": org, "place_code": place}
            assert (await office.post("/locations", place_of)).status_code == 201


async def read(office: Office, path: str, who: str = "gov") -> dict[str, Any]:
    answer = await office.client.get(f"/matching/v1{path}", headers=office.headers(who))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(("kind", "aim"), [("urban", 10), ("rural", 5)])
async def test_a_community_is_covered_from_its_aim_on(office: Office, kind: str, aim: int) -> None:
    """S3: at least ten organisations in each urban community and five in each rural one."""
    one = {**URBAN, "kind": kind}
    assert (await office.post("/communities", {"communities": [one]})).json() == {"communities": 1, "changed": 1}
    await present(office, one["code"], 2, "government", "g")
    await present(office, one["code"], aim - 1)
    (row,) = (await read(office, "/coverage"))["items"]
    assert (row["organisations"], row["aim"], row["met"]) == (aim - 1, aim, False)
    (total,) = (await read(office, "/coverage"))["by_district"]
    assert total == {"district": "440104", "kind": kind, "communities": 1, "met": 0, "short": 1}
    await present(office, one["code"], 1, prefix="last")
    (row,) = (await read(office, "/coverage"))["items"]
    assert (row["organisations"], row["met"]) == (aim, True)


async def test_communities_come_all_or_none_and_go(office: Office) -> None:
    wrong = await office.post("/communities", {"communities": [URBAN, {**RURAL, "kind": "suburb"}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/communities/1/kind")
    twice = await office.post("/communities", {"communities": [URBAN, URBAN]})
    assert twice.status_code == 422
    assert (await office.post("/communities", {"communities": [URBAN]}, "charity")).status_code == 403
    assert (await read(office, "/coverage"))["items"] == []
    assert (await office.post("/communities", {"communities": [URBAN, RURAL]})).json()["changed"] == 2
    assert (await office.post("/communities", {"communities": [URBAN, RURAL]})).json()["changed"] == 0
    assert [one["code"] for one in (await read(office, "/coverage?district=440117"))["items"]] == [RURAL["code"]]
    gone = await office.client.delete(f"/matching/v1/communities/{RURAL['code']}", headers=office.headers("gov"))
    assert gone.status_code == 200
    assert (await read(office, "/coverage?district=440117"))["items"] == []
    again = await office.client.delete(f"/matching/v1/communities/{RURAL['code']}", headers=office.headers("gov"))
    assert again.status_code == 409


async def test_goals_of_a_year_rest_on_reported_figures(office: Office) -> None:
    for figure, value in (("residents", 14_043_500), ("organisations", 7_025), ("donations_fen", 200)):
        told = {"figure": figure, "value": value, "source": "S1"}
        assert (await office.post("/city-goals/2016/figures", told, "gov")).status_code == 201
    assert (
        await office.post("/city-goals/2017/figures", {"figure": "donations_fen", "value": 210, "source": "S1"}, "gov")
    ).status_code == 201
    assert (
        await office.post("/city-goals/2017/figures", {"figure": "donations_fen", "value": 1, "source": "S1"}, "charity")
    ).status_code == 403
    assert (await office.post("/city-goals/2017/figures", {"figure": "luck", "value": 1, "source": "S1"}, "gov")).status_code == 422
    assert (await office.post("/city-goals/2017/figures", {"figure": "staff", "value": -1, "source": "S1"}, "gov")).status_code == 422
    goals = {one["goal"]: one for one in (await read(office, "/city-goals/2016"))["goals"]}
    assert (goals["organisations_per_10000"]["now"], goals["organisations_per_10000"]["met"]) == ("50.02", False)
    assert goals["volunteers_share"] | {"source": ""} == {
        "goal": "volunteers_share", "unit": "basis_points", "aim": 1500, "now": None, "met": None, "missing": ["volunteers"], "source": "",
    }  # fmt: skip
    (grown,) = [one for one in (await read(office, "/city-goals/2017"))["goals"] if one["goal"] == "donations_growth"]
    assert (grown["now"], grown["met"]) == ("500.00", True)


async def test_the_household_shows_needs_gaps_parties_and_the_bill(office: Office) -> None:
    await office.reported({**ILL, "medical_total_year_fen": 2_000_000}, needs=("livelihood", "housing"))
    told = await read(office, "/households/h1", "caseworker")
    states = {one["need"]: one["state"] for one in told["chain"]["needs"]}
    assert states == {"livelihood": "offered", "housing": "unmet"}
    assert next((gap["kind"], gap["what"]) for gap in told["chain"]["gaps"]) == ("need", "housing")
    assert [(one["party"], one["task"], one["org_id"]) for one in told["chain"]["parts"]] == [("charity", "answer", "mercy")]
    assert (told["bills"][CASE]["total_fen"], told["bills"][CASE]["self_paid_fen"]) == (2_000_000, 800_000)
    await office.accept(**OURS)
    told = await read(office, "/households/h1", "caseworker")
    assert {one["need"]: one["state"] for one in told["chain"]["needs"]}["livelihood"] == "under_way"
    assert [one["amount_fen"] for line in told["chain"]["needs"] for one in line["given"]] == [150_000]


async def test_a_provider_sees_its_own_part_and_no_others_money(office: Office) -> None:
    await office.reported(ILL)
    for org, status in (("mercy", 404), ("rain", 404)):
        answer = await office.client.get("/matching/v1/households/h1", headers=office.headers("charity", org))
        assert answer.status_code == status
    await office.accept(CARE)
    answer = await office.client.get("/matching/v1/households/h1", headers=office.headers("charity", "mercy"))
    told = answer.json()
    assert [part["org_id"] for part in told["chain"]["parts"]] == ["mercy"]
    assert set(told) == {"household_id", "chain"}
    assert set(told["chain"]) == {"parts", "others"}
    assert (await office.client.get("/matching/v1/households/h1", headers=office.headers("charity", "rain"))).status_code == 404
    await office.post(f"/referrals/{CARE}/close", {"reason": "no_capacity"}, "charity", "mercy")
    assert (await office.client.get("/matching/v1/households/h1", headers=office.headers("charity", "mercy"))).status_code == 404
    assert (await office.client.get("/matching/v1/households/none", headers=office.headers("caseworker"))).status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_pages_show_it_and_the_files_harm_no_spreadsheet(office: Office, language: str) -> None:
    await office.post("/communities", {"communities": [URBAN, RURAL]})
    await office.post("/city-goals/2026/figures", {"figure": "charity_plazas", "value": 201, "source": "S1"}, "gov")
    await office.reported(ILL, needs=("livelihood", "housing"))
    await office.accept(**OURS)
    await office.post(f"/referrals/{CARE}/close", {"reason": "got_help"}, "charity", "mercy")
    async with office.browser("gov", None, language) as browser:
        text = (await browser.get("/matching/city")).text
        said = {
            "zh": ("100.0 %", "慈善广场", "盐运西社区", "没有对应服务"),
            "en": ("100.0 %", "Charity plazas", "=Yanyunxi", "no service for it"),
        }
        for words in said[language]:
            assert words in text, words
        assert "matching." not in text
        file = await browser.get("/matching/city/communities.csv")
        assert file.headers["content-type"].startswith("text/csv")
        lines = file.text.splitlines()
        assert lines[0].startswith("\ufeffcode,district")
        assert "'=Yanyunxi" in file.text
        for name in ("coverage", "goals", "unmet", "loops", "costs"):
            rows = (await browser.get(f"/matching/city/{name}.csv")).text.splitlines()
            assert len(rows) > 1, name
        assert (await browser.get("/matching/city/nothing.csv")).status_code == 404
        assert (await browser.get("/matching/city?year=1066")).status_code == 200
        household = (await browser.get("/matching/households/h1")).text
        assert "matching." not in household
        assert {"zh": "一户一链帮扶", "en": "Help for one household"}[language] in household
    async with office.browser("charity", "mercy", language) as charity:
        assert (await charity.get("/matching/city")).status_code == 403


async def test_what_a_served_person_cost_counts_what_arrived(office: Office) -> None:
    await office.reported(ILL)
    await office.accept(**OURS)
    assert (await read(office, "/costs"))["items"] == []
    await office.hears("disbursement.payout_settled.v1", referral_id=CARE, state="settled")
    (row,) = (await read(office, "/costs"))["items"]
    assert row == {"org_id": "mercy", "served": 1, "arrived_fen": 150_000, "each_fen": 150_000}
    assert (await office.client.get("/matching/v1/costs", headers=office.headers("charity", "mercy"))).status_code == 403
