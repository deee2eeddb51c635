"""An invented island county's pack, written from the documentation alone, is sound and told in Chinese throughout."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.pack_sentences import sentences
from shared.policy import Policy, parse_pack
from shared.policy.shipped import base

PACK = Path(__file__).with_name("island.toml")


@pytest.fixture(scope="module")
def island() -> Policy:
    return parse_pack(PACK.read_bytes(), base)


def test_the_islands_pack_is_sound_over_the_countrys(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.cli", "policy", "check", str(PACK), "--folder", str(tmp_path / "none")]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0 and "政策包无误：南屿县（449921）" in checked.stdout, checked.stdout + checked.stderr


def test_the_islands_pack_is_told_without_a_code_or_an_english_word(island: Policy) -> None:
    told = [*sentences(island)]
    assert [one.zh for one in told if re.search("[A-Za-z]", one.zh + one.source[0])] == []
    own = [one.source[0] for one in told if one.source[0].endswith("，南屿县") and "海岛渔村" in one.source[0]]
    for article in ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一"):
        assert any(source.endswith(f"号）{article}，南屿县") for source in own), f"article {article} has a sentence"


def test_the_islands_team_is_called_as_the_county_calls_it(island: Policy) -> None:
    assert not [one.zh for one in sentences(island) if "驻村驻岛" in one.zh]
    told = {one.path: one.zh for one in sentences(island)}
    assert told["exit", "criteria", "collective_income", "mover"].endswith("——驻岛工作队")
    assert told["training", "induction", "duty", "due"].endswith("——队员进队当日")


def test_the_islands_teams_are_assessed_by_four_sources_and_three_tenths_are_excellent_at_most(island: Policy) -> None:
    told = {one.path: one.zh for one in sentences(island)}
    weights = {path[2]: zh for path, zh in told.items() if path[:2] == ("assessment", "inputs") and path[3] == "weight"}
    assert [zh.rpartition("——")[2] for zh in weights.values()] == ["40", "30", "20", "10"]
    sources = [zh.partition("：")[0].partition("“")[2].rstrip("”") for zh in weights.values()]
    assert sources == ["9月全面检查", "民主测评", "驻村天数", "‘一岛一策’计划"]
    assert told["assessment", "best_at_most"].endswith("——0.3")
    assert told["presence", "hindered"].endswith("——台风蓝色以上预警停航")
