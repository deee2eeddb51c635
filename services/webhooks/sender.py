"""Sending over HTTP to addresses that strangers named: never into the inner network, never along a redirect, and never
for long."""

import asyncio
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from services.webhooks.model import Outcome
from services.webhooks.model.address import Network, is_inner, require_sendable
from services.webhooks.model.delivery import retry_after
from shared.denied import Denied

SECONDS: Final = 15.0
"""The most seconds for one attempt, from the name of the host to the end of the answer."""
LONGEST: Final = 16 * 2**10
"""The bytes of an answer's body that are waited for. What is longer is cut off, since nobody reads it."""

_BROKEN: Final = {
    socket.gaierror: "域名无法解析",
    httpx.ConnectError: "连接不上",
    httpx.RemoteProtocolError: "应答不完整或不合规范",
    httpx.NetworkError: "连接中断",
}


class Sender:
    """One client for one endpoint, so that endpoints share no connections."""

    def __init__(self, plain_hosts: Collection[str], networks: Collection[Network], seconds: float = SECONDS) -> None:
        self._plain, self._networks, self._seconds = plain_hosts, networks, seconds
        # A proxy would resolve the name again, and connect to whatever it says then.
        # Cookies would be kept for ever, as many as a receiver likes.
        self._http = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=seconds,
            verify=_trusted(),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send a body. Whatever happens is returned as the outcome; nothing is raised."""
        _, outcome = await self._send("POST", url, body, headers)
        return outcome

    async def allows(self, url: str, origin: str) -> Outcome:
        """Ask whether the receiver wants events from us, as the specification of CloudEvents webhooks has it.

        Only somebody who controls the address can answer with our origin, or with `*`, in `WebHook-Allowed-Origin`.
        """
        answered, outcome = await self._send("OPTIONS", url, b"", {"webhook-request-origin": origin})
        if outcome.is_delivered and answered.get("webhook-allowed-origin") not in (origin, "*"):
            return Outcome(
                0,
                f"the answer to OPTIONS has no header `WebHook-Allowed-Origin: {origin}`",
                zh=f"对 OPTIONS 的应答没有响应头“WebHook-Allowed-Origin: {origin}”",
            )
        return outcome

    async def _send(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[httpx.Headers, Outcome]:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._attempt(method, url, body, headers)
        except TimeoutError:
            seconds = f"{self._seconds:.0f}"
            return httpx.Headers(), Outcome(0, f"no whole answer within {seconds} s", zh=f"{seconds} 秒内没有完整应答")
        except Denied as error:
            return httpx.Headers(), Outcome(0, error.en, zh=error.zh)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            zh = next((zh for kind, zh in _BROKEN.items() if isinstance(error, kind)), "没有完整应答")
            return httpx.Headers(), Outcome(0, f"no whole answer: {type(error).__name__}", zh=zh)

    async def _attempt(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[httpx.Headers, Outcome]:
        require_sendable(url, self._plain)  # The operator may have changed what is allowed since it was added.
        there = httpx.URL(url)
        address = await self._resolved(there.host, there.port or (443 if there.scheme == "https" else 80))
        # We connect to the very address that was looked at. A second look at the name could find another one.
        request = self._http.build_request(
            method,
            there.copy_with(host=address),
            content=body,
            headers={"host": there.netloc.decode("ascii"), "accept-encoding": "identity", **headers},
            extensions={"sni_hostname": there.host, "timeout": httpx.Timeout(self._seconds).as_dict()},
        )
        answer = await self._http.send(request, stream=True)
        try:
            read = 0
            async for part in answer.aiter_raw():
                read += len(part)
                if read > LONGEST:
                    break
        finally:
            await answer.aclose()
        return answer.headers, _outcome(answer)

    async def _resolved(self, host: str, port: int) -> str:
        """The address of a host. Raises OSError if there is none, and Denied if any of them lies inside."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if any(is_inner(address, self._networks) for address in addresses):
            raise Denied(
                "webhooks",
                f"“{host}”在内部网络中，如确须发送，请运维在 ZHUCUN_ALLOWED_NETWORKS 中列明",
                f"{host} lies inside the network; the operator may allow it by ZHUCUN_ALLOWED_NETWORKS",
                status=422,
                typed="url",
            )
        return next((address for address in addresses if "." in address), addresses[0])


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities whose certificates are believed: read once, and not again for every endpoint."""
    return httpx.create_ssl_context(trust_env=False)


def _outcome(answer: httpx.Response) -> Outcome:
    if answer.is_success:
        return Outcome(answer.status_code)
    header, date = answer.headers.get("retry-after", ""), None
    with suppress(ValueError, OverflowError, IndexError, TypeError):  # Whatever a receiver writes there.
        date = parsedate_to_datetime(header).timestamp() if header else None
    zh, en = ("，不跟随跳转", "; redirects are not followed") if answer.is_redirect else ("", "")
    return Outcome(
        answer.status_code,
        f"it answers {answer.status_code}{en}",
        retry_after(header, time.time(), date),
        f"应答为 {answer.status_code}{zh}",
    )
