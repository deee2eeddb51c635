"""Settings of a process: what the environment gives, and what an operator is told where it does not fit."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.access import streams
from services.accounts import app as accounts
from services.console import app as console
from services.webhooks import app as webhooks
from shared import runtime

DATABASE = "postgresql+asyncpg://registry:hush@postgres/registry"
GIVEN = {
    "ZHUCUN_DATABASE": DATABASE,
    "ZHUCUN_PORT": "8000",
    "ZHUCUN_SECRET_FILE": "/keys/secret",
    "ZHUCUN_NATS_KEY": "k.nk",
    "ZHUCUN_SIGNING_KEYS": "/keys/signing.json",
    "ZHUCUN_SOURCES": "registry=http://registry:8000",
}
PUBLIC = ("registry", "accounts", "webhooks", "console")
PROCESSES: tuple[Any, ...] = (runtime, accounts, webhooks, console, streams)


@pytest.fixture(autouse=True)
def given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.__name__)
def test_an_empty_variable_counts_as_none(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHUCUN_LOG_LEVEL", "")
    monkeypatch.setenv("ZHUCUN_NATS_CA", "")
    assert process.Settings.read().log_level == "INFO"


def test_numbers_truths_and_files_are_read_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHUCUN_SIMULATED", "true")
    monkeypatch.setenv("ZHUCUN_MIGRATE_ON_START", "0")
    of = runtime.Settings.read()
    assert (of.port, of.secret_file, of.nats_ca) == (8000, Path("/keys/secret"), None)
    assert (of.simulated, of.migrate_on_start, of.database) == (True, False, DATABASE)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ZHUCUN_PORT", "abc", "Expected `int`, got `str`"),
        ("ZHUCUN_PORT", "70000", "<= 65535"),
        ("ZHUCUN_LOG_LEVEL", "LOUD", "Invalid enum value"),
        ("ZHUCUN_MIGRATE_ON_START", "perhaps", "Expected `bool`"),
        ("ZHUCUN_REQUESTS_A_MINUTE", "0", ">= 1"),
        ("ZHUCUN_SHARE", "second", "matching regex"),
        ("ZHUCUN_STREAM_REPLICAS", "0", ">= 1"),
        ("ZHUCUN_SCHEMAS", "zhucun.example/", "matching regex"),
    ],
)
def test_a_wrong_setting_is_named_in_both_languages_without_its_value(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        runtime.Settings.read()
    told = str(ended.value)
    assert (
        told.startswith(f"无法启动：环境变量 {name} 的值不合要求 · cannot start: {name} does not fit: ")
        and said in told
    )
    assert "hush" not in told


@pytest.mark.parametrize(
    ("process", "name"),
    [
        *((process, "ZHUCUN_DATABASE") for process in (runtime, accounts, webhooks, console)),
        (runtime, "ZHUCUN_PORT"),
        (accounts, "ZHUCUN_SIGNING_KEYS"),
        (streams, "ZHUCUN_NATS_KEY"),
        *((process, "ZHUCUN_SOURCES") for process in (webhooks, console)),
    ],
)
def test_a_missing_setting_is_named_in_both_languages(process: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SystemExit) as ended:
        process.Settings.read()
    assert str(ended.value) == (f"无法启动：请设置环境变量 {name} · cannot start: set the environment variable {name}")


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [
        ("registry", "ZHUCUN_PORT", "abc"),
        ("registry", "ZHUCUN_SHARE", "3/2"),
        *((service, "ZHUCUN_SECRET_FILE", "/nowhere/secret") for service in PUBLIC),
        *((service, "ZHUCUN_ISSUERS", "/nowhere/issuers.toml") for service in PUBLIC if service != "accounts"),
    ],
)
def test_a_process_ends_with_what_is_wrong_and_nothing_else(
    service: str, name: str, value: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 32)
    found = {
        "ZHUCUN_DATABASE": f"sqlite+aiosqlite:///{tmp_path / 'kept.db'}",
        "ZHUCUN_SECRET_FILE": str(secret),
        "ZHUCUN_SIGNING_KEYS": str(tmp_path / "keys.json"),
        "ZHUCUN_ISSUERS": "none",
    } | {name: value}
    command = [sys.executable, "-m", f"services.{service}.app"]
    ran = subprocess.run(command, env=os.environ | found, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1 and ran.stderr.startswith("无法启动：") and ran.stderr.count("\n") == 1, ran.stderr
    assert name in ran.stderr or value in ran.stderr
