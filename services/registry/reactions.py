"""The registry's part of the journey: which message leads to which rule, of which state.

Where several states react to a command, the village comes first, since it refuses what its division or stage forbids.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from services.registry.model import (
    Adoption,
    Baseline,
    Cadre,
    Checklists,
    Clock,
    Decap,
    Enrolment,
    Jurisdiction,
    Listing,
    Party,
    Person,
    Register,
    Resolution,
    Roll,
    Roster,
    Unit,
    Village,
    Yearbook,
    asked,
    baseline,
    checklist,
    clock,
    decap,
    delay,
    exit,
    figures,
    forgetting,
    hearing,
    identity,
    letter,
    listing,
    measurement,
    monitoring,
    notice,
    party,
    procedure,
    rectification,
    resolution,
    roll,
    roster,
    rounds,
    steps,
    succession,
    units,
    word,
    yearbook,
)
from services.registry.model import commands as c
from services.registry.model import register as households
from services.registry.model import village as villages
from services.registry.model.kept import CASES, Case
from shared.codes import Code, aliased, moved
from shared.contracts import dispatch as d
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.contracts.calendar import DayDue
from shared.policy import Policy
from shared.rules import Reaction, Rule, State, by, recoded


def _team(event: d.TeamAssigned | d.TeamReleased | d.TeamDisbanded, _policy: Policy) -> Iterable[str]:
    """The cadres of a team."""
    return (member.cadre for member in event.team)


def _parts(command: c.SplitVillage, _policy: Policy) -> Iterable[str]:
    """The new villages of a split."""
    return (part.code for part in command.parts)


def _merged(command: c.MergeVillages, _policy: Policy) -> Iterable[str]:
    """The villages that end."""
    return command.merged


def _matters(event: r.VillageRecoded, _policy: Policy) -> Iterable[str]:
    """The village's own matters."""
    return (f"{event.village}/{matter}" for matter in event.matters)


def _exit(message: notice.Notice | procedure.Told, _policy: Policy) -> Iterable[str]:
    """The village whose exit a message is about. None if the message names a matter."""
    return () if message.matter else (message.village,)


def _of_matter(command: notice.Notice, _policy: Policy) -> Iterable[str]:
    """The village of the matter that a command names. It refuses commands that are not about it."""
    return (command.village,) if command.matter else ()


def _of(field: str) -> Callable[[Any, Policy], Iterable[str]]:
    """The state with the id in a field that may be empty."""
    return lambda message, _policy: (getattr(message, field),) if getattr(message, field) else ()


def _accused(event: Case, _policy: Policy, *, is_party: bool) -> Iterable[str]:
    """The person whom a case concerns, if it is about one and of this sort."""
    return (event.subject,) if event.subject_kind == "cadre" and event.is_party == is_party else ()


def _at_notices(on: type[notice.Notice], rule: Rule) -> tuple[Reaction, ...]:
    """The reactions to a command about a notice, which is about a village's exit or about one of its matters."""
    return (
        Reaction(on, Village, _of_matter, villages.check_address),
        Reaction(on, Village, _exit, rule),
        Reaction(on, Resolution, resolution.resolution_id, rule),
    )


KINDS: tuple[type[State], ...] = (
    Clock,
    Jurisdiction,
    Adoption,
    Unit,
    Cadre,
    Village,
    Register,
    Baseline,
    Resolution,
    Yearbook,
    Roster,
    Enrolment,
    Decap,
    Party,
    Person,
    Listing,
    Roll,
    Checklists,
    Code,
)

_GONE = (r.VillageMerged, r.VillageWithdrawn)

REACTIONS: tuple[Reaction, ...] = (
    # The schedule of days fires, and the registry tells everyone which day has begun.
    Reaction(DayDue, Clock, lambda _due, _policy: ("china",), clock.strike),
    # Holidays are announced, and every service counts by them.
    Reaction(c.AnnounceHolidays, Clock, lambda _command, _policy: ("china",), clock.announce),
    # A region adopts its policy, and registers who can be sent.
    Reaction(
        c.AdoptPolicy,
        Jurisdiction,
        lambda _command, policy: (policy.jurisdiction,),
        units.may_adopt,
        reads=units.wider,
    ),
    Reaction(c.AdoptPolicy, Adoption, lambda _command, policy: (policy.own_version,), units.adopt),
    Reaction(c.RegisterUnit, Unit, by("unit"), units.register_unit),
    Reaction(r.UnitRegistered, Village, lambda e, _: (e.village,) if e.village else (), identity.designate),
    Reaction(c.RegisterCadre, Unit, by("unit"), units.employ),
    Reaction(c.RegisterCadre, Cadre, by("cadre"), units.register_cadre),
    Reaction(r.CadreRegistered, Unit, lambda e, _: (e.left,) if e.left else (), units.dismiss),
    # Units and cadres can be withdrawn while they serve no village; the dispatch's events say whom they serve.
    Reaction(c.WithdrawUnit, Unit, by("unit"), units.withdraw_unit, reads=units.served),
    Reaction(c.WithdrawCadre, Cadre, by("cadre"), units.withdraw_cadre, reads=units.served),
    Reaction(r.CadreWithdrawn, Unit, by("unit"), units.dismiss),
    *(Reaction(event, Unit, by("unit"), units.serve) for event in (d.VillageMatched, d.TeamChosen, d.TeamAssigned)),
    Reaction(d.TeamAssigned, Cadre, _team, units.serve),
    *(Reaction(event, Unit, by("unit"), units.go) for event in (d.MatchWithdrawn, d.TeamReleased, d.TeamDisbanded)),
    *(Reaction(event, Cadre, _team, units.go) for event in (d.TeamReleased, d.TeamDisbanded)),
    *(Reaction(event, Cadre, by("cadre"), units.go) for event in (d.MemberRecalled, d.MemberLeft)),
    Reaction(d.MemberReplaced, Cadre, by("cadre"), units.serve),
    # A body may decide that a person who has left, and about whom no case is open, becomes anonymous.
    *(
        Reaction(c.ForgetPerson, kind, by("person"), forgetting.forget, reads=forgetting.reads)
        for kind in (Cadre, Person)
    ),
    *(Reaction(r.PersonForgotten, kind, by("person"), forgetting.forgotten) for kind in (Cadre, Person)),
    Reaction(r.PersonForgotten, Unit, _of("unit"), units.dismiss),
    *(
        Reaction(case, kind, partial(_accused, is_party=kind is Person), forgetting.follow, unhurried=True)
        for case in CASES
        for kind in (Cadre, Person)
    ),
    # Beside units and cadres there are parties, of the kinds that the pack names.
    Reaction(c.RegisterParty, Party, party.organisation, party.register, reads=party.reads),
    Reaction(c.RegisterParty, Person, party.person, party.register, reads=party.reads),
    *(Reaction(r.PartyRegistered, kind, party.parent, party.hold) for kind in (Party, Person)),
    *(Reaction(r.PartyRegistered, kind, party.former, party.release) for kind in (Party, Person)),
    *(Reaction(r.PartyRegistered, kind, by("party"), party.follow, reads=party.held) for kind in (Party, Person)),
    Reaction(r.PartyRegistered, Register, party.of_village, party.settle),
    Reaction(r.PartyRegistered, Register, party.former_village, party.leave),
    *(Reaction(c.WithdrawParty, kind, by("party"), party.withdraw, reads=party.both) for kind in (Party, Person)),
    *(Reaction(c.MergeParty, kind, by("party"), party.merge, reads=party.twins) for kind in (Party, Person)),
    *(
        Reaction(gone, kind, party.parent, party.release)
        for gone in (r.PartyWithdrawn, r.PartyMerged)
        for kind in (Party, Person)
    ),
    *(Reaction(gone, Register, party.of_village, party.leave) for gone in (r.PartyWithdrawn, r.PartyMerged)),
    *(
        Reaction(event, Register, by("village"), party.go_along, reads=party.of_register)
        for event in (r.VillageMerged, r.VillageRecoded)
    ),
    # Each county knows its villages.
    Reaction(r.VillageRegistered, Roster, roster.place, roster.count, reads=roster.before),
    *(Reaction(gone, Roster, roster.place, roster.discount, reads=roster.before) for gone in _GONE),
    Reaction(r.VillageRecoded, Roster, roster.left, roster.discount, reads=roster.before),
    Reaction(r.VillageRecoded, Roster, roster.entered, roster.recode, reads=roster.before),
    Reaction(r.VillageRegistered, Enrolment, roster.tenth, roster.enrol),
    Reaction(r.VillageSplit, Enrolment, roster.tenths, roster.split),
    *(Reaction(gone, Enrolment, roster.tenth_left, roster.strike) for gone in (*_GONE, r.VillageRecoded)),
    Reaction(r.VillageRecoded, Enrolment, roster.tenth_entered, roster.enter),
    # Its townships sign their letters of responsibility.
    Reaction(c.SignLetter, Roster, letter.county_of, letter.sign),
    Reaction(c.BreakLetter, Roster, letter.county_of, letter.find_broken),
    Reaction(c.WithdrawLetter, Roster, letter.county_of, letter.withdraw),
    # A village is registered and enters the list.
    Reaction(c.RegisterVillage, Village, by("village"), identity.register),
    Reaction(c.RegisterVillage, Register, by("village"), households.check_population),
    Reaction(r.VillageRegistered, Village, by("village"), succession.born),
    Reaction(r.VillageRegistered, Register, by("village"), households.counted),
    Reaction(r.VillageListed, Village, by("village"), villages.listed),
    Reaction(r.VillageListed, Baseline, by("village"), baseline.open_survey),
    Reaction(c.WithdrawVillage, Village, by("village"), identity.withdraw, reads=identity.resting),
    Reaction(r.VillageWithdrawn, Village, by("village"), villages.moved),
    Reaction(c.WithdrawListing, Village, by("village"), villages.check_address),
    Reaction(c.WithdrawListing, Baseline, by("village"), baseline.may_unlist),
    Reaction(c.WithdrawListing, Village, by("village"), identity.unlist),
    Reaction(r.VillageUnlisted, Village, by("village"), identity.unlisted),
    Reaction(r.VillageUnlisted, Baseline, by("village"), baseline.unlisted),
    Reaction(c.RecodeVillage, Village, by("village"), identity.recode, reads=identity.recode_reads),
    Reaction(r.VillageRecoded, Code, by("code"), aliased),
    Reaction(r.VillageRecoded, Code, by("village"), moved),
    *(Reaction(r.VillageRecoded, kind, by("village"), recoded) for kind in (Village, Baseline)),
    Reaction(r.VillageRecoded, Checklists, by("village"), checklist.move),
    Reaction(r.VillageRecoded, Register, by("village"), households.recoded),
    Reaction(r.VillageRecoded, Resolution, _matters, recoded),
    # Villages and organisations are on lists beside the poverty list; a village knows its own and its organisations'.
    Reaction(c.EnterList, Listing, listing.listing, listing.enter, reads=listing.reads),
    Reaction(c.LeaveList, Listing, listing.listing, listing.leave),
    Reaction(c.WithdrawEntry, Listing, listing.listing, listing.withdraw),
    Reaction(i.EntryProposed, Listing, listing.listing, listing.proposed),
    Reaction(i.EntryDropped, Listing, listing.listing, listing.no_more_proposed),
    *(
        Reaction(gone, Listing, listing.proposable, listing.lapse)
        for gone in (r.VillageMerged, r.VillageWithdrawn, r.PartyMerged, r.PartyWithdrawn)
    ),
    Reaction(r.PartyRegistered, Listing, listing.proposable, listing.follow),
    Reaction(r.ListingBegun, Listing, listing.listing, listing.begun),
    Reaction(r.ListingBegun, Roll, roll.in_city, partial(roll.count, level="city")),
    Reaction(r.ListingBegun, Roll, roll.in_province, partial(roll.count, level="province")),
    Reaction(r.ListingBegun, Roster, roster.place, roster.enlist),
    Reaction(r.ListingBegun, Village, _of("village"), listing.note),
    Reaction(r.ListingBegun, Party, _of("party"), listing.note),
    Reaction(r.ListingEnded, Listing, listing.listing, listing.ended),
    Reaction(r.ListingEnded, Roll, roll.rolls, roll.discount),
    Reaction(r.ListingEnded, Roster, roster.place, roster.delist),
    Reaction(r.ListingEnded, Village, _of("village"), listing.forget),
    Reaction(r.ListingEnded, Party, _of("party"), listing.forget),
    Reaction(r.ListingEnded, Listing, listing.successor, listing.go_on, reads=listing.ended_one),
    Reaction(r.VillageRecoded, Listing, listing.of_village, recoded),
    # Some of these lists must have every poor village.
    Reaction(r.VillageListed, Village, by("village"), asked.each),
    Reaction(r.ListingEnded, Village, _of("village"), asked.again),
    Reaction(r.EntryAsked, Listing, listing.listing, asked.wait),
    *(
        Reaction(over, Listing, asked.of_poor, asked.lapse)
        for over in (r.VillageDelisted, r.VillageUnlisted, r.VillageWithdrawn, r.VillageMerged)
    ),
    # Villages are merged into one that goes on with what was theirs.
    Reaction(c.MergeVillages, Village, _merged, rounds.may_end, reads=rounds.of_village),
    Reaction(c.MergeVillages, Village, by("village"), succession.merge, reads=succession.merge_reads),
    Reaction(r.VillageMerged, Register, by("into"), households.take_over, reads=households.of_predecessor),
    Reaction(r.VillageMerged, Register, by("village"), households.telling(households.hand_over)),
    *(Reaction(r.VillageMerged, Register, by(of), monitoring.recount) for of in ("into", "village")),
    Reaction(r.VillageMerged, Baseline, by("village"), baseline.end),
    Reaction(r.VillageMerged, Village, by("village"), succession.ended),
    # Parts of a village become villages of their own, with their share of its households.
    Reaction(c.SplitVillage, Village, by("village"), succession.split, reads=succession.split_reads),
    Reaction(r.VillageSplit, Village, lambda e, _: e.successors, succession.split_from, reads=succession.of_old),
    Reaction(r.VillageSplit, Register, by("village"), households.reopen_latest),
    Reaction(c.SplitVillage, Register, _parts, households.take_share, reads=households.of_predecessor),
    Reaction(c.SplitVillage, Register, by("village"), households.telling(households.give_share)),
    *(Reaction(c.SplitVillage, Register, of, monitoring.recount) for of in (_parts, by("village"))),
    # A county that began years ago is taken over with its earlier dates.
    Reaction(c.TakeOverVillage, Village, by("village"), identity.take_over),
    Reaction(c.TakeOverVillage, Register, by("village"), figures.take_over),
    # It is surveyed and diagnosed.
    Reaction(c.RecordSurvey, Village, by("village"), villages.noted),
    Reaction(c.RecordSurvey, Baseline, by("village"), baseline.record),
    Reaction(c.RecordSurvey, Register, by("village"), households.telling(households.visited)),
    Reaction(c.RecordSurvey, Register, by("village"), monitoring.recount),
    Reaction(c.WithdrawSurvey, Village, by("village"), villages.check_unjudged),
    Reaction(
        c.WithdrawSurvey, Register, by("village"), households.telling(figures.forget_visit), reads=figures.of_survey
    ),
    Reaction(c.WithdrawSurvey, Baseline, by("village"), baseline.withdraw_record),
    Reaction(c.Diagnose, Village, by("village"), villages.check_address),
    Reaction(c.Diagnose, Baseline, by("village"), baseline.diagnose),
    Reaction(r.VillageDiagnosed, Village, by("village"), villages.moved),
    Reaction(r.VillageDiagnosed, Baseline, by("village"), baseline.taken_over),
    Reaction(c.WithdrawDiagnosis, Village, by("village"), baseline.may_withdraw_diagnosis),
    Reaction(c.WithdrawDiagnosis, Baseline, by("village"), baseline.withdraw_diagnosis),
    Reaction(r.DiagnosisWithdrawn, Village, by("village"), villages.moved),
    # The dispatch finds a unit and a team for it, and they take up their work.
    Reaction(d.NeedUnmet, Village, by("village"), villages.unmatched),
    Reaction(d.VillageMatched, Village, by("village"), villages.moved),
    Reaction(d.MatchWithdrawn, Village, by("village"), villages.moved),
    Reaction(d.TeamAssigned, Village, by("village"), villages.moved),
    Reaction(d.AssignmentWithdrawn, Village, by("village"), villages.moved),
    Reaction(d.CommitmentSet, Village, by("village"), villages.moved),
    Reaction(d.CommitmentWithdrawn, Village, by("village"), villages.moved),
    Reaction(d.HelpBegun, Village, by("village"), villages.moved),
    # Each year its households and indicators are measured.
    Reaction(c.RecordHouseholds, Village, by("village"), villages.noted),
    Reaction(c.RecordHouseholds, Register, by("village"), households.telling(measurement.record)),
    Reaction(c.RecordHouseholds, Register, by("village"), monitoring.recount),
    Reaction(c.MeasureIndicators, Village, by("village"), villages.may_measure),
    Reaction(c.MeasureIndicators, Register, by("village"), measurement.measure),
    Reaction(r.IndicatorsMeasured, Village, by("village"), villages.measured),
    Reaction(r.IndicatorsMeasured, Yearbook, yearbook.book, yearbook.count, reads=yearbook.of_village),
    Reaction(r.MeasurementWithdrawn, Yearbook, yearbook.book, yearbook.discount),
    Reaction(c.RecordFigures, Yearbook, yearbook.book_of, yearbook.record),
    Reaction(c.WithdrawFigures, Yearbook, yearbook.book_of, yearbook.withdraw),
    # On fixed days checklists are ticked off for it: its working methods, and what it discloses.
    Reaction(r.VillageRegistered, Checklists, checklist.of_village, checklist.begin),
    Reaction(r.IndicatorsMeasured, Checklists, checklist.of_village, checklist.begin),
    Reaction(c.TickChecklist, Village, by("village"), villages.check_address),
    Reaction(c.TickChecklist, Checklists, by("village"), checklist.tick),
    Reaction(c.WithdrawChecklist, Village, by("village"), villages.check_address),
    Reaction(c.WithdrawChecklist, Checklists, by("village"), checklist.withdraw),
    *(Reaction(event, Checklists, by("village"), checklist.end) for event in (r.VillageMerged, r.VillageWithdrawn)),
    # Wrong figures are taken back. A closed year can be reopened for a time, to correct it.
    Reaction(c.WithdrawHousehold, Village, by("village"), villages.check_unjudged),
    Reaction(c.WithdrawHousehold, Register, by("village"), monitoring.may_remove),
    Reaction(c.WithdrawHousehold, Register, by("village"), households.telling(figures.withdraw_household)),
    Reaction(c.WithdrawHousehold, Register, by("village"), monitoring.recount),
    Reaction(c.WithdrawMeasurement, Village, by("village"), figures.may_withdraw_measurement),
    Reaction(c.WithdrawMeasurement, Register, by("village"), figures.withdraw_measurement),
    Reaction(r.MeasurementWithdrawn, Village, by("village"), villages.measure_again),
    Reaction(c.ReopenYear, Village, by("village"), villages.reopen, reads=figures.of_village),
    Reaction(r.YearReopened, Village, by("village"), villages.reopened),
    Reaction(r.YearReopened, Register, by("village"), figures.reopen),
    Reaction(r.YearClosed, Village, by("village"), villages.closed),
    # When all criteria are met it leaves the list, step by step.
    Reaction(c.RequestExit, Village, by("village"), exit.may_request),
    Reaction(c.RequestExit, Register, by("village"), households.request),
    Reaction(r.ExitRequested, Village, by("village"), exit.requested),
    Reaction(i.SampleDrawn, Village, by("village"), exit.drawn),
    Reaction(i.ExitVerified, Village, by("village"), exit.verified),
    # During an exit the village's figures cannot change. If they turn out wrong, they are corrected and the exit ends.
    Reaction(c.CorrectFigures, Village, by("village"), figures.correct_village, reads=figures.of_village),
    Reaction(c.CorrectFigures, Register, by("village"), households.telling(figures.correct)),
    Reaction(c.CorrectFigures, Register, by("village"), monitoring.recount),
    Reaction(c.WithdrawExit, Village, by("village"), exit.withdraw),
    Reaction(r.ExitWithdrawn, Village, by("village"), exit.withdrawn),
    *_at_notices(c.PostNotice, notice.post_notice),
    Reaction(r.NoticePosted, Village, _exit, villages.moved),
    *_at_notices(c.WithdrawNotice, notice.withdraw_notice),
    Reaction(r.NoticeWithdrawn, Village, _exit, exit.notice_withdrawn),
    *_at_notices(c.RaiseObjection, notice.raise_objection),
    *_at_notices(c.WithdrawObjection, notice.withdraw_objection),
    *_at_notices(c.DecideObjection, notice.decide_objection),
    *_at_notices(c.DecideDelay, delay.decide),
    *_at_notices(c.GiveWord, word.give),
    Reaction(r.ObjectionDecided, Register, _exit, households.ask_again),
    Reaction(r.StepOverdue, Register, _exit, households.ask_again),
    Reaction(c.ApproveExit, Village, by("village"), exit.approve),
    Reaction(r.VillageDelisted, Village, by("village"), villages.delisted),
    Reaction(r.VillageDelisted, Baseline, by("village"), baseline.end),
    # After the exit the village is monitored, and helped where it misses criteria. Nobody lists it again: earlier
    # versions did, and journals tell of it.
    Reaction(d.TeamReleased, Village, by("village"), villages.moved),
    Reaction(c.DecideMeasures, Village, by("village"), villages.decide_measures),
    Reaction(r.VillageRelapsed, Village, by("village"), villages.moved),
    # A township or county asks to be de-capped, by the figures of its villages.
    Reaction(c.RequestDecap, Decap, decap.decap_id, decap.request, reads=decap.yearbooks),
    Reaction(c.TakeDecapStep, Decap, decap.decap_id, decap.take_step),
    Reaction(c.WithdrawDecap, Decap, decap.decap_id, decap.withdraw),
    Reaction(c.ReplyToDecap, Decap, decap.decap_id, hearing.reply),
    Reaction(c.DecideDecapReply, Decap, decap.decap_id, hearing.decide),
    Reaction(c.PostDecapNotice, Decap, decap.decap_id, notice.post_notice),
    Reaction(c.RaiseDecapObjection, Decap, decap.decap_id, notice.raise_objection),
    Reaction(c.DecideDecapObjection, Decap, decap.decap_id, notice.decide_objection),
    Reaction(c.DecideDecapDelay, Decap, decap.decap_id, delay.decide),
    Reaction(c.GiveDecapWord, Decap, decap.decap_id, word.give),
    Reaction(c.WithdrawDecapNotice, Decap, decap.decap_id, notice.withdraw_notice),
    Reaction(c.WithdrawDecapObjection, Decap, decap.decap_id, notice.withdraw_objection),
    # On or off the list, it decides matters of its own.
    Reaction(c.OpenResolution, Village, by("village"), rounds.may_open, reads=rounds.of_village),
    Reaction(c.OpenResolution, Listing, rectification.ending_by, rectification.may_open),
    Reaction(
        c.OpenResolution,
        Resolution,
        resolution.resolution_id,
        resolution.open_resolution,
        reads=resolution.of_village,
    ),
    Reaction(c.OpenResolution, Register, by("village"), monitoring.consider),
    Reaction(r.ResolutionOpened, Village, by("village"), identity.decides),
    # An organisation on a list is put in order, and leaves the list once that is accepted.
    Reaction(r.ResolutionOpened, Listing, rectification.ending_by, rectification.rectify),
    Reaction(r.PartyRectified, Listing, rectification.ending_by, rectification.rectified),
    *(
        Reaction(e, Listing, rectification.not_ending, rectification.stay)
        for e in (r.ResolutionRejected, r.ResolutionWithdrawn)
    ),
    Reaction(c.TakeStep, Village, by("village"), steps.check_voters),
    Reaction(c.TakeStep, Resolution, resolution.resolution_id, steps.take_step, reads=resolution.of_village),
    Reaction(c.WithdrawStep, Village, by("village"), rounds.may_take_back, reads=rounds.of_step),
    Reaction(c.WithdrawStep, Resolution, resolution.resolution_id, steps.withdraw_step),
    # The register follows what a round decides.
    Reaction(r.HouseholdsLifted, Register, by("village"), households.telling(rounds.lift), reads=rounds.of_event),
    Reaction(r.StepWithdrawn, Register, by("village"), households.telling(rounds.take_back), reads=rounds.of_event),
    # Households at risk are proposed, watched and visited, until their risk is removed.
    Reaction(c.ReportRisk, Village, by("village"), villages.check_address),
    Reaction(c.ReportRisk, Register, by("village"), monitoring.report),
    Reaction(c.WithdrawRisk, Village, by("village"), villages.check_address),
    Reaction(c.WithdrawRisk, Register, by("village"), monitoring.withdraw_report),
    Reaction(r.HouseholdsMonitored, Register, by("village"), monitoring.watch),
    Reaction(c.ReviewHousehold, Village, by("village"), villages.check_address),
    Reaction(c.ReviewHousehold, Register, by("village"), monitoring.review),
    Reaction(r.HouseholdsCleared, Register, by("village"), monitoring.clear),
    Reaction(r.StepWithdrawn, Register, by("village"), monitoring.take_back),
    Reaction(r.ResolutionWithdrawn, Register, by("village"), monitoring.reconsider),
    Reaction(c.WithdrawMonitoring, Village, by("village"), villages.check_address),
    Reaction(c.WithdrawMonitoring, Register, by("village"), monitoring.withdraw),
    Reaction(c.WithdrawFund, Village, by("village"), villages.check_address),
    Reaction(c.WithdrawFund, Resolution, resolution.resolution_id, resolution.withdraw_fund),
    Reaction(c.WithdrawResolution, Village, by("village"), villages.check_address),
    Reaction(c.WithdrawResolution, Resolution, resolution.resolution_id, resolution.withdraw),
    Reaction(r.ResolutionWithdrawn, Village, by("village"), identity.decides_no_more),
    Reaction(r.ResolutionWithdrawn, Resolution, resolution.resolution_id, resolution.withdrawn),
)

# What a day can do: end the time for which a person is kept; open the yearly measurement; end a notice, or the time
# for a step, an answer or a reply; close a year that was reopened; ask whether a term on a list begins anew, or end it;
# find a list with too few or without a poor village, or a letter that is not signed; open a checklist or find it
# overdue; find a visit to a watched household overdue.
DUE: Mapping[type[State], Mapping[str, Rule]] = {
    Cadre: {"keep": forgetting.look},
    Person: {"keep": forgetting.look},
    Village: {"measure": villages.open_year, "step": procedure.fall_due},
    Resolution: {"step": procedure.fall_due},
    Decap: {"step": hearing.fall_due},
    Listing: {"remind": listing.remind, "term": listing.expire, "enter": asked.fall_due},
    Roster: {"lists": roster.look},
    Checklists: {"lists": checklist.look},
    Register: {"reopened": figures.close_years, "review": monitoring.fall_due},
}
