"""Whatever people read in Chinese is Chinese: no bare code, no ISO date, no `key=value`, no English word. Whatever they
read in English is English likewise, but for names and what stands in quotation marks.

What rules refuse is looked at wherever a test makes them refuse (`tests/conftest.py`); here is everything else.
"""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from deploy.demo.answers import Awaited
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import POLICY, START, Benxi
from shared import pack_words
from shared.chinese import nested, quoted
from shared.contracts import EVENTS
from shared.contracts.dispatch import NeedUnmet, PresenceCounted, Present, TeamReleased
from shared.contracts.incentives import AllowancesDrawn, Paid, StatementConfirmed
from shared.contracts.inspection import AppraisalOpened, CampaignClosed
from shared.contracts.registry import ChecklistTicked, ResolutionOpened
from shared.contracts.sentences import SENTENCES
from shared.contracts.words import WORDS, words
from shared.labels import awaited, basis, heading, in_words
from shared.pack_sentences import sentences
from shared.policy.shipped import FILES, shipped
from shared.telling import line
from tests.support.texts import chinese_parts, english_faults, english_parts, faults, is_chinese

ROOT = Path(__file__).parents[2]
SOURCES = [path for room in ("shared", "services", "deploy") for path in sorted((ROOT / room).rglob("*.py"))]
PATTERNS = ("re.compile", "re.search", "re.fullmatch", "re.sub", "frozenset")
PACKS = {path.stem: path for path in FILES}
DAY = date(2016, 1, 4)


GAP = re.compile(r"\{\w*[+#]?(?:\?[^{}]*)?\}")


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text of a module but patterns and what stands in it for developers, with figures in its gaps."""
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PATTERNS:
            skipped |= {id(part) for argument in node.args for part in ast.walk(argument)}
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, GAP.sub("7", node.value)
        elif isinstance(node, ast.JoinedStr):
            told = "".join(str(p.value) if isinstance(p, ast.Constant) else "7" for p in node.values)
            yield node.lineno, GAP.sub("7", told)
        elif isinstance(node, ast.FunctionDef) and "deploy/cli" in getattr(tree, "where", ""):
            yield node.lineno, ast.get_docstring(node) or ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_chinese_text_of_the_code_is_chinese(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    tree.where = str(path)  # type: ignore[attr-defined]
    found = {
        (number, part, faults(part, codes=False))
        for number, text in texts(tree)
        for part in chinese_parts(quoted(text) if "policy" in path.parts else text)
        if "(?:" not in part and faults(part, codes=False)
    }
    assert not found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_english_text_of_the_code_is_english(path: Path) -> None:
    """But for the days of examples, which say how a day is typed, and marks that both languages of a document share."""
    found = {
        (number, part, wrong)
        for number, text in texts(ast.parse(path.read_text("utf-8")))
        for part in english_parts(text)
        for wrong in english_faults(part, codes=False, names=False)
        if not wrong.startswith(("an ISO date", "a Chinese mark"))
    }
    assert not found


PAGES = sorted((ROOT / "services/console/templates").glob("*.html"))
SAID = re.compile(r"""\bt\(\s*("[^"]*"|'[^']*'),\s*("[^"]*"|'[^']*')""")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_text_of_a_page_is_in_its_language(path: Path) -> None:
    """But for the button that leads from one language to the other."""
    page = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    said = [(zh[1:-1], en[1:-1]) for zh, en in SAID.findall(page) if en != '"中文"']
    assert [(en, english_faults(en, names=False)) for _, en in said if english_faults(en, names=False)] == []
    assert [(zh, faults(zh, codes=False)) for zh, _ in said if is_chinese(zh) and faults(zh, codes=False)] == []
    assert not re.search(
        "[\u3001-\u9fff\uff01-\uff5e]", re.sub(r"\{[{%].*?[%}]\}|pattern=\"[^\"]*\"", "", page, flags=re.DOTALL)
    )


def romanised(value: Any) -> Any:
    """A value as it would be if whoever named things in it had named them in Latin letters."""
    if isinstance(value, str):
        return re.sub("[\u3001-\u9fff\uff01-\uff5e“”]+", "Xin", value)
    if isinstance(value, dict):
        return {romanised(key): romanised(part) for key, part in value.items()}
    return [romanised(part) for part in value] if isinstance(value, (list, tuple)) else value


def test_every_field_of_an_event_has_a_short_heading() -> None:
    found = [
        (event.__name__, field, zh)
        for event in EVENTS.values()
        for field in event.__struct_fields__
        for zh in [heading(event.__name__, field)]
        if faults(zh) or len(zh) > 20
    ]
    assert found == []


OF_VILLAGES = {
    type_: event
    for type_, event in EVENTS.items()
    if event.about in ("village", "outcome") or "village" in event.__struct_fields__
}


@pytest.mark.parametrize("type_", EVENTS)
def test_every_value_of_an_event_has_words(type_: str) -> None:
    """Also of one that is told by its label only. A pack is told by other means, sentence by sentence."""
    event = EVENTS[type_]
    types = get_type_hints(event, include_extras=True)
    given = {field: words(event.__name__, field).example for field in event.__struct_fields__ if field != "pack"}
    values = {field: msgspec.convert(value, types[field]) for field, value in given.items() if value is not None}
    told = {field: in_words(field, value, POLICY) for field, value in values.items()}
    assert {field: faults(zh) for field, (zh, _) in told.items() if faults(zh)} == {}
    latin = {
        field: in_words(field, msgspec.convert(value, types[field]), POLICY)[1]
        for field, value in romanised(given).items()
        if value is not None and field not in ("place", "clause")
    }
    wrong = {field: english_faults(en, names=False) for field, en in latin.items()}
    assert {field: found for field, found in wrong.items() if found} == {}


@pytest.mark.parametrize("type_", OF_VILLAGES)
def test_every_event_of_a_village_is_told_in_a_sentence(type_: str) -> None:
    event = OF_VILLAGES[type_]
    given = {field.name: words(event.__name__, field.name).example for field in msgspec.structs.fields(event)}
    told = line(msgspec.convert(given, event), DAY, POLICY, {})
    assert [faults(zh) for zh, _ in told if faults(zh)] == [], told
    latin = line(msgspec.convert(romanised(given), event), DAY, POLICY, {})
    assert [english_faults(en, names=False) for _, en in latin if english_faults(en, names=False)] == [], latin
    zh, en = SENTENCES[event.__name__]
    assert set(re.findall(r"{(\w+)", zh)) >= set(re.findall(r"{(\w+)", en)), "Chinese is complete"


@pytest.mark.parametrize("event", sorted(SENTENCES))
def test_a_sentence_without_its_optional_parts_has_no_space_too_many(event: str) -> None:
    bare = re.sub(r"\[[^\[\]]*\]", "", SENTENCES[event][1])
    assert bare == bare.strip() and "  " not in bare, bare


def test_what_an_event_leaves_out_is_left_out_of_its_sentence() -> None:
    """A round over households is opened without any money, and a fund with some."""
    of = {"place": "210502", "village": "210502001201", "matter": "1", "kind": "fund", "opened_by": "村党组织"}
    about: dict[str, Any] = {**of, "subject_code": "industry"}
    (zh, en), _ = line(ResolutionOpened(**about), DAY, shipped("zunyi"), {})
    assert (zh, en) == ("村党组织启动帮扶资金使用审批（四议两公开）：产业发展", "村党组织 opened fund: industry")
    (zh, _), _ = line(ResolutionOpened(**about, amount=80_000, origin="donation"), DAY, shipped("zunyi"), {})
    assert zh.endswith("：产业发展，资金80,000元，来源：企业、社会资助资金")


def test_a_unit_is_told_by_its_name_and_a_number_that_looks_like_its_id_stays() -> None:
    place, names = {"place": "210502", "village": "210502001201"}, {"365": "水务局"}
    released = TeamReleased(**place, unit="365", spell=1, team=(), served_days=365)
    (zh, _), _ = line(released, DAY, POLICY, names)
    assert zh == "水务局的工作队期满撤离，共驻村365天"
    (zh, _), _ = line(NeedUnmet(**place, matching="M1", obstacles={"365": "leader_rank"}), DAY, POLICY, names)
    assert "水务局" in zh and "365" not in zh


def test_an_event_that_follows_from_a_village_and_is_about_something_else_is_told_by_its_label() -> None:
    """As when a village leaves the list before its visit, with which a campaign is closed. It is in its journal."""
    closed = CampaignClosed(
        place="210500", campaign="2014-1", kind="spot_check", frame=(), drawn=(), planned=1, visited=0, share=0.0
    )
    assert line(closed, DAY, POLICY, {})[0] == CampaignClosed.label


def test_an_id_a_month_and_a_figure_do_not_run_into_each_other() -> None:
    """C0004 was there for 10 days of November 2013. Nobody shall read of C000410 and its days."""
    of: dict[str, Any] = {"place": "520402", "year": 2013, "month": 11}
    allowances = {**of, "village": "520402901203", "kind": "allowance"}
    told = [
        PresenceCounted(**of, village="520402901203", present=(Present("C0004", 10),), counted_by="乡镇人民政府"),
        AllowancesDrawn(**allowances, paid=(Paid("C0004", 1_100, {"days": 1_100}), Paid("C0025", 900, {"days": 900}))),
        StatementConfirmed(**allowances, person="S1", total=2_000, recurs=True, confirmed_by="区财政局"),
        AppraisalOpened(
            place="520402",
            year=2013,
            subject_kind="village_cadre",
            subject="DIRECTOR-22",
            kind="director_review",
            inputs=(),
        ),
    ]
    assert [line(event, DAY, shipped("xixiu"), {})[0] for event in told] == [
        ("乡镇人民政府确认2013年11月驻村天数：C0004（10天）",
         "乡镇人民政府 said how many days of November 2013 each was there: C0004 10"),
        ("核算2013年11月的驻村浮动工资：C0004（1,100元）、C0025（900元）",
         "allowance for November 2013: C0004 1100, C0025 900"),
        ("区财政局核定S1的2013年11月驻村浮动工资2000元",
         "区财政局 confirmed allowance of S1 for November 2013: 2000 yuan"),
        ("启动村干部DIRECTOR-22的2013年度“村委会主任研判”",
         "the director review of village cadre DIRECTOR-22 for 2013 opened"),
    ]  # fmt: skip


def test_a_quotation_within_a_quotation_has_marks_of_its_own() -> None:
    assert nested("“党务、村务、财务“三公开””，“五个好”") == "“党务、村务、财务‘三公开’”，“五个好”"
    assert nested("“五小”、”") == "“五小”、”", "marks without a partner stay"
    ticked = ChecklistTicked(
        place="520402",
        village="520402901203",
        kind="disclosure",
        on=date(2016, 12, 31),
        proof="公开栏",
        ticked_by="村民代表会议",
    )
    (zh, _), _ = line(ticked, DAY, shipped("xixiu"), {})
    assert zh == "村民代表会议填报2016年12月31日的“党务、村务、财务‘三公开’”，佐证：公开栏"


class Watched(Memory):
    """The services in memory; of every task that was ever awaited is kept what people read."""

    def __init__(self) -> None:
        super().__init__(START)
        self.told: dict[tuple[str, ...], Any] = {}

    async def tasks(self) -> list[Awaited]:
        for service in self.world.services.values():
            for state in service.states.values():
                if policy := service.book.at(state.place, self.world.today):
                    for task in state.tasks(policy):
                        told = awaited(task.about, task.answer, task.detail, policy)
                        self.told[task.action, task.detail] = (*told, basis(task.rule, policy))
        return await super().tasks()


async def test_a_region_s_tasks_and_its_villages_ways_are_told_in_words() -> None:
    reach = Watched()

    async def nothing(_day: date) -> None: ...

    await Officers(Benxi(2014, 9), reach).live(date(2016, 1, 31), nothing)
    assert len({action for action, _ in reach.told}) > 20
    assert {zh for told in reach.told.values() for zh, _ in told if faults(zh)} == set()
    assert {en for told in reach.told.values() for _, en in told if english_faults(en)} == set()
    told = [fact.event for fact in reach.world.facts if type(fact.event) in OF_VILLAGES.values()]
    ways = {both for event in told for both in line(event, DAY, POLICY, {})}
    assert {zh for zh, _ in ways if faults(zh)} == set()
    assert {en for _, en in ways if english_faults(en)} == set()


def test_what_the_clock_waits_for_is_about_the_whole_country() -> None:
    assert awaited("china", {"year": 2027}, "2027", None)[0] == ("全国", "the whole country")


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_every_sentence_about_a_pack_is_in_its_language(pack: Path) -> None:
    said = [*sentences(shipped(pack.stem))]
    assert [one.zh for one in said if faults(one.zh, codes=False)] == []
    assert [en for one in said for en in (one.en, one.source[1]) if english_faults(en, names=False)] == []


def test_every_field_of_a_pack_is_explained_in_both_languages() -> None:
    told = [
        (struct.__name__, field, *both)
        for struct in pack_words.structs()
        for field, both in pack_words.words(struct).items()
    ]
    assert [one for one in told if faults(one[2], codes=False)] == []
    assert [one for one in told if english_faults(one[3], codes=False, names=False)] == []


def test_every_word_of_an_event_s_field_is_in_its_language() -> None:
    assert [(field, zh) for field, (zh, _, _) in WORDS.items() if faults(zh, codes=False)] == []
    assert [(field, en) for field, (_, en, _) in WORDS.items() if english_faults(en, codes=False, names=False)] == []


def test_the_chinese_readme_is_chinese() -> None:
    prose = re.sub(r"```.*?```", "", (ROOT / "README.zh-CN.md").read_text("utf-8"), flags=re.DOTALL)
    prose = re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`", "“”", prose, flags=re.DOTALL))
    found = {text: faults(text, codes=False) for text in prose.splitlines() if is_chinese(text)}
    assert {text: wrong for text, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("zh", "wrong"),
    [
        ("年度考核等次已定为incompetent", True),
        ("年度考核等次已定为“incompetent”", True),
        ("公示期至 2015-12-01", True),
        ("共有 unit=U1", True),
        ("请联系 operator", True),
        ("请用 zhucun up --replicas 2 启动，再打开 Excel 表 villages.xlsx", False),
        ("单位U2105-012的材料在“/srv/data”，督查“2105-annual-2015-12-01”", False),
        ("《Civil Servant Law》第九十五条，见 ZHUCUN_NATS", False),
    ],
)
def test_what_is_no_chinese_is_found(zh: str, wrong: bool) -> None:
    assert bool(faults(zh)) is wrong


@pytest.mark.parametrize(
    ("en", "wrong"),
    [
        ("replied to what 2105-half_year-2016-06-20 found", True),
        ("document S3 of Benxi, 第四项", True),
        ("the list key_village is full", True),
        ("county:210521 owes ledger/2015", True),
        ("it was due on 2015-12-01", True),
        ("the indicator 安全饮水覆盖率 is missed", True),
        ("the half year campaign of 20 June 2016 by 县委督查室 in 碱厂镇", False),
        ("“本溪市向贫困村选派驻村工作队”, item 4; type `key_village` or 'key_village'; unit U2105-012", False),
        ("run zhucun dead-letters discard ID, see http://127.0.0.1:8001/a_b and ZHUCUN_NATS", False),
    ],
)
def test_what_is_no_english_is_found(en: str, wrong: bool) -> None:
    assert bool(english_faults(en)) is wrong
