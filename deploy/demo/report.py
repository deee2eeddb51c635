"""The report of a play: the document's figures beside the system's, what went wrong, and villages by stage over time.

Everything is computed from the services' answers, never from the script.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from html import escape
from typing import Any, Final, NamedTuple, get_args

from rich.console import Console
from rich.text import Text

from deploy.demo.benxi import MEASURES, OF_CITY, OF_COUNTIES, OF_PROVINCE, POLICY, POOR_VILLAGES, SURVEYED
from deploy.demo.village import Client, Happened, history
from deploy.terminal import folded
from shared.calendar import add_months
from shared.contracts import Event
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.contracts.journey import STAGES, next_stage

COLOURS: Final = dict(zip(STAGES, (
    "#b0b0b0", "#c0392b", "#d35400", "#e67e22", "#f39c12", "#f1c40f", "#3498db", "#1f618d", "#5b2c6f", "#9b59b6",
    "#27ae60", "#82e0aa", "#17202a", "#7f8c8d", "#ecf0f1",
), strict=True))  # fmt: skip
"""A colour for each stage: warm until help begins, blue during help, violet during the exit, green after it."""


class Records(NamedTuple):
    """The parts of the services' journals and states that the report needs."""

    events: Mapping[str, Sequence[Happened]]
    """The events by village, in order."""
    units: Mapping[str, Any]
    cadres: Mapping[str, Any]

    def said(self, kind: type[Event], where: Callable[[Any], object] = lambda _event: True) -> list[Any]:
        """All events of a type that meet a condition."""
        return [
            happened.event
            for events in self.events.values()
            for happened in events
            if type(happened.event) is kind and where(happened.event)
        ]


class Figure(NamedTuple):
    """A figure of the document beside the system's."""

    zh: str
    en: str
    mechanism: str
    document: int
    system: int
    and_more: bool = False
    """Whether the document says "and some more" (余). The play is made to reach the round figure."""

    @property
    def equal(self) -> bool:
        """Whether the system's figure equals the document's."""
        return self.document == self.system


def read(client: Client) -> Records:
    """Ask the services for everything that the report is computed from."""
    villages, units, cadres = (
        {state["id"]: state for state in client("registry").get(f"/v1/{kind}?limit=10000").raise_for_status().json()}
        for kind in ("villages", "units", "cadres")
    )
    return Records({village: history(client, village) for village in sorted(villages)}, units, cadres)


def figures(records: Records) -> list[Figure]:
    """The figures that document S3 states, with the system's own."""
    first = [team for team in records.said(d.TeamAssigned) if team.spell == 1]
    level = {team.village: records.units[team.unit]["level"] for team in first}
    local = [team for team in first if level[team.village] in ("city", "county")]
    cadres = [records.cadres[member.cadre] for team in local for member in team.team]
    ranks = get_args(r.Rank)

    def ranked(of: str) -> int:
        """Teams of a level whose leader has the rank that the document asks for."""
        leaders = [records.cadres[team.team[0].cadre] for team in local if level[team.village] == of]
        least = {"city": "deputy_division", "county": "deputy_section"}[of]
        return sum(ranks.index(leader["rank"]) >= ranks.index(least) for leader in leaders)

    def units(of: str) -> int:
        return len({team.unit for team in first if level[team.village] == of})

    diagnosed = records.said(r.VillageDiagnosed, lambda event: event.spell == 1)
    classes = {event.village: event.problem_class for event in diagnosed}
    departments = {(classes[team.village], records.units[team.unit]["department"]) for team in local}
    counts: Counter[str] = sum((Counter(event.counts) for event in diagnosed), Counter())
    letters = {event.village for event in records.said(d.CommitmentSet, lambda event: event.kind == "letter")}
    plans = records.said(d.CommitmentSet, lambda e: e.kind == "annual_plan" and e.period == "2014")
    served = OF_CITY + OF_COUNTIES
    named = {name: len(of_class) for name, of_class in POLICY.team.suits.items()}
    return [
        Figure("贫困村", "poor villages", "3.1", POOR_VILLAGES, len(diagnosed)),
        *(
            Figure(f"摸底排查：{label}", f"survey: {kind}", "3.1", SURVEYED[kind], counts[kind], kind != "problem")
            for kind, label in POLICY.listing.survey_kinds.items()
        ),
        Figure("贫困村类别", "problem classes", "3.2", len(named), len(set(classes.values()))),
        *(
            Figure(
                f"重点帮扶部门：{label}", f"departments for {name}", "3.2", named[name],
                len({department for of, department in departments if of == name} & set(POLICY.team.suits[name])),
            )
            for name, label in POLICY.listing.problem_classes.items()
        ),
        Figure("省派工作队", "teams sent by the province", "3.3", OF_PROVINCE, units("province")),
        Figure("市直部门", "city departments", "3.2", OF_CITY, units("city")),
        Figure("县直部门", "county departments", "3.2", OF_COUNTIES, units("county")),
        Figure("市县派驻的村", "villages they serve", "3.3", served, len(local)),
        Figure("抽调的党员干部", "Party-member cadres", "3.3", 192, sum(cadre["party_member"] for cadre in cadres)),
        Figure("市直队长副处级以上", "city leaders of rank", "3.4", OF_CITY, ranked("city")),
        Figure("县直队长副科级以上", "county leaders of rank", "3.4", OF_COUNTIES, ranked("county")),
        Figure("签订责任书的单位", "letters signed", "3.6", served, len(letters & {team.village for team in local})),
        Figure(
            "帮扶措施", "measures in the annual plans", "3.5", MEASURES,
            sum(len(plan.items) for plan in plans if level[plan.village] != "province"), and_more=True,
        ),
    ]  # fmt: skip


def ways(records: Records) -> dict[tuple[str, str], int]:
    """How often things went wrong, by what went wrong in Chinese and English."""

    def decided(kind: str) -> int:
        return len(records.said(n.OutcomeDecided, lambda e: e.kind == kind and e.imposed))

    counts = {
        ("无符合条件的队长人选", "unmatched: no leader of rank"): records.said(
            d.NeedUnmet, lambda e: "leader_rank" in e.obstacles.values()
        ),
        ("责任事项逾期", "commitments overdue"): records.said(d.CommitmentOverdue),
        ("整改逾期", "rectifications overdue"): records.said(i.OrderOverdue),
        ("查岗不在岗", "visits that found members absent"): records.said(i.VisitMade, lambda e: e.absent),
        ("考核不称职", "teams graded incompetent"): records.said(
            i.AssessmentGraded, lambda e: e.grade == POLICY.assessment.grades[-1].name
        ),
        ("召回队员", "members recalled"): records.said(d.MemberRecalled),
        ("对召回申请复核", "reviews of recalls"): records.said(n.OutcomeAppealed, lambda e: e.kind == "recall"),
        ("容错免责", "failures tolerated"): records.said(n.OutcomeDecided, lambda e: e.tolerated),
        ("出列核查未通过", "exits refuted by the verification"): records.said(i.ExitVerified, lambda e: not e.passed),
        ("异议成立", "objections upheld"): records.said(r.ObjectionDecided, lambda e: e.upheld),
        ("三年未完成帮扶任务、延长帮扶期限", "terms extended after three years"): records.said(d.TermExtended),
        ("出列指标回落", "criteria missed after the exit"): records.said(r.VillageRelapsed),
    }
    return {
        **{label: len(events) for label, events in counts.items()},
        ("通报批评", "criticisms"): decided("criticism"),
        ("约谈", "admonitory talks"): decided("talk"),
    }


def stages(records: Records, until: date) -> dict[date, Counter[str]]:
    """How many villages stood in each stage at the end of each month, by the journey's own table."""
    moves: list[tuple[date, str, str]] = []
    for village, events in records.events.items():
        stage = ""
        for happened in events:
            stage = next_stage(stage, happened.event)
            moves.append((happened.day, village, stage))
    moves.sort(key=lambda move: move[0])
    ends = [min(add_months(moves[0][0].replace(day=1), n + 1) - timedelta(1), until) for n in range(600)]
    months = ends[: ends.index(until) + 1]
    return {end: Counter({v: stage for day, v, stage in moves if day <= end}.values()) for end in months}


def show(console: Console, records: Records, until: date) -> None:
    """Print the three tables."""
    title = "文件与系统对照 · document S3 beside the system"
    if len(records.events) < POOR_VILLAGES:
        title += f"（只演 {len(records.events)} 个村 · only {len(records.events)} villages are played）"
    beside = folded("数字", "figure", "机制 · mechanism", "文件 · document", "系统 · system", "", title=title)
    for f in figures(records):
        mark = Text("=", "green") if f.equal else Text("≠", "red")
        beside.add_row(f.zh, f.en, f.mechanism, f"{f.document}{'余' * f.and_more}", str(f.system), mark)
    wrong = folded(
        "问题情形", "what went wrong", "次数 · times", title="问题情形及次数 · what went wrong, and how often"
    )
    for (zh, en), times in ways(records).items():
        wrong.add_row(zh, en, str(times))
    console.print(beside, wrong)
    console.print("\n各阶段的村数，逐月 · villages per stage at the end of each month")
    over_time = stages(records, until)
    for end, counts in over_time.items():
        bar = Text(f"{end:%Y-%m} ")
        for stage, colour in COLOURS.items():
            bar.append("█" * counts[stage], style=colour)
        console.print(bar)
    legend = Text("        ")
    for stage in _seen(over_time):
        legend.append("█ ", style=COLOURS[stage]).append(" ".join(STAGES[stage]) + "   ")
    console.print(legend)


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
