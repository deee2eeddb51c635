"""The dispatch's part of the journey: from the diagnosis until the team goes home, and again after a relapse."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from services.dispatch.model import (
    bonds,
    choice,
    commitments,
    contacts,
    course,
    division,
    helpers,
    leave,
    linkage,
    listed,
    members,
    nomination,
    pairings,
    partners,
    periods,
    pledges,
    pool,
    posts,
    presence,
    promises,
    release,
    roster,
    takeover,
    team,
    term,
    training,
    villagers,
    visits,
    withdrawal,
)
from services.dispatch.model.bonds import Bearer, Contacts, Posts
from services.dispatch.model.commands import (
    AdjustTeam,
    AssessTerm,
    AssignTeam,
    BeginLink,
    BeginPartner,
    BeginPost,
    ChooseTeam,
    ConfirmRelease,
    CountPresence,
    CountVisits,
    DecideLeave,
    DecideReturn,
    EndLink,
    EndPairings,
    EndPartner,
    EndPost,
    HoldCourse,
    NominateTeam,
    PairHouseholds,
    PledgeSupport,
    Reconcile,
    RecordAttendance,
    ReplaceMember,
    ReportDeparture,
    ReportSkills,
    ReportSupport,
    RequestLeave,
    RetainMember,
    ReviewNomination,
    ReviewReplacement,
    SetCommitment,
    Settle,
    SolveMatching,
    TakeOver,
    WithdrawAssignment,
    WithdrawAttendance,
    WithdrawCommitment,
    WithdrawCourse,
    WithdrawMatch,
)
from services.dispatch.model.course import Course
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.owed import Commitments
from services.dispatch.model.pairings import Pairings
from services.dispatch.model.partners import Ally
from services.dispatch.model.pool import Pool, Squad, family, relatives
from services.dispatch.model.roster import Roster
from shared.codes import Code, aliased, called, moved
from shared.contracts import Payload
from shared.contracts.dispatch import (
    AssignmentWithdrawn,
    AttendanceWithdrawn,
    ChargeEnded,
    CommitmentSettled,
    CommitmentWithdrawn,
    CourseAttended,
    CourseHeld,
    CourseWithdrawn,
    HelpBegun,
    HouseholdsPaired,
    HouseholdsUnpaired,
    LeaveBegun,
    LinkBegun,
    LinkEnded,
    MatchWithdrawn,
    MemberDisqualified,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    MemberRetained,
    PartnerEnded,
    PartnerMoved,
    PoolChanged,
    PoolDivided,
    PostBegun,
    PostEnded,
    PresenceCounted,
    PresenceShort,
    QuotaAsked,
    QuotaMissed,
    ReplacementNominated,
    ReplacementReviewed,
    TeamAssigned,
    TeamChosen,
    TeamDisbanded,
    TeamNominated,
    TeamReleased,
    TermEnded,
    TermExtended,
    VillageMatched,
)
from shared.contracts.incentives import AppealDecided, DecisionWithdrawn, OutcomeDecided, OutcomeEvent, OutcomeExpired
from shared.contracts.inspection import AssessmentGraded, GradeWithdrawn
from shared.contracts.registry import (
    CadreRegistered,
    CadreWithdrawn,
    DiagnosisWithdrawn,
    HouseholdsCounted,
    ListingBegun,
    ListingEnded,
    PartyMerged,
    PartyRegistered,
    PartyWithdrawn,
    PolicyAdopted,
    UnitRegistered,
    UnitWithdrawn,
    VillageDelisted,
    VillageDiagnosed,
    VillageMerged,
    VillageRecoded,
    VillageRegistered,
    VillageRelapsed,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.policy import Policy
from shared.policy.links import TEAM
from shared.rules import Key, Reaction, Rule, State, by, recoded

Ids = Callable[[Any, Policy], Iterable[str]]


def _pool(_message: Payload, policy: Policy) -> Iterable[str]:
    return (policy.pool,)


def _other_pools(message: Payload, policy: Policy) -> Iterable[str]:
    return islice(family(message, policy), 1, None)


def _if_recall(pools: Ids, holds: str = "") -> Ids:
    """The given pools for outcomes that recall a cadre; none for other outcomes.

    `holds` names a field of the event that must be true as well, such as `imposed`.
    """

    def ids(event: OutcomeEvent, policy: Policy) -> Iterable[str]:
        concerned = event.effect == "recall" and event.subject_kind == "cadre" and (not holds or getattr(event, holds))
        return pools(event, policy) if concerned else ()

    return ids


def _of_team(effect: str, holds: str = "") -> Ids:
    """The link of the village's team for outcomes with this effect on it; `holds` as in `_if_recall`."""

    def ids(event: OutcomeEvent, _policy: Policy) -> Iterable[str]:
        concerned = event.on_team == effect and (not holds or getattr(event, holds))
        return (id_of(event.village),) if concerned else ()

    return ids


def _if_cleared(event: CommitmentSettled, policy: Policy) -> Iterable[str]:
    """The link, if this settlement was the last: now the team may go home, or begin a new term."""
    return (id_of(event.village),) if event.cleared else ()


def _if_unsettled(event: CommitmentWithdrawn, policy: Policy) -> Iterable[str]:
    return (id_of(event.village),) if event.step == "settle" else ()


def _offers(asked: Pool | None, command: SolveMatching) -> Iterable[Key]:
    """The keys that a matching reads: squads of all units on offer, links of villages in need, the family's pools."""
    if asked is not None:
        yield from ((Squad, unit) for unit in asked.units)
        yield from ((Link, id_of(village)) for village in asked.needs)
        yield from relatives(command)


def _colleagues(
    asked: Pool | None,
    command: AdjustTeam | ReplaceMember | ReviewReplacement | RetainMember | ReportDeparture | LeaveBegun,
) -> Iterable[Key]:
    """The keys for a replacement: the unit's squad, from which it comes, the links of all villages of its team, and the
    pools that know who is free."""
    if asked is not None and command.village in asked.teams:
        unit = asked.teams[command.village].unit
        yield Squad, unit
        yield from ((Link, id_of(village)) for village, team in asked.teams.items() if team.unit == unit)
    yield from relatives(command)


MISTAKEN = (VillageUnlisted, VillageWithdrawn, DiagnosisWithdrawn)
"""Events after which a village needs no unit, because its listing, registration or diagnosis was a mistake."""

KINDS: tuple[type[State], ...] = (
    Pool, Squad, Link, Commitments, Contacts, Posts, Bearer, Ally, Pairings, Course, Roster,
    Code,
)  # fmt: skip

_village, _team = by("village"), by("village", TEAM)

REACTIONS: tuple[Reaction, ...] = (
    # What is on offer, and what is needed.
    Reaction(UnitRegistered, Pool, _pool, pool.offer_unit),
    Reaction(UnitWithdrawn, Pool, family, pool.withdraw_unit),
    Reaction(CadreRegistered, Squad, lambda e, p: (e.left,) if e.left else (), pool.lose_cadre),
    Reaction(CadreRegistered, Squad, by("unit"), pool.offer_cadre, reads=pool.left_unit),
    Reaction(CadreRegistered, Pool, _pool, pool.reopen),
    Reaction(CadreWithdrawn, Squad, by("unit"), pool.withdraw_cadre),
    Reaction(CadreWithdrawn, Pool, family, pool.doubt_withdrawn),
    Reaction(MemberDisqualified, Pool, family, members.note_doubt),
    Reaction(RetainMember, Pool, _pool, members.retain, reads=_colleagues),
    Reaction(MemberRetained, Pool, family, members.note_stay),
    Reaction(VillageDiagnosed, Pool, _pool, pool.need_unit),
    Reaction(VillageDiagnosed, Commitments, _village, commitments.diagnose, reads=commitments.team_there),
    Reaction(VillageDiagnosed, Link, _team, team.diagnose),
    # A matching proposes. People may choose otherwise or take the match back. The unit nominates and the organisation
    # department reviews, where the pack asks for it, and assigns.
    Reaction(SolveMatching, Pool, _pool, pool.solve, reads=_offers),
    Reaction(VillageMatched, Pool, family, pool.note_team),
    Reaction(VillageMatched, Link, _team, team.match),
    Reaction(ChooseTeam, Pool, _pool, choice.choose, reads=choice.asked_about),
    Reaction(TeamChosen, Pool, family, pool.note_team),
    Reaction(TeamChosen, Link, _team, team.choose),
    Reaction(NominateTeam, Pool, _pool, nomination.nominate, reads=nomination.asked_about),
    Reaction(TeamNominated, Pool, family, pool.note_team),
    Reaction(TeamNominated, Link, _team, nomination.note),
    Reaction(ReviewNomination, Link, _team, nomination.review),
    Reaction(WithdrawMatch, Pool, _pool, choice.withdraw_match, reads=choice.asked_about),
    Reaction(MatchWithdrawn, Pool, family, pool.need_again),
    Reaction(MatchWithdrawn, Link, _team, team.unmatch),
    Reaction(AssignTeam, Link, _team, team.assign, reads=team.owed_there),
    Reaction(WithdrawAssignment, Link, _team, team.withdraw_assignment, reads=team.owed_there),
    Reaction(AssignmentWithdrawn, Commitments, _village, commitments.clear),
    # From the assignment on, commitments are owed, each period set, reconciled and settled.
    Reaction(TeamAssigned, Commitments, _village, commitments.begin),
    Reaction(SetCommitment, Commitments, _village, commitments.set_commitment),
    Reaction(HelpBegun, Link, _team, team.help),
    Reaction(Reconcile, Commitments, _village, commitments.reconcile),
    Reaction(Settle, Commitments, _village, commitments.settle),
    Reaction(WithdrawCommitment, Commitments, _village, withdrawal.withdraw_commitment),
    # A team that was at work before the system was used is matched and assigned, with its commitments, in one step.
    Reaction(TakeOver, Pool, _pool, choice.take_over, reads=choice.asked_about),
    Reaction(TakeOver, Link, _team, team.take_over),
    Reaction(TakeOver, Commitments, _village, takeover.take_over),
    # A recall or a departure takes a cadre off the team, and the unit sends another.
    Reaction(OutcomeDecided, Pool, _if_recall(_pool, "imposed"), members.recall),
    Reaction(OutcomeDecided, Pool, _if_recall(_other_pools, "imposed"), members.recall_elsewhere),
    Reaction(MemberRecalled, Pool, family, members.note_loss),
    Reaction(MemberRecalled, Link, _team, team.lose_member),
    Reaction(ReportDeparture, Pool, _pool, members.depart, reads=_colleagues),
    Reaction(MemberLeft, Pool, family, members.note_loss),
    Reaction(MemberLeft, Link, _team, team.lose_member),
    Reaction(ReportDeparture, Pool, family, members.note_absence),
    Reaction(ReplaceMember, Pool, _pool, members.replace_member, reads=_colleagues),
    Reaction(MemberReplaced, Pool, family, members.note_gain),
    Reaction(MemberReplaced, Link, _team, team.gain_member),
    Reaction(ReplacementNominated, Pool, family, members.note_nominee),
    Reaction(ReplacementNominated, Link, _team, nomination.await_review),
    Reaction(ReviewReplacement, Pool, _pool, members.review, reads=_colleagues),
    Reaction(ReplacementReviewed, Pool, family, members.forget_nominee),
    Reaction(ReplacementReviewed, Link, _team, nomination.reviewed),
    Reaction(AppealDecided, Pool, _if_recall(family, "overturned"), members.end_recall),
    Reaction(DecisionWithdrawn, Pool, _if_recall(family), members.end_recall),
    Reaction(OutcomeExpired, Pool, _if_recall(family), members.end_recall),
    # A body may also decide that a unit stays longer, or that its team is adjusted.
    Reaction(OutcomeDecided, Link, _of_team("extend", "imposed"), team.prolong),
    Reaction(AppealDecided, Link, _of_team("extend", "overturned"), team.shorten),
    Reaction(DecisionWithdrawn, Link, _of_team("extend"), team.shorten),
    Reaction(OutcomeDecided, Link, _of_team("adjust", "imposed"), team.ask_adjustment),
    Reaction(AppealDecided, Link, _of_team("adjust", "overturned"), team.drop_adjustment),
    Reaction(DecisionWithdrawn, Link, _of_team("adjust"), team.drop_adjustment),
    Reaction(AdjustTeam, Pool, _pool, members.adjust, reads=_colleagues),
    Reaction(AdjustTeam, Pool, family, members.note_adjusted),
    Reaction(AdjustTeam, Link, _team, team.drop_adjustment),
    # After the exit the team stays, settles its ledgers and goes home, unless the village relapses before.
    Reaction(VillageDelisted, Commitments, _village, commitments.close_out, reads=commitments.team_there),
    Reaction(VillageDelisted, Link, _team, team.keep, reads=team.owed_there),
    Reaction(VillageRelapsed, Link, _team, team.stay),
    Reaction(CommitmentSettled, Link, _if_cleared, team.note_settled),
    Reaction(CommitmentWithdrawn, Link, _if_unsettled, team.note_unsettled),
    Reaction(TeamReleased, Commitments, _village, commitments.clear),
    Reaction(TeamReleased, Pool, family, pool.take_back),
    # Lists beside the poverty list ask for a team as well. The last thing that asks for it keeps it.
    Reaction(ListingBegun, Pool, listed.pool_for, listed.need_unit),
    Reaction(ListingBegun, Link, listed.link_of, listed.enlist),
    Reaction(ListingEnded, Commitments, listed.owed_of, listed.close_out, reads=listed.link_there),
    Reaction(ListingEnded, Pool, listed.pools_of, listed.need_no_more, reads=listed.link_there),
    Reaction(ListingEnded, Link, listed.link_of, listed.unlist, reads=listed.owed_there),
    # A term that is not extended ends with another team.
    Reaction(TermEnded, Pool, _pool, listed.need_successor, reads=listed.link_there),
    Reaction(TermEnded, Commitments, _village, listed.hand_over),
    # A mistaken registration, listing or diagnosis leaves no team. A merged village's team goes to its successor.
    *(
        Reaction(ended, Pool, family, pool.need_no_more, commitments.team_there)
        for ended in (*MISTAKEN, VillageDelisted)
    ),
    *(Reaction(ended, Commitments, _village, commitments.end, commitments.team_there) for ended in MISTAKEN),
    *(Reaction(ended, Link, _team, team.end) for ended in MISTAKEN),
    Reaction(VillageMerged, Commitments, by("into"), commitments.absorb, reads=commitments.joining),
    Reaction(VillageMerged, Commitments, _village, commitments.dissolve),
    Reaction(VillageMerged, Link, by("into", TEAM), team.absorb, reads=team.merging),
    Reaction(VillageMerged, Pool, family, division.merge, reads=division.both),
    Reaction(VillageMerged, Link, _team, team.dissolve, reads=team.merging),
    Reaction(TeamDisbanded, Pool, family, pool.take_back),
    # Cadres who are bound to a village without a team.
    Reaction(VillageDiagnosed, Contacts, _village, contacts.need),
    Reaction(BeginLink, Pool, contacts.posting_pool, contacts.require_free, reads=contacts.who_is_free),
    Reaction(LinkBegun, Pool, family, contacts.post),
    Reaction(LinkEnded, Pool, family, contacts.come_home),
    Reaction(BeginLink, Contacts, _village, contacts.begin, reads=contacts.asked_about),
    Reaction(BeginLink, Bearer, by("cadre"), contacts.bear),
    Reaction(EndLink, Contacts, _village, contacts.end),
    *(Reaction(ended, Contacts, _village, contacts.finish) for ended in contacts.GROUNDS),
    Reaction(VillageMerged, Contacts, by("into"), contacts.grow, reads=contacts.merging),
    Reaction(CadreRegistered, Bearer, by("cadre"), contacts.judge, reads=contacts.bound_to),
    Reaction(CadreWithdrawn, Bearer, by("cadre"), contacts.judge, reads=contacts.bound_to),
    Reaction(LinkEnded, Contacts, _village, contacts.lose),
    Reaction(LinkEnded, Bearer, by("cadre"), contacts.free),
    Reaction(LinkBegun, Commitments, _village, commitments.bind),
    Reaction(LinkEnded, Commitments, _village, commitments.unbind),
    # Where the pack says so, all who answer for a village share the grade of its team.
    *(Reaction(graded, Contacts, linkage.sharing, linkage.share) for graded in (AssessmentGraded, GradeWithdrawn)),
    # Lists beside the poverty list may need them, too.
    Reaction(ListingBegun, Contacts, contacts.village_of, contacts.enlist),
    Reaction(ListingEnded, Contacts, contacts.village_of, contacts.unlist),
    # Who is bound to a party: cadres as deputies to a township's leading group, villagers to a project that they lead.
    Reaction(PartyRegistered, Posts, posts.of_kind, posts.hear),
    *(Reaction(gone, Posts, posts.party_of, posts.dissolve) for gone in (PartyWithdrawn, PartyMerged)),
    Reaction(ListingBegun, Posts, posts.party_of, posts.enlist, reads=posts.the_party),
    Reaction(ListingEnded, Posts, posts.party_of, contacts.unlist),
    Reaction(BeginPost, Pool, contacts.posting_pool, contacts.require_free, reads=contacts.who_is_free),
    Reaction(BeginPost, Posts, by("party"), posts.begin, reads=posts.asked_about),
    Reaction(BeginPost, Bearer, contacts.cadre_of, contacts.bear),
    Reaction(BeginPost, Squad, villagers.in_charge, villagers.lead),
    Reaction(EndPost, Posts, by("party"), posts.end),
    Reaction(PostBegun, Pool, family, contacts.post),
    Reaction(PostEnded, Pool, family, contacts.come_home),
    Reaction(PostEnded, Posts, by("party"), contacts.lose),
    Reaction(PostEnded, Bearer, by("cadre"), contacts.free),
    Reaction(PartyRegistered, Squad, villagers.person, villagers.hear),
    Reaction(ChargeEnded, Posts, by("party"), contacts.lose),
    Reaction(ChargeEnded, Squad, by("villager"), villagers.rest),
    *(
        Reaction(gone, Squad, villagers.person, rule, reads=there)
        for gone in (PartyWithdrawn, PartyMerged)
        for rule, there in ((villagers.leave, villagers.led_by), (pairings.leave, pairings.helped_by))
    ),
    # Parties that help a village. What they promise is compared with what came, and visits are counted.
    Reaction(PartyRegistered, Ally, partners.party_of, partners.hear),
    Reaction(BeginPartner, Contacts, _village, partners.begin, reads=partners.asked_about),
    Reaction(BeginPartner, Ally, by("party"), partners.bear),
    Reaction(BeginPartner, Ally, partners.own, partners.pair),
    Reaction(EndPartner, Contacts, _village, partners.end),
    Reaction(PartnerEnded, Contacts, _village, partners.lose),
    Reaction(PartnerEnded, Ally, by("party"), partners.free),
    Reaction(PartyWithdrawn, Ally, partners.party_of, partners.dissolve, reads=partners.there),
    Reaction(PartyMerged, Ally, partners.party_of, partners.merge, reads=partners.there),
    Reaction(PartnerMoved, Ally, by("into"), partners.take_on),
    Reaction(PartnerMoved, Contacts, _village, partners.move),
    Reaction(PledgeSupport, Contacts, _village, pledges.pledge),
    Reaction(ReportSupport, Contacts, _village, pledges.report),
    Reaction(CountVisits, Contacts, _village, visits.count),
    # Who is responsible for the households of a village: cadres, as many as the rank asks for, and villagers.
    Reaction(HouseholdsCounted, Pairings, _village, pairings.count, reads=pairings.came_from),
    Reaction(PairHouseholds, Pairings, _village, pairings.pair, reads=pairings.asked_about),
    Reaction(EndPairings, Pairings, _village, pairings.end),
    *(
        Reaction(on, Squad, pairings.former_unit, pairings.leave, reads=pairings.helped_by)
        for on in (CadreRegistered, CadreWithdrawn)
    ),
    *(Reaction(on, Squad, pairings.former_unit, helpers.owe_no_more) for on in (CadreRegistered, CadreWithdrawn)),
    Reaction(HouseholdsPaired, Squad, helpers.units, helpers.note),
    Reaction(HouseholdsUnpaired, Squad, helpers.units, helpers.note),
    Reaction(HouseholdsUnpaired, Pairings, _village, pairings.lose),
    Reaction(QuotaAsked, Pool, _pool, helpers.look, reads=helpers.squads),
    Reaction(QuotaMissed, Squad, by("unit"), helpers.remember),
    # Courses are held and attended. Who was sent is to be trained, and what people in a village lack is to be taught.
    Reaction(HoldCourse, Course, course.by_id, course.hold, reads=course.lacking),
    Reaction(CourseHeld, Roster, roster.named, training.teach),
    Reaction(WithdrawCourse, Course, course.by_id, course.withdraw, reads=course.served_by),
    Reaction(CourseWithdrawn, Roster, roster.named, training.unteach),
    Reaction(RecordAttendance, Course, course.by_id, course.attend, reads=course.asked_about),
    Reaction(CourseAttended, Squad, course.units, course.note),
    Reaction(CourseAttended, Roster, roster.named, training.count, reads=training.squads),
    Reaction(WithdrawAttendance, Course, course.by_id, course.unseat, reads=course.served_by),
    Reaction(AttendanceWithdrawn, Squad, course.units, course.forget),
    Reaction(AttendanceWithdrawn, Roster, roster.named, training.count, reads=training.squads),
    *(
        Reaction(begun, Roster, training.of_link, training.bind_holders, reads=training.of_units)
        for begun in (LinkBegun, HouseholdsPaired)
    ),
    *(Reaction(over, Roster, _village, training.free_holders) for over in (LinkEnded, HouseholdsUnpaired)),
    Reaction(ReportSkills, Roster, _village, training.report, reads=training.diagnosed),
    Reaction(TeamAssigned, Roster, roster.kept, training.arrive, reads=training.squad_of),
    Reaction(MemberReplaced, Roster, roster.kept, training.join, reads=training.squad_and_team),
    *(Reaction(over, Roster, roster.kept, term.end) for over in (TermEnded, TermExtended, TeamReleased)),
    Reaction(AssessTerm, Roster, _village, term.assess),
    *(Reaction(left, Roster, _village, roster.lose) for left in (MemberRecalled, MemberLeft)),
    *(Reaction(gone, Roster, _village, roster.clear) for gone in (TeamReleased, TeamDisbanded, AssignmentWithdrawn)),
    Reaction(VillageMerged, Roster, by("into"), roster.absorb, reads=roster.merging),
    Reaction(VillageMerged, Roster, _village, roster.dissolve),
    Reaction(ConfirmRelease, Roster, _village, release.confirm),
    # Members ask for leave; for long leave somebody else is sent. The township says who was there, once a month.
    Reaction(RequestLeave, Roster, _village, leave.request, reads=leave.team_of),
    Reaction(DecideLeave, Pool, presence.shared, leave.share, reads=leave.asked_in),
    Reaction(DecideLeave, Roster, _village, leave.decide),
    Reaction(LeaveBegun, Pool, _pool, members.spare, reads=_colleagues),
    Reaction(LeaveBegun, Pool, family, members.note_leave),
    Reaction(DecideReturn, Pool, _pool, members.take_in, reads=members.on_leave),
    Reaction(DecideReturn, Roster, _village, leave.decide_return),
    Reaction(CountPresence, Roster, _village, presence.count),
    Reaction(PresenceCounted, Pool, presence.shared, presence.add_up, reads=presence.rosters),
    Reaction(PresenceShort, Roster, _village, presence.note_short),
    # A village comes to another division, and a county gets a pack and a pool of its own.
    Reaction(VillageRecoded, Pool, family, division.recode),
    Reaction(VillageRecoded, Link, _team, recoded),
    Reaction(VillageRecoded, Commitments, _village, recoded),
    Reaction(VillageRecoded, Contacts, _village, recoded),
    Reaction(VillageRecoded, Pairings, _village, recoded),
    Reaction(VillageRecoded, Roster, _village, recoded),
    Reaction(VillageRegistered, Code, by("village"), called, unhurried=True, names=True),
    Reaction(VillageRecoded, Code, by("code"), aliased),
    Reaction(VillageRecoded, Code, by("village"), moved, unhurried=True, names=True),
    Reaction(PoolChanged, Pool, _pool, division.receive, reads=division.known_before),
    Reaction(PoolChanged, Pool, division.former, division.let_go),
    Reaction(PolicyAdopted, Pool, lambda _event, policy: (policy.jurisdiction,), division.adopt, reads=division.above),
    Reaction(PolicyAdopted, Pool, _pool, helpers.plan),
    Reaction(PoolDivided, Pool, _pool, division.take_part, reads=division.above),
    Reaction(PoolDivided, Pool, division.others_of, division.hand_over),
)

# Rules that run because a day has come. For example, a day ends a term or the transition after an exit, makes a
# commitment, training or a release owed or overdue, ends an illness or leave, asks for a month's presence, gives a
# county its own pool, or starts the check who helps too few households.
DUE: Mapping[type[State], Mapping[str, Rule]] = {
    Link: {"term": team.extend, "kept": team.go_home},
    Commitments: {"commitments": periods.fall_due},
    Contacts: {
        "places": bonds.fall_due,
        "terms": contacts.expire,
        "promises": promises.fall_due,
        "pledges": pledges.fall_due,
        "visits": visits.fall_due,
    },
    Posts: {"places": bonds.fall_due, "terms": contacts.expire},
    Roster: {
        "training": training.fall_due,
        "presence": presence.fall_due,
        "turn": leave.fall_due,
        "release": release.fall_due,
        "assessment": term.fall_due,
    },
    Pool: {"back": pool.come_back, "divided": division.divide, "quota": helpers.ask, "quotas_begin": helpers.begin},
}
