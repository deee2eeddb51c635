"""Commands that people send. All requests that wait are answered in one transaction, each under its own Idempotency-Key
(decision 8)."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy.exc import DBAPIError

from shared.contracts import Command
from shared.engine import outbox, store
from shared.engine.actors import Actor, nobody
from shared.engine.pipeline import Pipeline, beside
from shared.engine.requests import Answered, Request, RequestRefused, decide
from shared.rules import Refused


async def submit(
    pipeline: Pipeline,
    key: str,
    commands: Sequence[Command],
    *,
    dry_run: bool = False,
    keep_good: bool = False,
    about: str = "",
    actor: Callable[[Command], Actor] = nobody,
) -> Answered:
    """Apply a request's commands in order: all or none, or with `keep_good` all that are not refused.

    `actor` says who sends each command.

    A repeated key gets the first answer again and has no effect. A dry run answers but keeps nothing. While the
    database is away, the request waits, for `store.PATIENCE` seconds at most. Raises RequestRefused with the refused
    rows. Raises Refused if the key was used for another request, or if no business day has begun yet.
    """
    if refused := pipeline.share.misdirected(commands):
        raise RequestRefused(refused)
    asked = partial(Request, dry_run=dry_run, keep_good=keep_good, about=about, actor=actor)
    outcome: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
    is_long = len(commands) > outbox.PAGE
    request = await beside(is_long, asked, pipeline.service.name, key, commands, outcome)
    until = time.monotonic() + store.PATIENCE
    pipeline.requests.append(request)

    async def answer() -> None:
        await _answer_all(pipeline, request, [other for other in pipeline.requests if other is not request])

    try:
        async with pipeline.writing:
            if not request.outcome.done():  # Whoever had the lock before may have answered this request as well.
                await store.patiently(answer, until)
    finally:
        pipeline.requests.remove(request)
    return request.outcome.result()


async def _answer_all(pipeline: Pipeline, request: Request, others: Sequence[Request]) -> None:
    """Answer a request together with others.

    If that fails, answer this one alone, so that no other can make it fail.
    """
    try:
        await _answer(pipeline, [request, *others])
    except Exception as error:
        if isinstance(error, Refused) or store.passing(error):
            raise
        if others:
            await _answer_all(pipeline, request, [])
        elif isinstance(error, (DBAPIError, UnicodeError, OverflowError, RecursionError)):
            raise Refused(
                "database",
                "内容含数据库不能保存的值，未作更改，请检查特殊字符、长度和数值后重新提交",
                f"the database does not take a value of this request ({type(error).__name__}), nothing was "
                "changed; look for odd characters, lengths and numbers, and send it again",
                status=422,
            ) from error
        else:
            raise


async def _answer(pipeline: Pipeline, waiting: Sequence[Request]) -> None:
    """Decide the first waiting request, with as many others as fit in a page. The rest are decided in a later turn."""
    together: dict[str, Request] = {}
    size = 0
    for request in waiting:
        size += len(request.causes)
        if not together or (size <= outbox.PAGE and request.key not in together and not request.outcome.done()):
            together[request.key] = request
    async with pipeline.transaction() as work:
        for key, fingerprint, response in await store.answers(work.conn, pipeline.tables, together):
            together.pop(key).repeat(fingerprint, response)
        if together and pipeline.today is None:
            raise Refused(
                "calendar",
                "系统当日业务日期尚未开始，请稍后再试或告知运维",
                "no business day has arrived yet; wait, or check the schedule of days",
                status=503,
            )
        fresh = list(together.values())
        is_long = any(request.is_long for request in fresh)
        result, decided = await pipeline.run(work, partial(decide, work.terms, fresh), is_long=is_long)
        await pipeline.save(work, result)
        await store.insert(work.conn, pipeline.tables.requests, [row for one in decided for row in one.kept])
    for one in decided:
        one.tell()
