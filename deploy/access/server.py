"""What nats-server is told of accounts, users and permissions: the text of a file that its configuration includes."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from deploy.access.grants import Grant
from deploy.access.permissions import FOR_SUBSCRIBERS, inbox, published, subscriber
from deploy.access.users import ACCOUNT, SUBSCRIBERS, SYSTEM


def accounts(keys: Mapping[str, str], grants: Mapping[str, Grant] = {}, replicas: int = 1) -> str:
    """Who may do what, by the public keys of the installation's users and what is granted to subscribers.

    Nobody comes in without a key: there is no user for who shows none.
    """
    told = {
        ACCOUNT: {
            "jetstream": "enabled",
            "users": [_user(user, key, published(user, replicas)) for user, key in keys.items() if user != SYSTEM],
            "exports": [
                {"service": asked, "response_type": "stream", "accounts": [SUBSCRIBERS]} for asked in FOR_SUBSCRIBERS
            ],
        },
        SUBSCRIBERS: {
            "users": [_user(name, grant.key, subscriber(name, grant.places)) for name, grant in grants.items()],
            "imports": [
                {"service": {"account": ACCOUNT, "subject": asked}, "to": as_what}
                for asked, as_what in FOR_SUBSCRIBERS.items()
            ],
        },
        "SYSTEM": {"users": [_user(SYSTEM, keys[SYSTEM], published(SYSTEM))]},
    }
    # The format of nats-server includes JSON.
    return f"accounts: {msgspec.json.format(msgspec.json.encode(told)).decode()}\nsystem_account: SYSTEM\n"


def _user(name: str, key: str, subjects: Iterable[str]) -> dict[str, Any]:
    return {
        "nkey": key,
        "permissions": {"publish": {"allow": list(subjects)}, "subscribe": {"allow": [inbox(name)]}},
    }
