"""A service that is hurt from within: `python -m tests.faults.crashing services.<name>.app` in the service's place.

It loads the service's modules once and forks; the child wraps the moments below and is the service, until it dies by
SIGKILL at one of them and the next child begins, with nothing of the former but what database and server hold. So a
restart costs a fork and not a second of imports, and one play sees hundreds of deaths. Production code has no hooks.
"""

import asyncio
import functools
import importlib
import os
import random
import runpy
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from sqlalchemy import Engine, event

from deploy.local.supervisor import SERVICES, System, dying_with
from shared import logs
from shared.engine import dead_letters, flow, outbox, pipeline, store
from shared.stream import bus, consumer
from shared.stream.relay import Batch, Relay

MOMENTS: Final = {
    "loaded": ("读取状态之后", "after states are loaded", 2),
    "deciding": ("规则运行之中", "while rules run", 4),
    "writing": ("两条语句之间", "between two statements", 12),
    "before_commit": ("提交之前", "before the commit", 3),
    "after_commit": ("提交之后、发布之前", "after the commit, before publishing", 2),
    "publishing": ("发送途中、答复之前", "while a batch is on its way", 3),
    "published": ("发布之后、确认之前", "after publishing, before acknowledging", 2),
    "acknowledging": ("确认之时", "instead of acknowledging", 2),
}
"""Each moment in Chinese and English, and how often a life passes it at most before it ends there."""
PLAN: Final = "ZHUCUN_FAULTS"
"""The variable of the environment that holds the plan as JSON."""
LEVEL: Final = "deaths-allowed"
"""The file in the system's folder that says how often each service may have died at each moment by now."""
CLOCK: Final = "clock"
"""The file there that says how many seconds the services' clocks are ahead."""
FEW: Final = 7
"""States in a transaction of a day and messages of an atomic batch, so that few villages suffice for many of each."""
HANDED_OVER: Final = 0.02
"""Seconds in which what was written to a connection reaches the server."""


class Plan(msgspec.Struct, frozen=True):
    """What is done to the services from within."""

    seed: int
    moments: tuple[str, ...] = ()
    """Where they die."""
    ack_wait: float | None = None
    """Seconds after which the server takes a message for lost, in the place of the minute in use."""
    clock: bool = False
    """Whether their clocks go by the file."""
    unable: str = ""
    """The village about which no rule can be run, as long as the file of this name is in the folder."""


class Frail(System):
    """A system whose services are hurt from within, by a plan."""

    def __init__(self, root: Path, plan: Plan) -> None:
        super().__init__(root, env={PLAN: msgspec.json.encode(plan).decode()})

    def command(self, name: str) -> list[str]:
        """The command line of a process, with the services wrapped."""
        line = super().command(name)
        return [*line[:-1], "tests.faults.crashing", line[-1]] if name in self.services else line

    def allow(self, deaths: int) -> None:
        """Let each service have died so often at each moment."""
        (self.folder.root / LEVEL).write_text(str(deaths))

    def deaths(self) -> dict[str, Counter[str]]:
        """How often each service died at each moment."""
        paths = {service: _deaths_file(self.folder.root, service) for service in SERVICES}
        return {s: Counter(path.read_text().split() if path.exists() else ()) for s, path in paths.items()}

    def set_clocks(self, seconds: float) -> None:
        """Put the services' clocks so many seconds ahead of the machine's."""
        (self.folder.root / CLOCK).write_text(str(seconds))


class Fate:
    """When one life of a service ends. Its draws follow from the seed and the deaths so far."""

    def __init__(self, service: str, root: Path, plan: Plan) -> None:
        self._path, self._level = _deaths_file(root, service), root / LEVEL
        self._deaths = Counter(self._path.read_text().split() if self._path.exists() else ())
        chance = random.Random(f"{plan.seed} {service} {self._deaths.total()}")
        self._left = {moment: chance.randint(1, MOMENTS[moment][2]) for moment in plan.moments}

    def strikes(self, moment: str) -> bool:
        """Count one passing of a moment, and say whether this life ends at it."""
        if moment not in self._left or self._deaths[moment] >= _number(self._level):
            return False
        self._left[moment] -= 1
        return self._left[moment] <= 0

    def die(self, moment: str) -> None:
        """Die as by `kill -9`: no handler runs, no buffer is written."""
        with self._path.open("a") as file:
            file.write(f"{moment}\n")
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # The signal may take a moment to arrive, in which nothing more may happen.

    def at(self, moment: str) -> None:
        """Die here and now, if this is the moment."""
        if self.strikes(moment):
            self.die(moment)


def wound(plan: Plan, service: str, root: Path) -> None:
    """Put the moments around the methods and statements between which they lie, and whatever else the plan says."""
    fate = Fate(service, root, plan)
    outbox.PAGE = outbox.BATCH = FEW
    if plan.ack_wait:
        consumer._ACK_WAIT = plan.ack_wait
    if plan.clock:
        for module in (pipeline, outbox, dead_letters, logs):
            module.datetime = _clock(root / CLOCK)  # type: ignore[attr-defined]

    _replace(store, "load_states", lambda load: _passing(load, after=lambda: fate.at("loaded")))
    _replace(bus, "publish_batch", lambda publish: _passing(publish, after=lambda: fate.at("published")))
    _replace(Msg, "ack", lambda ack: _passing(ack, before=lambda: fate.at("acknowledging")))
    event.listen(Engine, "after_cursor_execute", lambda *_: fate.at("writing"))
    event.listen(Engine, "commit", lambda _connection: fate.at("before_commit"))

    @functools.partial(_replace, Relay, "put")
    def _(put: Any) -> Any:
        def wrapped(relay: Relay, batches: Iterable[Batch]) -> None:
            if batches := list(batches):
                fate.at("after_commit")
            put(relay, batches)

        return wrapped

    @functools.partial(_replace, flow._Batch, "follow")
    def _(follow: Any) -> Any:
        def wrapped(batch: flow._Batch, cause: flow.Cause, targets: flow.Targets) -> None:
            fate.at("deciding")
            if plan.unable and plan.unable == cause.correlation and (root / plan.unable).exists():
                raise RuntimeError("this trial lets no rule run for the village")
            follow(batch, cause, targets)

        return wrapped

    @functools.partial(_replace, Client, "publish")
    def _(publish: Any) -> Any:
        async def wrapped(client: Client, subject: str, *parts: Any, **named: Any) -> None:
            await publish(client, subject, *parts, **named)
            if "Nats-Msg-Id" in (named.get("headers") or {}) and fate.strikes("publishing"):
                await asyncio.sleep(HANDED_OVER)
                fate.die("publishing")

        return wrapped

    @functools.partial(_replace, bus, "_send_ahead")
    def _(send_ahead: Any) -> Any:
        async def wrapped(client: Client, messages: Sequence[bus.Message], headers: Sequence[dict[str, str]]) -> None:
            if messages and fate.strikes("publishing"):
                await send_ahead(client, messages[: len(messages) // 2 + 1], headers)
                await asyncio.sleep(HANDED_OVER)
                fate.die("publishing")
            await send_ahead(client, messages, headers)

        return wrapped


def _replace(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    setattr(owner, name, wrap(getattr(owner, name)))


def _nothing() -> None:
    pass


def _passing(original: Any, before: Callable[[], None] = _nothing, after: Callable[[], None] = _nothing) -> Any:
    """A coroutine function with something before or after it."""

    @functools.wraps(original)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        before()
        result = await original(*args, **kwargs)
        after()
        return result

    return wrapped


def _clock(path: Path) -> type[datetime]:
    """A clock that runs ahead by what the file says at each moment."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=_number(path))

    return Clock


def _number(path: Path) -> float:
    """What a file says that is written to meanwhile; 0 if it says nothing."""
    with suppress(FileNotFoundError):
        return float(path.read_text() or 0)
    return 0


def _deaths_file(root: Path, service: str) -> Path:
    """Where a service notes, one line for each death, at which moment it came."""
    return root / f"deaths-{service}"


def main() -> None:
    """Be a service again and again, until it ends in another way than by a plan's SIGKILL."""
    module, plan = sys.argv[1], msgspec.json.decode(os.environ[PLAN], type=Plan)
    importlib.import_module(module)
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)  # It goes to the whole group: the child stops by itself.
    while not stopping:
        parent, child = os.getpid(), os.fork()
        if not child:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            dying_with(parent)()
            wound(plan, module.split(".")[1], Path.cwd())
            runpy.run_module(module, run_name="__main__", alter_sys=True)
            return
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != -signal.SIGKILL:
            sys.exit(code)


if __name__ == "__main__":
    main()
