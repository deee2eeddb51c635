"""A village's registration and codes, and how a mistaken registration or listing is taken back."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.registry.model.baseline import require_known
from services.registry.model.commands import (
    RecodeVillage,
    RegisterVillage,
    TakeOverVillage,
    WithdrawListing,
    WithdrawVillage,
)
from services.registry.model.measurement import unmet
from services.registry.model.register import Register
from services.registry.model.units import Jurisdiction, Unit, among
from services.registry.model.village import Alias, Village, moved, not_ended, standing, unjudged
from shared.codes import Code
from shared.contracts import Event
from shared.contracts.registry import (
    Problem,
    ResolutionOpened,
    ResolutionWithdrawn,
    UnitRegistered,
    VillageDelisted,
    VillageDiagnosed,
    VillageListed,
    VillageRecoded,
    VillageRegistered,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.divisions import around, jurisdiction_of, place_of
from shared.labels import said
from shared.policy import Policy
from shared.policy.exit import INCIDENCE
from shared.rules import Change, Key, Refused, State, addressed, overwrite, rests
from shared.rules import known as there

VILLAGE_CODE = r"(?:(?!\d{4}00)|(?=4419|4420|4604|6202))\d{9}(?!000)\d{3}"
"""A village's 12 digits: six for the county, three for the township, three for the village. The county's own two may be
00 only where a city has no counties: Dongguan 4419, Zhongshan 4420, Danzhou 4604, Jiayuguan 6202."""
USUAL_CHANGE = 0.3
"""By how much a population may change without a reason. People move for work all their lives, yet a village that loses
or gains a third between two counts was resettled, merged in part or mistyped: that much has to be explained."""

FIRST_LISTING = date(2001, 1, 1)
"""No village was on a list of poor villages before the Outline of 2001 (中国农村扶贫开发纲要) asked for them."""


def register(village: Village | None, command: RegisterVillage, policy: Policy, today: date) -> Change:
    """Register a village or correct its data. A repetition makes an event only if data changed or it enters the list.

    If the command names the village by a later code, the id has been put in its place before this rule runs. So a
    village cannot be registered a second time under its new code.
    """
    if village is None or (village.stage == "withdrawn" and village.place == command.place):
        before = _new(command, village, today)
    else:
        changes = village.stage and command.population != village.population
        before = unjudged(village, command) if changes else standing(village, command)
        _check_correction(before, command)
    after = before.but(
        name=command.name,
        township=command.township,
        population=command.population,
        document=command.listing_document or before.document,
        issued_by=before.issued_by or command.issued_by,
        issue_document=before.issue_document or command.issue_document,
    )
    events: list[Event] = []
    if (after.name, after.township, after.population) != (before.name, before.township, before.population):
        events.append(registered(after, command.reason))
    if command.listed and not after.spell:
        _check_list(policy, "listed")
        events.append(VillageListed(place=after.place, village=after.id, spell=1))
    return Change(after, tuple(events))


def _check_list(policy: Policy, field: str) -> None:
    """Refuse to put a village on a poverty list that there is no more."""
    if not policy.listing.poverty_list:
        labels = "、".join(one.label for one in policy.lists) or "（无）"
        raise Refused(
            "2.10",
            f"本地规定中已没有贫困村名单，不能列入；可列入的名单：{labels}",
            f"the pack has no poverty list any more; its lists are {', '.join(one.kind for one in policy.lists)}",
            field=field,
            status=422,
        )


def registered(village: Village, reason: str | None = None) -> VillageRegistered:
    """The event with a village's data."""
    return VillageRegistered(
        place=village.place,
        village=village.id,
        name=village.name,
        township=village.township,
        population=village.population,
        issued_by=village.issued_by or None,
        reason=reason,
    )


def _new(command: RegisterVillage, withdrawn: Village | None, today: date) -> Village:
    if command.place != place_of(command.village):
        raise Refused(
            "identity",
            f"村代码 {command.village} 的前六位与所填区划 {command.place} 不符，请改填",
            f"village {command.village} does not lie in division {command.place}, which must be its first digits",
            field="place",
            status=422,
        )
    if not re.fullmatch(VILLAGE_CODE, command.village):
        raise Refused(
            "identity",
            f"{command.village} 不是村代码：第五、六位为00的是市的代码，末三位为000的是乡镇的代码，请核对",
            f"{command.village} is no village's code: 00 in the fifth and sixth digit is a city, and 000 at the end a "
            "township; check it",
            field="village",
            status=422,
        )
    if bool(command.issued_by) is not bool(command.issue_document):
        raise Refused(
            "identity",
            "县级自行编制的村代码须同时写明编制机关和文件",
            "a code that the county issues itself needs both the organ that issued it and its document",
            field="issue_document" if command.issued_by else "issued_by",
            status=422,
        )
    if command.issued_by:
        check_issued(command.village, command.place, "village")
    return Village(
        id=command.village,
        place=command.place,
        name="",
        township="",
        population=0,
        codes=(Alias(command.village, today),),
        stage=withdrawn.stage if withdrawn else "",
        since=today,
    )


def check_issued(code: str, place: str, field: str) -> None:
    """Refuse a code that a county could not have given: its own six digits, a township's three, then 200 to 399."""
    if place_of(code) != place or code[6:9] == "000" or not "200" <= code[9:] <= "399":
        raise Refused(
            "identity",
            f"自行编制的村代码 {code} 不合规则：前六位须为本县 {place}，第七至九位为乡镇代码，末三位为200至399",
            f"the county's own code {code} must begin with its division {place}, go on with three digits for the "
            "township and end in 200 to 399, as those of villages do",
            field=field,
            status=422,
        )


def _check_correction(village: Village, command: RegisterVillage) -> None:
    """Only a command that `replaces` known data overwrites them. A large change of population needs a reason."""
    known = {"name": village.name, "township": village.township, "population": village.population}
    given = {field: getattr(command, field) for field in known}
    if village.document and command.listing_document:
        known["listing_document"], given["listing_document"] = village.document, command.listing_document
    overwrite(known, given, command.replaces)
    change = abs(command.population - village.population) / village.population
    if change > USUAL_CHANGE and command.reason is None:
        raise Refused(
            "1.18",
            f"人口由 {village.population} 人变为 {command.population} 人，变动 {change:.0%}，超过 {USUAL_CHANGE:.0%}，"
            "请核对；属实的请写明原因（人口变动原因）",
            f"a population of {command.population} in the place of {village.population} differs by {change:.0%}, which "
            f"is more than {USUAL_CHANGE:.0%}; check it, and give the reason if it is true",
            field="reason",
            status=422,
        )


def resting(village: Village | None, command: WithdrawVillage) -> Iterable[Key]:
    """The register, which has the village's parties, and the units that a superior once designated for the village."""
    yield Register, command.village
    yield from ((Unit, unit) for unit in village.designated) if village else ()


def designate(village: Village | None, event: UnitRegistered, _policy: Policy, _today: date) -> Change:
    """A superior designated a unit for the village. Its registration cannot be withdrawn while that stands."""
    return Change(village and village.but(designated=among(village.designated, event.unit)))


def decides(village: Village | None, event: ResolutionOpened, _policy: Policy, _today: date) -> Change:
    """The village has opened a matter. Its registration cannot be withdrawn while that stands."""
    return Change(village and village.but(matters=among(village.matters, event.matter)))


def decides_no_more(village: Village | None, event: ResolutionWithdrawn, _policy: Policy, _today: date) -> Change:
    """The matter was opened by mistake and withdrawn, so it no longer keeps the registration."""
    return Change(village and village.but(matters=tuple(m for m in village.matters if m != event.matter)))


def withdraw(
    village: Village | None,
    command: WithdrawVillage,
    policy: Policy,
    _today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """Take back a registration that was a mistake. Refused once something depends on it, such as a survey."""
    village = addressed(village, command)
    if village.stage == "withdrawn":
        return Change(village)
    village = standing(village, command)
    serving = [unit for unit in others.values() if isinstance(unit, Unit) and unit.village == village.id]
    register = others.get((Register, village.id))
    parties = register.parties if isinstance(register, Register) else ()
    found = {
        "列入贫困村": ("its place on the list", bool(village.spell)),
        f"{village.facts}年度农户信息": (f"household facts of {village.facts}", bool(village.facts)),
        f"{village.measured}年度指标": (f"figures of {village.measured}", bool(village.measured)),
        f"民主决策事项“{'”“'.join(village.matters)}”": (f"matters {', '.join(village.matters)}", bool(village.matters)),
        f"列入{said('kind', [one.kind for one in village.listings.values()], policy)}": (
            f"its places on lists: {', '.join(village.listings)}",
            bool(village.listings),
        ),
        f"指定帮扶单位{'、'.join(u.id for u in serving)}": (
            f"units designated for it: {', '.join(u.id for u in serving)}",
            bool(serving),
        ),
        f"所属组织（人员）{'、'.join(parties)}": (f"its parties {', '.join(parties)}", bool(parties)),
        f"由村 {'、'.join(village.predecessors)} 合并或分设": (
            f"its origin in {', '.join(village.predecessors)}",
            bool(village.predecessors),
        ),
    }
    rests("identity", {zh: en for zh, (en, rest) in found.items() if rest})
    event = VillageWithdrawn(
        place=village.place, village=village.id, reason=command.reason, decided_by=command.decided_by
    )
    return Change(village, (event,))


def unlist(village: Village | None, command: WithdrawListing, _policy: Policy, _today: date) -> Change:
    """Take back a first listing that was a mistake, before the diagnosis and while its survey has no records.

    A later listing is no mistake to be taken back: a body decided it after a relapse.
    """
    village = standing(village, command)
    if not village.spell:
        return Change(village)
    if village.stage != "listed" or village.spell > 1:
        raise village.not_now(
            "只有首次列入且尚未会诊的，可以撤销列入；已会诊的先撤销会诊，其余按退出程序办理",
            "only a first listing can be taken back, before the diagnosis; withdraw that, or let the village exit",
            "identity",
        )
    event = VillageUnlisted(
        place=village.place,
        village=village.id,
        spell=village.spell,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(village, (event,))


def unlisted(village: Village, event: VillageUnlisted, policy: Policy, today: date) -> Change:
    """The village is registered and not on the list, as it was before the listing."""
    change = moved(village, event, policy, today)
    assert isinstance(change.state, Village)
    return Change(change.state.but(spell=0, document="", owed=()))


def recode_reads(_village: Village | None, command: RecodeVillage) -> Iterable[Key]:
    """The village that may have the new code already, and the packs of the divisions around that code."""
    yield Village, command.code
    yield Code, command.code
    yield from ((Jurisdiction, id) for id in around(command.code))


def recode(
    village: Village | None, command: RecodeVillage, _policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A new division code; the old ones stay as dated aliases (Regulation on Administrative Divisions 17)."""
    village = _recodable(village, command)
    current = village.codes[-1]
    if current == Alias(command.code, command.since):
        return Change(village)
    rule = "Regulation on Administrative Divisions 17"
    if not current.since <= command.since <= today:
        raise Refused(
            rule,
            f"新代码的启用日期{command.since}有误，应当在{current.since}至今天（{today}）之间",
            f"the new code must be valid from a day between {current.since} and today, {today}, not {command.since}",
            field="since",
            status=422,
        )
    if current.code == command.code:
        raise Refused(
            rule,
            f"代码 {command.code} 已自{current.since}起启用",
            f"the code {command.code} has been valid since {current.since}",
            field="since",
        )
    check_free(command.code, village.id, others, "code")
    packs = (others[Jurisdiction, id] for id in around(command.code))
    if not any(isinstance(j, Jurisdiction) and min(j.packs.values(), default=today) <= today for j in packs):
        raise Refused(
            "policy",
            f"新代码所在区划 {place_of(command.code)} 没有生效的政策包，村迁入后无法办理任何事项，"
            "也无法迁回；请先启用政策包",
            f"no policy pack is in force in {place_of(command.code)}, where the new code lies: nothing could be done "
            "about the village there, nor could it come back; adopt a pack there first",
            field="code",
        )
    event = VillageRecoded(
        place=village.place,
        village=village.id,
        code=command.code,
        since=command.since,
        document=command.document,
        decided_by=command.decided_by,
        matters=village.matters,
        listings=tuple(village.listings),
    )
    return Change(village.but(codes=(*village.codes, Alias(command.code, command.since))), (event,))


def _recodable(village: Village | None, command: RecodeVillage) -> Village:
    """The village, if the command may recode it. Its county may recode it within the county.

    Only a division above both counties may recode it into another county: otherwise a county could push a village onto
    its neighbour, which has its own pack and units.
    """
    village = there(village, "村", "village", command.village)
    place, new = command.place, place_of(command.code)
    above = jurisdiction_of(place)
    if village.place.startswith(above) and new.startswith(above):
        return not_ended(village)
    if new == village.place:
        return standing(village, command)
    raise Refused(
        "Regulation on Administrative Divisions 17",
        f"村 {village.id} 由 {village.place} 划入 {new}，须由两地共同的上级区划办理，"
        f"不能由 {command.place} 办理，请改填",
        f"village {village.id} would move from {village.place} to {new}, which a division above both "
        f"decides, not {command.place}; name that one",
        field="place",
        status=422,
    )


def check_free(code: str, village: str, others: Mapping[Key, State | None], field: str) -> None:
    """Refuse a code that another village has or had, as its id or its code: a code is one village's for ever."""
    named, alias = others[Village, code], others[Code, code]
    owner = alias.village if isinstance(alias, Code) else named.id if isinstance(named, Village) else village
    if owner != village:
        raise Refused(
            "Regulation on Administrative Divisions 17",
            f"代码 {code} 是村 {owner} 现用或曾用的代码，不能再用于其他村，请核对",
            f"the code {code} is or was that of village {owner} and cannot be another's; check it",
            field=field,
        )


# -------------------------------------------------------- from the middle


def take_over(village: Village | None, command: TakeOverVillage, policy: Policy, today: date) -> Change:
    """Take over a village whose work began before the system was used, at its present stage, with its earlier dates.

    Its latest figures were not verified in this system, so it must be measured once more before it can leave the list.
    """
    if village is not None and village.stage != "withdrawn":
        village = standing(village, command)
        if village.taken_over == command.decided_by and village.name == command.name:
            return Change(village)
        raise Refused(
            "identity",
            f"村 {village.id} 已登记，不能再按接管录入；请用更正办理",
            f"village {village.id} is registered already and cannot be taken over; correct its data instead",
            field="village",
        )
    if command.delisted_on is None:
        _check_list(policy, "listed_on")
    _check_dates(command, today)
    _check_diagnosis(command, policy)
    latest = max(command.figures, key=lambda figures: figures.year, default=None)
    begun = _new(
        RegisterVillage(
            place=command.place,
            village=command.village,
            name=command.name,
            township=command.township,
            population=command.population,
            listed=True,
        ),
        village,
        command.listed_on,
    )
    after = begun.but(
        name=command.name,
        township=command.township,
        population=command.population,
        document=command.document,
        measured=latest.year if latest else 0,
        spent=latest.year if latest else 0,
        left_by=latest.year if latest and command.delisted_on else 0,
        values=latest.values if latest else {},
        unmet=unmet(latest.values, policy) if latest and not command.delisted_on else (),
        taken_over=command.decided_by,
    )
    return Change(after, (registered(after), *_earlier(command, after.values)))


def _earlier(command: TakeOverVillage, values: Mapping[str, float]) -> Iterable[Event]:
    """The events of the years before the system was used, each with its day."""
    about: dict[str, Any] = {"place": command.place, "village": command.village}
    yield VillageListed(**about, spell=1, since=command.listed_on, left=command.delisted_on)
    if command.problem_class:
        yield VillageDiagnosed(
            **about,
            spell=1,
            problem_class=command.problem_class,
            counts={},
            problems=tuple(Problem(p.number, p.topic, p.cause) for p in command.problems),
            decided_by=command.decided_by,
            since=command.diagnosed_on,
        )
    if command.delisted_on:
        yield VillageDelisted(
            **about,
            spell=1,
            incidence=values.get(INCIDENCE, 0.0),
            decided_by=command.decided_by,
            since=command.delisted_on,
        )


def _check_dates(command: TakeOverVillage, today: date) -> None:
    """Refuse days that are out of order or in the future, and a diagnosis without its day."""
    days = [("listed_on", command.listed_on), ("diagnosed_on", command.diagnosed_on)]
    days += [("delisted_on", command.delisted_on)]
    known = [(field, day) for field, day in days if day is not None]
    for (_, before), (field, day) in zip(known, [*known[1:], ("listed_on", today)], strict=True):
        if day < before:
            raise Refused(
                "identity",
                f"日期{before}、{day}先后颠倒，或者晚于今天（{today}），请核对",
                f"the days {before} and {day} do not follow one another, or lie after today, {today}; check them",
                field=field,
                status=422,
            )
    if bool(command.problem_class) is not bool(command.diagnosed_on):
        raise Refused(
            "3.1",
            "会诊类别和会诊日期须同时填写",
            "a diagnosis needs both its class and its day",
            field="problem_class" if command.diagnosed_on else "diagnosed_on",
            status=422,
        )
    if command.listed_on < FIRST_LISTING:
        raise Refused(
            "identity",
            f"列入日期{command.listed_on}早于{FIRST_LISTING}，当时尚无贫困村名单，请核对",
            f"there was no list of poor villages on {command.listed_on}, before {FIRST_LISTING}; check the day",
            field="listed_on",
            status=422,
        )
    first = command.listed_on.year - 1
    if strange := [one.year for one in command.figures if not first <= one.year <= today.year]:
        raise Refused(
            "1.18",
            f"{strange[0]}年度不在列入前一年（{first}年）至今年之间，请核对年度",
            f"the year {strange[0]} is not between {first}, the year before the listing, and this one",
            field="figures",
            status=422,
        )


def _check_diagnosis(command: TakeOverVillage, policy: Policy) -> None:
    """Refuse codes in an earlier diagnosis that the pack does not know, and a problem without its cause."""
    if command.problem_class:
        require_known(
            command.problem_class, policy.listing.problem_classes, "problem_class", "贫困村类别", "problem class"
        )
    for problem in command.problems:
        require_known(problem.topic, policy.listing.topics, "problems", "调查内容", "topic")
    if wrong := [problem.number for problem in command.problems if not problem.cause]:
        raise Refused(
            "3.1",
            f"第{wrong[0]}号突出问题未写明原因，请填写",
            f"problem {wrong[0]} has no cause; give it",
            field="problems",
            status=422,
        )
    if command.problems and not command.problem_class:
        raise Refused(
            "3.1",
            "有突出问题的，须填写会诊类别",
            "problems belong to a diagnosis; name its class",
            field="problem_class",
            status=422,
        )
