"""Every operation of every service under schemathesis: what its document says is what it does, and nothing is a 500."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

from deploy.demo.regions.benxi.story import CITY, PACK, START
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from shared.draws import BODIES
from shared.web.token import body_headers, operator_headers

PROJECT = Path(__file__).parents[2]
EXAMPLES = 1
"""Random cases of each operation, besides those that each constraint of its schema asks for."""
SETTINGS = """
[phases.coverage]
unexpected-methods = ["PUT"]

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "404", "409", "412", "422"]
negative_data_rejection.expected-statuses = ["400", "401", "404", "405", "409", "413", "415", "422", "431"]
"""
"""What is well formed may still be about nothing, come at the wrong time or too late, or contradict itself."""
ALIKE = (
    *("--exclude-tag", "operations", "--exclude-tag", "contracts", "--exclude-tag", "forms"),
    *("--exclude-path-regex", "^/v1/(codes|events|journal|readings|snapshots|summary|tasks)(/|$)"),
)
"""What all services have in common is tried on the last of them."""
HOOKS = """
import re

import schemathesis

from tests.support.usual import whole


@schemathesis.hook
def before_call(context, case, kwargs):
    case.body = whole(case.body)
    # Whoever waits for news is tried elsewhere (test_feed.py); a minute for each case would be too long.
    if re.fullmatch("[0-9]{1,2}", str((case.query or {}).get("wait"))) and int(case.query["wait"]) <= 55:
        case.query["wait"] = 0
    # For schemathesis any text is a tag, whatever the document says; one of nobody's is refused (test_versions.py).
    if case.meta and case.meta.generation.mode.is_positive:
        (case.headers or {}).pop("If-Match", None)
"""


async def test_every_operation_does_what_its_document_says(tmp_path: Path) -> None:
    """All checks, on the real processes of a system with a pack in force; the services side by side."""
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    (tmp_path / "hooks.py").write_text(HOOKS)
    async with System(tmp_path / "system") as system:
        await system.ready()
        async with Simulation(system) as simulation:
            await simulation.pass_day(START)
            rows = [{"place": CITY, "pack": PACK, "adopted_by": "市委"}]
            await simulation.post("registry", "policies", "the first pack", rows)
        secret = system.folder.secret.read_bytes()
        tokens = operator_headers(secret) | body_headers(secret, BODIES)
        alike = [(*ALIKE,)] * (len(SERVICES) - 1) + [
            # It is health's business to be 503: random events that a recovery is given wait as dead letters.
            ("--exclude-path-regex", "^/health")
        ]
        ran = await asyncio.gather(
            *(
                asyncio.to_thread(run, tmp_path, system.url(name), tokens, *options)
                for name, options in zip(SERVICES, alike, strict=True)
            )
        )
        told = dict(zip(SERVICES, ran, strict=True))
    failed = {name: output for name, (code, output) in told.items() if code}
    assert not failed, "\n".join(failed.values())
    cases = {name: int(re.search(r"(\d+) generated", output)[1]) for name, (_, output) in told.items()}  # type: ignore[index]
    assert min(cases.values()) > 500, json.dumps(cases)


def run(folder: Path, url: str, headers: dict[str, str], *options: str) -> tuple[int, str]:
    """Run all checks against a service: the exit code and what was told."""
    ran = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "--config-file", "schemathesis.toml", "run",
            f"{url}/docs/openapi.json", "--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "1",
            "--no-shrink", "--continue-on-failure", *options,
            *(part for name, value in headers.items() for part in ("--header", f"{name}: {value}")),
        ],
        cwd=folder,
        env={"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": f"{folder}:{PROJECT}", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr
