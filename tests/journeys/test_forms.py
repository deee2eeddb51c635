"""Every answer that the demo's officers give in bulk can be given by its Excel form, and means the same."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
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

from deploy import form_pages
from deploy.demo.answers import Row, as_command
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import CITY, PACK, POLICY, START, Benxi
from deploy.local.supervisor import SERVICES
from services.incentives.api import COMMANDS as INCENTIVES_COMMANDS
from services.incentives.api import QUERIES as INCENTIVES_QUERIES
from services.incentives.app import SERVICE as INCENTIVES
from shared.contracts import Command
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted
from shared.engine import store
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
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
from tests.support.filled_forms import FORMS, SECRET, Pair, read_back
from tests.support.process import delivery
from tests.support.servers import engine_with

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
