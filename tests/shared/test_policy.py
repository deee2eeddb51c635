"""Which pack governs a place on a day, and what a pack says."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy import Policy, PolicyBook, find_doubts, parse_pack
from shared.policy.section import Document
from shared.policy.shipped import FILES, shipped
from tests.support.packs import BENXI, PACK

D = date(2014, 6, 1)


def pack(jurisdiction: str, effective_from: date, version: str) -> Policy:
    """The first pack with another jurisdiction, day and version."""
    return msgspec.structs.replace(BENXI, jurisdiction=jurisdiction, effective_from=effective_from, version=version)


PACKS = (
    pack("21", D, "province"),
    pack("2105", D, "city"),
    pack("2105", date(2016, 1, 1), "city later"),
    pack("210521", date(2015, 1, 1), "county"),
)


@pytest.mark.parametrize(
    ("place", "day", "version"),
    [
        ("210502", D - timedelta(1), None),
        ("210502", D, "city"),
        ("210500", D, "city"),
        ("210600", D, "province"),
        ("210000", D, "province"),
        ("520300", D, None),
        ("210521", date(2014, 12, 31), "city"),
        ("210521", date(2015, 1, 1), "county"),
        ("210521", date(2017, 1, 1), "county"),
        ("210502", date(2015, 12, 31), "city"),
        ("210502", date(2016, 1, 1), "city later"),
        ("210600", date(2017, 1, 1), "province"),
    ],
)
@pytest.mark.parametrize("order", [PACKS, PACKS[::-1]], ids=["in order", "backwards"])
def test_the_narrowest_then_the_latest_pack_governs(
    order: tuple[Policy, ...], place: str, day: date, version: str | None
) -> None:
    book = PolicyBook()
    for policy in order:
        book.adopt(policy)
    found = book.at(place, day)
    assert (found.version if found else None) == version


def test_a_version_that_is_adopted_again_replaces_itself() -> None:
    book = PolicyBook()
    book.adopt(pack("2105", D, "one"))
    book.adopt(pack("2105", date(2016, 1, 1), "one"))
    assert book.at("210502", D) is None
    assert len(book.packs["2105"]) == 1


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["21", "2105", "210521", "52"]), st.dates(D, D + timedelta(30)), st.sampled_from("abcdefgh")
    ),
    max_size=8,
    unique_by=lambda entry: (entry[0], entry[2]),
)


@given(EVENTS, st.randoms(use_true_random=False), st.sampled_from(["210521", "210502", "520300"]), st.integers(-1, 31))
def test_the_order_of_adoption_decides_nothing(adopted: Any, random: Any, place: str, days: int) -> None:
    books = PolicyBook(), PolicyBook()
    for entry in adopted:
        books[0].adopt(pack(*entry))
    random.shuffle(adopted)
    for entry in adopted:
        books[1].adopt(pack(*entry))
    day = D + timedelta(days)
    found = books[0].at(place, day)
    assert found == books[1].at(place, day)
    fitting = [(len(j), since, version) for j, since, version in adopted if place.startswith(j) and since <= day]
    assert (found and (len(found.jurisdiction), found.effective_from, found.version)) == max(fitting, default=None)


# ---------------------------------------------------------- what a pack says


@pytest.mark.parametrize(("year", "line"), [(2013, 2800), (2014, 2800), (2016, 2952), (2017, 2952), (2030, 2952)])
def test_the_poverty_line_of_a_year_is_the_latest_one_set(year: int, line: int) -> None:
    assert parse_pack(PACK).exit.line(year) == line


def test_the_worst_grade_is_by_the_packs_own_order() -> None:
    assessment = parse_pack(PACK).assessment
    assert assessment.worst_of("excellent", "basically_competent", "competent") == "basically_competent"


def test_what_bears_on_someone_is_a_sanction_and_what_does_not_is_a_reward() -> None:
    sanctions = {outcome.kind: outcome.sanction for outcome in parse_pack(PACK).outcomes}
    assert sanctions == {
        "commendation": False,
        "criticism": True,
        "recall": True,
        "talk": True,
        "settlement": False,
        "extension": True,
        "talent_pool": False,
    }


def test_2_4_what_is_due_before_march_is_due_on_the_last_day_of_february() -> None:
    ledgers = [pack.commitment("ledger") for pack in (shipped(file.stem) for file in FILES)]
    assert [ledger for ledger in ledgers if ledger], "the country's pack leaves ledgers to the regions"
    for ledger in filter(None, ledgers):
        assert ledger.yearly
        assert [ledger.yearly.of(year) for year in (2015, 2016)] == [date(2015, 2, 28), date(2016, 2, 29)]


@pytest.mark.parametrize(
    ("title", "jurisdiction", "says"),
    [
        ("遵义市党建扶贫“五在村”机制", "00", "全国性文件"),
        ("遵义市党建扶贫“五在村”机制", "2105", "像是遵义市的文件"),
        ("本溪市向贫困村选派驻村工作队", "5203", "像是本地的文件"),
        ("本溪市向贫困村选派驻村工作队", "2105", ""),
        ("辽宁省本溪市关于选派工作的意见", "2105", ""),
        ("农贸市场管理办法", "00", ""),
        ("城镇社区工作条例", "00", ""),
        ("关于加强贫困村驻村工作队选派管理工作的指导意见", "00", ""),
    ],
)
def test_a_title_that_names_another_division_is_doubted(title: str, jurisdiction: str, says: str) -> None:
    named = Document(title=title, jurisdiction=jurisdiction)
    told = [fault.zh for fault in find_doubts(msgspec.structs.replace(BENXI, documents={"S9": named}))]
    assert told == [] if not says else says in told[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_1_1_every_clause_of_a_shipped_pack_reads_as_a_document_and_its_article(file: Path) -> None:
    pack = shipped(file.stem)
    steps = [step.rule for procedure in pack.procedures for step in procedure.steps if step.rule]
    owed, visits = [entry.rule for entry in pack.commitments], [entry.rule for entry in pack.campaigns]
    clauses = [entry.rule for entry in pack.procedures] + [outcome.clause for outcome in pack.outcomes]
    for clause in (*steps, *owed, *visits, *clauses):
        assert pack.cited(clause).startswith(f"《{pack.title(clause.partition(':')[0])}》")


def test_an_article_that_is_a_number_reads_as_one() -> None:
    assert BENXI.cited("VCL:26") == "《村民委员会组织法》第二十六条"
    assert BENXI.cited("VCL:第二十六条") == "《村民委员会组织法》第二十六条"
