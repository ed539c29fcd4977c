"""From what was said of the communities and the figures of the city to rows that are read."""

from __future__ import annotations

from collections.abc import Iterable

from services.matching.domain.community import CommunityListed, CommunityRemoved
from services.matching.domain.goals import FigureSet
from services.matching.tables import city_figures, community_list
from shared.envelope import Envelope
from shared.service import Drop, Projection, Put, RowChange


def _listed(e: Envelope) -> Iterable[RowChange]:
    c: CommunityListed = e.data
    row = {"code": c.code, "district": c.code[:6], "zh": c.zh, "en": c.en, "kind": c.kind, "changed_at": c.at}
    yield Put(community_list, row)


def _removed(e: Envelope) -> Iterable[RowChange]:
    yield Drop(community_list, {"code": e.data.code})


def _figure(e: Envelope) -> Iterable[RowChange]:
    f: FigureSet = e.data
    yield Put(city_figures, {"year": f.year, "figure": f.figure, "value": f.value, "source": f.source, "changed_at": f.at})


COMMUNITIES = Projection("communities", (community_list,), {CommunityListed: _listed, CommunityRemoved: _removed})
FIGURES = Projection("figures", (city_figures,), {FigureSet: _figure})
