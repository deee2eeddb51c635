"""`zhucun`: the one command line for officers, operators and developers.

Each subject has a module with a Typer of its own, which `commands` brings together; how a command reaches a system
stands in `reach`.
"""

import logging
import os
import signal
import sys


def main() -> None:
    """Run a command. Ctrl-C while it is being read in ends it without a traceback, too."""
    interrupt = signal.signal(signal.SIGINT, signal.SIG_DFL)
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # Whoever closed it does not want to hear.
            setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115 - for as long as the process runs
        getattr(sys, stream).reconfigure(errors="replace")  # A terminal may not know Chinese.
    os.umask(0o077)  # Databases, filled-in forms and copies of them hold personal data.
    # What nats-py answers at the end of a connection with TLS makes asyncio warn, which tells nobody anything.
    logging.getLogger("asyncio").addFilter(lambda record: "eof_received" not in record.getMessage())
    from deploy.cli.commands import run

    signal.signal(signal.SIGINT, interrupt)
    sys.exit(run())
