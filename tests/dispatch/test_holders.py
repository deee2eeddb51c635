"""What is owed by the cadres who hold a link to the village, such as the list of its leaders (2.3)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.forms import FORMS
from services.dispatch.model.commands import (
    BeginLink,
    EndLink,
    SetCommitment,
    WithdrawAssignment,
    WithdrawCommitment,
)
from services.dispatch.model.owed import Commitments
from shared.contracts.dispatch import CommitmentOverdue, CommitmentSet, CommitmentWithdrawn, Item
from shared.labels import sentence
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import PACK, START, V1, V2, Benxi, cadre, delisted, diagnosed, merged, squad, unit
from tests.support.packs import CONTACT, HELPER

DAY = timedelta(1)
LIST: dict[str, Any] = {
    "kind": "list_leaders",
    "label": "领导干部联村责任清单",
    "rule": "S3:第一项",
    "by": {"link": "contact"},
    "set_by": {"after": "dispatch.team.assigned", "within": {"calendar_days": 30}},
    "items_at_least": 1,
    "yearly": {"month": 2, "day": 29},
}
ITEMS = (Item(1, "每季度遍访贫困户"),)


def city() -> Benxi:
    """Benxi whose leaders owe a list of their own. L1 and L2 belong to another unit than the one that helps V1."""
    benxi = Benxi(links=[*PACK["links"], CONTACT], commitments=[*PACK["commitments"], LIST])
    benxi.hear(unit("U9"), cadre("L1", "U9", "division"), cadre("L2", "U9", "division"))
    return benxi.assigned()


def begin(benxi: Benxi, cadre: str = "L1", village: str = V1) -> None:
    benxi.send(BeginLink, village, kind="contact", unit="U9", cadre=cadre)


def end(benxi: Benxi, cadre: str = "L1") -> None:
    benxi.send(EndLink, kind="contact", cadre=cadre)


def whose(benxi: Benxi, village: str = V1) -> list[tuple[str, tuple[str, ...]]]:
    """The role and the cadres that are asked for the list of a village's leaders."""
    asked = [task for task in benxi.tasks("commitments") if task.about == village]
    return [(task.role, task.whom) for task in asked if task.answer["kind"] == "list_leaders"]


def set_list(benxi: Benxi, body: str) -> None:
    benxi.send(SetCommitment, kind="list_leaders", period="2014", items=ITEMS, set_by="县领导", body=body)


def overdue(benxi: Benxi) -> dict[str, tuple[str | None, str | None, str]]:
    return {said.kind: (said.owed_by, said.link, said.unit) for said in benxi.said(CommitmentOverdue, period="2014")}


def test_2_3_the_list_is_asked_of_whoever_holds_the_link_and_else_of_who_decides_on_it() -> None:
    benxi = city()
    assert whose(benxi) == [("organisation", ())]
    begin(benxi)
    assert whose(benxi) == [("unit", ("L1",))]
    begin(benxi, "L2")
    assert whose(benxi) == [("unit", ("L1", "L2"))]
    end(benxi)
    assert whose(benxi) == [("unit", ("L2",))], "who signs may be replaced before"
    end(benxi, "L2")
    assert whose(benxi) == [("organisation", ())]


def test_2_3_only_the_units_of_those_who_hold_the_link_enter_their_list() -> None:
    benxi = city()
    with pytest.raises(Refused) as early:
        set_list(benxi, "unit")
    assert early.value.field == "body"
    begin(benxi)
    for body in ("organisation", "team"):
        with pytest.raises(Refused):
            set_list(benxi, body)
    set_list(benxi, "unit")
    assert [(said.kind, said.items) for said in benxi.said(CommitmentSet)] == [("list_leaders", ITEMS)]
    assert whose(benxi) == []


def test_2_3_an_overdue_list_says_that_its_leaders_owed_it_and_names_nobody() -> None:
    benxi = city()
    begin(benxi)
    benxi.until(START + 60 * DAY)
    assert overdue(benxi) == {"list_leaders": ("unit", "contact", "U1")}
    (told,) = benxi.said(CommitmentOverdue, kind="list_leaders")
    zh, en = sentence(told, benxi.policy, {})
    assert "由派出单位负责（领导干部联系点）" in zh and "L1" not in zh + en


def test_2_3_while_nobody_holds_the_link_the_overdue_list_is_of_who_had_to_name_somebody() -> None:
    benxi = city()
    benxi.until(START + 60 * DAY)
    assert overdue(benxi) == {"list_leaders": ("organisation", "contact", "U1")}
    assert {said.link for said in benxi.said(CommitmentOverdue, kind="letter")} == {None}


def test_2_3_a_withdrawn_assignment_and_a_transfer_are_followed() -> None:
    benxi = city()
    begin(benxi)
    benxi.send(WithdrawAssignment)
    assert whose(benxi) == []
    benxi.assign()
    assert whose(benxi) == [("unit", ("L1",))], "the leader stays bound to the village"
    benxi.hear(cadre("L1", "U9", "staff"))
    assert whose(benxi) == [("organisation", ())], "whose rank is too low is bound to no village"


@pytest.mark.parametrize("event", [delisted(V1), merged(V1, V2)], ids=["delisted", "merged"])
def test_2_3_nobody_is_kept_as_holder_of_a_link_that_ended_with_the_village(event: Any) -> None:
    benxi = city()
    benxi.hear(diagnosed(V2))
    begin(benxi)
    begin(benxi, "L2", V2)
    benxi.hear(event)
    held = {id: state.holders for (_, id), state in benxi.dispatch.states.items() if isinstance(state, Commitments)}
    assert held == {V1: {}, V2: {"contact": {"L2": "U9"}}}


@pytest.mark.parametrize(
    ("links", "by", "says"),
    [
        ([CONTACT, HELPER], "helper", "helper is no link from a cadre to a village; those are: contact"),
        ([CONTACT], "team", 'for the team say by = "team"'),
        ([{**CONTACT, "decides": "city"}], "contact", "city decides on contact, and owes this while nobody holds it"),
    ],
)
def test_2_3_a_link_that_cannot_owe_anything_is_refused(links: list[Any], by: str, says: str) -> None:
    pack = {
        **PACK,
        "links": [*PACK["links"], *links],
        "commitments": [*PACK["commitments"], {**LIST, "by": {"link": by}}],
    }
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack(pack)
    assert [(fault.where, says in fault.en) for fault in refused.value.faults] == [("commitments[4].by.link", True)]


# ------------------------------------------------------------------------ one for each


def each(**said: Any) -> Benxi:
    """Benxi whose leaders have a list each, with two duties."""
    duties = {"lead": "牵头抓总", "stay": "蹲点指导"}
    own = {**LIST, "by": {"link": "contact", "each": True}, "duties": duties, **said}
    benxi = Benxi(links=[*PACK["links"], CONTACT], commitments=[*PACK["commitments"], own])
    benxi.hear(unit("U9"), cadre("L1", "U9", "division"), cadre("L2", "U9", "division"))
    return benxi.assigned()


def own_items(text: str = "开现场会") -> tuple[Item, ...]:
    return (Item(1, text, duty="lead"), Item(2, "住村", duty="stay"))


def set_own(benxi: Benxi, cadre: str | None, period: str = "2014", **said: Any) -> None:
    said = {"items": own_items(), "village": V1, **said}
    benxi.send(SetCommitment, kind="list_leaders", period=period, set_by="县领导", body="unit", cadre=cadre, **said)


def test_2_3_each_leader_has_a_list_from_the_day_on_which_the_link_begins() -> None:
    benxi = each()
    assert whose(benxi) == [], "nobody leads the village yet"
    begin(benxi)
    benxi.until(START + 10 * DAY)
    begin(benxi, "L2")
    tasks = [task for task in benxi.tasks("commitments") if task.answer["kind"] == "list_leaders"]
    assert [(task.whom, task.answer["cadre"], task.due) for task in tasks] == [
        (("L1",), "L1", START + 30 * DAY),
        (("L2",), "L2", START + 40 * DAY),
    ]
    with pytest.raises(Refused, match="is not owed now"):
        set_own(benxi, None)
    set_own(benxi, "L2")
    assert whose(benxi) == [("unit", ("L1",))]
    assert [said.cadre for said in benxi.said(CommitmentSet, kind="list_leaders")] == ["L2"]
    with pytest.raises(Refused, match="there is none of stay"):
        set_own(benxi, "L1", items=(Item(1, "开会", duty="lead"),))


def test_2_3_a_leader_of_two_villages_owes_a_list_in_each_and_sets_them_apart() -> None:
    benxi = each()
    benxi.hear(unit("U2"), *squad("U2"), diagnosed(V2))
    benxi.solve("m2")
    benxi.assign(V2)
    begin(benxi)
    begin(benxi, village=V2)
    assert [whose(benxi, village) for village in (V1, V2)] == [[("unit", ("L1",))]] * 2
    set_own(benxi, "L1", village=V2)
    assert (whose(benxi), whose(benxi, V2)) == ([("unit", ("L1",))], [])
    assert [said.village for said in benxi.said(CommitmentSet, kind="list_leaders")] == [V2]
    end(benxi)
    assert whose(benxi) == [], "the list in the other village stays"
    assert [said.village for said in benxi.said(CommitmentWithdrawn)] == []


def test_2_3_help_begins_once_every_leader_who_is_there_has_a_list() -> None:
    benxi = each()
    begin(benxi)
    benxi.begin()
    assert benxi.assignment().status == "assigned"
    set_own(benxi, "L1")
    assert benxi.assignment().status == "helped"
    begin(benxi, "L2")
    assert (benxi.assignment().status, whose(benxi)) == ("helped", [("unit", ("L2",))])


def test_2_3_a_leader_who_leaves_takes_the_list_along_and_help_begins_with_the_others() -> None:
    benxi = each()
    begin(benxi)
    begin(benxi, "L2")
    set_own(benxi, "L1")
    benxi.begin()
    assert benxi.assignment().status == "assigned"
    end(benxi, "L2")
    assert (benxi.assignment().status, whose(benxi)) == ("helped", [])


def test_2_3_next_years_lists_are_made_from_this_years_and_missed_ones_are_told_without_a_name() -> None:
    benxi = each()
    begin(benxi)
    set_own(benxi, "L1", items=own_items("包抓产业"))
    benxi.until(date(2015, 1, 1))
    begin(benxi, "L2")
    assert whose(benxi) == [("unit", ("L1",)), ("unit", ("L2",))]
    row = issued(benxi, "L1")
    assert [(item["items.text"], item["items.duty"]) for item in row[:3]] == [
        ("包抓产业", "lead"),
        ("住村", "stay"),
        (None, None),
    ]
    assert [item["items.text"] for item in issued(benxi, "L2")] == [None, None, None]
    benxi.until(date(2015, 3, 2))
    told = [(said.due, said.owing, said.link) for said in benxi.said(CommitmentOverdue, kind="list_leaders")]
    assert told == [(date(2015, 1, 31), 1, "contact"), (date(2015, 2, 28), 1, "contact")]
    zh, en = sentence(benxi.said(CommitmentOverdue, kind="list_leaders")[0], benxi.policy, {})
    assert "涉及1人" in zh and "L2" not in zh + en


def issued(benxi: Benxi, cadre: str) -> list[Any]:
    """The rows of the form for a leader's list, if three are asked for."""
    blank = FORMS["commitments"]
    state = benxi.dispatch.states[Commitments, V1]
    (task,) = [task for task in state.tasks(benxi.policy) if task.answer.get("cadre") == cadre]
    return [*blank.lines(blank.row(state, task, benxi.policy), 3)]


def test_2_3_a_missed_day_of_two_leaders_is_one_event_that_counts_them() -> None:
    benxi = each()
    begin(benxi)
    begin(benxi, "L2")
    benxi.until(START + 31 * DAY)
    assert [said.owing for said in benxi.said(CommitmentOverdue, kind="list_leaders")] == [2]


def test_2_3_a_leaders_list_is_withdrawn_alone() -> None:
    benxi = each()
    begin(benxi)
    begin(benxi, "L2")
    set_own(benxi, "L1")
    set_own(benxi, "L2")
    benxi.send(WithdrawCommitment, kind="list_leaders", period="2014", body="unit", cadre="L2")
    assert [said.cadre for said in benxi.said(CommitmentWithdrawn)] == ["L2"]
    assert whose(benxi) == [("unit", ("L2",))]


@pytest.mark.parametrize(
    ("said", "more", "match"),
    [
        ({"settle": {"month": 1, "day": 31}}, {}, "not reconciled or settled"),
        ({}, {"set_by": {"after": "list_leaders", "within": {"calendar_days": 30}}}, "diary cannot rest on it"),
    ],
)
def test_2_3_a_pack_that_rests_on_a_list_of_each_or_settles_it_is_refused(
    said: dict[str, Any], more: dict[str, Any], match: str
) -> None:
    own = {**LIST, "by": {"link": "contact", "each": True}, **said}
    diary = {**LIST, "kind": "diary", "by": "team", **more}
    with pytest.raises(PolicyInvalid, match=match):
        parse_pack({**PACK, "links": [*PACK["links"], CONTACT], "commitments": [*PACK["commitments"], own, diary]})
