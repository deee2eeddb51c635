"""The figures that document S2 states of Zunyi, beside the system's own."""

from collections import Counter

from deploy.demo.records import Figure, Records
from deploy.demo.regions.zunyi.story import CITY, POLICY, SETTLED, YEAR
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r

OTHERS = (i.CampaignClosed, d.CourseHeld, d.QuotaMissed, r.PolicyAdopted)
"""Events about campaigns, courses, units and divisions of which these tables are made."""


def figures(records: Records) -> list[Figure]:
    """The figures of S2, which are of one year, with the system's own."""
    records = records.until(SETTLED)
    poor = {e.village for e in records.said(r.VillageListed)}
    begun = records.said(r.ListingBegun)
    entries = Counter(e.kind for e in begun)
    lists = poor | {e.village for e in begun if e.village}
    served = {e.village for e in records.said(d.TeamAssigned)}
    halls = sum(total["value"] for total in records.totals if (total["figure"], total["year"]) == ("large_hall", YEAR))
    kinds = {(count["kind"], count["value"]): count["number"] for count in records.parties}
    draws = records.said(i.CampaignClosed, lambda e: e.kind == "unannounced")
    facets = [len(villages) for e in draws for villages in e.facets.values()]
    graded = records.said(i.AssessmentGraded, lambda e: e.year == YEAR)
    worst = POLICY.assessment.grades[-1].name
    cases = {e.outcome for e in records.said(n.OutcomeProposed, lambda e: e.kind == "accountability")}
    heard = {e.outcome for e in records.said(n.OutcomeDefended)}
    layers = {e.place for e in records.said(r.PolicyAdopted, lambda e: e.place != CITY)}
    pairs = sum(len(e.pairs) for e in records.said(d.HouseholdsPaired))
    return [
        Figure("贫困村", "poor villages", "2.10", 871, len(poor), "counted"),
        Figure("党组织软弱涣散村", "villages with weak organisations", "2.10", 138, entries["weak_organisation"],
               "counted"),
        Figure("少数民族村", "minority villages", "2.10", 231, entries["minority"], "counted"),
        Figure("名单条目", "entries on these lists", "2.10", 1_240,
               len(poor) + entries["weak_organisation"] + entries["minority"], "computed"),
        Figure("驻村工作组", "teams", "2.10", 902, len(served), "solved"),
        Figure("名单上没有工作组的村", "villages on a list without a team", "2.10", 0, len(lists - served), "computed"),
        Figure("每季度暗访抽查的村", "villages drawn in a quarter", "2.19", 88,
               max((len(e.drawn) for e in draws), default=0), "computed"),
        Figure("每项内容每季度至少抽查的村", "villages where each part was looked into", "2.19", 88,
               min(facets, default=0), "computed"),
        Figure("年度考核的村", "villages assessed at the end of the year", "2.19", 871,
               len(poor & {e.village for e in graded}), "counted"),
        Figure("评为“差”", "teams graded poor", "2.15", 27, sum(e.grade == worst for e in graded), "computed"),
        Figure("问责建议", "cases of accountability", "2.15", 27, len(cases), "computed"),
        Figure("未听取陈述申辩的问责", "cases whose subject was not heard", "2.20", 0, len(cases - heard), "computed"),
        *_of_cadres(records),
        Figure("县级政策包", "packs of counties over the city's", "2.21", 14, len(layers), "counted"),
        Figure("倒排整顿的党组织", "organisations ranked worst", "2.6", 120, entries["weak_branch"], "policy"),
        Figure("干群结亲（对）", "pairs of a cadre and a household", "2.17", 295_700, pairs, "counted"),
        Figure("专业合作社", "co-operatives", "2.9", 2_430, kinds.get(("entity", "专业合作社"), 0), "counted"),
        Figure("股份合作公司", "share companies", "2.9", 86, kinds.get(("entity", "股份合作公司"), 0), "counted"),
        Figure("村级集体经济实体", "collective entities", "2.9", 2_516, kinds.get(("entity", ""), 0), "computed"),
        Figure("新建党组织", "new Party branches", "2.7", 168, kinds.get(("branch", "合作社、协会党支部"), 0),
               "counted"),
        Figure("300平方米以上的党员群众之家", "halls of more than 300 m²", "2.8", 689, round(halls), "solved"),
    ]  # fmt: skip


def _of_cadres(records: Records) -> list[Figure]:
    """Who was sent, trained, and raised."""
    sent = {member.cadre for e in records.said(d.TeamAssigned) for member in e.team}
    sent |= {e.cadre for e in records.said(d.MemberReplaced)}
    imposed = Counter(e.kind for e in records.said(n.OutcomeDecided, lambda e: e.imposed))
    courses, came = Counter[str](), Counter[str]()
    for course in records.said(d.CourseHeld):
        courses[course.holder] += 1
        came[course.holder] += sum(course.heads.values())
    return [
        Figure("第一书记和驻村干部", "first secretaries and cadres sent", "2.10", 4_606, len(sent), "solved"),
        Figure("进入乡镇领导班子的村干部", "village cadres with a township post", "2.15", 67, imposed["township_post"],
               "decided"),
        Figure("享受副科级待遇的村干部", "village cadres treated as deputy section", "2.15", 108,
               imposed["deputy_section_treatment"], "decided"),
        Figure("县级培训（期）", "courses of counties", "2.12", 95, courses["county"], "counted"),
        Figure("县级培训（人次）", "who came to the counties' courses", "2.12", 11_000, came["county"], "counted"),
        Figure("市级培训（期）", "courses of the city", "2.12", 10, courses["city"], "counted"),
        Figure("市级培训（人次）", "who came to the city's courses", "2.12", 1_200, came["city"], "counted"),
    ]  # fmt: skip


def ways(records: Records) -> dict[tuple[str, str], int]:
    """How often things went wrong, by what went wrong in Chinese and English."""
    proposed = Counter(e.kind for e in records.said(n.OutcomeProposed))
    short = Counter(owed for e in records.said(d.QuotaMissed) for owed in e.cadres.values())
    counts = {
        ("责任清单逾期未制定", "lists of duties that were late"): records.said(d.CommitmentOverdue),
        ("报酬、经费未达最低标准的村", "villages below a floor"): records.said(r.FloorMissed),
        ("责令限期整改", "rectifications ordered"): records.said(i.OrderIssued),
        ("召回队员", "members recalled"): records.said(d.MemberRecalled),
        ("补派队员", "members replaced"): records.said(d.MemberReplaced),
        ("受到问责的村干部", "village cadres held to account"): records.said(
            n.OutcomeDecided, lambda e: e.imposed and e.kind == "village_accountability"
        ),
        ("连续两年评差、职务终止的村干部", "village cadres whose office ended after two poor years"): records.said(
            n.OutcomeDecided, lambda e: e.imposed and e.kind == "office_ends"
        ),
        ("贫困户缺少帮扶责任人", "villages whose households had no helper at first"): records.said(d.GapFound),
    }
    return {label: len(events) for label, events in counts.items()} | {
        ("提出的进入乡镇领导班子人选", "village cadres proposed for a township post"): proposed["township_post"],
        ("提出的享受副科级待遇人选", "village cadres proposed for the treatment of a deputy section"): proposed[
            "deputy_section_treatment"
        ],
        ("帮扶不足1户的乡科级领导干部", "leaders of township rank who help no household"): short[1],
        ("帮扶不足2户的县处级领导干部", "leaders of county rank who help fewer than two"): short[2],
    }
