"""What the inspection keeps comes back from its tables as it was written."""

import runpy
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from services.inspection.model.assessment import Assessment
from services.inspection.model.campaign import Campaign
from services.inspection.model.verification import Verification
from services.inspection.reactions import KINDS
from shared.contracts.registry import CadreRegistered, ExitRequested, PartyRegistered, VillageRecoded
from shared.engine.flow import encode_state
from tests.inspection.region import PACKS, Region, team_of

MIGRATIONS = Path(__file__).parents[2] / "services/inspection/migrations"


BRANCHES: dict[str, Any] = {
    "parties": [{"kind": "branch", "label": "党支部", "parents": ["village"]}],
    "appraisals": [{
        "kind": "branch_review", "label": "支部评议", "rule": "S3", "of": "branch", "opens": {"month": 11, "day": 1},
        "decides": "organisation", "decide_within": {"months": 1}, "best_at_most": 0.5,
        "channels": [{"channel": "by_panel", "label": "评议", "weight": 100, "how": "panel", "by": "township"}],
        "grades": PACKS["benxi"]["assessment"]["grades"],
    }],
}  # fmt: skip
"""What a pack says whose Party branches are assessed."""


def test_every_kind_of_state_survives_being_written_and_read() -> None:
    region = Region({**PACKS["benxi"], **BRANCHES}, date(2015, 5, 1), villages=2)
    region.hear(PartyRegistered(place=region.county, party="B1", kind="branch", parent=f"village:{region.villages[0]}"))
    village, county = region.villages[0], region.county
    region.pass_days(date(2015, 6, 24))
    region.post_hashes("2105-unannounced-2015-07-01")
    region.pass_days(date(2015, 7, 1))
    region.give_seeds("2105-unannounced-2015-07-01")
    region.visit(village, "2105-half_year-2015-06-20", score=80, absent=(team_of(village)[0],), findings=("absent",))
    region.pass_days(date(2015, 12, 1))
    region.report(village, 2015)
    region.vote(village, 2015)
    region.visit(village, "2105-annual-2015-12-01", score=90)
    region.hear(
        ExitRequested(
            place=county, village=village, attempt=1, lifted=("H1",), persons=(3,), remaining=0, requested_by="镇政府"
        )
    )
    region.pass_days(date(2016, 2, 1))
    region.hear(VillageRecoded(place=county, village=village, code="210522100900", since=region.today))
    region.hear(
        CadreRegistered(
            place=county, cadre="C9", unit="U9", rank="section", party_member=True, work_since=date(1998, 1, 1),
            born_on=date(1975, 1, 1), reserve=False, ties=(village,),
        )
    )  # fmt: skip
    states = region.services["inspection"].states.values()
    assert {type(state) for state in states} == set(KINDS)
    for state in states:
        assert msgspec.json.decode(encode_state(state), type=type(state)) == state


def test_states_of_an_earlier_version_are_read_after_the_migration() -> None:
    changes = runpy.run_path(str(MIGRATIONS / "0003_seed_hashes_and_codes.py"))
    terms = {"kind": "unannounced", "label": "季度暗访", "rule": "2.19", "choice": "draw", "lasts": {"months": 3}}
    campaign = {
        "id": "2105-unannounced-2014-10-01",
        "place": "210500",
        "terms": terms,
        "frame": ["210521100200"],
        "opens": "2014-10-01",
        "closes": "2014-12-31",
        "size": 1,
        "seeds": {"inspection": "x" * 32},
        "visits": {"210521100200": "2014-10-01"},
        "visited": {"210521100200": "督查一组"},
        "closed": True,
    }
    read = msgspec.convert(changes["_campaign"](campaign), Campaign, strict=False)
    assert read.seeds.shares == {"inspection": "x" * 32}
    assert read.visited["210521100200"].inspector == "督查一组"
    planned = changes["_campaign"]({**campaign, "visits": {}, "visited": {}, "closed": False})
    assert msgspec.convert(planned, Campaign, strict=False).awaits_seeds
    verification = {
        "id": "210521100200",
        "place": "210521",
        "attempt": 1,
        "lifted": ["H1", "H2"],
        "seed": "x" * 32,
        "sampled": ["H1"],
        "by": "inspection",
        "until": "2014-12-31",
        "passed": True,
    }
    assert msgspec.convert(changes["_verification"](verification), Verification, strict=False).passed


def test_what_was_taken_from_a_pack_in_earlier_words_is_a_bound_after_the_migration() -> None:
    changes = runpy.run_path(str(MIGRATIONS / "0005_bounds.py"))
    assessment = {
        "id": "210521100200/2015",
        "place": "210521",
        "unit": "U1",
        "terms": [
            {"ballot": 100},
            [["excellent", 90], ["poor", 0]],
            [["absences", 2, "poor"]],
            [["bad_opinion", "approval_below", 0.6]],
            0.6666,
            ["organisation"],
            "2015-12-31",
        ],
    }
    terms = msgspec.convert(changes["_assessment"](assessment), Assessment, strict=False).terms
    assert [(cap.figure, cap.given, cap.grade) for cap in terms.caps] == [("absences", {"at_least": 2}, "poor")]
    assert [(one.name, one.figure, one.given) for one in terms.grounds] == [("bad_opinion", "approval", {"below": 0.6})]
    assert terms.ballot_quorum and terms.ballot_quorum.given == {"at_least": 0.6666}
    assert (terms.audiences, terms.facts_until) == (("organisation",), date(2015, 12, 31))
    assert changes["_assessment"]({"id": "x/2015"}) == {"id": "x/2015"}
    verification = {"id": "210521100200", "place": "210521", "attempt": 1}
    rates = {"wrong_exit_below": 0.02, "omission_below": 0.02, "approval_at_least": 0.9}
    kept = {**verification, "terms": {"sample_share": 0.2, "sample_at_least": 10, **rates}}
    read = msgspec.convert(changes["_verification"](kept), Verification, strict=False)
    assert read.terms and [bound.said[1] for bound in read.terms.rates] == ["below 0.02", "below 0.02", "at least 0.9"]
    assert changes["_verification"](verification) == verification
    kept = {**verification, "terms": {"sample_share": 0.25, "sample_at_least": 7, "rates": []}}
    terms = runpy.run_path(str(MIGRATIONS / "0006_samples.py"))["_verification"](kept)["terms"]
    assert {bound["figure"]: bound["at_least"] for bound in terms["sample"]} == {
        "share": 0.25,
        "households": 7,
        "outside": 0.05,
    }
    assert terms["rates"] == [], "what is said in bounds already is as it was"
