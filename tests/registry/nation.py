"""The country's own pack, as the tests of the registry use it."""

import tomllib
from pathlib import Path
from typing import Any

from tests.registry.county import BEGIN

NATION: dict[str, Any] = tomllib.loads(Path("shared/policy/packs/national.toml").read_text("utf-8"))
del NATION["documents"]["G17"]["since"]  # The tests play the pack before its time, and so what it rests on.
WATER = {"figure": "safe_water", "label": "安全饮水覆盖率", "at_least": 1.0, "mover": "county"}
OURS: dict[str, Any] = {
    **NATION,
    "jurisdiction": "2105",
    "version": "2105-2014.9",
    "effective_from": BEGIN,
    "name": "本溪市",
    "name_en": "Benxi",
    "exit": {**NATION["exit"], "criteria": [*NATION["exit"]["criteria"], WATER]},
}
"""The country's rules as if they had been a city's own in 2014, with one more criterion."""
