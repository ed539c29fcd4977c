"""What became of the sample: every report accounted for, the money and goods it ended in, and the slowest step on the way."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import median
from typing import Any

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.sample.doors import Doors

COPY = "sent twice"
_LOOKED_AT = 60
_SURPRISES_SHOWN = 20
_STEPS = (
    ("intake.case_reported.v1", "matching.case_assessed.v1", "assess"),
    ("matching.case_assessed.v1", "matching.referral_offered.v1", "refer"),
    ("matching.referral_accepted.v1", "disbursement.payout_reserved.v1", "reserve"),
    ("disbursement.payout_approved.v1", "disbursement.payout_settled.v1", "instruct the bank and settle"),
)


class Sent(Struct, frozen=True):
    """One report that was sent: what was to come of it, its case, or why the door refused it."""

    expect: str
    case_id: str | None
    refused: str | None


class FoundInData(Struct, frozen=True):
    """What the screening of the sample came to: rows read, signals, cases that were opened for signals, people who are rung."""

    rows: int
    signals: int
    opened: int
    rung: int


class Summary(Struct, frozen=True):
    """Counts of the sample's own cases; fen; seconds. `fates` accounts for every report: how many
    ended how; `surprises` names those that ended otherwise than their line says."""

    reports: int
    cases: int
    assessed: int
    referred: int
    payouts: int
    paid_fen: int
    goods_units: int
    goods_fen: int
    fates: Mapping[str, int]
    slowest_step: str
    slowest_seconds: float
    seconds: float
    surprises: tuple[str, ...] = ()
    found: FoundInData | None = None


async def summarised(doors: Doors, sent: list[Sent], seconds: float, found: FoundInData | None = None) -> Summary:
    """Look at every door once and account for each report."""
    mine = {one.case_id for one in sent if one.case_id}
    payouts = await _by_case(doors, "finance", "/disbursement/v1/payouts", mine)
    referrals = await _by_case(doors, "caseworker", "/matching/v1/referrals", mine)
    unmet = await _by_case(doors, "caseworker", "/matching/v1/unmet-needs", mine)
    assessed = await _by_case(doors, "caseworker", "/matching/v1/cases", mine)
    cases = await _by_case(doors, "caseworker", "/intake/v1/cases", mine)
    ended: list[tuple[Sent, str]] = []
    firsts: set[str] = set()
    for one in sent:
        if one.case_id is None:
            ended.append((one, f"refused at the door: {one.refused}"))
        elif one.case_id in firsts:
            ended.append((one, f"{COPY}, recorded once"))
        else:
            firsts.add(one.case_id)
            key = one.case_id
            ended.append((one, fate(*[rows.get(key, []) for rows in (cases, assessed, payouts, referrals, unmet)])))
    fates = Counter(how for _, how in ended)
    surprises = [f"{one.expect}: {how} ({one.case_id})" for one, how in ended if not how.startswith(tuple(one.expect.split(" or ")))]
    settled = [row for rows in payouts.values() for row in rows if row["state"] in {"settled", "confirmed", "issued"}]
    step, took = await _slowest(doors, [row["case_id"] for row in settled if row["kind"] == "cash"][:_LOOKED_AT])
    goods = [row for row in settled if row["kind"] == "goods"]
    return Summary(
        len(sent), len(cases), len(assessed), len(referrals), len(settled),
        sum(row["amount_fen"] for row in settled if row["kind"] == "cash"),
        sum(item["quantity"] for row in goods for item in row["items"]),
        sum(row["amount_fen"] for row in goods),
        dict(fates.most_common()), step, took, seconds, tuple(surprises), found,
    )  # fmt: skip


def fate(
    cases: list[dict[str, Any]], assessed: list[dict[str, Any]], payouts: list[dict[str, Any]], referrals: list[dict[str, Any]],
    unmet: list[dict[str, Any]],
) -> str:  # fmt: skip
    """What became of one case, in the words of the summary; the best that happened comes first."""
    ended = [row for row in payouts if row["state"] in {"settled", "confirmed", "issued"}]
    if any(row["kind"] == "cash" for row in ended):
        return "paid"
    if ended:
        return "goods given"
    for row in payouts:
        if row["state"] == "reserved":
            return f"waiting for an approver ({len(row['approved_by'])} of {row['approvals_needed']} approvals)"
    if any(row["reason"] == "got_help" for row in referrals):
        return "served"
    for row in referrals:
        if row["state"] in {"offered", "accepted", "started", "served"} and row["grant"] is None:
            return f"waiting for {row['org_id']}"
    for row in payouts:
        return f"payout {row['state']}: {row['reason'] or 'no reason'}"
    for row in referrals:
        return f"referral {row['state']}: {row['reason'] or 'no reason'}"
    return _unreferred(cases, assessed, unmet)


def _unreferred(cases: list[dict[str, Any]], assessed: list[dict[str, Any]], unmet: list[dict[str, Any]]) -> str:
    if unmet:
        return f"waiting: {unmet[0]['reason']}"
    if not cases:
        return "lost"
    if not cases[0]["needs"]:
        return "nothing to relieve: an operator calls back"
    return "waiting for the person's consent" if assessed else "not assessed"


async def _by_case(doors: Doors, client: str, path: str, mine: set[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    async for row in doors.pages(client, path):
        if row["case_id"] in mine:
            found[row["case_id"]].append(row)
    return dict(found)


async def _slowest(doors: Doors, case_ids: list[str]) -> tuple[str, float]:
    """The step with the largest median over some paid cases, people's own time left out."""
    stories = await asyncio.gather(*[doors.read("caseworker", f"/notifications/v1/cases/{key}/timeline") for key in case_ids])
    took: dict[str, list[float]] = defaultdict(list)
    for story in stories:
        at: dict[str, datetime] = {}
        for node in _flat(story["items"]):
            at[node["type"]] = datetime.fromisoformat(node["at"])
        for first, second, name in _STEPS:
            if first in at and second in at:
                took[name].append((at[second] - at[first]).total_seconds())
    medians = {name: median(seconds) for name, seconds in took.items()}
    if not medians:
        return "none", 0.0
    slowest = max(medians, key=lambda name: medians[name])
    return slowest, medians[slowest]


def _flat(nodes: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _flat(node["then"])


def yuan(fen: int) -> str:
    """A sum for people."""
    return f"{fen / 100:,.2f} yuan"


def print_summary(summary: Summary, console: Console) -> None:
    """The summary as a person reads it at a terminal."""
    s = summary
    console.print(
        f"\n[bold]{s.reports}[/bold] reports → [bold]{s.cases}[/bold] cases → [bold]{s.assessed}[/bold] assessed → "
        f"[bold]{s.referred}[/bold] referred → [bold]{s.payouts}[/bold] payouts: [bold]{yuan(s.paid_fen)}[/bold] in cash, "
        f"{s.goods_units} goods worth {yuan(s.goods_fen)}"
    )
    table = Table("what became of the reports", "reports", box=None)
    for name, count in s.fates.items():
        table.add_row(escape(name), str(count))
    table.add_row("[bold]all[/bold]", str(sum(s.fates.values())))
    console.print(table)
    for surprise in s.surprises[:_SURPRISES_SHOWN]:
        console.print(escape(f"not as the sample says: {surprise}"), style="yellow")
    if len(s.surprises) > _SURPRISES_SHOWN:
        console.print(f"and {len(s.surprises) - _SURPRISES_SHOWN} more not as the sample says", style="yellow")
    if f := s.found:
        console.print(
            f"found in data: {f.rows} residents screened → {f.signals} signals → {f.opened} cases opened at once, {f.rung} people rung "
            "(/intake/screenings, /intake/campaigns)"
        )
    console.print(f"slowest step: {s.slowest_step}, {s.slowest_seconds:.2f} s in the middle; played in {s.seconds:.1f} s")
