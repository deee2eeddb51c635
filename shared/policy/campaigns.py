"""The calendar of inspections, their bulletins, what inspectors look at and may find (1.5, 2.19, 2.21, 3.7, 4.10)."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Annotated, Final, Literal

from msgspec import Meta

from shared.calendar import Span, national
from shared.contracts.values import Clause, Code, Name, Rate, Role
from shared.policy.section import SOME_DAY, Found, Labels, Section
from shared.policy.when import When, days_of, years_of


class Bulletin(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """督查通报：由谁印发，督查结束后多长时间内印发。 ·
    The bulletin about a campaign: who publishes it, and how long after the end (mechanism 1.5)."""

    by: Role
    """印发单位。 · Who publishes it."""
    publish_by: When
    """印发期限：自督查结束（inspection.campaign.closed）起。 · Its last day, counted from the campaign's last day."""


class Reply(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """被督查方的说明：对发现的问题认可或者提出异议，之后才下达整改。 ·
    The visited side's reply to what was found. An order follows only after it, or when its time is over."""

    by: Role
    """由谁说明。 · Who replies for the visited side."""
    reply_by: When
    """说明期限：自到村督查（inspection.visit.made）录入起。 · Its last day, counted from the record of the visit."""
    decide_by: When
    """督查部门对异议作出认定的期限：自提出说明（inspection.visit.replied）起。 ·
    The last day for the inspection to decide on what is disputed, counted from the reply."""


class Facet(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """督查内容。 · A part of the work that visits look into, such as the help of leaders (mechanism 2.19)."""

    named_by = ("code",)
    code: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    share: Rate
    """至少抽查底册中多大比例的村，不多于本类督查（及其各层）的抽取比例。 ·
    In which share of the frame's villages it is looked into at least; no more than is drawn, of any stratum."""


class Stratum(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """分层：某个名单上的村按自己的比例抽取。 ·
    A stratum of the frame: the villages on a list are drawn with a share of their own (mechanism 2.19)."""

    on_list: Code
    """哪个名单上的村：贫困村名单 poverty，或者本包的一个村名单。 ·
    The list whose villages make up the stratum: `poverty`, or one of the pack's lists of villages."""
    share: Rate
    """本层的抽取比例；向上取整，层内有村的至少抽一个。 ·
    The share of the stratum that is drawn, rounded up: of a stratum that is not empty, one village at least."""


class Unreachable(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """无法到达的村怎样处理：由谁认定、什么情形。随机抽取的，由同一次抽取中的下一个村替补。 ·
    The rule for a village that cannot be reached. In a draw, the village with the next ticket takes its place."""

    by: Role
    """认定单位，不能是督查部门自己。 · Who decides that it cannot be reached; never the inspection itself."""
    hindrances: Labels
    """情形，如道路中断。 · What may hinder it, such as a road that is cut."""
    at_most: Annotated[int, Meta(ge=1, le=10_000)]
    """每次督查最多几个村。 · At most so many villages of one campaign."""


class Campaign(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一类督查。 · A set of visits chosen from the villages with a team (mechanisms 2.19, 2.21, 3.7)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据。 · Where it comes from."""
    choice: Literal["draw", "rota", "all"]
    """怎样选村：随机抽取 draw、按村轮流 rota 或者全部 all。 ·
    Whether villages are drawn, take turns, or are all visited."""
    on_list: Code | None = None
    """督查哪个名单上的村：贫困村名单 poverty，或者本包的一个村名单；不填则为派驻工作队的村。 ·
    The list whose villages may be visited, with a team or without: `poverty`, or one of the pack's lists of villages;
    None for the villages with a team."""
    turn: Annotated[int, Meta(ge=0, le=1000)] = 0
    """每次轮到几个村：用于轮流的，如每个督查组一个村；其他不填。 ·
    On a rota, how many villages are visited each time, such as one by each group of inspectors; 0 elsewhere."""
    share: Rate = 1.0
    """抽取比例：10% 填 0.1；分层抽取的，为不属于任何一层的村的比例。 ·
    The share that is drawn; 10 % is 0.1. With strata, that of the villages in none of them."""
    strata: Annotated[tuple[Stratum, ...], Meta(max_length=10)] = ()
    """分层抽取：各层依次列出，同时属于几层的村归入最先列出的一层；不分层的不填。 ·
    In a draw, the strata with shares of their own. A village on several of their lists belongs to the first of them;
    none where all are drawn alike."""
    yearly_at_most: Annotated[int, Meta(ge=0, le=53)] = 0
    """每村每年至多抽查几次，满次数的当年不再列入底册；用于随机抽取的，不限的不填。 ·
    In a draw, so many visits to a village a year at most: a village that had them is in no frame of that year any more;
    0 where it is not limited."""
    opens: Annotated[tuple[When, ...], Meta(max_length=53)] = ()
    """开始日。每年的一天或者循环；不定期的不填。 ·
    The days on which it opens. These are days of the year or a cycle; none where officers open it irregularly."""
    lasts: Span
    """自开始日起到最后一日的时间：按年、月或日历日计，共七天的为 6 日。 ·
    How long after its first day its last day is. It is said in years, months or calendar days: for a week, 6 days."""
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
    bulletin: Bulletin | None = None
    """督查通报；不印发的不填。 · The bulletin that each time ends with; None where none is published."""
    facets: Annotated[tuple[Facet, ...], Meta(max_length=20)] = ()
    """督查内容，如帮村、联村、驻村；不分内容的不填。 ·
    What visits look into, each with its own least share; none where a visit is not divided."""
    evidence: Annotated[tuple[Literal["process", "result"], ...], Meta(max_length=2)] = ()
    """每次到村应当取得的证据：过程 process、结果 result；不要求的不填。 ·
    The evidence that each visit brings, of how the work is done and of what it led to (4.10); none where none is asked.
    """
    recuse: Annotated[tuple[Literal["ties", "bearers"], ...], Meta(max_length=2)] = ()
    """哪些人回避：有亲属或籍贯关系的 ties；队员、联系该村的干部和派出单位的干部 bearers。不要求的不填。 ·
    Who does not inspect a village: cadres with ties to it, and those who answer for it (members of its team, cadres
    bound to it, cadres of the unit that sends the team)."""
    inspectors: Annotated[int, Meta(ge=0, le=20)] = 0
    """每次到村至少几名督查人员同行，如 2；不要求的不填。 ·
    At least so many inspectors go together, such as a pair; 0 where it is not asked."""
    reply: Reply | None = None
    """被督查方的说明；不听取的不填。 · The visited side's reply; None where an order follows a visit at once."""
    unreachable: Unreachable | None = None
    """无法到达的村怎样处理；不填则照常等待。 · The rule for villages that cannot be reached; None: they are awaited."""

    @property
    def visits_each(self) -> bool:
        """Whether each village with a team is visited every year, so that none can be without such a visit."""
        is_for_each = self.choice == "all" and self.on_list is None
        return is_for_each and all(days_of(self.opens, year) for year in years_of(self.opens))


class Finding(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """督查发现的问题类型。 · What an inspector may find; some findings lead to an order."""

    named_by = ("code",)
    code: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    order: Span | None = None
    """整改期限；不填则不下达整改。 · The time allowed for rectification; None where no order follows."""


class Burden(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """基层负担：一个村每月至多接受几次督查，相隔几日以内的应当合并。 ·
    What inspections may ask of a village: so many visits a month, and those within a few days are merged."""

    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    visits: Annotated[int, Meta(ge=1, le=31)]
    """每村每月至多几日有人到村督查；同一日的几次算一次。 ·
    At most so many days a month on which a village is visited; several visits of one day count once."""
    merge_within: Annotated[int, Meta(ge=1, le=30)]
    """两类督查到同一村相隔几日以内的，事先告知，合并为一次。 ·
    Visits of two campaigns to one village within so many calendar days are told beforehand, and made as one."""


def contradictions(campaigns: Sequence[Campaign], burden: Burden | None = None) -> Found:
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
        yield from _rota_faults(n, campaign)
        yield from _strata_faults(n, campaign)
        yield from _cap_faults(n, campaign)
        yield from _visit_faults(n, campaign)
        if campaign.bulletin and campaign.bulletin.by in _NO_PUBLISHERS:
            zh = f"{campaign.bulletin.by} 不印发督查通报；不可填：{'、'.join(_NO_PUBLISHERS)}"
            en = f"{campaign.bulletin.by} publishes no bulletin; nor do {', '.join(_NO_PUBLISHERS)}"
            yield ("campaigns", n, "bulletin", "by"), zh, en, 'by = "discipline"'
        days = _length(campaign)
        if 0 < days < campaign.visit_days:
            zh = f"{kind} 只有 {days} 天，分不成 {campaign.visit_days} 天到村"
            en = f"{kind} lasts {days} days, too few for visits on {campaign.visit_days}"
            yield ("campaigns", n, "visit_days"), zh, en
        if met := _overlap(campaign):
            zh = f"{kind} {met[0].month}月{met[0].day}日的一次持续到 {met[1].month}月{met[1].day}日，与下一次重叠"
            en = f"{kind} of {met[0]:%d %B} lasts until {met[1]:%d %B}, when the next has begun"
            yield ("campaigns", n, "opens"), zh, en, ""
    if burden:
        yield from _burden_faults(campaigns, burden)


_NO_PUBLISHERS: Final[tuple[Role, ...]] = ("village", "villager", "team", "unit", "operator")
"""Roles that publish no bulletin: those whose work is visited, and the operator, who decides nothing."""


_VISITED: Final[tuple[Role, ...]] = ("unit", "team", "village", "township")
"""Who can reply for the visited side."""


def _rota_faults(n: int, campaign: Campaign) -> Found:
    """Only a rota says how many villages have their turn. As everybody can foresee its order, it is announced."""
    is_rota, kind = campaign.choice == "rota", campaign.kind
    if is_rota and not campaign.turn:
        zh, en = (
            f"{kind} 是轮流督查，应填每次几个村（turn）",
            f"{kind} is a rota: turn says how many villages each time",
        )
        yield ("campaigns", n, "turn"), zh, en, "turn = 8"
    if campaign.turn and not is_rota:
        zh = f'{kind} 不是轮流督查，不能填 turn；轮流的应为 choice = "rota"'
        yield ("campaigns", n, "turn"), zh, f'{kind} is no rota, so it has no turn; choice = "rota" has one', "turn = 0"
    if is_rota and campaign.share != 1:
        zh, en = f"{kind} 是轮流督查，不能填 share", f"{kind} is a rota: turn says how many villages, and share nothing"
        yield ("campaigns", n, "share"), zh, en, "share = 1.0"
    if is_rota and not campaign.announced:
        zh = f'{kind} 是轮流督查，先后次序人人可知，announced 须为 true；不事先通知的应为 choice = "draw"'
        en = f'{kind} is a rota, whose order everybody can foresee: announced = true; choice = "draw" is unannounced'
        yield ("campaigns", n, "announced"), zh, en, "announced = true"


def _strata_faults(n: int, campaign: Campaign) -> Found:
    """Only a draw has strata. Each draws something, none is the whole frame, and no list is a stratum twice."""
    kind, lists = campaign.kind, [one.on_list for one in campaign.strata]
    if campaign.strata and campaign.choice != "draw":
        zh = f'{kind} 不是随机抽取，不能分层；分层的应为 choice = "draw"'
        yield ("campaigns", n, "strata"), zh, f'{kind} is no draw, so it has no strata; choice = "draw" has them', ""
    for m, one in enumerate(campaign.strata):
        at = ("campaigns", n, "strata", m)
        if not one.share:
            zh = f"{kind} 的分层 {one.on_list} 抽取比例不能为零"
            yield (*at, "share"), zh, f"the stratum {one.on_list} of {kind} draws nothing, since its share is 0", ""
        if one.on_list in lists[:m]:
            zh = f"{kind} 的分层 {one.on_list} 出现了两次，请只保留一次"
            yield (*at, "on_list"), zh, f"{one.on_list} is a stratum of {kind} twice; keep one of them", ""
        if one.on_list == campaign.on_list:
            zh = f"{kind} 只督查名单 {one.on_list} 上的村，不能再以该名单分层；比例请填在 share"
            en = f"{kind} visits villages on {one.on_list} alone: this stratum is the whole frame; use its share"
            yield (*at, "on_list"), zh, en, f"share = {one.share:g}"


def _cap_faults(n: int, campaign: Campaign) -> Found:
    """Only a draw has a yearly cap. With a cap, a campaign must end before the frame of the next one is fixed:
    otherwise the frame would tell which villages the running campaign has drawn."""
    at, kind = ("campaigns", n), campaign.kind
    if campaign.yearly_at_most and campaign.choice != "draw":
        zh, en = f"{kind} 不是随机抽取，不填 yearly_at_most", f"{kind} is no draw, so it has no yearly_at_most"
        yield (*at, "yearly_at_most"), zh, en, "yearly_at_most = 0"
    met = _overlap(campaign, campaign.seed_days + 1) if campaign.yearly_at_most and not _overlap(campaign) else None
    if met:
        zh = f"{kind} 的一次到 {met[1].month}月{met[1].day}日才结束，从下一次的底册看得出哪些村已被抽中，请提前结束"
        en = f"one {kind} lasts until {met[1]:%d %B}, and the frame of the next one would tell its draw; end it before"
        yield (*at, "lasts"), zh, en, ""


def _burden_faults(campaigns: Sequence[Campaign], burden: Burden) -> Found:
    """Find a month in which the pack's own campaigns visit every village more often than it allows."""
    opens = [when for campaign in campaigns if campaign.choice == "all" for when in campaign.opens]
    for year, month in product(years_of(opens), range(1, 13)):
        planned = sum(day.month == month for day in days_of(opens, year))
        if planned > burden.visits:
            zh = f"{month}月按本包就要到每个村 {planned} 次，多于每月 {burden.visits} 次"
            en = f"in month {month} the pack itself visits every village {planned} times, more than {burden.visits}"
            yield ("burden", "visits"), zh, en, f"visits = {planned}"
            return


def _visit_faults(n: int, campaign: Campaign) -> Found:
    """Find contents that visits could not cover as the pack says, a reply by somebody who is not visited, and a body by
    which inspectors or inspected could choose the villages."""
    kind, drawn, at = campaign.kind, min(campaign.share, *(one.share for one in campaign.strata), 1), ("campaigns", n)
    codes = [facet.code for facet in campaign.facets]
    for m, facet in enumerate(campaign.facets):
        where = (*at, "facets", m)
        if facet.code in codes[:m]:
            yield (*where, "code"), f"{facet.code} 出现了两次", f"{facet.code} occurs twice", ""
        if not 0 < facet.share <= drawn:
            zh = f"{kind} 只抽查 {drawn:g}，督查内容 {facet.code} 的比例应在 0 以上、不多于它（分层的，指各层中最小的）"
            en = (
                f"{kind} draws {drawn:g}, so the share of {facet.code} must be above 0 and no more than that (with "
                "strata, than the least of their shares)"
            )
            yield (*where, "share"), zh, en, f"share = {drawn:g}"
        elif facet.share < drawn and campaign.choice != "draw":
            zh, en = (
                f"{kind} 不是随机抽取，各村都应督查 {facet.code}",
                f"{kind} is no draw, so each visit looks into {facet.code}",
            )
            yield (*where, "share"), zh, en, "share = 1.0"
    for field, said in (("evidence", campaign.evidence), ("recuse", campaign.recuse)):
        if len({*said}) < len(said):
            yield (*at, field), "同一项出现了两次", "one of them occurs twice", ""
    if campaign.reply and campaign.reply.by not in _VISITED:
        zh = f"{campaign.reply.by} 不是被督查方，不能由其说明；可填：{'、'.join(_VISITED)}"
        en = f"{campaign.reply.by} is not the visited side; {', '.join(_VISITED)} are"
        yield (*at, "reply", "by"), zh, en, 'by = "unit"'
    if campaign.unreachable and campaign.unreachable.by in (*_NO_PUBLISHERS, "inspection"):
        zh = f"{campaign.unreachable.by} 不能认定无法到达：督查部门和被督查方不得自行选村"
        en = f"{campaign.unreachable.by} cannot decide it: neither inspectors nor inspected choose the villages"
        yield (*at, "unreachable", "by"), zh, en, 'by = "discipline"'


def _length(campaign: Campaign) -> int:
    return (campaign.lasts.after(SOME_DAY, national()) - SOME_DAY).days + 1


def _overlap(campaign: Campaign, days_before: int = 0) -> tuple[date, date] | None:
    """The first and last day of a campaign that still runs when the next one of its kind begins, or so many days
    before; None without one."""
    opens = sorted(day for year in years_of(campaign.opens) for day in days_of(campaign.opens, year))
    for first, following in pairwise(opens):
        if (last := campaign.lasts.after(first, national())) >= following - timedelta(days_before):
            return first, last
    return None
