"""Kinds of parties besides villages and units: Party branches, co-operatives, associations, advisory groups, firms.

A kind says what a party belongs to (a village, a division, or another party) and which fields are known of it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from msgspec import Meta

from shared.contracts.values import Code, Figure, Name
from shared.divisions import LABELS
from shared.policy.section import Found, Labels, Path, Section

DIVISIONS: Final[Mapping[str, str]] = {"village": "村", **LABELS}
"""What a party may belong to, besides other parties."""


class PartyField(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """组织的一项信息。 · One field of a party: a choice, a number or a short text."""

    named_by = ("field",)
    field: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    one_of: Labels | None = None
    """可选的值及其名称；不填的不是选择项。 · The values that can be chosen, with their names."""
    most: Figure | None = None
    """数字的最大值，最小为0；不填的不是数字。 · The greatest value of a number, of which 0 is the least."""
    required: bool = True
    """是否必填。 · Whether it must be given."""

    @property
    def is_text(self) -> bool:
        """Whether it is neither a choice nor a number."""
        return self.one_of is None and self.most is None


class PartyKind(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一类组织或人员。 · A kind of party (mechanisms 0.1, 0.13, 1.11, 2.7, 4.4, 4.6)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    parents: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]
    """隶属于谁：village、township、county、city、province，或者另一类组织的代码。 ·
    What one may belong to: a village, a division of these kinds, or a party of another kind."""
    personal: bool = False
    """是否为个人；个人信息不公开，仅组织部门、扶贫部门查阅。 ·
    Whether it is a person. Then its event is sealed, and only the organisation department and the poverty office read
    what is kept."""
    fields: Annotated[tuple[PartyField, ...], Meta(max_length=50)] = ()
    """各项信息。 · What is known of each."""


def contradictions(kinds: Sequence[PartyKind]) -> Found:
    """Find parents that do not exist, and fields that are two things at once."""
    known = {*DIVISIONS, *(one.kind for one in kinds)}
    for n, one in enumerate(kinds):
        if one.kind in DIVISIONS:
            zh, en = f"{one.kind} 是区划，请换一个代码", f"{one.kind} is a division; choose another code"
            yield ("parties", n, "kind"), zh, en, ""
        for parent in one.parents:
            if parent not in known:
                zh = f"没有 {parent} 这一类，可填：{'、'.join(sorted(known))}"
                yield ("parties", n, "parents"), zh, f"there is no {parent}, only {', '.join(sorted(known))}", ""
            elif not one.personal and any(above.kind == parent and above.personal for above in kinds):
                zh = f"{parent} 是个人，公开的 {one.kind} 不能隶属于个人；请填 personal = true，或改隶属"
                en = f"{parent} is a person, whom {one.kind} would tell to everybody; say personal = true, or another"
                yield ("parties", n, "parents"), zh, en, ""
        yield from _of_fields(n, one, kinds[:n])


def _of_fields(n: int, one: PartyKind, before: Sequence[PartyKind]) -> Found:
    """Find fields that are two things at once, or that the form of all kinds could not tell apart."""
    others = {field.field: field for kind in before for field in kind.fields}
    names, labels = [field.field for field in one.fields], [field.label for field in one.fields]
    for m, field in enumerate(one.fields):
        at: Path = ("parties", n, "fields", m)
        if field.field in names[:m]:
            yield at, f"{field.field} 出现了两次", f"{field.field} occurs twice"
        elif field.label in labels[:m]:
            zh, en = (
                f"已有另一项信息也称“{field.label}”，请改名",
                f"another field is called “{field.label}”, too; rename it",
            )
            yield (*at, "label"), zh, en, ""
        other = others.get(field.field)
        if other and not _alike(field, other):
            zh = f"另一类组织的 {field.field} 名称或者填法不同，而表格只有一栏，请统一或者换一个代码"
            en = f"{field.field} of another kind has another label or takes other values; make them alike, or rename it"
            yield (*at, "field"), zh, en, ""
        if field.field in ("name", "parent"):
            zh, en = f"{field.field} 是每个组织都有的，请换一个代码", f"every party has {field.field}; rename it"
            yield (*at, "field"), zh, en, ""
        if field.one_of is not None and field.most is not None:
            zh, en = (
                "选择项没有最大值，one_of 和 most 只填一项",
                "a choice has no greatest value; one of both is enough",
            )
            yield (*at, "most"), zh, en, ""


def of_villages(parties: Sequence[PartyKind]) -> list[str]:
    """The kinds of persons who belong to villages and to nothing else, so that their matters are a village's."""
    return [one.kind for one in parties if one.personal and {*one.parents} == {"village"}]


def _alike(one: PartyField, other: PartyField) -> bool:
    """Whether one column of a form can take both: both choices, both numbers or both texts, of one label."""
    codes = {label: code for code, label in (other.one_of or {}).items()}
    return (
        (one.label, one.one_of is None, one.most is None) == (other.label, other.one_of is None, other.most is None)
    ) and all(codes.get(label, code) == code for code, label in (one.one_of or {}).items())
