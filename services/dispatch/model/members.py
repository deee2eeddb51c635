"""Who leaves a team and who joins it: recalls, departures, replacements, and members who stay by decision.

A command's rule decides and returns an event. The event then changes the team in every pool that knows it, that is in
all pools of the village's family (see `pool.family`).
"""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.dispatch.model.commands import (
    AdjustTeam,
    DecideReturn,
    ReplaceMember,
    ReportDeparture,
    RetainMember,
    ReviewReplacement,
)
from services.dispatch.model.eligibility import Cadre, Posting, unmet
from services.dispatch.model.link import OUT, Link, id_of
from services.dispatch.model.pool import Absence, Nominee, Pool, Squad, Team, pool_of, relatives, with_absences, without
from services.dispatch.model.roster import Roster
from shared.contracts import Event
from shared.contracts.dispatch import (
    LeaveBegun,
    MemberDisqualified,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    MemberRetained,
    ReplacementNominated,
    ReplacementReviewed,
    Role,
)
from shared.contracts.incentives import OutcomeDecided, OutcomeEvent
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State, addressed, known, require_body, require_soon

LONGEST_ILLNESS = 731
"""The most days of a sick leave. Medical treatment lasts 24 months at most (企业职工患病医疗期)."""
Others = Mapping[Key, State | None]
_but = msgspec.structs.replace


def recall(pool: Pool | None, event: OutcomeDecided, policy: Policy, today: date) -> Change:
    """A recalled cadre leaves the team in every village, and is not sent again during the impact period (2.20).

    The table of reactions calls this only for outcomes whose event says that they recall.
    """
    pool = pool_of(pool, policy)
    cadre = event.subject
    outcomes = {*pool.recalled.get(cadre, ()), event.outcome}
    pool = pool.but(recalled={**pool.recalled, cadre: tuple(sorted(outcomes))})
    return Change(
        pool,
        tuple(
            MemberRecalled(place=team.place, village=village, unit=team.unit, cadre=cadre, role=team.members[cadre])
            for village, team in pool.teams.items()
            if cadre in team.members
        ),
    )


def recall_elsewhere(pool: Pool | None, event: OutcomeDecided, policy: Policy, today: date) -> Change:
    """Note the recall in the other pools of the family."""
    return recall(pool, event, policy, today) if pool else Change(None)


def end_recall(pool: Pool | None, event: OutcomeEvent, policy: Policy, today: date) -> Change:
    """A recall was overturned or taken back, or its impact period is over.

    If no other recall is left, the cadre may be sent again, but does not return to the former team by itself.
    """
    if pool is None or event.outcome not in pool.recalled.get(event.subject, ()):
        return Change(pool)
    left = tuple(outcome for outcome in pool.recalled[event.subject] if outcome != event.outcome)
    if left:
        return Change(pool.but(recalled={**pool.recalled, event.subject: left}))
    return Change(pool.but(recalled=without(pool.recalled, event.subject), answered=False))


def depart(pool: Pool | None, command: ReportDeparture, policy: Policy, today: date, others: Others) -> Change:
    """A member leaves other than by a recall. The role is open in each village that the team serves."""
    require_body(command.body, "organisation", "3.3")
    pool, team = _team(pool, command, policy)
    role = team.members.get(command.cadre)
    if role is None and command.cadre in team.vacant:
        return Change(pool)
    if role is None:
        raise _no_member(command.cadre)
    if command.until and (command.cause != "ill" or command.until < today):
        raise Refused(
            "3.3",
            f"返岗前的最后一日只用于病休，且不得早于今天（{today}），请更正",
            f"`until` belongs to illness and is not before today ({today}); correct it",
            field="until",
            status=422,
        )
    if command.until:
        require_soon(command.until, today, LONGEST_ILLNESS, "until", "3.3")
    there = [(village, one) for village, one in same_team(pool, team, others) if command.cadre in one.members]
    told: tuple[Event, ...] = tuple(
        MemberLeft(place=one.place, village=village, unit=one.unit, cadre=command.cadre, role=role,
                   decided_by=command.decided_by)
        for village, one in there
    )  # fmt: skip
    _require_successor(command, _stages(there, others), policy)
    if command.successor is None:
        return Change(pool, told)
    _require_fit(pool, team, role, command.successor, command.cadre, there, policy, today, others, "successor")
    return Change(pool, (*told, *(
        MemberReplaced(place=one.place, village=village, unit=one.unit, recalled=command.cadre,
                       cadre=command.successor, role=one.members[command.cadre], replaced_by=command.decided_by)
        for village, one in there
    )))  # fmt: skip


def _stages(there: Iterable[tuple[str, Team]], others: Others) -> set[str]:
    """The stages of the links of the villages that a team serves."""
    links = (others.get((Link, id_of(village))) for village, _ in there)
    return {link.stage for link in links if isinstance(link, Link)}


def _require_successor(command: ReportDeparture, stages: set[str], policy: Policy) -> None:
    """If the pack says so, refuse a transfer without a successor while a village of the team is still on a list
    (2.13)."""
    is_held = not stages.isdisjoint({*OUT} - {"kept"})
    if policy.team.successor_first and command.cause == "transferred" and is_held and command.successor is None:
        raise Refused(
            "2.13",
            "工作队所驻的村尚未出列，队员调动须同时确定接替人选（不脱贫不脱钩），请填写接替干部",
            "a village of the team is still on the list, so that a member is transferred only with a successor; name "
            "one",
            field="successor",
        )


def note_absence(pool: Pool | None, command: ReportDeparture, policy: Policy, today: date) -> Change:
    """Note a cadre who is ill, retired or otherwise gone, so that no pool sends the cadre."""
    if pool is None or command.village not in pool.teams:
        return Change(pool)
    return Change(with_absences(pool, {**pool.away, command.cadre: Absence(command.cause, command.until)}))


def spare(pool: Pool | None, event: LeaveBegun, policy: Policy, today: date, others: Others) -> Change:
    """A member begins long leave, and is off the team in each village that it serves. It is no recall."""
    if pool is None or (team := pool.teams.get(event.village)) is None:
        return Change(pool)
    if (role := team.members.get(event.cadre)) is None:
        return Change(pool)
    return Change(pool, tuple(
        MemberLeft(place=one.place, village=village, unit=one.unit, cadre=event.cadre, role=role,
                   decided_by=event.decided_by)
        for village, one in same_team(pool, team, others) if event.cadre in one.members
    ))  # fmt: skip


def note_leave(pool: Pool | None, event: LeaveBegun, policy: Policy, today: date) -> Change:
    """Note a cadre who is on long leave, so that no pool sends the cadre before its end."""
    if pool is None or event.village not in pool.teams:
        return Change(pool)
    return Change(with_absences(pool, {**pool.away, event.cadre: Absence("other", event.last)}))


def on_leave(asked: Pool | None, command: DecideReturn) -> Iterable[Key]:
    """The keys of the roster that knows the leave, of the unit's squad, and of the pools that know who is free."""
    yield Roster, command.village
    if asked is not None and command.village in asked.teams:
        yield Squad, asked.teams[command.village].unit
    yield from relatives(command)


def take_in(pool: Pool | None, command: DecideReturn, policy: Policy, today: date, others: Others) -> Change:
    """A cadre comes back after long leave: to the place if it is still open, else instead of the cadre who was sent
    meanwhile.

    A leader leads again, and the member who did so meanwhile is a member again.
    """
    pool, team = _team(pool, command, policy)
    roster = others[Roster, command.village]
    leave = roster.leaves.get(str(command.number)) if isinstance(roster, Roster) else None
    if not leave or not command.returns or command.body != "organisation":
        return Change(pool)  # The roster's own rule says what is wrong.
    if not leave.over:
        raise Refused(
            "3.3",
            f"该队员没有期满待定的假（{leave.first}至{leave.last}），请在期满后决定",
            f"the leave from {leave.first} to {leave.last} is no long leave that is over; decide after its end",
            field="number",
        )
    if leave.cadre not in pool.free(others.values(), policy, back=leave.cadre):
        raise Refused(
            "3.3",
            f"{leave.cadre}目前不能返回（已不属于单位{team.unit}、已派往他村或者在召回影响期内），请填不返回",
            f"{leave.cadre} cannot come back: not of {team.unit} any more, out in another village, or under a recall; "
            "say that the cadre does not",
            field="returns",
        )
    substitute, told = leave.substitute, list[Event]()
    for village, one in same_team(pool, team, others):
        left = substitute if substitute in one.members else leave.cadre if leave.cadre in one.vacant else ""
        role = one.members.get(left) or one.vacant.get(left)
        if role is None:
            continue
        if left == substitute:
            told.append(
                MemberLeft(place=one.place, village=village, unit=one.unit, cadre=left, role=role,
                           decided_by=command.decided_by)
            )  # fmt: skip
        places: list[tuple[str, Role]] = [(leave.cadre, role)]
        if leave.role == "leader" and one.members.get(leave.acting) == "leader":
            places = [(leave.acting, role), (leave.cadre, "leader")]
        told += (
            MemberReplaced(place=one.place, village=village, unit=one.unit, recalled=left, cadre=cadre, role=role,
                           replaced_by=command.decided_by)
            for cadre, role in places
        )  # fmt: skip
    if not told:
        zh = "队中没有可以返回的位置（补派的人已不在队），请填不返回，需要时另行补派"
        en = "there is no place to come back to, since who was sent meanwhile is gone; say that the cadre does not"
        raise Refused("3.3", zh, en, field="returns")
    return Change(pool, tuple(told))


def adjust(pool: Pool | None, command: AdjustTeam, policy: Policy, today: date, others: Others) -> Change:
    """The named members leave the team in each village that it serves, since an outcome asks for other members
    (2.20)."""
    require_body(command.body, "organisation", "2.20")
    pool, team = _team(pool, command, policy)
    link = others.get((Link, id_of(command.village)))
    if not isinstance(link, Link) or command.outcome not in link.adjustments:
        raise Refused(
            "2.20",
            "该村工作队没有待办的这项组织调整：已经办理，或者决定已经撤销、工作队已经撤离，请核对事项编号",
            "no such adjustment of the team is awaited: it was made or taken back, or the team is gone; check it",
            field="outcome",
        )
    if unknown := [cadre for cadre in command.leaving if cadre not in team.members]:
        raise _no_member(unknown[0], "leaving")
    return Change(pool, tuple(
        MemberLeft(place=one.place, village=village, unit=one.unit, cadre=cadre, role=one.members[cadre],
                   decided_by=command.decided_by)
        for village, one in same_team(pool, team, others) for cadre in dict.fromkeys(command.leaving)
        if cadre in one.members
    ))  # fmt: skip


def note_adjusted(pool: Pool | None, command: AdjustTeam, policy: Policy, today: date) -> Change:
    """Note those who leave an adjusted team, so that no pool sends them again."""
    if pool is None or command.village not in pool.teams:
        return Change(pool)
    return Change(with_absences(pool, {**pool.away, **dict.fromkeys(command.leaving, Absence("other", None))}))


def retain(pool: Pool | None, command: RetainMember, policy: Policy, today: date, others: Others) -> Change:
    """A named body decides that a member stays although the member no longer meets a rule for the role."""
    require_body(command.body, "organisation", "3.3")
    pool, team = _team(pool, command, policy)
    if command.cadre not in team.members:
        raise _no_member(command.cadre)
    doubted = {
        village: one.place
        for other in pool.family(others.values())
        for village, one in other.teams.items()
        if one.unit == team.unit and command.cadre in one.doubted
    }
    return Change(
        pool,
        tuple(
            MemberRetained(place=place, village=village, cadre=command.cadre, decided_by=command.decided_by)
            for village, place in doubted.items()
        ),
    )


def replace_member(pool: Pool | None, command: ReplaceMember, policy: Policy, today: date, others: Others) -> Change:
    """Another cadre of the unit fills an open role. The rules for the role must allow it (3.3, 3.4)."""
    require_body(command.body, "unit", "2.20")
    pool, team = _team(pool, command, policy)
    role = team.vacant.get(command.left)
    if role is None and command.cadre in team.members:
        return Change(pool)
    if role is None:
        raise Refused(
            "2.20",
            f"没有因{command.left}离队产生的空缺，请核对离队的队员",
            f"{command.left} left no vacancy; check who left the team",
            field="left",
        )
    open_in = [(village, one) for village, one in same_team(pool, team, others) if command.left in one.vacant]
    _require_fit(pool, team, role, command.cadre, command.left, open_in, policy, today, others)
    nominee = Nominee(command.cadre, command.replaced_by)
    is_out = not _stages(open_in, others).isdisjoint(OUT)
    if is_out and _is_reviewed(pool, command.left, policy, others):
        return Change(pool, tuple(
            ReplacementNominated(place=one.place, village=village, unit=one.unit, left=command.left,
                                 cadre=command.cadre, role=one.vacant[command.left], nominated_by=command.replaced_by)
            for village, one in open_in if one.nominated.get(command.left) != nominee
        ))  # fmt: skip
    return Change(pool, _replaced(open_in, command.left, nominee))


def _is_reviewed(pool: Pool, left: str, policy: Policy, others: Others) -> bool:
    """Whether the pack asks for a review of whoever replaces this cadre. It may ask for it only after a recall, only
    otherwise, or always (5.13)."""
    terms = policy.team.nomination
    is_recalled = any(left in one.recalled for one in pool.family(others.values()))
    return terms is not None and ("recalled" if is_recalled else "left") in terms.replacements


def _replaced(open_in: Iterable[tuple[str, Team]], left: str, nominee: Nominee) -> tuple[Event, ...]:
    return tuple(
        MemberReplaced(place=one.place, village=village, unit=one.unit, recalled=left, cadre=nominee.cadre,
                       role=one.vacant[left], replaced_by=nominee.by)
        for village, one in open_in
    )  # fmt: skip


def note_nominee(pool: Pool | None, event: ReplacementNominated, policy: Policy, today: date) -> Change:
    """The unit nominated a replacement. It waits for the review."""
    team = pool.teams.get(event.village) if pool else None
    if pool is None or team is None:
        return Change(pool)
    nominated = {**team.nominated, event.left: Nominee(event.cadre, event.nominated_by)}
    return Change(pool.with_team(event.village, _but(team, nominated=nominated)))


def forget_nominee(pool: Pool | None, event: ReplacementReviewed, policy: Policy, today: date) -> Change:
    """The nomination was reviewed. Whoever was approved joins the team by an event of its own."""
    team = pool.teams.get(event.village) if pool else None
    if pool is None or team is None:
        return Change(pool)
    return Change(pool.with_team(event.village, _but(team, nominated=without(team.nominated, event.left))))


def review(pool: Pool | None, command: ReviewReplacement, policy: Policy, today: date, others: Others) -> Change:
    """Approve the nominated replacement of a member, or send the nomination back to the unit with the reason (5.13).

    Whoever is approved joins the team in each village that it serves. The rules for the role must still allow it.
    """
    rule = policy.team.nomination.rule if policy.team.nomination else "5.13"
    require_body(command.body, "organisation", rule)
    pool, team = _team(pool, command, policy)
    nominee, role = team.nominated.get(command.left), team.vacant.get(command.left)
    if nominee is None or role is None:
        raise Refused(
            rule,
            f"没有接替{command.left}的推荐人选需要审核，请等派出单位推荐后再办理",
            f"nobody is nominated to replace {command.left}; the unit has not nominated yet, or it was reviewed",
            field="left",
        )
    if not command.approved and not command.reason:
        zh, en = "退回的应写明理由，请填写", "say in `reason` why it is sent back"
        raise Refused(rule, zh, en, field="reason", status=422)
    open_in = [(village, one) for village, one in same_team(pool, team, others) if command.left in one.nominated]
    told: tuple[Event, ...] = tuple(
        ReplacementReviewed(place=one.place, village=village, unit=one.unit, left=command.left, cadre=nominee.cadre,
                            approved=command.approved, reason=None if command.approved else command.reason,
                            decided_by=command.decided_by)
        for village, one in open_in
    )  # fmt: skip
    if not command.approved:
        return Change(pool, told)
    _require_fit(pool, team, role, nominee.cadre, command.left, open_in, policy, today, others)
    return Change(pool, (*told, *_replaced(open_in, command.left, nominee)))


def _require_fit(
    pool: Pool, team: Team, role: Role, cadre: str, left: str, open_in: Iterable[tuple[str, Team]], policy: Policy,
    today: date, others: Others, field: str = "cadre",
) -> None:  # fmt: skip
    """Refuse a replacement whom the unit cannot send, or whom the rules for the role do not allow (3.3, 3.4)."""
    found, unit = (
        _successor(pool, team, role, cadre, left, policy, others, field),
        pool.unit(team.unit, others.values()),
    )
    for village, _ in open_in if unit else ():
        assert unit
        for failed in unmet(Posting(found, unit, village, policy, today), role):
            zh, en = failed.refused(cadre, policy.team.terms(role))
            raise Refused(failed.rule, zh, en, field=field, status=422)


def same_team(pool: Pool, team: Team, others: Others) -> list[tuple[str, Team]]:
    """The villages that a unit's team serves, each with the team as the pool knows it there."""
    return [(village, one) for village, one in pool.out(others.values()).items() if one.unit == team.unit]


def _successor(
    pool: Pool, team: Team, role: Role, id: str, left: str, policy: Policy, others: Others, field: str
) -> Cadre:
    """The named cadre: one who is free, or a member who becomes leader. Raises Refused for anybody else."""
    if role == "leader" and team.members.get(id) == "member":
        cadre = pool.cadres(others.values()).get(id)
    else:
        cadre = pool.free(others.values(), policy, back=left if left == id else "").get(id)
    if cadre is None:
        raise Refused(
            "2.20",
            f"{id}不是单位{team.unit}可派的干部（未登记、属其他单位、已驻村、在召回影响期内或者已离岗），请改派他人",
            f"{id} is no cadre whom {team.unit} can send: not registered, of another unit, out in a "
            "village, under a recall or away; choose another",
            field=field,
            status=422,
        )
    return cadre


def note_loss(pool: Pool | None, event: MemberRecalled | MemberLeft, policy: Policy, today: date) -> Change:
    """A cadre is off the team, and the role is open."""
    team = pool.teams.get(event.village) if pool else None
    if pool is None or team is None or event.cadre not in team.members:
        return Change(pool)
    left = _but(
        team.doubting(event.cadre, (), today),
        members=without(team.members, event.cadre),
        vacant={**team.vacant, event.cadre: event.role},
    )
    return Change(pool.with_team(event.village, left))


def note_gain(pool: Pool | None, event: MemberReplaced, policy: Policy, today: date) -> Change:
    """A cadre took the role. If a member became leader, that member's place is open now."""
    team = pool.teams.get(event.village) if pool else None
    if pool is None or team is None:
        return Change(pool)
    vacant, before = without(team.vacant, event.recalled), team.members.get(event.cadre)
    if before:
        vacant[event.recalled] = before
    nominated = without(team.nominated, event.recalled)
    joined = _but(team, members={**team.members, event.cadre: event.role}, vacant=vacant, nominated=nominated)
    return Change(with_absences(pool, without(pool.away, event.cadre)).with_team(event.village, joined))


def note_doubt(pool: Pool | None, event: MemberDisqualified, policy: Policy, today: date) -> Change:
    """A member no longer meets a rule, as another pool found. It becomes a task to decide whether the member stays."""
    team = pool.teams.get(event.village) if pool else None
    if pool is None or team is None or event.cadre in team.doubted:
        return Change(pool)
    return Change(pool.with_team(event.village, team.doubting(event.cadre, (event.rule,), today)))


def note_stay(pool: Pool | None, event: MemberRetained, policy: Policy, today: date) -> Change:
    """It was decided that the member stays, so the task ends."""
    team = pool.teams.get(event.village) if pool else None
    if pool is None or team is None or event.cadre not in team.doubted:
        return Change(pool)
    return Change(pool.with_team(event.village, team.doubting(event.cadre, (), today)))


def _team(
    pool: Pool | None,
    command: AdjustTeam | ReportDeparture | RetainMember | ReplaceMember | ReviewReplacement | DecideReturn,
    policy: Policy,
) -> tuple[Pool, Team]:
    pool = known(pool, "选派库", "the pool", policy.pool)
    return pool, addressed(pool.teams.get(command.village), command, "驻村工作队", "the team of village")


def _no_member(cadre: str, field: str = "cadre") -> Refused:
    return Refused(
        "3.3",
        f"{cadre}不是该村工作队的现任队员，请核对",
        f"{cadre} is no member of the village's team now; check the id",
        field=field,
        status=422,
    )
