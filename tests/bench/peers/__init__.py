"""The journey of a village on what users would pick instead: DBOS and Restate (workflows), Celery and taskiq (queues).

Each module here is a process of its own, `python -m tests.bench.peers.<name> DATABASE FOLDER WORKERS AT_ONCE`: it
starts what it needs, and lets AT_ONCE villages at once make journey after journey until it is killed. What was done,
and how fast, is read from the application's tables, which every step of every peer writes alike.
"""

import os
import signal
import sys
from pathlib import Path
from typing import NamedTuple

STEPS = 43
"""What a village's three years come to (decision 25). It grows when the events of ours for each village do."""
AT_MOST = 180
"""Seconds after which a peer that nobody killed ends itself and its workers."""

TABLES = """
create table states (village text primary key, step int not null, body text not null);
create table happened (village text, step int, body text not null, at timestamptz not null default clock_timestamp(),
                       primary key (village, step));
"""
# One statement is one transaction: the fastest way to a synced commit that a peer's step can have.
WRITE = """
with state as (
    insert into states values ($1, $2, $3)
    on conflict (village) do update set step = excluded.step, body = excluded.body
)
insert into happened values ($1, $2, $4) on conflict do nothing
"""
STATE, EVENT = "s" * 300, "e" * 500
"""What a state and an event of ours take, roughly; in bytes."""


class Given(NamedTuple):
    """What the bench gave a peer on its command line."""

    database: str
    """The application's PostgreSQL database, as a libpq address."""
    folder: Path
    """An empty folder for whatever the peer keeps."""
    workers: int
    at_once: int


def given() -> Given:
    """Read the command line, and see to it that this process and its children end even if nobody ends them."""
    database, folder, workers, at_once = sys.argv[1:]
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(0, signal.SIGKILL))
    signal.alarm(AT_MOST)
    return Given(database, Path(folder), int(workers), int(at_once))


def row(village: str, step: int) -> tuple[str, int, str, str]:
    """The parameters of WRITE."""
    return village, step, STATE, EVENT
