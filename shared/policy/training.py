"""Training: the courses of a region, who owes one, and by when a reported lack of skills is answered by a course."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from msgspec import Meta

from shared.contracts.dispatch import Role as TeamRole
from shared.contracts.values import Clause, Code, EventRole, Name, Role
from shared.policy.checking import toml
from shared.policy.section import Found, Labels, Section
from shared.policy.when import When


class Amount(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """训练量：期数或者天数，只写其一。 · How much training: a number of courses or of days, one of both."""

    courses: Annotated[int, Meta(ge=1, le=50)] | None = None
    """至少几期。 · At least so many courses."""
    days: Annotated[int, Meta(ge=1, le=120)] | None = None
    """至少几天。 · At least so many days, all courses together."""

    def met(self, days: Sequence[int]) -> bool:
        """Whether courses of these lengths in days are enough."""
        return len(days) >= self.courses if self.courses else sum(days) >= (self.days or 0)


class Duty(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """驻村人员和联系人应受的培训。 ·
    The training that members of a team, and cadres who are bound to a village otherwise, must have (1.8, 2.12)."""

    roles: Annotated[tuple[TeamRole, ...], Meta(max_length=2)] = ()
    """工作队的哪些人：队长 leader、队员 member；不写的，没有 links 为全队，有 links 为不含工作队。 ·
    Which of the team; where it is left out, all of the team, or nobody of it where there are `links`."""
    links: Annotated[tuple[Code, ...], Meta(max_length=10)] = ()
    """哪几种联系人：[[links]] 中由干部联系村或帮扶户的代码，如领导干部、帮扶责任人。 ·
    Which cadres who are bound to a village or its households: codes of `[[links]]`, as of leaders and helpers (1.8)."""
    at_least: Amount
    """至少多少，如 { courses = 1 } 或 { days = 5 }。 · At least how much: `{ courses = 1 }` or `{ days = 5 }`."""
    due: When
    """期限。自进队或者确定联系（joining）起算的，一人一次，此前参加的也算，任职前培训写 { after = "joining" }；
    每年的一天，每年一次，自进队次年起。 ·
    The last day. Counted from joining the team or from the beginning of the link (`joining`), it is owed once, and
    courses before that day count as well; training before the work begins is `{ after = "joining" }`. A day of the
    year means every calendar year, from the one after on."""

    def of_team(self, role: TeamRole) -> bool:
        """Whether a member of the team in this role owes it."""
        return role in self.roles if self.roles else not self.links


class Training(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一类培训。 · A kind of training (1.8, 2.12, 4.5)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据：[documents] 中的文件和条款，如 S2:二（三）。 · A cited document and its article, as `S2:3`."""
    by: EventRole
    """由谁负责组织、登记。 · Who sees to it that courses are held and attendance is recorded."""
    held_by: Annotated[tuple[Role, ...], Meta(min_length=1, max_length=10)]
    """由谁举办的算数，如 ["city", "county"]。 · Whose courses count, such as `["city", "county"]`."""
    groups: Labels
    """按哪些类别统计人数，如村干部、党员。 · The groups by which heads are counted, such as village cadres."""
    duty: Duty | None = None
    """驻村人员应受的培训；不写为没有要求。 · What members of teams must have; nothing where it is left out."""
    skills: Annotated[Mapping[Code, Name], Meta(max_length=100)] = {}
    """可报的所缺技能（缺什么、补什么）。 · The skills whose lack is reported, so that courses follow it (1.8)."""
    reported_by: EventRole | None = None
    """由谁报告村内所缺技能。 · Who reports which of them are lacking in a village."""
    taught_by: When | None = None
    """报告所缺技能后多长时间内开班。自报告（report）起算。 · The last day for a course after a report (`report`)."""


def contradictions(trainings: Sequence[Training], links: Collection[str]) -> Found:
    """Find duties with no amount or with two, duties of links that no cadre has to a village, and skills that nobody
    reports or that need not be taught by a day."""
    for n, one in enumerate(trainings):
        at = ("training", n)
        if one.duty and (one.duty.at_least.courses is None) == (one.duty.at_least.days is None):
            zh, en = "期数（courses）和天数（days）应写且只写一项", "it is a number of courses or of days: one of both"
            yield (*at, "duty", "at_least"), zh, en, "at_least = { courses = 1 }"
        if one.by not in one.held_by:
            zh = f"{one.by} 登记参训人员、按需开班，其举办的培训也须算数，held_by 应含 {one.by}"
            en = f"{one.by} records who came, and answers what is lacking, so that its own courses count as well"
            yield (*at, "held_by"), zh, en, f"held_by = {toml([one.by, *one.held_by])}"
        for m, kind in enumerate(one.duty.links if one.duty else ()):
            if kind not in links:
                zh = f"{kind} 不是由干部联系村或帮扶户的一种，可填：{'、'.join(links) or '（无）'}"
                en = f"{kind} is no link from a cadre to a village or its households: {', '.join(links) or 'none'}"
                yield (*at, "duty", "links", m), zh, en, ""
            elif one.duty and kind in one.duty.links[:m]:
                yield (*at, "duty", "links", m), f"{kind} 已经写过", f"{kind} stands there already", ""
        if one.duty and len(set(one.duty.roles)) != len(one.duty.roles):
            yield (*at, "duty", "roles"), "同一角色写了两次", "a role stands there twice", 'roles = ["leader"]'
        for field, example in (("reported_by", '"team"'), ("taught_by", _TAUGHT)):
            if bool(one.skills) != (getattr(one, field) is not None):
                zh = f"skills 和 {field} 应当一并填写：有可报的技能，才有人报告、限期开班"
                en = f"`skills` and `{field}` stand together: what can be lacking is reported, and taught by a day"
                yield (*at, field if one.skills else "skills"), zh, en, f"{field} = {example}" if one.skills else ""


_TAUGHT = '{ after = "report", within = { months = 6 } }'
