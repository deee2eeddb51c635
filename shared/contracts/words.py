"""Descriptions of all fields of events, in Chinese and English, each with an example. The published schemas have them.

A field name such as `village` has one description for all events. Where a struct means something else by a name, it has
an entry of its own, such as `Item.number`, which is preferred.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Words(NamedTuple):
    """The description of a field, and an example of its value."""

    zh: str
    en: str
    example: Any


VILLAGE, UNIT, CADRE, HOUSEHOLD = "210521902205", "U2105-012", "C2105-0345", "H07"
SHA = "0fad00e8afeb09e036b3e3cb96667ea9b22f258187a5e98fb38201faf735f3ef"
SHARE = "5d0c2f8f3ab94ee7a1c6d2b80f4e1937"
ORGAN = "市委组织部 本组通〔2014〕12号"
MEMBER: Final = {"cadre": CADRE, "role": "leader"}

_WORDS: Final[Mapping[str, tuple[str, str, Any]]] = {
    # ------------------------------------------------------ the envelope (CloudEvents 1.0)
    "Envelope.id": ("事件编号，重复收到即为同一事件", "the event's id; the same id is the same event again",
                    "8d3f0c9e-54d6-84c5-889a-57ff3d76e4c7"),
    "Envelope.source": ("由哪个服务说出", "the service that says it", "urn:zhucun:registry"),
    "Envelope.type": ("事件类型", "the type of the event", "registry.village.delisted.v1"),
    "Envelope.subject": ("所涉对象，多为村代码", "what it is about, mostly a village", VILLAGE),
    "Envelope.time": ("记录时刻", "when it was recorded", "2016-01-04T09:30:00Z"),
    "Envelope.dataschema": ("数据结构说明的名称或地址", "the name or the address of the data's schema",
                            "urn:zhucun:schemas:registry.village.delisted.v1"),
    "Envelope.correlationid": ("同一来龙去脉的事件相同", "the same for all that belongs to one case", VILLAGE),
    "Envelope.causationid": ("由哪条消息引起", "the message that led to it", "2a6b1f4c-90d3-8f11-b6a2-0c4417d5aa90"),
    "Envelope.occurredon": ("发生在哪个业务日期", "the business day on which it happened", "2016-01-04"),
    "Envelope.policyversion": ("按哪一版政策作出", "the version of the pack by which it was decided", "2105-2014.1"),
    "Envelope.data": ("事件的内容，结构见事件类型", "what is said; its type tells the shape", {"village": VILLAGE}),
    "Envelope.specversion": ("CloudEvents 版本", "the version of CloudEvents", "1.0"),
    "Envelope.datacontenttype": ("内容的格式", "the format of the data", "application/json"),
    # ------------------------------------------------------------------ who and where
    "place": ("所属区划（6 位代码）", "the division that it belongs to, by six digits", "210521"),
    "village": ("村的固定编号：首次登记时的 12 位代码", "the village's id for ever: the code of 12 digits of its first "
                "registration", VILLAGE),
    "unit": ("派出单位编号", "the sending unit", UNIT),
    "cadre": ("干部编号，不含姓名", "the cadre, by an id without a name", CADRE),
    "leader": ("当日担任队长的干部编号", "the cadre who leads the team on that day", CADRE),
    "team": ("队员及其职务", "the team's members and their roles", [MEMBER]),
    "Member.role": ("队长（“leader”）或队员（“member”）", "whether leader or member of the team", "leader"),
    "role": ("在队中任队长（“leader”）或队员（“member”）", "whether leader or member of the team", "member"),
    "body": ("抽签的一方：纪检监察（“discipline”）或督查（“inspection”）",
             "which of the two bodies of a draw", "discipline"),
    "name": ("名称", "the name", "朝阳村"),
    "township": ("所在乡镇", "the township that it lies in", "碱厂镇"),
    "population": ("户籍人口", "registered population, in persons", 1310),
    "household": ("户编号", "the household", HOUSEHOLD),
    "decided_by": ("作出决定的机关及文号，不写个人", "the organ that decided and its document, never a person", ORGAN),
    "adopted_by": ("启用政策包的机关", "the organ that adopted the pack", ORGAN),
    "announced_by": ("公布机关", "the organ that announced it", "市人民政府办公室"),
    "asked_by": ("提请匹配的机关", "the organ that asked for the matching", "市委组织部"),
    "assigned_by": ("派出驻村工作队的机关", "the organ that assigned the team", ORGAN),
    "set_by": ("签订或制定的机关", "the organ that set it", "县扶贫办"),
    "reconciled_by": ("对账的机关", "the organ that reconciled it", "县扶贫办"),
    "settled_by": ("销账的机关", "the organ that settled it", "县扶贫办"),
    "replaced_by": ("改派人选的机关", "the organ that sent the other one", "市委组织部"),
    "measured_by": ("测算的机关", "the organ that measured", "碱厂镇人民政府"),
    "requested_by": ("提出出列申请的机关", "the organ that asked for the exit", "碱厂镇人民政府"),
    "posted_by": ("公示的机关", "the organ that posted the notice", "县扶贫办"),
    "verified_by": ("核查的机关", "the organ that verified", "县扶贫办"),
    "opened_by": ("提起事项的组织", "the body that opened the matter", "朝阳村党支部"),
    "issued_by": ("编制村代码的县级机关；由统计部门编制的为空",
                  "the county's organ that issued the code; null where the "
                  "statistics bureau did", "本溪满族自治县民政局"),
    "accepted_by": ("验收整改的机关", "the organ that accepted the rectification", "县委督查室"),
    "delivered_by": ("述职的工作队或其单位", "the team or its unit", "市交通局驻朝阳村工作队"),
    "held_by": ("主持测评的机关", "the organ that held the ballot", "碱厂镇党委"),
    "reason": ("理由", "why", "误将另一村的数据录入本村"),
    "document": ("文件名称及文号", "the document that says so", "国办发明电〔2013〕28号"),
    # ----------------------------------------------------------------------- days
    "day": ("业务日期", "the business day", "2016-01-04"),
    "since": ("自何日起；为空即为事件当日", "from which day on; null means the day of the event", "2014-06-01"),
    "VillageRecoded.since": ("新代码自何日起使用", "the first day of the new code", "2015-01-01"),
    "VillageMerged.since": ("自何日起合并", "the first day after the merger", "2015-01-01"),
    "VillageSplit.since": ("自何日起分设", "the first day after the split", "2015-01-01"),
    "until": ("最后一日（含当日）", "the last day, itself included", "2016-12-31"),
    "due": ("最后一日（含当日）", "the last day, itself included", "2015-01-20"),
    "CommitmentOverdue.due": ("应完成的最后一日", "the last day on which it was owed", "2015-01-20"),
    "was": ("原来的最后一日", "the last day as it was", "2015-01-18"),
    "on": ("日期", "the day", "2015-03-31"),
    "opens": ("开始之日", "the first day", "2015-10-01"),
    "closes": ("结束之日", "the last day", "2015-10-31"),
    "term_start": ("任期首日", "the first day of the term", "2014-06-20"),
    "term_end": ("任期末日", "the last day of the term", "2017-06-19"),
    "drawn_on": ("抽签之日", "the day of the draw", "2015-10-02"),
    "delisted_on": ("按该年数据已出列的日期", "the day of the exit that rests on that year's figures", "2016-01-04"),
    "defence_until": ("陈述申辩的最后一日", "the last day for the defence", "2015-02-10"),
    "appeal_until": ("申请复核的最后一日", "the last day for an appeal", "2015-03-15"),
    "answer_until": ("答复复核的最后一日", "the last day for the answer to an appeal", "2015-04-14"),
    "expires": ("影响期满之日，其后不再记载",
                "the end of the impact period, after which the record is clean", "2016-02-15"),
    "work_since": ("参加工作日期", "at work since", "2001-07-01"),
    "born_on": ("出生日期", "the date of birth", "1979-03-02"),
    "year": ("年度", "the year", 2015),
    "line_year": ("所用扶贫标准的年度，政策包没有当年标准时才有",
                  "the year of the poverty line that was used, where the pack has "
                  "none for the year itself", 2014),
    "period": ("所属年度；“term”指整个任期",
               "the year that it is owed for; `term` for what is owed once a term", "2015"),
    "deadline": ("哪一个期限", "which deadline", "set_by/annual_plan/2015"),
    "notice": ("改变期限的放假通知", "the announcement of holidays that moved it", "2015"),
    "HolidaysAnnounced.notice": ("通知的名称，同名的取代前一次",
                                 "the notice's name; the same one replaces itself", "2015"),
    "off": ("放假的日期", "the days off", ["2015-01-01", "2015-01-02"]),
    "worked": ("调休上班的日期", "weekend days that are worked in exchange", ["2015-01-04"]),
    # ------------------------------------------------------------------- the register
    "version": ("政策包版本", "the pack's version", "2105-2014.1"),
    "pack": ("政策包全文", "the whole pack, as its file says it", {"name": "本溪市"}),
    "level": ("单位级别：省、市、县", "the unit's level", "city"),
    "department": ("所属系统，政策包据以匹配帮扶类型",
                   "the field of work by which the pack matches problem classes", "交通"),
    "strength": ("帮扶力量，0 至 100", "strength and experience in helping villages, 0 to 100", 80),
    "UnitRegistered.village": ("上级已指定帮扶的村", "the village that a superior designated it for", VILLAGE),
    "rank": ("职务层次", "the civil service rank", "deputy_division"),
    "party_member": ("是否中共党员", "whether a Party member", True),
    "reserve": ("是否后备干部", "whether in the reserve of cadres to be promoted", False),
    "ties": ("因亲属或籍贯须回避的村", "villages where kinship or origin forbids a posting", [VILLAGE]),
    "left": ("原派出单位，调动时才有", "the unit that could send the cadre until now", "U2105-003"),
    "code": ("新的 12 位代码", "the new code of 12 digits", "210521104205"),
    "into": ("并入的村", "the village that it was merged into", "210521902206"),
    "into_place": ("并入的村所属区划", "the division of the village that it was merged into", "210521"),
    "successors": ("分设出的村", "the new villages", ["210521902231", "210521902232"]),
    "former": ("原属区划", "the division that it came from", "210522"),
    # ------------------------------------------------------------ survey, figures, exit
    "spell": ("第几次列入贫困村", "which time on the poverty list this is", 1),
    "number": ("调查记录的编号", "the number of the survey record", 12),
    "Problem.number": ("问题编号", "the problem's number", 3),
    "Item.number": ("条目编号", "the item's number", 2),
    "topic": ("调查内容", "what the survey looked into, by the pack's code", "incomes"),
    "cause": ("致贫原因", "the cause", "交通不便，农产品运不出去"),
    "problem_class": ("村的帮扶类型（政策包中的代码）", "the class of the village's poverty, by the pack's code",
                      "lagging_economy"),
    "counts": ("各类调查记录的份数", "how many records of each kind", {"form": 120, "visit": 45}),
    "problems": ("摸底调查发现的问题", "the problems that the survey found",
                 [{"number": 3, "topic": "incomes", "cause": "交通不便"}]),
    "values": ("各项指标的数值，按政策包中的代码", "the figures, by the codes of the pack's criteria",
               {"incidence": 0.0145, "net_income": 9830}),
    "unmet": ("未达标的指标", "the criteria that are not met",
              [{"indicator": "incidence", "value": 0.0913, "bound": 0.02, "mover": "team"}]),
    "MatchingSolved.unmet": ("没有匹配到单位的村数", "villages for which no unit was found", 2),
    "indicator": ("指标", "the criterion, by the pack's code", "incidence"),
    "value": ("实际数值；没有数据时为空", "its value; null where there is none", 0.0913),
    "bound": ("标准", "what is asked for", 0.02),
    "relation": ("数值与标准应有的关系：“below”低于，“at_most”不高于，“at_least”不低于，“above”高于，“is”等于；"
                 "早期事件为空",
                 "how the value must lie to it; empty in events from before this was told", "below"),
    "MatchingSolved.bound": ("已证明的上限：没有方案得分更高", "the proved bound: no assignment scores more", 5120),
    "mover": ("由谁推动", "the role that can move it", "team"),
    "matters": ("一并转入新区划的民主决策事项", "the village's own matters, which move with it", ["2014-1"]),
    "attempt": ("第几次申请出列", "which request for the exit this is", 1),
    "lifted": ("已脱贫的户", "the households lifted out of poverty", [HOUSEHOLD, "H12"]),
    "persons": ("各户人数，次序同上", "the persons of each of them, in the same order", [4, 3]),
    "outside": ("不在建档户内的人数", "persons who belong to no registered household", 1240),
    "remaining": ("仍未脱贫的建档户数", "registered households that are still poor", 5),
    "objection": ("异议编号；0 为审批机关自己的意见", "the objection's number; 0 is the deciding body's own", 1),
    "upheld": ("异议是否成立", "whether it was upheld", True),
    "back_to": ("退回哪一步；为空则不退回", "the kind of step to which the exit goes back, if it does", "verify"),
    "step": ("程序中的步骤（政策包中的代码）", "the step of the procedure, by the pack's code", "county_review"),
    "CommitmentOverdue.step": ("逾期的一步：“set”签订，“settle”销账，“reconcile”对账",
                               "the step that is owed: `set`, `settle`, "
                               "`reconcile` with its day", "reconcile 03-31"),
    "owed_by": ("由谁负责（角色）；早期事件为空", "the role that owed it; null in events from before this was told",
                "village"),
    "lodged_by": ("申请复核的工作队或单位", "the team or unit that asks for it", "驻村工作队"),
    "GradeReviewed.before": ("复核前的等次", "the grade before the review", "incompetent"),
    "decides": ("由谁作出决定（角色）", "the role that owes the decision", "organisation"),
    "DecisionOverdue.due": ("应作出决定的最后一日", "the last day for the decision", "2015-02-28"),
    "CommitmentWithdrawn.step": ("撤回的一步：“set”签订，“reconcile”对账，“settle”销账",
                                 "which step is taken back", "set"),
    "incidence": ("贫困发生率，0 至 1", "the share of the population that is still poor, 0 to 1", 0.0145),
    "matter": ("村内事项的编号", "the matter's number or name within the village", "2015-03"),
    "subject_code": ("事项内容的代码", "what the matter is about, as a code", "dibao_list"),
    "entitled": ("应到人数", "how many are entitled to vote", 62),
    "present": ("实到人数", "how many were present", 50),
    "left_out": ("未继续参加评定的户数", "how many households left the round", 2),
    "leads_to": ("逾期后转入哪一步；为空则继续等待", "the kind of step to which a time-out leads", "notice"),
    "RoundEnded.lifted": ("评定脱贫的户数", "how many households are lifted out of poverty", 28),
    "HouseholdsLifted.households": ("评定脱贫的户", "the households lifted out of poverty", [HOUSEHOLD, "H12"]),
    "agreed": ("同意人数", "how many agreed", 45),
    # ------------------------------------------------------------------- matching and team
    "kind": ("种类（政策包中的代码）", "the kind, by the pack's code", "annual_plan"),
    "matching": ("哪一次匹配", "the matching", "2014-06"),
    "matched": ("匹配成功的村数", "villages for which a unit was found", 72),
    "objective": ("总得分", "the score of the whole assignment", 5120),
    "score": ("得分", "the score", 78),
    "AssessmentProposed.score": ("考核得分，0 至 100", "the score of the year, 0 to 100", 91.5),
    "AssessmentGraded.score": ("考核得分，0 至 100", "the score of the year, 0 to 100", 91.5),
    "VisitMade.score": ("本次督查得分，0 至 100", "the score of this visit, 0 to 100", 88),
    "reasons": ("选定的原因（代码）", "what spoke for this choice, as codes", ["class_suits", "same_county"]),
    "obstacles": ("相近单位各缺哪一条", "for each unit that came near, the rule that it fails", {UNIT: "leader_rank"}),
    "cost": ("比匹配方案少得的分", "by how many points the choice scores below the proposal", 3),
    "recalled": ("离队的干部", "the cadre who left", "C2105-0344"),
    "rule": ("不再符合的规定（代码）", "the rule that is not met any more, as a code", "leader_rank"),
    "extension": ("第几次延长", "which extension this is", 1),
    "served_days": ("驻村天数", "the days that the team served", 1096),
    "ground": ("撤队原因：“merged”并村，“unlisted”除名，“withdrawn”撤销登记", "why the team ends", "merged"),
    # -------------------------------------------------------------------- commitments
    "items": ("逐条内容", "what is owed, item by item", [{"number": 1, "text": "修建村组道路3.2公里", "problem": 3}]),
    "CommitmentWithdrawn.items": ("撤回的条目编号", "the numbers of the items that were taken out", [2]),
    "text": ("条目内容", "what is owed", "修建村组道路3.2公里"),
    "problem": ("所解决的问题编号", "the number of the problem that it answers", 3),
    "goal": ("所服务的上一级目标编号", "the number of the item that it serves in the commitment before it", 1),
    "done": ("已完成的条数", "items done", 4),
    "open": ("未完成的条数", "items still open", 1),
    "closed": ("销号的条数", "items closed out", 4),
    "carried": ("转入下期的条数", "items carried into the next period", 1),
    "cleared": ("出列前的事项是否全部销账", "whether nothing is left to settle from before the exit", False),
    # --------------------------------------------------------------------- inspection
    "campaign": ("督查编号", "the campaign", "2105-unannounced-2015-10-01"),
    "frame": ("抽签范围内的村", "the villages among which is drawn", [VILLAGE, "210521902206"]),
    "CampaignCommitted.frame": ("抽签范围内的村数", "how many villages are in the frame", 72),
    "size": ("抽取的数目", "how many are drawn", 15),
    "frame_hash": ("抽签范围的 SHA-256", "SHA-256 of the frame's ids", SHA),
    "seed_hash": ("随机数的 SHA-256，先行公布", "SHA-256 of the body's share, published before the share", SHA),
    "seed_hashes": ("不再使用，恒为空", "empty: each hash has an event of its own", {}),
    "visit_days": ("分在多少天内到村", "over how many days the visits are dealt", 10),
    "what": ("缺的是哈希（“hash”）还是随机数（“share”）", "what was not given in time: `hash` or `share`", "share"),
    "visits": ("各村的到村日期", "the day of the visit, by village", {VILLAGE: "2015-10-09"}),
    "seeds": ("双方的随机数，据此可复算", "the shares of the seed by body, by which anyone recomputes it",
              {"discipline": SHARE, "inspection": SHARE[::-1]}),
    "drawn": ("抽中的村", "the villages that were drawn", [VILLAGE]),
    "planned": ("计划到村数", "visits that were planned", 15),
    "visited": ("实际到村数", "visits that were made", 15),
    "share": ("到村比例：实际到村的村数÷范围内村数，0 至 1", "villages visited ÷ villages of the frame, 0 to 1", 0.2),
    "findings": ("发现的问题（政策包中的代码）", "what was found, by the pack's codes", ["absent_without_leave"]),
    "absent": ("不在岗人数", "how many were absent", 1),
    "order": ("整改通知编号", "the order to rectify", f"2105-unannounced-2015-10-01/{VILLAGE}"),
    "times": ("第几次逾期", "how often it has become overdue", 1),
    "form": ("书面（“written”）或口头（“oral”）述职", "whether the report is written or oral", "written"),
    "audiences": ("向谁述职（代码）", "to whom it was given, by the pack's codes", ["unit"]),
    "satisfied": ("满意票数", "votes that are satisfied", 44),
    "inputs": ("定等前须齐备的各项（代码）", "what must be in before a grade is proposed, as codes",
               ["written_report", "ballot"]),
    "caps": ("限制等次的原因（代码）", "what limited the grade, as codes", ["absences"]),
    "channel": ("撤回的一项：述职或测评（代码）", "which input is taken back, as a code", "ballot"),
    "grade": ("考核等次（政策包中的代码）", "the grade, by the pack's code", "excellent"),
    "triggers": ("该等次引出的后果（代码）", "what the grade leads to, as codes", ["not_resident"]),
    # ---------------------------------------------------------- the verification of an exit
    "passed": ("核查是否通过", "whether the request holds", True),
    "sampled": ("抽查户数", "households that were visited", 10),
    "wrong_exit_rate": ("错退率，0 至 1", "persons in sampled households below the standard ÷ persons in these", 0.01),
    "omission_rate": ("漏评率，0 至 1", "poor persons outside the register ÷ persons outside who were looked at", 0.0),
    "approval_rate": ("群众认可度，0 至 1", "households that approve ÷ households visited", 0.95),
    "seed": ("早期由一方提供的随机数", "the seed of verifications to which one body alone gave it", SHARE),
    "households": ("抽中的户", "the households that were sampled", [HOUSEHOLD, "H12"]),
    "again": ("其中由上一次中止的核查抽中的户", "those of them that an attempt drew which ended early", ["H12"]),
    # --------------------------------------------------------------------- incentives
    "outcome": ("奖惩事项编号", "the case's id", f"criticism/{VILLAGE}/2015"),
    "subject_kind": ("对象：单位、工作队或干部", "whether a unit, a team or a cadre", "team"),
    "subject": ("对象编号；工作队以村代码表示", "the unit or the cadre; a team is named by its village", VILLAGE),
    "effect": ("后果：记载（“record”）或召回（“recall”）", "what it does when imposed", "record"),
    "clause": ("依据的条款", "the clause that it rests on", "S3:第四项"),
    "evidence": ("依据的事实，以事件表示", "what it rests on, as references to events",
                 ["inspection.assessment.graded 2015"]),
    "imposed": ("是否作出", "whether the proposal was adopted", True),
    "tolerated": ("是否因容错而不作出", "whether error tolerance was the reason for dropping it", False),
    "overturned": ("复核是否改变原决定", "whether the review overturned the decision", False),
}  # fmt: skip
WORDS: Final = {field: Words(*words) for field, words in _WORDS.items()}


def words(struct: str, field: str) -> Words:
    """The description of a field of a struct. Raises KeyError if there is none."""
    return WORDS.get(f"{struct}.{field}") or WORDS[field]


def worded(definitions: Mapping[str, Any]) -> None:
    """Add description and example to every field in the definitions of a JSON Schema."""
    for struct, definition in definitions.items():
        for field, schema in definition.get("properties", {}).items():
            zh, en, example = words(struct, field)
            schema["description"] = " / ".join(filter(None, (zh, en, schema.get("description"))))
            schema["examples"] = [example]
