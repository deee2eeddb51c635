"""A village of Zunyi's list, surveyed and diagnosed through real processes, and a unit with a leader."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from deploy.demo.simulation import Simulation

ZUNYI = tomllib.loads(Path("shared/policy/packs/zunyi.toml").read_text("utf-8"))
LEVELS = {"kind": "levels", "label": "三级包联", "rule": "S2:二（一）", "of": ["leader", "team", "household_helper"]}
PACK = {**ZUNYI, "linkages": [LEVELS]}
BEGIN = date(2016, 5, 3)
CITY, COUNTY, VILLAGE = "520300", "520302", "520302901201"
IN_THE_CITY = {"place": CITY, "unit": "U1", "name": "某（虚构）"}
IN_THE_VILLAGE = {"place": COUNTY, "village": VILLAGE}
PERSON = {"work_since": "2005-07-01", "born_on": "1980-01-01", "party_member": True, "reserve": False}


async def diagnosed(simulation: Simulation) -> None:
    """A village of the list is surveyed and diagnosed, and a unit with a leader is registered."""
    problem, form = {"kind": "problem", "cause": "没有主导产业"}, {"kind": "form"}
    topics = enumerate(ZUNYI["listing"]["topics"], 1)
    surveys = [
        {**IN_THE_VILLAGE, "number": n, "topic": topic, "on": BEGIN, **(problem if n == 1 else form)}
        for n, topic in topics
    ]
    village = {**IN_THE_VILLAGE, "name": "某村（虚构）", "township": "示例镇", "population": 900, "listed": True}
    rows: dict[str, list[dict[str, Any]]] = {
        "policies": [{"place": CITY, "pack": PACK, "adopted_by": "市委"}],
        "units": [{**IN_THE_CITY, "level": "city", "department": "农业", "strength": 50}],
        "cadres": [{**IN_THE_CITY, "cadre": "C1", "rank": "deputy_division", **PERSON}],
        "villages": [village],
        "surveys": surveys,
        "diagnoses": [{**IN_THE_VILLAGE, "problem_class": "thin_industry", "body": "county", "decided_by": "县"}],
    }
    for path, sent in rows.items():
        await simulation.post("registry", path, f"before-{path}", json.loads(json.dumps(sent, default=str)))
