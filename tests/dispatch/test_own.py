"""Whose it is to say: a unit and a team act for their own, and nobody decides about himself (Civil Servant Law 76)."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.dispatch.api import COMMANDS
from services.dispatch.model.commands import (
    AssessTerm,
    CountPresence,
    DecideLeave,
    NominateTeam,
    ReplaceMember,
    ReportDeparture,
    RequestLeave,
    RetainMember,
    ReviewReplacement,
)
from services.dispatch.model.link import Awaited, Link, Vacancy
from services.dispatch.model.roster import Roster
from shared.contracts import Command
from shared.contracts.dispatch import Member, Present
from shared.engine.actors import RECUSAL, Actor, is_his
from shared.engine.flow import Cause
from shared.laws import as_of
from shared.rules import Refused
from shared.web.identity import ANYBODY, OPERATOR, Caller, sees
from shared.web.issuers import Belongs, Delegated, Holding
from tests.dispatch.benxi import HOME, START, V1, Benxi, squad, unit
from tests.dispatch.present import FIRST, SECOND, THIRD, ask, asking
from tests.dispatch.sent import NOMINATION

DAY = timedelta(1)
RECUSED = f"{as_of(RECUSAL, START)} 403"
CONCERNS = {route.command: route.concerns for route in COMMANDS}


def who(role: str = "", **said: Any) -> Actor:
    """Somebody who may say something only in this role; in none, he has another that may."""
    return Actor(pseudonym="p", organ="某机关", acts_as=(role,) if role else (), **said)


def say(benxi: Benxi, actor: Actor, kind: type[Command], /, **said: Any) -> str:
    """What somebody's command to the dispatch is answered: the rule that refuses it, or nothing."""
    signs = ("asked_by", "decided_by", "counted_by", "nominated_by", "replaced_by", "assessed_by")
    signed = {field: "某机关" for field in signs if field in kind.__struct_fields__}
    command = kind(**{"place": HOME, "village": V1, **signed, **said})
    actor = Actor(
        pseudonym=actor.pseudonym, organ=actor.organ, cadre=actor.cadre, unit=actor.unit, team=actor.team,
        kin=actor.kin, acts_as=actor.acts_as, concerns=CONCERNS[kind],
    )  # fmt: skip
    result = benxi.dispatch.take([Cause(f"one {len(benxi.dispatch.parked)}", "one", command, actor=actor)], START)
    if not result.parked:
        assert all(fact.cause.actor == actor for fact in result.facts), "all that follows here is his"
        return ""
    benxi.dispatch.parked.clear()
    (parked,) = result.parked
    assert isinstance(parked.error, Refused), parked.error
    return f"{parked.error.rule} {parked.error.status}"


NOT_HIS = "role 403"


@pytest.mark.parametrize(("team", "rule"), [(V1, ""), ("210521100999", NOT_HIS), ("", NOT_HIS)])
def test_a_team_asks_for_leave_of_its_own_members_alone(team: str, rule: str) -> None:
    leave = {"cadre": SECOND, "kind": "sick", "first": START, "last": START + DAY, "body": "team"}
    assert say(asking().assigned(), who("team", team=team), RequestLeave, **leave) == rule


@pytest.mark.parametrize(("own", "rule"), [("U1", ""), ("U2", NOT_HIS), ("", NOT_HIS)])
def test_a_unit_reports_who_leaves_its_own_team_alone(own: str, rule: str) -> None:
    """The command names no unit: the pool knows whose team it is."""
    left = {"cadre": SECOND, "cause": "ill", "body": "organisation"}
    assert say(asking().assigned(), who("unit", unit=own), ReportDeparture, **left) == rule


def test_what_a_unit_names_itself_is_its_own_or_refused_before_anything_is_looked_at() -> None:
    benxi = asking()
    benxi.hear(unit("U1"), *squad("U1"))
    team = (Member(FIRST, "leader"),)
    said = {"unit": "U2", "team": team, "body": "unit"}
    assert say(benxi, who("unit", unit="U1"), NominateTeam, **said) == NOT_HIS
    assert say(benxi, who("unit", unit="U2"), NominateTeam, **said) not in ("", NOT_HIS), "a rule refuses this one"


def test_who_is_both_of_a_unit_and_of_a_team_acts_for_either() -> None:
    both = Actor(pseudonym="p", unit="U2", team=V1, acts_as=("unit", "team"))
    left = {"cadre": SECOND, "cause": "ill", "body": "organisation"}
    assert say(asking().assigned(), both, ReportDeparture, **left) == ""


@pytest.mark.parametrize(
    ("me", "rule"),
    [
        ({"cadre": SECOND}, RECUSED),
        ({"cadre": FIRST}, ""),
        ({"team": V1}, RECUSED),
        ({"cadre": "C-U9-1", "team": "210521100999", "unit": "U9"}, ""),
        ({"unit": "U1"}, ""),
        ({}, ""),
        ({"kin": ("C-U9-1", SECOND)}, RECUSED),
        ({"kin": (FIRST,)}, ""),
    ],
)
def test_nobody_decides_on_his_own_leave_or_his_teams(me: dict[str, str], rule: str) -> None:
    """The command has the number of the request; whose it is, the village's roster knows."""
    benxi = asking().assigned()
    ask(benxi, START + DAY, START + 3 * DAY)
    decided = {"number": 1, "granted": True, "body": "organisation"}
    assert say(benxi, who(**me), DecideLeave, **decided) == rule


def test_a_team_that_decides_by_the_pack_is_not_kept_from_it_but_each_from_his_own_case() -> None:
    benxi = asking().assigned()
    ask(benxi, START + DAY, START + 3 * DAY)
    decided = {"number": 1, "granted": True, "body": "organisation"}
    assert say(benxi, who("team", team=V1, cadre=SECOND), DecideLeave, **decided) == RECUSED
    assert say(benxi, who("team", team=V1, cadre=THIRD), DecideLeave, **decided) == ""


def test_a_refusal_for_kin_names_nobody() -> None:
    benxi = asking().assigned()
    ask(benxi, START + DAY, START + 3 * DAY)
    command = DecideLeave(place=HOME, village=V1, number=1, granted=True, decided_by="某机关", body="organisation")
    actor = Actor(pseudonym="p", kin=(SECOND, "C-U9-1"), concerns=CONCERNS[DecideLeave])
    (parked,) = benxi.dispatch.take([Cause("one", "one", command, actor=actor)], START).parked
    benxi.dispatch.parked.clear()
    error = parked.error
    assert isinstance(error, Refused) and "本人亲属" in error.zh and "a close relative" in error.en
    assert SECOND not in error.zh + error.en + str(error.field)


def test_nobody_keeps_reviews_or_grades_himself() -> None:
    benxi = asking().assigned()
    me = who(cadre=SECOND)
    assert say(benxi, me, RetainMember, cadre=SECOND, body="organisation") == RECUSED
    reviewed = {"left": SECOND, "approved": True, "body": "organisation", "reason": None}
    assert say(benxi, me, ReviewReplacement, **reviewed) == RECUSED
    graded = {"ended": date(2014, 1, 1), "merits": {THIRD: "good"}, "body": "organisation"}
    assert say(benxi, me, AssessTerm, **graded) == RECUSED, "in the team that is graded"


def test_who_is_nominated_has_not_the_review_as_a_task() -> None:
    link = Link(
        id=f"{V1}/team",
        place=HOME,
        stage="assigned",
        spell=1,
        unit="U1",
        vacancies={SECOND: Vacancy("member", START)},
        reviews={SECOND: Awaited("C-U1-4", "member", START)},
    )
    policy = asking(team={"nomination": NOMINATION}).policy
    (task,) = (one for one in link.tasks(policy) if one.action == "replacement-reviews")
    asked = (Actor(cadre=id, concerns=CONCERNS[ReviewReplacement]) for id in ("C-U1-4", SECOND, THIRD))
    recused = [one.cadre for one in asked if not is_his(one, link, task)]
    assert recused == ["C-U1-4", SECOND]


def test_what_is_no_decision_may_be_said_of_oneself() -> None:
    benxi = asking().assigned()
    leave = {"cadre": SECOND, "kind": "sick", "first": START, "last": START + DAY, "body": "team"}
    assert say(benxi, who("team", team=V1, cadre=SECOND), RequestLeave, **leave) == ""
    present = {"year": 2014, "month": 5, "present": (Present(SECOND, 20),), "body": "township"}
    assert say(benxi, who(cadre=SECOND), CountPresence, **present) != RECUSED
    assert say(benxi, who("unit", unit="U1", cadre=FIRST), ReplaceMember, left=SECOND, cadre="C-U1-4", body="unit")


def test_the_refusal_says_what_to_do_in_both_languages() -> None:
    benxi = asking().assigned()
    ask(benxi, START + DAY, START + 3 * DAY)
    command = DecideLeave(place=HOME, village=V1, number=1, granted=True, decided_by="某机关", body="organisation")
    actor = Actor(pseudonym="p", cadre=SECOND, concerns=CONCERNS[DecideLeave])
    (parked,) = benxi.dispatch.take([Cause("one", "one", command, actor=actor)], START).parked
    benxi.dispatch.parked.clear()
    error = parked.error
    assert isinstance(error, Refused) and error.basis[0] == "《公务员法》第七十条", "as it was on that day"
    assert "回避" in error.zh and "由本机关其他人员办理" in error.zh and "somebody else" in error.en
    assert "上一级机关" in error.zh and "the body above" in error.en, "also where all of them are recused"
    assert SECOND not in error.zh + error.en, "what is refused names nobody"


ORGANISATION = Holding("organisation", "2105")


@pytest.mark.parametrize(
    ("me", "roles", "shown"),
    [
        ({"cadre": SECOND}, (ORGANISATION,), False),
        ({"kin": (SECOND,)}, (ORGANISATION,), False),
        ({"cadre": FIRST}, (ORGANISATION,), True),
        ({"team": V1}, (ORGANISATION,), False),
        ({}, (ORGANISATION,), True),
        ({"cadre": SECOND}, (Holding("county", "210521"),), True),
        ({"cadre": SECOND}, (Holding("organisation", "210599"),), True),
    ],
)
def test_who_is_recused_is_not_shown_what_others_decide_about_him(
    me: dict[str, Any], roles: tuple[Holding, ...], shown: bool
) -> None:
    """Whoever has not to decide it sees the open task as before; it tells no more than the leave itself."""
    benxi = asking().assigned()
    ask(benxi, START + DAY, START + 3 * DAY)
    state = benxi.dispatch.states[Roster, V1]
    assert isinstance(state, Roster)
    (task,) = (one for one in state.tasks(benxi.policy) if one.action == "leave-decisions")
    who = Caller(pseudonym="p", own=roles, roles=roles, belongs=Belongs(**me))
    paths = {route.path: route.concerns for route in COMMANDS if route.concerns is not None}
    assert sees(who, state, task, paths, str) == shown
    assert sees(who, state, task, {}, str), "what decides about nobody is shown"
    power = [{"role": "organisation", "division": "2105"}]
    handed = msgspec.convert({"from": "q", "roles": power, "until": 1e12, **me}, Delegated)
    mine = Caller(pseudonym="p", delegated=(handed,), roles=(ORGANISATION,))
    assert sees(mine, state, task, paths, str) == (
        SECOND not in (me.get("cadre"), *me.get("kin", ())) and "team" not in me
    ), "nor by another's powers"
    assert sees(OPERATOR, state, task, paths, str) and sees(ANYBODY, state, task, paths, str)
