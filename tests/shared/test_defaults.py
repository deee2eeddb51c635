"""What is left out means nothing: neither a command nor a state says anything that nobody said."""

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from deploy.access.users import SERVICES
from shared.contracts import Command
from tests.support.refusals import below

ROOT = Path(__file__).parents[2]
MEANT = {
    ("Endpoint", "generation"): 1,
    ("Endpoint", "status"): "unconfirmed",
    ("WithdrawCommitment", "step"): "set",
    ("TakeDecapStep", "approved"): True,
    ("HouseholdFacts", "registered"): True,
    ("Household", "registered"): True,
    ("Commitments", "stage"): "none",
    ("Verification", "is_wanted"): True,
    ("Resolution", "effect"): "decide",
}
"""What does mean something: a step is taken with consent, a household is in the register, the whole commitment goes."""


def test_what_is_left_out_means_nothing_unless_it_is_said_here() -> None:
    found = {(kind.__name__, name): default for kind, name, default in defaults() if not is_nothing(default)}
    assert found == MEANT


def test_a_command_is_sent_by_a_token_only_for_a_share_of_a_seed() -> None:
    """Two bodies check each other there, so that no caller must speak for both."""
    assert {kind.__name__ for kind in kinds() if kind.by_token} == {
        "PostSeedHash",
        "GiveSeed",
        "PostVerificationHash",
        "GiveVerificationSeed",
    }


def test_what_a_command_is_about_is_one_of_its_fields() -> None:
    """A pack alone is about its own jurisdiction, which stands within it."""
    assert {kind.__name__ for kind in kinds() if kind.about not in kind.__struct_fields__} == {"AdoptPolicy"}


def kinds() -> set[type[Command]]:
    return {route.command for name in SERVICES for route in import_module(f"services.{name}.api").COMMANDS}


def defaults() -> Iterator[tuple[type[Any], str, Any]]:
    """The fields of commands, of states, and of what lies within them, that have a default."""
    for path in sorted(ROOT.glob("services/*/model/**/*.py")):
        import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    for kind in below(msgspec.Struct):
        if kind.__module__.startswith("services.") and ".model" in kind.__module__:
            for field in msgspec.structs.fields(kind):
                if field.default is not msgspec.NODEFAULT:
                    yield kind, field.name, field.default
                elif field.default_factory is not msgspec.NODEFAULT:
                    yield kind, field.name, field.default_factory()


def is_nothing(default: Any) -> bool:
    """None, no, 0, an empty text or list, the first of all days, and a struct of these."""
    if isinstance(default, msgspec.Struct):
        return all(is_nothing(getattr(default, name)) for name in default.__struct_fields__)
    return not default or default == date.min
