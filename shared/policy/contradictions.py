"""Faults that no schema can find: where a policy pack contradicts itself, or could not work as it is written.

The file of each section finds contradictions within it. This module calls them all, and checks the pack as a whole.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from shared.calendar import Span, add_months
from shared.contracts.values import Role
from shared.divisions import NATIONAL
from shared.policy import (
    appraisals,
    assessment,
    bound,
    campaigns,
    checklists,
    commitments,
    exit,
    indicators,
    letters,
    linkages,
    links,
    listing,
    lists,
    monitoring,
    outcomes,
    parties,
    partners,
    presence,
    procedure,
    statements,
    team,
    training,
    when,
)
from shared.policy.channels import CAMPAIGN, INDICATOR, LEDGER, PRESENCE, Known
from shared.policy.checking import Fault
from shared.policy.pack import Policy
from shared.policy.presence import Tier
from shared.policy.section import Document, Found, Path, Reference, Section, parts
from shared.policy.team import Team

_NEVER: Final[tuple[Role, ...]] = ("operator",)
"""Roles that decide nothing: the operator only keeps the system running."""
_JUDGED: Final[tuple[Role, ...]] = ("unit", "team", "village", *_NEVER)
"""Roles that must not decide outcomes, since outcomes judge them, or since they decide nothing."""


def find_contradictions(policy: Policy) -> Iterator[Fault]:
    """Every contradiction of a pack that fits the schema, each with its place."""
    first, layered = policy.effective_from.year, policy.extends is not None
    days = [*when.contradictions(policy)]
    unsaid = {path[:length] for path, *_ in days for length in range(len(path))}
    for path, zh, en, *example in (
        *_doubles(policy),
        *_head(policy),
        *_references(policy),
        *listing.contradictions(policy.listing),
        *_links(policy),
        *linkages.contradictions(policy.linkages, [link.kind for link in policy.links if link.to != "party"]),
        *exit.contradictions(policy.exit, first, layered=layered),
        *_spans(policy),
        *_logged(policy),
        *_paid(policy),
        *_roles(policy),
        *commitments.contradictions(policy.commitments, policy.contacts),
        *_frames(policy),
        *campaigns.contradictions(policy.campaigns, policy.burden),
        *assessment.contradictions(policy.assessment, policy.campaigns, _facts(policy)),
        *appraisals.contradictions(
            policy.appraisals,
            policy.parties,
            policy.lists,
            _facts(policy),
            (
                {grade.name: grade.label for grade in policy.assessment.grades},
                assessment.CHANNELS
                | {i.channel: policy.labels["channel"].get(i.channel, "") for i in policy.assessment.inputs},
            ),
        ),
        *outcomes.contradictions(policy.outcomes, policy.assessment, policy.commitments, _persons_graded(policy)),
        *_extensions(policy),
        *outcomes.remedy_contradictions(policy.outcomes, policy.documents, policy.effective_from),
        *outcomes.ladder_contradictions(policy.ladders, policy.outcomes),
        *procedure.contradictions(policy.procedures, policy.indicators),
        *monitoring.contradictions(policy.monitoring, policy.procedures, first, layered=layered),
        *parties.contradictions(policy.parties),
        *lists.contradictions(
            policy.lists,
            policy.parties,
            policy.procedures,
            policy.links,
            policy.listing.problem_classes,
        ),
        *_places_on_lists(policy),
        *checklists.contradictions(policy.checklists),
        *letters.contradictions(policy.letters),
        *indicators.contradictions(policy.indicators, policy.exit.criteria),
        *training.contradictions(
            policy.training,
            [link.kind for link in policy.links if isinstance(link, links.Contact) and link.to != "party"],
        ),
        *presence.contradictions(policy.presence),
        *statements.contradictions(policy.statements, policy.parties, _graded(policy), policy.presence),
        *bound.contradictions(policy),
        *days,
    ):
        # Of the parts around an impossible day only the day is reported: the rest may follow from it.
        if path in unsaid:
            continue
        yield Fault(path, zh, en, instead=example[0] if example else None)


def find_doubts(policy: Policy) -> Iterator[Fault]:
    """What may be a mistake and is shown as a warning; a pack with doubts can be adopted."""
    for key, document in policy.documents.items():
        if isinstance(document, Document) and (zh_en := _doubted(document, policy)):
            yield Fault(("documents", key), *zh_en)
    for n, criterion in enumerate(policy.exit.criteria):
        if criterion.is_called_share and criterion.number > 1:
            (zh, en), number = criterion.said, float(criterion.number)
            zh = (
                f"{criterion.label} 像是比例，标准却是{zh}；比例填 0 至 1 的数，{number:g}% 填 {number / 100:g}，请核对"
            )
            en = f"it is called a share, but must be {en}; a share is from 0 to 1, and {number:g} % is {number / 100:g}"
            yield Fault(("exit", "criteria", n), zh, f"{en}; look at it again")


def _doubted(document: Document, policy: Policy) -> tuple[str, str] | None:
    """A warning if the title of a document names another division than its `jurisdiction` does; else None."""
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
"""The name of a division at the beginning of a title: that of the body which issued the document."""


def _links(policy: Policy) -> Found:
    """Check each kind of link, and that one is the team, on which assessments and outcomes rest."""
    for n, link in enumerate(policy.links):
        if isinstance(link, Team):
            yield from team.contradictions(("links", n), link, policy.listing.problem_classes)
        elif isinstance(link, partners.Partner):
            yield from partners.contradictions(("links", n), link, policy.parties)
        elif isinstance(link, links.Villager):
            yield from links.of_villager(("links", n), link, policy.parties)
        else:
            yield from links.contradictions(("links", n), link, policy.parties)
            yield from _quotas(policy, n, link)
    if not [*_teams(policy)]:
        zh = '必须有一项派驻工作队的规定，即 kind = "team"、from = "unit"'
        yield ("links",), zh, 'every region needs a team: one entry has kind = "team" and from = "unit"', ""


def _extensions(policy: Policy) -> Found:
    """Find outcomes that extend a unit's time in a village where no term is ever extended."""
    extended = any(link.extension for _, link in _teams(policy))
    for n, outcome in enumerate(policy.outcomes):
        if outcome.effect == "extend" and not extended:
            zh = f"{outcome.kind}：工作队的规定没有 extension（延长多久），不能延长帮扶期限"
            en = f"{outcome.kind}: the team's link has no `extension`, so that no term can be extended"
            yield ("outcomes", n, "effect"), zh, en, 'effect = "record"'


def _frames(policy: Policy) -> Found:
    """Find campaigns of lists that have no villages, and scores of villages that may have no team to be graded."""
    known = [lists.POVERTY, *(one.kind for one in policy.lists if one.of == lists.VILLAGE)]
    for n, campaign in enumerate(policy.campaigns):
        named = [((), campaign.on_list), *((("strata", m), one.on_list) for m, one in enumerate(campaign.strata))]
        for at, on_list in named:
            if on_list is not None and on_list not in known:
                zh = f"没有名单 {on_list}，或者名单上不是村；可填：{'、'.join(known)}"
                en = f"{on_list} is no list of villages; there are {', '.join(known)}"
                yield ("campaigns", n, *at, "on_list"), zh, en, f'on_list = "{known[-1]}"'
        if campaign.on_list is not None and campaign.kind in [one.channel for one in policy.assessment.inputs]:
            zh = "名单上的村不一定有工作队，督查结果不能打分计入工作队考核"
            en = "villages on a list may have no team, so that such visits are not scored for a team's assessment"
            yield ("campaigns", n, "on_list"), zh, en, ""


def _places_on_lists(policy: Policy) -> Found:
    """Find a list of the whole country with a limit. Places are counted in the division whose pack says the list, and
    nobody counts those of the whole country."""
    for n, one in enumerate(policy.lists):
        if one.at_most is not None and policy.layer("lists", one.kind) == NATIONAL:
            zh = "名额在规定本名单的区划内计数，全国性规定不计数；请由各地写入本地政策包"
            en = (
                "places are counted in the division that says the list, and not for the whole country; a region says it"
            )
            yield ("lists", n, "at_most"), zh, en, ""


def _quotas(policy: Policy, n: int, link: links.Contact) -> Found:
    """Find quotas of a layer for a part of a pool. They are checked for all units of a pool at once, so that only the
    pool's own pack can say them."""
    said = [policy.layer("links", link.kind, *field) for field in ((), ("quotas",), ("quota_on",))]
    if link.quotas and any(len(jurisdiction) > len(policy.pool) for jurisdiction in said):
        zh = f"任务数按选派范围（{policy.pool}）统一核对，应写入该级政策包"
        en = f"quotas are looked at for the whole of {policy.pool}, which matches; say them in its pack"
        yield ("links", n, "quotas"), zh, en, ""


def _teams(policy: Policy) -> Iterator[tuple[int, Team]]:
    return ((n, link) for n, link in enumerate(policy.links) if isinstance(link, Team))


def _facts(policy: Policy) -> Known:
    """The facts of a year that may be scored without being entered for an assessment, by `how` of their channel."""
    asked = policy.presence and all(team.most_villages == 1 for _, team in _teams(policy))
    return {
        CAMPAIGN: {one.kind: one.label for one in policy.campaigns},
        LEDGER: {one.kind: one.label for one in policy.commitments if one.reconcile},
        PRESENCE: assessment.PRESENT if asked else {},
        INDICATOR: {one.figure: one.label for one in policy.exit.criteria}
        | {one.figure: one.label for one in policy.indicators if one.of == "village"},
    }


def _graded(policy: Policy) -> dict[str, tuple[str, list[str]]]:
    """By kind of each assessment of others than teams: whom it grades, and the names of its grades."""
    return {one.kind: (one.of, [grade.name for grade in one.grades]) for one in policy.appraisals}


def _persons_graded(policy: Policy) -> dict[str, list[str]]:
    """By kind of each assessment of persons of villages: the names of its grades."""
    persons = parties.of_villages(policy.parties)
    return {kind: names for kind, (of, names) in _graded(policy).items() if of in persons}


def _doubles(policy: Policy) -> Found:
    """Find entries of a list with the same code, or with one name where forms offer them by their names."""
    lists: dict[Path, Sequence[str]] = {
        ("exit", "criteria"): [criterion.figure for criterion in policy.exit.criteria],
        ("exit", "verification", "sample"): [least.figure for least in policy.exit.verification.sample],
        ("exit", "verification", "rates"): [rate.figure for rate in policy.exit.verification.rates],
        ("links",): [link.kind for link in policy.links],
        **{("links", n, "roles"): [one.role for one in link.roles] for n, link in _teams(policy)},
        ("linkages",): [linkage.kind for linkage in policy.linkages],
        ("commitments",): [commitment.kind for commitment in policy.commitments],
        ("campaigns",): [campaign.kind for campaign in policy.campaigns],
        ("findings",): [finding.code for finding in policy.findings],
        ("assessment", "inputs"): [channel.channel for channel in policy.assessment.inputs],
        ("assessment", "grades"): [grade.name for grade in policy.assessment.grades],
        ("assessment", "grounds"): [ground.name for ground in policy.assessment.grounds],
        ("appraisals",): [one.kind for one in policy.appraisals],
        ("outcomes",): [outcome.kind for outcome in policy.outcomes],
        ("ladders",): [ladder.kind for ladder in policy.ladders],
        ("statements",): [one.kind for one in policy.statements],
        ("monitoring", "classes"): [one.code for one in policy.monitoring.classes] if policy.monitoring else [],
        ("parties",): [party.kind for party in policy.parties],
        ("lists",): [one.kind for one in policy.lists],
        ("checklists",): [one.kind for one in policy.checklists],
        ("letters",): [one.kind for one in policy.letters],
        ("indicators",): [indicator.figure for indicator in policy.indicators],
        ("training",): [one.kind for one in policy.training],
        ("procedures",): [procedure.kind for procedure in policy.procedures],
        **{("procedures", n, "steps"): [step.name for step in p.steps] for n, p in enumerate(policy.procedures)},
    }
    for where, names in lists.items():
        for n, name in enumerate(names):
            if name in names[:n]:
                yield (*where, n), f"{name} 出现了两次", f"{name} occurs twice"
    for section in ("parties", "lists", "checklists", "letters", "procedures", "appraisals"):
        labels = [one.label for one in getattr(policy, section)]
        for n, label in enumerate(labels):
            if label in labels[:n]:
                zh = f"已有另一项也称“{label}”，填表的人无法区分，请改名"
                yield (section, n, "label"), zh, f"another one is called {label!r}, too; a form cannot tell them apart"
    known = {("kind", code): zh for code, zh in policy.listing.survey_kinds.items()}  # Both are told as a kind.
    for vocabulary, at, code, zh in policy.named:
        if (other := known.setdefault((vocabulary, code), zh)) != zh:
            yield (
                at,
                f"{code} 在另一处称“{other}”，这里称“{zh}”；请统一名称或者换一个代码",
                f"{code} is called {other} elsewhere and {zh} here; make them alike, or rename it",
                "",
            )
    called = [policy.level(level) for level in parties.DIVISIONS]
    for code in policy.words.places:
        # Provinces are the country's to name, and a layer has the names of what it extends.
        if len(code) > 2 and policy.jurisdiction != NATIONAL and code[:2] != policy.jurisdiction[:2]:
            zh, en = (
                f"{code} 属于外省，请填本省市、县的代码",
                f"{code} is of another province; name divisions of its own",
            )
            yield ("words", "places", code), zh, en
    for level, name in policy.words.divisions.items():
        if called.count(name) > 1:
            zh = f"另一级区划也称“{name}”，填表的人无法区分，请改名"
            en = f"another level is called {name!r}, too; a form cannot tell them apart"
            yield ("words", "divisions", level), zh, en


def _head(policy: Policy) -> Found:
    """Check region, version and holidays."""
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


def _references(policy: Policy) -> Found:
    """Find citations of documents that the pack does not list, that do not bind this region, or not on its days."""
    for key, document in policy.documents.items():
        if isinstance(document, Document) and document.until and not document.in_force(document.until):
            zh, en = "失效日期早于施行日期", "it is in force until a day before it comes into force"
            yield ("documents", key, "until"), zh, en, ""
    for n, outcome in enumerate(policy.outcomes):
        yield from _cited(policy, ("outcomes", n, "clause"), outcome.clause)
        for m, level in enumerate(outcome.appeals):
            yield from _cited(policy, ("outcomes", n, "appeals", m, "rule"), level.rule)
    for field in ("links", "linkages", "commitments", "campaigns", "procedures", "training", "lists", "checklists",
                  "letters", "appraisals", "statements"):  # fmt: skip
        for n, entry in enumerate(getattr(policy, field)):
            if not isinstance(entry, Team):
                yield from _cited(policy, (field, n, "rule"), entry.rule)
    if policy.burden:
        yield from _cited(policy, ("burden", "rule"), policy.burden.rule)
    if policy.presence:
        yield from _cited(policy, ("presence", "rule"), policy.presence.rule)
    if policy.keeping:
        yield from _cited(policy, ("keeping", "rule"), policy.keeping.rule)
    for n, rites in enumerate(policy.procedures):
        for m, rite in enumerate(rites.steps):
            if rite.rule:
                yield from _cited(policy, ("procedures", n, "steps", m, "rule"), rite.rule)
    for path, reference in parts(Reference, policy):
        yield from _known(policy, (*path, "document"), reference.document)


_CLAUSE = re.compile(r"([A-Za-z][A-Za-z0-9]{0,11})(?::(\S.*))?", re.ASCII)


def _cited(policy: Policy, path: Path, clause: str) -> Found:
    """Check one citation: a document's short name, and perhaps a colon and an article, as in `S3:第四项`."""
    if written := _CLAUSE.fullmatch(clause):
        yield from _known(policy, path, written[1], f":{written[2]}" if written[2] else "")
        return
    first = next(iter(policy.documents))
    zh = f"{clause} 应写作文件简称加冒号和条款，如 {first}:第四项；没有条款的只写 {first}"
    en = f"{clause} must be a document's short name, a colon and the article, as {first}:4, or the short name alone"
    yield path, zh, en, f'{path[-1]} = "{first}"'


def _known(policy: Policy, path: Path, key: str, article: str = "") -> Found:
    """Check that the pack lists a document, and that the document binds the pack's region."""
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
    elif isinstance(document, Document) and not document.in_force(policy.effective_from) and "appeals" not in path:
        # Which remedy is open depends on the day of the decision, so a pack may list an earlier and a later law.
        day = policy.effective_from
        yield (
            path,
            f"{key}《{document.title}》在本包生效之日（{day}）尚未施行或者已经失效，不能作为依据",
            f"{key} is not in force yet, or no more, on {day}, from which the pack is",
            "",
        )


def _binds(document: Document, policy: Policy) -> bool:
    return document.jurisdiction == NATIONAL or policy.jurisdiction.startswith(document.jurisdiction)


def _spans(policy: Policy) -> Found:
    """Find spans, anywhere in a pack, that are negative, empty, or in a unit that is not allowed there.

    Those within a `when` are checked together with it.
    """
    for path, part in parts(Span, policy, within=Section):
        name = path[-1]
        if part.calendar_days < 0 and name != "lasts":
            # The length of a campaign may be three months less one day, so `lasts` alone may have negative days.
            yield path, "时间不能为负", "a time cannot be negative"
        elif name not in _MAYBE and when.empty(part):
            yield path, "时间不能为零，至少一天", "it needs a time, a day at least"
        elif part.follows_calendar and name in _FIXED:
            zh = "应按年、月或日历日计，不按工作日，也不顺延"
            yield path, zh, "it is counted in years, months or calendar days, neither in working days nor rolled"


def _paid(policy: Policy) -> Found:
    """Find a time for statements of pay that ends within a year: they are kept by the year."""
    span = policy.keeping.statements if policy.keeping else None
    if span and span != Span(years=span.years):
        zh, en = "报酬补贴按年度保存，应按整年计", "pay is kept by the year, so that its time is said in whole years"
        yield ("keeping", "statements"), zh, en, "statements = { years = 10 }"


def _logged(policy: Policy) -> Found:
    """Find times after which entries of the audit log could no longer be traced to persons, though the law still
    demands it."""
    for name in ("callers", "readings"):
        span: Span | None = getattr(policy.keeping, name, None)
        if span and span.after(_MARCH, policy.calendar) < add_months(_MARCH, 6):
            zh = "网络日志留存不少于六个月（《网络安全法》第二十一条）"
            yield ("keeping", name), zh, "logs are kept for six months at least (Cybersecurity Law, article 21)"


_MARCH = date(2015, 3, 1)
"""A day from which six months are as long as they can be."""
_MAYBE = ("keep_after_exit",)
"""Spans that may be zero: with `keep_after_exit` of zero, the team is released on the day of the exit."""
_FIXED = ("term", "remind", "extension", "keep_after_exit", "monitor_for", "lasts", "impact", "observe",
          "propose_within", "review_every", "confirm_within", "cadres", "persons", "statements", "callers",
          "readings")  # fmt: skip
"""Spans that must not depend on holidays: their last day is published when they begin, or kept for many at once."""


def _barred(outcome: outcomes.Outcome) -> Sequence[str]:
    """Who must not decide an outcome. A unit may decide one about its cadre if another body proposes it (2.20)."""
    carries_out = outcome.subject == "cadre" and outcome.proposes
    return [role for role in _JUDGED if role != "unit" or not carries_out]


def _roles(policy: Policy) -> Found:
    """Find roles that are given something that they must not do, such as judging themselves."""
    outside = ("inspection", "discipline", *_NEVER)
    floors = {n: one.floor.mover for n, one in enumerate(policy.indicators) if one.floor}
    acting: tuple[tuple[Path, str, Sequence[str]], ...] = (
        *((("indicators", n, "floor", "mover"), mover, _NEVER) for n, mover in floors.items()),
        *((("exit", "criteria", n, "mover"), c.mover, _NEVER) for n, c in enumerate(policy.exit.criteria)),
        *((("links", n, "decides"), link.decides, _NEVER) for n, link in enumerate(policy.links)
          if not isinstance(link, Team)),
        *(((*at, field), getattr(part, field), _NEVER) for at, part in parts(links.Visits, policy)
          for field in ("by", "owed_by")),
        *(((*at, "told_to"), part.told_to, _NEVER) for at, part in parts(links.Promise, policy)),
        *((("links", n, "compared_by"), link.compared_by, _NEVER) for n, link in enumerate(policy.links)
          if isinstance(link, partners.Partner) and link.compared_by),
        *((("training", n, field), role, _NEVER) for n, one in enumerate(policy.training)
          for field, roles in (("by", (one.by,)), ("held_by", one.held_by), ("reported_by", (one.reported_by,)))
          for role in roles if role),
        *((("lists", n, field), role, (*_JUDGED, "villager")) for n, one in enumerate(policy.lists)
          for field, role in (("by", one.by), ("unlisted_by", one.unlisted_by)) if role),
        *((("appraisals", n, "decides"), one.decides, _JUDGED) for n, one in enumerate(policy.appraisals)),
        *((("appraisals", n, "rank", "by"), one.rank.by, _JUDGED) for n, one in enumerate(policy.appraisals)
          if one.rank),
        *((("appraisals", n, "channels", m, "by"), channel.by, _NEVER) for n, one in enumerate(policy.appraisals)
          for m, channel in enumerate(one.channels) if channel.by),
        *((("checklists", n, "by"), one.by, _NEVER) for n, one in enumerate(policy.checklists)),
        *((("letters", n, field), getattr(one, field), _NEVER) for n, one in enumerate(policy.letters)
          for field in ("by", "judged_by")),
        *((("statements", n, "confirmed_by"), one.confirmed_by, _JUDGED) for n, one in enumerate(policy.statements)),
        *((("statements", n, "explained_by"), one.explained_by, _NEVER) for n, one in enumerate(policy.statements)
          if one.explained_by),
        *((("commitments", n, "by"), c.role, outside) for n, c in enumerate(policy.commitments)),
        *((("outcomes", n, "decides"), decider, _barred(o)) for n, o in enumerate(policy.outcomes)
          for decider in o.deciders),
        *((("outcomes", n, "proposes"), o.proposes, _JUDGED) for n, o in enumerate(policy.outcomes) if o.proposes),
        *((("outcomes", n, "story_by"), o.story_by, _JUDGED) for n, o in enumerate(policy.outcomes) if o.story_by),
        *((("outcomes", n, "appeals", m, "body"), level.body, _JUDGED) for n, o in enumerate(policy.outcomes)
          for m, level in enumerate(o.appeals) if level.body),
    )  # fmt: skip
    if policy.presence:
        tiers = (((*at, "by"), tier.by) for at, tier in parts(Tier, policy.presence, ("presence",)))
        said = ((("presence", field), getattr(policy.presence, field)) for field in ("by", "owed_by"))
        acting = (*acting, *((at, role, _NEVER) for at, role in (*said, *tiers)))
    if policy.keeping:
        acting = (*acting, (("keeping", "by"), policy.keeping.by, _JUDGED))
    for path, role, barred in acting:
        if role in barred:
            zh = f"{role} 不能办理此事；不可填：{'、'.join(barred)}"
            yield path, zh, f"{role} cannot do this; nor can {', '.join(r for r in barred if r != role) or 'others'}"
