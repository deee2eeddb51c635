"""A village on its journey: onto the list, through its yearly measurements, and after the exit under monitoring.

Only the table in `shared.contracts.journey` moves a village from stage to stage. A command's rule decides, changes data
and returns an event, and then this event moves the stage, just as other services' events do: `RequestExit` makes
`registry.exit.requested`, which moves the village from `helped` to `requested`. The way off the list is in `exit.py`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Self

import msgspec

from services.registry.model.commands import (
    DecideMeasures,
    MeasureIndicators,
    RecordHouseholds,
    RecordSurvey,
    ReopenYear,
)
from services.registry.model.measurement import check_year
from services.registry.model.procedure import Carrier
from services.registry.model.proceeding import Proceeding
from services.registry.model.register import Register
from shared.contracts import Command, Event
from shared.contracts.dispatch import NeedUnmet
from shared.contracts.journey import STAGES, next_stage
from shared.contracts.registry import (
    IndicatorsMeasured,
    MeasurementWithdrawn,
    Unmet,
    VillageDelisted,
    VillageListed,
    VillageMonitored,
    YearClosed,
    YearReopened,
)
from shared.policy import Policy, Step
from shared.rules import Change, Due, Key, Refused, State, Task, addressed, require_body

EXIT_RULE = "5.1"
"""The rule that refusals about measurement and exit cite."""
LISTED = ("listed", "diagnosed", "matched", "assigned", "pledged", "helped", "requested", "verified", "noticed")
"""The stages in which a village stands on the poverty list."""
LEFT = ("delisted", "released")
"""The stages in which a village has left the list and is monitored."""
LONGEST_REOPENING = timedelta(90)
"""The longest time for which a closed year can be reopened at once. No document and no pack says it: whoever decides
names the day. It is a bound of this program, so that a slip in a date (2026 for 2016) leaves no year open for good. It
is enough for a recount, and a year can be reopened again."""
ENDED = {
    "merged": ("已并入村{}", "it was merged into {}"),
    "withdrawn": ("登记已撤销", "its registration was withdrawn"),
}
"""The stages in which a village has ended, each with the words for it in Chinese and English."""


class Alias(msgspec.Struct, frozen=True):
    """A division code of the village, and the day from which it is valid."""

    code: str
    since: date


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a village or an organisation is on a list beside the poverty list, as its own state keeps it."""

    kind: str
    """The list, as the pack names it."""
    spell: int
    since: date
    document: str
    until: date | None = None
    party: str | None = None
    """The organisation of the village that is on it; None if it is the village itself."""
    mode: str | None = None
    """In which of the list's modes it is; None where it has none."""


class Exit(Proceeding, frozen=True, kw_only=True, omit_defaults=True):
    """The exit procedure of a village, from the request until it has left the list or the attempt has ended."""

    drawn: bool = False
    """Whether the households to visit for the verification have been drawn."""
    decided_by: str = ""
    """The body of the latest approval; empty before the first one."""


class Village(Carrier, frozen=True, kw_only=True):
    """A village, its stage in the journey, and what it still lacks to leave the list."""

    kind = "villages"
    known_as = ("村登记信息", "the entry of a village")
    carries = "exit"
    opened_by = "exit-requests"
    actions = MappingProxyType(
        {"notice": "notices", "ask": "words", **dict.fromkeys(("decide", "publish", "act"), "approvals")}
    )
    name: str
    township: str
    population: int
    document: str = ""
    """The document that put it on the list."""
    codes: tuple[Alias, ...] = ()
    """Its division codes in order of date. The first is its id, the last is today's code."""
    stage: str = ""
    since: date
    """The day on which it entered its stage."""
    spell: int = 0
    """How often it has been put on the list: 1 at first, 2 after a relapse."""
    obstacles: tuple[str, ...] = ()
    """The rules that kept units from this village in the last matching; empty if it got a unit."""
    facts: int = 0
    """The latest year for which there are household facts."""
    owed: tuple[int, ...] = ()
    """Years whose measurement is open and still awaited. A missed year stays here until it is measured."""
    measured: int = 0
    """The latest year that was measured. `unmet` has the criteria that it misses."""
    measured_on: date | None = None
    """The day on which its latest figures came in. None for figures from before this was noted."""
    values: dict[str, float] = msgspec.field(default_factory=dict)
    unmet: tuple[Unmet, ...] = ()
    spent: int = 0
    """The year whose figures a failed verification rested on. The next request needs a later year's figures."""
    exit: Exit | None = None
    delisted_on: date | None = None
    left_by: int = 0
    """The year whose figures let it leave the list."""
    reopened: tuple[int, ...] = ()
    """Closed years that were reopened and can be corrected."""
    taken_over: str = ""
    """Who decided to take it over with its earlier dates; empty if its work began in this system."""
    issued_by: str = ""
    """The county's organ that gave it its code; empty if the statistics bureau did."""
    issue_document: str = ""
    into: str = ""
    """The village that it was merged into."""
    designated: tuple[str, ...] = ()
    """The units that a superior has ever designated for it."""
    matters: tuple[str, ...] = ()
    """Matters that it has begun to decide."""
    listings: dict[str, Held] = msgspec.field(default_factory=dict)
    """By id, its places on lists beside the poverty list, and those of its organisations."""
    predecessors: tuple[str, ...] = ()
    """Villages that were merged into it, or the one from which it was split. Their events tell its earlier history."""

    @property
    def status(self) -> str:
        return self.stage

    @property
    def awaits(self) -> bool:
        return bool(self.owed or self.exit or self.can_leave or self.falls_short)

    @property
    def names(self) -> dict[str, Any]:
        """How commands name it."""
        return {"place": self.place, "village": self.id}

    def check(self, command: Command) -> None:
        """Refuse a command that names another division than the one in which the village lies."""
        standing(self, command)

    def rests_on(self, _step: Step | None) -> str:
        """The rule that a step of the exit rests on."""
        return EXIT_RULE

    def detail(self, of: object) -> str:
        """Only the numbers of objections distinguish tasks: a village has one exit at a time."""
        return str(of) if isinstance(of, int) else ""

    @property
    def can_leave(self) -> bool:
        """Whether the township can ask for the exit: the latest figures meet all criteria, and no verification by them
        has failed."""
        return self.stage == "helped" and not self.owed and not self.unmet and self.measured > self.spent

    @property
    def falls_short(self) -> bool:
        """Whether the village missed criteria after its exit and nobody has decided yet what is done about it."""
        return self.stage in LEFT and bool(self.unmet)

    def next_measurement(self, policy: Policy, after: date) -> date:
        """The next day on which a measurement may open: for a review while it is monitored after its exit, else for the
        yearly figures."""
        review = policy.exit.monitor_on.next_after(after)
        return review if self.watched_in(review.year, policy) else policy.exit.measure_from.next_after(after)

    def watched_in(self, year: int, policy: Policy) -> bool:
        """Whether the review of a year lies within the monitoring after the exit."""
        if self.delisted_on is None:
            return False
        return policy.exit.monitor_on.of(year) <= policy.exit.monitor_for.after(self.delisted_on, policy.calendar)

    @property
    def exited(self) -> Mapping[str, str]:
        """Its last exit, as a reason why something cannot be taken back, in Chinese and English."""
        on = self.delisted_on
        return {f"{on}的出列决定": f"the exit decided on {on}"} if on else {"出列决定": "the decision on the exit"}

    def expecting(self, policy: Policy, today: date) -> Self:
        """The village with a day on which its yearly measurement opens."""
        return self if "measure" in self.timers else self.timed(measure=self.next_measurement(policy, today))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """What people are to do for the village now. A step that must wait for another one is no task yet."""
        for year in () if self.exit else self.owed:
            facts_first = "households" if self.spell and year > self.facts else "measurements"
            if self.stage in LEFT and self.watched_in(year, policy):
                due, detail = policy.exit.monitor_on.of(year), f"monitor {year}"
                yield self._task(facts_first, "poverty_office", due, "1.18", detail, year=year)
            else:
                due = policy.exit.measure_by.of(year)
                yield self._task(facts_first, "township", due, "1.18", str(year), year=year)
        told = max(self.since, self.measured_on or self.since)
        if self.can_leave:
            due = policy.exit.request_by.due(told, policy.calendar)
            yield self._task("exit-requests", "township", due, body="township")
        if self.falls_short:
            due = policy.exit.relapse_by.due(told, policy.calendar)
            yield self._task("fallback-measures", "county", due, detail=str(self.measured), body="county")
        yield from self.awaited()

    def _task(
        self,
        action: str,
        role: str,
        due: date | None = None,
        rule: str = EXIT_RULE,
        detail: str = "",
        **answer: str | int,
    ) -> Task:
        said = {**self.names, **answer}
        return Task(action=action, about=self.id, role=role, due=due, rule=rule, detail=detail, answer=said)

    def not_now(self, zh: str, en: str, rule: str = EXIT_RULE) -> Refused:
        """The refusal of what the village's stage does not allow."""
        stage = STAGES[self.stage]
        return Refused(rule, f"{zh}；该村现处于“{stage[0]}”阶段", f"{en}; the village's stage is '{stage[1]}'")


def standing(village: Village | None, command: Command) -> Village:
    """The village of a command. Raises Refused if it is unknown, has ended, or lies in another division than named."""
    return not_ended(addressed(village, command))


def not_ended(village: Village) -> Village:
    """The village. Raises Refused if it has ended."""
    if village.stage in ENDED:
        zh, en = ENDED[village.stage]
        raise Refused(
            "identity",
            f"村{village.id}{zh.format(village.into)}，不能再办理",
            f"nothing more is done about village {village.id}: {en.format(village.into)}",
            field="village",
        )
    return village


def unjudged(village: Village | None, command: Command) -> Village:
    """The village. Raises Refused if its figures may not change: from the request for an exit until its decision."""
    village = standing(village, command)
    if village.exit is not None:
        raise village.not_now(
            "出列申请正在核查、公示或审批，人口、农户信息和指标不能更改；"
            "确有错误的，由扶贫部门更正出列依据，出列程序随之终止，可重新申请",
            "an exit is being judged by population, household facts and indicators, so that they stand still; where "
            "they are wrong, use figure-corrections, which ends the exit; it may be asked for again",
            "1.18",
        )
    return village


def check_unjudged(village: Village | None, command: Command, _policy: Policy, _today: date) -> Change:
    """Refuse a command that changes figures while an exit is judged by them. The register carries the command out."""
    return Change(unjudged(village, command))


def may_measure(village: Village | None, command: MeasureIndicators, policy: Policy, _today: date) -> Change:
    """Refuse figures of a listed village before its household facts, from which the incidence follows (1.18)."""
    village = unjudged(village, command)
    check_year(command.year, policy)
    if village.spell and not village.facts:
        raise village.not_now(
            f"没有{command.year}年度的农户信息，无法计算贫困发生率，请先录入",
            f"there are no household facts of {command.year} to compute incidence from; record them first",
            "1.18",
        )
    return Change(village)


def check_address(village: Village | None, command: Command, _policy: Policy, _today: date) -> Change:
    """Refuse a command about an unknown or ended village or another division's. Another state carries it out."""
    return Change(standing(village, command))


def moved(village: Village | None, event: Event, _policy: Policy, today: date) -> Change:
    """Move the village as the journey says. An event that is late, repeated or of an earlier spell moves nothing."""
    if village is None or getattr(event, "spell", village.spell) != village.spell:
        return Change(village)
    stage = next_stage(village.stage, event)
    if stage == village.stage:
        return Change(village)
    since: date = getattr(event, "since", None) or today
    return Change(village.but(stage=stage, since=since, obstacles=()))


# ------------------------------------------------------------- on the list


def listed(village: Village, event: VillageListed, policy: Policy, today: date) -> Change:
    """A spell on the list begins, and with it the yearly measurement."""
    begun = village.but(spell=event.spell, delisted_on=None)
    return moved(begun.timed(measure=begun.next_measurement(policy, today)), event, policy, today)


def unmatched(village: Village | None, event: NeedUnmet, _policy: Policy, _today: date) -> Change:
    """A matching found no unit. Note what stood in the way, for the answer to "why not yet?"."""
    if village is None or village.stage != "diagnosed":
        return Change(village)
    return Change(village.but(obstacles=tuple(sorted(set(event.obstacles.values())))))


def noted(village: Village | None, command: RecordHouseholds | RecordSurvey, _policy: Policy, _today: date) -> Change:
    """Note the latest year with household facts, since that year's measurement waits for them."""
    if command.facts_year:
        village = unjudged(village, command)
    village = standing(village, command)
    return Change(village.but(facts=max(village.facts, command.facts_year)))


def delisted(village: Village, event: VillageDelisted, policy: Policy, today: date) -> Change:
    """The village has left the list. The event of an earlier exit (taken over, or before a split) names its day."""
    if event.since:
        village = village.but(delisted_on=event.since)
        village = village.timed(measure=village.next_measurement(policy, today))
    return moved(village, event, policy, today)


def reopen(
    village: Village | None, command: ReopenYear, _policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Open a closed year for corrections for a time. If the village left the list by its figures, the event says so.

    The exit itself stands. If the year is open until that day already, nothing changes.
    """
    village = unjudged(village, command)
    if command.year > today.year:
        raise village.not_now(f"{command.year}年尚未到来", f"the year {command.year} has not come yet", "1.18")
    if not today < command.until <= today + LONGEST_REOPENING:
        raise Refused(
            "1.18",
            f"重开期限应当晚于今天（{today}），至多{LONGEST_REOPENING.days}天",
            f"the year can be open until a day after today, {today}, and for {LONGEST_REOPENING.days} days at most",
            field="until",
            status=422,
        )
    register = others[Register, command.village]
    if isinstance(register, Register) and register.reopened.get(str(command.year)) == command.until:
        return Change(village)
    event = YearReopened(
        **village.names,
        year=command.year,
        until=command.until,
        delisted_on=village.delisted_on if command.year == village.left_by else None,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(village, (event,))


def reopened(village: Village, event: YearReopened, _policy: Policy, _today: date) -> Change:
    """The year can be corrected."""
    return Change(village.but(reopened=tuple(sorted({*village.reopened, event.year}))))


def closed(village: Village, event: YearClosed, _policy: Policy, _today: date) -> Change:
    """The year can no longer be corrected."""
    return Change(village.but(reopened=tuple(year for year in village.reopened if year != event.year)))


def measure_again(village: Village, event: MeasurementWithdrawn, _policy: Policy, _today: date) -> Change:
    """A measurement was withdrawn, so it is awaited again."""
    owed = tuple(sorted({*village.owed, event.year}))
    if event.year != village.measured:
        return Change(village.but(owed=owed))
    return Change(village.but(owed=owed, measured=event.year - 1, values={}, unmet=()))


def open_year(village: Village, due: Due, policy: Policy, _today: date) -> Change:
    """Open a year's measurement, which then is awaited until it is made. A year whose day was missed opens late.

    A year that was measured before the village was listed anew does not open again: its figures can only be
    corrected. A village that was never on the list owes figures only where the region takes indicators of every
    village.
    """
    year, owed = due.on.year, village.owed
    listed = bool(village.spell) and village.delisted_on is None
    if year > village.measured and (listed or village.watched_in(year, policy) or policy.indicators):
        owed = tuple(sorted({*owed, year}))
    return Change(village.but(owed=owed).timed(measure=village.next_measurement(policy, due.on)))


def measured(village: Village, event: IndicatorsMeasured, policy: Policy, today: date) -> Change:
    """Note a year's figures. After the exit, missed criteria make it a body's task to decide on measures.

    They may be corrected before the village leaves the list, after the exit until that decision, and while their year
    is reopened.
    """
    year, left = event.year, village.stage in LEFT
    correctable = year <= village.measured and village.stage in ("registered", *LISTED)
    if not (
        year in village.owed
        or correctable
        or year in village.reopened
        or (village.falls_short and year == village.measured)
    ):
        raise village.not_now(
            f"{year}年度指标不在测算期内，或已据此作出决定，不能录入或更改",
            f"the measurement of {year} is not open, or has been decided upon, so that it cannot be entered or changed",
            "1.18",
        )
    reviewed = year in village.owed or village.falls_short
    village = village.but(owed=tuple(y for y in village.owed if y != year))
    if year >= village.measured:
        missed = event.unmet if not left or village.watched_in(year, policy) else ()
        village = village.but(measured=year, measured_on=today, values=event.values, unmet=missed)
    if not left or event.unmet or not reviewed or not village.watched_in(year, policy):
        return Change(village)
    return Change(village, (VillageMonitored(**village.names, year=year, values=event.values),))


# ------------------------------------------------------------ after the exit


def decide_measures(village: Village | None, command: DecideMeasures, _policy: Policy, _today: date) -> Change:
    """A named body decides what is done about criteria that a village misses after its exit. It stays off the list.

    No document lets anybody put a village back on the list (只有农户返贫，没有村返贫): measures help the village, and
    households at risk are watched (`monitoring.py`).
    """
    village = standing(village, command)
    require_body(command.body, "county", EXIT_RULE)
    if not village.falls_short:
        raise village.not_now(
            "监测未发现指标回落，无需研究帮扶措施", "monitoring found no missed criteria to decide on"
        )
    event = VillageMonitored(
        **village.names,
        year=village.measured,
        values=village.values,
        unmet=village.unmet,
        measures=command.measures,
        decided_by=command.decided_by,
    )
    return Change(village.but(unmet=()), (event,))
