"""Words for codes: the region's own word from its pack first, else the one used in the whole country.

Rules, states and events carry codes (`deputy_division`, `ledger`, `3.4`), which no officer reads. Whatever shows a code
to a person takes the words from here: `said` for the value of a field, `sentence` for a whole event, `awaited` for what
a task is about, `basis` for the document that a rule is based on.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec

from shared import chinese, english
from shared.contracts import Event
from shared.contracts.sentences import SENTENCES
from shared.contracts.values import ROLES
from shared.contracts.words import WORDS
from shared.divisions import LABELS
from shared.laws import IN_ENGLISH, LAWS
from shared.policy import Policy
from shared.policy.assessment import CHANNELS
from shared.policy.indicators import HOUSEHOLD_FIGURES, SHARE

Both = tuple[str, str]
"""Chinese and English."""
_OBSTACLES: Final = {
    "leader_rank": "无符合职务层次要求的队长人选", "team_size": "符合条件的干部不足", "recusal": "干部须回避",
    "matched_elsewhere": "已建议派往其他村", "serving": "已派驻或已确定派往其他村", "county": "只能派往本县的村",
    "department": "单位类别与该村类别不对口", "designated": "已由上级指定派往其他村", "party_member": "不是中共党员",
    "unrecorded": "须为党员而未登记是否中共党员",
    "work_years": "工作年限不足", "rank": "职务层次不符合要求", "leader": "无符合条件的队长人选",
    "unit": "不再是派出单位的干部", "undisclosed": "具体情形不公开",
}  # fmt: skip
_STEPS: Final = {"set": "定账", "reconcile": "对账", "settle": "销账"}

NATIONAL: Final[Mapping[str, Mapping[str, str]]] = {
    "level": {"province": "省直", "city": "市直", "county": "县（区）直"},
    "rank": {
        "staff": "科员", "deputy_section": "副科级", "section": "正科级", "deputy_division": "副处级",
        "division": "正处级", "deputy_department": "副厅级", "department": "正厅级",
    },
    "indicator": {figure: zh for figure, (zh, _) in HOUSEHOLD_FIGURES.items()},
    "role": {"leader": "队长", "member": "队员"},
    "by": {role: zh for role, (zh, _) in ROLES.items()},
    "subject_kind": {
        "unit": "单位", "team": "工作队", "cadre": "干部", "village": "村", "township": "乡镇", "organisation": "组织",
        "village_cadre": "村干部",
    },
    "effect": {"record": "记录", "recall": "召回", "extend": "延长帮扶期限", "adjust": "组织调整"},
    "on_team": {"extend": "延长帮扶期限", "adjust": "组织调整"},
    "cause_of_leave": {
        "transferred": "工作调动", "ill": "病休", "retired": "退休", "resigned": "辞职", "deceased": "去世",
        "disqualified": "不再符合条件", "other": "其他",
    },
    "hindrance": {"merged": "已并入他村"},
    "kind": {"poverty": "贫困村名单"},
    "ground": {
        "changed": "另行确定", "kin": "须回避", "mistaken": "误录", "left": "干部离开单位",
        "unregistered": "不再是建档立卡户", "moved": "随户转入他村",
        "merged": "村合并", "unlisted": "撤销列入贫困村", "withdrawn": "撤销村登记", "undiagnosed": "撤销会诊",
        "rectified": "整顿验收通过", "expired": "到期",
        "decided": "决定解除", "delisted": "村出列", "list_ended": "移出名单", "agreed": "协商解除",
        "insolvent": "经营困难", "other": "其他", "dissolved": "组织已撤销",
        "duplicate": "组织重复登记已合并", "term": "任期届满", "disqualified": "联系人不再符合条件",
    },
    "source": {"self": "自主申报", "visit": "干部排查", "department": "部门筛查预警"},
    "what": {"hash": "随机码校验值", "share": "随机码"},
    "form": {"written": "书面述职", "oral": "口头述职"},
    "step": {
        "verify": "核查", "notice": "公示", "decide": "审批", "accept": "农户确认", "publish": "公开", **_STEPS,
    },
    "channel": CHANNELS,
    "obstacle": _OBSTACLES,
    "unrecorded": {"party_member": "是否中共党员", "reserve": "是否后备干部"},
    "reason_code": {
        "designated": "上级指定", "class_suits": "单位类别对口", "same_county": "本县单位",
        "reserve_cadres": "队员中有后备干部", "reserve_unrecorded": "有队员未登记是否后备干部，此项未加分",
        "kept_team": "原工作队继续帮扶", "taken_over": "接续登记在村工作队",
        "chosen": "另行选定",
    },
    "cap": {"absences": "查有不在岗", "open_items": "有未销号事项", "approval": "民主测评满意率较低"},
    "period": {"term": "本届任期"},
    "because": {
        "changed": "另行确定", "kin": "须回避", "mistaken": "误录", "agreed": "协商解除", "insolvent": "经营困难",
        "other": "其他",
    },
    "deadline": {
        "notice_until": "公示期", "defence_until": "陈述申辩期", "appeal_until": "申请复核、申诉的期限",
        "direct_until": "直接提出申诉的期限", "answer_until": "作出复核、申诉决定的期限", "expires": "影响期",
        "due": "整改期限", "until": "核查期限",
        "move_by": "提请决定的期限", "reply_by": "对发现问题作出说明的期限", "decide_by": "认定异议的期限",
        "take_by": "办理期限", "answer_by": "异议处理期限", "assign_by": "派驻期限", "grade_by": "评定等次的期限",
        "begin_by": "确定联系人的期限", "enter_by": "列入名单的期限",
        "pair_by": "确定帮扶责任人的期限", "set_by": "定账期限",
        "reconcile": "对账期限", "vacancies": "补派期限", "train_by": "培训期限",
        "count_by": "确认驻村天数的期限", "compare_by": "对照承诺的期限",
        "tell_by": "确认到村次数的期限",
        "nominate_by": "推荐人选的期限", "review_by": "审核人选的期限",
        "release_by": "确认全脱产的期限", "assess_by": "期满考核的期限",
    },
    "every": {"month": "一个月", "quarter": "一个季度", "half_year": "半年", "year": "一年"},
    "disputed_rates": {"wrong_exit": "错退率", "omission": "漏评率", "approval": "群众认可度"},
    "word": {"accepted": "同意", "rejected": "不同意", "later": "推迟答复"},
    "award": {"province": "省级", "city": "市级", "county": "县级", "township": "乡镇级"},
    "standing": {
        "civil_servant": "公务员（含参照管理人员）", "institution": "事业单位工作人员", "enterprise": "国有企业人员",
        "village_cadre": "村干部",
    },
    "distinctions": {
        "inexperience": "缺乏经验、先行先试中的失误", "exploration": "尚无明确限制的探索性试验",
        "unintended": "为推动发展的无意过失",
    },
    "status": {
        "found": "待提请", "unmoved": "不予提请", "proposed": "待陈述申辩", "decidable": "待决定",
        "dropped": "不予采纳", "tolerated": "容错免责",
        "imposed": "已作出决定", "overturned": "已改变原决定", "expired": "影响期满", "withdrawn": "已撤销",
    },
}  # fmt: skip
"""The Chinese words of the whole country, by field and code: `NATIONAL["level"]["city"]` is 市直."""

_NAMED_AS: Final = {
    "mover": "by", "owed_by": "by", "told_to": "by", "asked": "by", "taken_by": "by", "body": "by", "decides": "by",
    "answers": "by", "proposes": "by", "audiences": "by",
    "holder": "by", "link": "kind", "skills": "skill", "lacking": "skill", "sources": "fund", "heads": "group",
    "shared_by": "kind", "pledged": "pledge", "delivered": "pledge", "outstanding": "pledge",
    "followed": "check", "unfollowed": "check", "vacant": "check",
    "back_to": "step", "leads_to": "step", "silence": "step", "caps": "cap",
    "inputs": "channel", "obstacles": "obstacle", "rule": "obstacle", "reasons": "reason_code", "counts": "survey_kind",
    "values": "indicator", "figure": "indicator", "estimated": "indicator",
    "watched": "watch_class", "watched_persons": "watch_class",
    "findings": "finding", "facets": "facet", "uncovered": "facet", "codes": "found", "triggers": "trigger",
    "before": "grade", "disputed": "finding", "confirmed": "finding", "refuted": "finding",
    "failings": "failing", "feeds": "feed", "scores": "channel", "lists": "kind", "strata": "kind",
}  # fmt: skip
"""Fields that share the words of another field."""
_SHARES: Final = {"incidence", "share", "wrong_exit_rate", "omission_rate", "approval_rate"}


def label(name: str, code: str, policy: Policy | None = None) -> str:
    """The Chinese word for a code of a field. A code without a word is quoted: 代码“x”."""
    name = _NAMED_AS.get(name, name)
    labels: Mapping[str, Mapping[str, str]] = policy.labels if policy else {}
    own = labels.get(name, {}).get(code) or (labels.get("survey_kind", {}).get(code) if name == "kind" else None)
    return own or NATIONAL.get(name, {}).get(code) or f"代码“{code}”"


def said(field: str, value: Any, policy: Policy | None = None) -> str:
    """The value of a field, in Chinese."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return chinese.day(value)
    if isinstance(value, float):
        return chinese.percent(value) if field in _SHARES else f"{value:g}"
    if isinstance(value, Mapping):
        return "、".join(_pair(field, key, part, policy) for key, part in value.items())
    if isinstance(value, (tuple, list)):
        return "、".join(said(field, part, policy) for part in value)
    if isinstance(value, msgspec.Struct):
        return _PARTS[type(value).__name__](value, policy)
    text = str(value)
    if field in _WRITTEN:
        return _WRITTEN[field](text, policy)
    return label(field, text, policy) if _NAMED_AS.get(field, field) in _codes() else chinese.written(text)


def in_words(field: str, value: Any, policy: Policy | None = None) -> Both:
    """The value of a field, in Chinese and English."""
    return said(field, value, policy), in_english(field, value, policy)


def in_english(field: str, value: Any, policy: Policy | None = None) -> str:
    """The value of a field, in English. Packs have Chinese words only, so a region's code is spelt out as English."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return english.day(value)
    if isinstance(value, float):
        return chinese.percent(value) if field in _SHARES else f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(
            f"{english.in_words(key)} {figure(key, part, policy, 'not measured') if field == 'values' else _part(part)}"
            for key, part in value.items()
        )
    if isinstance(value, (tuple, list)):
        return ", ".join(in_english(field, part, policy) for part in value)
    if type(value).__name__ in _PARTS_IN_ENGLISH:
        return _PARTS_IN_ENGLISH[type(value).__name__](value, policy)
    if isinstance(value, msgspec.Struct):
        parts = msgspec.structs.asdict(value).items()
        return " ".join(in_english(name, part, policy) for name, part in parts if part and name not in _NUMBERS)
    text, named = str(value), _NAMED_AS.get(field, field)
    if named == "by" and text in ROLES:
        return ROLES[text][1]
    if field in _WRITTEN_IN_ENGLISH:
        return _WRITTEN_IN_ENGLISH[field](text, policy)
    return english.in_words(text) if field in _WRITTEN or named in _codes() else english.written(text)


_NUMBERS: Final = ("number", "problem", "goal", "duty", "sources", "yuan", "parts")
"""Fields of an item, a problem or a sum that people need not be told: numbers that mean nothing outside their list, or
that say less than other fields."""


def _part(value: Any) -> str:
    return english.in_words(value) if isinstance(value, str) else in_english("", value)


def sentence(event: Event, policy: Policy | None, names: Mapping[str, str]) -> Both:
    """What an event says, as in “{unit}的工作队开始帮扶”, in Chinese and English. `names` has units' names by id, and
    parties' by their `party_key`.

    An event that is not about a village has no sentence, but may follow from one that is: its label is told.
    """
    given = msgspec.structs.asdict(event)
    given |= _composed(given)
    words = {field: _named(field, value, _counted(field, value, policy), names) for field, value in given.items()}
    zh, en = (
        _filled(text, given, {field: word[n] for field, word in words.items()})
        for n, text in enumerate(SENTENCES.get(type(event).__name__, event.label))
    )
    return chinese.nested(_once(zh)), en


def _once(zh: str) -> str:
    """A text that says 年度 once where a label begins with it: 2016年度帮扶计划, not 2016年度年度帮扶计划."""
    return zh.replace("年度年度", "年度")


def _named(field: str, value: Any, words: Both, names: Mapping[str, str]) -> Both:
    """The words of a field, with the names of units and parties in the place of their ids.

    Only fields that hold such ids are changed: the id of a unit may be `365`, which elsewhere is a number of days.
    """
    if field in _PARTIES and (name := names.get(party_key(str(value)))):
        return name, name
    if field not in ("unit", "obstacles") and not (field == "record" and value.startswith("unit:")):
        return words
    zh, en = (_ID.sub(lambda id: names.get(id[0], id[0]), text) for text in words)
    return zh, en


def party_key(id: str) -> str:
    """The key under which the name of a party is given. It is not only the id, since a unit may have the same id."""
    return f"party:{id}"


def parties_of(event: Event) -> list[str]:
    """The parties of which an event speaks, by id."""
    return [id for field in _PARTIES if (id := getattr(event, field, None))]


_PARTIES: Final = ("party", "paired", "own")
_ID: Final = re.compile(r"[0-9A-Z][0-9A-Z._-]*")


_HOLE: Final = re.compile(r"\{(\w+)([+#]?)(?:\?([^:{}]*):([^{}]*))?\}")
"""A field in a sentence: its name, its mark, and the words for true and for false."""


def _filled(text: str, given: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """A sentence with its fields filled in, without those parts in square brackets in which a field has no value."""

    def is_empty(hole: re.Match[str]) -> bool:
        return given[hole[1]] in (None, "", (), {}) or (hole[2] == "+" and not given[hole[1]])

    def part(found: re.Match[str]) -> str:
        return "" if any(map(is_empty, _HOLE.finditer(found[1]))) else found[1]

    def put(hole: re.Match[str]) -> str:
        if hole[2] == "#":
            return str(len(given[hole[1]]))
        return words[hole[1]] if hole[3] is None else hole[3] if given[hole[1]] else hole[4]

    return _HOLE.sub(put, re.sub(r"\[([^\[\]]*)\]", part, text))


MOST: Final = 6
"""The longest list whose entries are told one by one. Of a longer one only the number is told."""


def _counted(field: str, value: Any, policy: Policy | None) -> Both:
    if value is None:
        return "", ""  # For example the sum of a matter that is about no money.
    if isinstance(value, (tuple, list, Mapping)) and len(value) > MOST:
        return f"{len(value)}项", f"{len(value)} entries"
    return in_words(field, value, policy)


def heading(struct: str, field: str) -> str:
    """The heading of a field, in a few Chinese characters."""
    if field in _COMPOSED:
        return _COMPOSED[field].heading
    zh = (WORDS.get(f"{struct}.{field}") or WORDS[field]).zh
    return re.split("[（：，；]", zh)[0]


def awaited(about: str, given: Mapping[str, Any], detail: str, policy: Policy | None) -> tuple[Both, Both]:
    """What a task is about, and what distinguishes it from others about the same thing, each in Chinese and English.

    Both are taken from `given`, the known fields of the answering command. Where there are none, `detail` is used:
    it is a year then, or codes of topics or of one kind.
    """
    whole = ("全国", "the whole country") if about == "china" else (about, about)  # The clock is one for all divisions.
    subject, parts = whole, list[Both]()
    for field, value in _composed(given).items():
        if field in _AT_THE_HEAD:
            continue
        forms = _AWAITED.get(field, ("{}", "{}"))
        words = forms[0].format(said(field, value, policy)), forms[1].format(in_english(field, value, policy))
        if value == about:
            subject = words
        else:
            parts.append(words)
    if not parts and detail and subject == whole:
        kinds: Mapping[str, str] = policy.labels["kind"] if policy else {}
        field = "year" if detail.isdecimal() else "kind" if detail in kinds else "topic"
        parts = [(said(field, detail.split(","), policy), in_english(field, detail.split(","), policy))]
    return subject, ("，".join(zh for zh, _ in parts), ", ".join(en for _, en in parts))


class _Composed(NamedTuple):
    """Two fields that name one thing together, as `kind` and `period` name `ledger/2015`; its heading and separator."""

    fields: tuple[str, str]
    heading: str
    between: str


_COMPOSED: Final = {
    "owed": _Composed(("kind", "period"), "责任事项", "/"),
    "record": _Composed(("subject_kind", "subject"), "对象", ":"),
    "in_month": _Composed(("year", "month"), "月份", "-"),
}


def _composed(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a message, with each pair of `_COMPOSED` joined into one field."""
    for name, (fields, _, between) in _COMPOSED.items():
        if all(field in given for field in fields):
            together = between.join(str(given[field]) for field in fields)
            given = {name: together, **{field: value for field, value in given.items() if field not in fields}}
    return dict(given)


_AT_THE_HEAD: Final = ("place", "village", "body")
"""Fields that are left out, since the head of a task shows them anyway."""
_AWAITED: Final = {
    "cadre": ("干部{}", "cadre {}"),
    "left": ("离队的干部{}", "the cadre {} who left"),
    "number": ("第{}号请假", "request {} for leave"),
    "matter": ("村内事项“{}”", "matter {}"),
    "attempt": ("{}核查", "verification {}"),
    "asking": ("{}征求意见", "asking {}"),
}
"""How the value of a field is phrased in a task, Chinese and English."""


def basis(rule: str, policy: Policy | None = None) -> Both:
    """The document that a rule is based on, Chinese and English: a law with its article, or one that the pack cites.

    A mechanism id such as `3.4` is shown as the region's own document. A rule of the system itself, such as that an id
    is used once, has no document: both texts are empty.
    """
    if found := _LAW.fullmatch(rule):
        zh, en = LAWS[found[1]]
        number = int(found[2]) if found[2] else 0
        return (f"《{zh}》{chinese.article(number)}", f"{en}, article {number}") if number else (f"《{zh}》", en)
    if rule in IN_ENGLISH:
        return f"《{rule}》", IN_ENGLISH[rule]
    key, article = [*re.split("[: ]", rule, maxsplit=1), ""][:2]
    if policy and key in policy.documents:
        return _cited(policy, key, article)
    if policy and _MECHANISM.fullmatch(rule):
        return _cited(policy, next(iter(policy.documents)), "")
    return "", ""


_LAW: Final = re.compile(f"({'|'.join(LAWS)})(?: ([0-9]+))?")
_MECHANISM: Final = re.compile(r"[0-9]+\.[0-9]+|rules §[0-9]+")
"""The ids of docs/mechanisms.md, such as `3.4`. Old dead letters may name a section of rules instead."""


def _cited(policy: Policy, key: str, article: str) -> Both:
    article = "" if _MECHANISM.fullmatch(article) else article  # Packs once named mechanisms as articles.
    return policy.cited(f"{key}:{article}"), policy.cited_in_english(f"{key}:{article}")


@cache
def _codes() -> frozenset[str]:
    """The names of fields whose values are codes."""
    return frozenset(NATIONAL) | PACKED


PACKED: Final = frozenset(
    ("problem_class", "topic", "survey_kind", "indicator", "kind", "finding", "grade", "trigger", "step", "channel",
     "subject_code", "origin", "watch_class", "party_field", "party_value", "skill", "group", "found", "pledge",
     "check", "failing", "feed", "facet", "hindrance", "post", "duty", "fund", "mode")
)  # fmt: skip
"""The names under which a pack's own words are found in `Policy.labels`."""


def _pair(field: str, key: str, value: Any, policy: Policy | None) -> str:
    """One entry of a mapping, such as an indicator with its figure, or a unit with the rule that it fails."""
    if field == "obstacles":
        return f"{key}{label('obstacle', str(value), policy)}"
    if field == "values":
        return f"{label('indicator', key, policy)}{figure(key, value, policy)}"
    if field == "fields":
        is_code = isinstance(value, str) and re.fullmatch("[a-z][a-z0-9_]*", value)
        chosen = label("party_value", value, policy) if is_code else said("", value, policy)
        return f"{label('party_field', key, policy)}{chosen}"
    named = label(field, key, policy) if _NAMED_AS.get(field, field) in _codes() else key
    return f"{named}{said('', value, policy)}"


def figure(indicator: str, value: float | None, policy: Policy | None, missing: str = "未测算") -> str:
    """The figure of an indicator: a share (0 to 1) in per cent, a count as it is; `missing` where there is none."""
    if value is None:
        return missing
    criteria, indicators = (policy.exit.criteria, policy.indicators) if policy else ((), ())
    share = (
        indicator == "incidence"
        or any(one.figure == indicator and one.is_share for one in criteria)
        or any(one.figure == indicator and one.unit == SHARE for one in indicators)
    )
    return chinese.percent(value) if share else f"{value:g}"


def _campaign(id: str, policy: Policy | None) -> str:
    """A campaign in words: by day and kind if it is one of the yearly calendar, else by its id in quotation marks."""
    _, _, named = id.partition("-")
    kind, _, opens = named.partition("-")
    labels = policy.labels["kind"] if policy else {}
    if kind in labels and re.fullmatch(r"\d{4}-\d\d-\d\d", opens):
        return f"{chinese.written(opens)}{labels[kind]}"
    return f"“{id}”"


def _order(id: str, policy: Policy | None) -> str:
    campaign, _, village = id.partition("/")
    return f"{_campaign(campaign, policy)}对村{village}下达的整改"


def _outcome(id: str, policy: Policy | None) -> Both:
    """An outcome with its occasion: `talk/210521100201/2015` is the talk for a grade of 2015 in that village."""
    kind, _, about = id.partition("/")
    zh, en = _occasion(about.split("/"), policy)
    return f"{label('kind', kind, policy)}（{zh}）", f"{english.in_words(kind)} ({en})"


def _occasion(parts: list[str], policy: Policy | None) -> Both:
    """What an outcome was proposed for, by how `services/incentives/model/proposal.py` writes it: a grade, an order, an
    overdue duty, the extension of a term, or the release of a team."""
    match parts:
        case [village, year] if _is_year(year):
            return f"村{village}，{year}年度", f"village {village}, {year}"
        case [assessment, subject, year] if _is_year(year):
            zh = f"{_subject(subject, policy)}，{year}年度{label('kind', assessment, policy)}"
            return zh, f"{english.in_words(f'{assessment} of {subject}')}, {year}"
        case [village, until] if "-" in until:
            return f"村{village}，延长至{chinese.written(until)}", f"village {village}, until {english.written(until)}"
        case [village, spell]:
            return f"村{village}第{spell}次列入", f"village {village}, time {spell} on the list"
        case [village, kind, step, due]:
            step = _step(step.replace(":", " "), policy)
            zh = f"村{village}{label('kind', kind, policy)}{step}，{chinese.written(due)}到期"
            return zh, english.in_words(f"{kind} of village {village}, due on {due}")
        case [campaign, village, times]:
            zh = f"{_order(f'{campaign}/{village}', policy)}，第{times}次逾期"
            return zh, f"{english.in_words(f'{campaign}/{village}')}, overdue for the time {times}"
    about = "/".join(parts)
    return f"“{about}”", f"“{about}”"


def _is_year(text: str) -> bool:
    return len(text) == len("2015") and text.isdecimal()


def _subject(id: str, policy: Policy | None) -> str:
    """Who is assessed: a division, or a party by its id."""
    return _division(id, policy) if ":" in id else id


def _division(id: str, policy: Policy | None) -> str:
    """A division, as 县210521 for `county:210521`, by the name that a region has for its kind."""
    kind, _, code = id.partition(":")
    return f"{policy.level(kind) if policy else LABELS.get(kind, '区划')}{code}"


def _record(id: str, policy: Policy | None) -> str:
    kind, _, subject = id.partition(":")
    return _division(subject, policy) if ":" in subject else f"{label('subject_kind', kind, policy)}{subject}"


def _listing(text: str, policy: Policy | None) -> str:
    kind, _, of = text.partition("/")
    return f"{label('kind', kind, policy)}（{of}）"


def _step(text: str, policy: Policy | None) -> str:
    """A step of a commitment, followed by its day if the code has one, as `reconcile` does."""
    code, _, day = text.partition(" ")
    return f"{_month_day(day)}{label('step', code, policy)}"


def _month_day(text: str) -> str:
    month, _, on = text.rpartition("-")
    return f"{int(month[-2:])}月{int(on)}日" if month else ""


def _deadline(text: str, policy: Policy | None) -> str:
    """A deadline in words. Its code is a path within the state; the last part names what ends."""
    told = _ending(text)
    if len(told) == 1:
        return label("deadline", told[0])
    key, step, *day = told
    return f"{_owed(key, policy)}{''.join(map(chinese.written, day))}{label('deadline', step)}"


def _ending(path: str) -> list[str]:
    """What a deadline's path says of it: what is owed with its step, or else what ends."""
    first, *rest = path.split()
    return rest if first == "owed" else [first] if first == "vacancies" or not rest else rest[-1:]


def _deadline_in_english(text: str, _policy: Policy | None) -> str:
    return " ".join(map(english.in_words, _ending(text)))


def _record_in_english(id: str, _policy: Policy | None) -> str:
    kind, _, subject = id.partition(":")
    return english.in_words(subject if ":" in subject else f"{kind} {subject}")


def _step_in_english(text: str, _policy: Policy | None) -> str:
    """A step, followed by its day of the year if the code has one: `reconcile 03-31` is reconcile of 31 March."""
    code, _, day = text.partition(" ")
    of = f" of {date.fromisoformat(f'2000-{day[-5:]}'):%-d %B}" if day else ""
    return f"{english.in_words(code)}{of}"


def _campaign_in_english(id: str, _policy: Policy | None) -> str:
    words = english.in_words(id)
    return words if words != id else f"“{id}”"


def _month_in_english(text: str, _policy: Policy | None) -> str:
    year, month = map(int, text.split("-"))
    return f"{date(year, month, 1):%B %Y}"


def _evidence(text: str, policy: Policy | None) -> str:
    return "有关事实记录"


def _owed(key: str, policy: Policy | None) -> str:
    """What is owed for a period: `ledger/2015` is the ledger of 2015, `list/2016/C1` that of the cadre C1."""
    kind, period, *cadre = key.split("/")
    return _once(f"{said('period', period)}{label('kind', kind, policy)}{''.join(f'（{one}）' for one in cadre)}")


_WRITTEN: Final[Mapping[str, Callable[[str, Policy | None], str]]] = {
    "campaign": _campaign,
    "beside": _campaign,
    "order": _order,
    "owed": _owed,
    "outcome": lambda text, policy: _outcome(text, policy)[0],
    "record": _record,
    **dict.fromkeys(("parent", "former"), _record),
    "listings": _listing,
    "division": _division,
    "step": _step,
    "deadline": _deadline,
    "evidence": _evidence,
    "clause": lambda text, policy: basis(text, policy)[0] or f"“{text}”",
    "period": lambda text, _policy: "本届任期" if text == "term" else f"{text}年度",
    "month": lambda text, _policy: f"{text}月",
    "in_month": lambda text, _policy: f"{text.replace('-', '年')}月",
    "year": lambda text, _policy: f"{text}年度",
    "exit_year": lambda text, _policy: f"{text}年",
    "amount": lambda text, _policy: f"{int(text):,}元",
    "objection": lambda text, _policy: f"第{text}号异议",
    **dict.fromkeys(("attempt", "asking"), lambda text, _policy: f"第{text}次"),
}
"""Fields whose texts are composed of codes, days and numbers, each with the function that words them."""
_WRITTEN_IN_ENGLISH: Final[Mapping[str, Callable[[str, Policy | None], str]]] = {
    "campaign": _campaign_in_english,
    "beside": _campaign_in_english,
    "outcome": lambda text, policy: _outcome(text, policy)[1],
    **dict.fromkeys(("record", "parent", "former"), _record_in_english),
    "step": _step_in_english,
    "deadline": _deadline_in_english,
    "evidence": lambda _text, _policy: "what was recorded",
    "clause": lambda text, policy: basis(text, policy)[1] or f"“{text}”",
    "period": lambda text, _policy: "the term" if text == "term" else text,
    "in_month": _month_in_english,
    "amount": lambda text, _policy: f"{int(text):,}",
}
"""Those of these fields whose English words are more than their codes and days spelt out."""
_PARTS: Final[Mapping[str, Callable[[Any, Policy | None], str]]] = {
    "Member": lambda member, policy: f"{label('role', member.role, policy)}{member.cadre}",
    "Ranked": lambda one, policy: f"{_subject(one.subject, policy)}得{one.score:g}分",
    "Paid": lambda one, _policy: f"{one.person}（{one.total:,}元）",
    "Present": lambda one, _policy: f"{one.cadre}（{one.days}天）",
    "Merit": lambda one, policy: f"{one.cadre}{label('grade', one.grade, policy)}",
    "Attendee": lambda one, _policy: one.cadre,
    "Visited": lambda one, _policy: f"{one.bearer}（{one.times}次）",
    "Item": lambda item, _policy: item.text,
    "Pair": lambda pair, _policy: f"{pair.household}由{pair.cadre}帮扶",
    "Problem": lambda problem, policy: f"{label('topic', problem.topic, policy)}（{problem.cause}）",
    "Noted": lambda noted, policy: "，".join(
        [f"村{noted.village}"]
        + [f"{noted.absent}人不在岗"] * bool(noted.absent)
        + [said("findings", noted.findings, policy)] * bool(noted.findings)
        + [f"有异议：{said('findings', noted.disputed, policy)}"] * bool(noted.disputed)
    ),
    "Replacement": lambda one, policy: (
        f"村{one.village}（{label('hindrance', one.hindrance, policy)}）"
        + (f"由村{one.replacement}替补" if one.replacement else "无村替补")
    ),
    "StratumCommitted": lambda one, _policy: f"{one.frame}村中抽{one.size}村（校验值{one.frame_hash}）",
    "Unmet": lambda unmet, policy: (
        f"{label('indicator', unmet.indicator, policy)}{figure(unmet.indicator, unmet.value, policy)}"
    ),
}
"""Structs within events, by name, each with the function that words it."""
_PARTS_IN_ENGLISH: Final[Mapping[str, Callable[[Any, Policy | None], str]]] = {
    "Ranked": lambda one, _policy: f"{english.in_words(one.subject)} {one.score:g}",
    "Pair": lambda pair, _policy: f"{pair.household} by {pair.cadre}",
    "Noted": lambda noted, policy: ", ".join(
        [f"village {noted.village}"]
        + [f"{noted.absent} absent"] * bool(noted.absent)
        + [in_english("findings", noted.findings, policy)] * bool(noted.findings)
        + [f"disputed: {in_english('findings', noted.disputed, policy)}"] * bool(noted.disputed)
    ),
    "Replacement": lambda one, policy: (
        f"village {one.village} ({in_english('hindrance', one.hindrance, policy)})"
        + (f" by village {one.replacement}" if one.replacement else "")
    ),
    "Unmet": lambda unmet, policy: in_english("values", {unmet.indicator: unmet.value}, policy),
}
"""Those of these structs whose English words are not simply those of their fields."""
