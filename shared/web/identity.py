"""Who sends a request, and what he may do: rights are checked here.

The `Route` of each command says which roles may say it, unless the command names the `body` that acts: then the caller
must have that role, and the rules check that it is the body which the pack names. Each query says by `asks` who may ask
it. The guard before all handlers is `admit`: it finds out who calls, and refuses whoever may not ask. `require_say`
refuses commands, whether they come one by one or in a form. What only the states can tell, such as whose team a village
has, is checked in `shared/engine/actors.py`.

If a service has no issuers of tokens, nobody is asked who he is, and only the installation's own token tells operators
from others.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, Final, Literal

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope
from msgspec import UNSET

from shared.contracts import Command
from shared.contracts.values import OWN, ROLES
from shared.divisions import COUNTRY
from shared.engine.actors import Actor, is_his, is_within, nobody
from shared.engine.people import Person
from shared.rules import Refused, State, Task
from shared.web.issuers import LEEWAY, Belongs, Delegated, Holding, IssuerAway, Issuers, TokenRefused
from shared.web.limits import Limits
from shared.web.token import BODIES_HEADER, is_operator_key, relative, shows_body

Connection = ASGIConnection[Any, Any, Any, Any]
Speakers = Mapping[type[Command], Collection[str]]
"""The roles that may say each kind of command which does not name its body."""
Decisions = Mapping[str, Collection[str]]
"""By path of each command that decides about somebody: the fields that name those about whom it decides."""
OFFICERS: Final = frozenset(ROLES)
"""The roles of people who work with villages. Each reads what is open in its divisions."""
READERS: Final = OFFICERS | {"subscriber"}
"""The roles whose holders read open events: officers, and programs that follow the events of a division."""
_NAMES: Final = ROLES | {
    "system": ("系统管理员", "the system administrator"),
    "audit": ("审计管理员", "the audit administrator"),
}
CALLER: Final = "caller"
"""The key in a request's state under which its caller is kept."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends a request."""

    person: Person | None = None
    """Who it is, as the issuer of the token knows it; None for anybody without one."""
    pseudonym: str = ""
    """Stands for one person or account, without telling which; empty if nobody was asked who he is."""
    organ: str = ""
    """The organ in whose name the caller acts, such as 桓仁满族自治县扶贫办."""
    roles: tuple[Holding, ...] = ()
    """All his roles, his own and those that others have handed to him."""
    own: tuple[Holding, ...] = ()
    """His own roles."""
    delegated: tuple[Delegated, ...] = ()
    """What others have handed to him for a time, each by its giver's pseudonym."""
    givers: tuple[Person, ...] = ()
    """Who these others are, as the issuer of the token knows them."""
    relative: Callable[[str], str] = str
    """Turns a cadre's id into the form in which the token names the relatives of these others (`token.relative`)."""
    belongs: Belongs = Belongs()
    """Which cadre he is, and of which unit, team, village and township, as far as the token says so."""
    is_operator: bool = False
    """Whether it is the installation's own account. It may do everything except what two bodies must do separately."""
    is_anybody: bool = False
    """Whether nobody was asked who he is, since the service has no issuers. Such a caller has every role."""

    def may(self, roles: Collection[str], division: str) -> bool:
        """Whether the caller has one of the roles in a division that contains this one, or this prefix of one."""
        if self.is_operator or self.is_anybody:
            return True
        return any(held.role in roles and division.startswith(held.division) for held in self.roles)

    def reads(self, division: str) -> bool:
        """Whether the caller may read the open events of everything that lies below this prefix of a division."""
        return self.may(READERS, division)

    def has(self, roles: Collection[str]) -> bool:
        """Whether the caller has one of the roles anywhere."""
        return self.is_operator or self.is_anybody or any(held.role in roles for held in self.roles)

    def divisions(self, roles: Collection[str]) -> frozenset[str]:
        """The divisions in which the caller has one of the roles, as prefixes; the empty one is the country."""
        everywhere = self.is_operator or self.is_anybody
        return frozenset({""} if everywhere else {held.division for held in self.roles if held.role in roles})

    def organ_by(self, roles: Collection[str], division: str) -> str:
        """The organ for which the caller uses one of the roles in a division: his own, or that of the person for whom
        he acts."""
        if not _fitting(self.own, roles, division):
            for one in self.delegated:
                if _fitting(one.roles, roles, division):
                    return one.organ or self.organ
        return self.organ

    @property
    def sender(self) -> str:
        """The name under which his requests are kept: his pseudonym. It is empty for the installation's own account and
        for unknown callers, who share their keys."""
        return "" if self.is_operator else self.pseudonym

    def is_same(self, other: "Caller") -> bool:
        """Whether the caller is this other one, or the operator. Nobody else may see what the other one has sent."""
        return self.is_operator or self.pseudonym == other.pseudonym

    def is_only(self, role: str, division: str) -> bool:
        """Whether the caller has this role there, and no other: whoever has two could play two bodies."""
        return {held.role for held in self.roles if division.startswith(held.division)} == {role}


NOBODY: Final = Caller()
ANYBODY: Final = Caller(is_anybody=True)
OPERATOR: Final = Caller(pseudonym="operator", is_operator=True)

# ---------------------------------------------------------------- who may ask


class Asks(msgspec.Struct, frozen=True):
    """Who may ask a query, or use another address that takes no commands."""

    where: Literal["public", "known", "place", "found", "operator"]
    """`public`: anybody, without a token. `known`: whoever has one. `place`: who has one of the roles in the division
    that the request names as `place`. `found`: who has one of the roles anywhere; the handler then checks the division
    of what it has found (`require_reach`). `operator`: the installation's own account."""
    roles: Collection[str] = OFFICERS


PUBLIC, KNOWN, OPERATORS = Asks("public"), Asks("known"), Asks("operator")
PLACE, FOUND, TOLD = Asks("place"), Asks("found"), Asks("found", READERS)
KEEPERS = Asks("found", frozenset({"system", "audit"}))
"""Who may ask what concerns the running of the system: its administrator, and the one who watches over him."""
PERSONAL: Final = "personal"
"""The key in a handler's options which says that it tells of persons. Each such reading is logged. If nobody is asked
who he is, only operators may read it."""
_TOLD: Final = "told_of"
"""The key in a request's state that keeps of whom the answer tells."""
ORGAN: Final = "organ"
"""The key in a request's state that keeps the organ by whose roles the caller may ask."""
_DOCUMENTS: Final = ("/docs", "/docs-assets")
"""Where the framework serves the documents about the service, which are public."""


def asked_of(handler: BaseRouteHandler) -> Asks:
    """Who may use a handler, as it says itself. One that says nothing is for operators, unless it takes commands."""
    found: Asks = handler.opt.get("asks") or (FOUND if "command" in handler.opt else OPERATORS)
    return found


def _is_public(connection: Connection) -> bool:
    """Whether the framework itself answers: with a document, or with the methods of an address."""
    return connection.scope["path_template"].startswith(_DOCUMENTS) or connection.scope.get("method") == "OPTIONS"


async def admit(connection: Connection, handler: BaseRouteHandler) -> None:
    """The guard before every handler: find out who calls, once for each request, and whether he may ask this."""
    asks = PUBLIC if _is_public(connection) else asked_of(handler)
    found = connection.scope["state"][CALLER] = await _authenticated(connection, is_public=asks.where == "public")
    _require_pace(connection, found, is_public=asks.where == "public")
    if asks.where == "operator" or (handler.opt.get(PERSONAL) and found.is_anybody):
        require_operator(connection)
    elif asks.where != "public":
        if found is NOBODY:
            raise _unknown("请登录，并在请求头“Authorization”中出示令牌", "log in: the request needs a token")
        if asks.where == "place":
            require_reach(connection, _place(connection), asks.roles)
        elif asks.where == "found" and not found.has(asks.roles):
            raise _no_role(asks.roles)


def _require_pace(connection: Connection, who: Caller, *, is_public: bool) -> None:
    """Refuse (429) a caller who asks too often. Public addresses, such as those for health, have no limit."""
    if not is_public and not who.is_operator and not who.is_anybody:
        connection.app.state.limits.require(who.pseudonym or _address(connection))


def _address(connection: Connection) -> str:
    return connection.client.host if connection.client else ""


async def _authenticated(connection: Connection, *, is_public: bool) -> Caller:
    shown = connection.headers.getall("Authorization", [])
    if len(shown) > 1:
        raise _unknown("令牌只能有一个", "there may be one token only")
    secret, issuers = connection.app.state.secret, connection.app.state.issuers
    if shown and shown[0].startswith("Bearer ") and is_operator_key(secret, shown[0].removeprefix("Bearer ")):
        return OPERATOR
    if issuers is None:
        return ANYBODY
    if is_public or not shown:
        return NOBODY
    scheme, _, token = shown[0].partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unknown("请以“Bearer”方式出示令牌", "show the token as Bearer")
    assert isinstance(issuers, Issuers)
    limits: Limits = connection.app.state.limits
    try:
        bearer = await issuers.bearer(token.strip())
    except TokenRefused as refused:
        limits.require_trust(_address(connection))
        raise _unknown(refused.zh, refused.en) from refused
    except IssuerAway as away:
        raise Refused("token", away.zh, away.en, status=503) from away
    who, granted = bearer.person, bearer.granted
    handed = tuple(one for one in granted.delegated if one.until + LEEWAY > time.time())
    return Caller(
        person=who, pseudonym=who.pseudonym, organ=granted.organ, own=granted.roles, delegated=handed,
        givers=bearer.givers, relative=partial(relative, secret), belongs=granted,
        roles=(*granted.roles, *(held for one in handed for held in one.roles)),
    )  # fmt: skip


def caller(connection: Connection) -> Caller:
    """Who sends this request."""
    found: Caller = connection.scope["state"][CALLER]
    return found


def acting(connection: Connection) -> Callable[[Command], Actor]:
    """A function that tells as whom the caller of this request says a command."""
    if connection.app.state.issuers is None:
        return nobody
    state = connection.app.state
    return partial(_actor, caller(connection), state.speakers, state.paths, state.decisions)


def _actor(
    who: Caller, by: Speakers, paths: Mapping[type[Command], str], decisions: Decisions, command: Command
) -> Actor:
    return _in_roles(who, speakers(command, by), command.place, paths[type(command)], decisions)


def _in_roles(who: Caller, asked: Collection[str], place: str, action: str, decisions: Decisions) -> Actor:
    """As whom somebody acts in some roles: by his own, or by those that others have handed to him."""
    own, concerns = _fitting(who.own, asked, place), decisions.get(action)
    actor = _by(who, own, who.organ, who.belongs, action, concerns)
    if not who.delegated:
        return actor
    powers = tuple(
        msgspec.structs.replace(_by(who, roles, one.organ, one, action, concerns), giver=one.giver, seal=who.relative)
        for one in who.delegated
        if (roles := _fitting(one.roles, asked, place))
    )
    return msgspec.structs.replace(actor, may=bool(own) or not powers, powers=powers)


def _fitting(held: Iterable[Holding], asked: Collection[str], place: str) -> Collection[str]:
    """Those of the roles asked for that are held in a division which contains a place."""
    return {one.role for one in held if one.role in asked and place.startswith(one.division)}


def _by(
    who: Caller, roles: Collection[str], organ: str, belongs: Belongs, action: str, concerns: Collection[str] | None
) -> Actor:
    return Actor(
        pseudonym=who.pseudonym, organ=organ or UNSET, cadre=belongs.cadre, unit=belongs.unit, team=belongs.team,
        village=belongs.village, township=belongs.township, kin=belongs.kin,
        acts_as=roles if OWN.keys() >= {*roles} else (), action=action, concerns=concerns,
    )  # fmt: skip


def sees(who: Caller, state: State, task: Task, decisions: Decisions, code_now: Callable[[str], str]) -> bool:
    """Whether a caller is shown a task.

    Operators are shown all tasks. If nobody is asked who he is, all others see the tasks that are not about persons. A
    known caller also sees the tasks of roles that he does not have, unless they are about persons. Of the tasks of his
    own roles he sees those that he may do: they belong to his own unit, team, village or township, are no decisions
    about himself, and are no steps that the pack reserves for another person because he took an earlier one.

    `decisions` says for each command about whom it decides, `code_now` which code a village has now.
    """
    if who.is_operator or who.is_anybody:
        return who.is_operator or not state.personal
    if not who.may((task.role,), state.place):
        return not state.personal
    return is_his(_in_roles(who, (task.role,), state.place, task.action, decisions), state, task, code_now)


def in_which(who: Caller, roles: Collection[str], place: str, code_now: Callable[[str], str]) -> Callable[[str], bool]:
    """A function that tells in which villages of a division a caller has one of the roles: in all of them, or only in
    his own if the role is limited to these. `code_now` gives the present code of a village."""
    parts = [(who.own, who.belongs), *((one.roles, one) for one in who.delegated)]
    held = [(role, of) for has, of in parts for role in _fitting(has, roles, place)]
    if who.is_operator or any(role not in OWN for role, _ in held):
        return in_all
    return lambda village: any(
        is_within(village if role == "team" else code_now(village), of, role) for role, of in held
    )


def not_his(village: str) -> Refused:
    """The refusal of data about persons of another village, to a caller who may read only of his own village or
    township."""
    return Refused(
        "role",
        f"本账号只能查询本村、本乡镇的个人信息，村{village}的请由其自己的人员查询",
        f"this account reads about persons of its own village or township alone, and not of village {village}",
        status=403,
    )


def in_all(_village: str) -> bool:
    """True: for somebody who has his role in every village of a division."""
    return True


def tells_of(connection: Connection, persons: Iterable[str]) -> None:
    """Note of whom the answer tells, each as `<kind of state>/<id>`, so that the audit log names them as read.

    A handler that tells of persons only in some cases, such as the list of tasks, calls this in those cases.
    """
    connection.scope["state"].setdefault(_TOLD, {}).update(dict.fromkeys(persons))


def told_of(scope: Scope) -> Collection[str]:
    """Those of whom the answer to a request tells, each once."""
    found: dict[str, None] = scope["state"].get(_TOLD, {})
    return found


def _place(connection: Connection) -> str:
    """The division that a request names, or its first digits; empty for all."""
    return str(connection.path_params.get("place") or connection.query_params.get("place", ""))


def require_reach(connection: Connection, place: str, roles: Collection[str] = OFFICERS) -> None:
    """Refuse (403) a caller who has none of the roles in this division, or in one that contains it."""
    who = caller(connection)
    connection.scope["state"][ORGAN] = who.organ_by(roles, place)
    if not who.may(roles, place):
        if not who.has(roles):
            raise _no_role(roles)
        where = "、".join(sorted(division or "全国" for division in who.divisions(roles)))
        raise Refused(
            "role",
            f"本账号只能查询区划{where}，请指明其中之一",
            f"this account reads {', '.join(sorted(who.divisions(roles)))} only; name one of these divisions",
            field="place",
            status=403,
        )


def _unknown(zh: str, en: str) -> Refused:
    return Refused("token", zh, en, status=401)


def _no_role(roles: Collection[str]) -> Refused:
    zh, en = _named(roles) if len(roles) <= 3 else ("办事人员", "officers")
    return Refused("role", f"本账号无此权限（限{zh}）", f"this account has no right to it: it is for {en}", status=403)


def _named(roles: Collection[str]) -> tuple[str, str]:
    """Roles by their names, in Chinese and English."""
    names = [_NAMES.get(role, (role, role)) for role in sorted(roles)]
    return "、".join(zh for zh, _ in names), ", ".join(en for _, en in names)


# ----------------------------------------------------------- what they may say


def require_operator(connection: Connection) -> None:
    """Refuse a caller who does not show the operator's token: with 403 if he is known to be somebody else, else 401."""
    who = caller(connection)
    if not who.is_operator:
        raise Refused(
            "operator",
            "仅限运维：请在服务与命令行两侧用 ZHUCUN_SECRET_FILE 指明同一密钥文件",
            "for operators only: name the same ZHUCUN_SECRET_FILE to the services and to the command line",
            status=403 if who.pseudonym else 401,
        )


def require_body(connection: Connection, body: str, place: str) -> None:
    """Refuse a request without the token of `body`, unless the caller is a person who acts for this body alone. The two
    bodies of a draw check each other, so one caller must not speak for both (2.19).
    """
    if caller(connection).is_only(body, place):
        return
    if not shows_body(connection.app.state.secret, connection.headers.get(BODIES_HEADER, ""), body):
        raise Refused(
            "2.19",
            f"须出示该部门自己的令牌（请求头 {BODIES_HEADER}）：运维用 zhucun token 取得，分别交给两个部门",
            f"the body's own token is asked for, in the header {BODIES_HEADER}: an operator reads it with `zhucun "
            "token` and hands each of the two bodies its own",
            field="body",
            status=401,
        )


def speakers(command: Command, by: Speakers) -> Collection[str]:
    """The roles that may say a command: the body that it names, or those of its kind."""
    body = getattr(command, "body", None)
    return by.get(type(command), ()) if body is None else (str(body),)


def require_say(connection: Connection, commands: Iterable[Command]) -> None:
    """Refuse (401, 403) commands about which their caller has no say, whether they come one by one or in a form.

    Only operators decide what holds for the whole country.
    """
    who, by = caller(connection), connection.app.state.speakers
    for command in commands:
        connection.scope["state"][ORGAN] = who.organ_by(speakers(command, by), command.place)
        if command.place == COUNTRY:
            require_operator(connection)
        if command.by_token:
            require_body(connection, str(getattr(command, "body", "")), command.place)
        elif not who.may(roles := speakers(command, by), command.place):
            zh, en = _named(roles)
            raise Refused(
                "role",
                f"本账号无权在区划 {command.place} 办理此事：须具有该区划的角色（{zh}）",
                f"this account has no say about it in division {command.place}; there it is for {en}",
                field="body" if hasattr(command, "body") else "place",
                status=403,
            )
