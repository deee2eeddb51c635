"""A small county's first year through the real processes, undisturbed and with kill -9 of any of them."""

from datetime import date
from pathlib import Path

from deploy.local.play import Result, play
from deploy.local.supervisor import PROCESSES, System

VILLAGES, UNTIL, SEED = 9, date(2015, 2, 10), 7


async def played(folder: Path, kills: int) -> Result:
    async with System(folder) as system:
        await system.ready()
        return await play(system, seed=SEED, villages=VILLAGES, until=UNTIL, kills=kills, quiet=True)


async def test_kills_of_any_process_leave_the_same_state_as_none(tmp_path: Path) -> None:
    undisturbed = await played(tmp_path / "undisturbed", 0)
    killed = await played(tmp_path / "killed", len(PROCESSES))
    assert set(killed.killed) == set(PROCESSES)
    assert killed.digests == undisturbed.digests
    assert (killed.dead_letters, undisturbed.dead_letters) == (0, 0)
    assert all(set(tables) > {"events"} for tables in killed.digests.values())
    assert killed.figures == undisturbed.figures and killed.ways == undisturbed.ways
