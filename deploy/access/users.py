"""The users of NATS by name: who has a key."""

from typing import Final

import msgspec

SERVICES: Final = ("registry", "dispatch", "inspection", "incentives")
"""Each service is a user, all its replicas the same."""
SYSTEM: Final = "system"
"""Asks servers for their health and lets them read again who may do what; it is in the system account."""
INSTALLER: Final = "installer"
"""Makes streams and puts them right; nobody else may. It makes subscribers' consumers for them, and ends them."""
OPERATOR: Final = "operator"
"""Looks at streams and consumers, for `zhucun doctor`."""
SIMULATION: Final = "simulation"
"""Says what day it is."""
HARNESS: Final = "harness"
"""May do everything, to do harm on purpose."""
USERS: Final = (SYSTEM, INSTALLER, OPERATOR, *SERVICES)
"""Who has a key in every installation."""
DEMO_USERS: Final = (*USERS, SIMULATION)
"""Who has one where a simulation says what day it is."""
TRIAL_USERS: Final = (*DEMO_USERS, HARNESS)
"""Who has one where anything is done to the system on purpose."""

SELFTEST: Final = "selftest"
"""What the self-test has of its own on an installation's servers is called so: the folder of its keys, and a role in
PostgreSQL with a database for each service."""
SELFTEST_USERS: Final = (INSTALLER, *SERVICES, SIMULATION, HARNESS)
"""Who has a key to the self-test's account: the same users with the same rights, which end at the account's."""
SELFTEST_ACCOUNT: Final = "SELFTEST"

DOMAIN: Final = "zhucun"
"""Where subscribers ask JetStream: `jetstream(domain="zhucun")`. They are in an account of their own."""
GATE: Final = "zhucun-gate.CONSUMER.CREATE"
"""Where the consumers are asked for that subscribers want: `consumers.admit` looks at what they are to be."""
ACCOUNT: Final = "ZHUCUN"
"""The account of all that the product says."""
SUBSCRIBERS: Final = "SUBSCRIBERS"
"""The account of those who only listen. The server looks at what a question says, and not at where its answer is to
go: in the product's account an answer sent to an event's subject would be stored as an event. Here nothing is stored.
"""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscriber was granted: the public key that it comes with, and the divisions below which it reads."""

    key: str
    places: tuple[str, ...]
