"""Each command that decides about somebody says about whom, so that he and his own are recused (Civil Servant Law)."""

from collections.abc import Collection, Iterator
from importlib import import_module
from typing import Any, Final, get_args, get_type_hints

import pytest

from deploy.local.supervisor import SERVICES
from shared.contracts import Command
from shared.contracts.values import PartyId, VillageId
from shared.rules import State
from shared.web.http import Route

ROUTES: Final = {
    route.path: (service, route) for service in SERVICES for route in import_module(f"services.{service}.api").COMMANDS
}
WHERE: Final = {"village", "unit", "party"}
"""The fields that say to whom or what somebody belongs."""
NOBODY: Final = {
    **dict.fromkeys(("attendance-withdrawals", "commitment-withdrawals"), "what was entered by mistake is taken back"),
    **dict.fromkeys(
        (
            "household-withdrawals",
            "monitoring-withdrawals",
            "risk-report-withdrawals",
            "resolution-steps",
            "village-mergers",
        ),
        "it is about a village or its households, whose persons act for no body",
    ),
    **dict.fromkeys(
        ("cadre-withdrawals", "party-withdrawals", "party-mergers"), "the register follows what was decided elsewhere"
    ),
    "partners": "it pairs organisations",
    "choices": "it is another proposal; the assignment decides",
    "match-withdrawals": "it takes back a proposal",
    "takeovers": "it says what was before the system was used",
    "departures": "the unit says that somebody leaves, and it counts against nobody",
}
"""What a body decides without deciding about somebody, though a person is named or known where it is decided: why."""


def named(command: type[Command]) -> Iterator[str]:
    """The fields of a command that name parties or villages, alone or several."""
    for name, hint in get_type_hints(command, include_extras=True).items():
        if {PartyId, VillageId} & set(within(hint)):
            yield name


def within(hint: Any) -> Iterator[Any]:
    yield hint
    for part in get_args(hint):
        yield from within(part)


def knows_persons(service: str, command: type[Command]) -> bool:
    """Whether it is decided where a state knows whom it is about."""
    reactions = import_module(f"services.{service}.reactions").REACTIONS
    kinds: Collection[type[State]] = {line.kind for line in reactions if line.on is command}
    return any(kind.involves is not State.involves for kind in kinds)


@pytest.mark.parametrize("path", [path for path, (_, route) in ROUTES.items() if route.concerns is not None])
def test_a_decision_names_each_whom_it_concerns(path: str) -> None:
    service, route = ROUTES[path]
    concerns = set(route.concerns or ())
    assert concerns <= set(route.command.__struct_fields__)
    assert set(named(route.command)) - WHERE <= concerns, "somebody is named, and does not stand among those concerned"
    assert concerns or knows_persons(service, route.command), "neither a field nor a state says whom"


def is_about_somebody(service: str, route: Route) -> bool:
    fields = set(route.command.__struct_fields__)
    return "decided_by" in fields and bool(set(named(route.command)) - WHERE or knows_persons(service, route.command))


def test_what_a_body_decides_where_persons_are_known_says_whom_it_concerns_or_why_nobody() -> None:
    unsaid = {
        path
        for path, (service, route) in ROUTES.items()
        if route.concerns is None and is_about_somebody(service, route)
    }
    assert unsaid == set(NOBODY)
