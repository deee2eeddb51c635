"""The resident team: who is sent, by which unit, for how long (3.2–3.4, 3.11)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, get_args

import msgspec
from msgspec import Meta

from shared.calendar import Span
from shared.contracts.dispatch import Role
from shared.contracts.registry import Level, Rank
from shared.contracts.values import Clause, Code, EventRole, Name
from shared.policy.bound import HowMany, Limits, Range, ends
from shared.policy.links import LinkKind
from shared.policy.section import Found, One, Path, Reference, Section
from shared.policy.when import When

Points = Annotated[int, Meta(ge=0, le=10_000)]


class Weights(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """选派建议的加分。 ·
    Whole points for what speaks for a unit and its team where the hard rules leave a choice (3.3)."""

    strength: Points
    """单位帮扶能力每一分的加分。 · For each point of the unit's strength."""
    same_county: Points
    """本县单位的加分。 · For a unit of the village's own county."""
    reserve: Points
    """每名后备干部的加分。 · For each reserve cadre in the team."""
    young: Points
    """每名年轻干部的加分。 · For each young cadre in the team."""
    young_below: Annotated[int, Meta(ge=18, le=60)]
    """年龄低于此数为年轻干部。 · The age below which a cadre is young."""


MATCHED = ("each_target", "each_bearer", "roles", "suits", "same_county_levels", "match_by", "weights")
"""The fields of a team that are matching rules. A division that overrides one of them matches its villages itself."""


class TeamRole(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """工作队中的一种角色：几名，什么人可以担任。 ·
    A role in a team: how many have it, and who may (3.3, 3.4)."""

    named_by: ClassVar = ("role",)
    merged: ClassVar = True

    role: Role
    """角色：队长 leader 或队员 member。 · Which role."""
    label: Name
    """名称，如队长、第一书记。 · What it is called."""
    at_least: Annotated[int, Meta(ge=0, le=20)] = 0
    """至少几名。 · At least so many."""
    at_most: Annotated[int, Meta(ge=1, le=20)] | None = None
    """至多几名；不写为不限。 · At most so many; no limit where it is left out."""
    party_member: bool
    """是否须为中共党员。 · Whether it takes a Party member."""
    work_years: Annotated[int, Meta(ge=0, le=40)]
    """最低工作年限。 · Years of work that it takes at least."""
    younger_than: Annotated[int, Meta(ge=18, le=65)] | None = None
    """进队时须小于几周岁；不写为不要求。 ·
    The age in years that a cadre has not reached on joining the team; any age where it is left out."""
    rank: Annotated[Mapping[Level, Rank], Meta(max_length=3)] = msgspec.field(default_factory=dict)
    """最低职务层次，按单位级别；未列的级别不作要求。 ·
    The lowest rank for it by the unit's level; a level that is left out asks for none."""


_ABSENT: Final[Mapping[Role, TeamRole]] = {
    role: TeamRole(role=role, label=role, at_most=0, party_member=False, work_years=0) for role in get_args(Role)
}


Leaving = Literal["recalled", "left"]


class Nomination(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """派出单位推荐、组织部门审核人选。 ·
    The sending unit nominates who goes, and the organisation department reviews it before the assignment (5.13)."""

    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    nominate_by: When
    """推荐期限。自确定帮扶单位（dispatch.village.matched）起算；退回重新推荐的，自退回起算同样时间。 ·
    The last day for the nomination. It is counted from the matching (`dispatch.village.matched`), and for another one
    anew from the day on which the first was sent back."""
    review_by: When
    """审核期限。自推荐（dispatch.team.nominated）起算。 ·
    The last day for the review. It is counted from the nomination (`dispatch.team.nominated`)."""
    replacements: Annotated[tuple[Leaving, ...], Meta(max_length=2)] = ()
    """哪些补派也须推荐、审核，期限同审核期限：队员被召回的 recalled，因调动、病休、产假等离队的 left；不写为不审核。 ·
    Which replacements are nominated and reviewed as well, in the same time: of members who were `recalled`, and of
    those who `left` otherwise, as by transfer, illness or maternity leave; none where it is left out."""


class Release(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """全脱产驻村：驻村期间在原单位不承担工作。 ·
    Full release: who is in a village has no duties at home meanwhile (0.3)."""

    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    by: EventRole
    """由谁确认原单位工作已全部移交。 · Who confirms that everything at home is handed over."""
    confirm_by: When
    """确认期限。自进队（joining）起算。 · The last day for that. It is counted from joining the team (`joining`)."""
    checked_by: EventRole
    """由谁核查；发现在原单位仍有工作的，须重新确认。 ·
    Who looks into it. Whoever still has duties at home is to be released anew."""


class TermAssessment(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """期满考核：任期届满时逐人评定等次，等次用年度考核的。 ·
    The assessment at the end of a term: each member is graded, with the grades of the yearly assessment (5.14)."""

    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    by: EventRole
    """由谁评定。 · Who grades."""
    assess_by: When
    """评定期限。自任期届满（term）起算。 · The last day for it. It is counted from the end of the term (`term`)."""


class Team(LinkKind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="unit"):
    """派驻工作队：人数、资格、任期。 · Who is sent, by which unit, for how long (mechanisms 3.2–3.4, 3.11)."""

    bearer: ClassVar = "unit"
    """由谁承担。单位 unit 派出工作队。 · Who bears it. It is a unit, which sends a team."""
    kind: Literal["team"]
    """代码：team 指派驻工作队。 · Its code; `team` is the resident team."""
    label: Name
    """名称，如驻村工作队、驻村工作组；各处均按此称呼工作队。 · Its name, by which every sentence calls the team."""
    to: Literal["village"]
    """派到哪里。村为 village。 · Where it leads. It is a village."""
    each_target: HowMany
    """每队人数。一个数，或者最少和最多，如 { at_least = 3, at_most = 5 }；建议方案按最少人数提出，另行选定时可多派。 ·
    Cadres in a team. It is a number, or the fewest and the most; a matching proposes the fewest, and who chooses
    otherwise may send more."""
    each_bearer: Limits = Limits(at_most=1)
    """一个单位的工作队最多负责几个村。如 { at_most = 2 }；不写为一个村。 ·
    How many villages a unit's one team may serve. It is written `{ at_most = 2 }`; one where the pack says nothing."""
    roles: Annotated[tuple[TeamRole, ...], Meta(min_length=1, max_length=2)]
    """角色。 · The roles in a team."""
    suits: Annotated[Mapping[Code, One[Name]], Meta(max_length=50)]
    """各贫困村类别对口的单位类别。 · Departments by the problem class that they are matched to."""
    same_county_levels: Annotated[tuple[Level, ...], Meta(max_length=3)]
    """只帮扶本县村的单位级别。 · Levels whose units serve villages of their own county only."""
    match_by: When
    """确定帮扶单位的期限。自会诊（registry.village.diagnosed）起算。 ·
    The last day for matching a unit. It is counted from the diagnosis (`registry.village.diagnosed`)."""
    assign_by: When
    """派驻期限。自确定帮扶单位（dispatch.village.matched）起算。 ·
    The last day for assigning the team. It is counted from the matching (`dispatch.village.matched`)."""
    weights: Weights
    """选派建议的加分。 · The points of the matching."""
    term_assessment: TermAssessment | None = None
    """期满考核；不写为没有。 · The assessment at the end of a term; none where it is left out."""
    nomination: Nomination | None = None
    """派出单位推荐、组织部门审核；不写为不需推荐。 ·
    That the unit nominates and the organisation department reviews; nobody nominates where it is left out."""
    release: Release | None = None
    """全脱产；不写为不作要求。 · Full release from duties at home; not asked for where it is left out."""
    term: Span
    """任期：按年、月或日历日计。 · The term, in years, months or calendar days."""
    extension: Span | None = None
    """期满未出列的，每次延长时间；不写为不延长，到期轮换。 ·
    By how much it is extended while the village is on the list; without it no term is extended, and another team
    follows."""
    keep_after_exit: Span
    """出列后继续驻村时间。 · How long the team stays after the exit."""
    replace_by: When
    """补派期限。自队员被召回或者离队（vacancy）起算。 ·
    The last day for replacing a member. It is counted from the day on which one was recalled or left (`vacancy`)."""
    successor_first: bool = False
    """村未出列时队员调动，是否须同时确定接替人选（群众不脱贫、干部不脱钩）；病休、退休等不受此限。 ·
    Whether a member is transferred only with a successor, as long as the village is on a list that asks for the team
    (2.13). Who falls ill, retires or the like is not held by this."""
    retain_by: When
    """队员是否留任的决定期限。自队员不再符合条件（dispatch.member.disqualified）起算。 ·
    The last day for deciding whether a member stays who no longer meets a requirement. It is counted from the day on
    which that was told (`dispatch.member.disqualified`)."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""

    @property
    def fewest(self) -> int:
        """The fewest cadres that a team may have."""
        return ends(self.each_target)[0]

    @property
    def most(self) -> int | None:
        """The most cadres that a team may have; None for no limit."""
        return ends(self.each_target)[1]

    @property
    def most_villages(self) -> int:
        """How many villages a unit's one team may serve."""
        return self.each_bearer.at_most or 1

    def terms(self, role: Role) -> TeamRole:
        """What the pack asks of a role. Of a role that its teams do not have it asks nothing, and nobody may have
        it."""
        return next((one for one in self.roles if one.role == role), _ABSENT[role])


def contradictions(at: Path, team: Team, classes: Mapping[str, str]) -> Found:
    """Find sizes that no team can have, classes for which no department is named, and departments of unknown ones."""
    if team.nomination and len({*team.nomination.replacements}) < len(team.nomination.replacements):
        zh, en = "同一种补派写了两次", "a kind of replacement stands there twice"
        yield (*at, "nomination", "replacements"), zh, en, 'replacements = ["recalled", "left"]'
    yield from _of_roles(at, team)
    yield from _of_numbers(at, team)
    yield from _of_suits(at, team, classes)


def _of_numbers(at: Path, team: Team) -> Found:
    """Find numbers that no team can have, or that the system would not observe."""
    size, bearer = team.each_target, team.each_bearer
    if isinstance(size, Range) and size.at_most is not None and size.at_most < size.at_least:
        zh = f"最多 {size.at_most} 人少于最少 {size.at_least} 人，没有这样的工作队"
        en = f"{size.at_most} at most are fewer than {size.at_least} at least; there is no such team"
        yield (*at, "each_target", "at_most"), zh, en, f"at_most = {size.at_least}"
    if bearer.at_least:
        zh = "不能要求每个单位都派工作队，只写最多负责几个村（at_most）"
        en = "a unit cannot be obliged to send a team; give only at_most, the most villages it may serve"
        yield (*at, "each_bearer", "at_least"), zh, en, f"each_bearer = {{ at_most = {bearer.at_most or 1} }}"
    elif bearer.at_most is None:
        zh = "应写明一个单位的工作队最多负责几个村"
        en = "it must say how many villages a unit's team may serve"
        yield (*at, "each_bearer"), zh, en, "each_bearer = { at_most = 1 }"


def _of_suits(at: Path, team: Team, classes: Mapping[str, str]) -> Found:
    """Find classes for which no department is named, departments of unknown classes, and departments named twice."""
    for name, departments in team.suits.items():
        if name not in classes:
            zh = f"没有贫困村类别 {name}，可填：{'、'.join(classes)}"
            yield (*at, "suits", name), zh, f"{name} is no problem class; those are {', '.join(classes)}"
        if twice := sorted({one for one in departments if departments.count(one) > 1}):
            zh, en = f"{'、'.join(twice)} 重复填写，请删去", f"{', '.join(twice)} stands there twice; delete it"
            yield (*at, "suits", name), zh, en
    for name in classes:
        if name not in team.suits:
            zh, en = f"类别 {name} 没有对口单位", f"no department suits the problem class {name}"
            yield (*at, "suits"), zh, en, f'suits = {{ {name} = ["农业", "财政"] }}'


def _of_roles(at: Path, team: Team) -> Found:
    """Find roles that do not make a team: without one leader, or with more or fewer places than the team has."""
    if not any(one.role == "leader" for one in team.roles):
        zh = "每队须有一名队长：考核、召回和述职都落到队长"
        yield (*at, "roles"), zh, "a team needs one leader: assessment, recall and reports name the leader", ""
    for n, one in enumerate(team.roles):
        if one.role == "leader" and (one.at_least, one.at_most) != (1, 1):
            zh = "队长应有且只有一名：at_least = 1，at_most = 1；多名负责人还不能分别考核"
            en = "there is one leader, at_least = 1 and at_most = 1; several could not be assessed apart yet"
            yield (*at, "roles", n, "at_least" if one.at_least != 1 else "at_most"), zh, en
        elif one.at_most is not None and one.at_most < one.at_least:
            zh, en = "至多的人数少于至少的人数", "it is fewer than `at_least`"
            yield (*at, "roles", n, "at_most"), zh, en, f"at_most = {one.at_least}"
    least = sum(one.at_least for one in team.roles)
    most = sum(one.at_most or 20 for one in team.roles)
    if least > team.fewest:
        zh = f"各角色至少共 {least} 名，多于每队最少的 {team.fewest} 人"
        en = f"the roles have {least} at least, which is more than the fewest of a team, {team.fewest}"
        yield (*at, "roles"), zh, en, ""
    elif most < team.fewest:
        zh = f"各角色至多共 {most} 名，不足每队最少的 {team.fewest} 人"
        en = f"the roles have {most} at most, which is less than the fewest of a team, {team.fewest}"
        yield (*at, "roles"), zh, en, ""
