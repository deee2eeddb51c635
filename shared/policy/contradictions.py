"""What no schema can say: where a policy pack contradicts itself."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import get_args

from shared.calendar import Span, national
from shared.contracts.registry import Level
from shared.policy.pack import SURVEY_KINDS, TRIGGERS, Outcome, Policy, Section


def find_contradictions(policy: Policy) -> Iterable[tuple[str, str, str]]:
    """Where, and what is wrong there, in Chinese and in English."""
    grades = [grade.name for grade in policy.assessment.grades]
    steps = [step.name for step in policy.exit.procedure]
    kinds = [commitment.kind for commitment in policy.commitments]
    grounds = [ground.name for ground in policy.assessment.grounds]
    scored = {campaign.kind for campaign in policy.campaigns if campaign.scored}
    for where, names in {
        "exit.criteria": [criterion.indicator for criterion in policy.exit.criteria],
        "exit.procedure": steps,
        "commitments": kinds,
        "campaigns": [campaign.kind for campaign in policy.campaigns],
        "findings": [finding.code for finding in policy.findings],
        "assessment.inputs": [channel.channel for channel in policy.assessment.inputs],
        "assessment.grades": grades,
        "assessment.grounds": grounds,
        "outcomes": [outcome.kind for outcome in policy.outcomes],
        "procedures": [procedure.kind for procedure in policy.procedures],
        **{f"procedures.{p.kind}": [step.name for step in p.steps] for p in policy.procedures},
    }.items():
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield where, f"{name} 出现了两次", f"{name} occurs twice"
    for campaign in policy.campaigns:
        if campaign.choice == "draw" and campaign.announced:
            yield (
                "campaigns",
                f"{campaign.kind} 是抽签，announced 须为 false",
                f"{campaign.kind} is a draw: announced = false",
            )
    for criterion in policy.exit.criteria:
        if (criterion.at_most is None) is (criterion.at_least is None):
            which = criterion.indicator
            yield "exit.criteria", f"{which} 应有 at_most 或 at_least 之一", f"{which} needs either at_most or at_least"
    for step in policy.exit.procedure:
        if step.on_objection not in (None, *steps):
            lost = step.on_objection
            yield (
                "exit.procedure",
                f"{step.name} 指回的 {lost} 不是步骤",
                f"{step.name} leads to {lost}, which is no step",
            )
        if step.kind == "notice" and not step.on_objection:
            yield (
                "exit.procedure",
                f"公示 {step.name} 应有 on_objection",
                f"the notice {step.name} needs an on_objection",
            )
    step_kinds = [step.kind for step in policy.exit.procedure]
    if step_kinds[:2] != ["verify", "notice"] or step_kinds.count("verify") > 1 or step_kinds[-1] != "decide":
        yield (
            "exit.procedure",
            "应以唯一的 verify 和一个 notice 开始，以 decide 结束",
            "it must begin with its only verify step and a notice, and end with a decide step",
        )
    for name in SURVEY_KINDS:
        if name not in policy.listing.survey_kinds:
            yield "listing.survey_kinds", f"缺少保留代码 {name}", f"the reserved code {name} is missing"
    for name in policy.team.suits:
        if name not in policy.listing.problem_classes:
            yield "team.suits", f"没有问题类别 {name}", f"{name} is no problem class"
    for name in policy.listing.problem_classes:
        if not policy.team.suits.get(name):
            yield "team.suits", f"问题类别 {name} 没有对口单位", f"no department suits the problem class {name}"
    for name in policy.team.same_county_levels:
        if name not in get_args(Level):
            yield "team.same_county_levels", f"没有级别 {name}", f"{name} is no level"
    yield from _bad_spans("", policy)
    for campaign in policy.campaigns:
        if campaign.choice == "draw" and not campaign.share:
            zh = f"{campaign.kind} 的抽查比例不能为零"
            yield "campaigns", zh, f"{campaign.kind} draws nothing, since its share is 0"
    for procedure in policy.procedures:
        if not any(step.kind == "decide" for step in procedure.steps):
            yield "procedures", f"{procedure.kind} 没有决策步骤", f"{procedure.kind} has no step that decides"
        for rite in procedure.steps:
            if rite.kind == "publish" and (rite.present_at_least or rite.agreed_above):
                zh = f"{procedure.kind} 的公开步骤 {rite.name} 不计票"
                yield "procedures", zh, f"{procedure.kind}: {rite.name} publishes, so that nobody votes in it"
    for c in policy.commitments:
        if c.after and c.after not in kinds[: kinds.index(c.kind)]:
            zh = f"{c.kind} 的 after 应是列在它前面的承诺，而不是 {c.after}"
            yield "commitments", zh, f"{c.kind} is set after {c.after}, which must be a commitment further up"
        if (c.reconcile or c.settle) and not c.yearly:
            zh = f"{c.kind} 按年对账或销账，应有 yearly"
            yield "commitments", zh, f"{c.kind} is reconciled or settled by the year, so it needs `yearly`"
    for finding in policy.findings:
        if finding.order == Span():
            yield "findings", f"{finding.code} 的整改期限不能为零", f"{finding.code}: an order needs a time"
    if not any(channel.weight for channel in policy.assessment.inputs):
        yield "assessment.inputs", "没有一项有权重，无从计分", "none carries a weight, so there would be no score"
    for channel in policy.assessment.inputs:
        name = channel.channel
        if name not in {"written_report", "oral_report", "ballot"} | scored:
            zh = f"{name} 不是考核渠道，也没有计分的同名督查"
            yield "assessment.inputs", zh, f"{name} is no channel, and no campaign of this kind scores"
        if channel.weight and name.endswith("_report"):
            zh = f"{name} 没有分数，权重应为 0"
            yield "assessment.inputs", zh, f"{name} can carry no weight, since a report has no score"
    bounds = [grade.at_least for grade in policy.assessment.grades]
    if not bounds or bounds[-1] > 0:
        zh = "最后一等应从 0 分起，否则有的分数没有等次"
        yield "assessment.grades", zh, "the last grade must begin at 0, or some scores have no grade"
    if any(better <= worse for better, worse in pairwise(bounds)):
        zh = "各等应从高到低排列"
        yield "assessment.grades", zh, "each must begin above the next, from the best to the worst"
    for cap in policy.assessment.caps:
        if cap.grade not in grades:
            yield "assessment.caps", f"没有等次 {cap.grade}", f"there is no grade {cap.grade}"
    for outcome in policy.outcomes:
        yield from _misfits(outcome, {"grade": grades, "triggers": grounds, "kind": kinds})


def _bad_spans(where: str, part: object) -> Iterable[tuple[str, str, str]]:
    """Spans anywhere in a pack that lead nowhere: with a negative part, or empty where time must pass."""
    if isinstance(part, Span):
        name = where.rsplit(".", 1)[-1]
        # How long a campaign lasts may be counted back from a round time: three months less one day.
        if min(part.years, part.months) < 0 or (part.calendar_days < 0 and name != "lasts"):
            yield where, "时间不能为负", "a time cannot be negative"
        elif name in ("term", "extension", "lasts") and part.after(date(2001, 1, 1), national()) <= date(2001, 1, 1):
            yield where, "时间不能为零", "it needs a time"
    elif isinstance(part, Section):
        for field in part.__struct_fields__:
            yield from _bad_spans(f"{where}.{field}".removeprefix("."), getattr(part, field))
    elif isinstance(part, tuple):
        for n, entry in enumerate(part):
            yield from _bad_spans(f"{where}.{n}", entry)


def _misfits(outcome: Outcome, said: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, str, str]]:
    """Why an outcome could never come about, or not be decided fairly; `said` holds what events' fields can say."""
    kind, trigger = outcome.kind, TRIGGERS.get(outcome.on)
    if trigger is None:
        known = ", ".join(TRIGGERS)
        yield "outcomes", f"{kind} 的 on 应是 {known} 之一", f"{kind} on {outcome.on}, which is none of {known}"
    else:
        for field in (outcome.subject_field, *outcome.when):
            if field not in trigger.__struct_fields__:
                yield "outcomes", f"{kind}：{outcome.on} 没有 {field}", f"{kind}: {outcome.on} has no {field}"
    for field, wanted in outcome.when.items():
        for value in wanted if isinstance(wanted, (list, tuple)) else [wanted]:
            if field in said and value not in said[field]:
                yield "outcomes", f"{kind}：{field} 不会是 {value}", f"{kind}: {field} is never {value}"
    if outcome.sanction and not (outcome.defence and outcome.appeal and outcome.answer):
        zh = f"{kind} 影响当事人，应有 defence、appeal 和 answer"
        yield "outcomes", zh, f"{kind} bears on someone, so it needs defence, appeal and answer"
