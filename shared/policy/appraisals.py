"""Assessments of anything else than a team: villages, townships, organisations, village cadres.

An entry says whom it grades, the channels that make the score, the scale, who decides, and what follows: a ranking of
which the worst are proposed for a list, and the reviews that use the result. The team's yearly assessment is a section
of its own (`assessment.py`), since the journey of every village leads through it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.calendar import Span, YearDay
from shared.contracts.values import Clause, Code, Name, Role
from shared.policy.assessment import Assessment, Grade, Review, of_opening
from shared.policy.bound import Bound
from shared.policy.channels import CHANCE, PRESENCE, Channel, Known, of_facts
from shared.policy.lists import ListKind
from shared.policy.parties import PartyKind
from shared.policy.section import Found, Labels, One, Path, Section

TEAM: Final = "team"
"""The team's assessment, as a channel names it: its score counts in the village's, or in the township's."""
VILLAGE, TOWNSHIP = "village", "township"
COMPOSED: Final = (VILLAGE, TOWNSHIP)
"""The subjects whose score can be made of others' results: those of a village, or of all villages of a township."""


class Ranking(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """倒排：得分最低的若干个提请列入名单。 · The worst are proposed for a list (“倒排整顿”, mechanism 2.6)."""

    worst: Annotated[int, Meta(ge=1, le=2000)]
    """最低的几个。 · How many."""
    lists: Code
    """列入哪一名单。 · The list for which they are proposed."""
    by: Role
    """由谁排定。 · Who makes the ranking."""


class Appraisal(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """对村、乡镇、组织或者村干部的考核评价。 ·
    The yearly assessment of villages, townships, organisations or village cadres (mechanisms 0.9, 0.10, 0.13, 1.7,
    2.5, 2.6, 2.14, 4.8). Who is registered when it opens is assessed. What a new pack adds is looked for on 1 January
    and 1 July: with a day between its adoption and the next of these it opens from the year after on."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    of: Code
    """对象：村 village、乡镇 township，或者一类组织、人员的代码。 ·
    Whom it grades: `village`, `township`, or the code of a kind of party."""
    where: Annotated[Mapping[Code, One[Code]], Meta(max_length=5)] = msgspec.field(default_factory=dict)
    """只评价其中哪些：信息项应为所列各值之一，如 post = ["secretary", "both"]；不填为全部。 ·
    Which of that kind: fields of the party with the values of which each must have one; all, where it is left out."""
    opens: YearDay
    """每年启动日。 · The day on which it opens."""
    channels: One[Channel]
    """来源和权重。 · The channels and their weights."""
    ballot_quorum: Bound | None = None
    """民主测评的法定人数；没有测评的不填。 · Of those entitled, how many must be present at a ballot."""
    grades: One[Grade]
    """等次，从高到低。 · The grades from the best to the worst."""
    decides: Role
    """由谁评定等次。 · Who decides the grade."""
    decide_within: Span
    """拟定等次后多长时间内评定。 · How long after the proposal the grade may take."""
    best_at_most: Annotated[float, Meta(ge=0.01, le=0.99)] | None = None
    """最高等次最多占几成（0.2 为二成）；不写为不限。 ·
    The largest share of the best grade (0.2 is a fifth); not limited where it is left out."""
    parts: Labels | None = None
    """必备部分；每项来源须属于其中之一，缺一不可。 ·
    Mandatory parts, such as goals, posts and results: each has a channel, and each channel belongs to one."""
    failings: Labels | None = None
    """评定时可认定的问题。 · Failings that the deciding body may find, such as inactivity."""
    feeds: Labels | None = None
    """结果用于哪些考核，不再重复填报。 · The reviews in which the result is used without being entered again."""
    four_eyes: bool | UnsetType = UNSET
    """是否由不同的人办理：录入材料的人员不得评定等次，评定等次的人员不得办理复核。 ·
    Whether nobody grades who entered something of that year, and nobody who graded answers the request for review."""
    review: Review | None = None
    """对等次申请复核；不填则等次为最终决定。 · How a grade is contested; without it grades are final."""
    rank: Ranking | None = None
    """倒排；个人不排名。 · The ranking; persons are never ranked."""

    def channel(self, code: str) -> Channel | None:
        """The channel of a code; None if it has none."""
        return next((one for one in self.channels if one.channel == code), None)

    def grades_such(self, sort: str, fields: Mapping[str, str | float]) -> bool:
        """Whether it grades what is of this sort and has these fields."""
        return sort == self.of and all(fields.get(field) in values for field, values in self.where.items())

    @property
    def sources(self) -> tuple[str, ...]:
        """What counts in this assessment without being entered: other assessments, by kind, and facts of the year."""
        return tuple(one.source for one in self.channels if one.source)

    @property
    def names(self) -> list[str]:
        """The grades, from the best to the worst."""
        return [grade.name for grade in self.grades]


def of_teams(terms: Assessment) -> Appraisal:
    """The team's assessment in the form of an entry of `[[appraisals]]`, as far as counting all teams needs it."""
    cited = terms.reference
    return Appraisal(
        kind=TEAM,
        label="工作队年度考核",
        rule=f"{cited.document}:{cited.article}" if cited and cited.article else cited.document if cited else "2.15",
        of=TEAM,
        opens=terms.opens,
        channels=tuple(
            Channel(channel=one.channel, label=one.channel, weight=one.weight, how="report") for one in terms.inputs
        ),
        grades=terms.grades,
        decides="organisation",
        decide_within=terms.grade_by.within,
        best_at_most=terms.best_at_most,
    )


def contradictions(
    appraisals: Sequence[Appraisal],
    parties: Sequence[PartyKind],
    lists: Sequence[ListKind],
    facts: Known,
    words: Sequence[Labels],
) -> Found:
    """Find subjects, results, facts and lists that do not exist, weights that do not make 100, ranked persons, and
    codes whose meaning a form could not tell. `facts`: those that the pack's other sections bring; `words`: the grades
    and channels of the team's assessment."""
    kinds = {party.kind: party for party in parties}
    for n, one in enumerate(appraisals):
        at: Path = ("appraisals", n)
        if one.of not in (*COMPOSED, *kinds):
            known = (*COMPOSED, *kinds)
            yield (
                (*at, "of"),
                f"没有 {one.of} 这一类，可填：{'、'.join(known)}",
                f"there is no {one.of}, only {', '.join(known)}",
                "",
            )
        yield from _of_fields(at, one, kinds)
        yield from of_opening((*at, "opens"), one.opens)
        if one.kind == TEAM or one.kind in kinds:
            zh, en = (
                f"{one.kind} 已有他用，请换一个代码",
                f"{one.kind} is the team's, or a kind of party; choose another code",
            )
            yield (*at, "kind"), zh, en, ""
        for m, channel in enumerate(one.channels):
            yield from _of_channel((*at, "channels", m), one, channel, appraisals, kinds, facts)
        yield from _of_weights(at, one)
        yield from _of_grades(at, one)
        yield from _of_parts(at, one)
        yield from _of_ranking(at, one, tells_of_persons(one, appraisals, parties), lists)
    yield from _alike(appraisals, words)


def _of_fields(at: Path, one: Appraisal, kinds: Mapping[str, PartyKind]) -> Found:
    """Find a field or a value in `where` that the assessed kind of party does not have."""
    known = {field.field: field.one_of or {} for field in kinds[one.of].fields} if one.of in kinds else {}
    for name, values in one.where.items():
        for value in values:
            if value not in known.get(name, ()):
                said = "、".join(known.get(name, known)) or "（无）"
                zh = f"{one.of} 没有 {name} = {value}，可填：{said}"
                en = f"{one.of} never has {name} = {value}; there is {', '.join(known.get(name, known)) or 'none'}"
                yield (*at, "where", name), zh, en, ""


def _of_channel(
    at: Path,
    one: Appraisal,
    channel: Channel,
    appraisals: Sequence[Appraisal],
    kinds: Mapping[str, PartyKind],
    facts: Known,
) -> Found:
    """Find a channel that nobody enters, whose result does not exist, or that leads back to itself."""
    yield from of_facts(at, channel, facts)
    if not channel.source:
        if channel.by is None:
            yield (*at, "by"), "应写明由谁提交", "it must say who enters it"
        if channel.of is not None:
            zh, en = "由人提交的来源不填 of", "only a result or a record has `of`, not what somebody enters"
            yield (*at, "of"), zh, en, ""
        if channel.how == "report" and channel.weight:
            yield (
                (*at, "weight"),
                "述职没有分数，权重应为 0",
                "a report has no score, so that its weight is 0",
                "weight = 0",
            )
        if channel.how == "ballot" and one.ballot_quorum is None:
            yield (*at, "how"), "有民主测评的，应写明 ballot_quorum", "a ballot needs a ballot_quorum", ""
        return
    if channel.by is not None:
        zh, en = "采用的结果和记录无人提交，不填 by", "nobody enters a result or a record, so that it has no `by`"
        yield (*at, "by"), zh, en, ""
    if one.of not in COMPOSED:
        zh = "只有村和乡镇的考核评价可以采用其他结果和记录"
        yield (*at, "how"), zh, "only a village's or a township's is made of other results and of records", ""
    if channel.how != "taken":
        return
    others = {other.kind: other for other in appraisals}
    source = others.get(channel.of or "")
    if channel.of != TEAM and source is None:
        zh = f"没有 {channel.of} 这一项，可填：{'、'.join((TEAM, *others))}"
        yield (*at, "of"), zh, f"there is no {channel.of}, only {', '.join((TEAM, *others))}", 'of = "team"'
    elif source is not None and one.kind in _sources(source, others):
        zh, en = f"{channel.of} 又采用 {one.kind} 的结果，相互循环", f"{channel.of} is made of {one.kind} in turn"
        yield (*at, "of"), zh, en, 'of = "team"'
    elif source is not None and (
        source.of == TOWNSHIP or (source.of in kinds and VILLAGE not in kinds[source.of].parents)
    ):
        zh = f"{channel.of} 的对象不属于村，结果不能计入村或乡镇"
        yield (*at, "of"), zh, f"whom {channel.of} grades belongs to no village, so that it counts for none", ""


def _sources(one: Appraisal, others: Mapping[str, Appraisal], seen: tuple[str, ...] = ()) -> Iterator[str]:
    """The kinds of all assessments whose results count in this one, beginning with this one itself."""
    yield one.kind
    for kind in one.sources:
        if kind in others and kind not in seen:
            yield from _sources(others[kind], others, (*seen, one.kind))


def _of_weights(at: Path, one: Appraisal) -> Found:
    codes = [channel.channel for channel in one.channels]
    for m, code in enumerate(codes):
        if code in codes[:m]:
            yield (*at, "channels", m, "channel"), f"{code} 出现了两次", f"{code} occurs twice", ""
    total = sum(channel.weight for channel in one.channels)
    if min(abs(total - 100), abs(total - 1)) > 1e-6:
        zh = f"权重合计 {total:g}，应为 100（或按小数合计为 1）"
        yield (*at, "channels"), zh, f"the weights make {total:g}, but must make 100, or 1 as shares", ""
    if not any(channel.weight for channel in one.channels if channel.how not in CHANCE):
        zh = "督查、对账和驻村天数不是每个对象都有，至少应有一项计分的其他来源"
        en = "not everybody has visits, ledgers and days in the village, so that another channel must carry weight, too"
        yield (*at, "channels"), zh, en, ""
    if one.ballot_quorum and not any(channel.how == "ballot" for channel in one.channels):
        yield (*at, "ballot_quorum"), "没有民主测评，不填 ballot_quorum", "there is no ballot that would need it", ""


def _of_grades(at: Path, one: Appraisal) -> Found:
    bounds = [grade.at_least for grade in one.grades]
    if bounds[-1] > 0:
        zh, en = "最后一等应从 0 分起，否则有的分数没有等次", "the last must begin at 0, or some scores have no grade"
        yield (*at, "grades", len(bounds) - 1, "at_least"), zh, en, "at_least = 0"
    for m, (better, worse) in enumerate(pairwise(bounds)):
        if better <= worse:
            zh, en = "各等应从高到低排列", "each must begin above the next, from the best to the worst"
            yield (*at, "grades", m + 1, "at_least"), zh, en, ""
    for m, name in enumerate(one.names):
        if name in one.names[:m]:
            yield (*at, "grades", m, "name"), f"{name} 出现了两次", f"{name} occurs twice", ""
    for m, name in enumerate(one.review.grades if one.review else ()):
        if name not in one.names:
            zh, en = f"没有等次 {name}，可填：{'、'.join(one.names)}", f"there is no grade {name}"
            yield (*at, "review", "grades", m), zh, en, ""


def _of_parts(at: Path, one: Appraisal) -> Found:
    """Find a mandatory part for which no channel is sure to come in, and a channel that belongs to no part (2.14)."""
    said = {channel.part for channel in one.channels if channel.how not in CHANCE}
    for part in one.parts or {}:
        if part not in said:
            zh = f"必备部分 {part} 没有来源，或者只有不是每个对象都有的督查、对账、驻村天数"
            en = f"no channel is about the mandatory part {part}, or only visits, ledgers and days that not all have"
            yield (*at, "parts", part), zh, en, ""
    for m, channel in enumerate(one.channels):
        if (channel.part is not None or one.parts) and channel.part not in (one.parts or {}):
            zh = f"应属于必备部分之一：{'、'.join(one.parts)}" if one.parts else "没有规定必备部分（parts），不填 part"
            en = f"it must belong to one of {', '.join(one.parts)}" if one.parts else "there are no `parts`"
            yield (*at, "channels", m, "part"), zh, en, ""


def tells_of_persons(one: Appraisal, appraisals: Sequence[Appraisal], parties: Sequence[PartyKind]) -> bool:
    """Whether an assessment is of persons, or its score is made of the results of persons, or of the days that members
    of a team were in the village."""
    others, persons = {other.kind: other for other in appraisals}, {party.kind for party in parties if party.personal}
    made_of = [others[kind] for kind in _sources(one, others) if kind in others]
    return one.of in persons or any(each.of in persons or PRESENCE in each.sources for each in made_of)


def _of_ranking(at: Path, one: Appraisal, is_of_persons: bool, lists: Sequence[ListKind]) -> Found:
    """Find a ranking of persons or by persons' results, since persons are never ranked, and a ranking for a list of
    something else."""
    if one.rank is None:
        return
    if is_of_persons:
        zh = f"{one.kind} 评价个人，或者由个人的评价结果、驻村天数构成；个人不排名"
        en = f"{one.kind} grades persons, or is made of their results or days, and persons are never ranked"
        yield (*at, "rank"), zh, en, ""
        return
    fitting = [listed.kind for listed in lists if listed.of == one.of]
    if one.rank.lists not in fitting:
        zh = f"{one.rank.lists} 不是 {one.of} 的名单，可填：{'、'.join(fitting) or '（无）'}"
        en = f"{one.rank.lists} is no list of {one.of}; there is {', '.join(fitting) or 'none'}"
        yield (*at, "rank", "lists"), zh, en, ""


def _alike(appraisals: Sequence[Appraisal], words: Sequence[Labels]) -> Found:
    """Find a grade, channel or failing that shares its code with another entry's, but not its name."""
    grades, channels = (dict(one) for one in words)
    failings, feeds = dict[str, str](), dict[str, str]()
    for n, one in enumerate(appraisals):
        said = (
            (("grades",), {grade.name: grade.label for grade in one.grades}, grades),
            (("channels",), {channel.channel: channel.label for channel in one.channels}, channels),
            (("failings",), one.failings or {}, failings),
            (("feeds",), one.feeds or {}, feeds),
        )
        for path, own, known in said:
            for code, label in own.items():
                if known.setdefault(code, label) != label:
                    zh = f"{code} 在另一处称“{known[code]}”，这里称“{label}”；请统一名称或者换一个代码"
                    en = f"{code} is called {known[code]} elsewhere and {label} here; make them alike, or rename it"
                    yield ("appraisals", n, *path), zh, en, ""
