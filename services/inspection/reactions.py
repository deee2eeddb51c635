"""The inspection's part of the journey: which message leads to which rule of campaigns, assessments, verifications."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, get_args

from services.inspection.model import (
    appraisal_grade,
    appraisal_inputs,
    bulletin,
    burden,
    cadre,
    calendar,
    campaign,
    cohort,
    facts,
    grade,
    inputs,
    reply,
    seeds,
    subjects,
    supervision,
    verification,
    visit,
)
from services.inspection.model.appraisal import Appraisal
from services.inspection.model.assessment import Assessment
from services.inspection.model.cadre import Cadre
from services.inspection.model.calendar import Calendar
from services.inspection.model.campaign import Campaign
from services.inspection.model.cohort import Cohort
from services.inspection.model.commands import (
    CloseOrder,
    ConfirmGrade,
    ContestAppraisal,
    ContestGrade,
    DecideReply,
    DeliverReport,
    GiveBallot,
    GiveReport,
    GiveScores,
    GiveSeed,
    GiveVerificationSeed,
    GradeAppraisal,
    HoldBallot,
    MakeRanking,
    OpenCampaign,
    PostSeedHash,
    PostVerificationHash,
    PublishBulletin,
    RecordVerification,
    RecordVisit,
    ReplaceVisit,
    ReplyToVisit,
    VoidChannel,
    VoidInput,
    WithdrawAppraisal,
    WithdrawAppraisalInput,
    WithdrawBulletin,
    WithdrawGrade,
    WithdrawInput,
    WithdrawRanking,
    WithdrawVisit,
)
from services.inspection.model.seeds import SeedHash
from services.inspection.model.subjects import Subject
from services.inspection.model.supervision import Gone, Supervision
from services.inspection.model.verification import Verification
from shared.codes import Code, aliased, called, moved
from shared.contracts import Payload
from shared.contracts.dispatch import (
    CommitmentReconciled,
    CommitmentSettled,
    CommitmentWithdrawn,
    LeaveGranted,
    LeaveRefused,
    LinkBegun,
    LinkEnded,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    PresenceCounted,
    TeamAssigned,
)
from shared.contracts.incentives import DecisionWithdrawn, OutcomeDecided
from shared.contracts.inspection import (
    AppraisalDropped,
    AppraisalOpened,
    AssessmentOpened,
    CampaignClosed,
    CampaignPlanned,
    DrawMade,
    ReplyDecided,
    VisitDropped,
    VisitMade,
    VisitReplied,
    VisitWithdrawn,
)
from shared.contracts.registry import (
    CadreRegistered,
    CadreWithdrawn,
    ExitRequested,
    ExitWithdrawn,
    IndicatorsMeasured,
    ListingBegun,
    ListingEnded,
    ObjectionRaised,
    PartyMerged,
    PartyRegistered,
    PartyWithdrawn,
    PolicyAdopted,
    VillageDelisted,
    VillageListed,
    VillageMerged,
    VillageRecoded,
    VillageRegistered,
    VillageRelapsed,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.policy import Policy
from shared.rules import Reaction, Rule, State, by, recoded


def _jurisdiction(_message: Payload, policy: Policy) -> Iterable[str]:
    return (policy.jurisdiction,)


def _declared(command: OpenCampaign, policy: Policy) -> Iterable[str]:
    known = policy.campaign(command.kind)
    return (policy.layer("campaigns", command.kind) if known else policy.jurisdiction,)


def _named(command: OpenCampaign, policy: Policy) -> Iterable[str]:
    return (campaign.chosen_id(id, command.campaign) for id in _declared(command, policy))


def _year(message: Any, _policy: Policy) -> Iterable[str]:
    return (f"{message.village}/{message.year}",)


def _of_year(offset: int) -> Callable[[VillageRecoded | VillageMerged, Policy], Iterable[str]]:
    return lambda event, _policy: (f"{event.village}/{event.since.year + offset}",)


def _period(event: CommitmentReconciled | CommitmentSettled | CommitmentWithdrawn, _policy: Policy) -> Iterable[str]:
    # The period of a commitment is a year or `term`. What is owed once in a term belongs to no year's assessment.
    return (f"{event.village}/{event.period}",) if event.period.isdecimal() else ()


def _graded(event: OutcomeDecided | DecisionWithdrawn, _policy: Policy) -> Iterable[str]:
    # An outcome that follows from a grade is named `<kind>/<village>/<year>`.
    _, _, graded = event.outcome.partition("/")
    return (graded,) if event.outcome.count("/") == 2 and graded[-4:].isdecimal() else ()


def _appraised(event: OutcomeDecided | DecisionWithdrawn, _policy: Policy) -> Iterable[str]:
    # An outcome that follows from another subject's grade is named `<kind>/<assessment>/<subject>/<year>`.
    _, _, graded = event.outcome.partition("/")
    return (graded,) if event.outcome.count("/") == 3 and graded[-4:].isdecimal() else ()


KINDS: tuple[type[State], ...] = (
    Calendar,
    Campaign,
    SeedHash,
    Supervision,
    Assessment,
    Verification,
    Cadre,
    Code,
    Subject,
    Appraisal,
    Cohort,
)

_ENLISTED = (VillageListed, ListingBegun)
_STRUCK = (VillageUnlisted, VillageDelisted, ListingEnded)

REACTIONS: tuple[Reaction, ...] = (
    # A pack says when campaigns open. A village with a team may be visited.
    Reaction(PolicyAdopted, Calendar, _jurisdiction, calendar.adopt, calendar.wider_calendars),
    Reaction(PolicyAdopted, Calendar, calendar.wider, calendar.note_pack),
    Reaction(TeamAssigned, Calendar, calendar.family, calendar.join, calendar.team_and_place),
    Reaction(TeamAssigned, Supervision, by("village"), supervision.assign),
    # Campaigns of a list visit the villages on it, with a team or without.
    *(Reaction(on, Supervision, supervision.listed_village, supervision.enlist) for on in _ENLISTED),
    *(Reaction(on, Calendar, calendar.listed_family, calendar.enlist, calendar.team_and_place) for on in _ENLISTED),
    *(Reaction(on, Supervision, supervision.listed_village, supervision.strike) for on in _STRUCK),
    *(Reaction(on, Calendar, calendar.listed_family, calendar.strike) for on in _STRUCK),
    Reaction(MemberRecalled, Supervision, by("village"), supervision.recall),
    Reaction(LeaveGranted, Supervision, by("village"), supervision.excuse),
    Reaction(LeaveRefused, Supervision, by("village"), supervision.end_excuse),
    Reaction(MemberLeft, Supervision, by("village"), supervision.recall),
    Reaction(MemberReplaced, Supervision, by("village"), supervision.replace),
    # Whoever has ties to a village, or answers for it, does not inspect it.
    Reaction(CadreRegistered, Cadre, by("cadre"), cadre.register),
    Reaction(CadreWithdrawn, Cadre, by("cadre"), cadre.withdraw),
    Reaction(LinkBegun, Supervision, by("village"), supervision.bind),
    Reaction(LinkEnded, Supervision, by("village"), supervision.unbind),
    Reaction(VillageRegistered, Code, by("village"), called, unhurried=True, names=True),
    Reaction(VillageRecoded, Code, by("code"), aliased),
    Reaction(VillageRecoded, Code, by("village"), moved),
    # A recoded village is visited by the jurisdictions of its new code.
    Reaction(VillageRecoded, Calendar, calendar.left_jurisdictions, calendar.move_out),
    Reaction(VillageRecoded, Calendar, calendar.new_jurisdictions, calendar.move_in, calendar.team_and_place),
    Reaction(VillageRecoded, Supervision, by("village"), supervision.recode),
    Reaction(VillageRecoded, Verification, by("village"), recoded),
    # Three years are concerned: last year's assessment may still await its grade, and an event about a new code may
    # arrive in the year after the code began.
    *(Reaction(VillageRecoded, Assessment, _of_year(n), partial(inputs.recode, n)) for n in (-1, 0, 1)),
    *(Reaction(gone, Calendar, calendar.family, calendar.leave) for gone in get_args(Gone)),
    *(Reaction(gone, Supervision, by("village"), supervision.release) for gone in get_args(Gone)),
    # The calendar or officers plan a campaign. For a draw, two bodies give their shares of the seed.
    Reaction(OpenCampaign, Campaign, _named, campaign.must_be_new),
    Reaction(OpenCampaign, Calendar, _declared, calendar.open_irregularly),
    Reaction(CampaignPlanned, Campaign, by("campaign"), campaign.plan),
    Reaction(CampaignPlanned, Calendar, _jurisdiction, calendar.note_plan),
    Reaction(CampaignClosed, Calendar, _jurisdiction, calendar.note_end, calendar.ended_campaign),
    # If two campaigns are to visit a village within a few days, that is told before. Visits are counted.
    Reaction(CampaignPlanned, Campaign, burden.planned_before, burden.note_later),
    Reaction(CampaignPlanned, Campaign, by("campaign"), burden.compare, burden.beside),
    Reaction(DrawMade, Campaign, by("campaign"), burden.compare, burden.beside),
    Reaction(VisitMade, Supervision, by("village"), burden.tally),
    Reaction(VisitWithdrawn, Supervision, by("village"), burden.forget),
    Reaction(PostSeedHash, SeedHash, by("seed_hash"), seeds.must_be_new),
    Reaction(PostSeedHash, Campaign, by("campaign"), campaign.post_hash),
    Reaction(GiveSeed, Campaign, by("campaign"), campaign.give_seed),
    # A campaign may end with a bulletin.
    Reaction(PublishBulletin, Campaign, by("campaign"), bulletin.publish, bulletin.units),
    Reaction(WithdrawBulletin, Campaign, by("campaign"), bulletin.withdraw),
    # A visit is recorded in its campaign. It may lead to an order, and it counts in the year's assessment.
    Reaction(RecordVisit, Supervision, by("village"), supervision.check_absent),
    Reaction(RecordVisit, Campaign, by("campaign"), visit.record),
    Reaction(RecordVisit, Supervision, by("village"), supervision.check_leave),
    Reaction(RecordVisit, Supervision, by("village"), cadre.check_recused, cadre.inspectors),
    Reaction(VisitMade, Supervision, by("village"), reply.follow, lambda _state, event: ((Campaign, event.campaign),)),
    Reaction(VisitMade, Assessment, _year, inputs.note_visit),
    Reaction(ReplaceVisit, Campaign, by("campaign"), visit.replace, visit.supervised),
    Reaction(WithdrawVisit, Campaign, by("campaign"), visit.withdraw, visit.withdrawal_reads),
    Reaction(VisitWithdrawn, Supervision, by("village"), supervision.forget),
    Reaction(VisitWithdrawn, Assessment, _year, inputs.forget_visit),
    # Where the pack says so, the visited side replies before the order. The inspection decides on what it disputes.
    Reaction(ReplyToVisit, Supervision, by("village"), reply.reply),
    Reaction(VisitReplied, Campaign, by("campaign"), reply.note_reply),
    Reaction(DecideReply, Supervision, by("village"), reply.decide),
    Reaction(ReplyDecided, Campaign, by("campaign"), reply.note_decision),
    Reaction(CloseOrder, Supervision, by("village"), supervision.close_order),
    # The year's assessment is opened for every team, gets its inputs (channels and ledgers), and is decided by a body.
    Reaction(CommitmentReconciled, Assessment, _period, inputs.note_items),
    Reaction(CommitmentSettled, Assessment, _period, inputs.note_items),
    *(Reaction(e, Assessment, _period, inputs.note_share) for e in get_args(facts.Ledger)),
    Reaction(PresenceCounted, Assessment, _year, inputs.note_share),
    Reaction(AssessmentOpened, Assessment, _year, inputs.open_inputs),
    Reaction(DeliverReport, Assessment, _year, inputs.deliver),
    Reaction(HoldBallot, Assessment, _year, inputs.vote),
    Reaction(ConfirmGrade, Assessment, _year, grade.confirm),
    Reaction(VoidInput, Assessment, _year, inputs.void_input),
    Reaction(WithdrawInput, Assessment, _year, inputs.withdraw_input, inputs.team_of),
    Reaction(ContestGrade, Assessment, _year, grade.contest),
    Reaction(WithdrawGrade, Assessment, _year, grade.withdraw_grade),
    Reaction(OutcomeDecided, Assessment, _graded, grade.note_decision),
    Reaction(DecisionWithdrawn, Assessment, _graded, grade.forget_decision),
    # Villages, townships, organisations and village cadres are assessed from their registration to their end.
    Reaction(VillageRegistered, Subject, subjects.of_village, subjects.register_village, unhurried=True),
    Reaction(VillageRegistered, Subject, subjects.of_township, subjects.register_township, unhurried=True),
    Reaction(VillageRecoded, Subject, subjects.of_village, subjects.recode),
    Reaction(VillageRecoded, Subject, subjects.new_township, subjects.enter_township),
    Reaction(VillageRecoded, Subject, subjects.old_township, subjects.leave_township, code=True),
    Reaction(PartyRegistered, Subject, subjects.of_party, subjects.register_party, subjects.above),
    *(
        Reaction(e, Subject, subjects.of_village, subjects.end, subjects.running)
        for e in (VillageMerged, VillageWithdrawn)
    ),
    *(Reaction(e, Subject, subjects.of_party, subjects.end, subjects.running) for e in (PartyMerged, PartyWithdrawn)),
    # Their year is opened, gets its channels, and is decided by a body. A result can be a channel of another subject.
    *(Reaction(e, Subject, subjects.composing, subjects.note_result, code=True) for e in get_args(facts.Source)),
    Reaction(AppraisalOpened, Appraisal, appraisal_inputs.own, appraisal_inputs.open_own, appraisal_inputs.opened),
    Reaction(AppraisalDropped, Appraisal, appraisal_inputs.own, appraisal_inputs.drop),
    *(
        Reaction(e, Appraisal, appraisal_inputs.composed, appraisal_inputs.take_result, code=True)
        for e in get_args(facts.Source)
    ),
    Reaction(GiveReport, Appraisal, appraisal_inputs.own, appraisal_inputs.give_report),
    Reaction(GiveBallot, Appraisal, appraisal_inputs.own, appraisal_inputs.give_ballot),
    Reaction(GiveScores, Appraisal, appraisal_inputs.own, appraisal_inputs.give_scores, appraisal_inputs.members),
    Reaction(VoidChannel, Appraisal, appraisal_inputs.own, appraisal_inputs.void),
    Reaction(
        WithdrawAppraisalInput, Appraisal, appraisal_inputs.own, appraisal_inputs.withdraw, appraisal_inputs.around
    ),
    Reaction(GradeAppraisal, Appraisal, appraisal_inputs.own, appraisal_grade.confirm),
    Reaction(ContestAppraisal, Appraisal, appraisal_inputs.own, appraisal_grade.contest),
    Reaction(WithdrawAppraisal, Appraisal, appraisal_inputs.own, appraisal_grade.withdraw, appraisal_grade.ranked_in),
    Reaction(OutcomeDecided, Appraisal, _appraised, grade.note_decision),
    Reaction(DecisionWithdrawn, Appraisal, _appraised, grade.forget_decision),
    # All who are assessed together are counted, and the worst of them ranked.
    *(Reaction(e, Cohort, cohort.joined, cohort.join) for e in get_args(cohort.Opened)),
    *(Reaction(e, Cohort, cohort.counted_in, cohort.note) for e in get_args(cohort.Graded)),
    *(Reaction(e, Cohort, cohort.counted_in, cohort.leave) for e in get_args(cohort.Left)),
    Reaction(MakeRanking, Cohort, cohort.addressed, cohort.rank),
    Reaction(WithdrawRanking, Cohort, cohort.addressed, cohort.withdraw),
    # A merged village is no longer visited, assessed or verified, and its orders end with its team. A split village
    # goes on as it is, so nothing here reacts to a split.
    Reaction(VillageMerged, Calendar, calendar.family, calendar.merge),
    Reaction(VisitDropped, Campaign, by("campaign"), visit.drop),
    Reaction(VillageMerged, Supervision, by("into"), supervision.take_over, reads=supervision.ended_village),
    Reaction(VillageMerged, Supervision, by("village"), supervision.release),
    *(Reaction(VillageMerged, Assessment, _of_year(n), inputs.drop) for n in (-1, 0, 1)),
    *(Reaction(ended, Verification, by("village"), verification.end) for ended in (VillageMerged, VillageUnlisted)),
    # Before an exit, sampled households are verified. Nobody may foresee or choose the sample, so two bodies publish
    # the hashes of their shares before the households are known.
    Reaction(IndicatorsMeasured, Verification, by("village"), verification.prepare),
    Reaction(ObjectionRaised, Verification, by("village"), verification.prepare_again),
    Reaction(PostVerificationHash, SeedHash, by("seed_hash"), seeds.must_be_new),
    Reaction(PostVerificationHash, Verification, by("village"), verification.post_hash),
    Reaction(ExitRequested, Verification, by("village"), verification.request),
    Reaction(GiveVerificationSeed, Verification, by("village"), verification.give_seed),
    Reaction(RecordVerification, Verification, by("village"), verification.verify),
    Reaction(ExitWithdrawn, Verification, by("village"), verification.withdraw),
    Reaction(VillageDelisted, Verification, by("village"), verification.leave),
    Reaction(VillageRelapsed, Verification, by("village"), verification.relapse),
)

DUE: Mapping[type[State], Mapping[str, Rule]] = {
    Calendar: {"adoption": calendar.take_effect, "campaigns": calendar.plan},
    Campaign: {
        "open": campaign.open_draw,
        "shares": campaign.end_shares,
        "visits": campaign.reach,
        "close": campaign.close,
        "bulletin": bulletin.miss,
    },
    Supervision: {"assessment": supervision.open_assessment, "orders": supervision.overdue, "replies": reply.end},
    Assessment: {"propose": grade.propose},
    Subject: {"open": subjects.open_due, "woken": subjects.open_due},
    Appraisal: {"propose": appraisal_grade.propose},
    Verification: {"open": verification.open_shares, "shares": verification.end_shares},
}
