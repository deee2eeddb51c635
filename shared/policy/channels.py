"""The channels that make the score of an assessment, and the facts of a year that need not be entered for one.

What the system knows already is never asked for again (3.7): the visits of campaigns, reconciled ledgers, the days in
the village, and recorded figures. Each of these facts is a score from 0 to 100. The score of a channel is the mean of
its facts.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta

from shared.contracts.values import Code, Figure, Name, Percent, Role
from shared.policy.indicators import of_borders
from shared.policy.section import Found, Path, Section

CAMPAIGN, LEDGER, PRESENCE, INDICATOR = "campaign", "ledger", "presence", "indicator"
FACTS: Final = (CAMPAIGN, LEDGER, PRESENCE, INDICATOR)
"""The values of `how` for channels that are made of the year's facts."""
CHANCE: Final = (CAMPAIGN, LEDGER, PRESENCE)
"""Those of them for which a year may bring no fact: a village may have no team, or may not be drawn."""
Known = Mapping[str, Mapping[str, str]]
"""By `how` of a channel made of facts: the codes that its `of` may name, each with its label."""


class Points(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """数值的一档得多少分。 · The score of one bracket of a figure's values."""

    below: Figure | None = None
    """低于此数的属于本档；最高一档不填。 · Values below this number are in it; the highest bracket has none."""
    score: Percent
    """得分，0 至 100。 · Its score, 0 to 100."""


class Channel(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """考核评价的一项来源；权重 0 表示须提交但不计分。 · One channel; with a weight of 0 it must be in, but carries no
    score."""

    channel: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    weight: Annotated[float, Meta(ge=0, le=100)]
    """权重：各项合计 100，或按小数合计 1。 · Its weight; all of them make 100, or 1 as shares."""
    how: Literal["report", "ballot", "panel", "taken", "campaign", "ledger", "presence", "indicator"]
    """方式：述职 report、民主测评 ballot、评议打分 panel，采用另一项考核评价的结果 taken；或者由系统按记录计算：督查
    campaign（评分的平均数；不评分的，为没有发现问题的比例）、对账销号率 ledger、驻村天数 presence、指标 indicator。 ·
    A report, a ballot, scores that members of a panel give, the result of another assessment; or what the system has
    on record: visits of a campaign (their mean score, or the share without findings), the share of a ledger that is
    done, the days in the village against the number that is asked, or an indicator."""
    by: Role | None = None
    """由谁提交；采用结果和记录的不填。写村、乡镇的，对象不在村、乡镇内时由其所在的一级提交。 · Who enters it; left out
    for results and records, which nobody enters. For what lies in no village or township, the level at which
    it lies enters it."""
    of: Code | None = None
    """采用哪一项：工作队年度考核 team 或另一项考核评价，督查、责任事项或者指标的代码；驻村天数和由人提交的不填。 ·
    Which: `team` or the kind of another entry, a campaign, a commitment, or an indicator; none for the days in the
    village, and for what somebody enters."""
    points: Annotated[tuple[Points, ...], Meta(max_length=20)] = ()
    """指标各档的得分，由低到高；其他方式不填。 ·
    For an indicator, the scores of its values by bracket, from the lowest values to the highest."""
    part: Code | None = None
    """属于哪一必备部分；没有规定必备部分的不填。 · The mandatory part that it belongs to, if any."""

    @property
    def source(self) -> str:
        """What it is made of if nobody enters it: the kind of an assessment, or a fact as `fact` names it; empty if
        somebody enters it."""
        if self.how in FACTS:
            return fact(self.how, self.of or "")
        return self.of or "" if self.how == "taken" else ""

    def scored(self, value: float) -> float:
        """The score of one value, 0 to 100. An indicator's value is scored by its bracket, where a value on the border
        belongs to the higher one. Any other value is a score already."""
        if self.how != INDICATOR:
            return value
        return next(one.score for one in self.points if one.below is None or value < one.below)


def fact(how: str, of: str = "") -> str:
    """How a kind of fact is named: `campaign/annual`, `ledger/annual_plan`, `presence`, `indicator/income`."""
    return f"{how}/{of}" if of else how


def of_facts(at: Path, channel: Channel, known: Known) -> Found:
    """Find a fact that does not exist, and points that leave a value without a score."""
    if channel.points and channel.how != INDICATOR:
        yield (*at, "points"), "只有指标（indicator）才填 points", "only an indicator has `points`", ""
    if channel.how not in FACTS:
        return
    there = known[channel.how]
    if channel.how == PRESENCE:
        if not there:
            zh, en = "本包没有规定驻村天数，或者一队驻几村", "no days are asked, or a team has several villages"
            yield (*at, "how"), zh, f"{en}, so that no village has a number of its own", ""
        if channel.of is not None:
            yield (*at, "of"), "驻村天数不填 of", "the days in the village have no `of`", ""
    elif channel.of not in there:
        zh = f"没有可以计分的 {channel.of}，可填：{'、'.join(there) or '（无）'}"
        en = f"there is no {channel.of} to be scored, only {', '.join(there) or 'none'}"
        yield (*at, "of"), zh, en, ""
    if channel.how == INDICATOR:
        yield from of_borders((*at, "points"), [one.below for one in channel.points])
