"""The settings of a process, which come from the environment: the field `database` from ZHUCUN_DATABASE, and so on.
Also the error by which a process ends because an operator has to mend something."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Self

import msgspec


class CannotRun(Exception):
    """A process cannot run, for a reason that an operator can mend. It is told in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class Settings(msgspec.Struct, kw_only=True):
    """The settings of every process. A subclass adds those of one kind of process."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @classmethod
    def read(cls) -> Self:
        """Read the settings. An empty variable counts as not set. Ends the process if a setting is missing or wrong.

        The message names the variable and never its value, since the address of a database contains a password.
        """
        given = {name: value for name in cls.__struct_fields__ if (value := os.environ.get(variable(name)))}
        try:
            return msgspec.convert(given, cls, strict=False, dec_hook=lambda type, value: type(value))
        except msgspec.ValidationError as error:
            raise SystemExit(_told(str(error))) from None


@contextmanager
def applied() -> Iterator[None]:
    """A context in which something is read that a setting names, such as a file. If it is missing or wrong, that ends
    the process as a wrong setting does."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise SystemExit(f"无法启动：设置有误 · cannot start, a setting is wrong: {error}") from None


def variable(field: str) -> str:
    """The environment variable of a field: `ZHUCUN_PORT` of `port`."""
    return f"ZHUCUN_{field.upper()}"


def _told(fault: str) -> str:
    """What an operator is told of a fault that msgspec words as "Expected `int`, got `str` - at `$.port`"."""
    if missing := re.search(r"missing required field `(\w+)`", fault):
        name = variable(missing[1])
        return f"无法启动：请设置环境变量 {name} · cannot start: set the environment variable {name}"
    expected, _, field = fault.removesuffix("`").partition(" - at `$.")
    name = variable(field)
    return f"无法启动：环境变量 {name} 的值不合要求 · cannot start: {name} does not fit: {expected}"
