"""Whatever happens in whatever order: nobody is in two teams, and all that know a team know the same one."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.dispatch.model.commands import (
    ChooseTeam,
    ReportDeparture,
    RetainMember,
    TakeOver,
    WithdrawAssignment,
    WithdrawMatch,
)
from services.dispatch.model.link import OUT, Link, id_of
from services.dispatch.model.pool import Pool
from shared.contracts.dispatch import (
    AssignmentWithdrawn,
    MatchWithdrawn,
    Member,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    PoolChanged,
    PoolDivided,
    TeamAssigned,
    TeamChosen,
    TeamDisbanded,
)
from shared.contracts.incentives import OutcomeExpired
from shared.contracts.registry import VillageRecoded
from shared.rules import Refused
from tests.dispatch.benxi import (
    AWAY,
    CITY,
    HOME,
    START,
    V1,
    V2,
    V3,
    Benxi,
    after,
    cadre,
    delisted,
    diagnosed,
    merged,
    own_pack,
    recalled,
    relapsed,
    unit,
    unlisted,
)

VILLAGES, UNITS = (V1, V2, V3, "210522100202"), ("U1", "U2", "U3")
CADRES = [f"C-{of}-{n}" for of in UNITS for n in range(4)]


class Turmoil(Benxi):
    """A city and a county in it where anything may happen; what the rules forbid is refused."""

    def __init__(self, chance: Random, most: int = 1) -> None:
        super().__init__(
            team={"keep_after_exit": {"calendar_days": 5}, "each_target": 2, "each_bearer": {"at_most": most}}
        )
        self.most, self.chance, self.spells = most, chance, Counter[str]()
        for of in UNITS:
            self.hear(unit(of), *(cadre(id, of, "deputy_division") for id in CADRES if f"-{of}-" in id))
        for village in VILLAGES[:3]:
            self.diagnose(village)

    def step(self) -> None:
        """Something happens, or is refused."""
        village, of = self.chance.choice(VILLAGES), self.chance.choice(UNITS)
        state = self.dispatch.states.get((Link, id_of(village)))
        members = [member.cadre for member in state.team] if isinstance(state, Link) else []
        id = self.chance.choice([*members, *members, self.chance.choice(CADRES)])
        with suppress(Refused):
            self.chance.choice(self.happenings(village, of, id))()

    def happenings(self, village: str, of: str, id: str) -> list[Callable[[], None]]:
        place, other = self.place(village), self.chance.choice([v for v in VILLAGES if v != village])
        some = self.chance.choice([CADRES, *[[id for id in CADRES if f"-{of}-" in id]] * 5])
        team = tuple(Member(c, "leader" if n == 0 else "member") for n, c in enumerate(self.chance.sample(some, 2)))
        own = self.chance.choice([(), team])
        jurisdiction = self.chance.choice((CITY, HOME))
        matching = f"m{self.heard}-{len(self.world.facts)}"
        return [
            *[lambda: self.solve(matching, jurisdiction)] * 3,
            *[lambda: self.answer("assignments")] * 2,
            *[lambda: self.send(ChooseTeam, village, unit=of, team=own, place=place)] * 3,
            lambda: self.send(WithdrawMatch, village, place=place),
            lambda: self.send(WithdrawAssignment, village, place=place),
            *[lambda: self.send(ReportDeparture, village, cadre=id, cause="ill", place=place)] * 2,
            lambda: self.send(RetainMember, village, cadre=id, place=place),
            *[lambda: self.answer("replacements")] * 2,
            lambda: self.send(TakeOver, village, unit=of, team=team, since=START, term_start=START, place=place),
            *[lambda: self.hear(recalled(id, village))] * 2,
            lambda: self.hear(after(recalled(id, village), OutcomeExpired)),
            lambda: self.hear(cadre(id, of, "deputy_division", left=id[2:4] if id[2:4] != of else None)),
            lambda: self.hear(unit(of, place=self.chance.choice((CITY, HOME)))),
            lambda: self.diagnose(village),
            lambda: self.hear(replace(delisted(village), place=place)),
            lambda: self.hear(replace(relapsed(village), place=place)),
            lambda: self.hear(replace(unlisted(village), place=place)),
            lambda: self.merge(village, other),
            lambda: self.recode(village),
            lambda: own_pack(self),
            lambda: self.until(self.today + timedelta(self.chance.choice((1, 6)))),
        ]

    def place(self, village: str) -> str:
        state = self.dispatch.states.get((Link, id_of(village)))
        return state.place if state else village[:6]

    def diagnose(self, village: str) -> None:
        self.spells[village] += 1
        self.hear(replace(diagnosed(village, spell=self.spells[village]), place=self.place(village)))

    def merge(self, village: str, into: str) -> None:
        place = self.place(village)
        if place == self.place(into):
            self.hear(replace(merged(village, into), place=place, into_place=place))

    def recode(self, village: str) -> None:
        place = self.place(village)
        code = f"{AWAY if place == HOME else HOME}{village[6:]}"
        self.hear(VillageRecoded(place=place, village=village, code=code, since=date(2014, 7, 1)))

    def answer(self, action: str) -> None:
        for task in self.tasks(action):
            with suppress(Refused):
                if action == "assignments":
                    self.assign(task.about)
                else:
                    self.replace(task.detail, self.chance.choice(CADRES), task.about, self.place(task.about))

    def hold(self) -> None:
        """What must be true at any time."""
        teams = [state for state in self.dispatch.states.values() if isinstance(state, Link)]
        out = [state for state in teams if state.stage in (*OUT, "matched")]
        in_teams = {(member.cadre, state.unit) for state in out for member in state.team}
        cadres = Counter(cadre for cadre, _ in in_teams)
        assert cadres.total() == len(cadres), f"in two teams: {cadres.most_common(2)}"
        units = Counter(state.unit for state in out)
        assert all(villages <= self.most for villages in units.values()), f"in too many: {units.most_common(2)}"
        assert len({(state.unit, state.team) for state in out}) == len(units), "a unit has two teams out"
        known = {state.village: (state.unit, {m.cadre: m.role for m in state.team}) for state in out}
        pools = [state for state in self.dispatch.states.values() if isinstance(state, Pool)]
        for pool in pools:
            for village, team in pool.teams.items():
                assert known.get(village) == (team.unit, team.members), f"{pool.id} knows another team of {village}"
            assert not pool.needs.keys() & known.keys()
        assert known.keys() <= {village for pool in pools for village in pool.teams}
        waiting = [state.village for state in teams if state.status == "diagnosed"]
        assert sorted(waiting) == sorted(village for pool in pools for village in pool.needs), "no need is lost"


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1_000_000), st.integers(10, 50), st.integers(1, 2))
@example(45, 40, 1)
@example(292, 40, 1)
@example(213, 34, 2)  # A member of a team that may serve a second village is registered with another unit.
def test_nobody_is_ever_in_two_teams_and_no_need_is_lost(seed: int, steps: int, most: int) -> None:
    turmoil = Turmoil(Random(seed), most)
    for _ in range(steps):
        turmoil.step()
        turmoil.hold()


def test_the_turmoil_is_worth_its_name() -> None:
    said: set[type] = set()
    for seed in range(25):
        turmoil = Turmoil(Random(seed))
        for _ in range(40):
            turmoil.step()
        said |= {type(fact.event) for fact in turmoil.world.facts}
    assert said >= {
        TeamAssigned, TeamChosen, TeamDisbanded, MemberRecalled, MemberLeft, MemberReplaced, MatchWithdrawn,
        AssignmentWithdrawn, PoolChanged, PoolDivided,
    }  # fmt: skip
