"""A village on its journey: onto the list, through its yearly measurements, and after the exit under monitoring.

The stage moves by `shared.contracts.journey` alone. A command's rule decides, changes data and tells an event; the
event, like those of the other services, then moves the stage. The way off the list is in `exit.py`.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from services.registry.model.commands import (
    ConfirmRelapse,
    RecordHouseholds,
    RecordSurvey,
    ReopenYear,
)
from services.registry.model.procedure import Carrier, Proceeding
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
    VillageRelapsed,
    YearClosed,
    YearReopened,
)
from shared.policy import Policy, Step
from shared.rules import Change, Due, Refused, Task, addressed, require_body

EXIT_RULE = "rules §2"
"""What the way off the list rests on."""
LISTED = ("listed", "diagnosed", "matched", "assigned", "pledged", "helped", "requested", "verified", "noticed")
"""The stages in which a village stands on the poverty list."""
LEFT = ("delisted", "released")
"""The stages in which it has left the list and is watched."""
LONGEST_REOPENING = timedelta(90)
"""For how long a closed year can be open again: long enough for a recount, and over before the next year's figures."""
ENDED = {
    "merged": ("已并入村{}", "it was merged into {}"),
    "withdrawn": ("登记已撤销", "its registration was withdrawn"),
}
"""The stages in which it is no village any more, with what is said about it."""


class Alias(msgspec.Struct, frozen=True):
    """A division code of the village, and the day from which it is valid."""

    code: str
    since: date


class Exit(Proceeding, frozen=True, kw_only=True, omit_defaults=True):
    """The exit procedure. It is there from the request until the village leaves or stays."""

    drawn: bool = False
    """Whether the households that are visited for it have been drawn."""


class Village(Carrier, frozen=True, kw_only=True):
    """A village, its place in the journey, and what its way off the list still lacks."""

    kind = "villages"
    hides = '"ground":'
    carries = "exit"
    actions = MappingProxyType({"notice": "notices", "decide": "approvals"})
    name: str
    township: str
    population: int
    document: str = ""
    """The document that put it on the list."""
    codes: tuple[Alias, ...] = ()
    """Its division codes by date; the last is today's, the first is the id."""
    stage: str = ""
    since: date
    """The day on which it entered its stage."""
    spell: int = 0
    """How often it has been put on the list."""
    obstacles: tuple[str, ...] = ()
    """The rules for which the last matching found no unit for it."""
    facts: int = 0
    """The latest year for which there are household facts."""
    owed: tuple[int, ...] = ()
    """Years whose measurement has opened and is still awaited; none is ever skipped."""
    measured: int = 0
    """The latest year that was measured, with its `values` and what was `unmet`."""
    values: dict[str, float] = msgspec.field(default_factory=dict)
    unmet: tuple[Unmet, ...] = ()
    spent: int = 0
    """The year on whose measurement a verification failed: the next request needs a later one."""
    exit: Exit | None = None
    delisted_on: date | None = None
    left_by: int = 0
    """The year by whose figures it left the list."""
    reopened: tuple[int, ...] = ()
    """Closed years that are open for corrections for the time being."""
    taken_over: str = ""
    """Who decided that it was taken over with its earlier dates; empty where it began here."""
    issued_by: str = ""
    """The county's organ that gave it its code; empty where the statistics bureau did."""
    issue_document: str = ""
    into: str = ""
    """The village that it was merged into."""
    designated: tuple[str, ...] = ()
    """Units that a superior designated for it at some time."""
    matters: tuple[str, ...] = ()
    """Matters that it has begun to decide."""
    predecessors: tuple[str, ...] = ()
    """Villages that were merged into it, or the one that it was split from: their journals tell what was before."""

    @property
    def status(self) -> str:
        return self.stage

    @property
    def awaits(self) -> bool:
        return bool(self.owed or self.exit or self.can_leave or self.may_have_relapsed)

    @property
    def names(self) -> dict[str, Any]:
        """How commands name it."""
        return {"place": self.place, "village": self.id}

    def check(self, command: Command) -> None:
        """It stands in the division that the command names."""
        standing(self, command)

    def rests_on(self, _step: Step | None) -> str:
        """The rule that a step of the exit rests on."""
        return EXIT_RULE

    def detail(self, of: object) -> str:
        """Objections have numbers; there is one exit."""
        return str(of) if isinstance(of, int) else ""

    @property
    def can_leave(self) -> bool:
        """Whether the township can ask for the exit: the latest measurement is there, unused, and meets everything."""
        return self.stage == "helped" and not self.owed and not self.unmet and self.measured > self.spent

    @property
    def may_have_relapsed(self) -> bool:
        """Whether monitoring found missed criteria on which nobody has decided yet."""
        return self.stage in LEFT and bool(self.unmet)

    def next_measurement(self, policy: Policy, after: date) -> date | None:
        """The next day on which a measurement opens; None once the monitoring after the exit has ended."""
        if self.delisted_on is None:
            return policy.exit.measure_from.next_after(after)
        review = policy.exit.monitor_on.next_after(after)
        return review if review <= policy.exit.monitor_for.after(self.delisted_on, policy.calendar) else None

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """What is awaited now; a step that has to wait for another is not a task yet."""
        for year in () if self.exit else self.owed:
            facts_first = "households" if year > self.facts else "measurements"
            if self.stage in LEFT:
                due, detail = policy.exit.monitor_on.of(year), f"monitor {year}"
                yield self._task(facts_first, "poverty_office", due, "1.18", detail, year=year)
            else:
                due = policy.exit.measure_by.of(year)
                yield self._task(facts_first, "township", due, "1.18", str(year), year=year)
        if self.can_leave:
            yield self._task("exit-requests", "township", body="township")
        if self.may_have_relapsed:
            yield self._task("relapse-decisions", "county", detail=str(self.measured), body="county")
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
        said = {"place": self.place, "village": self.id, **answer}
        return Task(action=action, about=self.id, role=role, due=due, rule=rule, detail=detail, answer=said)

    def not_now(self, zh: str, en: str, rule: str = EXIT_RULE) -> Refused:
        """The refusal of what the village's stage does not allow."""
        stage = STAGES[self.stage]
        return Refused(rule, f"{zh}；该村现处于“{stage[0]}”阶段", f"{en}; the village's stage is '{stage[1]}'")


def standing(village: Village | None, command: Command) -> Village:
    """The village that a command names, if it lies in the division named as well and has not ended."""
    return not_ended(addressed(village, command))


def not_ended(village: Village) -> Village:
    """The village, if it has not ended."""
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
    """The village, if its figures may change: they stand still from the request for an exit until it is decided."""
    village = standing(village, command)
    if village.exit is not None:
        raise village.not_now(
            "出列申请正在核查、公示或审批，人口、农户信息和指标不能更改；"
            "确有错误的，由扶贫部门更正出列依据，出列程序随之退回",
            "an exit is being judged by population, household facts and indicators, so that they stand still; where "
            "they are wrong, use figure-corrections, which leads the exit back",
            "1.18",
        )
    return village


def check_unjudged(village: Village | None, command: Command, _policy: Policy, _today: date) -> Change:
    """The village's own part in commands that change its figures."""
    return Change(unjudged(village, command))


def check_address(village: Village | None, command: Command, _policy: Policy, _today: date) -> Change:
    """The village's own part in commands that its survey or its register carries out."""
    return Change(standing(village, command))


def moved(village: Village | None, event: Event, _policy: Policy, today: date) -> Change:
    """The journey decides whether an event moves the village; a late or repeated one, or another spell's, does not."""
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
    """A matching found no unit: what stood in the way belongs to the answer to "why not yet?"."""
    if village is None or village.stage != "diagnosed":
        return Change(village)
    return Change(village.but(obstacles=tuple(sorted(set(event.obstacles.values())))))


def noted(village: Village | None, command: RecordHouseholds | RecordSurvey, _policy: Policy, _today: date) -> Change:
    """The village knows for which year there are household facts, since the measurement waits for them."""
    if command.facts_year:
        village = unjudged(village, command)
    village = standing(village, command)
    return Change(village.but(facts=max(village.facts, command.facts_year)))


def delisted(village: Village, event: VillageDelisted, policy: Policy, today: date) -> Change:
    """The village has left the list; if that was earlier, it is watched from that day on."""
    if event.since:
        village = village.but(delisted_on=event.since)
        village = village.timed(measure=village.next_measurement(policy, today))
    return moved(village, event, policy, today)


def reopen(village: Village | None, command: ReopenYear, _policy: Policy, today: date) -> Change:
    """A closed year's figures can be corrected for a time. What was decided by them stands, and is said."""
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
    event = YearReopened(
        place=village.place,
        village=village.id,
        year=command.year,
        until=command.until,
        delisted_on=village.delisted_on if command.year == village.left_by else None,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(village, (event,))


def reopened(village: Village, event: YearReopened, _policy: Policy, _today: date) -> Change:
    """Its figures can change."""
    return Change(village.but(reopened=tuple(sorted({*village.reopened, event.year}))))


def closed(village: Village, event: YearClosed, _policy: Policy, _today: date) -> Change:
    """Its figures stand again."""
    return Change(village.but(reopened=tuple(year for year in village.reopened if year != event.year)))


def measure_again(village: Village, event: MeasurementWithdrawn, _policy: Policy, _today: date) -> Change:
    """A measurement that was a mistake is awaited again."""
    owed = tuple(sorted({*village.owed, event.year}))
    if event.year != village.measured:
        return Change(village.but(owed=owed))
    return Change(village.but(owed=owed, measured=event.year - 1, values={}, unmet=()))


def open_year(village: Village, due: Due, policy: Policy, _today: date) -> Change:
    """A year's measurement opens, and stays open until it is made; a year whose day was missed opens all the same.

    After a relapse in the middle of a year that year has been measured already, and can only be corrected.
    """
    year = due.on.year
    owed = tuple(sorted({*village.owed, year})) if year > village.measured else village.owed
    return Change(village.but(owed=owed).timed(measure=village.next_measurement(policy, due.on)))


def measured(village: Village, event: IndicatorsMeasured, _policy: Policy, _today: date) -> Change:
    """A year's figures are in. After the exit they either confirm it, or ask a body whether it is a relapse.

    They may be corrected as long as the village is on the list, or while that question is open.
    """
    year, left = event.year, village.stage in LEFT
    correctable = year <= village.measured and village.stage in LISTED
    if not (
        year in village.owed
        or correctable
        or year in village.reopened
        or (village.may_have_relapsed and year == village.measured)
    ):
        raise village.not_now(
            f"{year}年度指标不在测算期内，或已据此作出决定，不能录入或更改",
            f"the measurement of {year} is not open, or has been decided upon, so that it cannot be entered or changed",
            "1.18",
        )
    reviewed = year in village.owed or village.may_have_relapsed
    village = village.but(owed=tuple(y for y in village.owed if y != year))
    if year >= village.measured:
        village = village.but(measured=year, values=event.values, unmet=event.unmet)
    if not left or event.unmet or not reviewed:
        return Change(village)
    return Change(village, (VillageMonitored(place=village.place, village=village.id, year=year, values=event.values),))


# ------------------------------------------------------------ after the exit


def confirm_relapse(village: Village | None, command: ConfirmRelapse, _policy: Policy, _today: date) -> Change:
    """A named body decides on missed criteria; a relapse puts the village on the list again, a new spell."""
    village = standing(village, command)
    require_body(command.body, "county", EXIT_RULE)
    if not village.may_have_relapsed:
        raise village.not_now(
            "监测未发现指标回落，无需作出处理决定", "monitoring found no missed criteria to decide on"
        )
    if command.relapsed:
        return Change(
            village,
            (
                VillageRelapsed(
                    place=village.place, village=village.id, unmet=village.unmet, decided_by=command.decided_by
                ),
                VillageListed(place=village.place, village=village.id, spell=village.spell + 1),
            ),
        )
    event = VillageMonitored(
        place=village.place,
        village=village.id,
        year=village.measured,
        values=village.values,
        unmet=village.unmet,
        decided_by=command.decided_by,
    )
    return Change(village.but(unmet=()), (event,))
