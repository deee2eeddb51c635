"""What is told otherwise: what a test of a service's rules told it last of each type is told once more, on other days,
with one thing changed, and by other packs. So nobody changes what a rule does near to a test without seeing it.

Nothing comes of it in the test itself. What would have come of it stands beside the test in `told/`, as the number of
the answers and a sum over all. Where a test is new, or a change is meant, `pytest FILE --told-anew` writes the lines of
whole files anew. To see what lies behind another sum, `pytest FILE --told-in FOLDER` writes every single answer there,
before the change and after it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.demo.world import Service
from deploy.local.supervisor import SERVICES
from tests.support.asking import Asking, Said, written
from tests.support.moments import Moments

ANEW: Final = "--told-anew"
SINGLY: Final = "--told-in"
_LINES: Final[dict[Path, dict[str, str]]] = {}
"""By file, what is told of the tests that ran, to be written at the end."""


def add_options(parser: pytest.Parser) -> None:
    """The options of pytest with which the files are written."""
    group = parser.getgroup("told otherwise")
    group.addoption(ANEW, action="store_true", help="write anew what would come of other messages than a test's")
    group.addoption(SINGLY, type=Path, metavar="FOLDER", help="write there every single answer to other messages")


def is_about_rules(test: pytest.Item) -> bool:
    """Whether a test is one of a service's rules that tells the same each time."""
    return test.path.parent.name in SERVICES and not getattr(getattr(test, "obj", None), "is_hypothesis_test", False)


@contextmanager
def heard(test: pytest.Item) -> Iterator[Moments]:
    """What a test tells the services that it or its fixtures begin; nothing if it is of something else than rules."""
    moments, made = Moments(last=True), Service.__init__
    if not is_about_rules(test):
        yield moments
        return

    def watched(self: Service, *given: Any, **named: Any) -> None:
        made(self, *given, **named)
        moments.watch(self)

    Service.__init__ = watched  # type: ignore[method-assign]
    try:
        yield moments
    finally:
        Service.__init__ = made  # type: ignore[method-assign]


def answers(moments: Moments) -> list[Said]:
    """What would come of other messages than a test's."""
    asking = Asking(moments)
    return [said for service in sorted(asking.moments) for said in asking.near(service)]


def compare(test: pytest.Item, found: list[Said]) -> None:
    """Compare the answers with what stands beside the test, or note them to be written."""
    file = test.path.parent / "told" / f"{test.path.stem}.txt"
    total = sum(int.from_bytes(sha256(text.encode()).digest()[:4], "big") for text in map(written, found)) % 2**32
    line = f"{len(found)} {total:08x}"
    if folder := test.config.getoption(SINGLY):
        singly = folder / test.path.parent.name / file.name
        singly.parent.mkdir(parents=True, exist_ok=True)
        with singly.open("a", encoding="utf-8") as out:
            out.writelines(f"{test.name}: {one}\n" for one in map(written, found))
    elif test.config.getoption(ANEW):
        assert not hasattr(test.config, "workerinput"), "files are written whole, by one process: leave out -n"
        _LINES.setdefault(file, {})[test.name] = line
    else:
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        before = dict(one.rsplit(": ", 1) for one in lines).get(test.name)
        assert line == before, (
            f"other messages are answered otherwise than before; if that is meant: pytest FILE {ANEW}"
        )


def write() -> None:
    """Write the files anew of which tests ran."""
    for file, told in _LINES.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(f"{name}: {line}\n" for name, line in sorted(told.items())), "utf-8")
