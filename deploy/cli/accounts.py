"""Commands about accounts: who may sign in, with which roles; signing in at this terminal; the audit log."""

import base64
import hashlib
import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import typer

from deploy.access.keys import private
from deploy.cli import signed_in
from deploy.cli.reach import (
    DEFAULT,
    FolderOption,
    Trouble,
    accounts_address,
    as_operator,
    clients,
    console,
    kinds,
    open_beside,
    session,
)
from deploy.language import chosen, reads_english, told
from deploy.language import day as in_language
from deploy.local.supervisor import SERVICES
from deploy.terminal import folded

app = typer.Typer(help="账号：增加、角色、密码、停用、服务账号 · accounts of people and programs", no_args_is_help=True)
audit = typer.Typer(help="审计日志：导出、核验、查阅记录 · the audit log and who has read what", no_args_is_help=True)
terminal = typer.Typer()

URL: Final = "ZHUCUN_ACCOUNTS_URL"
NameArgument = Annotated[str, typer.Argument(help="登录名 · the name by which it signs in")]
OperatorOption = Annotated[
    bool, typer.Option("--operator", help="由运维办理管理员的账号 · as the operator, for an administrator's account")
]
OrganOption = Annotated[str, typer.Option(help="所在机关全称 · the organ in whose name it acts")]
Administers = Literal["system", "security", "audit"]


@app.command()
def add(
    name: NameArgument,
    person: Annotated[str, typer.Option(help="姓名 · the person's name")],
    organ: OrganOption,
    administers: Annotated[
        Administers | None,
        typer.Option(
            "--administers",
            help="三员之一，由运维指定：系统管理员填“system”，安全管理员填“security”，审计管理员填“audit” · "
            "one of the three administrators, whom the operator names",
        ),
    ] = None,
    cadre: Annotated[str, typer.Option(help="干部编号 · the cadre's id")] = "",
    unit: Annotated[str, typer.Option(help="单位编号 · the unit's id")] = "",
    team: Annotated[str, typer.Option(help="工作队所驻村 · the village of the person's team")] = "",
    village: Annotated[str, typer.Option(help="所在村，12位代码 · the village, by its twelve digits")] = "",
    township: Annotated[str, typer.Option(help="所在乡镇，9位代码 · the township, by its nine digits")] = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """增加个人账号，显示首次密码一次 · add a person's account; its first password is shown once."""
    said = {"name": name, "person": person, "organ": organ, "cadre": cadre, "unit": unit, "team": team}
    said |= {"village": village, "township": township}
    if administers:
        answer = _ask(folder, "/v1/administrators", {**said, "administers": administers}, is_operator=True)
    else:
        answer = _ask(folder, "/v1/accounts", said)
    _show_password(name, answer["password"])


@app.command()
def service(
    name: NameArgument,
    organ: OrganOption,
    folder: FolderOption = DEFAULT,
    rotate: Annotated[bool, typer.Option("--rotate", help="换发密钥 · give another secret")] = False,
) -> None:
    """增加程序用的服务账号或换发密钥，密钥显示一次 · add a program's account; its secret is shown once."""
    path = f"/v1/accounts/{name}/secret" if rotate else "/v1/service-accounts"
    made = _ask(folder, path, {} if rotate else {"name": name, "organ": organ})["secret"]
    zh, en = (
        f"{name} 的密钥（只显示一次，请安全交给使用者）",
        f"the secret of {name}, shown only once; hand it over in safety",
    )
    console.good(told(zh, en))
    console.say(f"  {made}")


@app.command("list")
def list_accounts(
    operator: Annotated[bool, typer.Option("--operator", help="由运维查看 · as the operator")] = False,
    folder: FolderOption = DEFAULT,
) -> None:
    """列出账号及其角色 · list accounts and their roles."""
    from services.accounts.model.account import ADMINISTRATORS

    table = folded("登录名 · name", "姓名 · person", "机关 · organ", "角色 · roles", "状态 · status", "令牌标识 · sub")
    with _client(folder, is_operator=operator) as http:
        found = http.get("/v1/accounts").json()
    for one in found:
        kind = one.get("administers")
        roles = [told(*ADMINISTRATORS[kind])] if kind else [_said(role) for role in one.get("roles", [])]
        status = [
            text
            for key, text in (
                ("is_locked", told("已停用", "locked")),
                ("must_change", told("须改密码", "must change its password")),
                ("has_second_factor", told("有动态码", "second factor")),
            )
            if one.get(key)
        ]
        person = one.get("person") or told("（服务账号）", "(a program)")
        separator = told("、", ", ")
        table.add_row(one["name"], person, one["organ"], separator.join(roles), separator.join(status), one["sub"])
    console.print(table)


@app.command()
def roles(
    name: NameArgument,
    role: Annotated[
        list[str] | None,
        typer.Argument(
            help="角色@区划，如“扶贫部门@210522”，全国写“省@” · role@division, such as poverty_office@210522"
        ),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="取消全部角色 · take all roles away")] = False,
    cadre: Annotated[
        str | None, typer.Option(help="干部编号，本人的事项须回避 · the id as a cadre, who is recused")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="派出单位编号，只办理本单位事项 · the unit's id, for its matters alone")
    ] = None,
    team: Annotated[
        str | None, typer.Option(help="工作队所驻村，只办理本队事项 · the village of the team, likewise")
    ] = None,
    village: Annotated[
        str | None, typer.Option(help="所在村的12位代码，只办理本村事项 · the village's twelve digits, likewise")
    ] = None,
    township: Annotated[
        str | None, typer.Option(help="所在乡镇的9位代码，只办理本乡镇事项 · the township's nine digits, likewise")
    ] = None,
    folder: FolderOption = DEFAULT,
) -> None:
    """设定账号的全部角色，取代原有的 · set all roles of an account, in place of those that it had."""
    if bool(role) == none:
        raise Trouble("请写明角色，或用 --none 取消全部 / name its roles, or take all away with --none")
    said = {"cadre": cadre, "unit": unit, "team": team, "village": village, "township": township}
    belongs = {key: id for key, id in said.items() if id is not None}
    found = _ask(folder, f"/v1/accounts/{name}/roles", {"roles": [_holding(text) for text in role or []], **belongs})
    given = told("、", ", ").join(_said(one) for one in found.get("roles", [])) or told("无", "none")
    console.good(told(f"{name} 的角色：{given}", f"roles of {name}: {given}"))


@app.command()
def kin(
    name: NameArgument,
    cadre: Annotated[
        list[str] | None, typer.Argument(help="亲属的编号（干部、村级人员），可填多个 · the relatives' ids")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="取消全部 · take all away")] = False,
    folder: FolderOption = DEFAULT,
) -> None:
    """登记应当回避的亲属（干部、村级人员的编号），取代原有登记 · whose relative he is: he does not decide on them."""
    if bool(cadre) == none:
        raise Trouble(
            "请写明亲属的编号，或用 --none 取消全部 / name the relatives' ids, or take them all away with --none"
        )
    _ask(folder, f"/v1/accounts/{name}/kin", {"kin": cadre or []})
    console.good(
        told(f"{name} 的亲属已登记：{len(cadre or [])}人", f"{name} has {len(cadre or [])} relatives on record")
    )


@app.command()
def password(name: NameArgument, operator: OperatorOption = False, folder: FolderOption = DEFAULT) -> None:
    """重置密码，显示新的首次密码；本人改密码用 zhucun login --change · reset a password; a new one is shown once."""
    _show_password(name, _ask(folder, f"/v1/accounts/{name}/password", {}, is_operator=operator)["password"])


@app.command()
def factor(name: NameArgument, operator: OperatorOption = False, folder: FolderOption = DEFAULT) -> None:
    """取消动态码，用于手机和恢复码都丢失 · remove the second factor of whoever lost phone and recovery codes."""
    _ask(folder, f"/v1/accounts/{name}/factor", {}, is_operator=operator)
    console.good(told(f"{name} 的动态码已取消", f"{name} has no second factor any more"))


@app.command()
def lock(name: NameArgument, operator: OperatorOption = False, folder: FolderOption = DEFAULT) -> None:
    """停用账号，其会话随即结束 · lock an account; its sessions end."""
    _ask(folder, f"/v1/accounts/{name}/lock", {}, is_operator=operator)
    console.good(told(f"{name} 已停用，已发的令牌十分钟内失效", f"{name} is locked; its tokens end within ten minutes"))


@app.command()
def unlock(name: NameArgument, operator: OperatorOption = False, folder: FolderOption = DEFAULT) -> None:
    """恢复停用的账号 · unlock an account."""
    _ask(folder, f"/v1/accounts/{name}/unlock", {}, is_operator=operator)
    console.good(told(f"{name} 已恢复", f"{name} is unlocked"))


# ------------------------------------------------- acting for others for a time


@app.command()
def delegate(
    taker: Annotated[str, typer.Argument(help="受托人的登录名 · the name by which the one signs in who is to act")],
    until: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="截止日期，含当日 · its last day")],
    role: Annotated[
        list[str] | None,
        typer.Argument(help="只委托这些“角色@区划”，不写的委托本人全部 · only these role@division; all if left out"),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="开始日期，不写的自今天起 · its first day, or today")
    ] = None,
    folder: FolderOption = DEFAULT,
) -> None:
    """出差、休假期间委托同事代办，到期自动终止 · let a colleague act for you for a time; it ends by itself."""
    said: dict[str, object] = {"taker": taker, "until": until.date().isoformat()}
    if since:
        said["since"] = since.date().isoformat()
    if role:
        said["roles"] = [_holding(text) for text in role]
    made = _ask(folder, "/v1/delegations", said)
    first = in_language(date.fromisoformat(made["since"]))
    console.good(
        told(
            f"已委托 {taker} 代办，编号 {made['id']}；自{first}起，对方十分钟内即可代办",
            f"{taker} acts for you, under number {made['id']}, from {first} on, within ten minutes",
        )
    )


@app.command()
def delegations(folder: FolderOption = DEFAULT) -> None:
    """列出委托代办：本人的；安全、审计管理员查看全部 · list who acts for whom: your own, or all for administrators."""
    table = folded("编号 · number", "委托人 · giver", "受托人 · taker", "角色 · roles", "起止 · days")
    with _client(folder) as http:
        found = http.get("/v1/delegations").json()
    for one in found:
        first, last = (in_language(date.fromisoformat(one[name])) for name in ("since", "until"))
        said = told("、", ", ").join(_said(role) for role in one["roles"])
        table.add_row(one["id"], one["giver"], one["taker"], said, told(f"{first}至{last}", f"{first} to {last}"))
    console.print(table)


@app.command("end-delegation")
def end_delegation(
    number: Annotated[str, typer.Argument(help="编号，见 zhucun account delegations · its number, as listed")],
    folder: FolderOption = DEFAULT,
) -> None:
    """撤回委托，或者谢绝受托 · withdraw what you have handed on, or decline what you were given."""
    _ask(folder, f"/v1/delegations/{number}/end", {})
    console.good(told("委托已终止，十分钟内全部失效", "it has ended; tokens with it end within ten minutes"))


# ----------------------------------------------------------------- signing in


@terminal.command()
def login(
    name: NameArgument,
    change: Annotated[bool, typer.Option("--change", help="同时改密码 · change the password as well")] = False,
    enrol: Annotated[bool, typer.Option("--enrol", help="同时设动态码 · set up a one-time code as well")] = False,
    folder: FolderOption = DEFAULT,
) -> None:
    """以本人账号登录，此后的命令以本人名义办理 · sign in; what follows is done in your own name."""
    url = _address(folder)
    with open_beside(url, {}) as http:
        verifier, back = secrets.token_urlsafe(32), "http://127.0.0.1:0/callback"
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": "zhucun-cli",
            "redirect_uri": back,
            "response_type": "code",
            "scope": "openid",
            "code_challenge": proof,
            "code_challenge_method": "S256",
        }
        answer = _entered(http, asked, name, change, enrol)
        code = parse_qs(urlsplit(answer["redirect"]).query)["code"][0]
        fields = {"grant_type": "authorization_code", "client_id": "zhucun-cli", "redirect_uri": back, "code": code}
        tokens = signed_in.taken(name, http.post("/token", data={**fields, "code_verifier": verifier}))
    signed_in.keep(url, tokens)
    if answer["recovery"]:
        console.note(
            told("恢复码，每个可代替动态码一次，不再显示：", "recovery codes; each serves once, shown only now:")
        )
        for one in answer["recovery"]:
            console.say(f"  {one}")
    console.good(told(f"已登录：{name}", f"signed in: {name}"))


def _entered(http: httpx.Client, asked: Mapping[str, str], name: str, change: bool, enrol: bool) -> dict[str, Any]:
    """Ask for whatever the issuer wants, until it lets the person in. Raises Trouble where it refuses."""
    typed: dict[str, Any] = {
        "name": name,
        "password": _prompt("密码", "password"),
        "change": change,
        "enrol": enrol,
        "code": _prompt("动态码（没有的直接回车）", "one-time code (Enter without one)", empty=True),
    }
    while True:
        answer: dict[str, Any] = http.post("/authorize", json={**asked, **typed}).json()
        if "redirect" in answer:
            return answer
        if fault := answer.get("fault"):
            console.bad(told(*fault))
        typed = {"ticket": answer["ticket"]}
        if answer["what"] == "change":
            typed |= {"new": _prompt("新密码", "new password"), "again": _prompt("再填一次", "once more")}
        else:
            zh, en = (
                f"在动态码应用中添加密钥 {answer['secret']}",
                f"add the key {answer['secret']} to an app for one-time codes",
            )
            console.note(told(zh, en))
            typed["confirm"] = _prompt("应用显示的动态码", "the code that it shows")


def _prompt(zh: str, en: str, *, empty: bool = False) -> str:
    shown: str = typer.prompt(told(zh, en), hide_input=True, default="" if empty else None, show_default=False)
    return shown


@terminal.command()
def logout(folder: FolderOption = DEFAULT) -> None:
    """退出登录 · sign out at this terminal."""
    url = _address(folder)
    if tokens := signed_in.session(url):
        httpx.post(f"{url}/end-session", data={"id_token_hint": tokens.identity}, timeout=60, trust_env=False)
    signed_in.keep(url, None)
    console.good(told("已退出", "signed out"))


# ------------------------------------------------------------------ audit log


@audit.command()
def export(
    file: Annotated[Path, typer.Argument(help="写入的文件 · the file to write")],
    of: Annotated[
        Literal["accounts", "webhooks"],
        typer.Option(
            help="哪一部分的：账号“accounts”，事件推送“webhooks” · whose log: the accounts', or the webhooks'"
        ),
    ] = "accounts",
    folder: FolderOption = DEFAULT,
) -> None:
    """由审计管理员导出全部审计日志，每条带校验值 · export the whole log with its hashes, as the audit administrator."""
    from deploy.cli import webhooks
    from shared.engine.audit import MOST, decode

    if file.exists():
        raise Trouble(f"{file} 已存在，不覆盖 / {file} is there and is not overwritten; name another file")
    number = 0
    opened = _client(folder) if of == "accounts" else webhooks.client(folder)
    with opened as http, open(file, "xb", opener=private) as out:
        while True:
            body = http.get("/v1/audit", params={"after": number}).content
            out.write(body)
            entries = decode(body.splitlines())
            number = entries[-1].number if entries else number
            if len(entries) < MOST:
                break
    _verified(file, None)


@audit.command()
def who(
    pseudonym: Annotated[str, typer.Argument(help="日志或事件中的代称 · the pseudonym in a log or an event")],
    folder: FolderOption = DEFAULT,
) -> None:
    """由审计管理员查询代称是谁，查询本身也记入日志 · tell who stands behind a pseudonym, as the audit administrator."""
    if not re.fullmatch(r"[0-9a-f]{16}", pseudonym):
        raise Trouble("代称是16位十六进制数字 / a pseudonym has 16 hexadecimal digits")
    with _client(folder) as http:
        found = http.get(f"/v1/people/{pseudonym}").json()
    person = found.get("person") or told("（服务账号）", "(a program)")
    console.say(f"{person}  {found['name']}  {found['organ']}")


@audit.command()
def readings(
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="自何日起 · from this day on")] = None,
    about: Annotated[
        str,
        typer.Option(help="审计管理员填查询对象，如“cadres/C1” · of whom, for the audit administrator, as cadres/C1"),
    ] = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """查询哪些机关查阅过与本人有关的信息 · tell which organs have read what is kept about you."""
    found: list[dict[str, Any]] = []
    for service in _keepers(about):
        for http in clients(folder, service):
            found += _readings(http, {"about": about} if about else {}, since)
    for one in sorted(found, key=lambda one: str(one["day"])):
        purpose = told(f"（用途：{one['purpose']}）", f" ({one['purpose']})") if one["purpose"] else ""
        console.say(
            f"{in_language(date.fromisoformat(one['day']))}  {chosen(one['organ'])}  {chosen(one['what'])}{purpose}"
        )
    if not found:
        console.say(told("没有可告知的查阅记录", "there is no reading to tell of"))


def _readings(http: httpx.Client, asked: Mapping[str, str], since: datetime | None) -> Iterator[dict[str, Any]]:
    """The readings that a replica tells of, page by page."""
    from shared.engine.audit import MOST

    after, days = 0, {"since": since.date().isoformat()} if since else {}
    while True:
        page = http.get("/v1/readings", params={**asked, **days, "after": after}).json()
        yield from page
        if len(page) < MOST:
            return
        after = page[-1]["number"]


def _keepers(about: str) -> Collection[str]:
    """The services that keep what was asked about, or all. Raises Trouble if none does."""
    if not about:
        return SERVICES
    keeps = {
        service: {name: one.known_as for name, one in kinds(service).items() if one.personal or one.readers}
        for service in SERVICES
    }
    found = [name for name, of_one in keeps.items() if about.partition("/")[0] in of_one]
    if not found:
        known = {kind: words for of_one in keeps.values() for kind, words in of_one.items()}
        zh = "、".join(f"“{kind}/编号”（{words[0]}）" for kind, words in known.items())
        raise Trouble(f"查询对象应写作 {zh} 之一。\n  Write one of: {', '.join(f'{kind}/<id>' for kind in known)}.")
    return found


@audit.command()
def verify(
    file: Annotated[Path, typer.Argument(help="导出的文件 · an exported file")],
    against: Annotated[
        Path | None, typer.Option(help="以前导出的文件，核对其后未被改动 · an earlier export that it must continue")
    ] = None,
) -> None:
    """核验导出的审计日志未被改动 · verify that nobody altered an exported log."""
    _verified(file, against)


def _verified(file: Path, against: Path | None) -> None:
    from shared.engine.audit import decode, first_fault

    try:
        entries, earlier = (decode(path.read_bytes().splitlines()) if path else [] for path in (file, against))
    except msgspec.MsgspecError as error:
        raise Trouble(f"不是导出的审计日志，或已损坏 / no exported audit log, or a broken one ({error})") from None
    fault = first_fault(entries)
    if not fault and earlier and (len(entries) < len(earlier) or entries[len(earlier) - 1] != earlier[-1]):
        fault = (
            "与以前导出的不一致，记录被改动或删减过",
            "it is not what was exported earlier: entries were altered or removed",
        )
    if fault:
        raise Trouble(f"{fault[0]}。\n  {fault[1]}.")
    last = entries[-1] if entries else None
    zh = f"共 {len(entries)} 条，未被改动" + (f"；末条校验值 {last.hash}，请另行保存" if last else "")
    en = f"{len(entries)} entries, none altered" + (f"; keep the last hash elsewhere: {last.hash}" if last else "")
    console.good(told(zh, en))


# --------------------------------------------------------------------- common


def _address(folder: Path) -> str:
    """Where the accounts answer. Raises Trouble if there are none."""
    found = accounts_address(folder)
    if not found:
        raise Trouble(
            f"{folder} 的系统没有启用登录。请用 zhucun up --accounts 启动，或用 {URL} 指明账号服务的地址。\n"
            f"  The system of {folder} has no accounts. Start it by `zhucun up --accounts`, or name them by {URL}."
        )
    return found


def _client(folder: Path, *, is_operator: bool = False) -> httpx.Client:
    """A client of the accounts, as the person who is signed in here, or as the operator. Raises Trouble if it is
    neither."""
    url = _address(folder)
    if is_operator:
        return open_beside(url, as_operator(folder))
    tokens = session(url)
    if not tokens:
        raise Trouble("请先登录：zhucun login <登录名>。\n  Sign in first: zhucun login <name>.")
    return open_beside(url, {"Authorization": f"Bearer {tokens.access}"})


def _ask(folder: Path, path: str, said: Mapping[str, object], *, is_operator: bool = False) -> dict[str, Any]:
    with _client(folder, is_operator=is_operator) as http:
        answer: dict[str, Any] = http.post(path, json=said).json()
        return answer


def _show_password(name: str, password: str) -> None:
    zh, en = (
        f"{name} 的首次密码（只显示一次，首次登录须改）",
        f"the first password of {name}, shown once, to be changed at once",
    )
    console.good(told(zh, en))
    console.say(f"  {password}")


def _holding(text: str) -> dict[str, str]:
    """A role in a division, from a text such as `扶贫部门@210522`. Raises Trouble for a role that does not exist."""
    from services.accounts.model.account import GRANTED

    word, at, division = text.partition("@")
    role = next((code for code, words in GRANTED.items() if word in (code, *words)), None)
    if not role or not at:
        known = "、".join(f"{zh}（{code}）" for code, (zh, _) in GRANTED.items())
        raise Trouble(
            f"“{text}”应写作“角色@区划”，角色有：{known}。\n  {text}: write role@division; roles: {', '.join(GRANTED)}."
        )
    return {"role": role, "division": division}


def _said(holding: Mapping[str, str]) -> str:
    from services.accounts.model.account import GRANTED

    division = holding["division"] or told("全国", "the country")
    return f"{GRANTED[holding['role']][reads_english()]} {division}"
