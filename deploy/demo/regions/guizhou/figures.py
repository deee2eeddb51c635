"""The figures that document S4 states of Guizhou, beside the system's own.

S4 tells what is done, but rarely how much of it. Where it has no number, the row has only the system's.
"""

from collections import Counter

from deploy.demo.records import Figure, Records
from deploy.demo.regions.guizhou.story import INCOMES, KNOWN, MODES, POLICY, SCALE, TRAINED
from shared.contracts import dispatch as d
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.policy.links import RANKS

OTHERS = (d.CourseHeld, i.AppraisalGraded, i.CampaignClosed, r.PartyRegistered)
"""The events about anything else than a village that the table needs. Of persons it has numbers only."""
_CARE = (
    ("参加养老保险的村主要干部", "village leaders with a pension", "pension", "joined"),
    ("参加医疗保险的村主要干部", "village leaders with medical care", "medical", "joined"),
    ("约定离任补偿的村主要干部", "village leaders with leaving compensation", "compensation", "agreed"),
)
_TRAINED = {
    "party_member": ("培训农村党员", "rural Party members trained"),
    "grassroots_cadre": ("培训农村基层干部", "grassroots cadres trained"),
    "talent": ("培训农村实用人才", "practical talents trained"),
}
_HISTORY = {
    "inhabitants": ("全省人口", "people of the province"),
    "rural_inhabitants": ("农村人口", "rural people"),
    "poor_inhabitants": ("贫困人口", "poor people"),
    "low_income_inhabitants": ("低收入人口", "people of low income"),
    "province_income": ("全省农民人均收入（元）", "a farmer's income in the province, in yuan"),
    "country_income": ("全国农民人均收入（元）", "a farmer's income in the country, in yuan"),
}


def figures(records: Records) -> list[Figure]:
    """The figures of S4, with the system's own."""
    listed = {e.village for e in records.said(r.VillageListed)}
    served = {e.village for e in records.said(d.TeamAssigned)}
    drawn = [len(e.drawn) for e in records.said(i.CampaignClosed)]
    ended = Counter(e.kind for e in records.said(r.ListingEnded) if e.ground == "expired")
    asked = records.said(r.ResolutionOpened, lambda e: e.kind == "question")
    joined = records.said(d.PartnerBegun, lambda e: e.kind == "joint_branch")
    ticked = records.said(r.ChecklistTicked, lambda e: not e.vacant and not e.unfollowed)
    visits = records.said(i.VisitMade, lambda e: e.process and e.result)
    return [
        Figure("重点村", "key villages", "4.1", SCALE["key_villages"], len(listed), "counted"),
        Figure("没有工作队的重点村", "key villages without a team", "4.2", None, len(listed - served), "computed"),
        *_leaders(records),
        *_modes(records),
        Figure("全省农民人均收入为全国的千分之几", "a farmer's income in thousandths of the country's", "4.1",
               round(INCOMES["province_income"] / INCOMES["country_income"] * 1000), _ratio(records), "computed"),
        *_points(records),
        Figure("到期未续的示范点", "demonstration points that were not named again", "4.9", None, sum(ended.values()),
               "computed"),
        *_training(records),
        Figure("通远程教育的重点村（千分之）", "key villages with remote learning, of 1,000", "4.5", 998,
               _remote(records), "solved"),
        *_persons(records),
        Figure("村村、村企、村居联建党组织", "joint branches", "4.4", None, len({e.party for e in joined}), "counted"),
        Figure("联建党组织的村", "villages that they join", "4.4", None, len({e.village for e in joined}), "counted"),
        Figure("“五个好”全部做到的村", "villages whose branch is good in all five ways", "4.4", None, len(ticked),
               "counted"),
        Figure("点题公开的提问", "questions asked", "4.7", None, len(asked), "counted"),
        Figure("逾期答复的提问", "questions answered late", "4.7", None, len(_late(records)), "computed"),
        *_appraisals(records),
        Figure("每次督促检查抽取的村", "villages drawn for a check", "4.10", None, max(drawn, default=0), "computed"),
        Figure("过程、结果证据齐全的到村督查", "visits with evidence of process and result", "4.10", None, len(visits),
               "counted"),
        *_history(records),
    ]  # fmt: skip


def _leaders(records: Records) -> list[Figure]:
    """Contact points, and the leaders who have none."""
    least = RANKS.index(POLICY.contacts["contact_point"].rank)
    leaders = {id for id, cadre in records.cadres.items() if RANKS.index(cadre["rank"]) >= least}
    linked = records.said(d.LinkBegun, lambda e: e.kind == "contact_point")
    bearers = {e.cadre for e in linked}
    return [
        Figure("党建扶贫联系点", "contact points of leaders", "4.2", None, len({e.village for e in linked}), "counted"),
        Figure(
            "没有联系点的领导干部", "leaders without a contact point", "4.2", None, len(leaders - bearers), "computed"
        ),
    ]


def _modes(records: Records) -> list[Figure]:
    """How many villages are developed, relocated or relieved. If a village was entered twice, the later entry
    counts."""
    kind = POLICY.list_kind(MODES)
    assert kind
    modes = {e.village: e.mode for e in records.said(r.ListingBegun, lambda e: e.kind == kind.kind)}
    counts = Counter(modes.values())
    return [
        Figure(f"{label}扶贫的村", f"villages in the mode {mode}", "4.2", None, counts[mode], "counted")
        for mode, label in kind.modes.items()
    ]


def _points(records: Records) -> list[Figure]:
    """The demonstration points that were named; the document's numbers are the pack's quotas."""
    named = Counter(e.kind for e in records.said(r.ListingBegun, lambda e: e.spell == 1))
    kinds = [one for one in POLICY.lists if one.at_most]
    english = {
        "advanced_point": "Party organisations as demonstration points",
        "countryside_point": "villages as demonstration points",
    }
    return [Figure(one.label, english[one.kind], "4.9", one.at_most, named[one.kind], "counted") for one in kinds]


def _training(records: Records) -> list[Figure]:
    """How many were trained in the year before the story, by group."""
    heads = Counter[str]()
    for course in records.said(d.CourseHeld):
        heads.update(course.heads)
    return [Figure(*_TRAINED[group], "4.5", many, heads[group], "counted") for group, many in TRAINED.items()]


def _persons(records: Records) -> list[Figure]:
    """Members with posts and pledges, and what care there is for village leaders: numbers, and nobody's name."""
    persons = {e.party: e for e in records.said(r.PartyRegistered, lambda e: e.personal)}.values()
    members = [one.fields for one in persons if one.kind == "member_post"]
    leaders = [one.fields for one in persons if one.kind == "village_leader"]
    pledged = sum("pledge" in fields for fields in members)
    return [
        Figure("设岗定责的党员", "Party members with posts", "4.4", None, len(members), "counted"),
        Figure("作出承诺的党员", "Party members with pledges", "4.4", None, pledged, "counted"),
        *(
            Figure(zh, en, "4.6", None, sum(fields.get(field) == value for fields in leaders), "counted")
            for zh, en, field, value in _CARE
        ),
    ]


def _late(records: Records) -> set[tuple[str, str | None]]:
    """The questions whose answer was overdue."""
    late = records.said(r.StepOverdue, lambda e: e.kind == "question" and e.step == "question_answer")
    return {(e.village, e.matter) for e in late}


def _appraisals(records: Records) -> list[Figure]:
    """The townships' Party committees, by the results of their work against poverty."""
    graded = [e.grade for e in records.said(i.AppraisalGraded)]
    lowest = POLICY.appraisals[0].grades[-1]
    return [
        Figure("评价抓党建促扶贫实绩的乡镇", "townships appraised", "4.8", None, len(graded), "counted"),
        Figure(
            f"其中“{lowest.label}”", "of these, with poor results", "4.8", None, graded.count(lowest.name), "computed"
        ),
    ]


def _of_province(records: Records, figure: str) -> float:
    """A figure that the province recorded of itself; 0 if it recorded none."""
    found = (one["value"] for one in records.totals if (one["division"], one["figure"]) == ("province:52", figure))
    return float(next(found, 0) or 0)


def _ratio(records: Records) -> int:
    return round(_of_province(records, "income_ratio") * 1000)


def _remote(records: Records) -> int:
    """The share of villages with remote learning, over all counties."""
    counties = [one for one in records.totals if one["figure"] == "remote_learning" and "county" in one["division"]]
    villages = sum(one["villages"] for one in counties)
    return round(sum(one["value"] or 0 for one in counties) * 1000 / villages) if villages else 0


def _history(records: Records) -> list[Figure]:
    """Figures that the province recorded of itself, as they are in the document."""
    known = {**SCALE, **INCOMES}
    return [
        Figure(f"{KNOWN}年{zh}", en, "4.1", known[figure], round(_of_province(records, figure)), "historical")
        for figure, (zh, en) in _HISTORY.items()
    ]


def ways(records: Records) -> dict[tuple[str, str], int]:
    """How often things went wrong, by what went wrong in Chinese and English."""
    counts = {
        ("联系点逾期未确定", "contact points that came late"): records.said(d.PlaceOverdue),
        ("点题公开逾期未答复", "questions whose answer was overdue"): _late(records),
        ("示范点到期未续", "demonstration points whose year ended"): records.said(
            r.ListingEnded, lambda e: e.ground == "expired"
        ),
    }
    return {label: len(events) for label, events in counts.items()}
