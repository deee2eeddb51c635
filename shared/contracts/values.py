"""The types of single values: every id, text, number and day that may come in, with its limits.

Commands, events, forms and policy packs use the same types, so that what one of them accepts, none of the others
refuses. A pattern holds for the whole value: it ends in `$(?!\\n)`, since in Python `$` alone lets a final line break
pass.
"""

from collections.abc import Iterable, Mapping, Sized
from datetime import date
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from shared.divisions import DIGITS

_END: Final = r"$(?!\n)"
_UNSEEN: Final = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800"
    r"\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ud800-\udfff\ue000-\uf8ff\ufff0-\uffff" + "\U000e0000-\U000e01ef"
)
"""Characters that nobody sees, that look different on each machine, or that a database cannot store.

These are controls, marks of direction and width, fillers, lone surrogates, private use, and U+FFFD.
"""
_VISIBLE: Final = rf"^[^\s{_UNSEEN}](?:[^{_UNSEEN}]*[^\s{_UNSEEN}])?{_END}"
_LETTER: Final = r"A-Za-z\u00c0-\u024f\u0400-\u04ff\u0600-\u06ff\u0f00-\u0fff\u1800-\u18af\u3400-\u9fff\uac00-\ud7a3"
_NOTHING: Final = r"(?:无|没有|不详|不明|同上|略|〃|[Nn]one|[Nn]ull|NULL|[Nn]/?[Aa])$"
_MEANT: Final = rf"^(?!{_NOTHING})(?:[^\s{_UNSEEN}][^{_UNSEEN}]*)?[{_LETTER}](?:[^{_UNSEEN}]*[^\s{_UNSEEN}])?{_END}"
"""A text with a meaning: it has a letter of a script used in China, and is not a word for “nothing”, such as 无."""

# ------------------------------------------------------------------------ ids

Place = Annotated[str, Meta(pattern=r"^[0-9]{6}$", max_length=6)]
"""A division's six digits (GB/T 2260). They become three tokens of the NATS subject, so nothing else is accepted."""
VillageId = Annotated[str, Meta(pattern=r"^[0-9]{12}$", max_length=12)]
"""A village's stable id: the 12 digits of the statistical division code under which it was first registered."""

DivisionCode = Annotated[str, Meta(pattern=r"^[0-9]{12}$", max_length=12, extra={"names": "no village yet"})]
"""A village's present or future code of 12 digits. It differs from the id if the village was recoded."""
PartyId = Annotated[
    str, Meta(pattern=rf"^(?![0-9]{{17}}[0-9X]$)(?!1[3-9][0-9]{{9}}$)[A-Z0-9](?:[A-Z0-9._-]{{0,38}}[A-Z0-9])?{_END}")
]
"""The id of a unit, a cadre or a household: capitals, digits, `.`, `_` and `-`, 40 at most.

Each thing has one spelling. Forms convert small letters and look-alikes to it; everything else is refused. So are
numbers of identity cards and mobile phones, since ids are published.
"""
_PARTY: Final = r"(?![0-9]{17}[0-9X]$)(?!1[3-9][0-9]{9}$)[A-Z0-9](?:[A-Z0-9._-]{0,38}[A-Z0-9])?"
UnitInVillage = Annotated[str, Meta(pattern=rf"^[0-9]{{12}}/{_PARTY}{_END}")]
"""A village and a unit that might be sent there, as `210521100201/U1`."""
GradedId = Annotated[str, Meta(pattern=rf"^(?:township:[0-9]{{9}}|{_PARTY}){_END}")]
"""Whom an assessment grades: a village, a party or a cadre by its id, a township as `township:210521100`."""
RunId = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,39}}{_END}")]
"""A name that people choose for a single matching, or for a matter that a village decides."""
_DIVISION: Final = "|".join(f"{level}:[0-9]{{{digits}}}" for level, digits in DIGITS.items())
DivisionRef = Annotated[str, Meta(pattern=rf"^(?:{_DIVISION}){_END}")]
"""A division as a subject, `<kind>:<code>`: `township:210521100` has the first nine digits of its villages' codes."""
ParentRef = Annotated[
    str,
    Meta(
        pattern=rf"^(?:village:[0-9]{{12}}|{_DIVISION}"
        rf"|party:(?![0-9]{{17}}[0-9X]$)(?!1[3-9][0-9]{{9}}$)[A-Z0-9](?:[A-Z0-9._-]{{0,38}}[A-Z0-9])?){_END}"
    ),
]
"""Whom a party belongs to, as `<kind>:<id>`: a village, a division, or another party."""
CampaignId = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,59}}{_END}")]
"""A campaign's id, whether people chose it or the pack's calendar made it."""
Code = Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9_]{{0,31}}{_END}")]
"""A code from a policy pack. Messages carry the code; people see its label."""
Version = Annotated[str, Meta(pattern=rf"^[0-9A-Za-z][0-9A-Za-z._-]{{0,39}}{_END}")]
"""The version of a policy pack, such as `2105-2014.1`."""
DerivedId = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._:/-]{{0,119}}{_END}")]
"""An id that the system makes from others, joined by `/` or `:`. Ids that people choose cannot have these."""
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", max_length=64)]
"""A SHA-256 in hexadecimal digits."""

Exhibit = Annotated[
    str,
    Meta(
        pattern=rf"^(?![0-9]{{17}}[0-9Xx]$)(?!1[3-9][0-9]{{9}}$)[0-9A-Za-z][0-9A-Za-z._/-]{{1,78}}[0-9A-Za-z]{_END}",
        max_length=80,
    ),
]
"""A piece of evidence: the number of a record or document, or the SHA-256 of a photograph. It is published, so it is no
number of an identity card or a mobile phone, and has no room for a name."""

Revision = Annotated[str, Meta(pattern=r"^[0-9a-f]{12}$", max_length=12)]
"""The version of data as they are now. A command that overwrites them must name it in `replaces`."""

# ---------------------------------------------------------------------- texts


Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=_MEANT)]
"""The name of a village, township, unit or person. Like all texts here, it is one line without invisible characters."""
ANONYMOUS: Final = "已匿名"
"""What stands for the name of a person who has been made anonymous."""
MASKED: Final = "masked"
"""The mark of a field that queries show in part only, such as 张**."""
Masked = Annotated[str, Meta(extra={MASKED: True})]
"""What a state keeps of a person's name, under this mark."""
Organ = Annotated[str, Meta(min_length=1, max_length=120, pattern=_MEANT)]
"""An organ and its document, such as `本组决〔2015〕3号`. It is published, so it names no person."""
OrganOrNone = Annotated[str, Meta(max_length=120, pattern=rf"{_MEANT}|^$")]
"""The same, or empty in events of earlier versions, which did not have it."""
Short = Annotated[str, Meta(min_length=1, max_length=200, pattern=_VISIBLE)]
"""A line of text: a ground, a cause, a document, a measure."""
Clause = Annotated[str, Meta(min_length=1, max_length=60, pattern=_VISIBLE)]
"""Where a rule comes from: a document and its article."""
ShortOrNone = Annotated[str, Meta(max_length=200, pattern=rf"{_VISIBLE}|^$")]
Reason = Annotated[str, Meta(min_length=2, max_length=500, pattern=_MEANT)]
"""Why a named body corrects, withdraws or discards something."""
Told = Annotated[str, Meta(min_length=2, max_length=500, pattern=_MEANT)]
"""What a villager asks or is answered. It may name a person, so it is in no event and only operators read it."""
Period = Annotated[str, Meta(pattern=r"^([0-9]{4}|term)$", max_length=4)]
"""A year, or `term` for what is owed once a term."""
Seed = Annotated[str, Meta(pattern=rf"^[!-~]{{1,128}}{_END}")]
"""A share of a draw's seed, in visible ASCII."""

# -------------------------------------------------------------------- numbers

Rate = Annotated[float, Meta(ge=0, le=1)]
"""A share from 0 to 1. Sixty per cent is 0.6, and 60 is refused."""
Percent = Annotated[float, Meta(ge=0, le=100)]
Score = Annotated[int, Meta(ge=0, le=100)]
Year = Annotated[int, Meta(ge=1990, le=2100)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
"""A number of things, up to as many as a county can have."""
Total = Annotated[int, Meta(ge=0, le=10_000_000)]
"""A number of things, up to as many as the country can have."""
Number = Annotated[int, Meta(ge=1, le=1_000_000)]
"""A number in a sequence, from 1 on: of a record, an objection, an item."""
Population = Annotated[int, Meta(ge=1, le=200_000)]
"""The number of persons in a village."""
Persons = Annotated[int, Meta(ge=1, le=50)]
"""The number of persons in a household."""
Voters = Annotated[int, Meta(ge=0, le=200_000)]
Representatives = Annotated[int, Meta(ge=0, le=2000)]
"""The number of representatives: one for every 5 to 15 households (Village Committees Law 25)."""
Yuan = Annotated[int, Meta(ge=1, le=1_000_000_000)]
"""A sum of money in whole yuan, at most a thousand million."""
Income = Annotated[float, Meta(ge=0, le=10_000_000)]
"""Yuan per person and year."""
Figure = Annotated[float, Meta(ge=-1e9, le=1e12)]
"""The value of an indicator, in the unit that its pack names."""
RelationName = Literal["below", "at_most", "at_least", "above", "is"]
"""How a figure must be related to the number of a bound."""

# ---------------------------------------------------------------------- lists

Villages = Annotated[tuple[VillageId, ...], Meta(max_length=60_000)]
"""Villages, at most as many as fit into one NATS message of 1 MiB."""
Parties = Annotated[tuple[PartyId, ...], Meta(max_length=20_000)]
"""Units, cadres or households."""
Codes = Annotated[tuple[Code, ...], Meta(max_length=100)]
Exhibits = Annotated[tuple[Exhibit, ...], Meta(max_length=50)]
Numbers = Annotated[tuple[Number, ...], Meta(max_length=1000)]
Figures = Annotated[dict[Code, Figure], Meta(max_length=200)]
"""The values of indicators by their codes."""

# ----------------------------------------------------------------------- days

Day = Annotated[
    date, Meta(extra={"years": (1980, 2100)}, extra_json_schema={"description": "1980-01-01 to 2100-12-31"})
]
"""A day in the life of a programme."""
PersonDay = Annotated[
    date, Meta(extra={"years": (1900, 2100)}, extra_json_schema={"description": "1900-01-01 to 2100-12-31"})
]
"""A day in the life of a person."""

# --------------------------------------------------------------------- content

Content = Annotated[dict[str, Any], Meta(max_length=100)]
"""The content of a policy pack. It must be checked with `must_be_small` first, and then field by field."""
LARGEST_CONTENT: Final = 256 * 2**10
DEEPEST_CONTENT: Final = 8


def must_be_small(content: Mapping[str, Any]) -> None:
    """Raise ValueError if a content is deeper or larger than any pack."""
    level: list[Any] = [content]
    for _ in range(DEEPEST_CONTENT):
        level = [entry for part in level for entry in _entries(part)]
    if level:
        raise ValueError(f"`pack` is nested deeper than {DEEPEST_CONTENT} levels")
    if (size := len(msgspec.json.encode(content))) > LARGEST_CONTENT:
        raise ValueError(f"`pack` has {size} bytes, more than {LARGEST_CONTENT}")


def _entries(part: Any) -> Iterable[Any]:
    return part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()


# ---------------------------------------------------------------------- roles

EventRole = Literal[
    "organisation", "poverty_office", "inspection", "discipline", "unit", "township", "team", "village", "county",
    "province", "operator",
]  # fmt: skip
"""The roles that events of version 1 can name. Their readers know no others, so newer roles only take steps of
procedures and hear reports."""
Role = Literal[
    "organisation", "poverty_office", "inspection", "discipline", "finance", "leader_group", "unit", "team", "villager",
    "village", "township", "county", "city", "province", "state", "operator",
]  # fmt: skip
"""All roles that can have a task. The list is closed, since a misspelt role would leave a task to nobody."""
ROLES: Final = {
    "organisation": ("组织部门", "the organisation department"), "poverty_office": ("扶贫部门", "the poverty office"),
    "inspection": ("督查部门", "the inspection"), "discipline": ("纪检监察机关", "the discipline inspection"),
    "finance": ("财政部门", "the finance office"), "leader_group": ("扶贫开发领导小组", "the leading group"),
    "unit": ("派出单位", "the sending unit"), "team": ("驻村工作队", "the team"), "villager": ("村民", "villagers"),
    "village": ("村", "the village"), "township": ("乡镇", "the township"), "county": ("县", "the county"),
    "city": ("市", "the city"), "province": ("省", "the province"), "state": ("中央", "the centre"),
    "operator": ("运维人员", "operators"),
}  # fmt: skip
"""The names of the roles, in Chinese and English."""
OWN: Final = {"unit": "unit", "team": "team", "village": "village", "villager": "village", "township": "township"}
"""The roles that hold only for one's own unit, team, village or township, and not for all in a division. For each, the
name of the field by which a token or an account says which one that is."""

SeenVersion = Annotated[str, Meta(pattern=r"^[a-z_]{1,40}/[!#-?A-~]{1,360}@[0-9a-f]{12}-[0-9]{1,15}$(?!\n)")]
"""The version of a state that somebody saw before changing it: its kind and id, a hash of it, and how far the journal
was. It is the ETag of `GET /v1/<kind>/<id>`, and the `version` of a task."""

# ------------------------------------------------------------------- in words


def _pattern(value: Any) -> str:
    return next(str(meta.pattern) for meta in value.__metadata__ if isinstance(meta, Meta) and meta.pattern)


SAID: Final = {
    _pattern(value): words
    for value, words in {
        Place: ("6位数字的区划代码", "a division's code of 6 digits"),
        SeenVersion: (
            "查询时返回的版本（响应头“ETag”或待办的“version”）",
            "the version that a query answered as ETag or `version`",
        ),
        VillageId: ("12位数字的村代码", "a village's code of 12 digits"),
        PartyId: (
            "编号，由大写字母、数字和 . _ - 组成，最多40个字符，不能是身份证号或手机号",
            "an id of capitals, digits and . _ -, 40 characters at most, no number of an identity card or a phone",
        ),
        UnitInVillage: (
            "12位村代码、斜线和单位编号，如 210521100201/U1",
            "a village's code, a slash and a unit's id, such as 210521100201/U1",
        ),
        GradedId: (
            "村、组织或者人员的编号；乡镇写作 township:9位代码",
            "the id of a village, an organisation or a person; a township is township: and 9 digits",
        ),
        RunId: (
            "编号，由字母、数字和 . _ - 组成，最多40个字符",
            "an id of letters, digits and . _ -, 40 characters at most",
        ),
        DivisionRef: (
            "区划，写作 township:9位代码、county:6位代码、city:4位代码或 province:2位代码",
            "a division: township: and 9 digits, county: and 6, city: and 4, or province: and 2",
        ),
        ParentRef: (
            "所隶属的对象，写作 village:12位村代码、township:9位代码、county:6位代码、city:4位代码、province:2位代码"
            "或“party:”加组织编号",
            "whom it belongs to: village: and 12 digits, township: and 9, county: and 6, city: and 4, province: and 2, "
            "or party: and an id",
        ),
        CampaignId: (
            "编号，由字母、数字和 . _ - 组成，最多60个字符",
            "an id of letters, digits and . _ -, 60 characters at most",
        ),
        Code: (
            "政策包中的代码，由小写字母、数字和 _ 组成，最多32个字符",
            "a code of the pack: small letters, digits and _, 32 characters at most",
        ),
        Version: (
            "政策包的版本号，由字母、数字和 . _ - 组成，最多40个字符",
            "a pack's version of letters, digits and . _ -, 40 characters at most",
        ),
        DerivedId: (
            "编号，由字母、数字和 . _ : / - 组成，最多120个字符",
            "an id of letters, digits and . _ : / -, 120 characters at most",
        ),
        Exhibit: (
            "材料编号或者照片的SHA-256，由字母、数字和 . _ / - 组成，3至80个字符，不能是身份证号或手机号",
            "the number of a record or the SHA-256 of a photograph: letters, digits and . _ / -, 3 to 80 characters, "
            "no number of an identity card or a phone",
        ),
        Sha256: ("64位十六进制数字（SHA-256）", "a SHA-256 of 64 hexadecimal digits"),
        Name: (
            "一行文字，写明名称或事由，不能只有数字和符号，不能写“无”“同上”，首尾无空格，不含看不见的字符",
            "a line of text that names something: not only digits and signs, no 'none' or 'ditto', no outer spaces, "
            "nothing unseen",
        ),
        Short: ("一行文字，首尾无空格，不含看不见的字符", "a line of text without outer spaces, nothing unseen"),
        ShortOrNone: ("一行文字，首尾无空格，不含看不见的字符", "a line of text without outer spaces, nothing unseen"),
        Period: ("四位年份或“term”", "a year of 4 digits, or term"),
        Seed: ("随机码，1至128个可见的字母、数字或符号", "a seed of 1 to 128 visible ASCII characters"),
    }.items()
}
"""What the pattern of a text requires, in Chinese and English."""


class Bounded(msgspec.Struct, frozen=True, kw_only=True):
    """A struct that checks the limits of its days, which msgspec cannot do. Raises ValueError for a day outside
    them."""

    def __post_init__(self) -> None:
        for field, first, last in _DAYS[type(self)]:
            value = getattr(self, field)
            # Nearly always it is one day, and nearly always within the limits.
            if value and not (value.__class__ is date and first <= value <= last):
                _require_within(field, value, first, last)


def must_pair(field: str, values: Sized, others: Sized) -> None:
    """Raise ValueError if a list has not as many entries as the list to which it belongs. It may be empty, as it is in
    events of earlier versions."""
    if values and len(values) != len(others):
        raise ValueError(f"`{field}` must have {len(others)} entries or none, not {len(values)}")


def _require_within(field: str, value: Any, first: date, last: date) -> None:
    """Raise ValueError for a day outside of the limits, or a list or mapping with one."""
    for day in value.values() if isinstance(value, dict) else (value,) if isinstance(value, date) else value:
        if not first <= day <= last:
            raise ValueError(f"`{field}` must lie between {first} and {last}, not on {day}")


class _Days(dict[type[msgspec.Struct], tuple[tuple[str, date, date], ...]]):
    """By struct: its fields that contain days, also in lists and mappings, each with its first and last allowed day.

    An entry is made when it is first needed, and kept, since each decoded message needs it.
    """

    def __missing__(self, struct: type[msgspec.Struct]) -> tuple[tuple[str, date, date], ...]:
        hints = get_type_hints(struct, include_extras=True)
        self[struct] = tuple(
            (field, date(years[0], 1, 1), date(years[1], 12, 31))
            for field in struct.__struct_fields__
            for years in [_years(hints[field])]
            if years is not None
        )
        return self[struct]


_DAYS = _Days()


def _years(hint: Any) -> tuple[int, int] | None:
    if get_origin(hint) is Annotated:
        for meta in hint.__metadata__:
            if isinstance(meta, Meta) and meta.extra and "years" in meta.extra:
                return meta.extra["years"]  # type: ignore[no-any-return]
    return next((found for part in get_args(hint) for found in [_years(part)] if found), None)
