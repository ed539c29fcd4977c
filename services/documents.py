"""The parts of the documents that the code knows best: settings, doors, streams, topics; written between marks, held current by a test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from fastapi.routing import APIRoute

from services.main import SERVICES
from shared.service import Service
from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
_MARK = re.compile(r"(<!-- generated: (?P<what>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def documents() -> dict[Path, str]:
    """Every document with generated parts, as it should read now."""
    rooms = {ROOT / "services" / room.name / "README.md": _room_parts(room) for room in SERVICES}
    parts: dict[Path, dict[str, Callable[[], str]]] = {ROOT / "README.md": {"settings": settings, "flow": flow}, **rooms}
    return {path: _filled(path.read_text("utf-8"), known) for path, known in parts.items()}


def write() -> list[Path]:
    """Write what changed; answers which documents did."""
    changed = [path for path, text in documents().items() if path.read_text("utf-8") != text]
    for path in changed:
        path.write_text(documents()[path], "utf-8")
    return changed


def _filled(text: str, parts: dict[str, Callable[[], str]]) -> str:
    return _MARK.sub(lambda found: f"{found[1]}{parts[found['what']]()}{found[3]}", text)


def _room_parts(room: Service) -> dict[str, Callable[[], str]]:
    return {"asked": lambda: asked(room), "streams": lambda: streams(room), "tells": lambda: tells(room), "hears": lambda: hears(room)}


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)]) + "\n"


def settings() -> str:
    """Every setting with its default and what it says."""
    rows = [
        (f"`KAPOK_{name.upper()}`", f"`{field.default}`" if field.default != "" else "", field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return _table(("setting", "default", "says"), rows)


def flow() -> str:
    """Who hears whom, as a diagram."""
    lines = ["```mermaid", "flowchart LR"]
    for teller in SERVICES:
        for hearer in SERVICES:
            count = len({one.hears for one in hearer.reactions if one.hears.startswith(f"{teller.name}.")})
            if count and hearer.name != "notifications":
                lines.append(f'  {teller.name} -- "{count} types" --> {hearer.name}')
        lines.append(f'  {teller.name} -- "{len(teller.public_types)} types" --> notifications')
    return "\n".join([*lines, "```"]) + "\n"


def asked(room: Service) -> str:
    """Every call of the room's door and every page."""
    rows = []
    for router in (*room.routers, *room.pages):
        for route in router.routes:
            if isinstance(route, APIRoute):
                method = ", ".join(sorted(route.methods or ()))
                first = (route.endpoint.__doc__ or "").strip().split("\n")[0]
                rows.append((f"`{method} {route.path}`", first))
    return _table(("call", "does"), rows)


def streams(room: Service) -> str:
    """Every kind of stream: what it can be told and what it can remember."""
    rows = [
        (f"`{room.name}.{one.noun}-<id>`", _names(one.commands), _names(one.events))
        for one in sorted(room.deciders, key=lambda decider: decider.noun)
    ]
    return _table(("stream", "commands", "events"), rows)


def tells(room: Service) -> str:
    """Every public event with its fields."""
    rows = [
        (f"`{name}`", ", ".join(field.name for field in msgspec.structs.fields(data))) for name, data in sorted(room.public_types.items())
    ]
    return _table((f"on `{room.name}.events`", "data"), rows)


def hears(room: Service) -> str:
    """Every public event that is listened for, and what is made of it."""
    heard = [(f"`{one.hears}`", f"`{one.name}`") for one in room.reactions]
    heard += [(f"`{pattern}`", f"`{one.name}` (read tables)") for one in room.listeners for pattern in one.hears]
    return _table(("event", "then"), heard) if heard else "Nothing.\n"


def _names(types: Iterable[type]) -> str:
    return ", ".join(one.__name__ for one in types)
