"""Which addresses events may be sent to: not to this machine, nor into the network in which it stands."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from shared.denied import Denied

Network = IPv4Network | IPv6Network
LONGEST: Final = 500
"""The most characters of an address."""
_TRANSLATED: Final = ip_network("64:ff9b::/96")
"""IPv6 addresses behind which a translator reaches IPv4 ones (RFC 6052)."""


def require_sendable(url: str, plain_hosts: Collection[str]) -> None:
    """Refuse (422) an address that is no https one. `plain_hosts` are those to which the operator allows http."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or port == 0 or not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST:
        raise _wrong(
            f"不是有效的网址（最长 {LONGEST} 个字符）", f"it is no valid address of {LONGEST} characters at most"
        )
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _wrong("网址中不能有用户名、口令或“#”", "an address has no user, password or fragment here")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in plain_hosts):
        raise _wrong(
            f"网址须以“https”开头；如“{host}”只有“http”，请运维在 ZHUCUN_PLAIN_HOSTS 中列明",
            f"the address begins with https; the operator may allow http to {host} by ZHUCUN_PLAIN_HOSTS",
        )


def is_inner(address: str, allowed: Collection[Network]) -> bool:
    """Whether an IP address lies inside: private, loopback, link-local (where clouds keep their metadata) or reserved.

    Networks that the operator has `allowed` are not inside. An IPv6 address that stands for an IPv4 one is judged by
    the latter.
    """
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if inner := found.ipv4_mapped or found.sixtofour:
            found = inner
        elif found in _TRANSLATED:
            found = IPv4Address(int(found) & 0xFFFFFFFF)
    if any(found in network for network in allowed):
        return False
    is_local = found.is_reserved or (isinstance(found, IPv6Address) and found.is_site_local)
    return not found.is_global or found.is_multicast or is_local


def _wrong(zh: str, en: str) -> Denied:
    return Denied("webhooks", zh, en, status=422, typed="url")
