"""Parties that may have been registered twice, under two spellings of one name (1.12).

They are only shown side by side, since two firms may have similar names. Somebody who knows them merges them or leaves
them as they are.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from services.registry.model.party import Party
from shared.policy.parties import PartyKind


class Twin(msgspec.Struct, frozen=True):
    """One of the registrations."""

    party: str
    name: str
    place: str
    parent: str


class Twins(msgspec.Struct, frozen=True):
    """Parties of a kind whose names are alike."""

    kind: str
    label: str
    parties: tuple[Twin, ...]


_FORMS = re.compile("(股份有限公司|有限责任公司|有限公司|集团公司|总公司|公司|集团|专业合作社|合作社)+$")
"""The legal form of a firm or co-operative; people write it in full, in short or not at all."""
_DIVISIONS = re.compile("[省市县区旗盟州乡镇村]|自治")
"""Words for divisions, which people often leave out: 本溪绿源 for 本溪市绿源."""


def plain(name: str) -> str:
    """A name as it is compared: without signs, spaces, legal form and words for divisions, in one width and case.

    本溪市绿源农业有限公司 and 本溪绿源农业（有限责任）公司 are alike. If nothing would be left, only
    signs and spaces are removed.
    """
    letters = "".join(sign for sign in unicodedata.normalize("NFKC", name).casefold() if sign.isalnum())
    return _DIVISIONS.sub("", _FORMS.sub("", letters)) or letters


def twins(parties: Iterable[Party], kinds: Sequence[PartyKind]) -> list[Twins]:
    """The parties of each kind whose names are alike. Persons are left out, since two may well have one name."""
    labels = {kind.kind: kind.label for kind in kinds if not kind.personal}
    alike: dict[tuple[str, str], list[Party]] = defaultdict(list)
    for party in parties:
        if party.sort in labels and not party.withdrawn:
            alike[party.sort, plain(party.name)].append(party)
    return [
        Twins(
            kind,
            labels[kind],
            tuple(Twin(one.id, one.name, one.place, one.parent) for one in sorted(found, key=lambda one: one.id)),
        )
        for (kind, _), found in sorted(alike.items())
        if len(found) > 1
    ]
