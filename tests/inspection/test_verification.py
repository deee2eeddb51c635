"""The verification of an exit by sampled households."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inspection.model.commands import (
    Checked,
    RecordVerification,
)
from services.inspection.model.verification import Verification
from shared.contracts.inspection import ExitVerified, SampleCommitted, SampleDrawn, SampleMissed
from shared.contracts.registry import (
    ExitWithdrawn,
    ObjectionRaised,
    Unmet,
    VillageDelisted,
    VillageRecoded,
    VillageRelapsed,
)
from shared.contracts.values import Role
from shared.draws import BODIES, verify_sample
from shared.rules import Refused
from tests.inspection.exits import OUTSIDE, PERSONS, ask, hashed, measured, requested, seeded
from tests.inspection.region import PACKS, VILLAGE, Region, hash_of, share
from tests.support.outage import sleep

GOOD = Checked(persons=PERSONS, meets=True, approves=True)
FIRST_DRAWN = "H049"


def led_back(region: Region, attempt: int) -> ExitWithdrawn:
    return ExitWithdrawn(
        place=region.county, village=VILLAGE, attempt=attempt, reason="收入有误", decided_by="县扶贫办"
    )


def sampled(region: Region) -> tuple[str, ...]:
    households: tuple[str, ...] = region.kept(Verification, VILLAGE).sampled
    return households


def recorded(
    region: Region,
    households: dict[str, Checked] | None = None,
    omitted: int = 0,
    unregistered: int = 200,
    attempt: int = 1,
    body: Role = "inspection",
) -> RecordVerification:
    """A verification in which every household is as it should be, but for what is given."""
    return RecordVerification(
        place=region.county,
        village=VILLAGE,
        attempt=attempt,
        households={**dict.fromkeys(sampled(region), GOOD), **(households or {})},
        unregistered=unregistered,
        omitted=omitted,
        body=body,
        verified_by="市督查组",
    )


def verify(region: Region, command: RecordVerification) -> ExitVerified:
    region.ask(command)
    verified: ExitVerified = region.said(ExitVerified)[-1]
    return verified


@pytest.mark.parametrize(("households", "size"), [(4, 4), (10, 10), (30, 10), (60, 12), (61, 13)])
def test_5_3_a_fifth_of_the_lifted_households_and_at_least_ten_are_visited(households: int, size: int) -> None:
    assert len(set(sampled(requested(households)))) == size


def test_5_3_the_sample_can_be_recomputed_and_a_second_attempt_samples_anew() -> None:
    region = requested()
    first = sampled(region)
    verified = verify(region, recorded(region, omitted=100))
    seed = f"{share(f'{VILLAGE}/1', 'discipline')}‖{share(f'{VILLAGE}/1', 'inspection')}"
    tickets = sorted((hash_of(f"{seed}‖{VILLAGE}/1‖H{n:03}"), f"H{n:03}") for n in range(60))
    assert first == verified.households == tuple(household for _, household in tickets[:12])
    measured(region, year=2016)
    region.ask(*(hashed(region, body, attempt=2) for body in BODIES))
    ask(region, attempt=2)
    region.ask(*(seeded(region, body, attempt=2) for body in BODIES))
    assert set(sampled(region)) != set(first)
    (task,) = region.tasks("verifications")
    assert task.detail == "2"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"seeds": {}}, "seed shares"),
        ({"seeds": dict.fromkeys(BODIES, "x" * 40)}, "seed shares"),
        ({"seeds": {"inspection": share(f"{VILLAGE}/1", "inspection")}}, "households"),
        ({"households": tuple(f"H{n:03}" for n in range(12))}, "households"),
        ({"attempt": 2}, "events"),
    ],
)
def test_5_3_anyone_verifies_the_sample_by_the_public_events_alone(change: dict[str, Any], fault: str) -> None:
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    measured(region)
    region.ask(*(hashed(region, body) for body in BODIES))
    asked = ask(region)
    region.ask(*(seeded(region, body) for body in BODIES))
    verified = verify(region, recorded(region))
    said = asked, region.said(SampleCommitted)
    assert verify_sample(verified, *said, 0.2, 10) == []
    tampered = msgspec.structs.replace(verified, **change)
    assert any(fault in found for found in verify_sample(tampered, *said, 0.2, 10))


def test_5_3_a_draw_that_ended_without_a_result_is_visited_with_the_next_one() -> None:
    """Else whoever does not like the households that were drawn leads the exit back until others are."""
    region = requested()
    assert [(told.attempt, told.size) for told in region.said(SampleDrawn)] == [(1, 12)]
    first = sampled(region)
    region.hear(led_back(region, 1))
    ask(region, attempt=2)
    region.hear(led_back(region, 2))
    assert region.kept(Verification, VILLAGE).shown().before == ()
    measured(region)
    region.ask(*(hashed(region, body, attempt=3) for body in BODIES))
    lifted = tuple(f"H{n:03}" for n in range(60) if f"H{n:03}" != first[0])
    asked = ask(region, attempt=3, lifted=lifted, persons=(PERSONS,) * 59)
    region.ask(*(seeded(region, body, attempt=3) for body in BODIES))
    drawn, again = sampled(region)[:12], sampled(region)[12:]
    assert again == tuple(sorted({*first[1:]} - {*drawn})), "all of them but the one that is poor again"
    assert region.said(SampleDrawn)[-1].size == len(sampled(region))
    verified = verify(region, recorded(region, attempt=3))
    assert verified.households == (*drawn, *again) and verified.again == again
    hashes = [one for one in region.said(SampleCommitted) if one.attempt == 3]
    assert verify_sample(verified, asked, hashes, 0.2, 10) == []
    tampered = msgspec.structs.replace(verified, households=drawn)
    assert verify_sample(tampered, asked, hashes, 0.2, 10)
    assert region.kept(Verification, VILLAGE).unseen == (), "they have been visited"


def test_5_3_the_verification_is_a_task_with_the_pack_s_time() -> None:
    region = requested()
    (task,) = region.tasks("verifications", VILLAGE)
    assert (task.role, task.due, task.detail) == ("inspection", region.today + timedelta(30), "1")
    assert verify(region, recorded(region)).passed
    assert not region.tasks("verifications")
    region.refuses(recorded(region), 409, "attempt")


def test_5_3_hashes_are_asked_for_before_the_households_are_known() -> None:
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    measured(region, unmet=(Unmet("hard_road", 0.5, 0.95, "county"),))
    assert not region.tasks("verification-seed-hashes"), "the village cannot leave"
    measured(region)
    tasks = region.tasks("verification-seed-hashes", VILLAGE)
    assert [(t.role, t.detail) for t in tasks] == [("discipline", "1 discipline"), ("inspection", "1 inspection")]
    region.ask(*(hashed(region, body) for body in BODIES))
    assert [said.body for said in region.said(SampleCommitted)] == ["discipline", "inspection"]
    region.refuses(seeded(region, "inspection"), 409, "body")
    assert not region.tasks("verification-seeds")
    ask(region)
    assert len(region.tasks("verification-seeds")) == 2, "both hashes were there, so shares are taken at once"
    region.ask(seeded(region, "discipline"))
    assert not region.tasks("verifications")
    assert "随机码" in region.refuses(recorded(region), 409, "attempt").zh
    assert share(f"{VILLAGE}/1", "discipline") not in str(region.kept(Verification, VILLAGE).shown())
    region.ask(seeded(region, "inspection"))
    assert region.tasks("verifications")
    drawn = region.kept(Verification, VILLAGE)
    assert drawn.sampled and drawn.shown().sampled == () and drawn.shown(to_operator=True).sampled == drawn.sampled


def test_5_3_hashes_that_come_after_the_request_open_the_shares_on_the_next_day() -> None:
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    ask(region)
    region.ask(hashed(region, "discipline"), hashed(region, "inspection"))
    region.refuses(seeded(region, "inspection"), 409, "body")
    region.pass_days(region.today + timedelta(1))
    region.ask(hashed(region, "inspection"))
    assert len(region.said(SampleCommitted)) == 2, "what is sent again is not said again, and puts nothing off"
    region.ask(*(seeded(region, body) for body in BODIES))
    assert len(sampled(region)) == 12
    assert not region.said(SampleMissed)


def test_5_3_silent_bodies_are_named_and_do_not_stop_the_exit() -> None:
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    asked, asked_on = ask(region), region.today
    region.ask(hashed(region, "inspection"))
    region.pass_days(asked_on + timedelta(3))
    assert not region.said(SampleMissed)
    region.pass_days(asked_on + timedelta(4))
    assert [(said.body, said.what) for said in region.said(SampleMissed)] == [("discipline", "hash")]
    region.ask(seeded(region, "inspection"))
    verified = verify(region, recorded(region))
    assert verified.seeds == {"inspection": share(f"{VILLAGE}/1", "inspection")}
    assert verify_sample(verified, asked, region.said(SampleCommitted), 0.2, 10) == []


def test_5_3_a_share_that_does_not_come_is_stood_in_for_after_seven_days() -> None:
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    measured(region)
    region.ask(*(hashed(region, body) for body in BODIES))
    asked = ask(region)
    region.ask(seeded(region, "discipline"))
    region.pass_days(region.today + timedelta(6))
    assert not region.said(SampleMissed)
    region.pass_days(region.today + timedelta(1))
    assert [(said.body, said.what) for said in region.said(SampleMissed)] == [("inspection", "share")]
    assert len(sampled(region)) == 12
    region.refuses(seeded(region, "inspection"), 409, "attempt")
    verified = verify(region, recorded(region))
    assert verify_sample(verified, asked, region.said(SampleCommitted), 0.2, 10) == []


def test_5_3_an_objection_asks_for_the_hashes_of_a_second_sample() -> None:
    region = requested()
    assert verify(region, recorded(region)).passed
    assert not region.tasks("verification-seed-hashes")
    region.hear(ObjectionRaised(place=region.county, village=VILLAGE, attempt=1, objection=1))
    assert {task.detail for task in region.tasks("verification-seed-hashes")} == {"2 discipline", "2 inspection"}
    region.ask(*(hashed(region, body, attempt=2) for body in BODIES))
    ask(region, attempt=2)
    assert len(region.tasks("verification-seeds")) == 2


def test_5_3_an_attempt_that_leaps_moves_nothing() -> None:
    region = requested()
    assert verify(region, recorded(region)).passed
    region.hear(ObjectionRaised(place=region.county, village=VILLAGE, attempt=1_000_000, objection=1))
    with pytest.raises(Refused, match="cannot follow attempt 1"):
        ask(region, attempt=1_000_000)
    assert region.kept(Verification, VILLAGE).attempt == 1


def test_5_3_a_village_that_has_left_is_not_asked_for_until_it_relapses() -> None:
    region = requested()
    assert verify(region, recorded(region)).passed
    at = {"place": region.county, "village": VILLAGE}
    region.hear(ObjectionRaised(**at, attempt=1, objection=1))
    region.hear(VillageDelisted(**at, spell=1, incidence=0.01, decided_by="县政府"))
    measured(region, year=2016)
    assert not region.tasks("verification-seed-hashes"), "what is measured now is for its monitoring"
    region.hear(VillageRelapsed(**at, unmet=(), decided_by="县政府"))
    assert not region.tasks("verification-seed-hashes"), "it cannot leave yet"
    measured(region, year=2017)
    assert len(region.tasks("verification-seed-hashes")) == 2
    assert region.kept(Verification, VILLAGE).attempt == 2, "the one that the objection prepared was never used"


def test_5_3_a_village_that_relapses_after_a_clean_exit_begins_another_verification() -> None:
    region = requested()
    assert verify(region, recorded(region)).passed
    at = {"place": region.county, "village": VILLAGE}
    region.hear(VillageDelisted(**at, spell=1, incidence=0.01, decided_by="县政府"))
    region.hear(VillageRelapsed(**at, unmet=(), decided_by="县政府"))
    again = region.kept(Verification, VILLAGE)
    assert (again.attempt, again.status, again.awaits) == (2, "prepared", False)


def test_5_3_a_share_that_could_be_guessed_is_refused_and_one_once_given_stands() -> None:
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    measured(region)
    region.ask(hashed(region, "discipline", "20160104" * 4), hashed(region, "inspection"))
    region.refuses(hashed(region, "inspection", "another"), 409, "body")
    region.refuses(hashed(region, "inspection", attempt=2), 409, "attempt")
    ask(region)
    region.pass_days(region.today + timedelta(1))
    region.refuses(seeded(region, "discipline", "20160104" * 4), 422, "seed")
    region.refuses(seeded(region, "inspection", "20160104" * 5), 422, "seed")
    region.refuses(seeded(region, "inspection", attempt=2), 409, "attempt")
    region.ask(seeded(region, "inspection"), seeded(region, "inspection"))
    changed = region.refuses(seeded(region, "inspection", "another share than the one given"), 409, "body")
    assert "自2016年1月5日起" in changed.zh, "it was taken from the day of the request on"
    region.pass_days(region.today + timedelta(7))
    before = sampled(region)
    region.ask(seeded(region, "inspection"))
    assert sampled(region) == before
    assert verify(region, recorded(region)).verified_by == "市督查组"


def test_5_3_exactly_the_sampled_households_are_taken() -> None:
    region = requested()
    stranger = next(f"H{n:03}" for n in range(60) if f"H{n:03}" not in sampled(region))
    refused = region.refuses(recorded(region, {stranger: GOOD}), 422, "households")
    assert "12" in refused.zh and "13" in refused.zh
    assert stranger not in refused.zh + refused.en, "else one could try household by household"
    complete = recorded(region)
    left_out = sampled(region)[0]
    partial = {id: found for id, found in complete.households.items() if id != left_out}
    command = RecordVerification(
        place=region.county,
        village=VILLAGE,
        attempt=1,
        households=partial,
        unregistered=99,
        omitted=0,
        body="inspection",
        verified_by="组",
    )
    refused = region.refuses(command, 422, "households")
    assert left_out not in refused.zh + refused.en


@pytest.mark.parametrize(("unregistered", "omitted"), [(0, 0), (29, 0), (OUTSIDE + 1, 5), (10**6, 5), (50, 51)])
def test_5_3_people_outside_the_register_are_looked_at_as_far_as_there_are_any(unregistered: int, omitted: int) -> None:
    """Of 600 who live outside it 5 % at least, which are 30, and all of them at most: no rate can be diluted."""
    region = requested()
    refused = region.refuses(recorded(region, unregistered=unregistered, omitted=omitted), 422, "unregistered")
    assert "600" in refused.zh and "30" in refused.zh
    assert verify(region, recorded(region, unregistered=30)).passed


def test_5_3_where_everyone_is_registered_nobody_is_omitted() -> None:
    region = requested(outside=0)
    region.refuses(recorded(region, unregistered=1), 422, "unregistered")
    assert verify(region, recorded(region, unregistered=0)).omission_rate == 0


def test_5_3_persons_are_the_register_s() -> None:
    """Nine of ten households fail, and the tenth cannot outweigh them by a number that somebody typed."""
    region = requested()
    good, *bad = sampled(region)
    told = {id: Checked(PERSONS, False, True) for id in bad}
    refused = region.refuses(
        recorded(region, {**told, good: Checked(50, True, True)}), 422, f"households.{good}.persons"
    )
    assert [(one.known, one.given) for one in refused.differs] == [("4", "50")]
    assert "更正" in refused.zh
    assert not verify(region, recorded(region, told)).passed


def test_5_3_only_the_body_that_the_procedure_names_verifies() -> None:
    region = requested()
    region.refuses(recorded(region, body="township"), 422, "body")


def test_5_3_a_verification_is_judged_by_the_pack_under_which_it_was_asked_for() -> None:
    region = requested()
    wrong, _, approval = PACKS["benxi"]["exit"]["verification"]["rates"]
    rates = [wrong, {"figure": "omission", "below": 0.99}, approval]
    lax = {**PACKS["benxi"]["exit"], "verification": {**PACKS["benxi"]["exit"]["verification"], "rates": rates}}
    region.adopt({**PACKS["benxi"], "exit": lax, "version": "2105-2016.1", "effective_from": region.today})
    region.pass_days(region.today + timedelta(1))
    assert not verify(region, recorded(region, omitted=100)).passed


def test_5_3_a_village_that_did_not_ask_to_leave_is_not_verified() -> None:
    region = requested()
    command = RecordVerification(
        place=region.county,
        village="210521100999",
        attempt=1,
        households={},
        unregistered=9,
        omitted=0,
        body="inspection",
        verified_by="组",
    )
    region.refuses(command, 404)


def test_5_3_wrong_exits_are_counted_by_people_and_approval_by_households() -> None:
    """Households of 1 and 11 of 4 persons: 1 of 45 people, 1 of 12 households."""
    region = requested(persons=tuple(1 if f"H{n:03}" == FIRST_DRAWN else PERSONS for n in range(60)))
    one = Checked(1, False, False)
    verified = verify(region, recorded(region, {FIRST_DRAWN: one}))
    assert verified.wrong_exit_rate == pytest.approx(1 / 45)
    assert verified.approval_rate == pytest.approx(11 / 12)
    assert not verified.passed, "2.2 % is too much"


def test_5_3_a_rate_that_just_reaches_its_bound_stops_the_exit() -> None:
    """1 of 50 people wrongly lifted are 2 %, and the rate must be below that."""
    large = sampled(requested())[1]
    sizes = {FIRST_DRAWN: 1, large: 9}
    region = requested(persons=tuple(sizes.get(f"H{n:03}", PERSONS) for n in range(60)))
    found = {FIRST_DRAWN: Checked(1, False, True), large: Checked(9, True, True)}
    verified = verify(region, recorded(region, found))
    assert (verified.wrong_exit_rate, verified.passed) == (0.02, False)


def test_a_verification_follows_the_village_s_new_division_code() -> None:
    region = requested()
    region.hear(VillageRecoded(place=region.county, village=VILLAGE, code="210522100200", since=region.today))
    region.county = "210522"
    assert verify(region, recorded(region)).place == "210522"


@given(
    wrong=st.integers(0, 3), against=st.integers(0, 3), omitted=st.integers(0, 6), unregistered=st.integers(100, 200)
)
def test_5_3_each_rate_alone_can_stop_the_exit(wrong: int, against: int, omitted: int, unregistered: int) -> None:
    region = requested(households=150)
    ids = sampled(region)
    assert len(ids) == 30
    found = {id: Checked(PERSONS, n >= wrong, n >= against) for n, id in enumerate(ids)}
    verified = verify(region, recorded(region, found, omitted=omitted, unregistered=unregistered))
    holds = 100 * wrong < 2 * 30 and 100 * omitted < 2 * unregistered and 10 * against <= 30
    assert verified.passed is holds
    assert region.kept(Verification, VILLAGE).status == ("passed" if holds else "failed")


def test_5_3_where_nobody_was_lifted_the_omissions_decide() -> None:
    region = requested(households=0)
    assert verify(region, recorded(region)).passed
    region = requested(households=0)
    assert not verify(region, recorded(region, omitted=4)).passed


def test_5_3_after_days_without_the_service_both_bodies_still_have_a_day_for_what_they_owe() -> None:
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    measured(region)
    ask(region)
    opens = region.kept(Verification, VILLAGE).seeds.opens
    sleep(region, opens + timedelta(3))
    seeds = region.kept(Verification, VILLAGE).seeds
    assert (seeds.opens, seeds.is_open) == (region.today + timedelta(1), False), "nobody could give a hash meanwhile"
    region.ask(*(hashed(region, body) for body in BODIES))
    region.pass_days(region.today + timedelta(1))
    assert region.kept(Verification, VILLAGE).seeds.is_open
    ends = region.kept(Verification, VILLAGE).timers["shares"]
    sleep(region, ends + timedelta(2))
    assert region.kept(Verification, VILLAGE).timers["shares"] == region.today + timedelta(1)
    assert not region.kept(Verification, VILLAGE).sampled, "nobody could give a share meanwhile"
    region.ask(*(seeded(region, body) for body in BODIES))
    assert region.kept(Verification, VILLAGE).sampled
