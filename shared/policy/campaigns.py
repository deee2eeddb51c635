"""The calendar of inspections, and what an inspector may find (2.19, 2.21, 3.7)."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta

from shared.calendar import Span, national
from shared.contracts.values import Clause, Code, Name, Rate
from shared.policy.section import SOME_DAY, Found, Section
from shared.policy.when import When, sample_year


class Campaign(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一类督查。 · A set of visits chosen from the villages with a team (mechanisms 2.19, 2.21, 3.7)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据。 · Where it comes from."""
    choice: Literal["draw", "all"]
    """怎样选村：随机抽取 draw 或全部 all。 · Whether villages are drawn, or all are visited."""
    share: Rate = 1.0
    """抽取比例：10% 填 0.1。 · The share that is drawn; 10 % is 0.1."""
    opens: Annotated[tuple[When, ...], Meta(max_length=53)] = ()
    """开始日。每年的一天或者循环；不定期的不填。 ·
    The days on which it opens. These are days of the year or a cycle; none where officers open it irregularly."""
    lasts: Span
    """持续时间：按年、月或日历日计。 · How long it lasts, in years, months or calendar days."""
    announced: bool = True
    """是否事先通知；抽取的为 false。 · Whether the visited side may know beforehand; a draw is sealed until its end."""
    seed_days: Annotated[int, Meta(ge=0, le=60)] = 0
    """抽取前几天封存底册、征集随机码。 ·
    How many calendar days before a draw opens its frame is fixed and both bodies are
    asked for their seed shares."""
    visit_days: Annotated[int, Meta(ge=1, le=366)] = 1
    """到村督查分几天进行。 · Over how many days, spread evenly, the visits are dealt."""
    scored: bool = False
    """是否打分计入考核。 · Whether its visits are scored for the assessment."""


class Finding(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """督查发现的问题类型。 · What an inspector may find; some findings lead to an order."""

    named_by = ("code",)
    code: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    order: Span | None = None
    """整改期限；不填则不下达整改。 · The time allowed for rectification; None where no order follows."""


def contradictions(campaigns: Sequence[Campaign]) -> Found:
    """Find campaigns that could not be held as they are written, such as one that begins before the last has ended."""
    for n, campaign in enumerate(campaigns):
        kind = campaign.kind
        if campaign.choice == "draw" and campaign.announced:
            zh, en = f"{kind} 是随机抽取，announced 须为 false", f"{kind} is a draw: announced = false"
            yield ("campaigns", n, "announced"), zh, en
        if not campaign.share:
            zh, en = f"{kind} 的抽查比例不能为零", f"{kind} draws nothing, since its share is 0"
            yield ("campaigns", n, "share"), zh, en
        if campaign.choice == "all" and campaign.share != 1:
            zh = f'{kind} 是全部督查，不能填 share；按比例的应为 choice = "draw"'
            en = f'{kind} visits all, so it has no share; choice = "draw" has one'
            yield ("campaigns", n, "share"), zh, en, "share = 1.0"
        days = _length(campaign)
        if 0 < days < campaign.visit_days:
            zh = f"{kind} 只有 {days} 天，分不成 {campaign.visit_days} 天到村"
            en = f"{kind} lasts {days} days, too few for visits on {campaign.visit_days}"
            yield ("campaigns", n, "visit_days"), zh, en
        if met := _overlap(campaign):
            zh = f"{kind} {met[0].month}月{met[0].day}日的一次持续到 {met[1].month}月{met[1].day}日，与下一次重叠"
            en = f"{kind} of {met[0]:%d %B} lasts until {met[1]:%d %B}, when the next has begun"
            yield ("campaigns", n, "opens"), zh, en, ""


def _length(campaign: Campaign) -> int:
    return (campaign.lasts.after(SOME_DAY, national()) - SOME_DAY).days + 1


def _overlap(campaign: Campaign) -> tuple[date, date] | None:
    """The first and last day of a campaign that still runs when the next one of its kind begins; None without one."""
    year = sample_year(campaign.opens)
    opens = sorted(day for n in range(3) for when in campaign.opens for day in when.of(year + n, national()))
    for first, following in pairwise(opens):
        if (last := campaign.lasts.after(first, national())) >= following:
            return first, last
    return None
