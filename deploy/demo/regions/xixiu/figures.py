"""The figures that document S1 states of Xixiu District, beside the system's own."""

from collections import Counter

from deploy.demo.records import Figure, Records
from deploy.demo.regions.xixiu.story import FIRST, LAST, POLICY
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r

OTHERS = (
    i.BulletinPublished,
    i.BulletinMissed,
    r.TownshipDecapped,
    r.CountyDecapped,
    r.DecapWordGiven,
    r.PartyRegistered,
    d.CourseHeld,
)
"""Events about campaigns, townships, the district, parties and courses of which these tables are made."""
SANCTIONS = {
    "unit_talk": ("约谈单位", "units talked to"),
    "unit_case": ("对单位立案审查", "cases filed against units"),
    "talk": ("约谈干部", "cadres talked to"),
    "admonishment": ("诫勉谈话", "cadres admonished"),
    "case_filing": ("对干部立案审查", "cases filed against cadres"),
}
"""By kind of outcome, what follows where a rectification becomes overdue (1.6)."""


def figures(records: Records) -> list[Figure]:
    """The figures of S1, with the system's own. Shares and ratios are in hundredths of a per cent or in per cent."""
    of = {(total["figure"], total["year"]): total["value"] or 0 for total in records.totals}

    def total(figure: str, year: int) -> float:
        return float(of.get((figure, year), 0))

    first, last = total("collective_income", FIRST), total("collective_income", LAST)
    rounds = records.said(r.RoundEnded)
    helpers = {pair.cadre for event in records.said(d.HouseholdsPaired) for pair in event.pairs}
    linked = records.said(d.LinkBegun, lambda e: e.kind == "helping_secretary")
    paired = records.said(d.PartnerBegun)
    teams = records.said(d.TeamAssigned)
    imposed = records.said(n.OutcomeDecided, lambda e: e.imposed)
    secretaries = {e.cadre for e in linked}
    experts = {e.cadre for e in records.said(d.LinkBegun, lambda e: e.kind == "expert")}
    courses = [e.heads["cadre"] for e in records.said(d.CourseHeld, lambda e: e.kind == "relief_cadres")]
    picked = {e.cadre for e in records.said(d.LinkBegun, lambda e: e.kind == "reinforcement")}
    cadres = {e.party: e.fields for e in records.said(r.PartyRegistered, lambda e: e.kind == "village_cadre")}
    return [
        Figure("村", "villages", "1.10", 193, len(records.events), "solved"),
        Figure("贫困村", "poor villages", "1.12", 131, len(_listed(records)), "counted"),
        Figure(f"{FIRST}年贫困发生率（万分之）", "incidence at first, of 10,000", "1.18", 913,
               round(total("incidence", FIRST) * 10_000), "solved"),
        Figure(f"{LAST}年贫困发生率（万分之）", "incidence at last, of 10,000", "1.18", 145,
               round(total("incidence", LAST) * 10_000), "computed"),
        Figure("减少贫困人口", "persons lifted", "1.18", 51_024,
               round(total("poor_persons", FIRST) - total("poor_persons", LAST)), "computed"),
        Figure("减少贫困户", "households lifted", "1.18", 12_993, sum(e.lifted for e in rounds), "computed"),
        *_exits(records),
        Figure(f"{FIRST}年空壳村", "shell villages at first", "1.10", 108, round(total("shell", FIRST)), "solved"),
        Figure(f"{LAST}年空壳村", "shell villages at last", "1.10", 0, round(total("shell", LAST)), "computed"),
        Figure(f"{FIRST}年村集体经营性收入（元）", "collective income at first, in yuan", "1.10", 3_268_440,
               round(first), "solved"),
        Figure(f"{LAST}年村集体经营性收入（元）", "collective income at last, in yuan", "1.10", 19_357_300, round(last),
               "solved"),
        Figure(f"{LAST}年收入为{FIRST}年的百分之几", "the latter in per cent of the former", "1.10", 592,
               round(last / first * 100) if first else 0, "computed"),
        Figure(f"{LAST}年村集体经济积累（元）", "collective stock in yuan", "1.10", 397_000_000,
               round(total("collective_assets", LAST)), "solved"),
        Figure("积累100万元以上的村", "villages with more than a million", "1.10", 118, round(total("strong", LAST)),
               "solved"),
        Figure("活动场所300平方米以上的村", "villages with a hall of 300 m²", "1.9", 182,
               round(total("large_premises", LAST)), "computed"),
        Figure("专项督查组", "teams of inspectors", "1.5", 8,
               max((e.planned for e in records.said(i.BulletinPublished)), default=0), "policy"),
        Figure("第一书记", "first secretaries", "1.3", 161, len({e.village for e in teams}), "solved"),
        Figure("帮村书记", "helping secretaries", "1.3", 136, len(secretaries), "counted"),
        Figure("没有工作队的贫困村", "poor villages without a team", "1.3", 0,
               len(_listed(records) - {e.village for e in teams}), "computed"),
        Figure("结对帮扶贫困户的区直部门干部", "cadres who answer for households", "1.3", 2862, len(helpers),
               "counted"),
        Figure("党员突击队、集中攻坚队队员", "cadres in reinforcement teams", "1.4", 870, len(picked), "counted"),
        Figure("村干部", "village cadres", "1.7", 1492, len(cadres), "counted"),
        Figure("大专及以上学历的村干部", "village cadres with a college education", "1.7", 498,
               sum(fields["education"] == "college" for fields in cadres.values()), "counted"),
        Figure("帮扶企业", "firms", "1.12", 116, len({e.party for e in paired}), "counted"),
        Figure("企业帮扶的贫困村", "villages that they help", "1.12", 131, len({e.village for e in paired}), "counted"),
        Figure("到村的农业专家（100余名）", "experts in villages, more than 100", "1.12", 104, len(experts), "counted"),
        Figure("干部培训（期）", "courses for cadres", "1.8", 280, len(courses), "counted"),
        Figure("干部培训（人次）", "who came to them", "1.8", 58_000, sum(courses), "counted"),
        Figure("获省级表彰的干部", "cadres commended by the province", "1.16", 16,
               sum(e.kind == "provincial_commendation" for e in imposed), "decided"),
        Figure("获市级表彰的干部", "cadres commended by the city", "1.16", 47,
               sum(e.kind == "municipal_commendation" for e in imposed), "decided"),
        Figure("累计投入扶贫资金（万元）", "funds in 10,000 yuan", "1.18", 5_553_000, round(total("funds", LAST)),
               "historical"),
    ]  # fmt: skip


def _exits(records: Records) -> list[Figure]:
    """Who left the list: villages, townships, and the district after the centre's word on its sample."""
    return [
        Figure("贫困村出列", "villages removed from the list", "1.18", 121, len(_left(records)), "computed"),
        Figure("减贫摘帽的贫困乡镇", "poor townships de-capped", "1.18", 9, len(records.said(r.TownshipDecapped)),
               "decided"),
        Figure("国家抽查意见（区退出前征求）", "words of the centre on its sample, before the district's exit", "1.18",
               None, len(records.said(r.DecapWordGiven, lambda e: e.word == "accepted")), "decided"),
        Figure("退出贫困区", "districts de-capped", "1.18", None, len(records.said(r.CountyDecapped)), "decided"),
    ]  # fmt: skip


def _listed(records: Records) -> set[str]:
    return {e.village for e in records.said(r.VillageListed)}


def _left(records: Records) -> set[str]:
    return {e.village for e in records.said(r.VillageDelisted)}


def ways(records: Records) -> dict[tuple[str, str], int]:
    """How often things went wrong, by what went wrong in Chinese and English."""
    bulletins = records.said(i.BulletinPublished)
    decided = Counter(e.kind for e in records.said(n.OutcomeDecided, lambda e: e.imposed))
    heard = {e.outcome for e in records.said(n.OutcomeDefended)}
    sanctions = records.said(n.OutcomeDecided, lambda e: e.imposed and e.kind in SANCTIONS)
    counts = {
        ("督查轮次（两天一督查一通报）", "rounds of inspection with their bulletins"): len(bulletins),
        ("督查到村", "visits"): len(records.said(i.VisitMade)),
        ("应查未查", "visits that were not made"): sum(len(e.missed) for e in bulletins),
        ("通报逾期未印发", "bulletins that were late"): len(records.said(i.BulletinMissed)),
        ("责令限期整改", "rectifications ordered"): len(records.said(i.OrderIssued)),
        ("整改逾期", "rectifications overdue"): len(records.said(i.OrderOverdue)),
        **{(f"整改逾期，{zh}", f"{en} because of that"): decided[kind] for kind, (zh, en) in SANCTIONS.items()},
        ("其中听取了陈述申辩", "of these, with a hearing before"): sum(e.outcome in heard for e in sanctions),
        ("按驻村天数核定浮动工资（人月）", "allowances by days in the village, of a person for a month"): sum(
            len(e.paid) for e in records.said(n.AllowancesConfirmed)
        ),
        ("驻村不足20天（人月）", "months of a person with too few days in the village"): sum(
            e.short for e in records.said(d.PresenceShort)
        ),
        **_backward(records),
        ("农户不签字、继续留在建档立卡名单", "households that did not sign and stayed on the register"): sum(
            e.left_out for e in records.said(r.RoundEnded)
        ),
        ("出列核查未通过", "exits refuted by the verification"): len(
            records.said(i.ExitVerified, lambda e: not e.passed)
        ),
        ("按村内所缺技能开办的培训", "courses in skills that a village lacked"): len(
            records.said(d.CourseHeld, lambda e: e.kind == "menu")
        ),
        ("企业承诺到期未兑现（户年）", "promises of firms of which a part did not come, counted each year"): len(
            records.said(d.SupportDelivered, lambda e: e.compared and bool(e.outstanding))
        ),
        ("专家季度内未到村（村季）", "villages and quarters in which an expert did not come"): len(
            records.said(d.VisitsShort)
        ),
        ("延长帮扶期限", "terms extended"): len(records.said(d.TermExtended)),
    }
    return counts | {
        (f"未出列：{zh}", f"still on the list: {en}"): times for (zh, en), times in still_listed(records).items()
    }


def _backward(records: Records) -> dict[tuple[str, str], int]:
    """What the yearly studies of villages came to (1.7)."""
    graded = Counter((e.kind, e.grade) for e in records.said(i.AppraisalGraded))
    return {
        ("后进村党支部（年次）", "backward branches, counted each year"): graded["branch_review", "backward"],
        ("不胜任的村党支部书记（年次）", "secretaries found unable, counted each year"): graded[
            "secretary_review", "unable"
        ],
        ("研判未评为强的村（年次）", "villages studied and not found strong, counted each year"): sum(
            times for (kind, grade), times in graded.items() if kind == "village_study" and grade != "strong"
        ),
    }


def still_listed(records: Records) -> Counter[tuple[str, str]]:
    """How many villages stay on the list, by what kept them there by the figures of the year before the last: what
    they meet at the end of the last year can lead to an exit only in the next one."""
    stay = _listed(records) - _left(records)
    measured = {e.village: e.unmet for e in records.said(r.IndicatorsMeasured, lambda e: e.year == LAST - 1)}
    labels = {one.figure: one.label for one in POLICY.exit.criteria}
    reasons = Counter[tuple[str, str]]()
    for village in sorted(stay):
        unmet = [one.indicator for one in measured.get(village, ())]
        reasons[
            ("、".join(labels[one] for one in unmet) + "未达标", f"{' and '.join(unmet).replace('_', ' ')} missed")
            if unmet
            else ("核查未通过", "the verification refuted the exit")
        ] += 1
    return reasons
