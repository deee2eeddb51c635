"""Which of the two languages a reader at the terminal wants."""

import os


def reads_english() -> bool:
    """Whether LC_ALL, LC_MESSAGES or LANG, the first that is set, names English; everybody else reads Chinese."""
    wanted = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return wanted.lower().startswith("en")
