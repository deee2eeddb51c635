"""Who sends a command, and whether he may say it.

What belongs to a unit, a team, a village or a township is for its own people to say. Nobody decides about himself or
his kin (Civil Servant Law 76). If the pack wants two persons for the steps of a matter, nobody takes the part of both.

This is checked where rules run, since only the states tell whose team a village has and who is in it. So it holds for
single commands, for forms and for dry runs alike.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from shared.codes import aliases
from shared.contracts import Command
from shared.contracts.values import OWN
from shared.divisions import jurisdiction_of
from shared.laws import as_of
from shared.rules import Refused, State, Task

_NAMES: Final = {"village": "team", "unit": "unit"}
"""What a field of a command names if not a cadre. What `subject` names, `subject_kind` says."""
RECUSAL: Final = "Civil Servant Law 76"
"""The article by its present number. A refusal names the number that the article had on the day of the command."""
_PLACE: Final = re.compile(r"(?:village|township|county|city|province):([0-9]{2,12})")
"""A village or a division, as `division` and `parent` name it."""
APART: Final = "Internal Control Standard 12"
"""The rule by which one person must not hold incompatible duties (不相容岗位相互分离)."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends a command. Events name the pseudonym and the organ."""

    pseudonym: str | UnsetType = UNSET
    organ: str | UnsetType = UNSET
    """The organ in whose name it is done. The installation's own account has none."""
    cadre: str = ""
    """The person's own id, if he is a registered cadre."""
    unit: str = ""
    """The unit to which he belongs, if the token says so."""
    team: str = ""
    """The village of the team that he is in, if the token says so."""
    village: str = ""
    """The village for which he acts, by its present code, if the token says so."""
    township: str = ""
    """The township for which he acts, by its nine digits, if the token says so."""
    kin: Collection[str] = ()
    """The ids of the cadres and village cadres who are his close relatives, as far as the token says so."""
    seal: Callable[[str], str] = str
    """Turns a cadre's id into the other form in which `kin` may name him. Who acts by another person's powers must not
    learn from his token who that person's relatives are."""
    acts_as: Collection[str] = ()
    """The roles in which he says the command, if each of them holds only for his own unit, team, village or township;
    empty if another role of his lets him say it about anybody's."""
    giver: str = ""
    """The pseudonym of the person whose power he uses, if somebody handed it to him."""
    action: str = ""
    """The path of the command."""
    concerns: Collection[str] | None = None
    """The fields of the command that name those about whom it decides; None if it decides about nobody."""
    may: bool = True
    """Whether he may say it by himself, and not only by the powers of others."""
    powers: tuple["Actor", ...] = ()
    """As whom else he may say it: one for each person who handed powers to him, with that person's organ, unit, team,
    village, township and own id."""

    @property
    def persons(self) -> tuple[str, ...]:
        """Who has a part in what he does: himself, and whose power he uses."""
        return tuple(filter(None, (self.pseudonym or "", self.giver)))


NOBODY: Final = Actor()
"""The actor where nobody is asked who he is, and of everything that no command has caused."""


def nobody(_command: Command) -> Actor:
    """Who sends a command where nobody is asked who he is."""
    return NOBODY


class _Whose(NamedTuple):
    """Whose matter a command is."""

    units: Collection[str]
    teams: Collection[str]
    codes: Collection[str]
    """The present codes of all villages that it concerns, and the digits of the divisions."""
    named: Collection[str]
    """Those of the codes that the command itself names. A refusal names no others: in which village a person of the
    register lives is not for everybody to know."""


class _Concerned(NamedTuple):
    """About whom a command decides."""

    cadres: Collection[str]
    teams: Collection[str]
    units: Collection[str]


def require_own(
    actor: Actor,
    said: object,
    today: date,
    states: Iterable[State | None] = (),
    code_now: Callable[[str], str] = str,
) -> Actor:
    """As whom the actor says a command: as himself if he may, or else by the powers of somebody who may.

    `said` is the command, or what is known of it. `states` are those that it concerns, as far as they are known.
    `code_now` gives the present code of a village, which tells its township.

    Refuses (403) what another unit, team, village or township has to say, a decision about oneself or about the person
    whose powers one uses, and a step for which the pack wants another person.
    """
    known = [state for state in states if state]
    is_held = any(one.acts_as for one in (actor, *actor.powers))
    whose = _whose(said, known, code_now) if is_held else _NOBODYS
    concerned = _concerned(actor.concerns, said, known)
    refused: list[Refused] = []
    for one in (actor, *actor.powers) if actor.may else actor.powers:
        try:
            _require_power(one, actor, whose, concerned, today)
            _require_another(one, said, known)
        except Refused as refusal:
            refused.append(refusal)
        else:
            return one
    raise refused[0]


def _require_power(one: Actor, actor: Actor, whose: _Whose, concerned: _Concerned | None, today: date) -> None:
    """Refuse what `one` has no power to say, and what the actor must not decide himself or by the powers of `one`."""
    if one.acts_as and not any(_is_own(one, role, whose) for role in one.acts_as):
        raise _not_own(one, whose, is_giver=one is not actor)
    if concerned:
        _require_apart(actor, one.acts_as, concerned, today)
        if one is not actor:
            _require_apart(one, one.acts_as, concerned, today, is_giver=True)


def _require_another(one: Actor, said: object, states: Iterable[State]) -> None:
    """If the pack reserves a step for another person, refuse it to anybody who has taken another step of its matter."""
    for state in states:
        if (hand := state.hand(one.action, said)) and hand.apart:
            others = (who for step, who in state.hands(hand).items() if step != hand.step)
            if any(not {*one.persons}.isdisjoint(who) for who in others):
                raise Refused(
                    APART,
                    "本账号（或者委托人）已办理此事的其他环节，按规定本环节须由另一人办理，请由本机关其他人员办理",
                    "this account, or whose power it uses, has taken another step of this matter, and by the pack this "
                    "one is another person's; let somebody else of the body do it",
                    status=403,
                )


def handled(actor: Actor, said: object, before: State | None, state: State | None) -> State | None:
    """The state after a command, with a note of who took the step if the pack wants two persons.

    `before` is the state as it was before. A command that opens a matter finds no step there yet, so both are asked.
    """
    hand = (before and before.hand(actor.action, said)) or (state and state.hand(actor.action, said))
    return state.handled(hand, actor.persons) if state and hand else state


def is_his(actor: Actor, state: State, task: Task, code_now: Callable[[str], str] = str) -> bool:
    """Whether a task is the actor's to do: not another's, no decision about himself, and no step that another person
    must take. Of the answering command only those fields are known that the task gives."""
    try:
        require_own(actor, SimpleNamespace(**task.answer), date.max, [state], code_now)
    except Refused:
        return False
    return True


_NOBODYS: Final = _Whose((), (), (), ())
"""Of a command that everybody may say, or that is said by somebody whose role is not limited to his own."""


def _whose(said: object, states: Sequence[State], code_now: Callable[[str], str]) -> _Whose:
    if getattr(said, "everybodys", False):
        return _NOBODYS
    kind, subject = getattr(said, "subject_kind", ""), str(getattr(said, "subject", ""))
    of = {"unit": getattr(said, "unit", ""), "team": getattr(said, "village", ""), kind: subject}
    units = {of["unit"]} if of["unit"] else {state.involves(said).unit for state in states}
    named = {*map(code_now, _named(said))}
    codes = {code for state in states for code in _lies_in(state, said, code_now)}
    return _Whose(units - {"", None}, {of["team"]} - {"", None}, named | codes, named)


def _named(said: object) -> Iterable[str]:
    """The villages and divisions that a command names, or what is known of one."""
    villages = [id for _, id in aliases(said)] if isinstance(said, Command) else [getattr(said, "village", "")]
    yield from filter(None, villages)
    yield from filter(None, (_digits(getattr(said, field, "")) for field in ("division", "parent")))


def _lies_in(state: State, said: object, code_now: Callable[[str], str]) -> Iterable[str]:
    """The village or division in which the subject of a state lies. If a command names a village, the matter is that
    village's, wherever the organisation lies that is to help there."""
    village = code_now(state.journey)  # A state that belongs to no village has its own id here, perhaps digits too.
    if re.fullmatch("[0-9]{12}", village) and village.startswith(jurisdiction_of(state.place)):
        yield village
    parent = "" if getattr(said, "village", "") else getattr(state, "parent", "")
    of = (state.involves(said).village, _digits(state.journey), _digits(parent))
    yield from (code_now(one) for one in of if one)


def _digits(reference: object) -> str:
    """The digits of a village or division such as `township:210522101`; empty for anything else."""
    found = _PLACE.fullmatch(str(reference))
    return found[1] if found else ""


def _concerned(fields: Collection[str] | None, said: object, states: Iterable[State]) -> _Concerned | None:
    """About whom a command decides: those whom these fields name, and the cadres whom its states involve."""
    if fields is None:
        return None
    found: defaultdict[str, set[str]] = defaultdict(set)
    for field in fields:
        what = getattr(said, "subject_kind", "") if field == "subject" else _NAMES.get(field, "cadre")
        named = getattr(said, field, None) or ()
        found[what].update((named,) if isinstance(named, str) else named)
    known = {id for state in states for id in state.involves(said).cadres if id}
    return _Concerned(known | found["cadre"] | found["village_cadre"], found["team"], found["unit"])


def _is_own(actor: Actor, role: str, whose: _Whose) -> bool:
    """Whether a matter belongs only to the actor's own. One that concerns no unit, team, village or division is
    anybody's."""
    if role == "unit":
        return {*whose.units} <= {actor.unit}
    if role == "team":
        return {*whose.teams} <= {actor.team}
    return all(is_within(code, actor, role) for code in whose.codes)


def is_within(code: str, of: object, role: str) -> bool:
    """Whether a village or division is the one for which somebody holds a role, or lies in it. `of` is that person, or
    what a token says of where he belongs."""
    own = str(getattr(of, OWN[role]))
    return bool(own) and (code == own or (role == "township" and code.startswith(own)))


_OWNERS: Final = {
    "unit": ("派出单位", "unit", "所属单位（{}）", "unit {}", "该单位"),
    "team": ("工作队所驻村", "the village of a team", "所在工作队所驻村（{}）", "the team of village {}", "该村工作队"),
    "village": ("所在村", "village", "所在村（{}）", "village {}", "其所属的村"),
    "township": ("所在乡镇", "township", "所在乡镇（{}）", "township {}", "其所属的乡镇"),
}
"""The words of refusals, by the field of an actor: what his account lacks if the field is empty, in Chinese and
English; whose matters he handles, in both; and whose people handle the others, in Chinese."""
_LEVELS: Final = {12: ("村", "village"), 9: ("乡镇", "township")}


def _not_own(actor: Actor, matter: _Whose, *, is_giver: bool) -> Refused:
    who, who_en = ("委托人的账号", "the account that handed it on") if is_giver else ("本账号", "this account")
    owners = [of for of in _OWNERS if of in {OWN[role] for role in actor.acts_as}]
    owner = next((of for of in owners if getattr(actor, of)), owners[0])
    lacks, lacks_en, whose, whose_en, others = _OWNERS[owner]
    zh, en = _others(actor, owner, matter)
    if not (own := getattr(actor, owner)):
        return Refused(
            "role",
            f"{who}未写明{lacks}，不能办理{zh}的事项，请安全管理员补填",
            f"{who_en} names no {lacks_en}, so it has no say about {en}; the security administrator adds it",
            status=403,
        )
    return Refused(
        "role",
        f"{who}只办理{whose.format(own)}的事项，{zh}的事项请由{others}的人员办理",
        f"{who_en} acts for {whose_en.format(own)} alone; what concerns {en} is for its own people",
        status=403,
    )


def _others(actor: Actor, owner: str, matter: _Whose) -> tuple[str, str]:
    """Whose matter it is, in Chinese and English, as far as the command itself names somebody else's."""
    if ids := sorted({"unit": matter.units, "team": matter.teams}.get(owner, ())):
        return f"“{'、'.join(ids)}”", ", ".join(ids)
    codes = sorted(code for code in matter.named if not any(is_within(code, actor, role) for role in actor.acts_as))
    said = [(*_LEVELS.get(len(code), ("区划", "division")), code) for code in codes]
    if not said:
        return "其他村、乡镇", "another village or township"
    return "、".join(f"{zh}{code}" for zh, _, code in said), ", ".join(f"{en} {code}" for _, en, code in said)


def _require_apart(
    actor: Actor, acts_as: Collection[str], concerned: _Concerned, today: date, *, is_giver: bool = False
) -> None:
    """Refuse a decision about the actor himself, a close relative (who is not named), the team that he is in, or his
    unit as such. With `is_giver`, the actor is a person who handed on his powers: nobody may use them for that either.
    """
    if actor.cadre and actor.cadre in concerned.cadres:
        whom, whom_en = "", "himself"
    elif actor.kin and not {*concerned.cadres, *map(actor.seal, concerned.cadres)}.isdisjoint(actor.kin):
        whom, whom_en = "亲属", "a close relative"
    elif actor.team in concerned.teams and "team" not in acts_as:
        whom, whom_en = "所在工作队", "the team that he is in"
    elif actor.unit and actor.unit in concerned.units:
        whom, whom_en = "所在单位", "his own unit"
    else:
        return
    whose, how_en = ("委托人", ", nor has another do it by his powers") if is_giver else ("本人", "")
    raise Refused(
        as_of(RECUSAL, today),
        f"涉及{whose}{whom}的事项应当回避，请由本机关其他人员办理；均须回避的，由上一级机关办理",
        f"nobody decides about {whom_en}{how_en}; let somebody else of the deciding body do it, or the body above "
        "where all of it are recused",
        status=403,
    )
