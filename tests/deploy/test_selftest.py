"""The self-test: it passes on a sound installation, leaves nothing, and names what is not as it should be."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import psutil
import pytest

from deploy.operations.selftest import NOWHERE, WAY, misfits, on_the_way
from shared.contracts import Envelope

VILLAGE = f"{NOWHERE}21901201"
BESIDE_CONTAINERS = {
    "ZHUCUN_NATS": "tls://nats-1:4222", "ZHUCUN_NATS_CA": "/keys/ca.pem", "ZHUCUN_NATS_KEY": "/keys/operator.nk",
    "ZHUCUN_KEYS": "/keys", "ZHUCUN_SECRET_FILE": "/keys/secret", "ZHUCUN_STREAM_REPLICAS": "3",
    "ZHUCUN_MIGRATE_ON_START": "false", "ZHUCUN_HOST": "0.0.0.0", "ZHUCUN_PORT": "8000",
    "ZHUCUN_REGISTRY_URL": "http://registry:8000",
}  # fmt: skip
"""What an operator's environment says where the system runs in containers: none of it is for the second set."""


def test_a_sound_installation_carries_a_village_all_the_way_and_nothing_is_left(tmp_path: Path) -> None:
    zhucun = str(Path(sys.executable).with_name("zhucun"))
    done = subprocess.run(
        [zhucun, "selftest"], capture_output=True, text=True, timeout=300, cwd=tmp_path,
        env={"COLUMNS": "160", "TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin", **BESIDE_CONTAINERS},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "自检通过" in done.stdout and done.stdout.count("✓") >= len(WAY) + 5 and "✗" not in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or ())]


def event(type: str, data: object = None) -> Envelope:
    return Envelope(
        id="1", source="urn:zhucun:registry", type=f"{type}.v1", subject=VILLAGE, time=datetime.now(UTC),
        dataschema=f"urn:zhucun:schemas:{type}.v1", correlationid=VILLAGE, causationid="0",
        occurredon=date(2015, 1, 1), policyversion="9905-2014.1", data=msgspec.Raw(msgspec.json.encode(data)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("heard", "wrong"),
    [
        pytest.param(WAY, [], id="the whole way"),
        pytest.param(WAY + WAY[:3], [], id="something again"),
        pytest.param(WAY[:-1], [(-1, "没有发生")], id="the end is missing"),
        pytest.param((*WAY[:2], WAY[3], WAY[2], *WAY[4:]), [(3, "次序不对")], id="matched before it was diagnosed"),
        pytest.param((), [(n, "没有发生") for n in range(len(WAY))], id="nothing"),
    ],
)
def test_what_is_missing_or_out_of_order_on_the_way_is_named(
    heard: tuple[str, ...], wrong: list[tuple[int, str]]
) -> None:
    checks = on_the_way([event(type) for type in heard], VILLAGE)
    faulty = [check for check in checks if check.fault]
    assert faulty == [checks[n] for n, _ in wrong]
    assert all(word in check.fault for check, (_, word) in zip(faulty, wrong, strict=True))


def test_an_event_that_is_not_as_its_schema_says_is_named() -> None:
    good = {"place": "990521", "village": VILLAGE, "spell": 1}
    assert misfits([event("registry.village.listed", good)]) == ""
    assert "registry.village.listed" in misfits([event("registry.village.listed", {**good, "spell": 0})])
    assert "dreamt" in misfits([event("registry.village.dreamt", good)])
    other = msgspec.structs.replace(event("registry.village.listed", good), dataschema="http://127.0.0.1:8001/x.json")
    assert "8001" in misfits([other])
