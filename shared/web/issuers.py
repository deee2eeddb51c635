"""Tokens by which people log in: JWTs of the issuers that an installation trusts (OpenID Connect, RFC 9068).

A TOML file names these issuers: the country's, a province's or the installation's own:

    [[issuers]]
    url = "https://login.example.gov.cn"   # as in the token's `iss`
    audience = "zhucun"                    # as in the token's `aud`
    keys = "keys.json"                     # optional: its keys (JWKS), so that nothing is fetched; beside this file

The token says in the claim `zhucun` for which organ its bearer acts, and in which roles and divisions. An issuer that
knows groups alone names their claim, and the file says what each group is:

    claim = "groups"
    groups.huanren_office = { role = "poverty_office", division = "210522", organ = "桓仁满族自治县扶贫办" }
    groups.forestry = { role = "unit", division = "2105", organ = "市林业局", unit = "U12" }
    groups.erhulai = { role = "township", division = "210522", organ = "二户来镇人民政府", township = "210522105" }
    cadre = "staff_id"   # optional: the claim with the id under which a person is registered as a cadre

An issuer whose tokens have the claim `zhucun` may also say there, in `delegated`, which powers others have handed to
the bearer for a time (`Delegated`). With other issuers, nobody acts for others.
"""

import asyncio
import hashlib
import time
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import Meta

from shared.contracts.values import OWN, OrganOrNone, Role
from shared.divisions import jurisdiction_of
from shared.engine.people import Person
from shared.web.token import LONGEST_TOKEN, pseudonym

log = structlog.get_logger()
UNASKED: Final = "none"
"""The word that takes the place of a file of issuers if nobody is to be asked who he is."""
ALGORITHMS: Final = {"ES256": ("EC", "P-256"), "RS256": ("RSA", None), "Ed25519": ("OKP", "Ed25519")}
"""The kinds of signature that are accepted, each with the kind and curve of its key. All need a private key, so that
nobody can sign with a key that everybody can read."""
LEEWAY: Final = 60.0
"""Seconds by which the clocks of an issuer and of this machine may differ."""
KEPT_SECONDS, KEPT = 300.0, 10_000
"""For how many seconds a verified token is not verified again, and how many are remembered."""
FETCH_EVERY: Final = 30.0
"""The least seconds between two requests for an issuer's keys, so that tokens with invented keys cause few of them."""
KEYS_LAST: Final = 3600.0
"""Seconds after which the keys are fetched again, so that a withdrawn one is forgotten. Known keys serve until then."""
ANSWERED_WITHIN, LARGEST_ANSWER = 5.0, 2**18
"""Seconds and bytes within which an issuer must answer."""

SUBJECT: Final = r"^[^\x00-\x1f\x7f]{1,255}$(?!\n)"
"""The pattern of the `sub` by which an issuer knows somebody."""
Division = Annotated[str, Meta(pattern=r"^([0-9]{2}){0,3}$(?!\n)")]
Said = Annotated[str, Meta(max_length=255)]
Reference = Annotated[str, Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9._:/-]{0,119})?$(?!\n)")]
"""A stable id, or empty."""
VillageCode = Annotated[str, Meta(pattern=r"^([0-9]{12})?$(?!\n)")]
"""The digits of a village, or empty."""
TownshipCode = Annotated[str, Meta(pattern=r"^([0-9]{9})?$(?!\n)")]
"""The digits of a township, or empty."""
Administrator = Literal["system", "security", "audit"]
"""The roles of those who keep the system running, grant rights, and watch both. None has a say in the work itself."""


class Holding(msgspec.Struct, frozen=True):
    """A role that somebody has in a division: a prefix of its code with 0, 2, 4 or 6 digits; empty for the country."""

    role: Role | Administrator | Literal["subscriber"]
    division: Division


T = TypeVar("T", bound=Holding)


class Belongs(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody belongs, by stable ids; each is empty where it is not said."""

    cadre: Reference = ""
    """The id under which he is registered as a cadre."""
    unit: Reference = ""
    """The unit for which he acts in the role of a unit."""
    team: Reference = ""
    """The village of the team for which he acts in the role of a team."""
    village: VillageCode = ""
    """The village for which he acts in the role of a village or of a villager, by its present code."""
    township: TownshipCode = ""
    """The township for which he acts in its role, by the nine digits with which its villages' codes begin."""
    kin: Annotated[tuple[Reference, ...], Meta(max_length=20)] = ()
    """The ids under which his close relatives are registered, as cadres or in a village (Civil Servant Law 74)."""


class _Part(Holding, frozen=True):
    role: Role | Literal["subscriber"]


class Delegated(Belongs, frozen=True, kw_only=True):
    """The powers that somebody else has handed to the bearer for a time. By them he acts for that person's organ. The
    roles of administrators are never handed on."""

    giver: Annotated[str, Meta(pattern=SUBJECT)] = msgspec.field(name="from")
    """Whose powers they are: the `sub` of that person's tokens. Once the token is verified, a pseudonym stands here."""
    organ: OrganOrNone = ""
    roles: Annotated[tuple[_Part, ...], Meta(min_length=1, max_length=20)]
    until: float
    """The time, in seconds since 1970, at which they end, even if the token holds for longer."""


class Granted(Belongs, frozen=True, kw_only=True):
    """What a token says of its bearer: the organ in whose name he acts, his roles, where he belongs, and what others
    have handed to him. Other fields are ignored."""

    roles: Annotated[tuple[Holding, ...], Meta(max_length=100)]
    organ: OrganOrNone = ""
    delegated: Annotated[tuple[Delegated, ...], Meta(max_length=5)] = ()


class Group(Holding, frozen=True, forbid_unknown_fields=True):
    """What membership in an issuer's group means: a role and, if the role is limited to one unit, team, village or
    township, which one."""

    organ: OrganOrNone = ""
    unit: Reference = ""
    team: Reference = ""
    village: VillageCode = ""
    township: TownshipCode = ""


class Issuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An issuer whose tokens are taken."""

    url: Annotated[str, Meta(pattern=r"^https?://[!-~]{1,300}$")]
    audience: Annotated[str, Meta(min_length=1, max_length=300)] = "zhucun"
    keys: str = ""
    """The file with its keys, in the folder of the file of issuers. Without one they are fetched, as `url` tells."""
    here: bool = False
    """Whether it runs on this machine. Then its keys may be fetched without TLS, even at an address of the network.
    `zhucun up` sets this for its own accounts."""
    claim: str = "zhucun"
    groups: dict[str, Group] = {}
    """What its groups mean, if `claim` is a list of groups."""
    cadre: str = ""
    """The claim with the id under which somebody is registered as a cadre, if `claim` is a list of groups."""
    marked: bool = True
    """Whether it marks its access tokens as such (`typ: at+jwt`, RFC 9068). False only for one that cannot: then other
    tokens for the same audience are accepted as well."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issuers: Annotated[tuple[Issuer, ...], Meta(min_length=1, max_length=20)]


class _Claims(msgspec.Struct, frozen=True):
    iss: Said
    sub: Annotated[str, Meta(pattern=SUBJECT)]
    aud: Said | list[Said]
    exp: float
    iat: float
    nbf: float = 0.0


class _Header(msgspec.Struct, frozen=True):
    alg: Said
    kid: Said = ""
    typ: Said = ""


class Bearer(msgspec.Struct, frozen=True):
    """Who bears a verified token."""

    person: Person
    granted: Granted
    givers: tuple[Person, ...]
    """Who has handed powers to him."""
    until: float
    """The time, in seconds since 1970, at which the token ends."""


class TokenRefused(Exception):
    """A token that proves nothing. `zh` and `en` say why; neither repeats what the token says."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class IssuerAway(Exception):
    """A token cannot be verified, since its issuer's keys are not known and it does not answer."""

    zh: Final = "登录服务无应答，无法核验令牌，请稍后再试或告知运维"
    en: Final = "the issuer of tokens does not answer; try again later, or tell operations"


class Issuers:
    """The issuers of an installation, with their keys, and the tokens that were verified lately.

    `secret` keys the pseudonyms: the same person has the same one in all services, and nobody else can compute it.
    """

    def __init__(self, issuers: Iterable[Issuer], folder: Path, secret: bytes) -> None:
        self.trusted = tuple(issuers)
        self._keys = {issuer.url: _Keys(issuer, folder) for issuer in self.trusted}
        self._secret = secret
        self._known: dict[bytes, tuple[Bearer, float]] = {}

    async def bearer(self, token: str) -> Bearer:
        """Who bears this token. Raises TokenRefused or IssuerAway."""
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused("令牌过长", "the token is too long")
        now, fingerprint = time.time(), hashlib.sha256(token.encode()).digest()
        bearer, since = self._known.get(fingerprint, (None, 0.0))
        if bearer is None or not since <= now < since + KEPT_SECONDS:
            bearer = await self._verified(token)
            if len(self._known) >= KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[fingerprint] = bearer, now
        if bearer.until + LEEWAY <= now:
            raise TokenRefused("令牌已过期，请重新登录", "the token has expired; log in again")
        return bearer

    async def _verified(self, token: str) -> Bearer:
        header, claims = _unverified(token)
        keys = self._keys.get(claims.iss)
        if keys is None:
            raise TokenRefused("签发者不在本系统信任之列", "its issuer is none that this installation trusts")
        issuer = keys.issuer
        _fits(issuer, header, claims)
        said = keys.said_by(token, await keys.find(header.kid, header.alg), header.alg)
        name = said.get("name")
        who = Person(
            pseudonym(self._secret, claims.iss, claims.sub),
            claims.iss,
            claims.sub,
            name if isinstance(name, str) and len(name) <= 255 and name.isprintable() else "",
        )
        granted = _granted(issuer, said)
        givers = tuple(
            Person(pseudonym(self._secret, claims.iss, one.giver), claims.iss, one.giver) for one in granted.delegated
        )
        handed = tuple(
            msgspec.structs.replace(one, giver=giver.pseudonym)
            for one, giver in zip(granted.delegated, givers, strict=True)
        )
        return Bearer(who, msgspec.structs.replace(granted, delegated=handed), givers, claims.exp)


def named(said: str, secret: bytes) -> Issuers | None:
    """The issuers of the file that ZHUCUN_ISSUERS names; None if it is `none`, by which an operator opens a process to
    everybody who can reach it.

    Raises ValueError if it is empty, since a forgotten setting must not open anything, and whenever `read` does.
    """
    if not said:
        raise ValueError(
            "未设置 ZHUCUN_ISSUERS：请写明登录服务清单的文件；封闭试用、确需不核对身份的，写“none” / "
            "ZHUCUN_ISSUERS is not set: name the file of the issuers whose tokens are taken; for a closed trial in "
            f"which nobody is to be asked who he is, say `{UNASKED}`"
        )
    if said == UNASKED:
        log.warning("nobody is asked who he is (ZHUCUN_ISSUERS=none): whoever reaches this process may do all it does")
        return None
    return read(Path(said), secret)


def read(path: Path, secret: bytes) -> Issuers:
    """The issuers that a file names. Raises ValueError if it does not fit, OSError if it cannot be read."""
    try:
        issuers = msgspec.convert(tomllib.loads(path.read_text()), _File).issuers
    except msgspec.ValidationError as error:
        raise ValueError(f"{path}: {error}") from error
    if len({issuer.url for issuer in issuers}) < len(issuers):
        raise ValueError(f"{path}: an issuer is named twice")
    for issuer in issuers:
        if not _is_safe(issuer, issuer.url):
            raise ValueError(f"{path}: {issuer.url} must begin with https:// unless it is inside this network")
        if bool(issuer.groups) != (issuer.claim != "zhucun"):
            raise ValueError(f"{path}: {issuer.url} needs both `claim` and `groups`, or neither")
        for name, group in issuer.groups.items():
            if (owner := OWN.get(group.role)) and not getattr(group, owner):
                raise ValueError(f"{path}: groups.{name} has the role {group.role}; say whose it is: {owner} = …")
    return Issuers(issuers, path.parent, secret)


def _is_safe(issuer: Issuer, url: str) -> bool:
    """Whether keys may be fetched from an address: by TLS, or from this machine or a neighbouring container."""
    parts, own = urlsplit(url), urlsplit(issuer.url).hostname if issuer.here else None
    host = parts.hostname or ""
    is_near = host in ("127.0.0.1", "::1", own) or "." not in host + ":"
    return bool(host) and (parts.scheme == "https" or is_near)


def _unverified(token: str) -> tuple[_Header, _Claims]:
    """What a token says of itself before its signature was looked at."""
    from joserfc.util import urlsafe_b64decode  # Only here: it takes memory, and without issuers nobody needs it.

    head, dot, rest = token.partition(".")
    body, last, signature = rest.partition(".")
    if not (dot and last and signature) or "." in signature:
        raise TokenRefused("令牌不是 JWT", "the token is no JWT")
    try:
        header, payload = urlsafe_b64decode(head.encode()), urlsafe_b64decode(body.encode())
        return msgspec.json.decode(header, type=_Header), msgspec.json.decode(payload, type=_Claims)
    except (msgspec.DecodeError, ValueError) as error:
        raise TokenRefused("令牌内容有误", "the token says what no access token says") from error


def _fits(issuer: Issuer, header: _Header, claims: _Claims) -> None:
    """Refuse a token for somebody else, of another kind, or of another time."""
    now = time.time()
    if header.alg not in ALGORITHMS:
        raise TokenRefused("令牌的签名算法不被接受", f"its signature is none of {', '.join(ALGORITHMS)}")
    if header.typ.lower().removeprefix("application/") != "at+jwt" and (issuer.marked or header.typ not in ("", "JWT")):
        raise TokenRefused("不是访问令牌", "it is no access token (typ: at+jwt)")
    if issuer.audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
        raise TokenRefused("令牌不是签发给本系统的", "it was issued for another audience")
    if claims.exp + LEEWAY <= now:
        raise TokenRefused("令牌已过期，请重新登录", "the token has expired; log in again")
    if max(claims.iat, claims.nbf) - LEEWAY > now:
        raise TokenRefused("令牌尚未生效，请核对时钟", "the token is not valid yet; compare the clocks")


_OF: Final = ("organ", *dict.fromkeys(OWN.values()))
"""The fields of groups, besides roles, that say something of their members."""


def _granted(issuer: Issuer, said: Mapping[str, Any]) -> Granted:
    found = said.get(issuer.claim)
    try:
        if not issuer.groups:
            granted = msgspec.convert(found, Granted)
        else:
            groups = [issuer.groups[name] for name in msgspec.convert(found, list[str]) if name in issuer.groups]
            said_by = {name: [*dict.fromkeys(filter(None, (getattr(group, name) for group in groups)))] for name in _OF}
            if any(len(said_by[name]) > 1 for name in OWN.values()):
                raise TokenRefused(
                    "令牌属于两个单位、工作队、村或者乡镇，无法认定以哪个名义办理",
                    "it is of two units, teams, villages or townships, and acts for one",
                )
            first: dict[str, Any] = {name: next(iter(found), "") for name, found in said_by.items()}
            cadre = msgspec.convert(said.get(issuer.cadre, ""), Reference) if issuer.cadre else ""
            granted = Granted(roles=tuple(groups), cadre=cadre, **first)
    except msgspec.ValidationError as error:
        raise TokenRefused(
            "令牌中没有可识别的角色、区划和机关", "the token names no roles, divisions and organ as agreed"
        ) from error
    handed = tuple(msgspec.structs.replace(one, roles=_within(one.roles)) for one in granted.delegated)
    return msgspec.structs.replace(granted, roles=_within(granted.roles), delegated=handed)


def _within(roles: Iterable[T]) -> tuple[T, ...]:
    """Roles whose divisions are prefixes of all that lies in them: `520000` becomes `52`, the whole province."""
    return tuple(msgspec.structs.replace(held, division=jurisdiction_of(held.division)) for held in roles)


class _Keys:
    """The keys of one issuer, by their names."""

    def __init__(self, issuer: Issuer, folder: Path) -> None:
        self.issuer = issuer
        self._keys: list[Any] = []
        self._asked = self._got = -float("inf")
        self._asking = asyncio.Lock()
        self._is_fixed = bool(issuer.keys)
        if issuer.keys:
            self._keys = _imported((folder / issuer.keys).read_bytes())

    async def find(self, kid: str, alg: str) -> Any:
        """The key with this name, made for this algorithm. Keys are fetched anew if it is unknown, or after
        `KEYS_LAST`.
        """
        key = self._find(kid, alg)
        if not self._is_fixed and (key is None or time.monotonic() > self._got + KEYS_LAST):
            async with self._asking:
                if time.monotonic() > self._asked + FETCH_EVERY:
                    self._asked = time.monotonic()
                    await self._fetch()
            key = self._find(kid, alg)
        if key is None and not self._keys:
            raise IssuerAway(self.issuer.url)
        if key is None:
            raise TokenRefused("令牌的签名密钥不属于签发者", "its issuer has no key of this name for this algorithm")
        return key

    def _find(self, kid: str, alg: str) -> Any:
        """The key with this name, or the only one if the token names none."""
        fitting = [key for key in self._keys if _suits(key.as_dict(private=False), alg)]
        if not kid:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.kid == kid), None)

    async def _fetch(self) -> None:
        """Ask the issuer where its keys are, and fetch them. If it does not answer, the known keys stay."""
        import httpx  # Only here: it takes memory.

        async with httpx.AsyncClient(timeout=ANSWERED_WITHIN, trust_env=False, follow_redirects=False) as client:
            try:
                address = (await discovered(self.issuer, client, "jwks_uri"))["jwks_uri"]
                self._keys = _imported(await _answer(client, address))
                self._got = time.monotonic()
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                log.warning("the keys of an issuer cannot be read", issuer=self.issuer.url, error=repr(error)[:300])

    @staticmethod
    def said_by(token: str, key: Any, alg: str) -> dict[str, Any]:
        """All that a token says, if this key signed it."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        with suppress(JoseError, ValueError):
            return jwt.decode(token, key, algorithms=[alg]).claims
        raise TokenRefused("令牌的签名不符", "its signature does not fit")


async def discovered(issuer: Issuer, client: Any, *needed: str) -> dict[str, str]:
    """The addresses that an issuer names (OpenID Connect Discovery 1.0). Raises ValueError if a needed one is missing
    or unsafe, or if it speaks for another issuer."""
    said = await _answer(client, f"{issuer.url.rstrip('/')}/.well-known/openid-configuration")
    found = {name: one for name, one in msgspec.json.decode(said, type=dict[str, Any]).items() if isinstance(one, str)}
    if found.get("issuer") != issuer.url or not all(_is_safe(issuer, found.get(name, "")) for name in needed):
        raise ValueError("it speaks for another issuer, or names an unsafe address")
    return found


async def _answer(client: Any, url: str) -> bytes:
    """The body of an answer. Raises ValueError for another status than 200, or for one that is too large."""
    async with client.stream("GET", url) as answer:
        body = b""
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > LARGEST_ANSWER:
                raise ValueError("its answer is too large")
        if answer.status_code != 200:
            raise ValueError(f"it answers {answer.status_code}")
        return body


def _imported(body: bytes) -> list[Any]:
    """The public keys of a JWKS. Those of unknown kinds are ignored. Raises ValueError if none is left."""
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    keys = []
    for entry in msgspec.json.decode(body, type=dict[str, list[dict[str, Any]]]).get("keys", ()):
        with suppress(JoseError, ValueError, KeyError):
            if entry.get("use", "sig") == "sig" and entry.get("kty") in ("EC", "RSA", "OKP"):
                keys.append(import_key(entry))
    if not keys:
        raise ValueError("there is no key in it")
    return keys


def _suits(key: Mapping[str, Any], alg: str) -> bool:
    """Whether a key is of the kind, curve and strength that an algorithm needs, and not made for another one."""
    strong = alg != "RS256" or len(str(key.get("n", ""))) >= 340  # 2048 bits have 342 characters.
    return (key.get("kty"), key.get("crv")) == ALGORITHMS[alg] and strong and key.get("alg", alg) == alg
