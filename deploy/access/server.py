"""Writes accounts, users and permissions as the text of a file that nats-server's configuration includes."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from deploy.access.permissions import FOR_SUBSCRIBERS, inbox, published, subscriber
from deploy.access.users import ACCOUNT, ANSWERED, GATE, INSTALLER, SELFTEST_ACCOUNT, SUBSCRIBERS, SYSTEM, Grant
from shared.stream.bus import SAID, STREAMS

LIMITS: Final = {"max_connections": 1000, "max_subscriptions": 10_000, "max_payload": 65536}
"""What all subscribers together may take of a server, so that services always find room. `max_payload` is in bytes:
subscribers only ask small questions."""
SCRATCH: Final = {"max_store": 2**29, "max_mem": 2**24, "max_streams": len(STREAMS), "max_consumers": 32}
"""The most that the self-test's account may keep, so that it takes no room from real data. Sizes are in bytes and
include all copies of a stream."""


def accounts(
    keys: Mapping[str, str], grants: Mapping[str, Grant] = {}, replicas: int = 1, scratch: Mapping[str, str] = {}
) -> str:
    """The text of the permissions, from the public keys of the installation's users and the grants of subscribers.

    Nobody gets in without a key, since no user is defined for connections that show none. `scratch` has the public keys
    of the self-test, which gets an account of its own with the same users. Accounts are separate: no message passes
    from one to another.
    """
    told: dict[str, Any] = {
        ACCOUNT: {
            "jetstream": "enabled",
            "users": [_user(user, key, published(user, replicas)) for user, key in keys.items() if user != SYSTEM],
            "exports": [
                {"service": asked, "response_type": "stream", "accounts": [SUBSCRIBERS]} for asked in FOR_SUBSCRIBERS
            ],
        },
        SUBSCRIBERS: {
            "users": [
                _user(name, grant.key, subscriber(name, grant.places, grant.answers)) for name, grant in grants.items()
            ],
            "imports": [
                {"service": {"account": ACCOUNT, "subject": asked}, "to": as_what}
                for asked, as_what in FOR_SUBSCRIBERS.items()
            ],
            "limits": LIMITS,
        },
        "SYSTEM": {"users": [_user(SYSTEM, keys[SYSTEM], published(SYSTEM))]},
    }
    if scratch:
        users = [_user(user, key, published(user)) for user, key in scratch.items()]
        told[SELFTEST_ACCOUNT] = {"jetstream": SCRATCH, "users": users}
    # The format of nats-server includes JSON.
    return f"accounts: {msgspec.json.format(msgspec.json.encode(told)).decode()}\nsystem_account: SYSTEM\n"


def _user(name: str, key: str, subjects: Iterable[str]) -> dict[str, Any]:
    may: dict[str, Any] = {"publish": {"allow": list(subjects)}, "subscribe": {"allow": [inbox(name)]}}
    # The installer answers subscribers who ask for a consumer; the registry answers bodies elsewhere that send
    # commands.
    if asked := {INSTALLER: GATE, ANSWERED: SAID}.get(name):
        may["subscribe"]["allow"].append(f"{asked}.>")
        may["allow_responses"] = True
    return {"nkey": key, "permissions": may}
