"""The yearly assessment: its inputs, the grades, caps on grades, and the review of a grade (2.15, 2.21, 3.7, 3.8)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from shared.calendar import Span, YearDay
from shared.contracts.values import Code, Name, Percent, Role, ShortOrNone
from shared.policy.bound import Bound
from shared.policy.campaigns import Campaign
from shared.policy.channels import LEDGER, PRESENCE, Known
from shared.policy.section import Found, One, Path, Reference, Section, Some
from shared.policy.when import When, days_of, years_of

CHANNELS: Final = {"written_report": "书面述职", "oral_report": "口头述职", "ballot": "民主测评"}
"""The channels of a team's assessment that somebody enters for it, with their names."""
PRESENT: Final = {PRESENCE: "驻村天数"}
"""The channel that is made of the days in the village, with its name."""
_SECOND_HALF = 7
"""The first month in which an assessment may open. Documents that name an earlier one mean the year that has ended."""
_AHEAD = 31
"""The most days that an assessment may open before a campaign whose scores it needs."""


class Cap(Bound, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """考核等次的限制情形：absences 查岗不在岗次数，open_items 未销号事项数，approval 民主测评满意率。 ·
    The best grade that a team can still get once something has happened in the year: `absences`, visits that found
    someone absent; `open_items`, items open at the last reconciliation; `approval`, the ballot's."""

    grade: Code
    """等次不得高于。 · The best grade that is left."""


class Input(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """考核的一项来源；权重 0 表示须提交但不计分。 · One channel of an assessment; with a weight of 0 it must be in, but
    carries no score."""

    channel: Code
    """来源：written_report 书面述职、oral_report 口头述职、ballot 民主测评；计分的督查的代码；对账的责任事项的代码
    （对账销号率）；presence 驻村天数。 ·
    Its source: `written_report`, `oral_report`, `ballot`, the kind of a campaign that scores, that of a commitment that
    is reconciled (the share of its items that is done), or `presence`, the days in the village."""
    weight: Annotated[float, Meta(ge=0, le=100)]
    """权重：各项合计 100，或按小数合计 1。 · Its weight; all of them make 100, or 1 as shares."""


class Grade(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """考核等次，从高到低。 · One step of the scale, from the best to the worst."""

    name: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    at_least: Percent
    """最低分；最后一等为 0。 · The least score; 0 for the last."""


class Ground(Bound, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """通报批评的情形（3.10），可用的数值与等次限制相同。 ·
    When an assessment names a ground for criticism (mechanism 3.10), by the same figures as its caps."""

    named_by = ("name",)
    name: Code
    """代码。 · Its code."""
    label: ShortOrNone = ""
    """名称；不填则用通用名称。 · Its name; without it the usual one."""


class Review(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """对考核等次申请复核（公务员法第九十五条：定期考核定为不称职）。 ·
    How a grade is contested (Civil Servant Law 95: the grade of incompetent)."""

    grades: One[Code]
    """可以申请复核的等次。 · The grades against which a review can be asked for."""
    within: Span
    """定等后多长时间内可以申请。 · For how long after the grading."""
    answer: Span
    """申请后多长时间内作出复核决定。 · The time for the answer."""


class Assessment(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """年度考核。 · The yearly assessment of every team (mechanisms 2.15, 2.21, 3.7, 3.8)."""

    opens: YearDay
    """每年启动日。 · The day on which it opens."""
    report_audiences: Annotated[tuple[Role, ...], Meta(max_length=16)]
    """书面述职报送对象。 · To whom the written report goes."""
    inputs: One[Input]
    """考核来源和权重。 · The channels and their weights."""
    ballot_quorum: Bound
    """民主测评的法定人数：present，到会人数占应到人数的比例。 ·
    Of those entitled, how many must be present at the ballot: `present`."""
    grades: One[Grade]
    """等次，从高到低。 · The grades from the best to the worst."""
    grade_by: When
    """评定等次的期限。自拟定等次（inspection.assessment.proposed）起算。 ·
    The last day for deciding a grade. It is counted from its proposal (`inspection.assessment.proposed`)."""
    caps: Some[Cap]
    """等次的限制情形。 · What limits the grade."""
    grounds: Some[Ground]
    """通报批评的情形。 · The grounds for criticism."""
    best_at_most: Annotated[float, Meta(ge=0.01, le=0.99)] | None = None
    """最高等次最多占几成（0.3 为三成）；不写为不限。 ·
    The largest share of the best grade (0.3 is three tenths); not limited where it is left out."""
    four_eyes: bool | UnsetType = UNSET
    """是否由不同的人办理：录入材料的人员不得评定等次，评定等次的人员不得办理复核。 ·
    Whether nobody grades who entered something of that year, and nobody who graded answers the request for review."""
    review: Review | None = None
    """对等次申请复核；不填则等次为最终决定。 · How a grade is contested; without it grades are final."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""

    def worst_of(self, *grades: str) -> str:
        """The worst of some grades, in the order in which the pack lists them (best first)."""
        order = [grade.name for grade in self.grades]
        return max(grades, key=order.index)


def awaited(channel: str, campaigns: Sequence[Campaign]) -> bool:
    """Whether the grade of every team waits for a channel. It does not wait for a campaign that visits only some teams,
    nor for ledgers and days in the village, which count as they are once the year's facts are complete."""
    return channel in CHANNELS or any(one.kind == channel and one.choice == "all" for one in campaigns)


def contradictions(terms: Assessment, campaigns: Sequence[Campaign], known: Known) -> Found:
    """Find channels without a score, weights that do not make 100, and grades, caps or reviews outside the scale.
    `known`: the facts that the pack's other sections bring."""
    scored = sorted(campaign.kind for campaign in campaigns if campaign.scored)
    channels = [*CHANNELS, *scored, *sorted(known[LEDGER]), *known[PRESENCE]]
    for n, channel in enumerate(terms.inputs):
        name = channel.channel
        if name not in channels:
            zh = f"{name} 不是考核来源，也没有计分的同名督查、对账的同名事项，可填：{'、'.join(channels)}"
            en = f"{name} is no channel, and no campaign or ledger of this kind is scored: {', '.join(channels)}"
            yield ("assessment", "inputs", n, "channel"), zh, en
        if channels.count(name) > 1:
            zh, en = f"{name} 有两种意思，请改督查或者责任事项的代码", f"{name} means two things; rename one of them"
            yield ("assessment", "inputs", n, "channel"), zh, en, ""
        if channel.weight and name.endswith("_report"):
            zh, en = f"{name} 没有分数，权重应为 0", f"{name} can carry no weight, since a report has no score"
            yield ("assessment", "inputs", n, "weight"), zh, en
    yield from _scores(terms, campaigns)
    total = sum(channel.weight for channel in terms.inputs)
    if min(abs(total - 100), abs(total - 1)) > 1e-6:
        zh = f"权重合计 {total:g}，应为 100（或按小数合计为 1）"
        yield ("assessment", "inputs"), zh, f"the weights make {total:g}, but must make 100, or 1 as shares"
    elif not any(channel.weight for channel in terms.inputs if awaited(channel.channel, campaigns)):
        zh = "抽查和轮流的督查、对账、驻村天数不是每队都有，至少应有一项计分的其他来源"
        en = "not every team has drawn visits, ledgers and days, so that another channel must carry weight, too"
        yield ("assessment", "inputs"), zh, en, ""
    yield from of_opening(("assessment", "opens"), terms.opens)
    grades = [grade.name for grade in terms.grades]
    bounds = [grade.at_least for grade in terms.grades]
    if bounds[-1] > 0:
        zh, en = (
            "最后一等应从 0 分起，否则有的分数没有等次",
            "the last grade must begin at 0, or some scores have no grade",
        )
        yield ("assessment", "grades", len(bounds) - 1, "at_least"), zh, en, "at_least = 0"
    for n, (better, worse) in enumerate(pairwise(bounds)):
        if better <= worse:
            zh, en = "各等应从高到低排列", "each must begin above the next, from the best to the worst"
            yield ("assessment", "grades", n + 1, "at_least"), zh, en, ""
    yield from _caps(terms.caps, grades)
    for n, name in enumerate(terms.review.grades if terms.review else ()):
        if name not in grades:
            zh = f"没有等次 {name}，可填：{'、'.join(grades)}"
            yield ("assessment", "review", "grades", n), zh, f"there is no grade {name}; those are {', '.join(grades)}"


def of_opening(path: Path, opens: YearDay) -> Found:
    """Find a day of opening so early in the year that the assessment would be taken for one of the year before."""
    if opens.month < _SECOND_HALF:
        zh = (
            f"考核的是启动日所在的当年，年度终了后拟定等次；{opens.month}月{opens.day}日启动的像是考核上一年度，"
            "还不能这样规定，请写在 7月1日以后"
        )
        en = (
            f"it assesses the year in which it opens, after its end; one that opens on {opens.of(2016):%-d %B} looks "
            "like that of the year before, which cannot be said yet: let it open from 1 July on"
        )
        yield path, zh, en, "opens = { month = 12, day = 1 }"


def _scores(terms: Assessment, campaigns: Sequence[Campaign]) -> Found:
    """Check each campaign whose score counts: it must open every year, at most `_AHEAD` days after the assessment."""
    awaited = [channel.channel for channel in terms.inputs]
    for n, campaign in enumerate(campaigns):
        if not campaign.scored or campaign.kind not in awaited:
            continue
        each = {year: days_of(campaign.opens, year) for year in years_of(campaign.opens)}
        if without := next((year for year, days in each.items() if not days), None):
            zh = f"{campaign.kind} 计入考核，每年应有开始日，否则如{without}年没有分数；不定期的不能计分"
            en = f"{campaign.kind} counts for the assessment, so it opens on a day of every year, or there is no score"
            yield ("campaigns", n, "opens"), zh, f"{en}, as in {without}"
            continue
        waits, last = max(((max(days) - terms.opens.of(year)).days, max(days)) for year, days in each.items())
        if waits > _AHEAD:
            zh = (
                f"考核启动后 {waits} 天，计分的 {campaign.kind} 才在 {last.month}月{last.day}日开始；"
                f"最多早 {_AHEAD} 天启动"
            )
            en = f"it opens {waits} days before {campaign.kind}, whose scores it awaits; {_AHEAD} are the most"
            line = f"opens = {{ month = {last.month}, day = {last.day} }}"
            yield ("assessment", "opens"), zh, en, line


def _caps(caps: Sequence[Cap], grades: Sequence[str]) -> Found:
    """Check the caps: more absences, say, must not allow a better grade than fewer. No cap may allow the best one."""
    for n, cap in enumerate(caps):
        path = ("assessment", "caps", n, "grade")
        if cap.grade not in grades:
            zh = f"没有等次 {cap.grade}，可填：{'、'.join(grades)}"
            yield path, zh, f"there is no grade {cap.grade}; those are {', '.join(grades)}"
            continue
        if cap.grade == grades[0]:
            zh = f"{cap.grade} 是最高等次，不构成限制"
            yield path, zh, f"{cap.grade} is the best grade, so it limits nothing"
        for other in caps:
            if other is cap or other.figure != cap.figure or other.grade not in grades:
                continue
            if len(cap.given) != 1 or len(other.given) != 1:  # The check of bounds reports that.
                continue
            # Wherever `cap` applies, `other` does, too, as a cap for 1 absence does where one for 2 does. So `cap` must
            # be the stricter one.
            within = other.holds(cap.number) and not cap.holds(other.number)
            if other.given == cap.given or (within and grades.index(cap.grade) <= grades.index(other.grade)):
                (zh, en), (wide, widely) = cap.said, other.said
                yield (
                    path,
                    f"{cap.figure} {zh} 时的最高等次，应低于{wide} 时的最高等次",
                    f"{cap.figure} {en} must leave a worse grade than {widely} does",
                    "",
                )
                break
