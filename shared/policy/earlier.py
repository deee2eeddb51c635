"""Packs in the words of earlier versions, as journals and databases hold them, said in those of today.

Nobody writes them any more: what a person submits is checked as it stands. But what a region once adopted stays in
force and is replayed, so that every service goes on to read it.
"""

from collections.abc import Mapping
from typing import Any

Part = dict[str, Any]
_RATES = {"wrong_exit_below": ("wrong_exit", "below"), "omission_below": ("omission", "below"),
          "approval_at_least": ("approval", "at_least")}  # fmt: skip


def renewed(pack: Mapping[str, Any]) -> Part:
    """A pack's content with bounds and a time for every decision; one that has them already is as it was.

    A layer was never said in other words.
    """
    if "extends" in pack:
        return dict(pack)
    exit, assessment = pack.get("exit", {}), pack.get("assessment", {})
    return {
        **pack,
        "exit": {
            **exit,
            "criteria": [_renamed(criterion, indicator="figure") for criterion in exit.get("criteria", ())],
            "verification": verification(exit.get("verification", {})),
        },
        "assessment": {
            **assessment,
            "ballot_quorum": quorum(assessment.get("ballot_quorum")),
            "caps": [_renamed(cap, when="figure") for cap in assessment.get("caps", ())],
            "grounds": [ground(one) for one in assessment.get("grounds", ())],
        },
        "outcomes": [outcome(one) for one in pack.get("outcomes", ())],
        "procedures": [
            {**procedure, "steps": [step(one) for one in procedure.get("steps", ())]}
            for procedure in pack.get("procedures", ())
        ],
    }


def verification(terms: Part) -> Part:
    """The rates of a verification."""
    if "rates" in terms:
        return terms
    rates = [{"figure": figure, relation: terms[name]} for name, (figure, relation) in _RATES.items() if name in terms]
    return {name: value for name, value in terms.items() if name not in _RATES} | {"rates": rates}


def quorum(share: Any) -> Any:
    """A quorum that was a share."""
    return {"figure": "present", "at_least": share} if isinstance(share, int | float) else share


def ground(one: Part) -> Part:
    """A ground whose figure and relation were one word."""
    if "when" not in one:
        return one
    figure, relation = next(
        (one["when"].removesuffix(f"_{end}"), end)
        for end in ("at_least", "above", "below")
        if one["when"].endswith(f"_{end}")
    )
    return {"name": one["name"], "figure": figure, relation: one["bound"]}


def step(one: Part) -> Part:
    """A step of a procedure of village democracy."""
    kept = {name: value for name, value in one.items() if name not in ("present_at_least", "agreed_above", "of")}
    if one.get("present_at_least") is not None:
        kept["quorum"] = quorum(one["present_at_least"])
    if one.get("agreed_above") is not None:
        figure = "agreed_of_entitled" if one.get("of") == "entitled" else "agreed"
        kept["majority"] = {"figure": figure, "above": one["agreed_above"]}
    return kept


def outcome(one: Part) -> Part:
    """An outcome that gave the deciding body no time is decided within a month."""
    return {"within": {"calendar_days": 30}, **one}


def _renamed(part: Part, **names: str) -> Part:
    return {names.get(name, name): value for name, value in part.items()}
