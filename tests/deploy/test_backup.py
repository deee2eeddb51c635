"""A backup has all of an installation, or says why not; what is restored from it is the installation."""

import shutil
import tarfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from deploy.local.backup import OF_A_RUN, restore, save
from deploy.local.folder import Folder, StartError
from deploy.local.supervisor import BESIDE, PROCESSES, SERVICES
from tests.support.servers import up


def content(folder: Path) -> dict[str, str]:
    """What stands in each file of a folder."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in OF_A_RUN
    }


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a system with accounts, webhooks and pages that has run and is stopped."""
    folder = tmp_path_factory.mktemp("backup") / "data"
    with up(folder, "--webhooks"):
        pass
    return folder


@pytest.fixture
def folder(stopped: Path, tmp_path: Path) -> Path:
    """That folder, renamed for one test."""
    return Path(shutil.copytree(stopped, tmp_path / "data"))


def test_a_restored_installation_has_every_process_s_own_data_and_runs(folder: Path, tmp_path: Path) -> None:
    names = save(Folder(folder), tmp_path / "kept.tar.gz")
    assert names == sorted((*SERVICES, *BESIDE))
    assert (tmp_path / "kept.tar.gz").stat().st_mode & 0o777 == 0o600, "it has keys and persons"
    with pytest.raises(StartError, match="no earlier backup is overwritten"):
        save(Folder(folder), tmp_path / "kept.tar.gz")
    before = content(folder)
    shutil.rmtree(folder)
    assert restore(tmp_path / "kept.tar.gz", Folder(folder)) == names
    assert content(folder) == before
    with up(folder):
        pass


def test_what_runs_is_not_backed_up(folder: Path, tmp_path: Path) -> None:
    running = Folder(folder, "real")
    running.claim(PROCESSES)
    try:
        with pytest.raises(StartError, match="Stop it"):
            save(Folder(folder), tmp_path / "kept.tar.gz")
    finally:
        running.release()
    assert not [*tmp_path.glob("kept*")]


@pytest.mark.parametrize("name", ["registry", *BESIDE])
def test_a_damaged_database_is_named_and_no_backup_made(name: str, folder: Path, tmp_path: Path) -> None:
    path = folder / f"{name}.sqlite3"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\x55" * (len(whole) - 4096))
    with pytest.raises(StartError, match=f"{name}.sqlite3"):
        save(Folder(folder), tmp_path / "kept.tar.gz")
    assert not [*tmp_path.glob("kept*")]


def cut(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-2000])


def edited(archive: Path) -> None:
    raw = bytearray(archive.read_bytes())
    raw[len(raw) // 2] ^= 1
    archive.write_bytes(raw)


def strange(archive: Path) -> None:
    archive.write_bytes(b"no archive")


def leading_out(archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("keys/../../out"), BytesIO())


def linked(archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as packed:
        link = tarfile.TarInfo("secret")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        packed.addfile(link)


def of_nothing(archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("secret"), BytesIO())


@pytest.mark.parametrize("hurt", [cut, edited, strange, leading_out, linked, of_nothing])
def test_of_an_archive_that_is_no_whole_backup_nothing_is_left(
    hurt: Callable[[Path], None], folder: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "kept.tar.gz"
    save(Folder(folder), archive)
    hurt(archive)
    with pytest.raises(StartError, match=r"kept\.tar\.gz"):
        restore(archive, Folder(tmp_path / "anew"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "kept.tar.gz"]


def test_nothing_is_restored_over_something(folder: Path, tmp_path: Path) -> None:
    save(Folder(folder), tmp_path / "kept.tar.gz")
    before = content(folder)
    with pytest.raises(StartError, match="new or empty folder"):
        restore(tmp_path / "kept.tar.gz", Folder(folder))
    assert content(folder) == before
