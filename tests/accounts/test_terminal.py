"""`zhucun account`, `login` and `audit` against a real process, as three administrators and an officer use them."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from deploy.cli import accounts
from deploy.cli.commands import app
from deploy.cli.reach import Trouble, console, token
from deploy.local.folder import Folder
from services.accounts.model import totp
from shared.web.token import operator_headers
from tests.accounts.desk import GOOD, claims

SECRET = "5ec4e7" * 10 + "abcd"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a real process of accounts, which the environment names to the command line."""
    port = Folder(tmp_path / "ports")
    port.claim(["accounts"])
    (tmp_path / "secret").write_text(SECRET)
    url = f"http://127.0.0.1:{port.ports['accounts']}"
    own = {
        "ZHUCUN_DATABASE": f"sqlite+aiosqlite:///{tmp_path}/accounts.sqlite3",
        "ZHUCUN_PORT": url.rpartition(":")[2],
        "ZHUCUN_SECRET_FILE": f"{tmp_path}/secret",
        "ZHUCUN_SIGNING_KEYS": f"{tmp_path}/accounts.keys",
    }
    process = subprocess.Popen([sys.executable, "-m", "services.accounts.app"], env={**os.environ, **own})
    try:
        until = time.monotonic() + 60
        while True:
            try:
                assert httpx.get(f"{url}/health/ready", trust_env=False).json() == {"database": "ok"}
                break
            except httpx.ConnectError:
                assert process.poll() is None and time.monotonic() < until
                time.sleep(0.05)
        for name, value in (("URL", url), ("LOGIN", f"{tmp_path}/login.json")):
            monkeypatch.setenv({"URL": "ZHUCUN_ACCOUNTS_URL", "LOGIN": "ZHUCUN_LOGIN_FILE"}[name], value)
        monkeypatch.setenv("ZHUCUN_SECRET_FILE", f"{tmp_path}/secret")
        monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
        port.release()


def run(*arguments: str, typed: str = "") -> str:
    """What a command prints. Raises what it ends with."""
    result = CliRunner().invoke(app, [*arguments], input=typed, catch_exceptions=True)
    if result.exception:
        raise result.exception
    return re.sub(r"\s+", " ", result.output)


def shown(text: str) -> str:
    """The password or secret that a command shows."""
    return text.split()[-1]


def enrolled(name: str, password: str) -> None:
    """Sign in for the first time: change the password, add the key to a phone, type its code."""
    typed = iter([password, "", GOOD, GOOD])
    keys: list[str] = []
    said = console.note

    def note(text: str) -> None:
        keys.extend(re.findall(r"\b[A-Z2-7]{32}\b", text))
        said(text)

    def prompt(_zh: str, _en: str, *, empty: bool = False) -> str:
        if answer := next(typed, None):
            return answer
        if not keys:
            return ""
        return totp.code(base64.b32decode(keys[0]), int(time.time()) // totp.SECONDS)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_prompt", prompt)
        patch.setattr(console, "note", note)
        assert f"signed in: {name}" in run("login", name)


def appointed(kind: str, name: str, person: str) -> None:
    made = run("account", "add", name, "--person", person, "--organ", "县网信办", "--administers", kind)
    enrolled(name, shown(made))


def test_three_administrators_an_officer_and_the_proof_of_the_log(url: str, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="Sign in first"):
        run("account", "list")
    appointed("system", "sun", "孙立")
    assert "孙立" in run("account", "list", "--operator"), "the operator sees whom he has named"
    first = shown(run("account", "add", "li", "--person", "李春梅", "--organ", "桓仁满族自治县扶贫办"))
    secret = shown(run("account", "service", "report", "--organ", "桓仁满族自治县扶贫办"))
    run("account", "add", "wu", "--person", "吴用", "--organ", "桓仁满族自治县扶贫办")
    with pytest.raises(Trouble, match="for the security administrator to do"):
        run("account", "roles", "li", "扶贫部门@210522")
    appointed("security", "he", "何平")
    assert "the poverty office 210522" in run("account", "roles", "li", "扶贫部门@210522")
    with pytest.raises(Trouble, match="write role@division"):
        run("account", "roles", "li", "chief@210522")
    with pytest.raises(Trouble, match="say the id of the unit"):
        run("account", "roles", "li", "派出单位@210522")
    assert "sending unit" in run("account", "roles", "li", "派出单位@210522", "--unit", "U12", "--cadre", "C7")
    run("account", "roles", "li", "扶贫部门@210522")
    assert "2 relatives" in run("account", "kin", "li", "C8", "C9")
    with pytest.raises(Trouble, match="take them all away with --none"):
        run("account", "kin", "li")
    assert "locked" in run("account", "lock", "report")
    assert (tmp_path / "login.json").stat().st_mode & 0o777 == 0o600

    appointed("audit", "zhou", "周明")
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    assert "none altered" in run("audit", "export", str(one))
    run("audit", "export", str(other))
    assert "none altered" in run("audit", "verify", str(other), "--against", str(one))
    with pytest.raises(Trouble, match="altered or removed"):
        run("audit", "verify", str(one), "--against", str(other))
    lines = other.read_text().splitlines()
    asked = [json.loads(line) for line in lines if json.loads(line)["deed"] == "account.add"]
    assert "李春梅 li 桓仁满族自治县扶贫办" in run("audit", "who", asked[0]["about"])
    assert "(a program) report" in run("audit", "who", asked[1]["about"])
    with pytest.raises(Trouble, match="16 hexadecimal digits"):
        run("audit", "who", "../accounts")
    other.write_text("\n".join(lines[:3] + lines[4:]))
    with pytest.raises(Trouble, match="entry 5 comes after 3"):
        run("audit", "verify", str(other))
    for kept in (first, secret, GOOD):
        assert kept not in one.read_text(), "no secret is in the log"

    signed = run("login", "li", typed=f"{first}\n\n{GOOD}\n{GOOD}\n")
    assert "signed in: li" in signed and GOOD not in signed
    token = json.loads((tmp_path / "login.json").read_text())[url]["access"]
    assert claims(token)["zhucun"]["roles"] == [{"role": "poverty_office", "division": "210522"}]
    assert (claims(token)["zhucun"]["unit"], claims(token)["zhucun"]["cadre"]) == ("U12", "C7")
    last = date.today() + timedelta(9)
    number = re.findall(r"under number (\w+)", run("account", "delegate", "wu", str(last), "扶贫部门@210522"))[0]
    listed = run("account", "delegations")
    assert all(one in listed for one in ("│ li", "│ wu", "210522"))
    with pytest.raises(Trouble, match="withdraw it first"):
        run("account", "delegate", "wu", str(last))
    assert "it has ended" in run("account", "end-delegation", number)
    with pytest.raises(Trouble, match="no such delegation"):
        run("account", "end-delegation", number)
    run("logout")
    assert json.loads((tmp_path / "login.json").read_text()) == {}


def test_a_token_is_renewed_when_it_is_about_to_end(url: str, tmp_path: Path) -> None:
    appointed("system", "sun", "孙立")
    file = tmp_path / "login.json"
    kept = json.loads(file.read_text())
    kept[url]["until"] = 0
    file.write_text(json.dumps(kept))
    run("account", "list")
    renewed = json.loads(file.read_text())[url]
    assert renewed["refresh"] != kept[url]["refresh"] and renewed["until"] > time.time()
    kept[url]["until"] = 0
    file.write_text(json.dumps(kept))  # An old copy of the file comes back: its refresh token was used before.
    with pytest.raises(Trouble, match="The session of sun has ended"):
        run("account", "list")


def test_who_has_signed_in_never_goes_on_as_the_operator_unnoticed(url: str, tmp_path: Path) -> None:
    appointed("system", "sun", "孙立")
    file = tmp_path / "login.json"
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({url: kept[url] | {"until": 0, "refresh": "ended"}}))
    for _ in range(2):
        with pytest.raises(Trouble, match="sign out first"):
            token(tmp_path, "registry")
    run("logout")
    assert token(tmp_path, "registry") == operator_headers(SECRET.encode())


def test_a_password_is_not_typed_where_there_is_no_terminal(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "login", "sun"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 130 and "Traceback" not in done.stderr and "在终端里" in done.stdout
