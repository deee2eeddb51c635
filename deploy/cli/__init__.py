"""`zhucun`: the one command line for officers, operators and developers.

Each subject has a module with a Typer of its own; how a command reaches a system stands in `reach`.
"""

import sys

import httpx
import typer
from rich.markup import escape
from sqlalchemy.exc import ArgumentError

from deploy.cli import letters, officers, operators, policy, running
from deploy.cli.reach import Trouble, console
from deploy.local.folder import StartError

app = typer.Typer(
    help="驻村 Zhucun：驻村帮扶全流程系统 · from a resident team's assignment to a village's removal from the list",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for subject in (running, officers, operators):
    app.add_typer(subject.app)
app.add_typer(letters.app, name="dead-letters")
app.add_typer(policy.app, name="policy")


def main() -> None:
    """Run a command; what a user can do something about ends in one message, not in a traceback."""
    try:
        app()
    except (StartError, Trouble, ValueError, ArgumentError) as error:
        console.print(f"[bold red]✗[/] {escape(str(error))}", highlight=False)
        sys.exit(1)
    except OSError as error:
        console.print(f"[bold red]✗[/] 读写出错 · cannot be read or written: {escape(str(error))}", highlight=False)
        sys.exit(1)
    except httpx.TransportError as error:
        console.print(
            f"[bold red]✗[/] 连接不上系统（{error}）。请用 zhucun up --folder 启动该数据目录的系统，或另行指明。\n"
            "  The system does not answer. Start that of its folder by `zhucun up --folder`, or name another folder."
        )
        sys.exit(1)
