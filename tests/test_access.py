"""Who may say and hear what on NATS: the permissions, and what a real nats-server makes of them."""

import re
import stat
from pathlib import Path

import pytest

from deploy.access.keys import make_keys, public_key, seed_file
from deploy.access.permissions import TRIAL_USERS, USERS, WIRED, below, published, subscriber
from shared import bus
from shared.contracts import EVENTS, OPEN_ROOT, SEALED_ROOT


def matches(pattern: str, subject: str) -> bool:
    """Whether a subject is one of those that a pattern of NATS means."""
    parts = (re.escape(token).replace(r"\*", "[^.]+").replace(">", ".+") for token in pattern.split("."))
    return re.fullmatch(r"\.".join(parts), subject) is not None


def may(user: str, subject: str, replicas: int = 1) -> bool:
    return any(matches(pattern, subject) for pattern in published(user, replicas))


@pytest.mark.parametrize("type", EVENTS)
def test_every_event_may_be_published_by_its_owner_alone(type: str) -> None:
    sealing = EVENTS[type].sealing
    owner = "registry" if type.startswith("calendar.") else type.partition(".")[0]
    for root, told in ((OPEN_ROOT, sealing != "always"), (SEALED_ROOT, sealing != "never")):
        subject = f"{root}.21.05.21.{type.rpartition('.')[0]}"
        assert {user for user in WIRED if may(user, subject)} == ({owner} if told else set())
        assert not any(may(user, subject) for user in ("system", "installer", "operator"))


def test_a_service_has_its_own_consumers_and_those_of_its_replicas_and_nobody_elses() -> None:
    for user in WIRED:
        for other in (*WIRED, "gz-52"):
            for what in ("CREATE", "DELETE", "INFO", "MSG.NEXT"):
                assert may(user, f"$JS.API.CONSUMER.{what}.{bus.OPEN}.{other}") == (user == other)
        assert may(user, f"$JS.ACK.{bus.OPEN}.{user}-2-of-2.1.1.1.1.1", 2)
        assert not may(user, f"$JS.ACK.{bus.OPEN}.{user}-2-of-3.1.1.1.1.1", 2)


def test_streams_are_the_installers_affair_and_nobody_may_empty_them() -> None:
    streams = [bus.OPEN, bus.SEALED, bus.CALENDAR]
    for user in USERS:
        assert all(may(user, f"$JS.API.STREAM.UPDATE.{stream}") == (user == "installer") for stream in streams)
        for what in ("PURGE", "DELETE", "MSG.DELETE", "RESTORE", "SNAPSHOT", "PEER.REMOVE", "LEADER.STEPDOWN"):
            assert not any(may(user, f"$JS.API.STREAM.{what}.{stream}") for stream in streams)


def test_a_subscriber_reads_below_its_divisions() -> None:
    assert [below(place) for place in ("52", "2105", "210521")] == [
        "zhucun.v1.52.>", "zhucun.v1.21.05.>", "zhucun.v1.21.05.21.>",
    ]  # fmt: skip
    rights = subscriber("gz", ["52"])
    assert not any(subject.startswith("$JS.API.") for subject in rights), "it is in an account of its own"
    assert not any(matches(right, f"zhucun.v1.52.01.02.{type}") for right in rights for type in EVENTS)


def test_keys_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    keys = make_keys(tmp_path / "keys", TRIAL_USERS)
    assert make_keys(tmp_path / "keys", TRIAL_USERS) == keys and len(set(keys.values())) == len(TRIAL_USERS)
    for user, key in keys.items():
        path = seed_file(tmp_path / "keys", user)
        assert public_key(path.read_bytes()) == key and re.fullmatch("U[A-Z2-7]{55}", key)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
