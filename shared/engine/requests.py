"""Requests over HTTP: several commands that succeed or fail together, decided once however often they are sent."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Final, Literal

import msgspec
import structlog

from shared.contracts import Command
from shared.contracts.registry import PolicyAdopted
from shared.divisions import prefecture_of
from shared.engine import outbox
from shared.engine.actors import Actor, nobody
from shared.engine.flow import Cause, Effect, Fact, Missing, Parked, Result, States, Terms, derived_id, run
from shared.rules import Difference, Key, Refused, State

log = structlog.get_logger()
IDEMPOTENCY_KEY = "Idempotency-Key"
"""The HTTP header that identifies a request, so that sending it again has no effect."""


class _Told(msgspec.Struct, frozen=True, array_like=True):
    """A refusal as it is stored with an answer. The last fields have defaults: earlier versions did not store them."""

    rule: str
    zh: str
    en: str
    field: str | None
    differs: tuple[Difference, ...] = ()
    version: str = ""
    basis: tuple[str, str] = ("", "")

    def again(self) -> Refused:
        """The refusal, as it was answered the first time."""
        refused = Refused(self.rule, self.zh, self.en, field=self.field, differs=self.differs, version=self.version)
        refused.basis = self.basis
        return refused


class Answer(msgspec.Struct, frozen=True):
    """The result of a request: for each command the types of the events that it caused, and its effect."""

    today: date
    applied: int
    events: list[list[str]]
    effects: list[Effect | Literal["refused"]]


Answered = tuple[Answer, dict[int, Refused]]
"""An answer, and the refusals by the rows of the commands that were refused and left out."""


class RequestRefused(Exception):
    """Some commands of a request were refused, so nothing was applied.

    `refused` has the refusals by row, counted from 0.
    """

    def __init__(self, refused: dict[int, Refused]) -> None:
        super().__init__(f"{len(refused)} commands refused")
        self.refused = refused


LONGEST_KEY: Final = 180
"""The most characters of a request's name. The column has 200: an import adds to it a suffix for each part."""


def request_key(path: str, sender: str, key: str) -> str:
    """The name under which a request to a path is kept.

    It contains the sender, so that nobody gets the answer to a request that somebody else has sent under the same key.
    `sender` is a pseudonym; empty if senders are not known, and for the installation's own account. If the name would
    become too long, the hash of the key takes its place.
    """
    before = f"{path}@{sender}" if sender else path
    if len(before) + 1 + len(key) > LONGEST_KEY:
        key = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"{before}:{key}"


def used_before(key: str) -> Refused:
    """The refusal of a key that was used for another request."""
    own = key.split(":", 1)[-1]  # Before the colon are path and pseudonym, which the sender did not choose.
    return Refused(
        IDEMPOTENCY_KEY,
        f"请求编号“{own}”已用于另一请求（内容、方式或文件不同），请换新编号",
        f"the key {own!r} was used for another request, of other content, mode or file; use a new one",
        field=IDEMPOTENCY_KEY,
        status=422,
    )


def command_ids(service: str, key: str, commands: Iterable[Command]) -> list[str]:
    """The ids of a request's commands. Commands are numbered within each prefecture, not within the request.

    A request may be split among replicas, by prefecture, under the same key. Then each command has the same id as in
    the whole request, and no two have the same.
    """
    before, roots, ids = Counter[str](), dict[str, str](), list[str]()
    for command in commands:
        prefecture = prefecture_of(command.place)
        if prefecture not in roots:
            roots[prefecture] = derived_id(service, key, prefecture)
        ids.append(derived_id(roots[prefecture], before[prefecture]))
        before[prefecture] += 1
    return ids


class Request:
    """Commands that wait for their transaction. A repetition is recognised by the key.

    If the commands are a part of something larger, such as a file, `about` identifies the whole. It is a part of the
    fingerprint that a repetition must match.
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
        actor: Callable[[Command], Actor] = nobody,
    ) -> None:
        self.key, self.dry_run, self.keep_good = key, dry_run, keep_good
        named = type(commands[0]).__name__ if commands else ""
        # Only modes that are set are included, so that stored fingerprints stay the same when a mode is added.
        mode = [name for name, asked in {"keep_good": keep_good, about: about}.items() if asked]
        # A dry run is not stored, so it has no fingerprint to be recognised by.
        self.fingerprint = b"" if dry_run else hashlib.sha256(msgspec.json.encode([named, commands, *mode])).digest()
        ids = command_ids(service, key, commands)
        self.causes = [Cause(id, id, command, actor=actor(command)) for id, command in zip(ids, commands, strict=True)]
        self.is_long = len(commands) > outbox.PAGE or any(command.is_long for command in commands)
        self.outcome = outcome

    def repeat(self, fingerprint: bytes, response: str) -> None:
        """Answer with what is stored under the key, or refuse if another request was stored under it."""
        if fingerprint == self.fingerprint:
            answer, told = msgspec.json.decode(response, type=tuple[Answer, dict[str, _Told]])
            self.outcome.set_result((answer, {int(row): one.again() for row, one in told.items()}))
        else:
            self.outcome.set_exception(used_before(self.key))

    def judge(self, result: Result, today: date) -> "Decided":
        """Turn the result of the rules into an answer.

        For a dry run or a refused request nothing is kept of the result.
        """
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
        """A rule's refusal as it is. Any other error is a fault of the system: it is logged and answered with 500."""
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
    """A decided request. Its sender is answered only when the transaction is committed."""

    def __init__(self, request: Request, result: Result, outcome: Answered | RequestRefused) -> None:
        self.request, self.result, self.outcome = request, result, outcome

    @property
    def kept(self) -> Iterable[dict[str, Any]]:
        """The row by which a repetition is recognised; none if the request was refused or a dry run."""
        if not isinstance(self.outcome, RequestRefused) and not self.request.dry_run:
            answer, refused = self.outcome
            told = {
                str(row): _Told(e.rule, e.zh, e.en, e.field, tuple(e.differs), e.version, e.basis)
                for row, e in refused.items()
            }
            response = msgspec.json.encode((answer, told)).decode()
            yield {"key": self.request.key, "fingerprint": self.request.fingerprint, "response": response}

    def tell(self) -> None:
        """Answer the sender."""
        if isinstance(self.outcome, RequestRefused):
            self.request.outcome.set_exception(self.outcome)
        else:
            self.request.outcome.set_result(self.outcome)


def decide(terms: Terms, requests: Iterable[Request], loaded: States) -> tuple[Result, list[Decided]]:
    """Run requests one after the other; each one sees the changes of those before.

    Adopted packs are added to the book. Raises Missing, with the missing states of all requests; then the book is
    unchanged.
    """
    changed, facts, adopted = dict[Key, State](), list[Fact](), list[PolicyAdopted]()
    decided, missing, loaded = list[Decided](), set[Key](), loaded.copy()
    packs = terms.book.packs
    for request in requests:
        before = terms.book.packs
        try:
            judged = request.judge(run(terms, request.causes, loaded), terms.today)
        except Missing as error:
            missing |= error.keys
            continue
        if judged.result is NOTHING:
            terms.book.restore(before)
        loaded |= judged.result.changed
        changed |= judged.result.changed
        facts += judged.result.facts
        adopted += judged.result.adopted
        decided.append(judged)
    if missing:
        terms.book.restore(packs)
        raise Missing(missing)
    return Result(changed, facts, [], adopted), decided
