"""A banner grades its secretaries and branches, and posts a deputy to a township, through the real processes."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.officers import Refusal
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from shared.policy.shipped import content
from tests.support.officers import PERSON, Office, unit

JALAID, XIXIU, ZUNYI = (content(name) for name in ("jalaid", "xixiu", "zunyi"))
PLACE, VILLAGE, TOWNSHIP = "152223", "152223101201", "township:152223101"
AT = {"place": PLACE, "village": VILLAGE}
BRANCHES = {"B1": 90, "B2": 40, "B3": 70}
"""What each branch's township thinks of it."""


def entry(pack: dict[str, Any], section: str, kind: str, **changes: Any) -> dict[str, Any]:
    return {**next(one for one in pack[section] if one["kind"] == kind), "rule": "S0:第一部分", **changes}


RANK = {"worst": 1, "lists": "weak_branch", "by": "organisation"}
PACK: dict[str, Any] = {
    **JALAID,
    "appraisals": [*JALAID["appraisals"], entry(XIXIU, "appraisals", "branch_review", rank=RANK)],
    "lists": [*JALAID["lists"], entry(ZUNYI, "lists", "weak_branch")],
    "letters": [entry(XIXIU, "letters", "township_letter")],
}
"""Jalaid's pack with a yearly review of branches, whose worst is put right, and with letters of townships."""
PRAISE: dict[str, Any] = {
    "kind": "praise",
    "label": "通报表扬",
    "clause": "S0:第一部分",
    "on": "inspection.appraisal.graded",
    "when": {"kind": ["secretary_rating"], "grade": ["sound"]},
    "subject": "village_cadre",
    "decides": "organisation",
    "decide_by": {"after": "proposal", "within": {"calendar_days": 60}},
    "quota_share": 0.4,
}
"""A reward of the best secretaries, for at most two in five of those who are graded."""
SECRETARIES = {"S1": 95, "S2": 90, "S3": 50}
"""What everybody thinks of each of three secretaries, where there are three."""


async def registered(office: Office) -> None:
    """A village with a secretary, three branches, and the leading group of its township, which has much to do."""
    nation = {"place": "000000", "pack": content("national"), "adopted_by": "国务院扶贫开发领导小组"}
    await office.do("policies", nation)
    await office.do("policies", {"place": PLACE, "pack": PACK, "adopted_by": "旗委"})
    village = {**AT, "name": "某嘎查（虚构）", "township": "示例苏木", "population": 900, "listed": False}
    await office.do("villages", village)
    parties = {
        "G1": ("township_group", TOWNSHIP),
        "D1": ("committee", TOWNSHIP),
        "S1": ("secretary", f"village:{VILLAGE}"),
        **dict.fromkeys(BRANCHES, ("branch", "party:D1")),
    }
    for id, (kind, parent) in parties.items():
        of = {"place": PLACE, "party": id, "kind": kind, "parent": parent}
        await office.do("parties", {**of, "name": "某（虚构）"})
    await office.do("units", unit("U1", PLACE))
    young = {**PERSON, "reserve": True, "born_on": "1990-01-01", "rank": "section"}
    await office.do("cadres", {"place": PLACE, "unit": "U1", "cadre": "C1", "name": "某（虚构）", **young})


async def posted(office: Office) -> None:
    """The township is listed, gets its deputy, and signs its letter."""
    hard = {"place": PLACE, "party": "G1", "kind": "hard_township", "since": "2018-01-02", "document": "旗委发1号"}
    await office.do("listings", {**hard, "body": "county", "decided_by": "旗委"})
    assert await office.awaited("posts") == [("G1", "organisation", date(2018, 2, 1))]
    post = {"kind": "township_deputy", "unit": "U1", "cadre": "C1", "post": "deputy_head", "body": "organisation"}
    await office.do("posts", {"place": PLACE, "party": "G1", **post, "decided_by": "旗委组织部"}, service="dispatch")
    assert await office.awaited("letters") == [(TOWNSHIP, "county", date(2018, 3, 31))]
    letter = {"place": PLACE, "division": TOWNSHIP, "kind": "township_letter", "year": 2018, "body": "county"}
    await office.do("letters", {**letter, "signed_by": "旗指挥部、苏木"})


def about(subject: str, **said: Any) -> dict[str, Any]:
    kind = "secretary_rating" if subject in SECRETARIES else "branch_review"
    return {"place": PLACE, "kind": kind, "subject": subject, "year": 2018, **said}


async def scored(office: Office) -> None:
    """All channels come in: three panels and a ballot about the secretary, a panel and a ballot about each branch."""
    panels = [("S1", "peers", "township", 40), ("S1", "leaders", "county", 40), ("S1", "committee", "organisation", 40)]
    panels += [(branch, "township_party", "township", score) for branch, score in BRANCHES.items()]
    scores = [
        about(whom, channel=channel, body=body, marks=[{"member": "M1", "score": score}], given_by="评议组")
        for whom, channel, body, score in panels
    ]
    await office.do("appraisal-scores", *scores, service="inspection")
    # The branches lie in no village, but in the township of the committee to which they belong.
    polled = [("S1", "representatives", "village"), *((branch, "members", "township") for branch in BRANCHES)]
    votes = {"entitled": 50, "present": 40, "satisfied": 20, "given_by": "会议"}
    ballots = [about(whom, channel=channel, body=body, **votes) for whom, channel, body in polled]
    await office.do("appraisal-ballots", *ballots, service="inspection")


async def graded(office: Office, **grades: str) -> None:
    by = {"body": "organisation", "decided_by": "旗委组织部"}
    said = [about(whom, grade=grade, **by) for whom, grade in grades.items()]
    await office.do("appraisal-grades", *said, service="inspection")


async def ranked(office: Office) -> None:
    """The worst branch is proposed for its list, and whoever keeps that list enters it."""
    by = {"body": "organisation", "decided_by": "旗委组织部"}
    await office.do("rankings", {"place": PLACE, "kind": "branch_review", "year": 2018, **by}, service="inspection")
    assert [whom for whom, *_ in await office.awaited("listings")] == ["B2"]
    named = {"place": PLACE, "party": "B2", "kind": "weak_branch", "since": "2019-01-02", "document": "旗组发2号"}
    await office.do("listings", {**named, **by})
    assert await office.awaited("listings") == []


async def confirmed(office: Office) -> None:
    said = {**AT, "kind": "secretary_pay", "year": 2019, "month": 1, "body": "finance", "confirmed_by": "旗财政局"}
    await office.do("statements", said, service="incentives")


async def test_0_5_0_10_0_11_1_2_2_6_secretaries_are_graded_and_paid_by_it_and_the_worst_branch_is_listed(
    tmp_path: Path,
) -> None:
    async with System(tmp_path, kind="demo") as system:
        await system.ready()
        async with Simulation(system) as simulation:
            office = Office(simulation)
            await simulation.pass_day(date(2018, 1, 2))
            await registered(office)
            await posted(office)
            await office.until(date(2018, 11, 2))
            await scored(office)
            await office.survives("inspection", "incentives")
            await office.until(date(2019, 1, 2))
            await graded(office, S1="weak", B1="strong", B2="backward", B3="middling")
            await ranked(office)
            await confirmed(office)
            lodged = about("S1", body="village", lodged_by="本人")
            await office.do("appraisal-reviews", lodged, service="inspection")
            await graded(office, S1="fair")
            await office.survives("registry", "dispatch", "inspection", "incentives")
            assert (VILLAGE, "finance", date(2019, 1, 22)) in await office.awaited("statements")
            await confirmed(office)
            listed = await office.asked("registry", "/v1/listings", place=PLACE, status="weak_branch")
            (posts,) = await office.asked("dispatch", f"/v1/post-counts/{PLACE}")
            (ranking,) = await office.told("inspection", "ranking.made")
            (reviewed,) = await office.told("inspection", "appraisal.reviewed")
            drawn, corrected, paid = [
                await office.told("incentives", f"statement.{said}") for said in ("drawn", "corrected", "confirmed")
            ]
            statuses = await simulation.statuses()
    assert not [name for name, status in statuses.items() if status.dead_letters], "nothing is parked"
    assert (posts["cadres"], posts["parties"], posts["missing"]) == (1, 1, 0)
    assert [(one["subject"], one["score"]) for one in ranking["worst"]] == [("B2", 44)] and ranking["ranked"] == 3
    assert [one["id"] for one in listed] == ["weak_branch/B2"]
    assert (reviewed["before"], reviewed["grade"]) == ("weak", "fair")
    assert [(one["year"], one["total"]) for one in drawn] == [(2018, 2000), (2019, 2000)]
    assert [(one["before"], one["total"], one["parts"]["performance"]) for one in corrected] == [(2000, 2400, 400)]
    assert [one["total"] for one in paid] == [2000, 2400], "what was corrected is confirmed anew"


async def three_graded(office: Office) -> None:
    """Three villages have a secretary each, of whom two are sound."""
    nation = {"place": "000000", "pack": content("national"), "adopted_by": "国务院扶贫开发领导小组"}
    await office.do("policies", nation)
    await office.do("policies", {"place": PLACE, "pack": {**JALAID, "outcomes": [PRAISE]}, "adopted_by": "旗委"})
    for village, secretary in enumerate(SECRETARIES, int(VILLAGE)):
        named = {"place": PLACE, "name": "某（虚构）"}
        where = {**named, "village": str(village), "township": "示例苏木", "population": 900, "listed": False}
        await office.do("villages", where)
        await office.do("parties", {**named, "party": secretary, "kind": "secretary", "parent": f"village:{village}"})
    await office.until(date(2018, 11, 2))
    panels = (("peers", "township"), ("leaders", "county"), ("committee", "organisation"))
    scores = [
        about(whom, channel=channel, body=body, marks=[{"member": "M1", "score": score}], given_by="评议组")
        for whom, score in SECRETARIES.items()
        for channel, body in panels
    ]
    await office.do("appraisal-scores", *scores, service="inspection")
    votes = {"channel": "representatives", "entitled": 100, "present": 100, "body": "village", "given_by": "会议"}
    ballots = [about(whom, satisfied=score, **votes) for whom, score in SECRETARIES.items()]
    await office.do("appraisal-ballots", *ballots, service="inspection")
    await office.until(date(2019, 1, 2))
    await graded(office, S1="sound", S2="sound", S3="weak")


async def test_2_15_one_reward_more_than_the_share_is_refused_until_one_is_taken_back(tmp_path: Path) -> None:
    by = {"body": "organisation", "decided_by": "旗委组织部"}

    def said(secretary: str, **more: Any) -> dict[str, Any]:
        outcome = f"praise/secretary_rating/{secretary}/2018"
        return {"place": PLACE, "subject_kind": "village_cadre", "subject": secretary, "outcome": outcome, **by, **more}

    async with System(tmp_path, kind="demo") as system:
        await system.ready()
        async with Simulation(system) as simulation:
            office = Office(simulation)
            await simulation.pass_day(date(2018, 1, 2))
            await three_graded(office)
            proposed = {f"praise/secretary_rating/{secretary}/2018" for secretary in ("S1", "S2")}
            assert {about for about, *_ in await office.awaited("decisions")} == proposed, "nobody is left out"
            await office.do("decisions", said("S1", imposed=True), service="incentives")
            for _ in range(2):
                with pytest.raises(Refusal, match="3个，最多给予其中的40%，即1个，名额已满"):
                    await office.do("decisions", said("S2", imposed=True), service="incentives")
                await office.survives("incentives")
            taken_back = said("S1", reason="对象录错")
            await office.do("decision-withdrawals", taken_back, service="incentives")
            await office.do("decisions", said("S2", imposed=True), service="incentives")
            with pytest.raises(Refusal, match="名额已满"):
                await office.do("decisions", said("S1", imposed=True), service="incentives")
            decided = await office.told("incentives", "outcome.decided", "decision.withdrawn")
            quotas = await simulation.states("incentives", "quotas")
            statuses = await simulation.statuses()
    assert not [name for name, status in statuses.items() if status.dead_letters], "nothing is parked"
    assert [one["subject"] for one in decided] == ["S1", "S1", "S2"]
    assert [one["given"] for one in quotas.values()] == [["praise/secretary_rating/S2/2018"]]
