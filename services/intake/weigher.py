"""The process that weighs the words of many reports, beside the one that records them; it has no database, no key and no network."""

from __future__ import annotations

import msgspec

from services.intake.weights import triage
from shared.beside import serve

_texts = msgspec.msgpack.Decoder(list[str])


def answered(question: bytes) -> bytes:
    """The triage of each of these texts."""
    return msgspec.msgpack.encode([triage(text) for text in _texts.decode(question)])


if __name__ == "__main__":
    triage("x")  # reads the model before anybody waits for it
    serve(answered)
