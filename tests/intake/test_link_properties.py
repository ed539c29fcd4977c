"""After an undo everything is as if the two had never been linked: reads, rows and what was said aloud, over any history.

The same story is told twice to two intakes in memory and in a real store, once with the link of one pair in it and once without.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.api.history import changes
from services.intake.manifest import INTAKE
from shared.testing import Database
from tests.intake.conftest import Desk
from tests.intake.stories import report

NAMES = ("张三丰", "章三丰", "张珊丰")
PAPERS = (("resident_id", "440106195512240023", None), ("passport", "E12345678", "PHL"), ("hk_macao_permit", "H01234567", None))
_WHO = st.integers(0, 2)
_PAIR = st.tuples(_WHO, _WHO).filter(lambda pair: pair[0] < pair[1])
_STEP = st.one_of(
    st.tuples(st.just("report"), _WHO, st.booleans()),
    st.tuples(st.just("claims"), _WHO, st.sampled_from(("13700000001", "13700000002"))),
    st.tuples(st.just("consent"), _WHO),
    st.tuples(st.just("withdraw"), _WHO),
    st.tuples(st.just("household"), _WHO, st.sampled_from(("join", "leave", "carve-out", "take-back"))),
    st.tuples(st.just("link"), _PAIR),
    st.tuples(st.just("undo"), _PAIR),
)


class Story:
    """Three people who may be one, each with a case of their own, and a household that all of them may enter."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.people, self.cases, self.count = desk, list[str](), list[list[str]](), 0
        self.household, self.links = "", dict[tuple[int, int], str]()

    async def begin(self, run: str) -> None:
        self.run = run
        for at in range(len(NAMES)):
            told = await self.desk.reported(self.said(at, str(at)))
            self.people.append(told["person_id"])
            self.cases.append([told["case_id"]])
        self.head = (await self.desk.reported(report("李四", ref=f"{run}-head")))["person_id"]
        made = await self.desk.post("/households", {"members": [{"person_id": self.head, "role": "head"}]})
        self.household = made.json()["household_id"]

    def said(self, who: int, ref: str) -> dict[str, Any]:
        kind, number, country = PAPERS[who]
        return report(
            NAMES[who],
            ref=f"{self.run}-{ref}",
            birth_date="1955-12-24",
            phone=f"1380013800{who}",
            id_type=kind,
            id_number=number,
            id_country=country,
        )

    async def step(self, step: tuple[Any, ...]) -> None:
        self.count += 1
        match step:
            case ("report", who, share):
                consent = {"consent": {"share": True}} if share else {}
                told = await self.desk.reported({**self.said(who, f"more-{self.count}"), **consent})
                self.cases[who].append(told["case_id"])
            case ("claims", who, phone):
                await self.desk.post(f"/persons/{self.people[who]}/claims", {"phone": phone, "source": "visit"})
            case ("consent", who):
                await self.desk.post(f"/cases/{self.cases[who][0]}/consents", {"purposes": ["referral"], "recipients": ["charity"]})
            case ("withdraw", who):
                await self.desk.post(f"/cases/{self.cases[who][-1]}/withdraw")
            case ("household", who, "join"):
                await self.desk.post(f"/households/{self.household}/members", {"person_id": self.people[who], "role": "other"})
            case ("household", who, act):
                await self.desk.post(f"/households/{self.household}/members/{self.people[who]}/{act}")
            case ("link", (x, y)):
                answer = await self.desk.post(f"/persons/{self.people[x]}/links", {"person_id": self.people[y]})
                self.links[(x, y)] = answer.json()["link_id"]
            case ("undo", (x, y)) if (x, y) in self.links:
                await self.desk.post(f"/persons/{self.people[x]}/links/{self.links[(x, y)]}/undo")

    async def seen(self) -> list[Any]:
        """Everything that can be read of the three, with the names of their ids taken out."""
        found: list[Any] = []
        for who, person in enumerate(self.people):
            one = (await self.desk.get(f"/persons/{person}", X_Access_Reason="same")).json()
            mail = (await self.desk.post("/persons/search", {"phone": f"1380013800{who}", "reason": "same"})).json()
            home = (await self.desk.get(f"/persons/{person}/household")).json()
            alike = (await self.desk.get(f"/persons/{person}/duplicates")).json()
            listed = (await self.desk.get(f"/cases?person_id={person}")).json()
            found.append([one, mail, home, alike, listed])
            for case in self.cases[who]:
                told = (await self.desk.get(f"/cases/{case}", X_Access_Reason="same")).json()
                found.append([told, changes(await self.desk.room.history("case", case), full=True)])
            found.append([msgspec.to_builtins(e.data) for e in await self.desk.room.history("person", person)])
        household = (await self.desk.get(f"/households/{self.household}")).json()
        return [self._named(one) for one in (*found, household)]

    def _named(self, told: Any) -> Any:
        """The same text for both tellings: ids that are drawn anew for each are called by their place in the story."""
        text = msgspec.json.encode(told, order="sorted").decode()
        names = {self.household: "home", self.head: "head", self.run: "run"}
        for who, person in enumerate(self.people):
            names[person] = f"person-{who}"
            names.update({case: f"case-{who}-{at}" for at, case in enumerate(self.cases[who])})
        for key, name in names.items():
            text = text.replace(key, name)
        return _without_ids(msgspec.json.decode(text))


_DRAWN = frozenset(("edit_id", "report_id", "consent_id", "mark", "reporter_id", "told_in", "source_ref"))


def _without_ids(told: Any) -> Any:
    """Without the ids that are drawn anew; lists are held against each other whatever order those ids gave them."""
    if isinstance(told, dict):
        drawn = {"case_id"} if str(told.get("case_id", "")).count("-") == 4 else set()  # the name of a later word, in a person's history
        return {key: _without_ids(value) for key, value in told.items() if key not in _DRAWN | drawn}
    if isinstance(told, list):
        return sorted((_without_ids(one) for one in told), key=lambda one: msgspec.json.encode(one, order="sorted"))
    return told


_stories = st.tuples(st.lists(_STEP, max_size=4), _PAIR, st.lists(_STEP, max_size=6), st.lists(_STEP, max_size=3))


async def test_after_an_undo_everything_reads_as_if_the_two_had_never_been_linked(database: Database) -> None:
    """One store for all stories; each is told with people of its own."""
    told: list[tuple[Any, ...]] = []

    @given(_stories)
    @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def collect(story: tuple[Any, ...]) -> None:
        told.append(story)

    collect()
    async with Desk(INTAKE).open(database) as desk:
        for number, (before, pair, between, after) in enumerate(told):
            linked = [*before, ("link", pair), *between, ("undo", pair), *after, ("undo", pair)]
            never = [step for step in linked if step not in (("link", pair), ("undo", pair))]
            assert await _told(desk, f"a{number:04}", linked) == await _told(desk, f"b{number:04}", never), linked


async def _told(desk: Desk, run: str, steps: list[Any]) -> list[Any]:
    story = Story(desk)
    await story.begin(run)
    for step in steps:
        await story.step(step)
    seen = await story.seen()
    await _forget(story)
    return seen


async def _forget(story: Story) -> None:
    """The people of this story are out of the way of the next one's searches."""
    for person in story.people:
        await story.desk.post(f"/persons/{person}/erasure", {"reason": "story"}, who="admin")
