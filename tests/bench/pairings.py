"""A city's households and their helpers come in as forms: 295,700 pairs in 871 villages, as Zunyi had them.

Each county's form is issued by the dispatch with its poor households, filled in, and imported. A village's pairs are
one command, one document and one sealed event. The files are merely read beside it.
"""

import json
import time
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import msgspec
import uvloop
from rich.console import Console
from rich.progress import track

from deploy.demo.forms import fill
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from services.dispatch.forms import FORMS
from shared.policy.shipped import FILES, shipped
from shared.web.token import operator_headers
from tests.bench.figure import Figure
from tests.bench.imports import peak_mib, read_xlsx

DAY: Final = date(2016, 5, 3)
VILLAGES, PAIRS, COUNTIES, SQUAD = 871, 295_700, 14, 100
"""Villages, pairs and counties of Zunyi in 2016 (document S2), and the cadres of a unit. As many units as villages."""
CITY: Final = "520300"
PLACES: Final = [f"5203{n:02}" for n in range(2, 2 + COUNTIES)]


def measure(console: Console, scale: float) -> list[Figure]:
    """Import so many of the villages' pairs."""
    with TemporaryDirectory() as folder:
        return uvloop.run(_measure(console, Path(folder), max(COUNTIES, round(VILLAGES * scale))))


def households(villages: int) -> list[int]:
    """How many households each village has; together as many as the city has for so many villages."""
    whole = PAIRS * villages // VILLAGES
    return [whole // villages + (n < whole % villages) for n in range(villages)]


def village(n: int) -> str:
    """The id of a village. The villages are dealt to the counties in turn."""
    return f"{PLACES[n % COUNTIES]}{100 + n // COUNTIES // 90:03}{200 + n // COUNTIES % 90:03}"


async def _measure(console: Console, folder: Path, villages: int) -> list[Figure]:
    sizes, rates, bare = households(villages), list[float](), list[float]()
    async with System(folder, restart=False) as system:
        await system.ready()
        await begin(system, sizes)
        before = peak_mib(system.pid("dispatch"))
        operator = operator_headers(system.folder.secret.read_bytes())
        client = httpx.AsyncClient(
            base_url=system.url("dispatch", CITY), headers=operator, timeout=None, trust_env=False
        )
        async with client:
            await _until_known(client, sum(sizes))
            taken, largest = 0.0, 0
            for place in track(PLACES, "导入 importing", console=console):
                of_place = [n for n in range(villages) if village(n).startswith(place)]
                issued = await client.get("/v1/templates/pairings", params={"place": place, "rows": 1})
                filled = fill(issued.content, FORMS["pairings"].form([shipped("zunyi")]), [*rows(of_place, sizes)])
                (folder / "pairings.xlsx").write_bytes(filled)
                began = time.perf_counter()
                read_xlsx(folder / "pairings.xlsx")
                count, read = sum(sizes[n] for n in of_place), time.perf_counter() - began
                began = time.perf_counter()
                key = {"Idempotency-Key": f"bench-pairings-{place}"}
                answer = await client.post("/v1/imports/pairings", content=filled, headers=key)
                spent = time.perf_counter() - began
                report = answer.raise_for_status().json()
                if report["counts"]["good"] != count or not report["applied"]:
                    raise RuntimeError(f"the dispatch did not take every row: {report}")
                taken, largest = taken + spent, max(largest, count)
                rates.append(count / spent)
                bare.append(count / read)
            if left := (await client.get("/v1/gaps")).json():
                raise RuntimeError(f"households without a helper are left: {left[:3]}")
        peak = peak_mib(system.pid("dispatch"))
    rate = sum(sizes) / taken
    note = f"{sum(sizes):,} pairs in {villages} villages, {largest:,} in a file at most, in {taken:.0f} s; "
    note += f"the slowest file {min(rates):,.0f} rows/s; before it the dispatch had {before:.0f} MiB at most"
    return [
        Figure(key="pairings.xlsx", zh="帮扶结对导入", en="pairs of households and helpers, imported", value=rate,
               unit="rows/s", beside="reading the files with calamine and doing nothing", ratio=rate / median(bare),
               note=note),
        Figure(key="pairings.peak", zh="帮扶结对导入，派驻服务内存峰值", en="the same, peak memory of the dispatch",
               value=peak, unit="MiB"),
    ]  # fmt: skip


def rows(of_place: Sequence[int], sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The rows of a county as officers fill them in: four units help a village, each cadre some households."""
    for n in of_place:
        for house in sorted(f"H{number:04}" for number in range(sizes[n])):
            number = int(house[1:])
            unit = (n + number % 4) % len(sizes)
            pair = {"unit": f"U{unit:04}", "cadre": f"C{unit:04}-{number // 4 % SQUAD:02}", "household": house}
            yield {"village": village(n), "pairs": pair, "decided_by": "镇党委"}


async def begin(system: System, sizes: Sequence[int]) -> None:
    """A day passes, the pack is adopted, and villages, units, cadres and poor households are registered."""
    async with Simulation(system) as simulation:
        await simulation.pass_day(DAY)
        pack = next(path for path in FILES if path.stem == "zunyi").read_text("utf-8")
        adopted = {
            "place": CITY,
            "pack": json.loads(json.dumps(tomllib.loads(pack), default=str)),
            "adopted_by": "市委",
        }
        await simulation.post("registry", "policies", "bench-pack", [adopted])
    person = {"place": CITY, "name": "某某", "rank": "deputy_section", "party_member": True, "work_since": "2005-07-01",
              "born_on": "1980-01-01", "reserve": False}  # fmt: skip
    unit = {"place": CITY, "name": "某局", "level": "city", "department": "农业", "strength": 50}
    there = [{"place": village(n)[:6], "village": village(n)} for n in range(len(sizes))]
    listed = {"name": "某村", "township": "某镇", "population": 3000, "listed": False}
    poor = {"persons": 3, "income": 1500, "secured": True}
    known: dict[str, Iterator[dict[str, Any]]] = {
        "units": ({**unit, "unit": f"U{n:04}"} for n in range(len(sizes))),
        "cadres": (
            {**person, "unit": f"U{n:04}", "cadre": f"C{n:04}-{of:02}"}
            for n in range(len(sizes))
            for of in range(SQUAD)
        ),
        "villages": ({**at, **listed} for at in there),
        "households": (
            {
                **at,
                "year": 2016,
                "recorded_by": "镇政府",
                "households": [{"household": f"H{number:04}", **poor} for number in range(size)],
            }
            for at, size in zip(there, sizes, strict=True)
        ),
    }
    async with httpx.AsyncClient(base_url=system.url("registry"), trust_env=False, timeout=None) as client:
        for path, of_path in known.items():
            commands, most = [*of_path], 20 if path == "households" else 2000
            for first in range(0, len(commands), most):
                key = {"Idempotency-Key": f"bench-{path}-{first}", "Content-Type": "application/json"}
                body = msgspec.json.encode(commands[first : first + most])
                (await client.post(f"/v1/{path}", content=body, headers=key)).raise_for_status()


async def _until_known(client: httpx.AsyncClient, households: int) -> None:
    """Wait until the dispatch knows all poor households, of whom none has a helper yet."""
    missing, began = -1, time.perf_counter()
    while missing < households and time.perf_counter() - began < 600:
        gaps = (await client.get("/v1/gaps", params={"limit": 1000})).json()
        missing = sum(gap["missing"] for gap in gaps)
    if missing != households:
        raise RuntimeError(f"of {households} households the dispatch knows {missing}")
