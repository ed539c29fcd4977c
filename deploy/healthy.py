"""`python -m deploy.healthy URL`: ends with 0 when the address answers 200, else with 1; what container health checks run."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request


def healthy(url: str, within_seconds: float = 4.0) -> bool:
    """No proxy is asked: the address is this container's own."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=within_seconds) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if len(sys.argv) == 2 and healthy(sys.argv[1]) else 1)
