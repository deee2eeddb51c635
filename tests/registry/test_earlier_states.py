"""What databases of earlier versions keep of procedures is read, and goes on where it stood."""

import json
from datetime import date
from importlib import import_module
from typing import Any

import msgspec

from services.registry.model import Resolution, Village
from shared.policy import renewed
from shared.policy.earlier import exit_steps

MIGRATION = import_module("services.registry.migrations.0006_procedures")
EXIT: dict[str, Any] = {
    "id": "210521100201", "place": "210521", "name": "上石村", "township": "小市镇", "population": 1000,
    "stage": "noticed", "since": "2014-12-02", "timers": {"measure": "2015-11-20", "notice": "2014-12-10"},
    "deadlines": [{"path": ["exit", "notice_until"], "since": "2014-12-02", "span": {"working_days": 5},
                   "timer": "notice"}],
    "exit": {
        "attempt": 2, "at": 1, "since": "2014-12-01", "notice_until": "2014-12-09", "drawn": True,
        "objections": {"1": {"ground": "收入不实"}},
        "procedure": [
            {"name": "verify", "kind": "verify", "by": "inspection", "within": {"calendar_days": 30}},
            {"name": "notice", "kind": "notice", "by": "township", "within": {"working_days": 5},
             "on_objection": "verify"},
            {"name": "approve", "kind": "decide", "by": "county", "within": {"working_days": 10}},
        ],
    },
}  # fmt: skip
MATTER: dict[str, Any] = {
    "id": "210521100201/7", "place": "210521", "village": "210521100201", "matter": "7", "procedure": "four",
    "rule": "S3", "subject_code": "fund",
    "steps": [
        {"name": "propose", "label": "提议", "kind": "decide", "by": "village"},
        {"name": "publish", "label": "公开", "kind": "publish", "by": "village"},
    ],
    "taken": [{"place": "210521", "village": "210521100201", "matter": "7", "step": "propose", "entitled": 3,
               "present": 3, "agreed": 3, "decided_by": "村"}],
}  # fmt: skip


def read(kind: type[Any], state: dict[str, Any]) -> Any:
    return msgspec.json.decode(json.dumps(state).encode(), type=kind)


def test_an_exit_in_the_middle_of_its_notice_goes_on() -> None:
    village: Village = read(Village, MIGRATION._village(EXIT))
    exit = village.exit
    assert exit and exit.step and (exit.kind, exit.attempt, exit.step.kind) == ("exit", 2, "notice")
    assert (exit.notice_until, exit.open_objections, exit.drawn) == (date(2014, 12, 9), [1], True)
    assert (exit.step.on_objection, exit.steps[2].on_refusal) == ("verify", "verify")
    assert village.timers == {"measure": date(2015, 11, 20), "step": date(2014, 12, 10)}
    assert village.deadlines[0].timer == "step"


def test_an_exit_that_awaits_its_approval_keeps_its_day() -> None:
    deciding = {**EXIT["exit"], "at": 2, "since": "2014-12-10", "notice_until": None, "objections": {}}
    state = {**EXIT, "timers": {}, "deadlines": [], "exit": deciding}
    village: Village = read(Village, MIGRATION._village(state))
    assert village.exit and village.exit.take_by == date(2014, 12, 24), "ten working days"
    assert village.timers == {"step": date(2014, 12, 25)}


def test_a_matter_goes_on_at_its_next_step_and_one_that_failed_stays_failed() -> None:
    matter: Resolution = read(Resolution, MIGRATION._resolution(MATTER))
    assert matter.course.step and (matter.course.step.name, matter.status) == ("publish", "passed")
    assert matter.course.take_by is None, "nobody had given it a time"
    failed: Resolution = read(Resolution, MIGRATION._resolution({**MATTER, "rejected": True}))
    assert (failed.course.at, failed.course.step, failed.status) == (0, None, "rejected")


def test_an_old_exit_leads_back_where_it_said_so_and_else_to_its_verification() -> None:
    days = {"calendar_days": 7}
    said = [
        {"name": "look", "kind": "verify", "by": "inspection", "within": days},
        {"name": "draft", "kind": "decide", "by": "township", "within": days},
        {"name": "post", "kind": "notice", "by": "township", "within": days, "on_objection": "draft"},
        {"name": "approve", "kind": "decide", "by": "county", "within": days, "on_objection": "draft"},
    ]
    _, draft, post, approve = exit_steps(said)
    assert (draft["on_refusal"], post["on_objection"], approve["on_refusal"]) == ("look", "draft", "draft")
    silent = [{name: value for name, value in one.items() if name != "on_objection"} for one in said]
    assert [one.get("on_refusal") or one.get("on_objection") for one in exit_steps(silent)] == [None, *["look"] * 3]
    assert all("on_objection" not in one for one in (draft, approve)) and post["notice_for"] == days


def test_a_pack_whose_exit_had_its_steps_in_the_section_of_the_exit_has_them_as_a_procedure() -> None:
    days = {"calendar_days": 7}
    steps = [
        {"name": "look", "kind": "verify", "by": "inspection", "within": days},
        {"name": "approve", "kind": "decide", "by": "county", "within": days},
    ]
    documents = {"S3": "驻村工作办法", "G1": "意见"}
    pack = {"documents": documents, "exit": {"measure_for": 1, "procedure": steps}, "procedures": [{"kind": "lift"}]}
    now = renewed(pack)
    other, exit = now["procedures"]
    assert now["exit"]["measure_for"] == 1 and "procedure" not in now["exit"] and other["kind"] == "lift"
    assert (exit["kind"], exit["effect"], exit["rule"], exit["label"]) == ("exit", "delist", "S3", "贫困村出列")
    assert [one["name"] for one in exit["steps"]] == ["look", "approve"]
    assert [one["kind"] for one in renewed({"exit": {"procedure": steps}})["procedures"]] == ["exit"]
