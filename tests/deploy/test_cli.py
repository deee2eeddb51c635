"""The command line as a person uses it, against the system that `zhucun up` runs."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook

from deploy.cli.reach import open_client
from deploy.operations import doctor
from shared.draws import BODIES
from shared.migrations import upgrade
from shared.settings import CannotRun

ZHUCUN = str(Path(sys.executable).with_name("zhucun"))
PACK = str(Path(__file__).parents[2] / "shared/policy/packs/benxi.toml")
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
    (tmp_path / "villages-错误.xlsx").write_bytes("改了一半".encode())
    told = zhucun(folder, "import", "villages", str(file), fails=True)
    assert "villages-错误-2.xlsx" in told and load_workbook(tmp_path / "villages-错误-2.xlsx")
    assert (tmp_path / "villages-错误.xlsx").read_text() == "改了一半"
    filled = file.read_bytes()
    assert "已存在" in zhucun(folder, "template", "villages", "-o", str(file), fails=True)
    assert file.read_bytes() == filled
    page.cell(page.max_row, 4).value = 812
    book.save(file)
    assert "未导入" in zhucun(folder, "import", "villages", str(file), "--dry-run")
    assert "已导入" in zhucun(folder, "import", "villages", str(file))
    page.cell(page.max_row, 4).value = 900
    book.save(file)
    told = zhucun(folder, "import", "villages", str(file), fails=True)
    assert "812" in told and "900" in told and "未导入" in told
    confirmation = told.rpartition("--confirm ")[2].split()[0]
    assert "已导入" in zhucun(folder, "import", "villages", str(file), "--confirm", confirmation)
    told = zhucun(folder, "tasks")
    assert "录入摸底排查记录" in told and "村集体经济状况" in told and "《本溪市向贫困村选派驻村工作队》" in told
    assert "township" not in told and not re.search(r"\d{4}-\d\d-\d\d", told)
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
    told = zhucun(folder, "events", "--place", "2105", "--about", VILLAGE).replace("\n", "")
    assert f"{VILLAGE}  列入贫困村" in told and "registry." not in told and "U1" not in told
    lines = zhucun(folder, "events", "--type", "registry.unit.registered.v1", "--json").splitlines()
    assert [json.loads(line)["subject"] for line in lines] == ["U1"]
    told = zhucun(folder, "events", "registry", "--snapshot", "--about", VILLAGE)
    assert "现状：村登记信息（“villages”）1条" in told and "列入贫困村" not in told, (
        "what follows a snapshot is not yet"
    )
    assert zhucun(folder, "events", "--since", "2100-12-31") == ""
    assert "没有服务“villages”" in zhucun(folder, "events", "villages", fails=True)
    both = ("--type", "registry.unit.registered.v1", "--type", "dispatch.village.matched.v1")
    assert len(zhucun(folder, "events", "--json", *both).splitlines()) == len(lines), "each service knows its own types"
    wrong = zhucun(folder, "events", "--type", "registry.unit.registered", "--type", "胡写", fails=True)
    assert "是否为“registry.unit.registered.v1”？" in wrong
    assert "docs/events" in zhucun(
        folder, "events", "--type", "registry.unit.registered.v1", "--type", "胡写", fails=True
    )
    assert "villages" in zhucun(folder, "digest")
    assert "待处理" not in zhucun(folder, "dead-letters", "list")
    none = zhucun(folder, "dead-letters", "replay", "registry", "--id", "mistyped", fails=True)
    assert "没有这样的待处理消息" in none and "重放" not in none
    assert VILLAGE in zhucun(folder, "tasks", "--role", "township").replace("\n", "")
    told = zhucun(folder, "tasks", "--role", "province")
    assert "没有待办" in told and "township" in told


def test_whatever_a_journal_has_can_be_shown_of_a_village() -> None:
    """In a process of its own, which has read no more than the command does."""
    script = "import deploy.demo.village; from shared.contracts import EVENTS; print(*EVENTS)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    every = {path.stem for path in Path("docs/contracts/schemas").glob("*.v1.json")}
    decided = {type for type in every if not type.startswith("calendar.")}
    assert len(decided) > 50 and decided <= {*told.stdout.split()}


def test_mistakes_end_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    assert "查无" in zhucun(folder, "village", "999999999999", fails=True)
    assert "zhucun up" in zhucun(tmp_path / "nowhere", "digest", fails=True)
    assert "zhucun up" in zhucun(tmp_path / "nowhere", "recover", "registry", fails=True)
    assert "正由进程" in zhucun(folder, "up", fails=True)
    broken = tmp_path / "broken.toml"
    broken.write_text('jurisdiction = "2105"\nversion = 1\n', encoding="utf-8")
    for language, says in (
        ("zh_CN.UTF-8", "第2行“version”：现为1，应为版本号"),
        ("en_GB.UTF-8", "line 2 version: it is 1;"),
    ):
        told = subprocess.run(
            [ZHUCUN, "policy", "check", str(broken)],
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": language},
        )
        assert told.returncode == 1 and says in told.stdout and "links" in told.stdout


def run(*words: str, **environment: str) -> tuple[int, str]:
    """A command's exit code and all that it prints, which is never a traceback."""
    done = subprocess.run([ZHUCUN, *words], capture_output=True, timeout=60, env={**os.environ, **environment})
    told = (done.stdout + done.stderr).decode("latin-1" if "PYTHONIOENCODING" in environment else "utf-8")
    assert "Traceback" not in told and "Exception ignored" not in told
    return done.returncode, told


class Stranger(BaseHTTPRequestHandler):
    """Another program that answers everything with JSON of its own."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"hello": "[red]\\u001b"}')

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_what_answers_elsewhere_is_told_for_what_it_is(folder: Path) -> None:
    at = ["--folder", str(folder)]
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, told = run("digest", *at, ZHUCUN_REGISTRY_URL=f"http://127.0.0.1:{server.server_port}")
        assert code == 1 and "别的程序" in told
        server.shutdown()
    dispatch = json.loads((folder / "ports.json").read_text())["dispatch"]
    code, told = run("digest", *at, ZHUCUN_REGISTRY_URL=f"http://127.0.0.1:{dispatch}")
    assert code == 1 and "dispatch" in told
    for address in ("http://127.0.0.1:1", "registry:8001", "http://[::", "http://no.such.host.invalid"):
        code, told = run("digest", *at, ZHUCUN_REGISTRY_URL=address)
        assert code == 1 and "连接不上系统" in told


def test_a_profile_reaches_a_system_from_outside(folder: Path, tmp_path: Path) -> None:
    ports = json.loads((folder / "ports.json").read_text())
    profile, services = tmp_path / "site.toml", ("registry", "dispatch", "inspection", "incentives")
    lines = [f'{service}_url = "http://127.0.0.1:{ports[service]}"' for service in services]
    lines += [f'nats = "nats://127.0.0.1:{ports["nats"]}"', f'nats_key = "{folder}/keys/operator.nk"']
    profile.write_text("\n".join([*lines, 'secret_file = "secret"']))
    (tmp_path / "secret").write_bytes((folder / "secret").read_bytes())
    code, told = run("--profile", str(profile), "doctor")
    assert code == 0 and "end to end" in told and "folder" not in told
    assert run("digest", ZHUCUN_PROFILE=str(profile)) == run("digest", "--folder", str(folder))
    code, told = run("--profile", str(profile), "logs")
    assert code == 1 and "docker compose logs" in told
    code, told = run("--profile", str(profile), "access", "grant", "liaoning", "--place", "21", "--folder", str(folder))
    assert code == 1 and "docker compose exec operator zhucun access" in told, "the keys of a folder here are another's"
    profile.write_text('registry = "http://127.0.0.1:1"')
    code, told = run("--profile", str(profile), "digest")
    assert code == 1 and "registry_url" in told


def test_any_locale_terminal_and_pipe_will_do(folder: Path) -> None:
    at = ["--folder", str(folder)]
    code, told = run("tasks", *at, PYTHONIOENCODING="latin-1", LC_ALL="C")
    assert code == 0 and "?" in told
    assert run("doctor", *at, LC_ALL="C")[0] == 0
    for width in ("1", "40"):
        assert run("tasks", *at, COLUMNS=width)[0] == 0
    for redirect in ("| head -n 1", ">&-", "2>&- >&-"):
        words = f"'{ZHUCUN}' logs --folder '{folder}' {redirect}"
        done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=60)
        assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    full = subprocess.run(["bash", "-c", f"'{ZHUCUN}' digest --folder '{folder}' >/dev/full"], capture_output=True)
    assert full.returncode == 1 and b"Traceback" not in full.stderr


def test_words_that_are_none_end_with_a_usage(folder: Path, tmp_path: Path) -> None:
    assert run("nonsense")[0] == 2 and run("tasks", "--nonsense")[0] == 2
    assert run("import", "villages", str(tmp_path / "none.xlsx"))[0] == 2
    assert run("demo", "--until", "soon", "--folder", str(tmp_path / "d"))[0] == 1
    assert run("demo", "--villages", "0", "--folder", str(tmp_path / "d"))[0] == 2
    assert not (tmp_path / "d").exists()
    code, told = run("dead-letters", "show", "\x1b[31m[red]x", "--folder", str(folder))
    assert code == 1 and "\\x1b[31m[red]x" in told


def test_what_is_no_database_form_or_code_is_told_with_what_would_be(folder: Path, tmp_path: Path) -> None:
    for address in (f"sqlite:///{tmp_path}/new.sqlite3", "foo://", "nonsense"):
        code, told = run("migrate", "registry", "--database", address)
        assert code == 1 and "sqlite+aiosqlite:////" in told and not (tmp_path / "new.sqlite3").exists()
    code, told = run("migrate", "dispatch", "--database", f"sqlite+aiosqlite:///{folder / 'registry.sqlite3'}")
    assert code == 1 and "registry 的数据库" in told.replace("\n", "")
    code, told = run("import", "villages", "/dev/zero", "--folder", str(folder))
    assert code == 1 and "普通文件" in told
    for words in ("abc", "../../x", "\x1b[31m", "２１０５０２９０１２０１"):
        code, told = run("village", words, "--folder", str(folder))
        assert code == 1 and "12 位" in told


def test_the_doctor_says_what_a_service_that_cannot_work_says_of_it() -> None:
    """As one whose disk is so full that it cannot log who asks."""
    title, detail = "审计日志暂时写不进 / the audit log cannot be written", "磁盘已满 / the disk is full"

    class Full(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 503)
            self.end_headers()
            self.wfile.write(json.dumps({"title": title, "status": 503, "detail": detail}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Full) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False) as client:
            _, fault = doctor._service(client)
        server.shutdown()
    assert title in fault and detail in fault


def test_a_service_that_is_held_still_keeps_no_terminal_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.cli.reach.LOOK", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(httpx.ReadTimeout):
            open_client(url, "registry", tmp_path)


@pytest.mark.parametrize(("owner", "stranger"), [("registry", "dispatch"), ("dispatch", "webhooks")])
def test_the_database_of_another_service_is_left_as_it_is(tmp_path: Path, owner: str, stranger: str) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path}/one.sqlite3"
    upgrade(owner, database)
    before = (tmp_path / "one.sqlite3").read_bytes()
    with pytest.raises(CannotRun, match=f"这是 {owner} 的数据库，不是 {stranger} 的"):
        upgrade(stranger, database)
    assert (tmp_path / "one.sqlite3").read_bytes() == before
    upgrade(owner, database)


def test_versions_of_all_parts_are_told() -> None:
    code, told = run("--version")
    assert code == 0
    assert {line.rpartition(" ")[0] for line in told.splitlines()} >= {"zhucun", "Python", "nats-server", "SQLite"}
    assert "schema registry" in told


@pytest.mark.parametrize("delay", [0.1, 0.3, 0.6, 1.2])
def test_ctrl_c_ends_it_at_any_moment_without_a_traceback(tmp_path: Path, delay: float) -> None:
    with subprocess.Popen(
        [ZHUCUN, "up", "--folder", str(tmp_path / "data")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as system:
        time.sleep(delay)
        system.send_signal(signal.SIGINT)
        told, _ = system.communicate(timeout=30)
    assert "Traceback" not in told and system.returncode in (0, 130, -signal.SIGINT)


def test_2_19_a_share_and_its_hash_are_made_anew_each_time() -> None:
    def made() -> tuple[str, str]:
        done = subprocess.run([ZHUCUN, "seed"], capture_output=True, text=True, timeout=60, check=True)
        share, hash = re.findall(r"^[0-9a-f]{64}$", done.stdout, re.MULTILINE)
        return share, hash

    (share, hash), (other, _) = made(), made()
    assert sha256(share.encode()).hexdigest() == hash
    assert share != other


def test_2_19_each_body_of_a_draw_is_handed_a_token_of_its_own(folder: Path) -> None:
    tokens = {re.findall(r"^[0-9a-f]{64}$", zhucun(folder, "token", body), re.MULTILINE)[0] for body in BODIES}
    assert len(tokens) == 2
    assert "没有密钥" in zhucun(folder / "nowhere", "token", "discipline", fails=True)


def test_2_19_a_draw_that_is_not_there_cannot_be_verified(folder: Path) -> None:
    assert "没有抽签" in zhucun(folder, "verify-draw", "2105-unannounced-2014-10-01", fails=True)


WRONG = (
    (("demo", "--villages", "73"), "--villages", "72"),
    (("demo", "--villages", "x"), "--villages", "整数"),
    (("demo", "--region", "jalaid", "--villages", "197"), "--villages", "196"),
    (("demo", "--region", "atlantis"), "可填", "jalaid"),
    (("up", "--replicas", "0"), "--replicas", "1"),
    (("template", "villages", "--rows", "100000000"), "--rows", "1000"),
    (("template", "../../x"), "没有名为 '../../x' 的表", "zhucun forms"),
    (("template", "survey"), "没有名为 'survey' 的表", "可能是 surveys"),
    (("token", "boss"), "可填", "discipline"),
    (("import", "villages", "/nonexistent"), "没有文件", "/nonexistent"),
    (("import", "villages", "/"), "目录"),
    (("import",), "缺少", "form"),
    (("migrate", "registry"), "缺少选项", "--database"),
    (("events", "--since", "昨天"), "年-月-日", "is no day such as"),
    (("tasks", "--plac", "21"), "没有选项", "--place"),
    (("tasks", "-x"), "没有选项", "-x"),
    (("tasks", "--place"), "--place", "写值"),
    (("up", "--demo=1"), "--demo", "不写值"),
    (("tasks", "a"), "多写", "a"),
    (("task",), "没有命令", "tasks"),
    (("policy", "nope"), "没有命令", "zhucun policy --help"),
)


@pytest.mark.parametrize(("words", "says"), [(words, says) for words, *says in WRONG], ids=lambda part: " ".join(part))
def test_a_command_that_is_written_wrongly_says_so_in_chinese_with_what_is_allowed(
    words: tuple[str, ...], says: list[str]
) -> None:
    code, told = run(*words, COLUMNS="300")
    chinese = told.partition("用法见")[0]
    assert code == 2 and "命令写法不对" not in told and "的值不对" not in told
    assert all(word in told for word in says) and not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", chinese), told


def test_options_without_a_meaning_are_named_and_nothing_is_asked(folder: Path, tmp_path: Path) -> None:
    for words, says in (
        (("tasks", "--place", "zz"), "--place"),
        (("tasks", "--place", "2105021"), "--place"),
        (("tasks", "--role", "boss"), "“township”（乡镇）"),
        (("policy", "adopt", PACK, "--by", ""), "--by"),
        (("policy", "adopt", PACK, "--by", "\u3164"), "--by"),
        (("dead-letters", "discard", "x", "--reason", "."), "--reason"),
        (("template", "villages", "-o", "/nonexistent/x.xlsx"), "没有这个文件或目录"),
    ):
        told = zhucun(folder, *words, fails=True)
        assert says in told and "regex" not in told and "Errno" not in told.partition("\n")[0], told


def test_what_is_adopted_already_is_told_as_unchanged(folder: Path) -> None:
    for expected in ("已启用", "没有变化"):
        assert expected in zhucun(folder, "policy", "adopt", PACK, "--by", "市委组织部")


def test_before_a_system_runs_a_pack_is_checked_over_the_countrys_of_the_program(tmp_path: Path) -> None:
    told = zhucun(tmp_path / "none", "policy", "check", "shared/policy/packs/jalaid.toml")
    assert "以随程序提供的全国政策包 00-2018.1 为底" in told and "政策包无误" in told


def test_a_pack_is_adopted_whole_with_what_it_extends(folder: Path) -> None:
    """So the country's rules serve a region also where the country's pack is adopted by nobody, as with replicas."""
    adopt = ("policy", "adopt", "shared/policy/packs/xixiu.toml", "--by", "区委")
    assert "请先启用该区划的政策包" in zhucun(folder, *adopt, fails=True)
    assert "已启用：西秀区（520402）" in zhucun(folder, *adopt, "--over", "shared/policy/packs/national.toml")
    assert "贫困" in zhucun(folder, "policy", "show", "520402")


def test_each_prefecture_adopts_a_provinces_pack_for_itself(folder: Path) -> None:
    adopt = ("policy", "adopt", "shared/policy/packs/guizhou.toml", "--by", "省委组织部")
    told = zhucun(folder, *adopt, "--each", "5203", "--each", "5206")
    assert "（5203），版本5203-" in told and "（5206），版本5206-" in told
    for code in ("2105", "5203x", "520321103"):
        assert f"现为“{code}”" in zhucun(folder, *adopt, "--each", code, fails=True)


@pytest.mark.parametrize(
    ("words", "how"),
    [
        (("policy", "adopt", "shared/policy/packs/guizhou.toml", "--by", "省委组织部"), "--each 逐一指明"),
        (("policy", "adopt", "shared/policy/packs/national.toml", "--by", "省扶贫办"), "全国的政策包用 --over"),
        (("policy", "adopt", "shared/policy/packs/xixiu.toml", "--by", "区委"), "--over 指明所扩展的政策包"),
        (("policy", "show", "52"), "请填地市或县的代码"),
        (("template", "villages"), "--place 指明地市或县"),
    ],
)
def test_what_is_wider_than_a_replica_s_prefectures_is_told_with_an_option_of_that_command(
    words: tuple[str, ...], how: str
) -> None:
    code, told = run(*words, ZHUCUN_REGISTRY_URL="http://127.0.0.1:1,http://127.0.0.1:2")
    assert code and "分2个副本按地市分管" in told and how in told, told
    option = re.search("--[a-z]+", how)
    assert not option or option[0] in run(*words[:2] if words[0] == "policy" else words[:1], "--help")[1]


def test_a_question_ends_with_its_own_mark() -> None:
    assert "是否为 --each？用法见" in run("policy", "adopt", PACK, "--place", "2105", "--by", "市委")[1]


def test_every_form_is_listed_with_the_service_that_takes_it() -> None:
    listed = run("forms", COLUMNS="200")[1]
    for form, title, service in (
        ("villages", "贫困村简要情况登记表", "registry"),
        ("commitments", "责任事项定账表", "dispatch"),
        ("ballots", "民主测评结果汇总表", "inspection"),
        ("decisions", "奖惩决定表", "incentives"),
    ):
        assert re.search(rf"{form}\W+{title}\W+{service}\W", listed), listed


def test_chinese_sentences_hold_no_words_of_a_library() -> None:
    """What an exception says is English, and stands in the English sentence."""
    here = Path(__file__).parents[2]
    for path in (*here.glob("deploy/**/*.py"), *here.glob("shared/**/*.py"), *here.glob("services/**/*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            found = re.search(r"（[^（）]*\{(error|str\(error\)|error\.(?!errno)\w+)\}[^（）]*）", line)
            assert not found, f"{path.name}:{number}: {line.strip()}"
