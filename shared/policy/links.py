"""The kinds of link by which somebody is bound to a village: what all of them say, and a cadre's own link.

A unit's team has a file of its own, `team`.
"""

from typing import ClassVar, Literal

from shared.contracts.registry import Rank
from shared.contracts.values import Clause, Code, Name, Role
from shared.policy.bound import HowMany, Limits, Range, ends
from shared.policy.section import Found, Path, Section
from shared.policy.when import When

TEAM = "team"
"""The kind of link by which a unit's team is in a village."""


class LinkKind(Section, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="from"):
    """派驻或联系的一种。 · A kind of link. Who bears it (`from`) decides what else is said of it."""

    named_by: ClassVar = ("kind",)
    merged: ClassVar = True

    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    to: Literal["village"]
    """派到或联系哪里。村为 village。 · Where it leads. It is a village."""
    each_bearer: Limits = Limits()
    """每名干部联系几个村。如 { at_most = 2 }；不写为不限。 ·
    How many villages each bearer may have. It is written `{ at_most = 2 }`; no limit where it is left out."""


class Contact(LinkKind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="cadre"):
    """干部联系村，如领导干部联系点。 · A cadre's own link to a village, such as a leader's contact point (4.2)."""

    bearer: ClassVar = "cadre"
    """由谁承担。干部 cadre 自己联系，不离岗。 · Who bears it. It is a cadre, alone and without leaving the office."""
    rule: Clause
    """依据：[documents] 中的文件和条款，如 S3:第三项。 · A cited document and its article, as `S3:第三项`."""
    decides: Role
    """由谁确定和解除。 · Who decides that it begins and ends."""
    each_target: HowMany
    """每村几名。一个数，或者最少和最多，如 { at_least = 1, at_most = 2 }。 ·
    How many a village has: a number, or the fewest and the most."""
    rank: Rank = "staff"
    """最低职务层次；不写为不要求。 · The lowest rank that it takes; none is asked for where it is left out."""
    begin_by: When
    """确定期限。自会诊（registry.village.diagnosed）或者出现空缺起算。 ·
    The last day for it to begin. It is counted from the diagnosis (`registry.village.diagnosed`), or from the day on
    which a place came open."""
    ends: Literal["delisted"] | None = None
    """随何事解除。填 delisted 为村出列即解除；不写为出列后继续联系。 ·
    What ends it. With `delisted` it is the village's exit; without, it goes on after the exit."""

    @property
    def fewest(self) -> int:
        """How many a village must have."""
        return ends(self.each_target)[0]

    @property
    def most(self) -> int | None:
        """How many a village may have; None for no limit."""
        return ends(self.each_target)[1]


def contradictions(at: Path, link: Contact) -> Found:
    """Find what no cadre's link can be."""
    size = link.each_target
    if link.kind == TEAM:
        zh, en = f"{TEAM} 专指单位派驻的工作队，请换一个代码", f"{TEAM} is a unit's team; choose another code"
        yield (*at, "kind"), zh, en, 'kind = "contact"'
    if isinstance(size, Range) and size.at_most is not None and size.at_most < size.at_least:
        zh, en = "至多的人数少于至少的人数", "it is fewer than `at_least`"
        yield (*at, "each_target", "at_most"), zh, en, f"at_most = {size.at_least}"
    if link.each_bearer.at_least:
        zh = "不能要求每名干部都联系村，只写最多联系几个村（at_most）"
        en = "a cadre cannot be obliged to have a village; give only at_most, the most villages a cadre may have"
        most = link.each_bearer.at_most or 1
        yield (*at, "each_bearer", "at_least"), zh, en, f"each_bearer = {{ at_most = {most} }}"
