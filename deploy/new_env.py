"""`python -m deploy.new_env > .env`: fresh passwords and keys for docker compose; nothing else in the project holds any."""

from __future__ import annotations

import base64
import secrets

PASSWORDS = ("POSTGRES", "GRAFANA", "KAPOK_INTAKE", "KAPOK_MATCHING", "KAPOK_DISBURSEMENT", "KAPOK_NOTIFICATIONS")
KEYS = ("KAPOK_KEK", "KAPOK_INDEX_KEY", "KAPOK_SIGNING_KEY")


def lines() -> list[str]:
    """One `NAME=value` for everything that docker-compose.yml asks for."""
    passwords = [f"{name}_PASSWORD={secrets.token_hex(24)}" for name in PASSWORDS]
    keys = [f"{name}={base64.b64encode(secrets.token_bytes(32)).decode()}" for name in KEYS]
    return [*passwords, *keys, f"KAPOK_TELEPHONY_SECRET=whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"]


if __name__ == "__main__":
    print("\n".join(lines()))
