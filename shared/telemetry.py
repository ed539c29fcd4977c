"""What is logged and how: JSON lines of coded values; no exception's message, no local variable, nothing that looks like a person."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

_NUMBERS = re.compile(  # of identities and accounts; of telephones, with or without separators (which ids have elsewhere)
    r"\d{15,}[Xx]?|(?<!\d)(?:00)?(?:86)?1[3-9]\d{9}(?!\d)|(?<![0-9A-Za-z])(?:00)?(?:86)?1[3-9]\d[ -]\d{4}[ -]\d{4}(?![0-9A-Za-z])"
)
_MASK = "[masked]"
_CODED = re.compile(r"[\x20-\x7e]{0,300}")


def masked(text: str) -> str:
    """The text without identity, telephone and account numbers; whole texts in other scripts than ASCII are dropped."""
    if not _CODED.fullmatch(text):
        return _MASK
    return _NUMBERS.sub(_MASK, text)


def place_of(fault: BaseException) -> str:
    """Class and place of a fault: `RuntimeError at decide_loaf (bakery.py:218)`; never its message."""
    frames = traceback.extract_tb(fault.__traceback__)
    if not frames:
        return type(fault).__name__
    last = frames[-1]
    return f"{type(fault).__name__} at {last.name} ({last.filename.rsplit('/', 1)[-1]}:{last.lineno})"


def redacted(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: exceptions become their place, strings are masked, anything that is no plain value goes."""
    fault = event.pop("exc_info", None)
    if fault is True:
        fault = sys.exc_info()[1]
    if isinstance(fault, tuple):
        fault = fault[1]
    if isinstance(fault, BaseException):
        event["fault"] = place_of(fault)
    for key, value in list(event.items()):
        if isinstance(value, str):
            event[key] = masked(value)
        elif isinstance(value, int) and _NUMBERS.fullmatch(str(value)):
            event[key] = _MASK
        elif not isinstance(value, bool | int | float | type(None)):
            event[key] = f"[{type(value).__name__}]"
    return event


class _Library(logging.Formatter):
    """Lines of libraries in the same shape; their exceptions are reduced to class and place too."""

    def format(self, record: logging.LogRecord) -> str:
        event: MutableMapping[str, Any] = {"event": record.getMessage(), "logger": record.name, "level": record.levelname.lower()}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        return str(structlog.processors.JSONRenderer(ensure_ascii=True)(None, "", redacted(None, "", event)))


def configure(level: str) -> None:
    """Set logging up for this process; called once by the composition root."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redacted,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Library())
    root = logging.getLogger()
    root.handlers[:] = [h for h in root.handlers if not isinstance(h.formatter, _Library)] + [handler]
    root.setLevel(max(number, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "aiokafka"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.NOTSET)  # whatever a server set for itself before: the least level is said once, above
