"""Lists that are ticked off for a village on known days: working methods that a county has named, and what a village
discloses (mechanisms 0.8, 1.17)."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from shared.contracts.values import Clause, Code, EventRole, Name
from shared.policy.commitments import crowded, unlike
from shared.policy.section import Found, Labels, Section
from shared.policy.when import When


class Checklist(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """逐项核对的清单，如村级工作法、三公开。 ·
    A list that is ticked off for each village, such as its working methods or what it discloses (0.8, 1.17)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    by: EventRole
    """由谁填报。 · Who ticks it off."""
    items: Labels
    """各项的代码和名称。 · Its items, by code."""
    when: Annotated[tuple[When, ...], Meta(min_length=1, max_length=12)]
    """填报日。within 为自该日起多长时间内填报。 ·
    The days on which it is due to be ticked off. `within` is how long each may take."""
    proof: bool = False
    """已落实的是否须写明佐证，如公开栏、文件。 · Whether a proof is named for what was done, such as a notice board."""
    vacant: bool = False
    """可否填报某项本期无内容，如当季没有财务收支。 ·
    Whether an item may have nothing this time, such as a quarter without any income or spending. It counts as done."""


def contradictions(checklists: Sequence[Checklist]) -> Found:
    """Find days that overlap or move, and items of two lists that a form could not tell apart."""
    yield from unlike((("checklists", n, "items"), one.items) for n, one in enumerate(checklists))
    for n, one in enumerate(checklists):
        yield from crowded(("checklists", n, "when"), one.kind, one.when)
        for m, when in enumerate(one.when):
            if when.within.follows_calendar:
                zh = "应按年、月或日历日计，不按工作日，也不顺延"
                en = "it is counted in years, months or calendar days, neither in working days nor rolled"
                yield ("checklists", n, "when", m, "within"), zh, en, "within = { calendar_days = 15 }"
