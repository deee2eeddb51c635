"""How long data about persons are kept: of cadres and persons of villages after they have left, of callers after they
last acted, and of what somebody was paid."""

from shared.calendar import Span
from shared.contracts.values import Clause, EventRole
from shared.policy.section import Section


class Keeping(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """个人信息保存期限：自撤销登记起算，期满提请决定是否匿名；人员信息不自动删除。 ·
    How long persons are kept after their registration was withdrawn. Then a body is asked whether they become
    anonymous; nothing of them is erased by itself (Personal Information Protection Law 19, 47)."""

    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    by: EventRole
    """由谁决定匿名。 · Who decides that somebody becomes anonymous."""
    cadres: Span
    """选派干部保存多久。 · How long a cadre is kept."""
    persons: Span
    """村级人员等个人保存多久；指 [[parties]] 中 personal = true 的。 ·
    How long a person of a village is kept; of `[[parties]]` those with `personal = true`."""
    statements: Span | None = None
    """报酬补贴在发放的年度终了后保存几年；按整年计，尚未核定的不计。不写的，一直保存。 ·
    How many years it is kept what somebody was paid, after the end of the year; whole years, and what nobody has
    confirmed yet is not over. For ever where nothing stands here."""
    callers: Span | None = None
    """操作人代称与本人的对应关系，在最后一次操作后保存多久；不写的，一直保存。 ·
    How long it is kept who stands behind a pseudonym, after he last acted; for ever where nothing stands here."""
    readings: Span | None = None
    """按人查找“谁查阅过”的索引保存多久，日志本身不删；不写的，一直保存。 ·
    How long it can be asked who has read of somebody. The log itself stays; for ever where nothing stands here."""
