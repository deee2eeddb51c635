"""People sign in, administrators keep accounts, and strangers try what strangers try."""

import asyncio
import base64
import json
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from services.accounts import store
from services.accounts.model import totp
from services.accounts.tokens import Keys
from shared.engine.audit import first_fault
from shared.web.issuers import Issuer as TrustedIssuer
from shared.web.issuers import Issuers
from shared.web.token import operator_headers, pseudonym
from tests.accounts.desk import ASKED, BACK, GOOD, SECRET, URL, Desk, claims, hidden, opened


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(tmp_path) as made:
        yield made


async def test_from_the_first_administrator_to_an_officers_token(database: str, tmp_path: Path) -> None:
    async with opened(tmp_path, database) as desk:
        system = await desk.appoint("system", "sun", "孙立")
        security = await desk.appoint("security", "he", "何平")
        sub = await desk.person(system, "li")
        roles = [{"role": "poverty_office", "division": "210522"}]
        given = await desk.post("/v1/accounts/li/roles", {"roles": roles}, security)
        assert given.json()["roles"] == roles
        tokens = await desk.tokens("li")
        jwks = KeySet.import_key_set((await desk.http.get("/jwks")).json())
        found = jwt.decode(tokens["access_token"], jwks, algorithms=["ES256"])
        assert found.header["typ"] == "at+jwt"
        assert found.claims["zhucun"] == {"organ": "县扶贫办", "roles": roles, "amr": ["pwd"]}
        assert (found.claims["iss"], found.claims["aud"], found.claims["sub"]) == (URL, "zhucun", sub)
        assert "李" not in json.dumps(found.claims, ensure_ascii=False), "the person's name stays here"
        identity = jwt.decode(tokens["id_token"], jwks, algorithms=["ES256"]).claims
        assert (identity["nonce"], identity["aud"], identity["sub"]) == ("n1", "zhucun-cli", sub)


async def test_three_administrators_are_apart_and_the_log_tells_who_tried(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    security = await desk.appoint("security", "he", "何平")
    audit = await desk.appoint("audit", "zhou", "周明")
    sub = await desk.person(system, "li")
    refused = [
        await desk.post("/v1/accounts/li/roles", {"roles": []}, system),
        await desk.post("/v1/accounts", {"name": "wu", "person": "吴用", "organ": "县扶贫办"}, security),
        await desk.post("/v1/accounts/he/password", {}, system),
        await desk.get("/v1/audit", system),
        await desk.operator("/v1/accounts", {"name": "wu", "person": "吴用", "organ": "县扶贫办"}),
        await desk.http.get("/v1/audit", headers=operator_headers(SECRET)),
    ]
    assert [one.status_code for one in refused] == [403] * 6
    assert "安全管理员" in refused[0].json()["title"] and "security administrator" in refused[0].json()["title"]
    lines = [json.loads(line) for line in (await desk.get("/v1/audit", audit)).text.splitlines()]
    told = [(one["deed"], one["about"], one["result"]) for one in lines]
    li = pseudonym(SECRET, URL, sub)
    assert ("account.roles", li, "administrators") in told
    assert ("password.change", li, "done") in told and ("sign-in", li, "done") in told
    assert told[-1] == ("audit.read", "", "done"), "reading it is a deed as well"
    assert not {"孙立", "李春梅", GOOD} & set(json.dumps(lines, ensure_ascii=False).split('"'))


async def test_a_person_has_one_pseudonym_here_and_at_the_services(desk: Desk, tmp_path: Path) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    audit = await desk.appoint("audit", "zhou", "周明")
    await desk.person(system, "li")
    (tmp_path / "jwks").write_bytes((await desk.http.get("/jwks")).content)
    services = Issuers([TrustedIssuer(url=URL, keys="jwks")], tmp_path, SECRET)
    li = (await services.bearer((await desk.tokens("li"))["access_token"])).person.pseudonym
    lines = [json.loads(line) for line in (await desk.get("/v1/audit", audit)).text.splitlines()]
    assert {one["who"] for one in lines if one["deed"] == "password.change" and one["organ"] == "县扶贫办"} == {li}

    found = await desk.get(f"/v1/people/{li}", audit)
    assert found.json() == {"name": "li", "organ": "县扶贫办", "person": "李春梅"}
    assert (await desk.get("/v1/people/" + "0" * 16, audit)).status_code == 404
    assert (await desk.get(f"/v1/people/{li}", system)).status_code == 403
    assert li not in (await desk.get("/v1/accounts", system)).text, "who grants rights does not learn who did what"
    lines = [json.loads(line) for line in (await desk.get("/v1/audit", audit)).text.splitlines()]
    asked = [(one["about"], one["result"]) for one in lines if one["deed"] == "person.read"]
    assert asked == [(li, "done"), ("", "accounts"), ("", "administrators")], "who was asked for stands in the log"


async def test_nobody_without_a_token_gets_anything(desk: Desk) -> None:
    for method, path in desk.app._routes:
        address = "/".join(path).replace("{name}", "li")
        if address.startswith("/v1/"):
            said = {"name": "wu", "person": "吴用", "organ": "县扶贫办", "administers": "audit", "roles": []}
            said |= {"taker": "li", "until": "2100-01-01", "kin": []}
            wanted = {key: said[key] for key in _wanted(address)}
            answer = await desk.http.request(method, address, json=wanted)
            assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer"), address


def _wanted(address: str) -> tuple[str, ...]:
    return {
        "/v1/accounts": ("name", "person", "organ"),
        "/v1/service-accounts": ("name", "organ"),
        "/v1/administrators": ("name", "person", "organ", "administers"),
        "/v1/accounts/li/roles": ("roles",),
        "/v1/delegations": ("taker", "until"),
        "/v1/accounts/li/kin": ("kin",),
    }.get(address, ())


# ------------------------------------------------------------ second factor


async def test_a_code_serves_once_and_a_recovery_code_instead(desk: Desk) -> None:
    await desk.appoint("system", "sun", "孙立")
    code = desk.code("sun")
    assert "redirect" in (await desk.step(name="sun", password=GOOD, code=code)).json()
    replayed = await desk.step(name="sun", password=GOOD, code=code)
    assert replayed.status_code == 401, "whoever looked over the shoulder comes too late"
    assert (await desk.step(name="sun", password=GOOD)).status_code == 401, "the password alone is not enough"


async def test_recovery_codes_serve_once_each(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")
    asked = (await desk.step(name="li", password=GOOD, enrol=True)).json()
    shared = base64.b32decode(asked["secret"])
    wrong = (await desk.step(ticket=asked["ticket"], confirm="000000")).json()
    assert wrong["fault"][0].startswith("动态码不对") and wrong["secret"] == asked["secret"]
    step = int(time.time()) // totp.SECONDS
    done = (await desk.step(ticket=wrong["ticket"], confirm=totp.code(shared, step))).json()
    first = done["recovery"][0]
    assert "redirect" in (await desk.step(name="li", password=GOOD, code=first)).json()
    assert (await desk.step(name="li", password=GOOD, code=first)).status_code == 401


async def test_a_second_factor_is_worthless_in_a_stolen_database(desk: Desk) -> None:
    await desk.appoint("system", "sun", "孙立")
    async with desk.log.engine.connect() as conn:
        kept = await store.named(conn, "sun")
    assert kept and desk.phones["sun"].hex() not in kept.factor and totp.written(desk.phones["sun"]) not in kept.factor
    assert kept.password.startswith("$argon2id$")


async def test_under_another_secret_who_gives_a_code_is_told_why_and_recovery_codes_hold(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        system = await desk.appoint("system", "sun", "孙立")
        await desk.person(system, "li")
        asked = (await desk.step(name="li", password=GOOD, enrol=True)).json()
        confirmed = totp.code(base64.b32decode(asked["secret"]), int(time.time()) // totp.SECONDS)
        recovery = (await desk.step(ticket=asked["ticket"], confirm=confirmed)).json()["recovery"]
    async with opened(tmp_path, installation=b"another secret, as long as it must be") as desk:
        for _ in range(10):  # Which would be counted as failures otherwise.
            told = await desk.step(name="li", password=GOOD, code="123456")
            assert told.status_code == 503 and "安装密钥不是原来的那一份" in told.text
        assert (await desk.step(name="li", password="not this one", code="123456")).status_code == 401
        assert (await desk.step(name="li", password=GOOD)).status_code == 401
        assert "redirect" in (await desk.step(name="li", password=GOOD, code=recovery[0])).json()


# ----------------------------------------------------------------- lockout


async def test_after_five_failures_even_the_right_password_waits_but_elsewhere_it_serves(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")
    for _ in range(5):
        assert (await desk.step(name="li", password="Wrong-12345")).status_code == 401
    waiting = await desk.step(name="li", password=GOOD)
    assert waiting.status_code == 429 and "1 minute" in waiting.text
    async with desk.at("10.0.0.2") as owner:
        assert "redirect" in (await desk.step(owner, name="li", password=GOOD)).json(), "a stranger locks nobody out"


async def test_a_forwarded_address_is_not_believed(desk: Desk) -> None:
    for number in range(5):
        await desk.http.post(
            "/authorize", json={**ASKED, "name": "li", "password": "x"}, headers={"X-Forwarded-For": f"1.1.1.{number}"}
        )
    assert (await desk.step(name="li", password="x")).status_code == 429


async def test_many_at_once_do_not_get_more_tries(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")
    answers = await asyncio.gather(*(desk.step(name="li", password=f"Wrong-{n:05}") for n in range(20)))
    codes = [answer.status_code for answer in answers]
    assert (codes.count(401), codes.count(429)) == (5, 15)
    crowd = await asyncio.gather(*(desk.step(name=f"nobody{n}", password="x") for n in range(60)))
    assert {one.status_code for one in crowd} == {401, 503}, "a crowd has a bound, and so has memory"


async def test_a_name_that_does_not_exist_answers_alike_and_as_slowly(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")

    async def taken(name: str, number: int) -> tuple[float, httpx.Response]:
        async with desk.at(f"10.1.{len(name)}.{number}") as http:
            began = time.perf_counter()
            answer = await desk.step(http, name=name, password="Wrong-12345")
            return time.perf_counter() - began, answer

    known, unknown = [], []
    for number in range(9):
        known.append(await taken("li", number))
        unknown.append(await taken("nobody", number))
    assert known[0][1].content == unknown[0][1].content
    one, other = (statistics.median(seconds for seconds, _ in tried) for tried in (known, unknown))
    assert max(one, other) < 2 * min(one, other), "hashing takes most of the time, and is done for both"


async def test_a_stranger_cannot_fill_the_log(desk: Desk) -> None:
    for number in range(30):
        await desk.step(name=f"nobody{number}", password="x")
    assert len(await desk.log.read(0)) == 5
    assert {entry.who for entry in await desk.log.read(0)} == {""}, "what was typed as a name may be a password"


# --------------------------------------------------------------- the protocol


@pytest.mark.parametrize(
    "other",
    [
        {"redirect_uri": "https://evil.example/callback"}, {"redirect_uri": "http://127.0.0.1:1/callback/../x"},
        {"redirect_uri": "http://127.0.0.1:80@evil.example/callback"}, {"redirect_uri": "http://localhost:1/callback"},
        {"redirect_uri": BACK + "\n"}, {"client_id": "other"}, {"response_type": "token"}, {"code_challenge": ""},
        {"code_challenge_method": "plain"}, {"scope": "profile"}, {"state": "s" * 1025},
    ],
)  # fmt: skip
async def test_a_wrong_request_leads_nowhere(desk: Desk, other: dict[str, str]) -> None:
    answer = await desk.http.get("/authorize", params={**ASKED, **other})
    assert answer.status_code == 400 and "location" not in answer.headers and "evil" not in answer.text
    assert (await desk.http.post("/authorize", json={**ASKED, **other, "name": "x"})).status_code == 400


async def test_a_parameter_that_stands_twice_is_refused(desk: Desk) -> None:
    query = httpx.QueryParams([*ASKED.items(), ("redirect_uri", "https://evil.example/")])
    assert (await desk.http.get("/authorize", params=query)).status_code == 400


async def test_a_code_serves_once_and_its_second_use_ends_the_session(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")
    signed = (await desk.step(name="li", password=GOOD)).json()
    first = (await desk.redeem(signed["redirect"])).json()
    assert (await desk.redeem(signed["redirect"])).json()["error"] == "invalid_grant"
    assert (await desk.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "other", [{"code_verifier": "w" * 43}, {"redirect_uri": "http://127.0.0.1:9/callback"}, {"client_id": "report"}]
)
async def test_a_stolen_code_is_worthless(desk: Desk, other: dict[str, str]) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")
    signed = (await desk.step(name="li", password=GOOD)).json()
    assert (await desk.redeem(signed["redirect"], **other)).json()["error"] == "invalid_grant"


async def test_a_refresh_token_serves_once_and_a_stolen_one_ends_the_session(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")
    old = (await desk.tokens("li"))["refresh_token"]
    new = (await desk.refresh(old)).json()["refresh_token"]
    assert (await desk.refresh(old)).status_code == 400
    assert (await desk.refresh(new)).status_code == 400, "owner and thief cannot be told apart: both sign in again"
    assert ("session.refresh", "reused") in {(one.deed, one.result) for one in await desk.log.read(0)}


async def test_signing_out_locking_and_another_password_end_sessions(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    security = await desk.appoint("security", "he", "何平")
    await desk.person(system, "li")
    out, other = await desk.tokens("li"), await desk.tokens("li")
    await desk.http.post("/end-session", data={"id_token_hint": out["id_token"]})
    assert (await desk.refresh(out["refresh_token"])).status_code == 400
    other = (await desk.refresh(other["refresh_token"])).json()
    await desk.post("/v1/accounts/li/lock", {}, security)
    assert (await desk.refresh(other["refresh_token"])).status_code == 400
    assert "停用" in (await desk.step(name="li", password=GOOD)).json()["title"]
    await desk.post("/v1/accounts/li/unlock", {}, security)
    last = await desk.tokens("li")
    asked = (await desk.step(name="li", password=GOOD, change=True)).json()
    await desk.step(ticket=asked["ticket"], new="Xiayu-2015!!", again="Xiayu-2015!!")
    assert (await desk.refresh(last["refresh_token"])).status_code == 400


@pytest.mark.parametrize(
    ("new", "again", "said"), [("short", "short", "10"), ("Qiushuang-2016", "other", "differ"), (GOOD, GOOD, "old one")]
)
async def test_a_new_password_that_does_not_do_is_asked_for_again(desk: Desk, new: str, again: str, said: str) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")
    asked = (await desk.step(name="li", password=GOOD, change=True)).json()
    wrong = (await desk.step(ticket=asked["ticket"], new=new, again=again)).json()
    assert wrong["what"] == "change" and said in wrong["fault"][1]
    assert (await desk.step(ticket=asked["ticket"], new=new, again=again)).status_code == 401, "a ticket serves once"
    done = await desk.step(ticket=wrong["ticket"], new="Qiushuang-2016", again="Qiushuang-2016")
    assert "redirect" in done.json()


@pytest.mark.parametrize("forge", ["none", "hmac", "other key", "identity", "late", "audience"])
async def test_a_forged_token_opens_nothing(desk: Desk, tmp_path: Path, forge: str) -> None:
    token = await desk.appoint("system", "sun", "孙立")
    said, key = claims(token), ECKey.generate_key("P-256", {"kid": "x"})
    ours = Keys(tmp_path / "keys.json")
    public = (await desk.http.get("/jwks")).json()["keys"][0]
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    forged = {
        "none": f"{head}.{token.split('.')[1]}.",
        "hmac": jwt.encode(
            {"alg": "HS256", "typ": "at+jwt", "kid": public["kid"]},
            said,
            OctKey.import_key(json.dumps(public)),
            algorithms=["HS256"],
        ),
        "other key": jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": public["kid"]}, said, key),
        "identity": ours.signed(said, "JWT"),
        "late": ours.signed({**said, "exp": int(time.time()) - 1}, "at+jwt"),
        "audience": ours.signed({**said, "aud": "another"}, "at+jwt"),
    }[forge]
    assert (await desk.get("/v1/accounts", forged)).status_code == 401
    assert (await desk.get("/v1/accounts", token)).status_code == 200


def test_keys_are_private_rotate_and_old_ones_stay_for_a_day(tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    keys = Keys(tmp_path / "keys.json")
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    old = [one["kid"] for one in keys.public()["keys"]]
    assert "d" not in keys.public()["keys"][0], "the private part is not shown"
    now = datetime.now(UTC)
    keys.renew(now + timedelta(days=91))
    both = [one["kid"] for one in Keys(tmp_path / "keys.json").public()["keys"]]
    assert both[:1] == old and len(both) == 2
    keys.renew(now + timedelta(days=91, hours=25))
    assert [one["kid"] for one in keys.public()["keys"]] == both[1:]


# ------------------------------------------------------------------- the page


async def test_the_page_signs_in_without_scripts(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")
    page = await desk.http.get("/authorize", params=ASKED)
    assert "登录名" in page.text and "<script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script" not in policy
    assert "SameSite=Strict" in page.headers["set-cookie"] and "HttpOnly" in page.headers["set-cookie"]
    typed = {"name": "li", "password": GOOD, "code": ""}
    led = await desk.http.post("/authorize", data={**hidden(page.text), **typed})
    assert led.status_code == 303 and led.headers["location"].startswith(f"{BACK}?code=")
    assert "state=s1" in led.headers["location"] and "iss=" in led.headers["location"]


async def test_another_sites_form_signs_nobody_in(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    await desk.person(system, "li")
    page = await desk.http.get("/authorize", params=ASKED)
    desk.http.cookies.clear()
    forged = await desk.http.post("/authorize", data={**hidden(page.text), "name": "li", "password": GOOD})
    assert forged.status_code == 200 and "location" not in forged.headers and "页面已过期" in forged.text
    plain = await desk.http.post("/authorize", content=json.dumps(ASKED), headers={"content-type": "text/plain"})
    assert plain.status_code == 415, "a page can send this type without asking, so it is not taken for JSON"


async def test_what_is_typed_is_shown_as_text(desk: Desk) -> None:
    page = await desk.http.get("/authorize", params={**ASKED, "state": '"><script>alert(1)</script>'})
    assert "<script" not in page.text and "&lt;script" in page.text


async def test_the_page_asks_for_what_is_owed(desk: Desk) -> None:
    made = await desk.operator(
        "/v1/administrators", {"name": "sun", "person": "孙立", "organ": "县网信办", "administers": "system"}
    )
    page = await desk.http.get("/authorize", params=ASKED)
    typed = {"name": "sun", "password": made.json()["password"], "code": ""}
    page = await desk.http.post("/authorize", data={**hidden(page.text), **typed})
    assert "改密码" in page.text
    page = await desk.http.post("/authorize", data={**hidden(page.text), "new": GOOD, "again": GOOD})
    assert "设动态码" in page.text
    secret = page.text.partition("<code>")[2].partition("</code>")[0]
    code = totp.code(base64.b32decode(secret), int(time.time()) // totp.SECONDS)
    page = await desk.http.post("/authorize", data={**hidden(page.text), "confirm": code})
    assert page.text.count("<li>") == 8 and f'href="{BACK}?code=' in page.text


# ------------------------------------------------------------ service accounts


async def test_a_program_signs_in_and_its_secret_is_rotated_without_a_gap(desk: Desk) -> None:
    system = await desk.appoint("system", "sun", "孙立")
    security = await desk.appoint("security", "he", "何平")
    program = {"name": "report", "organ": "县扶贫办"}
    as_person = await desk.post("/v1/service-accounts", {**program, "person": "李春梅"}, system)
    assert as_person.status_code == 422 and "服务账号没有姓名" in as_person.text
    made = await desk.post("/v1/service-accounts", program, system)
    old = made.json()["secret"]
    roles = [{"role": "subscriber", "division": "2105"}]
    await desk.post("/v1/accounts/report/roles", {"roles": roles}, security)

    async def signed_in(secret: str) -> httpx.Response:
        return await desk.http.post("/token", data={"grant_type": "client_credentials"}, auth=("report", secret))

    token = (await signed_in(old)).json()["access_token"]
    assert claims(token)["zhucun"]["roles"] == roles and claims(token)["sub"].startswith("s-")
    new = (await desk.post("/v1/accounts/report/secret", {}, system)).json()["secret"]
    assert [(await signed_in(one)).status_code for one in (old, new, old)] == [200, 200, 401]
    assert (await signed_in("x")).json()["error"] == "invalid_client"
    assert (await desk.step(name="report", password=new)).status_code == 401, "a program has no password"
    await desk.post("/v1/accounts/report/lock", {}, security)
    assert (await signed_in(new)).status_code == 401


# -------------------------------------------------------------------- the edge


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"[]", 400), (b"{", 400), (b'{"name": "Li"}', 400), (b"\xff\xfe", 400), (b"[" * 60000, 400),
        (b"x" * 70000, 413), ('{"name":"li","organ":"县","person":"李","administers":"audit"}'.encode(), 400),
    ],
)  # fmt: skip
async def test_bad_input_changes_nothing(desk: Desk, body: bytes, status: int) -> None:
    token = await desk.appoint("system", "sun", "孙立")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = await desk.http.post("/v1/accounts", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len((await desk.get("/v1/accounts", token)).json()) == 1


async def test_a_huge_password_costs_no_more_than_another(desk: Desk) -> None:
    assert (await desk.step(name="li", password="p" * 60000)).status_code == 400
    assert (await desk.step(name="li", password="p" * 256)).status_code == 401


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/v1/accounts/li", 404), ("/token", 405)])
async def test_other_addresses_are_refused_in_words(desk: Desk, path: str, status: int) -> None:
    answer = await desk.http.get(path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


async def test_the_log_is_kept_by_the_database_itself_and_tells_what_was_altered(database: str, tmp_path: Path) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    async with opened(tmp_path, database) as desk:
        await desk.appoint("system", "sun", "孙立")
        for statement in ("UPDATE audit SET result = 'x'", "DELETE FROM audit"):
            with pytest.raises(DBAPIError, match="the audit log is kept"):
                async with desk.log.engine.begin() as conn:
                    await conn.execute(text(statement))
        entries = await desk.log.read(0)
        assert first_fault(entries) is None
        for number, entry in enumerate(entries):
            from msgspec.structs import replace

            altered = [*entries[:number], replace(entry, result="x"), *entries[number + 1 :]]
            assert first_fault(altered), "an altered entry is found"
            resealed = [*entries[:number], replace(entry, result="x").sealed(), *entries[number + 1 :]]
            assert bool(first_fault(resealed)) == (number + 1 < len(entries)), "so is one with a hash to match"
            removed = [*entries[:number], *entries[number + 1 :]]
            assert bool(first_fault(removed)) == (number + 1 < len(entries))


async def test_entries_that_wait_together_are_numbered_without_gaps(desk: Desk) -> None:
    from shared.engine.audit import Entry

    await asyncio.gather(*(desk.log.note(Entry(who=f"p-{n}", deed="GET /v1/x")) for n in range(50)))
    entries = await desk.log.read(0)
    assert [entry.number for entry in entries] == [*range(1, 51)] and first_fault(entries) is None
    assert {entry.who for entry in entries} == {f"p-{n}" for n in range(50)}
