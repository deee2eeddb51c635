"""Puts all commands together and turns their errors into messages."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import httpx
import typer
from sqlalchemy.exc import ArgumentError
from typer.exceptions import TyperException

from deploy.cli import (
    access,
    accounts,
    draws,
    feed,
    letters,
    officers,
    operators,
    policy,
    running,
    selftest,
    usage,
    webhooks,
)
from deploy.cli.reach import Trouble, console, use_profile
from deploy.local.errors import StartError, refused

app = typer.Typer(
    help="驻村 Zhucun：驻村帮扶全流程系统 · from a resident team's assignment to a village's removal from the list",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for subject in (running, officers, draws, feed, operators, selftest):
    app.add_typer(subject.app)
app.add_typer(accounts.terminal)
app.add_typer(accounts.app, name="account")
app.add_typer(accounts.audit, name="audit")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(letters.app, name="dead-letters")
app.add_typer(policy.app, name="policy")
app.add_typer(access.app, name="access")


def _tell_versions(wanted: bool) -> None:
    if wanted:
        from deploy.operations.doctor import versions

        for name, version in versions():
            console.say(f"{name} {version}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_versions, is_eager=True, help="各部分的版本 · the versions of all parts"
        ),
    ] = False,
    profile: Annotated[
        Path | None,
        typer.Option(envvar="ZHUCUN_PROFILE", help="地址与密钥的配置文件 · file with addresses and keys of a system"),
    ] = None,
) -> None:
    if profile:
        use_profile(profile)


_SILENT = (
    "连接不上系统。请用 zhucun up --folder 启动该数据目录的系统，或另行指明。",
    "Start that of its folder by `zhucun up --folder`, or name another folder.",
)


def run() -> int:
    """Run a command and return its exit code. Errors that the user can mend end in one message, not in a traceback."""
    try:
        return _flushed(int(app(standalone_mode=False) or 0))
    except SystemExit as end:
        return _flushed(end.code if isinstance(end.code, int) else int(end.code is not None))
    except TyperException as error:
        told, code = usage.told(error), 2
    except (StartError, Trouble, ValueError, ArgumentError) as error:
        told, code = str(error), 1
    except BrokenPipeError:
        return _flushed(1)
    except OSError as error:
        told, code = "{}。\n  {}.".format(*refused(error)), 1
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        told, code = f"{_SILENT[0]}\n  The system does not answer ({error}). {_SILENT[1]}", 1
    except typer.Abort:  # Ctrl-C at a question, or nobody is there to answer it.
        told, code = (
            "没有填完就中断了，请在终端里重新运行 / it was broken off; run it again, at a terminal",
            130,
        )
    except KeyboardInterrupt:
        return _flushed(130)
    with suppress(OSError):  # The terminal is gone, so nobody can be told.
        if told:
            zh, between, en = told.partition(" / ")  # Services answer in both languages, on one line.
            console.bad(f"{zh}\n  {en}" if between and "\n" not in zh else told)
    return _flushed(code)


def _flushed(code: int) -> int:
    """Write what is still buffered. Returns the exit code, 1 if the reader has gone, as in `| head`; no traceback."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            code = code or 1
    return code
