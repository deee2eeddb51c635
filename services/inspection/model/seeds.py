"""Two bodies make one seed together (2.19): each publishes the hash of its share, and gives the share on a later day.

So neither body knows the other's share when it chooses its own. A campaign's draw and the sample of an exit's
verification use the same rules. A body that stays silent is named in an event and cannot stop the draw: its hash takes
the place of its share. If it gave no hash either, the hash of the frame does.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise

import msgspec

from services.inspection.model.commands import PostSeedHash, PostVerificationHash
from shared.calendar import DAY
from shared.contracts.inspection import Body
from shared.draws import BODIES, joined, sha256_hex
from shared.policy import Policy
from shared.rules import Change, Refused, State, Task

SHARE_DAYS = 7
"""How many days both bodies have for their shares, the first day included."""
SEED_LENGTH = 32
"""The least number of characters of a share: a shorter one could be found by trying until its published hash fits."""
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_EASY = frozenset(step for row in _ROWS for a, b in pairwise(row) for step in ((a, b), (b, a), (a, a)))
"""Pairs of characters that people type without thinking: neighbours such as `qw`, backwards `wq`, and doubles `qq`."""


class SeedHash(State, frozen=True, kw_only=True, omit_defaults=True):
    """A hash that was published. Its id is the hash. A share is public after its draw, so it must not serve again."""

    kind = "seed_hashes"
    known_as = ("抽取随机码校验值", "the hash of a seed share")

    round: str
    """The draw or verification for which it was given, and the body that gave it."""


class Seeds(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which hashes and shares the two bodies have given."""

    opens: date | None = None
    """The first day on which shares are taken. None as long as that is not known, such as before an exit's request."""
    is_open: bool = False
    """Whether that day has come."""
    hashes: dict[str, str] = msgspec.field(default_factory=dict)
    """The published hashes, by body."""
    shares: dict[str, str] = msgspec.field(default_factory=dict)
    """The shares given, by body. Only this service knows them before the end."""
    missed: frozenset[str] = frozenset()
    """What bodies failed to give and were named for, such as `discipline hash` or `inspection share`."""

    @property
    def unhashed(self) -> tuple[Body, ...]:
        """The bodies that may still give a hash. After the first share nobody may."""
        return () if self.shares else tuple(body for body in BODIES if body not in self.hashes)

    @property
    def owed(self) -> tuple[Body, ...]:
        """The bodies that published a hash and have not given their share."""
        return tuple(body for body in BODIES if body in self.hashes and body not in self.shares)

    @property
    def are_in(self) -> bool:
        """Whether the draw can be made: at least one share is here, and nobody who owes one is waited for any more."""
        return bool(self.shares) and all(f"{body} share" in self.missed for body in self.owed)

    def joined(self, stand_in: str) -> str:
        """The seed of the draw; `stand_in` takes the place of a body that gave nothing."""
        return joined(self.shares, self.hashes, stand_in)

    def tasks(
        self, about: str, prefix: str, rule: str, last: date | None, answer: Mapping[str, str | int], detail: str = ""
    ) -> Iterable[Task]:
        """A task for each body that owes its hash or, from the first day of shares on, its share."""
        hash_due = self.opens and self.opens - DAY
        for action, bodies, due in (
            (f"{prefix}-hashes", self.unhashed, hash_due),
            (f"{prefix}s", self.owed if self.is_open else (), last),
        ):
            for body in bodies:
                yield Task(
                    action=action,
                    about=about,
                    role=body,
                    due=due,
                    rule=rule,
                    detail=f"{detail} {body}".lstrip(),
                    answer={**answer, "body": body},
                )


def must_be_new(state: SeedHash | None, command: PostSeedHash | PostVerificationHash, _p: Policy, _d: date) -> Change:
    """Refuse a hash that was published before: its share is known to everybody."""
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
    """Take a body's hash. If shares are taken already, a late hash puts them off to the next day.

    Then both bodies' shares are waited for again. Otherwise the late body could know already what takes the place of a
    silent body's share, and choose its own share to suit that.
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
        opens=today + DAY if is_late else seeds.opens,
        is_open=seeds.is_open and not is_late,
        missed=frozenset(one for one in seeds.missed if one.endswith(" hash")) if is_late else seeds.missed,
    )


def with_share(seeds: Seeds, body: str, share: str, rule: str, public: Iterable[str] = ()) -> Seeds:
    """Take a body's share. Refused before its day, if it does not fit the body's published hash, or if it is in
    `public`, values that everybody knows."""
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
    """Refuse a share that others could guess in order to compute the draw: a short one, or one with a pattern."""
    text = share.lower()
    threes = [*zip(text, text[1:], text[2:], strict=False)]
    easy = [sum(map(_EASY.__contains__, zip(text, text[gap:], strict=False))) for gap in (1, 2)]
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


def opened(seeds: Seeds) -> tuple[Seeds, tuple[Body, ...]]:
    """The day of the shares has come. Returns also the bodies without a hash that are to be named now, each once."""
    late = tuple(body for body in seeds.unhashed if f"{body} hash" not in seeds.missed)
    missed = seeds.missed | {f"{body} hash" for body in late}
    return msgspec.structs.replace(seeds, is_open=True, missed=missed), late


def ended(seeds: Seeds) -> tuple[Seeds, tuple[Body, ...]]:
    """The time for shares is over. Returns also the bodies that owe one: each is named once and waited for no more."""
    late = tuple(body for body in seeds.owed if f"{body} share" not in seeds.missed)
    return msgspec.structs.replace(seeds, missed=seeds.missed | {f"{body} share" for body in late}), late
