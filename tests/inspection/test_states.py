"""What the inspection keeps comes back from its tables as it was written."""

from datetime import date

import msgspec

from services.inspection.reactions import KINDS
from shared.contracts.registry import ExitRequested, VillageRecoded
from shared.flow import encode_state
from tests.inspection.region import PACKS, Region, team_of


def test_every_kind_of_state_survives_being_written_and_read() -> None:
    region = Region(PACKS["benxi"], date(2015, 5, 1), villages=2)
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
    states = region.services["inspection"].states.values()
    assert {type(state) for state in states} == set(KINDS)
    for state in states:
        assert msgspec.json.decode(encode_state(state), type=type(state)) == state
