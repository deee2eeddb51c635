"""The structure of a policy pack: a region's numbers, names and lists, as validated data.

Each section has a file of its own with the checks of that section, such as `listing`, `exit` or `campaigns`. Each field
is described in Chinese and English; `docs/policy.md` and `docs/policy.schema.json` are made of these descriptions.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared import chinese, english
from shared.calendar import Calendar, Span, national
from shared.contracts.values import ROLES, Day, Name, Role, Short, ShortOrNone, Version
from shared.divisions import LABELS, Level
from shared.laws import IN_ENGLISH
from shared.policy.appraisals import Appraisal, tells_of_persons
from shared.policy.assessment import PRESENT, Assessment
from shared.policy.campaigns import Burden, Campaign, Finding
from shared.policy.checklists import Checklist
from shared.policy.commitments import Commitment
from shared.policy.exit import Exit
from shared.policy.indicators import HOUSEHOLD_FIGURES, Indicator
from shared.policy.keeping import Keeping
from shared.policy.letters import Letter
from shared.policy.linkages import Linkage
from shared.policy.links import TEAM, Contact, PersonLink, Villager
from shared.policy.listing import Listing
from shared.policy.lists import ListKind
from shared.policy.monitoring import Monitoring
from shared.policy.outcomes import Ladder, Outcome
from shared.policy.parties import PartyKind
from shared.policy.partners import Partner
from shared.policy.presence import Presence
from shared.policy.procedure import Procedure
from shared.policy.section import Document, DocumentKey, Jurisdiction, Path, Section, Some
from shared.policy.statements import Statement
from shared.policy.team import MATCHED, Team
from shared.policy.training import Training

_TEAM = ROLES["team"][0]
_TERMS = (_TEAM, "工作队", "出列", *(zh for role, (zh, _) in ROLES.items() if role != "team" and len(zh) > 2))
"""Words that a region may replace by its own. Short ones such as 村 or 县 are not among them, since they occur in too
many other words."""
_KINDS = (
    "links", "linkages", "commitments", "campaigns", "outcomes", "ladders", "statements", "procedures", "parties",
    "lists", "checklists", "letters", "training", "appraisals",
)  # fmt: skip
"""The sections whose entries have a `kind`, by which messages name them."""
_VOCABULARIES = (
    "kind", "facet", "hindrance", "party_value", "subject_code", "origin", "step", "found", "group", "skill", "post",
    "pledge",
)  # fmt: skip
_GROUNDS = {"absences": "不在岗次数较多", "open_items": "未完成任务较多", "approval": "群众认可度较低"}


class Holidays(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """本地节假日。 · Days on which a region rests, or works, otherwise than the State Council's notices say."""

    named_by = ("kind", "days")
    kind: Literal["holiday", "workday"]
    """放假还是上班：放假 holiday，上班 workday。 · Whether the days are off or worked."""
    days: Annotated[tuple[Day, ...], Meta(min_length=1, max_length=100)]
    """日期。 · The days."""
    document: DocumentKey
    """依据的文件，须列在 [documents]。 · The document that says so, one of `[documents]`."""
    article: ShortOrNone = ""
    """条款。 · Its article."""


class Words(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """本地用语。 · What a region calls things otherwise than the rest of the country."""

    exit: Name = "出列"
    """贫困村退出的名称，如出列、销号。 · A village's removal from the list."""
    roles: Annotated[Mapping[Role, Name], Meta(max_length=16)] = msgspec.field(default_factory=dict)
    """各办理机构的称谓，如 organisation（组织部门）为“市委组织部”。 · What those who act are called."""
    divisions: Annotated[Mapping[Level | Literal["village"], Name], Meta(max_length=5)] = msgspec.field(
        default_factory=dict
    )
    """各级区划和村的本地名称，如 county 为“旗”、township 为“苏木”、village 为“嘎查”。 ·
    What divisions and villages are called (0.1)."""
    places: Annotated[Mapping[Jurisdiction, Name], Meta(max_length=500)] = msgspec.field(default_factory=dict)
    """所辖市、县以及所属省、市的名称，按区划代码，如 210521 为“本溪满族自治县”；未列的显示代码。 ·
    The names of the divisions in it and around it by their codes, since no event says them; one that is left out shows
    its code."""


class Policy(Section, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """一个地区的实施规则。 · One region's pack: everything that the rules may ask about."""

    jurisdiction: Jurisdiction
    """适用区划代码：2 位省、4 位市、6 位县（GB/T 2260）。 ·
    The GB/T 2260 prefix that it governs: `2105` is a city with all
    its counties."""
    version: Version
    """版本号，以区划代码开头，用过的不得再用。 ·
    Its version, which begins with the jurisdiction and is never used again."""
    effective_from: Day
    """生效日期。 · The day from which it is in force."""
    name: Name
    """地区名称。 · The region's name in Chinese."""
    name_en: Name
    """地区英文名称。 · The region's name in English."""
    documents: Annotated[Mapping[DocumentKey, Document | Short], Meta(min_length=1, max_length=50)]
    """所引文件，第一项为制定依据。 · The documents that it cites; the first is the one it rests on."""
    listing: Listing
    """摸底排查和会诊。 · Survey and diagnosis."""
    exit: Exit
    """出列和监测。 · The way off the list, and what follows."""
    links: Annotated[tuple[Team | Contact | Villager | Partner, ...], Meta(min_length=1, max_length=20)]
    """派驻和联系。 · Who is bound to a village. Each kind of link is an entry; one is the resident team."""
    linkages: Some[Linkage] = ()
    """几级包联：由哪几种联系共同对村负责。 · Which kinds of link answer together for a village."""
    commitments: Some[Commitment]
    """责任事项。 · What is owed."""
    letters: Some[Letter] = ()
    """县与各乡镇签订的责任书。 · Letters of responsibility between a county and its townships."""
    campaigns: Annotated[tuple[Campaign, ...], Meta(max_length=20)]
    """督查。 · The inspections."""
    findings: Annotated[tuple[Finding, ...], Meta(max_length=100)]
    """问题类型。 · What an inspector may find."""
    assessment: Assessment
    """年度考核。 · The yearly assessment."""
    appraisals: Some[Appraisal] = ()
    """对村、乡镇、组织和村干部的考核评价。 · The yearly assessments of anything else than teams."""
    outcomes: Some[Outcome]
    """奖励和问责。 · Rewards and accountability."""
    ladders: Some[Ladder] = ()
    """逐级加重的处理。 · Sanctions each heavier than the last."""
    statements: Some[Statement] = ()
    """按月核发的报酬和补贴。 · Pay and allowances by month."""
    procedures: Annotated[tuple[Procedure, ...], Meta(min_length=1, max_length=20)]
    """程序：出列、村民主决策等。 · The way off the list, and whatever else is decided step by step."""
    monitoring: Monitoring | None = None
    """防止返贫监测。 · Households that are watched so that they do not fall into poverty again."""
    parties: Some[PartyKind] = ()
    """村和单位之外的各类组织、人员。 · Kinds of organisations and persons beside villages and units."""
    lists: Some[ListKind] = ()
    """贫困村名单之外的名单。 · Lists beside the poverty list."""
    checklists: Some[Checklist] = ()
    """逐项核对的清单。 · Lists that are ticked off for each village on known days."""
    indicators: Annotated[tuple[Indicator, ...], Meta(max_length=100)] = ()
    """出列指标之外的年度指标。 · What is recorded and computed each year beside the exit criteria."""
    training: Some[Training] = ()
    """培训。 · The courses, and who owes one."""
    burden: Burden | None = None
    """基层负担：一个村至多接受多少督查；不规定的不填。 · What inspections may ask of a village; None: no limit."""
    presence: Presence | None = None
    """驻村天数和请假。 · Days in the village, and leave."""
    keeping: Keeping | None = None
    """个人信息保存期限；不写的，何时匿名由组织部门逐人决定。 ·
    How long persons are kept; the organisation department decides on each where nothing stands here."""
    holidays: Some[Holidays] = ()
    """本地节假日。 · The region's own holidays."""
    words: Words = msgspec.field(default_factory=Words)
    """本地用语。 · The region's own words."""

    @cached_property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """The pack's own Chinese words for codes, by the kind of code: `labels["grade"]["excellent"]`."""
        inspected = {campaign.kind: campaign.label for campaign in self.campaigns}
        called: dict[str, dict[str, str]] = {vocabulary: {} for vocabulary in _VOCABULARIES}
        for vocabulary, _, code, zh in self.named:
            called[vocabulary][code] = zh
        fields = [field for party in self.parties for field in party.fields]
        watched = {one.code: one.label for one in self.monitoring.classes} if self.monitoring else {}
        roles = {role: self.spoken(zh) for role, (zh, _) in ROLES.items()} | dict(self.words.roles)
        return {
            "problem_class": self.listing.problem_classes,
            "topic": self.listing.topics,
            "survey_kind": self.listing.survey_kinds,
            "indicator": {criterion.figure: criterion.label for criterion in self.exit.criteria}
            | {indicator.figure: indicator.label for indicator in self.indicators},
            "finding": {finding.code: finding.label for finding in self.findings},
            "grade": {grade.name: grade.label for one in self.appraisals for grade in one.grades}
            | {grade.name: grade.label for grade in self.assessment.grades},
            "trigger": {
                ground.name: ground.label or _GROUNDS.get(ground.figure, "") for ground in self.assessment.grounds
            },
            "channel": PRESENT
            | {one.kind: one.label for one in self.commitments if one.reconcile}
            | inspected
            | {one.channel: one.label for each in self.appraisals for one in each.channels},
            "role": {one.role: one.label for link in self.links if isinstance(link, Team) for one in link.roles},
            "party_field": {field.field: field.label for field in fields},
            "watch_class": watched,
            "failing": {code: zh for one in self.appraisals for code, zh in (one.failings or {}).items()},
            "feed": {code: zh for one in self.appraisals for code, zh in (one.feeds or {}).items()},
            "duty": {code: zh for one in self.commitments for code, zh in (one.duties or {}).items()},
            "fund": {code: zh for one in self.commitments for code, zh in (one.sources or {}).items()},
            "check": {code: zh for one in self.checklists for code, zh in one.items.items()},
            "mode": {code: zh for one in self.lists for code, zh in one.modes.items()},
            "by": roles,
            **called,
        }

    @cached_property
    def named(self) -> Sequence[tuple[str, Path, str, str]]:
        """The codes of those vocabularies that several sections share: vocabulary, place in the pack, code and name."""
        found: list[tuple[str, Path, str, str]] = []

        def name(vocabulary: str, at: Path, said: Mapping[str, str] | None) -> None:
            found.extend((vocabulary, (*at, code), code, zh) for code, zh in (said or {}).items())

        for section in _KINDS:
            for n, one in enumerate(getattr(self, section)):
                found.append(("kind", (section, n, "label"), one.kind, one.label))
        for n, leave in enumerate(self.presence.leave if self.presence else ()):
            found.append(("kind", ("presence", "leave", n, "label"), leave.kind, leave.label))
        for n, campaign in enumerate(self.campaigns):
            for m, facet in enumerate(campaign.facets):
                found.append(("facet", ("campaigns", n, "facets", m, "label"), facet.code, facet.label))
            hindrances = campaign.unreachable.hindrances if campaign.unreachable else None
            name("hindrance", ("campaigns", n, "unreachable", "hindrances"), hindrances)
        for n, party in enumerate(self.parties):
            for m, field in enumerate(party.fields):
                name("party_value", ("parties", n, "fields", m, "one_of"), field.one_of)
        for n, procedure in enumerate(self.procedures):
            name("subject_code", ("procedures", n, "subjects"), procedure.subjects)
            name("origin", ("procedures", n, "origins"), procedure.origins)
            for m, step in enumerate(procedure.steps):
                found.append(("step", ("procedures", n, "steps", m, "label"), step.name, step.label))
                name("found", ("procedures", n, "steps", m, "codes"), step.codes)
        for n, watched in enumerate(self.monitoring.classes if self.monitoring else ()):
            found.append(("subject_code", ("monitoring", "classes", n, "label"), watched.code, watched.label))
        for n, training in enumerate(self.training):
            name("group", ("training", n, "groups"), training.groups)
            name("skill", ("training", n, "skills"), training.skills)
        for n, link in enumerate(self.links):
            for of in ("skill", "post", "pledge"):
                name(of, ("links", n, f"{of}s"), getattr(link, f"{of}s", None))
        return found

    def level(self, level: str) -> str:
        """What the region calls a level of divisions, or a village: 旗 for `county` in Inner Mongolia (0.1)."""
        names: dict[str, str] = {"village": "村", **LABELS}
        own: Mapping[str, str] = self.words.divisions  # type: ignore[assignment]
        return own.get(level) or names.get(level, "区划")

    def spoken(self, zh: str) -> str:
        """A Chinese text with the words of the whole country replaced by the region's own, as 工作队 by 工作组.

        Titles of documents stay as they are, and so do the region's own words where the text has them already.
        """
        return self._sayable.sub(lambda found: self._terms.get(found[0], found[0]), zh)

    @cached_property
    def _sayable(self) -> re.Pattern[str]:
        """A pattern of the words to replace. Titles and the region's own words come first in it, so that they stay."""
        own = sorted({*self._terms.values()} - {*_TERMS}, key=len, reverse=True)
        return re.compile("|".join(["《[^》]*》", *map(re.escape, own), *_TERMS]))

    @cached_property
    def _terms(self) -> Mapping[str, str]:
        named = {ROLES[role][0]: name for role, name in self.words.roles.items()}
        # A pack that is only being checked may have forgotten its team.
        team = next((link.label for link in self.links if isinstance(link, Team)), _TEAM)
        return {_TEAM: team, "工作队": team.removeprefix("驻村"), "出列": self.words.exit, **named}

    @cached_property
    def calendar(self) -> Calendar:
        """The region's calendar. `PolicyBook` adds the holidays that were announced later."""
        return self._calendar(national())

    @cached_property
    def declared(self) -> Mapping[tuple[str | int, ...], str]:
        """By path with names: the jurisdiction of the layer that declared a part. Any other part belongs to `root`."""
        return {}

    @cached_property
    def root(self) -> str:
        """The jurisdiction of the lowest pack, which extends no other. If that is the country's pack, of the layer over
        it: a region has the country's rules as its own."""
        return self.jurisdiction

    @cached_property
    def extends(self) -> str | None:
        """The jurisdiction whose pack this one extends; None if it extends none."""
        return None

    @cached_property
    def base(self) -> "Policy | None":
        """The pack over which this one was read; None if it extends none."""
        return None

    def layer(self, *path: str) -> str:
        """The jurisdiction that declared an entry, such as `("campaigns", "unannounced")`.

        A draw of this campaign, for example, is made among all villages of that jurisdiction.
        """
        return self.declared.get(path, self.root)

    @cached_property
    def team(self) -> Team:
        """The kind of link by which a unit's team is in a village."""
        return next(link for link in self.links if isinstance(link, Team))

    @cached_property
    def contacts(self) -> Mapping[str, Contact]:
        """By kind, the links to villages that cadres bear themselves."""
        return {link.kind: link for link in self.links if isinstance(link, Contact) and link.to == "village"}

    @cached_property
    def posts(self) -> Mapping[str, PersonLink]:
        """By kind, the links of cadres and villagers to parties."""
        return self._own("party")

    @cached_property
    def partners(self) -> Mapping[str, Partner]:
        """By kind, the links of parties to villages."""
        return {link.kind: link for link in self.links if isinstance(link, Partner)}

    @cached_property
    def bonds(self) -> Mapping[str, Contact | Partner]:
        """By kind, the links to villages of cadres and of parties."""
        return {**self.contacts, **self.partners}

    @cached_property
    def helping(self) -> Mapping[str, PersonLink]:
        """By kind, the links of cadres and villagers to households."""
        return self._own("household")

    def _own(self, to: str) -> Mapping[str, PersonLink]:
        return {link.kind: link for link in self.links if isinstance(link, PersonLink) and link.to == to}

    @cached_property
    def composing(self) -> Mapping[str, Sequence[Appraisal]]:
        """By source, which is another assessment or a fact of the year: the assessments in which it counts."""
        composing: dict[str, list[Appraisal]] = {}
        for one in self.appraisals:
            for source in one.sources:
                composing.setdefault(source, []).append(one)
        return composing

    @cached_property
    def pool(self) -> str:
        """The jurisdiction whose villages and units are matched together: the narrowest with matching rules of its
        own."""
        by = (of for path, of in self.declared.items() if path[:2] == ("links", TEAM) and path[2] in MATCHED)
        return max(by, key=len, default=self.root)

    @property
    def own_version(self) -> str:
        """The version of the pack itself: `2` where `version` is `2+1`, a layer over version 1."""
        return self.version.partition("+")[0]

    def informed(self, calendar: Calendar) -> "Policy":
        """The pack with another national calendar, to which its own holidays are added."""
        policy = msgspec.structs.replace(self)
        policy.__dict__.update(self.__dict__, calendar=self._calendar(calendar), _reconciliations={})
        return policy

    def _calendar(self, calendar: Calendar) -> Calendar:
        for entry in self.holidays:
            off, worked = (entry.days, ()) if entry.kind == "holiday" else ((), entry.days)
            calendar = calendar.told(off, worked)
        return calendar

    def appraisal(self, kind: str) -> Appraisal | None:
        """The assessment of a kind, of anything else than teams; None if the region has none."""
        return next((one for one in self.appraisals if one.kind == kind), None)

    def tells_of_persons(self, one: Appraisal) -> bool:
        """Whether an assessment is of persons, or its score is made of persons' results or days in the village."""
        return tells_of_persons(one, self.appraisals, self.parties)

    def course(self, kind: str) -> Training | None:
        """The training of a kind; None if the region has none."""
        return next((one for one in self.training if one.kind == kind), None)

    def list_kind(self, kind: str) -> ListKind | None:
        """The list of a kind; None if the region has none."""
        return next((one for one in self.lists if one.kind == kind), None)

    def campaign(self, kind: str) -> Campaign | None:
        """The campaign of a kind; None if the region has none."""
        return next((campaign for campaign in self.campaigns if campaign.kind == kind), None)

    def commitment(self, kind: str) -> Commitment | None:
        """The commitment of a kind; None if the region has none."""
        return self._commitments.get(kind)

    @cached_property
    def _commitments(self) -> dict[str, Commitment]:
        return {commitment.kind: commitment for commitment in self.commitments}

    def reconciliations(self, commitment: Commitment, year: int) -> Mapping[date, Span]:
        """By day of a year on which a commitment's reconciliation begins, the time allowed for it."""
        key = commitment.kind, year
        if key not in self._reconciliations:
            self._reconciliations[key] = commitment.reconciliations(year, self.calendar)
        return self._reconciliations[key]

    @cached_property
    def _reconciliations(self) -> dict[tuple[str, int], Mapping[date, Span]]:
        """The days that were computed so far, by commitment and year, since every ledger asks for the same ones."""
        return {}

    @cached_property
    def computed(self) -> frozenset[str]:
        """The figures of a village that are computed, so that nobody records them."""
        return frozenset(HOUSEHOLD_FIGURES).union(one.figure for one in self.indicators if one.derive)

    @cached_property
    def delisting(self) -> Procedure:
        """The procedure by which a village leaves the list."""
        return next(procedure for procedure in self.procedures if procedure.effect == "delist")

    def letter(self, kind: str) -> Letter | None:
        """The townships' letter of a kind; None if the region has none."""
        return next((one for one in self.letters if one.kind == kind), None)

    def checklist(self, kind: str) -> Checklist | None:
        """The list of a kind that is ticked off; None if the region has none."""
        return next((one for one in self.checklists if one.kind == kind), None)

    def procedure(self, kind: str) -> Procedure | None:
        """The procedure of a kind; None if the region has none."""
        return next((procedure for procedure in self.procedures if procedure.kind == kind), None)

    def title(self, document: str) -> str:
        """The title of a document that the pack cites."""
        cited = self.documents[document]
        return cited if isinstance(cited, str) else cited.title

    def in_force(self, clause: str, day: date) -> bool:
        """Whether the document that a clause cites is in force on a day."""
        document = self.documents.get(clause.partition(":")[0])
        return not isinstance(document, Document) or document.in_force(day)

    def cited(self, clause: str) -> str:
        """A clause such as `S3:第四项`, with the title of the document: 《村民委员会组织法》第二十六条."""
        document, _, article = clause.partition(":")
        if document not in self.documents:
            return clause
        return f"《{self.title(document)}》{self._number(document)}{_article(article)}"

    def cited_in_english(self, clause: str) -> str:
        """The same for who reads English: a law by its English title, another document by its own, quoted."""
        document, _, article = clause.partition(":")
        if document not in self.documents:
            return f"“{clause}”"
        title = self.title(document)
        said = IN_ENGLISH.get(title) or chinese.nested(f"“{title}{self._number(document)}”")
        return f"{said}, {english.article(article)}" if article else said

    def _number(self, document: str) -> str:
        cited = self.documents[document]
        return "" if isinstance(cited, str) or not cited.number else f"（{cited.number}）"


def _article(article: str) -> str:
    return chinese.article(int(article)) if article.isdecimal() else article
