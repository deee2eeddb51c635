"""The demo county with accounts: real processes, a story played up to a day, and the five persons who work there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

from deploy.demo.play import play
from deploy.local.supervisor import System
from shared.web.token import operator_headers
from tests.accounts.desk import GOOD, Live

UNTIL: Final = date(2015, 4, 30)
VILLAGES: Final = 6
PLACE: Final = "210521"
PEOPLE: Final[Mapping[str, tuple[str, str, str]]] = {
    "township": ("李春梅", "township", "210521"),
    "county": ("王志强", "poverty_office", "210521"),
    "inspector": ("赵敏", "inspection", "2105"),
    "discipline": ("钱正", "discipline", "210521"),
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
        await play(system, seed=2014, villages=villages, until=until, quiet=True)
        secret = system.folder.secret.read_bytes()
        live = Live(system.url("accounts"), secret)
        keeper = await live.appoint("system", "sun", "孙立")
        security = await live.appoint("security", "he", "何平")
        for name, (person, role, division) in PEOPLE.items():
            await live.person(keeper, name, person)
            await _given(live, security, name, {"roles": [{"role": role, "division": division}]})
        async with httpx.AsyncClient(
            base_url=system.url("incentives"), headers=operator_headers(secret), trust_env=False, timeout=60
        ) as incentives:
            records: list[dict[str, Any]] = (await incentives.get("/v1/records")).json()
        sanctioned = next((str(one["subject"]) for one in records if one["subject_kind"] == "cadre"), "")
        async with httpx.AsyncClient(
            base_url=system.url("registry"), headers=operator_headers(secret), trust_env=False, timeout=60
        ) as registry:
            found: list[dict[str, Any]] = (await registry.get("/v1/villages", params={"place": PLACE})).json()
        await live.person(keeper, "cadre", "孙明")
        await _given(live, security, "cadre", {"roles": [], "cadre": sanctioned})
        yield County(system.url("console"), system, live, sanctioned, str(found[0]["id"]))


async def _given(live: Live, security: str, name: str, said: dict[str, Any]) -> None:
    answer = await live.post(f"/v1/accounts/{name}/roles", said, security)
    assert answer.is_success, answer.text


__all__ = ["GOOD", "County", "county"]
