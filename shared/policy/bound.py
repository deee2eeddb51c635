"""Bounds: one way to write every limit of a pack, whether of a criterion, cap, ground, rate, quorum or majority.

A number is exactly what people write: `0.02` is two hundredths, `"2/3"` is two thirds. A value that lies exactly on the
limit is judged right, although values are floats: a measured value is a quotient of whole numbers, rounded to the
nearest float. The limit is rounded in the same way before both are compared, and equal numbers have equal floats.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Final, NamedTuple, cast

import msgspec
from msgspec import Meta

from shared.contracts.values import Bounded, Code, Figure, RelationName
from shared.policy.section import Path, Section, parts

Part = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,2}/[1-9][0-9]{0,2}$(?!\n)", max_length=7)]
"""A fraction as documents write it: `2/3`."""
Amount = Figure | Part


class Relation(NamedTuple):
    """How a value is compared with a number, and the words for it."""

    holds: Callable[[float, float], bool]
    zh: str
    en: str


RELATIONS: Final[Mapping[str, Relation]] = {
    "below": Relation(operator.lt, "低于", "below"),
    "at_most": Relation(operator.le, "不高于", "at most"),
    "at_least": Relation(operator.ge, "不低于", "at least"),
    "above": Relation(operator.gt, "高于", "above"),
    "is": Relation(operator.eq, "等于", "exactly"),
}
_FRACTIONS: Final = {"2/3": "三分之二", "1/2": "半数"}
RISING: Final = ("at_least", "above", "is")
LEAST: Final = ("at_least",)
FALLING: Final = ("below", "at_most", "is")


class Bound(Bounded, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """界限：一项数值，以及 below、at_most、at_least、above、is 中的一种关系。 ·
    A bound: a figure, and one of the relations `below`, `at_most`, `at_least`, `above` and `is`."""

    figure: Code
    """数值的代码；可填哪些，由所在的节决定。 · The figure; which ones there are depends on the section."""
    below: Amount | None = None
    """低于此数。比例用小数或分数，2% 填 0.02，三分之二填 "2/3"；下同。 ·
    Below this number. A share is a decimal or a fraction: 2 % is 0.02, two thirds are "2/3"."""
    at_most: Amount | None = None
    """不高于此数。 · At most this number."""
    at_least: Amount | None = None
    """不低于此数。 · At least this number."""
    above: Amount | None = None
    """高于此数。 · Above this number."""
    equals: Amount | None = msgspec.field(default=None, name="is")
    """等于此数。 · Exactly this number."""

    @property
    def given(self) -> dict[str, Amount]:
        """The relations that are filled in, with their numbers. A valid pack has exactly one."""
        filled = zip(RELATIONS, self._numbers, strict=True)
        return {relation: number for relation, number in filled if number is not None}

    @property
    def _numbers(self) -> tuple[Amount | None, ...]:
        return self.below, self.at_most, self.at_least, self.above, self.equals

    @property
    def relation(self) -> RelationName:
        """The relation that is filled in."""
        return _filled(self._numbers)[0]

    @property
    def number(self) -> Fraction:
        """The number exactly as it is written."""
        return _filled(self._numbers)[1]

    def holds(self, value: float | Fraction | None) -> bool:
        """Whether a value keeps the bound. A missing value (None) never does."""
        if value is None:
            return False
        relation, _, nearest = _filled(self._numbers)
        return RELATIONS[relation].holds(float(value), nearest)

    @property
    def said(self) -> tuple[str, str]:
        """Relation and number for people, in Chinese and English: `低于0.02`, `below 0.02`."""
        relation, (number,) = RELATIONS[self.relation], self.given.values()
        written = number if isinstance(number, str) else f"{number:g}"
        return f"{relation.zh}{_FRACTIONS.get(written, written)}", f"{relation.en} {written}"


Some = Annotated[int, Meta(ge=1, le=20)]


class Limits(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """最少和最多的数目，可以只写其一。 · How many there are at least and at most; either may be left out."""

    at_least: Annotated[int, Meta(ge=0, le=20)] = 0
    """最少；不写为可以没有。 · At least so many; there may be none where it is left out."""
    at_most: Some | None = None
    """最多；不写为不限。 · At most so many; no limit where it is left out."""

    @property
    def said(self) -> tuple[str, str]:
        """The limits for people, in Chinese and English: `3至5`, `3 to 5`."""
        if not self.at_least and self.at_most:
            return f"不多于{self.at_most}", f"{self.at_most} or fewer"
        if not self.at_least and not self.at_most:
            return "不限", "any number"
        if self.at_most is None:
            return f"不少于{self.at_least}", f"{self.at_least} or more"
        if self.at_most == self.at_least:
            return f"{self.at_least}", f"{self.at_least}"
        return f"{self.at_least}至{self.at_most}", f"{self.at_least} to {self.at_most}"


class Range(Limits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """最少和最多的数目，如 3 至 5 名。 · How many there are at least and at most."""

    at_least: Some
    """最少。 · At least so many."""


HowMany = Some | Range
"""Exactly so many, as `3`, or a range, as `{ at_least = 3, at_most = 5 }`."""


def ends(number: Some | Limits) -> tuple[int, int | None]:
    """The least and the most of a number of something; None for no limit."""
    return (number, number) if isinstance(number, int) else (number.at_least, number.at_most)


@lru_cache(1024)
def _filled(numbers: tuple[Amount | None, ...]) -> tuple[RelationName, Fraction, float]:
    """The relation of a bound, its number, and the float nearest to that number.

    The result is cached: packs have few bounds, and every measurement compares with all of them.
    """
    relation, written = next((name, n) for name, n in zip(RELATIONS, numbers, strict=True) if n is not None)
    number = Fraction(str(written))
    return cast(RelationName, relation), number, float(number)


# ------------------------------------------------------------ what can be bounded


class Known(NamedTuple):
    """A figure that the bounds of one part of a pack may name."""

    zh: str
    en: str
    relations: tuple[str, ...]
    """The relations that make sense for it: more absences are worse, but higher approval is better."""
    share: bool
    """True for a share (0 to 1), False for a count of something."""
    example: str
    """A valid relation and number, shown when another is refused."""


_HAPPENED: Final = {
    "absences": Known("不在岗次数", "visits that found someone absent", RISING, False, "at_least = 1"),
    "open_items": Known("未销号事项数", "items open at the last reconciliation", RISING, False, "at_least = 1"),
    "approval": Known("民主测评满意率", "the ballot's share of the satisfied", FALLING, True, "below = 0.6"),
}
_QUORUM: Final = {
    "present": Known(
        "到会人数占应到人数的比例", "the share of those entitled who came", RISING, True, 'at_least = "2/3"'
    ),
}
_INCIDENCE: Final = Known("贫困发生率", "the share of the poor", FALLING, True, "below = 0.02")
_RATES: Final = {
    "wrong_exit": Known("错退率", "the wrong-exit rate", FALLING, True, "below = 0.02"),
    "omission": Known("漏评率", "the omission rate", FALLING, True, "below = 0.02"),
    "approval": Known("群众认可度", "the approval", RISING, True, "at_least = 0.9"),
}
FIGURES: Final[Mapping[tuple[str, ...], Mapping[str, Known]]] = {
    ("exit", "criteria"): {"incidence": _INCIDENCE},
    ("exit", "verification", "sample"): {
        "share": Known("抽查的脱贫户比例", "the share of the lifted households that is visited", LEAST, True,
                       "at_least = 0.2"),
        "households": Known("抽查户数", "the number of households visited", LEAST, False, "at_least = 10"),
        "outside": Known("抽查的未建档人口比例", "the share of the people outside the register who are looked at",
                         LEAST, True, "at_least = 0.05"),
    },
    ("exit", "verification", "rates"): _RATES,
    ("appraisals", "ballot_quorum"): _QUORUM,
    ("assessment", "ballot_quorum"): _QUORUM,
    ("assessment", "caps"): _HAPPENED,
    ("assessment", "grounds"): _HAPPENED,
    ("indicators", "derive", "meets"): {},
    ("procedures", "judged"): {"incidence": _INCIDENCE, **_RATES},
    ("procedures", "steps", "quorum"): _QUORUM,
    ("procedures", "steps", "majority"): {
        "agreed": Known("赞成人数占到会人数的比例", "the share of those present who agree", RISING, True,
                        'above = "1/2"'),
        "agreed_of_entitled": Known("赞成人数占应到人数的比例", "the share of those entitled who agree", RISING, True,
                                    'above = "1/2"'),
    },
}  # fmt: skip
"""The catalogue: for each part of a pack, the figures that its bounds may name. Exit criteria may name other figures,
too: a figure named there becomes an indicator of the region. Formulas of indicators may name any indicator."""
OPEN: Final = (("exit", "criteria"), ("indicators", "derive", "meets"))  # Their bounds may name other figures as well.
Found = Iterator[tuple[Path, str, str, str]]


def contradictions(policy: Section) -> Found:
    """Find bounds, anywhere in a pack, with an unknown figure, or with a relation or number that makes no sense."""
    for path, bound in parts(Bound, policy):
        yield from _of_bound(path, bound)


def _of_bound(path: Path, bound: Bound) -> Found:
    context = tuple(name for name in path if isinstance(name, str))
    catalogue, figure = FIGURES[context], bound.figure
    known = catalogue.get(figure)
    near = get_close_matches(figure, catalogue, 1, 0.8)
    if known is None and (context not in OPEN or near):
        names = near or sorted(catalogue, key=lambda name: bool({*bound.given} - {*catalogue[name].relations}))
        zh = f"没有数值 {figure}，可填：{'、'.join(f'{name}（{one.zh}）' for name, one in catalogue.items())}"
        en = f"there is no figure {figure}; it is one of {', '.join(catalogue)}"
        if context in OPEN:
            zh = f"{figure} 像是系统计算的 {near[0]}；确为另一项指标的，请换一个代码"
            en = f"{figure} looks like {near[0]}, which is computed; name another indicator differently"
        yield (*path, "figure"), zh, en, f'figure = "{names[0]}"'
    elif len(bound.given) != 1:
        first = next(iter(bound.given), None)
        line = f"{first} = {_toml(bound.given[first])}" if first else known.example if known else "at_least = 1"
        where = (*path, [*bound.given][1]) if first else (*path, line.split()[0])
        zh = f"{figure} 应在 {'、'.join(RELATIONS)} 中填且只填一项"
        yield where, zh, f"{figure} needs one of {', '.join(RELATIONS)}, and one only", line
    elif known:
        yield from _misfit((*path, bound.relation), bound, known, strict=context[0] == "exit")


def _misfit(path: Path, bound: Bound, known: Known, *, strict: bool) -> Found:
    """Find a relation that is the wrong way round, and a number that the figure cannot have or that limits nothing."""
    number, relation = bound.number, bound.relation
    held = {bound.holds(value) for value in (0, number, 1 if known.share else number + 1)}
    if relation not in known.relations:
        contrary = known.relations is not LEAST
        zh = f"{known.zh}应填 {'、'.join(known.relations)} 之一，{relation} {'的意思正相反' if contrary else '不适用'}"
        en = f"for {known.en} it is one of {', '.join(known.relations)}; {relation} would "
        en += "mean the contrary" if contrary else "not do"
    elif known.share and not 0 <= number <= 1:
        zh, en = f"{known.zh}是比例，应在 0 至 1 之间（60% 填 0.6）", f"{known.en} is a share from 0 to 1; 60 % is 0.6"
    elif not known.share and (number.denominator != 1 or number < 0):
        zh, en = f"{known.zh}应为不小于 0 的整数", f"for {known.en} it must be a whole number from 0 on"
    elif len(held) == 1:
        zh = f"{known.zh}{'总是' if True in held else '不可能'}{bound.said[0]}，这一界限没有意义"
        en = f"{known.en} is {'always' if True in held else 'never'} {bound.said[1]}, so that this bounds nothing"
    elif strict and number == 1 and known.relations is FALLING:
        zh = f"{known.zh}的界限应小于 1，否则几乎都算达标（2% 填 0.02）"
        en = f"{known.en} must be less than 1, or nearly any would pass; 2 % is 0.02"
    else:
        return
    yield path, zh, en, known.example


def _toml(number: Amount) -> str:
    return f'"{number}"' if isinstance(number, str) else f"{number:g}"
