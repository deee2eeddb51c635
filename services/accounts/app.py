"""The accounts as a process: settings and wiring only."""

import os
import signal
from pathlib import Path

import msgspec
import uvicorn
import uvloop

from services.accounts.api import Api
from services.accounts.issuer import Issuer
from services.accounts.secret import Seal
from services.accounts.signin import SignIn
from services.accounts.tables import TABLES
from services.accounts.tokens import Keys
from shared import logs
from shared.engine.audit import AuditLog
from shared.engine.opening import open_engine
from shared.web import serving
from shared.web.asgi import App

NAME = "accounts"


class Settings(msgspec.Struct):
    """Settings from the environment: `database` is ZHUCUN_DATABASE, and so on."""

    database: str
    port: int
    secret_file: Path
    """The file with the installation's secret: operators' token and second factors come from it."""
    signing_keys: Path
    """The file with the keys that sign tokens. It is made at the first start, and nobody else may read it."""
    host: str = "127.0.0.1"
    issuer: str = ""
    """The address at which people and services reach this process, as in every token. Without it, host and port."""
    audience: str = "zhucun"
    installation: str = ""
    log_level: str = "INFO"
    migrate_on_start: bool = True


def settings() -> Settings:
    """The settings. Raises msgspec.ValidationError, which names what is missing."""
    given = {name: value for name in Settings.__struct_fields__ if (value := os.environ.get(f"ZHUCUN_{name.upper()}"))}
    return msgspec.convert(given, Settings, strict=False, dec_hook=lambda type, value: type(value))


def build(of: Settings) -> tuple[App, AuditLog]:
    """The application, and the log whose engine its maker disposes of."""
    secret = of.secret_file.read_bytes()
    log = AuditLog(open_engine(of.database), TABLES.audit)
    url = of.issuer or f"http://{of.host}:{of.port}"
    issuer = Issuer(url, of.audience, Keys(of.signing_keys), log, SignIn(log, Seal(secret)))
    return App({**issuer.routes, **Api(issuer, log, secret).routes}), log


def serve() -> None:
    """Run until SIGINT or SIGTERM."""
    of = settings()
    logs.configure(NAME, of.log_level)
    if of.migrate_on_start:
        from shared import migrations  # Only here: Alembic takes 10 MiB of memory.

        migrations.upgrade(NAME, of.database)
    uvloop.run(_run(of))


async def _run(of: Settings) -> None:
    app, log = build(of)
    named = [("zhucun-service", NAME), ("zhucun-installation", of.installation)]
    # Headers of proxies are not believed: by them anybody could have his failures counted for another address.
    server = uvicorn.Server(serving.config(app, of.host, of.port, headers=named, proxy_headers=False))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # uvicorn raises the signal again when it has stopped.
    await server.serve()
    await log.engine.dispose()


if __name__ == "__main__":
    serve()
