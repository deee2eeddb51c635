"""The verification of an exit by sampled households (rules §2)."""

from collections.abc import Iterable
from datetime import date

from services.inspection.model.commands import GiveVerificationSeed, RecordVerification
from services.inspection.model.draw import draw, must_be_unguessable, sample_size
from shared.contracts.inspection import DeadlineMoved, ExitVerified
from shared.contracts.registry import ExitRequested
from shared.policy import Policy
from shared.rules import Change, Moved, Refused, State, Task, addressed


class Verification(State, frozen=True, kw_only=True, omit_defaults=True):
    """The last verification that was asked for in a village. Its id is the village's."""

    kind = "verifications"

    attempt: int
    lifted: tuple[str, ...]
    """The households that are said to be out of poverty, among which the sample is drawn."""
    seed: str = ""
    """Empty until the inspection has given it."""
    sampled: tuple[str, ...] = ()
    """The households to visit, in the order of their tickets."""
    by: str
    """The role that verifies, as the pack's procedure says."""
    until: date
    passed: bool | None = None

    @property
    def status(self) -> str:
        """`requested` until the sample is drawn, then `awaited`, `passed` or `failed`."""
        if not self.seed:
            return "requested"
        return {None: "awaited", True: "passed", False: "failed"}[self.passed]

    @property
    def awaits(self) -> bool:
        """Whether the seed is still to be given, or the households to be visited."""
        return self.passed is None

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """A deadline of the village moved."""
        return DeadlineMoved(place=self.place, village=self.id, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The seed of the sample, then the verification, until it is recorded."""
        if self.awaits:
            yield Task(
                action="verifications" if self.seed else "verification-seeds",
                about=self.id,
                role=self.by if self.seed else "inspection",
                due=self.until,
                rule="rules §2",
                detail=str(self.attempt),
            )


def request(state: Verification | None, event: ExitRequested, policy: Policy, today: date) -> Change:
    """The frame stands; nobody can know the sample before the inspection gives its seed."""
    step = policy.exit.procedure[0]
    requested = Verification(
        id=event.village,
        place=event.place,
        attempt=event.attempt,
        lifted=event.lifted,
        by=step.by,
        until=step.within.after(today, policy.calendar),
    )
    return Change(requested.counting("until", since=today, span=step.within))


def sample(state: Verification | None, command: GiveVerificationSeed, policy: Policy, today: date) -> Change:
    """Choose the households by tickets over seed, attempt and household, so that anyone can recompute the choice."""
    verification = addressed(state, command, "已申请出列的村", "village that asks to leave the list")
    if (verification.attempt, verification.seed) == (command.attempt, command.seed):
        return Change(verification)
    if verification.seed or command.attempt != verification.attempt:
        raise Refused(
            "rules §2",
            f"村 {verification.id} 第 {command.attempt} 次核查不等待随机数：最近一次是第 {verification.attempt} 次"
            f"（{verification.status}）；交付后不得更换",
            f"verification {command.attempt} of village {verification.id} does not await a seed: the last one is "
            f"{verification.attempt} ({verification.status}); a seed cannot be changed",
            field="attempt",
        )
    must_be_unguessable(command.seed, "rules §2")
    terms = policy.exit.verification
    size = sample_size(terms.sample_share, len(verification.lifted), terms.sample_at_least)
    sampled = draw(command.seed, f"exit {command.attempt}", verification.lifted, size)
    return Change(verification.but(seed=command.seed, sampled=sampled))


def verify(state: Verification | None, command: RecordVerification, policy: Policy, today: date) -> Change:
    """Three rates, each of which alone can stop the exit.

    Wrong exits: people in sampled households that do not meet the standard ÷ people in sampled households. Omissions:
    poor people outside the register ÷ people outside it who were looked at. Approval: approving ÷ sampled households.
    """
    verification = addressed(state, command, "已申请出列的村", "village that asks to leave the list")
    if not verification.awaits or command.attempt != verification.attempt:
        raise Refused(
            "rules §2",
            f"村 {verification.id} 第 {command.attempt} 次核查不在进行：最近一次是第 {verification.attempt} 次"
            f"（{verification.status}）",
            f"verification {command.attempt} of village {verification.id} is not under way: the last one is "
            f"{verification.attempt} ({verification.status})",
            field="attempt",
        )
    if not verification.seed:
        raise Refused(
            "rules §2",
            f"村 {verification.id} 第 {verification.attempt} 次核查尚未抽样，请督查部门先交付随机数",
            f"no households are sampled yet for verification {verification.attempt} of village {verification.id}; "
            "the inspection gives the seed first",
            field="attempt",
        )
    wanted, got = set(verification.sampled), set(command.households)
    if wanted != got:
        left_out, strangers = sorted(wanted - got), sorted(got - wanted)
        raise Refused(
            "rules §2",
            f"核查户须与抽样名单完全一致；漏查：{'、'.join(left_out) or '无'}；名单外：{'、'.join(strangers) or '无'}",
            f"exactly the sampled households count; left out: {', '.join(left_out) or 'none'}; "
            f"not sampled: {', '.join(strangers) or 'none'}",
            field="households",
            status=422,
        )
    if not 0 <= command.omitted <= command.unregistered or not command.unregistered:
        raise Refused(
            "rules §2",
            "未建档人口须抽查 1 人以上，漏评人数不得多于抽查人数，否则算不出漏评率",
            "look at one unregistered person at least, and count no more omitted than looked at: "
            "there is no omission rate otherwise",
            field="unregistered",
            status=422,
        )
    checked = command.households.values()
    if any(household.persons < 1 for household in checked):
        raise Refused(
            "rules §2",
            "每户人口数至少为 1",
            "every household has one person at least",
            field="households",
            status=422,
        )
    # Where nobody was lifted there is nobody to be wrongly lifted or to ask, and the omissions decide alone.
    people = sum(household.persons for household in checked) or 1
    wrong = sum(household.persons for household in checked if not household.meets) / people
    approval = sum(household.approves for household in checked) / len(checked) if checked else 1.0
    omission = command.omitted / command.unregistered
    terms = policy.exit.verification
    passed = wrong < terms.wrong_exit_below and omission < terms.omission_below and approval >= terms.approval_at_least
    verified = ExitVerified(
        place=verification.place,
        village=verification.id,
        attempt=verification.attempt,
        passed=passed,
        sampled=len(checked),
        wrong_exit_rate=wrong,
        omission_rate=omission,
        approval_rate=approval,
        verified_by=command.verified_by,
        seed=verification.seed,
    )
    return Change(verification.but(passed=passed).counting("until"), (verified,))
