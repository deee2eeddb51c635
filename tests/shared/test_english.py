"""How English sentences say what Chinese documents and programs write: articles, ids and days."""

import pytest

from shared import chinese, english
from shared.labels import awaited, basis, in_english
from shared.policy.shipped import shipped
from shared.rules import Refused

BENXI = shipped("benxi")


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("第四项", "item 4"),
        ("第十七条第二款", "article 17, paragraph 2"),
        ("第二十条第一款第（三）项", "article 20, paragraph 1, item 3"),
        ("第一百三十三条之一", "article 133-1"),
        ("第五条、第六条", "article 5 and article 6"),
        ("第三部分", "part 3"),
        ("第一部分第2项", "part 1, item 2"),
        ("第三章第二节", "chapter 3, section 2"),
        ("二（三）", "part 2 (3)"),
        ("一、（二）3.", "part 1 (2), item 3"),
        ("（二）", "(2)"),
        ("附件1", "annex 1"),
        ("附件", "annex"),
        ("附件2第三条", "annex 2, article 3"),
        ("26", "article 26"),
        ("序言", "“序言”"),
        ("第四项以下", "“第四项以下”"),
    ],
)
def test_what_of_a_document_is_cited_is_said_in_english(zh: str, en: str) -> None:
    assert english.article(zh) == en


def test_numbers_are_read_as_documents_write_them() -> None:
    assert [chinese.number(chinese.article(n).strip("第条")) for n in range(1, 1000)] == [*range(1, 1000)]
    assert [chinese.number(text) for text in ("17", "一百〇五", "二十")] == [17, 105, 20]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("campaign 2105-half_year-2015-06-20 is over", "the half year campaign of 20 June 2015 is over"),
        ("campaign spot_check-2015-05-11 is over", "the spot check campaign of 11 May 2015 is over"),
        (
            "2105-annual-2015-12-01/210521100200 is open",
            "the order to village 210521100200 after the annual campaign of 1 December 2015 is open",
        ),
        ("ledger/2015 and letter/term", "ledger of 2015 and letter of the term"),
        ("what is: list_leaders/2014/L1, four_lists/2014", "what is: list leaders of 2014 (L1), four lists of 2014"),
        ("key_village/210521100201 stays", "key village of village 210521100201 stays"),
        ("county:210521 asked on 2014-12-09", "county 210521 asked on 9 December 2014"),
        ("division township:210521100 asked", "township 210521100 asked"),
        ("relief_mode: name its mode", "relief mode: name its mode"),
        ("it's county_assess, nobody's county_report", "it's county assess, nobody's county report"),
        ("'key_village', `key_village`, “key_village”", "'key_village', `key_village`, “key_village”"),
        ("ZHUCUN_SECRET_FILE, U2105_1", "ZHUCUN_SECRET_FILE, U2105_1"),
        ("packs/a_b.toml, http://x/a_b", "packs/a_b.toml, http://x/a_b"),
    ],
)
def test_ids_are_said_in_words_and_what_is_typed_so_stays(text: str, said: str) -> None:
    assert english.in_words(text) == said


@pytest.mark.parametrize(
    ("field", "value", "en"),
    [
        ("campaign", "2105-unannounced-2015-01-01", "the unannounced campaign of 1 January 2015"),
        ("campaign", "2105.mine", "“2105.mine”"),
        ("owed", "ledger/2015", "ledger of 2015"),
        ("step", "reconcile 03-31", "reconcile of 31 March"),
        ("deadline", "owed ledger/2015 reconcile 2015-03-31", "ledger of 2015 reconcile 31 March 2015"),
        ("record", "township:township:210521902", "township 210521902"),
        (
            "outcome",
            "talk/2105-annual-2015-12-01/210521100201/2",
            "talk (the order to village 210521100201 after the "
            "annual campaign of 1 December 2015, overdue for the time 2)",
        ),
        ("in_month", "2013-4", "April 2013"),
        ("amount", "80000", "80,000"),
        ("reason", "the file a_b of 2015-01-01", "the file a_b of 1 January 2015"),
    ],
)
def test_a_value_is_told_in_english(field: str, value: str, en: str) -> None:
    assert in_english(field, value, BENXI) == en


@pytest.mark.parametrize(
    ("rule", "en"),
    [
        ("Civil Servant Law 95", "Civil Servant Law, article 95"),
        ("S3:第四项", "“本溪市向贫困村选派驻村工作队”, item 4"),
        ("S3 3.9", "“本溪市向贫困村选派驻村工作队”"),
        ("VCL:26", "Organic Law of Villagers' Committees, article 26"),
        ("identity", ""),
    ],
)
def test_a_rule_is_told_by_its_document_and_article_in_english(rule: str, en: str) -> None:
    assert basis(rule, BENXI)[1] == en


def test_a_task_about_a_campaign_says_which() -> None:
    campaign = "2105-half_year-2016-06-20"
    about, _ = awaited(campaign, {"campaign": campaign}, "", BENXI)
    assert about == ("2016年6月20日半年检查", "the half year campaign of 20 June 2016")


def test_a_refusal_about_a_file_leaves_what_stands_in_it() -> None:
    en = "procedures[1].steps: step_1 needs on_objection"
    assert Refused("policy", "", en).en == en
    assert Refused("E16", "", "county_assess needs sampled").en == "county assess needs sampled"
