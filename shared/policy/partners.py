"""Kinds of link by which a party helps a village: firms (1.12), Party branches of units (2.17) and the like.

A partner is a party of a kind that the pack names, and no person. It may promise amounts, which are compared once a
year with what came.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from shared.contracts.values import Code, EventRole, Name
from shared.policy.links import OwnLink, of_own
from shared.policy.parties import PartyKind
from shared.policy.section import Found, Path
from shared.policy.when import When


class Partner(OwnLink, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="party"):
    """企业、党支部等组织与村结对。 ·
    A party's link to a village, such as a firm's (1.12), or a branch's to the village's branch (2.17)."""

    bearer: ClassVar = "party"
    """由谁承担。政策包 [[parties]] 中的组织 party。 · Who bears it. It is a party of `[[parties]]`, no person."""
    of: Code
    """哪一类组织：[[parties]] 中的代码，不能是个人。 · The kind of party that bears it, one of `[[parties]]`."""
    paired_with: Code | None = None
    """与村里的哪一类组织结对，如村党支部；不写为与村结对。 ·
    The kind of the village's own party with which it is paired; without it, it is paired with the village."""
    pledges: Annotated[Mapping[Code, Name], Meta(max_length=20)] = {}
    """可承诺的项目及单位，如 { yuan = "帮扶资金（元）" }；不写为不登记承诺。 ·
    What one may promise for a year, each with its unit; nothing is promised where it is left out."""
    compare_on: When | None = None
    """每年从哪一天起对照承诺和到位：within 为多长时间内完成；有 pledges 的必填。 ·
    The day of each year on which its promises are compared with what came; `within` is how long that may take."""
    compared_by: EventRole | None = None
    """由谁对照；有 pledges 的必填。 · Who compares them."""


def contradictions(at: Path, link: Partner, parties: Sequence[PartyKind]) -> Found:
    """Find kinds of partners that do not exist, and promises that nobody compares."""
    yield from of_own(at, link)
    if link.to != "village":
        zh, en = "组织只能与村结对；户由干部帮扶", "a party is paired with a village; households are helped by cadres"
        yield (*at, "to"), zh, en, 'to = "village"'
    yield from _of_parties(at, link, parties)
    if link.each_bearer.at_least:
        zh, en = "不能要求每家都结对，只写最多几个村（at_most）", "nobody is obliged to help; give only at_most"
        yield (*at, "each_bearer", "at_least"), zh, en, f"each_bearer = {{ at_most = {link.each_bearer.at_most or 1} }}"
    for field, example in (
        ("compare_on", "compare_on = { month = 12, day = 31, within = { months = 1 } }"),
        ("compared_by", 'compared_by = "county"'),
    ):
        if bool(link.pledges) != bool(getattr(link, field)):
            zh = f"pledges 和 {field} 应一并填写：有承诺，才每年对照"
            yield (*at, field), zh, f"`pledges` and `{field}` go together: promises are compared", example


def _of_parties(at: Path, link: Partner, parties: Sequence[PartyKind]) -> Found:
    """Find kinds of parties that the pack does not have, that are persons, or that do not belong to a village."""
    kinds = {one.kind: one for one in parties}
    for field, kind in (("of", link.of), ("paired_with", link.paired_with)):
        if kind is None:
            continue
        known = [one.kind for one in parties if not one.personal]
        if kind not in kinds:
            zh = f"没有组织类别 {kind}，可填：{'、'.join(known) or '（无）'}"
            yield (*at, field), zh, f"{kind} is none of [[parties]]: {', '.join(known) or 'none'}", ""
        elif kinds[kind].personal:
            zh, en = f"{kind} 是个人；结对是公开的，不能列个人", f"{kind} is a person, and pairs are public"
            yield (*at, field), zh, en, ""
        elif field == "paired_with" and "village" not in kinds[kind].parents:
            zh, en = f"{kind} 不隶属于村，不能是村里的组织", f"{kind} belongs to no village"
            yield (*at, field), zh, en, ""
