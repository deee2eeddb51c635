"""Policy packs: what a region counts, names and lists, as validated, versioned data (DESIGN §1).

The code knows seven concepts; every number, name and list is in `packs/`, and another region is one more file there.
`pack` says what they can say, `contradictions` what they must not, and `book` which one is in force.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.policy.book import PolicyBook
from shared.policy.contradictions import find_contradictions
from shared.policy.pack import TRIGGERS, Campaign, Commitment, Deliberation, Outcome, Policy, Step

__all__ = [
    "TRIGGERS", "Campaign", "Commitment", "Deliberation", "Outcome", "Policy", "PolicyBook", "PolicyInvalid", "Step",
    "kept_pack", "parse_pack",
]  # fmt: skip


class PolicyInvalid(ValueError):
    """A pack contradicts the schema or itself; the text says where and what to do."""


def kept_pack(data: Mapping[str, Any]) -> Policy:
    """A pack that was adopted, as it is kept."""
    return msgspec.convert(data, Policy)


def parse_pack(data: bytes | Mapping[str, Any]) -> Policy:
    """A pack from its TOML text or from the same content as an event carries it."""
    try:
        policy = (
            msgspec.toml.decode(data, type=Policy)
            if isinstance(data, bytes)
            else msgspec.convert(data, Policy, strict=False)
        )
    except msgspec.DecodeError as error:
        raise PolicyInvalid(f"政策包格式有误：{error} / the pack does not fit the schema: {error}") from error
    for where, zh, en in find_contradictions(policy):
        raise PolicyInvalid(f"政策包自相矛盾：{where}：{zh} / the pack contradicts itself: {where}: {en}")
    return policy
