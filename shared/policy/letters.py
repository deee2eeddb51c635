"""Letters of responsibility that a county signs with each of its townships every year (mechanism 1.2)."""

from collections.abc import Sequence

from shared.calendar import YearDay
from shared.contracts.values import Clause, Code, EventRole, Name
from shared.policy.commitments import LETTER
from shared.policy.section import Found, Section


class Letter(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """县与各乡镇每年签订的责任书。 · A letter of responsibility between a county and each of its townships (1.2)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    by: EventRole
    """由谁组织签订。 · Who has it signed, and is told of a township that has not."""
    sign_by: YearDay
    """每年签订的最后一日。 · The last day of each year for signing it."""
    judged_by: EventRole
    """由谁认定乡镇未履行责任书。 · Who may find that a township has broken it."""


def contradictions(letters: Sequence[Letter]) -> Found:
    """Find letters with the code that is reserved for a unit's letter, and townships that would judge themselves."""
    for n, one in enumerate(letters):
        if one.kind == LETTER:
            zh = f"{LETTER} 专指派出单位的责任书，乡镇的责任书请换一个代码"
            yield ("letters", n, "kind"), zh, f"{LETTER} is the code of a sending unit's letter; take another", ""
        if one.judged_by == "township":
            zh = "乡镇不能认定自己未履行责任书"
            yield ("letters", n, "judged_by"), zh, "a township does not judge itself", 'judged_by = "county"'
