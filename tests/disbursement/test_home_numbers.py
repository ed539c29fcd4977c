"""The table on the home page tells of no district what the public ledger withholds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.notifications.manifest import NOTIFICATIONS
from shared.web.frame import Frame

COLUMNS = ("reports", "cases", "referred", "accepted", "paid")
_ALL = dict.fromkeys(COLUMNS, 99) | {"paid_fen": 123_456_00, "goods": 7}


def _cells(*reports: int) -> list[list[str]]:
    districts = [
        {"district": f"44010{n + 3}", **dict.fromkeys(COLUMNS, 9), "reports": of, "paid_fen": 777_700, "goods": 3}
        for n, of in enumerate(reports)
    ]
    frame = Frame(NOTIFICATIONS.templates and Path(NOTIFICATIONS.templates), NOTIFICATIONS.words and Path(NOTIFICATIONS.words))
    html = frame.render("notifications/flow.html", "en", "token", {"flow": {"all": _ALL, "today": _ALL, "districts": districts}})
    rows = re.findall(r"<tr><th scope=.row.>.*?</tr>", html, re.DOTALL)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows[2:]]


@pytest.mark.parametrize(
    ("reports", "shown"),
    [
        ((9, 7, 12), ["9", "7", "12"]),
        ((9, 1, 12), ["–", "–", "12"]),
        ((3, 0, 2), ["–", "0", "–"]),
        ((1, 2, 30), ["–", "–", "–"]),
        ((4, 4, 5), ["–", "–", "5"]),
    ],
)
def test_no_number_below_five_is_shown_or_follows(reports: tuple[int, ...], shown: list[str]) -> None:
    assert [cells[0] for cells in _cells(*reports)] == shown


def test_money_and_goods_are_shown_of_the_whole_city_only() -> None:
    assert [cells[5:] for cells in _cells(9, 9, 9)] == [["–", "–"]] * 3
