"""What the composed system stands on, as far as no container is needed; `make compose-test` runs it."""

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.access.users import USERS
from deploy.init import certificates, folder
from deploy.local.errors import StartError
from deploy.local.supervisor import SERVICES
from services.console import app as console
from services.webhooks import app as webhooks
from shared import runtime
from shared.web import issuers
from tests.compose.engine import ADDED, NOBODY_ASKED
from tests.compose.replicas import container, overlay

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
OURS = {name: service for name, service in COMPOSE.items() if service["image"].startswith("zhucun:")}


@pytest.mark.parametrize("name", OURS)
def test_a_container_can_do_no_more_than_its_work(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    root = service.get("user", "").startswith("0:")
    assert root == (name == "init") and (not root or service["network_mode"] == "none")


def test_the_image_is_the_one_of_this_version() -> None:
    assert {service["image"] for service in OURS.values()} == {f"zhucun:{version('zhucun')}"}


@pytest.mark.parametrize("name", folder.USERS)
def test_each_user_of_the_folder_is_that_of_its_containers(name: str) -> None:
    users = {
        service.get("user", f"{folder.OPERATOR}:{folder.OPERATOR}")
        for other, service in OURS.items()
        if other.rstrip("-123") == name
    }
    assert users == {f"{folder.USERS[name]}:{folder.OPERATOR}"}


def test_a_second_start_changes_no_key(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    folder.fill(keys, [], 1, USERS)
    made = {path: path.read_bytes() for path in keys.rglob("*") if path.is_file()}
    folder.fill(keys, [], 1, USERS)
    assert {path: path.read_bytes() for path in keys.rglob("*") if path.is_file()} == made
    passwords = [line.rpartition(b":")[2] for path, line in made.items() if path.suffix == ".pgpass"]
    assert len(set(passwords)) == len(folder.ROLES)  # The file with all of them ends with one of them.


def shakes_hands(keys: Path, name: str) -> bool:
    """Whether a client that trusts the installation's authority alone, and strictly, takes them for this name."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(keys / "nats.pem", keys / "nats.key")
    client = ssl.create_default_context(cafile=keys / "ca.pem")
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def answer() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    answering = threading.Thread(target=answer)
    answering.start()
    try:
        client.wrap_socket(ours, server_hostname=name).close()
    except ssl.SSLCertVerificationError:
        return False
    finally:
        ours.close()
        answering.join()
    return True


def test_a_new_name_of_the_servers_needs_no_new_authority(tmp_path: Path) -> None:
    certificates.make(tmp_path, [])
    authority = (tmp_path / "ca.pem").read_bytes()
    assert shakes_hands(tmp_path, "nats-2") and shakes_hands(tmp_path, "127.0.0.1")
    assert not shakes_hands(tmp_path, "nats.example.gov.cn")
    certificates.make(tmp_path, ["nats.example.gov.cn", "10.0.0.5"])
    assert all(shakes_hands(tmp_path, name) for name in ("nats-1", "nats.example.gov.cn", "10.0.0.5"))
    assert (tmp_path / "ca.pem").read_bytes() == authority


def test_a_name_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="ZHUCUN_NATS_NAMES"):
        certificates.make(tmp_path, ["a,otherName:x"])


@pytest.mark.parametrize("words, code", [((), 1), (("--where-possible",), 0)])
def test_a_machine_without_containers_is_told(words: tuple[str, ...], code: int, tmp_path: Path) -> None:
    env = {**os.environ, "PATH": str(tmp_path)}
    command = [sys.executable, "-m", "tests.compose", *words]
    answer = subprocess.run(command, capture_output=True, text=True, env=env, cwd=DEPLOY.parent, timeout=60)
    assert answer.returncode == code and "neither docker nor podman" in answer.stdout


def added(name: str) -> dict[str, Any]:
    """The services of a file that is laid over the composed system."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / f"compose.{name}.yaml").read_text())["services"]
    return found


def test_what_is_added_can_do_no_more_than_its_work_and_takes_nobodys_place() -> None:
    beside = [added(name)[name] for name in ADDED]
    for one in beside:
        assert one["image"] == OURS["registry"]["image"] and one["read_only"] and one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
    users = {one["user"] for one in beside}
    assert len(users) == len(beside) and not users & {service.get("user") for service in COMPOSE.values()}
    ports = [port for one in (*COMPOSE.values(), *beside) for port in one.get("ports", ())]
    assert len({port.split(":")[-2] for port in ports}) == len(ports), "each needs a port of its own outside"


def test_webhooks_read_every_service() -> None:
    over = added("webhooks")
    sources = re.search(r":-(.*)}", over["webhooks"]["environment"]["ZHUCUN_SOURCES"])
    assert sources
    assert sources[1] == ",".join(f"{name}=http://{name}:8000" for name in SERVICES)


def test_unless_an_operator_says_otherwise_everything_trusts_what_the_accounts_sign(tmp_path: Path) -> None:
    folder.fill(tmp_path / "keys", [], 1, USERS)
    replicas = (DEPLOY / "compose.replicas.yaml").read_text()
    asking = [
        *(COMPOSE[service] for service in SERVICES),
        *(added(name)[name] for name in ADDED),
        *(yaml.safe_load(replicas)["services"][container(service, 2)] for service in SERVICES),
    ]
    (said,) = {one["environment"]["ZHUCUN_ISSUERS"] for one in asking}
    unless = re.fullmatch(r"\${ZHUCUN_ISSUERS:-/keys/(.*)}", said)
    assert unless, "one variable for all: who is asked by one of them is asked by each"
    (issuer,) = tomllib.loads((tmp_path / "keys" / unless[1]).read_text())["issuers"]
    assert issuer["url"] == COMPOSE["accounts"]["environment"]["ZHUCUN_ISSUER"]


def test_by_a_word_nobody_is_asked_and_what_is_forgotten_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "ZHUCUN_DATABASE": "sqlite+aiosqlite://",
        "ZHUCUN_PORT": "1",
        "ZHUCUN_SECRET_FILE": "secret",
        "ZHUCUN_SOURCES": "registry=http://registry:8000",
    }
    for name, value in {**settings, **NOBODY_ASKED}.items():
        monkeypatch.setenv(name, value)
    ways: tuple[Any, ...] = (runtime.Settings.read, webhooks.Settings.read, console.Settings.read)
    assert {issuers.named(read().issuers, b"secret") for read in ways} == {None}
    monkeypatch.setenv("ZHUCUN_ISSUERS", "")
    for read in ways:
        with pytest.raises(ValueError, match="ZHUCUN_ISSUERS"):
            issuers.named(read().issuers, b"secret")


@pytest.mark.parametrize("of", [2, 3])
def test_the_overlay_of_replicas_follows_from_the_system_that_it_lies_over(of: int) -> None:
    kept = (DEPLOY / "compose.replicas.yaml").read_text()
    made = overlay(COMPOSE, of)
    assert of != 2 or made == kept, "run `python -m tests.compose.replicas 2 > deploy/compose.replicas.yaml`"
    replicas = yaml.safe_load(made)["services"]
    for service in SERVICES:
        each = [replicas[container(service, number)] for number in range(1, of + 1)]
        assert [one["environment"]["ZHUCUN_SHARE"] for one in each] == [f"{n}/{of}" for n in range(1, of + 1)]
        assert len({one["environment"]["ZHUCUN_DATABASE"] for one in each}) == of
        further = {name for one in each[1:] for name in one if one[name] == COMPOSE[service].get(name)}
        assert further == {*COMPOSE[service]} - {"environment", "ports"}
    ports = [port for one in (*COMPOSE.values(), *replicas.values()) for port in one.get("ports", ())]
    assert len({port.split(":")[-2] for port in ports}) == len(ports), "each needs a port of its own outside"
