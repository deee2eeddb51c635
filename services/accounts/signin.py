"""How a person signs in: password and one-time code; then what is still owed, a new password or a second factor."""

import asyncio
import os
from collections import Counter
from datetime import UTC, datetime
from math import ceil
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from services.accounts import secret, store
from services.accounts.log import Log
from services.accounts.model import Account, Denied, attempts, totp
from services.accounts.model.password import is_old, require_fit
from shared.web.brief import Brief
from shared.web.sealing import Seal

CROWD: Final = 50
"""How many sign-ins may wait while one password is tried at a time. More are refused, so that memory has a bound."""
OF_ADDRESS: Final = 25
"""How many of them may come from one address, so that whoever invents names there leaves others their turn."""
TRIES: Final = 5
"""How many wrong codes may be typed while a second factor is set up."""
RECOVERY: Final = 8
"""How many recovery codes there are, each for one sign-in without the phone."""


Typed = Annotated[str, Meta(max_length=256)]


class Form(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is typed: name, password and code first, then with the `ticket` what was asked for."""

    name: Typed = ""
    password: Typed = ""
    code: Typed = ""
    change: bool = False
    """Whether the person wants to change the password."""
    enrol: bool = False
    """Whether the person wants to set up a second factor, or another one."""
    ticket: Typed = ""
    new: Typed = ""
    again: Typed = ""
    confirm: Typed = ""


class Ask(msgspec.Struct, kw_only=True):
    """What must be typed next: a new password, or the first code of a new second factor."""

    what: Literal["change", "enrol"]
    ticket: str
    secret: str = ""
    uri: str = ""
    fault: tuple[str, str] | None = None
    """What was wrong with what was typed, Chinese and English."""


class Signed(msgspec.Struct, kw_only=True):
    """Somebody has signed in."""

    account: Account
    amr: tuple[str, ...]
    recovery: tuple[str, ...] = ()
    """The recovery codes of a second factor that was just set up. They are told once."""


class _Passed(msgspec.Struct, kw_only=True):
    """Who has shown the right password, and what is to be done next."""

    name: str
    stood: tuple[str, str]
    """The password and second factor that the account had: the ticket is valid only as long as it has them."""
    amr: tuple[str, ...]
    change: bool
    enrol: bool
    pending: bytes
    tries: int = 0


class SignIn:
    """The sign-ins of one process."""

    def __init__(self, log: Log, seal: Seal) -> None:
        self._log, self._seal = log, seal
        self._one, self._crowd = asyncio.Lock(), Counter[str]()
        self._tickets = Brief[_Passed](300)

    async def enter(self, form: Form, address: str) -> Ask | Signed:
        """Take one step. Raises Denied."""
        if form.ticket:
            passed = self._tickets.take(form.ticket)
            if not passed:
                raise Denied("sign-in", "等待过久，请重新登录", "this took too long; sign in again", status=401)
            return await self._owed(passed, form, address)
        if self._crowd.total() >= CROWD or self._crowd[address] >= OF_ADDRESS:
            raise Denied("sign-in", "正在登录的人过多，请稍后再试", "too many sign in now; try again", status=503)
        self._crowd[address] += 1
        try:
            async with self._one:  # So nobody tries several passwords before the first failure is counted.
                passed = await self._checked(form, address)
        finally:
            self._crowd[address] -= 1
            self._crowd += Counter()  # Drops addresses of which nobody waits any more.
        return await self._owed(passed, form, address)

    async def _checked(self, form: Form, address: str) -> _Passed:
        """Try name, password and code. The answer does not say which of them was wrong."""
        now, name = datetime.now(UTC), form.name.strip().lower()
        key, everywhere = store.attempts_key(name, address), store.attempts_key("", address)
        async with self._log.engine.connect() as conn:
            counted, account = await store.attempts(conn, key), await store.named(conn, name)
        if pause := attempts.wait(counted, now):
            minutes = ceil(pause.total_seconds() / 60)
            raise Denied(
                "attempts",
                f"失败次数过多，请{minutes}分钟后再试",
                f"too many failures; try again in {minutes} minute{'s' * (minutes > 1)}",
                status=429,
            )
        tried = account.password if account else ""
        is_right = await secret.is_password(form.password, tried)
        async with self._log.writing() as conn:
            account = await store.named(conn, name)  # Read again: an administrator may have changed it meanwhile.
            is_same = account is not None and account.password == tried
            shown = self._second(account, form.code, now) if account and is_right and is_same else None
            if account is None or shown is None:
                await store.note_attempts(conn, key, attempts.failed(counted, now), now)
                from_there = await store.attempts(conn, everywhere)
                await store.note_attempts(conn, everywhere, attempts.failed(from_there, now), now)
                if account or not attempts.wait(from_there, now):  # Else a stranger could fill the log.
                    await self._log.append(conn, [self._log.entry(account, address, "sign-in", "refused")])
            else:
                await store.forgive(conn, key)
                await store.save(conn, shown)
        if account is None or shown is None:
            raise Denied(
                "sign-in",
                "登录名、密码或动态码不对（设有动态码的，须一并填写）",
                "name, password or one-time code is wrong (who has a second factor gives its code as well)",
                status=401,
            )
        amr = ("pwd", "otp") if account.factor else ("pwd",)
        return _Passed(
            name=name, stood=stands(account), amr=amr, change=form.change, enrol=form.enrol, pending=os.urandom(20)
        )

    def _second(self, account: Account, code: str, now: datetime) -> Account | None:
        """The account after its one-time or recovery code was used, or None if that is wrong."""
        if not account.factor:
            return account
        given = "".join(one for one in code if one.isalnum())
        shared = self._seal.open(account.factor, account.name)
        step = totp.matched(shared, given, now.timestamp(), account.step) if shared else None
        if step is not None:
            return msgspec.structs.replace(account, step=step)
        left = tuple(kept for kept in account.recovery if not secret.is_secret(given, kept))
        if len(left) < len(account.recovery):
            return msgspec.structs.replace(account, recovery=left)
        # The factor cannot be opened here, so even the right code would be called wrong and counted as an attack.
        if shared is None and given:
            raise Denied(
                "sign-in",
                "动态码无法核对：安装密钥不是原来的那一份，请联系运维；恢复码仍可使用",
                "no code can be checked: the installation's secret is not the former one; tell operations. Recovery "
                "codes still hold",
                status=503,
            )
        return None

    async def _owed(self, passed: _Passed, form: Form, address: str) -> Ask | Signed:
        """Ask for what is owed, one thing after the other, and let in whoever owes nothing."""
        async with self._log.writing() as conn:
            account = await store.named(conn, passed.name)
            if not account or account.locked:
                raise Denied(
                    "locked",
                    "账号已停用，请联系安全管理员",
                    "the account is locked; ask the security administrator",
                    status=403,
                )
            if stands(account) != passed.stood:
                raise Denied(
                    "sign-in",
                    "账号的密码或动态码已变更，请重新登录",
                    "the account's password or second factor was changed meanwhile; sign in again",
                    status=401,
                )
            if passed.change or is_old(account.changed, datetime.now(UTC).date()):
                if asked := await self._change(conn, account, passed, form, address):
                    return asked
                account, passed.change = await store.named(conn, passed.name) or account, False
                passed.stood = stands(account)
            recovery: tuple[str, ...] = ()
            if passed.enrol or (account.administers and not account.factor):
                result = await self._enrol(conn, account, passed, form, address)
                if isinstance(result, Ask):
                    return result
                account, recovery = result
                passed.amr = ("pwd", "otp")
            await self._log.append(conn, [self._log.entry(account, address, "sign-in")])
        return Signed(account=account, amr=passed.amr, recovery=recovery)

    async def _change(
        self, conn: AsyncConnection, account: Account, passed: _Passed, form: Form, address: str
    ) -> Ask | None:
        """Take a new password, or ask for it. All sessions end with the old password."""
        if not form.new:
            return Ask(what="change", ticket=self._tickets.put(passed))
        try:
            require_fit(form.new, account.name)
            if form.new != form.again:
                raise Denied("password", "两次填写的新密码不同", "the two new passwords differ", typed="again")
            if await secret.is_password(form.new, account.password):
                raise Denied("password", "新密码不能与原密码相同", "the new password is the old one", typed="new")
        except Denied as error:
            return Ask(what="change", ticket=self._tickets.put(passed), fault=(error.zh, error.en))
        changed = msgspec.structs.replace(
            account, password=await secret.hashed(form.new), changed=datetime.now(UTC).date()
        )
        await store.save(conn, changed)
        await store.end_all(conn, account.name)
        await self._log.append(conn, [self._log.entry(account, address, "password.change")])
        return None

    async def _enrol(
        self, conn: AsyncConnection, account: Account, passed: _Passed, form: Form, address: str
    ) -> Ask | tuple[Account, tuple[str, ...]]:
        """Set up a second factor once its first code is right. Returns the account and its recovery codes."""
        step = totp.matched(passed.pending, form.confirm.strip(), datetime.now(UTC).timestamp(), 0)
        if step is None:
            passed.tries += bool(form.confirm)
            if passed.tries >= TRIES:
                raise Denied("sign-in", "动态码多次不对，请重新登录", "too many wrong codes; sign in again", status=401)
            fault = (
                ("动态码不对，请核对手机时间", "the code is wrong; check the phone's clock") if form.confirm else None
            )
            return Ask(
                what="enrol",
                ticket=self._tickets.put(passed),
                secret=totp.written(passed.pending),
                uri=totp.address(passed.pending, account.name),
                fault=fault,
            )
        codes = tuple(secret.typed(10) for _ in range(RECOVERY))
        enrolled = msgspec.structs.replace(
            account,
            factor=self._seal.close(passed.pending, account.name),
            step=step,
            recovery=tuple(map(secret.digest, codes)),
        )
        await store.save(conn, enrolled)
        await self._log.append(conn, [self._log.entry(account, address, "factor.enrol")])
        return enrolled, codes


def stands(account: Account) -> tuple[str, str]:
    """What the owner signs in with: the password's hash and the sealed second factor."""
    return account.password, account.factor
