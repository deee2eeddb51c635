"""Two bodies' shares of one seed: first the hash of each is public, and on a later day the shares come (2.19).

A campaign's draw and the sample of an exit's verification go by the same rules. A body that stays silent is named and
stops nothing: its hash, or a public hash where it gave none, stands in for its share.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise

import msgspec

from services.inspection.model.commands import PostSeedHash, PostVerificationHash
from shared.contracts.inspection import Body
from shared.policy import Policy
from shared.rules import Change, Refused, State, Task

BODIES: tuple[Body, ...] = ("discipline", "inspection")
"""The two bodies that do not trust each other, in the order in which their shares are joined."""
SEPARATOR = "‖"
SHARE_DAYS = 7
"""How many days both bodies have for their shares, the first day on which these are taken included."""
SEED_LENGTH = 32
"""Characters that a share needs at least: a shorter one could be found from its published hash."""
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_EASY = frozenset(step for row in _ROWS for a, b in pairwise(row) for step in ((a, b), (b, a), (a, a)))
"""Steps from one character to another that fingers or minds take by themselves."""


class SeedHash(State, frozen=True, kw_only=True, omit_defaults=True):
    """A hash that was published once. Its id is the hash; a share serves for one seed only, since it is public then."""

    kind = "seed_hashes"

    round: str
    """The draw or verification that it was given for, and the body that gave it."""


class Seeds(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far the two bodies have come."""

    opens: date | None = None
    """The first day on which shares are taken; None while nobody can know it."""
    is_open: bool = False
    """Whether that day has come."""
    hashes: dict[str, str] = msgspec.field(default_factory=dict)
    """The published hashes, by body."""
    shares: dict[str, str] = msgspec.field(default_factory=dict)
    """The shares given, by body. Nobody but the service knows them before the end."""
    missed: frozenset[str] = frozenset()
    """What bodies were named for, such as `discipline hash` or `inspection share`."""

    @property
    def unhashed(self) -> tuple[Body, ...]:
        """The bodies whose hash can still come: until the first share is given."""
        return () if self.shares else tuple(body for body in BODIES if body not in self.hashes)

    @property
    def owed(self) -> tuple[Body, ...]:
        """The bodies whose hash is public and whose share is not here."""
        return tuple(body for body in BODIES if body in self.hashes and body not in self.shares)

    @property
    def are_in(self) -> bool:
        """Whether all shares are here that are waited for, and one of them at least."""
        return bool(self.shares) and all(f"{body} share" in self.missed for body in self.owed)

    def tasks(
        self, about: str, prefix: str, rule: str, last: date | None, answer: Mapping[str, str | int], detail: str = ""
    ) -> Iterable[Task]:
        """The hash that each body owes, and once the day has come its share."""
        hash_due = self.opens and self.opens - timedelta(1)
        for action, bodies, due in (
            (f"{prefix}-hashes", self.unhashed, hash_due),
            (f"{prefix}s", self.owed if self.is_open else (), last),
        ):
            for body in bodies:
                yield Task(
                    action=action, about=about, role=body, due=due, rule=rule, detail=f"{detail} {body}".lstrip(),
                    answer={**answer, "body": body},
                )  # fmt: skip


def sha256_hex(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, in 64 small hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def must_be_new(state: SeedHash | None, command: PostSeedHash | PostVerificationHash, _p: Policy, _d: date) -> Change:
    """A share that served before is known to everybody, so its hash is refused."""
    of = command.campaign if isinstance(command, PostSeedHash) else f"{command.village}/{command.attempt}"
    round = f"{of} {command.body}"
    if state is not None and state.round != round:
        raise Refused(
            "2.19",
            "该校验值已公布过：随机码只能用一次，双方也不得相同；请由系统另行生成（`zhucun seed`）",
            "this hash was published before: a share serves once, and two bodies cannot have the same; "
            "make a new one with `zhucun seed`",
            field="seed_hash",
        )
    return Change(state or SeedHash(id=command.seed_hash, place=command.place, round=round))


def with_hash(seeds: Seeds, body: str, hash: str, today: date, rule: str) -> Seeds:
    """Take a body's hash. One that comes late moves the shares to the next day: they follow all hashes.

    Then both are waited for anew, or the late one could choose its share knowing what stands in for the other's.
    """
    if seeds.hashes.get(body) == hash:
        return seeds
    if body not in seeds.unhashed:
        raise Refused(
            rule,
            "该部门的校验值已公布，或者已有一方提交随机码；此后不得再交、不得更换",
            "this body's hash is public already, or a share has been given; after that none is taken or changed",
            field="body",
        )
    is_late = seeds.opens is not None and today >= seeds.opens
    return msgspec.structs.replace(
        seeds,
        hashes={**seeds.hashes, body: hash},
        opens=today + timedelta(1) if is_late else seeds.opens,
        is_open=seeds.is_open and not is_late,
        missed=frozenset(one for one in seeds.missed if one.endswith(" hash")) if is_late else seeds.missed,
    )


def with_share(seeds: Seeds, body: str, share: str, rule: str, public: Iterable[str] = ()) -> Seeds:
    """Take a body's share: from its day on, and only the one whose hash is public. `public` no share may be."""
    if seeds.shares.get(body) == share:
        return seeds
    if body not in seeds.owed or not seeds.is_open:
        raise Refused(
            rule,
            f"现在不接收该部门的随机码：应当先公布校验值，自{seeds.opens or '申请出列之日'}起提交，提交后不得更换",
            "no share of this body is taken now: its hash must be public first, shares are taken "
            f"from {seeds.opens or 'the exit request'} on, and one that was given cannot be changed",
            field="body",
        )
    if sha256_hex(share) != seeds.hashes[body]:
        raise Refused(
            rule,
            "随机码与已公布的校验值不符：应当是当时生成校验值的那一个，一字不差",
            "the share does not fit the published hash: give the one that the hash was made of, to the letter",
            field="seed",
            status=422,
        )
    if share in {*seeds.hashes.values(), *public}:
        raise Refused(
            rule,
            "随机码不能是已公布的校验值：人人都已知道",
            "a share cannot be a published hash, which everybody knows",
            field="seed",
            status=422,
        )
    must_be_unguessable(share, rule)
    return msgspec.structs.replace(seeds, shares={**seeds.shares, body: share})


def must_be_unguessable(share: str, rule: str) -> None:
    """Refuse a share by which others could compute the draw beforehand: a short one, or one with a pattern."""
    text = share.lower()
    threes = [*zip(text, text[1:], text[2:], strict=False)]
    easy = [sum(step in _EASY for step in zip(text, text[gap:], strict=False)) for gap in (1, 2)]
    if (
        len(text) >= SEED_LENGTH
        and len(set(text)) >= 8
        and 4 * len(set(threes)) >= 3 * len(threes)
        and 2 * max(easy) <= len(text)
    ):
        return
    raise Refused(
        rule,
        f"随机码太容易猜到：至少 {SEED_LENGTH} 个字符，不得重复、连号；请由系统生成（`zhucun seed`），密封保管。"
        "已公布的校验值不能更换，逾期未交的，以该校验值代替",
        f"the share is too easy to guess: it needs {SEED_LENGTH} characters without repetitions or runs; let the "
        "system make it (`zhucun seed`) and keep it sealed. A published hash cannot be changed; when time is up it "
        "stands in for the share",
        field="seed",
        status=422,
    )


def joined(seeds: Seeds, stand_in: str) -> str:
    """The seed: for each body its share, or else its hash, or else what stands in for that."""
    return SEPARATOR.join(seeds.shares.get(body) or seeds.hashes.get(body) or stand_in for body in BODIES)


def opened(seeds: Seeds) -> tuple[Seeds, tuple[Body, ...]]:
    """The day of the shares has come: who gave no hash is named, once."""
    late = tuple(body for body in seeds.unhashed if f"{body} hash" not in seeds.missed)
    missed = seeds.missed | {f"{body} hash" for body in late}
    return msgspec.structs.replace(seeds, is_open=True, missed=missed), late


def ended(seeds: Seeds) -> tuple[Seeds, tuple[Body, ...]]:
    """The time for the shares is over: who owes one is named, once, and not waited for any more."""
    late = tuple(body for body in seeds.owed if f"{body} share" not in seeds.missed)
    return msgspec.structs.replace(seeds, missed=seeds.missed | {f"{body} share" for body in late}), late
