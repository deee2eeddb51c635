"""Packs written for earlier versions of the software, translated into what this version reads.

Journals and databases hold such packs: what a region once adopted stays in force and is replayed, so every service must
read it for ever. A pack that a person submits today is not translated; it is checked as it stands.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Part = dict[str, Any]
EXIT: Final = "exit"
"""The code of the procedure into which an old pack's exit is translated."""
_LABELS: Final = {"verify": "入户核查", "notice": "公示", "decide": "审批"}
_RATES = {
    "wrong_exit_below": ("wrong_exit", "below"),
    "omission_below": ("omission", "below"),
    "approval_at_least": ("approval", "at_least"),
}
_SAMPLE = {"sample_share": "share", "sample_at_least": "households", "outside_share": "outside"}
_MONTH: Final = {"calendar_days": 30}
"""The time for a step or decision to which an old pack gave none."""
_OUTSIDE = 0.05
"""The share (0 to 1) of people outside the register who are looked at, where an old pack did not say."""


def renewed(pack: Mapping[str, Any]) -> Part:
    """The content of a pack, translated. Parts that have today's form stay as they are.

    Fields that have become mandatory since then are added (`_ADDED`), but not to a layer, which takes them from its
    base.
    """
    whole = _with_exit(pack)
    for path, change in _RENEWED if "extends" in pack else (*_ADDED, *_RENEWED):
        whole = _renewed(whole, path, change)
    return _with_label(_with_links(whole))


def _renewed(part: Any, path: tuple[str, ...], change: Callable[[Any], Any]) -> Any:
    """A part with `change` applied to what is at `path`. If the path leads through a list, each entry is changed."""
    if isinstance(part, list | tuple):
        return [_renewed(entry, path, change) for entry in part]
    if not path:
        return change(part)
    name, *rest = path
    if not isinstance(part, Mapping) or name not in part:
        return part
    return {**part, name: _renewed(part[name], tuple(rest), change)}


def _with_exit(pack: Mapping[str, Any]) -> Part:
    """Move the steps of the exit from `[exit]`, where they once stood, to `[[procedures]]`."""
    exit = pack.get("exit", {})
    if "procedure" not in exit:
        return dict(pack)
    rule = next(iter(pack.get("documents", {"policy": ""})))
    delisting = {
        "kind": EXIT,
        "label": "贫困村出列",
        "rule": rule,
        "effect": "delist",
        "steps": exit_steps(exit["procedure"]),
    }
    kept = {name: value for name, value in exit.items() if name != "procedure"}
    return {**pack, "exit": kept, "procedures": [*pack.get("procedures", ()), delisting]}


def _with_links(pack: Part) -> Part:
    """Make `[team]`, once a section of its own, the first of `[[links]]`. Parts of it that a layer drops move, too."""
    if "team" in pack:
        said = {_OF_LINK.get(name, name): value for name, value in pack["team"].items()}
        if "villages_per_unit" in pack["team"]:
            said["each_bearer"] = {"at_most": pack["team"]["villages_per_unit"]}
        head = {"kind": "team"} if "extends" in pack else _LINK
        kept = {name: value for name, value in pack.items() if name != "team"}
        pack = {**kept, "links": [{**head, **said}, *pack.get("links", ())]}
    if "team" in pack.get("drop", ()):
        kept = {name: value for name, value in pack["drop"].items() if name != "team"}
        pack = {**pack, "drop": {**kept, "links": {"team": pack["drop"]["team"]}}}
    return pack


def _with_label(pack: Part) -> Part:
    """Give the team's link the name that `[words]` once had for the team."""
    if "team" not in pack.get("words", {}):
        return pack
    words = {name: value for name, value in pack["words"].items() if name != "team"}
    name, links = pack["words"]["team"], list(pack.get("links", ()))
    if not any(link["kind"] == "team" for link in links):
        links.append({"kind": "team"})  # A layer that said nothing else of its teams.
    named = [
        {**link, "label": f"驻村{name}"} if link["kind"] == "team" and name not in link.get("label", "") else link
        for link in links
    ]
    return {**pack, "words": words, "links": named}


def exit_steps(steps: Sequence[Part]) -> list[Part]:
    """Steps of an old exit, translated.

    There, a refusal led to the target of an objection, or else to the verification.
    """
    first = steps[0]["name"]
    changed = []
    for one in steps:
        new = {"label": _LABELS[one["kind"]], **one}
        objection = new.pop("on_objection", None)
        if one["kind"] == "notice":
            new |= {"notice_for": one["within"], "within": _MONTH, "answer": _MONTH, "on_objection": objection or first}
        elif one["kind"] == "decide":
            new["on_refusal"] = objection or first
        changed.append(new)
    return changed


def verification(terms: Part) -> Part:
    """The verification of a whole pack, translated; a share outside the register is added if it is missing."""
    return said_in_bounds(terms if "sample" in terms else {"outside_share": _OUTSIDE, **terms})


def said_in_bounds(terms: Part) -> Part:
    """The sample and rates of a verification written as bounds; once each was a field. A layer may have only some."""
    rates = [{"figure": figure, relation: terms[name]} for name, (figure, relation) in _RATES.items() if name in terms]
    sample = [{"figure": figure, "at_least": terms[name]} for name, figure in _SAMPLE.items() if name in terms]
    kept = {name: value for name, value in terms.items() if name not in (*_RATES, *_SAMPLE)}
    return kept | ({"rates": rates} if rates else {}) | ({"sample": sample} if sample else {})


def quorum(share: Any) -> Any:
    """A quorum as a bound; once it was just a share, such as 0.5."""
    return {"figure": "present", "at_least": share} if isinstance(share, int | float) else share


def ground(one: Part) -> Part:
    """A ground as a bound; once figure and relation were one word, such as `absences_at_least`."""
    if "when" not in one:
        return one
    figure, relation = next(
        (one["when"].removesuffix(f"_{end}"), end)
        for end in ("at_least", "above", "below")
        if one["when"].endswith(f"_{end}")
    )
    return {"name": one["name"], "figure": figure, relation: one["bound"]}


def step(one: Part) -> Part:
    """A step of a procedure, translated. A step without a time limit gets thirty days."""
    kept = {"within": _MONTH} | {
        name: value for name, value in one.items() if name not in ("present_at_least", "agreed_above", "of")
    }
    if one.get("present_at_least") is not None:
        kept["quorum"] = quorum(one["present_at_least"])
    if one.get("agreed_above") is not None:
        figure = "agreed_of_entitled" if one.get("of") == "entitled" else "agreed"
        kept["majority"] = {"figure": figure, "above": one["agreed_above"]}
    return kept


def outcome(one: Part) -> Part:
    """An outcome with `decide_by` and `appeals`. If the old pack set the deciding body no time, it gets thirty days.

    The one review that an old pack gave stays as it was, to persons, units and teams alike.
    """
    kept = {name: value for name, value in one.items() if name not in ("within", "appeal", "answer")}
    if "decide_by" not in one:
        start = "defence" if one.get("defence") else "proposal"
        kept["decide_by"] = _after(start, one.get("within", _MONTH))
    if one.get("appeal"):
        review = {"label": "复核", "rule": one["clause"], "within": one["appeal"], "answer": one["answer"]}
        kept["appeals"] = [review]
    return kept


def _commitment(one: Part) -> Part:
    """A commitment with `set_by`; once `after`, `within` and `reconcile_within` were fields of their own."""
    if "within" not in one:
        return one
    kept = {name: value for name, value in one.items() if name not in ("after", "within", "reconcile_within")}
    within = {"within": one["reconcile_within"]} if one.get("reconcile_within") else {}
    days = [{**day, **within} for day in one.get("reconcile", ())]
    start = one.get("after") or "dispatch.team.assigned"
    return {**kept, "set_by": _after(start, one["within"])} | ({"reconcile": days} if days else {})


def _team(part: Part) -> Part:
    """`[team]` with its times as `when`: once `match_by` and others were plain spans."""
    for old, new, start in (
        ("match_by", "match_by", "registry.village.diagnosed"),
        ("assign_within", "assign_by", "dispatch.village.matched"),
        ("replace_within", "replace_by", "vacancy"),
    ):
        if old in part and not {"after", "month"} & {*part[old]}:
            kept = {name: value for name, value in part.items() if name != old}
            part = {**kept, new: _after(start, part[old])}
    return _with_roles(part)


def _with_roles(part: Part) -> Part:
    """`[team]` with its requirements in its roles. Once it required the same of all cadres, and a rank of the
    leader."""
    kept = {name: value for name, value in part.items() if name not in (*_OF_ALL, "leader_rank")}
    of_all = {new: part[old] for old, new in _OF_ALL.items() if old in part}
    of_leader = of_all | ({"rank": part["leader_rank"]} if "leader_rank" in part else {})
    said = {role: fields for role, fields in {"leader": of_leader, "member": of_all}.items() if fields}
    before = {one["role"]: one for one in part.get("roles", ())}
    roles = [{"role": role, **before.get(role, {}), **said.get(role, {})} for role in {**before, **said}]
    return {**kept, "roles": roles} if said else part


def _listing(part: Part) -> Part:
    if "diagnose_within" not in part:
        return part
    kept = {name: value for name, value in part.items() if name != "diagnose_within"}
    return {**kept, "diagnose_by": _after("registry.village.listed", part["diagnose_within"])}


def _after(start: str, within: Part) -> Part:
    return {"after": start, "within": within}


def _named(**names: str) -> Callable[[Part], Part]:
    """A function that renames the fields of a part."""
    return lambda part: {names.get(name, name): value for name, value in part.items()}


_LINK: Final = {"kind": "team", "label": "驻村工作队", "from": "unit", "to": "village"}
"""What an old pack did not say of its teams, since there was no other link."""
_OF_LINK: Final = {"size": "each_target", "villages_per_unit": "each_bearer"}
"""Fields of `[team]` that have another name among the links."""
_OF_ALL: Final = {"party_members_only": "party_member", "work_years": "work_years"}
"""Fields of `[team]` that stand with each role now, and their names there."""
_ROLES: Final = [
    {"role": "leader", "label": "队长", "at_least": 1, "at_most": 1},
    {"role": "member", "label": "队员"},
]
"""The roles in the teams of an old pack."""
_MEASURED: Final = _after("registry.indicators.measured", _MONTH)
_ADDED: Final[tuple[tuple[tuple[str, ...], Callable[[Any], Any]], ...]] = (
    (("exit", "verification"), verification),
    (("team",), lambda part: {"roles": _ROLES, "retain_by": _after("dispatch.member.disqualified", _MONTH), **part}),
    (("exit",), lambda part: {**dict.fromkeys(("request_by", "relapse_by"), _MEASURED), **part}),
    (("assessment",), lambda part: {"grade_by": _after("inspection.assessment.proposed", _MONTH), **part}),
)
"""Fields that have become mandatory: the place, and the function that adds them."""
_RENEWED: Final[tuple[tuple[tuple[str, ...], Callable[[Any], Any]], ...]] = (
    (("listing",), _listing),
    (("team",), _team),
    (("commitments",), _commitment),
    (("outcomes",), outcome),
    (("exit", "criteria"), _named(indicator="figure")),
    (("exit", "verification"), said_in_bounds),
    (("assessment", "ballot_quorum"), quorum),
    (("assessment", "caps"), _named(when="figure")),
    (("assessment", "grounds"), ground),
    (("procedures",), lambda part: {"effect": "decide", **part}),
    (("procedures", "steps"), step),
)
"""Parts that are written in another way today: the place, and the function that translates them."""
