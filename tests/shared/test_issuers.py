"""Tokens by which people log in: which ones prove something, and which keys they are checked with."""

import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from shared.web import issuers
from shared.web.issuers import Group, IssuerAway, Issuers, TokenRefused
from shared.web.token import LONGEST_TOKEN
from tests.support.issuer import SmallIssuer, issuing, made


@pytest.fixture
async def issuer() -> AsyncIterator[SmallIssuer]:
    async with issuing() as found:
        yield found


def trusting(issuer: SmallIssuer, **said: Any) -> Issuers:
    return Issuers([issuer.trusted(**said)], Path(), b"secret")


def unsigned(issuer: SmallIssuer, **header: Any) -> str:
    """A token with another header than the one that was signed."""
    _, payload, signature = issuer.token().split(".")
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{head}.{payload}.{signature}"


def as_secret(issuer: SmallIssuer) -> str:
    """A token whose secret is the public key that everybody can read."""
    from joserfc.jwk import OctKey

    public = json.dumps(issuer.keys[0].as_dict(private=False))
    return issuer.token(OctKey.import_key(public, {"kid": "one"}), alg="HS256")


Forged = Callable[[SmallIssuer], str]
WRONG: dict[str, Forged] = {
    "expired": lambda i: i.token(exp=-120, iat=-700),
    "never expires": lambda i: i.token(exp=None),
    "expires in words": lambda i: i.token(exp="tomorrow"),
    "not valid yet": lambda i: i.token(nbf=300),
    "issued in the future": lambda i: i.token(iat=300),
    "for another audience": lambda i: i.token(aud="another"),
    "for no audience": lambda i: i.token(aud=None),
    "for several others": lambda i: i.token(aud=["a", "b"]),
    "of another issuer": lambda i: i.token(iss="https://elsewhere.example"),
    "of an issuer that begins alike": lambda i: i.token(iss=i.url + "/"),
    "of nobody": lambda i: i.token(sub=""),
    "an id token": lambda i: i.token(header={"typ": "JWT"}),
    "of no type": lambda i: i.token(header={"typ": None}),
    "signed by another key of the same name": lambda i: i.token(made()),
    "of a key that the issuer does not have": lambda i: i.token(made(kid="two")),
    "of a key that is no text": lambda i: unsigned(i, alg="ES256", kid=7, typ="at+jwt"),
    "of another curve": lambda i: i.token(made("P-384"), alg="ES384"),
    "of a key of another kind": lambda i: i.token(made("RSA"), alg="RS256"),
    "signed with a secret": lambda i: i.token(made("oct"), alg="HS256"),
    "signed with the public key": as_secret,
    "unsigned": lambda i: unsigned(i, alg="none", kid="one", typ="at+jwt").rpartition(".")[0] + ".",
    "said to be unsigned": lambda i: unsigned(i, alg="none", kid="one", typ="at+jwt"),
    "with another header than was signed": lambda i: unsigned(i, alg="ES256", kid="one", typ="at+jwt", x=1),
    "with a condition that nobody here knows": lambda i: unsigned(i, alg="ES256", kid="one", typ="at+jwt", crit=["x"]),
    "with its key in it": lambda i: i.token(made(kid="mine"), header={"jwk": made(kid="mine").as_dict(private=False)}),
    "with another payload": lambda i: ".".join(
        [i.token().split(".")[0], i.token(sub="p-2").split(".")[1], i.token().split(".")[2]]
    ),
    "cut": lambda i: i.token()[:-8],
    "with a fourth part": lambda i: i.token() + ".x",
    "huge": lambda i: i.token(much="x" * LONGEST_TOKEN),
    "without roles": lambda i: i.token(zhucun=None),
    "with roles in another shape": lambda i: i.token(zhucun={"roles": ["poverty_office"]}),
    "with a role that nobody has": lambda i: i.token(zhucun={"roles": [{"role": "boss", "division": ""}]}),
    "with half a division": lambda i: i.token(zhucun={"roles": [{"role": "team", "division": "21052"}]}),
    "no token": lambda i: "a.b.c",
    "no token at all": lambda i: "abc",
    "no text": lambda i: "令牌",
    "a list": lambda i: ".".join(["W10"] * 3),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_token_that_proves_nothing_is_refused_with_what_is_wrong(issuer: SmallIssuer, what: str) -> None:
    trusted = trusting(issuer)
    await trusted.bearer(issuer.token())
    token = WRONG[what](issuer)
    for _ in range(2):
        with pytest.raises(TokenRefused) as refused:
            await trusted.bearer(token)
        assert "令牌" in refused.value.zh or "签发者" in refused.value.zh
        assert refused.value.en.isascii() and "p-1" not in refused.value.en


@pytest.mark.parametrize("said", [{"aud": ["other", "zhucun"]}, {"exp": -30, "iat": -600}, {"nbf": 30}, {"iat": 30.5}])
async def test_clocks_may_differ_by_a_minute_and_a_token_may_have_several_audiences(
    issuer: SmallIssuer, said: dict[str, Any]
) -> None:
    bearer = await trusting(issuer).bearer(issuer.token(**said))
    assert bearer.granted.organ == "桓仁满族自治县扶贫办"
    assert [(held.role, held.division) for held in bearer.granted.roles] == [("poverty_office", "210522")]


@pytest.mark.parametrize(("kind", "alg"), [("EC", "ES256"), ("RSA", "RS256"), ("OKP", "Ed25519")])
async def test_each_kind_of_signature_that_is_taken_is_checked(issuer: SmallIssuer, kind: str, alg: str) -> None:
    issuer.keys = [made(kind)]
    trusted = trusting(issuer)
    await trusted.bearer(issuer.token(alg=alg))
    with pytest.raises(TokenRefused):
        await trusted.bearer(issuer.token(made(kind), alg=alg))


async def test_a_person_has_one_pseudonym_that_nobody_else_can_compute(issuer: SmallIssuer) -> None:
    trusted, elsewhere = trusting(issuer), Issuers([issuer.trusted()], Path(), b"another secret")
    first, again, other = [
        await trusted.bearer(issuer.token(sub=sub, jti=jti)) for sub, jti in (("p-1", "a"), ("p-1", "b"), ("p-2", "c"))
    ]
    assert first.person.pseudonym == again.person.pseudonym != other.person.pseudonym
    assert (await elsewhere.bearer(issuer.token())).person.pseudonym != first.person.pseudonym
    assert "p-1" not in first.person.pseudonym


async def test_a_city_written_with_six_digits_is_the_city(issuer: SmallIssuer) -> None:
    said = {"roles": [{"role": "city", "division": "210500"}, {"role": "state", "division": ""}]}
    bearer = await trusting(issuer).bearer(issuer.token(zhucun=said))
    assert [held.division for held in bearer.granted.roles] == ["2105", ""]


async def test_a_new_key_is_found_at_once_and_invented_ones_do_not_make_us_ask_again(issuer: SmallIssuer) -> None:
    trusted = trusting(issuer)
    await trusted.bearer(issuer.token())
    assert issuer.asked == 1
    for number in range(5):
        with pytest.raises(TokenRefused):
            await trusted.bearer(issuer.token(made(kid=f"invented {number}")))
    assert issuer.asked == 1, "at most once in half a minute"


async def test_keys_are_asked_for_again_after_half_a_minute(
    issuer: SmallIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = trusting(issuer)
    old = issuer.token()
    await trusted.bearer(old)
    monkeypatch.setattr(issuers, "FETCH_EVERY", 0.0)
    first, issuer.keys = issuer.keys[0], [made(kid="two")]
    await trusted.bearer(issuer.token())
    assert issuer.asked == 2
    await trusted.bearer(old)  # It was verified before, and ends by itself.
    with pytest.raises(TokenRefused):
        await trusted.bearer(issuer.token(first, jti="made with the key that was withdrawn"))


async def test_a_withdrawn_key_is_forgotten_within_the_hour(
    issuer: SmallIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = trusting(issuer)
    await trusted.bearer(issuer.token())
    first, issuer.keys = issuer.keys[0], [made(kid="two")]
    await trusted.bearer(issuer.token(first, jti="another"))
    monkeypatch.setattr(issuers, "FETCH_EVERY", 0.0)
    monkeypatch.setattr(issuers, "KEYS_LAST", -1.0)
    with pytest.raises(TokenRefused):
        await trusted.bearer(issuer.token(first, jti="a third"))


async def test_an_issuer_that_is_away_is_no_fault_of_the_token(
    issuer: SmallIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.is_away = True
    trusted = trusting(issuer)
    with pytest.raises(IssuerAway):
        await trusted.bearer(issuer.token())
    monkeypatch.setattr(issuers, "FETCH_EVERY", 0.0)
    issuer.is_away = False
    await trusted.bearer(issuer.token())
    issuer.is_away = True
    monkeypatch.setattr(issuers, "KEYS_LAST", -1.0)
    await trusted.bearer(issuer.token(jti="its keys are known, though they are old"))


@pytest.mark.parametrize(
    "document", [{"issuer": "https://elsewhere.example"}, {"jwks_uri": "http://keys.example/keys"}, {"jwks_uri": ""}]
)
async def test_keys_are_taken_from_nobody_else(issuer: SmallIssuer, document: dict[str, Any]) -> None:
    issuer.document = document
    with pytest.raises(IssuerAway):
        await trusting(issuer).bearer(issuer.token())
    assert issuer.asked == 0


async def test_verified_tokens_are_remembered_within_bounds_and_not_beyond_their_end(
    issuer: SmallIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuers, "KEPT", 3)
    trusted = trusting(issuer)
    tokens = [issuer.token(jti=str(number), exp=10) for number in range(5)]
    for token in tokens:
        await trusted.bearer(token)
    assert len(trusted._known) == 3
    later = time.time() + 120
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(TokenRefused, match="expired"):
        await trusted.bearer(tokens[-1])


async def test_what_an_issuers_groups_mean_is_said_by_the_installation(issuer: SmallIssuer) -> None:
    groups = {"office": Group("poverty_office", "210522", "县扶贫办"), "city": Group("city", "2105")}
    trusted = trusting(issuer, claim="groups", groups=groups)
    bearer = await trusted.bearer(issuer.token(groups=["everybody", "office"], zhucun=None))
    assert [(held.role, held.division) for held in bearer.granted.roles] == [("poverty_office", "210522")]
    assert bearer.granted.organ == "县扶贫办"
    claimed = {"roles": [{"role": "city", "division": ""}]}
    bearer = await trusted.bearer(issuer.token(groups=["everybody"], zhucun=claimed))
    assert bearer.granted.roles == (), "such an issuer has no say about roles itself"


async def test_an_issuers_groups_say_of_which_unit_and_team_somebody_is(issuer: SmallIssuer) -> None:
    groups = {
        "forestry": Group("unit", "2105", unit="U12"),
        "water": Group("unit", "2105", unit="U13"),
        "team": Group("team", "210522", "林业局", team="210522101203"),
        "office": Group("poverty_office", "210522"),
        "village": Group("village", "210522", village="210522101203"),
        "township": Group("township", "210522", township="210522101"),
        "neighbour": Group("township", "210522", township="210522102"),
    }
    trusted = trusting(issuer, claim="groups", groups=groups, cadre="staff_id")
    said: dict[str, Any] = {"groups": ["forestry", "team", "office"], "staff_id": "C7", "zhucun": None}
    granted = (await trusted.bearer(issuer.token(**said))).granted
    assert (granted.unit, granted.team, granted.cadre, granted.organ) == ("U12", "210522101203", "C7", "林业局")
    granted = (await trusted.bearer(issuer.token(**{**said, "groups": ["village", "township"]}))).granted
    assert (granted.village, granted.township) == ("210522101203", "210522101")
    for wrong in (
        {"groups": ["forestry", "water"]},
        {"groups": ["township", "neighbour"]},
        {"staff_id": 7},
        {"staff_id": "a b"},
        {"staff_id": ["C7"]},
    ):
        with pytest.raises(TokenRefused):
            await trusted.bearer(issuer.token(**{**said, **wrong}))
    del said["staff_id"]
    assert (await trusted.bearer(issuer.token(**said))).granted.cadre == ""


async def test_keys_in_a_file_need_no_answer_and_are_all_there_is(issuer: SmallIssuer, tmp_path: Path) -> None:
    keys = {"keys": [key.as_dict(private=False) for key in issuer.keys]}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    (tmp_path / "issuers.toml").write_text(f'[[issuers]]\nurl = "{issuer.url}"\nkeys = "keys.json"\n')
    trusted = issuers.read(tmp_path / "issuers.toml", b"secret")
    await trusted.bearer(issuer.token())
    with pytest.raises(TokenRefused):
        await trusted.bearer(issuer.token(made(kid="two")))
    assert issuer.asked == 0


@pytest.mark.parametrize(
    ("url", "here", "is_read"),
    [
        ("http://10.0.0.5:8005", False, False),
        ("http://10.0.0.5:8005", True, True),
        ("http://127.0.0.1:8005", False, True),
        ("https://10.0.0.5", False, True),
        ("http://accounts:8005", False, True),
    ],
)
def test_keys_are_fetched_without_tls_from_this_machine_alone(
    url: str, here: bool, is_read: bool, tmp_path: Path
) -> None:
    (tmp_path / "issuers.toml").write_text(f'[[issuers]]\nurl = "{url}"\nhere = {str(here).lower()}\n')
    with nullcontext() if is_read else pytest.raises(ValueError, match="https"):
        issuers.read(tmp_path / "issuers.toml", b"secret")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "issuers = []",
        '[[issuers]]\nurl = "ftp://a"',
        '[[issuers]]\nurl = "http://login.example.gov.cn"',
        '[[issuers]]\nurl = "https://a"\naudiences = "x"',
        '[[issuers]]\nurl = "https://a"\nclaim = "groups"',
        '[[issuers]]\nurl = "https://a"\ngroups.x = {role = "team", division = "21"}',
        '[[issuers]]\nurl = "https://a"\nclaim = "g"\ngroups.x = {role = "boss", division = "21"}',
        '[[issuers]]\nurl = "https://a"\nclaim = "g"\ngroups.x = {role = "unit", division = "21", team = "V1"}',
        '[[issuers]]\nurl = "https://a"\nclaim = "g"\ngroups.x = {role = "township", division = "210522"}',
        '[[issuers]]\nurl = "https://a"\nclaim = "g"\ngroups.x = {role = "villager", division = "", team = "V1"}',
        '[[issuers]]\nurl = "https://a"\nclaim = "g"\ngroups.x = {role = "township", division = "", township = "21"}',
        '[[issuers]]\nurl = "https://a"\n[[issuers]]\nurl = "https://a"',
        "[[issuers]",
    ],
)
def test_a_file_of_issuers_that_does_not_fit_is_refused(said: str, tmp_path: Path) -> None:
    (tmp_path / "issuers.toml").write_text(said)
    with pytest.raises(ValueError, match=r"."):
        issuers.read(tmp_path / "issuers.toml", b"secret")
