"""The figures that document S3 states of Benxi, beside the system's own."""

from collections import Counter
from typing import get_args

from deploy.demo.records import Figure, Records
from deploy.demo.regions.benxi.story import MEASURES, OF_CITY, OF_COUNTIES, OF_PROVINCE, POLICY, POOR_VILLAGES, SURVEYED
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r


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
        Figure("贫困村", "poor villages", "3.1", POOR_VILLAGES, len(diagnosed), "counted"),
        *(
            Figure(
                f"摸底排查：{label}", f"survey: {kind}", "3.1", SURVEYED[kind], counts[kind], "counted",
                and_more=kind != "problem",
            )
            for kind, label in POLICY.listing.survey_kinds.items()
        ),
        Figure("贫困村类别", "problem classes", "3.2", len(named), len(set(classes.values())), "policy"),
        *(
            Figure(
                f"重点帮扶部门：{label}", f"departments for {name}", "3.2", named[name],
                len({department for of, department in departments if of == name} & set(POLICY.team.suits[name])),
                "policy",
            )
            for name, label in POLICY.listing.problem_classes.items()
        ),
        Figure("省派工作队", "teams sent by the province", "3.3", OF_PROVINCE, units("province"), "decided"),
        Figure("市直部门", "city departments", "3.2", OF_CITY, units("city"), "counted"),
        Figure("县直部门", "county departments", "3.2", OF_COUNTIES, units("county"), "counted"),
        Figure("市县派驻的村", "villages they serve", "3.3", served, len(local), "counted"),
        Figure(
            "抽调的党员干部", "Party-member cadres", "3.3", 192, sum(cadre["party_member"] for cadre in cadres),
            "computed",
        ),
        Figure("市直队长副处级以上", "city leaders of rank", "3.4", OF_CITY, ranked("city"), "counted"),
        Figure("县直队长副科级以上", "county leaders of rank", "3.4", OF_COUNTIES, ranked("county"), "counted"),
        Figure(
            "签订责任书的单位", "letters signed", "3.6", served, len(letters & {team.village for team in local}),
            "counted",
        ),
        Figure(
            "对应三年目标的帮扶措施", "measures that serve a target of the three years", "3.5", MEASURES,
            sum(item.goal is not None for plan in plans if level[plan.village] != "province" for item in plan.items),
            "counted", and_more=True,
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
        ("出列指标回落", "criteria missed after the exit"): records.said(r.VillageMonitored, lambda e: e.unmet),
    }
    return {
        **{label: len(events) for label, events in counts.items()},
        ("通报批评", "criticisms"): decided("criticism"),
        ("约谈", "admonitory talks"): decided("talk"),
    }
