"""What partners of a village promised for a year, and the comparison with what came, once a year (1.12).

A promise is made once and may be changed. What has come may be reported at any time, and must be from the pack's day
on. What is missing then is told to people. Nothing follows by itself, and nothing is carried into the next year.
"""

from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.bonds import Contacts, Pledge, changed, clocked, comparison
from services.dispatch.model.commands import PledgeSupport, ReportSupport
from services.dispatch.model.pool import without
from shared.contracts import Event
from shared.contracts.dispatch import ComparisonMissed, SupportDelivered, SupportPledged
from shared.policy import Policy
from shared.policy.partners import Partner
from shared.rules import Change, Due, Refused, addressed, overwrite, require_body


def _terms(state: Contacts | None, command: PledgeSupport | ReportSupport, policy: Policy) -> tuple[Contacts, Partner]:
    """The village and the kind of link, if the partner is bound to the village and may promise anything."""
    link = policy.partners.get(command.kind)
    if link is None or not link.pledges:
        zh = "、".join(one.label for one in policy.partners.values() if one.pledges) or "（无）"
        en = ", ".join(one.kind for one in policy.partners.values() if one.pledges) or "none"
        raise Refused(
            "1.12",
            f"本地规定中这种结对没有可承诺的项目，可填：{zh}",
            f"the pack has no promises in such a kind of link, {command.kind}; those that have: {en}",
            field="kind",
            status=422,
        )
    state = addressed(state, command)
    if command.party not in state.bound(link.kind):
        zh = f"{command.party}目前没有与该村结对（{link.label}），请核对编号或者先确定结对"
        en = f"{command.party} is not paired with the village now; check the id, or pair them first"
        raise Refused(link.rule, zh, en, field="party")
    return state, link


def _require_codes(given: Mapping[str, float], link: Partner, field: str) -> None:
    if unknown := sorted(given.keys() - link.pledges.keys()):
        raise Refused(
            link.rule,
            f"{link.label}不能承诺代码为“{unknown[0]}”的项目，可填：{'、'.join(link.pledges.values())}",
            f"a {link.kind} cannot promise {', '.join(unknown)}, only {', '.join(link.pledges)}",
            field=field,
            status=422,
        )


def pledge(state: Contacts | None, command: PledgeSupport, policy: Policy, today: date) -> Change:
    """A partner promises amounts for a year, changes its promise, or takes it back with an empty one."""
    state, link = _terms(state, command, policy)
    require_body(command.body, link.decides, link.rule)
    _require_codes(command.pledged, link, "pledged")
    before, key, year = state, f"{link.kind}/{command.party}", str(command.year)
    made = state.pledges.get(key, {})
    known = made[year].pledged if year in made else {}
    if command.pledged == known:
        return Change(state)
    if known:
        _overwrite(known, command.pledged, command.replaces, link)
    now = replace(made[year], pledged=command.pledged, compared=False) if known else Pledge(command.pledged)
    years = {**made, year: now} if command.pledged else without(made, year)
    state = _opened(state.but(pledges={**state.pledges, key: years}), policy, today)
    pledged = SupportPledged(
        place=state.place,
        village=state.id,
        kind=link.kind,
        party=command.party,
        year=command.year,
        pledged=command.pledged,
        pledged_by=command.pledged_by,
    )
    return changed(before, state, policy, today, pledged)


def _overwrite(known: Mapping[str, float], given: Mapping[str, float], replaces: str | None, link: Partner) -> None:
    """Refuse to change known amounts, unless the command names their version. An amount that is not given is 0."""
    codes = sorted({*known, *given})
    before, now = ({code: amounts.get(code, 0) for code in codes} for amounts in (known, given))
    overwrite(before, now, replaces, link.rule, words=link.pledges)


def report(state: Contacts | None, command: ReportSupport, policy: Policy, today: date) -> Change:
    """Report what has come of a promise. From the day of the comparison on, the report closes the year (1.12)."""
    state, link = _terms(state, command, policy)
    assert link.compared_by, "a pack with promises says who compares them"
    require_body(command.body, link.compared_by, link.rule)
    _require_codes(command.delivered, link, "delivered")
    before, key, year = state, f"{link.kind}/{command.party}", str(command.year)
    made = state.pledges.get(key, {}).get(year)
    if made is None:
        zh = f"{command.party}没有{command.year}年度的承诺，请核对年度或者先登记承诺"
        en = f"{command.party} promised nothing for {command.year}; check the year, or record the promise first"
        raise Refused(link.rule, zh, en, field="year")
    is_last = made.compare_by is not None
    if command.delivered == made.delivered and made.compared == is_last:
        return Change(state)
    if made.compared or any(command.delivered.get(code, 0) < amount for code, amount in made.delivered.items()):
        _overwrite(made.delivered, command.delivered, command.replaces, link)
    made = replace(made, delivered=command.delivered, compared=is_last)
    years = {**state.pledges[key], year: made}
    delivered = SupportDelivered(
        place=state.place, village=state.id, kind=link.kind, party=command.party, year=command.year,
        pledged=made.pledged, delivered=command.delivered, outstanding=made.short if is_last else {}, compared=is_last,
        reported_by=command.reported_by,
    )  # fmt: skip
    state = state.but(pledges={**state.pledges, key: years}).counting("pledges", key, year, "compare_by")
    return changed(before, state, policy, today, delivered)


def _opened(state: Contacts, policy: Policy, today: date) -> Contacts:
    """The state in which each promise whose day of comparison has come is to be compared."""
    for key, years in sorted(state.pledges.items()):
        link = policy.partners.get(key.partition("/")[0])
        for year, one in sorted(years.items()):
            if link and link.compare_on and not one.compare_by:
                begins = comparison(link, int(year), policy)
                if begins <= today:
                    span = link.compare_on.within
                    compare_by = max(span.after(begins, policy.calendar), today)
                    now = {**state.pledges[key], year: replace(one, compare_by=compare_by)}
                    state = state.but(pledges={**state.pledges, key: now})
                    state = state.counting("pledges", key, year, "compare_by", since=begins, span=span, timer="pledges")
    return state


def fall_due(state: Contacts, due: Due, policy: Policy, today: date) -> Change:
    """Ask for the comparisons whose day has come, and tell once which were not made in time."""
    told: list[Event] = []
    for key, years in sorted(state.pledges.items()):
        kind, _, party = key.partition("/")
        link = policy.partners.get(kind)
        for year, one in sorted(years.items()):
            if one.compare_by and one.compare_by < due.on and not one.compared and not one.is_missed:
                years = {**years, year: replace(one, is_missed=True)}
                if link and link.compared_by:
                    told.append(
                        ComparisonMissed(
                            place=state.place,
                            village=state.id,
                            kind=kind,
                            party=party,
                            year=int(year),
                            due=one.compare_by,
                            owed_by=link.compared_by,
                        )
                    )
        state = state.but(pledges={**state.pledges, key: years})
    return Change(clocked(_opened(state, policy, due.on), policy, due.on), tuple(told))


def outstanding(state: Contacts, kind: str, party: str) -> dict[str, float]:
    """What a partner had promised for years that were not compared yet, and had not given."""
    left: dict[str, float] = {}
    for one in state.pledges.get(f"{kind}/{party}", {}).values():
        for code, amount in () if one.compared else one.short.items():
            left[code] = left.get(code, 0) + amount
    return left
