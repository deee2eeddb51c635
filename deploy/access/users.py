"""The users of NATS by name: who has a key."""

from typing import Final

import msgspec

SERVICES: Final = ("registry", "dispatch", "inspection", "incentives")
"""Each service is one user. All its replicas use the same key."""
SYSTEM: Final = "system"
"""Asks servers about their health and lets them read the permissions again. It is in nats-server's system account."""
INSTALLER: Final = "installer"
"""Makes streams and puts them right, which nobody else may. It also makes and deletes subscribers' consumers."""
OPERATOR: Final = "operator"
"""Looks at streams and consumers, for `zhucun doctor`."""
SIMULATION: Final = "simulation"
"""Publishes the days of a simulation."""
HARNESS: Final = "harness"
"""May do everything, so that tests can do harm on purpose."""
USERS: Final = (SYSTEM, INSTALLER, OPERATOR, *SERVICES)
"""The users with a key in every installation."""
DEMO_USERS: Final = (*USERS, SIMULATION)
"""The users with a key where a simulation publishes the days."""
TRIAL_USERS: Final = (*DEMO_USERS, HARNESS)
"""The users with a key where tests do harm to the system."""

SELFTEST: Final = "selftest"
"""The name of everything that belongs to the self-test on an installation's servers: the folder of its keys, and its
role in PostgreSQL; its databases begin with it."""
SELFTEST_USERS: Final = (INSTALLER, *SERVICES, SIMULATION, HARNESS)
"""The users with a key to the self-test's account. They have the same rights as elsewhere, but only in this account."""
SELFTEST_ACCOUNT: Final = "SELFTEST"

DOMAIN: Final = "zhucun"
"""The JetStream domain that subscribers name, `jetstream(domain="zhucun")`: they are in an account of their own."""
GATE: Final = "zhucun-gate.CONSUMER.CREATE"
"""The first tokens of the subject on which subscribers ask for a consumer. `consumers.admit` checks the request."""
ANSWERED: Final = "registry"
"""The service that takes commands from NATS."""
ACCOUNT: Final = "ZHUCUN"
"""The account with the product's own users and streams."""
SUBSCRIBERS: Final = "SUBSCRIBERS"
"""The account of those who only listen. It is separate because the server checks a question, but not the subject for
its answer. In the product's account a subscriber could have an answer sent to an event's subject, and the stream would
store the answer as an event. In this account nothing is stored.
"""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A subscriber's grant: its public key, and the divisions whose open events it may read."""

    key: str
    places: tuple[str, ...]
    answers: str = ""
    """The role in which it may say commands about these divisions, such as `province`; empty if it only reads."""
