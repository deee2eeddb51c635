"""Leaders who promise the year in which their village leaves the poverty list (确保出列, 2.2).

The year is said when the link begins. Whether it was kept is told with the exit, or, if the village is still on the
list, when the year is over. Nothing follows by itself.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.bonds import Bond, Contacts, clocked
from services.dispatch.model.commands import BeginLink
from shared.contracts import Event
from shared.contracts.dispatch import ExitPromiseKept, ExitPromiseMissed
from shared.policy import Policy
from shared.policy.links import Contact
from shared.rules import Change, Due, Refused


def require_promise(state: Contacts, command: BeginLink, link: Contact, today: date) -> None:
    """Refuse a link without the year that the pack asks for, one with a year where it asks for none or that is too
    late, and a promise for a village that is not on the list."""
    terms, year = link.promise, command.exit_year
    wrong: tuple[str, str] | None = None
    if terms is None and year:
        wrong = "这种联系不填确保出列的年度", "a link of this kind promises no exit"
    elif terms and not (year and today.year <= year < today.year + terms.years):
        last = today.year + terms.years - 1
        years = f"{today.year}" if last == today.year else f"{today.year}至{last}"
        zh = f"须填确保该村出列的年度，可填：{years}"
        wrong = zh, f"it says in which year the village leaves the list, {last} at the latest"
    if wrong:
        raise Refused(link.rule, *wrong, field="exit_year", status=422)
    if terms and not state.needed:
        zh = "该村现不在贫困村名单上或者尚未会诊，不能承诺出列"
        raise Refused(link.rule, zh, "the village is not on the list now, or was not diagnosed", field="village")


def keep(state: Contacts, today: date) -> tuple[Contacts, tuple[Event, ...]]:
    """A village leaves the list: the promises of this year or a later one are kept, and none is open any more."""
    years, bonds = set[tuple[str, int]](), dict(state.bonds)
    for kind, bond in state.bonds.items():
        years |= {(kind, one.year) for one in bond.promised.values() if today.year <= one.year and not one.is_told}
        bonds[kind] = _told(bond, [*bond.promised])
    told = (state.told(ExitPromiseKept, kind=kind, year=year) for kind, year in sorted(years))
    return state.but(bonds=bonds), tuple(told)


def _told(bond: Bond, cadres: Iterable[str]) -> Bond:
    """The bond in which it is noted that the outcome of these cadres' promises was told."""
    now = {cadre: replace(bond.promised[cadre], is_told=True) for cadre in cadres}
    return replace(bond, promised={**bond.promised, **now}) if now else bond


def fall_due(state: Contacts, due: Due, policy: Policy, _today: date) -> Change:
    """The year is over and the village still on the list: that is told to whom the pack names, once for each kind of
    link and year."""
    told, bonds = list[Event](), dict(state.bonds)
    for kind, bond in sorted(state.bonds.items()):
        open_then = {id: one for id, one in bond.promised.items() if one.year < due.on.year and not one.is_told}
        bonds[kind] = _told(bond, open_then)
        link = policy.contacts.get(kind)
        for year, number in sorted(Counter(one.year for one in open_then.values()).items()):
            if link and link.promise and state.needed:
                missed = {"kind": kind, "year": year, "number": number, "owed_by": link.promise.told_to}
                told.append(state.told(ExitPromiseMissed, **missed))
    return Change(clocked(state.but(bonds=bonds), policy, due.on), tuple(told))
