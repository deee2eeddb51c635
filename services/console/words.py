"""What the pages call things: stages, divisions, and what villages are counted as."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from services.console.model.sums import BINS
from services.console.store import Asked
from shared.contracts import EVENTS
from shared.contracts.journey import STAGES
from shared.divisions import around
from shared.labels import Both, in_words
from shared.policy import Policy, PolicyBook

COLOURS: Final = dict(
    zip(
        STAGES,
        (
            "#b8bfc4", "#8c1d18", "#b1443a", "#c96a4f", "#d98f62", "#e3ad76", "#e9c98d", "#cfd093", "#a9c28c",
            "#7fae83", "#4f9a74", "#2f7d63", "#6b4a86", "#8b949b", "#d5d9dc",
        ),
        strict=True,
    )
)  # fmt: skip
"""A colour for each stage: reds while help is being brought in, greens once the village has left the list."""
COUNTED: Final[Mapping[str, Both]] = {
    "villages": ("村", "villages"),
    "on_list": ("在贫困村名单上", "on the poverty list"),
    "covered": ("在名单上且有工作队", "on the list, with a team"),
    "uncovered": ("在名单上而没有工作队", "on the list, without a team"),
    "late": ("有逾期未办事项", "with something overdue"),
    "due": ("有待开展的到村督查", "with visits to come"),
    "orders": ("有未销号的整改", "with rectifications open"),
}
"""What villages are counted as, in words."""
MARKS: Final = {*COUNTED, *(f"incidence/{number}" for number in range(len(BINS)))}
"""What villages are counted as everywhere. Other marks, such as lists and years, differ by region."""
_BY_CODE: Final = re.compile("(?:村|village )([0-9]{12})(?![0-9])")
"""What services that do not know names call a village."""
_OF_YEAR: Final[Mapping[str, Both]] = {
    "missed": ("{}年有逾期", "deadlines missed in {}"),
    "visits": ("{}年有到村督查", "visited in {}"),
    "crowded": ("{}年到村督查超过限度", "visited too often in {}"),
    "reports": ("{}年报送过材料", "reports handed in during {}"),
}


def incidence(number: int) -> Both:
    """A bin of incidences: `2%—5%`."""
    low, high = f"{BINS[number - 1]:.0%}" if number else "", f"{BINS[number]:.0%}"
    if not number:
        return "贫困发生率为零", "no poverty left"
    return f"贫困发生率{low}—{high}", f"incidence {low} to {high}"


def counted(mark: str, policy: Policy | None) -> Both:
    """What villages are counted as, in words: one mark."""
    name, _, rest = mark.partition("/")
    if mark in COUNTED:
        return COUNTED[mark]
    if name in _OF_YEAR:
        zh, en = _OF_YEAR[name]
        return zh.format(rest), en.format(rest)
    if name == "incidence":
        return incidence(int(rest))
    if name == "list":
        return in_words("kind", rest, policy)
    figure, _, bracket = rest.partition("/")
    zh, en = in_words("figure", figure, policy)
    return f"{zh}：{bracket}", f"{en}: {bracket}"


def late(type: str, kind: str, policy: Policy | None) -> Both:
    """What is overdue: the label of the event that told it, and what kind of thing it was."""
    zh, en = EVENTS[type].label if type in EVENTS else ("", "")
    named = in_words("kind", kind, policy) if kind else ("", "")
    return f"{zh}{f'（{named[0]}）' if kind else ''}", f"{en}{f' ({named[1]})' if kind else ''}"


def place(code: str, townships: Mapping[str, str], book: PolicyBook) -> Both:
    """The name of a division: a township's as its villages say it, another's as its own pack does, or the one in force
    there, or any that names it, as a county's names the province around it. If nobody names it, the words say that it
    is a division with this code."""
    if not code:
        return "全国", "the whole country"
    if own := book.packs.get(code, ()):
        return own[-1].name, own[-1].name_en
    packs = (policy_of(book, own) for own in (code, *book.packs))
    names = (pack.words.places.get(code) for pack in packs if pack)
    name = townships.get(code) or next(filter(None, names), "")
    return (name, name) if name else (f"区划{code}", f"division {code}")


def by_code(texts: Iterable[Both]) -> set[str]:
    """The villages that texts name by their codes, such as 村210521902201."""
    return {code for zh, _ in texts for code in _BY_CODE.findall(zh)}


def by_name(text: Both, names: Mapping[str, str]) -> Both:
    """A text with the names of villages in place of their codes, where they are known."""
    zh, en = (_BY_CODE.sub(lambda found: names.get(found[1], found[0]), said) for said in text)
    return zh, en


def policy_of(book: PolicyBook, code: str) -> Policy | None:
    """The pack in force in a division, for its words."""
    return book.base(code[:6].ljust(6, "0"), date.max)


def above(code: str) -> list[str]:
    """The divisions around one, from the country down."""
    wider = [one for one in reversed(around(code)) if len(one) < len(code)]
    return ["", *wider] if code else []


def query(asked: Asked, unit: str = "") -> dict[str, str | tuple[str, ...]]:
    """The parameters of the page of villages that shows what is asked for; of another unit, if one is named."""
    given: dict[str, str | tuple[str, ...]] = {
        "place": asked.place,
        "q": asked.q,
        "stage": asked.stage,
        "unit": unit or asked.unit,
        "as": asked.marks,
    }
    return {name: value for name, value in given.items() if value or name == "place"}
