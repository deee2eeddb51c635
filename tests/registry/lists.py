"""Lists beside the poverty list, as tests of the registry and of the dispatch have them."""

from typing import Any

from services.registry.model import Listing, Roll
from services.registry.model import commands as c
from tests.registry.county import AT, BEGIN, PLACE, VILLAGE, County
from tests.support.packs import PACK

BRANCH: dict[str, Any] = {"kind": "branch", "label": "党支部", "parents": ["village", "township"]}
KEY: dict[str, Any] = {
    "kind": "key_village", "label": "重点村", "of": "village", "rule": "S3:第一项", "by": "county",
    "unlisted_by": "county", "needs": ["team"], "problem_class": "lagging_economy",
}  # fmt: skip
POINT: dict[str, Any] = {
    "kind": "demonstration", "label": "示范点", "of": "village", "rule": "S3:第一项", "by": "organisation",
    "unlisted_by": "organisation", "at_most": 2, "term": {"years": 2}, "remind": {"months": 1},
}  # fmt: skip
MODES: dict[str, Any] = {
    "kind": "relief_mode",
    "label": "分类扶贫的村",
    "of": "village",
    "rule": "S3:第一项",
    "by": "organisation",
    "unlisted_by": "organisation",
    "modes": {"development": "开发式", "relocation": "搬迁式", "relief": "救助式"},
}
ASKED: dict[str, Any] = {**MODES, "each_poor": {"after": "registry.village.listed", "within": {"months": 1}}}
EACH: dict[str, Any] = {
    **POINT,
    "at_most": 5,
    "each_county": {"at_least": 2, "by": {"month": 12, "day": 31}},
}
WEAK: dict[str, Any] = {
    "kind": "weak_organisation", "label": "软弱涣散党组织", "of": "branch", "rule": "S3:第一项", "by": "organisation",
    "leaves_by": "rectification", "needs": ["team"], "problem_class": "weak_governance",
}  # fmt: skip
_IN_TIME = {"within": {"months": 6}}
RECTIFICATION: dict[str, Any] = {
    "kind": "rectification", "label": "软弱涣散党组织整顿", "rule": "S3:第一项", "effect": "rectify",
    "steps": [
        {"name": "find", "label": "查明问题", "kind": "act", "by": "township", "within": {"months": 1},
         "codes": {"chaotic": "管理混乱", "premises": "阵地不达标", "no_industry": "无主导产业",
                   "rules": "制度不健全"}},
        {"name": "make_plan", "label": "制定一村一策", "kind": "decide", "by": "township", "within": {"months": 1}},
        {"name": "carry_out", "label": "落实整改", "kind": "act", "by": "village", **_IN_TIME, "overdue_to": "county"},
        {"name": "accept_it", "label": "县级验收", "kind": "decide", "by": "county", "within": {"months": 1},
         "on_refusal": "make_plan"},
    ],
}  # fmt: skip
LISTS: dict[str, Any] = {
    "parties": [BRANCH],
    "lists": [KEY, POINT, WEAK, MODES],
    "procedures": [*PACK["procedures"], RECTIFICATION],
}
"""What a pack says that has them."""
ON: dict[str, Any] = {"since": BEGIN, "document": "县委发〔2014〕5号", "decided_by": "县委"}
OTHER, THIRD, PART = "210521100202", "210521100203", "210521100301"
MERGE = c.MergeVillages(**AT, merged=(OTHER,), since=BEGIN, document="辽政〔2014〕9号", decided_by="县政府")
SPLIT = c.SplitVillage(
    **AT,
    parts=(c.NewVillage(code=PART, name="石岭村", township="小市镇", population=100),),
    since=BEGIN,
    document="辽政〔2014〕9号",
    decided_by="县政府",
)
BY: dict[str, Any] = {"reason": "已达到要求", "decided_by": "县委"}


def county() -> County:
    """A county with these lists, a village, and the village's Party branch."""
    here = County({**PACK, **LISTS}).registered()
    here.do(c.RegisterParty(place=PLACE, party="B-1", kind="branch", parent=f"village:{VILLAGE}", name="上石村党支部"))
    return here


def each_county() -> County:
    """A county that is to have two demonstration points at the end of each year."""
    return with_other(County({**PACK, **LISTS, "lists": [EACH, WEAK]}).registered())


def asking_county(**asked: Any) -> County:
    """A county in which each poor village is to have its mode within a month."""
    return County({**PACK, "lists": [{**ASKED, **asked}]})


def with_other(here: County, id: str = OTHER) -> County:
    """The county with one more village."""
    here.do(c.RegisterVillage(place=PLACE, village=id, name="下石村", township="小市镇", population=500, listed=False))
    return here


def enter(kind: str = "key_village", village: str | None = VILLAGE, **said: Any) -> c.EnterList:
    body = "county" if kind == "key_village" else "organisation"
    named = {"village": None, "party": "B-1"} if kind == "weak_organisation" else {"village": village}
    return c.EnterList(**{"place": PLACE, "kind": kind, "body": body, **named, **ON, **said})


def leave(kind: str = "key_village", village: str | None = VILLAGE, **said: Any) -> c.LeaveList:
    body = "county" if kind == "key_village" else "organisation"
    named = {"village": None, "party": "B-1"} if kind == "weak_organisation" else {"village": village}
    return c.LeaveList(**{"place": PLACE, "kind": kind, "body": body, **named, **BY, **said})


def withdraw(kind: str = "key_village", **said: Any) -> c.WithdrawEntry:
    named = {"party": "B-1"} if kind == "weak_organisation" else {"village": VILLAGE}
    return c.WithdrawEntry(**{"place": PLACE, "kind": kind, **named, "reason": "误列", "decided_by": "县委", **said})


def listing(here: County, kind: str = "key_village", subject: str = VILLAGE) -> Listing:
    found: Listing = here.world.state("registry", Listing, f"{kind}/{subject}")
    return found


def members(here: County, kind: str = "demonstration") -> tuple[str, ...]:
    found: Roll = here.world.state("registry", Roll, f"2105/{kind}")
    return found.members


OPEN = c.OpenResolution(
    **AT, matter="2014-1", kind="rectification", subject_code="branch", party="B-1", opened_by="镇党委"
)


def step(name: str, body: Any, agreed: int = 1, codes: tuple[str, ...] = ()) -> c.TakeStep:
    votes: dict[str, Any] = (
        {"entitled": 1, "present": 1, "agreed": agreed} if name in ("make_plan", "accept_it") else {}
    )
    by = {"township": "镇党委", "village": "村党支部", "county": "县委组织部"}[body]
    return c.TakeStep(**AT, matter="2014-1", step=name, **votes, codes=codes, body=body, decided_by=by)


STEPS = (
    step("find", "township", codes=("chaotic", "rules")),
    step("make_plan", "township"),
    step("carry_out", "village"),
    step("accept_it", "county"),
)
