"""What a password must be (GB/T 22239-2019, 8.1.4.1: complex, and changed at times)."""

import re
from datetime import date, timedelta
from typing import Final

from services.accounts.model.refusal import Denied

SHORTEST, LONGEST = 10, 128
"""Characters. The bound above keeps a request from costing more than others."""
KINDS: Final = 3
"""How many kinds of characters it must have, of these: small letters, capitals, digits, characters such as 春,
others."""
NAMED: Final = 4
"""A name with at least this many characters must not occur anywhere in a password: it would be more than a third of the
shortest password, and too little would be left to guess. A shorter name occurs in many words by chance, as “li” does in
“spelling”, and helps nobody to guess them. So it is refused only as a word of its own."""
DAYS: Final = 90
"""Days after which it must be changed."""


def require_fit(password: str, name: str) -> None:
    """Refuse a password that is too short, too plain or made of the account's name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Denied(
            "password",
            f"新密码应为{SHORTEST}至{LONGEST}个字符",
            f"a password has {SHORTEST} to {LONGEST} characters",
            status=422,
            typed="new",
        )
    kinds = {
        "word"
        if one.isalpha() and not one.isascii()
        else "lower"
        if one.islower()
        else "upper"
        if one.isupper()
        else "digit"
        if one.isdigit()
        else "other"
        for one in password
    }
    if len(kinds) < KINDS or len(set(password)) < SHORTEST // 2:
        raise Denied(
            "password",
            "新密码太简单：大写字母、小写字母、数字、其他字符至少要有三种，且不能总是重复",
            "the password is too plain: use three of capitals, small letters, digits and others, and do not repeat",
            status=422,
            typed="new",
        )
    found = re.escape(name) if len(name) >= NAMED else rf"(?<![a-z]){re.escape(name)}(?![a-z])"
    if re.search(found, password.lower()):
        raise Denied(
            "password", "新密码不能含登录名", "a password must not contain the account's name", status=422, typed="new"
        )


def is_old(changed: date | None, today: date) -> bool:
    """Whether it must be changed now. None stands for a password that somebody else made."""
    return changed is None or today - changed > timedelta(days=DAYS)
