"""Draws whose villages on a list have a share of their own, and ways in which such a draw is forged."""

from datetime import date, timedelta
from typing import Any

import msgspec

from services.inspection.model.commands import ReplaceVisit
from shared.contracts import Event
from shared.contracts.inspection import CampaignClosed, VisitReplaced
from shared.contracts.registry import ListingBegun, VillageListed
from tests.inspection.region import BENXI, KEY, Region, changed

DAY = timedelta(1)
Q4 = "2105-unannounced-2014-10-01"
STRATA = [{"on_list": "key_village", "share": 0.5}, {"on_list": "poverty", "share": 0.25}]
RULE = {"by": "discipline", "hindrances": {"road_cut": "道路中断"}, "at_most": 9}


def pack(**terms: Any) -> dict[str, Any]:
    """Benxi's quarterly draw: half of the key villages, a quarter of the poor ones, a tenth of the others."""
    said = {"strata": STRATA, "share": 0.10, "facets": None, "unreachable": RULE, **terms}
    return {**changed(BENXI, "campaigns", "unannounced", **said), "lists": [KEY]}


def planned(villages: int, *, key: range, poor: range, **terms: Any) -> Region:
    """A region whose frame is fixed: some of its villages stand on the key list, some on the poverty list."""
    region = Region(pack(**terms), date(2014, 8, 1), villages=villages)
    events: list[Event] = [VillageListed(place=region.county, village=region.villages[n]) for n in poor]
    for n in key:
        about = {"place": region.county, "village": region.villages[n], "since": region.today, "spell": 1}
        events.append(ListingBegun(**about, kind="key_village", document="县委〔2014〕9号", decided_by="县委"))
    region.hear(*events)
    region.pass_days(date(2014, 9, 24))
    return region


def drawn(region: Region) -> Region:
    region.post_hashes(Q4)
    region.pass_days(date(2014, 10, 1))
    region.give_seeds(Q4)
    region.pass_days(date(2014, 12, 31))
    return region


def closed(region: Region) -> CampaignClosed:
    region.pass_days(date(2015, 1, 1))
    (found,) = region.said(CampaignClosed, campaign=Q4)
    assert isinstance(found, CampaignClosed)
    return found


def unreachable(region: Region, village: str) -> str | None:
    region.ask(
        ReplaceVisit(
            place=region.county,
            village=village,
            campaign=Q4,
            hindrance="road_cut",
            body="discipline",
            decided_by="市纪委",
        )
    )
    return region.said(VisitReplaced)[-1].replacement  # type: ignore[no-any-return]


def moved(end: CampaignClosed) -> dict[str, Any]:
    """One of the rest is said to be a key village."""
    rest = next(village for village in end.frame if not any(village in of for of in end.strata.values()))
    return {"strata": {**end.strata, "key_village": tuple(sorted((*end.strata["key_village"], rest)))}}


def swapped(end: CampaignClosed) -> dict[str, Any]:
    """A village of one stratum takes the place of one of another."""
    (one,) = end.replaced
    wrong = next(village for village in end.strata["poverty"] if village not in end.drawn)
    return {
        "replaced": (msgspec.structs.replace(one, replacement=wrong),),
        "drawn": tuple(sorted({*end.drawn} - {one.replacement} | {wrong})),
        "visits": {wrong if village == one.replacement else village: on for village, on in end.visits.items()},
    }


def invented(end: CampaignClosed) -> dict[str, Any]:
    """A village that was never drawn is said to have been out of reach, so that another one may be visited."""
    (one,) = end.replaced
    never = next(village for village in end.strata["poverty"] if village not in end.drawn)
    return {"replaced": (msgspec.structs.replace(one, village=never),)}
