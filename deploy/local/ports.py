"""The ports and the address of an installation. They are chosen once and kept; the errors say who has a taken port."""

import random
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from deploy.local.errors import StartError
from deploy.local.processes import holder, soon

# Below the range from which Linux and macOS take the ports of outgoing connections: a port in that range
# could be in use by a client, even by one of our own, at the moment when its owner restarts.
PORT_RANGE: Final = range(20_000, 30_000)
Port = Annotated[int, Meta(ge=1, le=65535)]


def address(bind: str) -> str:
    """Check an address to listen on. Raises StartError if it is no address of this machine."""
    try:
        own = str(ip_address(bind))
    except ValueError:
        raise StartError(
            f"监听地址 {bind!r} 不是 IP 地址。请写本机的一个地址，如 10.0.0.5。\n"
            f"The address {bind!r} to bind to is no IP address. Write one of this machine's, such as 10.0.0.5."
        ) from None
    if fault := _fault(0, own):
        raise StartError(
            f"监听地址 {own} 不可用（{fault}）：它不是本机的地址。请用 --bind 改写，如 --bind 127.0.0.1。\n"
            f"The address {own} cannot be bound to ({fault}): it is none of this machine's. Name another with --bind, "
            "such as --bind 127.0.0.1."
        )
    return own


def choose(
    names: Sequence[str],
    before: Mapping[str, int],
    wanted: Mapping[str, int],
    hosts: Mapping[str, str],
    *,
    path: Path,
    moved: bool,
) -> tuple[dict[str, int], list[str]]:
    """Choose a port for each name: the wanted one, or its former one, or a new one. Returns also who lost theirs.

    After an installation was moved, a port that another program has is replaced. Otherwise clients know the port, so
    StartError says who has it. `path` is the file that keeps the ports.
    """
    if strange := sorted(wanted.keys() - {*names}):
        raise StartError(
            f"没有进程 {', '.join(strange)}，不能定端口；有 {', '.join(names)}。\n"
            f"There is no process {', '.join(strange)} to have a port; there are {', '.join(names)}."
        )
    kept, given_up = {**before, **wanted}, list[str]()
    for name, port in [*kept.items()]:
        if same := [other for other, its in kept.items() if its == port and other != name]:
            raise StartError(
                f"{name} 和 {same[0]} 不能都用端口 {port}。请用 --port 给其中一个另定端口。\n"
                f"{name} and {same[0]} cannot both have port {port}. Give one of them another with --port."
            )
        if not soon(partial(_is_free, port, hosts[name])):
            if not moved or name in wanted:
                raise StartError(_taken(name, port, hosts[name], path))
            del kept[name]
            given_up.append(name)
    missing = [name for name in names if name not in kept]
    shuffled = random.sample(PORT_RANGE, len(PORT_RANGE))
    unused = (port for port in shuffled if port not in kept.values() and all(_is_free(port, h) for h in hosts.values()))
    return kept | {name: next(unused) for name in missing}, given_up


def _taken(name: str, port: int, host: str, path: Path) -> str:
    if isinstance(_fault(port, host), PermissionError):
        return (
            f"{name} 不能用端口 {port}：1024 以下的端口须有系统特权。请用 --port {name}=… 另定一个。\n"
            f"{name} may not have port {port}: those below 1024 are privileged. Choose another by --port {name}=…"
        )
    who = holder(port)
    return (
        f"{name} 的端口 {port} 已被占用（{who}）。请停止占用它的进程；或用 --port {name}=… 另定一个；"
        f"或删除 {path}，下次启动将另选端口，使用旧地址的客户端须改用新地址。\n"
        f"Port {port} of {name} is taken ({who}). Stop the process that has it; or choose another by --port {name}=…; "
        f"or delete {path} to have new ports chosen at the next start: clients must then learn them."
    )


def _fault(port: int, host: str) -> OSError | None:
    """The error when listening on a port at an address of this machine. None if it works."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error
    return None


def _is_free(port: int, host: str) -> bool:
    return _fault(port, host) is None
