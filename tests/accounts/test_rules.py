"""The rules of accounts, as tables of cases."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.model import Account, Acting, Attempts, Denied, Holding, NewAccount, account, attempts, totp
from services.accounts.model.password import is_old, require_fit
from services.accounts.model.session import Session, ended

NOW = datetime(2016, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    """The vectors of RFC 6238, appendix B, of which we use the last six digits."""
    assert totp.code(b"12345678901234567890", at // 30) == code[-6:]


@given(st.binary(min_size=20, max_size=20), st.integers(3, 10**9), st.integers(-3, 3))
def test_a_code_is_taken_one_step_early_or_late_and_never_twice(secret: bytes, here: int, off: int) -> None:
    found = totp.matched(secret, totp.code(secret, here + off), here * 30.0, 0)
    if abs(off) <= 1:
        assert found is not None
        assert totp.matched(secret, totp.code(secret, found), here * 30.0, found) is None
    else:
        nearby = {totp.code(secret, here + near) for near in (-1, 0, 1)}
        assert (found is None) == (totp.code(secret, here + off) not in nearby)


def waits(failures: int) -> int:
    counted = Attempts()
    for _ in range(failures):
        counted = attempts.failed(counted, NOW)
    return int(attempts.wait(counted, NOW).total_seconds()) // 60


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, 0), (1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 15), (500, 15)]
)
def test_the_wait_doubles_and_has_a_bound(failures: int, minutes: int) -> None:
    assert waits(failures) == minutes


@pytest.mark.parametrize(("after", "left"), [(0, 60), (59, 1), (60, 0), (61, 0)])
def test_the_wait_ends(after: int, left: int) -> None:
    assert attempts.wait(Attempts(5, NOW), NOW + timedelta(seconds=after)) == timedelta(seconds=left)


@pytest.mark.parametrize(("minutes", "failures"), [(0, 6), (59, 6), (60, 6), (61, 1)])
def test_failures_are_forgotten_after_more_than_an_hour(minutes: int, failures: int) -> None:
    later = NOW + timedelta(minutes=minutes)
    assert attempts.failed(Attempts(5, NOW), later) == Attempts(failures, later)


@pytest.mark.parametrize(
    ("password", "field"),
    [
        ("Short-1", "new"),
        ("Chunfeng1", "new"),
        ("Chunfeng-2014" + "x" * 116, "new"),
        ("alllowercase", "new"),
        ("lower12345678", "new"),
        ("Aa1Aa1Aa1Aa1", "new"),
        ("Aa1-Aa1-Aa", "new"),
        ("Wang.fang-2014", "new"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str, field: str) -> None:
    with pytest.raises(Denied) as refused:
        require_fit(password, "wang.fang")
    assert (refused.value.status, refused.value.typed) == (422, field)


@pytest.mark.parametrize(
    "password",
    [
        "Chunfeng-2014",
        "春风又绿江南岸-2014",
        "correct Horse battery 1",
        "Chunfeng14",
        "Chunfeng-2014" + "x" * 115,
        "Aa1-Aa1-Ab",
    ],
)
def test_a_good_password_is_taken(password: str) -> None:
    require_fit(password, "wang.fang")


@pytest.mark.parametrize(
    ("name", "password", "is_taken"),
    [
        ("li", "spelling Bees 2014", True), ("li", "Gongli-2014", True), ("li", "Li-chunmei-2014", False),
        ("li", "chunmei.2014LI", False), ("li", "Chunmei 2014li2015", False), ("sun", "Sunday-morning-7", True),
        ("sun", "morning-sun-7A", False), ("wang", "Xiwang-tianye-7", False), ("a.b", "a-b-c-D-1234", True),
    ],
)  # fmt: skip
def test_a_short_name_is_refused_in_a_password_as_a_word_alone(name: str, password: str, is_taken: bool) -> None:
    """Two letters stand in most passphrases by chance."""
    if is_taken:
        require_fit(password, name)
    else:
        with pytest.raises(Denied, match="account's name"):
            require_fit(password, name)


@pytest.mark.parametrize(
    ("rested", "lasted", "is_over"),
    [
        (timedelta(minutes=30), timedelta(minutes=30), False),
        (timedelta(minutes=30, microseconds=1), timedelta(hours=1), True),
        (timedelta(), timedelta(hours=12), False),
        (timedelta(), timedelta(hours=12, microseconds=1), True),
    ],
)
def test_a_session_ends_after_half_an_hour_of_rest_or_half_a_day(
    rested: timedelta, lasted: timedelta, is_over: bool
) -> None:
    one = Session(id="s", name="li", secret="x", client="c", amr=(), begun=NOW - lasted, used=NOW - rested)
    assert ended(one, NOW) == is_over


NEW = {"name": "li", "organ": "扶贫办"}


@pytest.mark.parametrize(
    ("field", "longest", "too_long"),
    [
        ("name", "l" * 32, "l" * 33),
        ("cadre", "C" * 120, "C" * 121),
        ("village", "210522101203", "2105221012030"),
        ("township", "210522101", "2105221010"),
    ],
)
def test_what_an_account_belongs_to_has_its_length(field: str, longest: str, too_long: str) -> None:
    assert getattr(msgspec.convert({**NEW, field: longest}, NewAccount), field) == longest
    for wrong in (too_long, longest + "\n"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**NEW, field: wrong}, NewAccount)


def test_a_person_has_a_name_and_a_service_account_has_none() -> None:
    person, program = NewAccount(**NEW, person="李春梅"), NewAccount(**NEW)
    assert account.added(person, (), "p-1", "hash").password == "hash"
    assert account.enrolled(program, (), "s-1", "hash").secrets == ("hash",)
    for make, one in ((account.added, program), (account.enrolled, person)):
        with pytest.raises(Denied) as refused:
            make(one, (), "x-1", "hash")
        assert (refused.value.status, refused.value.typed) == (422, "person")


def test_a_password_is_changed_first_and_after_ninety_days() -> None:
    assert is_old(None, date(2016, 3, 1))
    assert not is_old(date(2016, 3, 1), date(2016, 5, 30))
    assert is_old(date(2016, 3, 1), date(2016, 5, 31))


SYSTEM = Account(name="sun", sub="p-1", organ="网信办", person="孙立", administers="system")
PERSON = Account(name="li", sub="p-2", organ="扶贫办", person="李春梅", password="x")
PROGRAM = Account(name="report", sub="s-1", organ="扶贫办", secrets=("a", "b"))


@pytest.mark.parametrize(
    ("deed", "of", "by"),
    [
        ("account.add", None, {"system"}), ("account.password", PERSON, {"system"}),
        ("account.secret", PROGRAM, {"system"}), ("account.roles", PERSON, {"security"}),
        ("account.factor", PERSON, {"security"}), ("account.lock", PERSON, {"security"}),
        ("account.unlock", PERSON, {"security"}), ("account.password", SYSTEM, {"operator"}),
        ("account.factor", SYSTEM, {"operator"}), ("account.lock", SYSTEM, {"operator"}),
        ("account.roles", SYSTEM, {"operator"}), ("account.appoint", None, {"operator"}),
        ("audit.read", None, {"audit"}), ("person.read", None, {"audit"}),
        ("account.list", None, {"system", "security", "audit", "operator"}),
    ],
)  # fmt: skip
def test_each_deed_is_one_administrators(deed: str, of: Account | None, by: set[str]) -> None:
    for kind in ("system", "security", "audit", "operator", None):
        acting = Acting(who="p-9", administers=kind)
        if kind in by:
            account.require(acting, deed, of)
        else:
            with pytest.raises(Denied) as refused:
                account.require(acting, deed, of)
            assert refused.value.status == 403


def test_nobody_gives_himself_anything() -> None:
    mine = Account(name="he", sub="p-3", organ="网信办", person="何平")
    with pytest.raises(Denied, match="his own account"):
        account.require(Acting(who="x", name="he", administers="security"), "account.roles", mine)


def test_one_person_is_never_two_administrators() -> None:
    again = NewAccount(name="sun2", organ="网信办", person="孙立")
    with pytest.raises(Denied, match="system administrator already"):
        account.appointed(again, "audit", [SYSTEM], "p-4", "x")
    by_id = [Account(name="a", sub="p-5", organ="甲", person="甲", cadre="C1", administers="audit")]
    other = NewAccount(name="b", organ="乙", person="乙", cadre="C1")
    with pytest.raises(Denied, match="audit administrator already"):
        account.appointed(other, "security", by_id, "p-6", "x")
    assert account.appointed(other, "audit", by_id, "p-6", "x").administers == "audit"


@pytest.mark.parametrize(
    ("of", "role", "is_refused"),
    [
        (SYSTEM, "poverty_office", True),
        (PERSON, "operator", True),
        (PERSON, "poverty_office", False),
        (PROGRAM, "operator", False),
        (PROGRAM, "subscriber", False),
    ],
)
def test_administrators_get_no_business_and_people_no_operators_role(of: Account, role: str, is_refused: bool) -> None:
    holding = (Holding(role, "210522"),)  # type: ignore[arg-type]
    if is_refused:
        with pytest.raises(Denied):
            account.given(of, holding)
    else:
        assert account.given(of, holding).roles == holding


@pytest.mark.parametrize(
    ("role", "owner", "of"),
    [
        ("unit", "unit", "U12"),
        ("team", "team", "210522101203"),
        ("village", "village", "210522101203"),
        ("villager", "village", "210522101203"),
        ("township", "township", "210522101"),
    ],
)
def test_who_acts_for_one_of_several_is_given_the_role_with_which(role: str, owner: str, of: str) -> None:
    holding = (Holding(role, "210522"),)  # type: ignore[arg-type]
    with pytest.raises(Denied) as refused:
        account.given(PERSON, holding)
    assert refused.value.typed == owner and refused.value.status == 422
    given = account.given(PERSON, holding, **{owner: of})
    assert getattr(given, owner) == of and account.given(given, holding) == given, "it is kept"
    with pytest.raises(Denied):
        account.given(given, holding, **{owner: ""})


def test_what_is_no_password_is_not_reset_and_the_other_way_round() -> None:
    with pytest.raises(Denied):
        account.reset(PROGRAM, "x")
    with pytest.raises(Denied):
        account.rotated(PERSON, "x")
    assert account.rotated(PROGRAM, "new").secrets == ("new", "a")
    with pytest.raises(Denied, match="take another name"):
        account.added(NewAccount(name="li", organ="扶贫办", person="李梅"), [PERSON], "p-7", "x")


def test_a_password_that_was_reset_must_be_changed_though_the_one_before_was_chosen() -> None:
    again = account.reset(msgspec.structs.replace(PERSON, changed=date(2026, 3, 2)), "first")
    assert (again.password, again.changed) == ("first", None)
