"""Procedures step by step: those of the exit, and those by which a village decides matters of its own."""

from collections.abc import Sequence
from typing import Literal

from shared.calendar import Span
from shared.contracts.registry import StepKind
from shared.contracts.values import Clause, Code, Name, Role
from shared.policy.bound import Bound
from shared.policy.section import Found, Section, Some


class Step(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """出列程序的一个环节。 ·
    One step of the exit procedure: who takes it, within which time, where an objection leads."""

    name: Code
    """环节代码。 · Its code."""
    kind: StepKind
    """核查 verify、公示 notice 或审批 decide。 · A verification, a public notice or a decision."""
    by: Role
    """由谁办理。 · Who takes it."""
    within: Span
    """公示为公示期，其他为办理时限。 · For a notice its length; for the others the time allowed."""
    on_objection: Code | None = None
    """异议成立时退回的环节；公示必填。 · The step to which an upheld objection leads back; a notice needs it."""


class Deliberation(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """民主决策的一个环节。 · One step of a procedure of village democracy: something is decided, or published."""

    name: Code
    """环节代码。 · Its code."""
    label: Name
    """环节名称。 · Its name."""
    kind: Literal["decide", "publish"]
    """决策 decide 或公开 publish。 · Whether it decides or publishes."""
    by: Role
    """由谁负责。 · Who answers for the step."""
    rule: Clause | None = None
    """到会人数和表决要求的依据，与程序依据不同时填写。 ·
    The law and article of its quorum and majority, where it is not
    the procedure's own rule."""
    quorum: Bound | None = None
    """法定人数：present（到会人数占应到人数的比例）；不计人数的不填。 ·
    Of those entitled, how many must be present (`present`); None where nobody is counted."""
    majority: Bound | None = None
    """通过条件：agreed（赞成占到会）或 agreed_of_entitled（赞成占应到）；集体议定的不填。 ·
    How many of those present (`agreed`) or entitled (`agreed_of_entitled`) must agree; None where a body decides as
    one."""


class Procedure(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """村民主决策程序，如四议两公开。 · How a village decides a matter of its own, step by step (2.18, 3.12)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据。 · Where it comes from."""
    steps: Some[Deliberation]
    """各环节，按顺序。 · The steps in their order."""


def of_exit(procedure: Sequence[Step]) -> Found:
    """Where the steps of an exit lead nowhere, or not to an exit."""
    steps = [step.name for step in procedure]
    for n, step in enumerate(procedure):
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
    kinds = [step.kind for step in procedure]
    if kinds[:2] != ["verify", "notice"] or kinds.count("verify") > 1 or kinds[-1] != "decide":
        zh = "应以唯一的 verify 和一个 notice 开始，以 decide 结束"
        en = "it must begin with its only verify step and a notice, and end with a decide step"
        yield ("exit", "procedure"), zh, en


def contradictions(procedures: Sequence[Procedure]) -> Found:
    """Procedures that decide nothing, and steps that could not work."""
    for n, procedure in enumerate(procedures):
        if not any(step.kind == "decide" for step in procedure.steps):
            zh, en = f"{procedure.kind} 没有决策环节", f"{procedure.kind} has no step that decides"
            yield ("procedures", n, "steps"), zh, en
        for m, rite in enumerate(procedure.steps):
            path = ("procedures", n, "steps", m)
            if rite.kind == "publish" and (rite.quorum or rite.majority):
                zh = f"{procedure.kind} 的公开环节 {rite.name} 不计票"
                yield path, zh, f"{procedure.kind}: {rite.name} publishes, so that nobody votes in it"
