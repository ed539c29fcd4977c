"""The room on paper: its deciders, follow-ups and projections in memory, for stories of any length."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from services.disbursement.domain.chain import Chain, EntryPublished
from services.disbursement.domain.payout import Payout
from services.disbursement.domain.treasury import Treasury
from services.disbursement.manifest import DISBURSEMENT
from shared.decide import Known, Provenance, Rules, decide_unit
from shared.envelope import Envelope
from shared.kernel import Rejected
from shared.service import Add, Change, Drop, Put, RowChange, To

START = datetime(2026, 11, 23, 2, tzinfo=UTC)
Row = dict[str, Any]


class Paper:
    """What happened, what is true, and the rows that are read, after the commands that were asked."""

    def __init__(self) -> None:
        self.rules = Rules(DISBURSEMENT)
        self.happened: list[Envelope] = []
        self.rows: dict[str, dict[tuple[Any, ...], Row]] = {}
        self._states: dict[str, Known] = {}
        self._ids = count(1)

    def ask(self, *commands: To) -> Rejected | list[Envelope]:
        """Obey as one unit, all or nothing."""
        who = Provenance("test", START + timedelta(minutes=len(self.happened)), "story")
        try:
            decided = decide_unit(self.rules, commands, who, self._look, lambda: f"id-{next(self._ids):06}")
        except Rejected as no:
            return no
        self._states.update(decided.touched)
        self.happened += decided.events
        for envelope in decided.events:
            for projection in DISBURSEMENT.projections:
                if type(envelope.data) in projection.on:
                    self._write(projection.on[type(envelope.data)](envelope))
        return decided.events

    def _look(self, stream: str) -> Known:
        return self._states.get(stream) or (0, self.rules.decider_of(stream).absent)

    def _write(self, changes: Iterable[RowChange]) -> None:
        for change in changes:
            assert isinstance(change, Put | Change | Add | Drop), change
            keys = [c.name for c in change.table.primary_key.columns]
            table = self.rows.setdefault(change.table.name, {})
            if isinstance(change, Put):
                table[tuple(change.values[k] for k in keys)] = dict(change.values)
            elif isinstance(change, Drop):
                table.pop(tuple(change.key[k] for k in keys), None)
            elif isinstance(change, Change):
                table[tuple(change.key[k] for k in keys)].update(change.values)
            else:
                row = table.setdefault(tuple(change.key[k] for k in keys), {**change.key, **dict.fromkeys(change.amounts, 0)})
                for column, amount in change.amounts.items():
                    row[column] += amount

    def read(self, table: str) -> list[Row]:
        return list(self.rows.get(table, {}).values())

    def payout(self, payout_id: str) -> Payout:
        found: Payout = self._look(f"disbursement.payout-{payout_id}")[1]
        return found

    @property
    def treasury(self) -> Treasury:
        found: Treasury = self._look("disbursement.treasury-city")[1]
        return found

    @property
    def chain(self) -> Chain:
        found: Chain = self._look("disbursement.chain-public")[1]
        return found

    @property
    def entries(self) -> list[EntryPublished]:
        return [e.data for e in self.happened if isinstance(e.data, EntryPublished)]

    def of_payout(self, payout_id: str) -> list[Any]:
        return [e.data for e in self.happened if e.stream == f"disbursement.payout-{payout_id}"]
