"""The door of data screening: every row held against dated thresholds, what cannot be read named, nothing lost, nothing twice."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.intake.manifest import INTAKE
from services.intake.screening import running
from services.intake.screening.said import Order
from shared.testing import Database
from shared.testing.waiting import until
from tests.intake.conftest import Desk
from tests.intake.screening import HEAD, MOTHER, SON, ended, lines, sent

SICK = {
    "id_number": MOTHER,
    "name": "张三丰",
    "phone": "13800138000",
    "category": "dibao",
    "residence_code": "440106011",
    "medical_self_paid_year_fen": 900_000,
}
WELL = {"id_number": SON, "category": "other", "residence_code": "440104", "medical_self_paid_year_fen": 100}


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk(INTAKE).open(database, home=tmp_path) as at_work:
        yield at_work


def spooled(desk: Desk) -> list[str]:
    return sorted(path.name for path in (desk.room.settings.home / "screening").iterdir())


async def test_a_file_becomes_signals_with_margin_and_source(desk: Desk) -> None:
    key = await sent(desk, lines(SICK, WELL), as_of="2026-11-01", name="civil-2026")
    done = await ended(desk, key)
    assert (done["status"], done["name"], done["progress"]["rows"], done["progress"]["share"]) == ("done", "civil-2026", 2, 1.0)
    assert {code: n for code, n in done["signals"].items() if n} == {"medical_dibao": 1}
    (found,) = (await desk.get(f"/screenings/{key}/results", who="gov")).json()["items"]
    assert (found["value"], found["limit"], found["margin"], found["source"]) == (900_000, 500_000, 400_000, "P:tongling")
    assert found["told"] == {"id_number": "440106********0023", "name": "张**", "phone": "138****8000"}
    await until(lambda: spooled(desk) == [])


async def test_persons_are_shown_in_full_only_with_a_role_and_a_reason_and_the_look_is_recorded(desk: Desk) -> None:
    key = await sent(desk, lines(SICK))
    await ended(desk, key)
    for who, reason in (("auditor", "audit"), ("gov", "")):
        answer = (await desk.get(f"/screenings/{key}/results", who=who, **({"x_access_reason": reason} if reason else {}))).json()
        assert answer["masked"] is True
        assert MOTHER not in str(answer)
    assert await desk.sql("select 1 from look_list") == []
    full = (await desk.get(f"/screenings/{key}/results", who="gov", x_access_reason="call")).json()
    assert full["items"][0]["told"]["id_number"] == MOTHER
    assert len(await desk.sql("select 1 from look_list where purpose = 'screening'")) == 1
    assert (await desk.get(f"/screenings/{key}/results", who="charity", org="x")).status_code == 403


async def test_nothing_personal_stands_in_clear_anywhere(desk: Desk) -> None:
    await ended(desk, await sent(desk, lines(SICK)))
    for table in await desk.sql("select table_name from information_schema.tables where table_schema = 'public'"):
        for row in await desk.sql(f'select t::text as line from "{table["table_name"]}" t'):
            assert not [secret for secret in (MOTHER, "张三丰", "13800138000") if secret in row["line"]], table["table_name"]


async def test_a_few_facts_are_screened_from_the_body(desk: Desk) -> None:
    body = {"as_of": "2026-11-01", "thresholds": ["income_drop"], "residents": [
        {"person_ref": "r-1", "income_per_head_month_before_fen": 400_000, "income_per_head_month_fen": 200_000},
        {"person_ref": "r-2", "income_per_head_month_before_fen": 400_000, "income_per_head_month_fen": 200_001},
    ]}  # fmt: skip
    answer = await desk.post("/screenings", body, who="gov")
    assert answer.status_code == 202, answer.text
    done = await ended(desk, answer.json()["screening_id"])
    assert done["signals"] == {"income_drop": 1}


async def test_the_limit_of_the_day_counts(desk: Desk) -> None:
    rows = [{"person_ref": "r", "category": "other", "income_per_head_month_fen": 180_000}]
    found = {}
    for day in ("2019-12-31", "2022-06-01", "2023-06-01"):
        answer = await desk.post("/screenings", {"as_of": day, "thresholds": ["income_below_edge"], "residents": rows}, who="gov")
        found[day] = (await ended(desk, answer.json()["screening_id"]))["signals"] if answer.status_code == 202 else answer.json()["type"]
    assert found == {
        "2019-12-31": "urn:kapok:problem:NoThresholdInForce",
        "2022-06-01": {"income_below_edge": 0},
        "2023-06-01": {"income_below_edge": 1},
    }
    await until(lambda: spooled(desk) == [])


BAD_ROWS = [
    (f"{MOTHER[:-1]}4,,,dibao,,,900000,,", "id_number", "id_number"),
    ("440104198002300015,,,dibao,,,900000,,", "id_number", "id_number"),
    (",,,dibao,,,900000,,", "id_number", "missing"),
    (f"{SON},,,rich,,,1,,", "category", "category"),
    (f"{SON},,,other,4401,,1,,", "residence_code", "place_code"),
    (f"{SON},,,other,,perhaps,1,,", "lives_alone", "yes_or_no"),
    (f"{SON},,,other,,,12.5,,", "medical_self_paid_year_fen", "whole_number"),
    (f"{SON},,,other,,,-1,,", "medical_self_paid_year_fen", "whole_number"),
    (f"{SON},,,other,,,,4 months,", "months_without_income", "whole_number"),
    (f"{SON},,,other,,,,,2026-02-30", "last_contact_on", "day"),
    (f"{SON},,,other,,,,,2099-01-01", "last_contact_on", "in_future"),
    (f"{SON},,,other,,,1", "", "number_of_fields"),
    (f'{SON},"open,,other,,,1,,', "", "quotes"),
    (f"{SON},a\x01b,,other,,,1,,", "", "control_character"),
    (f"{SON},{'x' * 70_000},,other,,,1,,", "", "line_too_long"),
    (f"{SON},{'x' * 300},,other,,,1,,", "name", "too_long"),
]


async def test_every_wrong_row_is_named_with_field_and_rule_and_the_good_ones_are_screened(desk: Desk) -> None:
    good = lines(SICK).decode().splitlines()[1]
    text = "\n".join([HEAD, good, *(row for row, _, _ in BAD_ROWS), good, ""])
    key = await sent(desk, text.encode(), as_of="2026-11-01")
    done = await ended(desk, key)
    assert (done["status"], done["progress"]["faulty"], done["progress"]["rows"]) == ("done", len(BAD_ROWS), len(BAD_ROWS) + 2)
    assert done["signals"]["medical_dibao"] == 2
    told = (await desk.get(f"/screenings/{key}/faults?limit=500", who="gov")).json()["items"]
    assert sorted((f["row"], f["field"], f["rule"]) for f in told) == [(n, f, r) for n, (_, f, r) in enumerate(BAD_ROWS, 3)]
    first = (await desk.get(f"/screenings/{key}/faults?limit=10", who="gov")).json()
    rest = (await desk.get(f"/screenings/{key}/faults?limit=10&cursor={first['next']}", who="gov")).json()
    assert first["items"] + rest["items"] == told


_CHINESE = "身份证号,姓名,类别,年度自付医疗费用_分\n" + f"{MOTHER},张三丰,dibao,900000\n"
ENCODINGS = {
    "utf-8": _CHINESE.encode(), "utf-8 with mark": b"\xef\xbb\xbf" + _CHINESE.encode(), "gbk": _CHINESE.encode("gbk"),
    "utf-16": _CHINESE.encode("utf-16"), "utf-16-be": b"\xfe\xff" + _CHINESE.encode("utf-16-be"), "windows": _CHINESE.replace("\n", "\r\n").encode(),
    "quoted": ",".join(f'"{w}"' for w in _CHINESE.split("\n", maxsplit=1)[0].split(",")).encode() + f'\n"{MOTHER}","张三丰","dibao","900000"'.encode(),
    "tabs": _CHINESE.replace(",", "\t").encode(), "gzip": gzip.compress(_CHINESE.encode()),
}  # fmt: skip


@pytest.mark.parametrize("kind", ENCODINGS)
async def test_every_encoding_is_read(desk: Desk, kind: str) -> None:
    done = await ended(desk, key := await sent(desk, ENCODINGS[kind]))
    assert (done["status"], done["signals"]["medical_dibao"], done["progress"]["faulty"]) == ("done", 1, 0)
    (found,) = (await desk.get(f"/screenings/{key}/results", who="gov", x_access_reason="x")).json()["items"]
    assert found["told"] == {"id_number": MOTHER, "name": "张三丰"}


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


BAD_FILES = {
    "expands_too_much": zipped(bomb=b"0" * 300_000_000), "archive_needs_one_file": zipped(a=b"1", b=b"2"), "archive_broken": zipped(a=lines(SICK))[:60],
    "not_text": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "column_missing": b"name,months_without_income\na,4\n", "column_twice": b"id_number,id_number,name\n1,2,3\n",
    "nothing_to_screen": b"id_number,name\n1,2\n", "head_too_long": b"x" * 100_000, "table_broken": b"PAR1" + b"x" * 50 + b"PAR1",
}  # fmt: skip


@pytest.mark.parametrize("reason", BAD_FILES)
async def test_a_file_that_is_none_fails_with_its_reason_and_leaves_nothing(desk: Desk, reason: str) -> None:
    done = await ended(desk, await sent(desk, BAD_FILES[reason]))
    assert (done["status"], done["reason"]) == ("failed", reason)
    await until(lambda: spooled(desk) == [], seconds=5)


async def test_a_broken_gzip_and_an_empty_body_are_named(desk: Desk) -> None:
    done = await ended(desk, await sent(desk, gzip.compress(os.urandom(200_000))[:-50_000], "application/gzip"))
    assert (done["status"], done["reason"]) == ("failed", "archive_broken")
    headers = {**desk.headers("gov"), "content-type": "text/csv"}
    assert (await desk.client.post("/intake/v1/screenings", content=b"", headers=headers)).status_code == 422
    unknown = await desk.client.post("/intake/v1/screenings?thresholds=moon", content=b"x", headers=headers)
    assert unknown.json()["errors"][0]["pointer"] == "/thresholds/0"
    await until(lambda: spooled(desk) == [])


async def test_data_of_a_day_to_come_are_refused_before_they_are_read(desk: Desk) -> None:
    headers = {**desk.headers("gov"), "content-type": "text/csv"}
    ahead = await desk.client.post("/intake/v1/screenings", content=lines(SICK), headers=headers, params={"as_of": "2026-11-24"})
    facts = await desk.post("/screenings", {"as_of": "2026-11-24", "residents": [SICK]}, who="gov")
    for answer in (ahead, facts):
        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"pointer": "/as_of", "detail": "lies in the future"}]
    home = desk.room.settings.home / "screening"
    assert not home.exists() or not list(home.iterdir())


async def test_columns_nobody_knows_are_named_and_not_read(desk: Desk) -> None:
    body = b"id_number,religion,months_without_income\n" + f"{MOTHER},secret,6\n".encode()
    key = await sent(desk, body)
    done = await ended(desk, key)
    assert done["signals"]["income_unstable"] == 1
    assert done["unknown_columns"] == ["religion"]


def many(count: int) -> bytes:
    return (HEAD + "\n" + f"{MOTHER},,,dibao,440106,,900000,,\n" * count).encode()


def kill_processes() -> list[int]:
    """The screening processes of this one, ended as a machine without memory would."""
    mine = [int(pid) for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()]
    found = [pid for pid in mine if b"screening.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return found


@pytest.mark.parametrize(("dies_after", "recorded"), [("PartSaid", 1), ("Signals", 0)])
async def test_a_killed_process_goes_on_after_its_last_recorded_part_and_counts_nothing_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, dies_after: str, recorded: int
) -> None:
    killed: list[int] = []
    note = running._Run._note

    async def and_kill(run: Any, said: Any) -> bool:
        over = await note(run, said)
        if type(said).__name__ == dies_after and not killed:
            killed.extend(kill_processes() or [0])  # it may have come to its end by then
            raise running.ProcessDied  # what it had said before it died is lost with it
        return over

    orders: list[Any] = []

    def ordered(*values: Any) -> Any:
        orders.append(Order(*values))
        return orders[-1]

    monkeypatch.setattr(running._Run, "_note", and_kill)
    monkeypatch.setattr(running, "Order", ordered)
    body = many(600).replace(b"dibao", b"other").replace(b"900000", b"1") + many(1).split(b"\n", 1)[1]
    key = await sent(desk, body + b" " * 9_000_000 + b"\n" + many(3).split(b"\n", 1)[1])
    done = await ended(desk, key)
    assert killed, "the process was never killed"
    assert done["status"] == "done"
    assert done["signals"]["medical_dibao"] == 4
    assert len(await desk.sql("select 1 from signal_list")) == 4
    assert [one.part for one in orders] == [0, recorded], "the next process begins behind the part that was recorded"
    assert (orders[1].after > 0) is bool(recorded)


async def test_a_file_that_kills_every_process_fails_and_the_next_is_screened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    failed = await ended(desk, await sent(desk, lines(SICK)))
    assert (failed["status"], failed["reason"]) == ("failed", "process_died")
    monkeypatch.undo()
    assert (await ended(desk, await sent(desk, lines(SICK))))["status"] == "done"


async def test_it_is_stopped_once_and_what_is_over_stays_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def idle(*_: Any) -> None:
        return None

    monkeypatch.setattr(running, "_run", idle)
    key = await sent(desk, lines(SICK))
    for _ in range(2):
        stopped = await desk.post(f"/screenings/{key}/stop", who="gov")
        assert (stopped.status_code, stopped.json()["status"]) == (200, "stopped")
    assert (await desk.post("/screenings/nobody/stop", who="gov")).status_code == 404
    assert (await desk.get("/screenings/nobody/results", who="gov")).status_code == 404
    assert (await desk.post(f"/screenings/{key}/stop", who="finance")).status_code == 403


async def test_signals_become_reports_once_and_their_outcome_is_counted(desk: Desk) -> None:
    others = [{"id_number": SON, "category": "tekun", "medical_self_paid_year_fen": 100_001}]
    key = await sent(desk, lines(SICK, *others), run_fen=1_000, check_fen=500)
    await ended(desk, key)
    opened = (await desk.post(f"/screenings/{key}/reports", {"limit": 1}, who="gov")).json()
    assert (len(opened["opened"]), opened["more"]) == (1, True)
    case_id = opened["opened"][0]["case_id"]
    shown = (await desk.get(f"/cases/{case_id}", x_access_reason="x")).json()
    assert (shown["channel"], shown["source"], shown["told"]["source_ref"]) == (
        "data_signal",
        "screening",
        opened["opened"][0]["signal_id"],
    )
    assert shown["facts"]["signal_threshold"] == "medical_dibao"
    assert len((await desk.post(f"/screenings/{key}/reports", {}, who="gov")).json()["opened"]) == 1
    assert (await desk.post(f"/screenings/{key}/reports", {}, who="gov")).json()["opened"] == []
    desk.turn(days=3)
    assert (await desk.post(f"/cases/{case_id}/close", {"reason": "needs_met"})).status_code == 200
    by_code = {item["threshold"]: item for item in (await desk.get(f"/screenings/{key}/lineage", who="gov")).json()["items"]}
    assert by_code["medical_dibao"] == {
        "threshold": "medical_dibao", "signals": 1, "called": 0, "answered": 0, "reported": 1, "decided": 1, "admitted": 1, "precision": 1.0, "yield": 1.0, "delay_days": 3.0,
        "cost_fen": 1_000, "cost_per_signal_fen": 1_000, "cost_per_admitted_fen": 1_000,
    }  # fmt: skip
    assert (by_code["medical_tekun"]["reported"], by_code["medical_tekun"]["precision"]) == (1, None)


async def test_reports_of_signals_wait_their_turn_like_any_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []

    async def turn() -> None:
        turns.append(len(await desk.sql("select 1 from case_list")))

    key = await sent(desk, lines(SICK, {**SICK, "id_number": SON}))
    await ended(desk, key)
    monkeypatch.setattr(desk.room, "paced", turn)
    assert len((await desk.post(f"/screenings/{key}/reports", {}, who="gov")).json()["opened"]) == 2
    assert turns == [0, 1]


async def test_a_call_that_led_to_a_case_of_the_same_person_counts_too(desk: Desk, full_report: dict[str, Any]) -> None:
    key = await sent(desk, lines(SICK))
    await ended(desk, key)
    desk.turn(days=1)
    called = {**full_report, "channel": "ai_call", "source": "campaign", "received_at": desk.now.isoformat()}
    case = await desk.reported(called)
    await desk.post(f"/cases/{case['case_id']}/close", {"reason": "not_eligible"})
    (row,) = [i for i in (await desk.get(f"/screenings/{key}/lineage", who="gov")).json()["items"] if i["signals"]]
    assert (row["reported"], row["decided"], row["admitted"], row["precision"]) == (1, 1, 0, 0.0)


async def test_whoever_told_their_number_later_is_found_as_the_person_they_were(desk: Desk, full_report: dict[str, Any]) -> None:
    person = {key: value for key, value in full_report["person"].items() if key != "id_number"}
    known = (await desk.reported({**full_report, "person": person}))["person_id"]
    told = await desk.post(f"/persons/{known}/claims", {"id_number": MOTHER, "source": "visit"}, who="caseworker")
    assert told.status_code == 200, told.text
    await ended(desk, await sent(desk, lines({**SICK, "id_number": MOTHER}, {**SICK, "id_number": SON})))
    rows = await desk.sql("select person_id from signal_list order by row")
    assert rows[0]["person_id"] == known
    assert rows[1]["person_id"] != known


async def test_a_moved_threshold_is_told_and_nothing_is_stored(desk: Desk) -> None:
    rows = [{**SICK, "medical_self_paid_year_fen": value} for value in (100_000, 410_000, 490_000, 600_000, 900_000)]
    key = await sent(desk, lines(*rows))
    await ended(desk, key)
    before = await desk.sql("select count(*) as n from events")

    async def moved(limit: int) -> tuple[Any, ...]:
        body = {"moved": [{"threshold": "medical_dibao", "limit": limit}]}
        (item,) = (await desk.post(f"/screenings/{key}/rescore", body, who="gov")).json()["items"]
        return item["signals_at_least"], item["signals_at_most"], item["exact"]

    assert await moved(700_000) == (1, 1, True)
    assert await moved(500_000) == (2, 2, True)
    assert await moved(399_999) == (4, 4, True)
    assert await moved(412_000) == (3, 4, False)
    assert await desk.sql("select count(*) as n from events") == before
    unknown = await desk.post(f"/screenings/{key}/rescore", {"moved": [{"threshold": "moon", "limit": 1}]}, who="gov")
    assert unknown.json()["unknown"] == ["moon"]


async def test_results_are_paged_and_filtered(desk: Desk) -> None:
    rows = [{**SICK, "medical_self_paid_year_fen": 500_001 + n, "residence_code": "440106" if n % 2 else "440104"} for n in range(7)]
    key = await sent(desk, lines(*rows))
    await ended(desk, key)
    first = (await desk.get(f"/screenings/{key}/results?limit=4", who="gov")).json()
    second = (await desk.get(f"/screenings/{key}/results?limit=4&cursor={first['next']}", who="gov")).json()
    assert [i["margin"] for i in first["items"] + second["items"]] == [7, 6, 5, 4, 3, 2, 1]
    here = (await desk.get(f"/screenings/{key}/results?district=440104&margin_min=3", who="gov")).json()
    assert [i["margin"] for i in here["items"]] == [7, 5, 3]


async def test_the_same_request_sent_again_is_one_screening_and_leaves_no_second_file(desk: Desk) -> None:
    headers = {**desk.headers("gov"), "content-type": "text/csv", "idempotency-key": "k-1"}
    keys = [
        (await desk.client.post("/intake/v1/screenings", content=lines(SICK), headers=headers)).json()["screening_id"] for _ in range(2)
    ]
    assert keys[0] == keys[1]
    await ended(desk, keys[0])
    await until(lambda: spooled(desk) == [])
    assert len(await desk.sql("select 1 from signal_list")) == 1


def test_the_commands_make_a_city_and_screen_it(tmp_path: Path) -> None:
    def kapok(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "services.cli", *words], capture_output=True, text=True, check=False)

    city, out = tmp_path / "city.csv", tmp_path / "out"
    assert kapok("residents", "--count", "5000", "--out", str(city)).returncode == 0
    (tmp_path / "city.csv.gz").write_bytes(gzip.compress(city.read_bytes() + b"broken\n"))
    done = kapok("screen", str(tmp_path / "city.csv.gz"), "--as-of", "2026-11-01", "--out", str(out))
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "summary.json").read_text())
    assert (told["rows"], told["faulty"]) == (5001, 1)
    signals = (out / "signals.csv").read_text().splitlines()
    assert len(signals) - 1 == sum(told["signals"].values()) > 50
    assert (out / "faults.csv").read_text().splitlines()[1:] == ["5002,,number_of_fields"]
    assert {path.name for path in tmp_path.iterdir()} == {"city.csv", "city.csv.gz", "out"}
    for wrong in (("--as-of", "soon"), ("--as-of", "2001-01-01")):
        no = kapok("screen", str(city), *wrong, "--out", str(out))
        assert (no.returncode, no.stderr.count("\n")) == (2, 1)


def test_no_other_verb_and_no_service_waits_for_the_columns() -> None:
    told = "import sys, services.cli; sys.exit('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0
