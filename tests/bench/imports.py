"""Cadres come in as forms, in Excel and as separated values, beside merely reading the same file.

A file goes the way of every form: posted to the running registry, each row checked by form, contract and rule, applied
with its event in the outbox, and published. The other services are stopped meanwhile: what they make of it is their own
part's figure. The whole country's million cadres come in ten files.
"""

import csv
import json
import random
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import httpx
import msgspec
import python_calamine
import uvloop
import xlsxwriter
from rich.console import Console
from rich.progress import Progress

from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from services.registry import forms
from shared.policy import parse_pack
from shared.workbook import Form
from tests.bench.figure import Figure

DAY: Final = date(2016, 1, 4)
PACK: Final = Path(__file__).parents[2] / "shared/policy/packs/benxi.toml"
CADRES, FILE, UNITS = 1_000_000, 100_000, 2_000
"""Cadres of the whole country who are on offer, those in one file, and the units that send them."""
COUNTY: Final = "210521"
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂"


def lines(kind: str, first: int, count: int) -> Iterator[list[object]]:
    """Rows as officers fill them in, in the order of the form's columns."""
    chance = random.Random(f"{kind} {first}")
    for number in range(first, first + count):
        yield [
            f"C{kind.upper()}-{number:07}",
            f"U{number % UNITS:04}",
            chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=2)),
            COUNTY,
            chance.choice(list(forms.RANKS)),
            "是" if chance.random() < 0.9 else "否",
            date(chance.randrange(1985, 2014), chance.randrange(1, 13), 1),
            date(chance.randrange(1956, 1967), chance.randrange(1, 13), chance.randrange(1, 29)),
            "是" if chance.random() < 0.1 else "否",
            f"{COUNTY}{chance.randrange(1000):03}{chance.randrange(1, 1000):03}" if chance.random() < 0.05 else None,
        ]


def write_xlsx(form: Form, target: Path, rows: Iterator[list[object]]) -> None:
    """A workbook as Excel saves it, each text once in its table of strings."""
    with xlsxwriter.Workbook(target, {"default_date_format": "yyyy-mm-dd"}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, [column.heading for column in form.columns])
        for number, row in enumerate(rows, 1):
            page.write_row(number, 0, row)


def write_csv(form: Form, target: Path, rows: Iterator[list[object]]) -> None:
    """A file as Excel saves it under “CSV UTF-8”."""
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(column.heading for column in form.columns)
        writer.writerows(rows)


def read_xlsx(file: Path) -> int:
    """Read every cell with the fastest reader that there is for Python, and do nothing with it."""
    return len(python_calamine.load_workbook(file).get_sheet_by_index(0).to_python())


def read_csv(file: Path) -> int:
    """The same for separated values: columns can be had faster elsewhere, rows of Python's own cannot."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        return len(list(csv.reader(text)))


class Kind(NamedTuple):
    """A kind of file: what it is called, how one is written, and how it is merely read."""

    name: str
    write: Callable[[Form, Path, Iterator[list[object]]], None]
    reader: str
    read: Callable[[Path], int]


KINDS: Final = {
    "xlsx": Kind("Excel", write_xlsx, "calamine", read_xlsx),
    "csv": Kind("CSV", write_csv, "Python's csv module", read_csv),
}


def measure(console: Console, scale: float) -> list[Figure]:
    """Import so many of a million cadres in each kind of file."""
    with TemporaryDirectory() as folder:
        return uvloop.run(_measure(console, Path(folder), round(CADRES * scale)))


async def _measure(console: Console, folder: Path, cadres: int) -> list[Figure]:
    form = forms.FORMS["cadres"].form([parse_pack(PACK.read_bytes())])
    figures: list[Figure] = []
    # A system of its own for each kind: neither finds the register as the other left it.
    for suffix, kind in KINDS.items():
        async with System(folder / suffix, restart=False) as system:
            await system.ready()
            await begin(system)
            for service in SERVICES:
                if service != "registry":
                    system.kill(service)
            ours, bare = list[float](), list[float]()
            with Progress(console=console) as progress:
                task = progress.add_task(f"导入 importing {kind.name}", total=cadres)
                for first in range(0, cadres, FILE):
                    count, file = min(FILE, cadres - first), folder / f"cadres.{suffix}"
                    kind.write(form, file, lines(suffix, first, count))
                    began = time.perf_counter()
                    assert kind.read(file) >= count
                    bare.append(count / (time.perf_counter() - began))
                    ours.append(count / await take_in(system, file.read_bytes(), count, f"bench-{suffix}-{first}"))
                    progress.advance(task, count)
            rate, peak = median(ours), peak_mib(system.pid("registry"))
            note = f"{cadres:,} cadres, {FILE:,} in a file at most; the slowest file {min(ours):,.0f} rows/s"
            figures += [
                Figure(key=f"imports.{suffix}", zh=f"{kind.name} 导入", en=f"{kind.name}, imported", value=rate,
                       unit="rows/s", beside=f"reading the file with {kind.reader} and doing nothing",
                       ratio=rate / median(bare), note=note),
                Figure(key=f"imports.{suffix}.peak", zh=f"{kind.name} 导入，登记服务内存峰值",
                       en=f"{kind.name}, peak memory of the registry", value=peak, unit="MiB"),
            ]  # fmt: skip
    return figures


async def begin(system: System) -> None:
    """Let a day pass, adopt a pack, and register the units."""
    async with Simulation(system) as simulation:
        await simulation.pass_day(DAY)
        pack = json.loads(json.dumps(tomllib.loads(PACK.read_text("utf-8")), default=str))
        adoption = {"place": pack["jurisdiction"].ljust(6, "0"), "pack": pack, "adopted_by": "bench"}
        await simulation.post("registry", "policies", "bench-pack", [adoption])
    units: list[dict[str, Any]] = [
        {"unit": f"U{n:04}", "place": COUNTY, "name": "某局", "level": "county", "department": "农业", "strength": 50}
        for n in range(UNITS)
    ]
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.post(
            f"{system.url('registry')}/v1/units",
            content=msgspec.json.encode(units),
            headers={"Idempotency-Key": "bench-units", "Content-Type": "application/json"},
        )
        answer.raise_for_status()


async def take_in(system: System, content: bytes, count: int, key: str) -> float:
    """Seconds that the import of a file takes, all of whose rows must be new to the registry."""
    async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
        url, began = f"{system.url('registry')}/v1/imports/cadres", time.perf_counter()
        answer = await client.post(url, content=content, headers={"Idempotency-Key": key})
        taken = time.perf_counter() - began
    report = answer.raise_for_status().json()
    if report["counts"]["created"] != count:
        raise RuntimeError(f"the registry did not take every row as new: {report}")
    return taken


def peak_mib(pid: int) -> float:
    """The most memory that a process ever had, as Linux counts it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
