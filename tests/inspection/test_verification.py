"""The verification of an exit by sampled households."""

import hashlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inspection.model.commands import Checked, GiveVerificationSeed, RecordVerification
from services.inspection.model.verification import Verification
from shared.contracts.inspection import ExitVerified
from shared.contracts.registry import ExitRequested, VillageRecoded
from tests.inspection.region import PACKS, Region

VILLAGE = "210521100200"
GOOD = Checked(persons=4, meets=True, approves=True)
SEED = "8c1f0a97e5b34d62a0c9d87f61e2b354"


def requested(households: int = 60, attempt: int = 1) -> Region:
    """A region in which a village asks to leave the list, and the households to visit are drawn."""
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    ask(region, households, attempt)
    region.ask(seeded(region, attempt=attempt))
    return region


def ask(region: Region, households: int, attempt: int) -> None:
    lifted = tuple(f"H{number:03}" for number in range(households))
    region.hear(
        ExitRequested(
            place=region.county, village=VILLAGE, attempt=attempt, lifted=lifted, remaining=1, requested_by="镇政府"
        )
    )


def seeded(region: Region, seed: str = SEED, attempt: int = 1) -> GiveVerificationSeed:
    return GiveVerificationSeed(place=region.county, village=VILLAGE, attempt=attempt, seed=seed)


def sampled(region: Region) -> tuple[str, ...]:
    households: tuple[str, ...] = region.kept(Verification, VILLAGE).sampled
    return households


def recorded(
    region: Region,
    households: dict[str, Checked] | None = None,
    omitted: int = 0,
    unregistered: int = 200,
    attempt: int = 1,
) -> RecordVerification:
    """A verification in which every household is as it should be, but for what is given."""
    return RecordVerification(
        place=region.county,
        village=VILLAGE,
        attempt=attempt,
        households={**dict.fromkeys(sampled(region), GOOD), **(households or {})},
        unregistered=unregistered,
        omitted=omitted,
        verified_by="市督查组",
    )


def verify(region: Region, command: RecordVerification) -> ExitVerified:
    region.ask(command)
    verified: ExitVerified = region.said(ExitVerified)[-1]
    return verified


@pytest.mark.parametrize(("households", "size"), [(4, 4), (10, 10), (30, 10), (60, 12), (61, 13)])
def test_rules_2_a_fifth_of_the_lifted_households_and_at_least_ten_are_visited(households: int, size: int) -> None:
    assert len(set(sampled(requested(households)))) == size


def test_rules_2_the_sample_can_be_recomputed_and_a_second_attempt_samples_anew() -> None:
    region = requested()
    first = sampled(region)
    verified = verify(region, recorded(region, omitted=100))
    tickets = sorted(
        (hashlib.sha256(f"{verified.seed}‖exit 1‖H{n:03}".encode()).hexdigest(), f"H{n:03}") for n in range(60)
    )
    assert first == tuple(household for _, household in tickets[:12])
    ask(region, 60, attempt=2)
    region.ask(seeded(region, attempt=2))
    assert set(sampled(region)) != set(first)
    (task,) = region.tasks("verifications")
    assert task.detail == "2"


def test_rules_2_the_verification_is_a_task_with_the_pack_s_time() -> None:
    region = requested()
    (task,) = region.tasks("verifications", VILLAGE)
    assert (task.role, task.due, task.detail) == ("inspection", region.today + timedelta(30), "1")
    assert verify(region, recorded(region)).passed
    assert not region.tasks("verifications")
    region.refuses(recorded(region), 409, "attempt")


def test_rules_2_nobody_can_know_the_sample_before_the_inspection_gives_a_seed() -> None:
    samples = set()
    for seed in (SEED, SEED[::-1]):
        region = Region(PACKS["benxi"], date(2016, 1, 4))
        ask(region, 60, attempt=1)
        assert not region.tasks("verifications")
        (task,) = region.tasks("verification-seeds", VILLAGE)
        assert (task.role, task.detail) == ("inspection", "1")
        assert "随机数" in region.refuses(recorded(region), 409, "attempt").zh
        region.ask(seeded(region, seed))
        assert not region.tasks("verification-seeds")
        samples.add(sampled(region))
    assert len(samples) == 2


def test_rules_2_a_seed_that_could_be_guessed_is_refused_and_one_once_given_stands() -> None:
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    ask(region, 60, attempt=1)
    region.refuses(seeded(region, "20160104"), 422, "seed")
    region.refuses(seeded(region, attempt=2), 409, "attempt")
    region.ask(seeded(region))
    before = sampled(region)
    region.ask(seeded(region))
    region.refuses(seeded(region, SEED[::-1]), 409, "attempt")
    assert sampled(region) == before
    verified = verify(region, recorded(region))
    assert (verified.seed, verified.verified_by) == (SEED, "市督查组")
    region.refuses(seeded(region, SEED[::-1]), 409, "attempt")


def test_rules_2_exactly_the_sampled_households_are_taken() -> None:
    region = requested()
    stranger = next(f"H{n:03}" for n in range(60) if f"H{n:03}" not in sampled(region))
    assert stranger in region.refuses(recorded(region, {stranger: GOOD}), 422, "households").zh
    complete = recorded(region)
    left_out = sampled(region)[0]
    partial = {id: found for id, found in complete.households.items() if id != left_out}
    command = RecordVerification(
        place=region.county, village=VILLAGE, attempt=1, households=partial, unregistered=9, omitted=0, verified_by="组"
    )
    assert left_out in region.refuses(command, 422, "households").zh


def test_rules_2_rates_that_cannot_be_are_refused() -> None:
    region = requested()
    region.refuses(recorded(region, unregistered=0), 422, "unregistered")
    region.refuses(recorded(region, unregistered=5, omitted=6), 422, "unregistered")
    region.refuses(recorded(region, {sampled(region)[0]: Checked(0, True, True)}), 422, "households")
    region.refuses(recorded(region, attempt=2), 409, "attempt")


def test_rules_2_a_village_that_did_not_ask_to_leave_is_not_verified() -> None:
    region = requested()
    command = RecordVerification(
        place=region.county,
        village="210521100999",
        attempt=1,
        households={},
        unregistered=9,
        omitted=0,
        verified_by="组",
    )
    region.refuses(command, 404)


def test_rules_2_wrong_exits_are_counted_by_people_and_approval_by_households() -> None:
    """A household of one among 11 households of four: 1 of 45 people, 1 of 12 households."""
    region = requested()
    verified = verify(region, recorded(region, {sampled(region)[0]: Checked(1, False, False)}))
    assert verified.wrong_exit_rate == pytest.approx(1 / 45)
    assert verified.approval_rate == pytest.approx(11 / 12)
    assert not verified.passed, "2.2 % is too much"


def test_rules_2_a_rate_that_just_reaches_its_bound_stops_the_exit() -> None:
    """1 of 50 people wrongly lifted are 2 %, and the rate must be below that."""
    region = requested()
    wrong, large, *_ = sampled(region)
    verified = verify(region, recorded(region, {wrong: Checked(1, False, True), large: Checked(9, True, True)}))
    assert (verified.wrong_exit_rate, verified.passed) == (0.02, False)


def test_a_verification_follows_the_village_s_new_division_code() -> None:
    region = requested()
    region.hear(VillageRecoded(place=region.county, village=VILLAGE, code="210522100200", since=region.today))
    region.county = "210522"
    assert verify(region, recorded(region)).place == "210522"


@given(
    wrong=st.integers(0, 3), against=st.integers(0, 3), omitted=st.integers(0, 6), unregistered=st.integers(100, 200)
)
def test_rules_2_each_rate_alone_can_stop_the_exit(wrong: int, against: int, omitted: int, unregistered: int) -> None:
    region = requested(households=150)
    ids = sampled(region)
    assert len(ids) == 30
    found = {id: Checked(1 if n < wrong else 4, n >= wrong, n >= against) for n, id in enumerate(ids)}
    verified = verify(region, recorded(region, found, omitted=omitted, unregistered=unregistered))
    people = wrong + 4 * (30 - wrong)
    holds = 100 * wrong < 2 * people and 100 * omitted < 2 * unregistered and 10 * against <= 30
    assert verified.passed is holds
    assert region.kept(Verification, VILLAGE).status == ("passed" if holds else "failed")


def test_rules_2_where_nobody_was_lifted_the_omissions_decide() -> None:
    region = requested(households=0)
    assert verify(region, recorded(region)).passed
    region = requested(households=0)
    assert not verify(region, recorded(region, omitted=4)).passed
