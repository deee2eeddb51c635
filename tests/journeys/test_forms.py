"""Every answer that the demo's officers give in bulk can be given by its Excel form, and means the same."""

import asyncio
import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from deploy import form_pages
from deploy.cli import commands
from deploy.demo.answers import Awaited, Row, as_command
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import CITY, PACK, POLICY, START, Benxi
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from services.incentives.api import COMMANDS as INCENTIVES_COMMANDS
from services.incentives.api import QUERIES as INCENTIVES_QUERIES
from services.incentives.app import SERVICE as INCENTIVES
from shared.contracts import Command
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted
from shared.engine import store
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.forms import Blank, Known
from shared.policy import Policy, parse_pack
from shared.policy.shipped import FILES, shipped
from shared.rules import Refused, State
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from shared.web import http
from shared.web.forms import _recognised
from shared.web.token import operator_headers
from shared.workbook import WorkbookRefused
from shared.workbook.kinds import HeadingsRefused
from shared.workbook.reading import _plain, read_rows
from shared.workbook.writing import write_template
from tests.dispatch.partnered import PARTNERED
from tests.dispatch.present import PRESENCE
from tests.dispatch.sent import ASSESSED, NOMINATION, RELEASE
from tests.dispatch.trained import SKILLS, asks
from tests.support.packs import with_team
from tests.support.process import delivery
from tests.support.servers import engine_with
from tests.support.workbooks import cells

SECRET = b"s"
ZUNYI = parse_pack(tomllib.loads((form_pages.ROOT / "shared/policy/packs/zunyi.toml").read_text("utf-8")))
FORMS: Mapping[tuple[str, str], Blank] = {
    (service, name): blank
    for service in SERVICES
    for name, blank in import_module(f"services.{service}.forms").FORMS.items()
}
NEVER_IN_BENXI = {
    ("registry", "division-figures"), ("dispatch", "choices"), ("dispatch", "retentions"), ("dispatch", "links"),
    ("dispatch", "pairings"), ("dispatch", "pairing-ends"), ("registry", "listings"), ("registry", "unlistings"),
    ("registry", "risk-reports"), ("registry", "household-reviews"), ("dispatch", "posts"), ("dispatch", "post-ends"),
    *(("dispatch", name) for name in ("partners", "partner-ends", "pledges", "deliveries", "visit-counts")),
    *(("registry", name) for name in (
        "checklists", "checklist-withdrawals", "letters", "letter-breaches", "letter-withdrawals",
        "takeovers", "village-splits",
        "parties", "resolutions", "resolution-steps", "delay-decisions", "words", "list-entry-withdrawals",
        "village-codes",
        "village-mergers", "village-withdrawals", "listing-withdrawals", "survey-withdrawals", "diagnosis-withdrawals",
        "household-withdrawals", "measurement-withdrawals", "risk-report-withdrawals", "monitoring-withdrawals",
        "unit-withdrawals", "cadre-withdrawals", "forgettings", "party-withdrawals", "division-figure-withdrawals")),
    *(("dispatch", name) for name in (
        "departures", "link-ends", "course-withdrawals", "attendance-withdrawals", "courses", "attendances",
        "skill-reports", "presences", "leaves", "leave-decisions", "leave-returns",
        "adjustments", "nominations", "nomination-reviews", "replacement-reviews", "releases", "term-assessments",
        "takeovers")),
    *(("inspection", name) for name in (
        "bulletins", "unreachables", "replies", "reply-decisions", "appraisal-reports", "appraisal-ballots",
        "appraisal-scores", "appraisal-voids", "appraisal-grades", "input-voids", "rankings")),
    *(("incentives", name) for name in ("statements", "stories", "outcome-motions", "pay-explanations")),
}  # fmt: skip
"""Forms whose commands the demo's story does not send."""
ONE_BY_ONE: Mapping[str, str] = {
    **dict.fromkeys(("policies", "holidays"), "a document of the whole region"),
    **dict.fromkeys(("matchings", "campaigns"), "one call for a whole county"),
    **dict.fromkeys(("seed-hashes", "seeds", "verification-seed-hashes", "verification-seeds"), "secrets by token"),
    **dict.fromkeys((
        "decap-requests", "decap-steps", "decap-replies", "decap-reply-decisions", "decap-notices", "decap-objections",
        "decap-objection-decisions",
        "decap-delay-decisions", "decap-words", "decap-notice-withdrawals", "decap-objection-withdrawals",
        "decap-withdrawals",
    ), "one township or county at a time"),
    **dict.fromkeys((
        "figure-corrections", "year-reopenings", "exit-withdrawals", "notice-withdrawals", "objection-withdrawals",
        "step-withdrawals", "fund-withdrawals", "resolution-withdrawals",
    ), "stops or corrects one procedure that is under way"),
    **dict.fromkeys((
        "match-withdrawals", "assignment-withdrawals", "commitment-withdrawals", "visit-withdrawals",
        "input-withdrawals", "grade-withdrawals", "decision-withdrawals", "bulletin-withdrawals",
        "appraisal-input-withdrawals", "appraisal-grade-withdrawals", "ranking-withdrawals",
    ), "takes back one decision of a body"),
    "party-mergers": "one party that was entered twice",
    **dict.fromkeys((
        "grade-reviews", "appraisal-reviews", "appeals", "appeal-escalations",
    ), "one subject asks for itself"),
    "statement-corrections": "one part of what one person is paid",
}  # fmt: skip
"""Commands without a form, each with the reason why nobody sends them by the hundred."""
Pair = tuple[Known, Row]
Sent = Mapping[tuple[str, str], list[list[Pair]]]
"""By service and form: what was sent together, each with what the form would have shown."""


class Noting(Memory):
    """The services in memory; what is sent by a command with a form is kept, with what the form would have shown."""

    def __init__(self) -> None:
        super().__init__(START)
        self.sent: dict[tuple[str, str], list[list[Pair]]] = defaultdict(list)
        self.cases: list[State] = []
        """The open cases on the day of the first decision."""

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        if (service, path) == ("incentives", "decisions") and not self.cases:
            self.cases = [state for state in self.world.services[service].states.values() if state.awaits]
        blank = FORMS.get((service, path))
        pairs: list[Pair] = []
        for row in rows if blank else ():
            known = [
                blank.row(state, task, POLICY)  # type: ignore[union-attr]
                for state in self.world.services[service].states.values()
                if state.place.startswith("2105")
                for task in state.tasks(POLICY)
                if task.action == path and all(row.get(field) == said for field, said in task.answer.items())
            ]
            pairs.append((known[0] if known else {}, row))
        self.sent[service, path].append(pairs)
        await super().post(service, path, key, rows)


@pytest.fixture(scope="module")
def played() -> Noting:
    noting = Noting()
    asyncio.run(Officers(Benxi(seed=1, villages=8), noting).live(date(2017, 12, 31), _nobody))
    return noting


@pytest.fixture(scope="module")
def sent(played: Noting) -> Sent:
    return played.sent


@pytest.fixture(scope="module")
def open_cases(played: Noting) -> Sequence[State]:
    return played.cases


async def _nobody(_day: date) -> None:
    """Nobody watches."""


def read_back(blank: Blank, pairs: Sequence[Pair], policy: Policy = POLICY) -> list[Command]:
    """What comes of the rows, written into the form, read and turned into commands."""
    form, file = blank.form([policy]), BytesIO()
    filled = [line for known, row in pairs for line in cells(blank, known, row)]
    days = {column.field for column in form.columns if column.kind in ("date", "month")}
    for line in filled:
        line |= {day: date.fromisoformat(line[day]) for day in days if isinstance(line.get(day), str)}
        columns = {column.field for column in form.columns}
        line |= {"name": line.get("name") or "某村"} if "name" in columns else {}
    write_template(form, file, prefilled=filled, secret=SECRET)
    said = [blank.said(form, rows) for rows in blank.together(form, read_rows(form, file, secret=SECRET))]
    wrong = [one for one in said if not isinstance(one, Command)]
    assert not wrong, wrong[0]
    return said  # type: ignore[return-value]


def test_every_command_has_a_form_or_a_reason_why_it_needs_none() -> None:
    paths = [
        (service, route.path) for service in SERVICES for route in import_module(f"services.{service}.api").COMMANDS
    ]
    formless = {path for service, path in paths if (service, path) not in FORMS}
    assert formless - ONE_BY_ONE.keys() == set(), "each needs a form, or a line in ONE_BY_ONE"
    assert ONE_BY_ONE.keys() - formless == set(), "no such command, or it has a form"
    assert {*FORMS} <= {*paths}, "each form's rows are posted somewhere"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_form_is_issued_or_says_what_the_pack_has_none_of(file: Path) -> None:
    policy, refused = shipped(file.stem), set[str]()
    for (_, name), blank in FORMS.items():
        try:
            blank.form([policy])
        except Refused as error:
            assert error.rule == "form" and "没有规定可选的“" in error.zh and blank.title in error.zh
            refused.add(name)
    assert refused == {
        *({"courses", "skill-reports"} if not policy.training else ()),
        *({"leaves"} if not (policy.presence and policy.presence.leave) else ()),
        *({"unreachables"} if not any(one.unreachable for one in policy.campaigns) else ()),
        *({"listings", "unlistings", "list-entry-withdrawals"} if not policy.lists else ()),
        *({"partners", "partner-ends", "pledges"} if not policy.partners else ()),
        *({"parties"} if not policy.parties else ()),
        *({"checklists", "checklist-withdrawals"} if not policy.checklists else ()),
        *({"letters", "letter-breaches", "letter-withdrawals"} if not policy.letters else ()),
        *(
            {f"appraisal-{name}" for name in ("reports", "ballots", "scores", "voids")}
            if not policy.labels["channel"]
            else ()
        ),
    }, refused


def test_a_file_of_another_form_is_recognised_where_the_pack_has_no_choices_for_some_forms() -> None:
    forms = {name: blank for (service, name), blank in FORMS.items() if service == "dispatch"}
    refused = HeadingsRefused("表头不符", "no such headings")
    refused.headings = frozenset(_plain(column.heading) for column in forms["leave-returns"].form([POLICY]).columns)
    zh, _ = _recognised(forms, "assignments", refused, [POLICY])
    assert (
        "（leave-returns）" in zh
        and not POLICY.presence
        and [*forms].index("courses") < [*forms].index("leave-returns")
    )


@pytest.mark.parametrize(("service", "name"), sorted(FORMS.keys() - NEVER_IN_BENXI))
def test_a_form_says_what_the_command_says(sent: Sent, service: str, name: str) -> None:
    requests = sent[service, name]
    assert requests, "the demo never sends it"
    for pairs in requests[:20]:
        assert read_back(FORMS[service, name], pairs) == [as_command(service, name, row) for _, row in pairs]


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


def test_2_20_a_body_proposes_what_another_decides_by_form() -> None:
    row = {
        "place": "520402",
        "subject_kind": "cadre",
        "subject": "C1",
        "outcome": "recall/520402100201/2018",
        "moved": True,
        "body": "leader_group",
        "moved_by": "区扶贫开发领导小组第3次会议",
    }
    forms = FORMS["incentives", "outcome-motions"]
    assert read_back(forms, [({}, row)], shipped("xixiu")) == [as_command("incentives", "outcome-motions", row)]


def test_2_8_a_township_says_why_pay_is_low_by_form() -> None:
    row = {
        "place": "152223", "village": "152223100201", "kind": "secretary_pay", "person": "P1", "year": 2018, "month": 2,
        "why": "绩效未核发", "body": "township", "explained_by": "某苏木人民政府",
    }  # fmt: skip
    forms = FORMS["incentives", "pay-explanations"]
    assert read_back(forms, [({}, row)], shipped("jalaid")) == [as_command("incentives", "pay-explanations", row)]


def test_1_16_a_body_lets_a_story_be_told_by_form() -> None:
    row = {
        "place": "520402", "subject_kind": "cadre", "subject": "C1", "outcome": "municipal_commendation/520402/2017",
        "public": True, "agreed": True, "story_in": "“驻村好声音”专栏", "body": "organisation",
        "decided_by": "区委组织部",
    }  # fmt: skip
    forms = FORMS["incentives", "stories"]
    assert read_back(forms, [({}, row)], shipped("xixiu")) == [as_command("incentives", "stories", row)]


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


_LISTED: Row = {
    "place": "210521",
    "kind": "lifted_village",
    "village": "210521100201",
    "body": "county",
    "decided_by": "县委农村工作领导小组",
}
_WATCHED: Row = {"place": "210521", "village": "210521100201", "household": "H1", "on": "2022-07-01"}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("listings", {**_LISTED, "since": "2022-03-01", "document": "县乡振组〔2022〕3号"}),
        ("unlistings", {**_LISTED, "reason": "整体搬迁"}),
        ("risk-reports", {**_WATCHED, "watch_class": "unstable", "source": "self", "reported_by": "碱厂镇政府"}),
        ("household-reviews", {**_WATCHED, "eased": True, "body": "village", "reviewed_by": "村民委员会"}),
    ],
)
def test_2_10_5_11_lists_and_watched_households_are_told_by_form(name: str, row: Row) -> None:
    assert read_back(FORMS["registry", name], [({}, row)], shipped("national-2021")) == [
        as_command("registry", name, row)
    ]


def test_4_2_a_villages_mode_is_set_by_form() -> None:
    row: Row = {
        **_LISTED,
        "kind": "relief_mode",
        "mode": "relocation",
        "since": "2008-03-01",
        "document": "县扶〔2008〕3号",
    }
    assert read_back(FORMS["registry", "listings"], [({}, row)], shipped("guizhou")) == [
        as_command("registry", "listings", row)
    ]


def test_1_17_a_list_that_is_due_is_ticked_off_by_form() -> None:
    known = {"place": "520402", "village": "520402100201", "kind": "disclosure", "on": "2018-03-31", "body": "village"}
    row = {
        "followed": ["finance", "party_affairs"],
        "vacant": ["village_affairs"],
        "proof": "村务公开栏",
        "ticked_by": "村民委员会",
    }
    assert read_back(FORMS["registry", "checklists"], [(known, row)], shipped("xixiu")) == [
        as_command("registry", "checklists", {**known, **row})
    ]


def test_a_county_that_began_years_ago_is_taken_over_by_forms() -> None:
    at = {"village": "210521100201"}
    known = {**at, "name": "上石村", "township": "小市镇", "population": 1200, "listed_on": "2014-06-03",
             "problem_class": "lagging_economy", "diagnosed_on": "2014-06-30", "document": "县政府〔2014〕3号",
             "decided_by": "县扶贫办"}  # fmt: skip
    found = {"found/committees": "班子不全", "found/problems": "饮水工程年久失修；村路未硬化"}
    years = [
        {"figures.year": 2014, "figures.values.incidence": 0.12, "figures.values.collective_income": 8000},
        {"figures.year": 2015, "figures.values.incidence": 0.08},
    ]
    told: Row = {
        **known,
        "place": "210521",
        "problems": [
            {"number": 1, "topic": "committees", "cause": "班子不全"},
            {"number": 2, "topic": "problems", "cause": "饮水工程年久失修"},
            {"number": 3, "topic": "problems", "cause": "村路未硬化"},
        ],
        "figures": [
            {"year": 2014, "values": {"incidence": 0.12, "collective_income": 8000}},
            {"year": 2015, "values": {"incidence": 0.08}},
        ],
    }
    rows: list[Pair] = [({}, {**known, **found, **year}) for year in years]
    assert read_back(FORMS["registry", "takeovers"], rows) == [as_command("registry", "takeovers", told)]
    never = {**told, "problems": [], "figures": []}
    assert read_back(FORMS["registry", "takeovers"], [({}, known)]) == [as_command("registry", "takeovers", never)]
    team = {**at, "unit": "U1", "since": "2013-05-01", "term_start": "2013-05-01", "decided_by": "市委组织部",
            "body": "organisation"}  # fmt: skip
    row = {**team, "leader": "C1", "members": ["C2", "C3"]}
    sent = {**team, "place": "210521", "team": [{"cadre": "C1", "role": "leader"}, {"cadre": "C2", "role": "member"},
                                                {"cadre": "C3", "role": "member"}]}  # fmt: skip
    assert read_back(FORMS["dispatch", "takeovers"], [({}, row)]) == [as_command("dispatch", "takeovers", sent)]


def test_a_split_village_has_a_row_for_each_new_one() -> None:
    split = {"village": "210521100201", "since": "2016-01-01", "document": "县政府〔2016〕1号", "decided_by": "县政府"}
    parts = [
        {"code": "210521100202", "name": "下石村", "township": "小市镇", "population": 300, "households": ["H1", "H2"]},
        {"code": "210521100203", "name": "后石村", "township": "小市镇", "population": 200, "issued_by": "县民政局"},
    ]
    rows: list[Pair] = [({}, {**split, **{f"parts.{field}": said for field, said in part.items()}}) for part in parts]
    assert read_back(FORMS["registry", "village-splits"], rows) == [
        as_command("registry", "village-splits", {**split, "place": "210521", "parts": parts})
    ]


def test_1_2_townships_letters_are_signed_broken_and_corrected_by_form() -> None:
    of = {"kind": "township_letter", "year": 2018}
    town = {"place": "520402", "division": "township:520402100"}
    for name, known, row in (
        ("letters", {"code": "520402100", **of, "body": "county"}, {"signed_by": "区指挥部、某镇"}),
        ("letter-breaches", {}, {"code": "520402100", **of, **_WHY, "body": "county"}),
        ("letter-withdrawals", {}, {"code": "520402100", **of, **_WHY}),
    ):
        said = {field: value for field, value in {**known, **row, **town}.items() if field != "code"}
        assert read_back(FORMS["registry", name], [(known, row)], shipped("xixiu")) == [
            as_command("registry", name, said)
        ]


_WHY: Row = {"reason": "误录", "decided_by": "县委组织部"}
_OF_IT: Row = {"place": "210521", "village": "210521100201"}
_MATTER: Row = {**_OF_IT, "matter": "2016-1"}
_OF_STEP: Row = {**_MATTER, "body": "village", "decided_by": "村民代表会议"}


@pytest.mark.parametrize(
    ("name", "row", "pack"),
    [
        ("village-codes", {**_OF_IT, "code": "210521100299", "since": "2016-01-01", "document": "民政局〔2016〕1号",
                           "decided_by": "县民政局"}, "benxi"),
        ("village-mergers", {**_OF_IT, "merged": ["210521100202", "210521100203"], "since": "2016-01-01",
                             "document": "县政府〔2016〕1号", "decided_by": "县政府"}, "benxi"),
        *((f"{name}-withdrawals", {**_OF_IT, **_WHY, **more}, "benxi") for name, more in (
            ("village", {}), ("listing", {}), ("survey", {"number": 3}), ("diagnosis", {}),
            ("household", {"household": "H1"}), ("measurement", {"year": 2015}), ("risk-report", {"household": "H1"}),
            ("monitoring", {"household": "H1"}))),
        *((f"{name}-withdrawals", {"place": "210521", name: "U1", **_WHY}, "benxi")
          for name in ("unit", "cadre", "party")),
        ("list-entry-withdrawals", {"place": "210521", "kind": "lifted_village", "village": "210521100201", **_WHY},
         "national-2021"),
        ("list-entry-withdrawals", {"place": "210521", "kind": "lifted_village", "village": "210521100201",
                                    "since": "2022-03-01", **_WHY}, "national-2021"),
        ("checklist-withdrawals", {**_OF_IT, "kind": "disclosure", "on": "2018-03-31", **_WHY}, "xixiu"),
        ("objections", {**_OF_IT, "objection": 1, "ground": "收入不实"}, "benxi"),
        ("objections", {**_MATTER, "objection": 2, "ground": "收入不实", "household": "H1"}, "benxi"),
        ("resolutions", {**_MATTER, "kind": "fund", "subject_code": "industry", "opened_by": "村党组织",
                         "fund": {"amount": 80000, "origin": "donation"}}, "zunyi"),
        ("resolutions", {**_MATTER, "kind": "question", "subject_code": "finance", "question": "低保为什么停发",
                         "opened_by": "村民"}, "zunyi"),
        ("resolutions", {**_MATTER, "kind": "household_exit", "subject_code": "exit", "members": ["H1", "H2"],
                         "opened_by": "村党组织"}, "national"),
        ("resolution-steps", {**_OF_STEP, "step": "fund_resolve", "entitled": 45, "present": 30, "agreed": 16},
         "zunyi"),
        ("resolution-steps", {**_OF_STEP, "step": "question_answer", "answer": "依据已张贴"}, "zunyi"),
        ("delay-decisions", {**_MATTER, "step": "fund_gate", "takes_over": True, "body": "county", **_WHY}, "zunyi"),
        ("delay-decisions", {**_OF_IT, "step": "approve", "takes_over": False, "until": "2016-02-01", "body": "city",
                             **_WHY}, "zunyi"),
        ("words", {**_OF_IT, "step": "province_word", "asking": 1, "word": "later", "until": "2016-02-01",
                   "body": "province", **_WHY}, "zunyi"),
        ("words", {**_MATTER, "step": "province_word", "asking": 2, "word": "accepted", "body": "province",
                   "decided_by": "省扶贫开发领导小组"}, "zunyi"),
    ],
)  # fmt: skip
def test_3_12_matters_late_steps_and_mistakes_are_told_by_form(name: str, row: Row, pack: str) -> None:
    flat = {field: said for field, said in row.items() if not isinstance(said, dict)}
    flat |= {f"{f}.{part}": of for f, said in row.items() if isinstance(said, dict) for part, of in said.items()}
    [said] = read_back(FORMS["registry", name], [({}, flat)], shipped(pack))
    assert said == as_command("registry", name, row)


def test_5_2_households_that_accept_are_told_by_form_a_household_to_a_row() -> None:
    step = next(s.name for one in shipped("national").procedures for s in one.steps if s.kind == "accept")
    answers = [{"household": "H1", "accepted": True}, {"household": "H2", "accepted": False, "by_phone": True}]
    row = {**_OF_STEP, "step": step, "acceptances": answers}
    assert read_back(FORMS["registry", "resolution-steps"], [({}, row)], shipped("national")) == [
        as_command("registry", "resolution-steps", row)
    ]


def test_2_7_parties_of_every_kind_are_registered_by_form() -> None:
    """Each kind with all its fields, and whom it belongs to named by kind and code."""
    policy, blank = shipped("zunyi"), FORMS["registry", "parties"]
    assert policy.parties
    for kind in policy.parties:
        fields = {
            one.field: next(iter(one.one_of)) if one.one_of else one.most if one.most is not None else "说明"
            for one in kind.fields
        }
        row = {"place": "520321", "party": "P1", "kind": kind.kind, "name": "某组织", "fields": fields}
        cells = {**{k: v for k, v in row.items() if k != "fields"}, **{f"fields.{k}": v for k, v in fields.items()}}
        [said] = read_back(blank, [({}, {**cells, "of": "village", "of_code": "520321100201"})], policy)
        assert said == as_command("registry", "parties", {**row, "parent": "village:520321100201"})


def test_1_18_division_figures_are_taken_back_by_form() -> None:
    row = {"place": "210521", **_WHY, "year": 2015}
    [said] = read_back(
        FORMS["registry", "division-figure-withdrawals"], [({}, {**row, "level": "county", "code": "210521"})]
    )
    assert said == as_command("registry", "division-figure-withdrawals", {**row, "division": "county:210521"})


def test_2_19_a_village_that_cannot_be_reached_is_told_by_form() -> None:
    row = {
        "place": "520321",
        "village": "520321100201",
        "campaign": "5203-unannounced-2016-04-01",
        "body": "discipline",
        "hindrance": "road_cut",
        "decided_by": "市纪委",
    }
    assert read_back(FORMS["inspection", "unreachables"], [({}, row)], shipped("zunyi")) == [
        as_command("inspection", "unreachables", row)
    ]


def test_2_19_4_10_a_visit_is_recorded_by_form_with_what_it_looked_into_who_went_and_its_evidence() -> None:
    row = {
        "place": "520321", "village": "520321100201", "campaign": "5203-unannounced-2016-04-01", "body": "inspection",
        "on": date(2016, 4, 7), "facets": ["help", "residence"], "process": ["DA-1", "DA-2"], "result": ["9f" * 32],
        "inspector": "督查一组", "inspectors": ["I1", "I2"],
    }  # fmt: skip
    assert read_back(FORMS["inspection", "visits"], [({}, row)], shipped("zunyi")) == [
        as_command("inspection", "visits", row)
    ]


def test_1_6_replies_and_decisions_on_them_are_registered_by_form() -> None:
    of = {"place": "520402", "village": "520402100201", "campaign": "520402-supervision-2018-03-05"}
    reply = {
        **of,
        "body": "unit",
        "disputed": ["poor_results"],
        "document": "区交函〔2018〕3号",
        "replied_by": "区交通局",
    }
    decided = {**of, "body": "inspection", "confirmed": [], "document": "督函〔2018〕5号", "decided_by": "区督查局"}
    for name, row in (("replies", reply), ("reply-decisions", decided)):
        [said] = read_back(FORMS["inspection", name], [({}, row)], shipped("xixiu"))
        assert said == as_command("inspection", name, row)


def test_1_5_a_bulletin_is_registered_by_form() -> None:
    row = {
        "place": "520402",
        "campaign": "520402-supervision-2018-03-05",
        "body": "discipline",
        "published_by": "区纪委",
    }
    assert read_back(FORMS["inspection", "bulletins"], [({}, row)], shipped("xixiu")) == [
        as_command("inspection", "bulletins", row)
    ]


_APPRAISED: Row = {"place": "520323", "kind": "village_cadre_year", "subject": "K1", "year": 2016, "body": "township"}
_CHANNEL: Row = {**_APPRAISED, "channel": "goals_met"}


@pytest.mark.parametrize(
    ("name", "rows", "more"),
    [
        ("appraisal-reports", [{**_CHANNEL, "given_by": "镇党委"}], {}),
        ("appraisal-ballots", [{**_CHANNEL, "entitled": 50, "present": 40, "satisfied": 30, "given_by": "镇党委"}], {}),
        ("appraisal-scores",
         [{**_CHANNEL, "given_by": "镇党委", "marks.member": member, "marks.score": score}
          for member, score in (("C1", 80), ("C2", 90))],
         {"marks": [{"member": "C1", "score": 80}, {"member": "C2", "score": 90}]}),
        ("appraisal-voids", [{**_CHANNEL, "reason": "今年没有观摩", "decided_by": "镇党委"}], {}),
        ("appraisal-grades", [{**_APPRAISED, "grade": "good", "decided_by": "镇党委"}], {}),
        ("rankings", [{"place": "520300", "kind": "branch_review", "year": 2016, "body": "organisation",
                       "chosen": ["B1", "B2"], "decided_by": "市委组织部"}], {}),
    ],
)  # fmt: skip
def test_0_10_2_6_channels_grades_and_rankings_are_told_by_form(name: str, rows: list[Row], more: Row) -> None:
    whole = {field: value for field, value in rows[0].items() if "." not in field} | more
    assert read_back(FORMS["inspection", name], [({}, row) for row in rows], shipped("zunyi")) == [
        as_command("inspection", name, whole)
    ]


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


def test_0_11_1_13_pay_is_confirmed_by_form() -> None:
    month = {"place": "520402", "village": "520402100201", "kind": "allowance", "year": 2018, "month": 7}
    row = {**month, "body": "finance", "confirmed_by": "区财政局"}
    read = read_back(FORMS["incentives", "statements"], [(month, row)], shipped("xixiu"))
    assert read == [as_command("incentives", "statements", row)]


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


_FLOATS = st.floats(-9.99999999999999e307, 9.99999999999999e307)  # A cell cannot hold others (Excel's specifications).


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                field: st.none() | st.text(max_size=20) | st.integers() | _FLOATS | st.booleans()
                for field in ("households.household", "households.persons", "households.income", "recorded_by")
            },
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_stands_in_the_cells_is_a_command_or_is_told_at_a_row_of_the_form(rows: list[dict[str, Any]]) -> None:
    blank = FORMS["registry", "households"]
    form, file = blank.form([POLICY]), BytesIO()
    issued = {"place": "210521", "village": "210521100201", "name": "上石村", "year": 2015}
    write_template(form, file, prefilled=[{**row, **issued} for row in rows], secret=SECRET)
    try:
        groups = [*blank.together(form, read_rows(form, file, secret=SECRET))]
    except WorkbookRefused:
        return  # Nothing was filled in.
    titles = {"", *(column.title for column in form.columns)}
    for group in groups:
        said = blank.said(form, group)
        if not isinstance(said, Command):
            assert said and all(e.row in {row.number for row in group} and e.column in titles and e.zh for e in said)


def test_the_page_of_forms_is_the_one_that_the_code_gives() -> None:
    assert form_pages.PAGE.read_text("utf-8") == form_pages.text(), "docs/forms.md is stale; run `zhucun contracts`"


async def test_1_14_forms_about_persons_and_units_are_for_operators_only(
    open_cases: Sequence[State], tmp_path: Path
) -> None:
    engine = await engine_with(f"sqlite+aiosqlite:///{tmp_path}/incentives.sqlite3", INCENTIVES.tables)

    async def send(_stream: str, _messages: Sequence[Message]) -> None:
        """Nobody hears it."""

    async def health() -> Mapping[str, Any]:
        return {}

    pipeline = Pipeline(INCENTIVES, engine, Relay(send), "http://localhost/schemas")
    await pipeline.start()
    adopted = PolicyAdopted(place=CITY, version=POLICY.version, pack=PACK, adopted_by="市委")
    await handle(pipeline, OPEN, [delivery(DayPassed(day=date(2015, 3, 2)), 1), delivery(adopted, 2)])
    async with engine.begin() as conn:
        await store.save_states(conn, INCENTIVES.tables, open_cases)
    app: Any = http.build(pipeline, INCENTIVES_COMMANDS, INCENTIVES_QUERIES, health, SECRET)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://incentives") as client:
        refused = await client.get("/v1/templates/decisions")
        issued = await client.get("/v1/templates/decisions", headers=operator_headers(SECRET))
    await engine.dispose()
    assert refused.status_code == 409 and "没有应填《奖惩决定表》的事项" in refused.json()["title"]
    page = openpyxl.load_workbook(BytesIO(issued.content)).worksheets[0]
    assert page.max_row > 1 and page["C2"].value in {getattr(case, "subject", "") for case in open_cases}


# ---------------------------------------------------------------- through the real processes

OWED = ("households", "measurements")
MEASURED = date(2015, 11, 21)


class Waiting(Simulation):
    """The real services; the officers leave the yearly figures to a colleague with Excel."""

    async def tasks(self) -> list[Awaited]:
        found = await super().tasks()
        return [task for task in found if task.action not in OWED or dict(task.answer)["year"] != MEASURED.year]


def filled(file: Path, rows: Callable[[str, str], Mapping[str, object]]) -> None:
    """Fill each issued row in with a program of the officer's: cells by heading, from its village and household."""
    book = openpyxl.load_workbook(file)
    page = book.worksheets[0]
    at = {str(cell.value).split("\n")[0].removesuffix(" *"): cell.column - 1 for cell in page[1]}
    for line in page.iter_rows(min_row=2):
        household = str(line[at["户编号"]].value or "") if "户编号" in at else ""
        for heading, value in rows(str(line[at["村代码"]].value), household).items():
            line[at[heading]].value = value
    book.save(file)


async def test_1_18_a_county_hands_in_the_years_figures_by_excel(tmp_path: Path) -> None:
    scenario, folder = Benxi(seed=3, villages=3), tmp_path / "data"

    async def zhucun(*words: object) -> tuple[int, str]:
        ran = await asyncio.to_thread(CliRunner().invoke, commands.app, [*map(str, words), "--folder", str(folder)])
        return ran.exit_code, ran.output

    def household(_village: str, id: str) -> Mapping[str, object]:
        facts = {"家庭人口": 3, "人均纯收入（元）": 4200.5, "是否达到“两不愁三保障”": "是", "采集单位": "镇人民政府"}
        return facts if id else {}

    criteria = [one for one in POLICY.exit.criteria if one.figure != "incidence"]
    figures: dict[str, object] = {one.label: float(one.number) for one in criteria} | {"测算单位": "镇人民政府"}
    first, *others = scenario.villages
    async with System(folder) as system:
        await system.ready()
        async with Waiting(system) as officers:
            await Officers(scenario, officers).live(MEASURED, _nobody)
            file = tmp_path / "农户.xlsx"
            assert (await zhucun("template", "measurements", "-o", tmp_path / "早.xlsx"))[
                0
            ] == 1  # Households come first.
            assert (await zhucun("template", "households", "-o", file, "--rows", 2))[0] == 0
            filled(file, household)
            code, told = await zhucun("import", "households", file)
            assert code == 0 and "已导入" in told, told
            await officers.settle()

            file = tmp_path / "指标.xlsx"
            assert (await zhucun("template", "measurements", "-o", file))[0] == 0
            filled(file, lambda village, _: {**figures, criteria[0].label: 1e9} if village == first else figures)
            code, told = await zhucun("import", "measurements", file)
            assert code == 1 and "未导入" in told and criteria[0].label in told, told
            filled(file, lambda village, _: figures if village != first else dict.fromkeys(figures))
            code, told = await zhucun("import", "measurements", file)
            assert code == 0 and "已导入" in told and "没有填写，已略过" in told, told
            code, told = await zhucun("import", "measurements", file)
            assert code == 0 and "已导入" in told, told
            await officers.settle()
            measured = (await officers.states("registry", "registers")).items()
            years = {village: "2015" in register["measurements"] for village, register in measured}
    assert years == {first: False, **dict.fromkeys(others, True)}
