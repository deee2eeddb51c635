"""The draw that anyone can recompute."""

import hashlib
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.draws import deal, draw, sample_size

FRAME = [f"520321100{number}" for number in range(200, 300)]


@given(st.integers(0, 100), st.integers(1, 2000))
def test_2_19_a_sample_reaches_its_share_and_is_not_one_village_larger(percent: int, frame: int) -> None:
    size = sample_size(percent / 100, frame)
    assert size >= Fraction(percent, 100) * frame
    assert size == 1 or size - 1 < Fraction(percent, 100) * frame


def test_2_19_ten_percent_of_zunyi_s_871_villages_are_88() -> None:
    assert sample_size(0.10, 871) == 88


def test_a_minimum_is_kept_as_far_as_the_frame_allows() -> None:
    assert (sample_size(0.2, 30, 10), sample_size(0.2, 80, 10), sample_size(0.2, 4, 10)) == (10, 16, 4)


def test_2_19_a_draw_is_recomputed_with_nothing_but_sha_256() -> None:
    """The few lines that a provincial reader writes; they know no code of ours."""
    tickets = sorted((hashlib.sha256(f"seed‖2016-Q1‖{village}".encode()).hexdigest(), village) for village in FRAME)
    assert draw("seed", "2016-Q1", FRAME, 10) == tuple(village for _, village in tickets[:10])


@given(st.permutations(FRAME), st.integers(1, 100))
def test_2_19_the_order_of_the_frame_does_not_matter(frame: list[str], size: int) -> None:
    drawn = draw("seed", "round", frame, size)
    assert drawn == draw("seed", "round", FRAME, size)
    assert len(set(drawn)) == size
    assert set(drawn) <= set(FRAME)


def test_2_19_another_round_or_another_seed_draws_other_villages() -> None:
    draws = {draw(seed, round, FRAME, 10) for seed in ("a", "b") for round in ("2016-Q1", "2016-Q2", "2016-Q3")}
    assert len(draws) == 6


def test_2_19_in_the_long_run_every_village_is_drawn_as_often_as_any_other() -> None:
    """400 draws of 10 %: 40 for each village are expected, with a standard deviation of 6."""
    drawn = [village for round in range(400) for village in draw("seed", str(round), FRAME, 10)]
    assert all(16 <= drawn.count(village) <= 64 for village in FRAME)


@given(st.integers(1, 200), st.integers(1, 40), st.integers(0, 120))
def test_visits_are_dealt_in_order_over_different_days_of_the_campaign(villages: int, days: int, length: int) -> None:
    order = [f"{number:03}" for number in range(villages)]
    first, last = date(2016, 1, 1), date(2016, 1, 1) + timedelta(length)
    dealt = deal(order, first, last, days)
    on = [dealt[village] for village in order]
    assert on == sorted(on)
    assert first == on[0] <= on[-1] <= last
    assert len(set(on)) == min(villages, days, length + 1)
    loads = [on.count(day) for day in set(on)]
    assert max(loads) - min(loads) <= 1
    gaps = [(b - a).days for a, b in zip(sorted(set(on)), sorted(set(on))[1:], strict=False)]
    assert not gaps or max(gaps) - min(gaps) <= 1
