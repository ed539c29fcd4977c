"""`python -m deploy.kafka [port]`."""

from __future__ import annotations

import sys

from deploy.kafka.serve import PORT, serve

sys.exit(serve(int(sys.argv[1]) if len(sys.argv) > 1 else PORT))
