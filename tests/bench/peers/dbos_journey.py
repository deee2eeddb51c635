"""The journey as a DBOS workflow: every step a row in DBOS's own tables, in the same PostgreSQL as the application's.

Threads, since they are faster than coroutines here; a plain step, since it is faster than a transaction of DBOS's
data source, which would do each step exactly once.
"""

import threading
from itertools import count
from multiprocessing import get_context

import psycopg
from dbos import DBOS

from tests.bench.peers import STEPS, WRITE, Given, given, row

local = threading.local()


@DBOS.step()
def step(village: str, number: int) -> None:
    """One step: one row of the application."""
    local.connection.execute(WRITE, row(village, number))


@DBOS.workflow()
def journey(village: str) -> None:
    """A village's way."""
    for number in range(STEPS):
        step(village, number)


def travel(database: str, name: str) -> None:
    """One journey after the other."""
    local.connection = psycopg.connect(database, autocommit=True, cursor_factory=psycopg.RawCursor)
    for number in count():
        journey(f"{name}-{number}")


def work(given: Given, worker: int) -> None:
    """One process: its share of the villages at once."""
    DBOS(config={
        "name": "journey", "system_database_url": given.database, "executor_id": str(worker), "log_level": "ERROR",
        "application_version": "bench", "sys_db_pool_size": max(20, given.at_once),
    })  # fmt: skip
    DBOS.launch()
    for place in range(given.at_once // given.workers):
        threading.Thread(target=travel, args=(given.database, f"{worker}-{place}")).start()


if __name__ == "__main__":
    arguments = given()
    for worker in range(1, arguments.workers):
        get_context("spawn").Process(target=work, args=(arguments, worker)).start()
    work(arguments, 0)
