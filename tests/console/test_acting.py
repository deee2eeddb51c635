"""Officers act in the browser alone, through the real processes: forms, buttons, refusals, and what comes of it."""

from datetime import date
from pathlib import Path

from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import Benxi
from deploy.local.supervisor import System
from tests.console.officer import Pages

UNTIL = date(2015, 3, 31)
NOT_SHOWN = {"policies", "villages", "units", "cadres", "surveys", "seed-hashes", "seeds"}
"""What goes another way where nobody signs in: the pack and the files of the beginning, and the secrets of two bodies
that check each other."""


async def test_a_villages_way_is_gone_through_the_pages_alone(tmp_path: Path) -> None:
    async with System(tmp_path, kind="demo", console=True) as system:
        await system.ready(120)
        story = Benxi(seed=1, villages=2)
        async with Pages(system, story.policy) as pages:
            await Officers(story, pages).live(UNTIL, _nobody)
            assert pages.otherwise.keys() <= NOT_SHOWN
            assert {"diagnoses", "matchings", "assignments", "commitments"} <= pages.by_page.keys(), pages.by_page
            assert pages.codes == set()


async def _nobody(_day: date) -> None:
    """Nobody watches."""
