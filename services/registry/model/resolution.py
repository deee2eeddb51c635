"""What a village decides itself, step by step: 四议两公开 and its variants (mechanisms 2.18, 3.12; rules §3).

The steps, who takes them and what a vote needs are the pack's, taken as they stood when the matter was opened.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from services.registry.model.commands import OpenResolution, TakeStep, WithdrawResolution, WithdrawStep
from services.registry.model.village import Village, standing
from shared.contracts import Event
from shared.contracts.registry import (
    ResolutionOpened,
    ResolutionPassed,
    ResolutionRejected,
    ResolutionWithdrawn,
    StepTaken,
    StepWithdrawn,
)
from shared.labels import said
from shared.policy import Deliberation, Policy
from shared.rules import Change, Refused, State, Task, require_body, rests


class Resolution(State, frozen=True, kw_only=True):
    """A matter that a village decides; its id is the village's and its own."""

    kind = "resolutions"
    village: str
    matter: str
    procedure: str
    rule: str
    subject_code: str
    steps: tuple[Deliberation, ...]
    taken: tuple[StepTaken, ...] = ()
    """The steps so far, in order."""
    rejected: bool = False
    withdrawn: bool = False
    """Whether it was opened by mistake, or its village was merged into another."""

    @property
    def awaited(self) -> Deliberation | None:
        """The step that comes next; None once it has ended."""
        return (
            None
            if self.rejected or self.withdrawn or len(self.taken) == len(self.steps)
            else self.steps[len(self.taken)]
        )

    @property
    def passed(self) -> bool:
        """Whether nothing is left to decide."""
        return not self.rejected and all(step.kind != "decide" for step in self.steps[len(self.taken) :])

    @property
    def status(self) -> str:
        return "withdrawn" if self.withdrawn else "rejected" if self.rejected else "passed" if self.passed else "open"

    @property
    def awaits(self) -> bool:
        return self.awaited is not None

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The awaited step, for the role that answers for it."""
        if step := self.awaited:
            detail = f"{self.matter} {step.name}"
            yield Task(
                action="resolution-steps", about=self.village, role=step.by, due=None, rule=self.rule, detail=detail,
                answer={
                    "place": self.place, "village": self.village, "matter": self.matter, "step": step.name,
                    "body": step.by,
                },
            )  # fmt: skip


def resolution_id(
    message: OpenResolution | TakeStep | WithdrawStep | WithdrawResolution | ResolutionWithdrawn, _policy: Policy
) -> Iterable[str]:
    """A matter's id: a village numbers its own."""
    return (f"{message.village}/{message.matter}",)


def open_resolution(resolution: Resolution | None, command: OpenResolution, policy: Policy, _today: date) -> Change:
    """A matter is opened once, for one procedure of the pack."""
    if resolution is not None and not resolution.withdrawn:
        if (resolution.procedure, resolution.subject_code) == (command.kind, command.subject_code):
            return Change(resolution)
        raise Refused(
            resolution.rule,
            f"编号“{command.matter}”已用于另一事项，请另编",
            f"the matter {command.matter!r} is another one; take a new name",
            field="matter",
        )
    procedure = policy.procedure(command.kind)
    if procedure is None:
        kinds = [known.kind for known in policy.procedures]
        raise Refused(
            "3.12",
            f"本地规定中没有决策程序“{command.kind}”，可填：{said('kind', kinds, policy)}",
            f"the pack knows no procedure {command.kind!r}, only {', '.join(kinds)}",
            field="kind",
            status=422,
        )
    opened = Resolution(
        id=f"{command.village}/{command.matter}",
        place=command.place,
        village=command.village,
        matter=command.matter,
        procedure=procedure.kind,
        rule=procedure.rule,
        subject_code=command.subject_code,
        steps=procedure.steps,
    )
    event = ResolutionOpened(
        place=command.place,
        village=command.village,
        matter=command.matter,
        kind=command.kind,
        subject_code=command.subject_code,
        opened_by=command.opened_by,
    )
    return Change(opened, (event,))


def take_step(resolution: Resolution | None, command: TakeStep, _policy: Policy, _today: date) -> Change:
    """The awaited step and no other. A meeting without its quorum counts for nothing; a failed vote ends the matter."""
    if resolution is None:
        raise Refused(
            "3.12",
            f"没有事项“{command.matter}”，请先启动决策程序",
            f"there is no matter {command.matter!r}; open it first",
            field="matter",
            status=404,
        )
    taken = StepTaken(
        place=command.place,
        village=command.village,
        matter=command.matter,
        step=command.step,
        entitled=command.entitled,
        present=command.present,
        agreed=command.agreed,
        decided_by=command.decided_by,
    )
    if taken in resolution.taken:
        return Change(resolution)
    step = resolution.awaited
    if step is None or step.name != command.step:
        zh = f"当前环节是“{step.label}”，不能办理其他环节" if step else "程序已结束，不能再办理"
        en = f"the step that is awaited is {step.name}" if step else "the procedure has ended"
        raise Refused(resolution.rule, zh, f"{command.step} cannot be taken: {en}")
    require_body(command.body, step.by, step.rule or resolution.rule)
    _check_figures(step, command, step.rule or resolution.rule)
    failed = step.kind == "decide" and not _is_agreed(step, command)
    after = resolution.but(place=command.place, taken=(*resolution.taken, taken), rejected=failed)
    events: list[Event] = [taken]
    about = {
        "place": command.place,
        "village": command.village,
        "matter": command.matter,
        "kind": resolution.procedure,
        "subject_code": resolution.subject_code,
    }
    if failed:
        events.append(ResolutionRejected(**about, step=step.name))
    elif after.passed and not resolution.passed:
        events.append(ResolutionPassed(**about))
    return Change(after, tuple(events))


def check_voters(village: Village | None, command: TakeStep, _policy: Policy, _today: date) -> Change:
    """The village is there, and no more may vote than live in it."""
    village = standing(village, command)
    if command.entitled > village.population:
        raise Refused(
            "3.12",
            f"应到 {command.entitled} 人，多于全村人口 {village.population} 人，请核对",
            f"{command.entitled} entitled are more than the {village.population} people of the village; check it",
            field="entitled",
            status=422,
        )
    return Change(village)


def withdraw_step(resolution: Resolution | None, command: WithdrawStep, _policy: Policy, _today: date) -> Change:
    """The latest step was entered by mistake and is awaited again; an earlier one has others that rest on it."""
    if resolution is None or command.step not in (step.step for step in resolution.taken):
        return Change(resolution)
    *earlier, latest = resolution.taken
    if latest.step != command.step:
        label = next(step.label for step in resolution.steps if step.name == latest.step)
        rests(resolution.rule, {f"其后的“{label}”": f"{latest.step}, which came after it"})
    event = StepWithdrawn(
        place=command.place,
        village=command.village,
        matter=command.matter,
        step=command.step,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(resolution.but(place=command.place, taken=tuple(earlier), rejected=False), (event,))


def withdraw(resolution: Resolution | None, command: WithdrawResolution, _policy: Policy, _today: date) -> Change:
    """A matter that was opened by mistake is none, until a step of it was taken."""
    if resolution is None or resolution.withdrawn:
        return Change(resolution)
    labels = {step.name: step.label for step in resolution.steps}
    rests(resolution.rule, {f"已进行的“{labels[taken.step]}”": taken.step for taken in resolution.taken})
    event = ResolutionWithdrawn(
        place=command.place,
        village=command.village,
        matter=command.matter,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(resolution, (event,))


def withdrawn(resolution: Resolution | None, event: ResolutionWithdrawn, _policy: Policy, _today: date) -> Change:
    """Nothing more is awaited; a matter that has ended by itself stays as it was decided."""
    if resolution is None or resolution.awaited is None:
        return Change(resolution)
    return Change(resolution.but(place=event.place, withdrawn=True))


def _is_agreed(step: Deliberation, command: TakeStep) -> bool:
    """Whether enough people agreed; where no majority is asked for, somebody must have."""
    if step.majority is None:
        return command.agreed > 0
    base = command.present if step.majority.figure == "agreed" else command.entitled
    return step.majority.holds(Fraction(command.agreed, base))


def _check_figures(step: Deliberation, command: TakeStep, rule: str) -> None:
    """Whether the figures can be true, and whether enough people came."""
    if step.kind == "publish" and (command.entitled or command.present or command.agreed):
        raise Refused(
            rule,
            f"“{step.label}”不计票，请删去人数",
            f"{step.name} publishes; leave the figures out",
            field="entitled",
            status=422,
        )
    if not command.agreed <= command.present <= command.entitled:
        raise Refused(
            rule,
            f"同意 {command.agreed} 人、到会 {command.present} 人、应到 {command.entitled} 人有误：前者不得多于后者",
            f"{command.agreed} agreed of {command.present} present of {command.entitled} entitled cannot be; check it",
            field="agreed" if command.agreed > command.present else "present",
            status=422,
        )
    if step.kind == "decide" and not command.present:
        raise Refused(
            rule,
            f"“{step.label}”没有到会人数，请填写",
            f"nobody was present at {step.name}; enter the figures",
            field="present",
            status=422,
        )
    if step.quorum and not step.quorum.holds(Fraction(command.present, command.entitled)):
        raise Refused(
            rule,
            f"“{step.label}”应到 {command.entitled} 人，到会 {command.present} 人，未达到规定人数"
            f"（到会比例应当{step.quorum.said[0]}），应当重新召开",
            f"{command.present} of {command.entitled} were present at {step.name}, which is no quorum: "
            f"{step.quorum.said[1]} of them must come; hold it again",
            field="present",
        )
