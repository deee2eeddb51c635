"""The rules of accounts: pure functions of an account, what somebody typed, and the time."""

from services.accounts.model.account import BELONGS, Account, Acting, Administers, Holding, NewAccount
from services.accounts.model.attempts import Attempts
from services.accounts.model.delegation import Delegation
from services.accounts.model.refusal import Denied
from services.accounts.model.session import Session

__all__ = [
    "BELONGS",
    "Account",
    "Acting",
    "Administers",
    "Attempts",
    "Delegation",
    "Denied",
    "Holding",
    "NewAccount",
    "Session",
]
