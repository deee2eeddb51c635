"""`zhucun`: the one command line for officers, operators and developers.

Each subject has a module with its own Typer. `commands` puts them together, and `reach` finds the system that a command
talks to.
"""

import os
import signal
import sys


def main() -> None:
    """Run a command. Ctrl-C ends it without a traceback, even while its modules are still being imported."""
    interrupt = signal.signal(signal.SIGINT, signal.SIG_DFL)
    import logging  # Not above, since Ctrl-C during an import there would end with a traceback.

    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # The caller closed it and wants no output.
            setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115 - for as long as the process runs
        getattr(sys, stream).reconfigure(errors="replace")  # A terminal may not know Chinese.
    os.umask(0o077)  # Databases, filled-in forms and copies of them hold personal data.
    # When a TLS connection ends, nats-py makes asyncio log a warning about `eof_received` that is of no use to anybody.
    logging.getLogger("asyncio").addFilter(lambda record: "eof_received" not in record.getMessage())
    from deploy.cli.commands import run

    signal.signal(signal.SIGINT, interrupt)
    sys.exit(run())
