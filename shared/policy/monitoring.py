"""Households that are watched so that they do not fall into poverty (防止返贫监测): in which classes, and for how long.

Incomes and reports only propose a household. The procedure with the effect `monitor` decides who is watched, and the
one with the effect `clear` who no longer is; their steps are in `[[procedures]]`.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta

from shared.calendar import Span
from shared.contracts.values import Code, Name, Role
from shared.policy.exit import Line, line_faults
from shared.policy.procedure import Procedure
from shared.policy.section import Found, Reference, Section, Year


class WatchClass(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """监测对象的一类，如脱贫不稳定户。 · A class of households that are watched, such as “脱贫不稳定户”."""

    named_by = ("code",)
    code: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    of: Literal["lifted", "outside", "any"] = "any"
    """适用范围：脱贫户 lifted、未建档立卡的农户 outside，还是各类农户 any。 ·
    Which households can be in it: those lifted out of poverty, those never registered as poor, or any."""
    by_income: bool = False
    """人均纯收入低于监测线或者“两不愁三保障”有欠缺的，是否由系统提出名单；最终由有权机构认定。 ·
    Whether facts propose a household: an income below the line, or a guarantee that is missing. A body decides."""
    observe: Span
    """认定后至少观察多久，方可认定风险消除。 · How long a household is watched at least before the risk can be found
    removed."""


class Monitoring(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """防止返贫监测和风险消除；程序见 procedures 中 effect = "monitor" 和 effect = "clear" 的两项。 ·
    Which households are watched; the steps are the two procedures with the effects `monitor` and `clear`."""

    classes: Annotated[tuple[WatchClass, ...], Meta(min_length=1, max_length=10)]
    """监测对象类别。 · The classes."""
    line: Annotated[Mapping[Year, Line], Meta(min_length=1, max_length=60)]
    """各年度监测线：人均年纯收入（元）。 · The yearly net income in yuan a head below which facts propose a household,
    by year."""
    propose_within: Span
    """出现风险线索后，多长时间内启动认定程序。 · The time for opening the procedure, from the day of the facts or of
    the report."""
    review_every: Span
    """每隔多长时间走访一次监测对象。 · How often those who are watched are visited."""
    reviewed_by: Role
    """由谁走访。 · Who visits them."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""

    def line_of(self, year: int) -> int:
        """The line of a year in yuan; before the first year that has one, the first line, and after the last the
        last."""
        years = sorted(map(int, self.line))
        return self.line[str(min(max(year, years[0]), years[-1]))]

    def known(self, code: str) -> WatchClass | None:
        """The class of a code; None if the pack has none."""
        return next((one for one in self.classes if one.code == code), None)


_NO_VISITORS: Final[tuple[Role, ...]] = ("villager", "unit", "inspection", "discipline", "finance", "operator")


def contradictions(terms: Monitoring | None, procedures: tuple[Procedure, ...], first: int, *, layered: bool) -> Found:
    """Find a section without its procedures, procedures without their section, and classes that say the same."""
    for effect in ("monitor", "clear"):
        found = [n for n, one in enumerate(procedures) if one.effect == effect]
        if terms and not found:
            zh = f'没有 effect = "{effect}" 的程序，监测对象的认定和风险消除各应有一个程序'
            en = f'[monitoring] needs a procedure with effect = "{effect}": one decides who is watched, one who is not'
            yield ("procedures",), zh, en, ""
        for n in found if terms is None else found[1:]:
            zh = f'effect = "{effect}" 的程序只能有一个，并应有 [monitoring] 一节'
            en = f'there is one procedure with effect = "{effect}", and it needs the section [monitoring]'
            yield ("procedures", n, "effect"), zh, en, 'effect = "decide"'
    if terms is None:
        return
    yield from line_faults(("monitoring", "line"), terms.line, first, layered=layered)
    if terms.reviewed_by in _NO_VISITORS:
        zh = f"{terms.reviewed_by} 不走访农户；不可填：{'、'.join(_NO_VISITORS)}"
        en = f"{terms.reviewed_by} visits no households; nor do {', '.join(_NO_VISITORS)}"
        yield ("monitoring", "reviewed_by"), zh, en, 'reviewed_by = "team"'
    for n, one in enumerate(terms.classes):
        before = [other for other in terms.classes[:n] if other.by_income and other.of in (one.of, "any")]
        if one.by_income and before:
            zh = f"“{one.label}”不会由系统提出：按收入提出的农户已归入“{before[0].label}”，请删去 by_income 或者调整 of"
            en = (
                f"facts never propose {one.code}, since {before[0].code} takes the same households; leave by_income out"
            )
            yield ("monitoring", "classes", n, "by_income"), zh, en, "by_income = false"
