"""What people ask of the inspection over HTTP."""

from typing import Any

from services.inspection.forms import FORMS
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
    WithdrawAppraisal,
    WithdrawAppraisalInput,
    WithdrawBulletin,
    WithdrawGrade,
    WithdrawInput,
    WithdrawRanking,
    WithdrawVisit,
)
from shared.web.forms import handlers
from shared.web.http import Route

COMMANDS: tuple[Route, ...] = (
    Route("seed-hashes", PostSeedHash, "公布抽取随机码校验值", "Publish the hash of a seed share for a draw"),
    Route("seeds", GiveSeed, "提交抽取随机码", "Give a seed share for a draw"),
    Route("campaigns", OpenCampaign, "开展不定期抽查", "Open an irregular campaign"),
    Route("visits", RecordVisit, "录入到村督查情况", "Record a visit"),
    Route("unreachables", ReplaceVisit, "认定无法到达的村", "Decide that a village cannot be reached"),
    Route("visit-withdrawals", WithdrawVisit, "撤销督查记录", "Withdraw a visit"),
    Route("replies", ReplyToVisit, "对督查发现的问题作出说明", "Reply to what a visit found"),
    Route("reply-decisions", DecideReply, "认定有异议的问题", "Decide on disputed findings"),
    Route("bulletins", PublishBulletin, "印发督查通报", "Publish a campaign's bulletin"),
    Route("bulletin-withdrawals", WithdrawBulletin, "撤回督查通报", "Withdraw a bulletin"),
    Route("order-closings", CloseOrder, "审核整改销号", "Accept a rectification"),
    Route("reports", DeliverReport, "报送述职报告", "Deliver a duty report"),
    Route("ballots", HoldBallot, "录入民主测评结果", "Record a ballot"),
    Route("grades", ConfirmGrade, "审定考核等次", "Confirm a grade"),
    Route("grade-reviews", ContestGrade, "申请复核考核等次", "Ask for a review of a grade"),
    Route("input-withdrawals", WithdrawInput, "撤销述职或测评", "Withdraw a report or a ballot"),
    Route("grade-withdrawals", WithdrawGrade, "撤销考核等次", "Withdraw a grade"),
    Route("appraisal-reports", GiveReport, "报送考核评价的述职报告", "Deliver a report for an appraisal"),
    Route("appraisal-ballots", GiveBallot, "录入考核评价的民主测评", "Record a ballot of an appraisal"),
    Route("appraisal-scores", GiveScores, "录入评议打分", "Record the scores of a panel"),
    Route("appraisal-voids", VoidChannel, "考核评价来源作废", "Declare a channel void"),
    Route(
        "appraisal-input-withdrawals",
        WithdrawAppraisalInput,
        "撤销考核评价材料",
        "Withdraw a channel",
    ),
    Route("appraisal-grades", GradeAppraisal, "评定考核评价等次", "Grade an appraisal"),
    Route("appraisal-reviews", ContestAppraisal, "申请复核评价等次", "Ask for a review of an appraisal's grade"),
    Route("appraisal-grade-withdrawals", WithdrawAppraisal, "撤销评价等次", "Withdraw the grade of an appraisal"),
    Route("rankings", MakeRanking, "倒排", "Rank all who were graded"),
    Route("ranking-withdrawals", WithdrawRanking, "撤销倒排", "Withdraw a ranking"),
    Route(
        "verification-seed-hashes",
        PostVerificationHash,
        "公布核查抽样随机码校验值",
        "Publish the hash of a seed share for a verification's sample",
    ),
    Route(
        "verification-seeds",
        GiveVerificationSeed,
        "提交核查抽样随机码",
        "Give a seed share for a verification's sample",
    ),
    Route("verifications", RecordVerification, "录入出列核查结果", "Record the verification of an exit"),
)

QUERIES: tuple[Any, ...] = handlers(FORMS)
