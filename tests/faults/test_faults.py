"""The fault harness itself: it finds what it is there to find, and a county survives a death at every moment."""

import asyncio
import json
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.demo.play import Result, play
from deploy.demo.regions.benxi.story import START
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import PROCESSES, SERVICES, System
from deploy.operations.subscriber import OUTSIDE, Difference, Said, compare
from tests.faults import composed
from tests.faults.__main__ import app
from tests.faults.crashing import MOMENTS, Frail, Plan
from tests.faults.report import Outcome, summary, write
from tests.faults.trial import Ground, Trial, Verdict, differing, hurt

VILLAGES, UNTIL, SEED = 4, date(2015, 4, 15), 7


def said(id: str, about: str = "v1", source: str = "urn:zhucun:registry", body: bytes = b"{}") -> Said:
    return Said("ZHUCUN", "zhucun.v1.x", source, id, about, body)


JOURNAL = [said("a"), said("b"), said("c", "v2"), said("d", source="urn:zhucun:dispatch"), said("e")]


def without(*faults: str) -> set[str]:
    return {*Difference._fields[1:]} - {*faults}


@pytest.mark.parametrize(
    ("heard", "fault", "ids"),
    [
        (JOURNAL, "", []),
        # Only the order of one producer about one village counts, and the days of a play are in no journal.
        ([JOURNAL[2], JOURNAL[3], said("day", source=OUTSIDE), *JOURNAL[:2], JOURNAL[4]], "", []),
        ([e for e in JOURNAL if e.id != "b"], "missing", ["b"]),
        ([*JOURNAL, said("f")], "invented", ["f"]),
        ([*JOURNAL, said("f", source="urn:zhucun:nobody")], "invented", ["f"]),
        ([*JOURNAL, JOURNAL[0]], "doubled", ["a"]),
        ([JOURNAL[1], JOURNAL[0], *JOURNAL[2:]], "misordered", ["b", "a"]),
    ],
)
def test_the_comparison_finds_a_lost_an_invented_a_doubled_and_a_misordered_event(
    heard: list[Said], fault: str, ids: list[str]
) -> None:
    difference = compare(JOURNAL, heard)
    assert all(not getattr(difference, other) for other in without(fault)), difference
    assert not fault or getattr(difference, fault) == ids


def test_an_event_that_was_altered_on_its_way_is_missing_and_invented() -> None:
    difference = compare(JOURNAL, [said("a", body=b"[]"), *JOURNAL[1:]])
    assert (difference.missing, difference.invented) == (["a"], ["a"])


def test_a_digest_that_differs_is_named() -> None:
    right = {"registry": {"villages": "1", "units": "2"}, "dispatch": {"events": "3"}}
    assert differing(right, right) == ""
    assert (
        differing({"registry": {"villages": "1", "units": "9"}, "dispatch": {}}, right)
        == "registry.units dispatch.events"
    )


@pytest.mark.parametrize(
    "words", [["--only", "nats.killed", "--only", "nats.kiled"], ["--only", "nope"], ["--villages", "1"]]
)
def test_a_trial_that_is_not_there_is_refused_before_anything_is_played(words: list[str], tmp_path: Path) -> None:
    told = CliRunner().invoke(app, [*words, "--report", str(tmp_path / "report")])
    assert told.exit_code == 2 and not (tmp_path / "report").exists()


def test_a_failed_trial_is_not_lost_in_the_report(tmp_path: Path) -> None:
    async def run(_ground: Ground) -> Verdict:
        raise NotImplementedError

    trial = Trial("nats.killed", "杀死", "killed", run)
    outcomes = [Outcome(trial, Verdict(passed, "3 kills"), 1.0) for passed in (True, False, None)]
    write(tmp_path, outcomes, 1, 2)
    assert "1 passed, 1 failed, 1 not possible here" in summary(outcomes)
    assert "未过 FAILED | 杀死 killed `nats.killed` | 3 kills" in (tmp_path / "faults.md").read_text()
    assert [told["passed"] for told in json.loads((tmp_path / "faults.json").read_text())["trials"]] == [
        True,
        False,
        None,
    ]


@pytest.mark.parametrize("trial", composed.TRIALS, ids=lambda trial: trial.key)
async def test_a_machine_without_containers_says_so_and_fails_no_trial(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    undisturbed = Result([], {}, {}, 0, [], 0, 0)
    verdict = await trial.run(Ground(tmp_path, SEED, VILLAGES, 0, undisturbed, print, UNTIL))
    assert verdict.passed is None and "neither docker nor podman" in verdict.seen


async def test_a_play_lasts_as_long_as_what_is_lost_is_away_and_goes_on_meanwhile() -> None:
    pace, last, seconds = composed.Pace(), START + timedelta(10), 0.5
    await pace.after(START)
    assert not pace.days  # Nothing is lost yet.
    began = time.monotonic()
    loss = asyncio.create_task(pace.lose(seconds, last))
    await asyncio.sleep(0)
    for day in range(11):
        await pace.after(START + timedelta(day))
        assert time.monotonic() - began >= seconds * day / 10
    await loss
    assert pace.days
    free = asyncio.create_task(pace.after(last + timedelta(1)))
    for _ in range(3):
        await asyncio.sleep(0)
    assert free.done()  # Nothing is lost any more: no day is kept back.


async def test_a_death_of_each_service_at_each_moment_and_of_each_process_costs_nothing(tmp_path: Path) -> None:
    async with System(tmp_path / "undisturbed") as system:
        await system.ready()
        undisturbed = await play(system, seed=SEED, villages=VILLAGES, until=UNTIL, quiet=True)
    assert all(set(tables) > {"events"} for tables in undisturbed.digests.values())

    killed: list[str] = []
    frail = Frail(tmp_path / "hurt", Plan(SEED, tuple(MOMENTS)))

    async def injure(system: System, _simulation: Simulation) -> None:
        frail.allow(1)
        for name in PROCESSES:
            await asyncio.sleep(2)
            system.kill(name)
            killed.append(name)

    ground = Ground(tmp_path / "hurt", SEED, VILLAGES, 0, undisturbed, print, UNTIL)
    verdict = await hurt(ground, frail, injure)
    assert verdict.passed, verdict.seen
    assert killed == list(PROCESSES)
    deaths = {(service, moment) for service, counts in frail.deaths().items() for moment in counts}
    assert deaths == {(service, moment) for service in SERVICES for moment in MOMENTS}
