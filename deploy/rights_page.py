"""Who may use which address of which service: `docs/rights.md`, made from what commands and queries declare."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from deploy.local.supervisor import SERVICES
from shared.contracts.values import ROLES
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.stream.relay import Relay
from shared.web import http, masking
from shared.web.identity import Asks, asked_of
from shared.web.issuers import Administrator

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/rights.md"
ALL_ROLES: Final = (*ROLES, "subscriber", *get_args(Administrator))
_KEEPERS: Final = {
    "subscriber": ("订阅程序", "a subscriber"),
    "system": ("系统管理员", "the system's administrator"),
    "security": ("安全管理员", "the administrator of rights"),
    "audit": ("审计管理员", "the auditor"),
}
WORDS: Final = {**ROLES, **_KEEPERS}
NAMED: Final = "body"
"""Stands for the role that a command itself names as its body."""
HEAD = f"""# 谁可以办理、查询什么 · Who may do and read what

服务配置了登录服务（`ZHUCUN_ISSUERS`）时，每个请求须带令牌；令牌写明角色及其区划。角色在其区划及所辖区划内有效。
本页由程序生成（`zhucun contracts`），测试对四个服务的每个地址、每个角色、本区划与其他区划逐一试过。

Where a service has issuers (`ZHUCUN_ISSUERS`), each request carries a token, which names roles and their divisions. A
role holds in its division and in all that lie in it. This page is generated (`zhucun contracts`); a test tries each
address of all four services with each role, in its own division and in others.

- `{NAMED}`：命令所填的办理机构，须与令牌中的角色一致，并须是本地规定的机构
  · the body that the command names: the token must have this role, and the region's pack must name this body.
- 按所查对象：对象所在区划须在令牌的区划内
  · by what is found: it must lie in a division of the token.
- 运维：只凭安装令牌，可办理除抽签（2.19）外的一切
  · operators: with the installation's own token, by which all can be done but draws (2.19).
- 派出单位、驻村工作队、村（村民）、乡镇：只办理本单位、本队、本村、本乡镇（令牌中的 `unit`、`team`、`village`、
  `township`）的事项，待办事项也只列这些；农户、帮扶责任人、
  奖惩事项也只能查看自己的；村以现行代码所在的乡镇为准；提出异议不受此限
  · a unit, a team, a village (and a villager) and a township: for its own matters alone, as the token's `unit`, `team`,
  `village` and `township` say; no other is a task of theirs, and of households, who helps them, and cases they read
  their own alone. A village is of the township of its present code. To object is everybody's right.
- 回避：涉及本人（令牌中的 `cadre`）、亲属（`kin`，《公务员法》第七十四条所列）、本人所在工作队或者单位的，
  不得办理，也不列入待办事项（第七十六条）
  · recused: nobody decides about himself (the token's `cadre`), his close relatives (`kin`), the team that he is in, or
  his own unit, and no such decision is a task of his.
- 两人办理：本地规定某环节须由另一人办理的（`four_eyes`），已办理此事其他环节的人员及其委托人、受托人不得办理，也不列入
  其待办事项（《行政事业单位内部控制规范（试行）》第十二条）；未配置登录服务的，无从区分办理人，不作限制，服务启动时予以提示
  · two persons: where the pack says so (`four_eyes`), a step is not for who took another step of the same matter, nor
  for who acts by his power or by whose power he acted, and it is no task of theirs. Without issuers nobody knows who
  acts, so that it is not asked; the service says so when it starts.
- 委托代办：令牌的 `delegated` 写明何人委托的角色、区划及截止时间；受托人以本人身份、委托人所在机关的名义办理和查阅，
  涉及委托人及其亲属的同样回避
  · delegated: the token's `delegated` says whose roles somebody has, where and until when; he acts and reads in
  his own name for the giver's organ, and is recused where the giver would be, from his relatives' matters as well.
- 全国性事项只由运维办理
  · what holds for the whole country is for operators.
"""
SHOWN: Final = """## 不全部显示的内容 · What is shown in part

姓名等在清单和查询中遮盖（张\\*\\*、138\\*\\*\\*\\*1234）；办事需要全名的，逐人查询并写明用途（`purpose`），
用途记入审计日志。农户信息只对做农户工作的角色显示。运维显示全部，同样记入日志。谁查阅过本人的信息，干部自己
可以查询（`GET /v1/readings`）：令牌写明 `cadre`、`unit`（发放表还须 `team`）的，告知日期、机关和内容，不告知查阅人；
案件在听取陈述申辩或者送达决定之前，其查阅情况不告知。审计管理员可查任何人（`about=`）。

Names and the like are masked in lists and queries (“张\\*\\*”, 138\\*\\*\\*\\*1234). Who needs one in full asks for
one person and says for which `purpose`, which the audit log keeps. Households are shown to the roles that work with
them. Operators are shown all, which is logged as well. Cadres ask who has read what is kept about them
(`GET /v1/readings`): whose token names `cadre` and `unit` (and `team`, for statements of pay) is told the day, the
organ and what was read, never by whom; who has read of a case is not told before the hearing, or before the decision is
served. The auditor asks about anybody (`about=`).

| 地址 · address | 内容 · what | 全部显示给 · shown in full to |
|---|---|---|"""
_WHERE: Final = {
    "public": ("不需令牌", "without a token"),
    "known": ("任何有效令牌", "any valid token"),
    "place": ("所填区划", "the division that is named"),
    "found": ("按所查对象", "by what is found"),
    "operator": ("运维", "operators"),
    "command": ("命令的区划", "the command's division"),
}


class Address(NamedTuple):
    """One address of a service and who may use it."""

    service: str
    method: str
    path: str
    where: str
    """As in `Asks`, or `command`."""
    roles: tuple[str, ...]
    handler: HTTPRouteHandler
    decides: bool = False
    """Whether it decides about somebody, who is recused."""


def app_of(service: str, pipeline: Pipeline | None = None, secret: bytes = b"", issuers: Any = None) -> Litestar:
    """The HTTP application of a service, with its routes as they are served."""
    wiring, api = (import_module(f"services.{service}.{part}") for part in ("app", "api"))
    if pipeline is None:

        async def send(_stream: str, _messages: Any) -> None: ...

        pipeline = Pipeline(wiring.SERVICE, store.open_engine("sqlite+aiosqlite://"), Relay(send), "")

    async def health() -> dict[str, Any]:
        return {}

    return http.build(pipeline, api.COMMANDS, api.QUERIES, health, secret, issuers=issuers)


def addresses(service: str, app: Litestar) -> Iterator[Address]:
    """All addresses of a service but those of its documents."""
    by = app.state.speakers
    for route in sorted(app.routes, key=lambda route: route.path):
        for method, (handler, _) in sorted(getattr(route, "route_handler_map", {}).items()):
            if method == "OPTIONS" or route.path.startswith("/docs"):
                continue
            asks: Asks = asked_of(handler)
            where, roles = asks.where, tuple(role for role in ALL_ROLES if role in asks.roles)
            if command := handler.opt.get("command"):
                names_its_body = "body" in command.__struct_fields__
                where, roles = "command", (*by[command], *((NAMED,) if names_its_body else ()))  # type: ignore[assignment]
            elif where in ("public", "known", "operator"):
                roles = ()
            path = getattr(route, "path_format", route.path)
            decides = command is not None and app.state.paths[command] in app.state.decisions
            yield Address(service, method, path, where, roles, handler, decides)


def write() -> None:
    """Write the page."""
    PAGE.write_text(text(), "utf-8")


def text() -> str:
    """The page."""
    parts = [HEAD]
    for service in SERVICES:
        rows = [_row(address) for address in addresses(service, app_of(service))]
        parts += [f"## {service}\n", "| 地址 · address | 区划 · where | 角色 · roles |\n|---|---|---|", *rows, ""]
    return "\n".join([*parts, SHOWN, *_shown(), ""])


def _shown() -> Iterator[str]:
    """A line for each kind of state that is not shown in full to everybody who may read it."""
    for service in SERVICES:
        for kind in sorted(import_module(f"services.{service}.app").SERVICE.tables.states, key=lambda one: one.kind):
            names = [WORDS[role] for role in ROLES if role in kind.readers]
            zh, en = "、".join(zh for zh, _ in names), ", ".join(en for _, en in names)
            if masked := masking.fields(kind):
                fields = ", ".join(f"`{field}`" for field in masked)
                yield f"| `/v1/{kind.kind}` | {fields} | `/v1/unmasked/{kind.kind}/{{id}}?purpose=`：{zh} · {en} |"
            elif kind.readers and not kind.personal:
                yield f"| `/v1/{kind.kind}` | 个人和农户的信息 · what is of persons and households | {zh} · {en} |"


def _row(address: Address) -> str:
    zh, en = _WHERE[address.where]
    if set(address.roles) >= set(ROLES):
        others = [WORDS[role][0] for role in address.roles if role not in ROLES]
        roles = "、".join(["全部办事角色", *others]) + " · all officers" + ", subscribers" * bool(others)
    elif address.roles == (NAMED,):
        roles = f"`{NAMED}`"
    else:
        names = [WORDS.get(role, (f"`{role}`", "if it is named")) for role in address.roles]
        roles = f"{'、'.join(zh for zh, _ in names)} · {', '.join(en for _, en in names)}" if names else ""
    recused = "（回避 · recused）" if address.decides else ""
    return f"| `{address.method} {address.path}` | {zh} · {en} | {roles}{recused} |"
