"""Alerts and dashboard: every metric they ask for is one that is told, and every alert says what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from services.main import SERVICES
from shared import metrics

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana/dashboards/kapok.json").read_text())
_OF_SERVICES = {measure.name for service in SERVICES for measure in service.measures}
TOLD = set(re.findall(r"\"(kapok_[a-z_]+)\"", Path(metrics.__file__).read_text())) | _OF_SERVICES


def asked(expression: str) -> set[str]:
    return set(re.findall(r"kapok_[a-z_]+", expression))


def test_alerts_ask_for_metrics_that_are_told() -> None:
    assert {name for rule in ALERTS for name in asked(rule["expr"])} <= TOLD


def test_the_dashboard_asks_for_metrics_that_are_told_and_shows_all_of_them() -> None:
    shown = {name for panel in DASHBOARD["panels"] for target in panel["targets"] for name in asked(target["expr"])}
    assert shown <= TOLD
    assert TOLD - shown <= {"kapok_loops_down"}


def test_every_alert_waits_a_moment_has_a_severity_and_says_what_to_do() -> None:
    for rule in ALERTS:
        assert re.fullmatch(r"\d+m", rule["for"]), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "action"}
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def test_labels_that_are_used_are_labels_that_are_told() -> None:
    for rule in ALERTS:
        used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))) | {
            label.strip() for labels in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in labels.split(",")
        }
        assert used <= {"service", "topic", "group", "instance"}, rule["alert"]


def test_waiting_is_alerted_by_age() -> None:
    paged = {name for rule in ALERTS if rule["labels"]["severity"] == "page" for name in asked(rule["expr"])}
    assert {"kapok_outbox_oldest_age_seconds", "kapok_consumer_lag_seconds"} <= paged
    assert not paged & {"kapok_outbox_unpublished", "kapok_consumer_lag_messages"}


def test_panels_do_not_overlap_and_have_units() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        mine = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not mine & cells, panel["title"]
        assert max(x for x, _ in mine) < 24
        cells |= mine
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_every_service_is_scraped_where_it_answers() -> None:
    jobs = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    targets = jobs["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == ["intake:8080", "matching:8080", "disbursement:8080", "notifications:8080"]
    assert jobs["rule_files"] == ["/etc/prometheus/alerts.yml"]


def test_grafana_finds_its_source_and_its_dashboards() -> None:
    sources = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"] for source in sources}
    providers = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/kapok.yaml").read_text())["providers"]
    compose = (DEPLOY.parent / "docker-compose.yml").read_text()
    assert f"./deploy/grafana/dashboards:{providers[0]['options']['path']}:ro" in compose
