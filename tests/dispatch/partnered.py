"""A corner of Benxi whose pack has firms, branches and experts, for the dispatch's tests."""

from typing import Any

from services.dispatch.model.bonds import Contacts
from services.dispatch.model.commands import BeginLink, BeginPartner, CountVisits, PledgeSupport, ReportSupport
from services.dispatch.model.partners import Ally
from shared.contracts.dispatch import Visited
from shared.contracts.registry import ListingBegun, ListingEnded, PartyRegistered
from tests.dispatch.benxi import DECIDED, HOME, PACK, START, V1, Benxi, cadre, diagnosed, unit

FIRM: dict[str, Any] = {
    "kind": "firm", "label": "企业结对", "from": "party", "to": "village", "of": "company", "rule": "S3:第一项",
    "decides": "poverty_office", "each_target": {"at_most": 2}, "each_bearer": {"at_most": 2},
    "pledges": {"yuan": "帮扶资金（元）", "jobs": "吸纳就业（人）"},
    "compare_on": {"month": 12, "day": 31, "within": {"months": 1}}, "compared_by": "county",
}  # fmt: skip
BRANCH: dict[str, Any] = {
    "kind": "branch_pair", "label": "支部结对", "from": "party", "to": "village", "of": "branch",
    "paired_with": "branch", "rule": "S3:第一项", "decides": "organisation", "each_target": {"at_least": 1},
    "begin_by": {"after": "registry.village.diagnosed", "within": {"calendar_days": 30}}, "ends": "delisted",
}  # fmt: skip
EXPERT: dict[str, Any] = {
    "kind": "expert", "label": "专家", "from": "cadre", "to": "village", "rule": "S3:第一项", "decides": "organisation",
    "each_target": {"at_least": 1}, "skills": {"tea": "茶叶", "herding": "养殖"},
    "begin_by": {"after": "registry.listing.begun", "within": {"calendar_days": 30}},
    "visits": {"at_least": 2, "every": "quarter", "by": "village", "owed_by": "organisation",
               "count_by": {"after": "period", "within": {"calendar_days": 10}}},
}  # fmt: skip
PARTIES: list[dict[str, Any]] = [
    {"kind": "company", "label": "企业", "parents": ["county"]},
    {"kind": "branch", "label": "党支部", "parents": ["village", "county"]},
    {"kind": "elder", "label": "顾问", "parents": ["village"], "personal": True},
]
LIST: dict[str, Any] = {
    "kind": "key",
    "label": "重点村",
    "rule": "S3:第一项",
    "of": "village",
    "by": "county",
    "unlisted_by": "county",
    "needs": ["expert"],
}
PARTNERED: dict[str, Any] = {"links": [*PACK["links"], FIRM, BRANCH, EXPERT], "parties": PARTIES, "lists": [LIST]}


def party(id: str, kind: str = "company", parent: str = f"county:{HOME}", **more: Any) -> PartyRegistered:
    return PartyRegistered(**{"place": HOME, "party": id, "kind": kind, "parent": parent, "name": id, **more})


def city(*villages: str, **changes: Any) -> Benxi:
    """Firms F1 to F3, a county's branch B1, V1's branch B2, and two experts of U1, of whom E2 has ties to V1."""
    benxi = Benxi(**{**PARTNERED, **changes})
    benxi.hear(*(party(f"F{n}") for n in (1, 2, 3)), party("B1", "branch"), party("B2", "branch", f"village:{V1}"))
    benxi.hear(unit("U1"), cadre("E1", "U1"), cadre("E2", "U1", ties=(V1,)), *map(diagnosed, villages or (V1,)))
    return benxi


def begin(benxi: Benxi, party: str = "F1", village: str = V1, **said: Any) -> None:
    benxi.send(BeginPartner, village, **{"kind": "firm", "party": party, "body": "poverty_office", **said})


def pledge(benxi: Benxi, amounts: dict[str, float], party: str = "F1", year: int = 2014, **said: Any) -> None:
    signed = {"kind": "firm", "pledged_by": "绿源农业有限公司", "body": "poverty_office"}
    benxi.send(PledgeSupport, **{**signed, "party": party, "year": year, "pledged": amounts, **said})


def report(benxi: Benxi, amounts: dict[str, float], party: str = "F1", year: int = 2014, **said: Any) -> None:
    signed = {"kind": "firm", "reported_by": "县扶贫办", "body": "county"}
    benxi.send(ReportSupport, **{**signed, "party": party, "year": year, "delivered": amounts, **said})


def visits(benxi: Benxi, last: Any, by: str = "village", replaces: str | None = None, **times: int) -> None:
    told = tuple(Visited(bearer, number) for bearer, number in times.items())
    signed: dict[str, Any] = {"counted_by": "朝阳村", "body": by, "replaces": replaces}
    benxi.send(CountVisits, kind="expert", last=last, visited=told, **signed)


def listed(village: str = V1, kind: str = "key") -> ListingBegun:
    at: dict[str, Any] = {"place": village[:6], "kind": kind, "village": village}
    return ListingBegun(**at, spell=1, since=START, document="县委1号", decided_by="县委")


def unlisted(village: str = V1, kind: str = "key") -> ListingEnded:
    at: dict[str, Any] = {"place": village[:6], "kind": kind, "village": village}
    return ListingEnded(**at, spell=1, ground="decided", reason="已不需要", decided_by=DECIDED["decided_by"])


def there(benxi: Benxi, village: str = V1, kind: str = "firm") -> set[str]:
    """The parties that help a village. What each party's own state says must agree."""
    states = benxi.dispatch.states
    of = {s.id for s in states.values() if isinstance(s, Ally) and village in s.villages.get(kind, ())}
    contacts = states[Contacts, village]
    assert isinstance(contacts, Contacts) and of == {*contacts.bound(kind)}
    return of


def helped(**changes: Any) -> Benxi:
    """V1 has expert E1 on tea, from 20 June 2014 on."""
    benxi = city(V1, **changes)
    benxi.hear(listed(V1), cadre("E3", "U1"))
    bind(benxi, "E1")
    return benxi


def bind(benxi: Benxi, cadre: str) -> None:
    benxi.send(BeginLink, kind="expert", unit="U1", cadre=cadre, skill="tea")
