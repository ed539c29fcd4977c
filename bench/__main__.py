"""`make bench`: everything in one run, on an embedded PostgreSQL with fsync on and a real Kafka broker."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import tempfile
from pathlib import Path

import asyncpg

from bench import appending, door, flow, importing, money, people, pure, rules, screening
from bench.measure import Row, machine, report
from shared.embedded import start

NODE = Path(__file__).parent / "node"
MESSAGE_DB = NODE / "node_modules/@eventide/message-db/database"
PARTS = ("flow", "importing", "appending", "door", "pure", "people", "screening", "rules", "money")


class Databases:
    """Databases of one server, made once each."""

    def __init__(self, admin: str) -> None:
        self._admin, self._made = admin, set[str]()

    def __call__(self, name: str) -> str:
        dsn = self._admin.format(name)
        if name not in self._made:
            asyncio.run(self._make(name))
            self._made.add(name)
            if name == "message_store":
                asyncio.run(self._message_db(dsn))
        return dsn

    async def _make(self, name: str) -> None:
        connection = await asyncpg.connect(self._admin.format("postgres"))
        await connection.execute(f"create database {name}")
        await connection.close()

    async def _message_db(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        for folder in ("schema", "roles", "tables", "types", "functions", "indexes"):
            for file in sorted((MESSAGE_DB / folder).rglob("*.sql")):
                for statement in [file.read_text("utf-8")]:
                    await connection.execute(statement.replace("CREATE EXTENSION", "-- CREATE EXTENSION"))
        await connection.close()


def node_packages() -> Path | None:
    """message-db and Emmett, where npm can fetch them."""
    if shutil.which("npm") is None:
        print("npm is not here: message-db and Emmett are not measured")
        return None
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=NODE, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode != 0:
        print("npm could not install message-db and Emmett: they are not measured")
        return None
    return NODE


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", choices=PARTS, action="append")
    chosen = options.parse_args()
    parts = chosen.only or PARTS
    home = Path(tempfile.mkdtemp(prefix="kapok-bench-"))
    home.chmod(0o755)
    running = start(home)
    rows: list[Row] = []
    try:
        databases = Databases(running.admin)
        about = machine(home)
        if "flow" in parts:  # before the others have filled the server and set its vacuum to work
            rows += flow.rows(databases, chosen.rounds)
        if "importing" in parts:
            rows += importing.rows(databases, chosen.rounds)
        if "pure" in parts:
            rows += pure.rows(chosen.rounds)
        if "appending" in parts:
            server = {"host": str(running.sockets), "user": "kapok"}
            rows += appending.rows(databases, server, node_packages(), chosen.rounds)
        if "door" in parts:
            rows += door.rows(databases, chosen.rounds)
        if "screening" in parts:
            rows += screening.rows()
        if "rules" in parts:
            rows += rules.rows(chosen.rounds)
        if "money" in parts:
            rows += money.rows(databases, chosen.rounds)
        if "people" in parts:
            rows += people.rows(databases, chosen.rounds)
        report(rows, about)
    finally:
        running.stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
