"""Refused rows as they are written down: line, field and rule, never what stood in the field."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

HEAD = b"line,field,rule\r\n"


def reject_lines(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answer of a refused row, one line for each field that is wrong; `field` is a JSON pointer, empty for the whole row."""
    why = answer["problem"]
    errors = why.get("errors") or [{"pointer": "", "detail": why.get("detail") or why["title"]}]
    return [{"line": answer["line"], "field": one["pointer"], "rule": one["detail"]} for one in errors]


def csv_line(line: Mapping[str, Any]) -> bytes:
    """One line in CSV. Fields begin with `/` and rules are our own words: no spreadsheet takes them for a formula."""
    out = io.StringIO()
    csv.writer(out).writerow(line.values())
    return out.getvalue().encode()
