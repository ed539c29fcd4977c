"""In what order providers are asked, and why one comes first: place, language, what came of earlier offers, free places, whose turn it is."""

from __future__ import annotations

from msgspec import Struct

from services.matching.domain.asking import Ask

Record = tuple[int, int]  # offers lately, and those that ended in help
NEW: Record = (0, 0)
_FEW = 3  # offers below which nothing is said of what comes of them: whoever is new gets their chance
_KEPT = 64  # offers after which older ones count half
_HIGH, _LOW = 2 / 3, 1 / 3
_CHINESE = frozenset(("zh", "cmn", "yue", "hak", "nan"))


class Offer(Struct, frozen=True, gc=False):
    """What is known of a service when somebody is to be asked; `places` None: as many as come; `place_code` is where it works from."""

    service_id: str
    local: bool
    languages: tuple[str, ...]
    places: int | None
    taken: int
    record: Record
    place_code: str = ""


def after_offer(record: Record) -> Record:
    """One offer more."""
    offered, helped = record
    return (offered // 2 + 1, helped // 2) if offered >= _KEPT else (offered + 1, helped)


def after_help(record: Record) -> Record:
    """One of them ended in help."""
    return record[0], min(record[0], record[1] + 1)


def _near(offer: Offer, ask: Ask) -> str:
    """`street`, `district` or `city`: how near to the person's home, as far as both places are known."""
    if ask.street and offer.place_code.startswith(ask.street):
        return "street"
    return "district" if offer.local or offer.place_code.startswith(ask.district) else "city"


def _language(offer: Offer, spoken: str) -> str:
    """`yes`, `unknown` or `no`; a service of this city that names no language speaks Chinese."""
    if not offer.languages:
        return "yes" if spoken in ("", "zh") else "unknown"
    primary = {one.partition("-")[0].lower() for one in offer.languages}
    if spoken in ("", "zh"):
        return "yes" if not spoken or primary & _CHINESE else "no"
    return "yes" if spoken in primary else "no"


def _came_of_it(record: Record) -> str:
    """`new`, `high`, `middle` or `low`: the share of offers that ended in help, drawn towards a half while they are few."""
    offered, helped = record
    if offered < _FEW:
        return "new"
    share = (helped + 1) / (offered + 2)
    return "high" if share >= _HIGH else "low" if share < _LOW else "middle"


_LANGUAGES = {"yes": 0, "unknown": 1, "no": 2}
_RECORDS = {"new": 0, "high": 0, "middle": 1, "low": 2}


def _load(offer: Offer) -> int:
    """Taken places in per cent; 0 where as many as come are served."""
    return 100 * offer.taken // offer.places if offer.places else 0


def order(offer: Offer, ask: Ask) -> tuple[bool, int, int, int, bool, int, str]:
    """What is compared, step by step; the smaller is asked first. Loads are alike within a quarter, so that turns are taken; the
    person's own street comes before a turn, and after everything that says whether help will come of it."""
    near, came = _near(offer, ask), _came_of_it(offer.record)
    return (
        near == "city", _LANGUAGES[_language(offer, ask.language)], _RECORDS[came], _load(offer) // 25, near != "street", offer.record[0],
        offer.service_id,
    )  # fmt: skip


def why(offer: Offer, ask: Ask, among: int) -> tuple[str, ...]:
    """The steps in words of one key and one value, for whoever asks why it was them; `among` is how many could have been asked."""
    return (
        f"area:{_near(offer, ask)}",
        f"language:{_language(offer, ask.language)}",
        f"record:{_came_of_it(offer.record)}",
        f"load:{_load(offer)}",
        f"turn:{offer.record[0]}",
        f"among:{among}",
    )
