"""Who acts for a township or a village says what is that one's own, and nothing of its neighbours."""

from datetime import date
from typing import Any

import pytest

from services.registry.model import Party
from services.registry.model import commands as c
from shared.contracts import Command
from shared.engine.actors import Actor
from shared.engine.flow import Cause
from shared.rules import Refused
from tests.registry.county import PLACE, VILLAGE, County, record
from tests.support.packs import PACK

TOWN, NEIGHBOUR = "210521100", "210521101"
OTHER = f"{TOWN}202"
NOT_HIS = "role 403"
SURVEY = record(1, "committees")
FIGURES: dict[str, Any] = {"year": 2014, "values": {"incidence": 0.03}, "recorded_by": "统计站"}
KINDS = [
    {"kind": "branch", "label": "党支部", "parents": ["village", "township", "firm"]},
    {"kind": "firm", "label": "企业", "parents": ["village", "county"]},
]
CELL = {"kind": "cell", "label": "党小组", "parents": ["branch", "firm"]}
ADVISER = {"kind": "adviser", "label": "顾问", "parents": ["branch"], "personal": True}


def who(role: str, **said: Any) -> Actor:
    """Somebody who has this role and no other."""
    return Actor(pseudonym="p", organ="某机关", acts_as=(role,), **said)


def said(county: County, actor: Actor, command: Command) -> str:
    """The rule that refuses somebody's command with its status; empty if it was done. What follows is delivered."""
    county.world.commands += 1
    id = f"00000000-0000-8000-8000-{county.world.commands:012}"
    result = county.registry.take([Cause(id, id, command, actor=actor)], county.world.today)
    county.registry.parked.clear()
    county.world.deliver({"registry": result.facts})
    errors = [parked.error for parked in result.parked]
    assert all(isinstance(error, Refused) for error in errors), errors
    return "".join(f"{error.rule} {error.status}" for error in errors if isinstance(error, Refused))


def county() -> County:
    return County({**PACK, "parties": KINDS}).registered()


@pytest.mark.parametrize(
    ("actor", "refused"),
    [
        (who("township", township=TOWN), ""),
        (who("township", township=NEIGHBOUR), NOT_HIS),
        (who("township"), NOT_HIS),
        (who("township", village=VILLAGE), NOT_HIS),
        (who("village", village=VILLAGE), ""),
        (who("village", village=OTHER), NOT_HIS),
        (who("village"), NOT_HIS),
        (who("village", township=TOWN), NOT_HIS),
        (who("village", team=VILLAGE), NOT_HIS),
        (Actor(pseudonym="p", acts_as=("village", "township"), village=OTHER, township=TOWN), ""),
        (Actor(pseudonym="p", acts_as=("village", "township"), village=OTHER, township=NEIGHBOUR), NOT_HIS),
        (Actor(pseudonym="p"), ""),
    ],
)
def test_a_township_and_a_village_survey_their_own_alone(actor: Actor, refused: str) -> None:
    here = county().listed()
    assert said(here, actor, SURVEY) == refused
    assert bool(here.baseline.survey.records) == (not refused), "what is refused leaves nothing behind"


@pytest.mark.parametrize(
    ("parent", "refused"),
    [
        (f"village:{VILLAGE}", ""),
        (f"township:{TOWN}", ""),
        (f"township:{NEIGHBOUR}", NOT_HIS),
        ("party:OURS", ""),
        ("party:THEIRS", NOT_HIS),
    ],
)
def test_2_7_a_township_registers_what_lies_in_it_also_below_an_organisation_there(parent: str, refused: str) -> None:
    """In which village an organisation of an organisation lies, the command does not say; the rules find it out."""
    here = county()
    here.do(
        c.RegisterVillage(
            place=PLACE, village=f"{NEIGHBOUR}201", name="下石村", township="碱厂镇", population=900, listed=False
        )
    )
    for firm, village in (("OURS", VILLAGE), ("THEIRS", f"{NEIGHBOUR}201")):
        here.do(c.RegisterParty(place=PLACE, party=firm, kind="firm", parent=f"village:{village}", name="山泉公司"))
    branch = c.RegisterParty(place=PLACE, party="B-1", kind="branch", parent=parent, name="党支部")
    assert said(here, who("township", township=TOWN), branch) == refused
    assert ((Party, "B-1") in here.registry.states) == (not refused)


OURS, THEIRS = VILLAGE, f"{NEIGHBOUR}201"
NAMED = "山泉公司"


def with_firms() -> County:
    """Two villages, each with a firm; of the neighbour's firm a branch, of this one a cell, and one who advises it."""
    here = County({**PACK, "parties": [*KINDS, CELL, ADVISER]}).registered()
    here.do(
        c.RegisterVillage(place=PLACE, village=THEIRS, name="下石村", township="碱厂镇", population=900, listed=False)
    )
    of = (
        ("F1", "firm", f"village:{OURS}"),
        ("F2", "firm", f"village:{THEIRS}"),
        ("B2", "branch", "party:F2"),
        ("C2", "cell", "party:B2"),
        ("A2", "adviser", "party:B2"),
        ("123456789", "firm", f"village:{OURS}"),
        (f"{NEIGHBOUR}999", "firm", f"village:{OURS}"),
    )
    for party, kind, parent in of:
        here.do(c.RegisterParty(place=PLACE, party=party, kind=kind, parent=parent, name=NAMED))
    return here


WHY: dict[str, Any] = {"place": PLACE, "reason": "误录", "decided_by": "乡镇"}


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (c.WithdrawParty(**WHY, party="F1"), ""),
        (c.WithdrawParty(**WHY, party="F2"), NOT_HIS),
        (c.WithdrawParty(**WHY, party="C2"), NOT_HIS),
        (c.WithdrawParty(**WHY, party="A2"), NOT_HIS),
        (c.MergeParty(**WHY, party="123456789", into="F1"), ""),
        (c.MergeParty(**WHY, party="F1", into="F2"), NOT_HIS),
        (c.MergeParty(**WHY, party="F2", into="F1"), NOT_HIS),
        (c.RegisterParty(place=PLACE, party="C3", kind="cell", parent="party:B2", name="小组"), NOT_HIS),
        (c.RegisterParty(place=PLACE, party="C2", kind="cell", parent="party:F1", name="小组"), NOT_HIS),
        (c.WithdrawParty(**WHY, party="123456789"), ""),
        (c.WithdrawParty(**WHY, party=f"{NEIGHBOUR}999"), NOT_HIS),
    ],
)
def test_2_7_what_belongs_to_an_organisation_of_another_township_is_that_ones(command: Command, refused: str) -> None:
    """However far above it the village stands. An id may be digits as well, but not begin as another township's."""
    assert said(with_firms(), who("township", township=TOWN), command) == refused


def test_a_refusal_tells_nobody_in_which_village_a_person_lives() -> None:
    here = with_firms()
    command = c.WithdrawParty(**WHY, party="A2")
    actor = who("township", township=TOWN)
    (parked,) = here.registry.take([Cause("one", "one", command, actor=actor)], here.world.today).parked
    here.registry.parked.clear()
    assert isinstance(parked.error, Refused)
    assert NEIGHBOUR not in parked.error.zh + parked.error.en and "其他村、乡镇" in parked.error.zh


@pytest.mark.parametrize(
    ("division", "refused"),
    [(f"township:{TOWN}", ""), (f"township:{NEIGHBOUR}", NOT_HIS), (f"county:{PLACE}", NOT_HIS)],
)
def test_4_2_a_township_records_its_own_figures_and_none_of_its_county(division: str, refused: str) -> None:
    command = c.RecordFigures(place=PLACE, division=division, **FIGURES)
    answer = said(county(), who("township", township=TOWN), command)
    assert answer == refused if refused else answer != NOT_HIS, "what the pack says of it is another matter"


def test_1_18_to_object_is_everybodys_right() -> None:
    """Nothing is noticed there, which another rule refuses."""
    raised: dict[str, Any] = {"place": PLACE, "objection": 1, "ground": "数据不实"}
    to_an_exit = c.RaiseObjection(village=VILLAGE, **raised)
    for objection in (c.RaiseDecapObjection(division=f"county:{PLACE}", **raised), to_an_exit):
        for actor in (who("villager", village=OTHER), who("township", township=NEIGHBOUR), who("team", team=OTHER)):
            assert said(county(), actor, objection) not in ("", NOT_HIS), objection
    letter = c.WithdrawDecap(place=PLACE, division=f"county:{PLACE}", reason="误报", decided_by="乡镇")
    assert said(county(), who("township", township=TOWN), letter) == NOT_HIS


def test_a_village_with_another_code_is_its_new_townships() -> None:
    """Its id still begins with the digits of the township in which it was registered."""
    here = county().listed()
    old, new = who("township", township=TOWN), who("township", township=NEIGHBOUR)
    code = f"{NEIGHBOUR}205"
    here.do(
        c.RecodeVillage(
            place=PLACE, village=VILLAGE, code=code, since=here.world.today, document="民发", decided_by="市政府"
        )
    )
    assert said(here, old, SURVEY) == NOT_HIS and said(here, new, SURVEY) == ""
    assert said(here, who("village", village=VILLAGE), SURVEY) == NOT_HIS, "by its former code nobody acts for it"
    by_code = c.WithdrawSurvey(place=PLACE, village=code, number=1, reason="误录", decided_by="乡镇")
    assert said(here, old, by_code) == NOT_HIS, "it may be called by its new code as well"
    assert said(here, who("village", village=code), by_code) == ""


def test_the_refusal_says_whose_it_is_and_what_to_do() -> None:
    here = county()
    cases = {
        who("township", township=NEIGHBOUR): ("只办理所在乡镇（210521101）的事项", "township 210521101 alone"),
        who("township"): ("未写明所在乡镇", "names no township"),
        who("villager", village=OTHER): (f"只办理所在村（{OTHER}）的事项", f"village {OTHER} alone"),
    }
    for actor, (zh, en) in cases.items():
        (parked,) = here.registry.take([Cause("one", "one", SURVEY, actor=actor)], date(2014, 6, 3)).parked
        here.registry.parked.clear()
        assert isinstance(parked.error, Refused)
        assert zh in parked.error.zh and f"村{VILLAGE}" in parked.error.zh and en in parked.error.en
    county_figures = c.RecordFigures(place=PLACE, division=f"county:{PLACE}", **FIGURES)
    actor = Actor(pseudonym="p", acts_as=("village", "township"), township=TOWN)
    (parked,) = here.registry.take([Cause("two", "two", county_figures, actor=actor)], date(2014, 6, 3)).parked
    here.registry.parked.clear()
    assert isinstance(parked.error, Refused)
    assert f"区划{PLACE}" in parked.error.zh and "未写明" not in parked.error.zh, "of two, the one that he has counts"
