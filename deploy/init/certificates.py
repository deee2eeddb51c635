"""Certificates for NATS within an installation: an authority of its own, and one certificate that its servers share.

The servers show the certificate to clients and to one another. It is made with `openssl`, which is in the image.
"""

import subprocess
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from deploy.local.errors import StartError

NODES: Final = ("nats-1", "nats-2", "nats-3")
"""The names of the servers in compose.yaml."""
OWN: Final = (*NODES, "localhost", "127.0.0.1")
DAYS: Final = 7300
"""How many days both last. It is twenty years, since in a closed network nobody may be there to renew them in time."""
SOON: Final = 90 * 86400
"""How many seconds before its end a certificate is made anew at a start."""
_CONFIG: Final = """\
[req]
distinguished_name = name
prompt = no
[name]
O = Zhucun
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


def make(folder: Path, names: Sequence[str]) -> None:
    """Make the authority if it is missing, and the servers' certificate if it is missing or lacks one of the names."""
    wanted = [*OWN, *names]
    if not (folder / "ca.pem").exists():
        _make(folder, "ca", "authority", wanted)
    if not _fits(folder / "nats.pem", wanted):
        _make(folder, "nats", "server", wanted, "-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key"))


def _fits(certificate: Path, names: Iterable[str]) -> bool:
    """Whether the certificate exists, has all these names, and does not end soon."""
    if not certificate.exists():
        return False
    asked = ["openssl", "x509", "-in", str(certificate), "-noout", "-checkend", str(SOON), "-ext", "subjectAltName"]
    answer = subprocess.run(asked, capture_output=True, text=True)
    found = {name.strip() for line in answer.stdout.splitlines() for name in line.split(",")}
    return answer.returncode == 0 and {_told(name) for name in names} <= found


def _make(folder: Path, name: str, kind: str, names: Iterable[str], *signed_by: str) -> None:
    """Make a key and its certificate. The certificate is moved to its place last, so where it is the key is too."""
    alternatives = ", ".join(_told(one).replace(" Address", "") for one in names)
    config = folder / "openssl.new"
    config.write_text(_CONFIG.format(name=f"{name} of this installation", names=alternatives))
    parts = {suffix: folder / f"{name}{suffix}" for suffix in (".key", ".pem")}
    drafts = {suffix: folder / f"{name}{suffix}.new" for suffix in parts}
    command = [
        "openssl", "req", "-x509", "-config", str(config), "-extensions", kind, "-newkey", "ec",
        "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(DAYS), "-keyout", str(drafts[".key"]),
        "-out", str(drafts[".pem"]), *signed_by,
    ]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True)
    config.unlink()
    if answer.returncode:
        raise StartError(
            "证书没有做成。请核对 ZHUCUN_NATS_NAMES：域名或 IP 地址，以逗号分隔。\n"
            f"The certificate of {name} could not be made. Look at ZHUCUN_NATS_NAMES: names or addresses with "
            f"commas between them. {answer.stderr}"
        )
    for suffix, path in parts.items():
        drafts[suffix].replace(path)


def _told(name: str) -> str:
    """A name or an address in the form that openssl prints: `DNS:…` or `IP Address:…`."""
    try:
        return f"IP Address:{ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"
