"""The demo county with accounts: real processes, a story played up to a day, and the five persons who work there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

from deploy.demo.answers import Ask, answered
from deploy.demo.play import play
from deploy.demo.regions.benxi.story import Benxi
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from shared.web.token import operator_headers
from tests.accounts.desk import GOOD, Live

SEED: Final = 2014
LATE: Final = 2
"""Villages that are registered on the last day, with a unit each. They wait for their teams."""
UNTIL: Final = date(2015, 4, 30)
VILLAGES: Final = 6
CITY: Final = "2105"
PLACE: Final = "210521"
UNIT: Final = "U2105-001"
DRAW: Final = "2105-unannounced-2014-10-01"
"""A unit and a draw of the story."""
PEOPLE: Final[Mapping[str, tuple[str, str, str]]] = {
    "township": ("李春梅", "township", "210521"),
    "county": ("王志强", "poverty_office", "210521"),
    "inspector": ("赵敏", "inspection", "2105"),
    "discipline": ("钱正", "discipline", "210521"),
    "organisation": ("刘洋", "organisation", "2105"),
    "operator": ("周维", "city", "2105"),
}
"""Who signs in by which name: the person, his role, and where."""


class County(NamedTuple):
    """A running county."""

    url: str
    system: System
    live: Live
    sanctioned: str
    """The id of a cadre about whom a decision stands; he signs in as `cadre`."""
    village: str
    """The code of a village that has a team."""


@asynccontextmanager
async def county(folder: Path, *, until: date = UNTIL, villages: int = VILLAGES) -> AsyncIterator[County]:
    """The county on a day of its story. All sign in with the password `GOOD`."""
    async with System(folder, kind="demo", accounts=True, console=True) as system:
        await system.ready(300)
        await play(system, seed=SEED, villages=villages, until=until, quiet=True)
        await _come_late(system, Benxi(SEED, villages + LATE), villages, until)
        secret = system.folder.secret.read_bytes()
        live = Live(system.url("accounts"), secret)
        keeper = await live.appoint("system", "sun", "孙立")
        security = await live.appoint("security", "he", "何平")
        async with httpx.AsyncClient(
            base_url=system.url("incentives"), headers=operator_headers(secret), trust_env=False, timeout=60
        ) as incentives:
            records: list[dict[str, Any]] = (await incentives.get("/v1/records")).json()
        sanctioned = next((str(one["subject"]) for one in records if one["subject_kind"] == "cadre"), "")
        async with httpx.AsyncClient(
            base_url=system.url("registry"), headers=operator_headers(secret), trust_env=False, timeout=60
        ) as registry:
            found: list[dict[str, Any]] = (await registry.get("/v1/villages", params={"place": PLACE})).json()
        village = str(found[0]["id"])
        for name, (person, role, division) in PEOPLE.items():
            await live.person(keeper, name, person)
            await _given(
                live, security, name, {"roles": [{"role": role, "division": division}], "township": village[:9]}
            )
        await live.person(keeper, "cadre", "孙明")
        await _given(live, security, "cadre", {"roles": [], "cadre": sanctioned})
        yield County(system.url("console"), system, live, sanctioned, village)


async def _come_late(system: System, story: Benxi, known: int, today: date) -> None:
    """Register the villages that come late, and their units and cadres. A unit is proposed for each."""
    late = [village for village in story.villages.values() if village.number > known]
    ids = {village.id for village in late} | {village.unit for village in late}
    async with Simulation(system) as officers:
        await officers.pass_day(today)
        rows = {
            "units": [row for row in story.unit_rows() if row["unit"] in ids],
            "cadres": [row for row in story.cadre_rows() if row["unit"] in ids],
            "villages": [row for row in story.village_rows() if row["village"] in ids],
        }
        for path, entered in rows.items():
            await officers.post("registry", path, f"late-{path}", entered)
        for action in ("surveys", "diagnoses", "matchings"):
            tasks = [one for one in await officers.tasks() if one.action == action]
            answers = [row for task in tasks for row in answered(story, Ask.of(task, today, {}))]
            assert answers, action
            await officers.post(tasks[0].service, action, f"late-{action}", answers)


async def _given(live: Live, security: str, name: str, said: dict[str, Any]) -> None:
    answer = await live.post(f"/v1/accounts/{name}/roles", said, security)
    assert answer.is_success, answer.text


__all__ = ["GOOD", "County", "county"]
