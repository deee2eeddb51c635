"""Packs as files: how they are written, what is no pack at all, and the pages that say what can stand in one."""

import copy
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from deploy import policy_pages
from services.registry.model.commands import AdoptPolicy
from shared import pack_words
from shared.contracts.values import ROLES
from shared.policy import Policy, PolicyInvalid, find_doubts, parse_pack, read_pack
from shared.policy.outcomes import TRIGGERS, Outcome
from shared.policy.procedure import Effect
from shared.policy.shipped import FILES, base, shipped
from tests.support import bounds
from tests.support.pace import alone, is_quick, quicker_than
from tests.support.packs import PACK
from tests.support.wrong_packs import faults_of, put


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_pack_says_the_same_as_a_file_and_as_an_event(file: Path) -> None:
    from_file = parse_pack(file.read_bytes(), base)
    on_the_wire = json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=str))
    assert parse_pack(on_the_wire, base) == from_file
    assert from_file.version.startswith(from_file.jurisdiction)


def test_the_packs_govern_different_regions_or_follow_one_another() -> None:
    packs = [shipped(file.stem) for file in FILES]
    assert len({(pack.jurisdiction, pack.effective_from) for pack in packs}) == len(FILES) >= 2
    assert len({pack.version for pack in packs}) == len(FILES)


def test_all_that_is_wrong_is_told_at_once_with_its_line_and_an_example() -> None:
    text = Path("shared/policy/packs/benxi.toml").read_text("utf-8")
    for sound, faulty in (
        ("share = 0.10", "share = 60"),
        ("weight = 50", "weight = 60"),
        ('on = "inspection.order.overdue"', 'on = "inspection.order.overdue"\nwhen = { times = "three" }'),
        ("term = { years = 3 }", "term = { working_days = 1000000000 }"),
        ('kind = "spot_check"', 'kind = "spot_check"\nchoise = "draw"'),
        ('by = "township"', 'by = "nobody"'),
    ):
        assert sound in text
        text = text.replace(sound, faulty, 1)
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(text.encode())
    lines = text.splitlines()
    told = [(fault.where, lines[(fault.line or 0) - 1].split("#")[0].strip()) for fault in refusal.value.faults]
    assert told == [
        ("links[0].term.working_days", "term = { working_days = 1000000000 }"),
        ("campaigns[0].share", "share = 60"),
        ("campaigns[1].choise", 'choise = "draw"'),
        ("assessment.inputs", "[[assessment.inputs]]"),
        ("outcomes[3].when.times", 'when = { times = "three" }'),
        ("procedures[0].steps[4].by", 'by = "nobody"'),
    ]
    assert [fault.example for fault in refusal.value.faults][:2] == ["term = { years = 3 }", "share = 0.1"]


ENCODINGS = {
    "UTF-8 with a mark and CRLF": lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 from the other end": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "GBK": lambda text: text.encode("gbk"),
    "GB 18030": lambda text: text.encode("gb18030"),
}


def test_a_section_that_only_some_regions_have_is_told_with_an_example_and_hides_nothing_else() -> None:
    text = Path("shared/policy/packs/zunyi.toml").read_text("utf-8")
    for sound, faulty in (("\ndays = 20", '\ndays = "20"'), ("weight = 10", "weight = 20")):
        assert sound in text
        text = text.replace(sound, faulty, 1)
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(text.encode())
    told = {fault.where: fault.example for fault in refusal.value.faults}
    assert told == {"presence.days": "days = 20", "appraisals[1].channels": ""}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_read_whatever_editor_saved_it(file: Path, encoding: str) -> None:
    text = file.read_text("utf-8").replace("²", "2")  # Which GBK does not have.
    policy, content = read_pack(ENCODINGS[encoding](text), base)
    assert policy == parse_pack(text.encode(), base)
    assert parse_pack(json.loads(json.dumps(content)), base) == policy, "what is sent is what was read"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x00\x01\x02PK\x03\x04", "TOML"),
        (b"\xff\xff\xff\xff", "no text"),
        (b"a = " + b"[" * 5000, "too deeply"),
        (b"a = " + b"{a=" * 5000, "too deeply"),
        (b'x = "' + b"a" * 300_000 + b'"', "256 KiB"),
        (b"", "missing"),
    ],
)
def test_a_file_that_is_no_pack_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(data)
    assert says in refusal.value.en
    assert ": :" not in refusal.value.en, "it is about the file, and no part of it"


def nested(depth: int) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = [found] if depth % 2 else {"a": found}
    return found


@pytest.mark.parametrize("depth", [20, 900, 5000, 5001])
def test_a_pack_that_is_nested_without_end_is_refused_and_kept_out_of_commands(depth: int) -> None:
    for where in ("links", "links.0.each_target", "outcomes.0.when", "outcomes.0.when.grade", "documents"):
        assert faults_of(put(where, nested(depth)))
    with pytest.raises(ValueError, match="nested deeper"):
        AdoptPolicy(place="210500", pack={**PACK, "links": nested(depth)}, adopted_by="市委")
    with pytest.raises(ValueError, match="bytes"):
        AdoptPolicy(place="210500", pack={**PACK, "name": "x" * 300_000}, adopted_by="市委")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=12), part, max_size=4),
    max_leaves=12,
)
PLACES = [
    (*path, key)
    for path, part in [((), PACK), (("links", 0), PACK["links"][0]), (("exit",), PACK["exit"]), (("campaigns", 0), {}),
                       (("outcomes", 1), PACK["outcomes"][1]), (("assessment",), PACK["assessment"])]
    for key in part
]  # fmt: skip


@pytest.fixture(scope="module")
def nothing_else_in_memory() -> Iterator[None]:
    with alone():
        yield


@pytest.mark.usefixtures("nothing_else_in_memory")
@settings(max_examples=300, deadline=None, phases=set(Phase) - {Phase.explain})  # Explaining traces, which takes time.
@given(st.sampled_from(PLACES), JUNK)
def test_whatever_stands_in_a_pack_it_is_read_or_refused_at_once(place: Any, junk: Any) -> None:
    assert faults_of(put("links", [])), "what is looked up once is looked up now"
    pack = copy.deepcopy(PACK)
    put(".".join(map(str, place)), junk)(pack)

    def check() -> None:
        try:
            parse_pack(pack)
        except PolicyInvalid as refusal:
            assert refusal.faults and all(fault.zh and fault.en for fault in refusal.faults)

    assert is_quick(0.05, check)


def test_the_page_and_the_schema_tell_what_a_pack_can_say() -> None:
    for name, text in policy_pages.texts().items():
        kept = (policy_pages.FOLDER / name).read_text("utf-8")
        assert kept == text, f"docs/{name} is stale; run `zhucun contracts`"
    schema = policy_pages.schema()
    for file in FILES:
        on_the_wire = json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=str))
        jsonschema.validate(on_the_wire, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**on_the_wire, "teem": 3}, schema)
    for struct, part in schema["$defs"].items():
        for field, said in part["properties"].items():
            assert re.search(r"[\u4e00-\u9fff].* · .*[a-z]", said["description"]), f"{struct}.{field} is not described"


def test_every_field_of_a_pack_has_a_bound() -> None:
    walked = [*bounds.fields(Policy)]
    assert {where: wrong for where, hint in walked if (wrong := bounds.unbounded(hint))} == {}
    assert len(walked) > 150


def test_broken_toml_is_refused_with_its_line() -> None:
    with pytest.raises(PolicyInvalid, match="line 2") as refusal:
        parse_pack(b'name = "x"\nversion = \n')
    assert [fault.line for fault in refusal.value.faults] == [2]


@pytest.mark.parametrize(
    ("lines", "zh", "line"),
    [
        (["a = 1", "a = 2"], "写了两次", 2),
        (["[a]", "b = 1", "[a]"], "写了两次", 3),
        (["a = { b = 1, b = 2 }"], "写了两次", 1),
        (["day = 2014-06-31"], "没有这一天", 1),
        (["x = 1", "share = 10%"], "10%填0.1", 2),
        (["name = 本溪市"], "英文引号", 1),
        (["name = “本溪市”"], "英文引号", 1),
        (["name = "], "英文引号", 1),
        (["a = [1, 2"], "括号", 1),
        (["x = 1", "a" + ".a" * 100_000 + " = 1"], "最多20段", 2),
        (["x = {" + '"a" . ' * 40_000 + "a = 1}"], "最多20段", 1),
        (["[" + "a." * 50_000 + "a]"], "最多20段", 1),
        (["a = " + "9" * 5000], "位数过多", None),
        (["name = 0x" + "f" * 5000], "现为0xfff", 1),
        (["a" * 200_000 + " = 1"], "没有这个字段", 1),
        (["'" * 3 + '"' * 100_000 + "'" * 3], "TOML", 1),
    ],
)
def test_broken_toml_is_told_at_once_in_words_that_people_understand(
    lines: list[str], zh: str, line: int | None
) -> None:
    with quicker_than(2), pytest.raises(PolicyInvalid) as refusal:
        parse_pack("\n".join(lines).encode())
    assert zh in refusal.value.zh
    assert refusal.value.faults[0].line == line
    assert not re.search("Cannot|Invalid|Expected", refusal.value.zh)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_in_a_shipped_pack_is_doubted(file: Path) -> None:
    assert [*find_doubts(shipped(file.stem))] == []


def test_the_page_names_every_event_that_gives_rise_to_an_outcome_and_every_order_of_steps() -> None:
    text = policy_pages.page()
    zh, en = pack_words.words(Outcome)["on"]
    assert all(name in zh and name in en for name in TRIGGERS)
    assert all(f"- `{effect}`：" in text for effect in get_args(Effect))
    assert "列表（2 项），每项为代码" in text, "a pair of figures"
    assert all(f"- `{body}`：{zh} · {en}" in text for body, (zh, en) in ROLES.items())
    assert "- `deputy_section`：副科级" in text and "代码“" not in text
