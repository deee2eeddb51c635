"""The record of who was granted access, in a folder of keys, and nats-server's permissions that are made from it."""

import fcntl
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import nkeys

from deploy.access.keys import make_keys, new_key, private, seed_file, write
from deploy.access.users import SELFTEST, SELFTEST_USERS, TRIAL_USERS, Grant
from deploy.local.errors import StartError, told
from shared.contracts.values import OWN, ROLES

ANSWERING: Final = tuple(role for role in ROLES if role not in (*OWN, "operator"))
"""The roles in which a system elsewhere may answer: none that holds for one unit, team, village or township alone,
since a system names none."""
KEPT, INCLUDED = "grants.json", "accounts.conf"
_NAME, _PLACE = "[a-z][a-z0-9_]{1,30}", "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])(?:[0-9]{2}){0,2}"
NAME: Final = re.compile(_NAME)
"""The name of a subscriber. It is a token in subjects, and begins its consumers' names: `liaoning` in `liaoning-21`."""
PLACE: Final = re.compile(_PLACE)
"""A division by the first 2, 4 or 6 digits of its code in GB/T 2260: a province, a prefecture or a county."""
DURABLE: Final = re.compile(f"{_NAME}-{_PLACE}")
"""The name of a subscriber's consumer: `liaoning-21`. No consumer of a service has such a name."""


class Kept(msgspec.Struct, kw_only=True):
    """The content of `grants.json`. It holds no secrets, only public keys."""

    replicas: int = 1
    users: tuple[str, ...] = ()
    selftest: bool = False
    grants: dict[str, Grant] = {}


def install(folder: Path, users: Iterable[str], replicas: int = 1, *, selftest: bool = False) -> Path:
    """Make missing keys, and write the file of permissions that nats-server includes. Returns that file's path.

    With `selftest` the servers also get an account for the self-test. Its keys lie in a folder of their own.
    """
    with _changed(folder) as kept:
        kept.users, kept.replicas, kept.selftest = tuple(users), replicas, selftest
    return folder / INCLUDED


def granted(folder: Path) -> Mapping[str, Grant]:
    """The grants by subscriber's name."""
    return _read(folder).grants


def grant(folder: Path, name: str, places: Iterable[str], answers: str = "") -> str:
    """Let a new subscriber read the open events of divisions, and answer in a role if one is given. Returns its seed,
    which is not kept here.

    Raises ValueError for an impossible name, division or role, or a name that is taken. 520000, as officials write
    Guizhou, means the whole province; it is not read as “events of no prefecture”.
    """
    places = tuple(dict.fromkeys(places))
    if not NAME.fullmatch(name) or name in TRIAL_USERS:
        raise ValueError(
            f"订阅者名称 {name!r} 不合要求：须以小写字母开头，只含小写字母、数字和下划线，2 至 31 个字符，"
            f"且不得是 {'、'.join(TRIAL_USERS)}\n"
            f"  the name {name!r} does not do: a small letter, then small letters, digits and underscores, 2 to 31 in "
            f"all, and none of {', '.join(TRIAL_USERS)}"
        )
    if wrong := [place for place in places if not PLACE.fullmatch(place)]:
        raise ValueError(
            f"区划 {'、'.join(wrong)} 不合要求：应为行政区划代码（GB/T 2260）的前二位、前四位或六位数字，"
            "如 52（贵州省）、2105（本溪市）、210521（本溪满族自治县）\n"
            f"  no division: {', '.join(wrong)}; it is a code of GB/T 2260, or its first two or four digits, such as "
            "52 (Guizhou), 2105 (Benxi), 210521 (a county of Benxi)"
        )
    if not places:
        raise ValueError(
            "未指明区划：请用 --place 指明，可多次，如 --place 52\n"
            "  name a division with --place, which may be repeated, such as --place 52"
        )
    if answers and answers not in ANSWERING:
        raise ValueError(
            f"{answers} 不能作为答复的角色，可填：{'、'.join(ANSWERING)}\n"
            f"  nobody answers as {answers}; the roles are {', '.join(ANSWERING)}"
        )
    with _changed(folder) as kept:
        if name in kept.grants:
            raise ValueError(
                f"{name} 已有授权：换密钥请用 zhucun access rotate {name}，改区划请先 zhucun access revoke {name}\n"
                f"  {name} has access already: `zhucun access rotate {name}` for a new key; to change its divisions "
                f"`zhucun access revoke {name}` first"
            )
        seed, key = new_key()
        whole = dict.fromkeys(re.sub("(?:00){1,2}$", "", place) for place in places)
        kept.grants[name] = Grant(key=key, places=tuple(whole), answers=answers)
    return seed


def revoke(folder: Path, name: str) -> None:
    """Take a subscriber's access away. Raises ValueError if there is no such subscriber."""
    with _changed(folder) as kept:
        del kept.grants[_known(kept, name)]


def rotate(folder: Path, name: str) -> str:
    """Give a subscriber a new key; the old one stops working. Returns the seed. Raises ValueError if unknown."""
    with _changed(folder) as kept:
        seed, key = new_key()
        kept.grants[name] = msgspec.structs.replace(kept.grants[_known(kept, name)], key=key)
    return seed


def _known(kept: Kept, name: str) -> str:
    if name not in kept.grants:
        zh, en = "、".join(kept.grants) or "（无）", ", ".join(kept.grants) or "none"
        raise ValueError(f"没有订阅者 {name}，现有：{zh}\n  there is no subscriber {name}; those there are: {en}")
    return name


@contextmanager
def _changed(folder: Path) -> Iterator[Kept]:
    """Lock the record for one change at a time. Afterwards write it, and nats-server's permissions anew."""
    from deploy.access.server import accounts  # It imports all services, which takes a second.

    with told(f"密钥目录 {folder}", f"the folder of keys {folder}"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(folder / "lock", "a", opener=private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = _read(folder)
            yield kept
            scratch = _keys(folder / SELFTEST, SELFTEST_USERS) if kept.selftest else {}
            text = accounts(_keys(folder, kept.users), kept.grants, kept.replicas, scratch)
            write(folder / KEPT, msgspec.json.format(msgspec.json.encode(kept)).decode())
            write(folder / INCLUDED, text)


def _read(folder: Path) -> Kept:
    path = folder / KEPT
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        return Kept()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StartError(
            f"{path} 被改坏。请从备份恢复；没有备份可删除它，各订阅者须重新授权（zhucun access grant）。\n"
            f"{path} is broken ({error}). Restore it from the backup; without one delete it, and grant each subscriber "
            "access anew (`zhucun access grant`)."
        ) from error


def _keys(folder: Path, users: Iterable[str]) -> Mapping[str, str]:
    """The public keys of users. Missing keys are made. Raises StartError for a file that holds no valid seed."""
    found: dict[str, str] = {}
    for user in users:
        try:
            found |= make_keys(folder, [user])
        except nkeys.NkeysError as error:
            path = seed_file(folder, user)
            raise StartError(
                f"密钥文件 {path} 被改坏。请删除它，下次启动时另造一个，数据不受影响。\n"
                f"The key {path} is broken. Delete it: the next start makes another one, and no data is lost."
            ) from error
    return found
