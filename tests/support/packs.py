"""Packs of policy as tests change them: the shipped one of Benxi, a county's layer over it, and one of everything."""

import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from shared.policy import PolicyInvalid, parse_pack
from shared.policy.shipped import FILES, base, content
from tests.support.edits import UNKNOWN, edited, edits
from tests.support.variants import ticket

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
    **{
        field: value
        for field, value in PACK["links"][0].items()
        if field not in ("kind", "label", "from", "to", "each_target")
    },
}
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
SHAKEN: Final = 80
"""How many things are tried otherwise in a shaken pack."""
HOME_DOCUMENT = {"H1": {"title": "本溪满族自治县驻村工作办法", "jurisdiction": COUNTY}}


@cache
def mixed(name: str) -> dict[str, Any]:
    """A shipped pack that says besides whatever the others say, as far as that fits: it says something of almost
    everything."""
    pack = content(name)
    rule = next(_rules(pack))
    for other in [content(file.stem) for file in FILES]:
        for section, part in other.items():
            for more in [part] if isinstance(part, dict) else part if isinstance(part, list) else ():
                own = pack.get(section, type(part)())
                if isinstance(part, dict):
                    pack = _if_sound(pack, {**pack, section: {**_under(rule, more), **own}})
                elif not any(_name(one) == _name(more) for one in own):
                    pack = _if_sound(pack, {**pack, section: [*own, _under(rule, more)]})
    return pack


@cache
def shaken(name: str) -> dict[str, Any]:
    """Such a pack in which many things are otherwise: other numbers and codes, things left out."""
    pack = mixed(name)
    shuffled = sorted(edits(name, pack), key=lambda edit: ticket(name, edit.at, edit.how))
    for edit in [edit for edit in shuffled if UNKNOWN not in repr(edit.value)][:SHAKEN]:
        with suppress(LookupError):  # What stood there may be left out by now.
            pack = _if_sound(pack, edited(pack, edit.at, edit.value))
    return pack


def _if_sound(pack: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The other pack, or the one if that is not sound."""
    try:
        parse_pack(other, base)
    except PolicyInvalid:
        return pack
    return other


def _name(entry: Any) -> Any:
    """By what an entry of a list is told apart."""
    return next(iter(entry.values())) if isinstance(entry, dict) else entry


def _rules(part: Any) -> Iterator[str]:
    """The clauses that a part of a pack cites."""
    match part:
        case dict():
            for name, one in part.items():
                yield from [one] if name == "rule" else _rules(one)
        case list():
            for one in part:
                yield from _rules(one)


def _under(rule: str, part: Any) -> Any:
    """A part of a pack that cites one clause for everything, since a document binds its own division alone."""
    match part:
        case dict():
            return {name: rule if name == "rule" else _under(rule, one) for name, one in part.items()}
        case list():
            return [_under(rule, one) for one in part]
    return part
