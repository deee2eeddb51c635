"""A county with one village, as the tests of the registry need it: in whatever stage, on whatever day."""

import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from deploy.demo.world import Service, World
from services.registry.model import Baseline, Register, Village
from services.registry.model import commands as c
from services.registry.reactions import DUE, REACTIONS
from shared.contracts import Event, Payload
from shared.contracts import dispatch as d
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.engine.flow import Cause, derived_id, encode_state
from shared.policy import Policy
from shared.rules import Refused, Task

BENXI = tomllib.loads((Path(__file__).parents[2] / "shared/policy/packs/benxi.toml").read_text())
DAY = timedelta(1)
BEGIN = date(2014, 6, 3)
VILLAGE, PLACE, CITY = "210521100201", "210521", "210500"
AT: dict[str, Any] = {"place": PLACE, "village": VILLAGE}
WHY: dict[str, Any] = {"reason": "误录", "decided_by": "县扶贫办"}
TOPICS = ("committees", "collective_economy", "incomes", "problems")
MET = {"collective_income": 25_000.0, "safe_water": 1.0, "hard_road": 0.97}
TEAM = (d.Member("C1", "leader"), d.Member("C2", "member"), d.Member("C3", "member"))


def pack(**changes: Any) -> dict[str, Any]:
    """Benxi's pack with some sections changed."""
    changed = {key: {**BENXI[key], **new} if isinstance(new, dict) else new for key, new in changes.items()}
    return {**BENXI, **changed}


def exit_of(steps: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Benxi's pack with another way off the list."""
    return {"procedures": [{**one, "steps": [*steps]} if one["kind"] == "exit" else one for one in BENXI["procedures"]]}


def household(id: str = "H1", persons: int = 4, income: float = 9_000, **facts: Any) -> c.HouseholdFacts:
    return c.HouseholdFacts(household=id, persons=persons, income=income, **{"secured": True, **facts})


TAKE_OVER = c.TakeOverVillage(
    **AT,
    name="上石村",
    township="小市镇",
    population=1000,
    listed_on=date(2014, 3, 1),
    problem_class="lagging_economy",
    diagnosed_on=date(2014, 5, 1),
    problems=(c.FoundProblem(number=1, topic="problems", cause="无产业"),),
    figures=tuple(c.YearFigures(year=y, values={"incidence": poor}) for y, poor in ((2014, 0.09), (2015, 0.01))),
    document="2014 年贫困村名单",
    decided_by="县扶贫办",
)


class County:
    """The registry with one village of 1,000 people, and shorthands for what officers and other services do to it."""

    def __init__(self, policy: dict[str, Any] | None = None) -> None:
        self.world = World(BEGIN, Service("registry", REACTIONS, DUE))
        self.do(c.AdoptPolicy(place=CITY, pack=policy or BENXI, adopted_by="市委"))
        self.heard = 0

    # ------------------------------------------------------- what can be seen

    @property
    def registry(self) -> Service:
        return self.world.services["registry"]

    @property
    def village(self) -> Village:
        state: Village = self.world.state("registry", Village, VILLAGE)
        return state

    @property
    def register(self) -> Register:
        state: Register = self.world.state("registry", Register, VILLAGE)
        return state

    @property
    def baseline(self) -> Baseline:
        state: Baseline = self.world.state("registry", Baseline, VILLAGE)
        return state

    @property
    def policy(self) -> Policy:
        policy = self.registry.book.at(PLACE, self.world.today)
        assert policy is not None
        return policy

    @property
    def tasks(self) -> list[Task]:
        """All open tasks; `awaits` must not hide any, since day pages are read by it."""
        found = []
        for state in self.registry.states.values():
            of_state = list(state.tasks(self.policy))
            assert state.awaits or not of_state, f"{state.kind} hides {of_state}"
            found += of_state
        return found

    def todo(self) -> list[tuple[str, str, str]]:
        return [(task.action, task.role, task.detail) for task in self.tasks]

    def snapshot(self) -> dict[Any, bytes]:
        """Every state as it is kept; each must come back from that as it was."""
        kept = {key: encode_state(state) for key, state in self.registry.states.items()}
        for (kind, id), body in kept.items():
            assert msgspec.json.decode(body, type=kind) == self.registry.states[kind, id]
        return kept

    # ------------------------------------------------------- what is done

    def do(self, *commands: Any) -> list[Any]:
        """Send commands; the events that they caused."""
        return [fact.event for fact in self.world.command("registry", *commands).facts]

    def refusal(self, command: Any) -> Refused:
        """Send a command that must be refused and must not change anything."""
        before = self.snapshot()
        try:
            self.do(command)
        except Refused as refused:
            assert refused.zh and refused.en and self.snapshot() == before
            return refused
        raise AssertionError(f"{command} was not refused")

    def correct(self, command: Any) -> list[Any]:
        """Send a command that overwrites what is known, after having seen what that is."""
        return self.do(msgspec.structs.replace(command, replaces=self.refusal(command).version))

    def sure(self, command: Any) -> list[Any]:
        """Send a command, and overwrite knowingly what is known already."""
        try:
            return self.do(command)
        except Refused as refused:
            if not refused.version:
                raise
            return self.do(msgspec.structs.replace(command, replaces=refused.version))

    def hear(self, *events: Payload) -> list[Any]:
        """Let the registry hear what other services say; nothing of it may end as a dead letter."""
        said = []
        for event in events:
            self.heard += 1
            result = self.registry.take([Cause(derived_id("heard", self.heard), VILLAGE, event)], self.world.today)
            assert not result.parked
            said += [fact.event for fact in result.facts]
        return said

    def until(self, day: date) -> "County":
        self.world.pass_days(day)
        return self

    # ------------------------------------------------------- the way through the stages

    def registered(self, listed: bool = False, population: int = 1000) -> "County":
        self.do(c.RegisterVillage(**AT, name="上石村", township="小市镇", population=population, listed=listed))
        return self

    def listed(self) -> "County":
        return self.registered(listed=True)

    def surveyed(self) -> "County":
        self.do(*(record(number, topic) for number, topic in enumerate(TOPICS, 1)))
        return self

    def diagnosed(self) -> "County":
        self.listed().surveyed()
        self.do(c.Diagnose(body="county", **AT, problem_class="lagging_economy", decided_by="县委"))
        return self

    def matched(self) -> "County":
        self.diagnosed().hear(MATCHED)
        return self

    def assigned(self) -> "County":
        self.matched().hear(assigned(1))
        return self

    def pledged(self) -> "County":
        self.assigned().hear(LETTER)
        return self

    def helped(self) -> "County":
        self.pledged().hear(HELP)
        return self

    def count(self, year: int, poor_persons: int = 10, lifted: Iterable[str] = ("H1", "H2")) -> "County":
        """Record a year's household facts: one poor household, and some lifted ones."""
        poor = [household("H9", poor_persons, 1_000)] if poor_persons else []
        facts = (*(household(id) for id in lifted), *poor)
        self.sure(c.RecordHouseholds(**AT, year=year, households=facts, recorded_by="镇"))
        return self

    def measure(self, year: int, **values: float) -> list[Any]:
        return self.sure(c.MeasureIndicators(**AT, year=year, values={**MET, **values}, measured_by="镇"))

    def measured(self) -> "County":
        self.helped().until(date(2014, 12, 1)).count(2014).measure(2014)
        return self

    def requested(self) -> "County":
        self.measured().do(REQUEST)
        return self

    def verified(self) -> "County":
        self.requested().hear(verdict())
        return self

    def noticed(self) -> "County":
        """On notice from 2 December to the end of 9 December 2014."""
        self.verified().until(date(2014, 12, 2)).do(NOTICE)
        return self

    def decidable(self) -> "County":
        return self.noticed().until(date(2014, 12, 10))

    def delisted(self) -> "County":
        """Off the list since 10 December 2014."""
        self.decidable().do(*DELIST)
        return self

    def released(self) -> "County":
        self.delisted().until(date(2015, 12, 10)).hear(RELEASED)
        return self


def record(number: int, topic: str = "incomes", kind: str = "form", on: date = BEGIN, **more: Any) -> c.RecordSurvey:
    return c.RecordSurvey(**AT, number=number, kind=kind, topic=topic, on=on, **more)


def verdict(attempt: int = 1, passed: bool = True) -> i.ExitVerified:
    rates: Any = {"sampled": 2, "wrong_exit_rate": 0.0 if passed else 0.5, "omission_rate": 0.0, "approval_rate": 1.0}
    return i.ExitVerified(**AT, attempt=attempt, passed=passed, **rates)


def assigned(spell: int) -> d.TeamAssigned:
    return d.TeamAssigned(
        **AT, unit="U1", spell=spell, team=TEAM, term_start=BEGIN, term_end=date(2017, 6, 3), assigned_by="组织部"
    )


def of_type(events: Iterable[Event], *types: type[Event]) -> list[Any]:
    return [event for event in events if type(event) in types]


def again(command: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(command, **changes)


MATCHED = d.VillageMatched(
    **AT, matching="M1", unit="U1", team=TEAM, score=9, problem_class="lagging_economy", reasons=("class_suits",)
)
LETTER = d.CommitmentSet(**AT, kind="letter", period="term", unit="U1", items=())
HELP = d.HelpBegun(**AT, unit="U1")
RELEASED = d.TeamReleased(**AT, unit="U1", spell=1, team=TEAM, served_days=500)
REQUEST = c.RequestExit(body="township", **AT, requested_by="镇")
NOTICE = c.PostNotice(body="township", **AT, posted_by="镇")
OBJECT = c.RaiseObjection(**AT, objection=1, ground="收入不实")
DISMISS = c.DecideObjection(body="county", **AT, objection=1, upheld=False, decided_by="县扶贫办")
UPHOLD = c.DecideObjection(body="county", **AT, objection=1, upheld=True, decided_by="县扶贫办")
APPROVE = c.ApproveExit(body="county", **AT, approved=True, decided_by="县政府")
DELIST = (
    APPROVE,
    again(APPROVE, step="announce", decided_by="县政府公告"),
    again(APPROVE, step="file", decided_by="县扶贫办备案"),
)
"""The exit is approved, announced and filed."""
REFUSE = c.ApproveExit(body="county", **AT, approved=False, decided_by="县政府")
MEASURES = c.DecideMeasures(body="county", **AT, measures="发展产业，逐户落实帮扶措施", decided_by="县政府")
LISTED_AGAIN = (
    r.VillageRelapsed(**AT, unmet=(), decided_by="县政府"),
    r.VillageListed(**AT, spell=2),
)
"""What journals of earlier versions tell of a village that was put on the list again."""
UNIT = c.RegisterUnit(place=CITY, unit="U1", name="市交通局", level="city", department="交通", strength=80)
CADRE = c.RegisterCadre(
    place=CITY,
    cadre="C1",
    unit="U1",
    name="王某",
    rank="deputy_division",
    party_member=True,
    work_since=date(2001, 7, 1),
    born_on=date(1979, 3, 2),
    reserve=True,
    ties=("210521100202", VILLAGE),
)
