"""Ids that the system derives fit their types whatever people choose, and are none that people can choose."""

import re
from datetime import date
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from services.incentives.model.proposal import occasion
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts.values import CampaignId, Code, DerivedId, PartyId, Role, RunId, Short
from shared.policy import TRIGGERS
from shared.rules import LONGEST_ID

DAY = date(2100, 12, 31)
VILLAGE, CODE, PARTY, CAMPAIGN = "2" * 12, "k" * 32, "P" * 40, "c" * 60
LONGEST: dict[str, Any] = {
    "subject": PARTY, "subject_kind": "village_cadre",
    "place": "210521", "village": VILLAGE, "kind": CODE, "period": "2100", "due": DAY, "until": DAY, "unit": PARTY,
    "leader": PARTY, "grade": CODE, "triggers": (CODE,), "year": 2100, "score": 100, "decided_by": "组" * 120,
    "order": f"{CAMPAIGN}/{VILLAGE}", "times": 1_000_000, "spell": 1_000_000, "extension": 1_000_000, "team": (),
    "served_days": 1_000_000, "owed_by": "poverty_office", "step": f"reconcile {DAY}", "link": CODE, "owing": 2,
}  # fmt: skip


def taken(type: Any, value: str) -> bool:
    try:
        msgspec.convert(value, type)
    except msgspec.ValidationError:
        return False
    return True


def test_the_longest_values_are_what_their_types_take() -> None:
    for value, type in ((CODE, Code), (PARTY, PartyId), (CAMPAIGN, CampaignId)):
        assert taken(type, value) and not taken(type, f"{value}{value[0]}")


@pytest.mark.parametrize("trigger", TRIGGERS.values())
def test_the_id_and_the_evidence_of_every_outcome_fit_whatever_gave_rise_to_it(trigger: Any) -> None:
    event = trigger(**{field: LONGEST[field] for field in trigger.__struct_fields__ if field in LONGEST})
    msgspec.json.decode(msgspec.json.encode(event), type=trigger)
    outcome = f"{CODE}/{occasion(event)}"
    assert taken(DerivedId, outcome) and len(outcome) <= LONGEST_ID
    short = next(name for name, of in TRIGGERS.items() if of is trigger)
    assert taken(Short, f"{short} {occasion(event)}")
    # What a pack asks for stands in the evidence: a field and a value of it.
    values = {field: getattr(event, field) for field in trigger.__struct_fields__ if field != "team"}
    assert all(taken(Short, f"{field} {value}") for field, value in values.items())


def test_who_decided_fits_with_its_role_before_it() -> None:
    said = f"{max(get_args(Role), key=len)} {'组' * 120}"
    hint = get_type_hints(n.OutcomeDecided, include_extras=True)["decided_by"]
    assert taken(hint, said)


@pytest.mark.parametrize("subject_kind", get_args(n.SubjectKind))
def test_the_id_of_every_record_and_commitment_fits(subject_kind: str) -> None:
    assert len(f"{subject_kind}:{PARTY}") <= LONGEST_ID
    hint = get_type_hints(d.CommitmentOverdue, include_extras=True)["step"]
    assert taken(hint, LONGEST["step"]), "a step names its day"


@pytest.mark.parametrize("matching", [f"kept/{VILLAGE}/1000000", f"taken-over/{VILLAGE}"])
def test_no_name_that_people_choose_is_one_that_is_derived(matching: str) -> None:
    hint = get_type_hints(d.VillageMatched, include_extras=True)["matching"]
    assert taken(hint, matching) and not taken(RunId, matching)


def test_no_outcome_can_be_named_by_chance_as_two_occasions_are() -> None:
    """Slashes separate what has none itself, so that two different facts never make one id."""
    overdue = {**LONGEST, "kind": "ledger", "step": "set"}
    events = [
        d.CommitmentOverdue(**{f: overdue[f] for f in d.CommitmentOverdue.__struct_fields__}),
        i.OrderOverdue(**{f: LONGEST[f] for f in i.OrderOverdue.__struct_fields__}),
        d.TermExtended(**{f: LONGEST[f] for f in d.TermExtended.__struct_fields__ if f != "outcome"}),
    ]
    assert len({occasion(event) for event in events}) == 3
    assert not any(re.search(r"\s", occasion(event)) for event in events)
