"""The sample as data: the city's organisations with their places and money, and the reports with what is to come of each."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from msgspec import Struct

_HERE = Path(__file__).parent
DATA_OF = date(2026, 11, 1)


class Line(Struct, frozen=True):
    """One report: how many days ago it came and when, who brings it (None: anybody), what is to come of it."""

    days_ago: int
    at: str
    client: str | None
    expect: str
    report: dict[str, Any]
    event_days_ago: int | None = None

    def said_on(self, today: date) -> dict[str, Any]:
        """The report as it is sent, its days counted back from today."""
        report = dict(self.report)
        ago = max(1, self.days_ago)  # what is told of later today would lie in the future in the morning
        day = today - timedelta(days=ago)
        report.setdefault("received_at", f"{day.isoformat()}T{self.at}:00+08:00")
        if self.event_days_ago is not None:
            event = today - timedelta(days=max(self.event_days_ago, ago))
            report["facts"] = {**report.get("facts", {}), "event_on": event.isoformat()}
        return report


class City(Struct, frozen=True):
    """Who gives relief, where, with what; the bodies are those of the doors."""

    organizations: list[dict[str, Any]]
    locations: list[dict[str, Any]]
    communities: list[dict[str, Any]]
    figures: dict[int, list[dict[str, Any]]]
    volunteers: list[dict[str, Any]]
    engagements: list[dict[str, Any]]
    allocations: list[dict[str, Any]]
    services: list[dict[str, Any]]
    funds: list[dict[str, Any]]
    donations: list[dict[str, Any]]
    campaigns: list[dict[str, Any]]
    transfers: list[dict[str, Any]]
    closed_funds: list[str]
    bank_statements: list[dict[str, Any]]
    grants: dict[str, str]
    second_approval_left_for: str
    answers: dict[str, Literal["yes", "waits"]]


def read_city() -> City:
    """The city from its file."""
    told = yaml.safe_load((_HERE / "city.yaml").read_text(encoding="utf-8"))
    answers = {one["id"]: one.pop("answers") for one in told["organizations"]}
    known = {one["id"] for one in told["organizations"]}
    for one in told["communities"]:
        for org in one.pop("present"):
            there = {"id": f"{org}-{one['code']}", "organization_id": org, "name": f"{one['zh']} {one['en']}", "place_code": one["code"]}
            assert org in known, f"{org} is no organisation of the sample"
            told["locations"].append(there)
    figures: dict[int, list[dict[str, Any]]] = {}
    for one in told.pop("figures"):
        figures.setdefault(one.pop("year"), []).append(one)
    return City(**told, figures=figures, answers=answers)


def read_residents() -> bytes:
    """Made-up residents and what public data say of them, as a file to be screened; the day of the data is `DATA_OF`."""
    return (_HERE / "residents.csv").read_bytes()


def read_lines() -> list[Line]:
    """The reports from their file, in the order they are to be sent: copies come after their first."""
    with (_HERE / "reports.jsonl").open(encoding="utf-8") as lines:
        return [Line(**json.loads(line)) for line in lines]
