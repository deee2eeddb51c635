"""What is told the dispatch is told by its Excel forms as well, and means the same."""

from datetime import date

import pytest

from deploy.demo.answers import Row, as_command
from deploy.demo.regions.benxi.story import PACK
from shared.contracts import Command
from shared.policy import parse_pack
from shared.policy.shipped import shipped
from tests.dispatch.partnered import PARTNERED
from tests.dispatch.present import PRESENCE
from tests.dispatch.sent import ASSESSED, NOMINATION, RELEASE
from tests.dispatch.trained import SKILLS, asks
from tests.support.filled_forms import FORMS, read_back
from tests.support.packs import with_team

ZUNYI = shipped("zunyi")

_THERE: Row = {"place": "210521", "village": "210521100201", "body": "organisation", "decided_by": "市委组织部"}
_CHOSEN: Row = {**_THERE, "unit": "U1", "reason": "该单位熟悉本村情况"}


@pytest.mark.parametrize(
    ("name", "row", "command"),
    [
        ("choices", _CHOSEN, {**_CHOSEN, "team": []}),
        (
            "choices",
            {**_CHOSEN, "leader": "C1", "members": ("C2", "C3")},
            {
                **_CHOSEN,
                "team": [{"cadre": c, "role": r} for c, r in (("C1", "leader"), ("C2", "member"), ("C3", "member"))],
            },
        ),
        ("retentions", {**_THERE, "cadre": "C1"}, {**_THERE, "cadre": "C1"}),
    ],
)
def test_what_the_demo_never_sends_can_be_said_as_well(name: str, row: Row, command: Row) -> None:
    assert read_back(FORMS["dispatch", name], [({}, row)]) == [as_command("dispatch", name, command)]


def test_4_2_a_leaders_contact_point_is_begun_by_form() -> None:
    kind = next(link.kind for link in ZUNYI.links if link.kind != "team")
    row = {**_THERE, "place": "520321", "kind": kind, "unit": "U1", "cadre": "C1"}
    assert read_back(FORMS["dispatch", "links"], [({}, row)], ZUNYI) == [as_command("dispatch", "links", row)]


def test_2_2_a_leader_promises_the_year_of_the_exit_by_form() -> None:
    row = {**_THERE, "place": "520321", "kind": "city_leader", "unit": "U1", "cadre": "C1", "exit_year": 2016}
    assert read_back(FORMS["dispatch", "links"], [({}, row)], ZUNYI) == [as_command("dispatch", "links", row)]


def test_0_5_a_township_gets_its_deputy_by_form() -> None:
    there = {"place": "152223", "party": "BZ-100", "kind": "township_deputy", "body": "organisation"}
    row = {**there, "unit": "U1", "cadre": "C1", "post": "deputy_head", "decided_by": "旗委组织部"}
    jalaid = shipped("jalaid")
    assert read_back(FORMS["dispatch", "posts"], [({"called": "音德尔镇班子"}, row)], jalaid) == [
        as_command("dispatch", "posts", row)
    ]
    gone = {**there, "cadre": "C1", "decided_by": "旗委组织部"}
    assert read_back(FORMS["dispatch", "post-ends"], [({}, gone)], jalaid) == [
        as_command("dispatch", "post-ends", gone)
    ]


def test_2_11_a_project_gets_its_secretary_by_form() -> None:
    row = {"place": "520321", "party": "XM-1", "kind": "project_secretary", "cadre": "T1", "body": "organisation",
           "decided_by": "县委组织部"}  # fmt: skip
    assert read_back(FORMS["dispatch", "posts"], [({"called": "茶叶加工"}, row)], ZUNYI) == [
        as_command("dispatch", "posts", row)
    ]


_HERE: Row = {"place": "210521", "village": "210521100201", "body": "poverty_office"}
_FIRM: Row = {**_HERE, "kind": "firm", "party": "F1"}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("partners", {**_FIRM, "kind": "branch_pair", "party": "B1", "paired": "B2", "decided_by": "县委组织部"}),
        ("partner-ends", {**_FIRM, "because": "insolvent", "decided_by": "县扶贫办"}),
        ("pledges", {**_FIRM, "year": 2014, "pledged": {"yuan": 5000.0, "jobs": 4.0}, "pledged_by": "绿源公司"}),
        ("deliveries", {**_FIRM, "year": 2014, "delivered": {"yuan": 5000.0}, "reported_by": "县扶贫办"}),
        ("visit-counts", {**_HERE, "kind": "expert", "last": date(2014, 6, 30), "counted_by": "朝阳村",
                          "visited": [{"bearer": "E1", "times": 3}, {"bearer": "E2", "times": 0}]}),
    ],
)  # fmt: skip
def test_1_12_2_11_2_17_partners_their_promises_and_visits_are_said_by_form(name: str, row: Row) -> None:
    policy = parse_pack({**PACK, **PARTNERED})
    assert read_back(FORMS["dispatch", name], [({}, row)], policy) == [as_command("dispatch", name, row)]


def test_2_2_a_village_is_paired_and_parted_by_form_a_household_to_a_row() -> None:
    there = {**_THERE, "place": "520321", "kind": "household_helper", "body": "township"}
    ids = [("H1", "C1"), ("H2", "C1"), ("H2", "C2")]
    paired = [{"household": household, "unit": "U1", "cadre": cadre} for household, cadre in ids]
    rows = [({"households": ["H1", "H2", "H2"]}, {**there, "pairs": paired})]
    assert read_back(FORMS["dispatch", "pairings"], rows, ZUNYI) == [
        as_command("dispatch", "pairings", {**there, "pairs": paired})
    ]
    members = {**there, "kind": "member_helper", "pairs": [{"household": "H1", "cadre": c} for c in ("R1", "R2", "R3")]}
    assert read_back(FORMS["dispatch", "pairings"], [({"households": ["H1"] * 3}, members)], ZUNYI) == [
        as_command("dispatch", "pairings", members)
    ], "villagers, who are of no unit"
    gone = {**there, "pairs": [{"household": h, "cadre": c} for h, c in ids], "because": "kin"}
    assert read_back(FORMS["dispatch", "pairing-ends"], [({}, gone)], ZUNYI) == [
        as_command("dispatch", "pairing-ends", gone)
    ]


_WHY: Row = {"reason": "误录", "decided_by": "县委组织部"}
_TRAINED: Row = {"place": "210521", "kind": "posted", "body": "county"}

_HELD: Row = {**_TRAINED, "course": "K1", "title": "专题培训班", "first": "2014-07-01", "last": "2014-07-03", "days": 3,
              "held_by": "县委党校"}  # fmt: skip

_MEMBERS: Row = {"place": "210521", "village": "210521100201", "body": "township"}
_LEAVE: Row = {"village": "210521100201", "cadre": "C1", "kind": "sick", "first": "2014-07-01", "last": "2014-07-03",
               "asked_by": "工作队"}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "row", "more"),
    [
        ("courses", {**_HELD, "heads": {"posted": 40}}, {}),
        ("courses", {**_HELD, "heads": {"posted": 4, "village_cadre": 6}, "skills": ["masonry"],
                     "villages": ["210521100201"]}, {}),
        ("attendances", {"place": "210521", "course": "K1", "body": "county", "recorded_by": "县委党校",
                         "attended": [{"unit": "U1", "cadre": "C1"}, {"unit": "U2", "cadre": "C2"}]}, {}),
        ("skill-reports", {**_MEMBERS, "kind": "posted", "lacking": {"masonry": 0, "ecommerce": 12}, "body": "team",
                           "reported_by": "工作队"}, {}),
        ("presences", {**_MEMBERS, "year": 2014, "month": 7, "counted_by": "碱厂镇党委",
                       "present": [{"cadre": "C1", "days": 22}, {"cadre": "C2", "days": 0}]}, {}),
        ("leaves", _LEAVE, {"place": "210521", "body": "team"}),
        ("leave-decisions", {**_MEMBERS, "number": 3, "granted": False, "decided_by": "碱厂镇党委"}, {}),
        ("departures", {**_THERE, "cadre": "C1", "cause": "ill", "until": "2015-03-01"}, {}),
        ("departures", {**_THERE, "cadre": "C1", "cause": "transferred", "successor": "C2"}, {}),
        ("link-ends", {**_THERE, "kind": "posted", "cadre": "C1"}, {}),
        ("course-withdrawals", {"place": "210521", "course": "K1", "body": "county", **_WHY}, {}),
        ("attendance-withdrawals", {"place": "210521", "course": "K1", "cadres": ["C1", "C2"], "body": "county",
                                    **_WHY}, {}),
        ("leave-returns", {**_THERE, "number": 3, "returns": True}, {}),
    ],
)  # fmt: skip
def test_2_12_5_12_courses_leave_and_presence_are_told_by_form(name: str, row: Row, more: Row) -> None:
    region = parse_pack({**PACK, **asks(**SKILLS), "presence": PRESENCE})
    blank = FORMS["dispatch", name]
    flat = {field: said for field, said in row.items() if not isinstance(said, dict)}
    flat |= {
        f"{field}.{part}": of for field, said in row.items() if isinstance(said, dict) for part, of in said.items()
    }
    assert read_back(blank, [({}, flat)], region) == [as_command("dispatch", name, {**row, **more})]


_NOMINATED: Row = {"place": "210521", "village": "210521100201", "unit": "U1", "body": "unit", "nominated_by": "局党组"}
_REVIEWED: Row = {"place": "210521", "village": "210521100201", "body": "organisation", "decided_by": "市委组织部"}


def test_5_13_0_3_5_14_2_20_nominations_releases_assessments_and_adjustments_are_told_by_form() -> None:
    region = parse_pack(with_team(PACK, nomination=NOMINATION, release=RELEASE, term_assessment=ASSESSED))

    def told(name: str, row: Row) -> list[Command]:
        return read_back(FORMS["dispatch", name], [({}, row)], region)

    team = [{"cadre": c, "role": r} for c, r in (("C1", "leader"), ("C2", "member"), ("C3", "member"))]
    assert told("nominations", {**_NOMINATED, "leader": "C1", "members": ("C2", "C3")}) == [
        as_command("dispatch", "nominations", {**_NOMINATED, "team": team})
    ]
    for said in ({"approved": True}, {"approved": False, "reason": "考核未定等次"}):
        row = {**_REVIEWED, **said}
        assert told("nomination-reviews", row) == [as_command("dispatch", "nomination-reviews", row)]
        row = {**row, "left": "C2"}
        assert told("replacement-reviews", row) == [as_command("dispatch", "replacement-reviews", row)]
    released = {**_MEMBERS, "members": ["C1", "C2"], "released": True, "confirmed_by": "局党组", "body": "unit"}
    shown = [({"in_team": ["C1", "C2"]}, released)]
    assert read_back(FORMS["dispatch", "releases"], shown, region) == [as_command("dispatch", "releases", released)]
    adjusted = {**_REVIEWED, "outcome": "adjustment/210521100201/2014", "leaving": ("C1", "C2")}
    assert told("adjustments", adjusted) == [as_command("dispatch", "adjustments", adjusted)]
    graded = [{"cadre": c, "grade": g} for c, g in (("C1", "excellent"), ("C2", "competent"))]
    assessed = {**_REVIEWED, "ended": "2017-06-21", "merits": graded, "assessed_by": "市委组织部"}
    del assessed["decided_by"]
    assert read_back(FORMS["dispatch", "term-assessments"], [({"in_team": ("C1", "C2")}, assessed)], region) == [
        as_command("dispatch", "term-assessments", assessed)
    ]
