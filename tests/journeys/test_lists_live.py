"""A county of 2021 without a poverty list, through the real processes: listed, a team, another team, off the lists."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from tests.support.officers import Office, squad, unit

NATION = tomllib.loads(Path("shared/policy/packs/national-2021.toml").read_text("utf-8"))
CITY: dict[str, Any] = {
    "jurisdiction": "5203", "version": "5203-2021.1", "effective_from": "2021-06-15", "name": "示例市",
    "name_en": "Example City", "extends": "00",
    "campaigns": [{
        "kind": "supervision", "label": "专项督查", "rule": "Z21", "choice": "rota", "turn": 8,
        "opens": [{"every": {"months": 6}, "from": "2021-09-01"}], "lasts": {"calendar_days": 1},
        "bulletin": {"by": "discipline",
                     "publish_by": {"after": "inspection.campaign.closed", "within": {"calendar_days": 2}}},
    }],
    "findings": [{"code": "poor_results", "label": "帮扶成效不好", "order": {"months": 1}}],
}  # fmt: skip
"""What a city says over the country's rules: teams are inspected in turn, and each turn ends with a bulletin."""
BEGIN = date(2021, 6, 15)
CITY_PLACE, COUNTY, VILLAGE = "520300", "520302", "520302901201"
AT = {"place": COUNTY, "village": VILLAGE}
ON = {"since": BEGIN, "document": "县委发〔2021〕6号", "body": "county", "decided_by": "县委"}
MATTER = {**AT, "matter": "2021-1"}
ROUND = "5203-supervision-2021-09-01"


class Township(Office):
    """Who rectifies a branch step by step, and sends a team to the village."""

    async def step(self, name: str, body: str, *codes: str, votes: int = 0) -> None:
        counted = {"entitled": votes, "present": votes, "agreed": votes} if votes else {}
        by = {"step": name, "body": body, "codes": codes, "decided_by": "镇党委"}
        await self.do("resolution-steps", {**MATTER, **by, **counted})

    async def team(self, matching: str) -> None:
        asked = {"place": CITY_PLACE, "matching": matching, "asked_by": "市委组织部", "body": "organisation"}
        await self.do("matchings", asked, service="dispatch")
        link = await self.asked("dispatch", f"/v1/assignments/{VILLAGE}")
        nominated = {**AT, "unit": link["unit"], "team": link["team"], "nominated_by": "派出单位党委", "body": "unit"}
        await self.do("nominations", nominated, service="dispatch")
        reviewed = {**AT, "approved": True, "decided_by": "市委组织部", "body": "organisation"}
        await self.do("nomination-reviews", reviewed, service="dispatch")
        await self.do("assignments", {**AT, "assigned_by": "市委组织部", "body": "organisation"}, service="dispatch")


async def registered(office: Township) -> None:
    await office.do("policies", {"place": "000000", "pack": NATION, "adopted_by": "中央农村工作领导小组"})
    await office.do("policies", {"place": CITY_PLACE, "pack": CITY, "adopted_by": "市委"})
    await office.do("units", unit("U1", CITY_PLACE), unit("U2", CITY_PLACE))
    await office.do("cadres", *squad("U1", CITY_PLACE), *squad("U2", CITY_PLACE))
    village = {**AT, "name": "某村（虚构）", "township": "示例镇", "population": 900, "listed": False}
    await office.do("villages", village)
    branch = {"place": COUNTY, "party": "ORG-1", "kind": "organisation", "parent": f"village:{VILLAGE}"}
    await office.do("parties", {**branch, "name": "某村党支部"})


async def rectified(office: Township) -> None:
    of = {"kind": "rectification", "subject_code": "branch", "party": "ORG-1", "opened_by": "镇党委"}
    await office.do("resolutions", {**MATTER, **of})
    await office.step("find_problems", "township", "unsound_rules")
    await office.step("make_plan", "township", votes=9)
    await office.step("carry_out", "village")
    await office.step("accept_result", "county", votes=1)


async def inspected(office: Township) -> None:
    """Once with a finding and a bulletin, once without either."""
    await office.until(date(2021, 9, 1))
    visit = {**AT, "campaign": ROUND, "on": date(2021, 9, 1), "findings": ["poor_results"], "body": "inspection"}
    await office.do("visits", {**visit, "inspector": "第一督查组"}, service="inspection")
    await office.until(date(2021, 9, 3))
    bulletin = {"place": CITY_PLACE, "campaign": ROUND, "body": "discipline", "published_by": "市纪委"}
    await office.do("bulletins", bulletin, service="inspection")


async def test_0_6_1_5_2_10_5_7_a_village_is_listed_gets_a_team_and_another_and_leaves_its_lists(
    tmp_path: Path,
) -> None:
    async with System(tmp_path, kind="demo") as system:
        await system.ready()
        async with Simulation(system) as simulation:
            office = Township(simulation)
            await simulation.pass_day(BEGIN)
            await registered(office)
            weak = {"place": COUNTY, "party": "ORG-1", "kind": "weak_organisation", **ON}
            await office.do("listings", {**AT, "kind": "lifted_village", **ON}, weak)
            listed = await office.asked("registry", "/v1/listings", place="5203", status="lifted_village")
            why = await office.asked("registry", f"/v1/why-not-yet/{VILLAGE}")
            await office.team("first")
            system.kill("dispatch")
            await rectified(office)
            await inspected(office)
            system.kill("inspection")
            await office.until(date(2023, 6, 16))
            system.kill("registry")
            await office.team("second")
            gone = {**AT, "kind": "lifted_village", "reason": "过渡期满", "body": "county", "decided_by": "县委"}
            await office.do("unlistings", gone)
            await office.until(date(2023, 7, 18))
            told = await office.asked("dispatch", f"/v1/journal/{VILLAGE}")
            ended = await office.asked("registry", "/v1/listings", place="5203", status="ended")
            kinds = ["inspection.bulletin.published.v1", "inspection.bulletin.missed.v1"]
            bulletins = [one["event"] for one in await office.asked("inspection", "/v1/journal", type=kinds)]
    published, *missed = bulletins
    assert (published["data"]["visited"], published["data"]["late"]) == (1, False)
    assert [(one["village"], one["findings"]) for one in published["data"]["noted"]] == [(VILLAGE, ["poor_results"])]
    assert [one["occurredon"] for one in missed] == ["2022-03-05", "2022-09-05", "2023-03-05"]
    assert [(one["village"], one["sort"]) for one in listed] == [(VILLAGE, "lifted_village")]
    assert [one["code"] for one in why] == ["lifted_village", "weak_organisation"] and "整顿" in why[1]["zh"]
    assert {one["id"] for one in ended} == {f"lifted_village/{VILLAGE}", "weak_organisation/ORG-1"}
    of_team = [(one["type"].removeprefix("dispatch.").removesuffix(".v1"), one["occurredon"]) for one in told]
    assert [one for one in of_team if one[0].startswith(("team.", "term."))] == [
        ("team.nominated", "2021-06-15"),
        ("team.assigned", "2021-06-15"),
        ("term.ended", "2023-06-16"),
        ("team.released", "2023-06-16"),
        ("team.nominated", "2023-06-16"),
        ("team.assigned", "2023-06-16"),
        ("team.kept", "2023-06-16"),
        ("team.released", "2023-07-17"),
    ]
