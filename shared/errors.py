"""Everything that can go wrong, by what the caller does next.

Rejected (kernel)             the answer is no            -> 409, acknowledged, recorded, never retried
KapokError
  |- Conflict                 somebody was first          -> retried inside execute, bounded, then 503
  |- Malformed                the words make no sense     -> 422 at the door, parked on the bus
  |- NotNow                   the outside did not answer  -> 503 with Retry-After at the door, retried with delay elsewhere
  |    `- Overloaded          too many wait already       -> 503 with Retry-After
  `- UnknownEventType         we are older than the speaker -> skipped and counted
AssertionError                we are wrong                -> the unit of work dies, alert
"""

from __future__ import annotations


class KapokError(Exception):
    """Root of what is not a refusal; `args[0]` never holds a personal datum."""


class Conflict(KapokError):
    """Another process appended to this stream first."""


class Malformed(KapokError):
    """The words make no sense: undecodable bytes, unknown version of a known type, a value outside its domain."""


class NotNow(KapokError):
    """Something outside did not answer in time; `retry_after_seconds` says when to ask again."""

    def __init__(self, what: str, retry_after_seconds: float = 1.0) -> None:
        super().__init__(what)
        self.retry_after_seconds = retry_after_seconds


class Overloaded(NotNow):
    """The queue of waiting commands is full."""


class UnknownEventType(KapokError):
    """A type this version has never heard of: skipped and counted."""
