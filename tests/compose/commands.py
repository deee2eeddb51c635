"""The command line and a subscriber against a composed system, from outside it and from within."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from deploy.demo.forms import fill
from deploy.demo.regions.benxi.story import POLICY
from deploy.local.supervisor import SERVICES
from services.registry import forms
from tests.compose.engine import ROOT, Broken, Installation
from tests.compose.line import Line, failed

COUNTY: Final = "210521"
NAME: Final = "新来村"
LISTENS: Final = 10.0
"""Seconds for which a subscriber is left to listen."""
ANEW: Final = "await connection.jetstream(domain='zhucun').delete_consumer('ZHUCUN', 'liaoning-21')"
FROM: Final = "config=nats.js.api.ConsumerConfig(deliver_policy='by_start_time', opt_start_time='{}')"
"""What README puts in to begin at a moment."""


class Place(NamedTuple):
    """Where commands are given: how, and how files get there and back."""

    zh: str
    en: str
    folder: str
    """Where files lie there."""
    zhucun: Callable[..., str]
    put: Callable[[str, bytes], object]
    get: Callable[[str], bytes]


def outside(placed: Installation) -> Place:
    """On the operator's own machine, by a profile beside the keys that were taken out of the volume."""
    folder = placed.folder
    profile = {f"{service}_url": placed.url(service) for service in SERVICES} | {
        "secret_file": "secret",
        "nats": f"tls://127.0.0.1:{placed.ports['nats-1']}",
        "nats_key": "keys/operator.nk",
        "nats_ca": "keys/ca.pem",
    }
    file = folder / "site.toml"
    file.write_text("".join(f'{name} = "{value}"\n' for name, value in profile.items()))
    own = {name: value for name, value in os.environ.items() if not name.startswith("ZHUCUN_")} | {"LC_ALL": "C.UTF-8"}

    def zhucun(*words: str) -> str:
        command = [str(Path(sys.executable).with_name("zhucun")), "--profile", str(file), *words]
        return _told(command, subprocess.run(command, capture_output=True, cwd=folder, env=own, timeout=120))

    return Place(
        "从外面",
        "from outside",
        str(folder),
        zhucun,
        lambda name, content: Path(name).write_bytes(content),
        lambda name: Path(name).read_bytes(),
    )


def within(placed: Installation) -> Place:
    """In the operator's container, which writes to memory only: files come and go by its standard input and output."""
    exec = [placed.engine.command, "exec", "-i", placed.container("operator")]

    def zhucun(*words: str) -> str:
        command = [*exec, "zhucun", *words]
        return _told(command, subprocess.run(command, capture_output=True, timeout=120))

    def put(name: str, content: bytes) -> None:
        subprocess.run([*exec, "sh", "-c", f"cat > {name}"], input=content, check=True, timeout=60)

    def get(name: str) -> bytes:
        return subprocess.run([*exec, "cat", name], capture_output=True, check=True, timeout=60).stdout

    return Place("在容器里", "from within", "/tmp", zhucun, put, get)


def _told(command: Sequence[str], answer: subprocess.CompletedProcess[bytes]) -> str:
    said = answer.stdout.decode()
    if answer.returncode:
        raise Broken(f"{' '.join(command)}: {answer.returncode}\n{said[-2000:]}{answer.stderr.decode()[-2000:]}")
    return said


def register(place: Place, village: str) -> str:
    """Hand in a village by an officer's form, as the system gives it out; what is said of it. Raises Broken."""
    blank, form = f"{place.folder}/blank-{village}.xlsx", f"{place.folder}/villages-{village}.xlsx"
    place.zhucun("template", "villages", "--place", COUNTY, "-o", blank)
    row = {"place": COUNTY, "village": village, "name": NAME, "township": "某乡", "population": 800, "listed": False}
    place.put(form, fill(place.get(blank), forms.FORMS["villages"].form([POLICY]), [row]))
    return place.zhucun("import", "villages", form, "--place", COUNTY)


def commands(place: Place, village: str) -> Line:
    """An officer's form goes out and in, and what officers and operators ask is answered."""
    zh, en = f"命令行，{place.zh}", f"the command line, {place.en}"
    asked: dict[tuple[str, ...], str] = {
        ("village", village): NAME,
        ("tasks", "--place", COUNTY): "期限",
        ("dead-letters", "list"): "原因",
        ("recover", "incentives"): "incentives",
        ("doctor",): "✓",
    }
    try:
        said = {"import": ("已导入", register(place, village))}
        said |= {words[0]: (expected, place.zhucun(*words)) for words, expected in asked.items()}
    except Broken as error:
        return failed(zh, en, error)
    wrong = [
        f"{word}: {told[-1000:]}" for word, (expected, told) in said.items() if expected not in told or "✗" in told
    ]
    return Line(zh, en, "; ".join(wrong) or ", ".join(said), not wrong)


class Subscriber:
    """README's lines, run as a provincial system would with what it was granted, and the villages that it tells of."""

    def __init__(self, placed: Installation, seed: Path) -> None:
        text = (ROOT / "README.md").read_text("utf-8").partition("```python\n")[2].partition("```")[0]
        self._code = (
            text.replace("nats://127.0.0.1:4222", f"tls://127.0.0.1:{placed.ports['nats-1']}")
            .replace("liaoning.nk", str(seed))
            .replace("village.delisted", "village.registered")  # So soon none has left the list.
            .replace('event["data"]["incidence"]', 'event["type"]')
        )
        self._ca = placed.folder / "keys" / "ca.pem"

    def heard(self, since: str = "") -> list[str]:
        """The villages that it hears of before it is stopped; `since` a moment, if it is told."""
        code = self._code
        if since:
            code = code.replace("exits = await", f"{ANEW}\n    exits = await").replace(
                'stream="ZHUCUN"\n', f'stream="ZHUCUN", {FROM.format(since)}\n'
            )
        command, env = [sys.executable, "-c", code], {**os.environ, "SSL_CERT_FILE": str(self._ca)}
        try:
            said = subprocess.run(command, capture_output=True, env=env, timeout=LISTENS).stdout
        except subprocess.TimeoutExpired as stopped:
            said = stopped.stdout or b""
        return [line.split()[1] for line in said.decode().splitlines()]


def subscribed(placed: Installation, known: int, village: str) -> Iterator[Line]:
    """A subscriber is granted access, hears all, goes on where it was, and begins at a moment; it may do no more."""
    zh, en = "订阅方", "a subscriber"
    place = within(placed)
    try:
        told = place.zhucun("access", "grant", "liaoning", "--place", "21", "-o", "/tmp/liaoning.nk")
        seed = placed.folder / "liaoning.nk"
        seed.write_bytes(place.get("/tmp/liaoning.nk"))
        yield Line(f"{zh}获得密钥", f"{en} is granted a key", "granted", "下次启动" not in told)
        subscriber = Subscriber(placed, seed)
        first = subscriber.heard()
        yield Line(f"{zh}从头收听", f"{en} hears all", f"{len(first)} of {known}", len(set(first)) == known)
        moment = datetime.now(UTC).isoformat()
        register(place, village)
        second = subscriber.heard()
        yield Line(f"{zh}接着收听", f"{en} goes on where it was", f"{second}", second == [village])
        third = subscriber.heard(moment)
        yield Line(f"{zh}从某一时刻收听", f"{en} begins at a moment", f"{third}", third == second)
        place.zhucun("access", "revoke", "liaoning")
        yield Line(f"{zh}被收回授权", f"{en} has no access any more", "", not subscriber.heard())
    except Broken as error:
        yield failed(zh, en, error)
