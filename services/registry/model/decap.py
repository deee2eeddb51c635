"""How a township or county stops being a poor one: its de-capping (乡镇摘帽, 贫困县退出, 1.18).

    request ─► assess a sample ─► its reply ─► notice, objections ─► decide ─► announce ─► de-capped

It may ask once the incidence of its villages keeps the pack's bound. The incidence comes from the yearbook, which
measurements fill village by village, so that no village need be read here. One sample gives three rates: omissions,
wrong exits and approval. Each rate that misses its bound is enough to refuse. If the pack says so, the assessed side
may reply before the rates decide (`hearing.py`). `procedure.py` runs the steps; the pack says who asks, assesses and
decides.
"""

from collections.abc import Iterable, Mapping, Set
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from services.registry.model.commands import (
    OfDivision,
    RequestDecap,
    Sampled,
    TakeDecapStep,
    WithdrawDecap,
)
from services.registry.model.notice import OfDecap
from services.registry.model.procedure import Dossier, carry, check_answered, check_approved, check_given, no_decap
from services.registry.model.proceeding import Hearing, Proceeding
from services.registry.model.roster import enrolments, owing
from services.registry.model.yearbook import Total, Yearbook, kind_of, totals
from shared import chinese, labels
from shared.contracts import Command, Event
from shared.contracts.registry import (
    CountyDecapped,
    DecapAssessed,
    DecapDeadlineMoved,
    DecapDelayDecided,
    DecapFound,
    DecapNoticePosted,
    DecapNoticeWithdrawn,
    DecapObjectionDecided,
    DecapObjectionRaised,
    DecapObjectionWithdrawn,
    DecapRejected,
    DecapRequested,
    DecapStepOverdue,
    DecapStepTaken,
    DecapWithdrawn,
    DecapWordAsked,
    DecapWordGiven,
    DelayDecided,
    NoticePosted,
    NoticeWithdrawn,
    ObjectionDecided,
    ObjectionRaised,
    ObjectionWithdrawn,
    StepOverdue,
    TownshipDecapped,
    WordAsked,
    WordGiven,
)
from shared.policy import Policy, Step
from shared.policy.exit import INCIDENCE
from shared.policy.indicators import Indicator
from shared.policy.procedure import Judged, Procedure
from shared.rules import Change, Key, Moved, Refused, State, Task, addressed, few, require_body, rests

RULE = "1.18"
SUBJECTS: Mapping[str, tuple[str, str, type[TownshipDecapped] | type[CountyDecapped]]] = {
    "township": ("乡镇", "a township", TownshipDecapped),
    "county": ("县", "a county", CountyDecapped),
}
"""By kind of division: its names, and the event that it is de-capped."""


class Decap(Dossier, frozen=True, kw_only=True):
    """A township's or county's way out of poverty. Its id is the division, such as `county:210521`."""

    kind = "decaps"
    known_as = ("乡镇、县摘帽", "the de-capping of a township or county")
    opened_by = "decap-requests"
    actions = MappingProxyType(
        {
            "notice": "decap-notices",
            "ask": "decap-words",
            **dict.fromkeys(("verify", "decide", "publish", "act"), "decap-steps"),
        }
    )
    decides_objections = "decap-objection-decisions"
    decides_delays = "decap-delay-decisions"
    tells = MappingProxyType(
        {
            NoticePosted: DecapNoticePosted,
            NoticeWithdrawn: DecapNoticeWithdrawn,
            StepOverdue: DecapStepOverdue,
            ObjectionRaised: DecapObjectionRaised,
            ObjectionDecided: DecapObjectionDecided,
            ObjectionWithdrawn: DecapObjectionWithdrawn,
            DelayDecided: DecapDelayDecided,
            WordAsked: DecapWordAsked,
            WordGiven: DecapWordGiven,
        }
    )
    year: int
    """The year whose figures it rests on."""
    incidence: float
    judged: tuple[Judged, ...]
    """The bounds of the pack when it asked. A later pack does not change them."""
    decided_by: str = ""
    """The body of the latest approval."""
    decapped_on: date | None = None

    @property
    def status(self) -> str:
        return "decapped" if self.decapped_on else self.course.ended or "open"

    @property
    def names(self) -> dict[str, Any]:
        """How commands name it."""
        return {"place": self.place, "division": self.id}

    def check(self, command: Command) -> None:
        """Refuse a command that names another county than the division's."""
        addressed(self, command, "区划", "division")

    def follows(self, after: Proceeding) -> tuple[Event, ...]:
        """The events that follow from a step: a word is asked for, or a refusal or a rate ended the de-capping."""
        if after.ended != "rejected" or self.course.ended:
            return super().follows(after)
        about = {**self.names, "attempt": after.attempt}
        return (DecapRejected(**about, kind=after.kind, step=after.steps[after.at].name),)

    def awaited(self) -> Iterable[Task]:
        """While the assessed side is heard, its reply or the decision on it; else the tasks of any procedure."""
        now = self.course
        if (heard := now.hearing) is None or (step := now.step) is None or step.reply is None:
            yield from super().awaited()
            return
        action, role, due = (
            ("decap-replies", step.reply.by, heard.reply_by)
            if heard.decide_by is None
            else ("decap-reply-decisions", now.by, heard.decide_by)
        )
        yield Task(action=action, about=self.id, role=role, due=due, rule=self.rests_on(step),
                   detail=self.detail(step.name), answer={**self.names, "body": role})  # fmt: skip

    def tell_moved(self, moved: Moved, notice: str) -> DecapDeadlineMoved:
        """A deadline of the procedure moved."""
        return DecapDeadlineMoved(**self.names, **moved.said(notice))


def decap_id(command: OfDivision | OfDecap, _policy: Policy) -> Iterable[str]:
    """The id of the state: the division that a command names."""
    return (command.division,)


# ------------------------------------------------------------------- the request


def yearbooks(_decap: Decap | None, command: RequestDecap) -> Iterable[Key]:
    """The county's villages, and their figures of the year and of the next one."""
    yield from enrolments(command.place)
    yield from ((Yearbook, f"{command.place}/{year}") for year in (command.year, command.year + 1))


def request(
    decap: Decap | None, command: RequestDecap, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Ask for the de-capping. Refused unless the latest incidence of all its villages keeps the pack's bound."""
    kind = kind_of(command)
    procedure = _procedure(kind, policy)
    assert procedure.proposed_by, "the pack was checked"
    require_body(command.body, procedure.proposed_by, procedure.rule)
    if decap is not None and (decap.decapped_on or not decap.course.ended):
        if not decap.decapped_on and decap.year == command.year:
            return Change(decap)
        said = f"已于{chinese.day(decap.decapped_on)}摘帽" if decap.decapped_on else "的摘帽申请正在办理"
        en = f"was de-capped on {decap.decapped_on}" if decap.decapped_on else "is being decided on"
        about = labels.said("division", command.division)
        raise Refused(procedure.rule, f"{about}{said}，无须再次申请", f"{command.division} {en}; no request is needed")
    judged_by = next(one for one in policy.indicators if one.figure == INCIDENCE)
    now, after = (
        _measured(others[Yearbook, f"{command.place}/{year}"], command.division, judged_by)
        for year in (command.year, command.year + 1)
    )
    if command.year not in (today.year - 1, today.year) or after:
        raise Refused(
            procedure.rule,
            f"{command.year}年度不是最近一个年度：摘帽以最近测算的年度（尚未开始测算的，为上一年度）为准，请改填年度",
            f"{command.year} is not the latest year: name the latest that was measured, or last year if none of this "
            "year was",
            field="year",
        )
    total = _total(others[Yearbook, f"{command.place}/{command.year}"], command, judged_by, procedure)
    enrolled, opened = [others[key] for key in enrolments(command.place)], policy.exit.measure_from.of(command.year)
    _check_complete(owing(enrolled, command.division, opened) - now, command, procedure)
    incidence = _kept(total, procedure)
    attempt = decap.course.attempt + 1 if decap else 1
    course = Proceeding(kind=procedure.kind, attempt=attempt, steps=procedure.steps)
    asked = Decap(
        id=command.division,
        place=command.place,
        rule=procedure.rule,
        year=command.year,
        incidence=incidence,
        judged=procedure.judged,
        course=course,
    )
    event = DecapRequested(
        **asked.names,
        attempt=attempt,
        kind=procedure.kind,
        year=command.year,
        incidence=incidence,
        villages=len(now),
        missing=len(owing(enrolled, command.division, date.max) - now),
        requested_by=command.requested_by,
    )
    return Change(carry(asked, course.moved_to(0, today, policy.calendar), today), (event,))


def _procedure(kind: str, policy: Policy) -> Procedure:
    """The pack's procedure for a kind of division. Raises Refused if it has none."""
    found = next((one for one in policy.procedures if one.effect == "decap" and one.subject == kind), None)
    if found is None:
        zh, en, _ = SUBJECTS.get(kind, ("此级区划", "such a division", CountyDecapped))
        raise Refused(
            RULE,
            f"本地规定中没有{zh}摘帽程序，请核对区划",
            f"the pack has no procedure by which {en} is de-capped; check the division",
            field="division",
            status=422,
        )
    return found


def _measured(book: State | None, division: str, judged_by: Indicator) -> set[str]:
    """The villages of a division whose figures of the year make up its incidence."""
    code = division.partition(":")[2]
    counted = book.villages if isinstance(book, Yearbook) else {}
    parts = {*judged_by.parts}
    return {id for id, one in counted.items() if one.code.startswith(code) and parts <= {*one.values}}


def _total(book: State | None, command: RequestDecap, judged_by: Indicator, procedure: Procedure) -> Total:
    """The division's incidence of the year. Raises Refused if nothing was measured."""
    kind, _, code = command.division.partition(":")
    books = [book] if isinstance(book, Yearbook) else []
    total = next(iter(totals(books, [judged_by], kind, code, {})), None)
    if total is None or total.value is None:
        raise Refused(
            procedure.rule,
            f"{labels.said('division', command.division)}在{command.year}年度还没有测算指标的村，"
            "无法计算贫困发生率，请先测算",
            f"no village of {command.division} was measured in {command.year}, so that there is no incidence yet; "
            "measure first",
            field="year",
        )
    return total


def _check_complete(missing: Set[str], command: RequestDecap, procedure: Procedure) -> None:
    """Refuse an incidence that leaves villages out."""
    if missing:
        zh, en = few(sorted(missing))
        raise Refused(
            procedure.rule,
            f"{command.year}年度还有{len(missing)}个村没有测算指标（如{zh}），贫困发生率不完整，请先测算；"
            "该年度不能再测算的，待下一年度测算后申请",
            f"{len(missing)} villages were not measured in {command.year}, such as {en}, so that the "
            "incidence leaves them out; measure them first, or ask after the next year's measurement",
            field="year",
        )


def _kept(total: Total, procedure: Procedure) -> float:
    """The incidence. Raises Refused if it misses its bound."""
    bound = next(one for one in procedure.judged if one.figure == INCIDENCE)
    assert total.value is not None, "it was computed"
    if not bound.holds(total.value):
        raise Refused(
            procedure.rule,
            f"尚不能申请摘帽：{total.villages}个村的贫困发生率为{chinese.percent(total.value)}，应当{_percent(bound)}",
            f"it cannot be asked for yet: the incidence of {total.villages} villages is {total.value:.2%}, and must be "
            f"{bound.said[1]}",
        )
    return total.value


def _percent(bound: Judged) -> str:
    """A bound on a share for people: 低于2.00%."""
    return bound.said[0].replace(f"{float(bound.number):g}", chinese.percent(float(bound.number)))


# --------------------------------------------------------------------- the steps


def take_step(decap: Decap | None, command: TakeDecapStep, policy: Policy, today: date) -> Change:
    """Take the awaited step. A refusal, or a rate of the assessment that misses its bound, leads back or ends it."""
    if decap is None:
        raise no_decap(command.division)
    decap.check(command)
    now, step = decap.course, decap.course.step
    if step is None or step.name != command.step or step.kind in ("notice", "ask"):
        raise decap.out_of_turn(command.step)
    require_body(command.body, now.by, decap.rests_on(step))
    _check_fields(decap, step, command)
    if command.sampled and step.reply:
        return _found(decap, command.sampled, command.decided_by, policy, today)
    if command.sampled:
        return concluded(decap, command.sampled, command.decided_by, policy, today)
    said: dict[str, Any] = {"step": step.name, "decided_by": command.decided_by}
    taken = DecapStepTaken(**decap.names, attempt=now.attempt, **said, approved=command.approved)
    return _moved_on(decap, taken, command.approved, policy, today)


def _found(decap: Decap, found: Sampled, assessed_by: str, policy: Policy, today: date) -> Change:
    """Tell what the sample found, and wait for the reply. Until it comes, the counts can be put right."""
    now, step = decap.course, decap.course.step
    assert step is not None and step.reply is not None, "the pack gives a reply"
    if now.hearing and (now.hearing.found, now.hearing.assessed_by) == (found, assessed_by):
        return Change(decap)
    if now.hearing and now.hearing.disputed:
        raise decap.not_now(
            f"“{step.label}”的结果已被提出异议，不能另行录入；请对异议作出认定",
            f"what {step.name} found is disputed, so that nothing else can be recorded; decide on the reply "
            "(decap-reply-decisions)",
        )
    hearing = Hearing(found, assessed_by, step.reply.within.after(today, policy.calendar))
    said: dict[str, Any] = {"step": step.name, "reply_by": hearing.reply_by, "decided_by": assessed_by}
    told = DecapFound(**decap.names, attempt=now.attempt, **said, **_named(rates_of(found)))
    return Change(carry(decap, now.but(hearing=hearing, take_by=None, told=False), today), (told,))


def concluded(
    decap: Decap, found: Sampled, decided_by: str, policy: Policy, since: date, document: str | None = None
) -> Change:
    """Conclude the assessment. One rate that misses its bound is enough to fail it."""
    rates, step = rates_of(found), decap.course.step
    assert step is not None, "an assessment is awaited"
    agreed = all(one.holds(rates[one.figure]) for one in decap.judged if one.figure in rates)
    said: dict[str, Any] = {**_named(rates), "step": step.name, "document": document, "decided_by": decided_by}
    assessed = DecapAssessed(**decap.names, attempt=decap.course.attempt, **said, passed=agreed)
    return _moved_on(decap, assessed, agreed, policy, since)


def _named(rates: Mapping[str, Fraction]) -> dict[str, Any]:
    """The rates as fields of an event."""
    return {f"{figure}_rate": float(rate) for figure, rate in rates.items()}


def _moved_on(decap: Decap, told: DecapAssessed | DecapStepTaken, agreed: bool, policy: Policy, since: date) -> Change:
    """What follows from a step that was taken: the next one, one before it, or an end."""
    step, after = decap.course.step, decap.course.taken(agreed, since, policy.calendar)
    assert step is not None, "a step was taken"
    events: list[Event] = [told, *decap.follows(after)]
    moved = carry(decap, after, since)
    if agreed and step.kind == "decide":
        moved = moved.but(decided_by=told.decided_by)
    if after.step is None and not after.ended:
        decapped = SUBJECTS[decap.id.partition(":")[0]][2]
        figures: dict[str, Any] = {"year": decap.year, "incidence": decap.incidence, "decided_by": moved.decided_by}
        events.append(decapped(**decap.names, **figures))
        moved = moved.but(decapped_on=since)
    return Change(moved, tuple(events))


def rates_of(found: Sampled) -> dict[str, Fraction]:
    """The three rates of a sample: wrong exits and omissions of people, approval of households."""
    return {
        "wrong_exit": Fraction(found.wrongly_lifted, found.lifted),
        "omission": Fraction(found.omitted, found.outside),
        "approval": Fraction(found.approving, found.asked),
    }


PARTS: Mapping[str, tuple[str, str, str, str]] = {
    "wrong_exit": ("wrongly_lifted", "lifted", "错退人口", "抽查的脱贫人口"),
    "omission": ("omitted", "outside", "漏评人口", "抽查的未建档人口"),
    "approval": ("approving", "asked", "认可的户", "受访户"),
}
"""By rate, the two counts that make it, and what these are called."""


def _check_fields(decap: Decap, step: Step, command: TakeDecapStep) -> None:
    """Refuse an assessment without counts or with impossible ones, and counts or a refusal in a step that has none."""
    rule = decap.rests_on(step)
    check_given(step, "sampled", command.sampled, "抽查结果", rule, wanted=step.kind == "verify")
    if command.sampled:
        check_counts(command.sampled, rule)
    check_approved(decap, step, command.approved)


def check_counts(sampled: Sampled, rule: str) -> None:
    """Refuse a sample that counts more of something than there was."""
    for part, whole, zh, zh_whole in PARTS.values():
        some, of = getattr(sampled, part), getattr(sampled, whole)
        if some > of:
            raise Refused(
                rule,
                f"{zh}{some}多于{zh_whole}{of}，请核对",
                f"{part} is {some}, which is more than {whole}, {of}; check both",
                field=f"sampled.{part}",
                status=422,
            )


def withdraw(decap: Decap | None, command: WithdrawDecap, _policy: Policy, today: date) -> Change:
    """Take the request back. Refused once a step was taken."""
    if decap is None:
        raise no_decap(command.division)
    decap.check(command)
    now = decap.course
    if now.ended:
        return Change(decap)
    taken = now.steps[: now.at + bool(now.hearing)]
    rests(decap.rule, {f"已进行的“{step.label}”": f"{step.name}, which was taken" for step in taken})
    check_answered(decap)
    event = DecapWithdrawn(**decap.names, attempt=now.attempt, reason=command.reason, decided_by=command.decided_by)
    return Change(carry(decap, now.closed("withdrawn"), today), (event,))
