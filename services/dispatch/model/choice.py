"""People choose another unit or other cadres than the matching proposed (3.2–3.4). They are told what that costs in
points, and the same rules hold as for the matching.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.dispatch.model.commands import ChooseTeam, NominateTeam, TakeOver, WithdrawMatch
from services.dispatch.model.eligibility import Posting, in_order, unmet
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.matching import Match, Offer, Serving, unsuited_for
from services.dispatch.model.pool import Pool, Squad, Team, disqualified, relatives, without
from shared.contracts import Event
from shared.contracts.dispatch import MatchWithdrawn, Member, TeamChosen, VillageMatched
from shared.labels import label
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State, addressed, known, require_body

Others = Mapping[Key, State | None]


class Fault(NamedTuple):
    """A rule that a choice breaks, and the words to say so."""

    rule: str
    zh: str
    en: str


class Choice(NamedTuple):
    """A choice with its score beside the proposal's, or the rules that it breaks."""

    match: Match | None
    cost: int
    faults: Sequence[Fault]


_UNSUITED = {
    "designated": Fault("3.2", "单位{unit}已由上级指定派往其他村", "unit {unit} is designated for another village"),
    "department": Fault(
        "3.2", "单位{unit}的类别与该村类别不对口", "unit {unit} does not suit the village's problem class"
    ),
    "county": Fault("3.2", "单位{unit}只能派往本县的村", "unit {unit} serves villages of its own county only"),
}


def weigh(
    pool: Pool, village: str, unit: str, team: Sequence[Member], policy: Policy, today: date, others: Others
) -> Choice:
    """Score a choice beside the proposal. Without a `team`, the team that the unit would send is scored."""
    proposed = pool.teams[village]
    assert proposed.need, "a team that was there already is not chosen"
    offered = pool.units.get(unit)
    if offered is None or offered.withdrawn:
        return Choice(None, 0, [Fault("3.2", f"单位{unit}不在本地可派单位之列", f"{unit} is no unit on offer here")])
    faults = []
    if code := unsuited_for(offered, village, proposed.need, policy):
        fault = _UNSUITED[code]
        faults.append(Fault(fault.rule, fault.zh.format(unit=unit), fault.en.format(unit=unit)))
    serving = pool.serving(others.values(), besides=village).get(unit)
    faults += _shared(unit, team, serving, policy)
    free = pool.free(others.values(), policy, besides=village) if serving is None else pool.cadres(others.values())
    of_unit = {id: cadre for id, cadre in free.items() if cadre.unit == unit}
    offer = Offer(offered, of_unit, policy, today, serving, (village,))
    if not team and (code := offer.obstacle(village)):
        faults.append(
            Fault(
                "3.3",
                f"单位{unit}派不出符合条件的工作队（{label('obstacle', code)}）",
                f"{unit} has no such team: {code}",
            )
        )
    else:
        team = team or offer.team(village)
        faults += _unfit_together(team, policy)
        faults += _unfit(team, {id: Posting(cadre, offered, village, policy, today) for id, cadre in of_unit.items()})
        faults += _size(team, policy)
    if faults:
        return Choice(None, 0, faults)
    match = offer.match(village, proposed.need, unit, in_order(team))
    return Choice(match, proposed.score - match.score, ())


def _shared(unit: str, team: Sequence[Member], serving: Serving | None, policy: Policy) -> Iterable[Fault]:
    """Faults of sending a unit that serves villages already: it must send the same team, to not too many of them."""
    if serving is None:
        return
    villages = "、".join(serving.villages)
    if not serving.has_room(policy):
        yield Fault("3.2", f"单位{unit}已确定派往其他村（{villages}）", f"unit {unit} serves or is matched elsewhere")
    elif team and {member.cadre: member.role for member in team} != serving.members:
        yield Fault(
            "3.2",
            f"单位{unit}的工作队已负责{villages}，应由同一工作队负责",
            f"the team of unit {unit} serves {', '.join(serving.villages)} already; the same team serves both",
        )


def _unfit_together(team: Sequence[Member], policy: Policy) -> Iterable[Fault]:
    """Faults of a team as a whole, such as a missing leader, whoever its members are."""
    if sum(member.role == "leader" for member in team) != 1:
        zh = f"工作队应有且只有一名{label('role', 'leader', policy)}"
        yield Fault("3.4", zh, "a team has one leader and no more")


def _size(team: Sequence[Member], policy: Policy) -> Iterable[Fault]:
    """The faults of a team that is too small or too large, or has too many members beside its leader.

    Whether it has too few members beside its leader need not be asked: no pack may ask for more of them than fit into
    its smallest team, so the team is then too small as a whole.
    """
    size, fewest, most = len(team), policy.team.fewest, policy.team.most
    if size < fewest:
        yield Fault("3.3", f"工作队至少{fewest}人，现为{size}人", f"a team has {fewest} at least, not {size}")
    if most is not None and size > most:
        yield Fault("3.3", f"工作队最多{most}人，现为{size}人", f"a team has {most} at most, not {size}")
    terms, members = policy.team.terms("member"), sum(member.role == "member" for member in team)
    name, top = terms.label, terms.at_most
    if top is not None and members > top:
        yield Fault("3.3", f"{name}最多{top}名，现为{members}名", f"there are {top} members at most, not {members}")


def _unfit(team: Sequence[Member], postings: Mapping[str, Posting]) -> Iterable[Fault]:
    """Faults of single members."""
    for member in team:
        posting = postings.get(member.cadre)
        if posting is None:
            yield Fault(
                "3.3",
                f"{member.cadre}不是该单位可派的干部（未登记、属其他单位、已驻村、在召回影响期内或者已离岗）",
                f"{member.cadre} is no cadre whom the unit can send: not registered, of another unit, out in a "
                "village, under a recall or away",
            )
            continue
        for failed in unmet(posting, member.role):
            yield Fault(failed.rule, *failed.refused(member.cadre, posting.policy.team.terms(member.role)))


def require_match(choice: Choice, field: str) -> Match:
    """The choice as a match. Refuses (422) one that breaks rules, and names them all."""
    if choice.match is None:
        raise Refused(
            choice.faults[0].rule,
            "；".join(fault.zh for fault in choice.faults) + "。请另选",
            "; ".join(fault.en for fault in choice.faults) + "; choose otherwise",
            field=field,
            status=422,
        )
    return choice.match


def choose(pool: Pool | None, command: ChooseTeam, policy: Policy, today: date, others: Others) -> Change:
    """A named body chooses another unit or other cadres before the assignment."""
    require_body(command.body, "organisation", "3.2")
    pool, team = may_choose(pool, command, policy, others)
    choice = weigh(pool, command.village, command.unit, command.team, policy, today, others)
    chosen = require_match(choice, "team" if command.team else "unit")
    if (chosen.unit, {m.cadre: m.role for m in chosen.team}) == (team.unit, team.members):
        return Change(pool)
    told = TeamChosen(
        place=team.place,
        village=command.village,
        unit=chosen.unit,
        team=chosen.team,
        score=chosen.score,
        cost=choice.cost,
        reasons=chosen.reasons,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(pool, (told,))


def withdraw_match(pool: Pool | None, command: WithdrawMatch, policy: Policy, today: date, others: Others) -> Change:
    """Take back a match that was a mistake. The village needs a unit again; unit and cadres are on offer again."""
    require_body(command.body, "organisation", "3.2")
    if pool and command.village in pool.needs:
        return Change(pool)
    pool, team = may_choose(pool, command, policy, others)
    withdrawn = MatchWithdrawn(
        place=team.place,
        village=command.village,
        unit=team.unit,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(pool, (withdrawn,))


def take_over(pool: Pool | None, command: TakeOver, policy: Policy, today: date, others: Others) -> Change:
    """Take over a team that was at work before the system was used, unless known facts contradict it.

    Its members were sent by the rules of their day, so nobody is refused for breaking a present rule. Which rules a
    member does not meet is told by an event, for people to decide.
    """
    require_body(command.body, "organisation", "3.2")
    pool = known(pool, "选派库", "the pool", policy.pool)
    if command.village in pool.teams:
        return Change(pool)  # The link's rule says whether it is the same team.
    need = addressed(pool.needs.get(command.village), command, "待派工作队的村", "the village that waits for a unit")
    unit, serving = pool.units.get(command.unit), pool.serving(others.values()).get(command.unit)
    free = pool.free(others.values(), policy) if serving is None else pool.cadres(others.values())
    faults = [*_unfit_together(command.team, policy), *_shared(command.unit, command.team, serving, policy)]
    if unit is None or unit.withdrawn:
        faults.append(Fault("3.2", f"单位{command.unit}未登记", f"unit {command.unit} is not registered"))
    faults += [
        Fault(
            "3.3",
            f"{m.cadre}不是单位{command.unit}可派的干部",
            f"{m.cadre} is no cadre whom {command.unit} can send",
        )
        for m in command.team
        if m.cadre not in free or free[m.cadre].unit != command.unit
    ]
    if faults or unit is None:
        raise Refused(
            faults[0].rule,
            "；".join(fault.zh for fault in faults) + "。请先登记或更正",
            "; ".join(fault.en for fault in faults) + "; register or correct them first",
            field="team",
            status=422,
        )
    matched = VillageMatched(
        place=need.place,
        village=command.village,
        matching=f"taken-over/{command.village}",
        unit=command.unit,
        team=in_order(command.team),
        score=0,
        problem_class=need.problem_class,
        reasons=("taken_over",),
    )
    team = Team(unit=command.unit, place=need.place, members={m.cadre: m.role for m in matched.team})
    told = list[Event]([matched])
    for m in matched.team:
        failed = unmet(Posting(free[m.cadre], unit, command.village, policy, today), m.role)
        if codes := tuple(one.code for one in failed):
            team = team.doubting(m.cadre, codes, today)
            told.append(disqualified(command.village, team, m.cadre, m.role, codes))
    pool = pool.but(needs=without(pool.needs, command.village)).with_team(command.village, team)
    return Change(pool, tuple(told))


def may_choose(
    pool: Pool | None, command: ChooseTeam | NominateTeam | WithdrawMatch, policy: Policy, others: Others
) -> tuple[Pool, Team]:
    """The pool and the match of a village. Raises Refused if there is no match, or the team is assigned already."""
    pool = known(pool, "选派库", "the pool", policy.pool)
    team = addressed(pool.teams.get(command.village), command, "已确定帮扶单位的村", "the match of village")
    link = others.get((Link, id_of(command.village)))
    if not isinstance(link, Link) or link.stage != "matched":
        raise Refused(
            "3.2",
            f"该村工作队已经派驻，不能再改派出单位；请先撤销派驻（{command.village}）",
            f"the team of {command.village} is assigned already; withdraw the assignment first",
        )
    if team.need is None:
        raise Refused(
            "5.4",
            "该村由原工作队继续帮扶（摘帽不摘帮扶），没有可以改选的派出单位",
            "the village keeps the team that it has; there is no match to change",
        )
    return pool, team


def asked_about(asked: Pool | None, command: ChooseTeam | WithdrawMatch | TakeOver) -> Iterable[Key]:
    """The keys of what a choice needs to see: the village's link, the pools around, and the cadres of the chosen
    unit."""
    yield Link, id_of(command.village)
    yield from relatives(command)
    if not isinstance(command, WithdrawMatch):
        yield Squad, command.unit
