"""Accounts, and who may do what with them.

Three administrators are apart, and no person is two of them: the system administrator makes accounts, the security
administrator says what they may do, the audit administrator reads what both did (GB/T 22239-2019, 8.1.5). The operator,
who has the installation's secret, names these three and nobody else.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from services.accounts.model.refusal import Denied
from shared.contracts.values import OWN, ROLES, Name, Organ, Role

Login = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9._-]{1,31}$(?!\n)", max_length=32)]
"""The name by which somebody signs in."""
Division = Annotated[str, Meta(pattern=r"^(?:[0-9]{2}){0,3}$(?!\n)", max_length=6)]
"""The prefix of a division's code, of 0, 2, 4 or 6 digits; empty for the country."""
Reference = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,119}$(?!\n)|^$", max_length=120)]
"""The stable id of a cadre, unit or team that the account belongs to; empty for none."""
VillageCode = Annotated[str, Meta(pattern=r"^[0-9]{12}$(?!\n)|^$", max_length=12)]
"""The digits of the village for which the account acts; empty for none."""
TownshipCode = Annotated[str, Meta(pattern=r"^[0-9]{9}$(?!\n)|^$", max_length=9)]
"""The digits of the township for which the account acts; empty for none."""
Administers = Literal["system", "security", "audit"]
ADMINISTRATORS: Final = {
    "system": ("系统管理员", "the system administrator"),
    "security": ("安全管理员", "the security administrator"),
    "audit": ("审计管理员", "the audit administrator"),
    "operator": ("运维人员", "the operator"),
    None: ("办事人员本人", "officers in their own name"),
}
"""What refusals call them."""
GRANTED: Final = {**ROLES, "subscriber": ("订阅者", "a subscriber")}
"""The roles that the security administrator gives."""


class Holding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role in a division and all that lies in it."""

    role: Role | Literal["subscriber"]
    division: Division


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said when an account is made."""

    name: Login
    organ: Organ
    person: Name | None = None
    """The person's name, kept here alone; the other services get a pseudonym. None for a service account."""
    cadre: Reference = ""
    unit: Reference = ""
    team: Reference = ""
    village: VillageCode = ""
    township: TownshipCode = ""


BELONGS: Final = ("cadre", "unit", "team", "village", "township")
"""The fields that say to whom an account belongs."""
_OWN: Final = {
    "unit": ("派出单位的编号", "the id of the unit"),
    "team": ("工作队所驻村的编号", "the id of the village of the team"),
    "village": ("所在村的12位代码", "the twelve digits of the village"),
    "township": ("所在乡镇的9位代码", "the nine digits of the township"),
}
"""What a refusal calls the id that is missing: some roles hold for one unit, team, village or township alone, so the
account must say for which."""


class Account(NewAccount, frozen=True, kw_only=True, omit_defaults=True):
    """An account of a person, or of a program that signs in by a secret."""

    sub: str
    """The account in tokens. Logs and events have a pseudonym that is made from it (`services/accounts/log.py`)."""
    roles: tuple[Holding, ...] = ()
    kin: tuple[Reference, ...] = ()
    """The ids of the cadres and village cadres who are close relatives of the person: his spouse, direct blood
    relatives, collateral ones within three generations, close relatives by marriage (Civil Servant Law 74). How they
    are related is not kept."""
    administers: Administers | None = None
    password: str = ""
    """The password's Argon2id hash, in its usual text form."""
    changed: date | None = None
    """When the password was chosen. None for one that somebody else made, which must be changed at the next sign-in."""
    factor: str = ""
    """The sealed secret of the second factor; empty without one."""
    step: int = 0
    """The time step of the last one-time code, so that none is taken twice."""
    recovery: tuple[str, ...] = ()
    """The hashes of the recovery codes that are left."""
    secrets: tuple[str, ...] = ()
    """The hashes of a service account's secrets. After a rotation the old one holds until the new one is used."""
    locked: bool = False

    @property
    def is_service(self) -> bool:
        """Whether it is a program's account."""
        return self.person is None


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for something to be done with accounts."""

    who: str
    """The pseudonym by which logs name whoever acts."""
    name: str = ""
    """The name by which he signs in; empty for the operator."""
    organ: str = ""
    administers: Administers | Literal["operator"] | None = None
    address: str = ""


DEEDS: Final[dict[str, tuple[str | None, ...]]] = {
    "account.add": ("system",), "account.password": ("system",), "account.secret": ("system",),
    "account.roles": ("security",), "account.kin": ("security",), "account.factor": ("security",),
    "account.lock": ("security",), "account.unlock": ("security",),
    "account.list": ("system", "security", "audit", "operator"), "account.appoint": ("operator",),
    "audit.read": ("audit",), "person.read": ("audit",),
    "delegation.give": (None,), "delegation.end": (None, "security"), "delegation.list": (None, "security", "audit"),
}  # fmt: skip
"""Who may do what; None stands for people who are not administrators. What is done with an administrator's account, the
operator alone may do (see `require`)."""


def require(acting: Acting, deed: str, about: Account | None = None) -> None:
    """Refuse a deed to whoever may not do it, and to everybody on his own account.

    Only the operator resets or locks an administrator's account: otherwise one of the three could take over another's.
    """
    allowed: tuple[str | None, ...] = ("operator",) if about and about.administers else DEEDS[deed]
    if acting.administers not in allowed:
        zh, en = (
            "、".join(ADMINISTRATORS[one][0] for one in allowed),
            " or ".join(ADMINISTRATORS[a][1] for a in allowed),
        )
        raise Denied("administrators", f"此事由{zh}办理", f"this is for {en} to do", status=403)
    if about and acting.name == about.name:
        raise Denied("administrators", "不能办理本人账号的事项", "nobody does this to his own account", status=403)


def appointed(account: NewAccount, kind: Administers, known: Iterable[Account], sub: str, password: str) -> Account:
    """A new administrator's account. Refuses a person who is another of the three already."""
    made = added(account, known, sub, password)
    for other in known:
        same = (other.person, other.organ) == (account.person, account.organ) or (
            other.cadre and other.cadre == account.cadre
        )
        if same and other.administers and other.administers != kind:
            zh, en = ADMINISTRATORS[other.administers]
            raise Denied(
                "administrators",
                f"{account.person}已是{zh}（账号“{other.name}”）；三员分立，请另定一人",
                f"{account.person} is {en} already (account {other.name}); the three are different persons: name one "
                "more",
            )
    return msgspec.structs.replace(made, administers=kind)


def added(account: NewAccount, known: Iterable[Account], sub: str, password: str) -> Account:
    """A new person's account, with the hash of its first password."""
    if account.person is None:
        raise Denied("schema", "缺少姓名", "the person's name is missing", status=422, typed="person")
    return msgspec.structs.replace(_new(account, known, sub), password=password)


def enrolled(account: NewAccount, known: Iterable[Account], sub: str, secret: str) -> Account:
    """A new service account, with the hash of its secret."""
    if account.person is not None:
        raise Denied("schema", "服务账号没有姓名", "a service account has no person", status=422, typed="person")
    return msgspec.structs.replace(_new(account, known, sub), secrets=(secret,))


def _new(account: NewAccount, known: Iterable[Account], sub: str) -> Account:
    if any(other.name == account.name for other in known):
        raise Denied(
            "accounts",
            f"账号“{account.name}”已存在，请另取登录名",
            f"there is an account {account.name}; take another name",
        )
    return Account(sub=sub, **msgspec.structs.asdict(account))


def given(account: Account, roles: tuple[Holding, ...], **belongs: str) -> Account:
    """The account with these roles instead of those that it had, and with what is said about to whom it belongs.

    Whoever has the role of a unit, team, village or township acts for one of them alone, so the administrator who gives
    the role also says which one. Administrators get no roles: whoever makes accounts, gives rights or reads the log
    must not do business with them.
    """
    if account.administers:
        zh, en = ADMINISTRATORS[account.administers]
        raise Denied(
            "administrators",
            f"“{account.name}”是{zh}，不能兼任业务角色",
            f"{account.name} is {en} and gets no other role",
        )
    if "operator" in {one.role for one in roles} and not account.is_service:
        raise Denied(
            "administrators", "运维角色只给服务账号", "only service accounts get the role of operators", typed="roles"
        )
    for owner in dict.fromkeys(OWN[one.role] for one in roles if one.role in OWN):
        if not belongs.get(owner, getattr(account, owner)):
            zh, en = _OWN[owner]
            raise Denied(
                "accounts",
                f"授予此角色须同时写明{zh}：只办理其自己的事项",
                f"say {en} as well: this role holds for its own matters alone",
                status=422,
                typed=owner,
            )
    return msgspec.structs.replace(account, roles=tuple(dict.fromkeys(roles)), **belongs)


def related(account: Account, kin: tuple[Reference, ...]) -> Account:
    """The person's account with these relatives, who replace those that were known: he does not decide about them."""
    if account.is_service:
        raise Denied("accounts", "服务账号没有亲属", "a program has no relatives", typed="kin")
    if account.cadre in kin or "" in kin:
        raise Denied(
            "accounts",
            "请填亲属本人的编号，不得填账号本人",
            "name each relative by his own id, and not the person himself",
            status=422,
            typed="kin",
        )
    return msgspec.structs.replace(account, kin=tuple(dict.fromkeys(kin)))


def rotated(account: Account, secret: str) -> Account:
    """The service account with another secret; the newest old one holds until the new one is used."""
    if not account.is_service:
        raise Denied("accounts", "个人账号没有密钥，请重置密码", "a person's account has a password and no secret")
    return msgspec.structs.replace(account, secrets=(secret, *account.secrets[:1]))


def reset(account: Account, password: str) -> Account:
    """The person's account with a first password, which must be changed."""
    if account.is_service:
        raise Denied("accounts", "服务账号没有密码，请换发密钥", "a service account has a secret and no password")
    return msgspec.structs.replace(account, password=password, changed=None)
