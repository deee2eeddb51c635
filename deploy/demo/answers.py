"""How people answer tasks: one table for all regions, used by the demo, the tests and the bench.

A task contains those fields of the answering command that its service knows. The fields that people add are here, by
the task's action. Where people could answer in different ways, the story of their region decides.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from services.dispatch.api import COMMANDS as DISPATCH
from services.incentives.api import COMMANDS as INCENTIVES
from services.inspection.api import COMMANDS as INSPECTION
from services.registry.api import COMMANDS as REGISTRY
from shared.calendar import add_months
from shared.contracts import Command
from shared.divisions import place_of
from shared.policy import Policy
from shared.rules import State, Task
from shared.web.tasks import OpenTask

Row = dict[str, Any]
"""One command's fields, as JSON and Excel templates carry them."""
_ROUTES = {"registry": REGISTRY, "dispatch": DISPATCH, "inspection": INSPECTION, "incentives": INCENTIVES}
COMMANDS: Final = {(service, route.path): route.command for service, routes in _ROUTES.items() for route in routes}


class Letter(NamedTuple):
    """Commands that somebody sends on a day."""

    on: date
    service: str
    path: str
    rows: tuple[Row, ...]
    tried: bool = False
    """Whether a rule may refuse any of them (409), so that nothing comes of it, for example because a township asks too
    early."""


class Awaited(NamedTuple):
    """A task as its service shows it to people."""

    service: str
    kind: str
    id: str
    """The id of the state that awaits the answer."""
    place: str
    action: str
    about: str
    role: str
    due: date | None
    detail: str
    answer: tuple[tuple[str, str | int], ...] = ()
    """The fields of the answering command that the service has filled in."""

    @classmethod
    def of(cls, service: str, state: State | OpenTask, task: Task) -> "Awaited":
        """A task of a state."""
        seen = task.action, task.about, task.role, task.due, task.detail, (*task.answer.items(),)
        return cls(service, state.kind, state.id, state.place, *seen)


class Ask(NamedTuple):
    """A task with everything that is needed to answer it."""

    action: str
    about: str
    today: date
    given: Mapping[str, Any]
    """The fields of the answer that the service has filled in."""
    state: Any = None
    """The state that the answer reads, as its service shows it."""
    role: str = ""
    detail: str = ""
    due: date | None = None
    others: Mapping[str, Any] = {}
    """All states of that kind, by id."""

    @classmethod
    def of(cls, task: Awaited, today: date, file: Mapping[str, Any]) -> "Ask":
        """A task with the state that its answer reads, found by the task's id or subject; else with all states."""
        reads, given = ANSWERS[task.action].reads, dict(task.answer)
        state = file.get(task.id if reads and reads[1] == task.kind else task.about, file)
        return cls(task.action, task.about, today, given, state, task.role, task.detail, task.due, file)

    @property
    def is_overdue(self) -> bool:
        """Whether the task is overdue, or was overdue before its last day was set again."""
        if self.action == "order-closings":
            return bool(self.state["orders"][self.given["order"]]["times"])
        return self.due is not None and self.today > self.due

    @property
    def year(self) -> int:
        """The year that the answer is about: the command's own, that of a ledger, or that of a campaign."""
        return int(self.given.get("year") or self.given.get("period") or self._campaign[1])

    @property
    def campaign(self) -> str:
        """The kind of the campaign to which the visit belongs."""
        return self._campaign[0]

    @property
    def _campaign(self) -> tuple[str, str]:
        # Campaigns of the calendar are named 2105-half_year-2015-06-20, irregular ones 2105.spot_check-2015.
        _, kind, year, *_ = str(self.given["campaign"]).replace(".", "-").split("-")
        return kind, year


class Story:
    """The answers to tasks that leave people a choice. In this class all goes well; a region's story overrides it."""

    policy: Policy

    def place(self, about: str) -> str:
        """The division whose people answer for a village."""
        return place_of(about)

    def signs(self, ask: Ask) -> str:
        """The body that signs an answer."""
        return "示例机关（虚构）"

    def waits(self, ask: Ask) -> bool:
        """Whether the answer is put off, so that nobody answers yet."""
        return False

    def moves(self, ask: Ask) -> Iterable[Letter]:
        """Letters that people send because of an answer: on the same day before it, or on a later day."""
        return ()

    def script(self) -> list[Letter]:
        """Letters that people send without a task."""
        raise NotImplementedError

    # registry

    def surveys(self, ask: Ask) -> Iterable[Row]:
        """The records of the baseline survey."""
        raise NotImplementedError

    def problem_class(self, ask: Ask) -> str:
        """The problem class of the diagnosis: why the village is poor."""
        raise NotImplementedError

    def households(self, ask: Ask) -> Sequence[Row]:
        """The year's facts about the households in the register."""
        raise NotImplementedError

    def indicators(self, ask: Ask) -> Mapping[str, float]:
        """The measured indicators. Incidence is not among them, since it is computed (1.18)."""
        raise NotImplementedError

    def agrees(self, ask: Ask) -> bool:
        """Whether a body upholds an objection or approves an exit."""
        return True

    def delay(self, ask: Ask) -> str:
        """Why the body above takes over a step that is late, or gives it more time."""
        raise NotImplementedError

    def extends(self, ask: Ask) -> date | None:
        """Until which day the body above gives a late step more time; None if it takes the step itself."""
        return None

    def vote(self, ask: Ask) -> tuple[int, int, int]:
        """How many may vote on a step of a village's matter, how many come, and how many agree. 1, 1 and 1 stand for a
        body that counts no votes."""
        return (40, 36, 34) if ask.role == "village" else (1, 1, 1)

    def accepts(self, ask: Ask, household: str) -> bool:
        """Whether a household signs that it is lifted out of poverty."""
        return True

    def sampled(self, ask: Ask) -> Mapping[str, int]:
        """What the special assessment of a county finds in its sample: few were lifted wrongly or left out."""
        return {
            "lifted": 1000,
            "wrongly_lifted": 5,
            "outside": 1000,
            "omitted": 4,
            "asked": 500,
            "approving": 480,
        }

    def measures(self, ask: Ask) -> str:
        """What is done for a village that misses criteria after its exit."""
        return "发展产业，组织务工，逐户落实帮扶措施"

    def followed(self, ask: Ask) -> Sequence[str]:
        """Which items of a checklist are ticked off for a village."""
        one = self.policy.checklist(str(ask.given["kind"]))
        return [*one.items] if one else []

    def listed(self, ask: Ask) -> Row:
        """The village or organisation that is put on a list which still lacks entries."""
        raise NotImplementedError

    # dispatch

    def items(self, ask: Ask) -> Sequence[str]:
        """What a letter, plan or ledger newly owes."""
        raise NotImplementedError

    def numbers(self, ask: Ask) -> list[int]:
        """The items that a ledger has."""
        return [item["number"] for item in ask.state["owed"]["{kind}/{period}".format(**ask.given)].get("items", ())]

    def done(self, ask: Ask) -> Sequence[int]:
        """Those items of the ledger that are done when it is reconciled or settled."""
        return self.numbers(ask)

    def leaving(self, ask: Ask) -> Sequence[str]:
        """Who leaves a team that is adjusted: the last of its members."""
        return [ask.state["team"][-1]["cadre"]]

    def substitute(self, ask: Ask) -> str:
        """The cadre who takes the place of another."""
        raise NotImplementedError

    def contact(self, ask: Ask) -> Row:
        """The cadre who is bound to a village without a team, and the cadre's unit."""
        raise NotImplementedError

    def helpers(self, ask: Ask) -> Sequence[Row]:
        """The pairs of a village's poor households and the cadres who help them."""
        raise NotImplementedError

    def days(self, ask: Ask, cadre: str) -> int:
        """On how many days of a month a member of a team was in the village."""
        return 22

    def taught(self, ask: Ask) -> Row:
        """The course that is held for a village in a skill that is lacking there."""
        raise NotImplementedError

    def delivered(self, ask: Ask) -> Mapping[str, float]:
        """What has come of what a partner promised: all of it."""
        promised = ask.state["pledges"][f"{ask.given['kind']}/{ask.given['party']}"][str(ask.year)]
        amounts: Mapping[str, float] = promised["pledged"]
        return amounts

    def came(self, ask: Ask, bearer: str) -> int:
        """How often somebody who is bound to a village came in a period."""
        return 1

    def course(self, ask: Ask) -> str:
        """The course that members of a team attended who owed training."""
        raise NotImplementedError

    # inspection

    def share(self, ask: Ask) -> str:
        """A body's share of a seed. In a story it is predictable; real bodies make a random one with `zhucun seed`."""
        return sha256(f"{ask.given['body']} {ask.about} {ask.given.get('attempt')}".encode()).hexdigest()

    def absent(self, ask: Ask) -> Sequence[str]:
        """The members of the team whom a visit does not find."""
        return ()

    def findings(self, ask: Ask) -> Sequence[str]:
        """The findings of a visit."""
        return ()

    def score(self, ask: Ask) -> int:
        """What a visit that scores gives the team."""
        return 95

    def mark(self, ask: Ask) -> int:
        """The score that a panel gives to those whom it assesses, from 0 to 100."""
        return 85

    def ballot(self, ask: Ask) -> tuple[int, int, int]:
        """How many may vote on the team, how many come, and how many are satisfied."""
        return 50, 40, 38

    def checked(self, ask: Ask, number: int, household: str) -> Row:
        """What the verification of an exit finds at a household. `number` is its place among the drawn ones, from 0."""
        return {"persons": 3, "meets": True, "approves": True}

    def unregistered(self, ask: Ask) -> int:
        """How many people outside the register the verification looks at."""
        return 100

    # incentives

    def proposes(self, ask: Ask) -> bool:
        """Whether the body proposes an outcome to the body that decides."""
        return True

    def tolerates(self, ask: Ask) -> bool:
        """Whether a failure is tolerated because something new was tried (1.14)."""
        return False

    def imposes(self, ask: Ask) -> bool:
        """Whether a body adopts what is proposed. The task is about the outcome, as `<kind>/<village>/<year>`."""
        return True

    def overturns(self, ask: Ask) -> bool:
        """Whether an appeal succeeds."""
        return False


class Answer(NamedTuple):
    """How a kind of task is answered."""

    rows: Callable[[Ask, Story], Iterable[Row]]
    """Makes the commands, without the fields that the service filled in and the signatures."""
    reads: tuple[str, str] | None = None
    """The service and kind of the states that the answer reads. None if it reads none."""


def _visits(ask: Ask, story: Story) -> Iterable[Row]:
    absent, findings = story.absent(ask), story.findings(ask)
    terms = story.policy.campaign(ask.campaign)
    asked: dict[str, list[str]] = {}
    if terms and terms.facets:
        asked["facets"] = [one.code for one in terms.facets if one.share == terms.share]
    if terms and terms.recuse:
        asked["inspectors"] = ["INSPECTOR-1", "INSPECTOR-2"]
    yield {
        "on": ask.today,
        "absent": absent,
        "findings": [*["absent"] * bool(absent), *findings],
        "score": story.score(ask) if terms and terms.scored else None,
        **asked,
        **{kind: [f"{ask.about}-{kind}"] for kind in (terms.evidence if terms else ())},
    }


def _ballots(ask: Ask, story: Story) -> Iterable[Row]:
    yield dict(zip(("entitled", "present", "satisfied"), story.ballot(ask), strict=True))


def _verifications(ask: Ask, story: Story) -> Iterable[Row]:
    sampled = {household: story.checked(ask, n, household) for n, household in enumerate(ask.state["sampled"])}
    yield {"households": sampled, "unregistered": story.unregistered(ask), "omitted": 0}


def _decisions(ask: Ask, story: Story) -> Iterable[Row]:
    tolerated = story.tolerates(ask)
    spoken_for = {"inexperience": False, "exploration": tolerated, "unintended": False}
    standing = {"standing": "civil_servant"} if ask.given["subject_kind"] == "cadre" else {}
    yield {"imposed": not tolerated and story.imposes(ask), "tolerated": tolerated, **spoken_for, **standing}


_HEARD: Final = {"statement": "情况属实，已作说明", "finding": "与考核情况一致", "accepted": False}


def _commitments(ask: Ask, story: Story) -> Iterable[Row]:
    """The items. Each serves one of the goals in turn, and carries out one of the duties, where there are any."""
    terms = story.policy.commitment(ask.given["kind"])
    assert terms
    known = ask.state["owed"].items() if terms.serves else ()
    owed = [one for _, one in sorted(known) if one["kind"] == terms.serves]
    goals = [item["number"] for one in owed for item in one.get("items", ())]
    rows: list[Row] = [{"number": n, "text": text} for n, text in enumerate(story.items(ask), 1)]
    for field, codes in (("goal", goals), ("duty", [*(terms.duties or ())])):
        rows = [{**row, field: codes[n % len(codes)]} if codes else row for n, row in enumerate(rows)]
    yield {"items": rows}


def _attendances(ask: Ask, story: Story) -> Iterable[Row]:
    held = {cadre: one["unit"] for of in ask.state.get("holders", {}).values() for cadre, one in of.items()}
    units = {**held, **dict.fromkeys(ask.state.get("members", {}), ask.state.get("unit"))}
    attended = [{"unit": units[cadre], "cadre": cadre} for cadre in ask.state["lessons"][ask.detail]]
    yield {"course": story.course(ask), "attended": attended}


def _visit_counts(ask: Ask, story: Story) -> Iterable[Row]:
    """How often each who was bound to the village at the end of the period came."""
    asked = ask.state["visits"][ask.given["kind"]][ask.given["last"]]["whole"]
    yield {"visited": [{"bearer": bearer, "times": story.came(ask, bearer)} for bearer in asked]}


def _presences(ask: Ask, story: Story) -> Iterable[Row]:
    """Each was there for the days that the story says, or for as many as there were since the cadre came; evenly in
    each of several villages."""
    since = ask.state["months"][ask.detail]["since"]
    last = add_months(date(ask.given["year"], ask.given["month"], 1), 1)
    asked = [ask.state]
    if story.policy.team.most_villages > 1:
        asked = [state for state in ask.others.values() if ask.detail in state.get("months", {})]
    villages = Counter(cadre for state in asked for cadre in since.keys() & state["months"][ask.detail]["since"].keys())
    yield {"present": [{"cadre": cadre, "days": min(story.days(ask, cadre), (last - date.fromisoformat(day)).days)
                        // villages[cadre]} for cadre, day in since.items()]}  # fmt: skip


def _steps(ask: Ask, story: Story) -> Iterable[Row]:
    """The step of a matter that is awaited: a vote, the households' signatures, the answer to a question, or something
    that is merely done."""
    course = ask.state["course"]
    kind = course["steps"][course.get("at", 0)]["kind"]
    if kind == "decide":
        yield dict(zip(("entitled", "present", "agreed"), story.vote(ask), strict=True))
    elif kind == "accept":
        asked = [household for household, member in course["members"].items() if not member.get("left")]
        yield {"acceptances": [{"household": one, "accepted": story.accepts(ask, one)} for one in asked]}
    else:
        answers = kind == "act" and ask.state.get("question")
        yield {"answer": "已按规定公布，见公开栏（虚构）"} if answers else {}


def _decap_steps(ask: Ask, story: Story) -> Iterable[Row]:
    """The awaited step of a de-capping. An assessment says what its sample found."""
    course = ask.state["course"]
    is_sampled = course["steps"][course.get("at", 0)]["kind"] == "verify"
    yield {"sampled": story.sampled(ask)} if is_sampled else {}


def _delays(ask: Ask, story: Story) -> Iterable[Row]:
    until = story.extends(ask)
    yield {"takes_over": until is None, "until": until, "reason": story.delay(ask)}


def _merits(ask: Ask, story: Story) -> Iterable[Row]:
    """Each gets the second of the pack's grades, which in every pack is the usual one."""
    grade = story.policy.assessment.grades[1].name
    yield {"merits": [{"cadre": cadre, "grade": grade} for cadre in ask.state["ended"][ask.detail]["members"]]}


def _rankings(ask: Ask, story: Story) -> Iterable[Row]:
    """Of those who have the same score at the last place, the body takes the first by their ids."""
    worst = ask.state["terms"]["rank"]["worst"]
    order = sorted((score, id) for id, (_, score, *_) in ask.state["members"].items())
    last = order[min(worst, len(order)) - 1][0]
    tied = order[worst:] and order[worst][0] == last
    yield {"chosen": [id for score, id in order[:worst] if score == last] if tied else []}


def _seed_hash(ask: Ask, story: Story) -> Iterable[Row]:
    yield {"seed_hash": sha256(story.share(ask).encode()).hexdigest()}


_NOTHING: Final = Answer(lambda a, s: [{}])
_WRITTEN: Final = Answer(lambda a, s: [{"document": "书面说明"}])
_VOID: Final = Answer(lambda a, s: [{"reason": "本年度没有这一项的结果（虚构）"}])
_HASH: Final = Answer(_seed_hash)
_SEED: Final = Answer(lambda a, s: [{"seed": s.share(a)}])
_COMMITMENTS: Final = ("dispatch", "commitments")
_SUPERVISIONS: Final = ("inspection", "supervisions")
_VILLAGES: Final = ("registry", "villages")

ANSWERS: Final[Mapping[str, Answer]] = {
    # registry
    "surveys": Answer(lambda a, s: s.surveys(a)),
    "diagnoses": Answer(lambda a, s: [{"problem_class": s.problem_class(a)}]),
    # dispatch
    "matchings": Answer(lambda a, s: [{"matching": f"{a.about}-{a.today}"}]),
    "nominations": Answer(lambda a, s: [{"team": a.state["team"]}], ("dispatch", "links")),
    "nomination-reviews": Answer(lambda a, s: [{"approved": True}]),
    "assignments": _NOTHING,
    "term-assessments": Answer(_merits, ("dispatch", "rosters")),
    "releases": Answer(lambda a, s: [{"members": [*a.state["members"]], "released": True}], ("dispatch", "rosters")),
    "commitments": Answer(_commitments, _COMMITMENTS),
    "reconciliations": Answer(lambda a, s: [{"done": s.done(a)}], _COMMITMENTS),
    "settlements": Answer(lambda a, s: [{"closed": s.done(a)}], _COMMITMENTS),
    "replacements": Answer(lambda a, s: [{"cadre": s.substitute(a)}], ("dispatch", "pools")),
    "replacement-reviews": Answer(lambda a, s: [{"approved": True}]),
    "adjustments": Answer(lambda a, s: [{"leaving": s.leaving(a)}], ("dispatch", "links")),
    "retentions": _NOTHING,
    "links": Answer(lambda a, s: [s.contact(a)]),
    "pairings": Answer(lambda a, s: [{"pairs": s.helpers(a)}], ("dispatch", "pairings")),
    "leave-decisions": Answer(lambda a, s: [{"granted": True}]),
    "leave-returns": Answer(lambda a, s: [{"returns": True}]),
    "presences": Answer(_presences, ("dispatch", "rosters")),
    "courses": Answer(lambda a, s: [s.taught(a)], ("dispatch", "rosters")),
    "deliveries": Answer(lambda a, s: [{"delivered": s.delivered(a)}], ("dispatch", "contacts")),
    "visit-counts": Answer(_visit_counts, ("dispatch", "contacts")),
    "attendances": Answer(_attendances, ("dispatch", "rosters")),
    # inspection
    "seed-hashes": _HASH,
    "seeds": _SEED,
    "visits": Answer(_visits, _SUPERVISIONS),
    "bulletins": _NOTHING,
    "replies": _WRITTEN,
    "reply-decisions": _WRITTEN,
    "order-closings": Answer(lambda a, s: [{}], _SUPERVISIONS),
    "reports": _NOTHING,
    "ballots": Answer(_ballots),
    "input-voids": _VOID,
    "grades": Answer(lambda a, s: [{"grade": a.state["proposal"]["grade"]}], ("inspection", "assessments")),
    "appraisal-reports": _NOTHING,
    "appraisal-ballots": Answer(_ballots),
    "appraisal-scores": Answer(lambda a, s: [{"marks": [{"member": "MEMBER-1", "score": s.mark(a)}]}]),
    "appraisal-voids": _VOID,
    "appraisal-grades": Answer(lambda a, s: [{"grade": a.state["proposal"]["grade"]}], ("inspection", "appraisals")),
    "rankings": Answer(_rankings, ("inspection", "cohorts")),
    # registry
    "households": Answer(lambda a, s: [{"households": s.households(a)}]),
    "measurements": Answer(lambda a, s: [{"values": s.indicators(a)}]),
    "exit-requests": _NOTHING,
    # inspection
    "verification-seed-hashes": _HASH,
    "verification-seeds": _SEED,
    "verifications": Answer(_verifications, ("inspection", "verifications")),
    # registry
    "notices": Answer(lambda a, s: [{}], _VILLAGES),
    "resolution-steps": Answer(_steps, ("registry", "resolutions")),
    "objection-decisions": Answer(lambda a, s: [{"upheld": s.agrees(a)}]),
    "delay-decisions": Answer(_delays),
    "words": Answer(lambda a, s: [{"word": "accepted"}]),
    "decap-words": Answer(lambda a, s: [{"word": "accepted"}]),
    "decap-steps": Answer(_decap_steps, ("registry", "decaps")),
    "decap-replies": Answer(lambda a, s: [{"document": "关于专项评估检查结果的说明"}]),
    "decap-notices": _NOTHING,
    "approvals": Answer(lambda a, s: [{"approved": s.agrees(a)}], _VILLAGES),
    "checklists": Answer(lambda a, s: [{"followed": s.followed(a), "proof": "村务公开栏"}]),
    "letters": _NOTHING,
    "listings": Answer(lambda a, s: [s.listed(a)]),
    "fallback-measures": Answer(lambda a, s: [{"measures": s.measures(a)}]),
    # incentives
    "outcome-motions": Answer(lambda a, s: [{"moved": s.proposes(a)}]),
    "defences": Answer(lambda a, s: [_HEARD]),
    "decisions": Answer(_decisions),
    "statements": _NOTHING,
    "pay-explanations": Answer(lambda a, s: [{"why": "村集体收入不足，绩效未核发"}]),
    "stories": Answer(lambda a, s: [{"public": False}]),
    "decision-services": Answer(lambda a, s: [{"served_on": a.today}]),
    "appeal-decisions": Answer(lambda a, s: [{"overturned": s.overturns(a)}]),
}
"""The answer to each action that a service may await, in the order in which a round sends them."""


def answered(story: Story, ask: Ask) -> list[Row]:
    """The commands that answer a task."""
    place, by = story.place(ask.about), signed(ask.action, story.signs(ask))
    return [{"place": place, **by, **ask.given, **row} for row in ANSWERS[ask.action].rows(ask, story)]


def as_command(service: str, path: str, row: Row) -> Command:
    """A row decoded into the command of its service."""
    read: Command = msgspec.json.decode(msgspec.json.encode(row), type=COMMANDS[service, path])
    return read


@cache
def signed(action: str, name: str) -> Mapping[str, str]:
    """The fields of a command that say who signs it."""
    (command,) = (command for (_, path), command in COMMANDS.items() if path == action)
    return {field: name for field in command.__struct_fields__ if field.endswith("_by") or field == "inspector"}
