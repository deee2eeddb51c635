"""What each event about a village says, as an officer would say it, in Chinese and English.

A sentence has the fields of its event in braces: `{unit}` is the unit's name, and `{passed?通过:未通过}` chooses by
whether the field is true. What stands in square brackets is left out if a field in it has no value, or, where it is
written `{absent+}`, if it is 0 or false. `{lifted#}` is the number of a list's entries. `{record}` is the subject of an
outcome in words, and `{in_month}` a month with its year.
"""

from collections.abc import Mapping
from typing import Final

Both = tuple[str, str]


def _withdrawn(zh: str, en: str) -> Both:
    """Something was entered by mistake, and a body took it back."""
    return f"{{decided_by}}撤销{zh}，原因：{{reason}}", f"{{decided_by}} took back {en}: {{reason}}"


SENTENCES: Final[Mapping[str, Both]] = {
    # registry: the village and its list
    "VillageRegistered": (
        "登记为{township}{name}，户籍人口{population}人[，由{issued_by}自编代码][，原因：{reason}]",
        "registered as {name} in {township}, with {population} inhabitants[; {issued_by} gave its code][: {reason}]",
    ),
    "UnitRegistered": (
        "登记{name}，为上级指定帮扶本村的单位",
        "{name} was registered, which a superior body designated for the village",
    ),
    "PersonForgotten": (
        "{decided_by}决定对{person}作匿名处理，原因：{reason}",
        "{decided_by} made {person} anonymous: {reason}",
    ),
    "VillageListed": ("列入贫困村[，自{since}起]", "put on the poverty list[, since {since}]"),
    "VillageUnlisted": ("{decided_by}撤销列入，原因：{reason}", "{decided_by} took back the listing: {reason}"),
    "ListingBegun": (
        "{decided_by}按{document}将[组织{party}]列入“{kind}”名单[（{mode}）]，自{since}起[，至{until}到期]",
        "{decided_by} put [{party} ]on the list {kind}[ as {mode}] since {since}[ until {until}], by {document}",
    ),
    "EntryDeclined": (
        "{decided_by}决定[组织{party}]不列入“{kind}”名单，原因：{reason}",
        "{decided_by} did not put [{party} ]on the list {kind}: {reason}",
    ),
    "EntryAsked": (
        "应在{due}前列入“{kind}”名单",
        "is to be on the list {kind} by {due}",
    ),
    "EntryOverdue": (
        "应在{due}前列入“{kind}”名单，已逾期，由{owed_by}负责",
        "was to be on the list {kind} by {due} and is not; {owed_by} sees to it",
    ),
    "ListingOmitted": (
        "“{kind}”名单只有{at_most}个名额，分设后未随原村列入",
        "the list {kind} has {at_most} places only, so that the split did not put the village on it",
    ),
    "ListUnfilled": (
        "截至{due}，“{kind}”名单列入{number}个，至少应为{at_least}个",
        "by {due} there were {number} on the list {kind}, of {at_least} at least",
    ),
    "ListFilled": (
        "“{kind}”名单现有{number}个，已达到至少{at_least}个的要求",
        "{number} are on the list {kind} now, of {at_least} at least",
    ),
    "ListingEnded": (
        "[组织{party}]移出“{kind}”名单：{ground}[，原因：{reason}][，并入{into}][，由{decided_by}办理]",
        "[{party} ]left the list {kind}: {ground}[: {reason}][, into {into}][, by {decided_by}]",
    ),
    "ChecklistTicked": (
        "{ticked_by}填报{on}的“{kind}”[，已落实：{followed}][，本期无内容：{vacant}][，未落实：{unfollowed}][，佐证：{proof}]",
        "{ticked_by} ticked off {kind} of {on}[; followed: {followed}][; nothing of: {vacant}]"
        "[; not followed: {unfollowed}][; seen in: {proof}]",
    ),
    "ChecklistOverdue": (
        "{on}的“{kind}”应由{owed_by}在{due}前填报，已逾期",
        "{kind} of {on} was to be ticked off by {due} and is overdue; {owed_by} owes it",
    ),
    "ChecklistWithdrawn": (
        "{decided_by}撤销{on}的“{kind}”填报，原因：{reason}",
        "{decided_by} took back {kind} of {on}: {reason}",
    ),
    "PartyRectified": (
        "组织{party}的{kind}经{decided_by}验收通过[，查明的问题：{found}]",
        "{decided_by} accepted the {kind} of {party}[; found: {found}]",
    ),
    "VillageRecoded": (
        "{decided_by}按{document}将区划代码变更为{code}，自{since}起",
        "{decided_by} changed the code to {code} since {since}, by {document}",
    ),
    "VillageMerged": (
        "{decided_by}按{document}将本村并入{into}，自{since}起",
        "{decided_by} merged the village into {into} since {since}, by {document}",
    ),
    "VillageSplit": (
        "{decided_by}按{document}将本村分设为{successors}，自{since}起",
        "{decided_by} split the village into {successors} since {since}, by {document}",
    ),
    "VillageWithdrawn": _withdrawn("村登记", "the registration"),
    "SurveyRecorded": ("就{topic}录入摸底排查记录：{kind}", "a survey record on {topic} came in: {kind}"),
    "SurveyWithdrawn": _withdrawn("第{number}号摸底排查记录", "survey record {number}"),
    "VillageDiagnosed": (
        "{decided_by}会诊，确定为{problem_class}[；查出问题：{problems}][；摸底排查共{counts}][，自{since}起]",
        "{decided_by} diagnosed it as {problem_class}[; problems: {problems}][; surveyed: {counts}][, since {since}]",
    ),
    "DiagnosisWithdrawn": _withdrawn("会诊结论", "the diagnosis"),
    # registry: households and figures
    "HouseholdWithdrawn": _withdrawn("农户{household}的信息", "the facts about household {household}"),
    "HouseholdsLifted": ("{households#}户脱贫", "{households#} households were lifted out of poverty"),
    "HouseholdsCounted": (
        "建档立卡户中贫困户{poor#}户、已脱贫{lifted#}户",
        "{poor#} registered households are poor, {lifted#} are poor no more",
    ),
    "RoundEnded": (
        "{kind}结束：{lifted}户退出，{left_out}户未退出",
        "{kind} ended: {lifted} households left the register, {left_out} did not",
    ),
    "HouseholdsMonitored": (
        "{households#}户纳入防返贫监测，类别为{watch_class}",
        "{households#} households are watched as {watch_class}",
    ),
    "HouseholdsCleared": (
        "{watch_class}{households#}户风险消除，不再监测",
        "the risk of {households#} households watched as {watch_class} is removed",
    ),
    "MonitoringWithdrawn": _withdrawn("{watch_class}{household}的监测", "the watch on {household} ({watch_class})"),
    "MonitoringCounted": ("现有监测对象：{watched}", "watched households: {watched}"),
    "MonitoringOverdue": (
        "{late}户监测对象应于{due}前走访，逾期未走访，由{owed_by}负责",
        "{late} watched households were to be visited by {due}; that is overdue with {owed_by}",
    ),
    "IndicatorsMeasured": (
        "{measured_by}测算{year}指标：{values}[；未达标：{unmet}][；为估计数：{estimated}][；数据来源：{drawn_from}]",
        "{measured_by} measured the indicators of {year}: {values}[; missed: {unmet}][; estimated: {estimated}]"
        "[; source: {drawn_from}]",
    ),
    "MeasurementWithdrawn": _withdrawn("{year}指标测算", "the measurement of {year}"),
    "BracketChanged": (
        "{year}{figure}为{value}，属“{bracket}”一档[（原为“{earlier}”）]",
        "{figure} of {year} is {value}: bracket “{bracket}”[, before “{earlier}”]",
    ),
    "FloorMissed": (
        "{year}{figure}为{value}，低于最低标准{at_least}，由{mover}负责",
        "{figure} of {year} is {value}, below the floor of {at_least}; {mover} can move it",
    ),
    "FloorMet": (
        "{year}{figure}为{value}，达到最低标准{at_least}",
        "{figure} of {year} is {value}, which reaches the floor of {at_least}",
    ),
    "YearReopened": (
        "{decided_by}重开{year}数据，至{until}止，原因：{reason}",
        "{decided_by} reopened the figures of {year} until {until}: {reason}",
    ),
    "YearClosed": ("{year}数据重新封存", "the figures of {year} are closed again"),
    # registry: the exit, and the time after it
    "ExitRequested": (
        "{requested_by}{attempt}申请出列：已脱贫{lifted#}户[，尚有{remaining+}户未脱贫]",
        "{requested_by} asked for the exit ({attempt}): {lifted#} households are lifted[, {remaining+} are not]",
    ),
    "ExitWithdrawn": ("{decided_by}撤回出列申请，原因：{reason}", "{decided_by} took back the request: {reason}"),
    "ExitVerified": (
        "[{verified_by}]入户核查{sampled}户，{passed?符合出列条件:不符合出列条件}：错退率{wrong_exit_rate}、漏评率{omission_rate}、"
        "群众认可度{approval_rate}",
        "[{verified_by} ]visited {sampled} households; the request {passed?holds:does not hold}: wrong exits "
        "{wrong_exit_rate}, omissions {omission_rate}, approval {approval_rate}",
    ),
    "ExitApproved": ("{decided_by}批准出列", "{decided_by} approved the exit"),
    "VillageDelisted": (
        "{decided_by}公告出列，贫困发生率{incidence}[，自{since}起]",
        "{decided_by} announced the exit with an incidence of {incidence}[, since {since}]",
    ),
    "VillageMonitored": (
        "出列后监测{year}指标：{values}[；未达标：{unmet}][；{decided_by}研究帮扶措施：{measures}]",
        "the indicators of {year} were reviewed: {values}[; missed: {unmet}]"
        "[; {decided_by} decided on measures: {measures}]",
    ),
    "VillageRelapsed": ("{decided_by}认定出列指标回落：{unmet}", "{decided_by} found criteria missed again: {unmet}"),
    # registry: procedures
    "NoticePosted": ("{posted_by}公示，至{until}止", "{posted_by} posted the notice until {until}"),
    "NoticeWithdrawn": _withdrawn("公示", "the notice"),
    "ObjectionRaised": ("公示期内收到{objection}", "objection {objection} came in during the notice"),
    "ObjectionDecided": (
        "{decided_by}对{objection}作出决定：{upheld?异议成立:异议不成立}[，退回{back_to}]",
        "{decided_by} decided on objection {objection}: it {upheld?is upheld:is not upheld}[; back to {back_to}]",
    ),
    "ObjectionWithdrawn": _withdrawn("{objection}", "objection {objection}"),
    "StepOverdue": (
        "{step}应于{due}前办理，逾期未办，由{owed_by}负责[，转入{leads_to}][，已通报{told_to}]",
        "{step} was due on {due} and is overdue with {owed_by}[; it leads to {leads_to}][; {told_to} is told]",
    ),
    "DelayDecided": (
        "{decided_by}对逾期的“{step}”作出处理：[由{taken_by}接办，]期限改为{until}，原因：{reason}",
        "{decided_by} decided on the late {step}: [{taken_by} takes it, and ]it is due on {until}, since {reason}",
    ),
    "WordAsked": (
        "办理“{step}”：{asking}征求{asked}意见，请于{due}前答复[，逾期未答复的转入“{silence}”]",
        "{step}: the word of {asked} is asked for (asking {asking}), by {due}[; silence leads to {silence}]",
    ),
    "WordGiven": (
        "{decided_by}对“{step}”{asking}征求的意见作出答复：{word}[，推迟到{until}][，理由：{reason}]",
        "{decided_by} on {step} (asking {asking}): {word}[ until {until}][, since {reason}]",
    ),
    "StepTaken": (
        "{decided_by}办理“{step}”[：应到{entitled+}人][、实到{present+}人][、同意{agreed+}人][，{left_out+}户退出本次评定]",
        "{decided_by} took the step {step}[: {entitled+} entitled][, {present+} present][, {agreed+} agreed]"
        "[; {left_out+} households leave the round]",
    ),
    "StepWithdrawn": _withdrawn("“{step}”环节", "the step {step}"),
    "ResolutionOpened": (
        "{opened_by}启动{kind}：{subject_code}[，资金{amount}][，来源：{origin}]",
        "{opened_by} opened {kind}: {subject_code}[, {amount} yuan][ from {origin}]",
    ),
    "ResolutionPassed": ("{kind}通过[：{subject_code}]", "{kind} passed[: {subject_code}]"),
    "ResolutionRejected": (
        "{kind}在“{step}”环节未通过[：{subject_code}]",
        "{kind} failed at {step}[: {subject_code}]",
    ),
    "ResolutionWithdrawn": _withdrawn("民主决策事项", "the matter"),
    "FundReleased": (
        "拨付帮扶资金{amount}，用于{subject_code}，来源：{origin}",
        "{amount} yuan were released for {subject_code} from {origin}",
    ),
    "FundWithdrawn": _withdrawn("帮扶资金", "the money"),
    "QuestionAnswered": ("点题公开已答复[：{subject_code}]", "a villager's question was answered[: {subject_code}]"),
    # dispatch
    "NeedUnmet": (
        "没有符合条件的派出单位[：{obstacles}]",
        "no unit could be matched[: {obstacles}]",
    ),
    "VillageMatched": (
        "建议由{unit}帮扶，工作队为{team}[；理由：{reasons}]",
        "{unit} is proposed with the team of {team}[; for it speak: {reasons}]",
    ),
    "TeamChosen": (
        "{decided_by}另行选定{unit}，工作队为{team}，原因：{reason}",
        "{decided_by} chose {unit} with the team of {team} instead: {reason}",
    ),
    "TeamNominated": ("{nominated_by}推荐{unit}的{team}", "{nominated_by} nominated {team} of {unit}"),
    "NominationReviewed": (
        "{decided_by}审核{unit}推荐的人选：{approved?同意:退回}[，理由：{reason}]",
        "{decided_by} reviewed the nomination of {unit}: it is {approved?approved:sent back}[: {reason}]",
    ),
    "ReplacementNominated": (
        "{nominated_by}推荐{unit}的{cadre}接替{left}，任{role}",
        "{nominated_by} nominated {cadre} of {unit} to replace {left} as {role}",
    ),
    "ReplacementReviewed": (
        "{decided_by}审核{unit}推荐接替{left}的{cadre}：{approved?同意:退回}[，理由：{reason}]",
        "{decided_by} reviewed {cadre} of {unit}, who is to replace {left}: {approved?approved:sent back}[: {reason}]",
    ),
    "MatchWithdrawn": _withdrawn("由{unit}帮扶的建议", "the proposal of {unit}"),
    "TeamAssigned": (
        "{assigned_by}从{unit}派驻工作队：{team}，任期自{term_start}至{term_end}",
        "{assigned_by} assigned the team of {unit}: {team}, from {term_start} to {term_end}",
    ),
    "AssignmentWithdrawn": _withdrawn("{unit}工作队的派驻", "the assignment of {unit}'s team"),
    "HelpBegun": ("{unit}的工作队开始帮扶", "the team of {unit} began to help"),
    "TeamKept": ("出列后，{unit}的工作队继续驻村至{until}", "the team of {unit} stays after the exit until {until}"),
    "TermEnded": (
        "{unit}的工作队任期于{until}届满，予以轮换",
        "the term of the team of {unit} ended on {until}; another team follows",
    ),
    "TermExtended": (
        "{unit}的帮扶期限延长至{until}（第{extension}次）[，依据{outcome}的决定]",
        "{unit} stays until {until} (extension {extension})[, as decided in {outcome}]",
    ),
    "ExtensionWithdrawn": (
        "取消延长{unit}的帮扶期限（{outcome}），期限至{until}",
        "{unit} does not stay longer ({outcome}): until {until}",
    ),
    "TeamReleased": (
        "{unit}的工作队期满撤离，共驻村{served_days}天",
        "the team of {unit} was released after {served_days} days",
    ),
    "TeamDisbanded": ("{unit}的工作队因{ground}撤离", "the team of {unit} was disbanded: {ground}"),
    "MemberDisqualified": (
        "{unit}的{role}{cadre}不再符合条件[：{rule}]",
        "{role} {cadre} of {unit} no longer meets what is asked[: {rule}]",
    ),
    "MemberRetained": ("{decided_by}决定{cadre}继续留任", "{decided_by} decided that {cadre} stays"),
    "MemberLeft": (
        "{unit}的{role}{cadre}离队[，由{decided_by}确认]",
        "{role} {cadre} of {unit} left[, by {decided_by}]",
    ),
    "MemberRecalled": ("{unit}的{role}{cadre}被召回", "{role} {cadre} of {unit} was recalled"),
    "MemberReplaced": (
        "{replaced_by}补派{unit}的{cadre}任{role}，接替{recalled}",
        "{replaced_by} sent {cadre} of {unit} as {role} in the place of {recalled}",
    ),
    "ReleaseConfirmed": (
        "{confirmed_by}确认{released}全脱产驻村",
        "{confirmed_by} confirmed that {released} have no duties at home",
    ),
    "ReleaseDoubted": (
        "{confirmed_by}查明{doubted}在原单位仍有工作",
        "{confirmed_by} found that {doubted} still have duties at home",
    ),
    "ReleaseMissed": (
        "{unit}有{missing}名队员应于{due}前确认全脱产，逾期未确认，由{owed_by}负责",
        "{missing} members from {unit} were to be released from duties at home by {due}; that is overdue with "
        "{owed_by}",
    ),
    "TermAssessed": (
        "{assessed_by}对{unit}的工作队期满考核：{merits}",
        "{assessed_by} assessed the team of {unit} at the end of its term: {merits}",
    ),
    "AssessmentMissed": (
        "{unit}的工作队期满考核应于{due}前完成，逾期未办，由{owed_by}负责",
        "the assessment of the team of {unit} was due on {due} and is overdue with {owed_by}",
    ),
    "SkillsReported": (
        "{reported_by}报告村内所缺技能人数：{lacking}",
        "{reported_by} reported lacking skills: {lacking}",
    ),
    "TrainingMissed": (
        "{kind}应于{due}前完成，仍有{missing}人未受训[（{skill}）]，由{owed_by}负责组织",
        "{kind} was due on {due}, {missing} people are without it[ ({skill})]; {owed_by} sees to it",
    ),
    "TrainingCompleted": ("{kind}已补齐[（{skill}）]", "{kind} is made up for[ ({skill})]"),
    "LeaveGranted": (
        "{decided_by}批准{cadre}{kind}，自{first}至{last}",
        "{decided_by} granted {cadre} leave ({kind}) from {first} to {last}",
    ),
    "LeaveRefused": (
        "{decided_by}不批准{cadre}{kind}，自{first}至{last}",
        "{decided_by} did not grant {cadre} leave ({kind}) from {first} to {last}",
    ),
    "LeaveBegun": (
        "{unit}的{cadre}离队休假至{last}，由{decided_by}批准",
        "{cadre} of {unit} is on leave until {last}, granted by {decided_by}",
    ),
    "PresenceCounted": (
        "{counted_by}确认{in_month}驻村天数：{present}",
        "{counted_by} said how many days of {in_month} each was there: {present}",
    ),
    "PresenceShort": (
        "{in_month}有{short}名队员驻村天数不足，告知{owed_by}",
        "{short} members were there for too few days of {in_month}; {owed_by} is told",
    ),
    "PresenceMissed": (
        "{in_month}驻村天数应于{due}前确认，逾期未办，由{owed_by}负责",
        "the days of {in_month} were due on {due} and are overdue with {owed_by}",
    ),
    "HouseholdsPaired": (
        "[{decided_by}]确定{kind}，共{pairs#}对",
        "[{decided_by}: ]{pairs#} pairs of a household and its {kind}",
    ),
    "HouseholdsUnpaired": (
        "[{decided_by}]解除{kind}{pairs#}对，原因：{ground}",
        "[{decided_by} ended ]{pairs#} pairs of a household and its {kind}: {ground}",
    ),
    "GapFound": (
        "{households}户贫困户中有{missing}户缺少{kind}",
        "{missing} of {households} poor households lack a {kind}",
    ),
    "GapClosed": ("贫困户均有{kind}", "every poor household has its {kind}"),
    "LinkBegun": (
        "{decided_by}确定{unit}的{cadre}为{kind}[（{skill}）][，任期至{until}][，确保该村{exit_year}出列]",
        "{decided_by} made {cadre} of {unit} the {kind}[ ({skill})][ until {until}]"
        "[, who promised the exit in {exit_year}]",
    ),
    "ExitPromiseKept": ("{kind}：确保{year}出列的承诺已兑现", "{kind}: the exit that was promised for {year} has come"),
    "ExitPromiseMissed": (
        "{kind}：{number}名联系人承诺{year}出列，未兑现，告知{owed_by}",
        "{kind}: {number} had promised the exit in {year}, and it has not come; {owed_by} is told",
    ),
    "PostBegun": (
        "{decided_by}确定{unit}的{cadre}到{party}：{kind}[，任{post}][，任期至{until}]",
        "{decided_by} bound {cadre} of {unit} to {party}: {kind}[, as {post}][, until {until}]",
    ),
    "PostEnded": (
        "[{decided_by}]结束{cadre}在{party}的{kind}，原因：{ground}",
        "[{decided_by} ]ended the {kind} of {cadre} at {party}: {ground}",
    ),
    "ChargeBegun": (
        "{decided_by}确定{villager}到{party}：{kind}[，任{post}][，任期至{until}]",
        "{decided_by} put {villager} in charge of {party}: {kind}[, as {post}][, until {until}]",
    ),
    "ChargeEnded": (
        "[{decided_by}]结束{villager}在{party}的{kind}，原因：{ground}",
        "[{decided_by} ]ended the {kind} of {villager} at {party}: {ground}",
    ),
    "PostOverdue": (
        "{party}的{kind}应于{due}前确定，仍缺{missing}名，由{owed_by}负责",
        "the {kind} of {party} was due on {due}, {missing} are missing; {owed_by} sees to it",
    ),
    "PostFilled": ("{party}的{kind}已确定或者不再需要", "the {kind} of {party} is there, or is needed no more"),
    "PostDeadlineMoved": (
        "因公布“{notice}”节假日安排，{party}任职的{deadline}由{was}改为{due}",
        "the holidays of {notice} moved a deadline of {party} ({deadline}) from {was} to {due}",
    ),
    "ResultShared": (
        "{kind}各级共担{year}工作队考核等次：[{grade}]{grade?:已撤销}[（{shared_by}）]",
        "{kind}: all levels share the team's grade of {year}: [{grade}]{grade?:taken back}[ ({shared_by})]",
    ),
    "PartnerBegun": (
        "{decided_by}确定{party}与本村[{paired}]结对：{kind}",
        "{decided_by} paired {party} with the village[, its party {paired}]: {kind}",
    ),
    "PartnerEnded": (
        "[{decided_by}]解除{party}的{kind}，原因：{ground}[；承诺尚未到位：{outstanding}]",
        "[{decided_by} ]ended the {kind} of {party}: {ground}[; promised and not given: {outstanding}]",
    ),
    "PartnerMoved": (
        "{kind}：重复登记的组织[{own}]已合并为{into}，原结对方为{party}",
        "{kind}: a party that was registered twice goes on as {into}; the partner was "
        "{party}[, the village's own {own}]",
    ),
    "SupportPledged": (
        "{pledged_by}（{party}）承诺{year}帮扶[：{pledged}]",
        "{pledged_by} ({party}) promised for {year}[: {pledged}]",
    ),
    "SupportDelivered": (
        "{year}{party}帮扶到位：[{delivered}]（承诺{pledged}）[，尚缺{outstanding}]，由{reported_by}{compared?对照:报告}",
        "{year}: of {party} came [{delivered}], of {pledged} promised[; missing {outstanding}]; "
        "{compared?compared:told} by {reported_by}",
    ),
    "ComparisonMissed": (
        "{party}{year}的帮扶承诺应于{due}前对照，逾期未办，由{owed_by}负责",
        "the comparison of what {party} promised for {year} was due on {due} and is overdue with {owed_by}",
    ),
    "VisitsCounted": (
        "{counted_by}确认至{last}一期{kind}到村次数：{visited}",
        "{counted_by} told the visits of the {kind} until {last}: {visited}",
    ),
    "VisitsShort": (
        "至{last}一期，{kind}中有{short}名（家）到村次数不足，告知{owed_by}",
        "until {last}, {short} of the {kind} came less often than asked; {owed_by} is told",
    ),
    "VisitsMissed": (
        "至{last}一期{kind}的到村次数应于{due}前确认，逾期未办，由{owed_by}负责",
        "the visits of the {kind} until {last} were to be told by {due} and are overdue with {owed_by}",
    ),
    "PlaceOverdue": (
        "{kind}应于{due}前确定，仍缺{missing}名（家），由{owed_by}负责",
        "the {kind} was due on {due}, {missing} are missing; {owed_by} sees to it",
    ),
    "PlaceFilled": ("{kind}已确定或者不再需要", "the {kind} is there, or is needed no more"),
    "LinkEnded": (
        "[{decided_by}]解除{cadre}的{kind}，原因：{ground}",
        "[{decided_by} ]ended the {kind} of {cadre}: {ground}",
    ),
    "PoolChanged": ("转入另一选派库", "the village changed to another pool"),
    "CommitmentSet": (
        "{set_by}确定[{cadre}的]{period}{kind}：{items}",
        "{set_by} set the {kind} of {period}[ for the cadre {cadre}]: {items}",
    ),
    "CommitmentReconciled": (
        "{reconciled_by}于{on}对{period}{kind}对账：完成{done}项、未完成{open}项",
        "{reconciled_by} reconciled the {kind} of {period} on {on}: {done} done, {open} open",
    ),
    "CommitmentSettled": (
        "{settled_by}对{period}{kind}销账：销号{closed}项、结转{carried}项",
        "{settled_by} settled the {kind} of {period}: {closed} closed, {carried} carried over",
    ),
    "CommitmentOverdue": (
        "{period}{kind}的{step}应于{due}前完成，逾期未办，由{owed_by}负责[（{link}）][，涉及{owing}人]",
        "{step} of the {kind} of {period} was due on {due} and is overdue with {owed_by}[ ({link})][, {owing} cadres]",
    ),
    "CommitmentWithdrawn": (
        "{decided_by}撤回[{cadre}的]{period}{kind}，原因：{reason}",
        "{decided_by} took back the {kind} of {period}[ of the cadre {cadre}]: {reason}",
    ),
    "DeadlineMoved": (
        "因公布“{notice}”节假日安排，{deadline}由{was}改为{due}",
        "the holidays of {notice} moved a deadline ({deadline}) from {was} to {due}",
    ),
    # inspection
    "VisitMade": (
        "{kind}于{on}到村[，督查{facets}][，{absent+}名队员不在岗][，发现：{findings}][，评{score}分]",
        "a visit ({kind}) was made on {on}[, looking into {facets}][; {absent+} members were absent]"
        "[; found: {findings}][; score {score}]",
    ),
    "BurdenExceeded": (
        "{on}到村后，当月到村督查已有{visits}日，超过至多{at_most}日的规定",
        "with the visit on {on} the village was visited on {visits} days of that month; {at_most} are allowed",
    ),
    "VisitReplied": (
        "{replied_by}对{campaign}发现的问题作出说明（{document}）[，有异议：{disputed}]",
        "{replied_by} replied to what {campaign} found ({document})[; disputed: {disputed}]",
    ),
    "ReplyDecided": (
        "{decided_by}对{campaign}有异议的问题作出认定（{document}）[，仍认定：{confirmed}][，不予认定：{refuted}]",
        "{decided_by} decided on what was disputed of {campaign} ({document})[; confirmed: {confirmed}]"
        "[; refuted: {refuted}]",
    ),
    "VisitReplaced": (
        "{decided_by}认定{campaign}无法到达本村（{hindrance}）[，由村{replacement}替补]",
        "{decided_by}: the village cannot be reached for {campaign} ({hindrance})[; village {replacement} takes its "
        "place]",
    ),
    "VisitWithdrawn": _withdrawn("{kind}的到村记录", "the visit of {kind}"),
    "VisitDropped": ("{campaign}不再到村", "the visit of {campaign} is not made"),
    "OrderIssued": (
        "责令{unit}限期整改：{findings}，{due}前完成",
        "{unit} was ordered to put right by {due}: {findings}",
    ),
    "OrderClosed": ("{accepted_by}验收整改，予以销号", "{accepted_by} accepted what was put right"),
    "OrderOverdue": (
        "{unit}[（{leader}带队）]整改逾期（第{times}次）",
        "{unit} is late to put it right[; leader {leader}] ({times})",
    ),
    "ReportDelivered": (
        "{delivered_by}向{audiences}{form}",
        "{delivered_by} reported to {audiences}: {form}",
    ),
    "BallotHeld": (
        "{held_by}组织民主测评：应到{entitled}人、实到{present}人、满意{satisfied}人",
        "{held_by} held the ballot: {entitled} entitled, {present} present, {satisfied} satisfied",
    ),
    "AssessmentOpened": (
        "启动{year}考核，对象为{unit}的工作队[（{leader}带队）]",
        "the assessment of {unit}'s team for {year} opened",
    ),
    "AssessmentProposed": (
        "{year}考核得{score}分，拟定为{grade}[；降档原因：{caps}]",
        "the team scored {score} for {year}; {grade} is proposed[; capped: {caps}]",
    ),
    "AssessmentGraded": (
        "{decided_by}评定{unit}的工作队{year}考核等次为{grade}[；涉及：{triggers}]",
        "{decided_by} graded the team of {unit} for {year}: {grade}[; {triggers}]",
    ),
    "InputVoided": (
        "{decided_by}将{year}考核的{channel}作废，原因：{reason}",
        "{decided_by} declared {channel} void in the assessment of {year}: {reason}",
    ),
    "AssessmentDropped": ("{year}考核终止", "the assessment of {year} was dropped"),
    "GradeContested": (
        "{lodged_by}对{year}考核等次“{grade}”申请复核，{answer_until}前答复",
        "{lodged_by} contested the grade {grade} of {year}; an answer is due by {answer_until}",
    ),
    "GradeReviewed": (
        "{decided_by}复核{year}考核等次：由“{before}”到“{grade}”",
        "{decided_by} reviewed the grade of {year}: from {before} to {grade}",
    ),
    "GradeWithdrawn": _withdrawn("{year}考核等次“{grade}”", "the grade {grade} of {year}"),
    "InputWithdrawn": _withdrawn("{year}考核的{channel}", "{channel} of the assessment of {year}"),
    "AppraisalOpened": ("启动{record}的{year}“{kind}”", "the {kind} of {record} for {year} opened"),
    "AppraisalInputGiven": (
        "{given_by}提交{record}的{year}“{kind}”的{channel}[，得{score}分]",
        "{given_by} gave {channel} for the {kind} of {record} in {year}[: {score}]",
    ),
    "AppraisalInputVoided": (
        "{decided_by}将{record}的{year}“{kind}”的{channel}作废，原因：{reason}",
        "{decided_by} declared {channel} void in the {kind} of {record} for {year}: {reason}",
    ),
    "AppraisalInputWithdrawn": _withdrawn(
        "{record}的{year}“{kind}”的{channel}", "{channel} in the {kind} of {record} for {year}"
    ),
    "AppraisalProposed": (
        "{record}的{year}“{kind}”得{score}分（{scores}），拟定为{grade}",
        "{record} scored {score} in the {kind} of {year} ({scores}); {grade} is proposed",
    ),
    "AppraisalGraded": (
        "{decided_by}评定{record}的{year}“{kind}”等次为{grade}[；问题：{failings}][；结果用于：{feeds}]",
        "{decided_by} graded {record} in the {kind} of {year}: {grade}[; failings: {failings}][; used for {feeds}]",
    ),
    "AppraisalDropped": ("{record}的{year}“{kind}”终止", "the {kind} of {record} for {year} was dropped"),
    "AppraisalContested": (
        "{lodged_by}对{record}的{year}“{kind}”等次“{grade}”申请复核，{answer_until}前答复",
        "{lodged_by} contested the grade {grade} of {record} in the {kind} of {year}; an answer is due by "
        "{answer_until}",
    ),
    "AppraisalReviewed": (
        "{decided_by}复核{record}的{year}“{kind}”等次：由“{before}”到“{grade}”",
        "{decided_by} reviewed the {kind} of {record} for {year}: from {before} to {grade}",
    ),
    "AppraisalWithdrawn": _withdrawn(
        "{record}的{year}“{kind}”等次“{grade}”", "the grade {grade} of {record} in {year}"
    ),
    "AppraisalMoved": (
        "因放假安排调整，{record}的{year}“{kind}”的{deadline}由{was}改为{due}",
        "new holidays moved the {deadline} of {record} in the {kind} of {year} from {was} to {due}",
    ),
    "EntryProposed": (
        "倒排得{score}分，提请将[组织{party}]列入“{kind}”名单",
        "ranked among the worst with {score}, [{party} ]is proposed for the list {kind}",
    ),
    "EntryDropped": ("撤回将[组织{party}]列入“{kind}”名单的提请", "[{party} ]is proposed for the list {kind} no more"),
    "SampleCommitted": ("{body}公布核查随机码的校验值", "{body} published the hash of its share of the seed"),
    "SampleDrawn": ("抽取{size}户入户核查", "{size} households were drawn for the verification"),
    "SampleMissed": (
        "{body}逾期未交核查随机码（{what}）",
        "{body} did not give its share of the seed in time ({what})",
    ),
    # incentives
    "OutcomeProposed": (
        "对{record}提出{kind}建议，依据{clause}[；陈述申辩至{defence_until}]",
        "{kind} is proposed for {record} by {clause}[; a defence may come until {defence_until}]",
    ),
    "OutcomeMoved": (
        "{moved_by}{moved?提请:不提请}对{record}作出{kind}决定[；陈述申辩至{defence_until}]",
        "{moved_by} {moved?proposed:did not propose} {kind} for {record}[; a defence may come until {defence_until}]",
    ),
    "MotionOverdue": (
        "对{record}的{kind}应于{due}前由{proposes}提请决定，逾期未提请",
        "{proposes} should have proposed {kind} for {record} by {due}",
    ),
    "OutcomeDefended": ("{record}就{kind}建议作了陈述申辩", "{record} answered to the proposed {kind}"),
    "OutcomeDecided": (
        "{decided_by}对{record}{imposed?作出决定：:不予}{kind}[（{award}）][（{tolerated+?容错免责:}）][；申请复核至{appeal_until}]"
        "[；符合“三个区分开来”：{distinctions}][；影响期至{expires}]",
        "{decided_by} {imposed?decided on:decided against} {kind}[ ({award})] for {record}[; a review may be asked "
        "until {appeal_until}][; of the three distinctions it has {distinctions}][; it has effect until {expires}]",
    ),
    "StoryPublished": (
        "{decided_by}决定公开宣传{kind}（{award}）的事迹，见{story_in}",
        "{decided_by} lets the story behind {kind} ({award}) be told in public: {story_in}",
    ),
    "StoryWithdrawn": (
        "{decided_by}决定停止公开宣传{kind}（{award}）的事迹（{story_in}）",
        "{decided_by} stopped telling in public the story behind {kind} ({award}): {story_in}",
    ),
    "OutcomeAppealed": (
        "{record}对{kind}申请复核，{answer_until}前答复",
        "{record} asked for a review of {kind}; an answer is due by {answer_until}",
    ),
    "AppealDecided": (
        "{decided_by}复核{record}的{kind}：{overturned?撤销原决定:维持原决定}",
        "{decided_by} reviewed {kind} of {record}: {overturned?it is overturned:it stands}",
    ),
    "DecisionServed": (
        "对{record}的{kind}决定于{served_on}送达[；申请复核或申诉至{appeal_until}]",
        "{kind} was served on {record} on {served_on}[; a review or appeal may be asked until {appeal_until}]",
    ),
    "AppealEscalated": (
        "{record}对{kind}提出申诉，由{answers}于{answer_until}前答复",
        "{record} appealed against {kind}; {answers} owes the answer by {answer_until}",
    ),
    "AppealOverdue": (
        "{record}对{kind}的复核或申诉应于{due}前由{answers}答复，逾期未答复",
        "{answers} should have answered by {due} the appeal of {record} against {kind}",
    ),
    "StatementDrawn": (
        "核算{person}的{kind}：{in_month}{recurs?起每月:}{total}元",
        "{kind} of {person}: {total} yuan {recurs?a month from:for} {in_month}{recurs? on:}",
    ),
    "StatementCorrected": (
        "更正{person}的{in_month}{kind}：由{before}元改为{total}元[，原因：{reason}]",
        "{kind} of {person} for {in_month} was corrected from {before} to {total} yuan[: {reason}]",
    ),
    "StatementConfirmed": (
        "{confirmed_by}核定{person}的{in_month}{kind}{total}元",
        "{confirmed_by} confirmed {kind} of {person} for {in_month}: {total} yuan",
    ),
    "AllowancesDrawn": (
        "核算{in_month}的{kind}：{paid}",
        "{kind} for {in_month}: {paid}",
    ),
    "AllowancesConfirmed": (
        "{confirmed_by}核定{in_month}的{kind}：{paid}",
        "{confirmed_by} confirmed {kind} for {in_month}: {paid}",
    ),
    "PayShort": (
        "{person}的{kind}每月{total}元，低于最低数额{floor}元",
        "{kind} of {person} is {total} yuan a month, less than the floor of {floor}",
    ),
    "PayExplained": (
        "{explained_by}说明{person}的{kind}每月{total}元、低于最低数额的原因",
        "{explained_by} said why {kind} of {person} is no more than {total} yuan a month",
    ),
    "OutcomeExpired": ("{record}的{kind}影响期满", "the effect of {kind} on {record} is over"),
    "OutcomeWithdrawn": ("撤销对{record}的{kind}建议，原因：{reason}", "{kind} for {record} was dropped: {reason}"),
    "DecisionOverdue": (
        "对{record}的{kind}应于{due}前由{decides}决定，逾期未决",
        "{decides} should have decided by {due} on {kind} for {record}",
    ),
    "DecisionWithdrawn": _withdrawn(
        "误录的对{record}的{kind}决定", "a decision on {kind} for {record} entered by mistake"
    ),
}
"""By the name of the event's class."""
