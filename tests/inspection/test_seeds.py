"""The seed of a draw: hashes first, then shares; who is silent is named and stops nothing; no share can be bent."""

import hashlib
from datetime import date, timedelta
from itertools import product
from string import ascii_lowercase, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.inspection.model.campaign import Campaign
from services.inspection.model.seeds import _EASY, must_be_unguessable
from shared.contracts.inspection import CampaignClosed, DrawMade, SeedCommitted, SeedMissed
from shared.draws import frame_hash, verify_draw
from shared.rules import Refused
from tests.inspection.region import PACKS, Region, hash_of, share

DAY = timedelta(1)
Q4 = "2105-unannounced-2014-10-01"
OPENS = date(2014, 10, 1)


@pytest.fixture
def benxi() -> Region:
    """A week before a draw of three among thirty villages."""
    region = Region(PACKS["benxi"], date(2014, 8, 1), villages=30)
    region.pass_days(date(2014, 9, 24))
    return region


def ticketed(seed: str, frame: list[str], size: int) -> set[str]:
    return set(sorted(frame, key=lambda v: hashlib.sha256(f"{seed}‖{Q4}‖{v}".encode()).hexdigest())[:size])


def test_2_19_nobody_holds_a_share_before_the_opening_day(benxi: Region) -> None:
    benxi.refuses(benxi.seed(Q4, "discipline"), 409, "body")
    benxi.post_hashes(Q4)
    benxi.pass_days(OPENS - DAY)
    benxi.refuses(benxi.seed(Q4, "discipline"), 409, "body")
    assert not benxi.kept(Campaign, Q4).seeds.shares
    benxi.pass_days(OPENS)
    benxi.give_seeds(Q4, ["discipline"])
    assert not benxi.said(DrawMade)
    benxi.give_seeds(Q4, ["inspection"])
    assert len(benxi.said(DrawMade)) == 1


def test_2_19_a_hash_once_public_stands_and_a_share_must_fit_it(benxi: Region) -> None:
    benxi.post_hashes(Q4)
    benxi.post_hashes(Q4)
    assert len(benxi.said(SeedCommitted)) == 2, "saying it again changes nothing"
    benxi.refuses(benxi.hash(Q4, "discipline", of="another"), 409, "body")
    benxi.pass_days(OPENS)
    benxi.refuses(benxi.seed(Q4, "discipline", share("another draw", "discipline")), 422, "seed")
    benxi.give_seeds(Q4, ["discipline"])
    benxi.give_seeds(Q4, ["discipline"])
    benxi.refuses(benxi.seed(Q4, "discipline", share("another draw", "discipline")), 409, "body")


@settings(max_examples=50)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=128))
def test_2_19_grinding_shares_after_the_fact_changes_no_draw(ground: str) -> None:
    """Whatever the second body tries once it knows the first one's share, it is refused or the draw is the same."""
    region = Region(PACKS["benxi"], date(2014, 9, 20), villages=5)
    region.pass_days(date(2014, 9, 24))
    region.post_hashes(Q4)
    region.pass_days(OPENS)
    region.give_seeds(Q4, ["discipline"])
    if ground != share(Q4, "inspection"):
        region.refuses(region.seed(Q4, "inspection", ground), 422, "seed")
    region.give_seeds(Q4, ["inspection"])
    seed = f"{share(Q4, 'discipline')}‖{share(Q4, 'inspection')}"
    assert set(region.kept(Campaign, Q4).visits) == ticketed(seed, region.villages, 1)


def test_2_19_two_bodies_cannot_have_one_share_and_a_share_serves_once(benxi: Region) -> None:
    benxi.post_hashes(Q4, ["discipline"])
    benxi.refuses(benxi.hash(Q4, "inspection", of=share(Q4, "discipline")), 409, "seed_hash")
    following = "2105-unannounced-2015-01-01"
    benxi.pass_days(date(2014, 12, 25))
    benxi.refuses(benxi.hash(following, "discipline", of=share(Q4, "discipline")), 409, "seed_hash")
    benxi.refuses(benxi.hash(following, "inspection", of=share(Q4, "discipline")), 409, "seed_hash")


def test_2_19_a_published_hash_is_no_share(benxi: Region) -> None:
    public = hash_of(share(Q4, "inspection"))
    benxi.post_hashes(Q4, ["inspection"])
    benxi.ask(benxi.hash(Q4, "discipline", of=public))
    benxi.pass_days(OPENS)
    assert "已公布的校验值" in benxi.refuses(benxi.seed(Q4, "discipline", public), 422, "seed").zh


def test_2_19_the_frame_s_hash_is_no_share(benxi: Region) -> None:
    public = frame_hash(benxi.villages)
    benxi.ask(benxi.hash(Q4, "discipline", of=public))
    benxi.pass_days(OPENS)
    benxi.refuses(benxi.seed(Q4, "discipline", public), 422, "seed")


@pytest.mark.parametrize(
    "weak",
    [
        "20141001",
        "a" * 64,
        "0123456789abcdef" * 4,
        "abcdefghijklmnopqrstuvwxyz012345",
        "fedcba9876543210" * 2,
        "qwertyuiopasdfghjklzxcvbnm123456",
        "1a2b3c4d5e6f7g8h9i0j1k2l3m4n5o6p",
        "password" * 4,
        "ab12cd34" * 8,
        f"{hash_of('x')[:20]}" * 3,
        hash_of("x")[:31],
    ],
)
def test_2_19_a_share_with_a_pattern_is_refused(weak: str) -> None:
    with pytest.raises(Refused, match="easy to guess") as refused:
        must_be_unguessable(weak, "2.19")
    assert "zhucun seed" in refused.value.zh


def test_2_19_easy_to_type_are_neighbours_of_a_keyboard_of_the_alphabet_and_of_the_digits_and_doubles() -> None:
    rows = f"{ascii_lowercase} {digits}0 qwertyuiop asdfghjkl zxcvbnm"
    for a, b in product(ascii_lowercase + digits, repeat=2):
        assert ((a, b) in _EASY) == (a == b or a + b in rows or b + a in rows), a + b


@pytest.mark.parametrize(
    ("just", "no_more"),
    [
        ("7ap55raerpaak77wrwka7rere5akkpep", "cez9zueeuk9cccuecwecew9k9czeewe9"),  # 8 characters, and 7
        ("efzpqrslmno1pqrfhc4astghiabcdnjp", "deflmnopq00ukopcpabc0opy3opqrsjk"),  # 16 neighbours, and 17
        ("jsktlumzag0h2nqoi1550ohphqirotpu", "3fjgkhl3minjokenwo9pe4jwwxxryszb"),  # The same, every other character
        ("rhu7cp75p75pze779uawwwz52z75p75pze", "heke7racpr7927uaehekcwmwpr7927uaeh"),  # 24 of 32 threes differ, and 23
    ],
)
def test_2_19_what_is_just_hard_enough_to_guess_is_told_apart_from_what_is_not(just: str, no_more: str) -> None:
    must_be_unguessable(just, "2.19")
    must_be_unguessable(just.upper(), "2.19")
    with pytest.raises(Refused, match="easy to guess"):
        must_be_unguessable(no_more, "2.19")
    with pytest.raises(Refused, match="easy to guess"):
        must_be_unguessable(no_more.upper(), "2.19")


@given(st.binary(min_size=32, max_size=32))
def test_2_19_a_random_share_is_never_refused(random: bytes) -> None:
    # Hypothesis likes zeros, so that its bytes are hashed into random ones.
    must_be_unguessable(hashlib.sha256(random).hexdigest(), "2.19")


def test_2_19_a_body_without_a_hash_is_named_and_stops_nothing(benxi: Region) -> None:
    benxi.post_hashes(Q4, ["inspection"])
    benxi.pass_days(OPENS)
    (missed,) = benxi.said(SeedMissed)
    assert (missed.campaign, missed.body, missed.what, missed.is_sealed()) == (Q4, "discipline", "hash", False)
    benxi.give_seeds(Q4, ["inspection"])
    seed = f"{frame_hash(benxi.villages)}‖{share(Q4, 'inspection')}"
    assert set(benxi.said(DrawMade)[0].visits) == ticketed(seed, benxi.villages, 3)
    benxi.refuses(benxi.hash(Q4, "discipline"), 409, "campaign")
    verified(benxi)


def test_2_19_a_body_without_a_share_is_named_after_seven_days_and_its_hash_stands_in(benxi: Region) -> None:
    """Who sees the other's share and stays silent has the choice between two draws, of which neither can be chosen."""
    benxi.post_hashes(Q4)
    benxi.pass_days(OPENS)
    benxi.give_seeds(Q4, ["discipline"])
    benxi.pass_days(OPENS + 6 * DAY)
    assert not benxi.said(SeedMissed)
    assert benxi.tasks("seeds")
    benxi.pass_days(OPENS + 7 * DAY)
    (missed,) = benxi.said(SeedMissed)
    assert (missed.body, missed.what) == ("inspection", "share")
    seed = f"{share(Q4, 'discipline')}‖{hash_of(share(Q4, 'inspection'))}"
    visits = benxi.said(DrawMade)[0].visits
    assert set(visits) == ticketed(seed, benxi.villages, 3)
    assert min(visits.values()) >= benxi.today
    assert not benxi.tasks("seeds")
    verified(benxi)


def test_2_19_if_both_are_silent_both_are_named_and_the_first_share_draws(benxi: Region) -> None:
    benxi.post_hashes(Q4)
    benxi.pass_days(date(2014, 10, 20))
    assert [(m.body, m.what) for m in benxi.said(SeedMissed)] == [("discipline", "share"), ("inspection", "share")]
    assert not benxi.said(DrawMade)
    benxi.give_seeds(Q4, ["inspection"])
    assert len(benxi.said(DrawMade)) == 1
    verified(benxi)


def test_2_19_a_draw_for_which_nobody_gave_a_share_is_told_as_missed(benxi: Region) -> None:
    benxi.post_hashes(Q4, ["inspection"])
    benxi.pass_days(date(2015, 1, 1))
    missed = benxi.said(SeedMissed, campaign=Q4)
    assert [(m.body, m.what) for m in missed] == [("discipline", "hash"), ("inspection", "share")]
    (closed,) = benxi.said(CampaignClosed, campaign=Q4)
    assert (closed.planned, closed.visited, closed.share, closed.drawn, closed.seeds) == (3, 0, 0.0, (), {})
    assert not [t for action in ("seeds", "seed-hashes") for t in benxi.tasks(action, Q4)]
    benxi.refuses(benxi.seed(Q4, "inspection"), 409, "campaign")
    benxi.refuses(benxi.hash(Q4, "discipline"), 409, "campaign")


def test_2_19_a_late_hash_puts_the_shares_off_to_the_next_day(benxi: Region) -> None:
    benxi.post_hashes(Q4, ["inspection"])
    benxi.pass_days(date(2014, 10, 9))
    assert len(benxi.said(SeedMissed)) == 2, "the other one's hash, then this one's share"
    benxi.post_hashes(Q4, ["discipline"])
    benxi.refuses(benxi.seed(Q4, "discipline"), 409, "body")
    assert not benxi.tasks("seeds")
    benxi.pass_days(date(2014, 10, 10))
    benxi.give_seeds(Q4, ["discipline"])
    assert not benxi.said(DrawMade), "or the late one could have chosen its share by what stands in for the other's"
    benxi.give_seeds(Q4, ["inspection"])
    assert len(benxi.said(DrawMade)) == 1
    verified(benxi)


def test_only_the_division_of_a_draw_is_named_with_its_seeds(benxi: Region) -> None:
    benxi.post_hashes(Q4)
    benxi.pass_days(OPENS)
    place, benxi.place = benxi.place, benxi.county
    assert place in benxi.refuses(benxi.seed(Q4, "discipline"), 422, "place").zh
    assert place in benxi.refuses(benxi.hash(Q4, "discipline"), 422, "place").zh


def test_a_hash_or_seed_for_an_unknown_campaign_is_refused(benxi: Region) -> None:
    benxi.refuses(benxi.seed("none", "discipline"), 404)
    benxi.refuses(benxi.hash("none", "discipline"), 404)


def test_2_19_nothing_is_asked_for_where_all_are_visited(benxi: Region) -> None:
    benxi.pass_days(date(2014, 12, 1))
    annual = "2105-annual-2014-12-01"
    assert not benxi.tasks("seed-hashes", annual)
    benxi.refuses(benxi.hash(annual, "discipline"), 409, "campaign")
    assert not benxi.said(SeedMissed, campaign=annual)


def test_2_19_visiting_days_depend_on_the_seed_and_are_spread_over_the_quarter() -> None:
    """Forty draws of one frame: nobody who knows frame and pack knows the days."""
    firsts = set()
    for number in range(40):
        region = Region(PACKS["benxi"], date(2014, 9, 20), villages=40)
        region.pass_days(date(2014, 9, 24))
        shares = {body: hash_of(f"{body} {number}") for body in ("discipline", "inspection")}
        region.ask(*(region.hash(Q4, body, of) for body, of in shares.items()))  # type: ignore[arg-type]
        region.pass_days(OPENS)
        region.ask(*(region.seed(Q4, body, of) for body, of in shares.items()))  # type: ignore[arg-type]
        days = sorted(region.kept(Campaign, Q4).visits.values())
        assert len(set(days)) == 4, "40 villages make four visits, on as many days as the pack says"
        parts = [OPENS + timedelta(92 * part // 4) for part in range(5)]
        assert all(start <= on < end for start, on, end in zip(parts, days, parts[1:], strict=False))
        firsts.add(days[0])
    assert len(firsts) > 12


def verified(region: Region) -> None:
    region.pass_days(date(2015, 1, 1))
    (closed,) = region.said(CampaignClosed, campaign=Q4)
    assert verify_draw(closed, *region.commitments(Q4)) == []
    assert closed.drawn
