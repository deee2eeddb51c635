"""Commands for the two bodies that draw, and for everybody who wants to recompute a draw."""

import secrets
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Any

import httpx
import msgspec
import typer

from deploy.cli.reach import DEFAULT, FolderOption, PlaceOption, Trouble, clients, console, secret
from shared.contracts.inspection import Body
from shared.contracts.values import ROLES
from shared.labels import label
from shared.web.token import BODIES_HEADER, body_key

app = typer.Typer()
AT_ONCE = 500


@app.command()
def seed() -> None:
    """生成抽签随机数及其哈希 · make a share of a draw's seed, and the hash to be published first."""
    share = secrets.token_hex(32)
    console.say(f"随机数，由系统生成，密封保管 · the share, to be kept sealed:\n{share}")
    console.say(f"哈希，先行公布 · its hash, to be published first:\n{sha256(share.encode()).hexdigest()}")


@app.command()
def token(
    body: Annotated[Body, typer.Argument(help="抽签的部门 · the body that draws")], folder: FolderOption = DEFAULT
) -> None:
    """抽签部门的令牌，由运维分别交给两个部门 · the token that one of the two bodies of a draw shows; for it alone."""
    if not (known := secret(folder)):
        raise Trouble(
            f"{folder} 中没有密钥，或您无权读取。请用 --folder 指明运行过的数据目录。\n"
            f"  {folder} has no secret, or you may not read it. Name the folder of a system that has run by --folder."
        )
    console.note(f"请求头 · header {BODIES_HEADER}")
    console.say(body_key(known, body))


def _journal(http: httpx.Client, types: list[str]) -> Iterator[dict[str, Any]]:
    """The open events of some types from a service's journal, read page by page."""
    after, page = 0, [dict[str, Any]()]
    while page:
        page = http.get("/v1/journal", params={"type": types, "after": after, "limit": AT_ONCE}).json()
        yield from (entry["event"] for entry in page)
        after = page[-1]["position"] if page else after


@app.command(name="verify-draw")
def verify_draw(
    campaign: Annotated[str, typer.Argument(help="督查编号 · the campaign's id")],
    place: PlaceOption = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """按公开事件重算抽签 · recompute a draw that has ended from its public events alone."""
    from shared.contracts import Event
    from shared.draws import FAULTS, OF_DRAWS, registers

    wanted: dict[str, type[Event]] = {event.type: event for event in OF_DRAWS}
    told = (
        msgspec.convert(envelope["data"], wanted[envelope["type"]])
        for http in clients(folder, "inspection")
        for envelope in _journal(http, list(wanted))
        if envelope["subject"] == campaign and envelope["data"]["place"].startswith(place)
    )
    found = [one for one in registers(told) if one.closed]
    if len(found) != 1:
        raise Trouble(
            f"督查“{campaign}”没有抽签、尚未结束，或几个地区重名（用 --place 指明）。\n"
            f"  Campaign {campaign} draws nothing, has not ended, or several divisions have one of this id "
            "(name one with --place)."
        )
    for one in found[0].missed:
        (body, en), what = ROLES[one.body], label("what", one.what)
        console.note(f"{body}逾期未交{what} · {en} did not give its {one.what} in time")
    closed = found[0].closed
    assert closed
    if closed.drawn_on is None:
        console.note("没有任何一方交付随机数，未抽签 · nobody gave a share, so that nothing was drawn")
        return
    if faults := found[0].faults:
        said = (" · ".join(FAULTS[fault]) for fault in faults)
        raise Trouble("抽签与公开的承诺不符 · the draw does not hold:\n  " + "\n  ".join(said))
    console.good(
        f"{campaign}：{len(closed.frame)} 村中抽 {len(closed.drawn)} 村，重算一致 · "
        f"{len(closed.drawn)} of {len(closed.frame)} villages; recomputed, it holds"
    )
