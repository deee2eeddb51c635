"""`python -m deploy.cli` is `zhucun`."""

from deploy.cli import main

main()
