"""A corner of Benxi for the dispatch's tests: the dispatch alone, under the city's pack, hearing the other services."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from deploy.demo.world import Service, World
from services.dispatch.api import Assignment, together
from services.dispatch.model.commands import (
    AssignTeam,
    Reconcile,
    ReplaceMember,
    SetCommitment,
    Settle,
    SolveMatching,
)
from services.dispatch.model.eligibility import Cadre
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.owed import Commitments
from services.dispatch.model.pool import Pool
from services.dispatch.reactions import DUE, REACTIONS
from shared.contracts import Command, Event
from shared.contracts.dispatch import Item
from shared.contracts.incentives import OutcomeDecided
from shared.contracts.registry import (
    CadreRegistered,
    PolicyAdopted,
    Problem,
    UnitRegistered,
    VillageDelisted,
    VillageDiagnosed,
    VillageMerged,
    VillageRelapsed,
    VillageUnlisted,
)
from shared.engine.flow import Cause, Fact, derived_id, encode_state
from shared.policy import Policy, parse_pack
from shared.rules import Task
from tests.support.outage import sleep
from tests.support.packs import with_team

PACK = tomllib.loads((Path(__file__).parents[2] / "shared/policy/packs/benxi.toml").read_text("utf-8"))
CITY, HOME, AWAY = "210500", "210521", "210522"
V1, V2, V3 = "210521100201", "210521100202", "210522100201"
START = date(2014, 6, 20)
DECIDED: dict[str, Any] = {"decided_by": "县政府"}


def roles(leader: Mapping[str, Any] | None = None, **of_all: Any) -> list[dict[str, Any]]:
    """The pack's roles with some requirements changed, of all or only of the leader."""
    first, second = PACK["links"][0]["roles"]
    return [{**first, **of_all, **(leader or {})}, {**second, **of_all}]


def unit(id: str, level: str = "city", department: str = "农业", place: str = CITY, **more: Any) -> UnitRegistered:
    return UnitRegistered(
        **{"place": place, "unit": id, "name": id, "level": level, "department": department, "strength": 50, **more}
    )


def cadre(id: str, of: str, rank: str = "staff", **more: Any) -> CadreRegistered:
    usual = {"party_member": True, "work_since": date(2000, 1, 1), "born_on": date(1970, 1, 1), "reserve": False}
    return CadreRegistered(**{"place": CITY, "cadre": id, "unit": of, "rank": rank, **usual, **more})


def squad(of: str, rank: str = "deputy_division", size: int = 3, **more: Any) -> list[CadreRegistered]:
    """A unit's cadres, the first of whom has a rank: `C-U1-0`, `C-U1-1` …"""
    return [cadre(f"C-{of}-{n}", of, rank if n == 0 else "staff", **more) for n in range(size)]


def diagnosed(
    village: str, problem_class: str = "lagging_economy", problems: int = 0, spell: int = 1
) -> VillageDiagnosed:
    return VillageDiagnosed(
        place=village[:6],
        village=village,
        spell=spell,
        problem_class=problem_class,
        counts={},
        problems=tuple(Problem(n, "problems", f"第{spell}轮问题{n}") for n in range(1, problems + 1)),
        decided_by="县扶贫办",
    )


def delisted(village: str, spell: int = 1) -> VillageDelisted:
    return VillageDelisted(place=village[:6], village=village, spell=spell, incidence=0.01, decided_by="县政府")


def relapsed(village: str) -> VillageRelapsed:
    return VillageRelapsed(place=village[:6], village=village, unmet=(), decided_by="县政府")


def merged(village: str = V1, into: str = V2) -> VillageMerged:
    since, document = date(2014, 8, 1), "县政发〔2014〕8号"
    return VillageMerged(
        place=village[:6], village=village, into=into, into_place=into[:6], since=since, document=document, **DECIDED
    )


def unlisted(village: str = V1, spell: int = 1) -> VillageUnlisted:
    return VillageUnlisted(place=village[:6], village=village, spell=spell, reason="误列", **DECIDED)


def recalled(subject: str, village: str, kind: str = "recall", **more: Any) -> OutcomeDecided:
    usual = {"imposed": True, "tolerated": False, "clause": "S3:第四项", "decided_by": "市委组织部"}
    return OutcomeDecided(
        **{
            "place": village[:6], "outcome": f"{kind}/{village}/2014", "kind": kind, "subject_kind": "cadre",
            "subject": subject, "village": village, "effect": "recall" if kind == "recall" else "record",
            **usual, **more,
        }
    )  # fmt: skip


def after(event: OutcomeDecided, ended: type[Any], **more: Any) -> Any:
    """A later step of the same outcome."""
    fields = ("place", "outcome", "kind", "subject_kind", "subject", "village", "effect")
    about = {field: getattr(event, field) for field in fields}
    return ended(**about, **more)


NEVER_EXTENDED = [outcome for outcome in PACK["outcomes"] if outcome.get("effect") != "extend"]
"""The outcomes of a pack whose terms are never extended."""


class Benxi:
    """The dispatch, what it hears, and what officers ask of it."""

    def __init__(self, today: date = START, team: Mapping[str, Any] | None = None, **changes: Any) -> None:
        pack = with_team({**PACK, **changes}, **(team or {}))
        self.policy: Policy = parse_pack(pack)
        self.dispatch = Service("dispatch", REACTIONS, DUE)
        self.world = World(today, self.dispatch)
        self.heard = 0
        self.hear(PolicyAdopted(place=CITY, version=pack["version"], adopted_by="市委", pack=pack))

    @property
    def today(self) -> date:
        return self.world.today

    def hear(self, *events: Event) -> None:
        """Let the dispatch hear events."""
        for event in events:
            self.heard += 1
            id = derived_id("heard", self.heard)
            self.world.deliver({"others": [Fact(id, Cause(id, id, event), event, "", b"", event.subject_id)]})
        self.check()

    def check(self) -> None:
        """No event or timer was parked, every state comes back from the database as it was, and hides no task."""
        parked = [parked for parked in self.dispatch.parked if not isinstance(parked.cause.payload, Command)]
        assert not parked, parked
        for state in self.dispatch.states.values():
            assert msgspec.json.decode(encode_state(state), type=type(state)) == state
            assert state.awaits or not list(state.tasks(self.policy))

    def until(self, day: date) -> None:
        """Let days pass."""
        self.world.pass_days(day)
        self.check()

    def sleep(self, until: date) -> None:
        """Miss all days before one, as in an outage, and then learn of that one."""
        sleep(self.world, until)
        self.check()

    def said(self, event: type[Event], **fields: Any) -> list[Any]:
        return self.world.said(event, **fields)

    @property
    def pool(self) -> Pool:
        return self.dispatch.states[Pool, "2105"]  # type: ignore[return-value]

    @property
    def free(self) -> dict[str, Cadre]:
        """The cadres who can be sent."""
        return self.pool.free(self.dispatch.states.values(), self.policy)

    def assignment(self, village: str = V1) -> Assignment:
        """The village's team and what is owed there, as officers read them."""
        link = self.dispatch.states[Link, id_of(village)]
        assert isinstance(link, Link)
        return together(link, self.dispatch.states.get((Commitments, village)))

    def tasks(self, action: str | None = None) -> list[Task]:
        """What people are awaited to do now."""
        tasks = [
            task
            for _, state in sorted(self.dispatch.states.items(), key=lambda kv: kv[1].id)
            for task in state.tasks(self.policy)
        ]
        return [task for task in tasks if action in (None, task.action)]

    def details(self, action: str) -> list[str]:
        return [task.detail for task in self.tasks(action)]

    # What officers ask.

    def by(self, kind: str) -> Any:
        """Who owes a commitment."""
        commitment = self.policy.commitment(kind)
        return commitment.role if commitment else "team"

    def adopt(self, **changes: Any) -> None:
        """The city adopts a further version of the usual pack, with some sections changed."""
        version = f"2105-2014.{int(self.policy.version.rpartition('.')[2]) + 1}"
        pack = {**PACK, "version": version, **changes}
        self.hear(PolicyAdopted(place=CITY, version=version, adopted_by="市委", pack=pack))
        self.policy = parse_pack(pack)

    def solve(self, matching: str = "m1", place: str = CITY) -> None:
        self.world.command(
            "dispatch", SolveMatching(place=place, matching=matching, asked_by="市委组织部", body="organisation")
        )

    def assign(self, village: str = V1) -> None:
        self.world.command(
            "dispatch", AssignTeam(place=village[:6], village=village, assigned_by="市委组织部", body="organisation")
        )

    def set(self, kind: str, period: str = "2014", *texts: str, village: str = V1, items: Any = None) -> None:
        terms = self.policy.commitment(kind)
        goal = 1 if terms and terms.serves else None
        items = items if items is not None else tuple(Item(n, text, goal=goal) for n, text in enumerate(texts, 1))
        command = SetCommitment(
            place=village[:6],
            village=village,
            kind=kind,
            period=period,
            items=items,
            set_by="工作队",
            body=self.by(kind),
        )
        self.world.command("dispatch", command)

    def reconcile(self, period: str = "2014", *done: int, village: str = V1, kind: str = "ledger") -> None:
        command = Reconcile(
            place=village[:6],
            village=village,
            kind=kind,
            period=period,
            done=done,
            reconciled_by="工作队",
            body=self.by(kind),
        )
        self.world.command("dispatch", command)

    def settle(self, period: str = "2014", *closed: int, village: str = V1) -> None:
        command = Settle(
            place=village[:6],
            village=village,
            kind="ledger",
            period=period,
            closed=closed,
            settled_by="工作队",
            body=self.by("ledger"),
        )
        self.world.command("dispatch", command)

    def replace(self, left: str, by: str, village: str = V1, place: str | None = None) -> None:
        command = ReplaceMember(
            place=place or village[:6],
            village=village,
            left=left,
            cadre=by,
            replaced_by="单位党委",
            body="unit",
        )
        self.world.command("dispatch", command)

    def send(self, command: type[Command], village: str = V1, **said: Any) -> None:
        """Any other command, signed by the organisation department unless it says otherwise."""
        signed = {"body": "organisation", "decided_by": "本组干〔2014〕12号", "reason": "录入有误"}
        fields = {field: value for field, value in signed.items() if field in command.__struct_fields__}
        self.world.command("dispatch", command(**{"place": village[:6], "village": village, **fields, **said}))

    # Where many tests begin.

    def matched(self, village: str = V1, problems: int = 0) -> "Benxi":
        """A village that is matched with unit U1 of three cadres."""
        self.hear(unit("U1"), *squad("U1"), diagnosed(village, problems=problems))
        self.solve()
        return self

    def assigned(self, village: str = V1, problems: int = 0) -> "Benxi":
        self.matched(village, problems)
        self.assign(village)
        return self

    def helped(self, village: str = V1, problems: int = 0) -> "Benxi":
        """Help has begun: letter, plans and ledger of 2014 are set on the day of the assignment."""
        self.assigned(village, problems)
        self.begin(village)
        return self

    def begin(self, village: str = V1, year: int | None = None) -> None:
        period = str(year or self.today.year)
        self.set("letter", "term", village=village)
        self.set("three_year_plan", "term", "修路", "引水", "产业", village=village)
        self.set("annual_plan", period, "修路", village=village)
        self.set("ledger", period, "修路一公里", "打井两眼", village=village)


def extending(benxi: Benxi, effective: date = START, number: int = 1, **said: Any) -> None:
    """A county adopts a pack that extends the city's."""
    head = {"jurisdiction": HOME, "version": f"{HOME}-x{number}", "effective_from": effective, "extends": "2105"}
    pack = {**head, "name": "本溪满族自治县", "name_en": "Benxi County", **said}
    benxi.hear(PolicyAdopted(place=HOME, version=f"{HOME}-x{number}", adopted_by="县委", pack=pack))


def own_pack(benxi: Benxi, jurisdiction: str = HOME, effective: date = START, number: int = 1, **changes: Any) -> None:
    """A county adopts a pack of its own."""
    documents = {name: {**said, "jurisdiction": "00"} for name, said in PACK["documents"].items()}
    pack = {**PACK, "jurisdiction": jurisdiction, "version": f"{jurisdiction}-{number}", "effective_from": effective}
    # The names of Benxi's counties are for packs of Benxi and of divisions in it.
    words = PACK["words"] if jurisdiction.startswith("2105") else {**PACK["words"], "places": {}}
    pack = {**pack, "documents": documents, "words": words, **changes}
    place = jurisdiction.ljust(6, "0")
    benxi.hear(PolicyAdopted(place=place, version=pack["version"], adopted_by="县委", pack=pack))
