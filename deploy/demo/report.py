"""The report of a play: a document's figures beside the system's, what went wrong, and villages by stage over time.

Everything is computed from the services' answers, never from the script.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from html import escape
from typing import Final

from rich.console import Console
from rich.text import Text

from deploy.demo.records import ORIGINS, Records
from deploy.demo.regions import Region
from deploy.terminal import folded
from shared.calendar import DAY, add_months
from shared.contracts.journey import STAGES, next_stage

COLOURS: Final = dict(zip(STAGES, (
    "#b0b0b0", "#c0392b", "#d35400", "#e67e22", "#f39c12", "#f1c40f", "#3498db", "#1f618d", "#5b2c6f", "#9b59b6",
    "#27ae60", "#82e0aa", "#17202a", "#7f8c8d", "#ecf0f1",
), strict=True))  # fmt: skip
"""A colour for each stage: warm until help begins, blue during help, violet during the exit, green after it."""


def stages(records: Records, until: date) -> dict[date, Counter[str]]:
    """How many villages stood in each stage at the end of each month, by the journey's own table."""
    moves: list[tuple[date, str, str]] = []
    for village, events in records.events.items():
        stage = ""
        for happened in events:
            stage = next_stage(stage, happened.event)
            moves.append((happened.day, village, stage))
    moves.sort(key=lambda move: move[0])
    ends = [min(add_months(moves[0][0].replace(day=1), n + 1) - DAY, until) for n in range(600)]
    months = ends[: ends.index(until) + 1]
    return {end: Counter({v: stage for day, v, stage in moves if day <= end}.values()) for end in months}


def show(console: Console, region: Region, records: Records, until: date) -> None:
    """Print the three tables."""
    zh, en = region.name
    title = f"{zh}：文件与系统对照 · {en}: document {region.document} beside the system"
    if len(records.events) < region.story.most:
        title += f"（只演 {len(records.events)} 个村 · only {len(records.events)} villages are played）"
    beside = folded(
        "数字", "figure", "机制 · mechanism", "文件 · document", "系统 · system", "", "来源 · origin", title=title
    )
    for f in region.figures(records):
        # Only what rules computed proves anything. That an entered figure comes out again is expected.
        mark = Text("=", "green" if f.origin == "computed" else "") if f.equal else Text("≠", "red")
        said, origin = f"{f.document}{'余' * f.and_more}", " · ".join(ORIGINS[f.origin])
        if f.document is None:
            mark, said = Text(""), "未写数量 · no number"
        beside.add_row(f.zh, f.en, f.mechanism, said, str(f.system), mark, origin)
    wrong = folded(
        "问题情形", "what went wrong", "次数 · times", title="问题情形及次数 · what went wrong, and how often"
    )
    for (zh, en), times in region.ways(records).items():
        wrong.add_row(zh, en, str(times))
    console.print(beside, wrong)
    console.print("\n各阶段的村数，逐月 · villages per stage at the end of each month")
    over_time = stages(records, until)
    each = -(-len(records.events) // max(console.width - 10, 1))
    if each > 1:
        console.print(f"每格{each}个村 · a block is {each} villages")
    for end, counts in over_time.items():
        console.print(_bar(f"{end:%Y-%m} ", counts, each))
    legend = Text("        ")
    for stage in _seen(over_time):
        legend.append("█ ", style=COLOURS[stage]).append(" ".join(STAGES[stage]) + "   ")
    console.print(legend)


def _bar(head: str, counts: Counter[str], each: int) -> Text:
    """A line with one block for each so many villages (`each`). Blocks are rounded so that the length of the whole line
    is right."""
    bar, so_far, drawn = Text(head), 0, 0
    for stage, colour in COLOURS.items():
        so_far += counts[stage]
        blocks = -(-so_far // each) - drawn
        bar.append("█" * blocks, style=colour)
        drawn += blocks
    return bar


def svg(over_time: Mapping[date, Counter[str]]) -> str:
    """The same picture as a file: a column for each month, stacked by stage."""
    width, height, left, top = 16, 360, 40, 40
    total = max(sum(counts.values()) for counts in over_time.values())
    parts: list[str] = []

    def text(x: float, y: float, words: str, extra: str = "") -> None:
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {extra}>{escape(words)}</text>')

    text(left, 22, "各阶段的村数 · villages per stage", 'font-size="15"')
    for column, (end, counts) in enumerate(over_time.items()):
        x, y = left + column * width, float(top + height)
        for stage, colour in COLOURS.items():
            if counts[stage]:
                share = height * counts[stage] / total
                y -= share
                tip = escape(f"{end:%Y-%m} {STAGES[stage][0]} {counts[stage]}")
                parts.append(
                    f'<rect x="{x}" y="{y:.1f}" width="{width - 2}" height="{share:.1f}" fill="{colour}">'
                    f"<title>{tip}</title></rect>"
                )
        if end.month == 12 or column == 0:
            text(x, top + height + 16, f"{end:%Y-%m}")
    for tick in (0, total // 2, total):
        text(left - 6, top + height * (1 - tick / total) + 4, str(tick), 'text-anchor="end"')
    x = left + width * len(over_time) + 20
    for line, stage in enumerate(_seen(over_time)):
        y = top + 10 + line * 22
        parts.append(f'<rect x="{x}" y="{y}" width="12" height="12" fill="{COLOURS[stage]}"/>')
        text(x + 18, y + 11, " ".join(STAGES[stage]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{x + 240}" height="{top + height + 30}" '
        f'font-family="sans-serif" font-size="12">{"".join(parts)}</svg>\n'
    )


def _seen(over_time: Mapping[date, Counter[str]]) -> Iterable[str]:
    """The stages in which any village stood, in the order of the journey."""
    return [stage for stage in STAGES if any(counts[stage] for counts in over_time.values())]
