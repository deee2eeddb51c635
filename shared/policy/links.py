"""The kinds of link by which somebody is bound to a village: what all of them say, and a cadre's own link.

A cadre's own link leads to a village (a leader's contact point), to households (those of a helper), or to a party (a
deputy's post in a township's leading group). A villager's link leads to households of his own village, or to a party
there, such as a project.

A unit's team has a file of its own, `team`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal, get_args

from msgspec import Meta

from shared.calendar import Span
from shared.contracts.registry import Rank
from shared.contracts.values import Clause, Code, EventRole, Name, Role
from shared.policy.bound import Limits, Some, ends
from shared.policy.parties import PartyKind
from shared.policy.section import Found, Path, Section
from shared.policy.when import When

TEAM = "team"
"""The kind of link by which a unit's team is in a village."""
Every = Literal["month", "quarter", "half_year", "year"]
MONTHS: Final[Mapping[Every, int]] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
"""How many months a period has. The first period of a year begins in January."""
RANKS: Final[tuple[Rank, ...]] = get_args(Rank)
"""The leading posts from the lowest to the highest."""


class LinkKind(Section, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="from"):
    """派驻或联系的一种。 · A kind of link. Who bears it (`from`) decides what else is said of it."""

    named_by: ClassVar = ("kind",)
    merged: ClassVar = True

    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    to: Literal["village", "household", "party"]
    """派到或联系哪里：村 village，户 household，组织 party（户和组织仅限干部和村民）。 ·
    Where it leads: to a village or, of a cadre or villager only, to its households or to a party."""
    each_bearer: Limits = Limits()
    """每名干部联系几个村（组织）或帮扶几户。如 { at_most = 2 }；不写为不限。 ·
    How many villages, parties or households each bearer may have. It is written `{ at_most = 2 }`; no limit where it
    is left out."""

    @property
    def fewest(self) -> int:
        """How many of them a village must have."""
        raise NotImplementedError


class Quota(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """某一职务层次的任务数。 · How many households a cadre of a rank must help (2.2)."""

    rank: Rank
    """职务层次；取不高于本人职务的最高一档。 ·
    The rank. For each cadre the highest entry that the cadre reaches counts."""
    at_least: Some
    """每名至少几户。 · How many households each helps at least."""


class Visits(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """到村次数：由一个机构按期确认，不打卡。 · How often a period somebody comes to the village (2.11).

    Nobody checks in: after each period a body says how often each came.
    """

    at_least: Some
    """每期每名（每家）至少几次；期内才确定的不计不足。 ·
    How often each comes at least; who was bound to the village only during the period is not asked for as much."""
    every: Every
    """每期多长：month 一月、quarter 一季、half_year 半年、year 一年。 · How long a period is."""
    by: EventRole
    """由谁确认。 · Who says how often it was."""
    count_by: When
    """确认期限：自一期结束（period）起算。 · The last day for that, counted from the end of the period (`period`)."""
    owed_by: EventRole
    """次数不足的，告知谁。 · Who is told where it was fewer."""


class Promise(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """确保出列：联系人承诺所联系的贫困村在哪一年出列。 ·
    The promise of who is bound to a poor village: the year in which it leaves the list (2.2)."""

    years: Annotated[int, Meta(ge=1, le=10)]
    """最晚几年内，含确定联系的当年：1 为当年。 ·
    Within how many years at most, with the one in which the link begins: 1 is this year."""
    told_to: EventRole
    """到期未出列的，告知谁；不因此自动问责。 · Who is told where it was not kept; nothing follows by itself."""


class OwnLink(LinkKind, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """不派工作队的联系。 · A link by which no team is sent: what all but the team's say alike."""

    rule: Clause
    """依据：[documents] 中的文件和条款，如 S3:第三项。 · A cited document and its article, as `S3:第三项`."""
    decides: Role
    """由谁确定和解除。 · Who decides that it begins and ends."""
    each_target: Some | Limits
    """每村、每个组织或每户几名（家）。一个数，或者最少和最多，如 { at_least = 1, at_most = 2 }；不要求的只写最多。 ·
    How many a village, a party or a household has: a number, or the fewest and the most; only the most where none is
    asked for."""
    begin_by: When | None = None
    """确定期限，要求至少几名（家）的必填。联系村的自会诊（registry.village.diagnosed）、帮扶户的自核定贫困户
    （registry.households.counted）、到组织的自其登记（registry.party.registered），或者自出现空缺起算；只有列入名单的
    才须有的，写 registry.listing.begun。 ·
    The last day for it to begin, needed where some must be there. It is counted from the diagnosis
    (`registry.village.diagnosed`), for households from the day on which the register tells them
    (`registry.households.counted`), for parties from their registration (`registry.party.registered`), or from the day
    on which a place came open. With `registry.listing.begun` only what is on a list that needs it is to have it."""
    ends: Literal["delisted"] | None = None
    """随何事解除。填 delisted 为村出列即解除；不写为出列后继续联系。 ·
    What ends it. With `delisted` it is the village's exit; without, it goes on after the exit."""
    visits: Visits | None = None
    """到村次数，仅限联系村的；不写为不要求。 · How often each comes to the village; nothing where it is left out."""

    @property
    def fewest(self) -> int:
        """How many a village or a household must have."""
        return ends(self.each_target)[0]

    @property
    def most(self) -> int | None:
        """How many it may have; None for no limit."""
        return ends(self.each_target)[1]


class PersonLink(OwnLink, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """由个人承担的联系。 · A link that a person bears alone: what cadres' and villagers' links say alike."""

    at: Code | None = None
    """到哪一类组织：[[parties]] 中的代码；to = "party" 的必填。 ·
    The kind of party to which it leads, one of `[[parties]]`; needed with `to = "party"`."""
    posts: Annotated[Mapping[Code, Name], Meta(max_length=50)] = {}
    """职务，如副书记、副乡长；写明的，确定时须填其中之一，仅限到组织的。 ·
    The posts to which persons are appointed there; where they are said, each link names one. Of links to parties only.
    """
    term: Span | None = None
    """任期，到期自行解除；不写为不设任期。不能用于帮扶户的。 ·
    How long it lasts before it ends by itself; without end where it is left out. Not of links to households."""


class Villager(PersonLink, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="villager"):
    """村民（不是干部）帮扶本村的户，或者领办本村的项目等，如党员联户、十户长、项目书记。 ·
    The link of a villager, who is no cadre, to households of the own village, such as a Party member's or that of who
    leads ten households (2.2), or to a party there, such as a project that the villager leads (2.11)."""

    bearer: ClassVar = "villager"
    """由谁承担。[[parties]] 中隶属于村的个人 villager。 ·
    Who bears it. It is a person of a village, one of `[[parties]]`."""
    of: Code
    """哪一类人员：[[parties]] 中的代码，须是个人、隶属于村，如农村党员。 ·
    The kind of person who bears it, one of `[[parties]]` that belongs to villages."""


class Contact(PersonLink, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="cadre"):
    """干部联系村、帮扶户或者到组织任职，如领导干部联系点、帮扶责任人、专家、挂任乡镇领导。 ·
    A cadre's own link to a village, its households or a party, such as a leader's contact point (4.2), a helper (2.2),
    an expert (2.11) or a deputy who is posted to a township (0.5)."""

    bearer: ClassVar = "cadre"
    """由谁承担。干部 cadre 自己联系，不离岗。 · Who bears it. It is a cadre, alone and without leaving the office."""
    rank: Rank = "staff"
    """最低职务层次；不写为不要求。 · The lowest rank that it takes; none is asked for where it is left out."""
    reserve: bool = False
    """是否须为后备干部，确定时核对；不能用于帮扶户的。 ·
    Whether it takes a reserve cadre when it begins; not of links to households."""
    younger_than: Annotated[int, Meta(ge=18, le=65)] | None = None
    """确定时须小于几周岁；不能用于帮扶户的。 ·
    The age in years that a cadre has not reached when it begins; not of links to households."""
    full_time: bool = False
    """是否脱产，如突击队、挂任：只能在一处，不得再派入工作队，此前已确定的也一样；
    自列入名单起算的，移出名单即结束。不能用于帮扶户的。 ·
    Whether it is full-time, as in a reinforcement team (1.4) or at a posting (0.5): the cadre is in one place only, and
    is sent to no resident team meanwhile, also who began before the pack said so. Where it is counted from a list, it
    ends with that. Not of links to households."""
    skills: Annotated[Mapping[Code, Name], Meta(max_length=100)] = {}
    """专长，如茶叶、养殖；写明的，确定时须填其中之一，仅限联系村的。 ·
    What the cadres are experts in; where it is said, each link names one of these (2.11)."""
    promise: Promise | None = None
    """确保出列的年度，确定时须填；不写为不承诺。仅限联系村的。 ·
    The year of the exit that each promises; nothing is promised where it is left out. Of links to a village only."""
    quotas: Annotated[tuple[Quota, ...], Meta(max_length=len(RANKS))] = ()
    """各职务层次每名干部至少帮扶几户：仅限 to = "household"；不写为不要求。 ·
    How many households cadres of each rank must help; of links to households only."""
    quota_on: When | None = None
    """每年核对任务数的日期。 · The day of each year on which it is looked who helps fewer."""

    def quota(self, rank: Rank) -> int:
        """How many households a cadre of a rank must help; 0 for none."""
        reached = [one for one in self.quotas if RANKS.index(one.rank) <= RANKS.index(rank)]
        return max(reached, key=lambda one: RANKS.index(one.rank)).at_least if reached else 0


LISTING: Final = "registry.listing.begun"
"""The event from which the time for a link is counted that only villages or parties on a list need."""
COUNTED_FROM: Final = {
    "village": ("registry.village.diagnosed", LISTING),
    "household": ("registry.households.counted",),
    "party": ("registry.party.registered", LISTING),
}
"""What the time for a link may be counted from, by where it leads."""


def contradictions(at: Path, link: Contact, parties: Sequence[PartyKind]) -> Found:
    """Find what no cadre's link can say."""
    yield from of_own(at, link)
    if link.each_bearer.at_least:
        zh = "不能要求每名干部都联系村或帮扶户，只写最多几个（at_most）；各职务层次至少帮扶几户写在 quotas"
        en = (
            "a cadre cannot be obliged to have a village or a household here; give only at_most, the most that a cadre "
        )
        en += "may have; how many households a rank must help is said in quotas"
        most = link.each_bearer.at_most or 1
        yield (*at, "each_bearer", "at_least"), zh, en, f"each_bearer = {{ at_most = {most} }}"
    if link.full_time and link.each_bearer.at_most != 1:
        zh, en = "脱产的只能在一处，应写 at_most = 1", "who is there full-time is in one village: say at_most = 1"
        yield (*at, "each_bearer"), zh, en, "each_bearer = { at_most = 1 }"
    yield from _of_person(at, link, parties)
    if link.to == "household":
        if not link.fewest:
            zh = "帮扶户的应写明每户至少几名"
            yield (*at, "each_target"), zh, "it says how many each household has at least", "each_target = 1"
        yield from _quotas(at, link)


def of_villager(at: Path, link: Villager, parties: Sequence[PartyKind]) -> Found:
    """Find what no villager's link can be: a link to a whole village, one that obliges somebody, or one whose bearer is
    not a person of a village."""
    yield from of_own(at, link)
    if link.to == "village":
        zh = "村民本在村里，只能帮扶本村的户（household）或者任职于本村的组织（party）"
        en = "villagers are of the village; they help its households, or have a post at its parties"
        yield (*at, "to"), zh, en, 'to = "household"'
    if link.each_bearer.at_least:
        zh, en = "不能要求每名村民都承担，只写最多几户、几个（at_most）", "nobody is obliged to help; give only at_most"
        yield (*at, "each_bearer", "at_least"), zh, en, f"each_bearer = {{ at_most = {link.each_bearer.at_most or 1} }}"
    persons = [one.kind for one in parties if one.personal and "village" in one.parents]
    if link.of not in persons:
        zh = f"应写明是村里的哪一类人员（[[parties]] 中的个人），可填：{'、'.join(persons) or '（无）'}"
        en = f"it names a kind of person of a village, one of [[parties]]: {', '.join(persons) or 'none'}"
        yield (*at, "of"), zh, en, f'of = "{persons[0]}"' if persons else ""
    yield from _of_person(at, link, parties)


def _of_person(at: Path, link: PersonLink, parties: Sequence[PartyKind]) -> Found:
    """Find fields that a person's link cannot have because of where it leads, a kind of party that does not exist, and
    an end that never comes."""
    for to, fields in ONLY.items():
        for field in fields:
            if link.to not in to and getattr(link, field, None):
                zh = f"只有{'或者'.join(_TO[one] for one in to)}的可以写（to 为 {'、'.join(to)}）"
                en = f"only a link with to = {' or '.join(map(repr, to))} can say this"
                yield (*at, field), zh, en, ""
    if link.to == "household" and link.ends:
        zh = "村出列后仍须帮扶到户，不能写 ends"
        yield (*at, "ends"), zh, "households are helped on after the village's exit, so that nothing stands here", ""
    elif link.to == "party":
        yield from _of_party(at, link, parties)


_TO: Final = {"village": "联系村", "household": "联系户", "party": "到组织任职"}
ONLY: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    ("household",): ("quotas", "quota_on"),
    ("village",): ("visits", "skills", "promise"),
    ("party",): ("at", "posts"),
    ("village", "party"): ("full_time", "reserve", "younger_than", "term"),
}
"""Fields that only links to certain places can have: where these lead, and the fields."""


def _of_party(at: Path, link: PersonLink, parties: Sequence[PartyKind]) -> Found:
    """Find a kind of party that does not exist or is a person, and an end by an exit, which parties do not have."""
    open_kinds = [one.kind for one in parties if not one.personal]
    if link.at not in open_kinds:
        zh = f"应写明到哪一类组织（不能是个人），可填：{'、'.join(open_kinds) or '（无）'}"
        en = f"it names the kind of party, no person, to which it leads: {', '.join(open_kinds) or 'none'}"
        yield (*at, "at"), zh, en, f'at = "{open_kinds[0]}"' if open_kinds else ""
    if link.ends:
        zh, en = "组织没有出列，不能写 ends；有任期的写 term", "no party leaves the list; a link that ends has a `term`"
        yield (*at, "ends"), zh, en, ""


def of_own(at: Path, link: OwnLink) -> Found:
    """Find what no link but the team's can say: numbers that contradict each other, a least number without a day by
    which it must be reached, and a time counted from an event that never happens where such a link leads."""
    if link.kind == TEAM:
        zh, en = f"{TEAM} 专指单位派驻的工作队，请换一个代码", f"{TEAM} is a unit's team; choose another code"
        yield (*at, "kind"), zh, en, 'kind = "contact"'
    if link.most is not None and link.most < link.fewest:
        zh, en = "至多的数目少于至少的数目", "it is fewer than `at_least`"
        yield (*at, "each_target", "at_most"), zh, en, f"at_most = {link.fewest}"
    since = COUNTED_FROM[link.to]
    if bool(link.fewest) != bool(link.begin_by):
        zh = "要求至少几名（家）的，应写确定期限；不要求的，不写期限"
        en = "`begin_by` goes with the least number: open places are filled by a day"
        example = f'begin_by = {{ after = "{since[0]}", within = {{ calendar_days = 30 }} }}' if link.fewest else ""
        yield (*at, "begin_by"), zh, en, example
    elif link.begin_by and link.begin_by.after not in (None, *since):
        zh, en = f"应自 {'、'.join(since)} 起算", f"it is counted from {' or '.join(since)}"
        yield (*at, "begin_by", "after"), zh, en, f'after = "{since[0]}"'


def _quotas(at: Path, link: Contact) -> Found:
    """Find quotas without a day on which they are checked, quotas that no cadre may fulfil, and ranks named twice."""
    if bool(link.quotas) != bool(link.quota_on):
        zh, en = "quotas 和 quota_on 应一并填写", "quotas and quota_on go together"
        yield (*at, "quota_on"), zh, en, "quota_on = { month = 12, day = 31 }"
    most = link.each_bearer.at_most
    for n, one in enumerate(link.quotas):
        if most and one.at_least > most:
            zh, en = f"每名最多帮扶{most}户", f"a cadre helps {most} households at most"
            yield (*at, "quotas", n, "at_least"), zh, en, f"at_least = {most}"
    yield from _twice(at, [one.rank for one in link.quotas])


def _twice(at: Path, ranks: Iterable[Rank]) -> Found:
    known: set[Rank] = set()
    for n, rank in enumerate(ranks):
        if rank in known:
            yield (*at, "quotas", n, "rank"), f"{rank} 已经写过", f"{rank} stands there already", ""
        known.add(rank)
