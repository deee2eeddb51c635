"""The packs that a service knows, and which of them is in force where and when."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

import msgspec

from shared.calendar import Calendar, national
from shared.contracts.calendar import HolidaysAnnounced
from shared.divisions import COUNTRY, NATIONAL, around, jurisdiction_of, lies_in
from shared.policy.layers import Layer, Merged, plain
from shared.policy.pack import Policy

Pack = Policy | Layer


class PolicyBook:
    """All packs that a service knows, by jurisdiction.

    `packs` is never changed in place, only replaced. So whoever keeps the mapping can go back to it with `restore`.
    """

    def __init__(self, packs: Mapping[str, Sequence[Pack]] = MappingProxyType({})) -> None:
        self.packs: Mapping[str, Sequence[Pack]] = {}
        self._versions: frozenset[str] | None = None  # Built on first use: a start adopts hundreds of packs.
        # The packs found for one day, since a batch asks for the same ones hundreds of times.
        self._day, self._found = date.min, dict[str, Policy | None]()
        self.notices: Mapping[tuple[str, str], HolidaysAnnounced] = {}
        """Announced holidays by place and notice number, in the order of their years."""
        self._calendars = dict[tuple[str, ...], Calendar]()
        self._informed = dict[tuple[str, Calendar], Policy]()
        self._merged = dict[tuple[str, str], Policy]()
        self.restore(packs)

    def announce(self, notice: HolidaysAnnounced) -> None:
        """Add announced holidays. The same notice again replaces the earlier one."""
        told = sorted({**self.notices, (notice.place, notice.notice): notice}.items(), key=lambda n: (n[1].year, n[0]))
        self.notices = dict(told)
        for looked_up in (self._calendars, self._informed, self._found):
            looked_up.clear()

    def calendar(self, place: str = COUNTRY) -> Calendar:
        """The calendar of a division by all notices; the holidays in its pack are not in it."""
        told = [notice for notice in self.notices.values() if place.startswith(jurisdiction_of(notice.place))]
        key = tuple(f"{notice.place}/{notice.notice}" for notice in told)
        if key not in self._calendars:
            calendar = national()
            for notice in told:
                whole = notice.year if not jurisdiction_of(notice.place) else None
                calendar = calendar.told(notice.off, notice.worked, year=whole)
            self._calendars[key] = calendar
        return self._calendars[key]

    def adopt(self, policy: Pack) -> None:
        """Add a pack. The same version again replaces the earlier one."""
        others = [p for p in self.packs.get(policy.jurisdiction, []) if p.version != policy.version]
        of_it = sorted([*others, policy], key=lambda p: (p.effective_from, p.version))
        self.restore({**self.packs, policy.jurisdiction: of_it})

    def restore(self, packs: Mapping[str, Sequence[Pack]]) -> None:
        """Go back to an earlier value of `packs`, as when the transaction that adopted a pack failed."""
        if packs is not self.packs:
            self.packs = packs
            self._versions = None
            self._found.clear()
            self._informed.clear()
            self._merged.clear()

    @property
    def needs_persons(self) -> bool:
        """Whether a pack wants something done by two persons. Only a service that knows who acts can see to that."""
        return any(_wants_two(pack) for of_one in self.packs.values() for pack in of_one)

    def knows(self, version: str) -> bool:
        """Whether a version was adopted. For a layer, `2+1`, both its own version and those below it must be known."""
        if self._versions is None:
            self._versions = frozenset(policy.version for of_one in self.packs.values() for policy in of_one)
        return self._versions.issuperset(version.split("+"))

    def at(self, place: str, day: date) -> Policy | None:
        """The pack in force in a division on a day: that of the narrowest jurisdiction, and of those the latest.

        None if there is none.
        """
        if day != self._day:
            self._day = day
            self._found.clear()
        if place not in self._found:
            found = self._in_force(place, day)
            self._found[place] = self._with_notices(place, found) if found and self.notices else found
        return self._found[place]

    def in_force(self, day: date) -> list[Policy]:
        """The packs in force on a day, one for each division that has its own."""
        return [policy for jurisdiction in self.packs if (policy := self.at(jurisdiction, day))]

    def _in_force(self, place: str, day: date) -> Policy | None:
        for pack in self._effective(place, day):
            if isinstance(pack, Policy):
                return pack
            if base := self._in_force(pack.extends, day):
                return self._over(base, pack)
        return None

    def _effective(self, place: str, day: date) -> Iterator[Pack]:
        """All packs of a division and of those around it that have taken effect by a day: those of the narrowest
        division first, and of one division the latest first."""
        for jurisdiction in around(place):
            yield from (pack for pack in reversed(self.packs.get(jurisdiction, ())) if pack.effective_from <= day)

    def _over(self, base: Policy, layer: Layer) -> Policy:
        key = base.version, layer.version
        if key not in self._merged:
            self._merged[key] = Merged(base, layer.content).policy()
        return self._merged[key]

    def base(self, extends: str, day: date) -> Policy | None:
        """The pack that a layer extends, as it is in force on the layer's first day; None if there is none."""
        return self._in_force(extends, day)

    def chain(self, place: str, day: date) -> list[dict[str, Any]]:
        """The contents of the packs in force in a division: first the one that extends no other, then each layer."""
        for pack in self._effective(place, day):
            if isinstance(pack, Policy):
                return [plain(msgspec.to_builtins(pack))]
            if below := self.chain(pack.extends, day):
                return [*below, dict(pack.content)]
        return []

    def remerged(self, pack: Pack) -> Iterator[tuple[Layer, Policy]]:
        """The layers of other divisions that would be read over this pack if it were adopted, each with its base.

        Before a city's pack is adopted, its counties' layers are checked over it: they may no longer fit.
        """
        book = PolicyBook(self.packs)
        book.adopt(pack)
        for jurisdiction, of_one in book.packs.items():
            if not lies_in(jurisdiction, pack.jurisdiction):
                continue
            below = (*around(jurisdiction), NATIONAL)
            days = {other.effective_from for id in below for other in book.packs.get(id, ())}
            for day in sorted(day for day in days if day >= pack.effective_from):
                layer = next((one for one in reversed(of_one) if one.effective_from <= day), None)
                base = book.base(layer.extends, day) if isinstance(layer, Layer) else None
                if isinstance(layer, Layer) and base and pack.version in base.version.split("+"):
                    yield layer, base

    def _with_notices(self, place: str, policy: Policy) -> Policy:
        """A pack with the announced holidays of its division in its calendar."""
        key = policy.version, self.calendar(place)
        if key not in self._informed:
            self._informed[key] = policy.informed(key[1])
        return self._informed[key]


def _wants_two(part: object) -> bool:
    """Whether a pack, or a part of one, says `four_eyes` anywhere."""
    if isinstance(part, msgspec.Struct):
        part = msgspec.structs.asdict(part)
    if isinstance(part, Mapping):
        return part.get("four_eyes") is True or any(map(_wants_two, part.values()))
    return isinstance(part, (list, tuple)) and any(map(_wants_two, part))
