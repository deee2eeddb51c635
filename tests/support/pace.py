"""Bounds of time that mean the same on every machine, and after every other test."""

import gc
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

REFERENCE = 0.019
"""Seconds that `_work` takes on the machine by which the bounds of the tests were set."""


def _work() -> None:
    for n in range(20_000):
        hashlib.sha256(str(n).encode()).digest()


def slowness(clock: Callable[[], float] = time.thread_time) -> float:
    """How many times longer the same work takes here and now than where the bounds were set; one at least."""
    began = clock()
    _work()
    return max(1.0, (clock() - began) / REFERENCE)


@contextmanager
def alone() -> Iterator[None]:
    """Nothing that other tests left in memory costs time meanwhile: a collection of garbage walks through all of it."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def is_quick(seconds: float, work: Callable[[], object], goes: int = 5) -> bool:
    """Whether one of a few goes takes this process less than so many seconds of the reference machine's.

    What else runs on the machine may double a single go, but hardly five of them.
    """
    return any(_took(work) < seconds * slowness(time.process_time) for _ in range(goes))


def _took(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@contextmanager
def quicker_than(seconds: float) -> Iterator[None]:
    """Fails if what is done takes this process more than so many seconds of the reference machine's."""
    with alone():
        slow, began = slowness(), time.process_time()
        yield
        took = time.process_time() - began
    assert took < seconds * max(slow, slowness()), f"{took:.3f} s"
