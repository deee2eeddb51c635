"""Who sends a request, and what he may do: the one place where a caller is asked for.

Every check of rights is a question to a `Caller`. Where the service has no issuers of tokens, nobody is asked who he
is, and only the installation's own token tells operators from others.
"""

import hmac
from collections.abc import Collection, Iterable
from typing import Any, Final

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from shared.contracts import Command
from shared.contracts.values import ROLES
from shared.divisions import COUNTRY
from shared.rules import Refused
from shared.web.token import BODIES_HEADER, operator_key, shows_body

Connection = ASGIConnection[Any, Any, Any, Any]
READERS: Final = frozenset({*ROLES, "subscriber"})
"""The roles whose holders read open events: those of people, and programs that follow the events of a division."""
CALLER: Final = "caller"
"""The key in a request's state under which its caller is kept."""


class Holding(msgspec.Struct, frozen=True):
    """A role that somebody has in a division: a prefix of its code with 0, 2, 4 or 6 digits; empty for the country."""

    role: str
    division: str


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends a request."""

    pseudonym: str = ""
    """Stands for one person or account, without telling which; empty if nobody was asked who he is."""
    organ: str = ""
    """The organ in whose name the caller acts, such as 桓仁满族自治县扶贫办."""
    roles: tuple[Holding, ...] = ()
    is_operator: bool = False
    """Whether it is the installation's own account. It may do everything but what two bodies must do apart."""
    is_anybody: bool = False
    """Whether nobody was asked who he is, since the service has no issuers. Such a caller has every role."""

    def may(self, roles: Collection[str], division: str) -> bool:
        """Whether the caller has one of the roles in a division that contains this one."""
        if self.is_operator or self.is_anybody:
            return True
        return any(held.role in roles and division.startswith(held.division) for held in self.roles)

    def reads(self, division: str) -> bool:
        """Whether the caller may read the open events of everything that lies below this prefix of a division."""
        return self.may(READERS, division)


ANYBODY: Final = Caller(is_anybody=True)
OPERATOR: Final = Caller(pseudonym="operator", is_operator=True)


async def admit(connection: Connection, _handler: BaseRouteHandler) -> None:
    """The guard before every handler: find out who calls, once for each request."""
    connection.scope["state"][CALLER] = OPERATOR if _shows_operator(connection) else ANYBODY


def caller(connection: Connection) -> Caller:
    """Who sends this request."""
    found: Caller = connection.scope["state"][CALLER]
    return found


def _shows_operator(connection: Connection) -> bool:
    """Whether a request carries the operator's token."""
    secret, shown = connection.app.state.secret, connection.headers.get("Authorization", "")
    return bool(secret and shown) and hmac.compare_digest(shown.encode(), f"Bearer {operator_key(secret)}".encode())


def require_operator(connection: Connection) -> None:
    """Refuse (401) who does not show the operator's token. What is sealed or about persons is for operators only."""
    if not caller(connection).is_operator:
        raise Refused(
            "operator",
            "仅限运维：请在服务与命令行两侧用 ZHUCUN_SECRET_FILE 指明同一密钥文件",
            "for operators only: name the same ZHUCUN_SECRET_FILE to the services and to the command line",
            status=401,
        )


async def operators_only(connection: Connection, _handler: BaseRouteHandler) -> None:
    """The guard of a handler that is for operators only."""
    require_operator(connection)


def require_body_token(connection: Connection, body: str) -> None:
    """Refuse (401) a request without the token of `body`: the two bodies of a draw check each other, so that one caller
    must not speak for both (2.19).
    """
    if not shows_body(connection.app.state.secret, connection.headers.get(BODIES_HEADER, ""), body):
        raise Refused(
            "2.19",
            f"须出示该部门自己的令牌（请求头 {BODIES_HEADER}）：运维用 zhucun token 取得，分别交给两个部门",
            f"the body's own token is asked for, in the header {BODIES_HEADER}: an operator reads it with `zhucun "
            "token` and hands each of the two bodies its own",
            field="body",
            status=401,
        )


def require_say(connection: Connection, commands: Iterable[Command]) -> None:
    """Refuse (401) commands about which their caller has no say, whether they come one by one or in a form.

    Only operators decide what holds for the whole country.
    """
    for command in commands:
        if command.place == COUNTRY:
            require_operator(connection)
        if command.by_token:
            require_body_token(connection, str(getattr(command, "body", "")))
