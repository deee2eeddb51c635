"""What unit and team owe a village: commitments by kind and period, such as the ledger of 2015.

They are kept from the diagnosis on, since its problems wait for the first ledgers.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, cast

import msgspec

from shared.contracts.dispatch import DeadlineMoved, Item
from shared.contracts.values import EventRole
from shared.policy import Commitment, Policy
from shared.rules import Moved, State, Task

TERM = "term"
"""The period of what is owed once a term."""
_COMMANDS = {"set": "commitments", "reconcile": "reconciliations", "settle": "settlements"}
"""By step of a commitment, the path of the command that takes it."""


class Owed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One period of a commitment: set (定账), reconciled on the days that have come (对账), settled (销账)."""

    kind: str
    period: str
    cadre: str = ""
    """Whose own it is, where each cadre who holds a link owes one."""
    set_by: date
    """The last day for setting it."""
    set_on: date | None = None
    items: tuple[Item, ...] = ()
    """The items in order of their numbers. Empty once they are settled."""
    joined: int = 0
    """How many items at the end were added automatically when it was set: problems, and items carried over."""
    done: tuple[int, ...] = ()
    """Numbers of the items that a reconciliation reported as done."""
    reconcile: dict[str, date] = msgspec.field(default_factory=dict)
    """The reconciliation days that have come and are unanswered, each with the last day for the answer. The key is the
    day in ISO form: `2015-03-31`."""
    settle_by: date | None = None
    """The last day for settling it. None until the settlement may begin."""
    closed: tuple[int, ...] | None = None
    """Numbers of the items that the settlement closed; None before it."""
    carried: int = 0
    """How many items the settlement carried over into the next period."""
    undo: "Undo | None" = None
    """The step that was taken last, as long as it can be taken back."""

    @property
    def year(self) -> int | None:
        """The year that it is about; None for what is owed once a term."""
        return None if self.period == TERM else int(self.period)

    @property
    def key(self) -> str:
        """The key under which it is kept: `ledger/2015`, or `list_cadres/2016/C1` for a cadre's own."""
        return f"{self.kind}/{self.period}/{self.cadre}".removesuffix("/")

    @property
    def unsettled(self) -> bool:
        """Whether it must still be settled."""
        return self.settle_by is not None and self.closed is None

    @property
    def steps(self) -> list[tuple[str, date]]:
        """Everything that is owed now with its last day: `set`, `reconcile 2015-03-31`, `settle`."""
        if not self.set_on:
            return [("set", self.set_by)]
        steps = [(f"reconcile {day}", last) for day, last in sorted(self.reconcile.items())]
        return [*steps, ("settle", self.settle_by)] if self.settle_by and self.closed is None else steps


class Undo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reconciliation or a settlement changed, so that it can be taken back."""

    step: Literal["reconcile", "settle"]
    on: date
    """The day on which it was entered."""
    items: tuple[Item, ...] = ()
    done: tuple[int, ...] = ()
    reconcile: dict[str, date] = msgspec.field(default_factory=dict)


class Commitments(State, frozen=True, kw_only=True, omit_defaults=True):
    """What is owed in a village, and what waits for the next ledgers. Its id is the village's."""

    kind = "commitments"
    known_as = ("责任事项台账", "what is owed in a village")

    stage: Literal["none", "assigned", "helped", "closing"] = "none"
    """`assigned` until everything is set that the pack asks for at the start, then `helped` until the exit. After the
    exit `closing`: nothing new is owed, and open ledgers are settled."""
    unit: str = ""
    """The unit in whose term they are owed."""
    helped_since: date | None = None
    """The day on which everything was set that the pack asks for at the start, so that help began."""
    owed: dict[str, Owed] = msgspec.field(default_factory=dict)
    """By kind and period: `ledger/2015`."""
    holders: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """By kind of link, the cadres who are bound to the village, each with the unit. A commitment may be theirs."""
    carried: dict[str, tuple[Item, ...]] = msgspec.field(default_factory=dict)
    """By kind, the items that the next period gets automatically: open problems, and items that a settlement carried
    over."""

    @property
    def status(self) -> str:
        """The stage."""
        return self.stage

    @property
    def awaits(self) -> bool:
        """Whether anybody owes anything here."""
        return any(owed.steps for owed in self.owed.values())

    @property
    def unsettled(self) -> list[Owed]:
        """Ledgers that must be settled before anything new begins or the team goes home."""
        return [owed for _, owed in sorted(self.owed.items()) if owed.unsettled]

    def having(self, owed: Owed) -> "Commitments":
        """The state with one period as it is now."""
        return self.but(owed={**self.owed, owed.key: owed})

    def earlier(self, kind: str, cadre: str = "") -> tuple[Item, ...]:
        """What was set for the period before, from which this year's list is made (2.3). Problems wait in `carried`."""
        of = kind, cadre
        before = [one for _, one in sorted(self.owed.items()) if (one.kind, one.cadre) == of and one.set_on]
        return tuple(item for item in before[-1].items if item.problem is None) if before else ()

    def held(self, commitment: Commitment) -> dict[str, str]:
        """The cadres who owe a commitment because they hold its link, each with the unit."""
        return self.holders.get(commitment.link or "", {})

    def owners(self, commitment: Commitment) -> tuple[str, ...]:
        """The cadres who each owe a commitment of their own; one empty id where it is one for all."""
        return tuple(sorted(self.held(commitment))) if commitment.each else ("",)

    def owing(self, commitment: Commitment, policy: Policy) -> EventRole:
        """The role that takes a commitment's steps. While nobody holds its link, it is the body that decides on the
        link."""
        link = policy.contacts.get(commitment.link) if commitment.link else None
        return cast(EventRole, link.decides) if link and not self.held(commitment) else commitment.role

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """A deadline of the village moved."""
        return DeadlineMoved(place=self.place, village=self.id, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """What is owed, each step once the step before it is taken."""
        village: Mapping[str, str | int] = {"place": self.place, "village": self.id}
        waiting = {owed.kind for owed in self.unsettled}
        for _, owed in sorted(self.owed.items()):
            commitment = policy.commitment(owed.kind)
            for step, due in owed.steps:
                name, *day = step.split()
                first = step == owed.steps[0][0]
                behind = owed.kind in waiting if name == "set" else not first
                if commitment and not behind:
                    body = self.owing(commitment, policy)
                    yield Task(
                        action=_COMMANDS[name],
                        about=self.id,
                        role=body,
                        whom=(owed.cadre,) if owed.cadre else tuple(sorted(self.held(commitment))),
                        due=due,
                        rule=commitment.rule,
                        detail=" ".join((*owed.key.split("/"), *day)),
                        answer={
                            **village,
                            "kind": owed.kind,
                            "period": owed.period,
                            "body": body,
                            **({"cadre": owed.cadre} if owed.cadre else {}),
                        },
                    )
