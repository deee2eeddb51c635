"""A matter that a village decides, up to whatever step."""

import tomllib
from pathlib import Path
from typing import Any

from services.registry.model import Resolution
from services.registry.model import commands as c
from tests.registry.county import AT, VILLAGE, County

PROCEDURES = tomllib.loads(Path("shared/policy/packs/zunyi.toml").read_text("utf-8"))["procedures"]
ZUNYI = [{**procedure, "rule": "S3:第二项"} for procedure in PROCEDURES]
"""Zunyi's procedures, as if a document of Benxi's said them."""
OPEN = c.OpenResolution(
    **AT, matter="2014-7", kind="four_deliberations_one_review", subject_code="fund_use", opened_by="村党组织"
)
VOTES = {
    "propose": (3, 3, 3),
    "discuss": (7, 6, 5),
    "members_review": (30, 20, 16),
    "resolve": (45, 30, 16),
    "township_review": (1, 1, 1),
}
"""Figures with which each step just passes, by those entitled, present and agreeing."""
SEVEN = (*VOTES, "publish_resolution", "publish_result")
SIX = tuple(step for step in SEVEN if step != "township_review")


def step(name: str, votes: tuple[int, int, int] | None = None) -> c.TakeStep:
    entitled, present, agreed = votes or VOTES.get(name, (0, 0, 0))
    body: Any = "township" if name == "township_review" else "village"
    figures: Any = {"entitled": entitled, "present": present, "agreed": agreed}
    return c.TakeStep(**AT, matter="2014-7", step=name, **figures, body=body, decided_by="村“两委”")


def opened(until: str = "") -> County:
    """A matter for which all steps before this one have been taken."""
    county = County().registered()
    county.do(OPEN)
    for name in SEVEN[: SEVEN.index(until) if until else 0]:
        county.do(step(name))
    return county


def resolution(county: County) -> Resolution:
    found: Resolution = county.world.state("registry", Resolution, f"{VILLAGE}/2014-7")
    return found
