"""What no schema can say: where a policy pack contradicts itself, or could not work as it is written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import msgspec

from shared.calendar import Span, national
from shared.contracts.dispatch import CommitmentOverdue
from shared.policy.bound import contradictions as bounds
from shared.policy.checking import Fault, Path, allowed, hints_of, toml
from shared.policy.pack import (
    LETTER,
    NATIONAL,
    SURVEY_KINDS,
    TRIGGERS,
    Campaign,
    Commitment,
    Document,
    Outcome,
    Policy,
    Section,
)

_DAY = date(2015, 1, 1)
"""Some day, from which spans are compared."""
_SHORTEST = date(2015, 2, 1)
"""The day from which a month is shortest."""
_AHEAD = 31
"""Days by which an assessment may open before a campaign whose scores it awaits."""
_LEAP = 3
"""No poverty line is so many times that of the year before; that of 2011 was twice it."""
_NEVER = ("operator",)
"""Who keeps the system running and decides nothing in it."""
_JUDGED = ("unit", "team", "village", *_NEVER)
"""Who is judged, and therefore does not judge."""


def find_contradictions(policy: Policy) -> Iterator[Fault]:
    """Every contradiction with its place."""
    for path, zh, en, *example in (
        *_doubles(policy),
        *_head(policy),
        *_references(policy),
        *_listing(policy),
        *_exit(policy),
        *_spans((), policy),
        *_roles(policy),
        *_commitments(policy),
        *_campaigns(policy),
        *_assessment(policy),
        *_outcomes(policy),
        *_procedures(policy),
        *bounds(policy),
    ):
        yield Fault(path, zh, en, instead=example[0] if example else None)


def find_doubts(policy: Policy) -> Iterator[Fault]:
    """What need not be wrong, but is worth a second look."""
    for key, document in policy.documents.items():
        if isinstance(document, Document) and (zh_en := _doubted(document, policy)):
            yield Fault(("documents", key), *zh_en)


def _doubted(document: Document, policy: Policy) -> tuple[str, str] | None:
    """Why a document's title and its jurisdiction may belong to different divisions."""
    named = _DIVISION.match(document.title)
    of, ours = document.jurisdiction, policy.name in document.title
    if named and of == NATIONAL:
        zh, en = (
            f"标题像是{named[0]}的文件，却填作全国性文件（00）",
            "its title is a division's, but 00 the whole country",
        )
    elif named and of == policy.jurisdiction and not ours:
        zh, en = f"标题像是{named[0]}的文件，却填作本地（{of}）的", f"its title is another division's than {of}"
    elif ours and of != policy.jurisdiction:
        zh, en = f"标题像是本地的文件，却填作区划 {of} 的", f"its title is this region's, but not the division {of}"
    else:
        return None
    return f"{zh}，请核对", f"{en}; look at it again"


_DIVISION = re.compile("[\u4e00-\u9fff]{2,7}?(?:[省县州盟旗]|市(?!场)|自治区|(?<!社)区(?!域))")
"""What a title begins with that names the division which issued the document."""
_Found = Iterator[tuple[Path, str, str] | tuple[Path, str, str, str]]
"""Place, Chinese, English, and a line that would do, if that of a sound pack would not; an empty one for none."""


def _doubles(policy: Policy) -> _Found:
    """Names that must tell entries of a list apart."""
    lists: dict[Path, Sequence[str]] = {
        ("exit", "criteria"): [criterion.figure for criterion in policy.exit.criteria],
        ("exit", "verification", "rates"): [rate.figure for rate in policy.exit.verification.rates],
        ("exit", "procedure"): [step.name for step in policy.exit.procedure],
        ("commitments",): [commitment.kind for commitment in policy.commitments],
        ("campaigns",): [campaign.kind for campaign in policy.campaigns],
        ("findings",): [finding.code for finding in policy.findings],
        ("assessment", "inputs"): [channel.channel for channel in policy.assessment.inputs],
        ("assessment", "grades"): [grade.name for grade in policy.assessment.grades],
        ("assessment", "grounds"): [ground.name for ground in policy.assessment.grounds],
        ("outcomes",): [outcome.kind for outcome in policy.outcomes],
        ("procedures",): [procedure.kind for procedure in policy.procedures],
        **{("procedures", n, "steps"): [step.name for step in p.steps] for n, p in enumerate(policy.procedures)},
    }
    for where, names in lists.items():
        for n, name in enumerate(names):
            if name in names[:n]:
                yield (*where, n), f"{name} 出现了两次", f"{name} occurs twice"


def _head(policy: Policy) -> _Found:
    """Region, version and holidays."""
    region = policy.jurisdiction
    other = re.match(r"((?:[0-9]{2}){1,3})[^0-9]", policy.version)
    if other and other[1] != region:
        zh = f"版本号应以区划代码 {region} 开头，{policy.version} 像是其他地区的"
        yield ("version",), zh, f"it must begin with {region}; {policy.version} looks like another region's"
    for key, document in policy.documents.items():
        if not isinstance(document, Document):
            zh = '请写明发文机关所辖区划：{ title = "…", jurisdiction = "…" }，全国性文件填 00'
            en = 'say whose it is: { title = "…", jurisdiction = "…" }, 00 for the whole country'
            yield ("documents", key), zh, en
    said: dict[date, int] = {}
    for n, entry in enumerate(policy.holidays):
        yield from _known(policy, ("holidays", n, "document"), entry.document)
        for day in entry.days:
            if said.setdefault(day, n) != n or entry.days.count(day) > 1:
                yield ("holidays", n, "days"), f"{day} 出现了两次", f"{day} occurs twice"


def _references(policy: Policy) -> _Found:
    """Clauses cite a document of this pack, which a body issued that this region is subject to."""
    for n, outcome in enumerate(policy.outcomes):
        yield from _cited(policy, ("outcomes", n, "clause"), outcome.clause)
    for field in ("commitments", "campaigns", "procedures"):
        for n, entry in enumerate(getattr(policy, field)):
            yield from _cited(policy, (field, n, "rule"), entry.rule)
    for n, procedure in enumerate(policy.procedures):
        for m, rite in enumerate(procedure.steps):
            if rite.rule:
                yield from _cited(policy, ("procedures", n, "steps", m, "rule"), rite.rule)
    for path in (("listing",), ("exit",), ("exit", "verification"), ("team",), ("assessment",)):
        section: Any = policy
        for name in path:
            section = getattr(section, name)
        if section.reference:
            yield from _known(policy, (*path, "reference", "document"), section.reference.document)


_CLAUSE = re.compile(r"([A-Za-z][A-Za-z0-9]{0,11})(?::(\S.*))?", re.ASCII)


def _cited(policy: Policy, path: Path, clause: str) -> _Found:
    """A clause is a document's short name and an article of it: `S3:第四项`."""
    if written := _CLAUSE.fullmatch(clause):
        yield from _known(policy, path, written[1], f":{written[2]}" if written[2] else "")
        return
    first = next(iter(policy.documents))
    zh = f"{clause} 应写作文件简称加冒号和条款，如 {first}:第四项；没有条款的只写 {first}"
    en = f"{clause} must be a document's short name, a colon and the article, as {first}:4, or the short name alone"
    yield path, zh, en, f'{path[-1]} = "{first}"'


def _known(policy: Policy, path: Path, key: str, article: str = "") -> _Found:
    """A document is one of the pack's, and binds in its region."""
    document = policy.documents.get(key)
    binding = [id for id, one in policy.documents.items() if isinstance(one, Document) and _binds(one, policy)]
    example = f'{path[-1]} = "{binding[0]}{article}"' if binding else ""
    if document is None:
        known = policy.documents
        zh = f"{key} 不在 [documents] 中，可引：{'、'.join(known)}"
        yield path, zh, f"{key} is none of [documents]: {', '.join(known)}", example
    elif isinstance(document, Document) and not _binds(document, policy):
        of, here = document.jurisdiction, policy.jurisdiction
        yield (
            path,
            f"{key}《{document.title}》是区划 {of} 的文件，不能作为{policy.name}（{here}）的依据；"
            "只能引本地、上级或全国性文件",
            f"{key} is a document of division {of}, which binds nobody in {policy.name_en} ({here}); cite one of "
            "this region, of one above it, or of the whole country",
            example,
        )


def _binds(document: Document, policy: Policy) -> bool:
    return document.jurisdiction == NATIONAL or policy.jurisdiction.startswith(document.jurisdiction)


def _listing(policy: Policy) -> _Found:
    classes, suits = policy.listing.problem_classes, policy.team.suits
    for name in SURVEY_KINDS:
        if name not in policy.listing.survey_kinds:
            yield ("listing", "survey_kinds"), f"缺少保留代码 {name}", f"the reserved code {name} is missing"
    for name in suits:
        if name not in classes:
            zh = f"没有贫困村类别 {name}，可填：{'、'.join(classes)}"
            yield ("team", "suits", name), zh, f"{name} is no problem class; those are {', '.join(classes)}"
    for name, departments in suits.items():
        if twice := sorted({one for one in departments if departments.count(one) > 1}):
            zh, en = f"{'、'.join(twice)} 重复填写，请删去", f"{', '.join(twice)} stands there twice; delete it"
            yield ("team", "suits", name), zh, en
    for name in classes:
        if name not in suits:
            yield ("team", "suits"), f"类别 {name} 没有对口单位", f"no department suits the problem class {name}"


def _exit(policy: Policy) -> _Found:
    terms = policy.exit
    steps = [step.name for step in terms.procedure]
    for n, step in enumerate(terms.procedure):
        path = ("exit", "procedure", n, "on_objection")
        if step.on_objection not in (None, *steps):
            lost = step.on_objection
            zh = f"{step.name} 退回的 {lost} 不是环节，可填：{'、'.join(steps)}"
            yield path, zh, f"{step.name} leads to {lost}, which is no step; those are {', '.join(steps)}"
        elif step.on_objection in steps[n:]:
            before = steps[:n]
            zh = f"{step.name} 只能退回此前的环节，可填：{'、'.join(before) or '（无）'}"
            yield (
                path,
                zh,
                f"{step.name} leads back to an earlier step only: {', '.join(before) or 'there is none'}",
                "",
            )
        if step.kind == "notice" and not step.on_objection:
            zh = f"公示 {step.name} 应填 on_objection"
            yield path, zh, f"the notice {step.name} needs an on_objection"
    kinds = [step.kind for step in terms.procedure]
    if kinds[:2] != ["verify", "notice"] or kinds.count("verify") > 1 or kinds[-1] != "decide":
        zh = "应以唯一的 verify 和一个 notice 开始，以 decide 结束"
        en = "it must begin with its only verify step and a notice, and end with a decide step"
        yield ("exit", "procedure"), zh, en
    if not terms.verification.sample_share:
        zh, en = "不能为 0，否则什么也不核查", "it must be more than 0, or nothing would be verified"
        yield ("exit", "verification", "sample_share"), zh, en
    if (watched := terms.monitor_for.after(_DAY, national()) - _DAY) < timedelta(365):
        zh = f"监测每年一次，监测期至少一年，现为 {watched.days} 天"
        yield ("exit", "monitor_for"), zh, "it is reviewed once a year, so that it is watched for a year at least"
    if terms.measure_from.of(2015) > terms.measure_by.of(2015):
        zh = "采集截止日应在同一年的开始日 measure_from 之后"
        yield ("exit", "measure_by"), zh, "it must lie after `measure_from` in the same year"
    yield from _lines(policy)


def _lines(policy: Policy) -> _Found:
    """A line for every year from the first in which the pack counts, without a gap."""
    years = sorted(map(int, policy.exit.poverty_line))
    first = policy.effective_from.year
    path = ("exit", "poverty_line")
    if years[-1] < first and policy.extends is None:  # A wider pack's last line goes on under a layer.
        zh = f"贫困线只到 {years[-1]} 年，政策包 {first} 年生效，请补 {first} 年及以后各年的贫困线"
        en = f"the lines end in {years[-1]}, but the pack is in force from {first} on; add those of {first} and later"
        yield path, zh, en, ""
    needed = [year for year in range(first, years[-1]) if year not in years]
    if needed:
        zh = f"缺少 {'、'.join(map(str, needed))} 年的贫困线"
        yield path, zh, f"there is no line for {', '.join(map(str, needed))}"
    for before, year in pairwise(years):
        old, new = (policy.exit.poverty_line[str(of)] for of in (before, year))
        if year == before + 1 and not old / _LEAP <= new <= old * _LEAP:
            zh = f"{year} 年 {new} 元与 {before} 年 {old} 元相差 {_LEAP} 倍以上，请核对是否多填或少填一位"
            en = f"{new} yuan in {year} and {old} in {before} differ more than {_LEAP} times; is a digit too many?"
            yield (*path, str(year)), zh, en


def _unrolled(span: Span) -> Span:
    """The span alone: that its end rolls over holidays makes no time of none."""
    return msgspec.structs.replace(span, roll=False)


def _spans(path: Path, part: object) -> _Found:
    """Spans anywhere in a pack that lead nowhere: with a negative part, empty, or in a unit that does not fit."""
    if isinstance(part, Span):
        name, plain = path[-1], _unrolled(part)
        empty = any(plain.after(day, national()) <= day for day in (_DAY, _SHORTEST))
        if part.calendar_days < 0 and name != "lasts":
            # How long a campaign lasts may be counted back from a round time: three months less one day.
            yield path, "时间不能为负", "a time cannot be negative"
        elif empty and (name not in _MAYBE):
            yield path, "时间不能为零，至少一天", "it needs a time, a day at least"
        elif part.follows_calendar and name in _FIXED:
            zh = "应按年、月或日历日计，不按工作日，也不顺延"
            yield path, zh, "it is counted in years, months or calendar days, neither in working days nor rolled"
    elif isinstance(part, Section):
        for field in part.__struct_fields__:
            yield from _spans((*path, field), getattr(part, field))
    elif isinstance(part, tuple):
        for n, entry in enumerate(part):
            yield from _spans((*path, n), entry)


_MAYBE = ("reconcile_within", "keep_after_exit")
"""Times that a region may do without: reconciled on the very day, released with the exit."""
_FIXED = ("term", "extension", "keep_after_exit", "monitor_for", "lasts", "impact")
"""Times whose end is published when they begin, and which no holiday moves."""


def _roles(policy: Policy) -> _Found:
    """Everybody who is to act can act; nobody judges himself."""
    outside = ("inspection", "discipline", *_NEVER)
    for path, role, barred in (
        *((("exit", "criteria", n, "mover"), c.mover, _NEVER) for n, c in enumerate(policy.exit.criteria)),
        *((("exit", "procedure", n, "by"), s.by, _JUDGED) for n, s in enumerate(policy.exit.procedure)),
        *((("commitments", n, "by"), c.by, outside) for n, c in enumerate(policy.commitments)),
        *((("outcomes", n, "decides"), o.decides, _JUDGED) for n, o in enumerate(policy.outcomes)),
        *((("procedures", n, "steps", m, "by"), s.by, outside)
          for n, p in enumerate(policy.procedures) for m, s in enumerate(p.steps)),
    ):  # fmt: skip
        if role in barred:
            zh = f"{role} 不能办理此事；不可填：{'、'.join(barred)}"
            yield path, zh, f"{role} cannot do this; nor can {', '.join(r for r in barred if r != role) or 'others'}"


def _commitments(policy: Policy) -> _Found:
    kinds = [commitment.kind for commitment in policy.commitments]
    for n, c in enumerate(policy.commitments):
        if c.after and c.after not in kinds[:n]:
            zh = f"{c.kind} 的 after 应是列在它前面的事项，而不是 {c.after}"
            yield (
                ("commitments", n, "after"),
                zh,
                f"{c.kind} is set after {c.after}, which must be a commitment further up",
            )
        if (c.reconcile or c.settle) and not c.yearly:
            zh = f"{c.kind} 按年对账或销账，应填 yearly"
            en = f"{c.kind} is reconciled or settled by the year, so it needs `yearly`"
            yield ("commitments", n), zh, en
        yield from _reconciliations(("commitments", n), c)
        close = get_close_matches(c.kind, [LETTER], 1, 0.7)
        if close and LETTER not in kinds:
            zh = f"责任书的代码专用 {LETTER}，{c.kind} 不会使村进入“已签责任书”；确为其他事项的，请换一个代码"
            en = f"a letter's code is {LETTER}: by {c.kind} no village becomes pledged; name another thing differently"
            yield ("commitments", n, "kind"), zh, en


def _reconciliations(path: Path, commitment: Commitment) -> _Found:
    """The reconciliations of a year follow one another, each at its end before the next begins."""
    kind, days = commitment.kind, [day.of(2015) for day in commitment.reconcile]
    if not days:
        if commitment.reconcile_within != Span():
            zh, en = f"{kind} 没有对账日 reconcile，不能填对账时间", f"{kind} has no `reconcile`, so it takes no time"
            yield (*path, "reconcile_within"), zh, en, ""
        return
    for day, following in pairwise(days):
        if following <= day:
            zh = f"对账日应从早到晚、各不相同，{following.month}月{following.day}日应排在前面或删去"
            en = f"the days go from the first to the last, each once; {following:%d %B} does not"
            yield (*path, "reconcile"), zh, en
            return
    for day, following in pairwise((*days, commitment.reconcile[0].of(2016))):
        if (last := commitment.reconcile_within.after(day, national())) >= following:
            zh = f"{kind} {day.month}月{day.day}日的对账持续到 {last}，与下一次重叠，请缩短"
            en = f"{kind}: the reconciliation of {day:%d %B} lasts until {last}, when the next has begun; shorten it"
            yield (*path, "reconcile_within"), zh, en
            return


def _campaigns(policy: Policy) -> _Found:
    for n, campaign in enumerate(policy.campaigns):
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
    return (campaign.lasts.after(_DAY, national()) - _DAY).days + 1


def _overlap(campaign: Campaign) -> tuple[date, date] | None:
    """The first and last day of a campaign of a kind that reaches into the next one."""
    opens = sorted(day.of(year) for year in (2015, 2016, 2017) for day in campaign.opens)
    for first, following in pairwise(opens):
        if (last := campaign.lasts.after(first, national())) >= following:
            return first, last
    return None


def _assessment(policy: Policy) -> _Found:
    terms = policy.assessment
    scored = sorted(campaign.kind for campaign in policy.campaigns if campaign.scored)
    channels = ["written_report", "oral_report", "ballot", *scored]
    for n, channel in enumerate(terms.inputs):
        name = channel.channel
        if name not in channels:
            zh = f"{name} 不是考核来源，也没有计分的同名督查，可填：{'、'.join(channels)}"
            en = f"{name} is no channel, and no campaign of this kind scores; those are {', '.join(channels)}"
            yield ("assessment", "inputs", n, "channel"), zh, en
        if channel.weight and name.endswith("_report"):
            zh, en = f"{name} 没有分数，权重应为 0", f"{name} can carry no weight, since a report has no score"
            yield ("assessment", "inputs", n, "weight"), zh, en
    yield from _scores(policy)
    total = sum(channel.weight for channel in terms.inputs)
    if min(abs(total - 100), abs(total - 1)) > 1e-6:
        zh = f"权重合计 {total:g}，应为 100（或按小数合计为 1）"
        yield ("assessment", "inputs"), zh, f"the weights make {total:g}, but must make 100, or 1 as shares"
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
    yield from _caps(policy, grades)
    for n, name in enumerate(terms.review.grades if terms.review else ()):
        if name not in grades:
            zh = f"没有等次 {name}，可填：{'、'.join(grades)}"
            yield ("assessment", "review", "grades", n), zh, f"there is no grade {name}; those are {', '.join(grades)}"


def _scores(policy: Policy) -> _Found:
    """What an assessment awaits from a campaign comes every year, and not long after the assessment has opened."""
    awaited = [channel.channel for channel in policy.assessment.inputs]
    begins = policy.assessment.opens.of(2015)
    for n, campaign in enumerate(policy.campaigns):
        if not campaign.scored or campaign.kind not in awaited:
            continue
        if not campaign.opens:
            zh = f"{campaign.kind} 计入考核，每年应有开始日，否则没有分数；不定期的不能计分"
            en = f"{campaign.kind} counts for the assessment, so it opens on a day of every year, or there is no score"
            yield ("campaigns", n, "opens"), zh, en
        elif (waits := (max(day.of(2015) for day in campaign.opens) - begins).days) > _AHEAD:
            last = max(day.of(2015) for day in campaign.opens)
            zh = (
                f"考核启动后 {waits} 天，计分的 {campaign.kind} 才在 {last.month}月{last.day}日开始；"
                f"最多早 {_AHEAD} 天启动"
            )
            en = f"it opens {waits} days before {campaign.kind}, whose scores it awaits; {_AHEAD} are the most"
            line = f"opens = {{ month = {last.month}, day = {last.day} }}"
            yield ("assessment", "opens"), zh, en, line


def _caps(policy: Policy, grades: Sequence[str]) -> _Found:
    """More of the same never leaves a better grade, and what leaves the best one limits nothing."""
    caps = policy.assessment.caps
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
            # Whatever the one limits the other limits as well, and more than the other's grade it must not leave.
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


def _outcomes(policy: Policy) -> _Found:
    said = {
        "grade": [grade.name for grade in policy.assessment.grades],
        "triggers": [ground.name for ground in policy.assessment.grounds],
        "kind": [commitment.kind for commitment in policy.commitments],
    }
    for n, outcome in enumerate(policy.outcomes):
        yield from _misfits(("outcomes", n), outcome, said)
        yield from _blames(("outcomes", n), outcome, policy)


def _blames(path: Path, outcome: Outcome, policy: Policy) -> _Found:
    """What somebody else owes is held against nobody, so that an outcome for it could never come about."""
    if TRIGGERS.get(outcome.on) is not CommitmentOverdue:
        return
    theirs = [commitment.kind for commitment in policy.commitments if commitment.by in outcome.answers_for]
    wanted = outcome.when.get("kind", ())
    for kind in wanted if isinstance(wanted, tuple) else (wanted,):
        commitment = policy.commitment(str(kind))
        if commitment and commitment.kind not in theirs:
            zh = f"{outcome.kind}：{kind} 由 {commitment.by} 负责，不能归责于 {outcome.subject}"
            en = f"{outcome.kind}: {kind} is owed by the {commitment.by}, for which no {outcome.subject} answers"
            line = f'when = {{ kind = "{theirs[0]}" }}' if theirs else ""
            yield (*path, "when"), zh, en, line


def _misfits(path: Path, outcome: Outcome, said: Mapping[str, Sequence[str]]) -> _Found:
    """Why an outcome could never come about, or not be decided fairly; `said` holds what events' fields can say."""
    kind, trigger = outcome.kind, TRIGGERS.get(outcome.on)
    if trigger is None:
        known = TRIGGERS
        zh = f"{kind} 的 on 应是 {'、'.join(known)} 之一"
        yield (*path, "on"), zh, f"{kind} on {outcome.on}, which is none of {', '.join(known)}"
    else:
        if outcome.subject_field not in trigger.__struct_fields__:
            zh = f"{kind}：{outcome.on} 没有 {outcome.subject_field}，不能以 {outcome.subject} 为对象"
            yield (*path, "subject"), zh, f"{kind}: {outcome.on} has no {outcome.subject_field}"
        hints = hints_of(trigger)
        for field, wanted in outcome.when.items():
            where = (*path, "when", field)
            if field not in trigger.__struct_fields__:
                fields = trigger.__struct_fields__
                zh = f"{kind}：{outcome.on} 没有 {field}，可填：{'、'.join(fields)}"
                yield where, zh, f"{kind}: {outcome.on} has no {field}; it has {', '.join(fields)}"
                continue
            for value in wanted if isinstance(wanted, tuple) else (wanted,):
                written = value if isinstance(value, str) else toml(value)
                if field in said and value not in said[field]:
                    names = said[field]
                    zh = f"{kind}：{field} 不会是 {written}，可填：{'、'.join(names)}"
                    yield where, zh, f"{kind}: {field} is never {written}; it is one of {', '.join(names)}"
                elif not _can_be(hints[field], value):
                    zh, en = allowed(hints[field])
                    yield (
                        where,
                        f"{kind}：{field} 不会是“{written}”，应为{zh}",
                        f"{kind}: {field} is never {written}; it is {en}",
                    )
    if outcome.sanction:
        for field in ("defence", "appeal", "answer"):
            if not getattr(outcome, field):
                zh = f"{kind} 影响当事人，应填 defence、appeal 和 answer"
                yield (*path, field), zh, f"{kind} bears on someone, so it needs defence, appeal and answer"
    if outcome.effect == "recall" and outcome.subject != "cadre":
        zh = f"{kind}：召回的对象只能是 cadre"
        yield (*path, "effect"), zh, f"{kind}: only a cadre can be recalled", 'effect = "record"'


def _can_be(hint: Any, value: object) -> bool:
    """Whether a field of an event, or one of its entries, can have a value."""
    for shape in (value, [value]):
        try:
            msgspec.convert(shape, hint)
        except msgspec.ValidationError:
            continue
        return True
    return False


def _procedures(policy: Policy) -> _Found:
    for n, procedure in enumerate(policy.procedures):
        if not any(step.kind == "decide" for step in procedure.steps):
            zh, en = f"{procedure.kind} 没有决策环节", f"{procedure.kind} has no step that decides"
            yield ("procedures", n, "steps"), zh, en
        for m, rite in enumerate(procedure.steps):
            path = ("procedures", n, "steps", m)
            if rite.kind == "publish" and (rite.quorum or rite.majority):
                zh = f"{procedure.kind} 的公开环节 {rite.name} 不计票"
                yield path, zh, f"{procedure.kind}: {rite.name} publishes, so that nobody votes in it"
