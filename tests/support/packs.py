"""Packs of policy as tests change them: the shipped one of Benxi, and a county's layer over it."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from shared.policy import parse_pack

PACK: dict[str, Any] = tomllib.loads(Path("shared/policy/packs/benxi.toml").read_text("utf-8"))
BENXI = parse_pack(PACK)


COUNTY = "210521"
START = date(2015, 1, 1)


def layer(**said: Any) -> dict[str, Any]:
    """A layer over Benxi's pack."""
    head = {"jurisdiction": COUNTY, "version": f"{COUNTY}-2015.1", "effective_from": START, "extends": "2105"}
    return {**head, "name": "本溪满族自治县", "name_en": "Benxi County", **said}


def with_team(pack: dict[str, Any] = PACK, **said: Any) -> dict[str, Any]:
    """A pack that says something else of its teams."""
    team, *others = pack["links"]
    return {**pack, "links": [{**team, **said}, *others]}


EARLIER_TEAM: dict[str, Any] = {
    "size": PACK["links"][0]["each_target"],
    **{field: value for field, value in PACK["links"][0].items()
       if field not in ("kind", "label", "from", "to", "each_target")},
}  # fmt: skip
"""What the pack says of its teams, as it was written when they were a section of their own."""


def with_earlier_team(**team: Any) -> dict[str, Any]:
    """The pack with such a section."""
    return {**{name: part for name, part in PACK.items() if name != "links"}, "team": team}


def team_says(**said: Any) -> list[dict[str, Any]]:
    """The links of a layer that says something of the teams alone."""
    return [{"kind": "team", **said}]


CONTACT: dict[str, Any] = {
    "kind": "contact", "label": "领导干部联系点", "from": "cadre", "to": "village", "rule": "S3:第一项",
    "decides": "organisation", "rank": "deputy_division", "each_target": {"at_least": 1, "at_most": 2},
    "each_bearer": {"at_most": 2}, "ends": "delisted",
    "begin_by": {"after": "registry.village.diagnosed", "within": {"calendar_days": 30}},
}  # fmt: skip
"""A kind of link that no shipped pack has: a leader's contact point."""
HELPER: dict[str, Any] = {
    "kind": "helper", "label": "帮扶责任人", "from": "cadre", "to": "household", "rule": "S3:第一项",
    "decides": "township", "each_target": {"at_least": 1, "at_most": 2}, "each_bearer": {"at_most": 5},
    "quotas": [{"rank": "deputy_section", "at_least": 1}, {"rank": "deputy_division", "at_least": 2}],
    "quota_on": {"month": 12, "day": 31},
    "begin_by": {"after": "registry.households.counted", "within": {"calendar_days": 30}},
}  # fmt: skip
"""A link to households: each poor one has one or two helpers, and leaders help as many as their rank asks for."""


CHECK = {**PACK["campaigns"][1], "label": "县抽查", "share": 0.2, "rule": "H1:1"}
HOME_DOCUMENT = {"H1": {"title": "本溪满族自治县驻村工作办法", "jurisdiction": COUNTY}}
