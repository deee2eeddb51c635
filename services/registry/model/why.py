""" "Why not yet?": what keeps a village on the list, and who can move it."""

from datetime import date

import msgspec

from services.registry.model.village import ENDED, LISTED, Village
from shared import chinese
from shared.labels import figure, label, said
from shared.policy import RELATIONS, Commitment, Policy

LETTER = "letter"
"""The kind of commitment, the responsibility letter (责任书, 3.6), that moves a village to the stage `pledged`."""


class Reason(msgspec.Struct, frozen=True):
    """One thing that keeps a village on the list."""

    code: str
    """What is awaited: the path of a command such as `exit-requests`, or the code of an indicator that is not met."""
    zh: str
    en: str
    mover: str
    """The role that can do something about it."""


BY_STAGE = {
    "listed": Reason("diagnoses", "尚未完成摸底排查和集体会诊", "waiting for the survey and joint diagnosis", "county"),
    "diagnosed": Reason("matchings", "尚未确定帮扶单位", "waiting to be matched with a unit", "organisation"),
    "matched": Reason("assignments", "已确定帮扶单位，尚未派驻", "matched; waiting for the assignment", "organisation"),
}
"""By stage before the team comes, what the village waits for: its diagnosis, and then two steps of the dispatch."""

BY_TASK = {
    "households": ("{}年度农户信息尚未录入", "the household facts of {} are awaited"),
    "measurements": ("{}年度指标尚未测算", "the measurement of {} is awaited"),
    "exit-requests": ("各项指标均已达标，尚未申请出列", "all criteria are met; the request for the exit is awaited"),
    "notices": ("核查已通过，待公示", "verified; the public notice is awaited"),
    "objection-decisions": ("第{}号异议尚未处理", "objection {} is awaiting its decision"),
    "delay-decisions": ("办理环节已经逾期，待延期或者接办", "a step is late; more time or another body is awaited"),
    "words": ("待{}答复所征求的意见", "the word of {}, which was asked for, is awaited"),
    "approvals": ("公示期已满，待审批", "the notice has ended; the approval is awaited"),
}
"""By action of a task of this service, the words for what is awaited."""


def why_not_yet(village: Village, policy: Policy) -> tuple[Reason, ...]:
    """Why a village is still on the poverty list, and on others; empty for one that is on none."""
    listed = _listed(village, policy) if village.stage not in ENDED else []
    if village.stage not in LISTED:
        return tuple(listed)
    reasons = [BY_STAGE[village.stage]] if village.stage in BY_STAGE else _commitments(village, policy)
    if village.obstacles:
        zh = f"上次生成方案时暂无符合条件的派出单位：{said('obstacle', village.obstacles, policy)}"
        en = f"the last matching found no eligible unit: {', '.join(village.obstacles)}"
        reasons.append(Reason("need_unmet", zh, en, "organisation"))
    for task in village.tasks(policy):
        step = village.exit.step if village.exit else None
        zh, en = BY_TASK[task.action]
        if task.action == "approvals" and step and step.kind != "decide":
            zh, en = f"出列已经批准，待办理“{step.label}”", f"the exit is approved; {step.name} is awaited"
        about = (label("by", task.role, policy), task.role) if task.action == "words" else (task.detail, task.detail)
        reasons.append(Reason(task.action, zh.format(about[0]), en.format(about[1]), task.role))
    reasons += [*_exit(village), *_measurement(village), *_unmet(village, policy), *listed]
    return tuple(reasons)


def _listed(village: Village, policy: Policy) -> list[Reason]:
    """The other lists that the village or its organisations are on, how each is left, and who decides that."""
    reasons = []
    for one in village.listings.values():
        kind = policy.list_kind(one.kind)
        who = f"组织{one.party}" if one.party else "本村"
        if kind is None:  # A later pack has the list no more; what is on it is still to be taken off.
            named = label("kind", one.kind, policy)
            zh = f"{who}自{chinese.day(one.since)}起列入的名单本地规定已不再列明（{named}），请予移出"
            en = f"{one.party or 'the village'} is on a list that the pack has no more, {one.kind}; take it off"
            reasons.append(Reason("unlistings", zh, en, "county"))
            continue
        procedure = policy.procedure(kind.leaves_by) if kind.leaves_by else None
        mover = procedure.steps[-1].by if procedure else kind.unlisted_by or kind.by
        way = f"经“{procedure.label}”验收移出" if procedure else f"由{label('by', mover, policy)}决定移出"
        mode = f"（{label('mode', one.mode, policy)}）" if one.mode else ""
        term = f"，至{chinese.day(one.until)}到期" if one.until else ""
        en = f"{one.party or 'the village'} is on the list {kind.kind.replace('_', ' ')} since {one.since}"
        en += f", as {one.mode.replace('_', ' ')}" if one.mode else ""
        reasons.append(
            Reason(kind.kind, f"{who}自{chinese.day(one.since)}起列入“{kind.label}”名单{mode}，{way}{term}", en, mover)
        )
    return reasons


def _commitments(village: Village, policy: Policy) -> list[Reason]:
    """The commitments that must be set before help begins, each with the role that owes it."""
    letter = policy.commitment(LETTER)
    if village.stage == "assigned" and letter:
        owed = [letter]
    elif village.stage in ("assigned", "pledged"):
        owed = [commitment for commitment in policy.commitments if commitment != letter]
    else:
        return []
    by_role: dict[str, list[Commitment]] = {}
    for commitment in owed:
        by_role.setdefault(commitment.role, []).append(commitment)
    return [
        Reason(
            "commitments",
            f"{'尚未签订' if letter in theirs else '尚未制定'}：{'、'.join(commitment.label for commitment in theirs)}",
            f"waiting for: {', '.join(commitment.kind.replace('_', ' ') for commitment in theirs)}",
            role,
        )
        for role, theirs in by_role.items()
    ]


def _exit(village: Village) -> list[Reason]:
    """What the exit procedure waits for that is no task of the registry: the verification, or the end of a notice."""
    exit = village.exit
    if exit is None:
        return []
    step = exit.step
    assert step is not None, "an exit that has ended is none"
    if step.kind == "verify":
        return [Reason("verifications", "待入户核查", "the sampled households are to be verified", step.by)]
    if exit.notice_until and not exit.notice_over:
        until = exit.notice_until
        return [
            Reason("notices", f"公示期至{chinese.day(until)}", f"on public notice until the end of {until}", step.by)
        ]
    return []


def _measurement(village: Village) -> list[Reason]:
    """Why the village must wait for the next measurement: there was none yet, or the verification of one failed."""
    opens: date | None = village.timers.get("measure")
    if village.stage != "helped" or village.owed or opens is None:
        return []
    if not village.measured:
        return [
            Reason("measurements", f"指标自{chinese.day(opens)}起测算", f"the measurement opens on {opens}", "township")
        ]
    if village.measured == village.spent:
        return [
            Reason(
                "verifications",
                f"{village.spent}年度出列核查未通过，应当自{chinese.day(opens)}起重新测算",
                f"the verification for {village.spent} failed; the next measurement opens on {opens}",
                "team",
            )
        ]
    return []


def _unmet(village: Village, policy: Policy) -> list[Reason]:
    """The criteria that are not met, each with the measured and the required value: 贫困发生率4.84%，应低于2%."""
    reasons = []
    for unmet in village.unmet:
        asked = RELATIONS.get(unmet.relation)  # Events of earlier versions had no `relation`.
        found, bound = (figure(unmet.indicator, value, policy) for value in (unmet.value, unmet.bound))
        zh = f"应{asked.zh}" if asked else "标准为"
        measured = "not measured" if unmet.value is None else f"{unmet.value:g}"
        reasons.append(
            Reason(
                unmet.indicator,
                f"{label('indicator', unmet.indicator, policy)}{found}，{zh}{bound}",
                f"{unmet.indicator.replace('_', ' ')} is not met: {measured}, required"
                f"{f' {asked.en}' if asked else ''} {unmet.bound:g}",
                unmet.mover,
            )
        )
    return reasons
