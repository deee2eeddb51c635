"""What village cadres and members of teams are paid besides their salary: its parts, and who confirms it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from shared.calendar import Span
from shared.contracts.incentives import Money
from shared.contracts.values import Clause, Code, Name, Role
from shared.policy.parties import PartyKind, of_villages
from shared.policy.presence import Presence
from shared.policy.section import Found, One, Path, Section

TEAM: Final = "team"
"""The `of` of a statement that pays the members of a village's team. Any other value is a kind of person."""


class Part(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """报酬的一部分：固定数额、按驻村天数或者按评定等次。 ·
    One part of what is paid: a fixed sum, by the days in the village, or by the grade (0.11, 1.13)."""

    named_by = ("code",)
    code: Code
    """代码。 · Its code."""
    label: Name
    """名称，如基本报酬。 · Its name."""
    yuan: Money | None = None
    """固定数额，每月多少元；once 的为一次性数额。 · A fixed sum, in yuan a month; with `once` it is paid once."""
    once: Literal["leaving"] | None = None
    """一次性发放：离任 leaving；每月发放的不填。 ·
    It is paid once only, to whoever leaves the post (`leaving`); None if it is paid each month."""
    per_day: Money | None = None
    """驻村每日多少元。 · Yuan for each day in the village."""
    assessment: Code | None = None
    """按哪一项考核评价的等次。 · The assessment by whose grade it is paid."""
    grades: Annotated[Mapping[Code, Money], Meta(max_length=20)] = msgspec.field(default_factory=dict)
    """各等次每月多少元。 · Yuan a month, by grade."""


class Statement(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """按月核发的报酬或者补贴。 · Pay or an allowance, by month (mechanisms 0.11, 1.13)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    of: Code
    """发给谁：工作队队员 team，或者一类个人的代码。 · Who is paid: members of teams (`team`), or a kind of person."""
    parts: One[Part]
    """由哪几部分组成。 · The parts that it consists of."""
    confirmed_by: Role
    """由谁核定。 · Who confirms it."""
    confirm_within: Span
    """核算后多长时间内核定。 · How long after it was drawn the confirmation may take."""
    floor: Money | None = None
    """每月最低数额，低于的告知；不填则没有。 · The least sum a month; one that is lower is told."""
    explained_by: Role | None = None
    """低于最低数额的，由谁说明原因；不填则只告知。 ·
    Who gives the reason where somebody is paid less; None if it is only told."""
    explain_within: Span | None = None
    """核算后多长时间内说明原因。 · How long after the statement the reason may take."""

    def monthly(self, grades: Mapping[str, str]) -> dict[str, int]:
        """What is paid each month until something changes, by part. `grades` has the person's grades by assessment."""
        fixed = {part.code: part.yuan for part in self.parts if part.yuan is not None and not part.once}
        graded = {
            part.code: part.grades[grades[part.assessment]]
            for part in self.parts
            if part.assessment and grades.get(part.assessment) in part.grades
        }
        return {**fixed, **graded}

    @property
    def on_leaving(self) -> dict[str, int]:
        """What is paid once to whoever leaves the post, by part."""
        return {part.code: part.yuan for part in self.parts if part.yuan is not None and part.once == "leaving"}

    @property
    def only_once(self) -> bool:
        """Whether everything is paid once only, so that nobody has a statement before the day of the payment."""
        return all(part.once for part in self.parts)

    def by_days(self, days: int) -> dict[str, int]:
        """What is paid for one month in which the person was in the village for so many days, by part."""
        return {part.code: part.per_day * days for part in self.parts if part.per_day is not None}

    def rests_on(self, assessment: str) -> bool:
        """Whether a part is paid by the grade of this assessment."""
        return any(part.assessment == assessment for part in self.parts)


def contradictions(
    statements: Sequence[Statement],
    parties: Sequence[PartyKind],
    graded: Mapping[str, tuple[str, Sequence[str]]],
    presence: Presence | None,
) -> Found:
    """Find statements that pay nobody, and parts whose amount could never be known.

    `graded` has, by kind of assessment, whom it grades and the names of its grades.
    """
    persons = [TEAM, *of_villages(parties)]
    for n, one in enumerate(statements):
        at: Path = ("statements", n)
        if one.of not in persons:
            zh, en = f"{one.of} 不是个人", f"{one.of} is no kind of person"
            if any(party.kind == one.of and party.personal for party in parties):
                zh = f"{one.of} 不只隶属于村，而报酬补贴按村核发"
                en = f"{one.of} does not belong to villages alone, in which pay is drawn"
            yield (
                (*at, "of"),
                f"{zh}，可填：{'、'.join(persons)}",
                f"{en}; it is one of {', '.join(persons)}",
                'of = "team"',
            )
        if one.of == TEAM and presence is None:
            zh, en = "没有 [presence] 就没有驻村天数，不能发给队员", "without [presence] nobody knows a member's days"
            yield (*at, "of"), zh, en, ""
        if one.of == TEAM and one.floor:
            zh, en = "按驻村天数发放的没有最低数额", "what is paid by days has no floor"
            yield (*at, "floor"), zh, en, ""
        if (one.explained_by is None) != (one.explain_within is None):
            zh, en = "由谁说明原因和期限应同时填写", "explained_by and explain_within go together"
            yield (*at, "explain_within"), zh, en, "explain_within = { calendar_days = 10 }"
        elif one.explained_by and not one.floor:
            zh, en = "没有最低数额（floor），无从说明原因", "without a floor nobody is paid less than that"
            yield (*at, "floor"), zh, en, "floor = 2000"
        theirs = {kind: names for kind, (of, names) in graded.items() if of == one.of}
        for m, part in enumerate(one.parts):
            if part.code in [other.code for other in one.parts[:m]]:
                yield (*at, "parts", m, "code"), f"{part.code} 出现了两次", f"{part.code} occurs twice"
            yield from _of_part((*at, "parts", m), one, part, theirs)


def _of_part(at: Path, one: Statement, part: Part, graded: Mapping[str, Sequence[str]]) -> Found:
    """Find a part that is paid in several ways or in none, and grades that do not exist."""
    ways = [name for name in ("yuan", "per_day", "assessment") if getattr(part, name) is not None]
    if len(ways) != 1 or bool(part.grades) != (part.assessment is not None):
        zh = "固定数额（yuan）、按天数（per_day）、按等次（assessment 和 grades）三种写法取其一"
        yield (
            at,
            zh,
            "a part is a fixed sum (yuan), by days (per_day), or by the grade (assessment, with grades)",
            "yuan = 500",
        )
    elif part.once and part.yuan is None:
        zh, en = "一次性发放的应写明数额（yuan）", "what is paid once is a fixed sum (yuan)"
        yield (*at, "yuan"), zh, en, "yuan = 3000"
    elif (part.per_day is not None) != (one.of == TEAM):
        zh, en = (
            "按天数发放的是工作队队员，而且只按天数发放",
            "members of teams are paid by days, nobody else is, and they by nothing else",
        )
        yield at, zh, en, "per_day = 50" if one.of == TEAM else "yuan = 500"
    elif part.assessment and part.assessment not in graded:
        zh = f"{part.assessment} 不评定 {one.of}，可填：{'、'.join(graded) or '（无）'}"
        yield (
            (*at, "assessment"),
            zh,
            f"{part.assessment} does not grade a {one.of}, but {', '.join(graded) or 'nothing'} does",
            "",
        )
    elif part.assessment:
        names = graded[part.assessment]
        if {*names} != {*part.grades}:
            zh = f"应逐一写明各等次的数额：{'、'.join(names)}"
            yield (*at, "grades"), zh, f"say the sum of each grade: {', '.join(names)}", ""
