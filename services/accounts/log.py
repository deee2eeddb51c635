"""The audit log of the accounts, in which people appear under the pseudonyms by which all services know them."""

from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts.model import Account
from services.accounts.tables import TABLES
from shared.engine.audit import AuditLog, Entry
from shared.web.token import pseudonym, relative


class Log(AuditLog):
    """The log of the accounts whose tokens name this issuer. `secret` is the installation's."""

    def __init__(self, engine: AsyncEngine, secret: bytes, issuer: str) -> None:
        super().__init__(engine, TABLES.audit)
        self._secret, self._issuer = secret, issuer

    def pseudonym(self, account: Account | None) -> str:
        """The pseudonym of an account here, in the services' logs, and in events; empty for none."""
        return pseudonym(self._secret, self._issuer, account.sub) if account else ""

    def relative(self, id: str) -> str:
        """What stands for the relative with this id in the token of a colleague who acts for somebody."""
        return relative(self._secret, id)

    def entry(self, account: Account | None, address: str, deed: str, result: str = "done") -> Entry:
        """An entry about somebody's own account. An unknown name is not noted: it may be a password in the wrong
        field."""
        who, organ = self.pseudonym(account), account.organ if account else ""
        return Entry(who=who, organ=organ, address=address, deed=deed, about=who, result=result)
