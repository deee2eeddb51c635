"""A district's team is inspected, replies, and fails twice, and its days are paid, through the real processes."""

from datetime import date
from pathlib import Path
from typing import Any

from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from shared.policy.shipped import content
from tests.support.officers import Office, squad, unit

XIXIU, NATION = content("xixiu"), content("national")
PLACE, VILLAGE, BEGIN = "520402", "520402101201", date(2018, 1, 2)
AT = {"place": PLACE, "village": VILLAGE}
BY = {"body": "organisation", "decided_by": "区委组织部"}
LEADER = "C-U1-0"
ABOVE = {
    "label": "申诉",
    "rule": "CSL:第九十条",
    "standings": ["civil_servant"],
    "body": "city",
    "within": {"calendar_days": 15},
    "answer": {"calendar_days": 60},
}
MOVED: dict[str, Any] = {"proposes": "leader_group", "propose_within": {"calendar_days": 15}}
(ROTA,) = XIXIU["campaigns"]
PACK: dict[str, Any] = {
    **XIXIU,
    "effective_from": date(2018, 1, 1),
    "documents": {key: {**one, "since": None} if key == "D18" else one for key, one in XIXIU["documents"].items()},
    "campaigns": [{**ROTA, "opens": [{"every": {"months": 6}, "from": "2018-01-05"}]}],
    "outcomes": [
        {**one, **MOVED, "appeals": [*one["appeals"], ABOVE]} if one["subject"] == "cadre" and "appeals" in one else one
        for one in XIXIU["outcomes"]
    ],
}
"""Xixiu's pack from the beginning of the year, in which inspectors come twice a year, the leading group proposes what
is done about a cadre, and civil servants may appeal to the city as well."""
SAID = "路断未能整改"
"""What the leader says in the hearing."""


async def sent(office: Office) -> None:
    """A village of the list gets a team."""
    await office.do("policies", {"place": "000000", "pack": NATION, "adopted_by": "国务院扶贫开发领导小组"})
    await office.do("policies", {"place": PLACE, "pack": PACK, "adopted_by": "区委"})
    await office.do("units", unit("U1", PLACE))
    await office.do("cadres", *squad("U1", PLACE))
    await office.do("villages", {**AT, "name": "某村（虚构）", "township": "示例镇", "population": 900, "listed": True})
    topics = enumerate(NATION["listing"]["topics"], 1)
    await office.do("surveys", *({**AT, "number": n, "topic": of, "on": BEGIN, "kind": "form"} for n, of in topics))
    problem = {**AT, "number": 9, "topic": "problems", "on": BEGIN, "kind": "problem", "cause": "没有主导产业"}
    await office.do("surveys", problem)
    diagnosed = {"problem_class": "lagging_economy", "body": "county", "decided_by": "区委"}
    await office.do("diagnoses", {**AT, **diagnosed})
    matching = {"place": PLACE, "matching": "first", "asked_by": "区委组织部", "body": "organisation"}
    await office.do("matchings", matching, service="dispatch")
    await office.do("assignments", {**AT, "assigned_by": "区委组织部", "body": "organisation"}, service="dispatch")


async def visited(office: Office, on: date) -> None:
    """Inspectors find something, the unit disputes a part of it, and the inspection lets that go."""
    await office.until(on)
    about = {**AT, "campaign": f"520402-supervision-{on}"}
    found = {"on": on, "findings": ["poor_results", "unit_inattentive"], "body": "inspection", "inspector": "第一组"}
    await office.do("visits", {**about, **found}, service="inspection")
    reply = {"body": "unit", "disputed": ["unit_inattentive"], "replied_by": "某局", "document": "函〔2018〕3号"}
    await office.do("replies", {**about, **reply}, service="inspection")
    said = {"confirmed": [], "body": "inspection", "decided_by": "区督查局", "document": "督〔2018〕5号"}
    await office.do("reply-decisions", {**about, **said}, service="inspection")


async def counted(office: Office) -> None:
    """The township says how many days of January each was there, and finance confirms what follows from them."""
    days = [{"cadre": f"C-U1-{n}", "days": number} for n, number in enumerate((22, 20, 0))]
    said = {**AT, "year": 2018, "month": 1, "present": days, "counted_by": "示例镇政府", "body": "township"}
    await office.do("presences", said, service="dispatch")
    paid = {"kind": "allowance", "year": 2018, "month": 1, "confirmed_by": "区财政局", "body": "finance"}
    await office.do("statements", {**AT, **paid}, service="incentives")


async def sanctioned(office: Office, outcome: str) -> None:
    """The leading group proposes a talk, the leader is heard, it is decided and served, and neither the review nor the
    city takes it back."""
    about = {"place": PLACE, "subject_kind": "cadre", "subject": LEADER, "outcome": outcome}
    by = {"body": "discipline", "decided_by": "区纪委〔2018〕1号"}
    distinctions = dict.fromkeys(("inexperience", "exploration", "unintended"), False)
    decided = {"imposed": True, "standing": "civil_servant", **distinctions, **by}
    served = {"served_on": date(2018, 2, 5), "body": "discipline"}
    letters: list[tuple[str, dict[str, Any]]] = [
        ("outcome-motions", {"moved": True, "body": "leader_group", "moved_by": "区扶贫开发领导小组"}),
        ("defences", {"statement": SAID, "finding": "与督查情况一致", "accepted": False}),
        ("decisions", decided),
        ("decision-services", served),
        ("appeals", {}),
        ("appeal-decisions", {"overturned": False, **by}),
        ("decision-services", served),
        ("appeal-escalations", {}),
    ]
    for path, said in letters:
        await office.do(path, {**about, **said}, service="incentives")
    await office.survives("incentives")
    assert [role for whom, role, _ in await office.awaited("appeal-decisions")] == ["city"]
    upheld = {**about, "overturned": False, "body": "city", "decided_by": "市委组织部"}
    await office.do("appeal-decisions", upheld, service="incentives")


async def test_1_6_1_13_5_9_who_lets_an_order_lapse_appeals_and_climbs_the_ladder(tmp_path: Path) -> None:
    async with System(tmp_path, kind="demo") as system:
        await system.ready()
        async with Simulation(system) as simulation:
            office = Office(simulation)
            await simulation.pass_day(BEGIN)
            await sent(office)
            await visited(office, date(2018, 1, 5))
            await office.survives("inspection", "dispatch")
            await office.until(date(2018, 2, 5))
            await counted(office)
            first = await office.told("incentives", "outcome.proposed")
            (outcome,) = [one["outcome"] for one in first if one["subject_kind"] == "cadre"]
            assert await office.awaited("outcome-motions") == [(outcome, "leader_group", date(2018, 2, 20))]
            heard = [whom for whom, *_ in await office.awaited("defences")]
            assert outcome not in heard, "nobody is heard about what is not proposed"
            await sanctioned(office, outcome)
            await office.until(date(2018, 3, 7))
            (order,) = await office.told("inspection", "order.issued")
            proposed = await office.told("incentives", "outcome.proposed")
            drawn, paid = [await office.told("incentives", f"allowances.{said}") for said in ("drawn", "confirmed")]
            answers = await office.told("incentives", "appeal.decided")
            (moved,) = await office.told("incentives", "outcome.moved")
            (defended,) = await office.told("incentives", "outcome.defended")
            kept = await office.asked("incentives", f"/v1/records/cadre:{LEADER}")
            statuses = await simulation.statuses()
    assert (moved["outcome"], moved["moved"]) == (outcome, True)
    assert kept["cases"][outcome]["statement"] == SAID and SAID not in str(defended), "the hearing is in no event"
    assert not [name for name, status in statuses.items() if status.dead_letters], "nothing is parked"
    assert (order["findings"], order["due"]) == (["poor_results"], "2018-02-04"), "the other finding was refuted"
    assert [one["kind"] for one in proposed if one["subject_kind"] == "cadre"] == ["talk", "admonishment"]
    assert [one["kind"] for one in proposed if one["subject_kind"] == "unit"] == ["unit_talk", "unit_talk"]
    totals = [[member["total"] for told in events for member in told["paid"]] for events in (drawn, paid)]
    assert totals == [[1100, 1000]] * 2
    assert len(answers) == 2 and not any(one.get("overturned") for one in answers)
