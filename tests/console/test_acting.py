"""Officers act in the browser alone, through the real processes: forms, buttons, refusals, and what comes of it."""

import re
from datetime import date
from pathlib import Path

from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import Benxi
from deploy.local.supervisor import System
from tests.console.officer import Pages
from tests.console.people import People

UNTIL = date(2015, 3, 31)
ANSWERED = {
    "diagnoses", "matchings", "assignments", "commitments", "reconciliations", "visits", "reports", "ballots", "grades",
    "households", "measurements", "surveys", "exit-requests", "verifications", "notices", "approvals",
}  # fmt: skip
OF_TWO_BODIES = {"seed-hashes", "seeds", "verification-seed-hashes", "verification-seeds"}
OF_PERSONS = {"defences", "decisions", "decision-services", "appeals", "appeal-decisions"}
AT_FIRST = {"policies", "villages", "units", "cadres"}


async def test_a_villages_way_is_gone_through_the_pages_alone(tmp_path: Path) -> None:
    """Each actor signs in in his own role; what two bodies do apart, and what is about persons, too."""
    often = {"ZHUCUN_REQUESTS_A_MINUTE": "100000"}
    async with System(tmp_path, kind="demo", console=True, accounts=True, env=often) as system:
        await system.ready(120)
        story = Benxi(seed=1, villages=2)
        async with People(system) as people, Pages(system, story.policy, people) as pages:
            await Officers(story, pages).live(UNTIL, _nobody)
            asked = ANSWERED | OF_TWO_BODIES | OF_PERSONS | AT_FIRST
            assert pages.by_page.keys() >= asked, asked - pages.by_page.keys()
            cases = await pages.opened("discipline", "/cases?finished=true")
            assert "《行政机关公务员处分条例》第三十九条" in cases.said
            assert not [said for said in cases.said if re.search("村[0-9]{12}", said)], "a village has its name there"
            (village, *_) = story.villages
            card = await pages.opened("poverty_office", f"/villages/{village}")
            assert "工作队派驻" in card.said and any("开始帮扶" in said for said in card.said), (
                "its way is told in full"
            )
            assert not any("可能不全" in said for said in card.said)
            assert pages.codes == set()


async def _nobody(_day: date) -> None:
    """Nobody watches."""
