"""`python -m tests.compose.replicas 3 > deploy/compose.replicas.yaml`: an overlay of compose.yaml."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.local.supervisor import SERVICES
from shared.engine.shares import Share

COMPOSE: Final = Path(__file__).parents[2] / "deploy/compose.yaml"
_HEAD: Final = """\
# Replicas of each service, which share the country by prefecture, each with a database of its own: for more cores.
#   docker compose -f deploy/compose.yaml -f deploy/compose.replicas.yaml up -d
# Chosen at the first start. Made of compose.yaml, for any number:
#   python -m tests.compose.replicas {of} > deploy/compose.replicas.yaml
"""


def container(service: str, number: int) -> str:
    """What a replica's container is called in the overlay: the first is that of compose.yaml."""
    return service if number == 1 else f"{service}-{number}"


def overlay(compose: Mapping[str, Any], of: int) -> str:
    """The text of the overlay by which each service has so many replicas."""
    counted = {"environment": {"ZHUCUN_REPLICAS": str(of)}}
    services: dict[str, Any] = {"init": counted, "databases": counted}
    for service in SERVICES:
        single = compose[service]
        for number in range(1, of + 1):
            share = Share(number, of)
            database = f"postgresql+asyncpg://{service}@postgres/{share.named(service)}"
            own = {"ZHUCUN_SHARE": f"{number}/{of}", "ZHUCUN_DATABASE": database}
            services[container(service, number)] = (
                {"environment": own}
                if number == 1
                else {
                    **single,
                    "environment": {**single["environment"], **own},
                    "ports": [_beside(port, number) for port in single["ports"]],
                }
            )
    services["operator"] = {
        "environment": {
            f"ZHUCUN_{service.upper()}_URL": ",".join(f"http://{container(service, n)}:8000" for n in range(1, of + 1))
            for service in SERVICES
        }
    }
    # Written out where it stands several times: compose's anchors do not reach from one file into another.
    plain = json.loads(json.dumps({"services": services}))
    text: str = yaml.safe_dump(plain, sort_keys=False, width=120, allow_unicode=True)
    return _HEAD.format(of=of) + text


def _beside(port: str, number: int) -> str:
    """The port at which a further replica answers outside: 8001, 8011, 8021."""
    bind, outside, within = port.rsplit(":", 2)
    return f"{bind}:{int(outside) + 10 * (number - 1)}:{within}"


if __name__ == "__main__":
    print(overlay(yaml.safe_load(COMPOSE.read_text())["services"], int(sys.argv[1])), end="")
