"""The people of the loop: who helps, who is helped, and how a step of the story asks, answers, waits and looks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx

from deploy.sample.doors import Doors
from services.tending import rebuild
from shared.testing.waiting import until
from shared.web.session import SESSION

WAIT_SECONDS = 30.0
FUND, DONATED_FEN, GRANT_FEN = "timely-rain", 5_000_000, 300_000
OLD_MONTHS, NEW_MONTHS = 24, 18  # of work before charity medical aid

HOME, ELSEWHERE = "440106", "440104"
ORGANIZATIONS = {"gzcs": "charity", "jsy": "charity", "tianhe-sws": "social_work_station", "yuexiu-sws": "social_work_station"}
# What serves another district is offered nothing by itself here, and can be asked by hand.
SERVICES: dict[str, dict[str, Any]] = {
    "rain": {"organization_id": "jsy", "programmes": ["LOTTERY-RAIN"], "places": 2},
    "aid": {"organization_id": "gzcs", "programmes": ["CHARITY-MED"], "places": 2},
    "care-near": {"organization_id": "tianhe-sws", "needs": ["elderly_care"], "districts": [HOME], "places": 2},
    "care-second": {"organization_id": "gzcs", "needs": ["elderly_care"], "places": 2},
    "care-third": {"organization_id": "yuexiu-sws", "needs": ["elderly_care"], "places": 2},
    "rehab": {"organization_id": "tianhe-sws", "needs": ["disability"], "places": 1},
    "work": {"organization_id": "yuexiu-sws", "needs": ["employment"], "districts": [ELSEWHERE], "places": 1},
    "roof-1": {"organization_id": "gzcs", "needs": ["housing"], "districts": [ELSEWHERE], "places": 1},
    "roof-2": {"organization_id": "yuexiu-sws", "needs": ["housing"], "districts": [ELSEWHERE], "places": 1},
    "roof-3": {"organization_id": "tianhe-sws", "needs": ["housing"], "districts": [ELSEWHERE], "places": 1},
}
_CONSENT = {
    "purposes": ["referral", "payment", "contact"], "recipients": ["charity", "social_work_station"], "how": "read_aloud",
}  # fmt: skip
# A worker from elsewhere who had an accident, and their mother; somebody some months short of an aid; somebody who changes their mind.
PEOPLE: dict[str, dict[str, Any]] = {
    "worker": {
        "person": {"name": "李远行", "phone": "13900010001", "account": {"bank": "ICBC", "number": "6222020000010011"}, "hukou_code": "445281", "residence_code": "440106011"},
        "needs": ["medical", "housing", "employment"],
        "facts": {
            "accident": True, "cannot_pay": True, "medical_self_paid_year_fen": GRANT_FEN, "works_here_months": 5, "pension_months": 5,
            "lived_here_months": 5, "residence_permit": False, "student": "none",
        },
    },
    "mother": {
        "person": {"name": "赵秀英", "phone": "13900010002", "hukou_code": "445281", "residence_code": "440106011"},
        "needs": ["elderly_care"],
    },
    "short": {
        "person": {"name": "王小满", "phone": "13900010003", "hukou_code": "445281", "residence_code": "440106011"},
        "needs": ["medical"],
        "facts": {"medical_self_paid_year_fen": 800_000, "works_here_months": 20, "pension_months": 20, "student": "none"},
    },
    "unsure": {
        "person": {"name": "孙未定", "phone": "13900010004", "hukou_code": "445281", "residence_code": "440106011"},
        "needs": ["disability", "education"],
    },
}  # fmt: skip
_WITHOUT_CONSENT = ("short",)


@dataclass
class Loop:
    """The city as its users reach it, with what the steps have learnt so far: cases and persons by their part in the story."""

    doors: Doors
    http: httpx.AsyncClient
    matching: str
    dsn: str
    cases: dict[str, str] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)

    async def furnished(self) -> None:
        """Who helps, with what places, and a fund with money in it."""
        for org, kind in ORGANIZATIONS.items():
            await self.doors.told("admin", "/matching/v1/organizations", {"id": org, "kind": kind, "name": org})
        for key, service in SERVICES.items():
            await self.doors.told("admin", "/matching/v1/services", {"id": key, "name": key, **service})
        await self.doors.told("finance", "/disbursement/v1/funds", {"id": FUND, "name": FUND})
        gift = {"donation_ref": "LOOP-1", "kind": "cash", "fund_id": FUND, "amount_fen": DONATED_FEN}
        await self.doors.told("finance", "/disbursement/v1/donations", gift)

    async def reported(self, who: str, told: dict[str, Any] | None = None) -> dict[str, Any]:
        """The hotline writes down who calls, one of `PEOPLE` or as told; answers what it is told."""
        now = datetime.now(UTC).isoformat()
        consent = {"share": False} if who in _WITHOUT_CONSENT else {"share": True, **_CONSENT}
        said = told or PEOPLE[who]
        report = {"channel": "hotline", "source": "12345", "source_ref": who, "received_at": now, **said, "consent": consent}
        answer = await self.doors.told("operator", "/intake/v1/reports", report)
        self.cases[who], self.persons[who] = answer["case_id"], answer["person_id"]
        return answer

    async def agrees(self, who: str) -> None:
        await self.doors.told("caseworker", f"/intake/v1/cases/{self.cases[who]}/consents", _CONSENT)

    async def case(self, who: str) -> dict[str, Any]:
        """The case as intake knows it."""
        return await self.doors.read("caseworker", f"/intake/v1/cases/{self.cases[who]}")

    async def tasks(self, who: str, kind: str) -> list[tuple[str, ...]]:
        """The reasons of the open tasks of a kind."""
        rows = (await self.doors.read("caseworker", f"/intake/v1/cases/{self.cases[who]}/tasks"))["items"]
        return [tuple(row["why"]) for row in rows if row["kind"] == kind and row["done_at"] is None]

    async def assessed(self, who: str, **asked: str) -> dict[str, Any]:
        """What matching has answered to the case; raises `DoorClosed` before it has."""
        return await self.doors.read("caseworker", f"/matching/v1/cases/{self.cases[who]}/assessment", **asked)

    async def answered(self, who: str, programme: str, **asked: str) -> dict[str, Any]:
        """One programme's answer: its verdict, and by how much each number was missed."""
        (one,) = [v for v in (await self.assessed(who, **asked))["verdicts"] if v["programme"] == programme]
        return {
            "verdict": one["verdict"],
            "short_by": {b["rule"]: -b["margin"] for b in one["because"] if type(b["margin"]) is int and b["margin"] < 0},
        }

    async def referrals(self, who: str, need: str, client: str = "caseworker") -> list[dict[str, Any]]:
        """Every referral for a need, the first one first."""
        rows = (await self.doors.read(client, "/matching/v1/referrals", case_id=self.cases[who], need=need))["items"]
        return sorted(rows, key=lambda row: (str(row["offered_at"]), row["attempt"]))

    async def offer(self, who: str, need: str, service: str) -> str:
        """Wait until this service has an open offer; answers its id."""
        found: list[str] = []

        async def open_there() -> bool:
            rows = await self.referrals(who, need)
            found[:] = [row["referral_id"] for row in rows if (row["service_id"], row["state"]) == (service, "offered")]
            return bool(found)

        await until(open_there, seconds=WAIT_SECONDS)
        return found[0]

    async def row(self, key: str) -> dict[str, Any]:
        return await self.doors.read("caseworker", f"/matching/v1/referrals/{key}")

    async def state(self, key: str) -> tuple[str, str | None]:
        """Where a referral stands, and why."""
        row = await self.row(key)
        return row["state"], row["reason"]

    async def by_hand(self, who: str, **body: Any) -> dict[str, Any]:
        return await self.doors.told("caseworker", f"/matching/v1/cases/{self.cases[who]}/referrals", body)

    async def step(self, org: str, key: str, step: str, body: Any = None) -> dict[str, Any]:
        """A step that the provider may take."""
        return await self.doors.told(f"charity-{org}", f"/matching/v1/referrals/{key}/{step}", body)

    async def refused(self, client: str, path: str, body: Any = None) -> tuple[int, str, dict[str, Any]]:
        """A request that must be refused: its number, the rule's name, the facts that led to it."""
        answer = await self.doors.ask(client, "POST", path, body)
        assert answer.status_code >= 400, answer.text
        problem = answer.json()
        return answer.status_code, problem["type"].rpartition(":")[2], problem.get("facts", {})

    async def places(self, *services: str) -> dict[str, tuple[int, int]]:
        """Places held and used of these services."""
        rows = (await self.doors.read("gov", "/matching/v1/services", limit=100))["items"]
        return {row["id"]: (row["held"], row["used"]) for row in rows if row["id"] in services}

    async def moment_comes(self, deadline: str) -> None:
        """Nobody waits three working days here: the moment of this deadline is moved into the past."""
        connection = await asyncpg.connect(self.dsn)
        try:
            due = datetime.now(UTC) - timedelta(seconds=1)
            done = await connection.execute("update deadlines set due_at = $2 where id = $1", deadline, due)
            assert done == "UPDATE 1", done
        finally:
            await connection.close()

    async def household_page(self, household_id: str) -> str:
        """The page as a caseworker reads it in English."""
        cookies = {SESSION: await self.doors.token("caseworker")}
        path = f"/matching/households/{household_id}"
        async with httpx.AsyncClient(trust_env=False, timeout=30, cookies=cookies, headers={"accept-language": "en"}) as browser:
            answer = await browser.get(self.matching + path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def feed(self, client: str) -> list[dict[str, Any]]:
        """Everything that this client has been told, from the first event on."""
        found: list[dict[str, Any]] = []
        while True:
            page = await self.doors.read(client, "/notifications/v1/feed", after=found[-1]["position"] if found else 0, limit=1000)
            if not page["items"]:
                return found
            found += page["items"]

    async def nothing_parked(self) -> None:
        for address in self.doors.all():
            assert (await self.doors.read("ops", f"{address}/ops/v1/parked"))["items"] == [], address

    async def rebuilt_equal_live(self) -> None:
        """Every read table is what the events say."""
        for address in self.doors.all():
            for one in (await self.doors.read("ops", f"{address}/ops/v1/projections"))["items"]:
                done = await rebuild(self.http, address, await self.doors.token("ops"), one["name"])
                assert not any(done["differing_rows"].values()), done


async def side_by_side(*requests: Any) -> list[Any]:
    """At the same moment, as far as one process can."""
    return list(await asyncio.gather(*requests))
