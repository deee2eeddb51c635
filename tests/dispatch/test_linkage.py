"""Who answers together for a village, level by level (0.7, 1.3)."""

from datetime import date
from typing import Any

import pytest

from deploy.demo.village import answering as shown
from services.dispatch.model.bonds import Contacts, Result
from services.dispatch.model.commands import BeginLink, EndLink
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.linkage import answering
from services.dispatch.model.pairings import Pairings
from shared.contracts.dispatch import ResultShared
from shared.contracts.inspection import AssessmentGraded, GradeWithdrawn
from shared.labels import sentence
from shared.policy import PolicyInvalid, parse_pack
from tests.dispatch.benxi import HOME, PACK, V1, Benxi, cadre, diagnosed, squad, unit
from tests.dispatch.helping import counted
from tests.dispatch.partnered import FIRM
from tests.dispatch.partnered import begin as partner
from tests.dispatch.partnered import city as partnered
from tests.support.packs import CONTACT, HELPER

BANNER = {**CONTACT, "kind": "banner_leader", "label": "旗领导定点包联", "each_target": 1}
CHIEF = {**CONTACT, "kind": "township_chief", "label": "乡镇长进点指导", "each_target": 1, "rank": "section"}
LINKAGE: dict[str, Any] = {
    "kind": "three_level",
    "label": "三级包联",
    "rule": "S3:第一项",
    "of": ["banner_leader", "township_chief", "team", "helper"],
}
LINKS = [*PACK["links"], BANNER, CHIEF, HELPER]


def levels(benxi: Benxi) -> list[tuple[str, str, tuple[str, ...], int]]:
    """Of each level of V1: its kind, the unit, the cadres, and how many are missing."""
    states = benxi.dispatch.states
    contacts, link, pairings = (states.get(key) for key in ((Contacts, V1), (Link, id_of(V1)), (Pairings, V1)))
    assert isinstance(contacts, Contacts)
    (told,) = answering(
        contacts,
        link if isinstance(link, Link) else None,
        pairings if isinstance(pairings, Pairings) else None,
        benxi.policy,
    )
    assert told.is_open == any(level.missing for level in told.levels)
    assert shown([{"label": told.label, "levels": [
        {"label": one.label, "unit": one.unit, "cadres": one.cadres, "missing": one.missing} for one in told.levels
    ]}]).row_count == len(told.levels)  # fmt: skip
    return [(level.kind, level.unit, level.cadres, level.missing) for level in told.levels]


def test_0_7_1_3_each_level_names_who_answers_and_an_open_one_is_named() -> None:
    benxi = Benxi(links=LINKS, linkages=[LINKAGE])
    benxi.hear(unit("U1"), *squad("U1"), unit("U2"), cadre("L1", "U2", "division"), cadre("L2", "U2", "section"))
    benxi.hear(diagnosed(V1), counted("H1", "H2"))
    nobody: list[tuple[str, str, tuple[str, ...], int]] = [
        ("banner_leader", "", (), 1),
        ("township_chief", "", (), 1),
        ("team", "", (), 3),
        ("helper", "", (), 2),
    ]
    assert levels(benxi) == nobody
    benxi.solve()
    assert levels(benxi) == nobody, "a team that is only proposed answers for nothing"
    benxi.assign()
    for kind, who in (("banner_leader", "L1"), ("township_chief", "L2")):
        benxi.send(BeginLink, kind=kind, unit="U2", cadre=who)
    team = ("C-U1-0", "C-U1-1", "C-U1-2")
    held = [("banner_leader", "", ("L1",), 0), ("township_chief", "", ("L2",), 0), ("team", "U1", team, 0)]
    assert levels(benxi) == [*held, ("helper", "", (), 2)], "who helps single households is not named"
    benxi.send(EndLink, kind="banner_leader", cadre="L1")
    assert levels(benxi)[:2] == [nobody[0], held[1]]


@pytest.mark.parametrize(
    ("linkages", "where", "zh", "en"),
    [
        ([{**LINKAGE, "of": ["team", "mayor"]}], "linkages[0].of[1]", "没有", "mayor is none of [[links]]"),
        ([{**LINKAGE, "of": ["team", "team"]}], "linkages[0].of[1]", "已经写过", "stands there already"),
        ([{**LINKAGE, "of": ["team"]}], "linkages[0].of", "", "2 to 10 entries"),
        (
            [{**LINKAGE, "of": ["banner_leader", "helper"], "shares_result": True}],
            "linkages[0].shares_result",
            "等次是工作队的",
            "team is none of its levels",
        ),
        ([{**LINKAGE, "rule": "S9:1"}], "linkages[0].rule", "不在", "none of [documents]"),
        ([LINKAGE, LINKAGE], "linkages[1]", "出现了两次", "three_level occurs twice"),
    ],
)
def test_0_7_1_3_a_linkage_that_nothing_can_hold_is_refused(linkages: list[Any], where: str, zh: str, en: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, "links": LINKS, "linkages": linkages})
    assert any(f.where == where and zh in f.zh and en in f.en for f in refused.value.faults), refused.value.faults


def graded(grade: str = "excellent", year: int = 2014) -> AssessmentGraded:
    return AssessmentGraded(
        place=HOME, village=V1, year=year, unit="U1", leader="C-U1-0", score=92, grade=grade, triggers=(),
        decided_by="市委组织部",
    )  # fmt: skip


def test_0_7_all_levels_share_the_grade_of_the_team_and_a_later_one_replaces_it() -> None:
    benxi = Benxi(links=LINKS, linkages=[{**LINKAGE, "shares_result": True}])
    benxi.hear(unit("U1"), *squad("U1"), unit("U2"), cadre("L1", "U2", "division"), cadre("L2", "U2", "section"))
    benxi.hear(diagnosed(V1))
    benxi.send(BeginLink, kind="banner_leader", unit="U2", cadre="L1")
    benxi.until(date(2015, 1, 10))
    benxi.send(BeginLink, kind="township_chief", unit="U2", cadre="L2")
    benxi.hear(graded())
    (told,) = benxi.said(ResultShared)
    assert (told.kind, told.year, told.grade) == ("three_level", 2014, "excellent")
    assert told.shared_by == {"banner_leader": ("L1",)}, "L2 came after that year"
    assert sentence(told, benxi.policy, {})[0] == "三级包联各级共担2014年度工作队考核等次：优秀（旗领导定点包联L1）"
    benxi.hear(graded("competent"))
    assert benxi.said(ResultShared)[-1].grade == "competent" and result(benxi) == Result(2014, "competent")
    benxi.hear(
        GradeWithdrawn(place=HOME, village=V1, year=2014, unit="U1", leader="C-U1-0", grade="competent",
                       reason="误录", decided_by="市委组织部")
    )  # fmt: skip
    assert benxi.said(ResultShared)[-1].grade is None and result(benxi) is None
    benxi.hear(graded(year=2015))
    assert benxi.said(ResultShared)[-1].shared_by == {"banner_leader": ("L1",), "township_chief": ("L2",)}


def test_0_7_what_becomes_of_an_earlier_years_grade_leaves_the_last_one() -> None:
    benxi = Benxi(links=LINKS, linkages=[{**LINKAGE, "shares_result": True}])
    benxi.hear(unit("U2"), cadre("L1", "U2", "division"), diagnosed(V1))
    benxi.send(BeginLink, kind="banner_leader", unit="U2", cadre="L1")
    benxi.hear(graded(), graded("competent", 2015))
    benxi.hear(graded("competent"))
    assert benxi.said(ResultShared)[-1].year == 2014 and result(benxi) == Result(2015, "competent")
    benxi.hear(
        GradeWithdrawn(place=HOME, village=V1, year=2014, unit="U1", leader="C-U1-0", grade="competent",
                       reason="误录", decided_by="市委组织部")
    )  # fmt: skip
    last = benxi.said(ResultShared)[-1]
    assert (last.year, last.grade, result(benxi)) == (2014, None, Result(2015, "competent"))


def result(benxi: Benxi) -> Result | None:
    contacts = benxi.dispatch.states[Contacts, V1]
    assert isinstance(contacts, Contacts)
    (told,) = answering(contacts, None, None, benxi.policy)
    return told.result


def test_0_7_a_linkage_that_does_not_say_so_shares_nothing() -> None:
    benxi = Benxi(links=LINKS, linkages=[LINKAGE])
    benxi.hear(unit("U2"), cadre("L1", "U2", "division"), diagnosed(V1))
    benxi.send(BeginLink, kind="banner_leader", unit="U2", cadre="L1")
    benxi.hear(graded())
    assert not benxi.said(ResultShared) and result(benxi) is None


def test_0_7_a_level_may_be_the_firms_that_are_paired_with_the_village() -> None:
    firm = {**FIRM, "each_target": {"at_least": 2, "at_most": 2}, "begin_by": CONTACT["begin_by"]}
    links = [*PACK["links"], BANNER, firm]
    benxi = partnered(V1, links=links, lists=[], linkages=[{**LINKAGE, "of": ["banner_leader", "firm"]}])
    partner(benxi)
    contacts = benxi.dispatch.states[Contacts, V1]
    assert isinstance(contacts, Contacts)
    (told,) = answering(contacts, None, None, benxi.policy)
    assert [(level.kind, level.parties, level.cadres, level.missing) for level in told.levels] == [
        ("banner_leader", (), (), 1),
        ("firm", ("F1",), (), 1),
    ]
