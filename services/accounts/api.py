"""What administrators and officers ask for over HTTP with their own access tokens, and the operator with the
installation's token."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from services.accounts import secret, store
from services.accounts.issuer import Issuer
from services.accounts.log import Log
from services.accounts.model import (
    Account,
    Acting,
    Administers,
    Delegation,
    Denied,
    Holding,
    NewAccount,
    account,
    delegation,
)
from shared.calendar import CHINA
from shared.engine import audit
from shared.engine.audit import Entry
from shared.web.asgi import Answer, Request, Routes, told
from shared.web.documents import LINES, Number, says
from shared.web.rates import Limits
from shared.web.token import is_operator_key


class Appointed(NewAccount, frozen=True, kw_only=True):
    """A new administrator."""

    administers: Administers


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All roles that an account has from now on, and to whom it belongs. Fields that are left out stay as they are."""

    roles: tuple[Holding, ...]
    cadre: account.Reference | None = None
    unit: account.Reference | None = None
    team: account.Reference | None = None
    village: account.VillageCode | None = None
    township: account.TownshipCode | None = None


class Kin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All relatives of a person that are cadres, from now on."""

    kin: Annotated[tuple[account.Reference, ...], Meta(max_length=20)]


class Shown(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An account as administrators see it: nothing that is secret."""

    name: str
    sub: str
    organ: str
    person: str | None = None
    cadre: str = ""
    unit: str = ""
    team: str = ""
    village: str = ""
    township: str = ""
    roles: tuple[Holding, ...] = ()
    kin: tuple[str, ...] = ()
    """Only for the security administrator, who enters them."""
    administers: Administers | None = None
    is_locked: bool = False
    has_second_factor: bool = False
    must_change: bool = False


class Person(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who stands behind a pseudonym."""

    name: str
    organ: str
    person: str | None = None
    cadre: str = ""


class Password(msgspec.Struct, kw_only=True):
    """A first password, told once."""

    password: str


class Secret(msgspec.Struct, kw_only=True):
    """A program's secret, told once."""

    secret: str


MOST_ROLES: Final = 100
Change = Callable[[Account], Account]
_LENGTHENS: Final = ("account.roles", "account.kin")
"""Deeds that may make tokens longer: the account's own, and those of colleagues who act for it."""


class Api:
    """The administrators' side of the accounts."""

    def __init__(self, issuer: Issuer, log: Log, installation_secret: bytes, limits: Limits) -> None:
        self._issuer, self._log, self._secret, self._limits = issuer, log, installation_secret, limits

    @property
    def routes(self) -> Routes:
        """The addresses of this side."""
        return {
            ("GET", "/v1/accounts"): self.list_accounts,
            ("POST", "/v1/accounts"): self.add,
            ("POST", "/v1/administrators"): self.appoint,
            ("POST", "/v1/service-accounts"): self.add_service,
            ("POST", "/v1/accounts/{name}/password"): self.reset_password,
            ("POST", "/v1/accounts/{name}/secret"): self.rotate_secret,
            ("POST", "/v1/accounts/{name}/roles"): self.give_roles,
            ("POST", "/v1/accounts/{name}/kin"): self.relate,
            ("POST", "/v1/accounts/{name}/factor"): self.remove_factor,
            ("POST", "/v1/accounts/{name}/lock"): self.lock,
            ("POST", "/v1/accounts/{name}/unlock"): self.unlock,
            ("GET", "/v1/delegations"): self.list_delegations,
            ("POST", "/v1/delegations"): self.hand_on,
            ("POST", "/v1/delegations/{name}/end"): self.end_delegation,
            ("GET", "/v1/audit"): self.read_audit,
            ("GET", "/v1/people/{name}"): self.who_is,
            ("GET", "/health"): self.health,
            ("GET", "/health/ready"): self.health,
        }

    @says(answers=dict[str, str], asks=False)
    async def health(self, _request: Request) -> Answer:
        """Whether the database answers. Raises the database's error if it does not."""
        async with self._log.engine.connect() as conn:
            await store.session(conn, "")
        return told({"database": "ok"})

    @says(answers=list[Shown])
    async def list_accounts(self, request: Request) -> Answer:
        """All accounts."""
        async with self._noted(request, "account.list") as (conn, noted):
            found = await store.accounts(conn)
        return told([_shown(one, to=noted.by) for one in found])

    @says(takes=NewAccount, answers=Password, status=201)
    async def add(self, request: Request) -> Answer:
        """Make an account for a person; the first password is told once."""
        new, password = request.json(NewAccount), secret.first_password()
        hash = await secret.hashed(password)
        await self._make(request, "account.add", lambda known, sub: account.added(new, known, sub, hash), "p")
        return told(Password(password=password), 201)

    @says(takes=Appointed, answers=Password, status=201)
    async def appoint(self, request: Request) -> Answer:
        """Make an administrator's account; the first password is told once."""
        asked, password = request.json(Appointed), secret.first_password()
        hash = await secret.hashed(password)
        fields = msgspec.structs.asdict(asked)
        kind: Administers = fields.pop("administers")
        new = NewAccount(**fields)
        await self._make(
            request, "account.appoint", lambda known, sub: account.appointed(new, kind, known, sub, hash), "p"
        )
        return told(Password(password=password), 201)

    @says(takes=NewAccount, answers=Secret, status=201)
    async def add_service(self, request: Request) -> Answer:
        """Make a program's account; its secret is told once."""
        new, made = request.json(NewAccount), secrets.token_urlsafe(32)
        kept = secret.digest(made)
        await self._make(request, "account.add", lambda known, sub: account.enrolled(new, known, sub, kept), "s")
        return told(Secret(secret=made), 201)

    @says(answers=Password)
    async def reset_password(self, request: Request) -> Answer:
        """Make another first password, which must be changed at the next sign-in."""
        password = secret.first_password()
        hash = await secret.hashed(password)
        await self._change(request, "account.password", lambda one: account.reset(one, hash), ends=True)
        return told(Password(password=password))

    @says(answers=Secret)
    async def rotate_secret(self, request: Request) -> Answer:
        """Make another secret for a service account."""
        made = secrets.token_urlsafe(32)
        await self._change(request, "account.secret", lambda one: account.rotated(one, secret.digest(made)))
        return told(Secret(secret=made))

    @says(takes=Roles, answers=Shown)
    async def give_roles(self, request: Request) -> Answer:
        """Replace all roles of an account."""
        asked = request.json(Roles)
        if len(asked.roles) > MOST_ROLES:
            raise Denied(
                "schema", f"角色最多{MOST_ROLES}项", f"there are {MOST_ROLES} roles at most", status=422, typed="roles"
            )
        said = {name: getattr(asked, name) for name in account.BELONGS}
        belongs = {name: value for name, value in said.items() if value is not None}
        return await self._change(
            request, "account.roles", lambda one: account.given(one, asked.roles, **belongs), cuts=True
        )

    @says(takes=Kin, answers=Shown)
    async def relate(self, request: Request) -> Answer:
        """Say which cadres are relatives of a person, in place of those that were said: he is recused about them."""
        asked = request.json(Kin)
        return await self._change(request, "account.kin", lambda one: account.related(one, asked.kin))

    @says(answers=Shown)
    async def remove_factor(self, request: Request) -> Answer:
        """Remove the second factor of somebody who has lost phone and recovery codes."""
        return await self._change(
            request, "account.factor", lambda one: msgspec.structs.replace(one, factor="", recovery=()), ends=True
        )

    @says(answers=Shown)
    async def lock(self, request: Request) -> Answer:
        """Let nobody sign in by an account; its sessions end."""
        return await self._change(
            request, "account.lock", lambda one: msgspec.structs.replace(one, locked=True), ends=True, cuts=True
        )

    @says(answers=Shown)
    async def unlock(self, request: Request) -> Answer:
        """Let the account's owner sign in again."""
        return await self._change(request, "account.unlock", lambda one: msgspec.structs.replace(one, locked=False))

    @says(takes=delegation.Asked, answers=Delegation, status=201)
    async def hand_on(self, request: Request) -> Answer:
        """Let a colleague act by one's own powers for a time. He has them when his token is next renewed."""
        asked = request.json(delegation.Asked)
        async with self._noted(request, "delegation.give") as (conn, noted):
            giver, taker = await store.named(conn, noted.by.name), await store.named(conn, asked.taker)
            known = await store.delegations(conn, noted.by.name, asked.taker)
            made = delegation.given(secrets.token_hex(8), giver, taker, asked, known, _today())
            for one in known:
                if one.until < _today():
                    await store.take_back(conn, one.id)
            await store.hand_on(conn, made)
            await self._require_room(conn, made.taker)
            noted.about = f"{self._log.pseudonym(taker)} {made.said()}"
        return told(made, 201)

    @says(answers=Delegation)
    async def end_delegation(self, request: Request) -> Answer:
        """End what was handed on: by its giver or its taker, or by the security administrator."""
        async with self._noted(request, "delegation.end") as (conn, noted):
            found = await store.delegation(conn, request.name)
            mine = found and (noted.by.administers or noted.by.name in (found.giver, found.taker))
            if not found or not mine:
                raise Denied("delegation", "没有这项委托，或者与本账号无关", "you have no such delegation", status=404)
            await store.take_back(conn, found.id)
            noted.about = await self._between(conn, found)
        return told(found)

    @says(answers=list[Delegation])
    async def list_delegations(self, request: Request) -> Answer:
        """What one has given and taken; all of it for the administrators of security and audit."""
        async with self._noted(request, "delegation.list") as (conn, noted):
            found = await store.delegations(conn, *(() if noted.by.administers else (noted.by.name,)))
        return told([one for one in found if one.until >= _today()])

    @says(query={"after": Number}, media=[LINES])
    async def read_audit(self, request: Request) -> Answer:
        """The log's entries after a number. Reading them is itself noted in the log."""
        after = request.number("after")
        async with self._noted(request, "audit.read"):
            pass
        return Answer(body=audit.encode(await self._log.read(after)), media=LINES)

    @says(answers=Person)
    async def who_is(self, request: Request) -> Answer:
        """Who stands behind a pseudonym of events and logs: for the audit administrator alone, and noted."""
        async with self._noted(request, "person.read") as (conn, noted):
            found = next((one for one in await store.accounts(conn) if self._log.pseudonym(one) == request.name), None)
            if not found:
                raise Denied("accounts", "没有这个代称的账号", "no account has this pseudonym", status=404)
            noted.about = request.name
        return told(Person(name=found.name, organ=found.organ, person=found.person, cadre=found.cadre))

    # ------------------------------------------------------------------ common

    async def _make(
        self, request: Request, deed: str, make: Callable[[list[Account], str], Account], kind: str
    ) -> None:
        async with self._noted(request, deed) as (conn, noted):
            made = make(await store.accounts(conn), f"{kind}-{secrets.token_hex(8)}")
            await store.save(conn, made)
            noted.about = self._log.pseudonym(made)

    async def _change(
        self, request: Request, deed: str, change: Change, *, ends: bool = False, cuts: bool = False
    ) -> Answer:
        """Change an account. With `ends` its sessions end; with `cuts` what it handed on is cut to what it may do
        now."""
        async with self._noted(request, deed, of=request.name) as (conn, noted):
            assert noted.account
            changed = change(noted.account)
            await store.save(conn, changed)
            if ends:
                await store.end_all(conn, changed.name)
            if cuts:
                await self._cut(conn, changed, noted)
            if deed in _LENGTHENS:
                handed = [one for one in await store.delegations(conn, changed.name) if one.giver == changed.name]
                for name in {changed.name, *(one.taker for one in handed)}:
                    await self._require_room(conn, name)
        return told(_shown(changed, to=noted.by))

    async def _require_room(self, conn: AsyncConnection, name: str) -> None:
        """Refuse what would make an account's token longer than services take. Delegations that have not begun yet
        count too."""
        account, given = await store.named(conn, name), await store.delegations(conn, name)
        taken = [one for one in given if one.taker == name and one.until >= _today()]
        givers = [(await store.named(conn, one.giver), one) for one in taken]
        if account and not self._issuer.has_room(account, [(giver, one) for giver, one in givers if giver]):
            raise Denied(
                "accounts",
                f"账号“{name}”的角色、亲属和受托的角色合计过多，令牌容纳不下；请改授上级区划的角色，或者先撤回部分委托",
                f"the token of {name} has no room for so many roles, relatives and powers of others together; give a "
                "role in a division above instead of many, or end a delegation first",
            )

    async def _cut(self, conn: AsyncConnection, changed: Account, noted: "_Noted") -> None:
        """Cut what an account handed on to what it may still do. A locked account neither hands on nor takes
        anything."""
        for one in await store.delegations(conn, changed.name):
            left = None if changed.locked else delegation.cut(one, changed.roles) if one.giver == changed.name else one
            if left != one:
                await (store.hand_on(conn, left) if left else store.take_back(conn, one.id))
                deed = "delegation.cut" if left else "delegation.end"
                await self._log.append(conn, [noted.entry(deed, "done", await self._between(conn, one))])

    async def _between(self, conn: AsyncConnection, one: Delegation) -> str:
        """Who has handed on what to whom, as the log has it."""
        giver, taker = await store.named(conn, one.giver), await store.named(conn, one.taker)
        return f"{self._log.pseudonym(giver)} {self._log.pseudonym(taker)} {one.said()}"

    @asynccontextmanager
    async def _noted(
        self, request: Request, deed: str, of: str = ""
    ) -> AsyncIterator[tuple[AsyncConnection, "_Noted"]]:
        """A deed and its entry in the log, in one transaction. A refusal undoes the deed and is noted by itself.

        Raises Denied for whoever may not do it. `of` names the account that is changed, if there is one.
        """
        noted = _Noted()
        try:
            async with self._log.writing() as conn:
                noted.acting = await self.acting(conn, request)
                noted.account = await store.named(conn, of) if of else None
                noted.about = self._log.pseudonym(noted.account)
                account.require(noted.acting, deed, noted.account)
                if of and not noted.account:
                    raise Denied("accounts", f"没有账号“{of}”", f"there is no account {of}", status=404)
                yield conn, noted
                await self._log.append(conn, [noted.entry(deed, "done")])
        except Denied as error:
            if noted.acting:
                await self._log.note(noted.entry(deed, error.ground))
            raise

    async def acting(self, conn: AsyncConnection, request: Request) -> Acting:
        """Who sends the request. Rights are those of now, whatever the token says. Raises Denied (401, 429)."""
        if request.bearer and self._secret:
            if is_operator_key(self._secret, request.bearer):
                return Acting(who="operator", administers="operator", address=request.address)
            claims = self._issuer.keys.read(request.bearer, "at+jwt", self._issuer.url, self._issuer.audience)
            found = await store.known_as(conn, claims["sub"]) if claims else None
            if found and not found.locked:
                who = self._log.pseudonym(found)
                self._limits.require(who)
                return Acting(
                    who=who, name=found.name, organ=found.organ, administers=found.administers, address=request.address
                )
        self._limits.require_known(request.bearer, request.address)
        raise Denied(
            "token",
            "须登录：请用 zhucun login 登录后再试",
            "a valid token is asked for: sign in by `zhucun login`",
            status=401,
        )


class _Noted:
    """Who does something, with which account."""

    def __init__(self) -> None:
        self.acting: Acting | None = None
        self.account: Account | None = None
        self.about = ""

    @property
    def by(self) -> Acting:
        """Who does it, once that is known."""
        assert self.acting
        return self.acting

    def entry(self, deed: str, result: str, about: str = "") -> Entry:
        """What the log says about it."""
        return Entry(
            who=self.by.who,
            organ=self.by.organ,
            address=self.by.address,
            deed=deed,
            about=about or self.about,
            result=result,
        )


def _today() -> date:
    return datetime.now(CHINA).date()


def _shown(one: Account, *, to: Acting) -> Shown:
    return Shown(
        name=one.name, sub=one.sub, organ=one.organ, person=one.person,
        **{name: getattr(one, name) for name in account.BELONGS},
        roles=one.roles, kin=one.kin if to.administers == "security" else (),
        administers=one.administers, is_locked=one.locked, has_second_factor=bool(one.factor),
        must_change=bool(one.password) and one.changed is None,
    )  # fmt: skip
