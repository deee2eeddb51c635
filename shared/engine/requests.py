"""What people ask over HTTP: several commands that count together or not at all, answered once however often asked."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec
import structlog

from shared.contracts import Command
from shared.engine.flow import Cause, Effect, Fact, Missing, Parked, Result, Wiring, derived_id, run
from shared.policy import PolicyBook
from shared.rules import Difference, Key, Refused, State

log = structlog.get_logger()
IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header that names a request, so that asking again has no effect."""


class _Told(msgspec.Struct, frozen=True, array_like=True):
    """A refusal as it is kept with an answer; what stands last was not always kept."""

    rule: str
    zh: str
    en: str
    field: str | None
    differs: tuple[Difference, ...] = ()
    version: str = ""
    basis: tuple[str, str] = ("", "")

    def again(self) -> Refused:
        """The refusal as it was told."""
        refused = Refused(self.rule, self.zh, self.en, field=self.field, differs=self.differs, version=self.version)
        refused.basis = self.basis
        return refused


class Answer(msgspec.Struct, frozen=True):
    """What a request led to: for each command the types of the events that it caused, and its effect."""

    today: date
    applied: int
    events: list[list[str]]
    effects: list[Effect | Literal["refused"]]


Answered = tuple[Answer, dict[int, Refused]]
"""An answer, with the rows of those commands that were refused and left out."""


class RequestRefused(Exception):
    """Some commands of a request were refused: their rows in the request, and why. Nothing was applied."""

    def __init__(self, refused: dict[int, Refused]) -> None:
        super().__init__(f"{len(refused)} commands refused")
        self.refused = refused


def used_before(key: str) -> Refused:
    """What is said of a key that stands for another request."""
    own = key.split(":", 1)[-1]  # Without the path, which the sender did not write.
    return Refused(
        IDEMPOTENCY_KEY,
        f"请求编号“{own}”已用于另一请求（内容、方式或文件不同），请换新编号",
        f"the key {own} was used for another request, of other content, mode or file; use a new one",
        field=IDEMPOTENCY_KEY,
        status=422,
    )


def command_ids(service: str, key: str, commands: Iterable[Command]) -> list[str]:
    """The ids of a request's commands, which are counted by prefecture.

    So replicas that are given parts of a request under one key make no id twice, and a part those that the whole makes.
    """
    before, roots, ids = Counter[str](), dict[str, str](), list[str]()
    for command in commands:
        prefecture = command.place[:4]
        if prefecture not in roots:
            roots[prefecture] = derived_id(service, key, prefecture)
        ids.append(derived_id(roots[prefecture], before[prefecture]))
        before[prefecture] += 1
    return ids


class Request:
    """Commands that wait for their transaction, under the key by which a repetition is known.

    `about` is what the key stands for besides the commands, such as a whole file of which they are a part.
    """

    def __init__(
        self,
        service: str,
        key: str,
        commands: Sequence[Command],
        outcome: "asyncio.Future[Answered]",
        *,
        dry_run: bool,
        keep_good: bool,
        about: str = "",
    ) -> None:
        self.key, self.dry_run, self.keep_good = key, dry_run, keep_good
        named = type(commands[0]).__name__ if commands else ""
        # The whole request, its mode included; what is left out by default has always been left out.
        mode = [name for name, asked in {"dry_run": dry_run, "keep_good": keep_good, about: about}.items() if asked]
        self.fingerprint = hashlib.sha256(msgspec.json.encode([named, commands, *mode])).digest()
        ids = command_ids(service, key, commands)
        self.causes = [Cause(id, id, command) for id, command in zip(ids, commands, strict=True)]
        self.outcome = outcome

    def repeat(self, fingerprint: bytes, response: str) -> None:
        """Give the answer that was kept under the key, if it was the same request."""
        if fingerprint == self.fingerprint:
            answer, told = msgspec.json.decode(response, type=tuple[Answer, dict[str, _Told]])
            self.outcome.set_result((answer, {int(row): one.again() for row, one in told.items()}))
        else:
            self.outcome.set_exception(used_before(self.key))

    def judge(self, result: Result, today: date) -> "Decided":
        """What the rules decided, as an answer. Of what counts nothing, the result is empty."""
        rows = {cause.id: row for row, cause in enumerate(self.causes)}
        refused = {rows[p.cause.id]: self._as_refusal(p) for p in result.parked}
        if refused and not self.keep_good and not self.dry_run:
            return Decided(self, NOTHING, RequestRefused(refused))
        caused: dict[str, list[str]] = {cause.id: [] for cause in self.causes}
        roots = {cause.id: cause.id for cause in self.causes}
        for fact in result.facts:
            roots[fact.id] = roots[fact.cause.id]
            caused[roots[fact.id]].append(fact.event.type)
        effects: list[Effect | Literal["refused"]] = [result.effects.get(cause.id, "refused") for cause in self.causes]
        answer = Answer(today, len(self.causes) - len(refused), list(caused.values()), effects)
        return Decided(self, NOTHING if self.dry_run else result, (answer, refused))

    def _as_refusal(self, parked: Parked) -> Refused:
        """A rule's refusal as it is; a rule that failed is our fault, and is neither hidden nor explained away."""
        if isinstance(parked.error, Refused):
            return parked.error
        command = type(parked.cause.payload).__name__
        log.error("a rule failed", command=command, request=self.key, exc_info=parked.error)
        return Refused(
            "internal",
            f"系统内部错误（“{type(parked.error).__name__}”），未作更改，请将请求编号“{self.key}”告知运维",
            f"an error of the system ({type(parked.error).__name__}); nothing was changed; "
            "tell operations the request key",
            status=500,
        )


NOTHING = Result({}, [], [])


class Decided:
    """A request that the rules have answered, to be told once the transaction is committed."""

    def __init__(self, request: Request, result: Result, outcome: Answered | RequestRefused) -> None:
        self.request, self.result, self.outcome = request, result, outcome

    @property
    def kept(self) -> Iterable[dict[str, Any]]:
        """The row by which a repetition is known; none for what left nothing behind."""
        if not isinstance(self.outcome, RequestRefused) and not self.request.dry_run:
            answer, refused = self.outcome
            told = {
                str(row): _Told(e.rule, e.zh, e.en, e.field, tuple(e.differs), e.version, e.basis)
                for row, e in refused.items()
            }
            response = msgspec.json.encode((answer, told)).decode()
            yield {"key": self.request.key, "fingerprint": self.request.fingerprint, "response": response}

    def tell(self) -> None:
        """Let the sender go on."""
        if isinstance(self.outcome, RequestRefused):
            self.request.outcome.set_exception(self.outcome)
        else:
            self.request.outcome.set_result(self.outcome)


def decide(
    wiring: Wiring, book: PolicyBook, today: date, requests: Iterable[Request], loaded: Mapping[Key, State | None]
) -> tuple[Result, list[Decided]]:
    """Run requests one after the other: what one of them changed, the next one meets. Raises Missing for all at once.

    `book` is changed by adopted packs, unless Missing is raised.
    """
    changed: dict[Key, State] = {}
    facts: list[Fact] = []
    decided: list[Decided] = []
    missing: set[Key] = set()
    packs = book.packs
    for request in requests:
        before = book.packs
        try:
            result = run(wiring, book, today, request.causes, {**loaded, **changed} if changed else loaded)
        except Missing as error:
            missing |= error.keys
            continue
        judged = request.judge(result, today)
        if judged.result is NOTHING:
            book.restore(before)
        changed |= judged.result.changed
        facts += judged.result.facts
        decided.append(judged)
    if missing:
        book.restore(packs)
        raise Missing(missing)
    return Result(changed, facts, []), decided
