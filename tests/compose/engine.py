"""A container engine on this machine, and a composed system that it runs under ports of its own."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import httpx

from deploy.init.certificates import NODES
from deploy.local.supervisor import ACCOUNTS, CONSOLE, SERVICES, WEBHOOKS
from shared.web.issuers import UNASKED
from tests.compose.replicas import container

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final = "zhucun-trial"
"""No project of anybody's: its volumes are emptied."""
OTHERS: Final = dict.fromkeys(NODES, 4222) | {"postgres": 5432}
"""The ports within the containers that the test reaches beside the services."""
HTTP: Final = 8000
"""That of a service."""
ADDED: Final = (WEBHOOKS, CONSOLE)
"""What is added beside a system that runs."""
NOBODY_ASKED: Final = {"ZHUCUN_ISSUERS": UNASKED}
"""What an operator sets for a closed trial. A play is one: its officers have no accounts."""
BUILDING: Final = 900.0
"""Seconds that the image may take where nothing of it is there yet."""
STARTING: Final = 240.0
"""Seconds within which all services must be ready on a busy machine."""
UNITS: Final = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
TAKEN_OUT: Final = ("secret", "ca.pem", "databases.pgpass", "simulation.nk", "harness.nk", "operator.nk")
"""What the test must have of the folder of keys, as an operator would."""


class Broken(Exception):
    """A container engine is there and does not work."""


class Engine(NamedTuple):
    """How containers are asked for, and how compose is."""

    command: str
    compose: tuple[str, ...]

    def run(self, *words: str, seconds: float = 300) -> str:
        """What the engine answers to a command. Raises Broken with what it says where it fails."""
        return _run([self.command, *words], seconds)


def find() -> Engine | None:
    """The engine of this machine; None where none answers, as behind a mere client. Raises Broken if compose fails."""
    podman = ("podman-compose",) if shutil.which("podman-compose") else ("podman", "compose")
    for engine in (Engine("docker", ("docker", "compose")), Engine("podman", podman)):
        if shutil.which(engine.command):
            with suppress(Broken):
                engine.run("info", seconds=60)
                break
    else:
        return None
    _run([*engine.compose, "version"], 60)
    return engine


def _run(command: Sequence[str], seconds: float, env: Mapping[str, str] = {}) -> str:
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=seconds, env={**os.environ, **env}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Broken(f"{' '.join(command)}: {error}") from error
    if answer.returncode:
        raise Broken(f"{' '.join(command)}: {answer.returncode}\n{answer.stdout[-2000:]}{answer.stderr[-4000:]}")
    return answer.stdout


def reached(replicas: int = 1) -> list[str]:
    """The containers that the test reaches, with so many replicas of each service; ADDED are added later."""
    services = (container(service, n) for n in range(1, replicas + 1) for service in SERVICES)
    return [*services, ACCOUNTS, *OTHERS, *ADDED]


class Installation:
    """A composed system under ports of its own, whose days a simulation says, for as long as it is entered.

    Nobody is asked who he is until it is extended. It is built of the checkout. Unless `build`, the images that are
    there must do, as where there is no network.
    """

    def __init__(
        self, engine: Engine, folder: Path, ports: Mapping[str, int], overlay: str = "", *, build: bool = True
    ) -> None:
        self.engine, self.folder, self.ports, self._build = engine, folder, ports, build
        self.services = [name for name in ports if name not in OTHERS and name not in ADDED]
        """The containers of the services, and of what was added beside them."""
        names = ["compose.yaml", *([overlay] if overlay else [])]
        own = folder / "trial.yaml"
        own.write_text(_trial({name: port for name, port in ports.items() if name not in ADDED}))
        files = [*(ROOT / "deploy" / name for name in names), own]
        self._compose = [*engine.compose, "-p", PROJECT, *(word for file in files for word in ("-f", str(file)))]
        self._set: Mapping[str, str] = NOBODY_ASKED

    def compose(self, *words: str, seconds: float = 300) -> str:
        """What compose answers."""
        return _run([*self._compose, *words], seconds, self._set)

    def __enter__(self) -> "Installation":
        self.compose("down", "-v")
        try:
            if self._build:
                self.compose("build", seconds=BUILDING)  # An image of an earlier checkout would be taken otherwise.
            self.compose("up", "-d", "--no-build", seconds=STARTING)
        except Broken:  # Nothing is entered, so nobody would take down what started.
            self.compose("down", "-v")
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.compose("down", "-v")

    def extend(self, overlays: Iterable[str], environments: Mapping[str, Mapping[str, str]]) -> None:
        """Start what further files add, over what runs, have everybody asked who he is, and wait for all of it.

        `environments` tell them more.
        """
        own = self.folder / "beside.yaml"
        own.write_text(_trial({name: self.ports[name] for name in ADDED}, environments))
        self._compose += [
            word for file in (*(ROOT / "deploy" / name for name in overlays), own) for word in ("-f", str(file))
        ]
        self._set = {}
        self.compose("up", "-d", "--no-build", seconds=STARTING)
        self.services += ADDED
        self.ready()

    def container(self, service: str) -> str:
        """The name of a service's container."""
        labels = {"project": PROJECT, "service": service}
        asked = [word for key, value in labels.items() for word in ("-f", f"label=com.docker.compose.{key}={value}")]
        return self.engine.run("ps", "-a", *asked, "--format", "{{.Names}}").strip()

    def inside(self, *words: str, seconds: float = 120) -> str:
        """What a command answers where an operator's commands run."""
        return self.engine.run("exec", self.container("operator"), *words, seconds=seconds)

    def ready(self, seconds: float = STARTING) -> float:
        """Wait until every service says that it is ready; how many seconds that took. Raises Broken."""
        began, waiting = time.monotonic(), list(self.services)
        said = ""
        while waiting:
            try:
                answer = httpx.get(self.url(waiting[0]) + "/health/ready", trust_env=False, timeout=10)
                said = answer.text
                if answer.status_code == httpx.codes.OK:
                    waiting.pop(0)
                    continue
            except httpx.HTTPError as error:
                said = repr(error)
            if time.monotonic() > began + seconds:
                log = self.engine.run("logs", "--tail", "30", self.container(waiting[0]))
                raise Broken(f"{waiting[0]} is not ready: {said}\n{log}")
            time.sleep(0.5)
        return time.monotonic() - began

    def url(self, service: str) -> str:
        """Where a service answers."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def take_out(self) -> None:
        """Put the keys that the test needs into its folder."""
        for name in TAKEN_OUT:
            file = self.folder / ("secret" if name == "secret" else f"keys/{name}")
            file.parent.mkdir(exist_ok=True)
            file.unlink(missing_ok=True)
            file.write_text(self.inside("cat", f"/keys/{name}"))
            file.chmod(0o600)

    def passwords(self) -> Mapping[str, str]:
        """The passwords of the roles in PostgreSQL."""
        lines = (self.folder / "keys" / "databases.pgpass").read_text().splitlines()
        return {role: password for *_, role, password in (line.split(":") for line in lines)}

    def kill(self, service: str) -> None:
        """Kill a container in one moment."""
        self.engine.run("stop", "-t", "0", self.container(service))

    def start(self, service: str) -> None:
        """Start a container again."""
        self.engine.run("start", self.container(service))

    def unhealthy(self) -> set[str]:
        """The containers whose own health check says so; podman without systemd makes none by itself, and is asked."""
        found = set()
        for service in self.running():
            name = self.container(service)
            told = json.loads(self.engine.run("inspect", name))[0]
            if not told["Config"].get("Healthcheck"):
                continue
            try:
                if self.engine.command == "podman":
                    self.engine.run("healthcheck", "run", name)
                elif told["State"]["Health"]["Status"] != "healthy":
                    found.add(service)
            except Broken:
                found.add(service)
        return found

    def memory(self) -> float:
        """How many bytes all containers have now, by the engine's own word."""
        names = {self.container(service) for service in self.running()}
        told = self.engine.run("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}")
        parts = [line.split() for line in told.splitlines()]
        return sum(_bytes(part[1]) for part in parts if part[0] in names)

    def running(self) -> Iterable[str]:
        """The services that have a running container."""
        label = f"label=com.docker.compose.project={PROJECT}"
        return self.engine.run(
            "ps",
            "-f",
            label,
            "--format",
            '{{index .Labels "com.docker.compose.service"}}'
            if self.engine.command == "podman"
            else '{{.Label "com.docker.compose.service"}}',
        ).split()

    def image(self, service: str = "registry") -> str:
        """The name of a container's image."""
        return str(json.loads(self.engine.run("inspect", self.container(service)))[0]["Config"]["Image"])

    def size(self) -> float:
        """The size of the product's image, in bytes."""
        return float(self.engine.run("image", "inspect", self.image(), "--format", "{{.Size}}"))


def _bytes(text: str) -> float:
    number = text.rstrip("kKMGiB")
    return float(number) * UNITS[text[len(number) :]]


def _trial(ports: Mapping[str, int], environments: Mapping[str, Mapping[str, str]] = {}) -> str:
    """What the test changes: the ports, and who says what day it is."""
    lines = ["services:"]
    for name in ("init", *ports):
        lines.append(f"  {name}:")
        if name in ports:
            instead = "" if name == "postgres" else "!override "  # It has none outside.
            lines.append(f'    ports: {instead}["127.0.0.1:{ports[name]}:{OTHERS.get(name, HTTP)}"]')
        if name not in OTHERS:
            environment = {"ZHUCUN_SIMULATED": "true", **environments.get(name, {})}
            lines.append(f"    environment: {json.dumps(environment)}")
    return "\n".join(lines)
