"""The figures that document S2 states of Zunyi, beside the system's own."""

from collections import Counter

from deploy.demo.records import Figure, Records
from deploy.demo.regions.zunyi.story import POLICY, YEAR
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r


def figures(records: Records) -> list[Figure]:
    """The figures of S2, with the system's own."""
    poor = {e.village for e in records.said(r.VillageListed)}
    begun = records.said(r.ListingBegun)
    entries = Counter(e.kind for e in begun)
    lists = poor | {e.village for e in begun if e.village}
    served = {e.village for e in records.said(d.TeamAssigned)}
    halls = sum(total["value"] for total in records.totals if (total["figure"], total["year"]) == ("large_hall", YEAR))
    kinds = {(count["kind"], count["value"]): count["number"] for count in records.parties}
    draws = [len(e.drawn) for e in records.said(i.CampaignClosed, lambda e: e.kind == "unannounced")]
    graded = records.said(i.AssessmentGraded, lambda e: e.year == YEAR)
    worst = POLICY.assessment.grades[-1].name
    cases = {e.outcome for e in records.said(n.OutcomeProposed, lambda e: e.kind == "accountability")}
    heard = {e.outcome for e in records.said(n.OutcomeDefended)}
    pairs = sum(len(e.pairs) for e in records.said(d.HouseholdsPaired))
    return [
        Figure("贫困村", "poor villages", "2.10", 871, len(poor), "counted"),
        Figure("党组织软弱涣散村", "villages with weak organisations", "2.10", 138, entries["weak_organisation"],
               "counted"),
        Figure("少数民族村", "minority villages", "2.10", 231, entries["minority"], "counted"),
        Figure("驻村工作组", "teams", "2.10", 902, len(served), "solved"),
        Figure("名单上没有工作组的村", "villages on a list without a team", "2.10", 0, len(lists - served), "computed"),
        Figure("每季度暗访抽查的村", "villages drawn in a quarter", "2.19", 88, max(draws, default=0), "computed"),
        Figure("年度考核的村", "villages assessed at the end of the year", "2.19", 871,
               len(poor & {e.village for e in graded}), "counted"),
        Figure("评为“差”", "teams graded poor", "2.15", 27, sum(e.grade == worst for e in graded), "computed"),
        Figure("问责建议", "cases of accountability", "2.15", 27, len(cases), "computed"),
        Figure("未听取陈述申辩的问责", "cases whose subject was not heard", "2.20", 0, len(cases - heard), "computed"),
        Figure("倒排整顿的党组织", "organisations ranked worst", "2.6", 120, entries["weak_branch"], "policy"),
        Figure("干群结亲（对）", "pairs of a cadre and a household", "2.17", 295_700, pairs, "counted"),
        Figure("专业合作社", "co-operatives", "2.9", 2_430, kinds.get(("entity", "专业合作社"), 0), "counted"),
        Figure("股份合作公司", "share companies", "2.9", 86, kinds.get(("entity", "股份合作公司"), 0), "counted"),
        Figure("村级集体经济实体", "collective entities", "2.9", 2_516, kinds.get(("entity", ""), 0), "computed"),
        Figure("新建党组织", "new Party branches", "2.7", 168, kinds.get(("branch", "合作社、协会党支部"), 0),
               "counted"),
        Figure("300平方米以上的党员群众之家", "halls of more than 300 m²", "2.8", 689, round(halls), "solved"),
    ]  # fmt: skip


def ways(records: Records) -> dict[tuple[str, str], int]:
    """How often things went wrong, by what went wrong in Chinese and English."""
    counts = {
        ("责任清单逾期未制定", "lists of duties that were late"): records.said(d.CommitmentOverdue),
        ("报酬、经费未达最低标准的村", "villages below a floor"): records.said(r.FloorMissed),
        ("责令限期整改", "rectifications ordered"): records.said(i.OrderIssued),
        ("召回队员", "members recalled"): records.said(d.MemberRecalled),
        ("补派队员", "members replaced"): records.said(d.MemberReplaced),
        ("贫困户缺少帮扶责任人", "villages whose households had no helper at first"): records.said(d.GapFound),
    }
    return {label: len(events) for label, events in counts.items()}
