"""Lists besides the poverty list: key villages, weak organisations, minority villages, demonstration points.

A pack says of a list what can be on it (villages, or parties of a kind), who puts them on and takes them off, how many
there may be and for how long, and what its villages need. The poverty list is no entry here: it has a journey of its
own.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from shared.calendar import Span, YearDay, national
from shared.contracts.values import Clause, Code, Name, Role
from shared.policy.commitments import unlike
from shared.policy.links import LISTING, TEAM, LinkKind, PersonLink
from shared.policy.parties import PartyKind
from shared.policy.procedure import Procedure
from shared.policy.section import SOME_DAY, Found, Path, Section
from shared.policy.when import When

VILLAGE: Final = "village"
"""The `of` of a list of villages. Any other value is the code of a kind of party."""
POVERTY: Final = "poverty"
"""The code of the poverty list. It is no entry of the pack, and no entry may have this code."""


class Spread(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """每个县至少几个；不足的告知，但不影响列入。 ·
    How many each county has on a list at least. Too few are told, and bar nothing (mechanism 2.22)."""

    at_least: Annotated[int, Meta(ge=1, le=1000)]
    """至少几个。 · The least number."""
    by: YearDay
    """每年到哪一天。 · The day of each year by which it has them."""


class ListKind(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """贫困村名单之外的一种名单，如重点村、软弱涣散党组织、示范点。 ·
    A list beside the poverty list, such as key villages, weak organisations, demonstration points (mechanisms 0.6,
    2.6, 2.10, 2.22, 4.9)."""

    named_by: ClassVar = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    of: Code
    """名单上是什么：村 village，或者一类组织的代码。 · What stands on it: `village`, or the code of a kind of party."""
    by: Role
    """由谁列入。 · Who puts something on it."""
    unlisted_by: Role | None = None
    """由谁决定移出；与 leaves_by 二选一。 · Who takes something off it; this, or `leaves_by`."""
    leaves_by: Code | None = None
    """经哪一程序移出：程序的结果（effect）为 rectify；与 unlisted_by 二选一。 ·
    The procedure whose end takes something off; its effect is `rectify`. It is this, or `unlisted_by`."""
    at_most: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    """名额：规定本名单的区划内至多几个；不写为不限。 ·
    At most so many in the division whose pack says the list; no limit where it is left out."""
    each_county: Spread | None = None
    """每个县至少几个、到哪一天；不写为不要求。 · How many each county has at least, and by when; not asked where it is
    left out."""
    term: Span | None = None
    """列入多长时间，到期自行移出；不写为不设期限。 ·
    How long something stays on it before it leaves by itself; without end where it is left out."""
    remind: Span | None = None
    """到期前多长时间提请决定是否再次列入；有 term 的必填。 ·
    How long before that end it is asked whether the term begins anew; needed where there is a `term`."""
    modes: Annotated[Mapping[Code, Name], Meta(max_length=50)] = {}
    """分类，如开发式、搬迁式、救助式；写明的，列入时须填其中之一，改变的再次列入。 ·
    The modes by which what is on it is told apart, such as development, relocation, relief (4.2). Where they are said,
    each entry names one of them, and another entry changes it."""
    each_poor: When | None = None
    """每个贫困村都须列入的期限，如每村确定一种扶贫方式，自列入贫困村名单（registry.village.listed）起算；不写为不要求。
    仅限列村的名单；本规定生效后才列入贫困村的开始要求。 ·
    By when each village on the poverty list is on this list as well, as where each has its mode of development (4.2).
    It is counted from the poverty list (`registry.village.listed`) and asked of villages that enter that from then on;
    nothing is asked where it is left out. On lists of villages only."""
    needs: Annotated[tuple[Code, ...], Meta(max_length=5)] = ()
    """名单所涉的村须有哪几种派驻、联系或结对，如 team、企业结对的代码；列的是组织的，也可写到该类组织的联系，如挂任。 ·
    The kinds of links that its villages must have, such as `team`, or those of experts or firms. On a list of parties
    also links to these, such as postings."""
    problem_class: Code | None = None
    """这些村按哪一类别匹配派出单位；needs 有 team 的必填；新的类别另写入 listing.problem_classes 和工作队的 suits。 ·
    The problem class by which units are matched to them; needed where they need a `team`. A new class also
    goes into `listing.problem_classes` and into the team's `suits`."""

    @property
    def needs_team(self) -> bool:
        """Whether each of its villages must have a resident team."""
        return TEAM in self.needs


def contradictions(
    lists: Sequence[ListKind],
    parties: Sequence[PartyKind],
    procedures: Sequence[Procedure],
    links: Sequence[LinkKind],
    classes: Mapping[str, str],
) -> Found:
    """Find lists of something that does not exist, lists that nothing ever leaves, and lists whose villages need
    something that nobody sends."""
    taken = {
        *(link.kind for link in links),
        *(party.kind for party in parties),
        *(procedure.kind for procedure in procedures),
    }
    for n, one in enumerate(lists):
        at: Path = ("lists", n)
        if one.kind == POVERTY or one.kind in taken:
            zh = f"{one.kind} 已有他用（贫困村名单、派驻、组织类别或者程序），请换一个代码"
            en = f"{one.kind} is the poverty list, a link, a kind of party or a procedure; choose another code"
            yield (*at, "kind"), zh, en, ""
        yield from _of_subject(at, one, parties, links)
        yield from _of_end(at, one, procedures)
        if one.each_county and one.at_most is not None and one.at_most < one.each_county.at_least:
            zh = f"名额（at_most）{one.at_most}个，少于每个县至少的{one.each_county.at_least}个"
            en = f"there are only {one.at_most} places, fewer than the {one.each_county.at_least} of each county"
            yield (*at, "each_county", "at_least"), zh, en, f"at_least = {one.at_most}"
        yield from _of_needs(at, one, links, classes)
        yield from _of_modes(at, one)
        if one.each_poor and one.of != VILLAGE:
            zh, en = "名单上不是村，不能要求每个贫困村都列入", "no villages stand on it, so that none can be asked for"
            yield (*at, "each_poor"), zh, en, ""
        elif one.each_poor and one.at_most is not None:
            zh, en = (
                "每个贫困村都须列入的，不能限定名额（at_most）",
                "each poor village stands on it: it has no `at_most`",
            )
            yield (*at, "at_most"), zh, en, ""
    yield from unlike((("lists", n, "modes"), one.modes) for n, one in enumerate(lists))
    needed = {need for one in lists for need in one.needs}
    for n, link in enumerate(links):
        begin_by = getattr(link, "begin_by", None)
        if begin_by and begin_by.after == LISTING and link.kind not in needed:
            zh = f"没有名单需要 {link.kind}，无从自列入名单起算"
            yield (
                ("links", n, "begin_by", "after"),
                zh,
                f"no list needs {link.kind}, which would be counted from it",
                "",
            )
    ending = {one.leaves_by for one in lists}
    for n, procedure in enumerate(procedures):
        if procedure.effect == "rectify" and procedure.kind not in ending:
            zh = f"{procedure.kind} 使组织移出名单，但没有名单写明 leaves_by = “{procedure.kind}”"
            en = f"{procedure.kind} takes something off a list, but no list says leaves_by = {procedure.kind!r}"
            yield ("procedures", n, "effect"), zh, en, 'effect = "decide"'


def _of_subject(at: Path, one: ListKind, parties: Sequence[PartyKind], links: Sequence[LinkKind]) -> Found:
    """Find a list of a kind of party that the pack does not have, or of persons."""
    kind = next((party for party in parties if party.kind == one.of), None)
    if one.of != VILLAGE and kind is None:
        known = (VILLAGE, *(party.kind for party in parties))
        zh = f"没有 {one.of} 这一类，可填：{'、'.join(known)}"
        yield (*at, "of"), zh, f"there is no {one.of}, only {', '.join(known)}", 'of = "village"'
    elif kind and kind.personal:
        zh = f"{one.of} 是个人；名单是公开的，不能列个人"
        yield (*at, "of"), zh, f"{one.of} is a person, and lists are public; no person is on one", 'of = "village"'
    elif kind and VILLAGE not in kind.parents and (_of_villages(one, links) or one.leaves_by):
        zh = f"{one.of} 不隶属于村，不能由村派驻（needs）或者按村的程序移出（leaves_by）"
        en = f"{one.of} belongs to no village, which `needs` or `leaves_by` would be about"
        yield (*at, "of"), zh, en, ""


def _of_modes(at: Path, one: ListKind) -> Found:
    """Find a list with a single mode, which tells nothing apart."""
    if len(one.modes) == 1:
        zh, en = (
            "只有一种，不起分类作用；请写两种以上，或者删去",
            "one mode tells nothing apart: say two or more, or none",
        )
        yield (*at, "modes"), zh, en, ""


def _of_villages(one: ListKind, links: Sequence[LinkKind]) -> bool:
    """Whether the list needs something of the villages."""
    return any(link.kind in one.needs and link.to == VILLAGE for link in links)


def _of_end(at: Path, one: ListKind, procedures: Sequence[Procedure]) -> Found:
    """Find a list with no way off or with two, and a term of whose end nobody is told in time."""
    if (one.unlisted_by is None) == (one.leaves_by is None):
        zh, en = "unlisted_by 和 leaves_by 须填且只填一项", "it needs `unlisted_by` or `leaves_by`, and not both"
        yield (*at, "unlisted_by"), zh, en, f'unlisted_by = "{one.by}"'
    if one.leaves_by is not None:
        fitting = [procedure.kind for procedure in procedures if procedure.effect == "rectify"]
        if one.leaves_by not in fitting:
            zh = f"没有结果为 rectify 的程序 {one.leaves_by}，可填：{'、'.join(fitting) or '（无）'}"
            en = f"no procedure {one.leaves_by} has effect rectify; those are {', '.join(fitting) or 'none'}"
            yield (*at, "leaves_by"), zh, en, ""
        if one.of == VILLAGE:
            zh = "村经决定移出（unlisted_by）；整顿程序只针对组织"
            yield (
                (*at, "leaves_by"),
                zh,
                "a village is taken off by a decision; a rectification is an organisation's",
                "",
            )
    if (one.term is None) != (one.remind is None):
        zh, en = "term 和 remind 应同时填写", "`term` and `remind` go together"
        yield (*at, "term" if one.remind else "remind"), zh, en, "remind = { months = 1 }" if one.term else ""
    elif one.term and one.remind and _ends(one.remind) >= _ends(one.term):
        zh, en = "应短于列入的时间（term）", "it must be shorter than `term`"
        yield (*at, "remind"), zh, en, "remind = { calendar_days = 7 }"


def _ends(span: Span) -> date:
    """The last day of a span that begins on some day, for a comparison."""
    return span.after(SOME_DAY, national())


def _of_needs(at: Path, one: ListKind, links: Sequence[LinkKind], classes: Mapping[str, str]) -> Found:
    """Find a need that a list cannot have, and a team that nobody could match."""
    for m, need in enumerate(one.needs):
        fitting = [link for link in links if link.to == VILLAGE or (isinstance(link, PersonLink) and link.at == one.of)]
        link = next((link for link in fitting if link.kind == need), None)
        if link is None:
            known = [link.kind for link in fitting]
            zh = f"没有 {need} 这种联系村（或者到 {one.of}）的规定，可填：{'、'.join(known)}"
            en = f"there is no {need} among the links to villages, or to what is listed, only {', '.join(known)}"
            yield (*at, "needs", m), zh, en, ""
        elif not link.fewest:
            zh = f"{need} 没有写明至少几名（家），名单无从要求；请写 each_target"
            en = f"{need} says no number that a village has at least; say each_target"
            yield (*at, "needs", m), zh, en, ""
    if one.needs_team != (one.problem_class is not None):
        zh = f"needs 有 {TEAM} 的应填 problem_class，没有的不填"
        en = f"problem_class goes with needs = [{TEAM!r}]: units are matched by it"
        yield (
            (*at, "problem_class"),
            zh,
            en,
            "" if one.problem_class else f'problem_class = "{next(iter(classes), "")}"',
        )
    elif one.problem_class is not None and one.problem_class not in classes:
        zh = f"没有贫困村类别 {one.problem_class}，可填：{'、'.join(classes)}"
        yield (*at, "problem_class"), zh, f"{one.problem_class} is no problem class; those are {', '.join(classes)}"
