"""When an attempt is due again, when an endpoint rests or stands still, and where nothing may be sent."""

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.webhooks.model import Acting, Endpoint, Held, NewEndpoint, Outcome, endpoint
from services.webhooks.model.address import LONGEST, is_inner, require_sendable
from services.webhooks.model.delivery import Lag, put_off, retry_after, wait
from shared.denied import Denied

NEW = Endpoint(
    id="w-1", status="active", asked=NewEndpoint(url="https://a.cn/", division="", description="d", contact="c")
)
WEEK = 7 * 86_400.0
OVERLAP = 86_400.0
"""For a day the secret before signs too."""
HELD = Held(source="registry", cursor="", id="e", subject="v", type="t", day="2014-01-01", since=0.0)
GIVEN, REFUSES, AWAY = Outcome(204), Outcome(400, "it answers 400"), Outcome(0, "no whole answer")
INNER = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "::7f00:1", "fec0::1", "2002:7f00:1::", "255.255.255.255",
)  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_no_inner_address_is_sent_to(address: str) -> None:
    assert is_inner(address, [])


def test_outer_and_allowed_addresses_are_sent_to() -> None:
    assert not is_inner("8.8.8.8", []) and not is_inner("2400:3200::1", []) and not is_inner("64:ff9b::808:808", [])
    allowed = [ip_network("10.21.0.0/16")]
    assert not is_inner("10.21.3.4", allowed) and not is_inner("::ffff:10.21.3.4", allowed)
    assert is_inner("10.22.3.4", allowed)


def test_an_address_is_as_long_as_can_be_stored_and_no_longer() -> None:
    longest = "https://a.cn/" + "x" * (LONGEST - len("https://a.cn/"))
    require_sendable(longest, ())
    with pytest.raises(Denied, match="500"):
        require_sendable(f"{longest}x", ())


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Lag(), Lag(), Lag(count=0, day="", since=0.0)),
        (Lag(count=2, day="2016-05-03", since=7.0), Lag(), Lag(count=2, day="2016-05-03", since=7.0)),
        (
            Lag(count=2, day="2016-05-03", since=7.0, away=("registry",)),
            Lag(count=1, day="2016-05-01", since=9.0, is_more=True, away=("dispatch",)),
            Lag(count=3, day="2016-05-01", since=7.0, is_more=True, away=("registry", "dispatch")),
        ),
    ],
)
def test_the_lags_of_two_sources_are_one(one: Lag, other: Lag, both: Lag) -> None:
    assert one.joined(other) == both


@pytest.mark.parametrize(
    ("roles", "zh"),
    [
        ({}, "限该区划的系统管理员，或增加此地址的订阅程序"),
        ({"audit": frozenset({""})}, "限该区划的系统管理员，或增加此地址的订阅程序"),
        ({"system": frozenset({"21", "52"})}, "限该区划的系统管理员，或增加此地址的订阅程序：本账号的区划为21、52"),
        ({"subscriber": frozenset({""})}, "限该区划的系统管理员，或增加此地址的订阅程序：本账号的区划为全国"),
    ],
)
def test_whoever_has_no_right_reads_which_divisions_his_account_has(roles: Any, zh: str) -> None:
    refused = Acting(who="p-1", roles=roles).refused()
    assert (refused.zh, refused.status) == (zh, 403)
    assert ("divisions are" in refused.en) == ("：" in zh)


@pytest.mark.parametrize(
    "url", ["https://[::1", "https://a.cn:99999/", "https://", "https://a.cn:0/", "https://a b.cn/"]
)
def test_what_is_no_address_is_refused_as_such(url: str) -> None:
    with pytest.raises(Denied, match="no valid address"):
        require_sendable(url, ())


@given(st.integers(1, 1000), st.floats(0, 1))
def test_waits_grow_up_to_a_bound(failures: int, jitter: float) -> None:
    assert 7.5 <= wait(failures, jitter) <= 5 * 3600
    assert wait(failures, jitter) <= wait(failures + 1, jitter)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 10), (2, 30), (3, 90), (7, 7290), (8, 14_400), (9, 14_400), (1000, 14_400)]
)
def test_each_wait_is_three_times_the_one_before_up_to_four_hours(failures: int, seconds: float) -> None:
    assert wait(failures, 0.5) == seconds
    assert (wait(failures, 0.0), wait(failures, 1.0)) == (0.75 * seconds, 1.25 * seconds)


@given(st.lists(st.tuples(st.sampled_from([GIVEN, REFUSES, AWAY, Outcome(429, "e", 60.0)]), st.booleans())))
def test_an_endpoint_rests_only_for_what_is_its_own_fault(answers: list[tuple[Outcome, bool]]) -> None:
    one, now, refused = NEW, 1000.0, 0
    for outcome, is_first in answers:
        now += 1
        before, one = one, endpoint.after(one, outcome, now, 0.5, WEEK, is_first=is_first)
        refused = 0 if outcome.is_delivered else refused + (outcome.is_away or is_first)
        assert one.failures == refused and one.status == "active"
        if outcome.is_away:
            assert one.next >= now + max(10.0 * (outcome.status == 0), outcome.retry_after)
        elif outcome.is_delivered:
            assert one.next == 0.0 and not one.error
        elif not is_first:
            assert one == before
        else:
            assert (one.next > now) == (refused >= 3 or before.next > now)


@pytest.mark.parametrize(
    ("status", "rests"),
    [
        *((status, True) for status in (0, 408, 429, 502, 503, 504)),
        *((status, False) for status in (400, 401, 403, 404, 409, 413, 422, 500, 501, 505)),
    ],
)
def test_an_answer_that_speaks_of_the_endpoint_lets_it_rest_and_one_about_the_event_does_not(
    status: int, rests: bool
) -> None:
    assert (endpoint.after(NEW, Outcome(status, "e"), 1000.0, 0.5, WEEK, is_first=True).next > 1000.0) == rests


def test_why_an_attempt_failed_is_told_of_the_event_and_of_the_endpoint_until_one_succeeds() -> None:
    failed = Outcome(503, "it answers 503", zh="对方答复503")
    held = put_off(HELD, failed, 0.0, 0.5, WEEK)
    one = endpoint.after(NEW, failed, 0.0, 0.5, WEEK, is_first=True)
    assert (held.attempts, held.error, held.zh) == (1, failed.error, failed.zh)
    assert (one.failures, one.error, one.zh) == (1, failed.error, failed.zh)
    gone = endpoint.after(NEW, Outcome(410, "it answers 410", zh="对方答复410"), 0.0, 0.5, WEEK, is_first=True)
    assert (gone.status, gone.error, gone.zh) == ("gone", "it answers 410", "对方答复410")
    assert endpoint.after(one, GIVEN, 9.0, 0.5, WEEK, is_first=False) == replace(NEW, delivered_at=9.0)


def test_an_endpoint_stands_still_after_a_week_and_not_before() -> None:
    one = endpoint.after(NEW, AWAY, 1000.0, 0.5, WEEK, is_first=True)
    assert endpoint.after(one, AWAY, 1000.0 + WEEK - 1, 0.5, WEEK, is_first=False).status == "active"
    still = endpoint.after(one, AWAY, 1000.0 + WEEK, 0.5, WEEK, is_first=False)
    assert still.status == "standing" and endpoint.resumed(still) == NEW, "it has a whole week again"
    assert endpoint.after(NEW, Outcome(410, "e"), 1.0, 0.5, WEEK, is_first=False).status == "gone"


@given(st.integers(1, 300))
def test_an_event_is_tried_for_a_week_at_least(attempts: int) -> None:
    held, now = HELD, 0.0
    for _ in range(attempts):
        held = put_off(held, REFUSES, now, 1.0, WEEK)
        assert (held.next is None) == (now >= WEEK)
        if held.next is None:
            break
        assert held.next > now
        now = held.next


@pytest.mark.parametrize(
    ("header", "date", "seconds"),
    [("120", None, 120), ("", None, 0), ("soon", None, 0), ("x", 1060.0, 60), ("x", 10.0, 0), ("-5", None, 0),
     ("999999999", None, 86_400), ("9" * 10, None, 0), ("86399", None, 86_399)],
)  # fmt: skip
def test_retry_after_is_heeded_within_bounds(header: str, date: float | None, seconds: float) -> None:
    assert retry_after(header, 1000.0, date) == seconds


def test_each_secret_is_valid_for_a_day_after_its_own_rotation() -> None:
    assert NEW.valid(5.0) == (1,)
    once = endpoint.rotated(NEW, 0.0, at_once=False)
    assert once.valid(5.0) == (2, 1) and once.valid(OVERLAP) == (2,)
    twice = endpoint.rotated(once, 10.0, at_once=False)
    assert twice.valid(20.0) == (3, 2, 1) and twice.valid(OVERLAP) == (3, 2)
    assert endpoint.rotated(twice, 20.0, at_once=True).valid(20.0) == (4,)


def test_secrets_that_are_valid_at_the_same_time_are_few() -> None:
    one = NEW
    for number in range(4):
        one = endpoint.rotated(one, float(number), at_once=False)
    with pytest.raises(Denied, match="at once"):
        endpoint.rotated(one, 10.0, at_once=False)
    assert len(endpoint.rotated(one, OVERLAP, at_once=False).valid(OVERLAP)) == 5
