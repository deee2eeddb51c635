"""Linkages: kinds of link that answer together for one village, a level of government each (0.7, 1.3)."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from shared.contracts.values import Clause, Code, Name
from shared.policy.links import TEAM
from shared.policy.section import Found, Section


class Linkage(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """几级包联：各级共同对一个村负责。 ·
    A linkage: several kinds of link that answer together for one village (0.7, 1.3)."""

    named_by: ClassVar = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称，如三级包联。 · Its name."""
    rule: Clause
    """依据：[documents] 中的文件和条款，如 S3:第三项。 · A cited document and its article, as `S3:第三项`."""
    of: Annotated[tuple[Code, ...], Meta(min_length=2, max_length=10)]
    """由上到下各级是哪几种联系：[[links]] 中的代码。 ·
    The kinds of link from the highest level down; each is the code of one of `[[links]]`."""
    shares_result: bool = False
    """工作队的年度考核等次是否一并记到各级联系村的干部和组织名下（帮扶成效与工作实绩挂钩）。 ·
    Whether the grade of the village's team for a year counts for all levels (0.7)."""


def contradictions(linkages: Sequence[Linkage], kinds: Sequence[str]) -> Found:
    """Find levels that are no kind of link, and a kind that stands twice."""
    for n, linkage in enumerate(linkages):
        for m, kind in enumerate(linkage.of):
            if kind not in kinds:
                zh = f"[[links]] 中没有 {kind}，可填：{'、'.join(kinds)}"
                yield ("linkages", n, "of", m), zh, f"{kind} is none of [[links]]: {', '.join(kinds)}", ""
            elif kind in linkage.of[:m]:
                yield ("linkages", n, "of", m), f"{kind} 已经写过", f"{kind} stands there already", ""
        if linkage.shares_result and TEAM not in linkage.of:
            zh = f"共用考核等次的，各级中应有派驻工作队（{TEAM}）：等次是工作队的"
            yield (
                ("linkages", n, "shares_result"),
                zh,
                f"{TEAM} is none of its levels, whose grade they would share",
                "",
            )
