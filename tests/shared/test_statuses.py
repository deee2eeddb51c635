"""The word by which lists and filters find a state, and whether it waits for anybody: one row for each way to stand."""

from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from services.dispatch.model.bonds import Bond, Contacts, Period, Pledge, Posts
from services.dispatch.model.course import Course
from services.dispatch.model.link import Link, Vacancy
from services.dispatch.model.matching import Need
from services.dispatch.model.owed import Commitments, Owed
from services.dispatch.model.pairings import Circle, Helper, Pairings
from services.dispatch.model.partners import Ally
from services.dispatch.model.pool import Pool, Squad, Team, Villager
from services.dispatch.model.roster import Bound, Ended, Leave, Lesson, Month, Post, Roster
from services.incentives.model.payroll import Payee, Payroll, Sum
from services.incentives.model.quota import Quota
from services.incentives.model.record import Case, Record
from services.inspection.model.appraisal import Appraisal
from services.inspection.model.appraisal import Proposal as Proposed
from services.inspection.model.assessment import Assessment, Ballot, Proposal
from services.inspection.model.calendar import Calendar
from services.inspection.model.campaign import Campaign
from services.inspection.model.cohort import Cohort, Member
from services.inspection.model.seeds import Seeds
from services.inspection.model.subjects import Subject
from services.inspection.model.supervision import Hearing, Order, Supervision
from services.inspection.model.verification import Verification
from services.registry.model.baseline import Baseline, Survey
from services.registry.model.checklist import Checklists
from services.registry.model.clock import Clock
from services.registry.model.decap import Decap
from services.registry.model.kept import Kept
from services.registry.model.listing import Listing, Spell
from services.registry.model.party import Party, Person
from services.registry.model.proceeding import Proceeding
from services.registry.model.register import Register
from services.registry.model.resolution import Resolution
from services.registry.model.roster import Roster as County
from services.registry.model.roster import Signed
from services.registry.model.units import Adoption, Cadre, Unit
from services.registry.model.village import Exit, Village
from services.registry.model.yearbook import Yearbook
from shared.calendar import Span, national
from shared.contracts.dispatch import CourseHeld
from shared.contracts.registry import Unmet
from shared.policy import Outcome, parse_pack
from shared.policy.shipped import shipped
from shared.rules import Moved, State
from tests.support.refusals import below

POLICY = parse_pack(Path("shared/policy/packs/benxi.toml").read_bytes())
D, V = date(2015, 6, 1), "210521001001"
STEPS = next(one for one in POLICY.procedures if one.effect == "delist").steps
TERMS = POLICY.outcomes[0]
MOVED = next(one for one in shipped("zunyi").outcomes if one.proposes)
HERE: dict[str, Any] = {"id": V, "place": "210521"}
NEED = Need(place="210521", problem_class="x", since=D)
DOUBTED = Team(unit="U1", place="210521", members={"C1": "leader"}, doubted={"C1": ("rank",)}, doubted_since={"C1": D})
MISSES = (Unmet("hard_road", 0.0, 1.0, "county"),)


def pool(**fields: Any) -> Pool:
    return Pool(id="2105", place="210500", **fields)


def course(**fields: Any) -> Course:
    held = CourseHeld(place="210500", course="K1", kind="a", title="班", first=D, last=D, days=1, heads={"x": 1},
                      holder="city", held_by="市")  # fmt: skip
    return Course(id="2105/K1", place="210500", held=held, **fields)


LEAVE: dict[str, Any] = {"cadre": "C1", "kind": "sick", "first": D, "last": D}


def payroll(**fields: Any) -> Payroll:
    drawn = Sum(year=2015, month=5, parts={"food": 1100}, rule="S3", by="county", **fields)
    payees = {"allowance/C1": Payee(kind="allowance", person="C1", sums={"days/2015-05": drawn})}
    return Payroll(**HERE, payees=payees)


def record(status: Any, of: Outcome = TERMS, **fields: Any) -> Record:
    case = Case(terms=of, village=V, place="210521", evidence=(), proposed_on=D, status=status, **fields)
    return Record(id="team:T1", place="210521", subject_kind="team", subject="T1", cases={"recall/1": case})


def campaign(**fields: Any) -> Campaign:
    terms = next(one for one in POLICY.campaigns if one.kind == "unannounced")
    return Campaign(id="c", place="210500", terms=terms, opens=D, closes=D, size=1, **fields)


def verification(**fields: Any) -> Verification:
    return Verification(**HERE, attempt=1, **fields)


BRANCHES = next(one for one in shipped("zunyi").appraisals if one.rank)
IN: dict[str, Any] = {"scores": {"township_party": 80.0, "members": 70.0}}


def appraisal(**fields: Any) -> Appraisal:
    named: dict[str, Any] = {"subject_kind": "organisation", "village": V, "terms": BRANCHES}
    return Appraisal(id="branch_review/B1/2015", place="210521", **named, **fields)


def cohort(**fields: Any) -> Cohort:
    return Cohort(id="5203/branch_review/2015", place="520300", terms=BRANCHES, **fields)


def assessment(**fields: Any) -> Assessment:
    return Assessment(id=f"{V}/2015", place="210521", **fields)


def village(stage: str, **fields: Any) -> Village:
    return Village(**HERE, name="甲村", township="210521001", population=10, since=D, stage=stage, **fields)


def resolution(**course: Any) -> Resolution:
    return Resolution(**HERE, village=V, matter="m", rule="2.18", subject_code="road", course=proceeding(**course))


def decap(decapped_on: date | None = None, **course: Any) -> Decap:
    return Decap(id="county:210521", place="210521", rule="1.18", year=2015, incidence=0.0, judged=(),
                 course=proceeding(**course), decapped_on=decapped_on)  # fmt: skip


def proceeding(**fields: Any) -> Proceeding:
    return Proceeding(kind="exit", attempt=1, steps=STEPS, **fields)


def baseline(problem_class: str = "", **fields: Any) -> Baseline:
    return Baseline(**HERE, surveys=(Survey(spell=1, opened=D, problem_class=problem_class),), **fields)


def listing(ended: date | None = None, **fields: Any) -> Listing:
    return Listing(id=f"key/{V}", place="210521", sort="key", village=V, spells=(Spell(D, "x", ended=ended),), **fields)


def unit(**fields: Any) -> Unit:
    return Unit(id="U1", place="210500", name="局", level="city", department="x", strength=1, **fields)


def cadre(**fields: Any) -> Cadre:
    said: dict[str, Any] = {
        "name": "某",
        "rank": "staff",
        "party_member": True,
        "work_since": D,
        "born_on": D,
        "reserve": False,
    }
    return Cadre(id="C1", place="210500", unit="U1", **said, **fields)


KNOWN = national().known_until
HASHED = Seeds(opens=D, hashes={"discipline": "a", "inspection": "b"})
EXIT = Exit(kind="exit", attempt=1, steps=STEPS)
CHECKED = POLICY.exit.verification
SPAN = Span(calendar_days=7)
OPEN = {"unit": "U1", "inputs": ("ballot",)}
PROPOSED = Proposal(80.0, "competent", "competent", ())
VOTED = Ballot(3, 3, 3)
ROWS: list[tuple[State, str, bool]] = [
    (pool(), "quiet", False),
    (pool(needs={V: NEED}), "waiting", True),
    (pool(needs={V: NEED}, answered=True), "waiting", False),
    (pool(teams={V: DOUBTED}), "quiet", True),
    (Link(**HERE, stage="diagnosed", spell=1), "diagnosed", False),
    (Link(**HERE, stage="matched", spell=1), "matched", True),
    (Link(**HERE, stage="matched", spell=1, nominate_by=D), "matched", True),
    (Link(**HERE, stage="assigned", spell=1), "assigned", False),
    (Link(**HERE, stage="assigned", spell=1, vacancies={"C1": Vacancy("leader", D)}), "assigned", True),
    (Link(**HERE, stage="assigned", spell=1, adjustments={"adjustment/1/2014": D}), "assigned", True),
    (Commitments(**HERE), "none", False),
    (Commitments(**HERE, stage="helped", owed={"a/term": Owed(kind="a", period="term", set_by=D)}), "helped", True),
    (Contacts(**HERE, bonds={"leader": Bond({"C1": D})}), "filled", False),
    (Contacts(**HERE, bonds={"leader": Bond({}, D)}), "open", True),
    (Contacts(**HERE, pledges={"firm/F1": {"2014": Pledge({"yuan": 1})}}), "filled", False),
    (Contacts(**HERE, pledges={"firm/F1": {"2014": Pledge({"yuan": 1}, compare_by=D)}}), "filled", True),
    (Contacts(**HERE, pledges={"firm/F1": {"2014": Pledge({"a": 1}, compare_by=D, compared=True)}}), "filled", False),
    (Contacts(**HERE, visits={"expert": {"2014-06-30": Period(D, {"C1": True})}}), "filled", True),
    (Contacts(**HERE, visits={"expert": {"2014-06-30": Period(D, {"C1": True}, {"C1": 0})}}), "filled", False),
    (Posts(**HERE, sort="group", name="班子", parent="township:210521100", bonds={"a": Bond({}, D)}), "open", True),
    (Posts(**HERE, sort="group", name="班子", parent="township:210521100"), "filled", False),
    (Ally(**HERE, sort="firm", name="绿源公司", parent="county:210521"), "firm", False),
    (Ally(**HERE, sort="firm", name="绿源公司", parent="county:210521", gone=True), "gone", False),
    (Pairings(**HERE, circles={"helper": Circle({"H1": {"C1": Helper("U1", D)}})}), "filled", False),
    (Pairings(**HERE, circles={"helper": Circle({}, D, 1)}), "open", True),
    (Squad(id="U1", place="210500"), "", False),
    (Squad(id="D1", place="210500", villager=Villager("member", f"village:{V}", {"head": ("XM-1",)})), "", False),
    (Squad(id="U1", place="210500", short={"helper": {}}), "", False),
    (Squad(id="U1", place="210500", short={"helper": {"C1": 2}}), "short", False),
    (course(), "held", False),
    (course(withdrawn=True), "withdrawn", False),
    (Roster(**HERE), "empty", False),
    (Roster(**HERE, members={"C1": Post("leader", D)}), "staffed", False),
    (Roster(**HERE, lessons={"a": {}}), "empty", False),
    (Roster(**HERE, lessons={"a": {"C1": Lesson(D)}}), "empty", True),
    (Roster(**HERE, lacking={"a": {"masonry": Lesson(D)}}), "empty", True),
    (Roster(**HERE, lacking={"a": {"masonry": Lesson(D, course="2105/K1")}}), "empty", False),
    (Roster(**HERE, members={"C1": Post("leader", D)}, bound={"C1": Bound(D)}), "staffed", True),
    (Roster(**HERE, ended={"2015-06-01": Ended(unit="U1", members=("C1",), assess_by=D)}), "empty", True),
    (
        Roster(**HERE, ended={"2015-06-01": Ended(unit="U1", members=("C1",), assess_by=D, grades={"C1": "x"})}),
        "empty",
        False,
    ),
    (Roster(**HERE, leaves={"1": Leave(**LEAVE)}), "empty", True),
    (Roster(**HERE, leaves={"1": Leave(**LEAVE, decided_by="县", begun=True)}), "empty", False),
    (Roster(**HERE, leaves={"1": Leave(**LEAVE, decided_by="县", begun=True, over=True)}), "empty", True),
    (Roster(**HERE, months={"2015-05": Month(count_by=D, since={"C1": D})}), "empty", True),
    (Roster(**HERE, months={"2015-05": Month(count_by=D, since={"C1": D}, days={"C1": 0})}), "empty", False),
    (Quota(id="5204/award/2018", place="520400"), "unused", False),
    (Quota(id="5204/award/2018", place="520400", graded=frozenset({"520402100201"})), "unused", False),
    (Quota(id="5204/award/2018", place="520400", given=("award/x/2018",)), "used", False),
    (payroll(), "settled", False),
    (payroll(confirm_by=D), "open", True),
    (payroll(explains="township", explain_by=D), "open", True),
    (payroll(explains="township", why="集体收入不足"), "settled", False),
    (Record(id="team:T1", place="210521", subject_kind="team", subject="T1"), "clean", False),
    (record("found"), "clean", False),
    (record("found", of=MOVED), "open", True),
    (record("unmoved", of=MOVED), "clean", False),
    (record("proposed", defence_until=D), "open", True),
    (record("decidable", decide_by=D), "open", True),
    (record("imposed", expires=D), "marked", False),
    (record("imposed"), "clean", False),
    (record("imposed", expires=D, appeal="lodged", answer_until=D), "open", True),
    (record("imposed", expires=D, appeal="upheld"), "marked", False),
    (record("imposed", expires=D, decided_on=D, serve_by=D), "open", True),
    (record("expired", expires=D), "clean", False),
    (Calendar(id="2105", place="210500"), "idle", False),
    (Calendar(id="2105", place="210500", timers={"campaigns": D}), "scheduled", False),
    (campaign(frame=(V,)), "planned", True),
    (campaign(frame=(V,), seeds=HASHED), "committed", True),
    (campaign(frame=(V,), seeds=HASHED, drawn_on=D, visits={V: D}), "open", False),
    (campaign(visits={V: D}, reached=D), "open", True),
    (campaign(visits={V: D}, reached=D, dropped=frozenset({V})), "open", False),
    (campaign(visits={V: D}), "planned", False),
    (campaign(frame=(V,), closed=True), "closed", False),
    (verification(), "prepared", True),
    (verification(is_wanted=False), "prepared", False),
    (verification(terms=CHECKED), "requested", True),
    (verification(terms=CHECKED, drawn_on=D), "awaited", True),
    (verification(terms=CHECKED, drawn_on=D, passed=True), "passed", False),
    (verification(terms=CHECKED, drawn_on=D, passed=False), "failed", False),
    (verification(terms=CHECKED, drawn_on=D, is_wanted=False, is_withdrawn=True), "withdrawn", False),
    (assessment(), "gathering", False),
    (assessment(**OPEN), "open", True),
    (assessment(**OPEN, ballot=VOTED), "complete", False),
    (assessment(**OPEN, is_dropped=True), "dropped", False),
    (assessment(**OPEN, ballot=VOTED, proposal=PROPOSED), "proposed", True),
    (assessment(**OPEN, ballot=VOTED, proposal=PROPOSED, is_dropped=True), "proposed", True),
    (assessment(**OPEN, ballot=VOTED, proposal=PROPOSED, grade="competent"), "graded", False),
    (assessment(**OPEN, ballot=VOTED, proposal=PROPOSED, grade="competent", answer_until=D), "contested", True),
    (Supervision(**HERE), "released", False),
    (Supervision(**HERE, unit="U1"), "supervised", False),
    (Supervision(**HERE, unit="U1", hearings={"c": Hearing("unit", (), {}, SPAN, D)}), "supervised", True),
    (Supervision(**HERE, unit="U1", orders={"c": Order((), SPAN, D)}), "rectifying", True),
    (Register(**HERE, population=10), "", False),
    (Register(**HERE, population=10, year=2015), "2015", False),
    (Clock(id="china", place="000000", day=D), "2015-06-01", False),
    (Clock(id="china", place="000000", day=KNOWN - timedelta(60)), str(KNOWN - timedelta(60)), False),
    (Clock(id="china", place="000000", day=KNOWN - timedelta(59)), str(KNOWN - timedelta(59)), True),
    (Party(id="P1", place="210521", sort="branch", parent=f"village:{V}", name="支部"), "branch", False),
    (Person(id="P3", place="210521", sort="adviser", parent=f"village:{V}", name="某", withdrawn=True,
            kept=Kept(outlived=True)), "withdrawn", True),
    (Person(id="P4", place="210521", sort="adviser", parent=f"village:{V}", name="某", withdrawn=True,
            kept=Kept(forgotten=True)), "forgotten", False),
    (Person(id="P2", place="210521", sort="adviser", parent=f"village:{V}", name="某", withdrawn=True), "withdrawn",
     False),
    (listing(), "key", False),
    (Subject(id=f"village:{V}", place="210521", sort="village"), "village", False),
    (Subject(id=f"village:{V}", place="210521", sort="village", ended=True), "ended", False),
    (appraisal(), "open", True),
    (appraisal(**IN), "complete", False),
    (appraisal(**IN, proposal=Proposed(77.0, "medium")), "proposed", True),
    (appraisal(**IN, proposal=Proposed(77.0, "medium"), grade="medium"), "graded", False),
    (appraisal(**IN, proposal=Proposed(77.0, "medium"), grade="medium", answer_until=D), "contested", True),
    (appraisal(is_dropped=True), "dropped", False),
    (cohort(members={"B1": Member("520323")}), "open", False),
    (cohort(members={"B1": Member("520323")}, exceeded=True), "open", True),
    (cohort(members={"B1": Member("520323", 77.0, "medium")}), "whole", True),
    (cohort(members={"B1": Member("520323", 77.0, "medium")}, worst=("B1",)), "ranked", False),
    (listing(reminded=True), "key", True),
    (listing(D), "ended", False),
    (listing(D, enter_by=D), "asked", True),
    (listing(D, proposed="5203/branch_review/2016"), "proposed", True),
    (Adoption(id="2105-1", place="210500", adopted_by="市委", effective_from=D, sha256="0"), "2015-06-01", False),
    (unit(), "city", False),
    (unit(withdrawn=True), "withdrawn", False),
    (cadre(), "staff", False),
    (cadre(withdrawn=True), "withdrawn", False),
    (cadre(withdrawn=True, kept=Kept(ended_on=D, outlived=True)), "withdrawn", True),
    (cadre(withdrawn=True, kept=Kept(ended_on=D, forgotten=True)), "forgotten", False),
    (Checklists(**HERE), "", False),
    (Checklists(**HERE, open={"disclosure/2015-06-30": D}), "open", True),
    (County(id="210521", place="210521"), "", False),
    (County(id="210521", place="210521", short={"point": D}), "", True),
    (County(id="210521", place="210521", letters={"a/2015/210521100": Signed(D)}), "", True),
    (County(id="210521", place="210521", letters={"a/2015/210521100": Signed(D, D)}), "", False),
    (Yearbook(id="210521/2015", place="210521"), "2015", False),
    (resolution(), "open", True),
    (resolution(at=len(STEPS)), "passed", False),
    (resolution(ended="withdrawn"), "withdrawn", False),
    (decap(), "open", True),
    (decap(ended="rejected"), "rejected", False),
    (decap(at=len(STEPS), decapped_on=D), "decapped", False),
    (baseline(), "open", True),
    (baseline("x"), "closed", False),
    (baseline(ended=True), "ended", False),
    (baseline("x", ended=True), "ended", False),
    (village(""), "", False),
    (village("helped", owed=(2015,)), "helped", True),
    (village("verified", exit=EXIT), "verified", True),
    (village("helped", measured=2015), "helped", True),
    (village("helped", measured=2015, unmet=MISSES), "helped", False),
    (village("helped", measured=2015, spent=2015), "helped", False),
    (village("assigned", measured=2015), "assigned", False),
    (village("delisted", unmet=MISSES), "delisted", True),
    (village("delisted"), "delisted", False),
]  # fmt: skip


@pytest.mark.parametrize(("state", "status", "awaits"), ROWS, ids=[f"{s.kind} {w} {a}" for s, w, a in ROWS])
def test_a_state_is_found_by_its_status_and_by_whether_it_waits(state: State, status: str, awaits: bool) -> None:
    assert (state.status, state.awaits) == (status, awaits)


@pytest.mark.parametrize("kind", [k for k in {type(s): s for s, _, _ in ROWS} if k.tell_moved is not State.tell_moved])
def test_a_deadline_that_holidays_moved_is_told_of_the_place_where_it_is_owed(kind: type[State]) -> None:
    state = next(
        one for one, _, _ in reversed(ROWS) if type(one) is kind and (kind is not Record or one.status == "open")
    )
    path = ("cases", "recall/1", "answer_until") if kind is Record else ("due",)
    told: Any = state.tell_moved(Moved(path, D, D + timedelta(1)), "2015")
    assert (told.place, told.deadline, told.was, told.due, told.notice) == (state.place, path[-1], D, told.due, "2015")
    assert told.due == D + timedelta(1)
    of = {Decap: "division", Campaign: "campaign", Posts: "party"}.get(kind)
    assert getattr(told, of) == state.id if of else told.village == V


def test_every_kind_of_state_that_has_a_status_has_rows_here() -> None:
    told = {type(state) for state, _, _ in ROWS}
    kinds = {
        kind for kind in below(State) if ".model." in kind.__module__ and kind.kind and kind.status is not State.status
    }
    assert kinds - told == set()


ASKED: dict[str, str] = {
    "registry": "adoptions baselines cadres checklists clocks codes decaps enrolments jurisdictions listings parties "
    "persons registers resolutions rolls rosters units villages yearbooks",
    "dispatch": "bearers codes commitments contacts courses links pairings partners pools posts rosters squads",
    "inspection": "appraisals assessments cadres calendars campaigns codes cohorts seed_hashes subjects supervisions "
    "verifications",
    "incentives": "codes payrolls quotas records units",
}
"""Under which addresses programs outside ask for what each service keeps."""


@pytest.mark.parametrize("service", ASKED)
def test_what_a_service_keeps_is_asked_for_under_the_same_names_as_ever(service: str) -> None:
    kinds = import_module(f"services.{service}.reactions").KINDS
    assert " ".join(sorted(kind.kind for kind in kinds)) == ASKED[service]


def test_a_kind_of_state_without_a_status_has_an_empty_one_and_waits_for_nobody() -> None:
    squad = Squad(id="U1", place="210500")
    assert (squad.status, squad.awaits, squad.journey, [*squad.tasks(POLICY)]) == ("", False, "U1", [])


def test_what_is_kept_about_persons_is_read_by_operators_alone() -> None:
    personal = {kind.kind for kind in below(State) if kind.__module__.startswith("services.") and kind.personal}
    assert personal == {
        "records", "persons", "cadres", "squads", "pairings", "subjects", "appraisals", "cohorts",
        "payrolls",
        "quotas",
    }  # fmt: skip


def test_a_state_with_a_secret_has_the_piece_by_which_queries_look_for_one() -> None:
    for kind in below(State):
        if kind.__module__.startswith("services.") and kind.hides:
            assert kind.shown is not State.shown, kind
