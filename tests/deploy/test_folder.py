"""Data folders: what they are, where they stand, and what becomes of what is broken in them."""

import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing, redirect_stdout, suppress
from pathlib import Path

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.cli import commands
from deploy.cli.reach import Trouble, addresses, client, token
from deploy.local import databases
from deploy.local.condition import folder_checks
from deploy.local.folder import Folder, StartError
from deploy.local.supervisor import PROCESSES, SERVICES, System
from tests.support.servers import up

ZHUCUN = str(Path(sys.executable).with_name("zhucun"))
ZUNYI = str(Path(__file__).parents[2] / "shared/policy/packs/zunyi.toml")
STEADY = ("nats", "logs")
"""What a start may change although it is refused."""


def test_a_new_installation_asks_who_people_are_unless_it_is_told_not_to(tmp_path: Path) -> None:
    def villages(folder: Path) -> int:
        port = json.loads((folder / "ports.json").read_text())["registry"]
        return httpx.get(f"http://127.0.0.1:{port}/v1/villages", trust_env=False).status_code

    asking, open_ = tmp_path / "asking", tmp_path / "open"
    with up(asking) as told:
        assert any("accounts" in line for line in told) and villages(asking) == 401
    with up(asking) as told:
        assert villages(asking) == 401, "it stays so"
    assert "不能改为不核对身份" in refused("up", "--open", "--folder", str(asking))
    with up(open_, "--open") as told:
        assert not any("accounts" in line for line in told) and villages(open_) == 200
    with up(open_):
        assert villages(open_) == 200, "what was open is not closed by an update"


def refused(*words: str) -> str:
    """What a command says that must fail with nothing but a message."""
    told = io.StringIO()
    with redirect_stdout(told), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["zhucun", *words])
        assert commands.run() == 1, told.getvalue()
    return told.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    """Everything in a folder but the lock, whose number is who looked last."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def ports(folder: Path) -> dict[str, int]:
    return dict(json.loads((folder / "ports.json").read_text()))


def pids(folder: Path) -> list[int]:
    return [pid for pid, *_ in json.loads((folder / "pids.json").read_text()).values()]


def mark(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "installation.json").read_text()))


def answering(folder: Path) -> set[str]:
    """The services of a folder that answer at their ports."""
    return {
        httpx.get(
            f"http://127.0.0.1:{ports(folder)[name]}/v1/status", headers=token(folder, name), trust_env=False
        ).json()["service"]
        for name in SERVICES
    }


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a county's installation that has run and stands still."""
    folder = tmp_path_factory.mktemp("county") / "县 county"
    with up(folder) as told:
        assert "新建安装" in told[0]
    return folder


@pytest.fixture
def folder(county: Path, tmp_path: Path) -> Path:
    """A county's folder for one test, as if it had been made there."""
    there = tmp_path / "县 county"
    shutil.copytree(county, there)
    at_home = mark(there) | {"place": str(there), "inode": there.stat().st_ino, "identity": os.urandom(16).hex()}
    (there / "installation.json").write_text(json.dumps(at_home))
    (there / "ports.json").unlink()
    return there


def claimed(folder: Path, kind: str = "real") -> Folder:
    """The folder of a system that would start now; its databases are looked at as well."""
    system = System(folder, kind=kind)  # type: ignore[arg-type]
    system.folder.claim(PROCESSES)
    system.folder.release()
    system._check_databases()
    return system.folder


# ---------------------------------------------------------------- what it is


def test_a_demo_never_touches_a_county(county: Path) -> None:
    before = contents(county)
    for words in (["demo"], ["demo", "--resume"], ["up", "--demo"]):
        told = refused(*words, "--folder", str(county))
        assert "正式数据" in told and "--folder" in told
    assert contents(county) == before


def test_an_edited_mark_neither_empties_a_county_nor_opens_it_to_all_networks(folder: Path) -> None:
    whole = mark(folder)
    for bind in ("0.0.0.0", "::", "0:0::0"):
        (folder / "installation.json").write_text(json.dumps(whole | {"bind": bind}))
        assert "--everywhere" in refused("up", "--folder", str(folder))
    (folder / "installation.json").write_text(json.dumps(whole | {"kind": "demo"}))
    before = contents(folder)
    assert "不是演示留下的" in refused("demo", "--folder", str(folder))
    assert contents(folder) == before


def test_a_demos_folder_is_its_own_and_up_goes_on_with_it_only_when_told(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    play = [ZHUCUN, "demo", "--villages", "1", "--until", "2014-06-30", "--folder", str(folder)]
    subprocess.run(play, check=True, capture_output=True, timeout=120)
    assert mark(folder)["kind"] == "demo" and databases.not_played(folder) == []
    told = refused("up", "--folder", str(folder))
    assert "演示数据" in told and "zhucun up --demo" in told and "will" not in told
    (folder / "我的表.xlsx").write_bytes(b"mine")
    assert "我的表.xlsx" in refused(*play[1:])
    assert (folder / "我的表.xlsx").exists() and (folder / "play.json").exists()
    (folder / "我的表.xlsx").unlink()
    with up(folder, "--demo"):
        assert mark(folder)["kind"] == "continued"
        adopted = [ZHUCUN, "policy", "adopt", ZUNYI, "--by", "市委", "--folder", str(folder)]
        subprocess.run(adopted, check=True, capture_output=True, timeout=60)
    before = contents(folder)
    assert "接续" in refused(*play[1:])
    assert contents(folder) == before
    (folder / "installation.json").write_text(json.dumps(mark(folder) | {"kind": "demo"}))
    assert "policies" in refused(*play[1:]) and (folder / "play.json").exists()
    (folder / "installation.json").write_text(json.dumps(mark(folder) | {"kind": "continued"}))
    assert claimed(folder).notes == []  # From now on `up` needs no word more.


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "论文.docx").write_bytes(b"years of work")
    for command in ("up", "demo"):
        assert "论文.docx" in refused(command, "--folder", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["论文.docx"]


@pytest.mark.parametrize("played", [True, False])
def test_a_folder_of_an_older_version_is_recognised_and_marked(folder: Path, played: bool) -> None:
    (folder / "installation.json").unlink()
    (folder / "replicas").write_text("1")
    if played:
        (folder / "play.json").write_text("{}")
    found = claimed(folder, "demo" if played else "real")
    assert "没有标记" in found.notes[0]
    assert mark(folder)["kind"] == ("demo" if played else "real") and not (folder / "replicas").exists()
    with pytest.raises(StartError, match="正式数据" if not played else "演示数据"):
        claimed(folder, "real" if played else "demo")


def test_an_older_folder_keeps_its_replicas(tmp_path: Path) -> None:
    for number in (1, 2):
        for service in SERVICES:
            shutil.copy(_empty(tmp_path), tmp_path / f"{service}-{number}-of-2.sqlite3")
    assert Folder(tmp_path).replicas == 2


def _empty(folder: Path) -> Path:
    path = folder / "empty"
    path.touch()
    return path


def test_tests_do_not_start_on_a_county_nor_up_on_a_test(county: Path, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="正式数据"):
        claimed(county, "trial")
    claimed(tmp_path, "trial")
    assert "压测" in refused("up", "--folder", str(tmp_path))


# --------------------------------------------------------------- where it is


def test_a_copy_starts_beside_its_running_original_and_harms_it_in_nothing(county: Path, tmp_path: Path) -> None:
    copy, original = tmp_path / "copy", tmp_path / "original"
    shutil.copytree(county, original)
    with up(original):
        running = pids(original)
        shutil.copytree(original, copy, symlinks=True)
        assert addresses(original, "registry")
        with pytest.raises(StartError, match=re.escape(str(copy))):  # Its ports are the original's.
            client(copy, "registry")
        with up(copy) as told:
            assert addresses(copy, "registry")
            assert "副本" in told[0] and str(original) in told[0]
            assert not {*ports(copy).values()} & {*ports(original).values()}
            assert mark(copy)["identity"] != mark(original)["identity"]
            assert pids(original) == running and all(map(psutil.pid_exists, running))
            assert not {*pids(copy)} & {*running}
            assert answering(copy) == answering(original) == {*SERVICES}
        assert all(map(psutil.pid_exists, running)) and answering(original) == {*SERVICES}
    kept = ports(copy)
    assert claimed(copy).notes == [] and ports(copy) == kept  # From now on it is an installation like any other.


def test_no_command_for_a_copy_that_does_not_run_reaches_its_running_original(folder: Path, tmp_path: Path) -> None:
    villages = tmp_path / "villages.csv"
    villages.write_text("村代码,村名,乡镇,户籍人口,列入贫困村\n210521100201,清泉村,山前镇,812,是\n", encoding="utf-8")
    with up(folder):
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("lock"))
        for words in (
            ["import", "villages", str(villages)],
            ["policy", "adopt", "shared/policy/packs/benxi.toml", "--by", "市委组织部"],
            ["dead-letters", "discard", "x", "--reason", "演练"],
            ["recover", "registry"],
            ["tasks"],
            ["digest"],
        ):
            assert "没有运行" in refused(*words, "--folder", str(copy))
        told = refused("doctor", "--folder", str(copy))
        assert "没有运行" in told and "✓ 服务" not in told
        (tmp_path / "link").symlink_to(folder)
        done = subprocess.run([ZHUCUN, "digest", "--folder", str(tmp_path / "link")], capture_output=True, text=True)
        assert done.returncode == 0 and "villages" in done.stdout
        assert (
            "210521100201"
            not in subprocess.run([ZHUCUN, "logs", "--folder", str(folder)], capture_output=True, text=True).stdout
        )


def test_a_moved_installation_keeps_its_identity_and_its_ports_as_far_as_they_are_free(folder: Path) -> None:
    was = claimed(folder)
    identity, kept = mark(folder)["identity"], ports(folder)
    away = folder.rename(folder.with_name("搬到 别处"))
    moved = claimed(away)
    assert moved.standing == "moved" and str(was.root) in moved.notes[0]
    assert mark(away)["identity"] == identity and ports(away) == kept
    home = away.rename(folder)
    with closing(_listener(kept["registry"])):
        moved = claimed(home)
    assert "registry" in moved.notes[1] and ports(home)["registry"] != kept["registry"]
    assert {**ports(home), "registry": 0} == {**kept, "registry": 0}


def test_a_restored_backup_is_the_installation_and_not_a_copy(folder: Path, tmp_path: Path) -> None:
    claimed(folder)
    kept, identity = ports(folder), mark(folder)["identity"]
    shutil.copytree(folder, tmp_path / "backup")
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)
    assert claimed(folder).standing == "at home"
    assert ports(folder) == kept and mark(folder)["identity"] == identity
    shutil.rmtree(folder)
    assert claimed(tmp_path / "backup").standing == "moved"


def test_one_installation_never_runs_twice(folder: Path, tmp_path: Path) -> None:
    """The original was renamed before it was copied, so that neither knows of the other."""
    claimed(folder)
    away = folder.rename(folder.with_name("renamed"))
    shutil.copytree(away, tmp_path / "copy")
    running = Folder(tmp_path / "copy", "real")
    running.claim(PROCESSES)
    try:
        if sys.platform == "linux":
            with pytest.raises(StartError, match="互为副本"):
                claimed(away)
    finally:
        running.release()
    claimed(away)


def test_notes_that_came_with_a_copy_end_nobody(folder: Path, tmp_path: Path) -> None:
    """Whatever pids.json says: only what runs in this very folder, since then, with these arguments, is a leftover."""
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    elsewhere = subprocess.Popen(words, cwd=tmp_path, start_new_session=True)
    later = subprocess.Popen(words, cwd=folder, start_new_session=True)
    left = subprocess.Popen(words, cwd=folder, start_new_session=True)
    try:
        noted = Folder(folder)
        noted.note({str(p.pid): (p.pid, " ".join(words[1:])) for p in (elsewhere, later, left)})
        kept = json.loads((folder / "pids.json").read_text())
        kept[str(later.pid)][2] = "another boot/1"
        kept["this one"] = [os.getpid(), "", ""]
        (folder / "pids.json").write_text(json.dumps(kept))
        claimed(folder)
        assert left.wait(5) == -signal.SIGKILL
        assert elsewhere.poll() is None and later.poll() is None
    finally:
        for process in (elsewhere, later, left):
            process.kill()
            process.wait()


# ------------------------------------------------------------ paths and disks


def test_a_path_is_taken_however_it_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed(folder)
    link = folder.with_name("link")
    link.symlink_to(folder)
    monkeypatch.chdir(folder.parent)
    for written in (link, Path(folder.name), Path(f"./{folder.name}/"), Path(f"x/../{folder.name}")):
        assert claimed(written).notes == []


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_text("a file"), "不是目录"),
        (lambda path: path.symlink_to(path.with_name("unmounted")), "磁盘是否已挂载"),
        (lambda path: path.symlink_to(path), "符号链接"),
        (lambda path: path.with_name("x" * 300), "名称太长"),
        (lambda path: path.with_name("a?b"), "问号"),
        (lambda path: path.with_name("a\nb"), "控制字符"),
        (lambda path: path.with_name("\udcff"), "控制字符"),
        (lambda path: Path("/proc/none"), "没有这个文件"),
    ],
)
def test_a_place_that_cannot_be_a_folder_is_told(make: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    made = make(tmp_path / "folder")
    with pytest.raises(StartError, match=words):
        claimed(made if isinstance(made, Path) else tmp_path / "folder")


def test_a_folder_of_another_user_is_refused_with_the_way_out(folder: Path) -> None:
    if os.geteuid():
        folder = Path("/")
    else:
        os.chown(folder, 65534, -1)
    with pytest.raises(StartError, match="chown -R"):
        claimed(folder)


def test_a_full_disk_and_one_without_locks_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(folder)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
        with pytest.raises(StartError, match="腾出空间"):
            claimed(folder)
    import fcntl

    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(StartError, match="本机磁盘"):
        claimed(folder)


def test_a_folder_is_its_owners_alone_and_what_was_open_is_closed_and_told(folder: Path) -> None:
    def open_to_others() -> list[Path]:
        return [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]

    claimed(folder)
    assert not open_to_others()
    for path in (folder, folder / "registry.sqlite3", folder / "nats", folder / "secret"):
        path.chmod(0o755)
    assert "仅所有者可读" in claimed(folder).notes[-1]
    assert not open_to_others()
    with up(folder):
        assert (folder / "registry.sqlite3-wal").exists() and not open_to_others()


# ------------------------------------------------------------- broken things

DATABASE = "registry.sqlite3"


def _cut(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("pragma wal_checkpoint(truncate)")
    os.truncate(path, path.stat().st_size // 2)


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("update alembic_version set version_num = '9999'")
        database.commit()


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table notes (text)")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text("")


BROKEN: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "mark: no JSON": ("installation.json", lambda p: p.write_text("{"), "从|恢复备份"),
    "mark: empty": ("installation.json", lambda p: p.write_bytes(b""), "恢复备份"),
    "mark: another kind": ("installation.json", lambda p: _with(p, kind="toy"), "恢复备份"),
    "mark: a field too many": ("installation.json", lambda p: _with(p, colour="red"), "更新的版本"),
    "mark: an address that is none": ("installation.json", lambda p: _with(p, bind="here"), "恢复备份"),
    "mark: other replicas": ("installation.json", lambda p: _with(p, replicas=2), "副本数"),
    "mark: a folder": ("installation.json", _folder, "这是目录"),
    "ports: no JSON": ("ports.json", lambda p: p.write_text("registry=1"), "也可删除它"),
    "ports: a text": ("ports.json", lambda p: p.write_text('{"registry": "8001"}'), "也可删除它"),
    "ports: too high": ("ports.json", lambda p: p.write_text('{"registry": 80001}'), "也可删除它"),
    "ports: not UTF-8": ("ports.json", lambda p: p.write_bytes(b'{"\xff": 1}'), "也可删除它"),
    "ports: one twice": ("ports.json", lambda p: p.write_text('{"nats": 8001, "registry": 8001}'), "nats, registry"),
    "pids: no JSON": ("pids.json", lambda p: p.write_text("[1, 2"), "ps -ef"),
    "pids: something else": ("pids.json", lambda p: p.write_text('{"registry": "x"}'), "ps -ef"),
    "secret: cut": ("secret", lambda p: p.write_text("0123"), "openssl rand"),
    "secret: other characters": ("secret", lambda p: p.write_bytes(b"\xff" * 64), "openssl rand"),
    "secret: gone": ("secret", lambda p: p.unlink(), "openssl rand"),
    "database: cut": (DATABASE, _cut, "同一份备份"),
    "database: empty": (DATABASE, lambda p: os.truncate(p, 0), "同一份备份"),
    "database: gone": (DATABASE, lambda p: p.unlink(), "同一份备份"),
    "database: no SQLite": (DATABASE, lambda p: p.write_text("x" * 5000), "不是 SQLite"),
    "database: of another service": (DATABASE, lambda p: shutil.copy(p.with_name("dispatch.sqlite3"), p), "dispatch"),
    "database: of another program": (DATABASE, _foreign, "不是驻村系统"),
    "database: of a newer version": (DATABASE, _newer, "更新的版本"),
    "logs: a file": ("logs", _file, "不是目录"),
    "nats: a file": ("nats", _file, "不是目录"),
}


def _with(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_named_with_what_to_do_and_left_as_it_is(case: str, folder: Path) -> None:
    name, harm, remedy = BROKEN[case]
    harm(folder / name)
    before = (folder / name).read_bytes() if (folder / name).is_file() else b""
    with pytest.raises(StartError, match=remedy) as error:
        claimed(folder)
    assert name in str(error.value)
    assert ((folder / name).read_bytes() if (folder / name).is_file() else b"") == before
    if name == DATABASE:  # As the operator meets it.
        assert name in refused("up", "--folder", str(folder))


WORDS = st.text(max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
JSON = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(WORDS, part, max_size=3), max_leaves=5
)
FILES = ["installation.json", "ports.json", "pids.json", "replicas", "secret", DATABASE]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FILES), st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_in_any_file_lead_to_anything_but_a_start_or_an_error_that_names_it(name: str, junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / name).write_bytes(junk)
        if name == "replicas":
            (folder / DATABASE).touch()
        with suppress(StartError):
            Folder(folder, "trial").claim(("nats",))
        with suppress(StartError, Trouble):
            addresses(folder, "registry")
        assert all(isinstance(fault, str) for _, _, fault in folder_checks(folder))
        with suppress(StartError):
            databases.check(folder / DATABASE, "registry", SERVICES, needed=True)


# --------------------------------------------------------- addresses and ports


def _listener(port: int = 0) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def test_the_address_and_the_ports_are_as_the_operator_says_and_stay_so(folder: Path) -> None:
    with closing(_listener()) as probe:
        port = probe.getsockname()[1]
    with up(folder, "--bind", "127.0.0.2", "--port", f"registry={port}") as told:
        assert any(f"http://127.0.0.2:{port}/docs" in line for line in told)
        assert subprocess.run([ZHUCUN, "digest", "--folder", str(folder)], capture_output=True).returncode == 0
        assert httpx.get(f"http://127.0.0.2:{port}/v1/villages", trust_env=False).status_code == 401
    found = Folder(folder, "real")
    found.claim(PROCESSES)
    found.release()
    assert (found.bind, found.ports["registry"]) == ("127.0.0.2", port)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--bind", "0.0.0.0"], "--everywhere"),
        (["--bind", "::"], "--everywhere"),
        (["--bind", "203.0.113.7"], "不是本机的地址"),
        (["--bind", "localhost"], "不是 IP 地址"),
        (["--port", "registry"], "registry=8001"),
        (["--port", "registry=0"], "1至65535"),
        (["--port", "registry=65536"], "1至65535"),
        (["--port", "registry=８００１"], "1至65535"),
        (["--port", "redis=8001"], "没有进程 redis"),
        (["--port", "registry=8001", "--port", "nats=8001"], "不能都用端口"),
        (["--replicas", "2"], "1 个副本"),
    ],
)
def test_addresses_and_ports_that_cannot_be_are_refused(words: list[str], told: str, folder: Path) -> None:
    assert told in refused("up", "--folder", str(folder), *words)


def test_a_taken_port_is_told_and_nothing_kept(folder: Path) -> None:
    claimed(folder)
    before = ports(folder)
    with closing(_listener()) as stranger:
        number = stranger.getsockname()[1]
        assert f"端口 {number} 已被占用" in refused("up", "--folder", str(folder), "--port", f"registry={number}")
    assert ports(folder) == before
