"""Commands about policy packs, and about the holidays by which they count."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from deploy.cli.reach import DEFAULT, NARROWER, FolderOption, Trouble, client, console, is_elsewhere
from deploy.cli.usage import meant
from deploy.language import told
from shared import chinese, english
from shared.contracts.values import Organ
from shared.divisions import COUNTRY, NATIONAL, place_of

if TYPE_CHECKING:
    from shared.pack_sentences import Sentence
    from shared.policy import Base, Policy, PolicyInvalid
    from shared.policy.checking import Fault

app = typer.Typer(help="政策包：检查、启用；节假日 · policy packs: check, adopt; holidays", no_args_is_help=True)
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
ByOption = Annotated[
    str,
    typer.Option(
        help="由谁决定 · the body that decided",
        callback=meant("--by", Organ, "作出决定的机关名称，如“市委组织部”", "the name of the body that decided"),
    ),
]


OverOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--over", exists=True, dir_okay=False, help="所扩展的上级政策包文件，不填则取系统中的 · the pack it extends"
    ),
]


_EACH = (
    "请用 --each 逐一指明启用它的地市，省级自身的指标填省代码加“00”，如“5200”；全国的政策包用 --over 连同本地的启用",
    "name those that adopt the pack with --each, and 5200 for the own figures of the province 52; the country's pack "
    "is adopted along with a region's, with --over",
)
_OVER = ("请用 --over 指明所扩展的政策包文件", "name the file of the pack that it extends with --over")
"""What to do about a pack that is wider than a prefecture, where replicas share these."""


@app.command()
def check(file: FileArgument, over: OverOption = None, folder: FolderOption = DEFAULT) -> None:
    """检查政策包文件（连同所扩展的上级政策包），一次列出全部问题 · check a pack, with what it extends."""
    pack, _ = _read(file, _base(over or [], folder))
    described = _described(pack, pack.jurisdiction, pack.version)
    console.good(told(f"政策包无误：{described}", f"the pack is sound: {described}"))
    for zh, en in _notes(pack):
        console.note(told(zh, en))


@app.command()
def adopt(
    file: FileArgument,
    by: ByOption,
    over: OverOption = None,
    each: Annotated[
        list[str] | None,
        typer.Option("--each", help="分别启用的区划，可多次填写 · a division that adopts it for itself; repeatable"),
    ] = None,
    folder: FolderOption = DEFAULT,
) -> None:
    """启用政策包，自其生效日起按它办；填了 --over 的，连同上级政策包写成一个完整的包 · adopt a pack; every service
    decides by it from its effective date on. With --over it is adopted whole, with what it extends."""
    policy, content = _read(file, _base(over or [], folder))
    codes = each or [policy.jurisdiction]
    packs = [_by_itself(file, policy, code) for code in codes] if over or each else [content]
    for code, pack in zip(codes, packs, strict=True):
        described, place = _described(policy, code, pack["version"]), place_of(code)
        command = {"place": place, "pack": pack, "adopted_by": by}
        with client(folder, "registry", code, wider=_EACH) as http:
            answer = http.post("/v1/policies", json=[command], headers={"Idempotency-Key": uuid4().hex}).json()
        if answer["applied"]:
            console.good(told(f"已启用：{described}", f"adopted: {described}"))
        else:
            console.note(told(f"此前已启用，没有变化：{described}", f"adopted before, nothing changed: {described}"))


def _by_itself(file: Path, policy: "Policy", code: str) -> dict[str, Any]:
    """The content of a pack, with all that it extends, for one division. Raises Trouble if it cannot be its pack."""
    from shared.divisions import lies_in
    from shared.policy import PolicyInvalid, by_itself, parse_pack

    if code != policy.jurisdiction and not (
        code.isdecimal() and len(code) in (4, 6) and lies_in(code, policy.jurisdiction)
    ):
        raise Trouble(
            f"--each 应填“{policy.jurisdiction}”以内的地市或县代码，4位或6位数字，现为“{code}”。\n"
            f"  --each names a prefecture or county in {policy.jurisdiction} by 4 or 6 digits, not {code}."
        )
    content = by_itself(policy, code)
    try:
        parse_pack(content)
    except PolicyInvalid as error:
        raise _faults(file, error) from error
    return content


@app.command()
def holidays(
    file: FileArgument,
    by: ByOption,
    place: Annotated[str, typer.Option(help="区划，全国为 000000 · the division, 000000 for all")] = COUNTRY,
    replaces: Annotated[str, typer.Option(help="所替换的版本，见拒绝提示 · the version that a refusal named")] = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """公布节假日安排：文件写“year”“document”“off”“worked” · announce holidays from a file that says these four."""
    from shared.policy.reading import Unreadable, content_of, text_of

    try:
        notice = content_of(text_of(file.read_bytes()))
    except Unreadable as error:
        raise Trouble(f"{file}: {error.fault.zh}\n  {error.fault.en}") from error
    days = {name: [str(day) for day in notice.get(name, ())] for name in ("off", "worked")}
    command = {"notice": str(notice.get("year", "")), **notice, **days, "place": place, "announced_by": by}
    command |= {"replaces": replaces} if replaces else {}
    with client(folder, "registry", place if place != COUNTRY else "0000") as http:
        answer = http.post("/v1/holidays", json=[command], headers={"Idempotency-Key": uuid4().hex}).json()
    if not answer["applied"]:
        document = notice.get("document")
        console.note(told(f"此前已公布，没有变化：{document}", f"announced before, nothing changed: {document}"))
        return
    zh = f"已公布 {notice.get('document')}；正在计算的期限随之重新计算"
    console.good(told(zh, f"announced: {notice.get('document')}; running deadlines are counted anew"))


@app.command()
def show(
    which: Annotated[str, typer.Argument(help="文件或区划代码 · a file or a division")],
    over: OverOption = None,
    folder: FolderOption = DEFAULT,
) -> None:
    """逐句说明政策包（各层合并）及其依据 · tell in sentences what a pack says, layers merged, and what it rests on."""
    from shared.pack_sentences import sentences

    pack = _named(which, over or [], folder)
    console.say(told(f"{pack.name}，版本 {pack.version}", f"{pack.name_en}, version {pack.version}"))
    for one in sentences(pack):
        console.say(f"- {told(one.zh, one.en)}{_resting_on(one)}")


def _resting_on(sentence: "Sentence") -> str:
    zh, en = sentence.source
    return told(f"〔{zh}〕", f" [{en}]") if zh else ""


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="文件或区划代码 · a file or a division")],
    after: Annotated[str, typer.Argument(help="文件或区划代码 · a file or a division")],
    over: OverOption = None,
    folder: FolderOption = DEFAULT,
) -> None:
    """两个政策包有何不同、涉及谁 · tell in sentences what another pack changes, and for whom."""
    from shared.pack_sentences import changes

    packs = [_named(one, over or [], folder) for one in (before, after)]
    count = 0
    for old, new in changes(*packs):
        count += 1
        if old:
            console.say(f"- {told(old.zh, old.en)}{_resting_on(old)}", "red")
        if new:
            console.say(f"+ {told(new.zh, new.en)}{_resting_on(new)}", "green")
    if not count:
        console.good(told("两个政策包所说相同", "both packs say the same"))


def _named(which: str, over: list[Path], folder: Path) -> "Policy":
    """The pack in a file, or the pack that is in force in a division today."""
    from shared.policy import PolicyBook, kept_pack

    if (file := Path(which)).is_file():
        return _read(file, _base(over, folder))[0]
    if not which.isdecimal():
        raise Trouble(
            f"没有文件“{which}”；也可填区划代码，如 2105。\n"
            f"  there is no file “{which}”; the code of a division, such as 2105, does as well."
        )
    with client(folder, "registry", which, wider=NARROWER) as http:
        packs = http.get(f"/v1/packs/{which}").json()
    book = PolicyBook()
    for pack in packs:
        book.adopt(kept_pack(pack))
    if found := book.base(which, date.max):
        return found
    raise Trouble(
        f"区划“{which}”没有生效的政策包，也没有这个文件。\n  no pack is in force in “{which}”, and no such file."
    )


def _base(over: list[Path], folder: Path) -> "Base":
    """Where to find the pack that another one extends: in the given files, or else in the running system.

    Where no system has run, the country's pack is the one that comes with the program, so that a region's can be
    written first.
    """

    def found(extends: str, day: date) -> "Policy | None":
        from shared.policy import PolicyBook, kept_pack
        from shared.policy.reading import content_of, text_of
        from shared.policy.shipped import base

        packs = [content_of(text_of(file.read_bytes())) for file in over]
        has_no_system = not over and not is_elsewhere() and not (folder / "installation.json").is_file()
        if has_no_system and (country := base(extends, day)) and extends == NATIONAL:
            zh = f"{folder} 中没有运行过的系统，以随程序提供的全国政策包 {country.version} 为底"
            en = f"no system has run in {folder}; read over the country's pack {country.version} of the program"
            console.note(told(zh, en))
            return country
        if has_no_system:
            raise Trouble(
                f"本包以区划“{extends}”的政策包为底，{folder} 中没有运行过的系统。"
                "请用 --over 指明该政策包的文件，或用 --folder 指明目录。\n"
                f"  the pack extends that of {extends}, and no system has run in {folder}. Name that pack's file with "
                "--over, or the folder with --folder."
            )
        if not over:
            with client(folder, "registry", extends, wider=_OVER) as http:
                packs = http.get(f"/v1/packs/{extends}", params={"day": str(day)}).json()
        book = PolicyBook()
        for pack in packs:
            book.adopt(kept_pack(pack))
        return book.base(extends, day)

    return found


def _read(file: Path, base: "Base") -> tuple["Policy", dict[str, Any]]:
    """Read a pack. Returns it and its content to send. Prints all its faults and ends the command if there are any."""
    from shared.policy import PolicyInvalid, read_pack

    try:
        pack, content = read_pack(file.read_bytes(), base)
    except PolicyInvalid as error:
        raise _faults(file, error) from error
    return pack, content


def _faults(file: Path, error: "PolicyInvalid") -> typer.Exit:
    """Print the faults of a pack, and give what ends the command."""
    count = "1 fault" if len(error.faults) == 1 else f"{len(error.faults)} faults"
    console.bad(told(f"{file}：{len(error.faults)}处问题", f"{file}: {count}"))
    for fault in error.faults:
        console.say(f"- {told(*_fault(fault))}")
        if fault.example:
            console.say(f"    {told('示例：', 'for example: ')}{fault.example}")
    return typer.Exit(1)


def _described(pack: "Policy", jurisdiction: str, version: str) -> str:
    """A line about a pack: whose it is, which version, and since when it is in force."""
    zh = f"{pack.name}（{jurisdiction}），版本{version}，自{chinese.day(pack.effective_from)}起生效"
    since = english.day(pack.effective_from)
    en = f"{pack.name_en} ({jurisdiction}), version {version}, in force from {since}"
    return told(zh, en)


def _fault(fault: "Fault") -> tuple[str, str]:
    """A fault and its place in the file, in Chinese and English."""
    line = (f"第{fault.line}行", f"line {fault.line} ") if fault.line else ("", "")
    where = (f"“{fault.where}”", fault.where) if fault.where else ("", "")
    zh, en = (f"{line[n]}{where[n]}" for n in (0, 1))
    return f"{zh}：{fault.zh}" if zh else fault.zh, f"{en.strip()}: {fault.en}" if en else fault.en


def _notes(pack: "Policy") -> list[tuple[str, str]]:
    """Warnings: what may be meant otherwise, or what will become a fault, such as poverty lines that end."""
    from shared.policy import find_doubts

    doubts = [_fault(doubt._replace(zh=chinese.quoted(doubt.zh))) for doubt in find_doubts(pack)]
    this_year = date.today().year  # noqa: DTZ011
    if (last := max(map(int, pack.exit.poverty_line))) < this_year:
        doubts.append(
            (
                f"贫困线到 {last} 年为止，以后各年沿用 {last} 年的，测算结果会注明；请适时启用新的政策包",
                f"the poverty lines end in {last}; later years use that of {last}, and measurements say so; "
                "adopt a newer pack",
            )
        )
    if pack.monitoring and (last := max(map(int, pack.monitoring.line))) < this_year:
        doubts.append(
            (
                f"监测线到 {last} 年为止，以后各年沿用 {last} 年的；请适时启用新的政策包",
                f"the lines of the monitoring end in {last}; later years use that of {last}; adopt a newer pack",
            )
        )
    return doubts
