"""What a reader of a benchmark report relies on: figures told right, and a worse ratio named."""

import json
from datetime import date
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from shared.policy.shipped import shipped
from tests.bench import __main__ as command
from tests.bench import matching, report
from tests.bench.figure import Figure
from tests.bench.report import Report

RATE = Figure(
    key="way.sqlite", zh="一个服务", en="one <service>", value=5123.4, unit="events/s", beside="the leanest & best",
    ratio=0.5, least=0.8, note="medians of three",
)  # fmt: skip
COST = Figure(key="way.memory", zh="内存", en="memory", value=80, unit="MiB", beside="the leanest", ratio=2.0)
GAP = Figure(key="matching.gap", zh="与上界之差", en="gap", value=0, unit="points", most=0)


def measured(*figures: Figure, scale: float = 0.1) -> Report:
    return Report(scale=scale, machine="2 cores", measured_on=date(2026, 1, 1), parts={"way": list(figures)})


@pytest.mark.parametrize(
    ("figure", "ratio", "named"),
    [
        (RATE, 0.41, False),
        (RATE, 0.39, True),
        (RATE, 5.0, False),
        (COST, 2.39, False),
        (COST, 2.41, True),
        (COST, 0.1, False),
        (RATE, None, True),
    ],
)
def test_a_ratio_that_is_worse_by_more_than_a_fifth_is_named(figure: Figure, ratio: float | None, named: bool) -> None:
    now = msgspec.structs.replace(figure, ratio=ratio, value=1.0)
    found = report.worse(measured(now), measured(figure))
    assert [figure.key in fault for fault in found] == [True] * named


def test_only_ratios_of_parts_that_were_measured_are_compared() -> None:
    absolute = msgspec.structs.replace(GAP, value=10.0)
    before = measured(RATE, GAP)
    before.parts["latency"] = [COST]
    assert report.worse(measured(RATE, absolute), before) == []
    assert [RATE.key in fault for fault in report.worse(measured(GAP), before)] == [True]


def test_what_a_run_measured_can_be_read_looked_at_and_kept(tmp_path: Path) -> None:
    report.write(measured(RATE, COST, GAP), tmp_path)
    assert report.read(tmp_path) == measured(RATE, COST, GAP)
    words = (tmp_path / "bench.md").read_text("utf-8")
    assert "|一个服务|one <service>|5,123 events/s|0.5 × the leanest & best|≥ 0.8 ×|✗|" in words
    assert "|与上界之差|gap|0 points||≤ 0|✓|" in words and "medians of three" in words
    picture = ElementTree.fromstring((tmp_path / "bench.svg").read_text("utf-8"))
    texts = ["".join(text.itertext()) for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"one <service>", "memory", "the leanest & best"} <= {*texts} and "gap" not in texts
    # Parts that are measured at another time are kept beside one another, figures of the same part are not.
    report.keep(measured(COST), tmp_path)
    other = Report(scale=1, machine="2 cores", parts={"matching": [GAP]})
    report.keep(other, tmp_path)
    assert report.read(tmp_path).parts == {"way": [COST], "matching": [GAP]}


def test_bars_lie_on_the_side_of_the_better_or_worse_in_proportion(tmp_path: Path) -> None:
    half, double = (msgspec.structs.replace(COST, ratio=ratio) for ratio in (0.5, 2.0))
    picture = ElementTree.fromstring(report.svg(measured(half, double)))
    bars = [bar for bar in picture.iter("{http://www.w3.org/2000/svg}rect") if bar.get("height") == "16"]
    (left, wide), (right, as_wide) = ((float(bar.get("x", "")), float(bar.get("width", ""))) for bar in bars)
    assert wide == as_wide and left + wide == right


def test_a_table_shows_every_figure_whole_in_a_narrow_terminal() -> None:
    console = Console(width=80, record=True, file=StringIO())
    console.print(report.table("way", [RATE, GAP]))
    told = console.export_text().replace("│", "").split()
    assert {"5,123", "✗", "✓", "medians"} <= {*told}


def bench(*words: str) -> Result:
    return CliRunner().invoke(command.app, [*words])


def test_the_command_measures_a_part_and_compares_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest part whole: one county's matching, solved to its bound."""
    monkeypatch.setattr(command, "DOCS", tmp_path / "docs")
    folder = tmp_path / "report"
    kept = bench("matching", "--scale", "0.001", "--report", str(folder), "--store")
    assert kept.exit_code == 0, kept.output
    figures = {f["key"]: f for f in json.loads((tmp_path / "docs/bench.json").read_text())["parts"]["matching"]}
    assert figures["matching.gap"]["value"] == 0 and figures["matching.seconds"]["value"] > 0
    nothing = bench("matching", "--scale", "0.001", "--report", str(folder), "--compare")
    assert nothing.exit_code == 0 and "no ratio to compare" in nothing.output
    report.keep(Report(scale=0.001, machine="", parts={"matching": [RATE]}), tmp_path / "docs")
    worse = bench("matching", "--scale", "0.001", "--report", str(folder), "--compare")
    assert worse.exit_code == 1 and RATE.key in worse.output


@pytest.mark.parametrize("words", [["weather"], ["matching", "--compare"], ["matching", "--store"]])
def test_what_is_not_known_or_not_comparable_is_refused_before_anything_is_measured(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "DOCS", tmp_path)
    report.keep(Report(scale=1, machine="", parts={}), tmp_path)
    assert bench(*words, "--scale", "0.001", "--report", str(tmp_path / "report")).exit_code == 2
    assert not (tmp_path / "report").exists()


def test_3_2_a_county_of_the_bench_is_the_same_every_time_and_none_is_like_another() -> None:
    policy = shipped("benxi")
    assert matching.county(1, policy) == matching.county(1, policy)
    sizes = {len(matching.county(number, policy).needs) for number in range(6)}
    assert len(sizes) > 3
