"""Settings of a process, from the environment: the field `database` is ZHUCUN_DATABASE, and so on; and what ends a
process because an operator has something to mend."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Self

import msgspec


class CannotRun(Exception):
    """What keeps a process from running and an operator can mend, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class Settings(msgspec.Struct, kw_only=True):
    """What every process has. Its own fields come beside."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @classmethod
    def read(cls) -> Self:
        """The settings; an empty variable counts as none. Ends the process where one is missing or wrong.

        What it says names the variable and never its value, since the address of a database has a password in it.
        """
        given = {name: value for name in cls.__struct_fields__ if (value := os.environ.get(variable(name)))}
        try:
            return msgspec.convert(given, cls, strict=False, dec_hook=lambda type, value: type(value))
        except msgspec.ValidationError as error:
            raise SystemExit(_told(str(error))) from None


@contextmanager
def applied() -> Iterator[None]:
    """What a setting names is read within, such as a file that is not there: its fault ends the process likewise."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise SystemExit(f"无法启动：设置有误 · cannot start, a setting is wrong: {error}") from None


def variable(field: str) -> str:
    """The environment variable of a field: `ZHUCUN_PORT` of `port`."""
    return f"ZHUCUN_{field.upper()}"


def _told(fault: str) -> str:
    """A fault as the library words it, such as "Expected `int`, got `str` - at `$.port`", for an operator."""
    if missing := re.search(r"missing required field `(\w+)`", fault):
        name = variable(missing[1])
        return f"无法启动：请设置环境变量 {name} · cannot start: set the environment variable {name}"
    expected, _, field = fault.removesuffix("`").partition(" - at `$.")
    name = variable(field)
    return f"无法启动：环境变量 {name} 的值不合要求 · cannot start: {name} does not fit: {expected}"
