"""What a county tells the registry is told by its Excel forms as well, and means the same."""

import pytest

from deploy.demo.answers import Row, as_command
from shared.policy.shipped import shipped
from tests.support.filled_forms import FORMS, Pair, read_back

_LISTED: Row = {
    "place": "210521",
    "kind": "lifted_village",
    "village": "210521100201",
    "body": "county",
    "decided_by": "县委农村工作领导小组",
}

_WATCHED: Row = {"place": "210521", "village": "210521100201", "household": "H1", "on": "2022-07-01"}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("listings", {**_LISTED, "since": "2022-03-01", "document": "县乡振组〔2022〕3号"}),
        ("unlistings", {**_LISTED, "reason": "整体搬迁"}),
        ("risk-reports", {**_WATCHED, "watch_class": "unstable", "source": "self", "reported_by": "碱厂镇政府"}),
        ("household-reviews", {**_WATCHED, "eased": True, "body": "village", "reviewed_by": "村民委员会"}),
    ],
)
def test_2_10_5_11_lists_and_watched_households_are_told_by_form(name: str, row: Row) -> None:
    assert read_back(FORMS["registry", name], [({}, row)], shipped("national-2021")) == [
        as_command("registry", name, row)
    ]


def test_4_2_a_villages_mode_is_set_by_form() -> None:
    row: Row = {
        **_LISTED,
        "kind": "relief_mode",
        "mode": "relocation",
        "since": "2008-03-01",
        "document": "县扶〔2008〕3号",
    }
    assert read_back(FORMS["registry", "listings"], [({}, row)], shipped("guizhou")) == [
        as_command("registry", "listings", row)
    ]


def test_1_17_a_list_that_is_due_is_ticked_off_by_form() -> None:
    known = {"place": "520402", "village": "520402100201", "kind": "disclosure", "on": "2018-03-31", "body": "village"}
    row = {
        "followed": ["finance", "party_affairs"],
        "vacant": ["village_affairs"],
        "proof": "村务公开栏",
        "ticked_by": "村民委员会",
    }
    assert read_back(FORMS["registry", "checklists"], [(known, row)], shipped("xixiu")) == [
        as_command("registry", "checklists", {**known, **row})
    ]


def test_a_county_that_began_years_ago_is_taken_over_by_forms() -> None:
    at = {"village": "210521100201"}
    known = {**at, "name": "上石村", "township": "小市镇", "population": 1200, "listed_on": "2014-06-03",
             "problem_class": "lagging_economy", "diagnosed_on": "2014-06-30", "document": "县政府〔2014〕3号",
             "decided_by": "县扶贫办"}  # fmt: skip
    found = {"found/committees": "班子不全", "found/problems": "饮水工程年久失修；村路未硬化"}
    years = [
        {"figures.year": 2014, "figures.values.incidence": 0.12, "figures.values.collective_income": 8000},
        {"figures.year": 2015, "figures.values.incidence": 0.08},
    ]
    told: Row = {
        **known,
        "place": "210521",
        "problems": [
            {"number": 1, "topic": "committees", "cause": "班子不全"},
            {"number": 2, "topic": "problems", "cause": "饮水工程年久失修"},
            {"number": 3, "topic": "problems", "cause": "村路未硬化"},
        ],
        "figures": [
            {"year": 2014, "values": {"incidence": 0.12, "collective_income": 8000}},
            {"year": 2015, "values": {"incidence": 0.08}},
        ],
    }
    rows: list[Pair] = [({}, {**known, **found, **year}) for year in years]
    assert read_back(FORMS["registry", "takeovers"], rows) == [as_command("registry", "takeovers", told)]
    never = {**told, "problems": [], "figures": []}
    assert read_back(FORMS["registry", "takeovers"], [({}, known)]) == [as_command("registry", "takeovers", never)]
    team = {**at, "unit": "U1", "since": "2013-05-01", "term_start": "2013-05-01", "decided_by": "市委组织部",
            "body": "organisation"}  # fmt: skip
    row = {**team, "leader": "C1", "members": ["C2", "C3"]}
    sent = {**team, "place": "210521", "team": [{"cadre": "C1", "role": "leader"}, {"cadre": "C2", "role": "member"},
                                                {"cadre": "C3", "role": "member"}]}  # fmt: skip
    assert read_back(FORMS["dispatch", "takeovers"], [({}, row)]) == [as_command("dispatch", "takeovers", sent)]


def test_a_split_village_has_a_row_for_each_new_one() -> None:
    split = {"village": "210521100201", "since": "2016-01-01", "document": "县政府〔2016〕1号", "decided_by": "县政府"}
    parts = [
        {"code": "210521100202", "name": "下石村", "township": "小市镇", "population": 300, "households": ["H1", "H2"]},
        {"code": "210521100203", "name": "后石村", "township": "小市镇", "population": 200, "issued_by": "县民政局"},
    ]
    rows: list[Pair] = [({}, {**split, **{f"parts.{field}": said for field, said in part.items()}}) for part in parts]
    assert read_back(FORMS["registry", "village-splits"], rows) == [
        as_command("registry", "village-splits", {**split, "place": "210521", "parts": parts})
    ]


def test_1_2_townships_letters_are_signed_broken_and_corrected_by_form() -> None:
    of = {"kind": "township_letter", "year": 2018}
    town = {"place": "520402", "division": "township:520402100"}
    for name, known, row in (
        ("letters", {"code": "520402100", **of, "body": "county"}, {"signed_by": "区指挥部、某镇"}),
        ("letter-breaches", {}, {"code": "520402100", **of, **_WHY, "body": "county"}),
        ("letter-withdrawals", {}, {"code": "520402100", **of, **_WHY}),
    ):
        said = {field: value for field, value in {**known, **row, **town}.items() if field != "code"}
        assert read_back(FORMS["registry", name], [(known, row)], shipped("xixiu")) == [
            as_command("registry", name, said)
        ]


_WHY: Row = {"reason": "误录", "decided_by": "县委组织部"}

_OF_IT: Row = {"place": "210521", "village": "210521100201"}

_MATTER: Row = {**_OF_IT, "matter": "2016-1"}

_OF_STEP: Row = {**_MATTER, "body": "village", "decided_by": "村民代表会议"}


@pytest.mark.parametrize(
    ("name", "row", "pack"),
    [
        ("village-codes", {**_OF_IT, "code": "210521100299", "since": "2016-01-01", "document": "民政局〔2016〕1号",
                           "decided_by": "县民政局"}, "benxi"),
        ("village-mergers", {**_OF_IT, "merged": ["210521100202", "210521100203"], "since": "2016-01-01",
                             "document": "县政府〔2016〕1号", "decided_by": "县政府"}, "benxi"),
        *((f"{name}-withdrawals", {**_OF_IT, **_WHY, **more}, "benxi") for name, more in (
            ("village", {}), ("listing", {}), ("survey", {"number": 3}), ("diagnosis", {}),
            ("household", {"household": "H1"}), ("measurement", {"year": 2015}), ("risk-report", {"household": "H1"}),
            ("monitoring", {"household": "H1"}))),
        *((f"{name}-withdrawals", {"place": "210521", name: "U1", **_WHY}, "benxi")
          for name in ("unit", "cadre", "party")),
        ("list-entry-withdrawals", {"place": "210521", "kind": "lifted_village", "village": "210521100201", **_WHY},
         "national-2021"),
        ("list-entry-withdrawals", {"place": "210521", "kind": "lifted_village", "village": "210521100201",
                                    "since": "2022-03-01", **_WHY}, "national-2021"),
        ("checklist-withdrawals", {**_OF_IT, "kind": "disclosure", "on": "2018-03-31", **_WHY}, "xixiu"),
        ("objections", {**_OF_IT, "objection": 1, "ground": "收入不实"}, "benxi"),
        ("objections", {**_MATTER, "objection": 2, "ground": "收入不实", "household": "H1"}, "benxi"),
        ("resolutions", {**_MATTER, "kind": "fund", "subject_code": "industry", "opened_by": "村党组织",
                         "fund": {"amount": 80000, "origin": "donation"}}, "zunyi"),
        ("resolutions", {**_MATTER, "kind": "question", "subject_code": "finance", "question": "低保为什么停发",
                         "opened_by": "村民"}, "zunyi"),
        ("resolutions", {**_MATTER, "kind": "household_exit", "subject_code": "exit", "members": ["H1", "H2"],
                         "opened_by": "村党组织"}, "national"),
        ("resolution-steps", {**_OF_STEP, "step": "fund_resolve", "entitled": 45, "present": 30, "agreed": 16},
         "zunyi"),
        ("resolution-steps", {**_OF_STEP, "step": "question_answer", "answer": "依据已张贴"}, "zunyi"),
        ("delay-decisions", {**_MATTER, "step": "fund_gate", "takes_over": True, "body": "county", **_WHY}, "zunyi"),
        ("delay-decisions", {**_OF_IT, "step": "approve", "takes_over": False, "until": "2016-02-01", "body": "city",
                             **_WHY}, "zunyi"),
        ("words", {**_OF_IT, "step": "province_word", "asking": 1, "word": "later", "until": "2016-02-01",
                   "body": "province", **_WHY}, "zunyi"),
        ("words", {**_MATTER, "step": "province_word", "asking": 2, "word": "accepted", "body": "province",
                   "decided_by": "省扶贫开发领导小组"}, "zunyi"),
    ],
)  # fmt: skip
def test_3_12_matters_late_steps_and_mistakes_are_told_by_form(name: str, row: Row, pack: str) -> None:
    flat = {field: said for field, said in row.items() if not isinstance(said, dict)}
    flat |= {f"{f}.{part}": of for f, said in row.items() if isinstance(said, dict) for part, of in said.items()}
    [said] = read_back(FORMS["registry", name], [({}, flat)], shipped(pack))
    assert said == as_command("registry", name, row)


def test_5_2_households_that_accept_are_told_by_form_a_household_to_a_row() -> None:
    step = next(s.name for one in shipped("national").procedures for s in one.steps if s.kind == "accept")
    answers = [{"household": "H1", "accepted": True}, {"household": "H2", "accepted": False, "by_phone": True}]
    row = {**_OF_STEP, "step": step, "acceptances": answers}
    assert read_back(FORMS["registry", "resolution-steps"], [({}, row)], shipped("national")) == [
        as_command("registry", "resolution-steps", row)
    ]


def test_2_7_parties_of_every_kind_are_registered_by_form() -> None:
    """Each kind with all its fields, and whom it belongs to named by kind and code."""
    policy, blank = shipped("zunyi"), FORMS["registry", "parties"]
    assert policy.parties
    for kind in policy.parties:
        fields = {
            one.field: next(iter(one.one_of)) if one.one_of else one.most if one.most is not None else "说明"
            for one in kind.fields
        }
        row = {"place": "520321", "party": "P1", "kind": kind.kind, "name": "某组织", "fields": fields}
        cells = {**{k: v for k, v in row.items() if k != "fields"}, **{f"fields.{k}": v for k, v in fields.items()}}
        [said] = read_back(blank, [({}, {**cells, "of": "village", "of_code": "520321100201"})], policy)
        assert said == as_command("registry", "parties", {**row, "parent": "village:520321100201"})


def test_1_18_division_figures_are_taken_back_by_form() -> None:
    row = {"place": "210521", **_WHY, "year": 2015}
    [said] = read_back(
        FORMS["registry", "division-figure-withdrawals"], [({}, {**row, "level": "county", "code": "210521"})]
    )
    assert said == as_command("registry", "division-figure-withdrawals", {**row, "division": "county:210521"})
