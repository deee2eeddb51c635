"""Who may do what with endpoints, in whichever way somebody proves who he is."""

from collections.abc import Mapping
from typing import Final

import msgspec

from services.webhooks.model.endpoint import Endpoint
from shared.denied import Denied

SYSTEM: Final = "system"
"""The administrator who looks after all endpoints of his divisions."""
SUBSCRIBER: Final = "subscriber"
"""A program that follows a division's events: it looks after the endpoints that it has added."""
AUDIT: Final = "audit"
"""The administrator who reads the audit log."""


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends a request."""

    who: str
    """A pseudonym; `operator` for the installation's own token, the endpoint's id for whoever shows its secret."""
    organ: str = ""
    roles: Mapping[str, frozenset[str]] = {}
    """By role, the divisions in which somebody has it: prefixes of 0, 2, 4 or 6 digits; the country's is empty."""
    is_operator: bool = False
    endpoint: str = ""
    """The endpoint whose secret was shown. It gives no right to anything else."""

    def may(self, role: str, division: str) -> bool:
        """Whether somebody has a role in a division that contains this one, or is the operator."""
        return self.is_operator or any(division.startswith(own) for own in self.roles.get(role, ()))

    def keeps(self, one: Endpoint) -> bool:
        """Whether somebody looks after an endpoint."""
        is_own = one.owner == self.who and self.may(SUBSCRIBER, one.asked.division)
        return self.may(SYSTEM, one.asked.division) or is_own

    def owner(self, division: str) -> str:
        """To whom a new endpoint of a division belongs; empty if to no subscriber. Raises Denied if he may add none."""
        if self.may(SYSTEM, division):
            return ""
        if self.may(SUBSCRIBER, division):
            return self.who
        raise self.refused()

    def refused(self) -> Denied:
        """The refusal for somebody who has no right to the endpoint, to the division, or to the list of endpoints."""
        if self.endpoint:
            return Denied(
                "token",
                "密钥只能查询本接收地址；其他事项须出示运维或系统管理员的令牌",
                "a secret is for questions about its own endpoint; the rest takes the operator's or a system "
                "administrator's token",
                status=401,
            )
        own = sorted({division for role in (SYSTEM, SUBSCRIBER) for division in self.roles.get(role, ())})
        zh = f"：本账号的区划为{'、'.join(one or '全国' for one in own)}" if own else ""
        en = f": this account's divisions are {', '.join(one or 'the country' for one in own)}" if own else ""
        return Denied(
            "role",
            f"限该区划的系统管理员，或增加此地址的订阅程序{zh}",
            f"it is for the division's system administrator, or the subscriber who added the endpoint{en}",
            status=403,
        )
