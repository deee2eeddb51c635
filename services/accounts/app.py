"""The accounts as a process: settings and wiring only."""

from pathlib import Path

from services.accounts.api import Api
from services.accounts.issuer import Issuer
from services.accounts.log import Log
from services.accounts.signin import SignIn
from services.accounts.tokens import Keys
from shared.engine.opening import open_engine
from shared.settings import applied
from shared.web import process
from shared.web.asgi import App
from shared.web.rates import Limits
from shared.web.sealing import Seal

NAME = "accounts"


class Settings(process.Settings, kw_only=True):
    """The settings of the accounts, beside those that every process has."""

    signing_keys: Path
    """The file with the keys that sign tokens. It is made at the first start, and nobody else may read it."""
    issuer: str = ""
    """The address at which people and services reach this process, as in every token. Without it, host and port."""
    audience: str = "zhucun"
    pages: str = ""
    """The address at which browsers reach the page to sign in, if that is another than the issuer's."""
    console: str = ""
    """The addresses at which browsers reach the console, with commas in between. People are led back there."""


def build(of: Settings) -> tuple[App, Log]:
    """The application, and its log. The caller disposes of the log's engine."""
    secret = of.secret_file.read_bytes()
    url = of.issuer or f"http://{of.host}:{of.port}"
    log = Log(open_engine(of.database), secret, url)
    issuer = Issuer(
        url, of.audience, Keys(of.signing_keys), log, SignIn(log, Seal(secret, "second factors")), of.console, of.pages
    )
    return App({**issuer.routes, **Api(issuer, log, secret, Limits(of.requests_a_minute)).routes}, NAME), log


def serve() -> None:
    """Run until SIGINT or SIGTERM."""
    of = Settings.read()
    process.run(NAME, of, _run(of))


async def _run(of: Settings) -> None:
    with applied():
        app, log = build(of)
    async with process.held(log.engine, NAME, of) as hold:
        await process.serve(app, NAME, of, hold)


if __name__ == "__main__":
    serve()
