"""A whole city in one process for people who visit it in a browser, and what every visitor looks for on every page."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import asyncpg
import httpx
from playwright.async_api import Browser

from deploy.sample.doors import Doors
from services.run import bank_simulator
from shared.clock import new_id
from shared.embedded import dies_with_us
from shared.serving import bound
from shared.settings import SERVICES
from shared.testing.browser import WIDTHS, Eyes, looking
from shared.testing.waiting import ready, until
from shared.web.session import SESSION

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
_KEY = base64.b64encode(b"v" * 32).decode()
_WAIT_SECONDS = 20.0

FUND, DONATED_FEN, GRANT_FEN = "visitors-fund", 20_000_000, 240_000
PERSON = {"name": "欧阳木兰", "phone": "13911122233", "id_number": "440106195203071246", "address": "体育东横街七号之二"}
STORY = "阿婆一个人住，摔倒两次没人照顾，住院自己付了三千多块"
_ORGANIZATIONS = {"gzcs": "羊城慈善会", "tianhe-sws": "天河社工站"}
_MASKED = "欧***"
_SERVICES = {"gzcs": ("elderly_care", "housing"), "tianhe-sws": ("disability", "employment", "mental_health")}
_FUND_NAME = "及时雨资金"
_HURT = {"accident": True, "cannot_pay": True, "medical_self_paid_year_fen": 300_000}
_STATION = {"id": "yuexiu-sws", "kind": "social_work_station", "name": "越秀社工站"}


@dataclass(frozen=True)
class City:
    """Where it serves, and its doors for what no page does."""

    at: str
    doors: Doors


@asynccontextmanager
async def open_city(server: str, folder: Path, more: Mapping[str, str] | None = None) -> AsyncIterator[City]:
    """Four services in one process on databases of their own, with a bank beside them, furnished and ready; `more` are settings."""
    made = {name: f"v_{name}_{new_id().replace('-', '')[-12:]}" for name in (*SERVICES, "bus")}
    admin = await asyncpg.connect(server.format("postgres"))
    for name in made.values():
        await admin.execute(f"create database {name} strategy wal_log")
    try:
        told = {f"KAPOK_{name.upper()}_DSN": server.format(database) for name, database in made.items()}
        with bank_simulator() as bank, _process({**told, "KAPOK_BANK_URL": bank, **(more or {})}, folder) as address:
            async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
                doors = Doors(http, address)
                await _furnished(doors)
                yield City(address, doors)
    finally:
        for name in made.values():
            await admin.execute(f"drop database {name} with (force)")
        await admin.close()


@contextmanager
def _process(told: Mapping[str, str], folder: Path) -> Iterator[str]:
    """The services' process from ready to stopped; its journal is `city.log` in the folder."""
    sock = bound("127.0.0.1", 0)
    address = f"http://127.0.0.1:{sock.getsockname()[1]}"
    sock.close()
    keys = {f"KAPOK_{name}": _KEY for name in ("KEK", "INDEX_KEY", "SIGNING_KEY")}
    own = {"KAPOK_PORT": address.rpartition(":")[2], "KAPOK_DEMO": "true", "KAPOK_LOG_LEVEL": "warning", "KAPOK_PUBLIC_RATE_BURST": "1000"}
    with (folder / "city.log").open("wb") as journal:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "serve", *SERVICES],
            stdin=subprocess.DEVNULL,
            stdout=journal,
            stderr=journal,
            preexec_fn=dies_with_us(),  # noqa: PLW1509 - the fork arms the kernel's signal and nothing else
            env={**os.environ, **keys, **own, **told},
        )
    try:
        ready(process, *(f"{address}/{name}/readyz" for name in SERVICES))
        yield address
    finally:
        process.terminate()
        process.wait(30)


async def _furnished(doors: Doors) -> None:
    """Two charities that help, a social-work station that gives a programme's money, one fund with money in it."""
    for code, name in _ORGANIZATIONS.items():
        await doors.told("admin", "/matching/v1/organizations", {"id": code, "kind": "charity", "name": name})
        service = {"id": f"{code}-care", "organization_id": code, "name": name, "needs": _SERVICES[code], "places": 5}
        await doors.told("admin", "/matching/v1/services", service)
    await doors.told("admin", "/matching/v1/organizations", _STATION)
    rain = {"id": "yuexiu-rain", "organization_id": _STATION["id"], "name": _STATION["name"], "programmes": ["LOTTERY-RAIN"], "places": 5}
    await doors.told("admin", "/matching/v1/services", rain)
    await doors.told("finance", "/disbursement/v1/funds", {"id": FUND, "name": _FUND_NAME})
    gift = {"donation_ref": "VISIT-1", "kind": "cash", "fund_id": FUND, "amount_fen": DONATED_FEN}
    await doors.told("finance", "/disbursement/v1/donations", gift)


async def lived_in(city: City) -> tuple[str, str]:
    """A case with one referral accepted and paid, one declined and one unanswered, and a payout that waits; case and payout."""
    doors, asked = city.doors, "charity-tianhe-sws"
    report = {
        "channel": "hotline", "source": "12345", "source_ref": new_id(), "received_at": datetime.now(UTC).isoformat(), "narrative": STORY,
        "person": {**PERSON, "residence_code": "440106011"}, "needs": list(_SERVICES["tianhe-sws"]), "facts": _HURT, "contact": {"by": "sms", "language": "zh"},
        "consent": {"share": True, "how": "read_aloud", "purposes": ["referral", "payment", "contact"], "recipients": ["charity"]},
    }  # fmt: skip
    case = str((await doors.told("operator", "/intake/v1/reports", report))["case_id"])
    offers = {row["need"]: row["referral_id"] for row in await _rows(doors, asked, "/matching/v1/referrals", 3, case_id=case)}
    grant = {"kind": "cash", "programme": "LOTTERY-RAIN", "fund_id": FUND, "amount_fen": GRANT_FEN}
    await doors.told(asked, f"/matching/v1/referrals/{offers['disability']}/accept", {"grant": grant})
    await doors.told(asked, f"/matching/v1/referrals/{offers['employment']}/decline", {"reason": "no_capacity"})
    payout = str((await _rows(doors, "finance", "/disbursement/v1/payouts", 1, case_id=case, state="reserved"))[0]["payout_id"])
    return case, payout


async def settle(city: City, case: str, payout: str) -> None:
    """Two different people approve, the bank pays, the person says that it arrived."""
    for approver in ("approver", "approver-2", "approver-3"):
        await city.doors.told(approver, "/disbursement/v1/payouts:approve", {"ids": [payout]})
    await _rows(city.doors, "finance", "/disbursement/v1/payouts", 1, case_id=case, state="settled")
    await city.doors.told("caseworker", f"/disbursement/v1/payouts/{payout}/confirm-receipt", {"answer": "received"})


async def _rows(doors: Doors, client: str, path: str, count: int, **params: str) -> list[dict[str, Any]]:
    """The list as soon as it is so long."""

    async def rows() -> list[dict[str, Any]]:
        return list((await doors.read(client, path, **params))["items"])

    async def long_enough() -> bool:
        return len(await rows()) >= count

    await until(long_enough, seconds=_WAIT_SECONDS)
    return await rows()


# What may stand in Latin letters on a Chinese page: names of things, short names that people gave.
_NAMES = {
    "kapok",
    "kpk",
    "kpk-202611-0a1b2c3d",
    "python",
    "ctrl",
    "enter",
    "wcag",
    "axe",
    "chromium",
    "utc",
    "gzcs",
    "tianhe-sws",
    "yuexiu-sws",
}
_GIVEN = (*_ORGANIZATIONS.values(), _STATION["name"], _FUND_NAME)
_ID = re.compile(r"\b[0-9a-f][0-9a-f-]{11,}\b")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.*-]{2,}")
_KEY_SHOWN = re.compile(r"\b(?:frame|nav|home|form|client|place|ops|intake|matching|disbursement|notifications)(?:\.[A-Za-z_]+)+\b")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_RAW_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d|\d{4}-\d\d-\d\d \d\d:\d\d")
_FEN = re.compile(rf"\b(?:{GRANT_FEN}|{GRANT_FEN:,}|{DONATED_FEN}|{DONATED_FEN:,})\b")
_ZONE = {"zh": "北京时间", "en": "Beijing time"}
# Every word of the page, seen, folded away or read out, without what is meant to be a code, a quotation or in another language.
_SAID = """() => { const skip = 'code, kbd, mark, script, noscript, .brand, [lang]:not(html)', words = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
for (let n = walk.nextNode(); n; n = walk.nextNode()) {
  if ((n.parentElement.closest(skip)) || (n.matches && n.matches(skip))) continue;
  if (n.nodeType === Node.TEXT_NODE) words.push(n.data);
  else for (const a of ['aria-label', 'title', 'placeholder', 'alt', 'data-label']) if (n.getAttribute(a)) words.push(n.getAttribute(a));
}
return words.join('\\n'); }"""


class Visitor:
    """Somebody at a browser in one language, who looks at each page the way a tired person and an auditor would."""

    def __init__(self, eyes: Eyes, city: City, language: Language) -> None:
        self.eyes, self.city, self.language = eyes, city, language
        self.page = eyes.page

    async def opens(self, path: str) -> None:
        await self.page.goto(self.city.at + path)

    async def is_now(self, client: str) -> None:
        """Log out, if anybody is logged in, and in as this client."""
        await self.page.context.clear_cookies(name=SESSION)
        await self.eyes.log_in(self.city.at, client)

    async def looks(self, name: str, *also: str, person: bool = False) -> None:
        """At both widths: a picture, and everything that must be true of every page; `also` are codes that belong here."""
        for width, (wide, high) in WIDTHS.items():
            await self.page.set_viewport_size({"width": wide, "height": high})
            await self.eyes.shot(f"{name}-{width}-{self.language}")
            await self.eyes.check()
            if width == "telephone":
                small = await self.eyes.small_targets()
                assert not small, f"{name}: {small}"
        wrong = await self.faults(*also)
        wrong = [one for one in wrong if not (person and one.startswith("the person's"))]
        assert not wrong, f"{name}: {wrong}"

    async def faults(self, *also: str) -> list[str]:
        """What no page may show: a person, a code where a word is due, the other language, fen, a moment without its zone."""
        source, said = await self.page.content(), _ID.sub("", str(await self.page.evaluate(_SAID)))
        for given in (*_GIVEN, _MASKED):
            said = said.replace(given, "")
        found = [f"the person's {key}" for key, value in PERSON.items() if value in source or value in unquote(self.page.url)]
        found += [f"a word's key: {key}" for key in _KEY_SHOWN.findall(said) if key not in also]
        found += [f"a raw moment: {moment}" for moment in _RAW_MOMENT.findall(said)]
        found += [f"fen: {fen}" for fen in _FEN.findall(said)]
        found += [] if _ZONE[self.language] in said else ["no word of the time zone"]
        latin = [word for word in _WORD.findall(said) if word.lower() not in _NAMES and word not in also]
        foreign = _CHINESE.findall(said) if self.language == "en" else latin
        codes = [word for word in latin if "_" in word] if self.language == "en" else []
        return found + [f"not {self.language}: {word}" for word in foreign] + [f"a code: {word}" for word in codes]

    async def waits_for(self, path: str, selector: str) -> None:
        """Open the page again until it shows this."""
        async with asyncio.timeout(_WAIT_SECONDS):
            while True:
                await self.opens(path)
                if await self.page.locator(selector).count():
                    return
                await asyncio.sleep(0.1)

    async def tabs_to(self, selector: str) -> None:
        """Press Tab until the focus is there; at most once around the page."""
        for _ in range(120):
            if await self.page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {selector}")

    async def types(self, selector: str, text: str) -> None:
        """Reach the field by keyboard and put this in place of what it holds."""
        await self.tabs_to(selector)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.insert_text(text)

    async def presses(self, selector: str, key: str = "Space") -> None:
        """Reach this by keyboard and press a key on it."""
        await self.tabs_to(selector)
        await self.page.keyboard.press(key)


@asynccontextmanager
async def visiting(browser: Browser, city: City, language: Language = "zh") -> AsyncIterator[Visitor]:
    async with looking(browser, language=language) as eyes:
        yield Visitor(eyes, city, language)
