"""A county's figures of a year, handed in by Excel through the real processes."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import openpyxl
from typer.testing import CliRunner

from deploy.cli import commands
from deploy.demo.answers import Awaited
from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import POLICY, Benxi
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System


async def _nobody(_day: date) -> None:
    """Nobody watches."""


OWED = ("households", "measurements")

MEASURED = date(2015, 11, 21)


class Waiting(Simulation):
    """The real services; the officers leave the yearly figures to a colleague with Excel."""

    async def tasks(self) -> list[Awaited]:
        found = await super().tasks()
        return [task for task in found if task.action not in OWED or dict(task.answer)["year"] != MEASURED.year]


def filled(file: Path, rows: Callable[[str, str], Mapping[str, object]]) -> None:
    """Fill each issued row in with a program of the officer's: cells by heading, from its village and household."""
    book = openpyxl.load_workbook(file)
    page = book.worksheets[0]
    at = {str(cell.value).split("\n")[0].removesuffix(" *"): cell.column - 1 for cell in page[1]}
    for line in page.iter_rows(min_row=2):
        household = str(line[at["户编号"]].value or "") if "户编号" in at else ""
        for heading, value in rows(str(line[at["村代码"]].value), household).items():
            line[at[heading]].value = value
    book.save(file)


async def test_1_18_a_county_hands_in_the_years_figures_by_excel(tmp_path: Path) -> None:
    scenario, folder = Benxi(seed=3, villages=3), tmp_path / "data"

    async def zhucun(*words: object) -> tuple[int, str]:
        ran = await asyncio.to_thread(CliRunner().invoke, commands.app, [*map(str, words), "--folder", str(folder)])
        return ran.exit_code, ran.output

    def household(_village: str, id: str) -> Mapping[str, object]:
        facts = {"家庭人口": 3, "人均纯收入（元）": 4200.5, "是否达到“两不愁三保障”": "是", "采集单位": "镇人民政府"}
        return facts if id else {}

    criteria = [one for one in POLICY.exit.criteria if one.figure != "incidence"]
    figures: dict[str, object] = {one.label: float(one.number) for one in criteria} | {"测算单位": "镇人民政府"}
    first, *others = scenario.villages
    async with System(folder) as system:
        await system.ready()
        async with Waiting(system) as officers:
            await Officers(scenario, officers).live(MEASURED, _nobody)
            file = tmp_path / "农户.xlsx"
            assert (await zhucun("template", "measurements", "-o", tmp_path / "早.xlsx"))[
                0
            ] == 1  # Households come first.
            assert (await zhucun("template", "households", "-o", file, "--rows", 2))[0] == 0
            filled(file, household)
            code, told = await zhucun("import", "households", file)
            assert code == 0 and "已导入" in told, told
            await officers.settle()

            file = tmp_path / "指标.xlsx"
            assert (await zhucun("template", "measurements", "-o", file))[0] == 0
            filled(file, lambda village, _: {**figures, criteria[0].label: 1e9} if village == first else figures)
            code, told = await zhucun("import", "measurements", file)
            assert code == 1 and "未导入" in told and criteria[0].label in told, told
            filled(file, lambda village, _: figures if village != first else dict.fromkeys(figures))
            code, told = await zhucun("import", "measurements", file)
            assert code == 0 and "已导入" in told and "没有填写，已略过" in told, told
            code, told = await zhucun("import", "measurements", file)
            assert code == 0 and "已导入" in told, told
            await officers.settle()
            measured = (await officers.states("registry", "registers")).items()
            years = {village: "2015" in register["measurements"] for village, register in measured}
    assert years == {first: False, **dict.fromkeys(others, True)}
