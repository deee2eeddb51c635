"""How commands reach a system: by its folder or its services' addresses. Refusals become messages for the user."""

import os
import re
import time
import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import httpx
import typer

from deploy.access.keys import seed_file
from deploy.access.users import OPERATOR
from deploy.cli import signed_in
from deploy.local.folder import Folder, StartError
from deploy.local.supervisor import ACCOUNTS, BESIDE, SERVICES
from deploy.terminal import Terminal
from shared.engine.shares import Share, owners
from shared.web.token import operator_headers

if TYPE_CHECKING:  # Importing them takes time, and most commands do not need them.
    from deploy.operations.doctor import Servers
    from shared.rules import State

console = Terminal()

FOLDER_HELP = "数据目录 · data folder of the installation"
FolderOption = Annotated[Path, typer.Option("--folder", "-f", envvar="ZHUCUN_FOLDER", help=FOLDER_HELP)]
ServiceArgument = Annotated[str, typer.Argument(help="服务 · one of " + ", ".join(SERVICES))]
DEFAULT = Path("data/zhucun")
SECRET_FILE = "ZHUCUN_SECRET_FILE"
LOOK: Final = 15.0
"""Seconds within which a service must say whose it is. Later answers may take minutes, but a service that is suspended
must not keep a terminal waiting that long without a word."""
PROFILE_FILES = ("secret_file", "nats_key", "nats_ca")
PROFILE = (*(f"{service}_url" for service in (*SERVICES, *BESIDE)), "nats", *PROFILE_FILES)
"""The settings of a profile: names of environment variables in small letters and without `ZHUCUN_`."""


class Trouble(Exception):
    """An error that the user can mend. The text says how, in Chinese and English."""


def _prefix(place: str) -> str:
    if not re.fullmatch(r"[0-9]{0,6}", place):
        raise Trouble(
            f"--place 应为区划代码或其开头几位，最多 6 位数字，如 2105，不是“{place}”。\n"
            f"  --place takes a division's code or its first digits, 6 at most, such as 2105, not “{place}”."
        )
    return place


PlaceOption = Annotated[str, typer.Option(help="区划代码前缀 · prefix of the division code", callback=_prefix)]


def use_profile(file: Path) -> None:
    """Take addresses and credentials from a TOML file, as if they were environment variables; those that are set win.

    Paths in the file are relative to it. Raises Trouble for a file that cannot be read or has other settings.
    """
    try:
        profile = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Trouble(
            f'读不了配置 {file}。应为 TOML 文件，如“registry_url = "http://10.0.0.5:8001"”。\n'
            f"  The profile {file} cannot be read ({error}). It is a TOML file with lines such as "
            'registry_url = "http://10.0.0.5:8001".'
        ) from None
    if wrong := [name for name, value in profile.items() if name not in PROFILE or not isinstance(value, str)]:
        raise Trouble(
            f"配置 {file} 中的 {'、'.join(wrong)} 无效；可写 {'、'.join(PROFILE)}，值为文字。\n"
            f"  {', '.join(wrong)} in the profile {file}: it may say {', '.join(PROFILE)}, each a text in quotes."
        )
    for name, value in profile.items():
        os.environ.setdefault(f"ZHUCUN_{name.upper()}", str(file.parent / value) if name in PROFILE_FILES else value)


def addresses(folder: Path, service: str) -> list[str]:
    """The addresses of a service's replicas, in order. ZHUCUN_<SERVICE>_URL names them, with commas in between; without
    it they are the ports in the folder.
    """
    remote = os.environ.get(_setting(service))
    if remote:
        return remote.split(",")
    place = Folder(folder)
    kept = place.kept_ports()
    if not kept:
        raise Trouble(
            f"{folder} 不是运行过的数据目录。请先运行 zhucun up，或用 --folder 指明。\n"
            f"  {folder} is not the folder of a system that has run. Run `zhucun up` first, or name it with --folder."
        )
    of = place.replicas
    names = [Share(number, of).named(service) for number in range(1, of + 1)]
    if missing := [name for name in names if name not in kept]:
        raise Trouble(
            f"{folder / 'ports.json'} 里没有 {', '.join(missing)} 的端口。请重新启动系统，会补上 / "
            f"it has no port of {', '.join(missing)}; start the system again, which adds it"
        )
    return [f"http://{place.host}:{kept[name]}" for name in names]


def keeping(folder: Path, service: str, place: str) -> list[str]:
    """The addresses of those replicas that have a part of a place."""
    found = addresses(folder, service)
    return [found[number - 1] for number in owners(place, len(found))]


PLACE: Final = ("请用 --place 指明地市或县的代码", "name one of them, or a county, with --place")
NARROWER: Final = ("请填地市或县的代码", "ask for one of them, or for a county")


def client(folder: Path, service: str, place: str = "", *, wider: tuple[str, str] = PLACE) -> httpx.Client:
    """An HTTP client for the replica of a service that is responsible for a place.

    Raises Trouble where replicas share the prefectures and the place is wider than one. `wider` is what to do then, in
    Chinese and English.
    """
    found = keeping(folder, service, place)
    if len(found) > 1:
        zh, en = wider
        raise Trouble(
            f"服务“{service}”分{len(found)}个副本按地市分管，{zh}。\n"
            f"  {len(found)} replicas of {service} share the prefectures; {en}."
        )
    return open_client(found[0], service, folder)


def clients(folder: Path, service: str, place: str = "") -> Iterator[httpx.Client]:
    """HTTP clients for the replicas of a service that are responsible for parts of a place, one after the other."""
    for url in keeping(folder, service, place):
        with open_client(url, service, folder) as http:
            yield http


def token(folder: Path, service: str) -> dict[str, str]:
    """The header with the token of whoever has signed in here, else of the operator.

    It is empty if nobody has signed in, and the secret that the operator's token is made from cannot be read here. A
    token made from the folder's own secret is never sent to an address outside the folder.
    """
    if tokens := session(accounts_address(folder)):
        return {"Authorization": f"Bearer {tokens.access}"}
    if os.environ.get(_setting(service)) and not os.environ.get(SECRET_FILE):
        return {}
    return operator_headers(secret(folder))


def session(url: str) -> signed_in.Tokens | None:
    """The tokens of whoever has signed in here; None for nobody.

    Raises Trouble if the session has ended: until somebody signs out, nothing is done in the operator's name instead.
    """
    tokens = signed_in.session(url)
    if tokens and tokens.until < time.time():
        raise Trouble(
            f"{tokens.name} 的登录已失效。请重新登录：zhucun login {tokens.name}；改由运维办理的，先 zhucun logout。\n"
            f"  The session of {tokens.name} has ended. Sign in again by `zhucun login {tokens.name}`; to go on as the "
            "operator, sign out first by `zhucun logout`."
        )
    return tokens


def accounts_address(folder: Path) -> str:
    """Where the accounts answer; empty if there are none."""
    return beside_address(folder, ACCOUNTS)


def beside_address(folder: Path, name: str) -> str:
    """Where a process beside the services answers: as the environment says (ZHUCUN_ACCOUNTS_URL), else the port of the
    data folder. Empty if there is none.
    """
    place, named = Folder(folder), os.environ.get(_setting(name))
    if named or is_elsewhere():
        return named or ""
    port = place.kept_ports().get(name)
    return f"http://{place.host}:{port}" if port else ""


def secret(folder: Path) -> bytes:
    """The secret from which the installation's tokens are made. Empty if it cannot be read here."""
    file = Path(os.environ.get(SECRET_FILE) or folder / "secret")
    return file.read_bytes() if file.is_file() else b""


def open_beside(url: str, headers: Mapping[str, str]) -> httpx.Client:
    """An HTTP client for a process beside the services. Refusals raise Trouble."""
    return httpx.Client(
        base_url=url, headers=headers, timeout=60, trust_env=False, event_hooks={"response": [explained]}
    )


def as_operator(folder: Path) -> dict[str, str]:
    """The header with the operator's token. Raises Trouble if the secret that it is made from cannot be read here."""
    headers = operator_headers(secret(folder))
    if not headers:
        raise Trouble(
            "读不到安装密钥：请在系统所在的机器上，用 --folder 或 ZHUCUN_SECRET_FILE 指明。\n"
            "  The installation's secret cannot be read here: name it by --folder or ZHUCUN_SECRET_FILE."
        )
    return headers


def is_elsewhere() -> bool:
    """Whether the environment names the services' addresses. Then no folder of this machine is the system's."""
    return any(os.environ.get(_setting(service)) for service in SERVICES)


def servers(folder: Path) -> "Servers":
    """How to reach NATS as the operator: by ZHUCUN_NATS, ZHUCUN_NATS_KEY and ZHUCUN_NATS_CA, or else by the folder."""
    from deploy.operations.doctor import Servers

    place, key, ca = Folder(folder), os.environ.get("ZHUCUN_NATS_KEY"), os.environ.get("ZHUCUN_NATS_CA")
    return Servers(
        os.environ.get("ZHUCUN_NATS") or f"nats://127.0.0.1:{place.kept_ports()['nats']}",
        Path(key) if key else seed_file(place.keys, OPERATOR),
        Path(ca) if ca else None,
    )


def _setting(service: str) -> str:
    return f"ZHUCUN_{service.upper()}_URL"


def open_client(url: str, service: str, folder: Path) -> httpx.Client:
    """An HTTP client for a service. Refusals (problem+json) and answers from another program raise Trouble.

    Raises StartError if the system at this address belongs to another folder. For example, this folder is a copy and
    its original is running: a command for the copy must not reach the original.
    """

    def explain(response: httpx.Response) -> None:
        there = response.headers.get("zhucun-service")
        what = (f"服务“{there}”", there) if there else ("别的程序", "another program")
        if there != service:
            setting = _setting(service)
            raise Trouble(
                f"在 {url} 应答的不是驻村系统的服务“{service}”，而是{what[0]}。请核对 --folder 或 {setting}。\n"
                f"  What answers at {url} is not {service} of Zhucun but {what[1]}. Look at --folder or at {setting}."
            )
        explained(response)

    first = httpx.get(f"{url}/health/ready", timeout=LOOK, trust_env=False)
    explain(first)
    sign = first.headers.get("zhucun-installation")
    if not os.environ.get(_setting(service)) and sign != Folder(folder).sign:
        raise StartError(
            f"{folder} 的系统没有运行：在 {url} 应答的是另一个数据目录的系统（此目录可能是它的副本）。"
            "什么都没有做。请先用 zhucun up --folder 启动此目录，或用 --folder 指明正在运行的目录。\n"
            f"The system of {folder} does not run: what answers at {url} runs on another folder, of which this one may "
            "be a copy. Nothing was done. Start this one by `zhucun up --folder`, or name the one that runs."
        )
    return httpx.Client(
        base_url=url, headers=token(folder, service), timeout=600, trust_env=False, event_hooks={"response": [explain]}
    )


def explained(response: httpx.Response) -> None:
    """Raise Trouble with the words of a refusal, if the answer is one."""
    if response.is_error and not response.request.url.path.startswith("/health"):
        response.read()
        raise Trouble(_problem(response))


def kinds(service: str) -> Mapping[str, type["State"]]:
    """The kinds of state that a service keeps, by name."""
    return {kind.kind: kind for kind in import_module(f"services.{service}.tables").TABLES.states}


def require_service(service: str) -> None:
    """Raise Trouble unless there is a service of this name."""
    if service not in SERVICES:
        raise Trouble(f"没有服务“{service}” / there is no service {service}; it is one of {', '.join(SERVICES)}")


def _problem(response: httpx.Response) -> str:
    try:
        problem = response.json()
    except ValueError:
        return f"HTTP {response.status_code}: {response.text[:500]}"
    lines = [str(problem.get("title"))]
    told = [fault for fault in problem.get("errors", []) if fault["zh"] not in lines[0]]
    for fault in told[:20]:
        zh, en = fault.get("basis", ("", ""))
        basis = (f"（依据：{zh}）", f" ({en})") if zh else ("", "")
        lines.append(f"  第{fault['row'] + 1}条：{fault['zh']}{basis[0]}\n    {fault['en']}{basis[1]}")
    if len(told) > 20:
        lines.append(f"  …… 共{len(told)}条 / {len(told)} in all")
    return "\n".join(lines)
