"""Handing on one's powers for a time: an officer on leave lets a colleague act for him, within what he may do himself.

The colleague acts in his own name, by the officer's power and for the officer's organ. A delegation begins and ends by
its days. Only roles that the account itself has can be handed on, so nobody hands on what was handed to him.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from services.accounts.model.account import GRANTED, Account, Holding, Login
from services.accounts.model.refusal import Denied
from shared.divisions import jurisdiction_of

LONGEST: Final = timedelta(days=184)
"""How long it may last, half a year: whoever is away for longer has a successor."""
AHEAD: Final = timedelta(days=366)
"""How long before its first day it may be given."""
MOST: Final = 5
"""How many one person may have from others at a time, and may have given to others."""
MOST_ROLES: Final = 60
"""How many roles somebody may have with those that are handed to him: an access token has room for so many."""
Roles = Annotated[tuple[Holding, ...], Meta(min_length=1, max_length=20)]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said when powers are handed on."""

    taker: Login
    """The name by which the colleague signs in who is to act."""
    until: date
    """The last day, in China's time."""
    since: date | None = None
    """The first day; None for today."""
    roles: Roles | None = None
    """The roles, each in a division in which the giver has it, or in a part of that. None for all that he has."""


class Delegation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The powers that one account has handed to another."""

    id: str
    giver: Login
    taker: Login
    roles: tuple[Holding, ...]
    since: date
    until: date

    def holds(self, today: date) -> bool:
        """Whether its taker has it on this day."""
        return self.since <= today <= self.until

    def said(self) -> str:
        """The roles and days as the audit log has them."""
        roles = " ".join(f"{one.role}@{one.division}" for one in self.roles)
        return f"{roles} {self.since}..{self.until}"


def given(
    id: str, giver: Account | None, taker: Account | None, asked: Asked, known: Collection[Delegation], today: date
) -> Delegation:
    """What an officer hands on. `known` has what either of them has given or taken. Raises Denied."""
    if giver is None or giver.is_service or giver.administers:
        raise Denied(
            "delegation", "只有办事人员本人可以委托代办", "officers alone hand on powers, in their own name", status=403
        )
    if taker is None or taker.is_service or taker.locked:
        raise Denied(
            "delegation",
            f"没有可受托的个人账号“{asked.taker}”",
            f"no person's account {asked.taker} can take it",
            status=404,
            typed="taker",
        )
    if taker.name == giver.name:
        raise Denied("delegation", "不能委托本人", "nobody hands it to himself", status=422, typed="taker")
    if taker.administers:
        raise Denied(
            "administrators",
            f"“{taker.name}”是三员之一，不能受托办理业务",
            f"{taker.name} is one of the three administrators and does no business",
            typed="taker",
        )
    made = Delegation(
        id=id,
        giver=giver.name,
        taker=taker.name,
        since=asked.since or today,
        until=asked.until,
        roles=tuple(dict.fromkeys(giver.roles if asked.roles is None else asked.roles)),
    )
    _require_days(made, today)
    _require_own(made, giver)
    _require_room(made, taker, [one for one in known if one.until >= today])
    return made


def cut(delegation: Delegation, roles: Iterable[Holding]) -> Delegation | None:
    """What is left of it once its giver has these roles alone; None if nothing is."""
    left = tuple(one for one in delegation.roles if _contains(roles, one))
    return msgspec.structs.replace(delegation, roles=left) if left else None


def _contains(roles: Iterable[Holding], part: Holding) -> bool:
    """Whether somebody with these roles has this one as well."""
    where = jurisdiction_of(part.division)
    return any(one.role == part.role and where.startswith(jurisdiction_of(one.division)) for one in roles)


def _require_days(made: Delegation, today: date) -> None:
    if not today <= made.since <= today + AHEAD:
        raise Denied(
            "delegation",
            "开始日期不得早于今天，也不得晚于一年以后",
            "it begins between today and a year from now",
            status=422,
            typed="since",
        )
    if not made.since <= made.until < made.since + LONGEST:
        raise Denied(
            "delegation",
            f"截止日期不得早于开始日期，委托最长{LONGEST.days}天",
            f"it ends on its first day at the earliest, and lasts {LONGEST.days} days at most",
            status=422,
            typed="until",
        )


def _require_own(made: Delegation, giver: Account) -> None:
    """Refuse roles that the giver has not, or has from somebody else."""
    if not made.roles or len(made.roles) > 20:
        raise Denied(
            "delegation",
            "请写明委托的角色，1至20项",
            "name the roles that are handed on, 1 to 20",
            status=422,
            typed="roles",
        )
    for one in made.roles:
        if not _contains(giver.roles, one):
            where = f"在区划{one.division}" if one.division else "在全国"
            raise Denied(
                "delegation",
                f"本账号{where}没有“{GRANTED[one.role][0]}”角色，不能委托；受托的角色不得转委托",
                f"this account itself has no role {one.role} in division {one.division or 'country'}, so it hands none "
                "on; what was handed to it goes no further",
                status=403,
                typed="roles",
            )


def _require_room(made: Delegation, taker: Account, running: Collection[Delegation]) -> None:
    if any(one.giver == made.giver and one.taker == made.taker for one in running):
        raise Denied(
            "delegation",
            f"已委托“{taker.name}”代办，请先撤回原委托",
            f"{taker.name} has one from you; withdraw it first",
            typed="taker",
        )
    taken = [one for one in running if one.taker == made.taker]
    roles = len(taker.roles) + sum(len(one.roles) for one in [*taken, made])
    if len(taken) >= MOST or len([one for one in running if one.giver == made.giver]) >= MOST or roles > MOST_ROLES:
        raise Denied(
            "delegation",
            f"每人最多委托{MOST}人、接受{MOST}人委托，受托人的角色合计不超过{MOST_ROLES}项",
            f"one person hands on to {MOST} and takes from {MOST} others at most, with {MOST_ROLES} roles in all",
            typed="taker",
        )
