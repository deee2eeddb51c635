"""A county of three villages that asks to be a poor one no more, up to whatever step."""

from datetime import date, timedelta
from typing import Any

from services.registry.model import Decap
from services.registry.model import commands as c
from tests.registry.county import County, again
from tests.registry.nation import OURS

COUNTY: dict[str, Any] = {"place": "210521", "division": "county:210521"}
TOWNSHIP: dict[str, Any] = {"place": "210521", "division": "township:210521100"}
ASK = c.RequestDecap(**COUNTY, year=2014, body="county", requested_by="县扶贫开发领导小组")
GOOD = c.Sampled(lifted=1000, wrongly_lifted=19, outside=1000, omitted=19, asked=1000, approving=900)
"""Each rate just keeps its bound."""
BODIES = {
    "county_city_review": "city",
    "county_assess": "inspection",
    "township_check": "county",
    "township_approve": "city",
    "township_announce": "county",
}
POST = c.PostDecapNotice(**COUNTY, body="province", posted_by="省扶贫开发领导小组")
OBJECT = c.RaiseDecapObjection(**COUNTY, objection=1, ground="张三家没有脱贫")
UPHOLD = c.DecideDecapObjection(**COUNTY, objection=1, upheld=True, body="city", decided_by="市扶贫办")
ACCEPT = c.ReplyToDecap(**COUNTY, document="县政发〔2015〕3号", body="county", replied_by="县政府")
DISPUTE = c.ReplyToDecap(**COUNTY, disputed_rates=("wrong_exit",), document="县政发〔2015〕3号", evidence=("DA-1",),
                         body="county", replied_by="县政府")  # fmt: skip
WORD = c.GiveDecapWord(
    **COUNTY, step="county_spot_check", asking=1, word="accepted", body="state", decided_by="国务院扶贫办"
)
AFTER = ("county_approve", "county_announce", "county_report")


def step(name: str, of: dict[str, Any] = COUNTY, **more: Any) -> c.TakeDecapStep:
    body: Any = BODIES.get(name, "province")
    sampled = GOOD if name == "county_assess" else None
    said: dict[str, Any] = {"body": body, "decided_by": f"{body}决定", "sampled": sampled, **more}
    return c.TakeDecapStep(**of, step=name, **said)


def counted(*poor: tuple[str, int], rules: dict[str, Any] = OURS) -> County:
    """Villages of 1,000 people each, with so many of them in poor households, measured on 1 December 2014."""
    county = County(rules)
    for village, _ in poor:
        at: Any = {"place": "210521", "village": village}
        county.do(c.RegisterVillage(**at, name="示例村", township="示例镇", population=1000, listed=False))
    county.until(date(2014, 12, 1))
    for village, persons in poor:
        count(county, village, persons)
    return county


def count(county: County, village: str, persons: int, year: int = 2014) -> None:
    at: Any = {"place": "210521", "village": village}
    facts = c.HouseholdFacts(household="H1", persons=persons, income=1000, secured=True)
    county.sure(c.RecordHouseholds(**at, year=year, households=(facts,), recorded_by="镇"))
    county.sure(c.MeasureIndicators(**at, year=year, values={"safe_water": 1.0}, measured_by="镇"))


A, B, FAR = "210521100201", "210521100202", "210521101201"


def asked() -> County:
    county = counted((A, 10), (B, 40), (FAR, 5))
    county.do(ASK)
    return county


def noticed() -> County:
    county = asked()
    county.do(step("county_city_review"), step("county_assess"), ACCEPT, POST)
    return county


def found(**counts: int) -> County:
    """The sample was assessed with these counts, and the county is to reply."""
    county = asked()
    county.do(step("county_city_review"), step("county_assess", sampled=again(GOOD, **counts)))
    return county


def disputed(**counts: int) -> County:
    """The county disputes the rate of wrong exits, with its evidence."""
    county = found(**counts)
    county.do(DISPUTE)
    return county


def over(county: County) -> County:
    """The day after the notice."""
    until = state(county).course.notice_until
    assert until
    return county.until(until + timedelta(1))


def state(county: County, division: str = "county:210521") -> Decap:
    found: Decap = county.world.state("registry", Decap, division)
    return found
