"""Procedures step by step: the way off the list, what a village decides, and rounds over its households.

All are written as lists of steps, and the registry runs them all in the same way. They differ in their effect: for
example, a village is delisted, money is released, a villager's question is answered, an organisation is put in order,
or households are lifted out of poverty.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final, Literal, NamedTuple, get_args

from msgspec import UNSET, Meta, UnsetType

from shared.calendar import Span
from shared.contracts.registry import BackTo, StepKind
from shared.contracts.values import Clause, Code, Name, Role
from shared.policy.bound import Bound
from shared.policy.exit import INCIDENCE
from shared.policy.indicators import Indicator
from shared.policy.section import Found, Labels, Path, Section, Some

Kind = Literal[StepKind, "act", "ask"]
"""The kinds of steps that a pack may have. Events of version 1 can name all of them but `act` and `ask`."""
Effect = Literal["decide", "delist", "lift", "monitor", "clear", "release_fund", "answer", "rectify", "decap"]
"""What a procedure leads to."""
_JUDGED: Final[tuple[Role, ...]] = ("unit", "team", "villager", "village", "operator")
"""Roles that take no step of an exit: it judges their work. The operator decides nothing at all."""
_OUTSIDE: Final[tuple[Role, ...]] = ("inspection", "discipline", "operator")
"""Roles that take no step in what a village decides."""
ROUNDS: Final = ("lift", "monitor", "clear")
"""Effects on some of a village's households, each of which is judged by itself."""
_PROPOSED: Final = ("decap", "monitor", "clear")
"""Effects for which one body asks and on which another one decides."""
_BARRED: Final = {"delist": _JUDGED, "decap": _JUDGED}
"""By effect, the roles that take no step."""
STAY: Final = ("villager", "village", "team", "unit", "inspection")
"""Roles whose steps nobody takes over. A village decides itself (Organic Law of Villagers' Committees 5), and an
inspection is independent of those whom it looks at."""
_LEVELS: Final = ("township", "county", "city", "province", "state")
"""Roles of which each is above the one before."""
_RATES: Final = ("wrong_exit", "omission", "approval")
"""The rates by which the sample of a de-capping is judged."""


class StepReply(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """被核查方的说明：对核查结果认可或者提出异议，之后才作出结论。 ·
    The assessed side's reply to what a sample found. Nothing is concluded before it, or before its time is over."""

    by: Role
    """由谁说明：被核查的乡镇或者县。 · Who replies: the township or county that is assessed."""
    within: Span
    """说明期限：自录入核查结果之日起。 · The time for the reply, from the day on which the findings were recorded."""
    decide_within: Span
    """对异议作出认定的期限：自提出异议之日起。 · The time for the decision on what is disputed, from the reply on."""


class Step(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """程序的一个环节：由谁办理、多长时间内办结、异议成立、未通过或者逾期后怎么办。 ·
    One step of a procedure: who takes it, by when, and where an objection, a refusal or a time-out leads."""

    name: Code
    """环节代码。 · Its code."""
    label: Name
    """环节名称。 · Its name."""
    kind: Kind
    """种类：核查 verify、公示 notice、决策或审批 decide、农户确认 accept、办理 act、公开 publish、征求意见 ask。 ·
    What kind of step it is: a verification of sampled households, a public notice, a decision, each household's
    acceptance, something done without a vote, such as an answer, a publication, or the word of a body that is asked
    before others decide, such as the province's."""
    by: Role
    """由谁办理。 · Who takes it."""
    within: Span
    """办理时限：自轮到该环节之日起。 · The time for it, from the day on which it is its turn."""
    rule: Clause | None = None
    """到会人数和表决要求的依据，与程序依据不同时填写。 ·
    The law and article of its quorum and majority, where it is not the procedure's own rule."""
    quorum: Bound | None = None
    """法定人数：present（到会人数占应到人数的比例）；不计人数的不填。 ·
    Of those entitled, how many must be present (`present`); None where nobody is counted."""
    majority: Bound | None = None
    """通过条件：agreed（赞成占到会）或 agreed_of_entitled（赞成占应到）；集体议定的不填。 ·
    How many of those present (`agreed`) or entitled (`agreed_of_entitled`) must agree; None where a body decides as
    one."""
    notice_for: Span | None = None
    """公示期；公示必填。 · How long a notice stands; every notice needs it."""
    answer: Span | None = None
    """作出异议处理决定的期限：自收到异议之日起；公示必填。 · The time for the answer to an objection; every notice
    needs it."""
    on_objection: Code | None = None
    """异议成立时退回的环节；公示必填，逐户办理的程序可以不填。 ·
    The step to which an upheld objection leads back; every notice needs it, unless the procedure has members."""
    on_refusal: Code | None = None
    """未通过时退回的环节；不填则程序终止，征求意见必填。 ·
    The step to which a refusal leads back; without it the procedure ends. Every step that asks needs it."""
    codes: Labels | None = None
    """查明的问题：代码和名称；只用于整顿的第一个环节。 ·
    What the step may find, such as chaotic management: code and name. For the first step of a rectification."""
    on_timeout: Code | None = None
    """逾期后转入的环节；不填则只通报逾期，继续等待。征求意见填下一环节的，逾期未答复视为同意。 ·
    The step to which a time-out leads; without it the delay is told, and the step goes on being awaited. Where a step
    that asks leads to the next one, silence counts as acceptance."""
    postponements: Annotated[int, Meta(ge=0, le=5)] | None = None
    """被征求意见的机构最多推迟答复几次，每次不超过本环节的办理时限；只用于征求意见，不填则不能推迟。 ·
    How often the body that is asked may answer later, each time no more than the step has; for steps that ask, and
    never where it is left out."""
    reply: StepReply | None = None
    """被核查方的说明；用于乡镇、县摘帽的核查，不听取的不填。 ·
    The assessed side's reply, where a township or county is verified; None where the rates decide at once."""
    overdue_to: Role | None = None
    """逾期向哪一级通报，由其延期或者接办，如乡镇逾期向县通报；不填则不另行通报。 ·
    Who is told that the step is overdue, such as the county where the township is, and gives it more time or takes it
    itself; nobody in particular without it."""
    four_eyes: bool | UnsetType = UNSET
    """是否须由另一人办理：填 true 的，已提出申请或者办理过其他环节的人员不得办理；不填则不作要求。 ·
    Whether it is another person's: nobody takes it who asked for the procedure or took another of its steps; not asked
    where it is left out."""
    extensions: Annotated[int, Meta(ge=0, le=5)] | None = None
    """逾期后最多延期几次，每次不超过本环节的办理时限；不填则不能延期。 ·
    How often a late step may get more time, each time no more than the step has; None if it gets none."""


class Judged(Bound, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """摘帽的一项标准。 · One bound by which a de-capping is judged."""

    named_by = ("figure",)


class Procedure(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """程序：出列、村民主决策（如四议两公开）、资金审批、点题公开、组织整顿、逐户办理的认定和脱贫、乡镇和县的摘帽。 ·
    A procedure, step by step: the exit, what a village decides (3.12), the use of funds (2.18), the answer to a
    question (4.7), the rectification of an organisation (0.6), a round over its households, or the de-capping of a
    township or county (1.18)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据。 · Where it comes from."""
    effect: Effect
    """结果：决议 decide、出列 delist、农户脱贫 lift、纳入监测 monitor、风险消除 clear、资金拨付 release_fund、
    答复 answer、整顿 rectify、乡镇或县摘帽 decap。 ·
    What it leads to: a resolution, the village's removal from the list, households lifted out of poverty, watched so
    that they do not fall into it, or watched no more, money that is released, an answer, an organisation that was put
    in order and leaves its list, or a township or county that is no poor one any more."""
    subject: Literal["village", "township", "county"] = "village"
    """针对哪一级：村 village、乡镇 township、县 county。 · Whose procedure it is."""
    proposed_by: Role | None = None
    """由谁申请；摘帽、纳入监测和风险消除必填。 ·
    Who asks for it; needed for a de-capping, and for rounds that monitor households or clear them."""
    judged: Annotated[tuple[Judged, ...], Meta(max_length=4)] = ()
    """摘帽标准：incidence（贫困发生率）由系统汇总；wrong_exit、omission、approval 由抽查得出，有核查环节的三项必填。 ·
    What a de-capping is judged by. Incidence is added up from the villages; the other three come from a sample, and are
    all needed where there is one."""
    members: Literal["household"] | None = None
    """办理方式：逐户办理的填 household。 ·
    For whom it is taken: `household` where it is about some of the village's households, each by itself."""
    subjects: Labels | None = None
    """事项内容：代码和名称，如资金用途；不填则不限。 ·
    What a matter may be about, such as what money is for: code and name. Without it, any code may be given."""
    origins: Labels | None = None
    """资金来源：代码和名称；资金拨付必填。 ·
    Where money may come from: code and name. Needed where money is released."""
    steps: Some[Step]
    """各环节，按顺序。 · The steps in their order."""


_FITS: Final[Mapping[str, tuple[Kind, ...]]] = {
    "rule": ("decide",), "quorum": ("decide",), "majority": ("decide",), "on_refusal": ("decide", "ask"),
    "notice_for": ("notice",), "answer": ("notice",), "on_objection": ("notice",),
    "on_timeout": ("notice", "decide", "accept", "publish", "ask"), "codes": ("act",),
    "four_eyes": ("notice", "decide", "act", "publish", "ask"), "reply": ("verify",), "postponements": ("ask",),
    **dict.fromkeys(("overdue_to", "extensions"), ("verify", "notice", "decide", "accept", "act", "publish")),
}  # fmt: skip
"""For each field, the kinds of steps that may have it. A verification has no time-out: it is awaited. A body that is
asked (`ask`) answers for itself: nobody above it gives it more time, or answers in its place."""
_NEEDS: Final[Mapping[Kind, tuple[str, ...]]] = {"notice": ("notice_for", "answer"), "ask": ("on_refusal",)}
_WORDS: Final = {
    "verify": "核查",
    "notice": "公示",
    "decide": "决策",
    "accept": "农户确认",
    "act": "办理",
    "publish": "公开",
    "ask": "征求意见",
}


def contradictions(procedures: Sequence[Procedure], indicators: Sequence[Indicator]) -> Found:
    """Find procedures that lead nowhere, and steps that could not work."""
    totalled = any(one.figure == INCIDENCE and one.total == "ratio" for one in indicators)
    for n, one in enumerate(procedures):
        if one.effect == "decap" and not totalled:
            zh = f'{one.kind}：indicators 中应有 figure = "{INCIDENCE}"、total = "ratio" 的一项，才能汇总贫困发生率'
            en = f'{one.kind}: [[indicators]] needs figure = "{INCIDENCE}" with total = "ratio", which it is judged by'
            yield ("procedures", n, "effect"), zh, en, ""
    exits = [n for n, one in enumerate(procedures) if one.effect == "delist"]
    if not exits:
        zh, en = '没有出列程序，应有一个 effect = "delist"', 'there is no exit: one needs effect = "delist"'
        yield ("procedures",), zh, en
    for n in exits[1:]:
        zh, en = "出列程序只能有一个", "there is one way off the list, and no other"
        yield ("procedures", n, "effect"), zh, en, 'effect = "decide"'
    for n, procedure in enumerate(procedures):
        yield from _shape(("procedures", n), procedure)
        for m, step in enumerate(procedure.steps):
            path = ("procedures", n, "steps", m)
            yield from _fields(path, procedure, step)
            yield from _targets(path, procedure, m)
            if step.kind == "ask":
                yield from _asking(path, procedure, m)
            barred = _BARRED.get(procedure.effect, _OUTSIDE)
            superiors = tuple(dict.fromkeys((*barred, *_JUDGED)))
            for field, role, never in (("by", step.by, barred), ("overdue_to", step.overdue_to, superiors)):
                if role in never:
                    zh = f"{role} 不能办理此事；不可填：{'、'.join(never)}"
                    others = ", ".join(other for other in never if other != role)
                    fits = next(body for body in ("county", "village") if body not in never)
                    yield (*path, field), zh, f"{role} cannot do this; nor can {others}", f'{field} = "{fits}"'


def _shape(path: Path, procedure: Procedure) -> Found:
    """Check that a procedure has the fields and steps that its effect needs, and the steps in the right order."""
    members, name, effect = procedure.members is not None, procedure.kind, procedure.effect
    if members != (effect in ROUNDS):
        zh = f'{name}：members 与 effect = "lift"、"monitor" 或者 "clear" 应同时填写'
        en = f'{name}: members go together with effect = "lift", "monitor" or "clear"'
        yield (*path, "members" if members else "effect"), zh, en, "" if members else 'effect = "decide"'
    for field, fits, needs in (
        ("subjects", effect not in ("delist", *_PROPOSED), effect == "release_fund"),
        ("origins", effect == "release_fund", effect == "release_fund"),
        ("proposed_by", effect in _PROPOSED, effect in _PROPOSED),
        ("judged", effect == "decap", False),
    ):
        given = bool(getattr(procedure, field))
        if (given and not fits) or (needs and not given):
            zh = f'{name}：effect = "{effect}" 的程序{"应填" if needs else "不填"} {field}'
            en = f'{name}: {field} is {"needed" if needs else "not for"} a procedure with effect = "{effect}"'
            yield (*path, field), zh, en, ""
    if (procedure.subject == "village") == (effect == "decap"):
        zh = f'{name}：effect = "decap" 只用于乡镇（township）和县（county），其他程序只用于村（village）'
        en = f'{name}: effect = "decap" is for a township or county, any other for a village'
        yield (*path, "subject"), zh, en, 'subject = "county"' if effect == "decap" else 'subject = "village"'
    if effect == "decap":
        yield from _judged(path, procedure)
    last = next((step for step in reversed(procedure.steps) if step.kind == "decide"), None)
    if procedure.proposed_by and last and last.by == procedure.proposed_by:
        zh, en = f"{name}：申请机构不能自己审批", f"{name}: who asks for it does not approve it"
        yield (*path, "proposed_by"), zh, en, ""
    order = ORDERS[effect]
    if not order.holds(procedure.steps):
        yield (*path, "steps"), f"{name} {order.zh}", f"{name} {order.en}"


def _judged(path: Path, procedure: Procedure) -> Found:
    """Check that a de-capping is judged by incidence and, only if it takes a sample, by all of the sample's rates."""
    figures, name = [one.figure for one in procedure.judged], procedure.kind
    sampled = "verify" in _kinds(procedure.steps)
    for figure in ("incidence", *_RATES):
        if (figure in figures) != (figure == "incidence" or sampled) or figures.count(figure) > 1:
            zh = (
                f"{name}：judged 应有 incidence 一项；有核查环节（verify）的另有 {'、'.join(_RATES)} 各一项，没有的不填"
            )
            en = f"{name}: it is judged by incidence, and where a step verifies, by {', '.join(_RATES)}, each once"
            yield (*path, "judged"), zh, en, ""
            break


class Order(NamedTuple):
    """The steps that an effect needs and their order: whether a list of steps keeps to it, and the rule in words."""

    holds: Callable[[Sequence[Step]], bool]
    zh: str
    en: str


def _kinds(steps: Sequence[Step]) -> list[Kind]:
    return [step.kind for step in steps]


def _last(kinds: Sequence[Kind], kind: Kind) -> int:
    """The index of the last step of a kind; -1 if there is none."""
    return max((n for n, one in enumerate(kinds) if one == kind), default=-1)


def _delists(steps: Sequence[Step]) -> bool:
    kinds = _kinds(steps)
    decided = _last(kinds, "decide")
    begins = kinds[:2] == ["verify", "notice"] and kinds.count("verify") == 1
    return begins and decided > 1 and "notice" not in kinds[decided:]


def _lifts(steps: Sequence[Step]) -> bool:
    kinds = _kinds(steps)
    if "accept" not in kinds or "notice" not in kinds:
        return False
    return kinds.index("accept") < kinds.index("notice") < _last(kinds, "decide")


def _watches(steps: Sequence[Step]) -> bool:
    """Whether households are on notice before a body decides last, after which something may be published or filed."""
    kinds = _kinds(steps)
    decided = _last(kinds, "decide")
    return "notice" in kinds[: max(decided, 0)] and not {"notice", "accept"} & {*kinds[decided:]}


_WATCHES_ZH: Final = "应先公示（notice），最后由有权机构认定（decide），其后只可公告（publish）和录入系统（act）"
_WATCHES_EN: Final = "needs a notice before a body decides; only a publication and a filing (act) may follow"


def _releases(steps: Sequence[Step]) -> bool:
    """Whether the village and another body decide, and only then something is published (2.18)."""
    kinds, deciding = _kinds(steps), {step.by for step in steps if step.kind == "decide"}
    both = "village" in deciding and len(deciding) > 1
    return both and "publish" in kinds and kinds.index("publish") > _last(kinds, "decide")


def _decaps(steps: Sequence[Step]) -> bool:
    """Whether a body decides last, after at most one sample, and only publications and filings follow."""
    kinds = _kinds(steps)
    decided = _last(kinds, "decide")
    return decided >= 0 and kinds.count("verify") < 2 and not {"verify", "notice"} & {*kinds[decided:]}


def _rectifies(steps: Sequence[Step]) -> bool:
    """Whether what is wrong is found first, then a plan is decided and carried out, and acceptance is the end (0.6)."""
    kinds = _kinds(steps)
    begins, ends = kinds[:3] == ["act", "decide", "act"], kinds[-1:] == ["decide"]
    planned = begins and len(kinds) > 3 and steps[-1].on_refusal == steps[1].name
    judged = bool(steps) and steps[-1].by in _JUDGED
    return (
        planned and ends and not judged and [bool(step.codes) for step in steps] == [True, *[False] * (len(steps) - 1)]
    )


def _answers(steps: Sequence[Step]) -> bool:
    kinds = _kinds(steps)
    return kinds.count("act") == 1 and _last(kinds, "publish") > kinds.index("act")


ORDERS: Final[Mapping[Effect, Order]] = {
    "delist": Order(_delists,
                    "应以唯一的 verify 和一个 notice 开始，以 decide 结束，其后只可公告备案；申请之前的表决、审核"
                    "另写一个程序（decide）",
                    "must begin with its only verify step and a notice, and end with a decide step, which only "
                    "a publication (publish) and a filing (act) may follow; votes and reviews before the request are "
                    "a procedure of their own (decide)"),
    "decide": Order(lambda steps: "decide" in _kinds(steps), "应有决策环节（decide）", "needs a step that decides"),
    "lift": Order(_lifts, "应先由农户确认（accept），再公示（notice），最后审批（decide）",
                   "lifts households: households accept, then follows a notice, and then a body decides"),
    "monitor": Order(_watches, _WATCHES_ZH, _WATCHES_EN),
    "clear": Order(_watches, _WATCHES_ZH, _WATCHES_EN),
    "release_fund": Order(_releases, "应由村（village）决策（decide）并由上级把关（decide），其后才能公开（publish）",
                           "releases money: the village decides, and so does a body above it; "
                           "only then something is published"),
    "answer": Order(_answers, "应有且只有一个答复环节（act），其后公开（publish）",
                     "answers: it has one act step, the answer, and a publish step after it"),
    "rectify": Order(_rectifies,
                      "应依次为查明问题（act，填 codes）、定计划（decide）、落实（act），最后验收（decide，未通过的退回"
                      "定计划；不由村、工作队、派出单位验收），codes 只用于第一个环节",
                      "must begin with a finding (act, with codes), a plan (decide) and its carrying out (act), and "
                      "end with an acceptance (decide) by others than village, team and unit, whose refusal leads "
                      "back to the plan; only the first has codes"),
    "decap": Order(_decaps, "应由一个机构审批（decide），此前至多核查一次，其后只可公告备案",
                    "is decided by a body: it is verified once at most before, and only a publication (publish) and a "
                    "filing (act) may follow"),
}  # fmt: skip
"""For each effect, the steps that it needs."""


def _fields(path: Path, procedure: Procedure, step: Step) -> Found:
    """Find fields that this kind of step must not have, and those that it lacks."""
    kind, zh_kind = step.kind, _WORDS[step.kind]
    if (kind == "verify" and procedure.effect not in ("delist", "decap")) or (
        kind == "accept" and procedure.members is None
    ):
        zh = f"{procedure.kind} 的 {step.name}：{zh_kind}（{kind}）不能用于这一程序"
        en = "only the way off the list is verified" if kind == "verify" else "there are no members who could accept"
        yield (*path, "kind"), zh, f"{procedure.kind}: {step.name} cannot be, since {en}"
    for field, kinds in _FITS.items():
        if kind not in kinds and getattr(step, field) not in (None, UNSET):
            zh = f"{procedure.kind} 的 {step.name} 是{zh_kind}，不填 {field}"
            counted = "nobody votes in it, " if field in ("quorum", "majority") else ""
            is_a = f"is a{'n' * kind.startswith('a')} {kind} step"
            yield (*path, field), zh, f"{procedure.kind}: {step.name} {is_a}: {counted}leave {field} out", ""
    if step.reply and procedure.effect != "decap":
        zh = f"{procedure.kind} 的 {step.name}：reply 只用于乡镇、县摘帽（decap）的核查"
        yield (*path, "reply"), zh, f"{procedure.kind}: a reply is for the verification of a de-capping", ""
    elif step.reply and step.reply.by != procedure.subject:
        zh = f"{procedure.kind} 的 {step.name}：由被核查的一方说明，请填 {procedure.subject}"
        en = f"{procedure.kind}: the side that is verified replies, which is the {procedure.subject}"
        yield (*path, "reply", "by"), zh, en, f'by = "{procedure.subject}"'
    if step.extensions and (step.overdue_to is None or step.on_timeout):
        zh = f"{procedure.kind} 的 {step.name}：extensions 应与 overdue_to 同时填写，且不与 on_timeout 同时填写"
        en = f"{procedure.kind}: {step.name} has extensions, so that it needs overdue_to, and no on_timeout"
        yield (*path, "extensions"), zh, en, ""
    if step.codes is not None and procedure.effect != "rectify":
        zh = f"{procedure.kind} 的 {step.name}：codes 只用于整顿（rectify）"
        yield (*path, "codes"), zh, f"{procedure.kind}: codes are for a rectification; leave them out", ""
    if step.overdue_to in _LEVELS and step.by in _LEVELS[_LEVELS.index(step.overdue_to) + 1 :]:
        zh = f"{procedure.kind} 的 {step.name}：逾期应向上级通报，{step.overdue_to} 在 {step.by} 之下"
        en = f"{procedure.kind}: that {step.name} is overdue is told upward, and {step.overdue_to} is below {step.by}"
        yield (*path, "overdue_to"), zh, en, ""
    if step.overdue_to == step.by:
        zh = f"{procedure.kind} 的 {step.name}：逾期应向上级通报，不能通报给办理机构自己"
        en = f"{procedure.kind}: that {step.name} is overdue is told to somebody else than who takes it"
        yield (*path, "overdue_to"), zh, en, ""
    needed = [*_NEEDS.get(kind, ())]
    if kind == "notice" and procedure.members is None:
        needed.append("on_objection")
    if kind == "decide" and procedure.effect == "delist":
        needed.append("on_refusal")
    for field in needed:
        if getattr(step, field) is None:
            zh, en = f"{zh_kind} {step.name} 应填 {field}", f"the {kind} step {step.name} needs {field}"
            yield (*path, field), zh, en


def _asking(path: Path, procedure: Procedure, at: int) -> Found:
    """Check that a body is asked after the first step and before a decision, and is not the body that decides next."""
    step, name = procedure.steps[at], procedure.kind
    deciding = next((one for one in procedure.steps[at + 1 :] if one.kind == "decide"), None)
    if at == 0 or deciding is None:
        zh = f"{name} 的 {step.name}：征求意见（ask）不能是第一个环节，其后应有决策或者审批（decide）"
        en = f"{name}: {step.name} asks for a word, so it is not the first step, and one that decides follows"
        yield (*path, "kind"), zh, en, ""
    elif deciding.by == step.by:
        zh = f"{name} 的 {step.name}：其后的 {deciding.name} 也由 {step.by} 决定，不必另行征求其意见"
        en = f"{name}: {step.name} asks {step.by}, which decides itself in {deciding.name}; leave the asking out"
        yield (*path, "by"), zh, en, ""


def _targets(path: Path, procedure: Procedure, at: int) -> Found:
    """Check where a step leads: only back to an earlier verification, notice or decision.

    There is one exception. If a household does not accept in time, a publication is late, or the body that was asked
    says nothing, going on harms nobody, so the time-out of these steps may lead to the next one.
    """
    steps, step = [step.name for step in procedure.steps], procedure.steps[at]
    before = [one.name for one in procedure.steps[:at] if one.kind in get_args(BackTo)]
    after = [one.name for one in procedure.steps[at + 1 : at + 2] if one.kind in get_args(StepKind)]
    for field in ("on_objection", "on_refusal", "on_timeout"):
        target = getattr(step, field)
        onward = after if field == "on_timeout" and step.kind in ("accept", "publish", "ask") else []
        allowed = [*before, *onward]
        if target is None or target in allowed:
            continue
        if target not in steps:
            zh = f"{step.name} 转入的 {target} 不是环节，可填：{'、'.join(allowed) or '（无）'}"
            yield (
                (*path, field),
                zh,
                f"{step.name} leads to {target}, which is no step; those are {', '.join(allowed)}",
                "",
            )
        else:
            zh = f"{step.name} 只能退回此前的环节，可填：{'、'.join(allowed) or '（无）'}"
            en = f"{step.name} leads back to an earlier step only: {', '.join(allowed) or 'there is none'}"
            yield (*path, field), zh, en, ""
