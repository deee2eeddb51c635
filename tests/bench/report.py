"""What a run measured: as tables, as files, as a picture, and beside what an earlier run measured."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from html import escape
from math import ceil, floor, log2, log10
from pathlib import Path
from typing import Final

import msgspec
from rich.markup import escape as unmarked
from rich.table import Table

from deploy.terminal import folded
from tests.bench.figure import Figure

PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "way": ("一个事件走完一个服务", "one service's way of an event"),
    "journeys": ("完整流程与工作流引擎相比", "whole journeys beside workflow engines"),
    "latency": ("从命令到订阅者", "from a command to its subscriber"),
    "country": ("全国各村三年", "the whole country's three years"),
    "matching": ("各县匹配", "the counties' matchings"),
    "imports": ("导入干部名册", "imports of the cadres' register"),
    "pairings": ("导入帮扶结对", "imports of households and their helpers"),
    "replicas": ("每个服务两个副本", "two replicas of each service"),
}
"""The parts of a run in order, each a module beside this one."""
TOLERATED: Final = 0.2
"""By which share a ratio may get worse before a comparison names it.

A tenth would be too little: the CPU time of the same code differs by 8 % from run to run on a machine that does other
work, and a ratio has two such times. Whether something got a tenth worse is told by several runs of old and new code in
turn, on the same machine.
"""


class Report(msgspec.Struct, kw_only=True):
    """What one run measured, part by part."""

    scale: float
    """How much of the whole country was played, imported and matched; 1 is all of it."""
    machine: str
    measured_on: date = msgspec.field(default_factory=lambda: datetime.now(UTC).date())
    parts: dict[str, list[Figure]] = msgspec.field(default_factory=dict)


def machine() -> str:
    """The machine as far as it bears on the figures."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    # One version's builds differ by a fifth, and only who built it when tells them apart everywhere.
    python = f"Python {platform.python_version()} ({platform.python_compiler()}, {platform.python_build()[1]})"
    return f"{os.cpu_count()} cores {platform.machine()}, {memory:.0f} GiB, {python}"


# -------------------------------------------------------------------- files


def read(folder: Path) -> Report:
    """The report that was kept in a folder."""
    return msgspec.json.decode((folder / "bench.json").read_bytes(), type=Report)


def keep(report: Report, folder: Path) -> None:
    """Write all that a run says into a folder; parts that were not measured now stay there as they were."""
    if (folder / "bench.json").exists():
        report = msgspec.structs.replace(report, parts={**read(folder).parts, **report.parts})
    write(report, folder)


def write(report: Report, folder: Path) -> None:
    """Write all that a run says: bench.json, bench.svg and bench.md."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    (folder / "bench.svg").write_text(svg(report), encoding="utf-8")
    (folder / "bench.md").write_text(markdown(report), encoding="utf-8")


# --------------------------------------------------------------- comparison


def worse(now: Report, before: Report) -> list[str]:
    """Every ratio that got worse than `TOLERATED` allows, or is gone from a part that was measured, in a sentence.

    Only ratios are compared: absolute figures say more about the machine than about the code.
    """
    found = {figure.key: figure for figures in now.parts.values() for figure in figures}
    kept = [figure for part in now.parts for figure in before.parts.get(part, ())]
    return [fault for figure in kept if (fault := _fault(figure, found.get(figure.key)))]


def _fault(before: Figure, now: Figure | None) -> str:
    """What is wrong with a ratio beside the one that was kept; empty if nothing is."""
    if before.ratio is None:
        return ""
    was = f"✗ {before.key}: {before.zh} {before.en} ({before.beside}): {_number(before.ratio)} ×"
    if now is None or now.ratio is None:
        return f"{was} → 没有测得 · not measured any more"
    lost = before.ratio - now.ratio if _more_is_better(before) else now.ratio - before.ratio
    return f"{was} → {_number(now.ratio)} ×" if lost > TOLERATED * before.ratio else ""


def _more_is_better(figure: Figure) -> bool:
    """Whether a larger value is the better one: as its aim says, else a rate is better the higher, a cost the lower."""
    return figure.least is not None or (figure.most is None and figure.unit.endswith("/s"))


# ------------------------------------------------------------------- tables

HEADINGS: Final = ("项目", "figure", "数值 value", "比值 ratio", "目标 aim", "")


def table(part: str, figures: Sequence[Figure]) -> Table:
    """The figures of one part for a terminal."""
    shown = folded(*HEADINGS, title=" · ".join(PARTS[part]))
    for figure in figures:
        shown.add_row(*_cells(figure))
        if figure.note:
            shown.add_row("", f"[dim]{unmarked(figure.note)}[/]")
    return shown


def markdown(report: Report) -> str:
    """The same as a file to read or to send on."""
    lines = ["# 性能测试 · Benchmark", "", f"{report.measured_on}, {report.machine}, scale {report.scale:g}", ""]
    lines += ["![ratios](bench.svg)", ""]
    for part, figures in report.parts.items():
        lines += [f"## {' · '.join(PARTS[part])}", "", f"|{'|'.join(HEADINGS)}|", "|---|---|--:|---|---|---|"]
        lines += [f"|{'|'.join(_cells(figure))}|" for figure in figures]
        lines += ["", *(f"- `{figure.key}`: {figure.note}" for figure in figures if figure.note), ""]
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    """A figure as a line of a table."""
    ratio = "" if figure.ratio is None else f"{_number(figure.ratio)} × {figure.beside}"
    met = {True: "✓", False: "✗", None: ""}[figure.met]
    return figure.zh, figure.en, f"{_number(figure.value)} {figure.unit}", ratio, _aim(figure), met


def _aim(figure: Figure) -> str:
    """What a figure should be, in as few signs as it takes."""
    times = "" if figure.ratio is None else " ×"
    bounds = (("≥", figure.least), ("≤", figure.most))
    return " ".join(f"{sign} {_number(bound)}{times}" for sign, bound in bounds if bound is not None)


def _number(value: float) -> str:
    """Three digits that count, and no fewer than the whole number has."""
    digits = 0 if value == 0 else max(0, 2 - floor(log10(abs(value))))
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"


# ------------------------------------------------------------------ picture

_WORDS, _BARS, _AFTER, _LINE, _TOP = 340, 320, 380, 36, 60
"""Pixels: for the words before a bar, for the bars, for the words after them, for a line, and above the first."""
_COLOURS: Final = {True: "#27ae60", False: "#c0392b", None: "#3498db"}
"""Of a bar whose aim is met, is not met, or which has none."""
_LEGEND: Final = (
    (_COLOURS[True], "达到目标 aim met"),
    (_COLOURS[False], "未达到 not met"),
    (_COLOURS[None], "无目标 no aim"),
    ("#17202a", "目标 aim"),
)


def svg(report: Report) -> str:
    """Every ratio as a bar from 1 ×, to the right where its value is the larger one; each doubling is as wide."""
    shown = {part: [figure for figure in figures if figure.ratio] for part, figures in report.parts.items()}
    shown = {part: figures for part, figures in shown.items() if figures}
    aims = [aim for figures in shown.values() for f in figures for aim in (f.ratio, f.least, f.most) if aim]
    least, most = floor(log2(min([0.5, *aims]))), ceil(log2(max([2.0, *aims])))
    lines = len(shown) + sum(map(len, shown.values()))
    width, bottom = _WORDS + _BARS + _AFTER, _TOP + _LINE * lines
    parts = [f'<rect width="{width}" height="{bottom + 50}" fill="white"/>']

    def x(ratio: float) -> float:
        return _WORDS + _BARS * (log2(ratio) - least) / (most - least)

    def text(at: float, y: float, words: str, extra: str = "") -> None:
        parts.append(f'<text x="{at:.1f}" y="{y:.1f}" {extra}>{escape(words)}</text>')

    def bar(at: float, y: float, wide: float, high: float, colour: str) -> None:
        parts.append(f'<rect x="{at:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high}" fill="{colour}"/>')

    text(16, 24, "与并排方案之比 · ratio to what was measured beside it", 'font-size="15"')
    text(16, 42, f"{report.measured_on}, {report.machine}, scale {report.scale:g}", 'fill="#707070"')
    step = ceil((most - least) / 6)  # Six words have room side by side; one of them is 1×.
    for power in range(-(-least // step) * step, most + 1, step):
        bar(x(2.0**power), _TOP, 1, bottom - _TOP, "#17202a" if power == 0 else "#d9d9d9")
        text(x(2.0**power), bottom + 14, f"{2.0**power:.2g}×", 'text-anchor="middle"')
    y = float(_TOP)
    for part, figures in shown.items():
        text(16, y + 24, " · ".join(PARTS[part]), 'font-size="13" font-weight="bold"')
        y += _LINE
        for figure in figures:
            assert figure.ratio
            text(28, y + 14, figure.zh)
            text(28, y + 28, figure.en, 'font-size="11" fill="#707070"')
            bar(min(x(1), x(figure.ratio)), y + 8, abs(x(figure.ratio) - x(1)), 16, _COLOURS[figure.met])
            for aim in (figure.least, figure.most):
                if aim:
                    bar(x(aim) - 1, y + 4, 2, 24, "#17202a")
            after = f"{_number(figure.ratio)} ×  ({_number(figure.value)} {figure.unit}, {_aim(figure) or '—'})"
            text(_WORDS + _BARS + 14, y + 14, after)
            text(_WORDS + _BARS + 14, y + 28, figure.beside, 'font-size="11" fill="#707070"')
            y += _LINE
    for at, (colour, words) in enumerate(_LEGEND):
        bar(_WORDS + 150 * at, bottom + 26, 12, 12, colour)
        text(_WORDS + 18 + 150 * at, bottom + 37, words)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{bottom + 50}" '
        f'viewBox="0 0 {width} {bottom + 50}" font-family="sans-serif" font-size="12">{"".join(parts)}</svg>\n'
    )
