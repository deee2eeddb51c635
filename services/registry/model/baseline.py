"""The baseline survey of a village: records come in until the joint diagnosis, which closes it (3.1)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.registry.model.commands import (
    Diagnose,
    HouseholdFacts,
    RecordSurvey,
    WithdrawDiagnosis,
    WithdrawListing,
    WithdrawSurvey,
)
from services.registry.model.village import Village, standing
from shared.contracts import Event
from shared.contracts.journey import STAGES
from shared.contracts.registry import (
    DiagnosisWithdrawn,
    Problem,
    SurveyRecorded,
    SurveyWithdrawn,
    VillageDiagnosed,
    VillageListed,
    VillageUnlisted,
)
from shared.contracts.values import Role
from shared.labels import label
from shared.policy import Policy
from shared.rules import Change, Refused, State, Task, require_body, rests

PROBLEM = "problem"
"""The code of the survey kind that names an outstanding problem, in every pack."""


DIAGNOSES: Role = "county"
"""Who convenes the joint diagnosis (3.1)."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record, as it was entered."""

    kind: str
    topic: str
    on: date
    household: HouseholdFacts | None = None
    cause: str = ""


class Survey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The survey of one spell on the list. The joint diagnosis closes it by naming the problem class."""

    spell: int
    opened: date
    records: dict[str, Record] = msgspec.field(default_factory=dict)
    """By number."""
    problem_class: str = ""

    @property
    def next(self) -> int:
        """The number of the next record."""
        return max(map(int, self.records), default=0) + 1

    def missing(self, policy: Policy) -> list[str]:
        """The pack's topics on which there is no record yet."""
        covered = {record.topic for record in self.records.values()}
        return [topic for topic in policy.listing.topics if topic not in covered]


class Baseline(State, frozen=True, kw_only=True):
    """The surveys of a village, one for each spell on the list; the last is the current one."""

    kind = "baselines"
    known_as = ("摸底排查记录", "the baseline survey of a village")
    surveys: tuple[Survey, ...]
    ended: bool = False
    """Whether the village was merged into another, or taken off the list, before its survey was closed."""

    @property
    def survey(self) -> Survey:
        """The survey of the current spell."""
        return self.surveys[-1]

    @property
    def status(self) -> str:
        return "ended" if self.ended else "closed" if self.survey.problem_class else "open"

    @property
    def awaits(self) -> bool:
        return not self.survey.problem_class and not self.ended

    def with_survey(self, survey: Survey) -> "Baseline":
        """The baseline with its current survey replaced."""
        return self.but(surveys=(*self.surveys[:-1], survey))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The survey until each topic has a record, and then the diagnosis."""
        if not self.awaits:
            return
        due = policy.listing.diagnose_by.due(self.survey.opened, policy.calendar)
        if missing := self.survey.missing(policy):
            yield Task(
                action="surveys",
                about=self.id,
                role="township",
                due=due,
                rule="3.1",
                detail=",".join(missing),
                answer={"place": self.place, "village": self.id},
            )
        else:
            yield Task(
                action="diagnoses",
                about=self.id,
                role=DIAGNOSES,
                due=due,
                rule="3.1",
                answer={"place": self.place, "village": self.id, "body": DIAGNOSES},
            )


def open_survey(baseline: Baseline | None, event: VillageListed, _policy: Policy, today: date) -> Change:
    """A village that enters the list, for the first time or after a relapse, gets a new survey. Earlier ones stay."""
    earlier = () if baseline is None else (s for s in baseline.surveys if s.spell < event.spell)
    survey = Survey(spell=event.spell, opened=today)
    return Change(Baseline(id=event.village, place=event.place, surveys=(*earlier, survey)))


def end(baseline: Baseline | None, _event: Event, _policy: Policy, _today: date) -> Change:
    """The village was merged into another or has left the list, so no survey is awaited any more."""
    return Change(baseline.but(ended=True) if baseline and baseline.awaits else baseline)


def withdraw_record(baseline: Baseline | None, command: WithdrawSurvey, policy: Policy, _today: date) -> Change:
    """Take back a record that was a mistake, as long as there is no diagnosis. Its number may be used again."""
    baseline = _listed(baseline, command.village)
    survey = baseline.survey
    if str(command.number) not in survey.records:
        return Change(baseline)
    _not_diagnosed(survey, policy)
    records = {number: record for number, record in survey.records.items() if number != str(command.number)}
    event = SurveyWithdrawn(
        place=baseline.place,
        village=baseline.id,
        number=command.number,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(baseline.with_survey(msgspec.structs.replace(survey, records=records)), (event,))


def _not_diagnosed(survey: Survey, policy: Policy) -> None:
    if survey.problem_class:
        named = label("problem_class", survey.problem_class, policy)
        rests("3.1", {f"会诊结论“{named}”": f"the diagnosis {survey.problem_class!r}"})


def may_withdraw_diagnosis(
    village: Village | None, command: WithdrawDiagnosis, _policy: Policy, _today: date
) -> Change:
    """A diagnosis can be taken back only until a unit was matched, since the matching uses its problem class."""
    village = standing(village, command)
    if village.stage not in ("registered", "listed", "diagnosed"):
        stage = STAGES[village.stage]
        rests("3.1", {f"帮扶单位建议（该村{stage[0]}）": f"the match with a unit, since it is {stage[1]!r}"})
    return Change(village)


def withdraw_diagnosis(baseline: Baseline | None, command: WithdrawDiagnosis, _policy: Policy, _today: date) -> Change:
    """The survey is open again."""
    baseline = _listed(baseline, command.village)
    survey = baseline.survey
    if not survey.problem_class:
        return Change(baseline)
    event = DiagnosisWithdrawn(
        place=baseline.place,
        village=baseline.id,
        spell=survey.spell,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(baseline.with_survey(msgspec.structs.replace(survey, problem_class="")), (event,))


def taken_over(baseline: Baseline, event: VillageDiagnosed, _policy: Policy, _today: date) -> Change:
    """A village that was diagnosed before the system was used: its survey here is closed and has no records."""
    survey = baseline.survey
    if survey.problem_class:
        return Change(baseline)
    return Change(baseline.with_survey(msgspec.structs.replace(survey, problem_class=event.problem_class)))


def may_unlist(baseline: Baseline | None, _command: WithdrawListing, _policy: Policy, _today: date) -> Change:
    """A listing can be withdrawn only once the records of its survey were withdrawn."""
    if baseline and (records := baseline.survey.records):
        rests("3.1", {f"摸底排查记录{len(records)}条": f"{len(records)} records of its survey"})
    return Change(baseline)


def unlisted(baseline: Baseline, event: VillageUnlisted, policy: Policy, today: date) -> Change:
    """The listing was withdrawn, so no survey is awaited any more. The survey is kept, marked as ended."""
    return end(baseline, event, policy, today)


def record(baseline: Baseline | None, command: RecordSurvey, policy: Policy, today: date) -> Change:
    """Take in a record. The same record again changes nothing; another one under the same number is refused.

    After the diagnosis every new record is refused.
    """
    baseline = _listed(baseline, command.village)
    survey = baseline.survey
    new = Record(
        kind=command.kind,
        topic=command.topic,
        on=command.on,
        household=command.household,
        cause=command.cause,
    )
    before = survey.records.get(str(command.number))
    if before == new:
        return Change(baseline)
    if survey.problem_class:
        raise Refused(
            "3.1",
            "集体会诊已结束，摸底排查台账不可更改",
            "the joint diagnosis has closed the survey, and the baseline is immutable",
        )
    if before is not None:
        raise Refused(
            "3.1",
            f"编号 {command.number} 已用于另一条记录，请另编",
            f"the number {command.number} is another record's; take a new one",
            field="number",
            status=422,
        )
    require_known(command.kind, policy.listing.survey_kinds, "kind", "调查方式", "survey kind")
    require_known(command.topic, policy.listing.topics, "topic", "调查内容", "topic")
    if (command.kind == PROBLEM) is not bool(command.cause):
        raise Refused(
            "3.1",
            "突出问题须写明原因，其他记录不填原因",
            "an outstanding problem needs its cause, and other records have none",
            field="cause",
            status=422,
        )
    if command.on > today:
        raise Refused(
            "3.1",
            f"记录日期{command.on}晚于今天（{today}），请核对",
            f"the record's day {command.on} lies after today, {today}",
            field="on",
            status=422,
        )
    event = SurveyRecorded(
        place=baseline.place, village=baseline.id, number=command.number, kind=command.kind, topic=command.topic
    )
    records = {**survey.records, str(command.number): new}
    return Change(baseline.with_survey(msgspec.structs.replace(survey, records=records)), (event,))


def diagnose(baseline: Baseline | None, command: Diagnose, policy: Policy, _today: date) -> Change:
    """The joint diagnosis closes the survey. Its counts and problems become the village's baseline, version 0 (3.1)."""
    baseline = _listed(baseline, command.village)
    require_body(command.body, DIAGNOSES, "3.1")
    survey = baseline.survey
    if survey.problem_class:
        if survey.problem_class == command.problem_class:
            return Change(baseline)
        raise Refused(
            "3.1",
            f"集体会诊已结束，结论为“{label('problem_class', survey.problem_class, policy)}”，不可更改",
            f"the joint diagnosis is closed with {survey.problem_class!r}, and the baseline is immutable",
        )
    require_known(command.problem_class, policy.listing.problem_classes, "problem_class", "贫困村类别", "problem class")
    if missing := survey.missing(policy):
        raise Refused(
            "3.1",
            f"摸底排查缺少：{'、'.join(policy.listing.topics[topic] for topic in missing)}，请先补录",
            f"the survey has no record on {', '.join(missing)}; record them first",
        )
    problems = [(int(number), record) for number, record in survey.records.items() if record.kind == PROBLEM]
    event = VillageDiagnosed(
        place=baseline.place,
        village=baseline.id,
        spell=survey.spell,
        problem_class=command.problem_class,
        counts=dict(sorted(Counter(record.kind for record in survey.records.values()).items())),
        problems=tuple(
            Problem(number, record.topic, record.cause)
            for number, record in sorted(problems, key=lambda problem: problem[0])
        ),
        decided_by=command.decided_by,
    )
    closed = msgspec.structs.replace(survey, problem_class=command.problem_class)
    return Change(baseline.with_survey(closed), (event,))


def _listed(baseline: Baseline | None, village: str) -> Baseline:
    if baseline is None:
        raise Refused(
            "3.1",
            f"村 {village} 未列入贫困村，无摸底排查任务",
            f"village {village} is not on the poverty list, so that there is no survey",
        )
    return baseline


def require_known(code: str, known: Mapping[str, str], field: str, zh: str, en: str) -> None:
    """Refuse a code that the pack does not know."""
    if code not in known:
        raise Refused(
            "3.1",
            f"本地规定中没有{zh}“{code}”，可填：{'、'.join(known.values())}",
            f"the pack knows no {en} {code!r}, only {', '.join(known)}",
            field=field,
            status=422,
        )
