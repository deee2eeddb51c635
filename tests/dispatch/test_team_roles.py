"""What the pack asks of each role in a team (3.3, 3.4, 5.5): a matching, a choice and a vacancy keep to it."""

from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.model.commands import ChooseTeam, ReportDeparture
from services.dispatch.model.eligibility import Cadre, Fit, form_team, team_obstacle
from shared.contracts.dispatch import Member, MemberDisqualified, NeedUnmet, VillageMatched
from shared.labels import said
from shared.policy import Policy, PolicyInvalid, kept_pack, parse_pack, renewed
from shared.rules import Refused
from tests.dispatch.benxi import PACK, START, V1, Benxi, cadre, diagnosed, roles, squad, unit
from tests.support.packs import EARLIER_TEAM, layer, team_says, with_earlier_team, with_team

LEADER, MEMBER = PACK["links"][0]["roles"]
OPEN = roles({"party_member": True, "work_years": 5}, party_member=False, work_years=0)
"""Only the leader is a Party member, with five years of work."""


def base(_jurisdiction: str, _day: date) -> Policy:
    """The city's pack, which a county's layer extends."""
    return parse_pack(PACK)


def pack(**team: Any) -> dict[str, Any]:
    return with_team(**team)


def test_3_3_each_role_has_requirements_of_its_own() -> None:
    benxi = Benxi(team={"roles": OPEN})
    new: dict[str, Any] = {"party_member": False, "work_since": date(2014, 1, 1)}
    benxi.hear(unit("U1"), *squad("U1", size=1), *(cadre(f"C-NEW-{n}", "U1", **new) for n in (1, 2)), diagnosed(V1))
    benxi.solve()
    (matched,) = benxi.said(VillageMatched)
    assert matched.team == (Member("C-U1-0", "leader"), Member("C-NEW-1", "member"), Member("C-NEW-2", "member"))
    benxi.hear(cadre("C-U1-0", "U1", "division", work_since=date(2012, 1, 1)), cadre("C-NEW-1", "U1", "section", **new))
    assert [one.cadre for one in benxi.said(MemberDisqualified)] == ["C-U1-0"]
    assert [team.doubted for team in benxi.pool.teams.values()] == [{"C-U1-0": ("work_years",)}]


@pytest.mark.parametrize(
    ("leader", "obstacle"),
    [({"rank": "section"}, "leader_rank"), ({"party_member": False}, "leader"), ({}, None)],
)
def test_3_4_a_village_reads_whether_rank_or_something_else_keeps_everybody_from_leading(
    leader: dict[str, Any], obstacle: str | None
) -> None:
    benxi = Benxi(team={"roles": OPEN})
    benxi.hear(unit("U1"), *squad("U1"), cadre(**{"id": "C-U1-0", "of": "U1", "rank": "deputy_division", **leader}))
    benxi.hear(cadre("C-U1-1", "U1", party_member=False), cadre("C-U1-2", "U1", party_member=False), diagnosed(V1))
    benxi.solve()
    assert [unmet.obstacles for unmet in benxi.said(NeedUnmet)] == ([{"U1": obstacle}] if obstacle else [])
    for code in (obstacle or "leader", "rank"):
        assert not said("obstacles", {"U1": code}).startswith("U1代码")


def test_3_3_a_rank_may_be_asked_of_members_too() -> None:
    ranked = [LEADER, {**MEMBER, "label": "组员", "rank": {"city": "section"}}]
    benxi = Benxi(team={"roles": ranked})
    benxi.hear(unit("U1"), *squad("U1", "division"), cadre("C-MID", "U1", "section"), cadre("C-TOP", "U1", "division"))
    benxi.hear(diagnosed(V1))
    benxi.solve()
    assert {member.cadre for member in benxi.said(VillageMatched)[0].team} == {"C-U1-0", "C-MID", "C-TOP"}
    team = (Member("C-U1-0", "leader"), Member("C-MID", "member"), Member("C-U1-1", "member"))
    with pytest.raises(Refused, match="ranks too low to be member") as refused:
        benxi.send(ChooseTeam, unit="U1", team=team)
    assert "C-U1-1不符合组员职务层次要求" in refused.value.zh


def test_3_3_who_is_too_old_joins_no_team_and_who_grows_older_in_one_stays() -> None:
    aged = [{**LEADER, "younger_than": 52}, {**MEMBER, "label": "组员", "younger_than": 52}]
    benxi = Benxi(team={"roles": aged})
    born = {"C-OLD": date(1962, START.month, START.day), "C-NEAR": date(1962, START.month, START.day + 1)}
    benxi.hear(unit("U1"), *squad("U1", "division", size=2))
    benxi.hear(*(cadre(id, "U1", born_on=day) for id, day in born.items()), diagnosed(V1))
    benxi.solve()
    assert {member.cadre for member in benxi.said(VillageMatched)[0].team} == {"C-U1-0", "C-U1-1", "C-NEAR"}
    team = (Member("C-U1-0", "leader"), Member("C-OLD", "member"), Member("C-NEAR", "member"))
    with pytest.raises(Refused, match="C-OLD is too old to be member") as refused:
        benxi.send(ChooseTeam, unit="U1", team=team)
    assert "C-OLD年龄不符合组员的要求" in refused.value.zh
    benxi.assign()
    benxi.until(date(START.year + 1, START.month, START.day))
    benxi.hear(cadre("C-NEAR", "U1", "section", born_on=born["C-NEAR"]))
    assert not benxi.said(MemberDisqualified)


def test_3_3_a_role_has_as_many_as_the_pack_says() -> None:
    bounded = [{**LEADER, "label": "第一书记"}, {**MEMBER, "at_least": 2, "at_most": 3}]
    benxi = Benxi(team={"each_target": {"at_least": 3, "at_most": 5}, "roles": bounded})
    benxi.hear(unit("U1"), *squad("U1", size=5), diagnosed(V1))
    benxi.solve()
    five = tuple(Member(f"C-U1-{n}", "member" if n else "leader") for n in range(5))
    with pytest.raises(Refused, match="3 members at most, not 4") as refused:
        benxi.send(ChooseTeam, unit="U1", team=five)
    assert "队员最多3名，现为4名" in refused.value.zh
    with pytest.raises(Refused, match="one leader") as unled:
        benxi.send(ChooseTeam, unit="U1", team=tuple(Member(f"C-U1-{n}", "member") for n in range(1, 4)))
    assert "工作队应有且只有一名第一书记" in unled.value.zh
    benxi.send(ChooseTeam, unit="U1", team=five[:4])
    benxi.assign()
    for n in (3, 2):
        assert not benxi.tasks("replacements")
        benxi.send(ReportDeparture, cadre=f"C-U1-{n}", cause="other")
    assert benxi.details("replacements") == ["C-U1-2"]


@pytest.mark.parametrize(
    ("team", "where", "says"),
    [
        ({"roles": [MEMBER]}, "links[0].roles", "a team needs one leader"),
        ({"roles": [{**LEADER, "at_most": 2}, MEMBER]}, "links[0].roles[0].at_most", "several could not be assessed"),
        ({"roles": [{**LEADER, "at_least": 0}, MEMBER]}, "links[0].roles[0].at_least", "several could not be assessed"),
        ({"roles": [LEADER, {**MEMBER, "at_least": 2, "at_most": 1}]}, "links[0].roles[1].at_most", "fewer than"),
        ({"roles": [LEADER, {**MEMBER, "at_least": 3}]}, "links[0].roles", "4 at least, which is more than"),
        ({"roles": [LEADER, {**MEMBER, "at_most": 1}]}, "links[0].roles", "2 at most, which is less than"),
        ({"roles": [LEADER]}, "links[0].roles", "1 at most, which is less than"),
        ({"roles": [LEADER, LEADER]}, "links[0].roles[1]", "leader occurs twice"),
        ({"roles": [LEADER, {**MEMBER, "role": "deputy"}]}, "links[0].roles[1].role", "one of leader, member"),
    ],
)
def test_3_3_roles_that_make_no_team_are_refused(team: dict[str, Any], where: str, says: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack(pack(**team))
    assert (where, True) in [(fault.where, says in fault.en and bool(fault.zh)) for fault in refused.value.faults]


# ---------------------------------------------------------------- earlier packs

OF_ALL = {
    **{name: part for name, part in EARLIER_TEAM.items() if name != "roles"},
    "party_members_only": True,
    "work_years": 2,
    "leader_rank": LEADER["rank"],
}


def test_a_pack_that_asked_the_same_of_all_says_what_it_said() -> None:
    assert kept_pack(with_earlier_team(**OF_ALL)) == parse_pack(PACK)
    with pytest.raises(PolicyInvalid, match="leader_rank"):
        parse_pack(with_team(leader_rank=LEADER["rank"]))  # Whoever submits one today is told.


def test_2_10_a_pack_of_before_says_of_its_teams_what_it_said() -> None:
    kept = kept_pack(with_earlier_team(**{**EARLIER_TEAM, "villages_per_unit": 2}))
    today = parse_pack(with_team(each_bearer={"at_most": 2}))
    assert kept == today and today.team.most_villages == 2
    assert parse_pack(PACK).team.most_villages == 1, "one where the pack says nothing"


@pytest.mark.parametrize(
    ("said", "leader", "member"),
    [
        ({"leader_rank": {"county": "section"}}, {"rank": {**LEADER["rank"], "county": "section"}}, {}),
        ({"party_members_only": False}, {"party_member": False}, {"party_member": False}),
        ({"size": 4, "work_years": 5}, {"work_years": 5}, {"work_years": 5}),
        ({"size": 4}, {}, {}),
    ],
)
def test_a_layer_that_changed_one_requirement_changes_no_other(
    said: dict[str, Any], leader: dict[str, Any], member: dict[str, Any]
) -> None:
    merged = parse_pack(renewed(layer(team=said)), base)
    assert merged.team.roles == parse_pack(pack(roles=[LEADER | leader, MEMBER | member])).team.roles
    assert merged.pool == "210521", "it matches its villages itself"


def test_a_layer_overrides_of_a_role_what_it_says() -> None:
    merged = parse_pack(layer(links=team_says(roles=[{"role": "leader", "label": "第一书记"}])), base)
    assert merged.team.terms("leader").label == "第一书记" and merged.team.terms("leader").rank == LEADER["rank"]
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack(layer(links=team_says(roles=[{"role": "member", "at_least": 9}])), base)
    assert [fault.where for fault in refused.value.faults] == ["links[0].roles"]


# ---------------------------------------------------------------- who is sent

ABLE = st.lists(st.sets(st.sampled_from(["leader", "member"]), min_size=1), max_size=5)


@settings(max_examples=200, deadline=None)
@given(ABLE, st.integers(1, 4), st.integers(0, 3), st.integers(1, 4) | st.none())
def test_3_3_a_team_is_formed_whenever_there_is_one(able: Any, size: int, least: int, most: int | None) -> None:
    """Against every way to give the cadres roles."""
    try:
        policy = parse_pack(
            pack(each_target=size, roles=[LEADER, {**MEMBER, "at_least": least} | ({"at_most": most} if most else {})])
        )
    except PolicyInvalid:
        return
    one = Cadre(unit="U1", rank="staff", party_member=True, work_since=START, born_on=START, reserve=False)
    cadres = {f"C{n}": Fit(one, frozenset(can), False) for n, can in enumerate(able)}
    ways = [
        way
        for way in product(("leader", "member", ""), repeat=len(able))
        if way.count("leader") == 1
        and way.count("member") == size - 1
        and all(not role or role in can for role, can in zip(way, able, strict=True))
    ]
    team = form_team(cadres, policy, START) if "leader" in {role for can in able for role in can} else ()
    assert bool(team) is bool(ways) is (team_obstacle(cadres, policy, START) is None)
    assert not team or tuple({m.cadre: m.role for m in team}.get(id, "") for id in cadres) in ways
