"""What is owed for a village, by whom and by when (1.2, 2.4, 3.5)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from itertools import pairwise
from typing import Annotated, get_args

from msgspec import Meta

from shared.calendar import Calendar, Span, YearDay, national
from shared.contracts.values import Clause, Code, EventRole, Name
from shared.policy.links import Contact
from shared.policy.section import Found, Labels, Path, Section
from shared.policy.when import When, days_of, years_of

ASSIGNED = "dispatch.team.assigned"
"""The event from which a commitment is counted if it follows no other commitment."""
LETTER = "letter"
"""The responsibility letter. When it is signed, the village becomes `pledged` (3.6)."""


class Holder(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """由联系该村的干部负责，如领导干部联村责任清单。 ·
    Whoever is bound to the village in a kind of link, such as the leaders who have a list of their own (2.3)."""

    link: Code
    """哪种联系：[[links]] 中联系村的干部。 · The kind: one of `[[links]]` from a cadre to a village."""
    each: bool = False
    """是否每人一份。 · Whether each of them has one of their own, from the day on which the link begins."""


class Commitment(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """责任事项：责任书、计划、清单、台账。 ·
    Something owed for a village, set, reconciled and settled (1.2, 2.4, 3.5)."""

    named_by = ("kind",)
    kind: Code
    """代码；letter 专指责任书。 · Its code; `letter` is reserved: by it a village becomes `pledged` (3.6)."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据：[documents] 中的文件和条款，如 S3:第三项。 · A cited document and its article, as `S3:第三项`."""
    by: EventRole | Holder
    """由谁负责：一个角色，或者联系该村的干部，如 { link = "leader" }。 ·
    Who owes it: a role, or the cadres who hold a link to the village, as in `{ link = "leader" }`."""
    set_by: When
    """首次定账期限。自派驻（dispatch.team.assigned）或者列在前面的事项（填其代码）定账起算。 ·
    The last day for setting the first one. It is counted from the assignment (`dispatch.team.assigned`), or from a
    commitment further up (its code)."""
    items_at_least: Annotated[int, Meta(ge=0, le=100)] = 0
    """至少几项。 · The least number of items."""
    yearly: YearDay | None = None
    """以后各年在当年哪一日以前定当年的账；不填则每届一次。 ·
    The day of each later year by which that year's is set; without it once a term."""
    reconcile: Annotated[tuple[When, ...], Meta(max_length=12)] = ()
    """对账日。within 为对账日后多长时间内完成。 ·
    The days of reconciliation. `within` is how long each may take."""
    settle: YearDay | None = None
    """次年销账日。 · The day of the next year by which it is settled."""
    serves: Code | None = None
    """每一项须对应列在前面的哪一事项的目标，如三年帮扶目标。 ·
    The commitment further up whose items each of its own must serve, such as the three-year plan (3.5)."""
    duties: Labels | None = None
    """各项职责的代码和名称，每项职责至少填一条。 ·
    The duties of the list by code; each has at least one item (2.3)."""
    sources: Labels | None = None
    """各项所用经费的来源的代码和名称，如集体自筹、财政投入。 ·
    By code, where the money of its items may come from; what costs money says from where (3.5)."""

    def reconciliations(self, year: int, calendar: Calendar) -> dict[date, Span]:
        """The days in a year on which reconciliation begins, each with the time allowed for it."""
        return {day: when.within for when in self.reconcile for day in when.of(year, calendar)}

    @property
    def link(self) -> str | None:
        """The kind of link whose holders owe it; None where a role does."""
        return self.by.link if isinstance(self.by, Holder) else None

    @property
    def each(self) -> bool:
        """Whether each cadre who holds the link owes one of their own."""
        return isinstance(self.by, Holder) and self.by.each

    @property
    def role(self) -> EventRole:
        """The role that takes its steps: the one that owes it, or the unit of the cadres who hold the link."""
        return "unit" if isinstance(self.by, Holder) else self.by

    @property
    def after(self) -> str | None:
        """The commitment that must be set first; None where the assignment starts the clock."""
        return None if self.set_by.after == ASSIGNED else self.set_by.after


def contradictions(commitments: Sequence[Commitment], links: Mapping[str, Contact]) -> Found:
    """Find commitments that could never begin, those that nobody could owe, and days that contradict each other.

    `links`: by kind, the links of cadres to villages.
    """
    kinds = [commitment.kind for commitment in commitments]
    for field in ("duties", "sources"):
        said = ((n, getattr(one, field)) for n, one in enumerate(commitments))
        yield from unlike((("commitments", n, field), labels) for n, labels in said if labels)
    for n, c in enumerate(commitments):
        yield from _held(("commitments", n, "by", "link"), c, links)
        if c.after and c.after not in kinds[:n]:
            zh = f"{c.kind} 的 after 应是 {ASSIGNED} 或者列在它前面的事项，而不是 {c.after}"
            en = f"{c.kind} is set after {c.after}, which must be {ASSIGNED} or a commitment further up"
            yield ("commitments", n, "set_by", "after"), zh, en, f'after = "{ASSIGNED}"'
        if (c.reconcile or c.settle) and not c.yearly:
            zh = f"{c.kind} 按年对账或销账，应填 yearly"
            en = f"{c.kind} is reconciled or settled by the year, so it needs `yearly`"
            yield ("commitments", n), zh, en
        yield from _unserved(("commitments", n, "serves"), c, commitments[:n])
        yield from crowded(("commitments", n, "reconcile"), c.kind, c.reconcile)
        yield from _out_of_year(("commitments", n), c)
        if c.each and (c.reconcile or c.settle):
            zh = f"{c.kind} 每人一份，不能对账、销账；需要对账、销账的请由一个角色负责"
            yield (
                ("commitments", n, "by", "each"),
                zh,
                f"{c.kind} is each cadre's own, and not reconciled or settled",
                "",
            )
        rests = next((one.kind for one in commitments if c.kind in (one.after, one.serves)), None) if c.each else None
        if rests:
            zh = f"{c.kind} 每人一份，{rests} 不能以它为前提"
            yield ("commitments", n, "by", "each"), zh, f"{c.kind} is each cadre's own; {rests} cannot rest on it", ""
        close = get_close_matches(c.kind, [LETTER], 1, 0.7)
        if close and LETTER not in kinds:
            zh = f"责任书的代码专用 {LETTER}，{c.kind} 不会使村进入“已签责任书”；确为其他事项的，请换一个代码"
            en = f"a letter's code is {LETTER}: by {c.kind} no village becomes pledged; name another thing differently"
            yield ("commitments", n, "kind"), zh, en


def _out_of_year(path: Path, c: Commitment) -> Found:
    """Find a reconciliation of something that need not be set by then, and a settlement that is due before the last
    reconciliation is over. A day in January belongs to the new year, though documents may mean the year before."""
    if c.yearly is None:
        return
    for year in years_of(c.reconcile):
        days = c.reconciliations(year, national())
        early = min((day for day in days if day < c.yearly.of(year)), default=None)
        last = max((within.after(day, national()) for day, within in days.items()), default=None)
        if early:
            of, by = (f"{one.month}月{one.day}日" for one in (early, c.yearly))
            zh = f"{c.kind} {of}对的是当年的账，而当年的到{by}才须定账；对上一年的账，写在 12月31日，办理时间可到次年"
            en = (
                f"{c.kind} of {early:%-d %B} would be this year's, which need not be set until "
                f"{c.yearly.of(year):%-d %B}; the year before is reconciled from 31 December on, and its time may last "
                "into the next year"
            )
            example = "reconcile = [{ month = 12, day = 31, within = { calendar_days = 15 } }]"
            yield (*path, "reconcile"), zh, en, example
            return
        if last and c.settle and c.settle.of(year + 1) < last:
            zh = f"{c.kind} 最后一次对账到 {last} 才截止，次年销账应在其后，不能是{c.settle.month}月{c.settle.day}日"
            en = f"{c.kind} is reconciled until {last}, so that it is not settled by {c.settle.of(year + 1)} already"
            yield (*path, "settle"), zh, en, f"settle = {{ month = {last.month}, day = {last.day} }}"
            return


def _unserved(path: Path, commitment: Commitment, before: Sequence[Commitment]) -> Found:
    """Find goals to serve that are not sure to be set by then, that may be empty, or that another year has replaced."""
    earlier = {one.kind: one for one in before}
    goals, chain, at = earlier.get(commitment.serves or ""), list[str](), commitment.after
    while at in earlier and at not in chain:
        chain.append(at)
        at = earlier[at].after
    if commitment.serves and (goals is None or goals.kind not in chain):
        zh = f"{commitment.kind} 定账时 {commitment.serves} 未必已定账；须先定账的有：{'、'.join(chain) or '无'}"
        en = f"{commitment.serves} need not be set before {commitment.kind}; what is: {', '.join(chain) or 'nothing'}"
        yield path, zh, en, ""
    elif goals and not goals.items_at_least:
        zh = f"{goals.kind} 可以一项目标也没有，{commitment.kind} 就无从对应；请给 {goals.kind} 填 items_at_least"
        en = f"{goals.kind} may have no item that {commitment.kind} could serve; give it `items_at_least`"
        yield path, zh, en
    elif goals and goals.yearly and not commitment.yearly:
        zh = f"{goals.kind} 每年重新定账，{commitment.kind} 一届一次，次年就无从对应"
        en = f"{goals.kind} is set anew each year, and {commitment.kind} once a term: its goals would be gone"
        yield path, zh, en, ""


def _held(path: Path, commitment: Commitment, links: Mapping[str, Contact]) -> Found:
    """Find a link that binds no cadre to a village, and one whose deciding body cannot answer while nobody holds it."""
    link = links.get(commitment.link or "")
    if commitment.link and link is None:
        zh = f"{commitment.link} 不是 [[links]] 中由干部联系村的一种，可填：{'、'.join(links) or '（无）'}"
        en = f"{commitment.link} is no link from a cadre to a village; those are: {', '.join(links) or 'none'}"
        yield path, f'{zh}；工作队填 by = "team"', f'{en}; for the team say by = "team"', ""
    elif link and link.decides not in get_args(EventRole):
        zh = f"{link.kind} 由 {link.decides} 确定，无人联系时责任落到它，只能是：{'、'.join(get_args(EventRole))}"
        en = f"{link.decides} decides on {link.kind}, and owes this while nobody holds it; that can be one of "
        yield path, zh, en + ", ".join(get_args(EventRole)), ""


def unlike(lists: Iterable[tuple[Path, Mapping[str, str]]]) -> Found:
    """Find entries of two lists that share their name or their code, but not both: a form could not tell them apart."""
    codes, labels = dict[str, str](), dict[str, str]()
    for path, entries in lists:
        for code, label in entries.items():
            if codes.setdefault(code, label) != label or labels.setdefault(label, code) != code:
                zh = f"{code}（{label}）与另一处同名不同码，或者同码不同名，请统一或者区分"
                en = f"{code} shares its name or its code with an entry of another list, but not both; make them alike"
                yield (*path, code), zh, en, ""


def crowded(path: Path, kind: str, whens: Sequence[When]) -> Found:
    """Find days, such as those of reconciliation, that are out of order or whose time is not over when the next one
    begins, in any year."""
    for year in years_of(whens):
        days = days_of(whens, year)
        for day, following in pairwise(days):
            if following <= day:
                zh = f"日期应从早到晚、各不相同，{following.month}月{following.day}日应排在前面或删去"
                en = f"the days go from the first to the last, each once; {following:%d %B} does not"
                yield path, zh, en
                return
        spans = {day: when.within for when in whens for day in when.of(year, national())}
        for day, following in pairwise((*days, *days_of(whens, year + 1))):
            if day in spans and (last := spans[day].after(day, national())) >= following:
                zh = f"{kind} {day.month}月{day.day}日起的办理时间持续到 {last}，与下一次重叠，请缩短"
                en = f"{kind}: the time of {day:%d %B} lasts until {last}, when the next has begun; shorten it"
                yield path, zh, en
                return
