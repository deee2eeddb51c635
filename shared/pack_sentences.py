"""Tells a pack in sentences, each with its source, and tells what one pack changes against another.

A sentence begins with the docstring of the field that it is about, as in `docs/policy.md`. A test makes sure that every
field has one, since a field without it would have no sentence.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from shared import chinese, english
from shared.calendar import Span, YearDay
from shared.contracts.values import ROLES, EventRole, Role
from shared.labels import heading, label
from shared.pack_words import structs, words
from shared.policy import RELATIONS, Bound, Policy
from shared.policy.bound import FIGURES, Limits
from shared.policy.campaigns import Campaign
from shared.policy.checking import bare, hints_of, tag_of
from shared.policy.indicators import HOUSEHOLD_FIGURES
from shared.policy.outcomes import TRIGGERS
from shared.policy.when import HAPPENINGS, When

Both = tuple[str, str]
"""Chinese and English."""
TOLD_AT_THE_HEAD = ("jurisdiction", "version", "effective_from", "name", "name_en", "documents")
_NAMED = ("label", "title", "channel", "rank", "on_list")
"""The fields by which people call an entry."""
_WITHIN = str.maketrans("“”", "‘’")
"""Quotation marks within quotation marks."""
_CITED = ("rule", "clause", "reference")
NOTHING: Both = ("", "")


class Sentence(NamedTuple):
    """One thing that a pack says."""

    path: tuple[str, ...]
    """The way to it in the pack. Entries of lists are named, not counted, so that another pack has the same path."""
    about: Both
    """The section or entry to which it belongs."""
    zh: str
    en: str
    source: Both
    """The document and article that it rests on, and the name of the pack that says it: 《…》第四项，本溪市. Empty
    texts stand for nothing."""


def sentences(policy: Policy) -> Iterator[Sentence]:
    """Everything that a pack says, with its layers merged. What a pack below it says keeps the source that it has
    there."""
    below = {one.path: one.source for one in sentences(policy.base)} if policy.base else {}
    for one in _all(policy):
        yield one if _is_own(policy, one.path) else one._replace(source=below[one.path])


def _all(policy: Policy) -> Iterator[Sentence]:
    """Everything that a pack says, as if it had said all of it itself."""
    basis, about = f"《{policy.title(next(iter(policy.documents)))}》", ("所引文件", "Documents")
    yield Sentence(("documents",), about, f"制定依据：{basis}", f"What the pack rests on: {basis}", NOTHING)
    for key in policy.documents:
        said = f"《{policy.title(key)}》"
        yield Sentence(("documents", key), about, f"所引文件：{said}", f"Documents: {said}", NOTHING)
    for field in msgspec.structs.fields(Policy):
        if field.name not in TOLD_AT_THE_HEAD and getattr(policy, field.name):
            about = _title(words(Policy)[field.name])
            yield from _of(policy, getattr(policy, field.name), (field.name,), about, NOTHING)


def changes(before: Policy, after: Policy) -> Iterator[tuple[Sentence | None, Sentence | None]]:
    """The differences of two packs as pairs of sentences, before and after. None stands for a missing one.

    If an entry says the same but rests on something else, only its first sentence is among the differences.
    """
    old, new = ({one.path: one for one in sentences(policy)} for policy in (before, after))
    resting = set[tuple[str, ...]]()
    for path in dict.fromkeys((*old, *new)):
        one, other = old.get(path), new.get(path)
        if one is None or other is None or one.zh != other.zh:
            yield one, other
        elif _cited(one) != _cited(other) and path[:2] not in resting:
            resting.add(path[:2])
            yield one, other


def _cited(sentence: Sentence) -> str:
    """The document and article that a sentence rests on, without who says it."""
    return sentence.source[0].rpartition("，")[0]


def _of(policy: Policy, part: Any, path: tuple[str, ...], about: Both, source: Both) -> Iterator[Sentence]:
    """The sentences of a section, an entry or a list of entries."""
    if _is_entries(part):
        for n, entry in enumerate(part):
            name = "/".join(str(getattr(entry, field)) for field in getattr(entry, "named_by", ())) or str(n + 1)
            named_by = next((field for field in _NAMED if getattr(entry, field, "")), "")
            zh, en = _word(policy, getattr(entry, named_by), (*path, named_by)) if named_by else (name, name)
            told = (f"{about[0]}“{zh.translate(_WITHIN)}”", f"{about[1]} “{en.translate(_WITHIN)}”")
            if isinstance(entry, Bound) and not named_by:  # Its sentence names the figure.
                told = about
            yield from _of(policy, entry, (*path, name), told, source)
        return
    source = _source(policy, part, path) or source
    of_pack = policy.name, policy.name_en
    if isinstance(part, Bound):
        zh, en = _value(policy, part, path)
        yield Sentence(path, about, f"{about[0]}：{zh}", f"{about[1]}: {en}", source if any(source) else of_pack)
    for name, value, said in _filled(part):
        at = (*path, name)
        if name in _CODES and (_list_of(at), name) not in _OWN:
            continue  # People call the entry by its label.
        if _is_entries(value) or (_has_words(value) and not isinstance(value, Bound)):
            zh, en = _title(said)
            yield from _of(policy, value, at, (f"{about[0]} › {zh}", f"{about[1]} › {en}"), source)
        else:
            (zh, en), (what, what_en) = _unasked(part, name, value) or _value(policy, value, at), _title(said)
            told = f"{about[0]}：{what}——{zh}", f"{about[1]}: {what_en} – {en}"
            yield Sentence(at, about, *told, source if any(source) else of_pack)


def _filled(part: msgspec.Struct) -> Iterator[tuple[str, Any, Both]]:
    """The fields that a section fills in, with their docstrings. Citations are left out, since they are the source of
    all of these."""
    said = words(type(part))
    if tag := tag_of(type(part)):
        yield *tag, said[tag[0]]
    for field in msgspec.structs.fields(type(part)):
        value = getattr(part, field.name)
        if (
            field.name in _CITED
            or value in (None, msgspec.UNSET, (), {})
            or (isinstance(part, Bound) and field.name in _BOUND)
        ):
            continue
        yield field.name, value, said[field.encode_name]


def _unasked(part: msgspec.Struct, field: str, value: Any) -> Both | None:
    """The words for a campaign's field whose value asks for nothing. Taken literally, 0 visits at most would be none,
    and a rota has no share."""
    if not isinstance(part, Campaign):
        return None
    if (field == "turn" and not value) or (field in ("share", "seed_days") and part.choice != "draw"):
        return "不适用", "does not apply"
    return (
        {"yearly_at_most": ("不限", "no limit"), "inspectors": ("不要求", "none asked")}.get(field)
        if not value
        else None
    )


_BOUND = tuple(field.name for field in msgspec.structs.fields(Bound))


def _is_entries(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and _has_words(value[0])


def _has_words(value: Any) -> bool:
    return isinstance(value, msgspec.Struct) and not isinstance(value, Span | YearDay | When | Limits)


def _title(said: Both) -> Both:
    """The first sentence of a field's docstring, without its full stop, explanations and examples."""
    zh, en = said
    zh = chinese.quoted(re.split("[。；：]|，如", zh)[0])
    return zh, _ASIDE.sub("", re.split("[.;:] |, such as ", en)[0].rstrip("."))


_ASIDE = re.compile(r" \([^()]*(?:[0-9]\.[0-9]|`)[^()]*\)|,? one of `[^`]*`")
"""What only the authors of packs need: mechanisms and codes in brackets, and where codes are defined."""


def _source(policy: Policy, part: Any, path: tuple[str, ...]) -> Both | None:
    """The document and article that a section or entry cites; None if the pack itself cites none for it."""
    clause = next((getattr(part, field, None) for field in ("rule", "clause") if getattr(part, field, None)), None)
    reference = getattr(part, "reference", None)
    if reference and _is_own(policy, (*path, "reference", "document")):
        clause = f"{reference.document}:{reference.article}" if reference.article else reference.document
    if not clause:
        return None
    return f"{policy.cited(clause)}，{policy.name}", f"{policy.cited_in_english(clause)}, {policy.name_en}"


def _is_own(policy: Policy, path: tuple[str, ...]) -> bool:
    """Whether a pack itself, and not one that it extends, says what is at this path or in the table there."""
    whole = [path[:n] for n in range(len(path), 0, -1) if path[:n] in policy.declared]
    entries = [at for at in policy.declared if at[:-1] == path]
    return policy.base is None or policy.jurisdiction in {policy.declared[at] for at in (*entries, *whole[:1])}


def _value(policy: Policy, value: Any, path: tuple[str, ...] = ()) -> Both:
    """A value in words."""
    if isinstance(value, bool):
        return ("是", "yes") if value else ("否", "no")
    if isinstance(value, Span):
        return span_in_words(value)
    if isinstance(value, When):
        return _when(policy, value)
    if isinstance(value, Limits):
        return value.said
    if isinstance(value, YearDay):
        return f"{value.month}月{value.day}日", f"{date(2000, value.month, value.day):%-d %B}"
    if isinstance(value, date):
        return chinese.day(value), english.day(value)
    if isinstance(value, Bound):
        told = [
            (RELATIONS[name], number if isinstance(number, str) else f"{number:.12g}")
            for name, number in value.given.items()
        ]
        figure = _figure(policy, value.figure, path)
        bounds = [[f"{relation[n]} {number}" for relation, number in told] for n in (1, 2)]
        return f"{figure[0]} {'，'.join(bounds[0])}", f"{figure[1]} {', '.join(bounds[1])}"
    if isinstance(value, tuple):
        parts = [_value(policy, part, path) for part in value]
        return "、".join(zh for zh, _ in parts), ", ".join(en for _, en in parts)
    if isinstance(value, dict):
        pairs = [_pair(policy, str(key), part, path) for key, part in value.items()]
        return "；".join(zh for zh, _ in pairs), "; ".join(en for _, en in pairs)
    if isinstance(value, str):
        zh, en = _word(policy, value, path)
        return zh, _in_quotes(en)
    number = f"{value:,.10g}"
    return number, number


def _in_quotes(text: str) -> str:
    """A text for English readers: a pack's Chinese name for something is put in quotation marks."""
    return text if text.isascii() else f"“{text.translate(_WITHIN)}”"


def _pair(policy: Policy, key: str, value: Any, path: tuple[str, ...]) -> Both:
    """An entry of a mapping in words: the label of a code that has one, the meaning of an event's field."""
    if path[-1] == "when":
        (zh, en), (what, what_en) = _value(policy, value, (*path, key)), (heading("", key), key.replace("_", " "))
    elif isinstance(value, str) and not _CODE.fullmatch(value):
        return value, f"{key.replace('_', ' ')} {_in_quotes(value)}"  # A code and its own label.
    else:
        (zh, en), (what, what_en) = _value(policy, value, path), word_of_key(policy, key, path[-1])
    return f"{what} {zh}", f"{what_en} {en}"


def word_of_key(policy: Policy, key: str, field: str) -> Both:
    """The key of a mapping in words, such as the code of a class of villages."""
    return _word(policy, key, (_KEYS.get(field, field),))


def _word(policy: Policy, text: str, path: tuple[str, ...]) -> Both:
    """A text in words: a code by its label, the name of an entry in quotation marks, any other text as it is."""
    if text in TRIGGERS:
        return TRIGGERS[text].label
    if not _CODE.fullmatch(text):
        return text, text
    field, spelt = path[-1] if path else "", text.replace("_", " ")
    if own := _OWN.get((_list_of(path), field)):
        return own[text], _SPELT.get((field, text), spelt)
    if field in _roles():
        return label("by", text, policy), ROLES[text][1]
    zh = label(_AS.get(field, field), text, policy)
    zh = zh if not zh.startswith("代码") else _labels(policy).get(text, zh)
    return zh, ROLES[text][1] if text in ROLES and zh == ROLES[text][0] else spelt


def _list_of(path: tuple[str, ...]) -> str:
    """The list that a field's entry stands in: `steps` for ("procedures", "exit", "steps", "notice", "kind")."""
    return path[-3] if len(path) > 2 else ""


@cache
def _roles() -> frozenset[str]:
    """The fields that hold a role, or a list of roles, in whatever section they stand."""
    found = set()
    for struct in structs():
        for name, hint in hints_of(struct).items():
            inner: Any = bare(hint)[0]
            if (get_args(inner)[0] if get_origin(inner) is tuple else inner) in (Role, EventRole):
                found.add(name)
    return frozenset(found)


_OWN: dict[tuple[str, str], dict[str, str]] = {
    ("procedures", "effect"): {
        "decide": "作出决议", "delist": "村出列", "lift": "农户脱贫", "monitor": "纳入监测", "clear": "风险消除",
        "release_fund": "资金拨付", "answer": "答复", "rectify": "整顿完成、移出名单", "decap": "乡镇或县摘帽",
    },
    ("links", "from"): {"unit": "派出单位", "cadre": "干部", "villager": "村民", "party": "组织"},
    ("links", "to"): {"village": "村", "household": "户", "party": "组织"},
    ("procedures", "members"): {"household": "逐户办理"},
    ("steps", "kind"): {
        "verify": "核查", "notice": "公示", "decide": "决策或审批", "accept": "农户确认", "act": "办理",
        "publish": "公开", "ask": "征求意见",
    },
    ("holidays", "kind"): {"holiday": "放假", "workday": "上班"},
    ("classes", "of"): {"lifted": "脱贫户", "outside": "未建档立卡的农户", "any": "各类农户"},
    ("outcomes", "subject"): {"unit": "派出单位", "team": "工作队", "cadre": "队长", "village_cadre": "村干部"},
    ("campaigns", "choice"): {"draw": "随机抽取", "rota": "按村轮流", "all": "全部"},
    ("campaigns", "evidence"): {"process": "工作过程", "result": "工作结果"},
    ("campaigns", "recuse"): {
        "ties": "与该村有亲属或籍贯关系的", "bearers": "队员、联系该村的干部和派出单位的干部",
    },
    ("channels", "how"): {
        "report": "述职", "ballot": "民主测评", "panel": "评议打分", "taken": "采用其他考核评价的结果",
        "campaign": "督查情况", "ledger": "对账销号率", "presence": "驻村天数", "indicator": "指标数值",
    },
    ("team", "replacements"): {"recalled": "队员被召回的", "left": "队员因其他原因离队的"},
    ("parts", "once"): {"leaving": "离任"},
    ("indicators", "total"): {"sum": "合计", "mean": "平均", "ratio": "合计之比"},
    ("links", "ends"): {"delisted": "村出列"},
}  # fmt: skip
"""Words for codes that mean different things in different sections, by the list and the field of the code."""
_SPELT = {("subject", "cadre"): "the team's leader"}
"""English words for codes that are unclear when only spelt out, by field and code."""


_CODE = re.compile("[a-z][a-z0-9_]*")
_CODES = ("kind", "name", "code", "field")
"""The fields that hold an entry's code."""
_AS = {
    "topics": "topic", "survey_kinds": "survey_kind", "problem_classes": "problem_class", "suits": "problem_class",
    "subject": "subject_kind", "on_objection": "step", "on_refusal": "step", "on_timeout": "step",
    "same_county_levels": "level", "standings": "standing", "roles": "role",
}  # fmt: skip
"""By field, the vocabulary of its codes if its name differs: `subject` has codes of `subject_kind`."""
_KEYS = {"rank": "level", "managed": "level"}
"""The same for the keys of a mapping, if they are of another vocabulary than its values."""


def _figure(policy: Policy, code: str, path: tuple[str, ...]) -> Both:
    """The name of a figure, from the catalogue of its section or from the pack's own labels."""
    here = (figures for section, figures in FIGURES.items() if set(section) <= set(path))
    known = next((figures[code] for figures in here if code in figures), None)
    return (known.zh, known.en) if known else _value(policy, code)


def span_in_words(span: Span) -> Both:
    """A length of time in words, as `30日` and `30 calendar days`."""
    units = ("年", "years"), ("个月", "months"), ("日", "calendar days"), ("个工作日", "working days")
    amounts = zip((span.years, span.months, span.calendar_days, span.working_days), units, strict=True)
    given = [(amount, unit) for amount, unit in amounts if amount]
    zh = "".join(f"{'少' if amount < 0 else ''}{abs(amount)}{unit[0]}" for amount, unit in given) or "当日"
    en = ", ".join(f"{amount} {unit[1][:-1] if amount == 1 else unit[1]}" for amount, unit in given) or "the same day"
    return (f"{zh}{_ROLLED[0]}", f"{en}{_ROLLED[1]}") if span.roll else (zh, en)


_ROLLED = "，遇节假日顺延", ", never ending on a holiday"


def _within(span: Span) -> Both:
    """A length of time as the time that something may take: `30日内，遇节假日顺延`."""
    zh, en = span_in_words(msgspec.structs.replace(span, roll=False))
    return f"{zh}内{_ROLLED[0] if span.roll else ''}", f"within {en}"


def _when(policy: Policy, when: When) -> Both:
    """A `when` in words: the event from which it is counted, and the time from there."""
    (zh, en), rolled = _within(when.within), _ROLLED[1] if when.within.roll else ""
    if when.after:
        what, what_en = HAPPENINGS.get(when.after) or _value(policy, when.after)
        if when.within == Span():
            return f"{what}当日", f"the day of {what_en}"
        return f"自{what}起{zh}", f"{en} of {what_en}{rolled}"
    if when.every and when.start:
        (every, every_en), (start, start_en) = span_in_words(when.every), _value(policy, when.start)
        begins, begins_en = f"自{start}起每{every}一次", f"every {every_en} from {start_en} on"
    else:
        day, day_en = _value(policy, YearDay(when.month or 1, when.day or 1))
        begins, begins_en = f"每年{day}", f"{day_en} of each year"
    return (begins, begins_en) if when.within == Span() else (f"{begins}，{zh}", f"{begins_en}, {en}{rolled}")


def _labels(policy: Policy) -> dict[str, str]:
    """The labels of the pack's own codes, from all its sections."""
    return {
        **{role: zh for role, (zh, _) in ROLES.items()},
        "cadre": "干部",
        "household": "户",
        "poverty": "贫困村名单",
        **{one.kind: one.label for one in policy.lists},
        **{figure: zh for figure, (zh, _) in HOUSEHOLD_FIGURES.items()},
        **{criterion.figure: criterion.label for criterion in policy.exit.criteria},
        **{indicator.figure: indicator.label for indicator in policy.indicators},
        **{link.kind: link.label for link in policy.links},
        **{party.kind: party.label for party in policy.parties},
        **{one.kind: one.label for one in policy.training},
        **{procedure.kind: procedure.label for procedure in policy.procedures},
        **{commitment.kind: commitment.label for commitment in policy.commitments},
        **{outcome.kind: outcome.label for outcome in policy.outcomes},
        **{part.code: part.label for one in policy.statements for part in one.parts},
        **{campaign.kind: campaign.label for campaign in policy.campaigns},
        **policy.labels["facet"],
        **policy.labels["hindrance"],
        **{finding.code: finding.label for finding in policy.findings},
        **policy.labels["party_field"],
        **policy.labels["party_value"],
        **{one.kind: one.label for one in policy.appraisals},
        **{code: label for one in policy.appraisals for code, label in (one.parts or {}).items()},
        **policy.labels["grade"],
        **policy.listing.problem_classes,
    }
