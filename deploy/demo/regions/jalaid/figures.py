"""The figures that document S0 states of Jalaid Banner, beside the system's own."""

from collections import Counter

from deploy.demo.records import Figure, Records
from deploy.demo.regions.jalaid.story import POLICY, YEAR
from shared.contracts import dispatch as d
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.policy.indicators import Bracket

IN_BRACKETS = (13, 80, 69, 30, 3, 1)


def figures(records: Records) -> list[Figure]:
    """The figures of S0, with the system's own."""
    teams = records.said(d.TeamAssigned)
    ranks = Counter(member.role for team in teams for member in team.team)
    leaders = [records.cadres[member.cadre] for team in teams for member in team.team if member.role == "leader"]
    unserved = records.events.keys() - {team.village for team in teams}
    now = {event.village: event.bracket for event in records.said(r.BracketChanged)}
    brackets = Counter(now.values())
    of = {total["figure"]: total for total in records.totals if total["year"] == YEAR}
    income = of["collective_income"]
    counts = Counter({count["kind"]: count["number"] for count in records.parties if not count["field"]})
    townships = {village[:9] for village in records.events}
    return [
        Figure("面积（平方公里）", "area in km²", "0.1", 11_155, round(of["area"]["value"]), "historical"),
        Figure("人口", "inhabitants", "0.1", 400_000, round(of["inhabitants"]["value"]), "historical"),
        Figure("党员", "Party members", "0.1", 13_504, round(of["party_members"]["value"]), "historical"),
        Figure("苏木乡镇", "townships", "0.1", 14, len(townships), "counted"),
        Figure("基层党委", "Party committees", "0.1", 28, counts["committee"], "counted"),
        Figure("党支部", "Party branches", "0.1", 573, counts["branch"], "counted"),
        Figure("嘎查村", "villages", "0.2", 196, len(records.events), "counted"),
        Figure("第一书记", "first secretaries", "0.2", 196, ranks["leader"], "computed"),
        Figure(
            "后备干部任第一书记", "reserve cadres among them", "0.2", 196, sum(leader["reserve"] for leader in leaders),
            "computed",
        ),
        Figure("驻村工作队队员", "members of teams", "0.2", 784, ranks["member"], "computed"),
        Figure("没有工作队的村", "villages without a team", "0.2", 0, len(unserved), "computed"),
        Figure("没有帮扶责任人的贫困户", "households without a helper", "0.2", 0, unhelped(records), "computed"),
        *(
            Figure(f"集体经济：{one.label}", f"income bracket {n}", "0.12", document, brackets[one.label], "solved")
            for n, (one, document) in enumerate(zip(_brackets(), IN_BRACKETS, strict=True), 1)
        ),
        Figure(
            "集体经济收益总额（元）", "collective income in yuan", "0.12", 18_750_000, round(income["value"]), "solved"
        ),
        Figure(
            "每村平均（元）", "mean of a village in yuan", "0.12", 95_663, round(income["value"] / income["villages"]),
            "computed",
        ),
    ]  # fmt: skip


def unhelped(records: Records) -> int:
    """Poor households without a helper. The last word about a village counts: a gap that was closed may open again."""
    gaps = {event.village: getattr(event, "missing", 0) for event in records.said((d.GapFound, d.GapClosed))}
    return sum(gaps.values())


def _brackets() -> tuple[Bracket, ...]:
    return next(one.brackets for one in POLICY.indicators if one.figure == "collective_income")


def ways(records: Records) -> dict[tuple[str, str], int]:
    """How often things went wrong, by what went wrong in Chinese and English."""
    return {
        ("未能选派的村", "villages without a unit"): len({e.village for e in records.said(d.NeedUnmet)}),
        ("考核不称职", "teams graded incompetent"): len(
            records.said(i.AssessmentGraded, lambda e: e.grade == POLICY.assessment.grades[-1].name)
        ),
    }
