"""The journey as Celery tasks on Redis, acknowledged when they are done; each step sends the next."""

import psycopg
from celery import Celery
from celery.signals import worker_process_init

from tests.bench.peers import STEPS, WRITE, given, redis_server, row

app = Celery()
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=16,
)
connection: psycopg.Connection


@app.task(name="step")
def step(village: str, round: int, number: int) -> None:
    """One step: one row of the application."""
    connection.execute(WRITE, row(f"{village}-{round}", number))
    following = (round, number + 1) if number + 1 < STEPS else (round + 1, 0)
    step.delay(village, *following)


@worker_process_init.connect
def connect(**_: object) -> None:
    """Each process has a connection of its own."""
    global connection
    connection = psycopg.connect(arguments.database, autocommit=True, cursor_factory=psycopg.RawCursor)


if __name__ == "__main__":
    arguments = given()
    app.conf.broker_url = f"redis+socket://{redis_server.start(arguments.folder)}"
    for village in range(arguments.at_once):
        step.delay(str(village), 0, 0)
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    app.worker_main(["worker", f"--concurrency={arguments.workers}", *quiet])
