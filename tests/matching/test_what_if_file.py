"""Other numbers over a file: the same sums as case by case, each faulty cell named and none of its values repeated."""

from __future__ import annotations

from typing import Any

import httpx

from tests.matching.test_inbox import Office, office
from tests.matching.test_reassessment import OLD, POOR

__all__ = ["office"]
NUMBER = {"name": "dibao_line_fen", "valid_from": "2024-01-01", "value": str(OLD + 10_000), "source": "ASSUMPTION"}
HEAD = "on,district,local_hukou,household_size,property_within_limits,monthly_income_fen,certificates"


async def sent(office: Office, text: str | bytes, who: str = "gov", **number: Any) -> httpx.Response:
    headers = {**office.headers(who), "content-type": "text/csv"}
    return await office.client.post("/matching/v1/what-if/file", params={**NUMBER, **number}, content=text, headers=headers)


async def test_the_file_comes_to_the_same_as_its_cases_one_by_one(office: Office) -> None:
    incomes = (OLD - 1, OLD, OLD + 9_999, OLD + 10_000, 400_000)
    rows = [f"2026-05-0{n},44010{4 + n % 3},是,1,true,{income}," for n, income in enumerate(incomes, 1)]
    answer = await sent(office, "\n".join([HEAD, *rows]))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    cases = [
        {"facts": {**POOR, "monthly_income_fen": income}, "as_of": f"2026-05-0{n}", "district": f"44010{4 + n % 3}"}
        for n, income in enumerate(incomes, 1)
    ]
    one_by_one = (await office.post("/what-if", {"values": [NUMBER], "cases": cases}, "gov")).json()
    for key in ("cases", "affected", "sums", "before_fen", "after_fen", "changed_version"):
        assert told[key] == one_by_one[key], key
    assert told["affected"] > 0


async def test_every_cell_that_cannot_be_read_is_named_and_none_repeated(office: Office) -> None:
    rows = [
        "soon,440104,yes,1,true,125000,",
        "2026-05-01,440104,perhaps,1,true,-5,",
        ",440104,yes,one,true,99999999999999,dibao|tekun",
        "2026-05-01,,no,2,,,",
    ]
    answer = await sent(office, "\n".join([HEAD, *rows]))
    assert answer.status_code == 422
    assert [(one["row"], one["field"]) for one in answer.json()["faults"]] == [
        (1, "on"), (2, "local_hukou"), (2, "monthly_income_fen"), (3, "household_size"), (3, "monthly_income_fen"), (3, "on"),
    ]  # fmt: skip
    assert all(value not in answer.text for value in ("soon", "perhaps", "99999999999999"))
    assert (await sent(office, "\n".join([HEAD, rows[3]]))).json()["cases"] == 1
    strange = (await sent(office, "name,telephone\nChen,13800138000\n")).json()["faults"]
    assert [(one["row"], one["field"]) for one in strange] == [(0, "name"), (0, "telephone"), (0, "on")]
    for broken in (b"", b"\xff\xfe\x00", b"on,age\n2026-01-01,1,2,3\n", b"PK\x03\x04"):
        refused = await sent(office, broken)
        assert refused.status_code == 422, broken


async def test_who_may_and_which_number(office: Office) -> None:
    for who in ("charity", "finance", "ops"):
        assert (await sent(office, HEAD, who)).status_code == 403
    for wrong in ({"name": "nothing"}, {"value": "much"}, {"source": ""}, {"programme": "NOTHING"}, {"valid_from": "soon"}):
        assert (await sent(office, f"{HEAD}\n", **wrong)).status_code == 422, wrong
    assert (await sent(office, f"{HEAD}\n")).json()["cases"] == 0
