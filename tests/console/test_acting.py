"""Officers act in the browser alone, through the real processes: forms, buttons, refusals, and what comes of it."""

from datetime import date
from pathlib import Path

from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import Benxi
from deploy.local.supervisor import System
from tests.console.officer import Pages

UNTIL = date(2015, 3, 31)
ANSWERED = {
    "diagnoses", "matchings", "assignments", "commitments", "reconciliations", "visits", "reports", "ballots", "grades",
    "households", "measurements", "exit-requests", "verifications", "notices", "approvals",
}  # fmt: skip
BEGUN = {"policies", "villages", "units", "cadres", "surveys"}
"""What is handed in as files at the beginning: a pack and Excel forms."""
UNSEEN = {
    "seed-hashes", "seeds", "verification-seed-hashes", "verification-seeds",
    "defences", "decisions", "decision-services", "appeals", "appeal-decisions",
}  # fmt: skip
"""What nobody is shown where nobody signs in: two bodies check each other in a draw, and the rest is about persons."""


async def test_a_villages_way_is_gone_through_the_pages_alone(tmp_path: Path) -> None:
    async with System(tmp_path, kind="demo", console=True) as system:
        await system.ready(120)
        story = Benxi(seed=1, villages=2)
        async with Pages(system, story.policy) as pages:
            await Officers(story, pages).live(UNTIL, _nobody)
            assert pages.otherwise.keys() <= BEGUN | UNSEEN
            assert pages.by_page.keys() >= ANSWERED, pages.by_page
            assert pages.codes == set()


async def _nobody(_day: date) -> None:
    """Nobody watches."""
