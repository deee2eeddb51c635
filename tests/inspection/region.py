"""A region whose teams are inspected, and its officers, for the tests of the inspection's rules."""

import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.world import Service, World
from services.inspection.model.assessment import Assessment
from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import (
    ConfirmGrade,
    DeliverReport,
    GiveSeed,
    HoldBallot,
    PostSeedHash,
    RecordVisit,
)
from services.inspection.reactions import DUE, REACTIONS
from shared.contracts import Command, Event
from shared.contracts.dispatch import Member, TeamAssigned, TeamReleased
from shared.contracts.inspection import Body, CampaignCommitted, SeedCommitted
from shared.contracts.registry import PolicyAdopted
from shared.draws import BODIES
from shared.policy import Campaign as Terms
from shared.rules import Refused, State, Task

PACKS = {
    name: tomllib.loads((Path(__file__).parents[2] / f"shared/policy/packs/{name}.toml").read_text())
    for name in ("benxi", "zunyi")
}
BENXI, ZUNYI = PACKS["benxi"], PACKS["zunyi"]
VILLAGE = "210521100200"
KEY = {"kind": "key_village", "label": "重点村", "rule": "S3", "of": "village", "by": "county", "unlisted_by": "county"}
"""A list of a pack."""
ANNUAL, HALF_YEAR = "2105-annual-2015-12-01", "2105-half_year-2015-06-20"


def share(round: str, body: str) -> str:
    """A body's share of a draw's seed, which nobody should be able to compute; here everybody can."""
    return sha256(f"{body} of {round}".encode()).hexdigest()


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


class Region(World):
    """The inspection alone, under one pack, with a team of three in each of some villages."""

    def __init__(self, pack: dict[str, Any], today: date, villages: int = 0) -> None:
        super().__init__(today, Service("inspection", REACTIONS, DUE))
        self.place = pack["jurisdiction"].ljust(6, "0")
        self.county = pack["jurisdiction"] + "21"
        self.adopt(pack)
        self.pass_days(today + timedelta(1))
        self.villages = [f"{self.county}100{number:03}" for number in range(200, 200 + villages)]
        self.hear(*(self.assigned(village) for village in self.villages))

    def adopt(self, pack: dict[str, Any]) -> None:
        self.hear(PolicyAdopted(place=self.place, version=pack["version"], adopted_by="市委组织部", pack=pack))

    def hear(self, *events: Event) -> None:
        """What another service says; an event may never be refused."""
        self.command("inspection", *events)

    def ask(self, *commands: Command) -> None:
        """What an officer sends."""
        self.command("inspection", *commands)

    def refuses(self, command: Command, status: int, field: str | None = None) -> Refused:
        """The refusal of a command, which must not have changed anything."""
        before = dict(self.services["inspection"].states)
        with pytest.raises(Refused) as refused:
            self.ask(command)
        assert (refused.value.status, refused.value.field) == (status, field)
        assert self.services["inspection"].states == before
        return refused.value

    def assigned(self, village: str) -> TeamAssigned:
        return TeamAssigned(
            place=self.county,
            village=village,
            unit=f"U{village}",
            spell=1,
            team=tuple(Member(cadre, "member" if n else "leader") for n, cadre in enumerate(team_of(village))),
            term_start=self.today,
            term_end=self.today + timedelta(1095),
            assigned_by="市委组织部",
        )

    def released(self, village: str) -> TeamReleased:
        return TeamReleased(place=self.county, village=village, unit=f"U{village}", spell=1, team=(), served_days=400)

    def kept(self, kind: type[State], id: str) -> Any:
        return self.state("inspection", kind, id)

    def campaigns(self, kind: str) -> list[Campaign]:
        states = self.services["inspection"].states.values()
        return [s for s in states if isinstance(s, Campaign) and s.terms.kind == kind]

    def tasks(self, action: str, about: str | None = None) -> list[Task]:
        """What the officers' day pages show now."""
        service = self.services["inspection"]
        found = []
        for state in service.states.values():
            policy = service.book.at(state.place, self.today)
            assert policy
            tasks = list(state.tasks(policy))
            assert state.awaits or not tasks, f"{state.kind} {state.id} has tasks that no day page would find"
            found += [t for t in tasks if t.action == action and about in (None, t.about)]
        return found

    def post_hashes(self, campaign: str, bodies: Iterable[Body] = BODIES) -> None:
        self.ask(*(self.hash(campaign, body) for body in bodies))

    def hash(self, campaign: str, body: Body, of: str = "") -> PostSeedHash:
        seed_hash = hash_of(of or share(campaign, body))
        return PostSeedHash(place=self.place, campaign=campaign, body=body, seed_hash=seed_hash)

    def give_seeds(self, campaign: str, bodies: Iterable[Body] = BODIES) -> None:
        self.ask(*(self.seed(campaign, body) for body in bodies))

    def seed(self, campaign: str, body: Body, seed: str = "") -> GiveSeed:
        return GiveSeed(place=self.place, campaign=campaign, body=body, seed=seed or share(campaign, body))

    def answer_seeds(self) -> None:
        """Give every hash and every share that the day page shows for draws."""
        for task in self.tasks("seed-hashes"):
            self.post_hashes(task.about, [task.detail])  # type: ignore[list-item]
        for task in self.tasks("seeds"):
            self.give_seeds(task.about, [task.detail])  # type: ignore[list-item]

    def await_visit(self, village: str, campaign: str) -> None:
        """Let days pass and both bodies answer, until the village is to be visited in a draw that takes it."""
        while (Campaign, campaign) not in self.services["inspection"].states or not self.kept(
            Campaign, campaign
        ).is_pending(village):
            self.answer_seeds()
            self.pass_days(self.today + timedelta(1))

    def commitments(self, campaign: str) -> tuple[CampaignCommitted, list[SeedCommitted]]:
        """What is public of a draw before it."""
        (committed,) = self.said(CampaignCommitted, campaign=campaign)
        return committed, self.said(SeedCommitted, campaign=campaign)

    def visit(self, village: str, campaign: str, **found: Any) -> None:
        self.ask(self.visit_to(village, campaign, **found))

    def visit_to(self, village: str, campaign: str, **found: Any) -> RecordVisit:
        terms = self.terms_of(campaign)
        if terms and terms.facets:
            found.setdefault("facets", tuple(one.code for one in terms.facets))
        if terms and terms.recuse:
            found.setdefault("inspectors", ("I1",))
        found = {"on": self.today, "body": "inspection", "inspector": "督查一组", **found}
        return RecordVisit(place=self.county, village=village, campaign=campaign, **found)

    def terms_of(self, campaign: str) -> Terms | None:
        state = self.services["inspection"].states.get((Campaign, campaign))
        return state.terms if isinstance(state, Campaign) else None

    def visit_all(self, **found: Any) -> None:
        """Do every visit that the day page shows."""
        for task in self.tasks("visits"):
            score = 90 if self.kept(Campaign, task.detail).terms.scored else None
            self.visit(task.about, task.detail, **{"score": score, **found})

    def report(self, village: str, year: int, *forms: str) -> None:
        for form in forms or ("written", "oral"):
            self.ask(
                DeliverReport(place=self.county, village=village, year=year, form=form, body="team", delivered_by="T")  # type: ignore[arg-type]
            )

    def vote(self, village: str, year: int, satisfied: int = 27, present: int = 30, entitled: int = 40) -> None:
        self.ask(self.ballot(village, year, satisfied, present, entitled))

    def ballot(self, village: str, year: int, satisfied: int = 27, present: int = 30, entitled: int = 40) -> HoldBallot:
        return HoldBallot(
            place=self.county,
            village=village,
            year=year,
            entitled=entitled,
            present=present,
            satisfied=satisfied,
            body="village",
            held_by="村民代表会议",
        )

    def grade(self, village: str, year: int, grade: str) -> ConfirmGrade:
        return ConfirmGrade(
            place=self.county, village=village, year=year, grade=grade, body="organisation", decided_by="市委组织部"
        )

    def assessment(self, village: str, year: int) -> Assessment:
        found: Assessment = self.kept(Assessment, f"{village}/{year}")
        return found


def team_of(village: str) -> list[str]:
    """The cadres of a village's team, the leader first."""
    return [f"C{village}-{n}" for n in range(3)]


def changed(pack: dict[str, Any], section: str, kind: str, **changes: Any) -> dict[str, Any]:
    """A pack with some fields of one of its listed entries changed, or left out where the change is None."""
    entries = [{**entry, **changes} if kind in entry.values() else entry for entry in pack[section]]
    return {**pack, section: [{key: value for key, value in entry.items() if value is not None} for entry in entries]}


def in_december(pack: dict[str, Any] = BENXI, half_year: int = 80) -> Region:
    """One village whose team went through the half-year check; its annual visit is due."""
    region = Region(pack, date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 6, 20))
    region.visit(VILLAGE, HALF_YEAR, score=half_year)
    region.pass_days(date(2015, 12, 1))
    return region
