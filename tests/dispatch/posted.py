"""Townships of Benxi whose leading groups get deputies, as the tests of posts tell them."""

from datetime import date
from typing import Any

from services.dispatch.model.commands import BeginPost, EndPost
from shared.contracts.registry import ListingBegun, ListingEnded, PartyRegistered
from tests.dispatch.benxi import HOME, PACK, START, Benxi, cadre, squad, unit

GROUP: dict[str, Any] = {"kind": "group", "label": "乡镇领导班子", "parents": ["township"]}
DEPUTY: dict[str, Any] = {
    "kind": "deputy", "label": "挂任乡镇领导", "rule": "S3:第一项", "from": "cadre", "to": "party", "at": "group",
    "posts": {"secretary": "副书记", "head": "副乡长"}, "decides": "organisation", "reserve": True, "younger_than": 40,
    "full_time": True, "term": {"years": 2}, "each_target": {"at_least": 1, "at_most": 2},
    "each_bearer": {"at_most": 1},
    "begin_by": {"after": "registry.listing.begun", "within": {"calendar_days": 30}},
}  # fmt: skip
HARD: dict[str, Any] = {
    "kind": "hard",
    "label": "任务较重的乡镇",
    "rule": "S3:第一项",
    "of": "group",
    "by": "county",
    "unlisted_by": "county",
    "needs": ["deputy"],
}
SAID: dict[str, Any] = {"links": [*PACK["links"], DEPUTY], "lists": [HARD], "parties": [GROUP]}
G1, G2 = "BZ-100", "BZ-101"


def group(id: str = G1, **more: Any) -> PartyRegistered:
    usual = {"place": HOME, "party": id, "kind": "group", "parent": "township:210521100", "name": "碱厂镇领导班子"}
    return PartyRegistered(**{**usual, **more})


def hard(party: str = G1) -> ListingBegun:
    return ListingBegun(
        place=HOME, kind="hard", party=party, spell=1, since=START, document="县委发〔2014〕7号", decided_by="县委"
    )


def no_longer(party: str = G1) -> ListingEnded:
    return ListingEnded(place=HOME, kind="hard", party=party, spell=1, ground="decided", decided_by="县委")


def county(**said: Any) -> Benxi:
    """Two leading groups, of which the first is on the list, and a unit with two young reserve cadres Y1 and Y2."""
    benxi = Benxi(**{**SAID, **said})
    young = {"reserve": True, "born_on": date(1985, 3, 1)}
    benxi.hear(unit("U1"), *squad("U1"), cadre("Y1", "U1", "section", **young), cadre("Y2", "U1", "section", **young))
    benxi.hear(group(), group(G2), hard())
    return benxi


def begin(benxi: Benxi, cadre: str = "Y1", party: str = G1, **said: Any) -> None:
    usual = {"place": HOME, "party": party, "kind": "deputy", "unit": "U1", "cadre": cadre, "post": "secretary",
             "body": "organisation", "decided_by": "县委组织部"}  # fmt: skip
    benxi.world.command("dispatch", BeginPost(**{**usual, **said}))
    benxi.check()


def end(benxi: Benxi, cadre: str = "Y1", party: str = G1, **said: Any) -> None:
    usual = {"place": HOME, "party": party, "kind": "deputy", "cadre": cadre, "body": "organisation",
             "decided_by": "县委组织部"}  # fmt: skip
    benxi.world.command("dispatch", EndPost(**{**usual, **said}))
    benxi.check()
