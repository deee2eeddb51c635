"""The webhooks as a process: settings and wiring only."""

from ipaddress import ip_network

import httpx

from services.webhooks.api import Api
from services.webhooks.callers import Callers
from services.webhooks.courier import Post
from services.webhooks.sender import SECONDS, Sender
from services.webhooks.store import Store
from services.webhooks.tables import TABLES
from shared.engine.audit import AuditLog
from shared.engine.opening import open_engine
from shared.settings import applied
from shared.web import issuers, process
from shared.web.asgi import App
from shared.web.following import WAIT, Feeds
from shared.web.rates import Limits
from shared.web.token import operator_headers

NAME = "webhooks"
LEAST_PATIENCE = 7.0
"""Days for which an event is tried at least."""


class Settings(process.Settings, kw_only=True):
    """The settings of the webhooks, beside those that every process has."""

    sources: str
    """The services' processes with their addresses: `registry=http://registry:8000,dispatch=http://…`."""
    plain_hosts: str = ""
    """Hosts to which http is allowed, with commas in between. Signatures hold there, but anybody can read along."""
    allowed_networks: str = ""
    """Inner networks to which events may be sent, such as `10.21.0.0/16`, with commas in between."""
    patience_days: float = LEAST_PATIENCE
    """For how many days an event is tried; seven at least."""
    timeout: float = SECONDS
    """Seconds for one attempt."""
    issuers: str = ""
    """The file of the issuers by whose tokens people and programs are known (`shared/web/issuers.py`), or `none`."""


def build(of: Settings) -> tuple[App, Post]:
    """The application, and the couriers, which the caller starts and stops. Their store has the database's engine."""
    secret, kept = of.secret_file.read_bytes(), Store(open_engine(of.database))
    plain = set(_listed(of.plain_hosts))
    networks = [ip_network(text) for text in _listed(of.allowed_networks)]

    def sender() -> Sender:
        return Sender(plain, networks, of.timeout)

    http = httpx.AsyncClient(headers=operator_headers(secret), timeout=WAIT + 30, trust_env=False)
    feeds = Feeds(dict(text.split("=", 1) for text in _listed(of.sources)), http)
    post = Post(kept, feeds, secret, sender, max(of.patience_days, LEAST_PATIENCE) * 86_400)
    log = AuditLog(kept.engine, TABLES.audit, kept.lock)
    trusted = issuers.named(of.issuers, secret)
    callers = Callers(kept, log, secret, post.secrets, trusted, Limits(of.requests_a_minute))
    return App(Api(post, sender, plain, log, callers).routes, NAME), post


def serve() -> None:
    """Run until SIGINT or SIGTERM."""
    of = Settings.read()
    process.run(NAME, of, _run(of))


async def _run(of: Settings) -> None:
    with applied():
        app, post = build(of)
    async with process.held(post.store.engine, NAME, of) as hold:
        await post.start()
        try:
            await process.serve(app, NAME, of, hold)
        finally:  # What reads the database must end before it is closed.
            await post.stop()


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


if __name__ == "__main__":
    serve()
