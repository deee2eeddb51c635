"""What a pack may say of assessments, and what of it contradicts itself (2.5, 2.14)."""

from typing import Any

import pytest

from shared.policy import PolicyInvalid, parse_pack
from tests.inspection.rated import (
    JALAID,
    XIXIU,
    ZUNYI,
    pack_of,
)


def entry(**changes: Any) -> dict[str, Any]:
    said = next(one for one in pack_of(ZUNYI)["appraisals"] if one["kind"] == "branch_review")
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def channel(**changes: Any) -> dict[str, Any]:
    return {"channel": "only", "label": "评议", "weight": 100, "how": "panel", "by": "township", **changes}


CHANNELS = entry()["channels"]


GRADES = entry()["grades"]


@pytest.mark.parametrize(
    ("wrong", "where", "said"),
    [
        (entry(of="club"), "of", "there is no club"),
        (entry(kind="team"), "kind", "choose another code"),
        (entry(of="village_cadre", rank=entry()["rank"]), "rank", "never ranked"),
        (entry(of="village", channels=[channel(how="taken", by=None, of="village_cadre_year")], ballot_quorum=None),
         "rank", "made of their results"),
        (entry(rank={"worst": 3, "lists": "poor", "by": "organisation"}), "rank.lists", "is no list of branch"),
        (entry(rank={"worst": 3, "lists": "weak_branch", "by": "village"}), "rank.by", "cannot do this"),
        (entry(decides="team"), "decides", "cannot do this"),
        (entry(channels=[channel(weight=90)], ballot_quorum=None), "channels", "the weights make 90"),
        (entry(channels=[channel(by=None)], ballot_quorum=None), "channels[0].by", "who enters it"),
        (entry(channels=[channel(of="team")], ballot_quorum=None), "channels[0].of", "only a result"),
        (entry(channels=[channel(how="report")], ballot_quorum=None), "channels[0].weight", "its weight is 0"),
        (entry(ballot_quorum=None), "channels[1].how", "a ballot needs"),
        (entry(channels=[channel()]), "ballot_quorum", "no ballot"),
        (entry(channels=[channel(how="taken", by=None, of="team")], ballot_quorum=None), "channels[0].how",
         "only a village's"),
        (entry(of="village", rank=None, channels=[channel(how="taken", of="team")], ballot_quorum=None),
         "channels[0].by", "nobody enters"),
        (entry(of="village", rank=None, channels=[channel(how="taken", by=None, of="rumour")], ballot_quorum=None),
         "channels[0].of", "there is no rumour"),
        (entry(of="village", rank=None, channels=[channel(how="taken", by=None, of="branch_review")]),
         "channels[0].of", "is made of branch_review in turn"),
        (entry(channels=[CHANNELS[0], CHANNELS[0]]), "channels[1].channel", "occurs twice"),
        (entry(grades=GRADES[:3]), "grades[2].at_least", "must begin at 0"),
        (entry(grades=[GRADES[0], {**GRADES[1], "name": GRADES[0]["name"]}, *GRADES[2:]]), "grades[1].name",
         "occurs twice"),
        (entry(grades=[GRADES[1], GRADES[0], *GRADES[2:]]), "grades[1].at_least", "above the next"),
        (entry(grades=[{**GRADES[0], "label": "特优"}, *GRADES[1:]]), "grades", "elsewhere"),
        (entry(parts={"goals": "定目标"}), "parts.goals", "no channel is about"),
        (entry(parts={"goals": "定目标"}), "channels[0].part", "must belong to one of goals"),
        (entry(channels=[channel(part="goals")], ballot_quorum=None), "channels[0].part", "no `parts`"),
        (entry(where={"type": ["club"]}), "where.type", "never has type = club"),
        (entry(where={"colour": ["red"]}), "where.colour", "never has colour = red"),
        (entry(review={"grades": ["dismal"], "within": {"months": 1}, "answer": {"months": 1}}), "review.grades[0]",
         "there is no grade dismal"),
    ],
)  # fmt: skip
def test_2_14_a_pack_that_contradicts_itself_is_refused(wrong: dict[str, Any], where: str, said: str) -> None:
    pack = pack_of(ZUNYI)
    others = [one for one in pack["appraisals"] if one["kind"] != "branch_review"]
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**pack, "appraisals": [wrong, *others]})
    found = {fault.where: fault.en for fault in refused.value.faults}
    assert said in found[f"appraisals[0].{where}"], found


def test_2_14_whose_subjects_lie_in_no_village_counts_for_none() -> None:
    pack = pack_of(ZUNYI)
    town = entry(kind="town_review", of="township", rank=None, where=None)
    village = entry(kind="village_review", of="village", rank=None, where=None, ballot_quorum=None,
                    channels=[channel(how="taken", by=None, of="town_review")])  # fmt: skip
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**pack, "appraisals": [village, town, *pack["appraisals"]]})
    (fault,) = (one for one in refused.value.faults if one.where == "appraisals[0].channels[0].of")
    assert "belongs to no village" in fault.en and fault.zh == "“town_review”的对象不属于村，结果不能计入村或乡镇"


@pytest.mark.parametrize(
    ("parts", "zh"),
    [({"goals": "定目标"}, "应属于必备部分之一：“goals”"), (None, "没有规定必备部分（“parts”），不填“part”")],
)
def test_2_14_a_channel_of_no_mandatory_part_reads_which_there_are(parts: Any, zh: str) -> None:
    pack = pack_of(ZUNYI)
    wrong = entry(kind="other_review", parts=parts, channels=[channel(part="others")], ballot_quorum=None)
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**pack, "appraisals": [wrong, *pack["appraisals"]]})
    assert zh in [one.zh for one in refused.value.faults if one.where == "appraisals[0].channels[0].part"]


def test_2_14_the_pack_itself_is_valid() -> None:
    for shipped in (JALAID, XIXIU, ZUNYI):
        assert parse_pack(pack_of(shipped))


@pytest.mark.parametrize("field", ["feeds", "failings"])
def test_2_5_one_code_has_one_name_in_all_assessments(field: str) -> None:
    pack = pack_of(ZUNYI)
    first, second = ({**one, field: {"same": f"名称{n}"}} for n, one in enumerate(pack["appraisals"][:2]))
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**pack, "appraisals": [first, second, *pack["appraisals"][2:]]})
    assert [fault.where for fault in refused.value.faults if "elsewhere" in fault.en] == [f"appraisals[1].{field}"]
