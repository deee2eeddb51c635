"""The verification of an exit (出列核查): inspectors visit sampled households, and three rates decide (5.3).

National rules of 2016 to 2018 name the rates of wrong exits, omissions and approval as criteria of a county's exit. A
pack sets the bounds by which its region applies them to a village, and how many households are drawn.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from typing import Literal

import msgspec

from services.inspection.model.commands import GiveVerificationSeed, PostVerificationHash, RecordVerification
from services.inspection.model.seeds import SHARE_DAYS, Seeds, ended, opened, with_hash, with_share
from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.inspection import (
    Body,
    DeadlineMoved,
    ExitVerified,
    SampleCommitted,
    SampleDrawn,
    SampleMissed,
)
from shared.contracts.registry import (
    ExitRequested,
    ExitWithdrawn,
    IndicatorsMeasured,
    ObjectionRaised,
    VillageDelisted,
    VillageMerged,
    VillageRelapsed,
    VillageUnlisted,
)
from shared.draws import draw, frame_hash, sample_round, sample_size
from shared.policy import Policy
from shared.policy.exit import Verification as Terms
from shared.rules import Change, Difference, Due, Moved, Refused, State, Task, addressed, require_body

RULE = "5.3"
HASH_DAYS = 3
"""For how many days after the request a body may still publish its hash, if it did not before."""


class Verification(State, frozen=True, kw_only=True, omit_defaults=True):
    """A village's latest verification: in preparation, under way, or recorded. Its id is the village's."""

    kind = "verifications"
    hides_from_all = True
    known_as = ("出列核查", "the verification of an exit")

    attempt: int
    seeds: Seeds = Seeds()
    is_wanted: bool = True
    """Before the request: whether the village can leave the list, so that hashes are awaited. After it: whether the
    request still stands."""
    has_left: bool = False
    """True once the village has left the list. Measurements then serve its monitoring and prepare no verification."""
    lifted: dict[str, int] = msgspec.field(default_factory=dict)
    """The lifted households, from which the sample is drawn, each with its number of persons."""
    outside: int | None = None
    """How many people of the village live in households outside the register. None if the request did not say."""
    before: tuple[str, ...] = ()
    """Households that were drawn in earlier attempts and never verified, sorted. They are visited if still lifted."""
    sampled: tuple[str, ...] = ()
    """The households to visit: those drawn, in the order of their tickets, then those of `before`."""
    terms: Terms | None = None
    """The pack's rates and shares on the day of the request. None before it."""
    by: str = ""
    """The role that verifies, as the pack's procedure says."""
    until: date | None = None
    drawn_on: date | None = None
    passed: bool | None = None
    is_withdrawn: bool = False
    """True if the request was taken back before this verification was recorded."""

    @property
    def awaits_seeds(self) -> bool:
        """Whether the sample is still to be drawn."""
        return self.is_wanted and self.passed is None and self.drawn_on is None

    @property
    def unseen(self) -> tuple[str, ...]:
        """The households that were drawn and not verified. A new attempt visits them too, so nobody can avoid them."""
        return () if self.passed is not None else tuple(sorted({*self.before, *self.sampled}))

    @property
    def status(self) -> str:
        """`prepared` before the request, `requested` until the sample is drawn, `awaited` until the result, then
        `passed` or `failed`. `withdrawn` if the request was taken back."""
        if self.is_withdrawn:
            return "withdrawn"
        if self.terms is None:
            return "prepared"
        if self.drawn_on is None:
            return "requested"
        return {None: "awaited", True: "passed", False: "failed"}[self.passed]

    @property
    def awaits(self) -> bool:
        """Whether a hash, a share or the visit to the households is awaited."""
        return self.is_wanted and self.passed is None

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """The event that new holidays moved the last day for the verification."""
        return DeadlineMoved(place=self.place, village=self.id, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The hashes and shares that bodies owe for the sample's seed, and then the verification itself."""
        if self.awaits_seeds:
            last = self.timers.get("shares")
            said: Mapping[str, str | int] = {"place": self.place, "village": self.id, "attempt": self.attempt}
            yield from self.seeds.tasks(self.id, "verification-seed", RULE, last, said, str(self.attempt))
        elif self.awaits:
            yield Task(
                action="verifications",
                about=self.id,
                role=self.by,
                due=self.until,
                rule=RULE,
                detail=str(self.attempt),
                answer={"place": self.place, "village": self.id, "attempt": self.attempt, "body": self.by},
            )

    def shown(self, *, to_operator: bool = False) -> "Verification":
        """The verification as it may be read before its end: without the bodies' shares.

        Only operators see the households to visit, since whoever knows them beforehand could prepare them.
        """
        if self.passed is not None:
            return self
        verification = self if to_operator else self.but(sampled=(), before=())
        return verification.but(seeds=msgspec.structs.replace(self.seeds, shares={}))


_STANDING = {
    "prepared": "尚未申请",
    "requested": "待抽样",
    "awaited": "待核查",
    "passed": "已通过",
    "failed": "未通过",
    "withdrawn": "已撤回",
}
"""The Chinese words for the states of a verification."""


def prepare(state: Verification | None, event: IndicatorsMeasured, policy: Policy, today: date) -> Change:
    """Ask both bodies for their hashes as soon as a village can leave, so that they come before the households are
    known."""
    if state is None or ((state.passed is False or state.is_withdrawn) and not event.unmet):
        return Change(_next(state, event.village, event.place) if not event.unmet else state)
    if state.terms is not None or state.has_left:
        return Change(state)
    return Change(state.but(is_wanted=not event.unmet))


def prepare_again(state: Verification | None, event: ObjectionRaised, policy: Policy, today: date) -> Change:
    """Ask for hashes at once after an objection: if it is upheld, there will be another verification."""
    if state is None or state.passed is None or state.attempt != event.attempt:
        return Change(state)
    return Change(_next(state, event.village, event.place))


def leave(state: Verification | None, event: VillageDelisted, policy: Policy, today: date) -> Change:
    """The village has left the list, so no further verification is prepared."""
    return Change(state and state.but(has_left=True, is_wanted=False if state.terms is None else state.is_wanted))


def withdraw(state: Verification | None, event: ExitWithdrawn, policy: Policy, today: date) -> Change:
    """The exit was withdrawn, so this verification ends. Households that were drawn already are visited next time."""
    if state is None or state.passed is not None or state.attempt != event.attempt:
        return Change(state)
    ended = state.but(is_withdrawn=True, is_wanted=False).timed(open=None, shares=None)
    return Change(ended.counting("until"))


def end(state: Verification | None, event: VillageMerged | VillageUnlisted, policy: Policy, today: date) -> Change:
    """The village was merged or is no longer on the list, so it cannot ask to leave it."""
    if state is None or state.passed is not None:
        return Change(state)
    return Change(state.but(is_wanted=False).timed(open=None, shares=None))


def relapse(state: Verification | None, event: VillageRelapsed, policy: Policy, today: date) -> Change:
    """The village may leave the list another time."""
    if state is None:
        return Change(state)
    return Change(state.but(has_left=False) if state.terms is None else _next(state, state.id, state.place, False))


def _next(state: Verification | None, village: str, place: str, is_wanted: bool = True) -> Verification:
    attempt, before = (state.attempt + 1, state.unseen) if state else (1, ())
    return Verification(id=village, place=place, attempt=attempt, before=before, is_wanted=is_wanted)


def request(state: Verification | None, event: ExitRequested, policy: Policy, today: date) -> Change:
    """The exit was asked for, and the households are fixed now. If both hashes are public, shares are taken at once;
    otherwise from the day after the HASH_DAYS in which hashes can still come."""
    last = state.attempt if state else 0
    if event.attempt > last + 1:
        raise Refused(
            RULE,
            f"第{event.attempt}次核查不能接在第{last}次之后，其间的出列申请没有收到，请运行 zhucun recover 补收",
            f"attempt {event.attempt} cannot follow attempt {last}; what lies between is missing, see `zhucun recover`",
        )
    step = policy.delisting.steps[0]
    prepared = state is not None and state.terms is None and state.attempt == event.attempt
    seeds = state.seeds if state and prepared else Seeds()
    verification = Verification(
        id=event.village,
        place=event.place,
        attempt=event.attempt,
        seeds=seeds,
        lifted=dict(zip(event.lifted, event.persons or [0] * len(event.lifted), strict=True)),
        outside=event.outside,
        before=state.unseen if state else (),
        terms=policy.exit.verification,
        by=step.by,
        until=step.within.after(today, policy.calendar),
    ).counting("until", since=today, span=step.within)
    if seeds.unhashed:
        return Change(_opening(verification, today + timedelta(HASH_DAYS + 1)))
    seeds, _ = opened(msgspec.structs.replace(seeds, opens=today))
    return Change(verification.but(seeds=seeds).timed(shares=today + timedelta(SHARE_DAYS)))


def post_hash(state: Verification | None, command: PostVerificationHash, policy: Policy, today: date) -> Change:
    """Take a body's hash and publish it at once. If it comes last, after the request, shares open tomorrow."""
    verification = _addressed(state, command)
    seeds = with_hash(verification.seeds, command.body, command.seed_hash, today, RULE)
    if seeds is verification.seeds:
        return Change(verification)
    committed = SampleCommitted(
        place=verification.place,
        village=verification.id,
        attempt=verification.attempt,
        body=command.body,
        seed_hash=command.seed_hash,
        on=today,
    )
    verification = verification.but(seeds=seeds)
    if verification.terms is not None and not seeds.unhashed:
        verification = _opening(verification, today + DAY)
    elif verification.terms is not None and seeds.opens:
        verification = _opening(verification, seeds.opens)
    return Change(verification, (committed,))


def give_seed(state: Verification | None, command: GiveVerificationSeed, policy: Policy, today: date) -> Change:
    """Take a body's share. When both are in, the sample is drawn."""
    if (
        state is not None
        and state.attempt == command.attempt
        and state.place == command.place
        and state.seeds.shares.get(command.body) == command.seed
    ):
        return Change(state)
    verification = _addressed(state, command)
    seeds = with_share(verification.seeds, command.body, command.seed, RULE, (frame_hash(verification.lifted),))
    return _sampled(verification.but(seeds=seeds), today, ())


def open_shares(state: Verification, due: Due, policy: Policy, today: date) -> Change:
    """Shares are taken from today. If the system was off for days, nobody could give a hash, so they open tomorrow."""
    if due.on < today:
        return Change(_opening(state, today + DAY))
    seeds, silent = opened(state.seeds)
    return Change(state.but(seeds=seeds), _missed(state, silent, "hash"))


def end_shares(state: Verification, due: Due, policy: Policy, today: date) -> Change:
    """The time for shares is over. Bodies that gave none are named in an event, and the draw does without them."""
    if due.on < today:
        return Change(state.timed(shares=today + DAY))
    seeds, silent = ended(state.seeds)
    return _sampled(state.but(seeds=seeds), today, _missed(state, silent, "share"))


def _addressed(state: Verification | None, command: PostVerificationHash | GiveVerificationSeed) -> Verification:
    """The verification that a command names. Raises Refused unless it still awaits its sample."""
    verification = addressed(state, command, "可申请出列的村", "village that can ask to leave the list")
    if verification.awaits_seeds and command.attempt == verification.attempt:
        return verification
    raise Refused(
        RULE,
        f"村 {verification.id} 第 {command.attempt} 次核查无需提交随机码：最近一次是第 {verification.attempt} 次"
        f"（{_STANDING[verification.status]}）；提交后不得更换",
        f"verification {command.attempt} of village {verification.id} does not await a seed: the last one is "
        f"{verification.attempt} ({verification.status}); a share cannot be changed",
        field="attempt",
    )


def _opening(verification: Verification, opens: date) -> Verification:
    seeds = msgspec.structs.replace(verification.seeds, opens=opens)
    return verification.but(seeds=seeds).timed(open=opens, shares=opens + timedelta(SHARE_DAYS))


def _missed(state: Verification, bodies: Iterable[Body], what: Literal["hash", "share"]) -> tuple[SampleMissed, ...]:
    return tuple(
        SampleMissed(place=state.place, village=state.id, attempt=state.attempt, body=body, what=what)
        for body in bodies
    )


def _sampled(verification: Verification, today: date, events: tuple[Event, ...]) -> Change:
    """Draw the households by their tickets, unless a share is still awaited."""
    seeds, terms = verification.seeds, verification.terms
    if terms is None or not seeds.are_in:
        return Change(verification, events)
    size = sample_size(terms.sample_share, len(verification.lifted), terms.sample_at_least)
    round = sample_round(verification.id, verification.attempt)
    drawn = draw(seeds.joined(frame_hash(verification.lifted)), round, verification.lifted, size)
    again = (id for id in verification.before if id in verification.lifted and id not in drawn)
    verification = verification.but(sampled=(*drawn, *again), drawn_on=today).timed(open=None, shares=None)
    told = SampleDrawn(
        place=verification.place,
        village=verification.id,
        attempt=verification.attempt,
        size=len(verification.sampled),
    )
    return Change(verification, (*events, told))


def verify(state: Verification | None, command: RecordVerification, policy: Policy, today: date) -> Change:
    """Record the verification. Three rates decide, and each of them alone can stop the exit:

    - wrong exits (错退率): people in sampled households that do not meet the standard ÷ people in sampled households;
    - omissions (漏评率): poor people outside the register ÷ people outside the register who were looked at;
    - approval (群众认可度): sampled households that approve ÷ sampled households.
    """
    verification = addressed(state, command, "已申请出列的村", "village that asks to leave the list")
    if not verification.awaits or command.attempt != verification.attempt:
        raise Refused(
            RULE,
            f"村 {verification.id} 第 {command.attempt} 次核查已结束或者尚未开始："
            f"最近一次是第 {verification.attempt} 次（{_STANDING[verification.status]}）",
            f"verification {command.attempt} of village {verification.id} is not under way: the last one is "
            f"{verification.attempt} ({verification.status})",
            field="attempt",
        )
    if verification.terms is None or verification.drawn_on is None:
        raise Refused(
            RULE,
            f"村 {verification.id} 第 {verification.attempt} 次核查尚未抽取核查户，"
            "请督查部门和纪检监察机关先提交随机码",
            f"no households are sampled yet for verification {verification.attempt} of village {verification.id}; "
            "the inspection and the discipline body give their shares first",
            field="attempt",
        )
    require_body(command.body, verification.by, RULE)
    _must_be_the_sample(verification, command)
    terms, checked = verification.terms, command.households.values()
    _must_be_enough(command, verification.outside, terms.outside_share)
    # If no household was lifted, none can be wrongly lifted or asked for approval: the rate of omissions decides alone.
    people = sum(household.persons for household in checked) or 1
    rates = {
        "wrong_exit": sum(household.persons for household in checked if not household.meets) / people,
        "omission": command.omitted / command.unregistered if command.unregistered else 0.0,
        "approval": sum(household.approves for household in checked) / len(checked) if checked else 1.0,
    }
    passed = all(bound.holds(rates[bound.figure]) for bound in terms.rates)
    verified = ExitVerified(
        place=verification.place,
        village=verification.id,
        attempt=verification.attempt,
        passed=passed,
        sampled=len(checked),
        wrong_exit_rate=rates["wrong_exit"],
        omission_rate=rates["omission"],
        approval_rate=rates["approval"],
        verified_by=command.verified_by,
        seeds=verification.seeds.shares,
        households=verification.sampled,
        again=verification.sampled[sample_size(terms.sample_share, len(verification.lifted), terms.sample_at_least) :],
    )
    return Change(verification.but(passed=passed).counting("until"), (verified,))


def _must_be_the_sample(verification: Verification, command: RecordVerification) -> None:
    """Refuse other households than the sampled ones, and other numbers of persons than the register's."""
    # The refusal does not say which households are wrong, since the sender may have no right to read the list.
    if set(verification.sampled) != set(command.households):
        wanted, got = len(verification.sampled), len(command.households)
        raise Refused(
            RULE,
            f"核查户须与抽样名单完全一致：抽取 {wanted} 户，填报 {got} 户，请对照抽样名单逐户核对",
            f"exactly the sampled households count: {wanted} were drawn, {got} are given; compare them with the list",
            field="households",
            status=422,
        )
    known = verification.lifted
    differs = [
        Difference(f"households.{id}.persons", str(known[id]), str(found.persons))
        for id, found in sorted(command.households.items())
        if known[id] and known[id] != found.persons
    ]
    if differs:
        first = differs[0]
        raise Refused(
            RULE,
            f"{len(differs)} 户人口数与登记不符，如{first.field.split('.')[1]}户：登记 {first.known} 人，"
            f"填报 {first.given} 人；"
            "核查按登记人口计算，如登记有误，请先更正农户登记",
            f"{len(differs)} households differ from the register in their persons, such as {first.field}: "
            f"{first.known} in the register, {first.given} given; the register's count, so correct it first if wrong",
            field=first.field,
            status=422,
            differs=differs,
        )


def _must_be_enough(command: RecordVerification, outside: int | None, share: Fraction) -> None:
    """Refuse numbers of people outside the register that are impossible, or too few for a meaningful rate."""
    most = command.unregistered if outside is None else outside
    least = ceil(share * most)
    if not max(least, min(most, 1)) <= command.unregistered <= most or command.omitted > command.unregistered:
        raise Refused(
            RULE,
            f"未建档人口抽查 {command.unregistered} 人、漏评 {command.omitted} 人有误：本村未建档人口 {most} 人，"
            f"至少抽查 {max(least, min(most, 1))} 人，漏评人数不得多于抽查人数",
            f"{command.unregistered} people outside the register looked at and {command.omitted} omitted cannot be: "
            f"{most} live there outside it, {max(least, min(most, 1))} at least are looked at, "
            "and no more can be omitted than were looked at",
            field="unregistered",
            status=422,
        )
