"""A process beside for tests: says its question twice, dies at `die`, and sleeps at `hang`."""

from __future__ import annotations

import os
import time

from shared.beside import serve


def answered(question: bytes) -> bytes:
    if question == b"die":
        os._exit(3)
    if question == b"hang":
        time.sleep(60)
    return question * 2


if __name__ == "__main__":
    serve(answered)
