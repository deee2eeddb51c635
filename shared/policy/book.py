"""The packs that a service knows, and which of them is in force where and when."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from shared.policy.pack import Policy


class PolicyBook:
    """All packs that a service knows, by jurisdiction. `packs` is never changed, only replaced: hold it to go back."""

    def __init__(self, packs: Mapping[str, Sequence[Policy]] = MappingProxyType({})) -> None:
        self.packs: Mapping[str, Sequence[Policy]] = {}
        self._versions: frozenset[str] | None = None  # Gathered when it is asked for: a start adopts hundreds of packs.
        # What was looked up for one day: a batch asks the same hundreds of times.
        self._day, self._found = date.min, dict[str, Policy | None]()
        self.restore(packs)

    def adopt(self, policy: Policy) -> None:
        """Take a pack in; the same version again replaces itself."""
        others = [p for p in self.packs.get(policy.jurisdiction, []) if p.version != policy.version]
        of_it = sorted([*others, policy], key=lambda p: (p.effective_from, p.version))
        self.restore({**self.packs, policy.jurisdiction: of_it})

    def restore(self, packs: Mapping[str, Sequence[Policy]]) -> None:
        """Go back to the packs as they were: what was adopted since then does not count."""
        if packs is not self.packs:
            self.packs = packs
            self._versions = None
            self._found.clear()

    def knows(self, version: str) -> bool:
        """Whether the pack of this version was ever adopted."""
        if self._versions is None:
            self._versions = frozenset(policy.version for of_one in self.packs.values() for policy in of_one)
        return version in self._versions

    def at(self, place: str, day: date) -> Policy | None:
        """The pack in force in a division on a day: the narrowest jurisdiction wins, then the latest date."""
        if day != self._day:
            self._day = day
            self._found.clear()
        if place not in self._found:
            in_force = (
                policy
                for length in (6, 4, 2)
                for policy in reversed(self.packs.get(place[:length], ()))
                if policy.effective_from <= day
            )
            self._found[place] = next(in_force, None)
        return self._found[place]
