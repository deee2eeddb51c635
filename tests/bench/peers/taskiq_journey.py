"""The journey as taskiq tasks on a Redis stream, acknowledged when they are done; each step sends the next."""

from multiprocessing import get_context

import asyncpg
import uvloop
from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker

from tests.bench.peers import STEPS, WRITE, Given, given, redis_server, row


async def work(given: Given, socket: str, first: bool) -> None:
    """One process: its share of the tasks at once."""
    pool = await asyncpg.create_pool(given.database, min_size=1, max_size=20)
    broker = RedisStreamBroker(f"unix://{socket}", consumer_id="0")

    @broker.task("step")
    async def step(village: int, round: int, number: int) -> None:
        await pool.execute(WRITE, *row(f"{village}-{round}", number))
        following = (round, number + 1) if number + 1 < STEPS else (round + 1, 0)
        await step.kiq(village, *following)

    broker.is_worker_process = True
    await broker.startup()
    if first:
        for village in range(given.at_once):
            await step.kiq(village, 0, 0)
    await run_receiver_task(broker, max_async_tasks=given.at_once)


def run(given: Given, socket: str, first: bool) -> None:
    """The process, under the faster event loop."""
    uvloop.run(work(given, socket, first))


if __name__ == "__main__":
    arguments = given()
    socket = redis_server.start(arguments.folder)
    for _ in range(1, arguments.workers):
        get_context("spawn").Process(target=run, args=(arguments, socket, False)).start()
    run(arguments, socket, True)
