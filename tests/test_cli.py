"""The command line as a person uses it, against the system that `zhucun up` runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

ZHUCUN = str(Path(sys.executable).with_name("zhucun"))
PACK = str(Path(__file__).parent.parent / "shared/policy/packs/benxi.toml")
VILLAGE = "210502901201"


def zhucun(folder: Path, *words: str, fails: bool = False) -> str:
    """What a command prints; it must succeed, or fail with a message and no traceback."""
    done = subprocess.run(
        [ZHUCUN, *words, "--folder", str(folder)], capture_output=True, text=True, timeout=60, env={"COLUMNS": "200"}
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of a system that runs meanwhile, and that Ctrl-C must stop."""
    folder = tmp_path_factory.mktemp("up") / "data"
    with subprocess.Popen([ZHUCUN, "up", "--folder", str(folder)], stdout=subprocess.PIPE, text=True) as system:
        assert system.stdout
        for line in system.stdout:
            if "Ctrl-C" in line:
                break
        yield folder
        system.send_signal(signal.SIGINT)
        assert system.wait(30) == 0


def test_the_doctor_finds_a_new_system_well(folder: Path) -> None:
    told = zhucun(folder, "doctor")
    assert "✗" not in told and "nats-server" in told


def test_an_officer_hands_in_a_form_and_reads_what_came_of_it(folder: Path, tmp_path: Path) -> None:
    zhucun(folder, "policy", "adopt", PACK, "--by", "市委组织部")
    file = tmp_path / "villages.xlsx"
    zhucun(folder, "template", "villages", "-o", str(file))
    book = load_workbook(file)
    page = next(sheet for sheet in book if any(cell.value and "村代码" in str(cell.value) for cell in sheet[1]))
    page.append([VILLAGE, "清泉村（虚构）", "山前镇（虚构）", "很多人", "是"])
    book.save(file)
    told = zhucun(folder, "import", "villages", str(file), fails=True)
    assert "错误" in told and (tmp_path / "villages-错误.xlsx").exists()
    page.cell(page.max_row, 4).value = 812
    book.save(file)
    assert "未导入" in zhucun(folder, "import", "villages", str(file), "--dry-run")
    assert "已导入" in zhucun(folder, "import", "villages", str(file))
    assert "diagnoses" in zhucun(folder, "tasks") or "surveys" in zhucun(folder, "tasks")
    units = tmp_path / "units.csv"
    header = "单位编号,单位名称,所在区划,层级,部门类别,帮扶力量,上级定点村代码\n"
    units.write_text(f"{header}U1,水务局（虚构）,210500,市,水利,八十,\n", encoding="gb18030")
    zhucun(folder, "import", "units", str(units), fails=True)
    assert "只能填整数" in (tmp_path / "units-错误.csv").read_text("gb18030")
    units.write_text(f"{header}U1,水务局（虚构）,210500,市,水利,80,\n", encoding="utf-8-sig")
    assert "已导入" in zhucun(folder, "import", "units", str(units))
    way = zhucun(folder, "village", VILLAGE)
    assert "列入贫困村" in way and "为什么还没出列" in way
    assert VILLAGE in zhucun(folder, "logs", VILLAGE)
    assert "villages" in zhucun(folder, "digest")
    assert "死信" not in zhucun(folder, "dead-letters", "list")
    assert VILLAGE in zhucun(folder, "tasks", "--role", "township").replace("\n", "")
    told = zhucun(folder, "tasks", "--role", "nobody")
    assert "没有待办" in told and "township" in told


def test_whatever_a_journal_has_can_be_shown_of_a_village() -> None:
    """In a process of its own, which has read no more than the command does."""
    script = "from deploy.local import village; print(*village.EVENTS)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    every = {path.stem for path in Path("docs/contracts/schemas").glob("*.v1.json")}
    decided = {type for type in every if not type.startswith("calendar.")}
    assert len(decided) > 50 and decided <= {*told.stdout.split()}


def test_mistakes_end_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    assert "没有" in zhucun(folder, "village", "999999999999", fails=True)
    assert "zhucun up" in zhucun(tmp_path / "nowhere", "digest", fails=True)
    assert "zhucun up" in zhucun(tmp_path / "nowhere", "recover", "registry", fails=True)
    assert "正由进程" in zhucun(folder, "up", fails=True)
    broken = tmp_path / "broken.toml"
    broken.write_text('jurisdiction = "2105"\nversion = 1\n', encoding="utf-8")
    for language, says in (
        ("zh_CN.UTF-8", "第 2 行 version 现为 1，应为版本号"),
        ("en_GB.UTF-8", "line 2 version it is 1;"),
    ):
        told = subprocess.run(
            [ZHUCUN, "policy", "check", str(broken)],
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": language},
        )
        assert told.returncode == 1 and says in told.stdout and "team" in told.stdout
