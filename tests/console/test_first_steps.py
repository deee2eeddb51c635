"""An empty system is begun in the browser: a pack written by a form, and people who are invited."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.console.model import pack_form
from services.console.pages.packs import Draft, names, written
from shared.policy import PolicyInvalid, parse_pack, read_pack
from tests.accounts.desk import GOOD
from tests.console.desk import Browser, Office, office


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as found:
        yield found


@pytest.mark.parametrize("name", names())
def test_a_pack_is_the_same_as_a_form_and_as_a_file(name: str) -> None:
    before = Draft(name).before
    assert Draft(name).content == before
    policy, _ = read_pack(written(before).encode())
    assert policy == parse_pack(before)


@pytest.mark.parametrize("name", names())
def test_no_code_and_no_english_stands_in_what_the_form_asks(name: str) -> None:
    content = Draft(name).before
    for section in ("", *pack_form.sections(content)):
        lines = pack_form.lines(Draft(name).policy, content, section)
        assert len({line.name for line in lines}) == len(lines)
        for line in lines:
            zh = line.about[0] + line.label[0]
            assert re.search("[一-龥]", zh) and not re.search(r"[a-z]{3,}|[a-z]_[a-z]", zh), (line.name, zh)


def test_a_field_is_called_by_the_first_words_of_what_is_said_of_it() -> None:
    """What explains it, and gives examples, stands below."""
    draft = Draft("benxi")
    called = {line.name: line.label for line in pack_form.lines(draft.policy, draft.before, "exit")}
    assert called["exit.criteria.0.below"] == ("低于此数", "Below this number")
    cited = {line.name: line.label for line in pack_form.lines(draft.policy, draft.before, "documents")}
    assert cited["documents.S3.title"][0].endswith("：S3：文件名称"), "of several, which one it belongs to"


@pytest.mark.parametrize(
    ("section", "name", "kind"),
    [
        ("", "effective_from", "day"),
        ("", "name", "text"),
        ("exit", "exit.criteria.0.below", "number"),
        ("listing", "listing.poverty_list", "truth"),
    ],
)
def test_each_value_is_asked_for_as_what_it_is(section: str, name: str, kind: str) -> None:
    draft = Draft("benxi")
    assert {line.name: line.kind for line in pack_form.lines(draft.policy, draft.before, section)}[name] == kind


def test_what_is_said_changes_the_pack_and_what_is_wrong_is_told_where_it_stands() -> None:
    content = Draft("benxi").before
    line = next(
        one for one in pack_form.lines(Draft("benxi").policy, content, "exit") if one.name == "exit.criteria.0.below"
    )
    assert (line.value, line.kind, line.about[0]) == ("0.02", "number", "出列指标“贫困发生率”")
    changed = Draft("benxi", {line.name: "0.03"})
    assert changed.content["exit"]["criteria"][0]["below"] == 0.03
    parse_pack(changed.content)
    with pytest.raises(PolicyInvalid) as wrong:
        parse_pack(Draft("benxi", {line.name: "三"}).content)
    assert line.path in [fault.path for fault in wrong.value.faults]


def test_an_entry_is_left_out() -> None:
    draft = Draft("benxi")
    (first, *_) = [one for one in pack_form.lines(draft.policy, draft.before, "outcomes") if one.kind == "entry"]
    draft.said[f"-{first.name}"] = "yes"
    assert draft.content["outcomes"] == draft.before["outcomes"][1:]


async def signed_in(desk: Office, name: str) -> Browser:
    """The browser of an administrator, who has a second factor."""
    browser = desk.browser()
    way = await desk.way(browser, "/people")
    done = await browser.get(await desk.typed(way, name, GOOD, desk.people.code(name)))
    assert done.status_code == 303, done.text
    return browser


async def test_people_are_invited_by_one_administrator_and_given_roles_by_another(desk: Office) -> None:
    system, security = await signed_in(desk, "sun"), await signed_in(desk, "bai")
    made = await system.post("/people", "/people", name="zhou", person="周敏", organ="桓仁县扶贫办")
    password = re.search(r'<code class="figure">([^<]+)</code>', made.text)
    assert made.status_code == 200 and password, made.text
    assert password[1] not in (await system.get("/people")).text, "it is shown once"
    again = await system.post("/people", "/people", name="zhou", person="周敏", organ="桓仁县扶贫办")
    assert again.status_code in (409, 422) and 'role="alert"' in again.text
    refused = await system.post("/people/zhou/roles", "/people", role="township", division="210521")
    assert refused.status_code == 403
    typed = {"role": "township", "division": "210521", "cadre": "C7"}
    refused = await security.post("/people/zhou/roles", "/people", **typed)
    assert refused.status_code == 422 and "所在乡镇的9位代码" in refused.text, "a township's role is for its own alone"
    assert '<option value="township" selected>' in refused.text and 'value="C7"' in refused.text, (
        "nothing is typed anew"
    )
    given = await security.post("/people/zhou/roles", "/people", **typed, township="210521100")
    assert given.status_code == 303, given.text
    shown = (await security.get("/people")).text
    assert 'value="210521100"' in shown
    assert 'value="township.210521" checked' in shown and 'value="C7"' in shown
    assert 'href="/me"' in shown and 'href="/acts"' not in shown and 'href="/policy/"' not in shown, (
        "an administrator is led to no work of an officer"
    )
    await security.post("/people/zhou/roles", "/people")
    assert "township.210521" not in (await security.get("/people")).text, "a role that is not ticked is taken away"


async def test_the_security_administrator_locks_and_does_away_with_a_lost_phone_and_says_who_is_a_relative(
    desk: Office,
) -> None:
    security, officer = await signed_in(desk, "bai"), await desk.signed_in()
    told = await security.post("/people/li/kin", "/people", kin="C8、C9")
    assert told.headers["location"] == "/people?done=kin&of=li"
    assert "近亲属已登记" in (shown := await security.get(told.headers["location"])).text
    assert 'value="C8、C9"' in shown.text
    locked = await security.post("/people/li/do/lock", "/people")
    shown = await security.get(locked.headers["location"])
    assert "已停用，会话随即结束" in shown.text and 'action="/people/li/do/unlock"' in shown.text
    assert (await officer.get("/me")).status_code in (200, 303), "a token holds ten minutes"
    with pytest.raises(AssertionError):
        await desk.signed_in()
    await security.post("/people/li/do/unlock", "/people")
    assert (await (await desk.signed_in()).get("/me")).status_code == 200
    assert (await security.post("/people/li/do/roles", "/people")).status_code == 404
    refused = await security.post("/people/sun/do/factor", "/people")
    assert refused.status_code == 403, "the operator alone changes an administrator's account"


async def test_a_role_without_a_division_is_not_given_for_the_whole_country(desk: Office) -> None:
    security = await signed_in(desk, "bai")
    refused = await security.post("/people/li/roles", "/people", held="township.210522", role="county")
    assert refused.status_code == 422 and "请填角色对哪个区划有效" in refused.text
    assert "县 " not in (await security.get("/people?q=li")).text
    given = await security.post("/people/li/roles", "/people", role="state", division="全国")
    assert "角色已保存" in (await security.get(given.headers["location"])).text
    assert 'value="state."' in (await security.get("/people?q=县扶贫办")).text
    assert "还没有账号" not in (await security.get("/people")).text
    assert 'value="state."' not in (await security.get("/people?q=没有此人")).text


@pytest.mark.parametrize(
    "path", ["/villages", "/overview/china", "/campaigns", "/units", "/units/U1", "/teams", "/live", "/villages.xlsx"]
)
async def test_administrators_see_nothing_of_the_work(desk: Office, path: str) -> None:
    security = await signed_in(desk, "bai")
    refused = await security.get(path)
    assert refused.status_code == 403 and "本账号没有办事人员的角色" in refused.text, path


async def test_whoever_has_no_role_is_told_that_there_is_nothing_to_do(desk: Office) -> None:
    security = await signed_in(desk, "bai")
    await security.post("/people/li/roles", "/people")
    for browser in (security, await desk.signed_in()):
        shown = (await browser.get("/acts")).text
        assert "没有可以办理的事项" in shown and "订阅程序" not in shown


async def test_whoever_is_no_administrator_sees_no_people(desk: Office) -> None:
    browser = await desk.signed_in()
    assert (await browser.get("/people")).status_code == 403
    own = (await browser.get("/me")).text
    assert 'href="/people"' not in own and 'href="/acts"' in own
