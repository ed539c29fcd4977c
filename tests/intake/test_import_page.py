"""The page that takes a file: without script, in both languages, with the refused rows in a table and in a file."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import re
from typing import Any

import pytest

from tests.intake.conftest import Desk
from tests.intake.test_pages import Browser

_TABLE = (
    "工单编号,渠道,受理时间,姓名,身份证号,诉求内容\n"
    "p1,热线,2026-11-20 09:12,陈大文,,没饭吃\n"
    "p2,鸽子,2026-11-20 09:12,李小明,440106195512240024,没饭吃\n"
)  # fmt: skip
_MUST = {"zh": "不是可以选用的值", "en": "Input should be 'hotline'"}


@pytest.fixture(params=["zh", "en"])
def gov(desk: Desk, request: pytest.FixtureRequest) -> Browser:
    return Browser(desk, "gov", request.param)


async def _sent(browser: Browser, content: bytes, name: str = "cases.csv", status: int = 200, **fields: Any) -> str:
    hidden = dict(re.findall(r'<input type="hidden" name="(form_token)" value="([^"]*)"', browser.text))
    files = {"file": (name, content, "text/csv")} if content else {}
    answer = await browser.client.post("/intake/import", data={**hidden, **fields}, files=files or {"file": ("", b"")})
    assert answer.status_code == status, answer.text[:1000]
    assert answer.text.rstrip().endswith("</html>")
    return answer.text


def _offered(text: str) -> list[list[str]]:
    found = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]*)"', text)
    assert found
    return list(csv.reader(io.StringIO(base64.b64decode(found[1]).decode())))


async def test_a_file_is_taken_and_its_refused_rows_are_listed_and_offered(desk: Desk, gov: Browser) -> None:
    await gov.open("/intake/import")
    language = "zh" if "批量导入" in gov.text else "en"
    text = await _sent(gov, _TABLE.encode("gb18030"))
    assert "<code>/channel</code>" in text
    assert _MUST[language] in text.replace("&#39;", "'")
    lines = _offered(text)
    assert lines[0] == ["line", "field", "rule"]
    assert [line[:2] for line in lines[1:]] == [["3", "/channel"]]
    assert not [secret for secret in ("李小明", "440106195512240024", "鸽子") if secret in text]
    assert "<progress" in text
    assert [row["n"] for row in await desk.sql("select count(*) as n from events where type = 'CaseReported'")] == [1]
    again = await _sent(gov, _TABLE.encode("gb18030"))
    assert ("早已登记 1" if language == "zh" else "1 recorded before") in again
    assert [row["n"] for row in await desk.sql("select count(*) as n from events where type = 'CaseReported'")] == [1]


async def test_a_check_records_nothing(desk: Desk, gov: Browser) -> None:
    await gov.open("/intake/import")
    text = await _sent(gov, _TABLE.encode(), act="check")
    assert "<code>/channel</code>" in text
    assert [row["n"] for row in await desk.sql("select count(*) as n from events")] == [0]


async def test_what_is_no_table_of_ours_is_said_and_no_file_too(gov: Browser) -> None:
    await gov.open("/intake/import")
    text = await _sent(gov, "陈大文,13800138000\n".encode())
    assert any(said in text for said in ("names no field of a report", "首行没有一个认识的列名"))
    assert "陈大文" not in text
    await _sent(gov, b"", status=422)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04", "zip 文件已损坏"), (b"\x1f\x8b\x08", "gzip 文件"), (gzip.compress(b"a" * 30_000_000), "首行（列名）：这一行太长"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe\xff", "首行（列名）：编码无法识别"), (b"a,b\n1,2\n", "首行没有一个认识的列名"),
        ("渠道,小名,别名\n热线,a,b\n".encode(), "有些列名不认识：第 2、3 列"), ("渠道,渠道\n热线,热线\n".encode(), "有两列是同一个字段：第 1、2 列"),
        ("渠道,受理时间\n".encode("utf-16"), "文件里没有一行数据"),
    ],
)  # fmt: skip
async def test_why_a_whole_file_cannot_be_read_is_said_in_the_language_of_the_page(desk: Desk, content: bytes, said: str) -> None:
    browser = Browser(desk, "gov", "zh")
    await browser.open("/intake/import")
    text = await _sent(browser, content)
    assert said in text
    main = text[text.index('<h2 id="done"') :]
    assert 'lang="en"' not in main


async def test_only_who_may_report_may_import_and_a_strange_form_is_refused(desk: Desk) -> None:
    finance = Browser(desk, "finance")
    await finance.open("/intake/import", status=403)
    gov = Browser(desk, "gov")
    answer = await gov.client.post("/intake/import", files={"file": ("a.csv", _TABLE.encode(), "text/csv")})
    assert answer.status_code == 403
    assert [row["n"] for row in await desk.sql("select count(*) as n from events")] == [0]


async def test_a_large_file_is_taken_here_and_nowhere_else(desk: Desk) -> None:
    gov = Browser(desk, "gov")
    await gov.open("/intake/import")
    rows = "".join(f"x{at},热线,2026-11-20 09:12,,,{'很' * 20_001}\n" for at in range(40))  # 2.4 MB, each row refused
    text = await _sent(gov, _TABLE.encode() + rows.encode())
    assert len(_offered(text)) == 42
    elsewhere = await gov.client.post("/intake/desk", files={"file": ("a.csv", rows.encode(), "text/csv")})
    assert elsewhere.status_code == 413
